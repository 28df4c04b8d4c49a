//! Signing up by a provider's word.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use services::App;
use services::auth::social::Secrets;
use services::user::social::{SocialSignUp, register};
use utoipa::ToSchema;

use super::consent::SignUpConsents;
use crate::auth::{Secret, Tokens, secret};
use crate::kit::{ClientAddress, Json, Problem, ProblemBody};

/// Somebody whom a provider named (`POST /v1/auth/social/{provider}/complete`), and who wants an
/// account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SocialSignUpBody {
    /// The provider's `state` of that attempt.
    #[schema(format = "secret", example = "7vQ2mKf0Vb6oJ1yq4m2mWvJ0f4kY5l3nq1cV8m0aXzA")]
    state: String,
    /// What the page kept for it.
    #[schema(format = "secret", example = "7vQ2mKf0Vb6oJ1yq4m2mWvJ0f4kY5l3nq1cV8m0aXzA")]
    browser_secret: String,
    /// What they are called.
    #[schema(format = "text", min_length = 1, max_length = 50, example = "김민지")]
    name: String,
    /// Korean as people write it, or international with `+`.
    #[schema(
        format = "phone",
        pattern = r"^(0[0-9]([ .-]?[0-9]){7,9}|\+[1-9]([ .-]?[0-9]){9,11})$",
        example = "010-1234-5678"
    )]
    phone: String,
    /// What they agree to.
    #[serde(default)]
    #[schema(required)]
    consents: SignUpConsents,
    /// What the device calls itself, for the list of sessions.
    #[schema(format = "text", max_length = 100, example = "Galaxy S25")]
    device: Option<String>,
}

/// Opens an account as a customer for whom a provider vouches, and signs them in. An e-mail
/// address that it vouches for is theirs, and proven.
#[utoipa::path(post, path = "/v1/users/social", tag = "user", security(()), request_body = SocialSignUpBody,
    responses((status = 201, body = Tokens),
        (status = 401, description = "`auth.social_attempt_not_good`: too late, of another browser, or used",
            body = ProblemBody),
        (status = 409, description = "`auth.identity_taken`, `auth.identity_link_needed`: there is an account by now",
            body = ProblemBody)))]
pub(super) async fn sign_up_by_provider(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Json(body): Json<SocialSignUpBody>,
) -> Result<(StatusCode, Secret<Tokens>), Problem> {
    let SocialSignUpBody { state, browser_secret, name, phone, consents, device } = body;
    let secrets = Secrets { state, browser: browser_secret };
    let new = SocialSignUp { secrets, name, phone, device, from };
    let grant = register(&app, &new, &consents.into()).await?;
    Ok((StatusCode::CREATED, secret(grant.into())))
}
