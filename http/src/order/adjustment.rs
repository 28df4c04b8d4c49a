//! What operators give back of orders that have arrived.

use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::cart::state::LINES_MAX;
use domain::order::{AdjustmentReason, AdjustmentRequest, Burden, Fault, LinePart, Remainder, Wanted};
use domain::{AdjustmentId, OrderId, Principal, Refused, UserId, Won, fault};
use serde::{Deserialize, Serialize};
use services::App;
use services::order::{AdjustmentReasonWords, OrderLineView};
use services::payment::adjustment::{self, Adjusted};
use utoipa::ToSchema;

use super::body::OrderPath;
use super::cancellation::PartBody;
use crate::kit::{Created, Json, OfferedKey, Path, Problem, ProblemBody, Who};

/// What is to be given back, why, and by whose fault.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewAdjustment)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAdjustmentBody {
    what: WantedBody,
    #[schema(value_type = AdjustmentReasonWords)]
    reason: AdjustmentReason,
    /// By whose fault: of food and amounts the restaurant bears its own, and the platform the rest; of the
    /// tip, restaurant and courier their own. `customer`: it is goodwill of the platform.
    #[schema(value_type = FaultWords)]
    fault: Fault,
}

/// What is to be given back.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = AdjustmentWanted)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
enum WantedBody {
    /// What was paid for these dishes, and for bringing them.
    Parts {
        #[schema(max_items = 50)]
        lines: Vec<PartBody>,
        /// The delivery tip as well.
        #[serde(default)]
        tip: bool,
    },
    /// An amount.
    Amount {
        #[schema(value_type = i64, minimum = 1)]
        amount_won: Won,
    },
}

/// Whose fault it was.
#[derive(ToSchema)]
#[schema(as = FaultName, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema; domain's Fault is what travels")]
enum FaultWords {
    Customer,
    Restaurant,
    Courier,
    Platform,
}

/// What goes back, and who bears it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdjustmentEffect)]
pub(super) struct EffectBody {
    /// What goes back of what was paid.
    #[schema(value_type = i64, minimum = 0)]
    refund_won: Won,
    /// What goes back in points.
    #[schema(value_type = i64, minimum = 0)]
    points_back_won: Won,
    borne_by: BurdenBody,
}

/// Who bears it: together what goes back, and what comes back of the platform's coupons.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdjustmentBurden)]
struct BurdenBody {
    #[schema(value_type = i64, minimum = 0)]
    restaurant_won: Won,
    #[schema(value_type = i64, minimum = 0)]
    courier_won: Won,
    #[schema(value_type = i64, minimum = 0)]
    platform_won: Won,
    /// What comes back of the platform's coupons.
    #[schema(value_type = i64, minimum = 0)]
    coupons_won: Won,
}

/// What was given back, and who bears it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Adjustment)]
pub(super) struct AdjustmentBody {
    #[schema(value_type = uuid::Uuid)]
    id: AdjustmentId,
    /// The dishes, with how many of each. None of an amount.
    lines: Vec<OrderLineView>,
    /// Whether the delivery tip is part of it.
    tip: bool,
    #[schema(value_type = AdjustmentReasonWords)]
    reason: AdjustmentReason,
    #[schema(value_type = FaultWords)]
    fault: Fault,
    #[serde(flatten)]
    effect: EffectBody,
    /// Who decided it.
    #[schema(value_type = uuid::Uuid)]
    operator_id: UserId,
    at: DateTime<Utc>,
}

/// What was given back of an order, and what is left.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Adjustments)]
pub(super) struct AdjustmentsBody {
    /// Oldest first.
    items: Vec<AdjustmentBody>,
    left: RemainderBody,
}

/// What can still be given back of an order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderRemainder)]
struct RemainderBody {
    /// The dishes that its customer pays for.
    lines: Vec<OrderLineView>,
    /// What they pay for bringing it.
    #[schema(value_type = i64, minimum = 0)]
    tip_won: Won,
    /// What they pay for all of it, by their means of payment: no more goes back, whatever for.
    #[schema(value_type = i64, minimum = 0)]
    payable_won: Won,
    /// The same in points.
    #[schema(value_type = i64, minimum = 0)]
    points_won: Won,
}

impl NewAdjustmentBody {
    fn read(self, who: &Principal) -> Result<AdjustmentRequest, Refused> {
        let wanted = match self.what {
            WantedBody::Amount { amount_won } if amount_won < Won(1) => {
                return Err(Refused::field("/what/amount_won", fault::OUT_OF_RANGE, "at least 1"));
            }
            WantedBody::Amount { amount_won } => Wanted::Amount(amount_won),
            WantedBody::Parts { lines, .. } if lines.len() > LINES_MAX => {
                return Err(Refused::field(
                    "/what/lines",
                    fault::WRONG_LENGTH,
                    format!("at most {LINES_MAX}"),
                ));
            }
            WantedBody::Parts { lines, tip } => {
                Wanted::Parts { lines: lines.into_iter().map(LinePart::from).collect(), tip }
            }
        };
        Ok(AdjustmentRequest { wanted, reason: self.reason, fault: self.fault, operator: who.user })
    }
}

/// What was given back of an order once it had arrived, and what is left.
#[utoipa::path(get, path = "/v1/orders/{id}/adjustments", tag = "order", params(OrderPath),
    responses((status = 200, body = AdjustmentsBody)))]
pub(super) async fn adjustments(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<OrderId>,
) -> Result<Json<AdjustmentsBody>, Problem> {
    let (known, left) = adjustment::list(&app, &who, id).await?;
    Ok(Json(AdjustmentsBody {
        items: known.into_iter().map(AdjustmentBody::from).collect(),
        left: left.into(),
    }))
}

/// What would go back, and who would bear it, if it were given back now.
#[utoipa::path(post, path = "/v1/orders/{id}/adjustments/preview", tag = "order", params(OrderPath),
    request_body = NewAdjustmentBody,
    responses((status = 200, body = EffectBody),
        (status = 409, description = "`order.more_than_paid`; `order.not_so_many`; \
            `order.transition_refused`: it is still under way", body = ProblemBody)))]
pub(super) async fn preview(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<OrderId>,
    Json(body): Json<NewAdjustmentBody>,
) -> Result<Json<EffectBody>, Problem> {
    Ok(Json((&adjustment::preview(&app, &who, id, &body.read(&who)?).await?).into()))
}

/// Gives something back of an order that has arrived or is over, because something was wrong with it:
/// what was paid for dishes and for bringing them, or an amount; never more than was paid. Money goes back
/// before points. Under the same `Idempotency-Key` it is done once.
#[utoipa::path(post, path = "/v1/orders/{id}/adjustments", tag = "order", params(OrderPath),
    request_body = NewAdjustmentBody,
    responses((status = 201, body = AdjustmentBody),
        (status = 409, description = "`order.more_than_paid`; `order.not_so_many`; \
            `order.transition_refused`: it is still under way", body = ProblemBody)))]
pub(super) async fn adjust(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<OrderId>,
    OfferedKey(key): OfferedKey,
    Json(body): Json<NewAdjustmentBody>,
) -> Result<Created<AdjustmentBody>, Problem> {
    Ok(Created(adjustment::adjust(&app, &who, id, &body.read(&who)?, key.as_deref()).await?.into()))
}

impl From<&Adjusted> for EffectBody {
    fn from(Adjusted { adjustment, burden }: &Adjusted) -> Self {
        Self {
            refund_won: adjustment.back.money,
            points_back_won: adjustment.back.points,
            borne_by: (*burden).into(),
        }
    }
}

impl From<Burden> for BurdenBody {
    fn from(burden: Burden) -> Self {
        Self {
            restaurant_won: burden.restaurant(),
            courier_won: burden.courier,
            platform_won: burden.platform,
            coupons_won: burden.coupons,
        }
    }
}

impl From<Adjusted> for AdjustmentBody {
    fn from(adjusted: Adjusted) -> Self {
        let effect = (&adjusted).into();
        let adjustment = adjusted.adjustment;
        Self {
            id: adjustment.id,
            lines: adjustment.lines.into_iter().map(OrderLineView::from).collect(),
            tip: adjustment.tip,
            reason: adjustment.reason,
            fault: adjustment.fault,
            effect,
            operator_id: adjustment.operator,
            at: adjustment.at,
        }
    }
}

impl From<Remainder> for RemainderBody {
    fn from(left: Remainder) -> Self {
        Self {
            lines: left.lines.into_iter().map(OrderLineView::from).collect(),
            tip_won: left.tip,
            payable_won: left.paid.money,
            points_won: left.paid.points,
        }
    }
}
