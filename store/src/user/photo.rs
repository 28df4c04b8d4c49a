//! Photos of people, and which of their files nobody needs any more.
//!
//! Files are named by their content, so two photos may have the same ones. Whoever begins an upload
//! and whoever removes files lock each file, the first shared: a file is removed only while no row
//! names it and none can begin to.

use domain::privacy::NOBODY;
use domain::{Timestamp, UserId};
use uuid::Uuid;

use crate::{Store, StoreError, Tx};

/// A photo of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Photo {
    /// Its id.
    pub id: Uuid,
    /// The keys of its files: for each size, smallest first, one for each encoding.
    pub files: Vec<String>,
    /// The width of the largest file, in pixels.
    pub width: i32,
    /// Its height.
    pub height: i32,
    /// The average colour, `#rrggbb`.
    pub colour: String,
}

/// Begins an upload, before its files are stored. False: the person has left.
pub async fn begin_photo(
    tx: &mut Tx,
    user: UserId,
    photo: &Photo,
    at: Timestamp,
) -> Result<bool, StoreError> {
    sqlx::query!(
        "select pg_advisory_xact_lock_shared(hashtextextended(file, 0))
         from (select distinct unnest($1::text[]) as file order by 1) files",
        &photo.files
    )
    .fetch_all(&mut **tx)
    .await?;
    let done = sqlx::query!(
        "insert into users.photos (id, user_id, files, width, height, colour, uploaded_at)
         select $1, id, $3, $4, $5, $6, $7 from users.profiles where id = $2 and name <> $8",
        photo.id,
        user.0,
        &photo.files,
        photo.width,
        photo.height,
        photo.colour,
        at,
        NOBODY
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Shows a photo whose files are stored. False: it is gone.
pub async fn show_photo(tx: &mut Tx, photo: Uuid) -> Result<bool, StoreError> {
    let done =
        sqlx::query!("update users.photos set shown = true where id = $1", photo).execute(&mut **tx).await?;
    Ok(done.rows_affected() == 1)
}

/// Takes away the photo that somebody shows, if there is one: its id and its files. Of two changes at
/// once one waits for the other.
pub async fn remove_photo(tx: &mut Tx, user: UserId) -> Result<Option<(Uuid, Vec<String>)>, StoreError> {
    sqlx::query!("select id from users.profiles where id = $1 for no key update", user.0)
        .fetch_optional(&mut **tx)
        .await?;
    let row =
        sqlx::query!("delete from users.photos where user_id = $1 and shown returning id, files", user.0)
            .fetch_optional(&mut **tx)
            .await?;
    Ok(row.map(|row| (row.id, row.files)))
}

/// The photo that somebody shows.
pub async fn photo(store: &Store, user: UserId) -> Result<Option<Photo>, StoreError> {
    let row = sqlx::query_as!(
        Photo,
        "select id, files, width, height, colour from users.photos where user_id = $1 and shown",
        user.0
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row)
}

/// Forgets an upload that was never shown. Of `files`, those that no photo has are returned, and
/// nobody begins to have one before the transaction ends.
pub async fn unused_files(tx: &mut Tx, photo: Uuid, files: &[String]) -> Result<Vec<String>, StoreError> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended(file, 0))
         from (select distinct unnest($1::text[]) as file order by 1) files",
        files
    )
    .fetch_all(&mut **tx)
    .await?;
    sqlx::query!("delete from users.photos where id = $1 and not shown", photo).execute(&mut **tx).await?;
    let unused = sqlx::query_scalar!(
        r#"select distinct file as "file!" from unnest($1::text[]) as file
           where not exists (select from users.photos where files @> array[file])"#,
        files
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(unused)
}
