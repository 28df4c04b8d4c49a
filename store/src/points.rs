//! Points in lots. Orders take from them and give back in their own transactions; whatever changes how many
//! points a customer has is in the ledger, by the same transaction.

use domain::ledger::{points_earned, points_expired, points_given};
use domain::order::Order;
use domain::points::{Grant, GrantReason, LotPart, expiry, give_back, kept_until, take};
use domain::{Ids, LotId, OrderId, Timestamp, UserId, Won};
use uuid::Uuid;

use crate::{Store, StoreError, Tx, broken_constraint, ledger};

/// How many lots expire in one transaction.
const EXPIRED_AT_ONCE: i64 = 500;

/// The points that a customer can use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// How many.
    pub available: Won,
    /// How many of them expire before a certain time.
    pub soon: Won,
    /// When the first ones expire.
    pub first: Option<Timestamp>,
}

/// The points that a customer can use at `now`, and how many of them expire before `soon`.
pub async fn balance(
    store: &Store,
    customer: UserId,
    now: Timestamp,
    soon: Timestamp,
) -> Result<Balance, StoreError> {
    let row = sqlx::query!(
        r#"select coalesce(sum(left_won), 0)::bigint as "available!",
                  coalesce(sum(left_won) filter (where expires_at < $3), 0)::bigint as "soon!",
                  min(expires_at) as first
           from points.lots where customer_id = $1 and left_won > 0 and expires_at > $2"#,
        customer.0,
        now,
        soon
    )
    .fetch_one(store.pool())
    .await?;
    Ok(Balance { available: Won(row.available), soon: Won(row.soon), first: row.first })
}

/// Takes points for an order from the lots of its customer. False: there are not so many.
pub(crate) async fn reserve(tx: &mut Tx, order: &Order, now: Timestamp) -> Result<bool, StoreError> {
    // Locked in the order in which they expire, here and by `return_to`: two that meet wait, and never
    // for each other.
    let left = sqlx::query!(
        "select id, left_won from points.lots
         where customer_id = $1 and left_won > 0 and expires_at > $2 order by expires_at, id for update",
        order.customer.0,
        now
    )
    .fetch_all(&mut **tx)
    .await?;
    let left: Vec<LotPart> = left.into_iter().map(|row| part(row.id, row.left_won)).collect();
    let Some(taken) = take(&left, order.points) else { return Ok(false) };
    let (lots, amounts) = columns(&taken);
    sqlx::query!(
        "with taken as (
             select lot, amount from unnest($2::uuid[], $3::bigint[]) as taken (lot, amount)
         ), used as (
             insert into points.uses (order_id, lot_id, amount_won) select $1, lot, amount from taken
         )
         update points.lots set left_won = left_won - amount from taken where id = lot",
        order.id.0,
        &lots,
        &amounts
    )
    .execute(&mut **tx)
    .await?;
    Ok(true)
}

/// Gives points of an order back to their lots, until `amount` have been in all. May be repeated.
pub(crate) async fn return_to(
    tx: &mut Tx,
    order: OrderId,
    amount: Won,
    is_customers_fault: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    let uses = sqlx::query!(
        "select lot_id, uses.amount_won, returned_won, expires_at
         from points.uses join points.lots on lots.id = lot_id
         where uses.order_id = $1 order by expires_at, lot_id for update of lots",
        order.0
    )
    .fetch_all(&mut **tx)
    .await?;
    let returned: i64 = uses.iter().map(|row| row.returned_won).sum();
    let kept: Vec<LotPart> =
        uses.iter().map(|row| part(row.lot_id, row.amount_won - row.returned_won)).collect();
    let back = give_back(&kept, Won(amount.0 - returned).or_zero());
    let until = |lot: &LotPart| {
        let expires_at = uses.iter().find(|row| row.lot_id == lot.lot.0).map_or(now, |row| row.expires_at);
        kept_until(expires_at, now, is_customers_fault)
    };
    let untils: Vec<Timestamp> = back.iter().map(until).collect();
    let (lots, amounts) = columns(&back);
    sqlx::query!(
        "with back as (
             select lot, amount, until
             from unnest($2::uuid[], $3::bigint[], $4::timestamptz[]) as back (lot, amount, until)
         ), used as (
             update points.uses set returned_won = returned_won + amount from back
             where order_id = $1 and lot_id = lot
         )
         update points.lots set left_won = left_won + amount, expires_at = until from back where id = lot",
        order.0,
        &lots,
        &amounts,
        &untils
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What a completed order earned becomes a lot. May be repeated.
pub(crate) async fn earn(tx: &mut Tx, order: &Order, now: Timestamp) -> Result<(), StoreError> {
    let Some(entry) = points_earned(order) else { return Ok(()) };
    ledger::post(tx, Some(entry), now);
    sqlx::query!(
        "insert into points.lots (id, customer_id, order_id, amount_won, left_won, given_at, expires_at)
         values ($1, $2, $1, $3, $3, $4, $5) on conflict (id) do nothing",
        order.id.0,
        order.customer.0,
        order.reward.0,
        now,
        expiry(now)
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Writes a grant of an operator. A conflict if there is one of this key.
pub async fn give(store: &Store, grant: &Grant, by: UserId, key: Option<Uuid>) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    let inserted = sqlx::query!(
        "insert into points.lots
             (id, customer_id, reason, given_by, grant_key, amount_won, left_won, given_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $6, $7, $8)",
        grant.id.0,
        grant.customer.0,
        grant.reason.as_str(),
        by.0,
        key,
        grant.amount.0,
        grant.given_at,
        grant.expires_at
    )
    .execute(&mut *tx)
    .await;
    match inserted {
        Err(error) if broken_constraint(&error) == Some("lots_given_once") => Err(StoreError::Conflict),
        other => {
            other?;
            ledger::post(&mut tx, points_given(grant), grant.given_at);
            tx.commit().await
        }
    }
}

/// The grant of this key.
pub async fn by_key(store: &Store, key: Uuid) -> Result<Option<Grant>, StoreError> {
    let row = sqlx::query_as!(
        GrantRow,
        r#"select id, customer_id, reason as "reason!", given_by as "given_by!", amount_won, given_at, expires_at
           from points.lots where grant_key = $1"#,
        key
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row.map(GrantRow::read).transpose()?.map(|(grant, _)| grant))
}

/// Why these were given, in no order, of those that an operator gave.
pub async fn reasons(store: &Store, lots: &[LotId]) -> Result<Vec<(LotId, GrantReason)>, StoreError> {
    let lots: Vec<Uuid> = lots.iter().map(|lot| lot.0).collect();
    let rows = sqlx::query!(
        r#"select id, reason as "reason!" from points.lots where id = any($1) and reason is not null"#,
        &lots
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter().map(|row| Ok((LotId(row.id), reason(&row.reason)?))).collect()
}

/// The grants of operators and who gave each, newest first, older than `before`, at most `limit`.
pub async fn grants(
    store: &Store,
    before: Option<LotId>,
    limit: u32,
) -> Result<Vec<(Grant, UserId)>, StoreError> {
    let rows = sqlx::query_as!(
        GrantRow,
        r#"select id, customer_id, reason as "reason!", given_by as "given_by!", amount_won, given_at, expires_at
           from points.lots where reason is not null and id < $1 order by id desc limit $2"#,
        before.map_or(Uuid::max(), |id| id.0),
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter().map(GrantRow::read).collect()
}

/// Takes away what is left of lots whose time is over. Returns whether there may be more of them.
pub async fn expire(store: &Store, ids: &dyn Ids, now: Timestamp) -> Result<bool, StoreError> {
    let mut tx = store.begin().await?;
    let lots = sqlx::query!(
        "select id, customer_id, left_won from points.lots
         where left_won > 0 and expires_at <= $1 order by expires_at, id limit $2 for update skip locked",
        now,
        EXPIRED_AT_ONCE
    )
    .fetch_all(&mut *tx)
    .await?;
    let count = lots.len();
    let left = lots.into_iter().map(|lot| (lot.id, lot.customer_id, lot.left_won));
    empty(tx, ids, left.collect(), now).await?;
    Ok(i64::try_from(count).is_ok_and(|count| count == EXPIRED_AT_ONCE))
}

/// Takes away all points of somebody who leaves.
pub async fn erase(store: &Store, ids: &dyn Ids, customer: UserId, now: Timestamp) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    let lots = sqlx::query!(
        "select id, left_won from points.lots
         where customer_id = $1 and left_won > 0 order by expires_at, id for update",
        customer.0
    )
    .fetch_all(&mut *tx)
    .await?;
    let left = lots.into_iter().map(|lot| (lot.id, customer.0, lot.left_won));
    empty(tx, ids, left.collect(), now).await
}

/// Empties these locked lots: their ids, customers, and what is left of them.
async fn empty(
    mut tx: Tx,
    ids: &dyn Ids,
    lots: Vec<(Uuid, Uuid, i64)>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let emptied: Vec<Uuid> = lots.iter().map(|(id, ..)| *id).collect();
    sqlx::query!("update points.lots set left_won = 0 where id = any($1)", &emptied)
        .execute(&mut *tx)
        .await?;
    for (_, customer, left) in lots {
        // A lot may get points back and expire again.
        ledger::post(&mut tx, points_expired(ids.uuid(), UserId(customer), Won(left)), now);
    }
    tx.commit().await
}

fn part(lot: Uuid, amount: i64) -> LotPart {
    LotPart { lot: LotId(lot), amount: Won(amount) }
}

fn columns(parts: &[LotPart]) -> (Vec<Uuid>, Vec<i64>) {
    parts.iter().map(|part| (part.lot.0, part.amount.0)).unzip()
}

struct GrantRow {
    id: Uuid,
    customer_id: Uuid,
    reason: String,
    given_by: Uuid,
    amount_won: i64,
    given_at: Timestamp,
    expires_at: Timestamp,
}

impl GrantRow {
    /// The grant, and who gave it.
    fn read(self) -> Result<(Grant, UserId), StoreError> {
        let reason = reason(&self.reason)?;
        let grant = Grant {
            id: LotId(self.id),
            customer: UserId(self.customer_id),
            amount: Won(self.amount_won),
            reason,
            given_at: self.given_at,
            expires_at: self.expires_at,
        };
        Ok((grant, UserId(self.given_by)))
    }
}

fn reason(name: &str) -> Result<GrantReason, StoreError> {
    GrantReason::parse(name).ok_or_else(|| StoreError::Fault(format!("reason of points {name}").into()))
}
