//! The baselines: what a bare tokio-tungstenite server does with the same
//! sockets and frames when nothing is checked, stored or authorised.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex as AsyncMutex;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Callback, ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::Outcome;

type Wire = WebSocketStream<TcpStream>;
type Watcher = Arc<AsyncMutex<SplitSink<Wire, Message>>>;
type Watchers = Arc<Mutex<HashMap<String, Watcher>>>;

/// Hands each frame from `/courier/N` to `/watcher/N`.
pub(crate) async fn relay() -> Outcome<()> {
    let listener = listen().await?;
    let watchers = Watchers::default();
    loop {
        let (stream, _) = listener.accept().await?;
        let watchers = watchers.clone();
        tokio::spawn(async move {
            // A closed socket is not an error of the baseline.
            let _ = relay_one(stream, watchers).await;
        });
    }
}

async fn relay_one(stream: TcpStream, watchers: Watchers) -> Outcome<()> {
    let (path, wire) = accept(stream).await?;
    let (sink, mut stream) = wire.split();
    match path.strip_prefix("/watcher/") {
        Some(key) => {
            let sink = Arc::new(AsyncMutex::new(sink));
            watchers.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), sink);
            while stream.next().await.transpose()?.is_some() {}
        }
        None => forward(&mut stream, path.trim_start_matches("/courier/"), &watchers).await?,
    }
    Ok(())
}

async fn forward(stream: &mut SplitStream<Wire>, key: &str, watchers: &Watchers) -> Outcome<()> {
    let watcher = watchers.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
    let watcher = watcher.ok_or("nobody watches")?;
    while let Some(frame) = stream.next().await.transpose()? {
        if frame.is_text() {
            watcher.lock().await.send(frame).await?;
        }
    }
    Ok(())
}

/// Hands each frame from `/speak` to every other socket, one after another.
pub(crate) async fn shout() -> Outcome<()> {
    let listener = listen().await?;
    let listeners = Arc::new(AsyncMutex::new(Vec::new()));
    loop {
        let (stream, _) = listener.accept().await?;
        let listeners = Arc::clone(&listeners);
        tokio::spawn(async move {
            let Ok((path, wire)) = accept(stream).await else { return };
            let (sink, mut stream) = wire.split();
            if path != "/speak" {
                listeners.lock().await.push(sink);
                while let Some(Ok(_)) = stream.next().await {}
                return;
            }
            while let Some(Ok(frame)) = stream.next().await {
                for listener in listeners.lock().await.iter_mut() {
                    // A closed socket is not an error of the baseline.
                    let _ = listener.send(frame.clone()).await;
                }
            }
        });
    }
}

/// Sends each text frame back to its sender.
pub(crate) async fn echo() -> Outcome<()> {
    let listener = listen().await?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            let Ok((_, mut wire)) = accept(stream).await else { return };
            while let Some(Ok(frame)) = wire.next().await {
                if frame.is_text() && wire.send(frame).await.is_err() {
                    return;
                }
            }
        });
    }
}

/// Listens on a free port and prints the address on standard output.
async fn listen() -> Outcome<TcpListener> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", listener.local_addr()?)?;
    out.flush()?;
    Ok(listener)
}

struct Path(Arc<Mutex<String>>);

impl Callback for Path {
    fn on_request(self, request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = request.uri().path().to_owned();
        if let Some(protocol) = request.headers().get("sec-websocket-protocol") {
            response.headers_mut().insert("sec-websocket-protocol", protocol.clone());
        }
        Ok(response)
    }
}

async fn accept(stream: TcpStream) -> Outcome<(String, Wire)> {
    stream.set_nodelay(true)?;
    let path = Arc::new(Mutex::new(String::new()));
    let small = WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(0);
    let wire =
        tokio_tungstenite::accept_hdr_async_with_config(stream, Path(path.clone()), Some(small)).await?;
    let path = path.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok((path, wire))
}
