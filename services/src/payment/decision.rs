//! What the gateway never said, or refused: somebody who runs the platform looks at the
//! gateway's own books, and decides.

use domain::payment::{GatewayAnswer, LOOKS, Payment, PaymentRefusal, REFUND_ATTEMPTS, Refund, RefundStatus};
use domain::{Failure, PaymentId, Principal, RefundId, Role};

use super::settle;
use crate::App;

/// At most so many are shown; more than that is an outage, not a list.
const SHOWN: u32 = 100;

/// What waits for somebody.
#[derive(Clone, Debug)]
pub struct Undecided {
    /// Payments of which the gateway never said what became of them.
    pub payments: Vec<Payment>,
    /// Refunds that it refused, or never took.
    pub refunds: Vec<Refund>,
}

/// How much waits for a decision: told to operators as trouble.
pub async fn count(app: &App) -> Result<u64, store::StoreError> {
    store::payment::count_undecided(&app.store, LOOKS, REFUND_ATTEMPTS + 1).await
}

/// What waits for a decision, for operators alone.
pub async fn list(app: &App, who: &Principal) -> Result<Undecided, Failure> {
    check_operator(who)?;
    Ok(Undecided {
        payments: store::payment::undecided(&app.store, LOOKS, SHOWN).await?,
        refunds: store::payment::refund::undecided(&app.store, REFUND_ATTEMPTS + 1, SHOWN).await?,
    })
}

/// Says what became of a payment of which the gateway never did: its order goes on, or
/// waits for another try.
pub async fn decide(app: &App, who: &Principal, id: PaymentId, taken: bool) -> Result<Payment, Failure> {
    check_operator(who)?;
    let payment = store::payment::load(&app.store, id).await?.ok_or_else(|| Failure::not_found("payment"))?;
    if !payment.is_undecided() {
        return Err(PaymentRefusal::Decided.into());
    }
    let answer = if taken {
        GatewayAnswer::Approved { amount: payment.amount }
    } else {
        GatewayAnswer::Declined { reason: "decided by an operator".into() }
    };
    tracing::info!(payment = %id, taken, operator = %who.user, "an operator decided on a payment");
    settle(app, payment, &answer).await?;
    store::payment::load(&app.store, id).await?.ok_or_else(|| Failure::not_found("payment"))
}

/// Has a refund tried again that the gateway refused, or never took.
pub async fn retry(app: &App, who: &Principal, id: RefundId) -> Result<Refund, Failure> {
    check_operator(who)?;
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

fn check_operator(who: &Principal) -> Result<(), Failure> {
    if who.is(Role::Admin) { Ok(()) } else { Err(Failure::forbidden()) }
}
