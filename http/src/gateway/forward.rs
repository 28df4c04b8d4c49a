//! One request to a service that runs elsewhere.
//!
//! - The body is read completely before it is sent, up to the operation's limit: a slow client does
//!   not occupy a replica, and a request can be retried at another one.
//! - It is retried if nothing was sent (no connection), or if it is idempotent: by its method (RFC
//!   9110, 9.2.2), or by its `Idempotency-Key`. Otherwise the client is told that the outcome is
//!   unknown.
//! - Responses are streamed; a stream ends when the replica is gone.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest as _, Request};
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use axum::response::Response;
use domain::refusal;
use futures::future::BoxFuture;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};

use super::replicas::{Replica, Replicas};
use super::{Gateway, tunnel};
use crate::kit::{Caller, Problem, RequestId, TRACEPARENT, UPSTREAM_LOST, unreadable};

/// Hop-by-hop headers (RFC 9110, 7.6.1), which apply to one connection only.
const OF_THE_CONNECTION: [HeaderName; 9] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

impl Gateway {
    /// Forwards the request to a replica of `service`.
    pub(super) async fn forward(&self, service: &'static str, request: Request) -> Result<Response, Problem> {
        let replicas = self.elsewhere.get(service).ok_or_else(|| unavailable(service))?;
        if tunnel::is_asked_for(request.headers()) {
            return self.tunnel(replicas, request).await;
        }
        let (mut parts, body) = request.into_parts();
        let whole = Request::from_parts(parts.clone(), body);
        let body = Bytes::from_request(whole, &()).await.map_err(unreadable)?;
        prepare(&mut parts);
        let again = is_repeatable(&parts.method, &parts.headers);
        let (path, mut tried) = (path_of(&parts), 0);
        for replica in self.candidates(replicas, replicas.key(&parts).as_deref()) {
            let Ok(_room) = replica.room.try_acquire() else { continue };
            tried += 1;
            let request = outgoing(&parts, replica.origin.at(path.clone()), Body::from(body.clone()));
            let answer = tokio::select! {
                answer = self.client.request(request) => answer.map_err(Some),
                () = replica.gone() => Err(None),
            };
            match answer {
                Ok(answer) => return Ok(incoming(answer, &replica)),
                Err(Some(error)) if error.is_connect() => lost(replicas, &replica, Some(&error)),
                Err(error) if again => lost(replicas, &replica, error.as_ref()),
                Err(error) => {
                    lost(replicas, &replica, error.as_ref());
                    return Err(outcome_unknown());
                }
            }
        }
        tracing::warn!(service, tried, "no replica answers");
        Err(unavailable(service))
    }

    /// The replicas to try for this placing key, the preferred one first.
    pub(super) fn candidates(&self, replicas: &Replicas, key: Option<&str>) -> Vec<Arc<Replica>> {
        let mut candidates = replicas.candidates(key);
        candidates.truncate(self.settings.tries);
        candidates
    }
}

/// The problem when no replica takes the request.
pub(super) fn unavailable(service: &str) -> Problem {
    let detail = format!("No replica of {service} takes requests right now.");
    refusal::upstream_unavailable(service).because(detail).after(1).into()
}

fn outcome_unknown() -> Problem {
    Problem::http(StatusCode::BAD_GATEWAY, UPSTREAM_LOST).because(
        "The answer was lost on its way: nobody knows whether it was done. Look, or repeat it with an Idempotency-Key.",
    )
}

/// Records that a replica did not answer.
pub(super) fn lost(
    replicas: &Replicas,
    replica: &Replica,
    error: Option<&hyper_util::client::legacy::Error>,
) {
    metrics::counter!("gateway_lost_total", "service" => replicas.service()).increment(1);
    let Some(error) = error else { return };
    tracing::info!(replica = %replica.origin, %error, "a replica did not answer");
    if error.is_connect() {
        replica.unreachable();
    }
}

/// Whether the request may be sent twice.
fn is_repeatable(method: &Method, headers: &HeaderMap) -> bool {
    method.is_idempotent() || headers.contains_key("idempotency-key")
}

pub(super) fn path_of(parts: &Parts) -> PathAndQuery {
    parts.uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"))
}

pub(super) fn outgoing(parts: &Parts, uri: axum::http::Uri, body: Body) -> Request {
    let mut request = Request::new(body);
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = uri;
    *request.headers_mut() = parts.headers.clone();
    request
}

/// Drops hop-by-hop headers, and replaces what the client claims about itself with what we know.
/// `Host` stays: the service compares it with a page's origin.
pub(super) fn prepare(parts: &mut Parts) {
    let headers = &mut parts.headers;
    drop_hop_by_hop(headers);
    // The length is set again for the buffered body; `Expect` was answered already.
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::EXPECT);
    for name in [header::FORWARDED, FORWARDED_FOR, FORWARDED_PROTO, FORWARDED_HOST] {
        headers.remove(name);
    }
    if let Some(caller) = parts.extensions.get::<Caller>() {
        forwarded(headers, caller);
    }
    let id = parts.extensions.get::<RequestId>().and_then(|id| HeaderValue::from_str(&id.0).ok());
    if let Some(id) = id {
        headers.insert("x-request-id", id);
    }
    headers.remove(TRACEPARENT);
    let trace = trace::current().and_then(|trace| HeaderValue::try_from(trace.to_string()).ok());
    if let Some(trace) = trace {
        headers.insert(TRACEPARENT, trace);
    }
}

fn forwarded(headers: &mut HeaderMap, caller: &Caller) {
    let host = caller.host.clone().or_else(|| headers.get(header::HOST).cloned());
    let node = match caller.address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("\"[{address}]\""),
    };
    let mut line = format!("for={node};proto={}", caller.proto);
    if let Some(host) = host.as_ref().and_then(|host| host.to_str().ok()).filter(|host| !host.contains('"')) {
        line.push_str(&format!(";host=\"{host}\""));
    }
    let said = [
        (header::FORWARDED, HeaderValue::try_from(line).ok()),
        (FORWARDED_FOR, HeaderValue::try_from(caller.address.to_string()).ok()),
        (FORWARDED_PROTO, Some(HeaderValue::from_static(caller.proto))),
        (FORWARDED_HOST, host),
    ];
    headers.extend(said.into_iter().filter_map(|(name, value)| Some((name, value?))));
}

/// The same for an answer. 426 keeps its `Upgrade`, which describes the resource, not the
/// connection.
pub(super) fn drop_hop_by_hop_of(answer: StatusCode, headers: &mut HeaderMap) {
    let speaks = headers.get(header::UPGRADE).filter(|_| answer == StatusCode::UPGRADE_REQUIRED).cloned();
    drop_hop_by_hop(headers);
    if let Some(speaks) = speaks {
        headers.insert(header::UPGRADE, speaks);
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    }
}

/// Removes hop-by-hop headers, and those that `Connection` names.
pub(super) fn drop_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&OF_THE_CONNECTION) {
        headers.remove(name);
    }
}

fn incoming(answer: axum::http::Response<Incoming>, replica: &Replica) -> Response {
    let (mut head, body) = answer.into_parts();
    head.version = Version::default();
    head.extensions.clear();
    drop_hop_by_hop_of(head.status, &mut head.headers);
    let body = if body.is_end_stream() {
        Body::new(body)
    } else {
        Body::new(Answer { body, gone: Box::pin(replica.gone()) })
    };
    Response::from_parts(head, body)
}

/// A body that fails when its replica is gone, instead of hanging for ever.
struct Answer {
    body: Incoming,
    gone: BoxFuture<'static, ()>,
}

/// The rest of the body will not come.
#[derive(Debug, thiserror::Error)]
#[error("the replica is gone")]
struct Gone;

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        self.gone.as_mut().poll(cx).map(|()| Some(Err(Gone.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn what_belongs_to_a_connection_stays_on_it() {
        let mut told = headers(&[
            ("connection", "close, X-Private"),
            ("x-private", "1"),
            ("te", "trailers"),
            ("transfer-encoding", "chunked"),
            ("proxy-authorization", "Basic eA=="),
            ("authorization", "Bearer x"),
        ]);
        drop_hop_by_hop(&mut told);
        assert_eq!(told, headers(&[("authorization", "Bearer x")]));
    }

    #[test]
    fn what_clients_say_of_themselves_gives_way_to_what_is_known() {
        let mut parts = Request::new(Body::empty()).into_parts().0;
        parts.headers = headers(&[
            ("host", "app.example:9102"),
            ("x-forwarded-for", "1.2.3.4"),
            ("forwarded", "for=1.2.3.4"),
            ("content-length", "7"),
        ]);
        let address = "2001:db8::7".parse().unwrap();
        parts.extensions.insert(Caller { address, proto: "https", host: None });
        parts.extensions.insert(RequestId("r-1".into()));
        prepare(&mut parts);
        let expected = headers(&[
            ("host", "app.example:9102"),
            ("forwarded", r#"for="[2001:db8::7]";proto=https;host="app.example:9102""#),
            ("x-forwarded-for", "2001:db8::7"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "app.example:9102"),
            ("x-request-id", "r-1"),
        ]);
        assert_eq!(parts.headers, expected);
    }

    #[test]
    fn only_what_may_be_done_twice_is_tried_again() {
        let keyed = headers(&[("idempotency-key", "k")]);
        assert!(is_repeatable(&Method::GET, &HeaderMap::new()));
        assert!(is_repeatable(&Method::DELETE, &HeaderMap::new()));
        assert!(!is_repeatable(&Method::POST, &HeaderMap::new()));
        assert!(!is_repeatable(&Method::PATCH, &HeaderMap::new()));
        assert!(is_repeatable(&Method::POST, &keyed));
    }
}
