//! Rate limits. Every response states them in `RateLimit-Policy` and `RateLimit` (the IETF's
//! httpapi-ratelimit-headers draft); beyond them the answer is 429 with `Retry-After`. Health
//! checks are not limited; sockets are limited by `hub::Admission`.

use std::fmt::Write as _;

use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use services::limits::{self, Counted, LimitClass};

use super::observe::Port;
use super::policy::Policy;
use super::{ClientAddress, Problem, who};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEFT: HeaderName = HeaderName::from_static("ratelimit");

pub(super) async fn limit(State(port): State<Port>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    // A request without a valid token is counted by address only; the handler refuses it.
    let verified = who::verified(&mut parts, &port.app).await.ok().flatten();
    let user = verified.map(|verified| verified.principal.user);
    let Ok(ClientAddress(from)) = ClientAddress::from_request_parts(&mut parts, &()).await;
    let class = parts.extensions.get::<Policy>().map_or(LimitClass::Usual, Policy::limit_class);
    let counted = limits::count(&port.app, port.service, user, from, class).await;
    let mut response = match counted.iter().find_map(Counted::refusal) {
        Some(refused) => Problem::from(refused).into_response(),
        None => next.run(Request::from_parts(parts, body)).await,
    };
    tell(&mut response, &counted);
    response
}

fn tell(response: &mut Response, counted: &[Counted]) {
    let (mut policy, mut left) = (String::new(), String::new());
    for Counted { rule, rate, taken } in counted.iter().filter(|one| one.taken.counted) {
        let comma = if policy.is_empty() { "" } else { ", " };
        let wait = taken.retry_after.as_millis().div_ceil(1_000);
        // Writing to a String never fails.
        let _ = write!(policy, "{comma}\"{rule}\";q={};w={}", rate.limit, rate.per.as_secs());
        let _ = write!(left, "{comma}\"{rule}\";r={};t={wait}", taken.remaining);
    }
    for (name, value) in [(POLICY, policy), (LEFT, left)] {
        if let Some(value) = HeaderValue::try_from(value).ok().filter(|value| !value.is_empty()) {
            response.headers_mut().insert(name, value);
        }
    }
}
