//! Accounts: what they may, and whether anybody may act for them.

use domain::auth::{Account, AccountStatus};
use domain::{Role, Timestamp, UserId};
use uuid::Uuid;

use crate::{Store, StoreError, Tx};

/// The account of a row.
pub(super) fn account(
    user: Uuid,
    roles: &[String],
    banned_at: Option<Timestamp>,
    withdrawn_at: Option<Timestamp>,
) -> Account {
    let status = match (withdrawn_at, banned_at) {
        (Some(_), _) => AccountStatus::Withdrawn,
        (None, Some(_)) => AccountStatus::Banned,
        (None, None) => AccountStatus::Open,
    };
    let roles = roles.iter().filter_map(|name| name.parse().ok()).collect();
    Account { user: UserId(user), roles, status }
}

fn names(roles: &[Role]) -> Vec<String> {
    roles.iter().map(|role| role.as_str().to_owned()).collect()
}

/// Opens an account that nobody can sign in to yet.
pub async fn open_account(
    tx: &mut Tx,
    user: UserId,
    roles: &[Role],
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into auth.accounts (user_id, roles, created_at) values ($1, $2, $3)",
        user.0,
        &names(roles),
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Opens many accounts at once that nobody can sign in to: for load tests, which
/// issue their tokens directly.
pub async fn open_accounts(
    store: &Store,
    users: &[UserId],
    role: Role,
    at: Timestamp,
) -> Result<(), StoreError> {
    let ids: Vec<_> = users.iter().map(|user| user.0).collect();
    sqlx::query!(
        "insert into auth.accounts (user_id, roles, created_at)
         select id, array[$2], $3 from unnest($1::uuid[]) as id",
        &ids,
        role.as_str(),
        at
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// The account of a user.
pub async fn account_of(store: &Store, user: UserId) -> Result<Option<Account>, StoreError> {
    let row = sqlx::query!(
        "select user_id, roles, banned_at, withdrawn_at from auth.accounts where user_id = $1",
        user.0
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row.map(|row| account(row.user_id, &row.roles, row.banned_at, row.withdrawn_at)))
}

/// The account of a user, locked until the transaction ends: whoever bans it or ends all its
/// sessions, and whoever begins one, follow one another.
pub async fn lock_account(tx: &mut Tx, user: UserId) -> Result<Option<Account>, StoreError> {
    let row = sqlx::query!(
        "select user_id, roles, banned_at, withdrawn_at from auth.accounts where user_id = $1 for update",
        user.0
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| account(row.user_id, &row.roles, row.banned_at, row.withdrawn_at)))
}

/// An account, as staff see it.
#[derive(Clone, Debug)]
pub struct SeenAccount {
    /// Roles and status.
    pub account: Account,
    /// When it was opened.
    pub created_at: Timestamp,
    /// Since when nobody may act for it.
    pub banned_at: Option<Timestamp>,
}

/// These accounts, in no order.
pub async fn seen_accounts(store: &Store, users: &[UserId]) -> Result<Vec<SeenAccount>, StoreError> {
    let ids: Vec<_> = users.iter().map(|user| user.0).collect();
    let rows = sqlx::query!(
        "select user_id, roles, banned_at, withdrawn_at, created_at from auth.accounts where user_id = any($1)",
        &ids
    )
    .fetch_all(store.pool())
    .await?;
    let seen = rows.into_iter().map(|row| SeenAccount {
        account: account(row.user_id, &row.roles, row.banned_at, row.withdrawn_at),
        created_at: row.created_at,
        banned_at: row.banned_at,
    });
    Ok(seen.collect())
}

/// Those who may act as admins now, locked until the transaction ends. Whoever changes the
/// account of another locks them first: of two changes, the second sees the first.
pub async fn lock_admins(tx: &mut Tx) -> Result<Vec<UserId>, StoreError> {
    let rows = sqlx::query_scalar!(
        "select user_id from auth.accounts
         where 'admin' = any (roles) and banned_at is null and withdrawn_at is null
         order by user_id for update"
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(UserId).collect())
}

/// Stores the roles of an account, and whether it is banned, since `at` if it was not before.
pub async fn keep_account(tx: &mut Tx, account: &Account, at: Timestamp) -> Result<(), StoreError> {
    let banned_at = (account.status == AccountStatus::Banned).then_some(at);
    sqlx::query!(
        "update auth.accounts
         set roles = $2, banned_at = case when $3::timestamptz is not null then coalesce(banned_at, $3) end
         where user_id = $1",
        account.user.0,
        &names(&account.roles),
        banned_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
