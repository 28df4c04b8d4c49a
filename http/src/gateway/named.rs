//! Any service by its documented name: `/order_service/v1/orders` at the gateway
//! is `/v1/orders` at order_service, for requests and for WebSockets.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderValue, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, any};
use hyper::upgrade::OnUpgrade;
use tower::ServiceExt as _;

use super::Gateway;
use crate::kit::{Caller, Problem, RequestId};

/// The routes below each service's name. `beside` has the routers of services in this process, by
/// name; the others are forwarded.
pub fn by_name<S: Clone + Send + Sync + 'static>(
    gateway: &Arc<Gateway>,
    beside: impl IntoIterator<Item = (&'static str, Router)>,
) -> Router<S> {
    let mut all = Router::new();
    for (service, port) in beside {
        let here = async move |request: Request| match without_name(request, service) {
            Ok(request) => Ok(port.clone().oneshot(in_process(request)).await.into_response()),
            Err(problem) => Err(problem),
        };
        all = mount(all, service, any(here));
    }
    for service in gateway.elsewhere.keys().copied() {
        let gateway = Arc::clone(gateway);
        let there = async move |request: Request| -> Result<Response, Problem> {
            gateway.forward(service, without_name(request, service)?).await
        };
        all = mount(all, service, any(there));
    }
    all
}

fn mount<S: Clone + Send + Sync + 'static>(
    all: Router<S>,
    service: &str,
    handler: MethodRouter<S>,
) -> Router<S> {
    all.route(&format!("/{service}"), handler.clone())
        .route(&format!("/{service}/"), handler.clone())
        .route(&format!("/{service}/{{*path}}"), handler)
}

/// The request as the service's own port would receive it.
fn without_name(mut request: Request, service: &str) -> Result<Request, Problem> {
    let whole = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let rest = whole.strip_prefix('/').and_then(|path| path.strip_prefix(service)).unwrap_or("/");
    let rest = if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
    let uri: Uri = rest.parse().map_err(Problem::fault)?;
    *request.uri_mut() = uri;
    Ok(request)
}

/// Drops the extensions of the layers so far, so that the service's own layers start afresh. Keeps
/// those of the connection, and the request's id.
fn in_process(request: Request) -> Request {
    let (mut parts, body) = request.into_parts();
    let known = std::mem::take(&mut parts.extensions);
    if let Some(id) = known.get::<RequestId>().and_then(|id| HeaderValue::from_str(&id.0).ok()) {
        parts.headers.insert("x-request-id", id);
    }
    parts.extensions.extend(kept(known));
    Request::from_parts(parts, body)
}

fn kept(mut known: axum::http::Extensions) -> axum::http::Extensions {
    let mut kept = axum::http::Extensions::new();
    if let Some(peer) = known.remove::<ConnectInfo<SocketAddr>>() {
        kept.insert(peer);
    }
    if let Some(caller) = known.remove::<Caller>() {
        kept.insert(caller);
    }
    if let Some(upgrade) = known.remove::<OnUpgrade>() {
        kept.insert(upgrade);
    }
    kept
}
