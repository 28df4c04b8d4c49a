//! What operators give back of orders that have arrived: the order says how much and who bears it, and the
//! money goes back as a [`Refund`], the points to their lots, in one transaction.

use domain::order::{Adjustment, AdjustmentRequest, Burden, Order, Remainder};
use domain::payment::{Refund, RefundReason, RefundStatus};
use domain::{Failure, OrderId, Principal, Role, Won};
use store::StoreError;

use super::refund::paid;
use crate::idempotency::known_id;
use crate::{App, order};

/// How often it is decided anew when another operator was faster.
const ROUNDS: usize = 4;

/// An adjustment, and who bears it.
#[derive(Clone, Debug)]
pub struct Adjusted {
    /// The adjustment.
    pub adjustment: Adjustment,
    /// Who bears it.
    pub burden: Burden,
}

impl Adjusted {
    fn new(order: &Order, adjustment: Adjustment) -> Self {
        Self { burden: order.burden(&adjustment), adjustment }
    }
}

/// What was given back of an order, oldest first, and what is left; for operators only.
pub async fn list(app: &App, who: &Principal, id: OrderId) -> Result<(Vec<Adjusted>, Remainder), Failure> {
    who.require(Role::Admin)?;
    let order = order::find(app, id).await?;
    let known = order::adjustments(app, &order).await?;
    let left = order.remainder(&known);
    Ok((known.into_iter().map(|one| Adjusted::new(&order, one)).collect(), left))
}

/// What would go back, and who would bear it, if it were given back now; for operators only.
pub async fn preview(
    app: &App,
    who: &Principal,
    id: OrderId,
    request: &AdjustmentRequest,
) -> Result<Adjusted, Failure> {
    who.require(Role::Admin)?;
    let order = order::find(app, id).await?;
    let known = order::adjustments(app, &order).await?;
    let adjustment = order.adjust(&known, app.ids.uuid().into(), request, app.now())?;
    Ok(Adjusted::new(&order, adjustment))
}

/// Gives something back of an order that has arrived; for operators only. Under the same `key` once.
pub async fn adjust(
    app: &App,
    who: &Principal,
    id: OrderId,
    request: &AdjustmentRequest,
    key: Option<&str>,
) -> Result<Adjusted, Failure> {
    who.require(Role::Admin)?;
    let order = order::find(app, id).await?;
    let new = key.map_or_else(|| app.ids.uuid(), |key| known_id(id.0, key)).into();
    for _ in 0..ROUNDS {
        let earlier = order::adjustments(app, &order).await?;
        if let Some(known) = earlier.iter().find(|known| known.id == new) {
            return Ok(Adjusted::new(&order, known.clone()));
        }
        let adjustment = order.adjust(&earlier, new, request, app.now())?;
        if commit(app, &order, &earlier, &adjustment).await? {
            tracing::info!(order = %id, adjustment = %new, by = %who.user, "something of an order was given back");
            return Ok(Adjusted::new(&order, adjustment));
        }
    }
    Err(StoreError::Conflict.into())
}

/// False: another one was faster.
async fn commit(
    app: &App,
    order: &Order,
    earlier: &[Adjustment],
    adjustment: &Adjustment,
) -> Result<bool, Failure> {
    let amount = adjustment.back.money;
    let payment = paid(app, order.id).await?;
    let mut tx = app.store.begin().await?;
    if !order::insert_adjustment(&mut tx, order, earlier, adjustment).await? {
        return Ok(false);
    }
    if amount > Won::ZERO {
        let payment = payment.ok_or_else(|| Failure::fault("an order that was paid by no payment"))?.id;
        let (id, reason, status) = (adjustment.id.into(), RefundReason::Adjusted, RefundStatus::Requested);
        let refund = Refund { id, payment, order: order.id, amount, reason, status, attempts: 0 };
        store::payment::refund::insert(&mut tx, &refund, adjustment.at).await?;
    }
    tx.commit().await?;
    Ok(true)
}
