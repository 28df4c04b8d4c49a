//! Restaurants in PostgreSQL.

use std::collections::HashMap;

use domain::restaurant::Restaurant;
use domain::restaurant::zone::REACH_MAX_M;
use domain::{LatLon, RestaurantId, Timestamp, UserId, Won};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use crate::fabric::Notice;
use crate::journal::signed;
use crate::{Store, StoreError, Tx};

/// Metres in a degree of latitude, rounded down so that no restaurant is missed.
const DEGREE_M: f64 = 111_000.0;

struct Row {
    id: Uuid,
    version: i64,
    owner_id: Uuid,
    name: String,
    category: String,
    phone: String,
    lat: f64,
    lon: f64,
    gu: String,
    dong: String,
    minimum_order_won: i64,
    preparation_mins: i16,
    paused_until: Option<Timestamp>,
    tip: Value,
    hours: Value,
    zones: Value,
}

impl TryFrom<Row> for Restaurant {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let unknown =
            || StoreError::Fault(format!("restaurant {}: category {}", row.id, row.category).into());
        Ok(Self {
            id: row.id.into(),
            version: row.version.unsigned_abs(),
            owner: row.owner_id.into(),
            category: row.category.parse().map_err(|()| unknown())?,
            name: row.name,
            phone: row.phone,
            position: LatLon::new(row.lat, row.lon).map_err(|error| StoreError::Fault(error.into()))?,
            gu: row.gu,
            dong: row.dong,
            minimum_order: Won(row.minimum_order_won),
            preparation_mins: row.preparation_mins.unsigned_abs(),
            paused_until: row.paused_until,
            tip: rules(row.tip)?,
            hours: rules(row.hours)?,
            zones: rules(row.zones)?,
        })
    }
}

fn rules<T: DeserializeOwned>(document: Value) -> Result<T, StoreError> {
    Ok(serde_json::from_value(document)?)
}

fn document(rules: &impl Serialize) -> Result<Value, StoreError> {
    Ok(serde_json::to_value(rules)?)
}

fn all(rows: Vec<Row>) -> Result<Vec<Restaurant>, StoreError> {
    rows.into_iter().map(Restaurant::try_from).collect()
}

/// The restaurant, if there is one.
pub async fn load(store: &Store, id: RestaurantId) -> Result<Option<Restaurant>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "select id, version, owner_id, name, category, phone, lat, lon, gu, dong, minimum_order_won,
                preparation_mins, paused_until, tip, hours, zones
         from restaurant.restaurants where id = $1",
        id.0
    )
    .fetch_optional(store.pool())
    .await?;
    row.map(Restaurant::try_from).transpose()
}

/// All restaurants of an owner, in the order they were registered.
pub async fn of_owner(store: &Store, owner: UserId) -> Result<Vec<Restaurant>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "select id, version, owner_id, name, category, phone, lat, lon, gu, dong, minimum_order_won,
                preparation_mins, paused_until, tip, hours, zones
         from restaurant.restaurants where owner_id = $1 order by id",
        owner.0
    )
    .fetch_all(store.pool())
    .await?;
    all(rows)
}

/// The restaurants whose name contains the text, newest first, at most `limit`. The text has two
/// characters at least, in the form of [`searchable`](domain::text::searchable).
pub async fn named(store: &Store, text: &str, limit: u32) -> Result<Vec<Restaurant>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "select id, version, owner_id, name, category, phone, lat, lon, gu, dong, minimum_order_won,
                preparation_mins, paused_until, tip, hours, zones
         from restaurant.restaurants
         where search.pairs(search.form(name)) @> search.pairs($1)
           and position($1 in search.form(name)) > 0
         order by id desc limit $2",
        text,
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    all(rows)
}

/// Every restaurant whose zones may reach the position, and perhaps a few more.
pub async fn around(store: &Store, at: LatLon) -> Result<Vec<Restaurant>, StoreError> {
    let lat_reach = f64::from(REACH_MAX_M) / DEGREE_M;
    // A degree of longitude shrinks towards the poles. The bounds keep the division finite;
    // they are wrong only near the poles, where there are no restaurants.
    let lon_metres = (DEGREE_M * (at.lat().abs() + lat_reach).min(89.0).to_radians().cos()).max(1.0);
    let lon_reach = f64::from(REACH_MAX_M) / lon_metres;
    let rows = sqlx::query_as!(
        Row,
        "select id, version, owner_id, name, category, phone, lat, lon, gu, dong, minimum_order_won,
                preparation_mins, paused_until, tip, hours, zones
         from restaurant.restaurants
         where lat between $1::float8 - $3::float8 and $1 + $3
           and lon between $2::float8 - $4::float8 and $2 + $4
           and abs(lat - $1) * $5::float8 <= reach_m and abs(lon - $2) * $6::float8 <= reach_m",
        at.lat(),
        at.lon(),
        lat_reach,
        lon_reach,
        DEGREE_M,
        lon_metres
    )
    .fetch_all(store.pool())
    .await?;
    all(rows)
}

/// The numbers of all changes of restaurants since a horizon (`store::changes`), by restaurant; since
/// 0, of all. Numbers of the future are those of a database that this one was restored from.
pub async fn changed_since(store: &Store, horizon: u64) -> Result<Vec<(RestaurantId, u64)>, StoreError> {
    let rows = sqlx::query!(
        r#"select id, changed::text::int8 as "changed!" from restaurant.restaurants
         where changed >= $1::text::xid8 and (changed < pg_snapshot_xmax(pg_current_snapshot()) or $1 = '0')"#,
        horizon.to_string()
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id.into(), row.changed.unsigned_abs())).collect())
}

/// Those of these restaurants that there are, each with the number of its last change.
pub async fn several(store: &Store, ids: &[RestaurantId]) -> Result<Vec<(Restaurant, u64)>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let numbers = sqlx::query!(
        r#"select id, changed::text::int8 as "changed!" from restaurant.restaurants where id = any($1)"#,
        &ids
    )
    .fetch_all(store.pool())
    .await?;
    // Read after the numbers: what changes in between is read again.
    let rows = sqlx::query_as!(
        Row,
        "select id, version, owner_id, name, category, phone, lat, lon, gu, dong, minimum_order_won,
                preparation_mins, paused_until, tip, hours, zones
         from restaurant.restaurants where id = any($1)",
        &ids
    )
    .fetch_all(store.pool())
    .await?;
    let numbers: HashMap<Uuid, u64> =
        numbers.into_iter().map(|row| (row.id, row.changed.unsigned_abs())).collect();
    let numbered = |one: Restaurant| {
        let number = numbers.get(&one.id.0).copied().unwrap_or_default();
        (one, number)
    };
    Ok(all(rows)?.into_iter().map(numbered).collect())
}

/// Writes a new restaurant, or the next state of one that is still at its version, which is
/// then incremented. Returns the new version.
pub async fn save(tx: &mut Tx, restaurant: &Restaurant) -> Result<u64, StoreError> {
    let preparation_mins =
        i16::try_from(restaurant.preparation_mins).map_err(|error| StoreError::Fault(error.into()))?;
    let reach_m = i32::try_from(restaurant.reach_m()).map_err(|error| StoreError::Fault(error.into()))?;
    sqlx::query_scalar!(
        "insert into restaurant.restaurants
             (id, owner_id, name, category, phone, lat, lon, gu, dong, minimum_order_won,
              preparation_mins, paused_until, tip, hours, zones, reach_m)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         on conflict (id) do update set
             version = restaurants.version + 1,
             owner_id = excluded.owner_id, name = excluded.name, category = excluded.category,
             phone = excluded.phone, lat = excluded.lat, lon = excluded.lon, gu = excluded.gu,
             dong = excluded.dong, minimum_order_won = excluded.minimum_order_won,
             preparation_mins = excluded.preparation_mins, paused_until = excluded.paused_until,
             tip = excluded.tip, hours = excluded.hours, zones = excluded.zones,
             reach_m = excluded.reach_m
         where restaurants.version = $17
         returning version",
        restaurant.id.0,
        restaurant.owner.0,
        restaurant.name,
        restaurant.category.as_str(),
        restaurant.phone,
        restaurant.position.lat(),
        restaurant.position.lon(),
        restaurant.gu,
        restaurant.dong,
        restaurant.minimum_order.0,
        preparation_mins,
        restaurant.paused_until,
        document(&restaurant.tip)?,
        document(&restaurant.hours)?,
        document(&restaurant.zones)?,
        reach_m,
        signed(restaurant.version)?
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(i64::unsigned_abs)
    .inspect(|_| tx.announce(Notice::RestaurantChanged(restaurant.id)))
    .ok_or(StoreError::Conflict)
}
