//! What whoever runs a port asks of it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use services::App;

use super::Problem;

/// Renders all metrics in Prometheus' text format.
pub(super) type RenderMetrics = Arc<dyn Fn() -> String + Send + Sync>;

pub(super) fn routes(metrics: RenderMetrics) -> Router<App> {
    Router::new()
        .route("/healthz", get(async || Json(json!({ "status": "ok" }))))
        .route("/readyz", get(ready))
        .route("/metrics", get(async move || text(metrics())))
}

/// Ready means: what a request needs is there.
async fn ready(State(app): State<App>) -> Result<Response, Problem> {
    services::health::ready(&app).await?;
    Ok(Json(json!({ "status": "ready" })).into_response())
}

fn text(metrics: String) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics).into_response()
}
