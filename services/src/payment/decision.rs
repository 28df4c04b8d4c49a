//! Manual decisions. For payments whose outcome the gateway never reported, and refunds that it
//! refused, an operator checks the gateway's records and decides.

use domain::payment::{GatewayAnswer, LOOKS, Payment, PaymentRefusal, REFUND_ATTEMPTS, Refund, RefundStatus};
use domain::{Failure, PaymentId, Principal, RefundId, Role};

use super::settle;
use crate::App;

/// The most entries of a list; more would mean an outage.
const SHOWN: u32 = 100;

/// Payments and refunds that wait for a decision.
#[derive(Clone, Debug)]
pub struct Undecided {
    /// Payments whose outcome the gateway never reported.
    pub payments: Vec<Payment>,
    /// Refunds that the gateway refused or never accepted.
    pub refunds: Vec<Refund>,
}

/// The number of payments and refunds that wait for a decision; shown as a health issue.
pub async fn count(app: &App) -> Result<u64, store::StoreError> {
    store::payment::count_undecided(&app.store, LOOKS, REFUND_ATTEMPTS + 1).await
}

/// The payments and refunds that wait for a decision; for operators only.
pub async fn list(app: &App, who: &Principal) -> Result<Undecided, Failure> {
    who.require(Role::Admin)?;
    Ok(Undecided {
        payments: store::payment::undecided(&app.store, LOOKS, SHOWN).await?,
        refunds: store::payment::refund::undecided(&app.store, REFUND_ATTEMPTS + 1, SHOWN).await?,
    })
}

/// Settles a payment whose outcome the gateway never reported. If it was taken the order is
/// paid, else the order waits for another attempt.
pub async fn decide(app: &App, who: &Principal, id: PaymentId, taken: bool) -> Result<Payment, Failure> {
    who.require(Role::Admin)?;
    let payment = store::payment::load(&app.store, id).await?.ok_or_else(|| Failure::not_found("payment"))?;
    if !payment.is_undecided() {
        return Err(PaymentRefusal::Decided.into());
    }
    let answer = if taken {
        GatewayAnswer::Approved { amount: payment.amount, kind: None }
    } else {
        GatewayAnswer::Declined { reason: "decided by an operator".into() }
    };
    tracing::info!(payment = %id, taken, operator = %who.user, "an operator decided on a payment");
    settle(app, payment, &answer).await?;
    store::payment::load(&app.store, id).await?.ok_or_else(|| Failure::not_found("payment"))
}

/// Retries a refund that the gateway refused or never accepted.
pub async fn retry(app: &App, who: &Principal, id: RefundId) -> Result<Refund, Failure> {
    who.require(Role::Admin)?;
    let refund = store::payment::refund::load(&app.store, id).await?;
    let refund = refund.ok_or_else(|| Failure::not_found("refund"))?;
    if !refund.is_undecided() {
        return Err(PaymentRefusal::Decided.into());
    }
    tracing::info!(refund = %id, operator = %who.user, "an operator has a refund tried again");
    let again = Refund { status: RefundStatus::Requested, attempts: 0, ..refund };
    let now = app.now();
    store::payment::refund::attempted(&app.store, &again, Some(now), now).await?;
    Ok(again)
}
