//! `Idempotency-Key`: a request that is sent again does its work once, where the operation's
//! [`Policy`] says so.
//!
//! The first answer is kept, with a hash of the request, for its user. A repeat
//! gets that answer (`Idempotent-Replayed: true`); the same key on another
//! request is 422, on one still in progress 409. Only success is kept: a refused
//! request changed nothing, so that its repeat may as well be decided anew. An
//! answer with `Cache-Control: no-store` holds a secret and is not kept either.

use std::borrow::Cow;
use std::panic::AssertUnwindSafe;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest as _, FromRequestParts, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
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

/// No answer that is kept is larger than this, in bytes.
const ANSWER_LIMIT: usize = 256 * 1024;

/// The key of a request that may have one, for work that knows itself again.
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

/// Keeps the answers of these routes, for whoever sends a request again. Not for
/// routes whose requests go on to another process: that one keeps them.
pub(super) async fn keep(State(app): State<App>, request: Request, next: Next) -> Result<Response, Problem> {
    let takes_key = request.extensions().get::<Policy>().is_some_and(Policy::takes_key);
    if !takes_key || !request.headers().contains_key(HEADER) {
        return Ok(next.run(request).await);
    }
    let (mut parts, body) = request.into_parts();
    let Some(name) = named(&parts.headers)? else { return Err(Problem::fault("the key is gone")) };
    let body =
        Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await.map_err(unreadable)?;
    let mut hash = Sha256::new_with_prefix(parts.uri.to_string());
    hash.update([0]);
    hash.update(canonical(&body));
    // Who shows no good token is nobody here; whether that is enough, the handler says.
    let verified = who::verified(&mut parts, &app).ok().flatten();
    let key = Key {
        user: verified.map(|verified| verified.principal.user),
        name,
        request_hash: hash.finalize().into(),
    };
    // A client that goes away must leave neither a claim that nobody ends nor
    // work half done or its answer unkept: the task goes on without it.
    let request = Request::from_parts(parts, Body::from(body));
    let done = async move {
        match services::idempotency::claim(&app, key).await? {
            Claim::Answered(answer) => replay(answer),
            Claim::Ours(ticket) => work(&app, &ticket, request, next).await,
        }
    };
    tokio::spawn(done.in_current_span()).await.map_err(Problem::fault)?
}

/// The body as it counts: parsed JSON has neither blanks nor an order of its keys. What is
/// no JSON is what it is.
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
    let body = to_bytes(body, ANSWER_LIMIT).await.map_err(Problem::fault)?;
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
