//! The port to payment gateways.

use async_trait::async_trait;
use domain::payment::GatewayAnswer;
use domain::{Failure, PaymentId, RefundId, UserId, Won};

/// A payment gateway. Every call is idempotent under its key. An error means that the outcome
/// is unknown.
#[async_trait]
pub trait Gateway: Send + Sync + 'static {
    /// Takes money from the customer.
    async fn charge(&self, charge: &Charge<'_>) -> Result<GatewayAnswer, Failure>;

    /// Looks up the outcome of the charge.
    async fn lookup(&self, key: PaymentId) -> Result<GatewayAnswer, Failure>;

    /// Refunds `amount` of the charge, once per `refund`.
    async fn cancel(&self, key: PaymentId, refund: RefundId, amount: Won) -> Result<Cancelled, Failure>;
}

/// A charge. Never log it: the token gives access to the customer's money.
#[derive(Clone, Copy)]
pub struct Charge<'a> {
    /// The idempotency key, and the id at the gateway.
    pub key: PaymentId,
    /// The customer who pays.
    pub customer: UserId,
    /// The amount.
    pub amount: Won,
    /// The token of the customer's card or account.
    pub token: &'a str,
}

/// A gateway's answer to a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// The money was refunded, by this call or an earlier one.
    Done,
    /// Refused permanently: more than was taken, too late, or the account is closed.
    Refused,
}
