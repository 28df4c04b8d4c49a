//! Who is asking. A handler that takes none of these serves everybody whom the role of its
//! [`Policy`] lets in.

use axum::extract::{FromRequestParts, OptionalFromRequestParts, Request, State};
use axum::http::{HeaderMap, StatusCode, header, request::Parts};
use axum::middleware::Next;
use axum::response::Response;
use domain::{Failure, Principal, refusal};
use services::App;
use services::auth::Verified;

use super::{Policy, Problem};

/// Whoever is signed in. `Option<Who>` where signing in is not needed.
#[derive(Clone, Debug)]
pub struct Who(pub Principal);

/// The bearer token of a request, if it has one.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Verifies the request's token once, however many extractors ask.
pub(super) fn verified(parts: &mut Parts, app: &App) -> Result<Option<Verified>, Problem> {
    if let Some(known) = parts.extensions.get::<Verified>() {
        return Ok(Some(known.clone()));
    }
    let Some(token) = bearer(&parts.headers) else { return Ok(None) };
    let verified = services::auth::verify(app, token, app.clock.now())
        .map_err(|failure| Problem::from(failure).challenging(r#"Bearer error="invalid_token""#))?;
    parts.extensions.insert(verified.clone());
    Ok(Some(verified))
}

impl FromRequestParts<App> for Who {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match verified(parts, app)? {
            Some(verified) => Ok(Who(verified.principal)),
            None => Err(sign_in_first()),
        }
    }
}

impl OptionalFromRequestParts<App> for Who {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, Problem> {
        Ok(verified(parts, app)?.map(|verified| Who(verified.principal)))
    }
}

/// Whoever is signed in, with how long that is good: for answers that go on.
#[derive(Clone, Debug)]
pub struct Session(pub Verified);

impl FromRequestParts<App> for Session {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        verified(parts, app)?.map(Session).ok_or_else(sign_in_first)
    }
}

fn sign_in_first() -> Problem {
    refusal::unauthenticated().into()
}

/// Lets in who has the role that the operation's [`Policy`] wants, before the handler. A
/// request for no operation of these routes goes no further.
pub(super) async fn admit(State(app): State<App>, request: Request, next: Next) -> Result<Response, Problem> {
    let Some(policy) = request.extensions().get::<Policy>() else {
        return Err(Problem::of_status(StatusCode::METHOD_NOT_ALLOWED));
    };
    let Some(role) = policy.wants_role() else { return Ok(next.run(request).await) };
    let (mut parts, body) = request.into_parts();
    let verified = verified(&mut parts, &app)?.ok_or_else(sign_in_first)?;
    if !verified.principal.is(role) {
        return Err(Failure::forbidden().into());
    }
    Ok(next.run(Request::from_parts(parts, body)).await)
}
