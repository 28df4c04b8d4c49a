//! What an order holds, in its own transactions: its slot, portions of limited dishes, coupons and
//! points.

use domain::ledger::{points_returned, points_used};
use domain::menu::stock;
use domain::order::{Fact, Fault, Order, OrderEvent, Status};
use domain::restaurant::slot;
use domain::{CouponId, Timestamp, Won};

use super::has_other;
use crate::{StoreError, Tx, coupon, ledger, menu, points, restaurant};

/// Reserves all of it for a new order. False: something cannot be had, and the transaction must not be
/// committed.
pub(super) async fn reserve(tx: &mut Tx, order: &Order, now: Timestamp) -> Result<bool, StoreError> {
    Ok(reserve_slot(tx, order).await?
        && reserve_portions(tx, order, now).await?
        && reserve_coupons(tx, order).await?
        && reserve_points(tx, order, now).await?)
}

/// Keeps what the order holds as its own once it is paid, and gives it back if nothing comes of it.
pub(super) async fn settle(
    tx: &mut Tx,
    order: &Order,
    events: &[OrderEvent],
    now: Timestamp,
) -> Result<(), StoreError> {
    settle_slot(tx, order, is_paid(events)).await?;
    settle_portions(tx, order, is_paid(events)).await?;
    settle_coupons(tx, order, is_paid(events)).await?;
    settle_points(tx, order, events, now).await
}

/// Whether the order is paid by these events.
fn is_paid(events: &[OrderEvent]) -> bool {
    events.iter().any(|event| matches!(event.fact, Fact::Placed | Fact::Scheduled { .. }))
}

/// False: the slot is full.
async fn reserve_slot(tx: &mut Tx, order: &Order) -> Result<bool, StoreError> {
    let Some(slot) = order.slot else { return Ok(true) };
    restaurant::slot::reserve(tx, (order.id, order.customer), order.restaurant, slot::start(slot)).await
}

/// Gives the slot back if the order came to nothing.
async fn settle_slot(tx: &mut Tx, order: &Order, is_paid: bool) -> Result<(), StoreError> {
    if order.slot.is_none() {
        return Ok(());
    }
    if order.is_dead() {
        return restaurant::slot::release(tx, order.id).await;
    }
    if is_paid { restaurant::slot::paid(tx, order.id).await } else { Ok(()) }
}

/// False: not enough portions are left.
async fn reserve_portions(tx: &mut Tx, order: &Order, now: Timestamp) -> Result<bool, StoreError> {
    let portions = stock::portions(&order.lines);
    if portions.is_empty() {
        return Ok(true);
    }
    let day = stock::day(order.slot.unwrap_or(now));
    menu::stock::reserve(tx, (order.id, order.customer), day, &portions).await
}

/// Gives the portions back if the order ended unsold, however it did; keeps them if it was sold.
async fn settle_portions(tx: &mut Tx, order: &Order, is_paid: bool) -> Result<(), StoreError> {
    if !order.ordered_lines().any(|line| line.limited) {
        return Ok(());
    }
    if !order.status.is_terminal() {
        return if is_paid { menu::stock::paid(tx, order.id).await } else { Ok(()) };
    }
    if order.is_dead() {
        menu::stock::release(tx, order.id).await
    } else {
        menu::stock::keep(tx, order.id).await
    }
}

/// False: one of the coupons is not the customer's or is used, or it is for a first order and this is
/// none.
async fn reserve_coupons(tx: &mut Tx, order: &Order) -> Result<bool, StoreError> {
    if order.discounts.is_empty() {
        return Ok(true);
    }
    let coupons: Vec<CouponId> = order.discounts.iter().map(|discount| discount.coupon).collect();
    let reserved = coupon::reserve(tx, (order.id, order.customer), &coupons).await?;
    // A customer has one unpaid order, which is this one now: whatever else they pay for is paid.
    let is_late = reserved.for_the_first_order && has_other(&mut **tx, order.customer, order.id).await?;
    Ok(reserved.count == coupons.len() && !is_late)
}

/// Redeems the coupons of an order that is paid, and gives them back if it is undone.
async fn settle_coupons(tx: &mut Tx, order: &Order, is_paid: bool) -> Result<(), StoreError> {
    if order.discounts.is_empty() {
        return Ok(());
    }
    if order.is_undone() {
        return coupon::release(tx, order.id).await;
    }
    if is_paid { coupon::redeem(tx, order.id).await } else { Ok(()) }
}

/// False: the customer has not so many points.
async fn reserve_points(tx: &mut Tx, order: &Order, now: Timestamp) -> Result<bool, StoreError> {
    if order.points == Won::ZERO { Ok(true) } else { points::reserve(tx, order, now).await }
}

/// What is paid by points is used when the order is paid. They go back for what is taken out of it, and when
/// it ended early as far as its customer does not bear it. A completed order earns some.
async fn settle_points(
    tx: &mut Tx,
    order: &Order,
    events: &[OrderEvent],
    now: Timestamp,
) -> Result<(), StoreError> {
    if order.status == Status::Completed {
        points::earn(tx, order, now).await?;
    }
    if is_paid(events) {
        ledger::post(tx, points_used(order), now);
    }
    let is_cut = events.iter().any(|event| matches!(event.fact, Fact::LinesCancelled { .. }));
    let at_its_end = order.back();
    let back = Won(order.cancelled().points.0 + at_its_end.unwrap_or_default().points.0);
    if back == Won::ZERO || !(is_cut || at_its_end.is_some()) {
        return Ok(());
    }
    // What was taken out was not there; that an order was not paid is nobody else's fault.
    let is_customers_fault = !is_cut && order.ending.as_ref().is_none_or(|it| it.fault == Fault::Customer);
    points::return_to(tx, order.id, back, is_customers_fault, now).await?;
    for entry in points_returned(order, &[]) {
        ledger::post(tx, Some(entry), now);
    }
    Ok(())
}
