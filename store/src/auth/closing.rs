//! The end of an account whose person leaves.

use domain::{Timestamp, UserId};

use crate::{StoreError, Tx};

/// What an account had of its person.
#[derive(Clone, Debug, Default)]
pub struct Closed {
    /// What they signed in by, with its kind.
    pub identities: Vec<(String, String)>,
    /// Where their sessions were seen last, and when.
    pub connections: Vec<(String, Timestamp)>,
}

/// Closes an account that is locked: nobody is recognised by what it was recognised by, and its
/// sessions, which have ended, keep neither device nor address. The rows of sessions stay for as
/// long as their access tokens must be refused.
pub async fn close_account(tx: &mut Tx, user: UserId, at: Timestamp) -> Result<Closed, StoreError> {
    sqlx::query!("update auth.accounts set withdrawn_at = $2 where user_id = $1", user.0, at)
        .execute(&mut **tx)
        .await?;
    sqlx::query!("delete from auth.credentials where user_id = $1", user.0).execute(&mut **tx).await?;
    let identities =
        sqlx::query!("delete from auth.identities where user_id = $1 returning kind, subject", user.0)
            .fetch_all(&mut **tx)
            .await?;
    let emails: Vec<String> = identities
        .iter()
        .filter(|identity| identity.kind == "email")
        .map(|identity| identity.subject.clone())
        .collect();
    sqlx::query!("delete from auth.attempts where email = any($1)", &emails).execute(&mut **tx).await?;
    sqlx::query!("delete from auth.stranger_attempts where email = any($1)", &emails)
        .execute(&mut **tx)
        .await?;
    let connections = sqlx::query!(
        "select address, last_seen_at from auth.sessions where user_id = $1 and address <> ''",
        user.0
    )
    .fetch_all(&mut **tx)
    .await?;
    sqlx::query!("update auth.sessions set device = '', address = '' where user_id = $1", user.0)
        .execute(&mut **tx)
        .await?;
    Ok(Closed {
        identities: identities.into_iter().map(|identity| (identity.kind, identity.subject)).collect(),
        connections: connections.into_iter().map(|row| (row.address, row.last_seen_at)).collect(),
    })
}
