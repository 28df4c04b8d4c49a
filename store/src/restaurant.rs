//! Restaurants in PostgreSQL.

mod application;
mod holidays;
pub mod slot;
mod staff;

use std::collections::HashMap;

use domain::restaurant::zone::REACH_MAX_M;
use domain::restaurant::{BusinessNumber, Busy, Preparation, Restaurant, Rules};
use domain::{LatLon, RestaurantId, Timestamp, UserId, Won};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use crate::fabric::Notice;
use crate::journal::signed;
use crate::{Store, StoreError, Tx};

pub use application::{
    ACCOUNT, APPLICATION_ACCOUNT, application, applications, applications_of, forget_person, keep_account,
    lock_application, open_applications, save_application, settlement_account,
};
pub use holidays::{forget_holiday, holiday_changes, keep_holiday};
pub use staff::{
    Invitation, StaffMember, accept_invitation, add_staff, expire_invitations, invitations_of,
    invitations_to, invite, lock_invitation, remove_invitation, remove_staff, staff, staff_count, standing,
};

/// Metres in a degree of latitude, rounded down so that no restaurant is missed.
const DEGREE_M: f64 = 111_000.0;

struct Row {
    id: Uuid,
    version: i64,
    owner_id: Uuid,
    status: String,
    name: String,
    category: String,
    tags: Vec<String>,
    introduction: String,
    notice: String,
    phone: String,
    lat: f64,
    lon: f64,
    gu: String,
    dong: String,
    seller: Option<Value>,
    minimum_order_won: i64,
    preparation_mins: i16,
    preparation_times: Value,
    takes_pickup: bool,
    accepts_automatically: bool,
    orders_per_slot: Option<i32>,
    paused_until: Option<Timestamp>,
    busy_extra_mins: Option<i16>,
    busy_until: Option<Timestamp>,
    tip: Value,
    hours: Value,
    zones: Value,
    exclusions: Value,
}

/// A query of whole rows: what follows `from restaurant.restaurants`, and its arguments.
macro_rules! select {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            "select id, version, owner_id, status, name, category, tags, introduction, notice, phone, lat, lon,
                    gu, dong, seller, minimum_order_won, preparation_mins, preparation_times, takes_pickup,
                    accepts_automatically, orders_per_slot, paused_until, busy_extra_mins, busy_until, tip,
                    hours, zones, exclusions
             from restaurant.restaurants " + $rest
            $(, $argument)*
        )
    };
}

impl TryFrom<Row> for Restaurant {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let unknown = |what: &str| StoreError::Fault(format!("restaurant {}: {what}", row.id).into());
        let busy = row.busy_extra_mins.zip(row.busy_until);
        Ok(Self {
            id: row.id.into(),
            version: row.version.unsigned_abs(),
            owner: row.owner_id.into(),
            status: row.status.parse().map_err(|()| unknown(&row.status))?,
            category: row.category.parse().map_err(|()| unknown(&row.category))?,
            name: row.name,
            tags: row.tags,
            introduction: row.introduction,
            notice: row.notice,
            phone: row.phone,
            position: LatLon::new(row.lat, row.lon).map_err(|error| StoreError::Fault(error.into()))?,
            gu: row.gu,
            dong: row.dong,
            seller: row.seller.map(rules).transpose()?,
            paused_until: row.paused_until,
            busy: busy.map(|(extra_mins, until)| Busy { extra_mins: extra_mins.unsigned_abs(), until }),
            rules: Rules {
                minimum_order: Won(row.minimum_order_won),
                tip: rules(row.tip)?,
                hours: rules(row.hours)?,
                zones: rules(row.zones)?,
                exclusions: rules(row.exclusions)?,
                preparation: Preparation {
                    usual_mins: row.preparation_mins.unsigned_abs(),
                    times: rules(row.preparation_times)?,
                },
                takes_pickup: row.takes_pickup,
                accepts_automatically: row.accepts_automatically,
                orders_per_slot: row.orders_per_slot.map(i32::unsigned_abs),
            },
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
    let row = select!("where id = $1", id.0).fetch_optional(store.pool()).await?;
    row.map(Restaurant::try_from).transpose()
}

/// The restaurant, if there is one, which nobody else changes before the transaction ends.
pub async fn lock(tx: &mut Tx, id: RestaurantId) -> Result<Option<Restaurant>, StoreError> {
    let row = select!("where id = $1 for no key update", id.0).fetch_optional(&mut **tx).await?;
    row.map(Restaurant::try_from).transpose()
}

/// All restaurants that somebody owns or works at, in the order they were registered.
pub async fn of_person(store: &Store, person: UserId) -> Result<Vec<Restaurant>, StoreError> {
    let rows = select!(
        "where id in (select id from restaurant.restaurants where owner_id = $1
                      union select restaurant_id from restaurant.staff where user_id = $1)
         order by id",
        person.0
    );
    all(rows.fetch_all(store.pool()).await?)
}

/// Whether the person owns a restaurant that was not given up.
pub async fn owns_any(store: &Store, person: UserId) -> Result<bool, StoreError> {
    let any = sqlx::query_scalar!(
        r#"select exists (select from restaurant.restaurants
                          where owner_id = $1 and status <> 'closed_down') as "any!""#,
        person.0
    );
    Ok(any.fetch_one(store.pool()).await?)
}

/// Whether a shop of somebody else than the owner of this one, not given up, has the business number. Of two who ask at once for
/// the same number one waits until the other's transaction ends.
pub async fn is_number_taken(
    tx: &mut Tx,
    number: &BusinessNumber,
    (id, owner): (RestaurantId, UserId),
) -> Result<bool, StoreError> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", number.as_str())
        .fetch_one(&mut **tx)
        .await?;
    let taken = sqlx::query_scalar!(
        r#"select exists (select from restaurant.restaurants
                          where seller ->> 'business_number' = $1 and owner_id <> $2 and id <> $3
                            and status <> 'closed_down') as "taken!""#,
        number.as_str(),
        owner.0,
        id.0
    );
    Ok(taken.fetch_one(&mut **tx).await?)
}

/// The restaurants whose name contains the text, newest first, at most `limit`. The text has two
/// characters at least, in the form of [`searchable`](domain::text::searchable).
pub async fn named(store: &Store, text: &str, limit: u32) -> Result<Vec<Restaurant>, StoreError> {
    let rows = select!(
        "where search.pairs(search.form(name)) @> search.pairs($1) and position($1 in search.form(name)) > 0
         order by id desc limit $2",
        text,
        i64::from(limit)
    );
    all(rows.fetch_all(store.pool()).await?)
}

/// Every restaurant whose zones may reach the position, and perhaps a few more.
pub async fn around(store: &Store, at: LatLon) -> Result<Vec<Restaurant>, StoreError> {
    let lat_reach = f64::from(REACH_MAX_M) / DEGREE_M;
    // A degree of longitude shrinks towards the poles. The bounds keep the division finite;
    // they are wrong only near the poles, where there are no restaurants.
    let lon_metres = (DEGREE_M * (at.lat().abs() + lat_reach).min(89.0).to_radians().cos()).max(1.0);
    let lon_reach = f64::from(REACH_MAX_M) / lon_metres;
    let rows = select!(
        "where status = 'published'
           and lat between $1::float8 - $3::float8 and $1 + $3
           and lon between $2::float8 - $4::float8 and $2 + $4
           and abs(lat - $1) * $5::float8 <= reach_m and abs(lon - $2) * $6::float8 <= reach_m",
        at.lat(),
        at.lon(),
        lat_reach,
        lon_reach,
        DEGREE_M,
        lon_metres
    );
    all(rows.fetch_all(store.pool()).await?)
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
    let rows = select!("where id = any($1)", &ids).fetch_all(store.pool()).await?;
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
    let small = |mins: u16| i16::try_from(mins).map_err(|error| StoreError::Fault(error.into()));
    let reach_m = i32::try_from(restaurant.reach_m()).map_err(|error| StoreError::Fault(error.into()))?;
    let Rules { minimum_order, tip, hours, zones, exclusions, preparation, .. } = &restaurant.rules;
    let version = sqlx::query_scalar!(
        "insert into restaurant.restaurants
             (id, owner_id, status, name, category, tags, introduction, notice, phone, lat, lon, gu, dong,
              seller, minimum_order_won, preparation_mins, preparation_times, takes_pickup,
              accepts_automatically, paused_until, busy_extra_mins, busy_until, tip, hours, zones, exclusions,
              reach_m, orders_per_slot)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
                 $21, $22, $23, $24, $25, $26, $27, $28)
         on conflict (id) do update set
             version = restaurants.version + 1,
             owner_id = excluded.owner_id, status = excluded.status, name = excluded.name,
             category = excluded.category, tags = excluded.tags, introduction = excluded.introduction,
             notice = excluded.notice, phone = excluded.phone, lat = excluded.lat, lon = excluded.lon,
             gu = excluded.gu, dong = excluded.dong, seller = excluded.seller,
             minimum_order_won = excluded.minimum_order_won,
             preparation_mins = excluded.preparation_mins, preparation_times = excluded.preparation_times,
             takes_pickup = excluded.takes_pickup, accepts_automatically = excluded.accepts_automatically,
             paused_until = excluded.paused_until, busy_extra_mins = excluded.busy_extra_mins,
             busy_until = excluded.busy_until, tip = excluded.tip, hours = excluded.hours,
             zones = excluded.zones, exclusions = excluded.exclusions, reach_m = excluded.reach_m,
             orders_per_slot = excluded.orders_per_slot
         where restaurants.version = $29
         returning version",
        restaurant.id.0,
        restaurant.owner.0,
        restaurant.status.as_str(),
        restaurant.name,
        restaurant.category.as_str(),
        &restaurant.tags,
        restaurant.introduction,
        restaurant.notice,
        restaurant.phone,
        restaurant.position.lat(),
        restaurant.position.lon(),
        restaurant.gu,
        restaurant.dong,
        restaurant.seller.as_ref().map(document).transpose()?,
        minimum_order.0,
        small(preparation.usual_mins)?,
        document(&preparation.times)?,
        restaurant.rules.takes_pickup,
        restaurant.rules.accepts_automatically,
        restaurant.paused_until,
        restaurant.busy.map(|busy| small(busy.extra_mins)).transpose()?,
        restaurant.busy.map(|busy| busy.until),
        document(tip)?,
        document(hours)?,
        document(zones)?,
        document(exclusions)?,
        reach_m,
        restaurant.rules.orders_per_slot.map(|most| i32::try_from(most).unwrap_or(i32::MAX)),
        signed(restaurant.version)?
    );
    let version = version.fetch_optional(&mut **tx).await?;
    if version.is_some() {
        tx.announce(Notice::RestaurantChanged(restaurant.id));
    }
    version.map(i64::unsigned_abs).ok_or(StoreError::Conflict)
}
