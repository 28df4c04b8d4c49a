//! Copies of what the service knows about a person, for that person.

use std::collections::BTreeMap;

use domain::personal_data::{REGISTRY, Subject, What};
use domain::privacy::Format;
use domain::{Timestamp, UserId};
use serde_json::{Map, Value};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::rows_of;
use crate::vault::SEALED;
use crate::{Store, StoreError, Tx};

/// A copy that somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub user: UserId,
    /// Its format.
    pub format: Format,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// The file, while there is one.
    pub blob: Option<String>,
    /// When it was made, if it was.
    pub made_at: Option<Timestamp>,
    /// When it was fetched, if it was.
    pub fetched_at: Option<Timestamp>,
}

struct Row {
    id: Uuid,
    user_id: Uuid,
    format: String,
    asked_at: Timestamp,
    blob: Option<String>,
    made_at: Option<Timestamp>,
    fetched_at: Option<Timestamp>,
}

impl TryFrom<Row> for Copy {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let format = Format::named(&row.format);
        Ok(Self {
            id: row.id,
            user: UserId(row.user_id),
            format: format.ok_or_else(|| StoreError::Fault("an unknown format".into()))?,
            asked_at: row.asked_at,
            blob: row.blob,
            made_at: row.made_at,
            fetched_at: row.fetched_at,
        })
    }
}

/// Records that somebody asks for a copy.
pub async fn add_copy(tx: &mut Tx, copy: &Copy) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into privacy.copies (id, user_id, format, asked_at) values ($1, $2, $3, $4)",
        copy.id,
        copy.user.0,
        copy.format.as_str(),
        copy.asked_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A copy.
pub async fn copy(store: &Store, id: Uuid) -> Result<Option<Copy>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "select id, user_id, format, asked_at, blob, made_at, fetched_at from privacy.copies where id = $1",
        id
    )
    .fetch_optional(store.pool())
    .await?;
    row.map(Copy::try_from).transpose()
}

/// Whether somebody has a copy that is not made yet.
pub async fn unfinished(store: &Store, user: UserId, since: Timestamp) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from privacy.copies where user_id = $1 and made_at is null and asked_at > $2)
           as "is_there!""#,
        user.0,
        since
    )
    .fetch_one(store.pool())
    .await?)
}

/// Records the file of a copy. False: it was made before, or is gone.
pub async fn copy_made(store: &Store, id: Uuid, blob: &str, now: Timestamp) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update privacy.copies set blob = $2, made_at = $3 where id = $1 and made_at is null",
        id,
        blob,
        now
    )
    .execute(store.pool())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives a copy a new link, in the place of the one that it had. False: it has no file.
pub async fn link_copy(
    store: &Store,
    id: Uuid,
    user: UserId,
    hash: &[u8; 32],
    expires_at: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update privacy.copies set link_hash = $3, link_expires_at = $4
         where id = $1 and user_id = $2 and blob is not null",
        id,
        user.0,
        &hash[..],
        expires_at
    )
    .execute(store.pool())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Uses the link up: the copy that it led to, whose file only the caller has now. Of many at once
/// one gets it.
pub async fn fetch_copy(store: &Store, hash: &[u8; 32], now: Timestamp) -> Result<Option<Copy>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "with found as (
             select id, blob from privacy.copies
             where link_hash = $1 and link_expires_at > $2 and blob is not null for update
         )
         update privacy.copies c set blob = null, link_hash = null, link_expires_at = null, fetched_at = $2
         from found where c.id = found.id
         returning c.id, c.user_id, c.format, c.asked_at, found.blob, c.made_at, c.fetched_at",
        &hash[..],
        now
    )
    .fetch_optional(store.pool())
    .await?;
    row.map(Copy::try_from).transpose()
}

/// Copies that were asked for before `until`, oldest first, with their files.
pub async fn old_copies(
    store: &Store,
    until: Timestamp,
    limit: u32,
) -> Result<Vec<(Uuid, Option<String>)>, StoreError> {
    let rows = sqlx::query!(
        "select id, blob from privacy.copies where asked_at < $1 order by asked_at limit $2",
        until,
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.blob)).collect())
}

/// The copies of one person, with their files.
pub async fn copies_of(store: &Store, user: UserId) -> Result<Vec<(Uuid, Option<String>)>, StoreError> {
    let rows = sqlx::query!("select id, blob from privacy.copies where user_id = $1", user.0)
        .fetch_all(store.pool())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.blob)).collect())
}

/// Forgets a copy, whose file is gone.
pub async fn remove_copy(store: &Store, id: Uuid) -> Result<(), StoreError> {
    sqlx::query!("delete from privacy.copies where id = $1", id).execute(store.pool()).await?;
    Ok(())
}

/// Rows of a person that have no personal column of their own.
const BESIDES: [(&str, Subject); 3] = [
    (
        "payment.payments",
        Subject::Through { column: "order_id", table: "orders.orders", key: "id", person: "customer_id" },
    ),
    ("coupon.coupons", Subject::Column("customer_id")),
    ("points.lots", Subject::Column("customer_id")),
];

/// Tables whose rows are about a person and not for them: what protects against abuse, what staff
/// did, and what only repeats the orders.
const NOT_THEIRS: [&str; 6] = [
    "auth.attempts",
    "auth.stranger_attempts",
    "orders.interventions",
    "journal.events",
    "gateway.idempotency_keys",
    "users.access_log",
];

/// Parts of rows that a person does not see: what staff say among themselves and who they are, and
/// secrets.
fn unseen(table: &str, row: &mut Map<String, Value>) -> bool {
    for column in REGISTRY.iter().filter(|column| column.table == table) {
        if column.personal().any(|(_, personal)| personal.what == What::Secret) {
            row.remove(column.name);
        }
    }
    if let Some(ending) = row.get_mut("state").and_then(|state| state.pointer_mut("/ending")) {
        ending.as_object_mut().map(|ending| ending.remove("operator"));
    }
    let cancellations = row.get_mut("state").and_then(|state| state.pointer_mut("/cancellations"));
    for cancellation in cancellations.and_then(Value::as_array_mut).into_iter().flatten() {
        cancellation.as_object_mut().map(|cancellation| cancellation.remove("operator"));
    }
    for staff in ["actor", "given_by"] {
        row.remove(staff);
    }
    row.get("private_note") == Some(&Value::Bool(true))
}

/// Everything that the registry of personal data finds of a person and that they may see, by table:
/// whole rows, with what is sealed opened.
pub async fn everything(store: &Store, user: UserId) -> Result<BTreeMap<String, Vec<Value>>, StoreError> {
    let mut tables: BTreeMap<&str, String> = BTreeMap::new();
    for column in REGISTRY.iter().filter(|column| !NOT_THEIRS.contains(&column.table)) {
        let exported = column.personal().find(|(_, personal)| personal.what.is_exported());
        let Some((_, personal)) = exported else { continue };
        let Some(condition) = rows_of(personal.subject) else { continue };
        // A courier's name on a customer's delivery is found by the courier, too: either is theirs.
        tables
            .entry(column.table)
            .and_modify(|known| {
                if !known.contains(&condition) {
                    *known = format!("{known} or {condition}");
                }
            })
            .or_insert(condition);
    }
    tables.extend(BESIDES.into_iter().filter_map(|(table, subject)| Some((table, rows_of(subject)?))));
    let mut all = BTreeMap::new();
    for (table, condition) in tables {
        // Names of tables cannot be bound; these are the registry's.
        let select = format!("select to_jsonb(t) from {table} t where {condition}");
        let rows: Vec<Value> =
            sqlx::query_scalar(AssertSqlSafe(select)).bind(user.0).fetch_all(store.pool()).await?;
        let mut seen = Vec::new();
        for row in rows {
            let Value::Object(mut row) = row else { continue };
            if !unseen(table, &mut row) {
                open(store, table, &mut row)?;
                seen.push(Value::Object(row));
            }
        }
        all.insert(table.to_owned(), seen);
    }
    Ok(all)
}

/// Puts what a row has sealed into the place where it would stand in the plain.
fn open(store: &Store, table: &str, row: &mut Map<String, Value>) -> Result<(), StoreError> {
    for at in SEALED.into_iter().filter(|at| at.table == table) {
        let Some(Value::String(hex)) = row.remove(at.column) else { continue };
        let key = if row.contains_key("id") { "id" } else { "order_id" };
        let id = row.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let sealed = hex::decode(hex.trim_start_matches("\\x"));
        let sealed = sealed.map_err(|error| StoreError::Fault(error.into()))?;
        let note = store.vault().open_text(at, id, Some(&sealed))?;
        let document = ["quote", "state"].into_iter().find(|name| row.contains_key(*name));
        let place = match document.and_then(|name| row.get_mut(name)) {
            Some(document) => document.pointer_mut("/drop_off/entrance_note"),
            None => row.get_mut("entrance_note"),
        };
        if let Some(place) = place {
            *place = Value::String(note);
        }
    }
    Ok(())
}
