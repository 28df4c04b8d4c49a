//! What admins changed of the calendar that ships.

use chrono::NaiveDate;

use crate::{Store, StoreError, Tx};

/// Days that were added, with their names, and days that ship and are none, without.
pub async fn holiday_changes(store: &Store) -> Result<Vec<(NaiveDate, Option<String>)>, StoreError> {
    let rows = sqlx::query!("select date, name from restaurant.holidays").fetch_all(store.pool()).await?;
    Ok(rows.into_iter().map(|row| (row.date, row.name)).collect())
}

/// Keeps a change of one day; without a name the day is no holiday.
pub async fn keep_holiday(tx: &mut Tx, date: NaiveDate, name: Option<&str>) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into restaurant.holidays (date, name) values ($1, $2)
         on conflict (date) do update set name = excluded.name",
        date,
        name
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Forgets the change of one day, so that it is again what the calendar that ships says.
pub async fn forget_holiday(tx: &mut Tx, date: NaiveDate) -> Result<(), StoreError> {
    sqlx::query!("delete from restaurant.holidays where date = $1", date).execute(&mut **tx).await?;
    Ok(())
}
