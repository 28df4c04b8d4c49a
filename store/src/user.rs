//! People, and their delivery addresses; who looked at them is in `access`.

mod access;
mod people;

use std::sync::Arc;

use domain::lookup::PhoneEnding;
use domain::privacy::NOBODY;
use domain::user::{Address, AddressBook, AddressKind, Place, Zip};
use domain::{AddressId, ExpectedVersion, LatLon, Timestamp, UserId};
use sqlx::PgConnection;

use crate::vault::{Plain, SealedColumn, Vault};
use crate::{Store, StoreError, Tx};

mod consent;
mod notification;
mod photo;

pub use access::{AccessFilter, NewAccess, accesses, drop_old_accesses, record_access};
pub use consent::{Consents, add_consents, add_notice, consents, lock_consents};
pub use notification::{keep_notification_settings, notification_settings};
pub use people::{Contact, contact, contacts, named};
pub use photo::{PHOTOS, lock_photo};

/// How couriers get into the building of an address.
pub(crate) const ENTRANCE_NOTE: SealedColumn = SealedColumn {
    purpose: "address.entrance_note",
    table: "users.addresses",
    column: "sealed_entrance_note",
    row: "id::text",
    plain: Some(Plain {
        value: "convert_to(entrance_note, 'UTF8')",
        is_there: "entrance_note <> ''",
        emptied: "entrance_note = ''",
    }),
};

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The user.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// What they call themselves to others, if anything.
    pub nickname: Option<String>,
    /// E.164.
    pub phone: String,
    /// Incremented by each change.
    pub version: i64,
    /// When they signed up.
    pub created_at: Timestamp,
}

/// Inserts a new person.
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

/// Inserts many new people of one name at once.
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
        "select id, name, nickname, phone, version, created_at from users.profiles where id = $1",
        user.0
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row)
}

/// What changes of a person; `None` leaves a field as it is, `Some(None)` empties it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileChange {
    /// Their name.
    pub name: Option<String>,
    /// E.164.
    pub phone: Option<String>,
    /// Their nickname.
    pub nickname: Option<Option<String>>,
}

/// Changes the given fields, if the person is at an `expected` version; `None` if not.
pub async fn change(
    tx: &mut Tx,
    user: UserId,
    expected: &ExpectedVersion,
    changed: &ProfileChange,
    at: Timestamp,
) -> Result<Option<Profile>, StoreError> {
    let row = sqlx::query_as!(
        Profile,
        "update users.profiles
         set name = coalesce($3, name), phone = coalesce($4, phone), nickname = case when $6 then $7 else nickname end,
             version = version + 1, updated_at = $5
         where id = $1 and version = any(coalesce($2, array[version]))
         returning id, name, nickname, phone, version, created_at",
        user.0,
        expected.one_of(),
        changed.name,
        changed.phone,
        at,
        changed.nickname.is_some(),
        changed.nickname.clone().flatten()
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row)
}

/// Sets the telephone number of a person, who proved it.
pub async fn set_phone(tx: &mut Tx, user: UserId, phone: &str, at: Timestamp) -> Result<(), StoreError> {
    sqlx::query!(
        "update users.profiles set phone = $2, version = version + 1, updated_at = $3 where id = $1",
        user.0,
        phone,
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The people whose telephone number ends with these digits, newest first, at most `limit`.
pub async fn by_phone_ending(
    store: &Store,
    ending: &PhoneEnding,
    limit: u32,
) -> Result<Vec<UserId>, StoreError> {
    let rows = sqlx::query_scalar!(
        "select id from users.profiles
         where right(phone, 4) = $1 and right(phone, char_length($2)) = $2
         order by id desc limit $3",
        ending.last_four(),
        ending.digits(),
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows.into_iter().map(UserId).collect())
}

/// A person's addresses, oldest first.
pub async fn addresses(store: &Store, user: UserId) -> Result<AddressBook, StoreError> {
    let mut connection = store.pool().acquire().await?;
    read(&mut connection, store.vault(), user).await
}

/// A person's addresses, locked until the transaction ends.
pub async fn lock_addresses(tx: &mut Tx, user: UserId) -> Result<AddressBook, StoreError> {
    sqlx::query!("select id from users.profiles where id = $1 for update", user.0)
        .fetch_optional(&mut **tx)
        .await?;
    let vault = Arc::clone(&tx.vault);
    read(tx, &vault, user).await
}

async fn read(connection: &mut PgConnection, vault: &Vault, user: UserId) -> Result<AddressBook, StoreError> {
    let rows = sqlx::query!(
        "select id, version, kind, label, road_address, lot_address, zip, detail, entrance_note, sealed_entrance_note,
                lat, lon, gu, dong, is_default, created_at
         from users.addresses where user_id = $1 order by id",
        user.0
    )
    .fetch_all(connection)
    .await?;
    let addresses = rows.into_iter().map(|row| {
        let sealed = row.sealed_entrance_note.as_deref();
        Ok(Address {
            id: AddressId(row.id),
            place: Place {
                kind: AddressKind::parse(&row.kind).unwrap_or_default(),
                label: row.label,
                road_address: row.road_address,
                lot_address: row.lot_address,
                // Empty if it is not known.
                zip: row.zip.parse::<Zip>().ok(),
                detail: row.detail,
                entrance_note: vault.open_either(&ENTRANCE_NOTE, row.id, sealed, row.entrance_note)?,
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

/// Replaces the stored addresses by those of `book`, which was derived from the result of
/// [`lock_addresses`].
pub async fn keep_addresses(tx: &mut Tx, user: UserId, book: &AddressBook) -> Result<(), StoreError> {
    let ids: Vec<_> = book.addresses().iter().map(|address| address.id.0).collect();
    sqlx::query!("delete from users.addresses where user_id = $1 and id <> all($2)", user.0, &ids)
        .execute(&mut **tx)
        .await?;
    // The unique index is checked after each statement: clear the old default first.
    sqlx::query!("update users.addresses set is_default = false where user_id = $1 and is_default", user.0)
        .execute(&mut **tx)
        .await?;
    for Address { id, place, version, is_default, created_at } in book.addresses() {
        let sealed = tx.vault.seal_text(&ENTRANCE_NOTE, id.0, &place.entrance_note);
        sqlx::query!(
            "insert into users.addresses
                 (id, user_id, label, road_address, detail, sealed_entrance_note, lat, lon, gu, dong, is_default,
                  created_at, version, kind, lot_address, zip)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
             on conflict (id) do update set
                 kind = excluded.kind, lot_address = excluded.lot_address, zip = excluded.zip,
                 label = excluded.label, road_address = excluded.road_address, detail = excluded.detail,
                 entrance_note = '', sealed_entrance_note = excluded.sealed_entrance_note,
                 lat = excluded.lat, lon = excluded.lon, gu = excluded.gu, dong = excluded.dong,
                 is_default = excluded.is_default, version = excluded.version",
            id.0,
            user.0,
            place.label,
            place.road_address,
            place.detail,
            sealed,
            place.position.lat(),
            place.position.lon(),
            place.gu,
            place.dong,
            is_default,
            created_at,
            version,
            place.kind.as_str(),
            place.lot_address,
            place.zip.as_ref().map_or("", Zip::as_str)
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// Erases what stands of a person in their profile, their addresses and their consents. The row of
/// the profile stays, since what is kept of them names it.
pub async fn erase(tx: &mut Tx, user: UserId, at: Timestamp) -> Result<(), StoreError> {
    consent::erase(tx, user, at).await?;
    sqlx::query!("delete from users.addresses where user_id = $1", user.0).execute(&mut **tx).await?;
    sqlx::query!(
        "update users.profiles set name = $2, phone = '', version = version + 1, updated_at = $3
         where id = $1 and (name, phone) <> ($2, '')",
        user.0,
        NOBODY,
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
