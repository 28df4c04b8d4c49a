//! A TCP proxy that can be told to be a bad network: it delays, tears frames
//! into pieces, cuts connections in the middle of a frame, lets one side vanish
//! without a word, and swallows whatever is sent.
//!
//! It keeps the client's loopback address towards the other side, so limits by
//! address see what they would see without it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::Outcome;

/// Bytes that are handed on at once.
const CHUNK: usize = 16 * 1024;
/// How long a connection that is to be cut waits for a frame to cut in two.
const CUT_WITHIN: Duration = Duration::from_millis(100);
/// How long the silent half of a connection stays open.
const GHOST: Duration = Duration::from_secs(120);

/// What happens to what is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Sky {
    /// It arrives.
    #[default]
    Calm,
    /// It arrives up to so much later.
    Late(Duration),
    /// It arrives in pieces, split at arbitrary bytes.
    Torn,
    /// It does not arrive, and nobody is told; neither does anything later on the
    /// same connection.
    Swallowed,
}

#[derive(Clone, Copy, Debug, Default)]
struct Weather {
    sky: Sky,
    /// How often all connections were cut, and left by their clients, so far.
    cuts: u64,
    leaves: u64,
}

/// See the module. Dropped, it ends all its connections.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    weather: watch::Sender<Weather>,
    _task: AbortOnDrop,
}

struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

enum End {
    Closed,
    Left,
}

impl Proxy {
    /// Listens on a free port, and hands everything on to `to`.
    pub(crate) async fn before(to: SocketAddr, seed: u64) -> Outcome<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let weather = watch::Sender::new(Weather::default());
        let task = tokio::spawn(serve(listener, to, weather.subscribe(), seed));
        Ok(Self { address, weather, _task: AbortOnDrop(task) })
    }

    /// What happens from now on.
    pub(crate) fn set(&self, sky: Sky) {
        self.weather.send_modify(|weather| weather.sky = sky);
    }

    /// Cuts every connection, in the middle of a frame where one is under way.
    pub(crate) fn cut(&self) {
        self.weather.send_modify(|weather| weather.cuts += 1);
    }

    /// Drops every client's side without closing the server's side: those halves stay open.
    pub(crate) fn leave(&self) {
        self.weather.send_modify(|weather| weather.leaves += 1);
    }
}

async fn serve(listener: TcpListener, to: SocketAddr, weather: watch::Receiver<Weather>, seed: u64) {
    let number = AtomicU64::new(0);
    let mut connections = JoinSet::new();
    loop {
        let Ok((client, from)) = listener.accept().await else { continue };
        let rng = StdRng::seed_from_u64(seed ^ number.fetch_add(1, Ordering::Relaxed));
        connections.spawn(connection(client, from.ip(), to, weather.clone(), rng));
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(
    client: TcpStream,
    from: IpAddr,
    to: SocketAddr,
    mut weather: watch::Receiver<Weather>,
    mut rng: StdRng,
) {
    if weather.borrow_and_update().sky == Sky::Swallowed {
        // The kernel accepts the connection, but no process reads from it.
        let _ = tokio::time::timeout(GHOST, weather.wait_for(|now| now.sky != Sky::Swallowed)).await;
        return;
    }
    let Ok(upstream) = dial(from, to).await else { return };
    let _ = (client.set_nodelay(true), upstream.set_nodelay(true));
    let cutting = Arc::new(AtomicBool::new(false));
    let (from_client, to_client) = client.into_split();
    let (from_upstream, to_upstream) = upstream.into_split();
    let mut up = Forwarder::new(from_client, to_upstream, &weather, &cutting, rng.random());
    let mut down = Forwarder::new(from_upstream, to_client, &weather, &cutting, rng.random());
    let end = tokio::select! {
        () = up.run() => End::Closed,
        () = down.run() => End::Closed,
        end = ended(weather, &cutting) => end,
    };
    if matches!(end, End::Left) {
        let Forwarder { from: _from_client, to: _to_upstream, .. } = up;
        let Forwarder { from: _from_upstream, to: to_client, .. } = down;
        drop((_from_client, to_client));
        tokio::time::sleep(GHOST).await;
    }
}

async fn dial(from: IpAddr, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if from != IpAddr::V4(Ipv4Addr::LOCALHOST) {
        socket.bind((from, 0).into())?;
    }
    socket.connect(to).await
}

/// Resolves when this connection is to end.
async fn ended(mut weather: watch::Receiver<Weather>, cutting: &AtomicBool) -> End {
    let first = *weather.borrow_and_update();
    loop {
        if weather.changed().await.is_err() {
            return End::Closed;
        }
        let now = *weather.borrow_and_update();
        if now.leaves != first.leaves {
            return End::Left;
        }
        if now.cuts != first.cuts {
            cutting.store(true, Ordering::Release);
            tokio::time::sleep(CUT_WITHIN).await;
            return End::Closed;
        }
    }
}

/// One direction of a connection.
struct Forwarder {
    from: OwnedReadHalf,
    to: OwnedWriteHalf,
    weather: watch::Receiver<Weather>,
    cutting: Arc<AtomicBool>,
    rng: StdRng,
}

impl Forwarder {
    fn new(
        from: OwnedReadHalf,
        to: OwnedWriteHalf,
        weather: &watch::Receiver<Weather>,
        cutting: &Arc<AtomicBool>,
        seed: u64,
    ) -> Self {
        let rng = StdRng::seed_from_u64(seed);
        Self { from, to, weather: weather.clone(), cutting: Arc::clone(cutting), rng }
    }

    /// Hands on until one end closes.
    async fn run(&mut self) {
        let mut chunk = vec![0; CHUNK];
        loop {
            let Ok(count @ 1..) = self.from.read(&mut chunk).await else { return };
            let bytes = &chunk[..count];
            if self.cutting.load(Ordering::Acquire) {
                let kept = self.rng.random_range(0..count);
                // Whether the part arrives does not matter any more.
                let _ = self.to.write_all(&bytes[..kept]).await;
                return;
            }
            let sky = self.weather.borrow_and_update().sky;
            let written = match sky {
                Sky::Calm => self.to.write_all(bytes).await,
                Sky::Late(most) => {
                    tokio::time::sleep(self.rng.random_range(Duration::ZERO..most)).await;
                    self.to.write_all(bytes).await
                }
                Sky::Torn => self.tear(bytes).await,
                Sky::Swallowed => return std::future::pending().await,
            };
            if written.is_err() {
                return;
            }
        }
    }

    async fn tear(&mut self, mut bytes: &[u8]) -> std::io::Result<()> {
        while !bytes.is_empty() {
            let (piece, rest) = bytes.split_at(self.rng.random_range(1..=bytes.len()));
            self.to.write_all(piece).await?;
            bytes = rest;
            if !bytes.is_empty() {
                tokio::time::sleep(Duration::from_millis(self.rng.random_range(0..3))).await;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An echo server behind a proxy, and a connection to the proxy.
    async fn echo() -> (Proxy, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    let _ = tokio::io::copy(&mut from, &mut to).await;
                });
            }
        });
        let proxy = Proxy::before(address, 1).await.unwrap();
        let client = TcpStream::connect(proxy.address).await.unwrap();
        (proxy, client)
    }

    #[tokio::test]
    async fn torn_bytes_arrive_all_and_in_order() {
        let (proxy, mut client) = echo().await;
        proxy.set(Sky::Torn);
        let sent: Vec<u8> = (0..5_000_u32).flat_map(u32::to_be_bytes).collect();
        client.write_all(&sent).await.unwrap();
        let mut heard = vec![0; sent.len()];
        client.read_exact(&mut heard).await.unwrap();
        assert_eq!(heard, sent);
    }

    #[tokio::test]
    async fn what_is_cut_ends_and_what_is_swallowed_never_comes() {
        let (proxy, mut client) = echo().await;
        client.write_all(b"before").await.unwrap();
        client.read_exact(&mut [0; 6]).await.unwrap();
        proxy.set(Sky::Swallowed);
        client.write_all(b"lost").await.unwrap();
        let nothing = tokio::time::timeout(Duration::from_millis(200), client.read(&mut [0; 8])).await;
        assert!(nothing.is_err(), "{nothing:?}");
        proxy.set(Sky::Calm);
        proxy.cut();
        assert_eq!(client.read(&mut [0; 8]).await.unwrap_or(0), 0);
    }
}
