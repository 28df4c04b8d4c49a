//! Accounts, sessions, refresh tokens, keys, and the audit log; wrong passwords stand in
//! `attempts`.

mod attempts;

use std::net::IpAddr;

use domain::auth::{Email, Shown};
use domain::{Role, SessionId, Timestamp, UserId};

use crate::{Store, StoreError, Tx, broken_constraint};

pub use attempts::{keep_attempts, lock_attempts};

/// How somebody signs in.
#[derive(Clone, Debug)]
pub struct Account {
    /// Who.
    pub user: UserId,
    /// The hash of their password, a PHC string.
    pub password_hash: String,
    /// As what.
    pub roles: Vec<Role>,
}

/// A signed-in device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The token's `sid`.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// What the device calls itself.
    pub device: String,
    /// The network address it was last seen at.
    pub address: String,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When it last refreshed.
    pub last_seen_at: Timestamp,
    /// When it ends unless it refreshes.
    pub expires_at: Timestamp,
}

/// What access tokens are signed with.
#[derive(Clone)]
pub struct SigningKey {
    /// Its name in tokens.
    pub kid: String,
    /// Ed25519, PKCS #8 DER.
    pub private_key: Vec<u8>,
    /// What refresh tokens' successors are derived with.
    pub pepper: Vec<u8>,
}

fn roles(names: &[String]) -> Vec<Role> {
    names.iter().filter_map(|name| name.parse().ok()).collect()
}

fn names(roles: &[Role]) -> Vec<String> {
    roles.iter().map(|role| role.as_str().to_owned()).collect()
}

/// Opens an account; `false` if the address has one.
pub async fn open_account(
    tx: &mut Tx,
    email: &Email,
    account: &Account,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "insert into auth.accounts (user_id, email, password_hash, roles, created_at) values ($1, $2, $3, $4, $5)",
        account.user.0,
        email.as_str(),
        account.password_hash,
        &names(&account.roles),
        at
    )
    .execute(&mut **tx)
    .await;
    match done {
        Ok(_) => Ok(true),
        Err(error) if broken_constraint(&error) == Some("accounts_email_once") => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Opens many accounts at once, none of which anybody can sign in to: for a load,
/// whose people get their tokens by hand.
pub async fn open_accounts(
    store: &Store,
    users: &[UserId],
    role: Role,
    at: Timestamp,
) -> Result<(), StoreError> {
    let ids: Vec<_> = users.iter().map(|user| user.0).collect();
    sqlx::query!(
        "insert into auth.accounts (user_id, email, password_hash, roles, created_at)
         select id, id || '@load.baedal.example', '!', array[$2], $3 from unnest($1::uuid[]) as id",
        &ids,
        role.as_str(),
        at
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// The account with this address.
pub async fn account(store: &Store, email: &Email) -> Result<Option<Account>, StoreError> {
    let row = sqlx::query!(
        "select user_id, password_hash, roles from auth.accounts where email = $1",
        email.as_str()
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row.map(|row| Account {
        user: UserId(row.user_id),
        password_hash: row.password_hash,
        roles: roles(&row.roles),
    }))
}

/// The address and roles of a person.
pub async fn login(store: &Store, user: UserId) -> Result<Option<(String, Vec<Role>)>, StoreError> {
    let row = sqlx::query!("select email, roles from auth.accounts where user_id = $1", user.0)
        .fetch_optional(store.pool())
        .await?;
    Ok(row.map(|row| (row.email, roles(&row.roles))))
}

/// Replaces a hash whose parameters are out of date.
pub async fn rehash(store: &Store, user: UserId, old: &str, new: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "update auth.accounts set password_hash = $3 where user_id = $1 and password_hash = $2",
        user.0,
        old,
        new
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// Begins a session with its first refresh token.
pub async fn begin_session(tx: &mut Tx, session: &Session, hash: &[u8; 32]) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into auth.sessions (id, user_id, device, address, created_at, last_seen_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        session.id.0,
        session.user.0,
        session.device,
        session.address,
        session.created_at,
        session.last_seen_at,
        session.expires_at
    )
    .execute(&mut **tx)
    .await?;
    insert_token(tx, session.id, 0, hash).await
}

async fn insert_token(
    tx: &mut Tx,
    session: SessionId,
    generation: u32,
    hash: &[u8; 32],
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into auth.refresh_tokens (hash, session_id, generation) values ($1, $2, $3)",
        &hash[..],
        session.0,
        to_i32(generation)?
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A refresh token that was shown: its session, its owner and what is known of it.
#[derive(Clone, Debug)]
pub struct ShownToken {
    /// The session.
    pub session: SessionId,
    /// Whose.
    pub user: UserId,
    /// As what they are known now.
    pub roles: Vec<Role>,
    /// What the decision needs.
    pub shown: Shown,
}

/// Finds a refresh token, and locks its session until the transaction ends: of
/// two who show tokens of one session, the second sees what the first did.
pub async fn show_token(tx: &mut Tx, hash: &[u8; 32]) -> Result<Option<ShownToken>, StoreError> {
    let locked = sqlx::query!(
        "select s.id from auth.sessions s join auth.refresh_tokens t on t.session_id = s.id
         where t.hash = $1 for update of s",
        &hash[..]
    )
    .fetch_optional(&mut **tx)
    .await?;
    if locked.is_none() {
        return Ok(None);
    }
    // A second query, so that it sees what was committed while the first waited.
    let row = sqlx::query!(
        "select s.id, s.user_id, s.newest, s.expires_at, s.ended_at, t.generation, t.used_at, a.roles
         from auth.refresh_tokens t
         join auth.sessions s on s.id = t.session_id
         join auth.accounts a on a.user_id = s.user_id
         where t.hash = $1",
        &hash[..]
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(Some(ShownToken {
        session: SessionId(row.id),
        user: UserId(row.user_id),
        roles: roles(&row.roles),
        shown: Shown {
            generation: row.generation.unsigned_abs(),
            newest: row.newest.unsigned_abs(),
            used_at: row.used_at,
            expires_at: row.expires_at,
            ended_at: row.ended_at,
        },
    }))
}

/// Uses the newest token (`hash`, of `generation`) for the next (`next`).
pub async fn rotate(
    tx: &mut Tx,
    session: SessionId,
    generation: u32,
    hash: &[u8; 32],
    next: &[u8; 32],
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!("update auth.refresh_tokens set used_at = $2 where hash = $1", &hash[..], at)
        .execute(&mut **tx)
        .await?;
    insert_token(tx, session, generation + 1, next).await?;
    sqlx::query!("update auth.sessions set newest = $2 where id = $1", session.0, to_i32(generation + 1)?)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The session was seen, and goes on until `expires_at`.
pub async fn touch(
    tx: &mut Tx,
    session: SessionId,
    address: &str,
    at: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update auth.sessions set address = $2, last_seen_at = $3, expires_at = $4 where id = $1",
        session.0,
        address,
        at,
        expires_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Ends a session of `user`; `false` if there is none that goes on.
pub async fn end_session(
    tx: &mut Tx,
    user: UserId,
    session: SessionId,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let ended = sqlx::query!(
        "update auth.sessions set ended_at = $3 where id = $1 and user_id = $2 and ended_at is null",
        session.0,
        user.0,
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// Ends all sessions of `user` but `kept`, and says which; `None`, and none are ended,
/// if `kept` itself is over. Sessions are locked in one order: of two that end each
/// other, one does.
pub async fn end_other_sessions(
    tx: &mut Tx,
    user: UserId,
    kept: SessionId,
    at: Timestamp,
) -> Result<Option<Vec<SessionId>>, StoreError> {
    let going_on = sqlx::query_scalar!(
        "select id from auth.sessions where user_id = $1 and ended_at is null order by id for update",
        user.0
    )
    .fetch_all(&mut **tx)
    .await?;
    if !going_on.contains(&kept.0) {
        return Ok(None);
    }
    let others: Vec<_> = going_on.into_iter().filter(|id| *id != kept.0).collect();
    sqlx::query!("update auth.sessions set ended_at = $2 where id = any($1)", &others, at)
        .execute(&mut **tx)
        .await?;
    Ok(Some(others.into_iter().map(SessionId).collect()))
}

/// A person's sessions that go on, newest first, from after `after` on.
pub async fn sessions(
    store: &Store,
    user: UserId,
    after: Option<SessionId>,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<Session>, StoreError> {
    let rows = sqlx::query!(
        "select id, device, address, created_at, last_seen_at, expires_at from auth.sessions
         where user_id = $1 and ended_at is null and expires_at > $2 and id < $3
         order by id desc limit $4",
        user.0,
        now,
        after.map_or(sqlx::types::Uuid::max(), |after| after.0),
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Session {
            id: SessionId(row.id),
            user,
            device: row.device,
            address: row.address,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            expires_at: row.expires_at,
        })
        .collect())
}

/// Sessions that were ended after `since`.
pub async fn ended_since(store: &Store, since: Timestamp) -> Result<Vec<(SessionId, Timestamp)>, StoreError> {
    let rows = sqlx::query!(
        r#"select id, ended_at as "ended_at!" from auth.sessions where ended_at > $1 order by ended_at"#,
        since
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows.into_iter().map(|row| (SessionId(row.id), row.ended_at)).collect())
}

/// The signing keys, newest first; `fresh` is kept first if there is none. Of
/// several processes that start at once, one key wins.
pub async fn signing_keys(
    store: &Store,
    fresh: &SigningKey,
    at: Timestamp,
) -> Result<Vec<SigningKey>, StoreError> {
    let mut tx = store.begin().await?;
    sqlx::query!("lock table auth.signing_keys in share row exclusive mode").execute(&mut *tx).await?;
    sqlx::query!(
        "insert into auth.signing_keys (kid, private_key, pepper, created_at)
         select $1, $2, $3, $4 where not exists (select from auth.signing_keys)",
        fresh.kid,
        fresh.private_key,
        fresh.pepper,
        at
    )
    .execute(&mut *tx)
    .await?;
    let keys = sqlx::query_as!(
        SigningKey,
        "select kid, private_key, pepper from auth.signing_keys order by created_at desc, kid"
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(keys)
}

/// The session, over or not, of a refresh token of the account with this address, used or not.
pub async fn known_device(
    store: &Store,
    email: &Email,
    hash: &[u8; 32],
) -> Result<Option<SessionId>, StoreError> {
    let id = sqlx::query_scalar!(
        "select s.id from auth.refresh_tokens t
         join auth.sessions s on s.id = t.session_id
         join auth.accounts a on a.user_id = s.user_id
         where t.hash = $1 and a.email = $2",
        &hash[..],
        email.as_str()
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(id.map(SessionId))
}

/// Drops what has no meaning any more: old attempts, and sessions that ended
/// before `until`, with their tokens.
pub async fn drop_old(store: &Store, until: Timestamp) -> Result<(), StoreError> {
    attempts::drop_old(store, until).await?;
    sqlx::query!("delete from auth.sessions where coalesce(ended_at, expires_at) < $1", until)
        .execute(store.pool())
        .await?;
    Ok(())
}

/// One line of the audit log.
#[derive(Clone, Copy, Debug)]
pub struct Audit {
    /// What happened (`signed_in`).
    pub kind: &'static str,
    /// To whom, where that is known.
    pub user: Option<UserId>,
    /// On which device.
    pub session: Option<SessionId>,
    /// From where.
    pub from: Option<IpAddr>,
}

/// Writes a line into the audit log.
pub async fn audit(tx: &mut Tx, line: &Audit, at: Timestamp) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into auth.audit (at, kind, user_id, session_id, address) values ($1, $2, $3, $4, $5)",
        at,
        line.kind,
        line.user.map(|user| user.0),
        line.session.map(|session| session.0),
        line.from.map(|from| from.to_string())
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn to_i32(count: u32) -> Result<i32, StoreError> {
    i32::try_from(count).map_err(|error| StoreError::Fault(error.into()))
}
