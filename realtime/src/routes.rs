//! `GET /v1/realtime`, and the AsyncAPI document that describes it.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::Channel;
use hub::Hub;
use hub::SocketLimits as Limits;
use services::App;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::close::Close;
use crate::handshake::{self, Handshake};
use crate::session;

/// The protocol's name in the WebSocket handshake.
pub const SUBPROTOCOL: &str = "baedal.v1.json";

/// The most bytes that may wait in the socket's write buffer: the largest snapshot.
const LARGEST_WRITTEN: usize = 8 * 1024 * 1024;

/// The realtime endpoint of one port.
pub(crate) struct Port {
    pub(crate) app: App,
    pub(crate) hub: Arc<Hub>,
    pub(crate) limits: Limits,
    pub(crate) serves: fn(&Channel) -> bool,
}

/// The realtime endpoint of a port, for the channels that `serves` accepts.
pub fn routes<S: Clone + Send + Sync + 'static>(
    app: App,
    hub: Arc<Hub>,
    serves: fn(&Channel) -> bool,
) -> Router<S> {
    let limits = app.settings.sockets.clone();
    // Registers all counters at zero, so that the first close is visible as an increase.
    Close::ALL.iter().for_each(|close| drop(close.counter()));
    let port = Arc::new(Port { app, hub, limits, serves });
    Router::new().route("/v1/realtime", get(upgrade)).route("/asyncapi.json", get(asyncapi)).with_state(port)
}

async fn asyncapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], crate::ASYNCAPI).into_response()
}

async fn upgrade(
    State(port): State<Arc<Port>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
) -> Response {
    let handshake = match Handshake::read(&mut request) {
        Ok(handshake) => handshake,
        Err(status) => return handshake::refusal(status),
    };
    let offered = handshake.offered();
    if !offered.is_empty() && !offered.iter().any(|name| name == SUBPROTOCOL) {
        return unknown_subprotocol();
    }
    let (headers, limits) = (request.headers(), &port.limits);
    let config = WebSocketConfig::default()
        .read_buffer_size(limits.read_buffer_bytes)
        .write_buffer_size(limits.write_buffer_bytes)
        .max_write_buffer_size(LARGEST_WRITTEN)
        .max_frame_size(Some(limits.frame_bytes))
        .max_message_size(Some(limits.frame_bytes));
    // A page can read a close code, but not the status of a failed upgrade.
    if !may_connect(headers, limits) {
        return handshake
            .accept(SUBPROTOCOL, config, |socket| session::reject(port, socket, Close::ForbiddenOrigin));
    }
    let visit = match port.hub.admission().enter(peer.ip(), limits, Instant::now()) {
        Ok(visit) => visit,
        Err(full) => {
            metrics::counter!("limited_total", "rule" => full.rule()).increment(1);
            return handshake
                .accept(SUBPROTOCOL, config, |socket| session::reject(port, socket, Close::Overloaded));
        }
    };
    metrics::counter!("realtime_handshakes_total").increment(1);
    let token = bearer(headers);
    handshake.accept(SUBPROTOCOL, config, move |socket| session::serve(port, socket, token, visit))
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// Allows pages of this host and of the configured origins. Clients that are not browsers send no
/// origin, and are allowed.
fn may_connect(headers: &HeaderMap, limits: &Limits) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let same = origin.split_once("://").is_some_and(|(_, authority)| Some(authority) == host);
    same || limits.allowed_origins.iter().any(|allowed| allowed == origin)
}

fn unknown_subprotocol() -> Response {
    let problem = serde_json::json!({
        "type": "subprotocol_unknown",
        "title": "Bad Request",
        "status": 400,
        "detail": format!("This endpoint speaks {SUBPROTOCOL}."),
    });
    let json = [(header::CONTENT_TYPE, "application/problem+json")];
    (StatusCode::BAD_REQUEST, json, problem.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(origin: &'static str) -> HeaderMap {
        [(header::HOST, "app.example:9102"), (header::ORIGIN, origin)]
            .map(|(name, value)| (name, value.parse().unwrap()))
            .into_iter()
            .collect()
    }

    #[test]
    fn a_page_of_another_origin_may_connect_only_if_it_is_configured() {
        let limits = Limits { allowed_origins: vec!["https://shop.example".into()], ..Limits::default() };
        assert!(may_connect(&HeaderMap::new(), &limits));
        assert!(may_connect(&headers("http://app.example:9102"), &limits));
        assert!(may_connect(&headers("https://shop.example"), &limits));
        for other in ["https://evil.example", "null", "https://shop.example.evil.example"] {
            assert!(!may_connect(&headers(other), &limits), "{other}");
        }
    }
}
