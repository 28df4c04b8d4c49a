//! What goes back of an order, as it is shown: when it ended early, and for dishes that were taken out.

use chrono::{DateTime, Utc};
use domain::order::{Adjustment, AdjustmentReason, Back, Cancellation, Fault, Order};
use domain::payment::{RefundRecord, ReturnStatus, Returned};
use domain::{AdjustmentId, CancellationId, RefundId, Won};
use serde::Serialize;
use utoipa::ToSchema;

use super::view::OrderLineView;

/// An early end: why, who ended it, and what becomes of the money.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Ending)]
pub struct EndingView {
    /// Why. `x-baedal-words` of the gateway's document says it in Korean and in English, in
    /// `endings`.
    #[schema(value_type = EndReasonName)]
    code: &'static str,
    /// Who ended it.
    #[schema(value_type = EndedByName)]
    ended_by: &'static str,
    /// At whose cost: `customer`, `restaurant`, `courier` or `platform`.
    #[schema(value_type = String, example = "customer")]
    fault: Fault,
    /// What somebody wrote about it; empty where the code says it all.
    reason: String,
    #[serde(flatten)]
    back: BackView,
}

/// Dishes that were taken out of an order because they could not be had after all.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = LineCancellation)]
pub struct CancellationView {
    #[schema(value_type = uuid::Uuid)]
    id: CancellationId,
    /// With how many of each, and what they cost.
    lines: Vec<OrderLineView>,
    #[serde(flatten)]
    back: BackView,
    at: DateTime<Utc>,
}

/// What was given back of an order once it had arrived.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OrderAdjustment)]
pub struct AdjustmentView {
    #[schema(value_type = uuid::Uuid)]
    id: AdjustmentId,
    /// The dishes, with how many of each, and what they cost. None of an amount.
    lines: Vec<OrderLineView>,
    /// Whether the delivery tip is part of it.
    tip: bool,
    /// Why.
    #[schema(value_type = AdjustmentReasonWords)]
    reason: AdjustmentReason,
    #[serde(flatten)]
    back: BackView,
    at: DateTime<Utc>,
}

/// Why something is given back.
// It exists for its schema; domain's AdjustmentReason is what travels.
#[derive(ToSchema)]
#[schema(as = AdjustmentReason, rename_all = "snake_case")]
pub enum AdjustmentReasonWords {
    /// Something did not come.
    Missing,
    /// Something else came.
    Wrong,
    /// It was cold, spilled or spoiled.
    Quality,
    /// It came much too late.
    Late,
    /// Anything else.
    Other,
}

/// What goes back to the customer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OrderBack)]
pub struct BackView {
    /// What goes back, or went back, of what was paid.
    #[schema(value_type = i64, minimum = 0)]
    refund_won: Won,
    /// What goes back in points, to where they came from; for its customer and the platform.
    #[schema(value_type = i64, minimum = 0)]
    points_back_won: Won,
    /// How far the refund is; absent if no money goes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    refund: Option<ReturnView>,
}

/// How far a refund is.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OrderRefund)]
struct ReturnView {
    /// `delayed`: the payment gateway did not take it, and somebody looks at it.
    #[schema(value_type = ReturnStatusName)]
    status: &'static str,
    /// When the payment gateway had done it.
    done_at: Option<DateTime<Utc>>,
}

/// Why an order ended early.
#[derive(ToSchema)]
#[schema(as = EndReason, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema; domain's name is what travels")]
enum EndReasonName {
    PaymentOverdue,
    PaymentFailed,
    SoldOut,
    TooBusy,
    Closing,
    Unreachable,
    NoAnswer,
    CustomerCancelled,
    Replaced,
    CancelApproved,
    RestaurantCancelled,
    OperatorEnded,
    CustomerUnreachable,
    CustomerRefused,
    WrongAddress,
    RestaurantMistake,
    FoodDamaged,
    CourierAccident,
    Other,
}

/// Who ended an order; `system` is a time limit.
#[derive(ToSchema)]
#[schema(as = EndedBy, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema; domain's name is what travels")]
enum EndedByName {
    Customer,
    Restaurant,
    Courier,
    Operator,
    System,
}

/// How far money is on its way back.
#[derive(ToSchema)]
#[schema(as = OrderRefundStatus, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema; the view's name is what travels")]
enum ReturnStatusName {
    UnderWay,
    Delayed,
    Done,
}

impl EndingView {
    /// The early end of `order`; `refunds` are those of this order, and may be those of others.
    pub(super) fn of(order: &Order, refunds: &[RefundRecord], sees_points: bool) -> Option<Self> {
        let end = order.early_end()?;
        let own: Vec<RefundRecord> =
            refunds.iter().filter(|it| it.refund.order == order.id).copied().collect();
        let due = order.back().filter(|_| !end.is_unpaid);
        let returned = Returned::of(due.map(|back| back.money), &own);
        let points = due.unwrap_or_default().points;
        Some(Self {
            code: end.reason.as_str(),
            ended_by: end.reason.ended_by().as_str(),
            fault: end.fault,
            reason: end.text,
            back: BackView::new(returned, points, sees_points),
        })
    }

    /// What goes back.
    pub(super) fn back(&self) -> &BackView {
        &self.back
    }
}

impl CancellationView {
    /// `refunds` are those of its order, and may be those of others.
    pub(super) fn of(cancellation: Cancellation, refunds: &[RefundRecord], sees_points: bool) -> Self {
        let Cancellation { id, lines, back, at, .. } = cancellation;
        let back = BackView::by(back, id.into(), refunds, sees_points);
        Self { id, lines: lines.into_iter().map(OrderLineView::from).collect(), back, at }
    }

    /// What goes back.
    pub(super) fn back(&self) -> &BackView {
        &self.back
    }
}

impl AdjustmentView {
    /// For its customer and the platform; `refunds` are those of its order, and may be those of others.
    pub(super) fn of(adjustment: Adjustment, refunds: &[RefundRecord]) -> Self {
        let back = BackView::by(adjustment.back, adjustment.id.into(), refunds, true);
        Self::with(adjustment, back)
    }

    /// For a party that bears this share of it, and has no business with how it goes back.
    pub(super) fn borne(adjustment: Adjustment, share: Won) -> Self {
        Self::with(adjustment, BackView { refund_won: share, points_back_won: Won::ZERO, refund: None })
    }

    fn with(Adjustment { id, lines, tip, reason, at, .. }: Adjustment, back: BackView) -> Self {
        Self { id, lines: lines.into_iter().map(OrderLineView::from).collect(), tip, reason, back, at }
    }

    /// What goes back.
    pub(super) fn back(&self) -> &BackView {
        &self.back
    }
}

impl BackView {
    /// What goes back by this refund, which is among `refunds` once it is written down.
    fn by(back: Back, id: RefundId, refunds: &[RefundRecord], sees_points: bool) -> Self {
        let own: Vec<RefundRecord> =
            refunds.iter().filter(|record| record.refund.id == id).copied().collect();
        Self::new(Returned::by(back.money, &own), back.points, sees_points)
    }

    /// Who does not see points sees all of it as money.
    fn new(returned: Option<Returned>, points: Won, sees_points: bool) -> Self {
        let back = Back { money: returned.map_or(Won::ZERO, |it| it.amount), points };
        let (refund_won, points_back_won) =
            if sees_points { (back.money, back.points) } else { (back.total(), Won::ZERO) };
        Self { refund_won, points_back_won, refund: returned.map(|it| it.status.into()) }
    }

    /// How far the refund is, as a number: it moves without an event of the order.
    pub(super) fn stage(&self) -> u64 {
        match self.refund.as_ref().map(|refund| refund.status) {
            None | Some("under_way") => 0,
            Some("delayed") => 1,
            Some(_) => 2,
        }
    }
}

impl From<ReturnStatus> for ReturnView {
    fn from(status: ReturnStatus) -> Self {
        match status {
            ReturnStatus::UnderWay => Self { status: "under_way", done_at: None },
            ReturnStatus::Delayed => Self { status: "delayed", done_at: None },
            ReturnStatus::Done { at } => Self { status: "done", done_at: Some(at) },
        }
    }
}
