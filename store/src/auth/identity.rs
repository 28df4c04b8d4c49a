//! What the people of accounts are recognised by, and what proves it.

use domain::auth::{Account, Email, Identity, Phone, Recognition};
use domain::{IdentityId, Timestamp, UserId};
use uuid::Uuid;

use super::account::account;
use crate::{Store, StoreError, Tx, broken_constraint};

/// Adds an identity to its account; `false` if some account has it already.
pub async fn add_identity(tx: &mut Tx, identity: &Identity, at: Timestamp) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "insert into auth.identities (id, user_id, kind, issuer, subject, verified_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        identity.id.0,
        identity.user.0,
        identity.by.kind(),
        identity.by.issuer(),
        identity.by.subject(),
        identity.verified_at,
        at
    )
    .execute(&mut **tx)
    .await;
    match done {
        Ok(_) => Ok(true),
        Err(error) if broken_constraint(&error) == Some("identities_once") => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The identities of an account, oldest first.
pub async fn identities(store: &Store, user: UserId) -> Result<Vec<Identity>, StoreError> {
    let rows = sqlx::query!(
        "select id, user_id, kind, issuer, subject, verified_at from auth.identities
         where user_id = $1 order by created_at, id",
        user.0
    )
    .fetch_all(store.pool())
    .await?;
    let identities = rows.into_iter().filter_map(|row| {
        let by = Recognition::of(&row.kind, row.issuer, row.subject)?;
        let (id, user) = (IdentityId(row.id), UserId(row.user_id));
        Some(Identity { id, user, by, verified_at: row.verified_at })
    });
    Ok(identities.collect())
}

/// The account that somebody is recognised as, and by which of its identities.
#[derive(Clone, Debug)]
pub struct Recognised {
    /// The account.
    pub account: Account,
    /// The identity.
    pub identity: IdentityId,
    /// The hash of the account's password, if it has one.
    pub password_hash: Option<String>,
}

/// The account with this identity.
pub async fn recognise(store: &Store, by: &Recognition) -> Result<Option<Recognised>, StoreError> {
    let row = sqlx::query!(
        r#"select i.id, a.user_id, a.roles, a.banned_at, a.withdrawn_at, c.secret as "secret?"
         from auth.identities i
         join auth.accounts a on a.user_id = i.user_id
         left join auth.credentials c on c.user_id = i.user_id and c.kind = 'password'
         where i.issuer = $1 and i.kind = $2 and i.subject = $3"#,
        by.issuer(),
        by.kind(),
        by.subject()
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row.map(|row| Recognised {
        account: account(row.user_id, &row.roles, row.banned_at, row.withdrawn_at),
        identity: IdentityId(row.id),
        password_hash: row.secret,
    }))
}

/// The e-mail address of an account, if it has one.
pub async fn email_of(store: &Store, user: UserId) -> Result<Option<Email>, StoreError> {
    let email = sqlx::query_scalar!(
        "select subject from auth.identities where user_id = $1 and kind = 'email'",
        user.0
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(email.and_then(|email| email.parse().ok()))
}

/// The e-mail addresses of these accounts, of those that have one.
pub async fn emails(store: &Store, users: &[UserId]) -> Result<Vec<(UserId, Email)>, StoreError> {
    let ids: Vec<_> = users.iter().map(|user| user.0).collect();
    let rows = sqlx::query!(
        "select user_id, subject from auth.identities where user_id = any($1) and kind = 'email'",
        &ids
    )
    .fetch_all(store.pool())
    .await?;
    let emails = rows.into_iter().filter_map(|row| Some((UserId(row.user_id), row.subject.parse().ok()?)));
    Ok(emails.collect())
}

/// The e-mail address of an account, if it has one, as the transaction sees it.
pub async fn email_in(tx: &mut Tx, user: UserId) -> Result<Option<Email>, StoreError> {
    let email = sqlx::query_scalar!(
        "select subject from auth.identities where user_id = $1 and kind = 'email'",
        user.0
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(email.and_then(|email| email.parse().ok()))
}

/// The identity of an account that is its e-mail address, if it has one.
pub async fn email_identity(tx: &mut Tx, user: UserId) -> Result<Option<Identity>, StoreError> {
    let row = sqlx::query!(
        "select id, subject, verified_at from auth.identities where user_id = $1 and kind = 'email'",
        user.0
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.and_then(|row| {
        let by = Recognition::Email(row.subject.parse().ok()?);
        Some(Identity { id: IdentityId(row.id), user, by, verified_at: row.verified_at })
    }))
}

/// Records that the address of an account was proven; `false` if the account has another one.
pub async fn prove_email(
    tx: &mut Tx,
    user: UserId,
    email: &Email,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update auth.identities set verified_at = coalesce(verified_at, $3)
         where user_id = $1 and kind = 'email' and subject = $2",
        user.0,
        email.as_str(),
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Makes a proven address that of an account, in the place of the one that it has, if it has one;
/// `false` if some other account has it.
pub async fn change_email(
    tx: &mut Tx,
    id: IdentityId,
    user: UserId,
    email: &Email,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "insert into auth.identities (id, user_id, kind, subject, verified_at, created_at)
         values ($1, $2, 'email', $3, $4, $4)
         on conflict (user_id, kind, issuer)
         do update set subject = excluded.subject, verified_at = excluded.verified_at",
        id.0,
        user.0,
        email.as_str(),
        at
    )
    .execute(&mut **tx)
    .await;
    match done {
        Ok(_) => Ok(true),
        Err(error) if broken_constraint(&error) == Some("identities_once") => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// What a proven telephone number took the place of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PhoneProven {
    /// The account that had proven the same number before.
    pub lost_by: Option<UserId>,
    /// Whether the account had proven another number before.
    pub in_place_of_another: bool,
}

/// Makes a proven number that of an account. Carriers give numbers to new people, so another
/// account that proved it before has it no longer.
pub async fn prove_phone(
    tx: &mut Tx,
    id: IdentityId,
    user: UserId,
    phone: &Phone,
    at: Timestamp,
) -> Result<PhoneProven, StoreError> {
    let lost_by = sqlx::query_scalar!(
        "delete from auth.identities
         where issuer = '' and kind = 'phone' and subject = $1 and user_id <> $2 returning user_id",
        phone.as_str(),
        user.0
    )
    .fetch_optional(&mut **tx)
    .await?;
    let before = sqlx::query_scalar!(
        "select subject from auth.identities where user_id = $1 and kind = 'phone'",
        user.0
    )
    .fetch_optional(&mut **tx)
    .await?;
    let done = sqlx::query!(
        "insert into auth.identities (id, user_id, kind, subject, verified_at, created_at)
         values ($1, $2, 'phone', $3, $4, $4)
         on conflict (user_id, kind, issuer)
         do update set subject = excluded.subject, verified_at = excluded.verified_at",
        id.0,
        user.0,
        phone.as_str(),
        at
    )
    .execute(&mut **tx)
    .await;
    match done {
        Ok(_) => Ok(PhoneProven {
            lost_by: lost_by.map(UserId),
            in_place_of_another: before.is_some_and(|before| before != phone.as_str()),
        }),
        // Two accounts prove it at the same time: the later one does it once more.
        Err(error) if broken_constraint(&error) == Some("identities_once") => Err(StoreError::Conflict),
        Err(error) => Err(error.into()),
    }
}

/// Drops the proven number of an account unless it is `phone`.
pub async fn drop_other_phone(tx: &mut Tx, user: UserId, phone: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from auth.identities where user_id = $1 and kind = 'phone' and subject <> $2",
        user.0,
        phone
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Drops all identities of an account but one.
pub async fn drop_other_identities(tx: &mut Tx, user: UserId, kept: IdentityId) -> Result<(), StoreError> {
    sqlx::query!("delete from auth.identities where user_id = $1 and id <> $2", user.0, kept.0)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Sets the password of an account, in the place of the one that it has, if it has one.
pub async fn set_password(
    tx: &mut Tx,
    id: Uuid,
    user: UserId,
    hash: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into auth.credentials (id, user_id, kind, secret, created_at, changed_at)
         values ($1, $2, 'password', $3, $4, $4)
         on conflict (user_id) where kind = 'password'
         do update set secret = excluded.secret, changed_at = excluded.changed_at",
        id,
        user.0,
        hash,
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// When the password of an account was last chosen anew.
pub async fn password_changed_at(tx: &mut Tx, user: UserId) -> Result<Option<Timestamp>, StoreError> {
    let at = sqlx::query_scalar!(
        "select changed_at from auth.credentials where user_id = $1 and kind = 'password'",
        user.0
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(at)
}

/// Whether this is still the hash of the account's password.
pub async fn is_password(tx: &mut Tx, user: UserId, hash: &str) -> Result<bool, StoreError> {
    let is = sqlx::query_scalar!(
        r#"select exists (select from auth.credentials where user_id = $1 and kind = 'password' and secret = $2)
           as "is!""#,
        user.0,
        hash
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(is)
}

/// Replaces a hash of a password that is still the same, but whose cost parameters are not.
pub async fn rehash(store: &Store, user: UserId, old: &str, new: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "update auth.credentials set secret = $3 where user_id = $1 and kind = 'password' and secret = $2",
        user.0,
        old,
        new
    )
    .execute(store.pool())
    .await?;
    Ok(())
}
