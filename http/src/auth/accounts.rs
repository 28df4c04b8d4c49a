//! Accounts of others, for admins: roles, bans, sessions, and the audit log.

use std::str::FromStr as _;

use axum::extract::State;
use domain::auth::{AccountStatus, AuditKind, Change};
use domain::{Role, SessionId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use services::App;
use services::admin;
use services::auth::{AccountView, AuditFilter, AuditLine, MaskedIdentity};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::SessionBody;
use crate::kit::{
    ClientAddress, Json, List, ListQuery, NoContent, Noun, Page, Path, Policy, Problem, ProblemBody, Query,
    Who,
};

const ACCOUNT: Policy = Policy::of(Noun::User).role(Role::Admin);

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(ACCOUNT.on(routes!(account)))
        .routes(ACCOUNT.on(routes!(grant)))
        .routes(ACCOUNT.on(routes!(revoke)))
        .routes(ACCOUNT.on(routes!(ban)))
        .routes(ACCOUNT.on(routes!(lift_ban)))
        .routes(ACCOUNT.on(routes!(unlock)))
        .routes(ACCOUNT.on(routes!(sessions)))
        .routes(ACCOUNT.on(routes!(end_sessions)))
        .routes(ACCOUNT.on(routes!(end_session)))
        .routes(ACCOUNT.on(routes!(audit)))
}

/// A role of people.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[schema(as = RoleOfPeople)]
#[serde(rename_all = "snake_case")]
enum RoleName {
    Customer,
    Courier,
    Owner,
    Agent,
    Admin,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Customer => Self::Customer,
            RoleName::Courier => Self::Courier,
            RoleName::Owner => Self::Owner,
            RoleName::Agent => Self::Agent,
            RoleName::Admin => Self::Admin,
        }
    }
}

/// Which role, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RoleChange {
    /// The role.
    role: RoleName,
    /// Why. It is kept.
    #[schema(format = "text", min_length = 1, max_length = 200, example = "입사")]
    reason: String,
}

/// Why. It is kept.
#[derive(Deserialize, ToSchema)]
#[schema(as = AccountReason)]
#[serde(deny_unknown_fields)]
struct ReasonBody {
    #[schema(format = "text", min_length = 1, max_length = 200, example = "허위 주문 반복")]
    reason: String,
}

/// Whether anybody may act for an account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StatusName {
    Open,
    Banned,
    Withdrawn,
}

impl From<AccountStatus> for StatusName {
    fn from(status: AccountStatus) -> Self {
        match status {
            AccountStatus::Open => Self::Open,
            AccountStatus::Banned => Self::Banned,
            AccountStatus::Withdrawn => Self::Withdrawn,
        }
    }
}

/// Somebody's account.
#[derive(Serialize, ToSchema)]
#[schema(as = Account)]
struct AccountBody {
    /// The person.
    #[schema(value_type = Uuid)]
    user_id: UserId,
    /// What they may be.
    #[schema(value_type = Vec<String>, example = json!(["customer"]))]
    roles: Vec<Role>,
    /// Whether anybody may act for it.
    status: StatusName,
    /// Since when nobody may.
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    banned_at: Option<Timestamp>,
    /// Until when some devices must wait to sign in, because of wrong passwords.
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    locked_until: Option<Timestamp>,
    /// What the person is recognised by.
    identities: Vec<IdentityBody>,
    /// When it was opened.
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    created_at: Timestamp,
}

/// What somebody is recognised by, masked.
#[derive(Serialize, ToSchema)]
#[schema(as = SeenIdentity)]
struct IdentityBody {
    /// `email`, `phone` or `openid`.
    kind: &'static str,
    /// The provider, of `openid`.
    issuer: Option<String>,
    /// A bit of the address or the number.
    #[schema(example = "m***@example.com")]
    subject: String,
    /// When they proved that it is theirs.
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    verified_at: Option<Timestamp>,
}

impl From<MaskedIdentity> for IdentityBody {
    fn from(identity: MaskedIdentity) -> Self {
        let MaskedIdentity { kind, issuer, subject, verified_at } = identity;
        Self { kind, issuer, subject, verified_at }
    }
}

impl From<AccountView> for AccountBody {
    fn from(view: AccountView) -> Self {
        let AccountView { seen, identities, locked_until } = view;
        Self {
            user_id: seen.account.user,
            roles: seen.account.roles,
            status: seen.account.status.into(),
            banned_at: seen.banned_at,
            locked_until,
            identities: identities.into_iter().map(IdentityBody::from).collect(),
            created_at: seen.created_at,
        }
    }
}

/// Somebody's account: roles, status, and what they are recognised by, masked.
#[utoipa::path(get, path = "/v1/admin/accounts/{id}", tag = "admin",
    params(("id" = Uuid, Path, description = "The person")), responses((status = 200, body = AccountBody)))]
async fn account(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<UserId>,
) -> Result<Json<AccountBody>, Problem> {
    Ok(Json(admin::account(&app, &who, id).await?.into()))
}

/// Makes somebody a courier, an agent or an admin. Owners are made by the approval of a shop. They
/// have the role from the next refresh of their tokens on.
#[utoipa::path(post, path = "/v1/admin/accounts/{id}/grant", tag = "admin", request_body = RoleChange,
    params(("id" = Uuid, Path, description = "The person")),
    responses((status = 200, body = AccountBody),
        (status = 403, description = "`auth.step_up_required`; `auth.own_account`", body = ProblemBody),
        (status = 409, description = "`auth.role_not_grantable`", body = ProblemBody)))]
async fn grant(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Who(who): Who,
    Path(id): Path<UserId>,
    Json(body): Json<RoleChange>,
) -> Result<Json<AccountBody>, Problem> {
    let change = Change::Grant(body.role.into());
    Ok(Json(admin::change_account(&app, &who, id, change, &body.reason, from).await?.into()))
}

/// Takes a role from somebody. All their sessions end, on every port within 2 seconds; a courier's
/// shift ends.
#[utoipa::path(post, path = "/v1/admin/accounts/{id}/revoke", tag = "admin", request_body = RoleChange,
    params(("id" = Uuid, Path, description = "The person")),
    responses((status = 200, body = AccountBody),
        (status = 403, description = "`auth.step_up_required`; `auth.own_account`", body = ProblemBody),
        (status = 409, description = "`auth.role_not_grantable`; `auth.last_admin`", body = ProblemBody)))]
async fn revoke(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Who(who): Who,
    Path(id): Path<UserId>,
    Json(body): Json<RoleChange>,
) -> Result<Json<AccountBody>, Problem> {
    let change = Change::Revoke(body.role.into());
    Ok(Json(admin::change_account(&app, &who, id, change, &body.reason, from).await?.into()))
}

/// Bans somebody: nobody signs in to their account any more, and all their sessions end, on every
/// port within 2 seconds. Their orders go on; a courier's shift ends.
#[utoipa::path(post, path = "/v1/admin/accounts/{id}/ban", tag = "admin", request_body = ReasonBody,
    params(("id" = Uuid, Path, description = "The person")),
    responses((status = 200, body = AccountBody),
        (status = 403, description = "`auth.step_up_required`; `auth.own_account`", body = ProblemBody),
        (status = 409, description = "`auth.last_admin`", body = ProblemBody)))]
async fn ban(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Who(who): Who,
    Path(id): Path<UserId>,
    Json(body): Json<ReasonBody>,
) -> Result<Json<AccountBody>, Problem> {
    Ok(Json(admin::change_account(&app, &who, id, Change::Ban, &body.reason, from).await?.into()))
}

/// Lifts a ban: they may sign in again.
#[utoipa::path(post, path = "/v1/admin/accounts/{id}/lift-ban", tag = "admin", request_body = ReasonBody,
    params(("id" = Uuid, Path, description = "The person")),
    responses((status = 200, body = AccountBody),
        (status = 403, description = "`auth.step_up_required`; `auth.own_account`", body = ProblemBody)))]
async fn lift_ban(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Who(who): Who,
    Path(id): Path<UserId>,
    Json(body): Json<ReasonBody>,
) -> Result<Json<AccountBody>, Problem> {
    Ok(Json(admin::change_account(&app, &who, id, Change::LiftBan, &body.reason, from).await?.into()))
}

/// Forgets the wrong passwords for an account, so that nobody has to wait to sign in to it.
#[utoipa::path(post, path = "/v1/admin/accounts/{id}/unlock", tag = "admin", request_body = ReasonBody,
    params(("id" = Uuid, Path, description = "The person")),
    responses((status = 200, body = AccountBody),
        (status = 403, description = "`auth.step_up_required`; `auth.own_account`", body = ProblemBody)))]
async fn unlock(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Who(who): Who,
    Path(id): Path<UserId>,
    Json(body): Json<ReasonBody>,
) -> Result<Json<AccountBody>, Problem> {
    Ok(Json(admin::change_account(&app, &who, id, Change::Unlock, &body.reason, from).await?.into()))
}

/// The devices on which somebody is signed in, newest first. That this was asked for is recorded.
#[utoipa::path(get, path = "/v1/admin/accounts/{id}/sessions", tag = "admin",
    params(("id" = Uuid, Path, description = "The person"), ListQuery),
    responses((status = 200, body = Page<SessionBody>)))]
async fn sessions(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Who(who): Who,
    Path(id): Path<UserId>,
    list: List<SessionId>,
) -> Result<Json<Page<SessionBody>>, Problem> {
    let page = (list.after, list.limit + 1);
    let sessions = admin::sessions(&app, &who, id, page, from).await?;
    let body = |session| SessionBody::new(session, who.session);
    Ok(Json(Page::cut(sessions, list.limit, |last| last.id, body)?))
}

/// Ends all sessions of somebody, on every port within 2 seconds.
#[utoipa::path(post, path = "/v1/admin/accounts/{id}/end-sessions", tag = "admin", request_body = ReasonBody,
    params(("id" = Uuid, Path, description = "The person")),
    responses((status = 200, body = AccountBody),
        (status = 403, description = "`auth.step_up_required`; `auth.own_account`", body = ProblemBody)))]
async fn end_sessions(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Who(who): Who,
    Path(id): Path<UserId>,
    Json(body): Json<ReasonBody>,
) -> Result<Json<AccountBody>, Problem> {
    Ok(Json(admin::change_account(&app, &who, id, Change::EndSessions, &body.reason, from).await?.into()))
}

/// Ends one session of somebody, on every port within 2 seconds.
#[utoipa::path(post, path = "/v1/admin/accounts/{id}/sessions/{session_id}/end", tag = "admin",
    request_body = ReasonBody,
    params(("id" = Uuid, Path, description = "The person"), ("session_id" = Uuid, Path, description = "The session")),
    responses((status = 204),
        (status = 403, description = "`auth.step_up_required`; `auth.own_account`", body = ProblemBody)))]
async fn end_session(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Who(who): Who,
    Path((id, session)): Path<(UserId, SessionId)>,
    Json(body): Json<ReasonBody>,
) -> Result<NoContent, Problem> {
    admin::end_session(&app, &who, (id, session), &body.reason, from).await?;
    Ok(NoContent)
}

/// A kind of the audit log by its name.
#[derive(Clone, Copy, Debug)]
struct KindName(AuditKind);

impl<'de> Deserialize<'de> for KindName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        AuditKind::from_str(&name)
            .map(Self)
            .map_err(|()| serde::de::Error::custom("no kind of the audit log"))
    }
}

impl PartialSchema for KindName {
    fn schema() -> RefOr<Schema> {
        let names = AuditKind::ALL.iter().map(|kind| kind.as_str());
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).into()
    }
}

impl ToSchema for KindName {}

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AuditQuery {
    /// Of this account.
    #[param(value_type = Option<Uuid>)]
    user: Option<UserId>,
    /// By this person, if they are not the account's.
    #[param(value_type = Option<Uuid>)]
    actor: Option<UserId>,
    /// Of this kind.
    #[param(value_type = Option<KindName>, inline)]
    kind: Option<KindName>,
    /// From this moment on.
    #[param(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    from: Option<Timestamp>,
    /// Before this moment.
    #[param(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    until: Option<Timestamp>,
}

/// A line of the audit log.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditLine)]
struct AuditBody {
    /// Its number.
    id: i64,
    /// When it happened.
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    at: Timestamp,
    /// What happened. `x-baedal-words` of the gateway's document says it in Korean and in English.
    #[schema(example = "role_granted")]
    kind: String,
    /// To whose account, if that is known.
    #[schema(value_type = Option<Uuid>)]
    user_id: Option<UserId>,
    /// In which session, if in one.
    #[schema(value_type = Option<Uuid>)]
    session_id: Option<SessionId>,
    /// The network address that it came from.
    address: Option<String>,
    /// Who did it, if not the account's person. Null also for the program's command line.
    #[schema(value_type = Option<Uuid>)]
    actor_id: Option<UserId>,
    /// Why they did it.
    reason: Option<String>,
    /// The role that was granted or revoked.
    #[schema(value_type = Option<String>, example = "agent")]
    role: Option<Role>,
}

impl From<AuditLine> for AuditBody {
    fn from(line: AuditLine) -> Self {
        let AuditLine { id, at, kind, user, session, address, actor, reason, role } = line;
        Self { id, at, kind, user_id: user, session_id: session, address, actor_id: actor, reason, role }
    }
}

/// What happened to accounts, newest first. That this was asked for is recorded.
#[utoipa::path(get, path = "/v1/admin/audit", tag = "admin", params(AuditQuery, ListQuery),
    responses((status = 200, body = Page<AuditBody>)))]
async fn audit(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Who(who): Who,
    Query(asked): Query<AuditQuery>,
    list: List<(Timestamp, i64)>,
) -> Result<Json<Page<AuditBody>>, Problem> {
    let AuditQuery { user, actor, kind, from, until } = asked;
    let filter = AuditFilter { user, actor, kind: kind.map(|name| name.0), from, until };
    let page = (list.after, list.limit + 1);
    let lines = admin::audit(&app, &who, &filter, page, address).await?;
    Ok(Json(Page::cut(lines, list.limit, |last| (last.at, last.id), AuditBody::from)?))
}
