//! Request and response bodies of payment_service.

use chrono::{DateTime, Utc};
use domain::payment::{Payment, Refund};
use domain::{OrderId, PaymentId, RefundId, Won};
use serde::{Deserialize, Serialize};
use services::payment::decision::Undecided;
use utoipa::ToSchema;

/// What waits for somebody who decides.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UndecidedMoney)]
pub(super) struct UndecidedBody {
    payments: Vec<PaymentBody>,
    refunds: Vec<RefundBody>,
}

/// One try to pay an order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Payment)]
pub(super) struct PaymentBody {
    /// The key under which the gateway knows it.
    #[schema(value_type = Uuid)]
    id: PaymentId,
    #[schema(value_type = Uuid)]
    order_id: OrderId,
    #[schema(value_type = i64, minimum = 1)]
    amount_won: Won,
    #[schema(example = "unknown")]
    status: &'static str,
    /// How often the gateway was asked what became of it.
    asked: u32,
    created_at: DateTime<Utc>,
}

/// Money that goes back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Refund)]
pub(super) struct RefundBody {
    /// The key under which the gateway does it once.
    #[schema(value_type = Uuid)]
    id: RefundId,
    #[schema(value_type = Uuid)]
    payment_id: PaymentId,
    #[schema(value_type = Uuid)]
    order_id: OrderId,
    #[schema(value_type = i64, minimum = 1)]
    amount_won: Won,
    #[schema(example = "order_ended")]
    reason: &'static str,
    #[schema(example = "requested")]
    status: &'static str,
    /// How often the gateway was asked and did not say.
    attempts: u32,
}

/// What became of a payment.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = PaymentDecision)]
#[serde(deny_unknown_fields)]
pub(super) struct DecisionBody {
    /// Whether the gateway took the money.
    pub(super) taken: bool,
}

impl From<Undecided> for UndecidedBody {
    fn from(undecided: Undecided) -> Self {
        Self {
            payments: undecided.payments.into_iter().map(PaymentBody::from).collect(),
            refunds: undecided.refunds.into_iter().map(RefundBody::from).collect(),
        }
    }
}

impl From<Payment> for PaymentBody {
    fn from(payment: Payment) -> Self {
        Self {
            id: payment.id,
            order_id: payment.order,
            amount_won: payment.amount,
            status: payment.status.as_str(),
            asked: payment.asked,
            created_at: payment.created_at,
        }
    }
}

impl From<Refund> for RefundBody {
    fn from(refund: Refund) -> Self {
        Self {
            id: refund.id,
            payment_id: refund.payment,
            order_id: refund.order,
            amount_won: refund.amount,
            reason: refund.reason.as_str(),
            status: refund.status.as_str(),
            attempts: refund.attempts,
        }
    }
}
