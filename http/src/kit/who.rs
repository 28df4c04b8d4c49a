//! Who is asking. A handler that takes none of these serves everybody.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::{HeaderMap, header, request::Parts};
use domain::{Kind, Principal, Refused};
use services::App;
use services::auth::Verified;

use super::Problem;

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
    Refused::new("unauthenticated", Kind::Unauthenticated, "Sign in first.").into()
}

/// Whoever is signed in as one of the roles; 403 for everybody else.
pub mod role {
    use super::{App, FromRequestParts, Parts, Principal, Problem, Who};
    use domain::{Failure, Role};

    macro_rules! roles {
        ($($(#[$doc:meta])* $name:ident;)*) => {$(
            $(#[$doc])*
            #[derive(Clone, Debug)]
            pub struct $name(pub Principal);

            impl FromRequestParts<App> for $name {
                type Rejection = Problem;

                async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
                    let Who(principal) = <Who as FromRequestParts<App>>::from_request_parts(parts, app).await?;
                    if principal.is(Role::$name) { Ok(Self(principal)) } else { Err(Failure::forbidden().into()) }
                }
            }
        )*};
    }

    roles! {
        /// Somebody who orders.
        Customer;
        /// A rider.
        Courier;
        /// Somebody who runs a restaurant; whether this one, `services` says.
        Owner;
        /// Somebody at the support desk.
        Agent;
        /// Somebody who runs the platform.
        Admin;
    }
}
