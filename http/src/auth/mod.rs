//! auth_service, 9101: signing in, going on, signing out, and the keys that
//! tokens are verified with.

mod body;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, HeaderName};
use domain::SessionId;
use services::App;
use services::auth::SignIn;
use services::limits::LimitClass;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::kit::{
    ClientAddress, Json, List, ListQuery, NoContent, Noun, Page, Path, Policy, Problem, ProblemBody, Who,
};
use body::{KeySet, Refresh, SessionBody, SignInBody, SignOutBody, Tokens};

const SESSION: Policy = Policy::of(Noun::Session);

/// All of the service's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(SESSION.limit(LimitClass::SignIn).on(routes!(sign_in)))
        .routes(SESSION.on(routes!(refresh)))
        .routes(SESSION.on(routes!(sign_out)))
        .routes(SESSION.on(routes!(sessions)))
        .routes(SESSION.on(routes!(end_session)))
        .routes(SESSION.on(routes!(end_other_sessions)))
        .routes(SESSION.on(routes!(keys)))
}

/// Tokens are for their owner alone: nothing on the way may keep them, nor do
/// we, under whatever Idempotency-Key.
type Secret<T> = ([(HeaderName, &'static str); 1], Json<T>);

fn secret<T>(body: T) -> Secret<T> {
    ([(CACHE_CONTROL, "no-store")], Json(body))
}

/// Begins a session on this device. Too many wrong passwords from one address make it
/// wait, longer each time; too many for one account, from wherever, make all devices wait
/// that the account does not know.
#[utoipa::path(post, path = "/v1/auth/sign-in", tag = "auth", security(()), request_body = SignInBody,
    responses((status = 200, body = Tokens),
        (status = 401, description = "`auth.credentials_wrong`: the e-mail address or the password", body = ProblemBody),
        (status = 429, description = "`auth.locked`: too many wrong passwords from here; `auth.account_locked`: from \
            anywhere; `auth.too_many_at_once`. See Retry-After", body = ProblemBody)))]
async fn sign_in(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Json(body): Json<SignInBody>,
) -> Result<Secret<Tokens>, Problem> {
    let SignInBody { email, password, device, refresh_token } = body;
    let asked = SignIn { email, password, device, refresh_token, from };
    let grant = services::auth::sign_in(&app, asked).await?;
    Ok(secret(grant.into()))
}

/// Goes on with a session: new tokens for a refresh token, which is used up.
///
/// Whose answer got lost may ask again with the same token for 10 seconds and
/// gets the same new one. A token that was used before ends its session.
#[utoipa::path(post, path = "/v1/auth/refresh", tag = "auth", security(()), request_body = Refresh,
    responses((status = 200, body = Tokens),
        (status = 401, description = "`auth.refresh_token_not_good`; `auth.refresh_token_reused`: it was copied, \
            and its session is over", body = ProblemBody)))]
async fn refresh(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Json(body): Json<Refresh>,
) -> Result<Secret<Tokens>, Problem> {
    let grant = services::auth::refresh(&app, &body.refresh_token, from).await?;
    Ok(secret(grant.into()))
}

/// Ends a session, on every port within 2 seconds: that of the refresh token in the body,
/// which needs no access token, or else the one that the request comes from.
#[utoipa::path(post, path = "/v1/auth/sign-out", tag = "auth", security((), ("bearer" = [])),
    request_body = Option<SignOutBody>, responses((status = 204),
        (status = 401, description = "`auth.refresh_token_not_good`, `auth.refresh_token_reused`", body = ProblemBody)))]
async fn sign_out(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    who: Result<Who, Problem>,
    body: Option<Json<SignOutBody>>,
) -> Result<NoContent, Problem> {
    match body.and_then(|Json(body)| body.refresh_token) {
        Some(token) => services::auth::sign_out_with(&app, &token, from).await?,
        None => services::auth::sign_out(&app, &who?.0, from).await?,
    }
    Ok(NoContent)
}

/// The devices that are signed in, newest first.
#[utoipa::path(get, path = "/v1/auth/sessions", tag = "auth", params(ListQuery),
    responses((status = 200, body = Page<SessionBody>)))]
async fn sessions(
    State(app): State<App>,
    Who(who): Who,
    list: List<SessionId>,
) -> Result<Json<Page<SessionBody>>, Problem> {
    let sessions = services::auth::sessions(&app, &who, list.after, list.limit + 1).await?;
    let body = |session| SessionBody::new(session, who.session);
    Ok(Json(Page::cut(sessions, list.limit, |last| last.id, body)?))
}

/// Ends one of one's sessions.
#[utoipa::path(delete, path = "/v1/auth/sessions/{id}", tag = "auth",
    params(("id" = Uuid, Path, description = "The session")), responses((status = 204)))]
async fn end_session(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Who(who): Who,
    Path(id): Path<SessionId>,
) -> Result<NoContent, Problem> {
    services::auth::end_session(&app, &who, id, from).await?;
    Ok(NoContent)
}

/// Ends all of one's sessions but the one that the request comes from, on every port
/// within 2 seconds. Of two sessions that end each other at once, one goes on.
#[utoipa::path(post, path = "/v1/auth/sessions/end-others", tag = "auth", responses((status = 204)))]
async fn end_other_sessions(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Who(who): Who,
) -> Result<NoContent, Problem> {
    services::auth::end_other_sessions(&app, &who, from).await?;
    Ok(NoContent)
}

/// The public keys of access tokens (RFC 7517).
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "auth", security(()),
    responses((status = 200, body = KeySet)))]
async fn keys(State(app): State<App>) -> Result<([(HeaderName, &'static str); 1], Json<KeySet>), Problem> {
    let keys = services::auth::public_keys(&app)?;
    Ok(([(CACHE_CONTROL, "public, max-age=300")], Json(KeySet(keys))))
}
