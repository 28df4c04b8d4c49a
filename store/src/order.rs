//! Orders, and the board feed of their restaurants.

pub mod adjustment;
pub mod erasure;
mod holdings;
pub mod intervention;

use std::collections::BTreeMap;

use domain::ledger::order_shared;
use domain::order::{BoardEvent, Order, OrderCode, OrderEvent, OrderReminder, Status, Timer, Times};
use domain::{Channel, Event, OrderId, QuoteId, RestaurantId, Timestamp, UserId, Won};
use sqlx::PgExecutor;
use sqlx::types::{Json, Uuid};

use crate::journal::{self, signed};
use crate::vault::{Plain, SealedColumn, Vault};
use crate::{Store, StoreError, Tx, broken_constraint, jobs, ledger};

/// How couriers get into the building that an order is for.
pub(crate) const ENTRANCE_NOTE: SealedColumn = SealedColumn {
    purpose: "order.entrance_note",
    table: "orders.orders",
    column: "sealed_entrance_note",
    row: "id::text",
    plain: Some(Plain {
        value: "convert_to(state #>> '{drop_off,entrance_note}', 'UTF8')",
        is_there: "state #>> '{drop_off,entrance_note}' <> ''",
        emptied: "state = jsonb_set(state, '{drop_off,entrance_note}', '\"\"')",
    }),
};

/// Whose orders are listed.
#[derive(Clone, Copy, Debug)]
pub enum OrderScope {
    /// A customer's, all of them.
    Customer(UserId),
    /// A restaurant's, once they are paid for.
    Restaurant(RestaurantId),
}

/// What is kept of an order: its document, and beside it the entrance note.
struct OrderRow {
    state: Json<Order>,
    sealed_entrance_note: Option<Vec<u8>>,
}

impl OrderRow {
    fn open(self, vault: &Vault) -> Result<Order, StoreError> {
        let Self { state: Json(mut order), sealed_entrance_note: sealed } = self;
        if let Some(drop_off) = &mut order.drop_off {
            let plain = std::mem::take(&mut drop_off.entrance_note);
            drop_off.entrance_note = vault.open_either(&ENTRANCE_NOTE, order.id, sealed.as_deref(), plain)?;
        }
        Ok(order)
    }
}

/// The orders of these rows, in their order.
fn opened(store: &Store, rows: Vec<OrderRow>) -> Result<Vec<Order>, StoreError> {
    rows.into_iter().map(|row| row.open(store.vault())).collect()
}

/// The sealed entrance note of an order, if it has one.
fn sealed_note(vault: &Vault, order: &Order) -> Option<Vec<u8>> {
    let note = order.drop_off.as_ref().map_or("", |drop_off| &drop_off.entrance_note);
    vault.seal_text(&ENTRANCE_NOTE, order.id, note)
}

/// The order as last committed.
pub async fn load(store: &Store, id: OrderId) -> Result<Option<Order>, StoreError> {
    let row = sqlx::query_as!(
        OrderRow,
        r#"select state as "state: Json<Order>", sealed_entrance_note from orders.orders where id = $1"#,
        id.0
    )
    .fetch_optional(store.pool())
    .await?;
    row.map(|row| row.open(store.vault())).transpose()
}

/// The order that was made from this quote, if one was.
pub async fn by_quote(store: &Store, quote: QuoteId) -> Result<Option<Order>, StoreError> {
    let row = sqlx::query_as!(
        OrderRow,
        r#"select state as "state: Json<Order>", sealed_entrance_note from orders.orders where quote_id = $1"#,
        quote.0
    )
    .fetch_optional(store.pool())
    .await?;
    row.map(|row| row.open(store.vault())).transpose()
}

/// The live order of this version of a customer's cart, if there is one.
pub async fn live_of_cart(
    store: &Store,
    customer: UserId,
    cart_version: u64,
) -> Result<Option<Order>, StoreError> {
    let row = sqlx::query_as!(
        OrderRow,
        r#"select state as "state: Json<Order>", sealed_entrance_note from orders.orders
           where customer_id = $1 and cart_version = $2
             and status not in ('cancelled', 'rejected', 'expired', 'payment_failed')"#,
        customer.0,
        signed(cart_version)?
    )
    .fetch_optional(store.pool())
    .await?;
    row.map(|row| row.open(store.vault())).transpose()
}

/// The customer's order that awaits its payment, if there is one.
pub async fn unpaid(store: &Store, customer: UserId) -> Result<Option<Order>, StoreError> {
    let row = sqlx::query_as!(
        OrderRow,
        r#"select state as "state: Json<Order>", sealed_entrance_note from orders.orders
           where customer_id = $1 and status = 'pending_payment' and cart_version is not null"#,
        customer.0
    )
    .fetch_optional(store.pool())
    .await?;
    row.map(|row| row.open(store.vault())).transpose()
}

/// These orders, in no order, without those that there are not.
pub async fn load_many(store: &Store, ids: &[OrderId]) -> Result<Vec<Order>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        OrderRow,
        r#"select state as "state: Json<Order>", sealed_entrance_note from orders.orders where id = any($1)"#,
        &ids
    )
    .fetch_all(store.pool())
    .await?;
    opened(store, rows)
}

/// Orders newest first, older than `before`, at most `limit`, of one status if given.
pub async fn list(
    store: &Store,
    whose: OrderScope,
    status: Option<Status>,
    before: Option<OrderId>,
    limit: u32,
) -> Result<Vec<Order>, StoreError> {
    let statuses = status.map_or_else(|| Status::ALL.to_vec(), |only| vec![only]);
    let statuses: Vec<String> = statuses.into_iter().map(|status| status.as_str().to_owned()).collect();
    let before = before.map_or(Uuid::max(), |id| id.0);
    let rows = match whose {
        OrderScope::Customer(id) => {
            sqlx::query_as!(
                OrderRow,
                r#"select state as "state: Json<Order>", sealed_entrance_note from orders.orders
                   where customer_id = $1 and status = any($2) and id < $3
                   order by id desc limit $4"#,
                id.0,
                &statuses,
                before,
                i64::from(limit)
            )
            .fetch_all(store.pool())
            .await?
        }
        OrderScope::Restaurant(id) => {
            sqlx::query_as!(
                OrderRow,
                r#"select state as "state: Json<Order>", sealed_entrance_note from orders.orders
                   where restaurant_id = $1 and placed_at is not null and status = any($2) and id < $3
                   order by id desc limit $4"#,
                id.0,
                &statuses,
                before,
                i64::from(limit)
            )
            .fetch_all(store.pool())
            .await?
        }
    };
    opened(store, rows)
}

/// Orders with this hand-over code, newest first, at most `limit`.
pub async fn by_code(store: &Store, code: OrderCode, limit: u32) -> Result<Vec<Order>, StoreError> {
    let rows = sqlx::query_as!(
        OrderRow,
        r#"select state as "state: Json<Order>", sealed_entrance_note from orders.orders
           where orders.code_number(id) = $1 order by id desc limit $2"#,
        i64::from(code.number()),
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    opened(store, rows)
}

/// The orders of these customers, newest first, at most `limit`.
pub async fn of_customers(store: &Store, customers: &[UserId], limit: u32) -> Result<Vec<Order>, StoreError> {
    let ids: Vec<Uuid> = customers.iter().map(|customer| customer.0).collect();
    // Per customer first, so that the index gives the newest ones without reading the others.
    let rows = sqlx::query_as!(
        OrderRow,
        r#"select o.state as "state: Json<Order>", o.sealed_entrance_note
           from (
               select newest.id from unnest($1::uuid[]) as customer (id)
               cross join lateral (
                   select id from orders.orders where customer_id = customer.id order by id desc limit $2
               ) newest
               order by newest.id desc limit $2
           ) found
           join orders.orders o on o.id = found.id
           order by found.id desc"#,
        &ids,
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    opened(store, rows)
}

/// The orders of one status that were made since `since` and before the order `before`, newest
/// first, at most `limit`.
pub async fn of_status(
    store: &Store,
    status: Status,
    since: Timestamp,
    before: Option<OrderId>,
    limit: u32,
) -> Result<Vec<Order>, StoreError> {
    let rows = sqlx::query_as!(
        OrderRow,
        r#"select state as "state: Json<Order>", sealed_entrance_note from orders.orders
           where status = $1 and id >= $2 and id < $3
           order by id desc limit $4"#,
        status.as_str(),
        oldest(since),
        before.map_or(Uuid::max(), |id| id.0),
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    opened(store, rows)
}

/// The orders on a restaurant's board: paid for and not over, oldest first.
pub async fn open(store: &Store, restaurant: RestaurantId) -> Result<Vec<Order>, StoreError> {
    let rows = sqlx::query_as!(
        OrderRow,
        r#"select state as "state: Json<Order>", sealed_entrance_note from orders.orders
           where restaurant_id = $1 and placed_at is not null
             and status in ('placed', 'accepted', 'preparing', 'ready', 'picked_up')
           order by id"#,
        restaurant.0
    )
    .fetch_all(store.pool())
    .await?;
    opened(store, rows)
}

/// Reminds the restaurant's board of an order that still waits for an answer.
pub async fn nudge(store: &Store, order: &Order, now: Timestamp) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    journal::append_feed(&mut tx, &Channel::Merchant(order.restaurant), &[Waiting(order)], now);
    tx.commit().await
}

/// Has somebody look at `at` whether the restaurant is still closed for the slot of an order.
pub async fn look_at_slot(store: &Store, order: OrderId, at: Timestamp) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    jobs::remind(&mut tx, &format!("order:{order}:slot_closed"), at, OrderReminder::SlotClosed { order });
    tx.commit().await
}

/// The event of such a reminder.
struct Waiting<'a>(&'a Order);

impl Event for Waiting<'_> {
    fn kind(&self) -> &'static str {
        "order.waiting"
    }

    fn data(&self) -> serde_json::Value {
        serde_json::json!({ "order_id": self.0.id, "status": self.0.status, "card": self.0.card() })
    }
}

/// Writes a new order with its first events. A conflict if the quote was ordered before, if
/// the version of the cart has a live order, if the customer has another order that awaits its
/// payment, if too few portions of a limited dish are left, or if one of its coupons or its
/// points cannot be had.
pub async fn insert(
    store: &Store,
    order: &Order,
    events: &[OrderEvent],
    times: &Times,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    let inserted = sqlx::query!(
        "insert into orders.orders (id, version, status, customer_id, restaurant_id, courier_id,
                                    payable_won, created_at, placed_at, quote_id, cart_version, state,
                                    sealed_entrance_note)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        order.id.0,
        signed(order.version)?,
        order.status.as_str(),
        order.customer.0,
        order.restaurant.0,
        order.courier.map(|courier| courier.0),
        order.payable.0,
        order.created_at,
        order.placed_at,
        order.quote.0,
        order.cart_version.map(signed).transpose()?,
        Json(order) as _,
        sealed_note(store.vault(), order),
    )
    .execute(&mut *tx)
    .await;
    if let Err(error) = inserted {
        return match broken_constraint(&error) {
            Some("orders_quote_once" | "orders_one_live_per_cart" | "orders_one_unpaid" | "orders_pkey") => {
                Err(StoreError::Conflict)
            }
            _ => Err(error.into()),
        };
    }
    if !holdings::reserve(&mut tx, order, now).await? {
        return Err(StoreError::Conflict);
    }
    holdings::settle(&mut tx, order, events, now).await?;
    record(&mut tx, order, events, times, now);
    tx.commit().await
}

/// Whether the customer has an order that was paid and did not come to nothing.
pub async fn has_ordered(store: &Store, customer: UserId) -> Result<bool, StoreError> {
    has_other(store.pool(), customer, OrderId(Uuid::nil())).await
}

/// The same of other orders than `except`.
async fn has_other(
    executor: impl PgExecutor<'_>,
    customer: UserId,
    except: OrderId,
) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar!(
        r#"select exists (
             select from orders.orders where customer_id = $1 and id <> $2
               and status not in ('pending_payment', 'cancelled', 'rejected', 'expired', 'payment_failed')
         ) as "found!""#,
        customer.0,
        except.0
    )
    .fetch_one(executor)
    .await?;
    Ok(found)
}

/// The points that a customer's orders hold: those of the one that awaits its payment, and what those that
/// are paid and not over will earn.
pub async fn points(store: &Store, customer: UserId) -> Result<(Won, Won), StoreError> {
    let row = sqlx::query!(
        r#"select coalesce(sum((state ->> 'points')::bigint) filter (where status = 'pending_payment'), 0)::bigint
                      as "held!",
                  coalesce(sum((state ->> 'reward')::bigint) filter (where status <> 'pending_payment'), 0)::bigint
                      as "pending!"
           from orders.orders
           where customer_id = $1 and status in ('pending_payment', 'scheduled', 'placed', 'accepted',
                                                 'preparing', 'ready', 'picked_up', 'delivered')"#,
        customer.0
    )
    .fetch_one(store.pool())
    .await?;
    Ok((Won(row.held), Won(row.pending)))
}

/// Inserts many orders in one statement; publishes nothing and sets no timers.
pub async fn insert_many(store: &Store, orders: &[Order]) -> Result<(), StoreError> {
    let states = orders.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>()?;
    let notes: Vec<_> = orders.iter().map(|order| sealed_note(store.vault(), order)).collect();
    sqlx::query!(
        "insert into orders.orders (id, version, status, customer_id, restaurant_id, courier_id,
                                    payable_won, created_at, placed_at, quote_id, state,
                                    sealed_entrance_note)
         select (state->>'id')::uuid, (state->>'version')::bigint, state->>'status', (state->>'customer')::uuid,
                (state->>'restaurant')::uuid, (state->>'courier')::uuid, (state->>'payable')::bigint,
                (state->>'created_at')::timestamptz, (state->>'placed_at')::timestamptz,
                (state->>'quote')::uuid, state, note
         from unnest($1::jsonb[], $2::bytea[]) as given (state, note)",
        &states,
        &notes as _
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// Commits the order's next state if it is still at `version`; its entrance note never changes. If an operator ended the order,
/// the same statement records who did.
pub async fn update(
    store: &Store,
    version: u64,
    order: &Order,
    events: &[OrderEvent],
    times: &Times,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    let ending = order.ending.as_ref();
    let updated = sqlx::query_scalar!(
        r#"with updated as (
             update orders.orders
             set version = $3, status = $4, courier_id = $5, placed_at = $6, state = $7,
                 sealed_entrance_note = coalesce(sealed_entrance_note, $13)
             where id = $1 and version = $2 returning id
         ), ended_by_operator as (
             insert into orders.interventions (order_id, operator, fault, reason, refund_won, at)
             select id, $8::uuid, $9, $10, $11, $12 from updated where $8 is not null
         )
         select exists (select from updated) as "updated!""#,
        order.id.0,
        signed(version)?,
        signed(order.version)?,
        order.status.as_str(),
        order.courier.map(|courier| courier.0),
        order.placed_at,
        Json(order) as _,
        ending.and_then(|ending| ending.operator).map(|operator| operator.0),
        ending.map(|ending| ending.fault.as_str()),
        ending.map(|ending| ending.reason.as_str()),
        order.refund_due().unwrap_or_default().0,
        now,
        sealed_note(store.vault(), order),
    )
    .fetch_one(&mut *tx)
    .await?;
    if !updated {
        return Err(StoreError::Conflict);
    }
    holdings::settle(&mut tx, order, events, now).await?;
    record(&mut tx, order, events, times, now);
    tx.commit().await
}

/// Writes what goes with every commit: the journal, the board feed, timers, and at its end the ledger.
fn record(tx: &mut Tx, order: &Order, events: &[OrderEvent], times: &Times, now: Timestamp) {
    let channel = Channel::Order(order.id);
    let before = order.version - u64::try_from(events.len()).unwrap_or(0);
    journal::append(tx, &channel, before, events, now);
    let board: Vec<BoardEvent<'_>> = events.iter().filter_map(|event| BoardEvent::of(event, order)).collect();
    journal::append_feed(tx, &Channel::Merchant(order.restaurant), &board, now);
    if !events.is_empty() {
        ledger::post(tx, order_shared(order), now);
    }
    for timer in events.iter().flat_map(|event| event.timers(times, now)) {
        match timer {
            Timer::Set { key, at, reminder } => jobs::remind(tx, &key, at, reminder),
            Timer::Clear { key } => jobs::forget(tx, &key),
        }
    }
}

/// The number of orders created since `since`, by status. Ids are in the order of
/// creation, so this reads no older orders.
pub async fn count_by_status(store: &Store, since: Timestamp) -> Result<BTreeMap<String, u64>, StoreError> {
    let rows = sqlx::query!(
        r#"select status, count(*) as "count!" from orders.orders where id >= $1 group by status"#,
        oldest(since)
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows.into_iter().map(|row| (row.status, row.count.unsigned_abs())).collect())
}

/// The smallest id of an order that is made at this time.
fn oldest(since: Timestamp) -> Uuid {
    let millis = since.timestamp_millis().unsigned_abs();
    uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}
