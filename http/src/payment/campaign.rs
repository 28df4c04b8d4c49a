//! Campaigns of coupons, for operators.

use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::coupon::{Campaign, Funder, Kind, Terms};
use domain::restaurant::Category;
use domain::{CampaignId, MenuId, RestaurantId, Won};
use serde::{Deserialize, Serialize};
use services::{App, coupon};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ADMIN;
use super::coupon::{BenefitBody, KindWords};
use crate::kit::{Created, Json, List, ListQuery, Page, Path, Problem, ProblemBody, Who};
use crate::restaurant::CategoryWords;

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(ADMIN.on(routes!(campaigns, create_campaign)))
        .routes(ADMIN.on(routes!(campaign)))
        .routes(ADMIN.on(routes!(withdraw_campaign)))
}

/// Who pays for a coupon.
#[derive(ToSchema)]
#[schema(as = CouponFunder, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema; domain's Funder is what travels")]
enum FunderWords {
    /// The platform.
    Platform,
    /// The restaurant, of what takes something off the food: commission is taken of what is left.
    Restaurant,
}

/// What the coupons of a campaign give, to whom and when.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = CampaignTerms)]
#[serde(deny_unknown_fields)]
struct TermsBody {
    /// What customers read.
    #[schema(format = "text", min_length = 1, max_length = 40, example = "첫 주문 3,000원")]
    name: String,
    #[schema(value_type = KindWords)]
    kind: Kind,
    benefit: BenefitBody,
    /// The smallest sum of dishes, before any discount, with which it can be used.
    #[serde(default)]
    #[schema(value_type = i64, minimum = 0, maximum = 1_000_000)]
    minimum_won: Won,
    /// It is issued and used from then on…
    from: DateTime<Utc>,
    /// … until before then.
    #[schema(example = "2030-02-01T12:00:00Z")]
    until: DateTime<Utc>,
    /// Where it can be used; everywhere if none is named. One for an item coupon, and for one that the
    /// restaurant pays for.
    #[serde(default)]
    #[schema(value_type = Vec<Uuid>, max_items = 100)]
    restaurant_ids: Vec<RestaurantId>,
    /// At which kinds of restaurants it can be used; at all if none is named.
    #[serde(default)]
    #[schema(value_type = Vec<CategoryWords>, max_items = 12)]
    categories: Vec<Category>,
    /// Off which dishes an item coupon takes something.
    #[serde(default)]
    #[schema(value_type = Vec<Uuid>, max_items = 100)]
    menu_ids: Vec<MenuId>,
    /// Whether it is for who has not ordered yet.
    #[serde(default)]
    first_order: bool,
    #[serde(default)]
    #[schema(value_type = FunderWords)]
    funder: Funder,
    /// The code to claim it: 4 to 20 letters, digits or Hangul syllables. Without one it is offered to
    /// everybody.
    #[serde(default)]
    #[schema(format = "text", max_length = 40, example = "WELCOME10")]
    code: Option<String>,
    /// How many one customer may claim.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 100, default = 1)]
    per_customer: u32,
    /// How many there are in all; no limit if not said.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100_000_000)]
    total: Option<u32>,
}

fn one() -> u32 {
    1
}

/// An issue of coupons.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Campaign)]
struct CampaignBody {
    #[schema(value_type = Uuid)]
    id: CampaignId,
    terms: TermsBody,
    /// How many coupons were claimed.
    issued: u32,
    created_at: DateTime<Utc>,
    /// When it was withdrawn: from then on nothing is issued, and no coupon of it can be used.
    withdrawn_at: Option<DateTime<Utc>>,
}

/// The campaigns, newest first.
#[utoipa::path(get, path = "/v1/coupon-campaigns", tag = "payment", params(ListQuery),
    responses((status = 200, body = Page<CampaignBody>)))]
async fn campaigns(
    State(app): State<App>,
    Who(who): Who,
    page: List<CampaignId>,
) -> Result<Json<Page<CampaignBody>>, Problem> {
    let campaigns = coupon::campaigns(&app, &who, page.after, page.limit + 1).await?;
    Ok(Json(Page::cut(campaigns, page.limit, |campaign: &Campaign| campaign.id, CampaignBody::from)?))
}

/// Starts a campaign. What its coupons give never changes.
#[utoipa::path(post, path = "/v1/coupon-campaigns", tag = "payment", request_body = TermsBody,
    responses((status = 201, body = CampaignBody),
        (status = 409, description = "`coupon.code_taken`", body = ProblemBody)))]
async fn create_campaign(
    State(app): State<App>,
    Who(who): Who,
    Json(body): Json<TermsBody>,
) -> Result<Created<CampaignBody>, Problem> {
    Ok(Created(coupon::create(&app, &who, body.into()).await?.into()))
}

/// A campaign.
#[utoipa::path(get, path = "/v1/coupon-campaigns/{id}", tag = "payment",
    params(("id" = Uuid, Path, description = "The campaign")),
    responses((status = 200, body = CampaignBody),
        (status = 404, description = "No such campaign", body = ProblemBody)))]
async fn campaign(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<CampaignId>,
) -> Result<Json<CampaignBody>, Problem> {
    Ok(Json(coupon::campaign(&app, &who, id).await?.into()))
}

/// Withdraws a campaign: nothing is issued any more, and no coupon of it can be used. Orders that have
/// one keep it.
#[utoipa::path(post, path = "/v1/coupon-campaigns/{id}/withdrawal", tag = "payment",
    params(("id" = Uuid, Path, description = "The campaign")),
    responses((status = 200, body = CampaignBody),
        (status = 404, description = "No such campaign", body = ProblemBody)))]
async fn withdraw_campaign(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<CampaignId>,
) -> Result<Json<CampaignBody>, Problem> {
    Ok(Json(coupon::withdraw(&app, &who, id).await?.into()))
}

impl From<TermsBody> for Terms {
    fn from(body: TermsBody) -> Self {
        Self {
            name: body.name,
            kind: body.kind,
            benefit: body.benefit.into(),
            minimum: body.minimum_won,
            from: domain::clock::to_micros(body.from),
            until: domain::clock::to_micros(body.until),
            restaurants: body.restaurant_ids,
            categories: body.categories,
            menus: body.menu_ids,
            first_order: body.first_order,
            funder: body.funder,
            code: body.code,
            per_customer: body.per_customer,
            total: body.total,
        }
    }
}

impl From<Terms> for TermsBody {
    fn from(terms: Terms) -> Self {
        Self {
            name: terms.name,
            kind: terms.kind,
            benefit: terms.benefit.into(),
            minimum_won: terms.minimum,
            from: terms.from,
            until: terms.until,
            restaurant_ids: terms.restaurants,
            categories: terms.categories,
            menu_ids: terms.menus,
            first_order: terms.first_order,
            funder: terms.funder,
            code: terms.code,
            per_customer: terms.per_customer,
            total: terms.total,
        }
    }
}

impl From<Campaign> for CampaignBody {
    fn from(campaign: Campaign) -> Self {
        Self {
            id: campaign.id,
            terms: campaign.terms.into(),
            issued: campaign.issued,
            created_at: campaign.created_at,
            withdrawn_at: campaign.withdrawn_at,
        }
    }
}
