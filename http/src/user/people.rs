//! People, for admins: searched for and seen masked, in full for a reason, and who looked.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, HeaderName};
use domain::user::Access;
use domain::{OrderId, Role, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use services::App;
use services::limits::LimitClass;
use services::user::{self, AccessFilter, FoundBy, MaskedPerson, PersonHit, UnmaskedPerson};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::StatusName;
use crate::kit::{
    ClientAddress, Json, List, ListQuery, Noun, Page, Path, Policy, Problem, ProblemBody, Query, Who,
};

const PERSON: Policy = Policy::of(Noun::User).role(Role::Admin);

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(PERSON.limit(LimitClass::Search).on(routes!(search)))
        .routes(PERSON.on(routes!(person)))
        .routes(PERSON.on(routes!(unmask)))
        .routes(PERSON.on(routes!(access_log)))
        .routes(Policy::of(Noun::User).on(routes!(my_access_log)))
}

/// Whom to find.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// An id; an e-mail address; the last digits of a telephone number, four at least; or two
    /// characters of a name, or more.
    #[param(min_length = 2, max_length = 100, example = "김민지")]
    q: String,
}

/// A person, masked.
#[derive(Serialize, ToSchema)]
#[schema(as = MaskedPerson)]
struct PersonBody {
    /// Their id.
    #[schema(value_type = Uuid)]
    id: UserId,
    /// The first letter of their name.
    #[schema(example = "김*")]
    name: String,
    /// A bit of their e-mail address.
    #[schema(example = "m***@example.com")]
    email: Option<String>,
    /// The last digits of their telephone number.
    #[schema(example = "***5678")]
    phone: String,
    /// What they may be.
    #[schema(value_type = Vec<String>, example = json!(["customer"]))]
    roles: Vec<Role>,
    /// Whether anybody may act for their account.
    status: StatusName,
    /// When they signed up.
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    created_at: Timestamp,
}

impl From<MaskedPerson> for PersonBody {
    fn from(person: MaskedPerson) -> Self {
        let MaskedPerson { id, name, phone, email, account: seen } = person;
        let (roles, status) = (seen.account.roles, seen.account.status.into());
        Self { id, name, email, phone, roles, status, created_at: seen.created_at }
    }
}

/// What of a person matches.
#[derive(Serialize, ToSchema)]
#[schema(as = PersonFoundBy)]
#[serde(rename_all = "snake_case")]
enum FoundByName {
    Id,
    Email,
    Phone,
    Name,
}

/// A person whom a search found.
#[derive(Serialize, ToSchema)]
#[schema(as = PersonHit)]
struct HitBody {
    /// The person.
    person: PersonBody,
    /// What of them matches.
    found_by: FoundByName,
}

impl From<PersonHit> for HitBody {
    fn from(hit: PersonHit) -> Self {
        let found_by = match hit.found_by {
            FoundBy::Id => FoundByName::Id,
            FoundBy::Email => FoundByName::Email,
            FoundBy::Phone => FoundByName::Phone,
            FoundBy::Name => FoundByName::Name,
        };
        Self { person: hit.person.into(), found_by }
    }
}

/// Finds people by id, by e-mail address, by the end of their telephone number and by name: at most
/// 20 by each, newest first, masked. Searches are recorded, without the text.
#[utoipa::path(get, path = "/v1/admin/people", tag = "admin", params(Wanted),
    responses((status = 200, body = Page<HitBody>)))]
async fn search(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Who(who): Who,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<HitBody>>, Problem> {
    let found = user::find_people(&app, &who, &wanted.q, from).await?;
    Ok(Json(Page::whole(found.into_iter().map(HitBody::from).collect())))
}

/// A person, masked. That this was asked for is recorded.
#[utoipa::path(get, path = "/v1/admin/people/{id}", tag = "admin",
    params(("id" = Uuid, Path, description = "The person")), responses((status = 200, body = PersonBody)))]
async fn person(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Who(who): Who,
    Path(id): Path<UserId>,
) -> Result<Json<PersonBody>, Problem> {
    Ok(Json(user::masked_person(&app, &who, id, from).await?.into()))
}

/// Why. It is kept.
#[derive(Deserialize, ToSchema)]
#[schema(as = UnmaskReason)]
#[serde(deny_unknown_fields)]
struct ReasonBody {
    #[schema(format = "text", min_length = 1, max_length = 200, example = "본인 요청으로 확인")]
    reason: String,
}

/// What is masked of a person.
#[derive(Serialize, ToSchema)]
#[schema(as = UnmaskedPerson)]
struct UnmaskedBody {
    /// What they are called.
    name: String,
    /// E.164.
    phone: String,
    /// Their e-mail address, if they have one.
    email: Option<String>,
}

impl From<UnmaskedPerson> for UnmaskedBody {
    fn from(person: UnmaskedPerson) -> Self {
        let UnmaskedPerson { name, phone, email } = person;
        Self { name, phone, email: email.map(|email| email.as_str().to_owned()) }
    }
}

/// Shows name, telephone number and e-mail address of a person, once it is recorded who looks, and
/// why. Needs a fresh proof of who one is.
#[utoipa::path(post, path = "/v1/admin/people/{id}/unmask", tag = "admin", request_body = ReasonBody,
    params(("id" = Uuid, Path, description = "The person")),
    responses((status = 200, body = UnmaskedBody),
        (status = 403, description = "`auth.step_up_required`", body = ProblemBody)))]
async fn unmask(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    Who(who): Who,
    Path(id): Path<UserId>,
    Json(body): Json<ReasonBody>,
) -> Result<([(HeaderName, &'static str); 1], Json<UnmaskedBody>), Problem> {
    let person = user::unmask_person(&app, &who, id, &body.reason, from).await?;
    // Not kept for an `Idempotency-Key` either: each look is a line of its own.
    Ok(([(CACHE_CONTROL, "no-store")], Json(person.into())))
}

/// Which looks.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AccessQuery {
    /// At this person's data.
    #[param(value_type = Option<Uuid>)]
    user: Option<UserId>,
    /// By this person.
    #[param(value_type = Option<Uuid>)]
    actor: Option<UserId>,
    /// From this moment on.
    #[param(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    from: Option<Timestamp>,
    /// Before this moment.
    #[param(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    until: Option<Timestamp>,
}

/// A look of staff at personal data.
#[derive(Serialize, ToSchema)]
#[schema(as = Access)]
struct AccessBody {
    /// Its number.
    id: i64,
    /// When.
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    at: Timestamp,
    /// Who looked.
    #[schema(value_type = Uuid)]
    actor_id: UserId,
    /// At whose data; null if it was not one person's.
    #[schema(value_type = Option<Uuid>)]
    user_id: Option<UserId>,
    /// At what.
    #[schema(example = "unmasked")]
    look: &'static str,
    /// At which order's.
    #[schema(value_type = Option<Uuid>)]
    order_id: Option<OrderId>,
    /// Why, where a reason is needed.
    reason: Option<String>,
    /// How many people a search found; null of any other look, and where it was not recorded yet.
    found: Option<u32>,
    /// From which network address; null where it was not recorded yet.
    address: Option<String>,
}

impl From<Access> for AccessBody {
    fn from(access: Access) -> Self {
        let Access { id, at, actor, user, look, order, reason, found, address } = access;
        let look = look.as_str();
        Self { id, at, actor_id: actor, user_id: user, look, order_id: order, reason, found, address }
    }
}

/// Who of the staff looked at whose data, newest first. That this was asked for is recorded, too.
#[utoipa::path(get, path = "/v1/admin/access-log", tag = "admin", params(AccessQuery, ListQuery),
    responses((status = 200, body = Page<AccessBody>)))]
async fn access_log(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Who(who): Who,
    Query(asked): Query<AccessQuery>,
    list: List<(Timestamp, i64)>,
) -> Result<Json<Page<AccessBody>>, Problem> {
    let AccessQuery { user, actor, from, until } = asked;
    let filter = AccessFilter { user, actor, from, until };
    let page = (list.after, list.limit + 1);
    let looks = user::accesses(&app, &who, &filter, page, address).await?;
    Ok(Json(Page::cut(looks, list.limit, |last| (last.at, last.id), AccessBody::from)?))
}

/// A look of staff at one's own data. Who it was is not shown.
#[derive(Serialize, ToSchema)]
#[schema(as = AccessOfMine)]
struct MyAccessBody {
    /// When.
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    at: Timestamp,
    /// At what.
    #[schema(example = "unmasked")]
    look: &'static str,
    /// At which order's.
    #[schema(value_type = Option<Uuid>)]
    order_id: Option<OrderId>,
    /// Why, where a reason is needed.
    reason: Option<String>,
}

impl From<Access> for MyAccessBody {
    fn from(access: Access) -> Self {
        let Access { at, look, order, reason, .. } = access;
        Self { at, look: look.as_str(), order_id: order, reason }
    }
}

/// When staff looked at one's own data, at what, and why; newest first.
#[utoipa::path(get, path = "/v1/users/me/access-log", tag = "user", params(ListQuery),
    responses((status = 200, body = Page<MyAccessBody>)))]
async fn my_access_log(
    State(app): State<App>,
    Who(who): Who,
    list: List<(Timestamp, i64)>,
) -> Result<Json<Page<MyAccessBody>>, Problem> {
    let looks = user::accesses_of_mine(&app, &who, (list.after, list.limit + 1)).await?;
    Ok(Json(Page::cut(looks, list.limit, |last| (last.at, last.id), MyAccessBody::from)?))
}
