//! A shop as its people see and change it.

use axum::extract::State;
use axum::http::StatusCode;
use domain::restaurant::{Bank, Busy, Duty, Restaurant, SettlementAccount, Status};
use domain::{Failure, LatLon, Reason, RestaurantId, Role, Timestamp, UserId, Won};
use serde::{Deserialize, Serialize};
use services::restaurant::{Ownership, Preview, PreviewWish, Profile};
use services::{App, restaurant, storefront};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{ClosedReasonWords, SellerBody};
use super::registration::{BankWords, NewShopBody, REGISTRATION};
use super::rules::RulesBody;
use super::{OWNER, RESTAURANT};
use crate::kit::{
    Created, IfMatch, IfMatchHeader, IfNoneMatch, IfNoneMatchHeader, Json, Page, Path, Position, Problem,
    ProblemBody, Query, Tagged, Who,
};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<App> {
    let admin = RESTAURANT.role(Role::Admin);
    OpenApiRouter::new()
        .routes(OWNER.on(routes!(mine)))
        .routes(OWNER.on(routes!(shop, change_profile)))
        .routes(OWNER.on(routes!(rules, replace_rules)))
        .routes(OWNER.on(routes!(pause, resume)))
        .routes(OWNER.on(routes!(busy, calm)))
        .routes(OWNER.on(routes!(publish)))
        .routes(OWNER.on(routes!(preview)))
        .routes(RESTAURANT.on(routes!(close_down)))
        .routes(admin.on(routes!(register)))
        .routes(admin.on(routes!(bind_owner)))
}

/// What somebody is to a restaurant. It exists for its schema.
#[derive(ToSchema)]
#[schema(as = Standing, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema")]
pub(super) enum StandingWords {
    Owner,
    Manager,
    Kitchen,
}

/// Whether customers find a restaurant. It exists for its schema.
#[derive(ToSchema)]
#[schema(as = RestaurantStatus, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema; Status itself is what travels")]
pub(super) enum StatusWords {
    Preparing,
    Published,
    ClosedDown,
}

/// A shop in the list of one's own.
#[derive(Serialize, ToSchema)]
#[schema(as = MyShop)]
pub(super) struct MyShopBody {
    /// What one is there.
    #[schema(value_type = StandingWords)]
    standing: &'static str,
    /// Whether customers find it.
    #[schema(value_type = StatusWords)]
    status: Status,
    #[serde(flatten)]
    restaurant: super::body::RestaurantBody,
}

/// A shop as its people see it.
#[derive(Serialize, ToSchema)]
#[schema(as = Shop)]
pub(super) struct ShopBody {
    #[schema(value_type = Uuid)]
    id: RestaurantId,
    /// Rises with each change; also the tag.
    version: u64,
    /// Whether customers find it.
    #[schema(value_type = StatusWords)]
    status: Status,
    /// What one is there.
    #[schema(value_type = StandingWords)]
    standing: &'static str,
    name: String,
    phone: String,
    /// Where couriers pick up.
    #[schema(value_type = Position)]
    position: LatLon,
    /// What it says of itself.
    introduction: String,
    /// What customers should know these days.
    notice: String,
    /// What else customers find it by.
    tags: Vec<String>,
    /// Who sells; null for a shop from before sellers were known.
    seller: Option<SellerBody>,
    /// Where the seller is paid to; for the owner alone.
    account: Option<MaskedAccountBody>,
    /// It takes no orders until then; null if it does not pause.
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    paused_until: Option<Timestamp>,
    /// It cooks more slowly; null if it does not.
    busy: Option<BusyBody>,
    rules: RulesBody,
}

/// An account of which the last digits are shown.
#[derive(Serialize, ToSchema)]
#[schema(as = MaskedAccount)]
pub(super) struct MaskedAccountBody {
    #[schema(value_type = BankWords, example = "004")]
    bank: Bank,
    /// Its name in Korean.
    bank_name: &'static str,
    /// The last four digits.
    #[schema(example = "4567")]
    last_digits: String,
    /// Whose it is.
    holder: String,
}

impl From<SettlementAccount> for MaskedAccountBody {
    fn from(account: SettlementAccount) -> Self {
        Self {
            bank: account.bank,
            bank_name: account.bank.korean(),
            last_digits: account.last_digits().to_owned(),
            holder: account.holder,
        }
    }
}

/// A kitchen that needs longer for a while.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Busy)]
pub(super) struct BusyBody {
    /// What is added to how long it cooks.
    #[schema(minimum = 1, maximum = 60)]
    extra_mins: u16,
    /// Until when, within a week.
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    until: Timestamp,
}

impl From<Ownership> for ShopBody {
    fn from(Ownership { restaurant, standing, account }: Ownership) -> Self {
        Self { account: account.map(MaskedAccountBody::from), ..Self::of(restaurant, standing.as_str()) }
    }
}

impl ShopBody {
    fn of(restaurant: Restaurant, standing: &'static str) -> Self {
        Self {
            id: restaurant.id,
            version: restaurant.version,
            status: restaurant.status,
            standing,
            name: restaurant.name,
            phone: restaurant.phone,
            position: restaurant.position,
            introduction: restaurant.introduction,
            notice: restaurant.notice,
            tags: restaurant.tags,
            seller: restaurant.seller.map(SellerBody::from),
            account: None,
            paused_until: restaurant.paused_until,
            busy: restaurant.busy.map(|Busy { extra_mins, until }| BusyBody { extra_mins, until }),
            rules: restaurant.rules.into(),
        }
    }
}

fn tagged<T>(version: u64, body: T) -> Result<Tagged<T>, Problem> {
    Ok(Tagged::new(i64::try_from(version).map_err(Failure::fault)?, body))
}

/// The restaurants that whoever asks owns or works at.
#[utoipa::path(get, path = "/v1/restaurants/mine", tag = "restaurant",
    responses((status = 200, body = Page<MyShopBody>)))]
async fn mine(State(app): State<App>, Who(who): Who) -> Result<Json<Page<MyShopBody>>, Problem> {
    let mine = restaurant::mine(&app, &who).await?.into_iter().map(|(seen, standing)| MyShopBody {
        standing: standing.as_str(),
        status: seen.restaurant.status,
        restaurant: seen.into(),
    });
    Ok(Json(Page::whole(mine.collect())))
}

/// A shop, for its people.
#[utoipa::path(get, path = "/v1/restaurants/{id}/shop", tag = "restaurant",
    params(("id" = Uuid, Path, description = "The restaurant"), IfNoneMatchHeader),
    responses((status = 200, body = ShopBody), (status = 304, description = "You have it already")))]
async fn shop(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<RestaurantId>,
    known: IfNoneMatch,
) -> Result<Tagged<ShopBody>, Problem> {
    Ok(tagged_shop(restaurant::shop(&app, &who, id).await?)?.unless(&known))
}

/// A word that customers find a shop by. It exists for its schema.
#[derive(ToSchema)]
#[schema(as = Tag, value_type = String, format = "text", min_length = 1, max_length = 15, example = "1인분")]
#[expect(dead_code, reason = "it exists for its schema")]
struct TagText(String);

/// What customers read of a shop. What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ShopProfile)]
pub(super) struct ProfileBody {
    #[schema(format = "text", max_length = 1_000)]
    introduction: Option<String>,
    #[schema(format = "text", max_length = 1_000)]
    notice: Option<String>,
    /// At most ten.
    #[schema(value_type = Option<Vec<TagText>>, max_items = 10)]
    tags: Option<Vec<String>>,
}

/// Changes what customers read of a shop. Name, kind, seller and address are changed by an application.
#[utoipa::path(patch, path = "/v1/restaurants/{id}/shop", tag = "restaurant", request_body = ProfileBody,
    params(("id" = Uuid, Path, description = "The restaurant"), IfMatchHeader),
    responses((status = 200, body = ShopBody),
        (status = 409, description = "`restaurant.closed_down`", body = ProblemBody),
        (status = 412, description = "The shop changed since", body = ProblemBody)))]
async fn change_profile(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<RestaurantId>,
    IfMatch(expected): IfMatch,
    Json(body): Json<ProfileBody>,
) -> Result<Tagged<ShopBody>, Problem> {
    let ProfileBody { introduction, notice, tags } = body;
    let profile = Profile { introduction, notice, tags };
    tagged_shop(restaurant::change_profile(&app, &who, id, profile, &expected).await?)
}

/// The rules by which a shop sells.
#[utoipa::path(get, path = "/v1/restaurants/{id}/rules", tag = "restaurant",
    params(("id" = Uuid, Path, description = "The restaurant"), IfNoneMatchHeader),
    responses((status = 200, body = RulesBody), (status = 304, description = "You have them already")))]
async fn rules(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<RestaurantId>,
    known: IfNoneMatch,
) -> Result<Tagged<RulesBody>, Problem> {
    let found = restaurant::for_duty(&app, &who, id, Duty::Kitchen).await?;
    Ok(tagged(found.version, found.rules.into())?.unless(&known))
}

/// Replaces the rules by which a shop sells. Every fault has its pointer.
#[utoipa::path(put, path = "/v1/restaurants/{id}/rules", tag = "restaurant", request_body = RulesBody,
    params(("id" = Uuid, Path, description = "The restaurant"), IfMatchHeader),
    responses((status = 200, body = RulesBody),
        (status = 409, description = "`restaurant.closed_down`", body = ProblemBody),
        (status = 412, description = "The shop changed since", body = ProblemBody)))]
async fn replace_rules(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<RestaurantId>,
    IfMatch(expected): IfMatch,
    Json(body): Json<RulesBody>,
) -> Result<Tagged<RulesBody>, Problem> {
    let changed = restaurant::replace_rules(&app, &who, id, body.into(), &expected).await?.restaurant;
    tagged(changed.version, changed.rules.into())
}

/// Until when.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Pause)]
pub(super) struct PauseBody {
    /// A moment within a week.
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    until: Timestamp,
}

/// Takes no orders until then. It takes them again by itself, at that moment.
#[utoipa::path(put, path = "/v1/restaurants/{id}/pause", tag = "restaurant", request_body = PauseBody,
    params(("id" = Uuid, Path, description = "The restaurant")),
    responses((status = 200, body = ShopBody),
        (status = 409, description = "`restaurant.closed_down`", body = ProblemBody)))]
async fn pause(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<RestaurantId>,
    Json(body): Json<PauseBody>,
) -> Result<Tagged<ShopBody>, Problem> {
    tagged_shop(restaurant::set_pause(&app, &who, id, Some(body.until)).await?)
}

/// Takes orders again at once.
#[utoipa::path(delete, path = "/v1/restaurants/{id}/pause", tag = "restaurant",
    params(("id" = Uuid, Path, description = "The restaurant")),
    responses((status = 200, body = ShopBody),
        (status = 409, description = "`restaurant.closed_down`", body = ProblemBody)))]
async fn resume(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<RestaurantId>,
) -> Result<Tagged<ShopBody>, Problem> {
    tagged_shop(restaurant::set_pause(&app, &who, id, None).await?)
}

fn tagged_shop(shop: Ownership) -> Result<Tagged<ShopBody>, Problem> {
    tagged(shop.restaurant.version, shop.into())
}

/// Says that orders take longer for a while.
#[utoipa::path(put, path = "/v1/restaurants/{id}/busy", tag = "restaurant", request_body = BusyBody,
    params(("id" = Uuid, Path, description = "The restaurant")),
    responses((status = 200, body = ShopBody),
        (status = 409, description = "`restaurant.closed_down`", body = ProblemBody)))]
async fn busy(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<RestaurantId>,
    Json(BusyBody { extra_mins, until }): Json<BusyBody>,
) -> Result<Tagged<ShopBody>, Problem> {
    tagged_shop(restaurant::set_busy(&app, &who, id, Some(Busy { extra_mins, until })).await?)
}

/// Says that orders take as long as usual again.
#[utoipa::path(delete, path = "/v1/restaurants/{id}/busy", tag = "restaurant",
    params(("id" = Uuid, Path, description = "The restaurant")),
    responses((status = 200, body = ShopBody),
        (status = 409, description = "`restaurant.closed_down`", body = ProblemBody)))]
async fn calm(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<RestaurantId>,
) -> Result<Tagged<ShopBody>, Problem> {
    tagged_shop(restaurant::set_busy(&app, &who, id, None).await?)
}

/// Lets customers find a shop.
#[utoipa::path(post, path = "/v1/restaurants/{id}/publish", tag = "restaurant",
    params(("id" = Uuid, Path, description = "The restaurant")),
    responses((status = 200, body = ShopBody),
        (status = 409, description = "`restaurant.closed_down`; `restaurant.incomplete`: each thing that is missing has a pointer", body = ProblemBody)))]
async fn publish(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<RestaurantId>,
) -> Result<Tagged<ShopBody>, Problem> {
    tagged_shop(storefront::publish(&app, &who, id).await?)
}

/// Gives a shop up for good; for its owner and for admins.
#[utoipa::path(delete, path = "/v1/restaurants/{id}", tag = "restaurant",
    params(("id" = Uuid, Path, description = "The restaurant")),
    responses((status = 204),
        (status = 409, description = "`restaurant.orders_open`", body = ProblemBody)))]
async fn close_down(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<RestaurantId>,
) -> Result<StatusCode, Problem> {
    storefront::close_down(&app, &who, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Registers a shop without an application, and binds its owner, who gets the role.
#[utoipa::path(post, path = "/v1/restaurants", tag = "restaurant", request_body = NewShopBody,
    responses((status = 201, body = ShopBody),
        (status = 404, description = "`not_found`: there is no such account", body = ProblemBody),
        (status = 409, description = "`restaurant.business_number_taken`", body = ProblemBody)))]
async fn register(
    State(app): State<App>,
    Who(who): Who,
    Json(body): Json<NewShopBody>,
) -> Result<Created<ShopBody>, Problem> {
    let (owner, registration, account) = body.read()?;
    let registered = restaurant::register(&app, &who, owner, registration, account).await;
    let restaurant =
        registered.map_err(|failure| failure.map_refused(|refused| refused.within(REGISTRATION)))?;
    Ok(Created(ShopBody::of(restaurant, "owner")))
}

/// Whose it is to be, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOwner)]
pub(super) struct NewOwnerBody {
    #[schema(value_type = Uuid)]
    owner_id: UserId,
    #[schema(format = "text", min_length = 1, max_length = 200, example = "양도양수 계약")]
    reason: String,
}

/// Gives a shop to another owner, who gets the role. The one before sees it no longer.
#[utoipa::path(put, path = "/v1/restaurants/{id}/owner", tag = "restaurant", request_body = NewOwnerBody,
    params(("id" = Uuid, Path, description = "The restaurant")),
    responses((status = 204),
        (status = 409, description = "`restaurant.business_number_taken`, `restaurant.closed_down`", body = ProblemBody)))]
async fn bind_owner(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<RestaurantId>,
    Json(body): Json<NewOwnerBody>,
) -> Result<StatusCode, Problem> {
    let reason = Reason::read(&body.reason)?;
    restaurant::bind_owner(&app, &who, id, body.owner_id, &reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// For what a customer is to be shown.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PreviewQuery {
    /// When they would order; now if left out.
    #[param(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    at: Option<Timestamp>,
    /// Degrees north of where the food is to be brought; with `lon` or not at all, for pickup.
    #[param(minimum = -90.0, maximum = 90.0, example = 37.5006)]
    lat: Option<f64>,
    /// Degrees east of it; with `lat` or not at all.
    #[param(minimum = -180.0, maximum = 180.0, example = 127.0364)]
    lon: Option<f64>,
    /// The sum of the dishes.
    #[param(minimum = 0, maximum = 100_000_000, example = 18_000)]
    subtotal_won: i64,
}

/// What a customer would see.
#[derive(Serialize, ToSchema)]
#[schema(as = Preview)]
pub(super) struct PreviewBody {
    /// Whether it takes orders then.
    open: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ClosedReasonWords>)]
    closed_reason: Option<domain::restaurant::ClosedReason>,
    /// When it takes orders again, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    next_open_at: Option<Timestamp>,
    /// Whether it delivers there; absent for pickup.
    #[serde(skip_serializing_if = "Option::is_none")]
    deliverable: Option<bool>,
    /// Metres in a straight line; absent for pickup.
    #[serde(skip_serializing_if = "Option::is_none")]
    distance_m: Option<u32>,
    /// The delivery tip; absent for pickup.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 0)]
    tip_won: Option<Won>,
    /// What is missing to the minimum order amount.
    #[schema(value_type = i64, minimum = 0)]
    shortfall_won: Won,
    /// How long it cooks then.
    preparation_mins: u16,
}

impl From<Preview> for PreviewBody {
    fn from(Preview { opening, way, shortfall, preparation_mins }: Preview) -> Self {
        Self {
            open: opening.is_open(),
            closed_reason: opening.reason(),
            next_open_at: opening.next_open_at(),
            deliverable: way.map(|way| way.deliverable),
            distance_m: way.map(|way| way.distance_m),
            tip_won: way.map(|way| way.tip),
            shortfall_won: shortfall,
            preparation_mins,
        }
    }
}

/// What a customer would see and pay at a time, at a place, for a sum: by the engine that quotes.
#[utoipa::path(get, path = "/v1/restaurants/{id}/preview", tag = "restaurant",
    params(("id" = Uuid, Path, description = "The restaurant"), PreviewQuery),
    responses((status = 200, body = PreviewBody)))]
async fn preview(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<RestaurantId>,
    Query(query): Query<PreviewQuery>,
) -> Result<Json<PreviewBody>, Problem> {
    let to = super::From { lat: query.lat, lon: query.lon }.place()?;
    let wish = PreviewWish {
        at: query.at.unwrap_or_else(|| app.now()),
        to,
        subtotal: super::subtotal(query.subtotal_won)?,
    };
    Ok(Json(restaurant::preview(&app, &who, id, wish).await?.into()))
}
