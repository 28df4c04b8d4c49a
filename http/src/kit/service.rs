//! One port: a service's routes with all layers around them.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::handler::Handler as _;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use services::App;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use super::client::believe;
use super::health::MetricsToken;
use super::idempotency::keep;
use super::observe::{Port, observe};
use super::policy::Operations;
use super::query::{Known, known_query};
use super::store_nothing::store_nothing;
use super::{Problem, TrustedProxies, compress, extract, health, limit, openapi, policy, who};

/// The description of a port.
#[derive(Clone)]
pub struct ServiceSpec {
    /// The documented name, such as `order_service`.
    pub name: &'static str,
    /// Its purpose, in Markdown.
    pub description: &'static str,
    /// Renders the process's metrics in Prometheus' text format.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Who may read the metrics.
    pub metrics_token: MetricsToken,
    /// The services that are also reachable below their names, with their documents: only for the
    /// gateway.
    pub named: Vec<(&'static str, OpenApi)>,
    /// The proxies whose forwarding headers are trusted.
    pub trusted: TrustedProxies,
}

/// The routes of `service` that this process serves. Their requests count towards the service's
/// limits, whatever port and path they came by; unknown query parameters are refused; answers are
/// kept and roles required as the operation's [`Policy`](super::Policy) says.
pub fn served(service: &'static str, routes: OpenApiRouter<App>, app: &App) -> OpenApiRouter<App> {
    let known = Known::of(routes.get_openapi());
    let port = Port { app: app.clone(), service };
    routes
        .layer(from_fn_with_state(app.clone(), who::admit))
        .layer(from_fn_with_state(app.clone(), keep))
        .layer(from_fn_with_state(known, known_query))
        .layer(from_fn_with_state(port, limit::limit))
}

/// Routes of `service` that are not documented, with the same rate limits.
pub fn counted(service: &'static str, routes: Router<App>, app: &App) -> Router<App> {
    routes.layer(from_fn_with_state(Port { app: app.clone(), service }, limit::limit))
}

/// The router of one port. Its API routes are either [`served`] or forwarded to another process,
/// which counts them. Pages are added as [`counted`] and sockets as plain routes
/// (`OpenApiRouter::from(router)`); both stay out of the document.
pub fn service_router(spec: ServiceSpec, routes: OpenApiRouter<App>, app: App) -> Router {
    let (routes, api) = routes.split_for_parts();
    let below: Vec<_> = spec.named.iter().map(|(name, api)| (format!("/{name}"), api)).collect();
    let below = below.iter().map(|(prefix, api)| (prefix.as_str(), *api));
    let operations = Operations::below(below.chain([("", &api)]));
    let (api, declared) = openapi::complete(spec.name, spec.description, !spec.named.is_empty(), api);
    let port = Port { app: app.clone(), service: spec.name };
    let limited = from_fn_with_state(port.clone(), limit::limit);
    let own = health::metrics(spec.metrics, spec.metrics_token).merge(openapi::routes(&api));
    let not_found = async || Problem::of_status(StatusCode::NOT_FOUND);
    let not_allowed = async || Problem::of_status(StatusCode::METHOD_NOT_ALLOWED);
    let routes = if cfg!(debug_assertions) {
        routes.layer(from_fn_with_state(declared, openapi::check))
    } else {
        routes
    };
    routes
        .merge(counted(spec.name, own, &app))
        .merge(health::routes())
        .fallback(not_found.layer(limited.clone()))
        .method_not_allowed_fallback(not_allowed.layer(limited))
        .layer(from_fn(extract::sized_body))
        .layer(from_fn(extract::readable_query))
        .layer(from_fn(extract::strict_head))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(operations, policy::apply))
        .layer(from_fn_with_state(port, observe))
        .layer(compress::layer())
        .layer(from_fn(compress::offered))
        .layer(from_fn(store_nothing))
        .layer(from_fn_with_state(spec.trusted, believe))
        .with_state(app)
}

/// A panic is a bug; the request that caused it gets a problem document.
#[expect(clippy::needless_pass_by_value, reason = "the signature that the layer wants")]
pub(super) fn panicked(payload: Box<dyn Any + Send + 'static>) -> Response {
    let said = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("nothing");
    Problem::fault(format!("a handler panicked, saying: {said}")).into_response()
}
