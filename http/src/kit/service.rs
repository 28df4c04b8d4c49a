//! One port: a service's routes with everything that surrounds them.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use services::App;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

use super::client::believe;
use super::health::RenderMetrics;
use super::observe::{Port, observe};
use super::query::{Known, known_query};
use super::{Problem, TrustedProxies, extract, health, limit, openapi};

/// The largest body that a route takes unless it says otherwise.
const BODY_LIMIT: u32 = 256 * 1024;

/// What a port says of itself.
#[derive(Clone)]
pub struct ServiceSpec {
    /// The documented name, `order_service`.
    pub name: &'static str,
    /// What it is for, in Markdown.
    pub description: &'static str,
    /// Renders the process's metrics in Prometheus' text format.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Whose word about the client's address is taken.
    pub trusted: TrustedProxies,
}

/// The whole of one port. Sockets and pages join as plain routes
/// (`OpenApiRouter::from(router)`), and stay out of the document. Routes that
/// change something come wrapped in [`once`](super::once).
pub fn service_router(spec: ServiceSpec, routes: OpenApiRouter<App>, app: App) -> Router {
    let (routes, api) = routes.split_for_parts();
    let api = openapi::complete(api, &spec);
    let known = Known::of(&api);
    let port = Port { app: app.clone(), service: spec.name };
    let metrics: RenderMetrics = spec.metrics;
    routes
        .layer(from_fn_with_state(known, known_query))
        .layer(from_fn_with_state(port.clone(), limit::limit))
        .merge(health::routes(metrics))
        .merge(SwaggerUi::new("/docs").url("/openapi.json", api))
        .fallback(async || Problem::of_status(StatusCode::NOT_FOUND))
        .method_not_allowed_fallback(async || Problem::of_status(StatusCode::METHOD_NOT_ALLOWED))
        .layer(DefaultBodyLimit::max(BODY_LIMIT as usize))
        .layer(from_fn_with_state(u64::from(BODY_LIMIT), extract::sized_body))
        .layer(from_fn(extract::readable_query))
        .layer(from_fn(extract::strict_head))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(port, observe))
        .layer(from_fn_with_state(spec.trusted, believe))
        .with_state(app)
}

/// A panic is a bug of ours; the request that hit it gets a problem like others.
#[expect(clippy::needless_pass_by_value, reason = "the signature that the layer wants")]
pub(super) fn panicked(payload: Box<dyn Any + Send + 'static>) -> Response {
    let said = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("nothing");
    Problem::fault(format!("a handler panicked, saying: {said}")).into_response()
}
