//! The ledger: what it says, for operators, and whether it agrees with orders, payments and refunds.

use std::collections::HashMap;
use std::ops::{Range, RangeInclusive};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{Datelike as _, NaiveDate, TimeDelta};
use domain::ledger::{Account, Discrepancy, EntryKind, Facts, check};
use domain::order::Order;
use domain::points::GrantReason;
use domain::{Failure, LotId, OrderId, Principal, Refused, Role, Timestamp, Won, fault, week};

pub use store::ledger::{Turnover, Written};

use crate::module::{Module, Stopping};
use crate::{App, order, payment, points};

/// How many orders are compared at a time.
const ORDERS_AT_ONCE: u32 = 500;

/// The most discrepancies that are told of one day: more of them have one cause.
const DISCREPANCIES_MAX: usize = 100;

/// How often the worker compares.
const COMPARE_EVERY: Duration = Duration::from_secs(3_600);

/// How far back it compares: longer than anything takes to be paid and to go back, save for what
/// waits for an operator.
const COMPARED: TimeDelta = TimeDelta::days(3);

/// Years that a calendar on the wire can name (RFC 3339), and the database keep.
const YEARS: RangeInclusive<i32> = 1..=9999;

/// Which entries are asked for.
#[derive(Clone, Copy, Debug)]
pub enum EntryFilter {
    /// All of them.
    All,
    /// Those of an order.
    Order(OrderId),
    /// Those with a posting on an account.
    Account(Account),
    /// None: there is no such account.
    Nothing,
}

/// Entries, newest first, older than `before`; for operators only. Those of an order come all at
/// once.
pub async fn entries(
    app: &App,
    who: &Principal,
    wanted: EntryFilter,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Written>, Failure> {
    who.require(Role::Admin)?;
    Ok(match wanted {
        EntryFilter::Nothing => Vec::new(),
        EntryFilter::All => store::ledger::list(&app.store, before, limit).await?,
        EntryFilter::Account(account) => {
            store::ledger::of_account(&app.store, account, before, limit).await?
        }
        EntryFilter::Order(order) => {
            let mut all = store::ledger::of_orders(&app.store, &[order]).await?;
            all.retain(|written| before.is_none_or(|before| written.id < before));
            all.into_iter().rev().take(limit as usize).collect()
        }
    })
}

/// Something that happened to a customer's points.
#[derive(Clone, Debug)]
pub struct PointsEvent {
    /// Its number.
    pub id: i64,
    /// What happened.
    pub kind: EntryKind,
    /// How many the customer has more, or fewer if negative.
    pub change: Won,
    /// The order that earned or used them, or from which they came back.
    pub order: Option<OrderId>,
    /// Why an operator gave them.
    pub reason: Option<GrantReason>,
    /// When.
    pub at: Timestamp,
}

/// What happened to the user's points, newest first, older than `before`.
pub async fn points_history(
    app: &App,
    who: &Principal,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<PointsEvent>, Failure> {
    let account = Account::Points(who.user);
    let written = store::ledger::of_account(&app.store, account, before, limit).await?;
    let lots: Vec<LotId> = written.iter().map(|written| LotId(written.entry.reference)).collect();
    let reasons = points::reasons(app, &lots).await?;
    let event = |Written { id, at, entry }: Written| PointsEvent {
        id,
        kind: entry.kind,
        change: Won(-entry.on(account).0),
        order: entry.order,
        reason: reasons.get(&LotId(entry.reference)).copied(),
        at,
    };
    Ok(written.into_iter().map(event).collect())
}

/// A day of Seoul in the ledger.
#[derive(Clone, Debug)]
pub struct DayView {
    /// What was posted, by account. Debits and credits are the same sum.
    pub turnovers: Vec<Turnover>,
    /// How many orders had an entry on the day.
    pub orders: u64,
    /// What does not agree, at most 100.
    pub discrepancies: Vec<Discrepancy>,
}

/// What was posted on a day of Seoul, compared with the orders of that day; for operators only.
pub async fn day(app: &App, who: &Principal, day: NaiveDate) -> Result<DayView, Failure> {
    who.require(Role::Admin)?;
    if !YEARS.contains(&day.year()) {
        return Err(Refused::field("/day", fault::OUT_OF_RANGE, "0001-01-01 to 9999-12-31").into());
    }
    let within = week::midnight(day)..week::midnight(day + TimeDelta::days(1));
    let turnovers = store::ledger::turnover(&app.store, within.clone()).await?;
    let (orders, discrepancies) = compare(app, within).await?;
    Ok(DayView { turnovers, orders, discrepancies })
}

/// Compares all orders that have an entry within this time: how many there are, and what does not
/// agree.
pub async fn compare(app: &App, within: Range<Timestamp>) -> Result<(u64, Vec<Discrepancy>), Failure> {
    let (mut orders, mut discrepancies) = (0, Vec::new());
    let mut after = OrderId(uuid::Uuid::nil());
    loop {
        let ids = store::ledger::orders_within(&app.store, within.clone(), after, ORDERS_AT_ONCE).await?;
        let Some(last) = ids.last() else { break };
        after = *last;
        orders += ids.len() as u64;
        if discrepancies.len() < DISCREPANCIES_MAX {
            discrepancies.extend(compare_orders(app, &ids).await?);
        }
    }
    discrepancies.truncate(DISCREPANCIES_MAX);
    Ok((orders, discrepancies))
}

/// What does not agree of these orders. They are read one after the other, and events may happen in
/// between: only what two comparisons find alike is wrong.
async fn compare_orders(app: &App, ids: &[OrderId]) -> Result<Vec<Discrepancy>, Failure> {
    let mut found = compare_once(app, ids).await?;
    if !found.is_empty() {
        let ids: Vec<OrderId> = found.iter().map(|discrepancy| discrepancy.order).collect();
        let again = compare_once(app, &ids).await?;
        found.retain(|discrepancy| again.contains(discrepancy));
    }
    Ok(found)
}

async fn compare_once(app: &App, ids: &[OrderId]) -> Result<Vec<Discrepancy>, Failure> {
    let orders = order::find_many(app, ids).await?;
    let payments = by_order(payment::of_orders(app, ids).await?, |payment| Some(payment.order));
    let refunds = by_order(payment::refund::of_orders(app, ids).await?, |refund| Some(refund.order));
    let adjustments = order::adjustments_of(app, ids).await?;
    let written = store::ledger::of_orders(&app.store, ids).await?;
    let entries = by_order(written.into_iter().map(|written| written.entry), |entry| entry.order);
    let now = app.now();
    let of = |order: &Order| {
        let id = &order.id;
        let (payments, refunds) = (slice(&payments, id), slice(&refunds, id));
        let facts = Facts { order, adjustments: slice(&adjustments, id), payments, refunds };
        check(facts, slice(&entries, id), now)
    };
    Ok(orders.iter().flat_map(of).collect())
}

fn by_order<T>(
    all: impl IntoIterator<Item = T>,
    order: impl Fn(&T) -> Option<OrderId>,
) -> HashMap<OrderId, Vec<T>> {
    let mut of = HashMap::<OrderId, Vec<T>>::new();
    for one in all {
        if let Some(order) = order(&one) {
            of.entry(order).or_default().push(one);
        }
    }
    of
}

fn slice<'a, T>(of: &'a HashMap<OrderId, Vec<T>>, order: &OrderId) -> &'a [T] {
    of.get(order).map(Vec::as_slice).unwrap_or_default()
}

/// How much did not agree when it was compared last, by this process.
#[derive(Debug, Default)]
pub struct LastComparison(AtomicU64);

impl LastComparison {
    /// The number of discrepancies.
    pub fn discrepancies(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The worker that compares the last days.
pub(crate) fn module() -> Module {
    Module::default().worker("ledger check", compare_lately)
}

async fn compare_lately(app: App, mut stopping: Stopping) -> Result<(), Failure> {
    loop {
        tokio::select! {
            () = tokio::time::sleep(COMPARE_EVERY) => {}
            () = &mut stopping => return Ok(()),
        }
        let now = app.now();
        let (_, discrepancies) = compare(&app, now - COMPARED..now).await?;
        for Discrepancy { order, what } in &discrepancies {
            tracing::error!(%order, ?what, "the ledger does not agree");
        }
        app.ledger.0.store(discrepancies.len() as u64, Ordering::Relaxed);
    }
}
