//! The portions of limited dishes: reserved and given back in the transactions of orders.
//!
//! Rows are locked in the order of the dishes' ids, so that two orders never wait for each other in
//! a circle.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::{MenuId, OrderId, UserId};
use uuid::Uuid;

use crate::{Store, StoreError, Tx};

/// How many portions of these dishes are sold or reserved on a day. One that it does not name: none.
/// What an unpaid order of `of` holds does not count: another order of theirs would take its place.
pub async fn sold(
    store: &Store,
    day: NaiveDate,
    menus: &[MenuId],
    of: Option<UserId>,
) -> Result<BTreeMap<MenuId, u32>, StoreError> {
    let ids: Vec<Uuid> = menus.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select menu_id,
                  sold - coalesce((select sum(quantity)::int4 from menu.reservations mine
                                   where mine.unpaid_of = $3 and mine.menu_id = stock.menu_id
                                     and mine.day = stock.day), 0) as "sold!"
           from menu.stock stock where day = $1 and menu_id = any($2)"#,
        day,
        &ids,
        of.map(|of| of.0)
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows.into_iter().map(|row| (MenuId(row.menu_id), row.sold.unsigned_abs())).collect())
}

/// Reserves portions for an order, of those dishes that have a daily limit now. False: of some not
/// enough are left, and the transaction must not be committed.
pub(crate) async fn reserve(
    tx: &mut Tx,
    (order, customer): (OrderId, UserId),
    day: NaiveDate,
    portions: &[(MenuId, u32)],
) -> Result<bool, StoreError> {
    let ids: Vec<Uuid> = portions.iter().map(|(id, _)| id.0).collect();
    let quantities: Vec<i32> =
        portions.iter().map(|(_, quantity)| i32::try_from(*quantity).unwrap_or(i32::MAX)).collect();
    let short = sqlx::query_scalar!(
        r#"with wanted as (
             select menu.id, menu.daily_limit as most, given.quantity
             from unnest($2::uuid[], $3::int4[]) as given (id, quantity)
             join menu.menus menu on menu.id = given.id
             where menu.daily_limit is not null
         ), counted as (
             insert into menu.stock as stock (menu_id, day, sold)
             select id, $4, quantity from wanted where quantity <= most order by id
             on conflict (menu_id, day) do update set sold = stock.sold + excluded.sold
             where stock.sold + excluded.sold <= (select most from wanted where id = stock.menu_id)
             returning menu_id
         ), reserved as (
             insert into menu.reservations (order_id, menu_id, day, quantity, unpaid_of)
             select $1, id, $4, quantity, $5 from wanted
         )
         select count(*) as "short!" from wanted where id not in (select menu_id from counted)"#,
        order.0,
        &ids,
        &quantities,
        day,
        customer.0
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(short == 0)
}

/// Notes that the order is paid, so that no other order takes its place.
pub(crate) async fn paid(tx: &mut Tx, order: OrderId) -> Result<(), StoreError> {
    sqlx::query!("update menu.reservations set unpaid_of = null where order_id = $1", order.0)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Gives back what the order has reserved, if it has. May be repeated.
pub(crate) async fn release(tx: &mut Tx, order: OrderId) -> Result<(), StoreError> {
    sqlx::query!(
        "select stock.menu_id from menu.stock stock
         join menu.reservations mine on mine.menu_id = stock.menu_id and mine.day = stock.day
         where mine.order_id = $1 order by stock.menu_id for update of stock",
        order.0
    )
    .fetch_all(&mut **tx)
    .await?;
    sqlx::query!(
        "with released as (
             delete from menu.reservations where order_id = $1 returning menu_id, day, quantity
         )
         update menu.stock stock set sold = stock.sold - released.quantity
         from released where stock.menu_id = released.menu_id and stock.day = released.day",
        order.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Keeps what the order has reserved as sold for good: it can no longer be given back.
pub(crate) async fn keep(tx: &mut Tx, order: OrderId) -> Result<(), StoreError> {
    sqlx::query!("delete from menu.reservations where order_id = $1", order.0).execute(&mut **tx).await?;
    Ok(())
}

/// Forgets the days before this one.
pub async fn drop_before(store: &Store, day: NaiveDate) -> Result<(), StoreError> {
    sqlx::query!("delete from menu.reservations where day < $1", day).execute(store.pool()).await?;
    sqlx::query!("delete from menu.stock where day < $1", day).execute(store.pool()).await?;
    Ok(())
}
