//! Applications: to open a shop, or to change what is reviewed of one.

use axum::extract::State;
use domain::restaurant::{Application, ApplicationStatus, Category};
use domain::{ApplicationId, Failure, LatLon, Reason, Refused, RestaurantId, Role, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use services::restaurant::{ApplicationFilter, Decision, NewApplication};
use services::{App, restaurant};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::RESTAURANT;
use super::body::{CategoryWords, SellerBody};
use super::registration::{REGISTRATION, RegistrationBody};
use super::shop::MaskedAccountBody;
use crate::kit::{
    Created, IfMatch, IfMatchHeader, Json, List, ListQuery, Page, Path, Position, Problem, ProblemBody,
    Query, Tagged, Who,
};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<App> {
    let admin = RESTAURANT.role(Role::Admin);
    OpenApiRouter::new()
        .routes(RESTAURANT.on(routes!(apply)))
        .routes(RESTAURANT.on(routes!(my_applications)))
        .routes(RESTAURANT.on(routes!(application, submit_again)))
        .routes(RESTAURANT.on(routes!(withdraw)))
        .routes(admin.on(routes!(applications)))
        .routes(admin.on(routes!(approve)))
        .routes(admin.on(routes!(ask_back)))
        .routes(admin.on(routes!(refuse)))
}

/// Where an application stands. It exists for its schema.
#[derive(ToSchema)]
#[schema(as = ApplicationStatus, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema; ApplicationStatus itself is what travels")]
pub(super) enum ApplicationStatusWords {
    Submitted,
    AskedBack,
    Approved,
    Refused,
    Withdrawn,
}

/// An application.
#[derive(Serialize, ToSchema)]
#[schema(as = Application)]
pub(super) struct ApplicationBody {
    #[schema(value_type = Uuid)]
    id: ApplicationId,
    /// Rises with each change; also the tag.
    version: u64,
    /// Who applies.
    #[schema(value_type = Uuid)]
    applicant_id: UserId,
    /// The shop that it opens or changes.
    #[schema(value_type = Uuid)]
    restaurant_id: RestaurantId,
    #[schema(value_type = ApplicationStatusWords)]
    status: ApplicationStatus,
    name: String,
    #[schema(value_type = CategoryWords)]
    category: Category,
    phone: String,
    seller: SellerBody,
    #[schema(value_type = Position)]
    position: LatLon,
    /// The district; empty outside the city.
    gu: String,
    /// The neighbourhood; empty outside the city.
    dong: String,
    /// Null after the applicant left.
    account: Option<MaskedAccountBody>,
    /// What the admin said at last: a question, or why it was refused.
    reason: Option<String>,
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    submitted_at: Timestamp,
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    decided_at: Option<Timestamp>,
}

impl From<Application> for ApplicationBody {
    fn from(application: Application) -> Self {
        let registration = application.registration;
        Self {
            id: application.id,
            version: application.version,
            applicant_id: application.applicant,
            restaurant_id: application.restaurant,
            status: application.status,
            name: registration.name,
            category: registration.category,
            phone: registration.phone,
            seller: registration.seller.into(),
            position: registration.position,
            gu: registration.gu,
            dong: registration.dong,
            account: application.account.map(MaskedAccountBody::from),
            reason: application.reason,
            submitted_at: application.submitted_at,
            decided_at: application.decided_at,
        }
    }
}

fn tagged(application: Application) -> Result<Tagged<ApplicationBody>, Problem> {
    let version = i64::try_from(application.version).map_err(Failure::fault)?;
    Ok(Tagged::new(version, application.into()))
}

/// What is applied for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewApplication)]
pub(super) struct NewApplicationBody {
    /// The shop of which this is to change; left out, one is opened.
    #[schema(value_type = Option<Uuid>)]
    restaurant_id: Option<RestaurantId>,
    registration: RegistrationBody,
}

/// Applies for a shop, or for a change of what is reviewed of one.
#[utoipa::path(post, path = "/v1/restaurant-applications", tag = "restaurant", request_body = NewApplicationBody,
    responses((status = 201, body = ApplicationBody),
        (status = 404, description = "`not_found`: there is no such shop of one's own", body = ProblemBody),
        (status = 409, description = "`restaurant.application_open_already`, `restaurant.closed_down`, \
            `restaurant.too_many_applications`", body = ProblemBody)))]
async fn apply(
    State(app): State<App>,
    Who(who): Who,
    Json(body): Json<NewApplicationBody>,
) -> Result<Created<ApplicationBody>, Problem> {
    let within = |refused: Refused| refused.within(REGISTRATION);
    let (registration, account) = body.registration.read().map_err(within)?;
    let new = NewApplication { restaurant: body.restaurant_id, registration, account };
    Ok(Created(
        restaurant::apply(&app, &who, new).await.map_err(|failure| failure.map_refused(within))?.into(),
    ))
}

/// One's own applications, oldest first.
#[utoipa::path(get, path = "/v1/restaurant-applications/mine", tag = "restaurant",
    responses((status = 200, body = Page<ApplicationBody>)))]
async fn my_applications(
    State(app): State<App>,
    Who(who): Who,
) -> Result<Json<Page<ApplicationBody>>, Problem> {
    let mine = restaurant::my_applications(&app, &who).await?;
    Ok(Json(Page::whole(mine.into_iter().map(ApplicationBody::from).collect())))
}

/// An application, for its applicant and for admins.
#[utoipa::path(get, path = "/v1/restaurant-applications/{id}", tag = "restaurant",
    params(("id" = Uuid, Path, description = "The application")),
    responses((status = 200, body = ApplicationBody)))]
async fn application(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<ApplicationId>,
) -> Result<Tagged<ApplicationBody>, Problem> {
    tagged(restaurant::application(&app, &who, id).await?)
}

/// Submits one's application again, to answer a question or to correct it.
#[utoipa::path(put, path = "/v1/restaurant-applications/{id}", tag = "restaurant", request_body = RegistrationBody,
    params(("id" = Uuid, Path, description = "The application"), IfMatchHeader),
    responses((status = 200, body = ApplicationBody),
        (status = 409, description = "`restaurant.application_not_open`", body = ProblemBody),
        (status = 412, description = "The application changed since", body = ProblemBody)))]
async fn submit_again(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<ApplicationId>,
    IfMatch(expected): IfMatch,
    Json(body): Json<RegistrationBody>,
) -> Result<Tagged<ApplicationBody>, Problem> {
    let (registration, account) = body.read()?;
    tagged(restaurant::submit_again(&app, &who, id, registration, account, &expected).await?)
}

/// Takes one's application back.
#[utoipa::path(post, path = "/v1/restaurant-applications/{id}/withdraw", tag = "restaurant",
    params(("id" = Uuid, Path, description = "The application")),
    responses((status = 200, body = ApplicationBody),
        (status = 409, description = "`restaurant.application_not_open`", body = ProblemBody)))]
async fn withdraw(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<ApplicationId>,
) -> Result<Tagged<ApplicationBody>, Problem> {
    tagged(restaurant::withdraw(&app, &who, id).await?)
}

/// Which applications.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Only those of this status.
    #[param(value_type = Option<ApplicationStatusWords>)]
    status: Option<ApplicationStatus>,
}

/// Applications, oldest first.
#[utoipa::path(get, path = "/v1/restaurant-applications", tag = "restaurant", params(Wanted, ListQuery),
    responses((status = 200, body = Page<ApplicationBody>)))]
async fn applications(
    State(app): State<App>,
    Who(who): Who,
    Query(wanted): Query<Wanted>,
    page: List<ApplicationId>,
) -> Result<Json<Page<ApplicationBody>>, Problem> {
    let filter = ApplicationFilter { status: wanted.status, after: page.after };
    let found = restaurant::applications(&app, &who, filter, page.limit + 1).await?;
    Page::cut(found, page.limit, |last| last.id, ApplicationBody::from).map(Json)
}

/// Approves an application: the shop is opened or changed, and its owner has the role.
#[utoipa::path(post, path = "/v1/restaurant-applications/{id}/approve", tag = "restaurant",
    params(("id" = Uuid, Path, description = "The application"), IfMatchHeader),
    responses((status = 200, body = ApplicationBody),
        (status = 409, description = "`restaurant.application_not_open`, `restaurant.application_answer_awaited`, \
            `restaurant.business_number_taken`, `restaurant.closed_down`, `restaurant.other_owner`, \
            `restaurant.own_application`", body = ProblemBody),
        (status = 412, description = "The application changed since", body = ProblemBody)))]
async fn approve(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<ApplicationId>,
    IfMatch(expected): IfMatch,
) -> Result<Tagged<ApplicationBody>, Problem> {
    tagged(restaurant::decide(&app, &who, id, Decision::Approve, &expected).await?)
}

/// What the admin says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplicationReason)]
pub(super) struct ReasonBody {
    #[schema(
        format = "text",
        min_length = 1,
        max_length = 200,
        example = "영업신고증이 흐려요. 다시 올려 주세요."
    )]
    reason: String,
}

/// Asks the applicant something.
#[utoipa::path(post, path = "/v1/restaurant-applications/{id}/ask-back", tag = "restaurant", request_body = ReasonBody,
    params(("id" = Uuid, Path, description = "The application"), IfMatchHeader),
    responses((status = 200, body = ApplicationBody),
        (status = 409, description = "`restaurant.application_not_open`, `restaurant.application_answer_awaited`, \
            `restaurant.own_application`", body = ProblemBody),
        (status = 412, description = "The application changed since", body = ProblemBody)))]
async fn ask_back(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<ApplicationId>,
    IfMatch(expected): IfMatch,
    Json(body): Json<ReasonBody>,
) -> Result<Tagged<ApplicationBody>, Problem> {
    let decision = Decision::AskBack(Reason::read(&body.reason)?);
    tagged(restaurant::decide(&app, &who, id, decision, &expected).await?)
}

/// Turns an application down.
#[utoipa::path(post, path = "/v1/restaurant-applications/{id}/refuse", tag = "restaurant", request_body = ReasonBody,
    params(("id" = Uuid, Path, description = "The application"), IfMatchHeader),
    responses((status = 200, body = ApplicationBody),
        (status = 409, description = "`restaurant.application_not_open`, `restaurant.own_application`", body = ProblemBody),
        (status = 412, description = "The application changed since", body = ProblemBody)))]
async fn refuse(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<ApplicationId>,
    IfMatch(expected): IfMatch,
    Json(body): Json<ReasonBody>,
) -> Result<Tagged<ApplicationBody>, Problem> {
    let decision = Decision::Refuse(Reason::read(&body.reason)?);
    tagged(restaurant::decide(&app, &who, id, decision, &expected).await?)
}
