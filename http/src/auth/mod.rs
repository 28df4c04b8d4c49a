//! auth_service, 9101: signing in, renewing tokens, signing out, and the public keys of tokens;
//! `accounts`: what admins do to the accounts of others.

mod accounts;
mod body;
mod social;
mod token;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, HeaderName};
use domain::SessionId;
use services::App;
use services::auth::{ResetPassword, SignIn};
use services::limits::LimitClass;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::kit::{
    Accepted, ClientAddress, Json, List, ListQuery, NoContent, Noun, Opens, Page, Path, Policy, Problem,
    ProblemBody, Who,
};
pub(crate) use accounts::StatusName;
pub(crate) use body::{CodeSentBody, Tokens};
use body::{
    KeySet, PasswordChange, PasswordForgotten, PasswordReset, ReAuthenticateBody, Refresh, SessionBody,
    SignInBody, SignOutBody,
};

const SESSION: Policy = Policy::of(Noun::Session);
/// Providers call these, and send browsers to them.
const CALLED: Policy = SESSION.body_max_bytes(64 * 1024);

/// All of the service's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(SESSION.limit(LimitClass::SignIn).opens(Opens::Session).on(routes!(sign_in)))
        .routes(SESSION.limit(LimitClass::SignIn).on(routes!(re_authenticate)))
        .routes(SESSION.limit(LimitClass::SignIn).on(routes!(change_password)))
        .routes(SESSION.limit(LimitClass::Code).on(routes!(forgot_password)))
        .routes(SESSION.limit(LimitClass::Code).on(routes!(reset_password)))
        .routes(SESSION.opens(Opens::Session).on(routes!(refresh)))
        .routes(SESSION.on(routes!(sign_out)))
        .routes(SESSION.on(routes!(sessions)))
        .routes(SESSION.on(routes!(end_session)))
        .routes(SESSION.on(routes!(end_other_sessions)))
        .routes(SESSION.on(routes!(social::providers)))
        .routes(SESSION.limit(LimitClass::SignIn).on(routes!(social::begin)))
        .routes(SESSION.limit(LimitClass::SignIn).opens(Opens::Session).on(routes!(social::complete)))
        .routes(CALLED.on(routes!(social::callback_get, social::callback_post)))
        .routes(CALLED.on(routes!(social::events)))
        .routes(CALLED.on(routes!(social::unlinked_get, social::unlinked_post)))
        .routes(SESSION.on(routes!(social::identities)))
        .routes(SESSION.on(routes!(social::unlink)))
        .routes(SESSION.on(routes!(end_all_sessions)))
        .routes(SESSION.limit(LimitClass::SignIn).opens(Opens::Session).on(routes!(token::token)))
        .routes(SESSION.on(routes!(keys)))
        .merge(accounts::routes())
}

/// A response with tokens. `no-store` keeps it out of caches, and out of the answers kept for an
/// `Idempotency-Key`.
pub(crate) type Secret<T> = ([(HeaderName, &'static str); 1], Json<T>);

pub(crate) fn secret<T>(body: T) -> Secret<T> {
    ([(CACHE_CONTROL, "no-store")], Json(body))
}

/// Begins a session on this device. Too many wrong passwords from one address make it
/// wait, longer each time; too many for one account, from wherever, make all devices wait
/// that the account does not know.
#[utoipa::path(post, path = "/v1/auth/sign-in", tag = "auth", security(()), request_body = SignInBody,
    responses((status = 200, body = Tokens),
        (status = 401, description = "`auth.credentials_wrong`: the e-mail address or the password", body = ProblemBody),
        (status = 403, description = "`auth.account_banned`: an admin has suspended the account", body = ProblemBody),
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

/// Proves by the password once more who one is. What cannot be taken back (a withdrawal, a new
/// e-mail address) needs such a proof, or a sign-in, of the last five minutes.
#[utoipa::path(post, path = "/v1/auth/re-authenticate", tag = "auth", request_body = ReAuthenticateBody,
    responses((status = 204),
        (status = 401, description = "`auth.credentials_wrong`", body = ProblemBody),
        (status = 403, description = "`auth.account_banned`", body = ProblemBody),
        (status = 429, description = "`auth.locked`, `auth.too_many_at_once`. See Retry-After", body = ProblemBody)))]
async fn re_authenticate(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Who(who): Who,
    Json(body): Json<ReAuthenticateBody>,
) -> Result<NoContent, Problem> {
    services::auth::re_authenticate(&app, &who, &body.password, from).await?;
    Ok(NoContent)
}

/// Changes the password, and ends all other sessions on every port within 2 seconds.
#[utoipa::path(put, path = "/v1/auth/password", tag = "auth", request_body = PasswordChange,
    responses((status = 204),
        (status = 401, description = "`auth.credentials_wrong`: the password of now", body = ProblemBody),
        (status = 403, description = "`auth.account_banned`", body = ProblemBody),
        (status = 429, description = "`auth.locked`, `auth.too_many_at_once`. See Retry-After", body = ProblemBody)))]
async fn change_password(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Who(who): Who,
    Json(body): Json<PasswordChange>,
) -> Result<NoContent, Problem> {
    services::auth::change_password(&app, &who, &body.current_password, &body.new_password, from).await?;
    Ok(NoContent)
}

/// Sends a code to the e-mail address of an account, if there is one. The answer is the same
/// whether there is one or not, and whether a code was sent lately or not.
#[utoipa::path(post, path = "/v1/auth/password-reset", tag = "auth", security(()), request_body = PasswordForgotten,
    responses((status = 202, body = CodeSentBody)))]
async fn forgot_password(
    State(app): State<App>,
    Json(body): Json<PasswordForgotten>,
) -> Result<Accepted<CodeSentBody>, Problem> {
    Ok(Accepted(services::auth::forgot_password(&app, &body.email).await?.into()))
}

/// Sets a new password by the code that was sent, and ends all sessions of the account. Then sign
/// in. It proves the e-mail address: whoever had opened the account with it and never proved it
/// has no other way in any more.
#[utoipa::path(post, path = "/v1/auth/password-reset/confirm", tag = "auth", security(()),
    request_body = PasswordReset,
    responses((status = 204),
        (status = 409, description = "`auth.code_wrong`, with the tries that are left; `auth.code_over`: it was used, \
            has expired, was tried too often, or another one was sent", body = ProblemBody)))]
async fn reset_password(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Json(body): Json<PasswordReset>,
) -> Result<NoContent, Problem> {
    let PasswordReset { email, code, new_password } = body;
    services::auth::reset_password(&app, ResetPassword { email, code, new_password, from }).await?;
    Ok(NoContent)
}

/// Goes on with a session: new tokens for a refresh token, which is used up.
///
/// Whose answer got lost asks again with the same token and gets the newest one, for as long as no
/// access token of it was used, and for 10 seconds after that. Any other token that was used
/// before ends its session; `reuse_cause` says why: `replacement_used`, `outdated` (it was replaced
/// twice) or `never_issued`.
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
        (status = 401, description = "`auth.refresh_token_not_good`", body = ProblemBody)))]
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

/// Ends all of one's sessions, the one that the request comes from included, on every port
/// within 2 seconds.
#[utoipa::path(post, path = "/v1/auth/sessions/end-all", tag = "auth", responses((status = 204)))]
async fn end_all_sessions(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Who(who): Who,
) -> Result<NoContent, Problem> {
    services::auth::end_all_sessions(&app, &who, from).await?;
    Ok(NoContent)
}

/// The public keys of access tokens (RFC 7517). One is here an hour before it signs, and until
/// the last token that it signed has expired.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "auth", security(()),
    responses((status = 200, body = KeySet)))]
async fn keys(State(app): State<App>) -> Result<([(HeaderName, &'static str); 1], Json<KeySet>), Problem> {
    let keys = services::auth::public_keys(&app)?;
    Ok(([(CACHE_CONTROL, "public, max-age=300")], Json(KeySet(keys))))
}
