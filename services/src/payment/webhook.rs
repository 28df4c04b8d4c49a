//! What a gateway tells by itself. It is never believed: Toss Payments signs only payouts and sellers, and
//! anybody can send the rest. It makes us ask, which happens in a job, so that the gateway has its answer
//! at once, and as often as it tells the same.

use domain::payment::{GatewayAnswer, PaymentStatus};
use domain::{Failure, PaymentId};

use super::{came_late, settle};
use crate::App;

/// A gateway said that something became of a payment. What is not ours, or over, changes nothing.
pub async fn told(app: &App, id: PaymentId) -> Result<(), Failure> {
    let Some(payment) = store::payment::load(&app.store, id).await? else { return Ok(()) };
    if payment.status.is_open() || payment.status == PaymentStatus::Aborted {
        store::payment::look(&app.store, id, app.now()).await?;
    }
    Ok(())
}

/// Asks the gateway what became of the payment (reminder). What decides nothing counts as not asked: who
/// sends nonsense neither uses up the looks at a payment nor puts them off.
pub(super) async fn look(app: &App, id: PaymentId) -> Result<(), Failure> {
    let Some(payment) = store::payment::load(&app.store, id).await? else { return Ok(()) };
    if payment.status == PaymentStatus::Aborted {
        return came_late(app, id).await.map(drop);
    }
    match app.third_parties.gateway.lookup(id).await? {
        GatewayAnswer::Unknown | GatewayAnswer::NotFound => Ok(()),
        answer => settle(app, payment, &answer).await,
    }
}
