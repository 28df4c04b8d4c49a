//! A customer's coupons.

use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::coupon::{Benefit, Coupon, CouponRefusal, CouponState, Inapplicable, Kind, Terms};
use domain::restaurant::Category;
use domain::{CampaignId, CouponId, MenuId, OrderId, RestaurantId, Timestamp, Won};
use serde::{Deserialize, Serialize};
use services::App;
use services::coupon::{self, Claim, Offered};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::CUSTOMER;
use crate::kit::{Created, Json, List, ListQuery, OfferedKey, Page, Problem, ProblemBody, Who};
use crate::restaurant::CategoryWords;

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(CUSTOMER.on(routes!(coupons)))
        .routes(CUSTOMER.on(routes!(claim)))
        .routes(CUSTOMER.on(routes!(offered)))
}

/// What a coupon takes something off: certain dishes, all of the food, or the delivery tip.
#[derive(ToSchema)]
#[schema(as = CouponKind, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema; domain's Kind is what travels")]
pub(crate) enum KindWords {
    /// All of the food.
    Order,
    /// Certain dishes.
    Item,
    /// The delivery tip.
    Delivery,
}

/// How much a coupon takes off.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = CouponBenefit)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum BenefitBody {
    /// A fixed amount.
    Amount {
        /// So much.
        #[schema(value_type = i64, minimum = 1, maximum = 1_000_000)]
        won: Won,
    },
    /// A part, rounded down, up to an amount.
    Percent {
        /// Of what it is taken off.
        #[schema(minimum = 1, maximum = 100)]
        percent: u32,
        /// No more than this.
        #[schema(value_type = i64, minimum = 1, maximum = 1_000_000)]
        at_most_won: Won,
    },
}

/// What a coupon gives, to whom and when.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CouponOffer)]
pub(super) struct OfferBody {
    #[schema(value_type = Uuid)]
    campaign_id: CampaignId,
    #[schema(example = "첫 주문 3,000원")]
    name: String,
    #[schema(value_type = KindWords)]
    kind: Kind,
    benefit: BenefitBody,
    /// The smallest sum of dishes, before any discount, with which it can be used.
    #[schema(value_type = i64, minimum = 0)]
    minimum_won: Won,
    /// It can be used from then on…
    from: DateTime<Utc>,
    /// … until before then.
    until: DateTime<Utc>,
    /// Where it can be used; everywhere if none is named.
    #[schema(value_type = Vec<Uuid>)]
    restaurant_ids: Vec<RestaurantId>,
    /// At which kinds of restaurants it can be used; at all if none is named.
    #[schema(value_type = Vec<CategoryWords>)]
    categories: Vec<Category>,
    /// Off which dishes it takes something; off all if none is named.
    #[schema(value_type = Vec<Uuid>)]
    menu_ids: Vec<MenuId>,
    /// Whether it is for who has not ordered yet.
    first_order: bool,
}

/// A coupon of one's own.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Coupon)]
pub(crate) struct CouponBody {
    #[schema(value_type = Uuid)]
    id: CouponId,
    #[serde(flatten)]
    offer: OfferBody,
    /// `claimed`: it can be used. `reserved`: an order that is not paid yet has it; another one would
    /// take its place. `redeemed`: an order has used it. `over`: its time is over, or it was withdrawn.
    #[schema(example = "claimed")]
    state: &'static str,
    /// The order that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    order_id: Option<OrderId>,
    claimed_at: DateTime<Utc>,
}

/// A campaign of which everybody may claim a coupon.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OfferedCoupon)]
struct OfferedBody {
    #[serde(flatten)]
    offer: OfferBody,
    /// Why one cannot claim a coupon now: the code of the refusal (`coupon.already_claimed`,
    /// `coupon.not_yet`, `coupon.exhausted`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "coupon.already_claimed")]
    refusal: Option<&'static str>,
}

/// Which coupon is claimed: the one with a code, or one that is offered to everybody.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = CouponClaim)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
enum ClaimBody {
    /// The one with this code; neither blanks, hyphens nor the case matter.
    Code {
        /// As it was printed or said.
        #[schema(format = "text", min_length = 1, max_length = 40, example = "WELCOME10")]
        code: String,
    },
    /// One that is offered.
    Campaign {
        /// The campaign.
        #[schema(value_type = Uuid)]
        campaign_id: CampaignId,
    },
}

/// Why a coupon takes nothing off.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CouponInapplicable)]
pub(crate) struct InapplicableBody {
    /// `not_yet`, `over`, `used`, `below_minimum`, `other_restaurant`, `no_such_item`,
    /// `not_the_first_order`, `nothing_to_discount`, or `tip_unknown`: that is known with the quote.
    #[schema(example = "below_minimum")]
    code: &'static str,
    /// With `below_minimum`: what is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    shortfall_won: Option<Won>,
    /// With `not_yet`: from when it can be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<DateTime<Utc>>,
}

/// One's coupons, newest first.
#[utoipa::path(get, path = "/v1/coupons", tag = "payment", params(ListQuery),
    responses((status = 200, body = Page<CouponBody>)))]
async fn coupons(
    State(app): State<App>,
    Who(who): Who,
    page: List<CouponId>,
) -> Result<Json<Page<CouponBody>>, Problem> {
    let now = app.now();
    let coupons = coupon::list(&app, &who, page.after, page.limit + 1).await?;
    let body = |coupon| CouponBody::at(coupon, now);
    Ok(Json(Page::cut(coupons, page.limit, |coupon: &Coupon| coupon.id, body)?))
}

/// Claims a coupon. Each claim gives another one, up to what there is for one customer; under the same
/// `Idempotency-Key` it gives the same.
#[utoipa::path(post, path = "/v1/coupons", tag = "payment", request_body = ClaimBody,
    responses((status = 201, body = CouponBody),
        (status = 404, description = "No such campaign, or `coupon.unknown_code`", body = ProblemBody),
        (status = 409, description = "`coupon.already_claimed`; `coupon.exhausted`; `coupon.over`; \
            `coupon.not_yet`; `coupon.too_many`", body = ProblemBody)))]
async fn claim(
    State(app): State<App>,
    Who(who): Who,
    OfferedKey(key): OfferedKey,
    Json(body): Json<ClaimBody>,
) -> Result<Created<CouponBody>, Problem> {
    let claimed = coupon::claim(&app, &who, &body.into(), key.as_deref()).await?;
    Ok(Created(CouponBody::at(claimed, app.now())))
}

/// What everybody may claim now or later, those that end soonest first; at most 100.
#[utoipa::path(get, path = "/v1/coupons/offered", tag = "payment",
    responses((status = 200, body = Page<OfferedBody>)))]
async fn offered(State(app): State<App>, Who(who): Who) -> Result<Json<Page<OfferedBody>>, Problem> {
    let offered = coupon::offered(&app, &who).await?;
    Ok(Json(Page::whole(offered.into_iter().map(OfferedBody::from).collect())))
}

impl From<ClaimBody> for Claim {
    fn from(body: ClaimBody) -> Self {
        match body {
            ClaimBody::Code { code } => Self::Code(code),
            ClaimBody::Campaign { campaign_id } => Self::Campaign(campaign_id),
        }
    }
}

impl CouponBody {
    /// As it is at `now`.
    pub(crate) fn at(coupon: Coupon, now: Timestamp) -> Self {
        let is_over = coupon.is_withdrawn || now >= coupon.terms.until;
        let is_used = matches!(coupon.state, CouponState::Redeemed(_));
        Self {
            id: coupon.id,
            state: if is_over && !is_used { "over" } else { coupon.state.as_str() },
            order_id: coupon.state.order(),
            claimed_at: coupon.claimed_at,
            offer: OfferBody::of(coupon.campaign, coupon.terms),
        }
    }
}

impl OfferBody {
    fn of(campaign_id: CampaignId, terms: Terms) -> Self {
        Self {
            campaign_id,
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
        }
    }
}

impl From<Offered> for OfferedBody {
    fn from(Offered { campaign, refusal }: Offered) -> Self {
        let refusal = refusal.map(|refusal: CouponRefusal| domain::Refused::from(refusal).code);
        Self { refusal, offer: OfferBody::of(campaign.id, campaign.terms) }
    }
}

impl From<Benefit> for BenefitBody {
    fn from(benefit: Benefit) -> Self {
        match benefit {
            Benefit::Amount { won } => Self::Amount { won },
            Benefit::Percent { percent, at_most } => Self::Percent { percent, at_most_won: at_most },
        }
    }
}

impl From<BenefitBody> for Benefit {
    fn from(benefit: BenefitBody) -> Self {
        match benefit {
            BenefitBody::Amount { won } => Self::Amount { won },
            BenefitBody::Percent { percent, at_most_won } => Self::Percent { percent, at_most: at_most_won },
        }
    }
}

impl From<Inapplicable> for InapplicableBody {
    fn from(why: Inapplicable) -> Self {
        let (shortfall_won, from) = match why {
            Inapplicable::BelowMinimum { shortfall } => (Some(shortfall), None),
            Inapplicable::NotYet { from } => (None, Some(from)),
            _ => (None, None),
        };
        Self { code: why.as_str(), shortfall_won, from }
    }
}
