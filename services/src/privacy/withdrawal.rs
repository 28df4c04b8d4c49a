//! A withdrawal: one transaction that closes the account, and a durable job that does the rest.
//!
//! Each step may run twice and the store counts those that are done, so a process that dies in
//! between loses nothing: another one goes on.

use std::net::IpAddr;

use chrono::TimeDelta;
use domain::personal_data::{CONNECTION, CONTRACT};
use domain::privacy::{self, LOOK_AGAIN, PrivacyReminder, Step, Whose};
use domain::{Channel, CourierId, Failure, OrderId, Principal, Timestamp, UserId};
use serde_json::json;
use store::privacy::{Retained, begin_withdrawal, next_step, retain, step_done};
use store::{Tx, jobs, journal};

use super::{copy, require_proof};
use crate::{
    App, auth, cart, coupon, idempotency, order, payment, points, restaurant, support, tracking, user,
};

/// How long after an order its restaurant's board and couriers may tell of it: it may be scheduled
/// for a week ahead.
const TOLD_OF: TimeDelta = TimeDelta::days(14);

/// Leaves the service. Refused while there are orders that are not over (`user.live_orders`), or shops
/// of theirs that were not given up (`user.live_shops`). When it
/// returns, the account is closed, its sessions have ended, and what it was recognised by is free.
pub async fn withdraw(
    app: &App,
    who: &Principal,
    password: Option<&str>,
    from: IpAddr,
) -> Result<(), Failure> {
    require_proof(app, who, password, from).await?;
    let live = live_orders(app, who.user).await?;
    if !live.is_empty() {
        let codes: Vec<String> = live.iter().map(|order| order.code().to_string()).collect();
        return Err(privacy::live_orders(codes.join(", ")).into());
    }
    if restaurant::must_stay(app, who.user).await? {
        return Err(privacy::live_shops().into());
    }
    let now = app.now();
    let profile = user::profile(app, who.user).await?;
    let has_ordered = order::erasure::any(&app.store, who.user).await?;
    let mut tx = app.store.begin().await?;
    let closed = auth::close_account(app, &mut tx, who.user, from).await?;
    let Some((closed, sessions)) = closed else { return Err(Failure::not_found("user")) };
    if has_ordered {
        let data = json!({ "name": profile.name, "phone": profile.phone, "identities": closed.identities });
        keep(&mut tx, who.user, "identity", (&CONTRACT, data), now).await?;
    }
    if !closed.connections.is_empty() {
        let data = json!({ "connections": closed.connections });
        keep(&mut tx, who.user, "connections", (&CONNECTION, data), now).await?;
    }
    begin_withdrawal(&mut tx, who.user, now).await?;
    jobs::remind(&mut tx, &key(who.user), now, PrivacyReminder::WithdrawalGoesOn { user: who.user });
    tx.commit().await?;
    auth::announce_ended(app, &sessions);
    tracing::info!(user = %who.user, "somebody left");
    Ok(())
}

fn key(user: UserId) -> String {
    format!("withdrawal-{user}")
}

async fn keep(
    tx: &mut Tx,
    user: UserId,
    kind: &'static str,
    (purpose, data): (&domain::personal_data::Purpose, serde_json::Value),
    now: Timestamp,
) -> Result<(), Failure> {
    let retained = Retained { subject: user.0, kind, purpose, from: now, data };
    Ok(retain(tx, user, &retained, now).await?)
}

/// The orders that are not over: those that they placed, and those that they bring.
async fn live_orders(app: &App, user: UserId) -> Result<Vec<OrderId>, Failure> {
    let mut live = order::erasure::live(&app.store, user).await?;
    let carried = tracking::live(&app.store, CourierId::from(user)).await?;
    live.extend(carried.into_iter().map(|delivery| delivery.order));
    Ok(live)
}

/// Does the next step of a withdrawal, and is reminded of the one after it: so each step has as many tries
/// as a reminder has. An order that was placed in the very moment of it is waited for.
pub(super) async fn go_on(app: &App, user: UserId) -> Result<(), Failure> {
    let Some(step) = next_step(&app.store, user).await? else { return Ok(()) };
    match step {
        Step::Profile => {
            user::erase(app, user).await?;
            restaurant::forget_person(app, user).await?;
        }
        Step::Cart => cart::erase(&app.store, user).await?,
        Step::Orders => {
            if !live_orders(app, user).await?.is_empty() {
                let mut tx = app.store.begin().await?;
                again(&mut tx, user, app.now() + LOOK_AGAIN);
                return Ok(tx.commit().await?);
            }
            orders(app, user).await?;
        }
        Step::Conversations => conversations(app, user).await?,
        Step::Courier => courier(app, user).await?,
        Step::Answers => {
            idempotency::erase(&app.store, user).await?;
            copy::drop_all(app, user).await?;
        }
        Step::Rest => store::privacy::erase_rest(&app.store, user).await?,
        Step::PaymentMethods => payment::method::erase(app, user).await?,
        Step::Coupons => coupon::erase(app, user).await?,
        Step::Points => points::erase(app, user).await?,
    }
    let (mut tx, now) = (app.store.begin().await?, app.now());
    step_done(&mut tx, user, step, now).await?;
    again(&mut tx, user, now);
    tx.commit().await?;
    tracing::info!(%user, ?step, "a step of a withdrawal is done");
    Ok(())
}

fn again(tx: &mut Tx, user: UserId, at: Timestamp) {
    jobs::remind(tx, &key(user), at, PrivacyReminder::WithdrawalGoesOn { user });
}

/// Orders with their deliveries and all their events, some in each transaction.
async fn orders(app: &App, user: UserId) -> Result<(), Failure> {
    let mut after = None;
    loop {
        let mut tx = app.store.begin().await?;
        let batch = order::erasure::erase_batch(&mut tx, user, after, app.now()).await?;
        let Some(last) = batch.last() else { return Ok(()) };
        after = Some(last.id);
        let ids: Vec<OrderId> = batch.iter().map(|erased| erased.id).collect();
        let couriers = tracking::erase_deliveries(&mut tx, &ids).await?;
        let boards = batch.iter().map(|erased| Channel::Merchant(erased.restaurant));
        let told = journal::Where {
            own: ids.iter().flat_map(|id| [Channel::Order(*id), Channel::Delivery(*id)]).collect(),
            feeds: boards.chain(couriers.into_iter().map(Channel::Courier)).collect(),
            from: batch.iter().map(|erased| erased.created_at).min().unwrap_or_default(),
            until: batch.iter().map(|erased| erased.created_at).max().unwrap_or_default() + TOLD_OF,
            orders: ids,
        };
        journal::erase(&mut tx, &told, Whose::Customer).await?;
        tx.commit().await?;
    }
}

async fn conversations(app: &App, user: UserId) -> Result<(), Failure> {
    let mut after = None;
    loop {
        let mut tx = app.store.begin().await?;
        after = support::erase_conversation(&mut tx, user, after, app.now()).await?;
        tx.commit().await?;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// What they left as a courier: nothing, for most.
async fn courier(app: &App, user: UserId) -> Result<(), Failure> {
    let courier = CourierId::from(user);
    let mut tx = app.store.begin().await?;
    tracking::erase_courier(&mut tx, courier).await?;
    tx.commit().await?;
    let mut after = None;
    loop {
        let mut tx = app.store.begin().await?;
        let brought = tracking::erase_carrier(&mut tx, courier, after).await?;
        after = brought.last().copied();
        let own = brought.into_iter().map(Channel::Delivery).collect();
        journal::erase(&mut tx, &journal::Where { own, ..Default::default() }, Whose::Courier).await?;
        tx.commit().await?;
        if after.is_none() {
            return Ok(());
        }
    }
}
