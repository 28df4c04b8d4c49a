//! What whoever runs a port asks of it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use services::App;
use services::health::Readiness;

use super::Problem;

/// Renders all metrics in Prometheus' text format.
pub(super) type RenderMetrics = Arc<dyn Fn() -> String + Send + Sync>;

pub(super) fn routes(metrics: RenderMetrics) -> Router<App> {
    Router::new()
        .route("/healthz", get(async || Json(json!({ "status": "ok" }))))
        .route("/readyz", get(ready))
        .route("/metrics", get(async move || text(metrics())))
}

/// Ready means: what a request needs is there. Who is degraded still serves, and
/// should not be replaced: others would miss the same.
async fn ready(State(app): State<App>) -> Result<Response, Problem> {
    let answer = match services::health::ready(&app).await? {
        Readiness::Ready => json!({ "status": "ready" }),
        Readiness::Degraded(reason) => json!({ "status": "degraded", "reason": reason }),
    };
    Ok(Json(answer).into_response())
}

fn text(metrics: String) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics).into_response()
}
