//! The seam to payment gateways, and the sandbox one.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::Duration;
use domain::payment::GatewayAnswer;
use domain::{Clock, Failure, PaymentId, Won};
use store::Store;
use store::payment::SandboxCharge;

/// A payment gateway. Every call may be repeated with the same key and then
/// does nothing more. An error means that the gateway did not say.
#[async_trait]
pub trait Gateway: Send + Sync + 'static {
    /// Takes `amount` by what the customer's `token` stands for.
    async fn charge(&self, key: PaymentId, amount: Won, token: &str) -> Result<GatewayAnswer, Failure>;

    /// What became of the charge.
    async fn lookup(&self, key: PaymentId) -> Result<GatewayAnswer, Failure>;

    /// Gives all of it back.
    async fn cancel(&self, key: PaymentId) -> Result<(), Failure>;
}

/// How long the sandbox leaves one in the dark about `tok_timeout`, in seconds.
const TIMEOUT_SETTLES_AFTER_SECS: i64 = 2;

/// A gateway that moves no money. It behaves like a real one: it remembers what
/// it was asked, across our restarts, and sometimes does not answer in time.
///
/// Tokens: `tok_success` is approved; `tok_timeout` is approved too, but the
/// answer gets lost and only a later look-up tells; anything else is declined.
pub struct SandboxGateway {
    /// What it remembers.
    pub store: Store,
    /// Its clock.
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Gateway for SandboxGateway {
    async fn charge(&self, key: PaymentId, amount: Won, token: &str) -> Result<GatewayAnswer, Failure> {
        let delay = if token == "tok_timeout" { TIMEOUT_SETTLES_AFTER_SECS } else { 0 };
        let charge = SandboxCharge {
            amount,
            approved: matches!(token, "tok_success" | "tok_timeout"),
            settles_at: self.clock.now() + Duration::seconds(delay),
            cancelled: false,
        };
        store::payment::sandbox_charge(&self.store, key, charge).await?;
        self.lookup(key).await
    }

    async fn lookup(&self, key: PaymentId) -> Result<GatewayAnswer, Failure> {
        let charge = store::payment::sandbox_lookup(&self.store, key).await?;
        Ok(match charge {
            // Never heard of it, so nothing was taken and nothing will be.
            None => GatewayAnswer::Declined { reason: "no such charge".to_owned() },
            Some(charge) if charge.settles_at > self.clock.now() => GatewayAnswer::Unknown,
            Some(charge) if charge.approved => GatewayAnswer::Approved { amount: charge.amount },
            Some(_) => GatewayAnswer::Declined { reason: "declined by the test token".to_owned() },
        })
    }

    async fn cancel(&self, key: PaymentId) -> Result<(), Failure> {
        Ok(store::payment::sandbox_cancel(&self.store, key).await?)
    }
}
