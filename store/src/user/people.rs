//! People, as staff look for them.

use domain::UserId;

use crate::{Store, StoreError, Tx};

/// What of a person is masked before staff see it.
#[derive(Clone, Debug)]
pub struct Contact {
    /// The user.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// E.164.
    pub phone: String,
}

/// The people whose name contains the text, newest first, at most `limit`. The text has two
/// characters at least, in the form of [`searchable`](domain::text::searchable).
pub async fn named(store: &Store, text: &str, limit: u32) -> Result<Vec<UserId>, StoreError> {
    let rows = sqlx::query_scalar!(
        "select id from users.profiles
         where search.pairs(search.form(name)) @> search.pairs($1)
           and position($1 in search.form(name)) > 0
         order by id desc limit $2",
        text,
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows.into_iter().map(UserId).collect())
}

/// These people, newest first.
pub async fn contacts(store: &Store, users: &[UserId]) -> Result<Vec<Contact>, StoreError> {
    let ids: Vec<_> = users.iter().map(|user| user.0).collect();
    let rows = sqlx::query_as!(
        Contact,
        "select id, name, phone from users.profiles where id = any($1) order by id desc",
        &ids
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows)
}

/// A person, in the transaction that writes down who looks at them.
pub async fn contact(tx: &mut Tx, user: UserId) -> Result<Option<Contact>, StoreError> {
    let row = sqlx::query_as!(Contact, "select id, name, phone from users.profiles where id = $1", user.0)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(row)
}
