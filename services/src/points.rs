//! Points: operators give some, customers see what they have. Orders earn, use and return them in their
//! own transactions; what happened to them is in the ledger.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::TimeDelta;
use domain::points::{Grant, GrantReason, PointsRefusal, USE_MIN};
use domain::{Failure, LotId, Principal, Refused, Role, Timestamp, UserId, Won, fault};
use store::StoreError;
use store::points as rows;

use crate::idempotency::known_id;
use crate::{App, user};

/// Points that expire within so long are pointed out.
const SOON: TimeDelta = TimeDelta::days(30);

/// More than anybody has.
const WANTED_MAX: Won = Won(100_000_000);

/// What points need from orders. A trait, because the order module depends on this one.
#[async_trait]
pub trait InOrders: Send + Sync + 'static {
    /// The points of a customer's orders that are not over.
    async fn of_customer(&self, customer: UserId) -> Result<OfOrders, Failure>;
}

/// See [`InOrders`].
#[derive(Clone, Copy, Debug)]
pub struct OfOrders {
    /// What the one that is not paid yet holds. Another one would take its place.
    pub held: Won,
    /// What those that are paid will earn.
    pub pending: Won,
}

/// What a customer has.
#[derive(Clone, Copy, Debug)]
pub struct Balance {
    /// What can be used.
    pub available: Won,
    /// What an order that is not paid yet holds.
    pub held: Won,
    /// What orders will earn when they are completed.
    pub pending: Won,
    /// What of the available ones expires within 30 days.
    pub soon: Won,
    /// When the first of the available ones expire.
    pub first_expiry: Option<Timestamp>,
}

/// What the user has.
pub async fn balance(app: &App, who: &Principal) -> Result<Balance, Failure> {
    let now = app.now();
    let rows::Balance { available, soon, first } =
        rows::balance(&app.store, who.user, now, now + SOON).await?;
    let OfOrders { held, pending } = app.points_in_orders.of_customer(who.user).await?;
    Ok(Balance { available, held, pending, soon, first_expiry: first })
}

/// How many points the customer can use for another order, which would take the place of the one that is
/// not paid yet.
pub(crate) async fn available(app: &App, customer: UserId) -> Result<Won, Failure> {
    let now = app.now();
    let available = rows::balance(&app.store, customer, now, now).await?.available;
    let held = app.points_in_orders.of_customer(customer).await?.held;
    available.plus(held).map_err(Failure::fault)
}

/// Refuses an amount that the customer cannot use. None is always all right.
pub(crate) async fn check(app: &App, customer: UserId, wanted: Won) -> Result<(), Failure> {
    if !(Won::ZERO..=WANTED_MAX).contains(&wanted) {
        let detail = format!("0 to {WANTED_MAX}");
        return Err(Refused::field("/points_won", fault::OUT_OF_RANGE, detail).into());
    }
    if wanted == Won::ZERO {
        return Ok(());
    }
    let available = available(app, customer).await?;
    if wanted > available {
        return Err(PointsRefusal::NotEnough { available }.into());
    }
    if wanted < USE_MIN { Err(PointsRefusal::TooFew.into()) } else { Ok(()) }
}

/// What an operator gives.
#[derive(Clone, Copy, Debug)]
pub struct NewGrant {
    /// Whom.
    pub customer: UserId,
    /// How many.
    pub amount: Won,
    /// Why.
    pub reason: GrantReason,
    /// For how many days they can be used.
    pub days: u32,
}

/// Gives points; for operators only. Under the same `key` the same ones. Refused if there is no such
/// customer.
pub async fn give(app: &App, who: &Principal, new: NewGrant, key: Option<&str>) -> Result<Grant, Failure> {
    who.require(Role::Admin)?;
    let NewGrant { customer, amount, reason, days } = new;
    user::profile(app, customer).await?;
    let key = key.map(|key| known_id(who.user.0, key));
    let grant = Grant::new((LotId(app.ids.uuid()), customer), amount, reason, days, app.now())?;
    match rows::give(&app.store, &grant, who.user, key).await {
        Err(StoreError::Conflict) => {}
        given => {
            given?;
            tracing::info!(by = %who.user, %customer, lot = %grant.id, "points were given");
            return Ok(grant);
        }
    }
    let known = match key {
        Some(key) => rows::by_key(&app.store, key).await?,
        None => None,
    };
    known.ok_or_else(|| StoreError::Conflict.into())
}

/// What operators gave, and who did, newest first, older than `before`; for operators only.
pub async fn grants(
    app: &App,
    who: &Principal,
    before: Option<LotId>,
    limit: u32,
) -> Result<Vec<(Grant, UserId)>, Failure> {
    who.require(Role::Admin)?;
    Ok(rows::grants(&app.store, before, limit).await?)
}

/// Why these were given, of those that an operator gave.
pub(crate) async fn reasons(app: &App, lots: &[LotId]) -> Result<HashMap<LotId, GrantReason>, Failure> {
    Ok(rows::reasons(&app.store, lots).await?.into_iter().collect())
}

/// Takes away what has expired.
pub(crate) async fn tidy(app: &App) -> Result<(), Failure> {
    while rows::expire(&app.store, &*app.ids, app.now()).await? {}
    Ok(())
}

/// Takes away all points of somebody who leaves.
pub(crate) async fn erase(app: &App, user: UserId) -> Result<(), Failure> {
    Ok(rows::erase(&app.store, &*app.ids, user, app.now()).await?)
}
