//! The seam to payment gateways.

use async_trait::async_trait;
use domain::payment::GatewayAnswer;
use domain::{Failure, PaymentId, RefundId, UserId, Won};

/// A payment gateway. Every call may be repeated with the same key and then
/// does nothing more. An error means that the gateway did not say.
#[async_trait]
pub trait Gateway: Send + Sync + 'static {
    /// Takes money.
    async fn charge(&self, charge: &Charge<'_>) -> Result<GatewayAnswer, Failure>;

    /// What became of the charge.
    async fn lookup(&self, key: PaymentId) -> Result<GatewayAnswer, Failure>;

    /// Gives `amount` of it back, once under `refund`.
    async fn cancel(&self, key: PaymentId, refund: RefundId, amount: Won) -> Result<Cancelled, Failure>;
}

/// Money to be taken. Not to be logged: the token is as good as the card.
#[derive(Clone, Copy)]
pub struct Charge<'a> {
    /// Under which the gateway knows it.
    pub key: PaymentId,
    /// Who pays.
    pub customer: UserId,
    /// How much.
    pub amount: Won,
    /// What stands for the customer's card or account.
    pub token: &'a str,
}

/// What a gateway says to a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// The money went back, now or before.
    Done,
    /// It will not do it: more than was taken, too late, an account that is closed.
    Refused,
}
