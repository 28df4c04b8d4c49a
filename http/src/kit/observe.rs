//! What applies to every request: its id, its log line, its metrics, and the problem document if it
//! fails.

use std::fmt::Display;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use metrics::Label;
use services::App;
use trace::TraceParent;
use tracing::Instrument as _;
use tracing::field::Empty;

use super::{Problem, korean};

const REQUEST_ID: &str = "x-request-id";

/// The header that carries a trace (W3C Trace Context).
pub(crate) const TRACEPARENT: &str = "traceparent";

/// Identifies one request in the log, in its response and in problem documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

impl RequestId {
    /// The client's own id, if it is safe in a log line.
    fn named(headers: &HeaderMap) -> Option<Self> {
        let id = headers.get(REQUEST_ID)?.to_str().ok()?;
        let clean = (1..=128).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:+/=".contains(&byte));
        clean.then(|| Self(id.to_owned()))
    }
}

/// The caller's trace. An invalid or repeated header is ignored.
fn trace_of(headers: &HeaderMap) -> Option<TraceParent> {
    let mut given = headers.get_all(TRACEPARENT).iter();
    let (Some(only), None) = (given.next(), given.next()) else { return None };
    only.to_str().ok()?.parse().ok()
}

/// The port that the layer is on.
#[derive(Clone)]
pub(super) struct Port {
    pub(super) app: App,
    pub(super) service: &'static str,
}

pub(super) async fn observe(State(port): State<Port>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id =
        RequestId::named(request.headers()).unwrap_or_else(|| RequestId(port.app.ids.uuid().to_string()));
    let seen = Seen {
        service: port.service,
        method: request.method().clone(),
        path: request.uri().path().to_owned(),
        route: request
            .extensions()
            .get::<MatchedPath>()
            .map_or("unmatched".into(), |path| path.as_str().into()),
        korean: korean::is_wanted(request.headers()),
        id,
    };
    request.extensions_mut().insert(seen.id.clone());
    let span = tracing::info_span!("request", request_id = %seen.id.0, trace_id = Empty);
    trace::begin(&span, trace_of(request.headers()), || TraceParent::fresh(port.app.ids.random()));
    let mut response = next.run(request).instrument(span.clone()).await;
    // The request is logged inside its span.
    let _entered = span.entered();
    response = seen.documented(response);
    if let Ok(id) = HeaderValue::from_str(&seen.id.0) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    seen.record(response.status(), started.elapsed());
    response
}

/// The request's properties for the log. Never its query: it may contain a secret.
struct Seen {
    service: &'static str,
    method: Method,
    path: String,
    route: String,
    korean: bool,
    id: RequestId,
}

impl Seen {
    /// Writes the problem document, also if a library answered with a bare status or plain text.
    fn documented(&self, mut response: Response) -> Response {
        let status = response.status();
        let problem = match response.extensions_mut().remove::<Problem>() {
            Some(problem) => problem,
            None if is_bare(&response) => Problem::of_status(status),
            None => return response,
        };
        if let Some(cause) = problem.cause() {
            tracing::error!(
                request_id = self.id.0, service = self.service, method = %self.method, route = self.route,
                cause = %Chain(cause), "request failed"
            );
        }
        let (language, document) = if self.korean {
            ("ko", problem.document_in_korean(&self.path, &self.id.0))
        } else {
            ("en", problem.document(&self.path, &self.id.0))
        };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let (mut head, _) = response.into_parts();
        head.status = problem.status();
        head.headers.remove(header::CONTENT_LENGTH);
        head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        head.headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language));
        head.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Response::from_parts(head, body.into())
    }

    fn record(&self, status: StatusCode, took: Duration) {
        let labels = [
            Label::from_static_parts("service", self.service),
            Label::from_static_parts("method", method_label(&self.method)),
            Label::new("route", self.route.clone()),
            Label::from_static_parts("status", status_class(status)),
        ];
        metrics::histogram!("http_request_duration_seconds", labels[..3].iter()).record(took);
        metrics::counter!("http_requests_total", labels.iter()).increment(1);
        tracing::info!(
            target: "access", service = self.service, method = %self.method, path = self.path, route = self.route,
            status = status.as_u16(), took_ms = took.as_secs_f64() * 1e3, request_id = self.id.0,
            "request"
        );
    }
}

fn status_class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        ..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500.. => "5xx",
    }
}

/// Clients may invent methods, but must not create time series.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn is_bare(response: &Response) -> bool {
    let refused = response.status().is_client_error() || response.status().is_server_error();
    let content_type = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    refused && content_type.is_none_or(|content_type| content_type.starts_with(b"text/plain"))
}

/// An error with its causes.
struct Chain<'a>(&'a (dyn std::error::Error + Send + Sync));

impl Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Display::fmt(self.0, f)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_that_would_spoil_the_log_is_replaced() {
        let named = |id: &'static str| {
            RequestId::named(&HeaderMap::from_iter([(
                header::HeaderName::from_static(REQUEST_ID),
                HeaderValue::from_static(id),
            )]))
        };
        assert_eq!(named("abc-1"), Some(RequestId("abc-1".into())));
        assert_eq!(named(""), None);
        assert_eq!(named("a b"), None);
    }
}
