//! `Idempotency-Key`: a repeated request takes effect once, if the operation's [`Policy`] says so.
//!
//! The first answer is kept per user, with a hash of the request. A repeat gets that answer
//! (`Idempotent-Replayed: true`); the same key on another request is 422, on one still in progress
//! 409. Only success is kept: a refused request changed nothing, so its repeat is decided again. An
//! answer with `Cache-Control: no-store` contains a secret and is not kept either.

use std::borrow::Cow;
use std::panic::AssertUnwindSafe;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest as _, FromRequestParts, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, request::Parts};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt as _;
use serde_json::Value;
use services::App;
use services::idempotency::{Answer, Claim, Key, Ticket};
use sha2::{Digest as _, Sha256};
use tracing::Instrument as _;

use super::extract::unreadable;
use super::policy::Policy;
use super::service::panicked;
use super::{Problem, who, words};

const HEADER: &str = "idempotency-key";

/// The request's optional key, for operations that detect repeats themselves.
#[derive(Clone, Debug)]
pub struct OfferedKey(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for OfferedKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        named(&parts.headers).map(Self)
    }
}

fn named(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(HEADER) else { return Ok(None) };
    match value.to_str() {
        Ok(key) if (1..=255).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => Err(Problem::bad_request(words::IDEMPOTENCY_KEY_INVALID)
            .because("An Idempotency-Key has 1 to 255 ASCII characters.")),
    }
}

/// Keeps the answers of these routes for repeated requests. Not for routes that forward to another
/// process: that one keeps them.
pub(super) async fn keep(State(app): State<App>, request: Request, next: Next) -> Result<Response, Problem> {
    let takes_key = request.extensions().get::<Policy>().is_some_and(Policy::takes_key);
    if !takes_key || !request.headers().contains_key(HEADER) {
        return Ok(next.run(request).await);
    }
    let (mut parts, body) = request.into_parts();
    let Some(name) = named(&parts.headers)? else { return Err(Problem::fault("the key is gone")) };
    let body =
        Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await.map_err(unreadable)?;
    // A request without a valid token counts as anonymous here; the handler decides whether that is
    // enough.
    let verified = who::verified(&mut parts, &app).await.ok().flatten();
    let key = Key {
        user: verified.map(|verified| verified.principal.user),
        name,
        request_hash: hash_of(&parts.method, &parts.uri, &body),
    };
    // If the client goes away, the task continues: otherwise the claim would stay open, or finished
    // work would have no kept answer.
    let request = Request::from_parts(parts, Body::from(body));
    let done = async move {
        match services::idempotency::claim(&app, key).await? {
            Claim::Answered(answer) => replay(answer),
            Claim::Ours(ticket) => work(&app, &ticket, request, next).await,
        }
    };
    tokio::spawn(done.in_current_span()).await.map_err(Problem::fault)?
}

/// What tells one request from another under the same key.
fn hash_of(method: &Method, uri: &Uri, body: &Bytes) -> [u8; 32] {
    let mut hash = Sha256::new();
    // Without the method of a POST, as earlier versions hashed it: keys outlast versions.
    if method != Method::POST {
        hash.update(format!("{method} "));
    }
    hash.update(uri.to_string());
    hash.update([0]);
    hash.update(canonical(body));
    hash.finalize().into()
}

/// The body as it is hashed: JSON without whitespace and with sorted keys, anything else unchanged.
fn canonical(body: &Bytes) -> Cow<'_, [u8]> {
    let parsed = serde_json::from_slice::<Value>(body);
    match parsed.and_then(|value| serde_json::to_vec(&value)) {
        Ok(written) => Cow::Owned(written),
        Err(_) => Cow::Borrowed(body),
    }
}

async fn work(app: &App, ticket: &Ticket, request: Request, next: Next) -> Result<Response, Problem> {
    let response = match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(payload) => panicked(payload),
    };
    let secret = response.headers().get(header::CACHE_CONTROL).is_some_and(|value| value == "no-store");
    if !response.status().is_success() || secret {
        services::idempotency::release(app, ticket).await;
        return Ok(response);
    }
    let (head, body) = response.into_parts();
    // However large it is: the work is done, and the answer is in memory already.
    let body = match to_bytes(body, usize::MAX).await {
        Ok(body) => body,
        Err(error) => {
            services::idempotency::release(app, ticket).await;
            return Err(Problem::fault(error));
        }
    };
    let kept = [header::CONTENT_TYPE, header::LOCATION, header::ETAG];
    let kept = kept.iter().filter_map(|name| {
        let value = head.headers.get(name)?.to_str().ok()?;
        Some((name.to_string(), value.to_owned()))
    });
    let answer = Answer { status: head.status.as_u16(), headers: kept.collect(), body: body.to_vec() };
    services::idempotency::answered(app, ticket, &answer).await;
    Ok(Response::from_parts(head, body.into()))
}

fn replay(answer: Answer) -> Result<Response, Problem> {
    let status = StatusCode::from_u16(answer.status).map_err(Problem::fault)?;
    let mut response = (status, answer.body).into_response();
    response.headers_mut().remove(header::CONTENT_TYPE);
    for (name, value) in answer.headers {
        let name = header::HeaderName::try_from(name).map_err(Problem::fault)?;
        response.headers_mut().insert(name, HeaderValue::try_from(value).map_err(Problem::fault)?);
    }
    response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_method_is_another_request() {
        let uri = Uri::from_static("/v1/things/1");
        let of = |method: Method| hash_of(&method, &uri, &Bytes::new());
        assert_ne!(of(Method::POST), of(Method::DELETE));
        assert_ne!(of(Method::PUT), of(Method::DELETE));
        // As versions hashed it that knew no other method.
        let known = Sha256::new_with_prefix("/v1/things/1").chain_update([0]).finalize();
        assert_eq!(of(Method::POST), <[u8; 32]>::from(known));
    }
}
