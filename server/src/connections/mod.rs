//! The connections of every port, from being accepted to being closed.
//!
//! ```text
//! accepted ─ counted ─┬─ fresh ─ first byte ─▶ head ─ complete ─▶ busy ─ answered ─▶ idle ─┐
//!                     │    │ header_within ────┘ 408     ▲         │ 101: a socket         │
//!                     └─ full: 503                       └─────────┼─────── next byte ─────┘
//!                                                                  ▼         idle: closed
//! ```
//! 1. A connection is counted before any byte of it is read, by its address and in all,
//!    and counts until its socket is closed, also after it became a WebSocket.
//! 2. While a request is handled, its connection has no time limit: the handler and the body
//!    have their own.
//! 3. What is not a valid request is answered here, with a problem document: the HTTP parser
//!    would answer without a body.
//! 4. Shutdown does not wait for requests whose head is incomplete.

mod body;
mod stream;

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::{StatusCode, header};
use axum::response::Response;
use domain::{ClientNetwork, Ids};
use http_adapters::kit::Problem;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use ipnet::IpNet;
use services::settings::ConnectionLimits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::ServiceExt as _;

use body::{Answer, Paced, Rest, drained};
use stream::{Stage, Timed};

/// File descriptors that a process needs beside its connections: listeners, the database's
/// pool, calls to third parties, the log.
const FILES_RESERVED: usize = 512;

/// How long to wait before accepting again after the system refused.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// How many incoming bytes are discarded, and for how long, before a refused connection is
/// closed: a socket closed with unread bytes is reset, and the last answer is lost.
const LINGER_BYTES: u64 = 256 * 1024;
const LINGER: Duration = Duration::from_secs(1);

/// Counts the open connections on all ports of a process.
pub(crate) struct Connections {
    limits: ConnectionLimits,
    in_all: usize,
    exempt: Vec<IpNet>,
    ids: Arc<dyn Ids>,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    in_all: usize,
    by_network: HashMap<ClientNetwork, usize>,
}

impl Connections {
    /// `exempt` networks have no limit by address.
    pub(crate) fn new(limits: ConnectionLimits, exempt: Vec<IpNet>, ids: Arc<dyn Ids>) -> Arc<Self> {
        let in_all = files().map_or(limits.in_all, |files| limits.in_all.min(connections_for(files)));
        Arc::new(Self { limits, in_all, exempt, ids, open: Mutex::default() })
    }

    fn enter(self: &Arc<Self>, address: IpAddr) -> Result<Permit, &'static str> {
        let counted = !self.exempt.iter().any(|network| network.contains(&address));
        let network = counted.then(|| address.into());
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

    /// Builds the last answer on a connection without a valid request.
    fn goodbye(&self, problem: &Problem, peer: SocketAddr, path: Option<&str>) -> Vec<u8> {
        let (status, id) = (problem.status(), self.ids.uuid().to_string());
        let body = problem.written(path.unwrap_or_default(), &id);
        let again = if status.is_server_error() { "retry-after: 1\r\n" } else { "" };
        tracing::info!(
            target: "access", %peer, path, status = status.as_u16(), request_id = id, code = problem.code(), "no request"
        );
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\ncontent-language: en\r\n\
             cache-control: no-store\r\nx-request-id: {id}\r\n{again}connection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        [head.into_bytes(), body].concat()
    }
}

/// A connection that counts until this is dropped.
struct Permit {
    connections: Arc<Connections>,
    network: Option<ClientNetwork>,
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

/// The number of files that this process may open; `None` if unlimited or unknown.
fn files() -> Option<usize> {
    let limits = procfs::process::Process::myself().ok()?.limits().ok()?;
    match limits.max_open_files.soft_limit {
        procfs::process::LimitValue::Value(files) => usize::try_from(files).ok(),
        procfs::process::LimitValue::Unlimited => None,
    }
}

fn connections_for(files: usize) -> usize {
    files.saturating_sub(FILES_RESERVED.min(files / 4)).max(1)
}

/// Accepts and serves connections until `stop` is true, then until all of them are closed.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    connections: Arc<Connections>,
    mut stop: watch::Receiver<bool>,
) {
    // Every connection holds a sender; `closed` resolves when the last one is dropped.
    let (open, mut closed) = tokio::sync::mpsc::channel::<Infallible>(1);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            // An error means that the server was dropped: that is a stop as well.
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
                // The send buffer is empty, so this fits, unless the client is gone.
                let full = domain::refusal::connections_full().after(1);
                let full = connections.goodbye(&full.into(), peer, None);
                let _ = stream.try_write(&full);
            }
        }
    }
    drop((listener, open));
    let _: Option<Infallible> = closed.recv().await;
}

/// The client disconnected before it was accepted.
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
    let connections = Arc::clone(&permit.connections);
    let limits = connections.limits;
    let stage = Stage::default();
    let io = Timed::new(stream, stage.clone(), permit);
    let service = hyper::service::service_fn({
        let stage = stage.clone();
        move |request| answer(router.clone(), request, peer, limits, stage.clone())
    });
    let mut http = http1::Builder::new();
    http.max_header_size(limits.header_bytes).max_buf_size(limits.header_bytes);
    let mut connection = http.serve_connection(TokioIo::new(io), service).with_upgrades();
    let over = tokio::select! {
        over = &mut connection => Some(over),
        _ = stop.wait_for(|stop| *stop) => None,
    };
    let over = match over {
        Some(over) => over,
        // No request is being handled: there is nothing to wait for.
        None if !stage.is_busy() => return,
        None => {
            Pin::new(&mut connection).graceful_shutdown();
            (&mut connection).await
        }
    };
    let Err(error) = over else { return };
    tracing::debug!(%error, "a connection broke off");
    let Some(parts) = connection.into_parts() else { return };
    let mut io = parts.io.into_inner();
    // The parser answers nothing at all to an HTTP/2 preface.
    let refused = io.refused.or_else(|| error.is_parse_version_h2().then_some(StatusCode::BAD_REQUEST));
    let Some(status) = refused.filter(|_| !stage.is_busy()) else { return };
    let goodbye = connections.goodbye(&Problem::of_status(status), peer, io.path.as_deref());
    let leave = async {
        io.stream.write_all(&goodbye).await?;
        io.stream.shutdown().await?;
        tokio::io::copy(&mut (&mut io.stream).take(LINGER_BYTES), &mut tokio::io::sink()).await
    };
    // The client may be gone, or keep on sending: neither matters any more.
    let _ = tokio::time::timeout(LINGER, leave).await;
}

async fn answer(
    router: Router,
    request: hyper::Request<Incoming>,
    peer: SocketAddr,
    limits: ConnectionLimits,
    stage: Stage,
) -> Result<Response, Infallible> {
    stage.begin();
    let (mut head, body) = request.into_parts();
    head.extensions.insert(ConnectInfo(peer));
    let asks_first = head.headers.contains_key(header::EXPECT);
    let rest = Rest::default();
    let body = Body::new(Paced::new(body, Arc::clone(&rest), limits));
    let Ok(mut response) = router.oneshot(Request::from_parts(head, body)).await;
    if !drained(&rest, asks_first).await {
        // Unread bytes would be read as the next request, or reset the connection.
        response.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("close"));
    }
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Ok(response); // busy until it is closed
    }
    Ok(response.map(|body| Body::new(Answer::new(body, stage))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::OsRandom;

    fn connections(in_all: usize, per_address: usize) -> Arc<Connections> {
        let limits = ConnectionLimits { in_all, per_address, ..ConnectionLimits::default() };
        Connections::new(limits, vec!["10.0.0.0/8".parse().unwrap()], Arc::new(OsRandom))
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
        assert_eq!(connections_for(20_000), 19_488);
        assert_eq!(connections_for(1), 1);
    }
}
