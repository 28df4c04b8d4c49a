//! People, and where their food goes.

use domain::user::{Address, AddressBook, Place};
use domain::{AddressId, LatLon, Timestamp, UserId};

use crate::{Store, StoreError, Tx};

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Who.
    pub id: UserId,
    /// What they are called.
    pub name: String,
    /// E.164.
    pub phone: String,
    /// Rises with each change.
    pub version: i64,
    /// When they signed up.
    pub created_at: Timestamp,
}

/// Keeps a new person.
pub async fn insert(tx: &mut Tx, profile: &Profile) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into users.profiles (id, name, phone, version, created_at, updated_at) values ($1, $2, $3, $4, $5, $5)",
        profile.id.0,
        profile.name,
        profile.phone,
        profile.version,
        profile.created_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Keeps many new people of one name at once.
pub async fn insert_many(
    store: &Store,
    users: &[UserId],
    name: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let ids: Vec<_> = users.iter().map(|user| user.0).collect();
    sqlx::query!(
        "insert into users.profiles (id, name, phone, created_at, updated_at)
         select id, $2, '+821000000000', $3, $3 from unnest($1::uuid[]) as id",
        &ids,
        name,
        at
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// A person.
pub async fn profile(store: &Store, user: UserId) -> Result<Option<Profile>, StoreError> {
    let row = sqlx::query_as!(
        Profile,
        "select id, name, phone, version, created_at from users.profiles where id = $1",
        user.0
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row)
}

/// Changes what is given, if the person is still at `version`; none if not.
pub async fn change(
    store: &Store,
    user: UserId,
    version: Option<i64>,
    name: Option<&str>,
    phone: Option<&str>,
    at: Timestamp,
) -> Result<Option<Profile>, StoreError> {
    let row = sqlx::query_as!(
        Profile,
        "update users.profiles
         set name = coalesce($3, name), phone = coalesce($4, phone), version = version + 1, updated_at = $5
         where id = $1 and version = coalesce($2, version)
         returning id, name, phone, version, created_at",
        user.0,
        version,
        name,
        phone,
        at
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row)
}

/// A person's addresses, oldest first.
pub async fn addresses(store: &Store, user: UserId) -> Result<AddressBook, StoreError> {
    let mut connection = store.pool().acquire().await?;
    read(&mut connection, user).await
}

/// A person's addresses, held until the transaction ends.
pub async fn lock_addresses(tx: &mut Tx, user: UserId) -> Result<AddressBook, StoreError> {
    sqlx::query!("select id from users.profiles where id = $1 for update", user.0)
        .fetch_optional(&mut **tx)
        .await?;
    read(tx, user).await
}

async fn read(connection: &mut sqlx::PgConnection, user: UserId) -> Result<AddressBook, StoreError> {
    let rows = sqlx::query!(
        "select id, version, label, road_address, detail, entrance_note, lat, lon, gu, dong, is_default, created_at
         from users.addresses where user_id = $1 order by id",
        user.0
    )
    .fetch_all(connection)
    .await?;
    let addresses = rows.into_iter().map(|row| {
        Ok(Address {
            id: AddressId(row.id),
            place: Place {
                label: row.label,
                road_address: row.road_address,
                detail: row.detail,
                entrance_note: row.entrance_note,
                position: LatLon::new(row.lat, row.lon).map_err(|error| StoreError::Fault(error.into()))?,
                gu: row.gu,
                dong: row.dong,
            },
            version: row.version,
            is_default: row.is_default,
            created_at: row.created_at,
        })
    });
    Ok(AddressBook::of(addresses.collect::<Result<_, StoreError>>()?))
}

/// Makes the kept addresses those of `book`, which was decided on what
/// [`lock_addresses`] gave.
pub async fn keep_addresses(tx: &mut Tx, user: UserId, book: &AddressBook) -> Result<(), StoreError> {
    let ids: Vec<_> = book.addresses().iter().map(|address| address.id.0).collect();
    sqlx::query!("delete from users.addresses where user_id = $1 and id <> all($2)", user.0, &ids)
        .execute(&mut **tx)
        .await?;
    // At no moment are there two defaults: the index looks at each statement.
    sqlx::query!("update users.addresses set is_default = false where user_id = $1 and is_default", user.0)
        .execute(&mut **tx)
        .await?;
    for Address { id, place, version, is_default, created_at } in book.addresses() {
        sqlx::query!(
            "insert into users.addresses
                 (id, user_id, label, road_address, detail, entrance_note, lat, lon, gu, dong, is_default, created_at,
                  version)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
             on conflict (id) do update set
                 label = excluded.label, road_address = excluded.road_address, detail = excluded.detail,
                 entrance_note = excluded.entrance_note, lat = excluded.lat, lon = excluded.lon,
                 gu = excluded.gu, dong = excluded.dong, is_default = excluded.is_default,
                 version = excluded.version",
            id.0,
            user.0,
            place.label,
            place.road_address,
            place.detail,
            place.entrance_note,
            place.position.lat(),
            place.position.lon(),
            place.gu,
            place.dong,
            is_default,
            created_at,
            version
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}
