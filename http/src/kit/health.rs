//! Endpoints for operators: health, readiness and metrics.

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use domain::refusal;
use serde_json::json;
use services::App;
use services::health::Readiness;
use sha2::{Digest as _, Sha256};

use super::who::bearer;
use super::{ClientAddress, Problem};

/// Renders all metrics in Prometheus' text format.
pub(super) type RenderMetrics = Arc<dyn Fn() -> String + Send + Sync>;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/healthz", get(async || Json(json!({ "status": "ok" }))))
        .route("/readyz", get(ready))
}

/// The metrics endpoint, for operators.
pub(super) fn metrics(render: RenderMetrics, token: MetricsToken) -> Router<App> {
    let show = async move |ClientAddress(from): ClientAddress,
                           headers: HeaderMap|
                -> Result<Response, Problem> {
        if !token.admits(from, &headers) {
            let detail = "Metrics are for whoever runs this: show the token that BAEDAL_METRICS_TOKEN sets.";
            return Err(refusal::unauthenticated().because(detail).into());
        }
        Ok(text(render()))
    };
    Router::new().route("/metrics", get(show))
}

/// The bearer token for reading the metrics, as a hash. Without one, metrics are readable only from
/// this machine, and not through a proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetricsToken(Option<[u8; 32]>);

/// The shortest token, in characters: a shorter one could be guessed.
const TOKEN_LEAST: usize = 16;

impl FromStr for MetricsToken {
    type Err = String;

    /// An empty text means no token.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "" => Ok(Self(None)),
            short if short.len() < TOKEN_LEAST => {
                Err(format!("a token has {TOKEN_LEAST} characters at least"))
            }
            token => Ok(Self(Some(Sha256::digest(token).into()))),
        }
    }
}

impl MetricsToken {
    fn admits(&self, from: IpAddr, headers: &HeaderMap) -> bool {
        match self.0 {
            Some(hash) => {
                bearer(headers).is_some_and(|shown| <[u8; 32]>::from(Sha256::digest(shown)) == hash)
            }
            None => {
                let passed_on =
                    ["forwarded", "x-forwarded-for"].iter().any(|name| headers.contains_key(*name));
                from.is_loopback() && !passed_on
            }
        }
    }
}

/// Ready if requests can be served. A degraded process still serves, and should not be replaced:
/// another one would lack the same.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(token: &str, from: &str, headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        token.parse::<MetricsToken>().unwrap().admits(from.parse().unwrap(), &headers.collect())
    }

    #[test]
    fn metrics_are_read_with_the_token_or_from_this_machine() {
        assert!(admits("", "127.0.0.1", &[]) && admits("", "::1", &[]));
        assert!(!admits("", "192.0.2.1", &[]));
        assert!(!admits("", "127.0.0.1", &[("x-forwarded-for", "192.0.2.1")]));
        assert!(!admits("", "127.0.0.1", &[("forwarded", "for=192.0.2.1")]));
        let token = "0123456789abcdef";
        assert!(admits(token, "192.0.2.1", &[("authorization", "Bearer 0123456789abcdef")]));
        for wrong in ["Bearer 0123456789abcdee", "Basic 0123456789abcdef", "Bearer "] {
            assert!(!admits(token, "127.0.0.1", &[("authorization", wrong)]), "{wrong}");
        }
        assert!(!admits(token, "127.0.0.1", &[]));
        assert!("short".parse::<MetricsToken>().is_err());
    }
}
