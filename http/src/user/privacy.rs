//! Leaving the service, and a copy of one's data.

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::Timestamp;
use domain::privacy::Format;
use serde::{Deserialize, Serialize};
use services::privacy::CopyStatus;
use services::{App, privacy};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::kit::{ClientAddress, Created, Json, NoContent, Path, Problem, ProblemBody, Who};

/// What proves once more who somebody is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProofBody {
    /// The password; not needed within five minutes of a sign-in.
    #[schema(format = "password", example = "한강에서 치킨을")]
    password: Option<String>,
}

/// A copy that somebody wants.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCopyBody {
    /// Its format.
    format: CopyFormat,
    /// The password; not needed within five minutes of a sign-in.
    #[schema(format = "password", example = "한강에서 치킨을")]
    password: Option<String>,
}

/// The format of a copy: one document, or a table with a line for each value.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum CopyFormat {
    /// JSON.
    Json,
    /// CSV.
    Csv,
}

impl From<CopyFormat> for Format {
    fn from(format: CopyFormat) -> Self {
        match format {
            CopyFormat::Json => Self::Json,
            CopyFormat::Csv => Self::Csv,
        }
    }
}

/// A copy of one's data.
#[derive(Serialize, ToSchema)]
#[schema(as = Copy)]
pub(super) struct CopyBody {
    /// Its id.
    id: Uuid,
    /// How far it is.
    status: CopyStatusName,
}

/// How far a copy is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum CopyStatusName {
    /// It is being made.
    Preparing,
    /// It waits to be fetched.
    Ready,
    /// It was fetched, and is gone.
    Fetched,
}

impl From<CopyStatus> for CopyStatusName {
    fn from(status: CopyStatus) -> Self {
        match status {
            CopyStatus::Preparing => Self::Preparing,
            CopyStatus::Ready => Self::Ready,
            CopyStatus::Fetched => Self::Fetched,
        }
    }
}

/// What a copy is fetched with, once.
#[derive(Serialize, ToSchema)]
#[schema(as = CopyLink)]
pub(super) struct CopyLinkBody {
    /// What the link ends with.
    secret: String,
    /// Until when it is good.
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    expires_at: Timestamp,
}

/// The end of a link to a copy.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FetchBody {
    /// What the link ends with.
    #[schema(pattern = "^[A-Za-z0-9_-]{43}$")]
    secret: String,
}

/// Leaves the service. The account is closed and its sessions end at once; what the service knows of
/// the person is erased soon after, but for what a law demands to keep.
#[utoipa::path(post, path = "/v1/users/me/withdrawal", tag = "user", request_body = ProofBody,
    responses((status = 204),
        (status = 401, description = "`auth.credentials_wrong`", body = ProblemBody),
        (status = 403, description = "`auth.step_up_required`: sign in anew, or send the password; \
            `auth.account_banned`", body = ProblemBody),
        (status = 409, description = "`user.live_orders`: there are orders that are not over; `user.live_shops`; `auth.last_admin`", body = ProblemBody),
        (status = 429, description = "`auth.locked`, `auth.too_many_at_once`. See Retry-After", body = ProblemBody)))]
pub(super) async fn withdraw(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Who(who): Who,
    Json(body): Json<ProofBody>,
) -> Result<NoContent, Problem> {
    privacy::withdraw(&app, &who, body.password.as_deref(), from).await?;
    Ok(NoContent)
}

/// Asks for a copy of all that one can see. It is made soon, kept for a day, and fetched once.
#[utoipa::path(post, path = "/v1/users/me/copies", tag = "user", request_body = NewCopyBody,
    responses((status = 201, body = CopyBody),
        (status = 401, description = "`auth.credentials_wrong`", body = ProblemBody),
        (status = 403, description = "`auth.step_up_required`: sign in anew, or send the password; \
            `auth.account_banned`", body = ProblemBody),
        (status = 409, description = "`user.copy_under_way`: one is being made", body = ProblemBody),
        (status = 429, description = "`auth.locked`, `auth.too_many_at_once`. See Retry-After", body = ProblemBody)))]
pub(super) async fn ask_copy(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Who(who): Who,
    Json(body): Json<NewCopyBody>,
) -> Result<Created<CopyBody>, Problem> {
    let id = privacy::ask_copy(&app, &who, body.format.into(), body.password.as_deref(), from).await?;
    Ok(Created(CopyBody { id, status: CopyStatusName::Preparing }))
}

/// How far a copy is.
#[utoipa::path(get, path = "/v1/users/me/copies/{id}", tag = "user",
    params(("id" = Uuid, Path, description = "The copy")), responses((status = 200, body = CopyBody)))]
pub(super) async fn copy(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<Uuid>,
) -> Result<Json<CopyBody>, Problem> {
    let status = privacy::copy(&app, &who, id).await?.into();
    Ok(Json(CopyBody { id, status }))
}

/// A link to a copy: good once, and for ten minutes. It takes the place of the one before.
#[utoipa::path(post, path = "/v1/users/me/copies/{id}/link", tag = "user", request_body = ProofBody,
    params(("id" = Uuid, Path, description = "The copy")),
    responses((status = 201, body = CopyLinkBody),
        (status = 401, description = "`auth.credentials_wrong`", body = ProblemBody),
        (status = 403, description = "`auth.step_up_required`: sign in anew, or send the password; \
            `auth.account_banned`", body = ProblemBody),
        (status = 409, description = "`user.copy_not_ready`: it is not made, or gone", body = ProblemBody),
        (status = 429, description = "`auth.locked`, `auth.too_many_at_once`. See Retry-After", body = ProblemBody)))]
pub(super) async fn link_copy(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Who(who): Who,
    Path(id): Path<Uuid>,
    Json(body): Json<ProofBody>,
) -> Result<([(HeaderName, &'static str); 1], Created<CopyLinkBody>), Problem> {
    let link = privacy::link_copy(&app, &who, id, body.password.as_deref(), from).await?;
    // Neither caches nor the answers for an `Idempotency-Key` keep the secret.
    let body = CopyLinkBody { secret: link.secret, expires_at: link.expires_at };
    Ok(([(header::CACHE_CONTROL, "no-store")], Created(body)))
}

/// Fetches a copy with the end of its link, as a file, once: afterwards it is gone. The secret comes
/// in the body, since addresses are logged and remembered.
#[utoipa::path(post, path = "/v1/users/copies", tag = "user", security(()), request_body = FetchBody,
    responses((status = 200, content((serde_json::Value = "application/json"), (String = "text/csv"))),
        (status = 404, description = "`not_found`: the link is wrong, used or too old", body = ProblemBody)))]
pub(super) async fn fetch_copy(
    State(app): State<App>,
    Json(body): Json<FetchBody>,
) -> Result<Response, Problem> {
    let file = privacy::fetch_copy(&app, &body.secret).await?;
    let (kind, disposition) = match file.format {
        Format::Json => ("application/json", "attachment; filename=\"baedal.json\""),
        Format::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"baedal.csv\""),
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static(disposition)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((StatusCode::OK, headers, file.bytes).into_response())
}
