//! What operators gave back of orders that had arrived. The money of it is the payment's.

use std::collections::HashMap;

use domain::order::{Adjustment, Order};
use domain::{Failure, OrderId};
use store::Tx;

use crate::App;

/// The adjustments of an order, oldest first.
pub(crate) async fn adjustments(app: &App, order: &Order) -> Result<Vec<Adjustment>, Failure> {
    Ok(adjustments_of(app, &[order.id]).await?.remove(&order.id).unwrap_or_default())
}

/// The same of several orders.
pub(crate) async fn adjustments_of(
    app: &App,
    orders: &[OrderId],
) -> Result<HashMap<OrderId, Vec<Adjustment>>, Failure> {
    if orders.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(store::order::adjustment::of_orders(&app.store, orders).await?)
}

/// Writes one after these `earlier` ones. False: there is another one by now, and `tx` must not be committed.
pub(crate) async fn insert_adjustment(
    tx: &mut Tx,
    order: &Order,
    earlier: &[Adjustment],
    adjustment: &Adjustment,
) -> Result<bool, Failure> {
    Ok(store::order::adjustment::insert(tx, order, earlier, adjustment).await?)
}
