//! Connecting: a TCP stream, the WebSocket handshake, small buffers.

use std::net::IpAddr;

use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::UrlError;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WireError, client};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::api::{Api, ApiError};

/// The WebSocket subprotocol that the client offers.
pub const SUBPROTOCOL: &str = "baedal.v1.json";

/// A connected WebSocket.
pub type Wire = WebSocketStream<TcpStream>;

/// Why connecting failed.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// No access token could be obtained.
    #[error("no token: {0}")]
    Token(#[from] ApiError),
    /// The server was not reached, or refused the upgrade.
    #[error("{0}")]
    Wire(#[from] WireError),
    /// No answer within the timeout: a network may drop packets silently.
    #[error("no answer in time")]
    Late,
}

/// Connects to the realtime socket as the person who is signed in at `api`.
pub async fn dial(api: &Api) -> Result<Wire, DialError> {
    let token = api.token().await?;
    let url = api.realtime_url();
    let dialling = dial_with(&url, Some(&token), None);
    Ok(tokio::time::timeout(api.patience(), dialling).await.map_err(|_| DialError::Late)??)
}

/// Connects to a `ws:` address with a bearer token, from a source address if
/// one is given.
pub async fn dial_with(url: &str, token: Option<&str>, source: Option<IpAddr>) -> Result<Wire, WireError> {
    let mut request = url.into_client_request()?;
    let headers = request.headers_mut();
    headers.insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
    if let Some(token) = token {
        headers.insert("authorization", HeaderValue::from_str(&format!("Bearer {token}"))?);
    }
    let uri = request.uri();
    client::uri_mode(uri)?;
    let host = uri.host().ok_or(UrlError::NoHostName)?;
    let stream = connect(host, uri.port_u16().unwrap_or(80), source).await?;
    stream.set_nodelay(true)?;
    let small = WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(0);
    Ok(client_async_with_config(request, stream, Some(small)).await?.0)
}

async fn connect(host: &str, port: u16, source: Option<IpAddr>) -> std::io::Result<TcpStream> {
    let Some(source) = source else { return TcpStream::connect((host, port)).await };
    let Some(to) = lookup_host((host, port)).await?.find(|to| to.is_ipv4() == source.is_ipv4()) else {
        return Err(std::io::ErrorKind::AddrNotAvailable.into());
    };
    let socket = if source.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.bind((source, 0).into())?;
    socket.connect(to).await
}
