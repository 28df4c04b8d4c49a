//! The caller. A handler that takes none of these is open to everyone with the role in its
//! [`Policy`].

use axum::extract::{FromRequestParts, OptionalFromRequestParts, Request, State};
use axum::http::{HeaderMap, StatusCode, header, request::Parts};
use axum::middleware::Next;
use axum::response::Response;
use domain::{Failure, Principal, Role, refusal};
use services::App;
use services::auth::Verified;

use super::{Policy, Problem};

/// The authenticated caller. `Option<Who>` if authentication is optional.
#[derive(Clone, Debug)]
pub struct Who(pub Principal);

/// The request's bearer token, if any.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Verifies the request's token, once for all extractors.
pub(super) async fn verified(parts: &mut Parts, app: &App) -> Result<Option<Verified>, Problem> {
    if let Some(known) = parts.extensions.get::<Verified>() {
        return Ok(Some(known.clone()));
    }
    let Some(token) = bearer(&parts.headers) else { return Ok(None) };
    let verified = services::auth::verify(app, token, app.clock.now())
        .await
        .map_err(|failure| Problem::from(failure).challenging(r#"Bearer error="invalid_token""#))?;
    parts.extensions.insert(verified.clone());
    Ok(Some(verified))
}

impl FromRequestParts<App> for Who {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Session(verified) = Session::from_request_parts(parts, app).await?;
        Ok(Who(verified.principal))
    }
}

impl OptionalFromRequestParts<App> for Who {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, Problem> {
        let verified = verified(parts, app).await?.map(person).transpose()?;
        Ok(verified.map(|verified| Who(verified.principal)))
    }
}

/// The authenticated caller with their token's expiry, for responses that are streams.
#[derive(Clone, Debug)]
pub struct Session(pub Verified);

impl FromRequestParts<App> for Session {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let verified = verified(parts, app).await?.ok_or_else(sign_in_first)?;
        person(verified).map(Session)
    }
}

/// Refuses a program that calls in its own name where a person is asked for.
fn person(verified: Verified) -> Result<Verified, Problem> {
    if verified.principal.is(Role::Service) { Err(Failure::forbidden().into()) } else { Ok(verified) }
}

fn sign_in_first() -> Problem {
    refusal::unauthenticated().into()
}

/// Requires the role in the operation's [`Policy`], before the handler. A request without an
/// operation is refused with 405.
pub(super) async fn admit(State(app): State<App>, request: Request, next: Next) -> Result<Response, Problem> {
    let Some(policy) = request.extensions().get::<Policy>() else {
        return Err(Problem::of_status(StatusCode::METHOD_NOT_ALLOWED));
    };
    let Some(role) = policy.wants_role() else { return Ok(next.run(request).await) };
    let (mut parts, body) = request.into_parts();
    let verified = verified(&mut parts, &app).await?.ok_or_else(sign_in_first)?;
    if !verified.principal.is(role) {
        return Err(Failure::forbidden().into());
    }
    Ok(next.run(Request::from_parts(parts, body)).await)
}
