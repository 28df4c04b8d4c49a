//! The seam to payment gateways, and the sandbox one.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::Duration;
use domain::payment::GatewayAnswer;
use domain::{Clock, Failure, PaymentId, RefundId, Won};
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

    /// Gives `amount` of it back, once under `refund`.
    async fn cancel(&self, key: PaymentId, refund: RefundId, amount: Won) -> Result<Cancelled, Failure>;
}

/// What a gateway says to a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// The money went back, now or before.
    Done,
    /// It will not do it: more than was taken, too late, an account that is closed.
    Refused,
}

/// How long the sandbox leaves one in the dark about `tok_timeout`, in seconds.
const TIMEOUT_SETTLES_AFTER_SECS: i64 = 2;

/// How long a charge with `tok_late` is on its way to the sandbox, in seconds: longer
/// than until the first look at it.
const LATE_KNOWN_AFTER_SECS: i64 = 8;

/// A gateway that moves no money. It behaves like a real one: it remembers what
/// it was asked, across our restarts, and sometimes does not answer in time.
///
/// Tokens: `tok_success` is approved; `tok_timeout` is approved too, but the
/// answer gets lost and only a later look-up tells; `tok_late` reaches the gateway only
/// after a while, and is approved then; `tok_short` is approved for one won less than
/// was asked for; anything else is declined.
pub struct SandboxGateway {
    /// What it remembers.
    pub store: Store,
    /// Its clock.
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Gateway for SandboxGateway {
    async fn charge(&self, key: PaymentId, amount: Won, token: &str) -> Result<GatewayAnswer, Failure> {
        let now = self.clock.now();
        let after = |secs| now + Duration::seconds(secs);
        let charge = SandboxCharge {
            amount: if token == "tok_short" { Won(amount.0 - 1) } else { amount },
            approved: matches!(token, "tok_success" | "tok_timeout" | "tok_late" | "tok_short"),
            known_at: (token == "tok_late").then(|| after(LATE_KNOWN_AFTER_SECS)),
            settles_at: if token == "tok_timeout" { after(TIMEOUT_SETTLES_AFTER_SECS) } else { now },
            cancelled: false,
        };
        store::payment::sandbox_charge(&self.store, key, charge).await?;
        self.lookup(key).await
    }

    async fn lookup(&self, key: PaymentId) -> Result<GatewayAnswer, Failure> {
        let charge = store::payment::sandbox_lookup(&self.store, key).await?;
        Ok(match charge {
            None => GatewayAnswer::NotFound,
            Some(charge) if charge.known_at.is_some_and(|at| at > self.clock.now()) => {
                GatewayAnswer::NotFound
            }
            Some(charge) if charge.settles_at > self.clock.now() => GatewayAnswer::Unknown,
            Some(charge) if charge.approved => GatewayAnswer::Approved { amount: charge.amount },
            Some(_) => GatewayAnswer::Declined { reason: "declined by the test token".to_owned() },
        })
    }

    async fn cancel(&self, key: PaymentId, refund: RefundId, amount: Won) -> Result<Cancelled, Failure> {
        let done = store::payment::sandbox_cancel(&self.store, key, refund, amount).await?;
        Ok(if done { Cancelled::Done } else { Cancelled::Refused })
    }
}
