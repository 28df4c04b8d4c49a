//! Carts and quotes in PostgreSQL.

use std::sync::Arc;

use chrono::Duration;
use domain::cart::{Cart, CartChanged, Quote};
use domain::coupon::Chosen;
use domain::{Channel, Event, QuoteId, Timestamp, UserId, Won};
use sqlx::types::Json;
use uuid::Uuid;

use crate::fabric::Signal;
use crate::journal::{Recorded, signed};
use crate::vault::{Plain, SealedColumn};
use crate::{Store, StoreError, Tx};

/// How couriers get into the building that a quote is for.
pub(crate) const ENTRANCE_NOTE: SealedColumn = SealedColumn {
    purpose: "quote.entrance_note",
    table: "cart.quotes",
    column: "sealed_entrance_note",
    row: "id::text",
    plain: Some(Plain {
        value: "convert_to(quote #>> '{drop_off,entrance_note}', 'UTF8')",
        is_there: "quote #>> '{drop_off,entrance_note}' <> ''",
        emptied: "quote = jsonb_set(quote, '{drop_off,entrance_note}', '\"\"')",
    }),
};

/// How long a quote is kept after it expired, in days: long enough to answer a late
/// order with "expired".
const KEPT_DAYS: i64 = 1;

/// The customer's cart; an empty one if there is no row.
pub async fn load(store: &Store, customer: UserId) -> Result<Cart, StoreError> {
    let row = sqlx::query!(
        r#"select version, restaurant_id, lines, coupons as "coupons: Json<Vec<Chosen>>", points_won, added
           from cart.carts where customer_id = $1"#,
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
        coupons: row.coupons.0,
        points: Won(row.points_won),
        added: row.added.into_iter().map(Into::into).collect(),
    })
}

/// The version of the customer's cart; 0 if there is none.
pub async fn version(store: &Store, customer: UserId) -> Result<u64, StoreError> {
    Ok(versions(store, &[customer]).await?.first().map_or(0, |(_, version)| *version))
}

/// The versions of the carts of these customers, without those who have none.
pub async fn versions(store: &Store, customers: &[UserId]) -> Result<Vec<(UserId, u64)>, StoreError> {
    let ids: Vec<Uuid> = customers.iter().map(|id| id.0).collect();
    let rows = sqlx::query!("select customer_id, version from cart.carts where customer_id = any($1)", &ids)
        .fetch_all(store.pool())
        .await?;
    Ok(rows.into_iter().map(|row| (row.customer_id.into(), row.version.unsigned_abs())).collect())
}

/// The event that a cart has this version. It is not stored: the cart's version says which there were.
pub fn changed(version: u64, at: Timestamp) -> Recorded {
    let event = CartChanged { version };
    Recorded {
        offset: version,
        kind: event.kind().to_owned(),
        at,
        data: event.data(),
        audience: event.audience(),
    }
}

/// Writes `cart` in place of the version `before`; 0 means there was none. The statement is its own
/// transaction; after it the customer's devices are told.
pub async fn commit(store: &Store, before: u64, cart: &Cart, now: Timestamp) -> Result<(), StoreError> {
    let restaurant_id = cart.restaurant_id.map(|id| id.0);
    let lines = serde_json::to_value(&cart.lines)?;
    let coupons = Json(&cart.coupons);
    let version = signed(cart.version)?;
    let added: Vec<Uuid> = cart.added.iter().map(|id| id.0).collect();
    let done = if before == 0 {
        sqlx::query!(
            "insert into cart.carts (customer_id, version, restaurant_id, lines, added, coupons, points_won)
             values ($1, $2, $3, $4, $5, $6, $7) on conflict (customer_id) do nothing",
            cart.customer.0,
            version,
            restaurant_id,
            lines,
            &added,
            coupons as _,
            cart.points.0
        )
        .execute(store.pool())
        .await?
    } else {
        sqlx::query!(
            "update cart.carts set version = $2, restaurant_id = $3, lines = $4, added = $6, coupons = $7,
                                   points_won = $8
             where customer_id = $1 and version = $5",
            cart.customer.0,
            version,
            restaurant_id,
            lines,
            signed(before)?,
            &added,
            coupons as _,
            cart.points.0
        )
        .execute(store.pool())
        .await?
    };
    if done.rows_affected() != 1 {
        return Err(StoreError::Conflict);
    }
    let recorded = Arc::new(changed(cart.version, now));
    store.fabric().publish(&Channel::Cart(cart.customer), Signal::Log(recorded));
    Ok(())
}

/// Stores a quote, and deletes the customer's old ones.
pub async fn insert_quote(tx: &mut Tx, quote: &Quote, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from cart.quotes where customer_id = $1 and expires_at < $2",
        quote.customer.0,
        now - Duration::days(KEPT_DAYS)
    )
    .execute(&mut **tx)
    .await?;
    let note = quote.drop_off.as_ref().map_or("", |drop_off| &drop_off.entrance_note);
    sqlx::query!(
        "insert into cart.quotes (id, customer_id, quote, expires_at, sealed_entrance_note)
         values ($1, $2, $3, $4, $5)",
        quote.id.0,
        quote.customer.0,
        serde_json::to_value(quote)?,
        quote.expires_at,
        tx.vault.seal_text(&ENTRANCE_NOTE, quote.id, note)
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The quote, if it is this customer's.
pub async fn quote(store: &Store, customer: UserId, id: QuoteId) -> Result<Option<Quote>, StoreError> {
    let found = sqlx::query!(
        r#"select quote as "quote: Json<Quote>", sealed_entrance_note
           from cart.quotes where id = $1 and customer_id = $2"#,
        id.0,
        customer.0
    )
    .fetch_optional(store.pool())
    .await?;
    let Some(row) = found else { return Ok(None) };
    let Json(mut quote) = row.quote;
    if let Some(drop_off) = &mut quote.drop_off {
        let (sealed, plain) =
            (row.sealed_entrance_note.as_deref(), std::mem::take(&mut drop_off.entrance_note));
        drop_off.entrance_note = store.vault().open_either(&ENTRANCE_NOTE, id, sealed, plain)?;
    }
    Ok(Some(quote))
}

/// Forgets a customer's cart and quotes.
pub async fn erase(store: &Store, customer: UserId) -> Result<(), StoreError> {
    sqlx::query!("delete from cart.carts where customer_id = $1", customer.0).execute(store.pool()).await?;
    sqlx::query!("delete from cart.quotes where customer_id = $1", customer.0).execute(store.pool()).await?;
    Ok(())
}
