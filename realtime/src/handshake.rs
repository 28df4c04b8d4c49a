//! The WebSocket handshake (RFC 6455, 4.2): checks the request, answers it, and creates the socket.
//!
//! The socket keeps access to its stream: bytes that a client sends beyond a limit are no longer
//! parsed as frames, but must be read before the connection closes (see [`crate::wire`]).

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

/// A connection that carries WebSocket frames.
pub(crate) type WebSocket = WebSocketStream<TokioIo<Upgraded>>;

/// A valid handshake, which may be answered with 101.
pub(crate) struct Handshake {
    accept: String,
    offered: Vec<String>,
    upgrade: OnUpgrade,
}

impl Handshake {
    /// Checks the request, or returns the status of the refusal.
    pub(crate) fn read(request: &mut Request) -> Result<Self, StatusCode> {
        if request.method() != Method::GET {
            return Err(StatusCode::METHOD_NOT_ALLOWED);
        }
        let headers = request.headers();
        let version = headers.get(header::SEC_WEBSOCKET_VERSION).map(HeaderValue::as_bytes);
        if !names(headers, header::UPGRADE, "websocket") || version != Some(b"13") {
            return Err(StatusCode::UPGRADE_REQUIRED);
        }
        let mut keys = headers.get_all(header::SEC_WEBSOCKET_KEY).iter();
        let (Some(key), None) = (keys.next(), keys.next()) else { return Err(StatusCode::BAD_REQUEST) };
        let is_nonce = STANDARD.decode(key).is_ok_and(|nonce| nonce.len() == 16);
        if !is_nonce || !names(headers, header::CONNECTION, "upgrade") {
            return Err(StatusCode::BAD_REQUEST);
        }
        let accept = derive_accept_key(key.as_bytes());
        let offers = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
        let offered = offers.filter_map(|names| names.to_str().ok()).flat_map(|names| names.split(','));
        let offered = offered.map(|name| name.trim().to_owned()).collect();
        let upgrade = request.extensions_mut().remove().ok_or(StatusCode::UPGRADE_REQUIRED)?;
        Ok(Self { accept, offered, upgrade })
    }

    /// The subprotocols that the client offers; empty if it leaves the choice to the server.
    pub(crate) fn offered(&self) -> &[String] {
        &self.offered
    }

    /// Answers 101, and calls `serve` with the socket once the connection is upgraded.
    pub(crate) fn accept<F>(
        self,
        subprotocol: &'static str,
        config: WebSocketConfig,
        serve: impl FnOnce(WebSocket) -> F + Send + 'static,
    ) -> Response
    where
        F: Future<Output = ()> + Send + 'static,
    {
        tokio::spawn(async move {
            // An error means that the client is gone.
            let Ok(upgraded) = self.upgrade.await else { return };
            let stream = TokioIo::new(upgraded);
            let socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
            serve(socket).await;
        });
        let switched = [
            (header::CONNECTION, HeaderValue::from_static("upgrade")),
            (header::UPGRADE, HeaderValue::from_static("websocket")),
        ];
        let mut answer = (StatusCode::SWITCHING_PROTOCOLS, switched, Body::empty()).into_response();
        let accept = HeaderValue::try_from(self.accept);
        answer.headers_mut().extend(accept.ok().map(|accept| (header::SEC_WEBSOCKET_ACCEPT, accept)));
        if !self.offered.is_empty() {
            let chosen = HeaderValue::from_static(subprotocol);
            answer.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, chosen);
        }
        answer
    }
}

/// The answer to an invalid handshake, with the headers of a valid one where they help.
pub(crate) fn refusal(status: StatusCode) -> Response {
    let speaks = [
        (header::UPGRADE, "websocket"),
        (header::CONNECTION, "upgrade"),
        (header::SEC_WEBSOCKET_VERSION, "13"),
    ];
    match status {
        StatusCode::UPGRADE_REQUIRED => (status, speaks).into_response(),
        status => status.into_response(),
    }
}

/// Whether a header that lists tokens contains this one, ignoring case.
fn names(headers: &HeaderMap, header: header::HeaderName, token: &str) -> bool {
    let lines = headers.get_all(header).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|name| name.trim().eq_ignore_ascii_case(token))
}
