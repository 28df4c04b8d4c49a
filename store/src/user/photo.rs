//! Photos of people.

use domain::UserId;
use domain::privacy::NOBODY;

use crate::picture::PictureTable;
use crate::{StoreError, Tx};

/// The photos of people, by their ids.
pub const PHOTOS: PictureTable = PictureTable { table: "users.photos", owner: "user_id" };

/// Locks somebody's profile, so that of two changes of their photo at once one waits for the other.
/// False: the person has left.
pub async fn lock_photo(tx: &mut Tx, user: UserId) -> Result<bool, StoreError> {
    let stays = sqlx::query_scalar!(
        r#"select name <> $2 as "stays!" from users.profiles where id = $1 for no key update"#,
        user.0,
        NOBODY
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(stays.unwrap_or(false))
}
