//! The coupons of a cart.

use axum::extract::State;
use domain::coupon::{Discount, Kind};
use domain::{CouponId, Won};
use serde::Serialize;
use services::App;
use services::coupon::Preview;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{CART, CartBody, tagged};
use crate::kit::{IfMatch, IfMatchHeader, Json, Page, Path, Problem, ProblemBody, Tagged, Who};
use crate::payment::{CouponBody, InapplicableBody, KindWords};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(CART.on(routes!(coupons))).routes(CART.on(routes!(choose, unchoose)))
}

/// A coupon that is chosen in the cart.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChosenCoupon)]
pub(super) struct ChosenCouponBody {
    #[schema(value_type = Uuid)]
    id: CouponId,
    name: String,
    #[schema(value_type = KindWords)]
    kind: Kind,
    /// What it takes off.
    #[schema(value_type = i64, minimum = 0)]
    discount_won: Won,
    /// Why it takes nothing off.
    #[serde(skip_serializing_if = "Option::is_none")]
    inapplicable: Option<InapplicableBody>,
}

/// What one of the caller's coupons would take off the cart.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CouponPreview)]
struct PreviewBody {
    coupon: CouponBody,
    /// What it takes off, together with the chosen ones of other kinds.
    #[schema(value_type = i64, minimum = 0)]
    discount_won: Won,
    /// Why it takes nothing off.
    #[serde(skip_serializing_if = "Option::is_none")]
    inapplicable: Option<InapplicableBody>,
}

/// What a coupon takes off.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuotedDiscount)]
pub(super) struct DiscountBody {
    #[schema(value_type = Uuid)]
    coupon_id: CouponId,
    name: String,
    #[schema(value_type = KindWords)]
    kind: Kind,
    #[schema(value_type = i64, minimum = 1)]
    amount_won: Won,
}

/// One's unused coupons with what each would take off the cart; those that take most off first, within
/// each kind. None for an empty cart.
#[utoipa::path(get, path = "/v1/cart/coupons", tag = "cart",
    responses((status = 200, body = Page<PreviewBody>)))]
async fn coupons(State(app): State<App>, Who(who): Who) -> Result<Json<Page<PreviewBody>>, Problem> {
    let now = app.now();
    let previews = services::cart::coupons(&app, &who).await?;
    let body = |Preview { coupon, effect }| PreviewBody {
        coupon: CouponBody::at(coupon, now),
        discount_won: effect.unwrap_or(Won::ZERO),
        inapplicable: effect.err().map(InapplicableBody::from),
    };
    Ok(Json(Page::whole(previews.into_iter().map(body).collect())))
}

/// Chooses a coupon, in place of another one of its kind.
#[utoipa::path(put, path = "/v1/cart/coupons/{coupon_id}", tag = "cart",
    params(("coupon_id" = Uuid, Path, description = "The coupon"), IfMatchHeader),
    responses((status = 200, body = CartBody, headers(("ETag" = String))),
        (status = 404, description = "No such coupon", body = ProblemBody),
        (status = 409, description = "`cart.empty`; `coupon.used`", body = ProblemBody),
        (status = 412, description = "The cart changed since", body = ProblemBody)))]
async fn choose(
    State(app): State<App>,
    Who(who): Who,
    Path(coupon): Path<CouponId>,
    IfMatch(expected): IfMatch,
) -> Result<Tagged<CartBody>, Problem> {
    Ok(tagged(services::cart::choose_coupon(&app, &who, coupon, expected).await?))
}

/// Chooses a coupon no more.
#[utoipa::path(delete, path = "/v1/cart/coupons/{coupon_id}", tag = "cart",
    params(("coupon_id" = Uuid, Path, description = "The coupon"), IfMatchHeader),
    responses((status = 200, body = CartBody, headers(("ETag" = String))),
        (status = 412, description = "The cart changed since", body = ProblemBody)))]
async fn unchoose(
    State(app): State<App>,
    Who(who): Who,
    Path(coupon): Path<CouponId>,
    IfMatch(expected): IfMatch,
) -> Result<Tagged<CartBody>, Problem> {
    Ok(tagged(services::cart::unchoose_coupon(&app, &who, coupon, expected).await?))
}

impl From<Preview> for ChosenCouponBody {
    fn from(Preview { coupon, effect }: Preview) -> Self {
        Self {
            id: coupon.id,
            name: coupon.terms.name,
            kind: coupon.terms.kind,
            discount_won: effect.unwrap_or(Won::ZERO),
            inapplicable: effect.err().map(InapplicableBody::from),
        }
    }
}

impl From<Discount> for DiscountBody {
    fn from(discount: Discount) -> Self {
        Self {
            coupon_id: discount.coupon,
            name: discount.name,
            kind: discount.kind,
            amount_won: discount.amount,
        }
    }
}
