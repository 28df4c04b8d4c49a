//! Proving the e-mail address and the telephone number by codes, and changing them.

use axum::extract::State;
use services::limits::LimitClass;
use services::{App, auth, user};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::USER;
use super::body::{CodeBody, NewEmail, NewPhone};
use crate::auth::CodeSentBody;
use crate::kit::{Accepted, ClientAddress, Json, NoContent, Policy, Problem, ProblemBody, Who};

const CODE: Policy = USER.limit(LimitClass::Code);

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(CODE.on(routes!(verify_email)))
        .routes(CODE.on(routes!(confirm_email)))
        .routes(CODE.on(routes!(verify_phone)))
        .routes(CODE.on(routes!(confirm_phone)))
        .routes(CODE.on(routes!(change_email)))
        .routes(CODE.on(routes!(confirm_email_change)))
}

/// Sends a code to one's e-mail address.
#[utoipa::path(post, path = "/v1/users/me/email/verification", tag = "user",
    responses((status = 202, body = CodeSentBody),
        (status = 404, description = "The account has no e-mail address", body = ProblemBody),
        (status = 409, description = "`auth.already_verified`", body = ProblemBody),
        (status = 429, description = "`auth.code_sent_lately`, `auth.too_many_codes`. See Retry-After", body = ProblemBody)))]
async fn verify_email(State(app): State<App>, Who(who): Who) -> Result<Accepted<CodeSentBody>, Problem> {
    Ok(Accepted(auth::verify_email(&app, &who).await?.into()))
}

/// Proves one's e-mail address by the code.
#[utoipa::path(post, path = "/v1/users/me/email/verification/confirm", tag = "user", request_body = CodeBody,
    responses((status = 204),
        (status = 409, description = "`auth.code_wrong`, `auth.code_over`", body = ProblemBody)))]
async fn confirm_email(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Who(who): Who,
    Json(body): Json<CodeBody>,
) -> Result<NoContent, Problem> {
    auth::confirm_email(&app, &who, &body.code, from).await?;
    Ok(NoContent)
}

/// Sends a code by text message to a number that is to be one's own.
#[utoipa::path(post, path = "/v1/users/me/phone/verification", tag = "user", request_body = NewPhone,
    responses((status = 202, body = CodeSentBody),
        (status = 429, description = "`auth.code_sent_lately`, `auth.too_many_codes`. See Retry-After", body = ProblemBody)))]
async fn verify_phone(
    State(app): State<App>,
    Who(who): Who,
    Json(body): Json<NewPhone>,
) -> Result<Accepted<CodeSentBody>, Problem> {
    Ok(Accepted(auth::verify_phone(&app, &who, &body.phone).await?.into()))
}

/// Makes the number that the code was sent to one's own. An account that proved it before has it no
/// longer, and is told by mail. In the place of another proven number it ends all other sessions.
#[utoipa::path(post, path = "/v1/users/me/phone/verification/confirm", tag = "user", request_body = CodeBody,
    responses((status = 204),
        (status = 409, description = "`auth.code_wrong`, `auth.code_over`", body = ProblemBody)))]
async fn confirm_phone(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Who(who): Who,
    Json(body): Json<CodeBody>,
) -> Result<NoContent, Problem> {
    user::confirm_phone(&app, &who, &body.code, from).await?;
    Ok(NoContent)
}

/// Sends a code to an address that is to be one's own, and tells the present one of it. Needs a proof
/// of who one is of the last five minutes.
#[utoipa::path(post, path = "/v1/users/me/email", tag = "user", request_body = NewEmail,
    responses((status = 202, body = CodeSentBody),
        (status = 403, description = "`auth.step_up_required`", body = ProblemBody),
        (status = 429, description = "`auth.code_sent_lately`, `auth.too_many_codes`. See Retry-After", body = ProblemBody)))]
async fn change_email(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Who(who): Who,
    Json(body): Json<NewEmail>,
) -> Result<Accepted<CodeSentBody>, Problem> {
    Ok(Accepted(auth::change_email(&app, &who, &body.email, from).await?.into()))
}

/// Makes the address that the code was sent to one's own, and ends all other sessions.
#[utoipa::path(post, path = "/v1/users/me/email/confirm", tag = "user", request_body = CodeBody,
    responses((status = 204),
        (status = 409, description = "`auth.code_wrong`, `auth.code_over`; `user.email_taken`: it has become \
            another account's meanwhile", body = ProblemBody)))]
async fn confirm_email_change(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Who(who): Who,
    Json(body): Json<CodeBody>,
) -> Result<NoContent, Problem> {
    auth::confirm_email_change(&app, &who, &body.code, from).await?;
    Ok(NoContent)
}
