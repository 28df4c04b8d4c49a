//! Carts and quotes in PostgreSQL.

use chrono::Duration;
use domain::cart::{Cart, Quote};
use domain::{QuoteId, Timestamp, UserId};
use uuid::Uuid;

use crate::journal::signed;
use crate::{Store, StoreError, Tx};

/// How long a quote is kept after it expired, in days: long enough to tell a
/// late customer that it expired.
const KEPT_DAYS: i64 = 1;

/// The customer's cart; an empty one if nothing was ever put in.
pub async fn load(store: &Store, customer: UserId) -> Result<Cart, StoreError> {
    let row = sqlx::query!(
        "select version, restaurant_id, lines, added from cart.carts where customer_id = $1",
        customer.0
    )
    .fetch_optional(store.pool())
    .await?;
    let Some(row) = row else { return Ok(Cart::empty(customer)) };
    Ok(Cart {
        customer,
        version: row.version.unsigned_abs(),
        restaurant_id: row.restaurant_id.map(Into::into),
        lines: serde_json::from_value(row.lines)?,
        added: row.added.into_iter().map(Into::into).collect(),
    })
}

/// Writes `cart` in place of the version `before`; 0 means there was none. Nobody is told of
/// a cart, so the statement is its own transaction.
pub async fn commit(store: &Store, before: u64, cart: &Cart) -> Result<(), StoreError> {
    let restaurant_id = cart.restaurant_id.map(|id| id.0);
    let lines = serde_json::to_value(&cart.lines)?;
    let version = signed(cart.version)?;
    let added: Vec<Uuid> = cart.added.iter().map(|id| id.0).collect();
    let done = if before == 0 {
        sqlx::query!(
            "insert into cart.carts (customer_id, version, restaurant_id, lines, added)
             values ($1, $2, $3, $4, $5) on conflict (customer_id) do nothing",
            cart.customer.0,
            version,
            restaurant_id,
            lines,
            &added
        )
        .execute(store.pool())
        .await?
    } else {
        sqlx::query!(
            "update cart.carts set version = $2, restaurant_id = $3, lines = $4, added = $6
             where customer_id = $1 and version = $5",
            cart.customer.0,
            version,
            restaurant_id,
            lines,
            signed(before)?,
            &added
        )
        .execute(store.pool())
        .await?
    };
    if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

/// Keeps a quote, and lets go of the customer's old ones.
pub async fn insert_quote(tx: &mut Tx, quote: &Quote, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from cart.quotes where customer_id = $1 and expires_at < $2",
        quote.customer.0,
        now - Duration::days(KEPT_DAYS)
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "insert into cart.quotes (id, customer_id, quote, expires_at) values ($1, $2, $3, $4)",
        quote.id.0,
        quote.customer.0,
        serde_json::to_value(quote)?,
        quote.expires_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The quote, if it is this customer's.
pub async fn quote(store: &Store, customer: UserId, id: QuoteId) -> Result<Option<Quote>, StoreError> {
    let found = sqlx::query_scalar!(
        "select quote from cart.quotes where id = $1 and customer_id = $2",
        id.0,
        customer.0
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(found.map(serde_json::from_value).transpose()?)
}
