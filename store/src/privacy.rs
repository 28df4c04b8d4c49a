//! Withdrawals and how far they are, what the law demands to keep of those who left, and copies of
//! one's data.

mod copy;
mod rest;

use domain::personal_data::{Purpose, Subject};
use domain::privacy::{Step, destroy_at};
use domain::{Timestamp, UserId};
use serde_json::Value;
use uuid::Uuid;

use crate::vault::SealedColumn;
use crate::{Store, StoreError, Tx};

pub use copy::{
    Copy, add_copy, copies_of, copy, copy_made, everything, fetch_copy, link_copy, old_copies, remove_copy,
    unfinished,
};

pub use rest::erase_rest;

/// The condition by which the rows of a person are found, in SQL, `$1` being the person; `None` where
/// they are found in another way.
fn rows_of(subject: Subject) -> Option<String> {
    match subject {
        Subject::Column(name) => Some(format!("{name} = $1")),
        Subject::Through { column, table, key, person } => {
            Some(format!("{column} in (select {key} from {table} where {person} = $1)"))
        }
        Subject::Email(_) | Subject::Channel(_) => None,
    }
}

/// What is kept of somebody who left.
pub(crate) const RECORD: SealedColumn = SealedColumn {
    purpose: "retained.record",
    table: "retained.records",
    column: "sealed",
    row: "subject_id || '/' || kind",
    plain: None,
};

/// Something of somebody who left, that the law demands to keep.
#[derive(Clone, Debug)]
pub struct Retained<'a> {
    /// What it was taken from: the account, an order, a conversation.
    pub subject: Uuid,
    /// The kind of the subject, as the table lists them.
    pub kind: &'static str,
    /// What for, and by which law.
    pub purpose: &'a Purpose,
    /// Since when the law counts.
    pub from: Timestamp,
    /// What is kept.
    pub data: Value,
}

/// Moves something into the schema of what is kept, unless its time is over. Keeping it twice keeps
/// the first.
pub async fn retain(
    tx: &mut Tx,
    user: UserId,
    retained: &Retained<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let ends = destroy_at(retained.purpose, retained.from).filter(|ends| *ends > now);
    let Some(destroy_at) = ends else { return Ok(()) };
    let row = format!("{}/{}", retained.subject, retained.kind);
    let sealed = tx.vault.seal(&RECORD, row, retained.data.to_string().as_bytes());
    sqlx::query!(
        "insert into retained.records (subject_id, kind, user_id, why, law, sealed, kept_at, destroy_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (subject_id, kind) do nothing",
        retained.subject,
        retained.kind,
        user.0,
        retained.purpose.why,
        retained.purpose.law,
        sealed,
        now,
        destroy_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What is kept of somebody who left, opened: for whoever has to answer by law, and for tests.
pub async fn retained(store: &Store, user: UserId) -> Result<Vec<(String, Timestamp, Value)>, StoreError> {
    let rows = sqlx::query!(
        "select subject_id, kind, sealed, destroy_at from retained.records
         where user_id = $1 order by kind, subject_id",
        user.0
    )
    .fetch_all(store.pool())
    .await?;
    let open = |kind: String, subject: Uuid, sealed: &[u8], destroy_at| {
        let plain = store.vault().open(&RECORD, format!("{subject}/{kind}"), sealed)?;
        Ok((kind, destroy_at, serde_json::from_slice(&plain)?))
    };
    rows.into_iter().map(|row| open(row.kind, row.subject_id, &row.sealed, row.destroy_at)).collect()
}

/// Destroys what has been kept for long enough; returns how many records.
pub async fn destroy_due(store: &Store, now: Timestamp) -> Result<u64, StoreError> {
    let done = sqlx::query!("delete from retained.records where destroy_at <= $1", now)
        .execute(store.pool())
        .await?;
    Ok(done.rows_affected())
}

/// Lets this transaction drop lines of append-only logs from before this moment.
pub(crate) async fn keep_since(tx: &mut Tx, moment: Timestamp) -> Result<(), StoreError> {
    sqlx::query_scalar!("select set_config('privacy.kept_since', $1::timestamptz::text, true)", moment)
        .fetch_one(&mut **tx)
        .await?;
    Ok(())
}

/// Begins a withdrawal. False: one has begun before.
pub async fn begin_withdrawal(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "insert into privacy.withdrawals (user_id, asked_at) values ($1, $2) on conflict (user_id) do nothing",
        user.0,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The next step of a withdrawal; none if all are done, or there is no withdrawal.
pub async fn next_step(store: &Store, user: UserId) -> Result<Option<Step>, StoreError> {
    let done = sqlx::query_scalar!("select steps_done from privacy.withdrawals where user_id = $1", user.0)
        .fetch_optional(store.pool())
        .await?;
    Ok(done.and_then(|done| Step::after(done.unsigned_abs())))
}

/// Records that a step is done. A step that another process has recorded meanwhile counts once.
pub async fn step_done(tx: &mut Tx, user: UserId, step: Step, now: Timestamp) -> Result<(), StoreError> {
    let place = Step::ALL.iter().position(|each| *each == step).unwrap_or_default();
    let place = i16::try_from(place).map_err(|error| StoreError::Fault(error.into()))?;
    let last = Step::after(place.unsigned_abs() + 1).is_none();
    sqlx::query!(
        "update privacy.withdrawals set steps_done = $2 + 1, done_at = case when $3 then $4::timestamptz end
         where user_id = $1 and steps_done = $2",
        user.0,
        place,
        last,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
