//! How often short codes were tried, counted over all processes.

use domain::short_code::{CodeLocked, Tries};

use crate::{Store, StoreError};

/// Starts a try of the code of this name, if one is left. The try is counted when this
/// returns, whatever its outcome.
pub async fn begin(store: &Store, code: &str) -> Result<Result<(), CodeLocked>, StoreError> {
    let mut tx = store.begin().await?;
    // A concurrent try waits here for the row lock.
    let used = sqlx::query_scalar!(
        "insert into codes.tries as tries (code, used) values ($1, 0)
         on conflict (code) do update set used = tries.used
         returning used",
        code
    )
    .fetch_one(&mut *tx)
    .await?;
    let tries = match Tries(used.unsigned_abs()).begin() {
        Ok(tries) => tries,
        Err(locked) => return Ok(Err(locked)),
    };
    let used = i32::try_from(tries.0).unwrap_or(i32::MAX);
    sqlx::query!("update codes.tries set used = $2 where code = $1", code, used).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(Ok(()))
}
