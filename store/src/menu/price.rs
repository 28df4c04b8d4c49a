//! The history of prices.

use domain::menu::PriceChange;
use domain::{MenuId, OptionId, RestaurantId, Timestamp, UserId, Won};
use uuid::Uuid;

use crate::journal::signed;
use crate::{Store, StoreError, Tx};

/// A price that was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastPrice {
    /// Rises with each change.
    pub id: i64,
    /// The version of the card since which it holds.
    pub version: i64,
    /// What was changed.
    pub change: PriceChange,
    /// Who changed it; none if the program did.
    pub changed_by: Option<UserId>,
    /// When.
    pub changed_at: Timestamp,
}

/// Writes down which prices a version of a card has changed.
pub async fn record_prices(
    tx: &mut Tx,
    (restaurant, version): (RestaurantId, u64),
    changes: &[PriceChange],
    (by, at): (Option<UserId>, Timestamp),
) -> Result<(), StoreError> {
    if changes.is_empty() {
        return Ok(());
    }
    let menus: Vec<Uuid> = changes.iter().map(|change| change.menu_id.0).collect();
    let options: Vec<Option<Uuid>> = changes.iter().map(|change| change.option_id.map(|id| id.0)).collect();
    let names: Vec<String> = changes.iter().map(|change| change.name.clone()).collect();
    let from: Vec<Option<i64>> = changes.iter().map(|change| change.from.map(|won| won.0)).collect();
    let to: Vec<Option<i64>> = changes.iter().map(|change| change.to.map(|won| won.0)).collect();
    sqlx::query!(
        "insert into menu.price_changes
             (restaurant_id, version, changed_by, changed_at, menu_id, option_id, name, from_won, to_won)
         select $1, $2, $3, $4, changed.*
         from unnest($5::uuid[], $6::uuid[], $7::text[], $8::int8[], $9::int8[]) as changed",
        restaurant.0,
        signed(version)?,
        by.map(|by| by.0),
        at,
        &menus,
        &options as _,
        &names,
        &from as _,
        &to as _
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The changes of a restaurant's prices before the change `before`, newest first, at most `limit`; of
/// one dish with its options if it is given.
pub async fn past_prices(
    store: &Store,
    restaurant: RestaurantId,
    menu: Option<MenuId>,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<PastPrice>, StoreError> {
    let rows = sqlx::query!(
        "select id, version, menu_id, option_id, name, from_won, to_won, changed_by, changed_at
         from menu.price_changes
         where restaurant_id = $1 and id < $2 and menu_id = coalesce($3, menu_id)
         order by id desc limit $4",
        restaurant.0,
        before.unwrap_or(i64::MAX),
        menu.map(|menu| menu.0),
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    let price = rows.into_iter().map(|row| PastPrice {
        id: row.id,
        version: row.version,
        change: PriceChange {
            menu_id: row.menu_id.into(),
            option_id: row.option_id.map(OptionId),
            name: row.name,
            from: row.from_won.map(Won),
            to: row.to_won.map(Won),
        },
        changed_by: row.changed_by.map(UserId),
        changed_at: row.changed_at,
    });
    Ok(price.collect())
}
