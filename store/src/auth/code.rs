//! Codes that were sent, requests for new passwords, and notices that wait for their mail.

use domain::auth::{Code, DAY, Email, LiveCode, Notice, Purpose, RESEND_AFTER};
use domain::short_code::Tries;
use domain::{Timestamp, UserId};
use uuid::Uuid;

use crate::vault::{SealedColumn, Vault};
use crate::{Store, StoreError, Tx};

/// The digits of a code.
pub(crate) const DIGITS: SealedColumn = SealedColumn {
    purpose: "code.digits",
    table: "auth.codes",
    column: "sealed",
    row: "id::text",
    plain: None,
};

/// A code that is about to be sent.
#[derive(Clone, Debug)]
pub struct NewCode<'a> {
    /// Its id.
    pub id: Uuid,
    /// What it is for.
    pub purpose: Purpose,
    /// The account; none if a password is to be reset and the address has no account.
    pub user: Option<UserId>,
    /// The e-mail address or telephone number that it proves.
    pub target: &'a str,
    /// The digits.
    pub code: &'a Code,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// Which live code is meant.
#[derive(Clone, Copy, Debug)]
pub enum CodeOf<'a> {
    /// That of an account for this purpose.
    Account(UserId, Purpose),
    /// The one by which the password of the account with this address can be reset.
    Reset(&'a Email),
}

/// A live code, with what it is for.
#[derive(Clone, Debug)]
pub struct FoundCode {
    /// Its id.
    pub id: Uuid,
    /// What decides on a try.
    pub live: LiveCode,
    /// The account, if there is one.
    pub user: Option<UserId>,
    /// The e-mail address or telephone number that it proves.
    pub target: String,
    /// What it is for.
    pub purpose: Purpose,
}

/// When codes of this purpose were sent within [`DAY`], of this account or to this address.
pub async fn codes_sent(
    tx: &mut Tx,
    purpose: Purpose,
    user: Option<UserId>,
    target: &str,
    now: Timestamp,
) -> Result<Vec<Timestamp>, StoreError> {
    let sent = sqlx::query_scalar!(
        r#"select created_at as "at!" from auth.codes where target = $2 and purpose = $3 and created_at > $4
           union all
           select created_at from auth.codes
           where user_id = $1 and purpose = $3 and created_at > $4 and target <> $2"#,
        user.map(|user| user.0),
        target,
        purpose.as_str(),
        now - DAY
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(sent)
}

/// Adds a code in the place of the one that lives; `false` if that is too young to be replaced,
/// because somebody asked at the same time: it stays.
pub async fn add_code(tx: &mut Tx, new: &NewCode<'_>, at: Timestamp) -> Result<bool, StoreError> {
    let user = new.user.map(|user| user.0);
    // It may have been added since the caller looked.
    let old = at - RESEND_AFTER;
    match new.purpose {
        Purpose::PasswordReset => {
            sqlx::query!(
                "update auth.codes set ended_at = $2, sealed = null
                 where target = $1 and purpose = 'password_reset' and ended_at is null
                   and created_at <= $3",
                new.target,
                at,
                old
            )
            .execute(&mut **tx)
            .await?
        }
        _ => {
            sqlx::query!(
                "update auth.codes set ended_at = $3, sealed = null
                 where user_id = $1 and purpose = $2 and purpose <> 'password_reset' and ended_at is null
                   and created_at <= $4",
                user,
                new.purpose.as_str(),
                at,
                old
            )
            .execute(&mut **tx)
            .await?
        }
    };
    let sealed = tx.vault.seal(&DIGITS, new.id, new.code.digits().as_bytes());
    let added = sqlx::query!(
        "insert into auth.codes (id, purpose, user_id, target, sealed, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
        new.id,
        new.purpose.as_str(),
        user,
        new.target,
        sealed,
        at,
        new.expires_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Reads a live code and locks it until the transaction ends, so that all tries at it are counted.
/// It is locked before its account, by whoever needs both.
pub async fn lock_code(tx: &mut Tx, of: CodeOf<'_>) -> Result<Option<FoundCode>, StoreError> {
    let id = match of {
        CodeOf::Account(user, purpose) => {
            sqlx::query_scalar!(
                "select id from auth.codes
                 where user_id = $1 and purpose = $2 and purpose <> 'password_reset' and ended_at is null
                 for update",
                user.0,
                purpose.as_str()
            )
            .fetch_optional(&mut **tx)
            .await?
        }
        CodeOf::Reset(email) => {
            sqlx::query_scalar!(
                "select id from auth.codes
                 where target = $1 and purpose = 'password_reset' and ended_at is null for update",
                email.as_str()
            )
            .fetch_optional(&mut **tx)
            .await?
        }
    };
    let Some(id) = id else { return Ok(None) };
    let row = sqlx::query_as!(
        Row,
        "select id, purpose, user_id, target, sealed, tries, expires_at from auth.codes where id = $1",
        id
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| row.found(&tx.vault)).transpose()
}

/// A live code that waits to be sent.
pub async fn code_to_send(store: &Store, id: Uuid) -> Result<Option<FoundCode>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "select id, purpose, user_id, target, sealed, tries, expires_at from auth.codes
         where id = $1 and ended_at is null",
        id
    )
    .fetch_optional(store.pool())
    .await?;
    row.map(|row| row.found(store.vault())).transpose()
}

/// A live code, as its row has it.
struct Row {
    id: Uuid,
    purpose: String,
    user_id: Option<Uuid>,
    target: String,
    sealed: Option<Vec<u8>>,
    tries: i16,
    expires_at: Timestamp,
}

impl Row {
    fn found(self, vault: &Vault) -> Result<FoundCode, StoreError> {
        let digits = vault.open_text(&DIGITS, self.id, self.sealed.as_deref())?;
        let purpose = Purpose::of(&self.purpose)
            .ok_or_else(|| StoreError::Fault(format!("a code for {}", self.purpose).into()))?;
        let wrong = Tries(self.tries.unsigned_abs().into());
        Ok(FoundCode {
            id: self.id,
            live: LiveCode { code: Code::read(&digits), wrong, expires_at: self.expires_at },
            user: self.user_id.map(UserId),
            target: self.target,
            purpose,
        })
    }
}

/// Records so many wrong tries at a code.
pub async fn count_tries(tx: &mut Tx, id: Uuid, wrong: Tries) -> Result<(), StoreError> {
    let tries = i16::try_from(wrong.0).map_err(|error| StoreError::Fault(error.into()))?;
    sqlx::query!("update auth.codes set tries = $2 where id = $1", id, tries).execute(&mut **tx).await?;
    Ok(())
}

/// Ends a code, which was used.
pub async fn end_code(tx: &mut Tx, id: Uuid, at: Timestamp) -> Result<(), StoreError> {
    sqlx::query!("update auth.codes set ended_at = $2, sealed = null where id = $1", id, at)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Ends the live codes of an account for these purposes, because what they prove has changed.
pub async fn end_codes(
    tx: &mut Tx,
    user: UserId,
    purposes: &[Purpose],
    at: Timestamp,
) -> Result<(), StoreError> {
    let purposes: Vec<_> = purposes.iter().map(|purpose| purpose.as_str().to_owned()).collect();
    sqlx::query!(
        "update auth.codes set ended_at = $3, sealed = null
         where id in (
             select id from auth.codes where user_id = $1 and purpose = any($2) and ended_at is null
             order by id for update
         )",
        user.0,
        &purposes,
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Notes that somebody forgot the password of the account with this address, if there is one.
pub async fn add_reset_request(
    tx: &mut Tx,
    id: Uuid,
    email: &Email,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into auth.reset_requests (id, email, created_at) values ($1, $2, $3)",
        id,
        email.as_str(),
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes such a request away, with its address.
pub async fn take_reset_request(tx: &mut Tx, id: Uuid) -> Result<Option<Email>, StoreError> {
    let email = sqlx::query_scalar!("delete from auth.reset_requests where id = $1 returning email", id)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(email.and_then(|email| email.parse().ok()))
}

/// A notice that waits for its mail.
#[derive(Clone, Debug)]
pub struct PendingNotice {
    /// Its id, which is the key of its mail.
    pub id: Uuid,
    /// The account.
    pub user: UserId,
    /// What its person is told.
    pub notice: Notice,
    /// Where.
    pub email: Email,
}

/// Adds a notice.
pub async fn add_notice(tx: &mut Tx, new: &PendingNotice, at: Timestamp) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into auth.notices (id, user_id, kind, email, created_at) values ($1, $2, $3, $4, $5)",
        new.id,
        new.user.0,
        new.notice.as_str(),
        new.email.as_str(),
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A notice that was not sent yet.
pub async fn notice(store: &Store, id: Uuid) -> Result<Option<PendingNotice>, StoreError> {
    let row = sqlx::query!("select user_id, kind, email from auth.notices where id = $1", id)
        .fetch_optional(store.pool())
        .await?;
    Ok(row.and_then(|row| {
        let (notice, email) = (Notice::of(&row.kind)?, row.email.parse().ok()?);
        Some(PendingNotice { id, user: UserId(row.user_id), notice, email })
    }))
}

/// Removes a notice that was sent.
pub async fn remove_notice(store: &Store, id: Uuid) -> Result<(), StoreError> {
    sqlx::query!("delete from auth.notices where id = $1", id).execute(store.pool()).await?;
    Ok(())
}

/// Deletes codes of before `until`, and requests and notices of then that were never worked off.
pub async fn drop_old_codes(store: &Store, until: Timestamp) -> Result<(), StoreError> {
    sqlx::query!("delete from auth.codes where created_at < $1", until).execute(store.pool()).await?;
    sqlx::query!("delete from auth.reset_requests where created_at < $1", until)
        .execute(store.pool())
        .await?;
    sqlx::query!("delete from auth.notices where created_at < $1", until).execute(store.pool()).await?;
    Ok(())
}
