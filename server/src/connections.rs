//! The door of every port: connections, from being accepted to being closed.
//!
//! ```text
//! accepted ─ counted ─┬─ fresh ─ first byte ─▶ head ─ complete ─▶ busy ─ answered ─▶ idle ─┐
//!                     │    │ header_within ────┘ 408     ▲         │ 101: a socket         │
//!                     └─ full: 503                       └─────────┼─────── next byte ─────┘
//!                                                                  ▼         75 s: closed
//! ```
//! 1. A connection is counted before a byte of it is read, by its address and in all,
//!    and counts until its socket is gone, also after it became a WebSocket.
//! 2. Only a complete request rests without a limit of time: its handler has one.
//! 3. At shutdown nobody waits for a request that is not complete.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{ConnectInfo, Request};
use axum::http::{StatusCode, header};
use axum::response::Response;
use http_adapters::kit::SlowBody;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use ipnet::IpNet;
use services::settings::ConnectionLimits;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, Sleep};
use tower::ServiceExt as _;

/// Files that a process needs beside its connections: listeners, the database's
/// pool, the log.
const FILES_RESERVED: usize = 64;

/// How long to wait until accepting is tried again when the system refuses.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// What an unread body may still bring, and for how long, so that its connection goes on.
const DRAINED_BYTES: u64 = 64 * 1024;
const DRAINED_WITHIN: Duration = Duration::from_millis(200);

/// How many connections there are, on all ports of a process.
pub(crate) struct Connections {
    limits: ConnectionLimits,
    in_all: usize,
    exempt: Vec<IpNet>,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    in_all: usize,
    by_network: HashMap<IpAddr, usize>,
}

impl Connections {
    /// `exempt` networks have no limit by address.
    pub(crate) fn new(limits: ConnectionLimits, exempt: Vec<IpNet>) -> Arc<Self> {
        let in_all = files().map_or(limits.in_all, |files| limits.in_all.min(connections_for(files)));
        Arc::new(Self { limits, in_all, exempt, open: Mutex::default() })
    }

    fn enter(self: &Arc<Self>, address: IpAddr) -> Result<Permit, &'static str> {
        let counted = !self.exempt.iter().any(|network| network.contains(&address));
        let network = counted.then(|| network(address));
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.in_all >= self.in_all {
            return Err("connections");
        }
        if let Some(network) = network {
            let of_network = open.by_network.entry(network).or_default();
            if *of_network >= self.limits.per_address {
                return Err("connections_per_address");
            }
            *of_network += 1;
        }
        open.in_all += 1;
        Ok(Permit { connections: Arc::clone(self), network })
    }
}

/// A connection that counts until this is dropped.
struct Permit {
    connections: Arc<Connections>,
    network: Option<IpAddr>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = self.connections.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.in_all -= 1;
        let Some(network) = self.network else { return };
        if let Some(count) = open.by_network.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                open.by_network.remove(&network);
            }
        }
    }
}

/// Who has one address of an IPv6 network has all 2^64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address @ IpAddr::V4(_) => address,
    }
}

/// Files that this process may open.
fn files() -> Option<usize> {
    let limits = procfs::process::Process::myself().ok()?.limits().ok()?;
    match limits.max_open_files.soft_limit {
        procfs::process::LimitValue::Value(files) => usize::try_from(files).ok(),
        procfs::process::LimitValue::Unlimited => None,
    }
}

fn connections_for(files: usize) -> usize {
    files.saturating_sub(FILES_RESERVED.max(files / 4)).max(1)
}

/// Accepts and serves connections until `stop` says so, then until the last one is through.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    connections: Arc<Connections>,
    mut stop: watch::Receiver<bool>,
) {
    // Every connection holds a sender; the last one to go ends the wait.
    let (open, mut closed) = tokio::sync::mpsc::channel::<Infallible>(1);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            // An error means that the server is gone: that is a stop as well.
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_of_the_connection(&error) => continue,
            Err(error) => {
                tracing::warn!(%error, "no connection can be accepted for now");
                tokio::time::sleep(ACCEPT_AGAIN).await;
                continue;
            }
        };
        match connections.enter(peer.ip().to_canonical()) {
            Ok(permit) => {
                let (router, stop, open) = (router.clone(), stop.clone(), open.clone());
                tokio::spawn(async move {
                    converse(stream, peer, router, permit, stop).await;
                    drop(open);
                });
            }
            Err(rule) => {
                metrics::counter!("limited_total", "rule" => rule).increment(1);
                // Its buffer is empty: this fits, or nobody is there to read it.
                let full =
                    goodbye(StatusCode::SERVICE_UNAVAILABLE, "connections_full", "Too many connections.");
                let _ = stream.try_write(full.as_bytes());
            }
        }
    }
    drop((listener, open));
    let _: Option<Infallible> = closed.recv().await;
}

/// An answer to what is no complete request, on a connection that ends with it.
fn goodbye(status: StatusCode, code: &str, detail: &str) -> String {
    let title = status.canonical_reason().unwrap_or_default();
    let number = status.as_u16();
    let body = format!(r#"{{"type":"{code}","title":"{title}","status":{number},"detail":"{detail}"}}"#);
    let again = if status.is_server_error() { "retry-after: 1\r\n" } else { "" };
    format!(
        "HTTP/1.1 {number} {title}\r\ncontent-type: application/problem+json\r\n{again}connection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The client went away before it was accepted.
fn is_of_the_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn converse(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    permit: Permit,
    mut stop: watch::Receiver<bool>,
) {
    let limits = permit.connections.limits;
    let stage = Stage::default();
    let io = Timed { stream, stage: stage.clone(), limits, timer: None, _permit: permit };
    let service = hyper::service::service_fn({
        let stage = stage.clone();
        move |request| answer(router.clone(), request, peer, limits, stage.clone())
    });
    let mut http = http1::Builder::new();
    http.max_header_size(limits.header_bytes).max_buf_size(limits.header_bytes);
    let mut connection = pin!(http.serve_connection(TokioIo::new(io), service).with_upgrades());
    let over = tokio::select! {
        over = connection.as_mut() => Some(over),
        _ = stop.wait_for(|stop| *stop) => None,
    };
    let over = match over {
        Some(over) => over,
        // Whoever has not asked yet is not waited for.
        None if stage.get() != BUSY => return,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = over {
        tracing::debug!(%error, "a connection broke off");
    }
}

async fn answer(
    router: Router,
    request: hyper::Request<Incoming>,
    peer: SocketAddr,
    limits: ConnectionLimits,
    stage: Stage,
) -> Result<Response, Infallible> {
    stage.set(BUSY);
    let (mut head, body) = request.into_parts();
    head.extensions.insert(ConnectInfo(peer));
    let asks_first = head.headers.contains_key(header::EXPECT);
    let rest = Rest::default();
    let body = Body::new(Paced::new(body, Arc::clone(&rest), limits));
    let Ok(mut response) = router.oneshot(Request::from_parts(head, body)).await;
    if !drained(&rest, asks_first).await {
        // What still comes would be read as the next request, or die with the connection.
        response.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("close"));
    }
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Ok(response); // busy until it is gone
    }
    Ok(response.map(|body| Body::new(Answer { body, _done: Done(stage) })))
}

/// Where a connection stands; shared by its reader and its requests.
#[derive(Clone, Default)]
struct Stage(Arc<AtomicU8>);

/// Nothing came yet.
const FRESH: u8 = 0;
/// A part of a request's head came.
const HEAD: u8 = 1;
/// A request is being answered, or the connection is a WebSocket.
const BUSY: u8 = 2;
/// The last request is answered.
const IDLE: u8 = 3;

impl Stage {
    fn get(&self) -> u8 {
        self.0.load(Ordering::Acquire)
    }

    fn set(&self, stage: u8) {
        self.0.store(stage, Ordering::Release);
    }
}

/// A connection whose reader gives up when its time is over.
struct Timed {
    stream: TcpStream,
    stage: Stage,
    limits: ConnectionLimits,
    /// Since when it waits for what.
    timer: Option<(u8, Pin<Box<Sleep>>)>,
    _permit: Permit,
}

impl Timed {
    /// Follows the stage; ready when its time is over.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let stage = self.stage.get();
        if stage == BUSY {
            self.timer = None;
            return Poll::Pending;
        }
        let within = if stage == IDLE { self.limits.idle } else { self.limits.header_within };
        let timer = match &mut self.timer {
            // The first byte of a new connection gives no new time.
            Some((since, timer)) if *since == stage || *since == FRESH => timer,
            timer => &mut timer.insert((stage, Box::pin(tokio::time::sleep(within)))).1,
        };
        timer.as_mut().poll(cx)
    }
}

impl AsyncRead for Timed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before && self.stage.get() != BUSY {
            self.stage.set(HEAD);
        }
        if read.is_pending() && self.poll_late(cx).is_ready() {
            if self.stage.get() == HEAD {
                let late =
                    goodbye(StatusCode::REQUEST_TIMEOUT, "request_timeout", "The request took too long.");
                // Nothing was written before: this fits, or nobody reads.
                let _ = self.stream.try_write(late.as_bytes());
            }
            return Poll::Ready(Err(std::io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl AsyncWrite for Timed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// What is left of a body when its request is answered.
#[derive(Default)]
enum Remains {
    /// Nothing, or nothing that can be had.
    #[default]
    Nothing,
    /// It was not read to its end.
    Unread(Incoming),
}

/// Whether a body was over, and else what is left of it.
type Rest = Arc<Mutex<Remains>>;

/// The body of a request, as long as it comes fast enough.
struct Paced {
    body: Option<Incoming>,
    rest: Rest,
    limits: ConnectionLimits,
    began: Instant,
    came: u64,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Paced {
    fn new(body: Incoming, rest: Rest, limits: ConnectionLimits) -> Self {
        Self { body: Some(body), rest, limits, began: Instant::now(), came: 0, timer: None }
    }

    /// When the next byte must have come.
    fn deadline(&self) -> Instant {
        let more = self.came / u64::from(self.limits.body_pace).max(1);
        self.began + self.limits.body_within + Duration::from_secs(more)
    }
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        if let Poll::Ready(frame) = Pin::new(body).poll_frame(cx) {
            let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()).map_or(0, Bytes::len);
            self.came += data as u64;
            self.timer = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let deadline = self.deadline();
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        timer.as_mut().poll(cx).map(|()| Some(Err(SlowBody.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(HttpBody::size_hint).unwrap_or_default()
    }
}

impl Drop for Paced {
    fn drop(&mut self) {
        let unread = self.body.take().filter(|body| !body.is_end_stream());
        if let Some(body) = unread {
            *self.rest.lock().unwrap_or_else(PoisonError::into_inner) = Remains::Unread(body);
        }
    }
}

/// Reads what is left of a body, if that is little and there. True if nothing is left.
async fn drained(rest: &Rest, asks_first: bool) -> bool {
    let remains = std::mem::take(&mut *rest.lock().unwrap_or_else(PoisonError::into_inner));
    let Remains::Unread(mut body) = remains else { return true };
    if asks_first || body.size_hint().lower() > DRAINED_BYTES {
        return false;
    }
    let reading = async {
        let mut came = 0;
        while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            came += frame.ok().and_then(|frame| frame.into_data().ok()).map_or(0, |data| data.len() as u64);
            if came > DRAINED_BYTES {
                return false;
            }
        }
        true
    };
    tokio::time::timeout(DRAINED_WITHIN, reading).await.unwrap_or(false)
}

/// The body of an answer, at whose end the connection may rest.
struct Answer {
    body: Body,
    _done: Done,
}

struct Done(Stage);

impl Drop for Done {
    fn drop(&mut self) {
        self.0.set(IDLE);
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(in_all: usize, per_address: usize) -> Arc<Connections> {
        let limits = ConnectionLimits { in_all, per_address, ..ConnectionLimits::default() };
        Connections::new(limits, vec!["10.0.0.0/8".parse().unwrap()])
    }

    #[tokio::test]
    async fn connections_are_counted_by_network_and_in_all_until_they_are_gone() {
        let door = connections(4, 2);
        let from = |address: &str| door.enter(address.parse().unwrap());
        let held = [from("2001:db8::1"), from("2001:db8::2:0:0:2"), from("10.0.0.1")];
        assert!(held.iter().all(Result::is_ok));
        assert_eq!(from("2001:db8::3").err(), Some("connections_per_address"));
        let other = from("2001:db8:0:1::1").unwrap();
        assert_eq!(from("10.0.0.2").err(), Some("connections"));
        drop(held);
        assert!(from("2001:db8::3").is_ok());
        drop(other);
        assert_eq!(door.open.lock().unwrap().in_all, 0);
        assert!(door.open.lock().unwrap().by_network.is_empty());
    }

    #[test]
    fn some_files_stay_for_what_is_no_connection() {
        assert_eq!(connections_for(256), 192);
        assert_eq!(connections_for(1_000_000), 750_000);
        assert_eq!(connections_for(10), 1);
    }
}
