//! The port to payment gateways.

use async_trait::async_trait;
use domain::payment::{GatewayAnswer, Label};
use domain::{Failure, PaymentId, RefundId, UserId, Won};

/// A payment gateway. Every call is idempotent under its key. An error means that the outcome
/// is unknown.
#[async_trait]
pub trait Gateway: Send + Sync + 'static {
    /// Takes money from the customer.
    async fn charge(&self, charge: &Charge<'_>) -> Result<GatewayAnswer, Failure>;

    /// Takes the money of what a customer agreed to in the window.
    async fn confirm(&self, confirmation: &Confirmation<'_>) -> Result<GatewayAnswer, Failure>;

    /// Looks up the outcome of the charge.
    async fn lookup(&self, key: PaymentId) -> Result<GatewayAnswer, Failure>;

    /// What a page needs to open the payment window.
    fn window(&self) -> Window;

    /// The billing key of what a customer agreed to in the window. The same each time.
    async fn issue(&self, auth_key: &str, customer: UserId) -> Result<Issued, Failure>;

    /// Has a billing key forgotten. One that is not known is forgotten already.
    async fn revoke(&self, billing_key: &str) -> Result<(), Failure>;

    /// Refunds `amount` of the charge, once per `refund`.
    async fn cancel(&self, key: PaymentId, refund: RefundId, amount: Won) -> Result<Cancelled, Failure>;
}

/// A charge. Never log it: the billing key gives access to the customer's money.
#[derive(Clone, Copy)]
pub struct Charge<'a> {
    /// The idempotency key, and the id at the gateway.
    pub key: PaymentId,
    /// The customer who pays.
    pub customer: UserId,
    /// The amount.
    pub amount: Won,
    /// The billing key of the customer's card or account.
    pub billing_key: &'a str,
}

/// What a customer agreed to in the window. Never log it.
#[derive(Clone, Copy)]
pub struct Confirmation<'a> {
    /// The gateway's key of it, which the customer's page brought back.
    pub gateway_key: &'a str,
    /// The idempotency key, and the id at the gateway.
    pub key: PaymentId,
    /// The amount.
    pub amount: Won,
}

/// A gateway's answer to a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// The money was refunded, by this call or an earlier one.
    Done,
    /// Refused permanently: more than was taken, too late, or the account is closed.
    Refused,
}

/// What a page needs to open the payment window of a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The gateway: `toss`.
    pub provider: &'static str,
    /// Where the script is that opens the window.
    pub script_url: String,
    /// The key of our account that pages may know.
    pub client_key: String,
}

/// A gateway's answer to the question for a billing key. Never log it.
#[derive(Clone, PartialEq, Eq)]
pub enum Issued {
    /// The customer's card or account may be charged by this key.
    Done {
        /// The key.
        billing_key: String,
        /// How it is shown.
        label: Label,
    },
    /// There is no such agreement, or not any more.
    Refused,
}
