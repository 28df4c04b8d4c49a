//! Wrong passwords, by account and source, and of all unknown devices of an account together.

use domain::Timestamp;
use domain::auth::{Attempts, Email, Held, Source, Strangers};

use super::to_i32;
use crate::{Store, StoreError, Tx};

/// Reads the failed attempts on an account from `source`, and locks them until the
/// transaction ends, so that concurrent attempts are all counted.
pub async fn lock_attempts(tx: &mut Tx, email: &Email, source: Source) -> Result<Held, StoreError> {
    // The upsert locks the row whether it is new or not.
    let row = sqlx::query!(
        r#"insert into auth.attempts as had (email, address, count, last_at) values ($1, $2, 0, '-infinity')
           on conflict (email, address) do update set count = had.count
           returning count, under_way, locked_until,
             case when last_at > '-infinity' then last_at end as last_at"#,
        email.as_str(),
        source.to_string()
    )
    .fetch_one(&mut **tx)
    .await?;
    let here = Attempts {
        wrong: row.count.unsigned_abs(),
        under_way: row.under_way.unsigned_abs(),
        last_at: row.last_at,
        locked_until: row.locked_until,
    };
    let strangers = match source {
        Source::Device(_) => None,
        Source::Network(_) => Some(lock_strangers(tx, email).await?),
    };
    Ok(Held { here, strangers })
}

async fn lock_strangers(tx: &mut Tx, email: &Email) -> Result<Strangers, StoreError> {
    let row = sqlx::query!(
        r#"insert into auth.stranger_attempts as had (email, last_at) values ($1, '-infinity')
           on conflict (email) do update set last_at = had.last_at
           returning clear_at, case when last_at > '-infinity' then last_at end as last_at"#,
        email.as_str()
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(Strangers { last_at: row.last_at, clear_at: row.clear_at })
}

/// Stores the attempts; deletes rows that no longer restrict anybody.
pub async fn keep_attempts(
    tx: &mut Tx,
    email: &Email,
    source: Source,
    held: &Held,
) -> Result<(), StoreError> {
    let from = source.to_string();
    let Attempts { wrong, under_way, last_at, locked_until } = held.here;
    if held.here.is_clear() {
        sqlx::query!("delete from auth.attempts where email = $1 and address = $2", email.as_str(), from)
            .execute(&mut **tx)
            .await?;
    } else {
        sqlx::query!(
            "update auth.attempts
             set count = $3, under_way = $4, last_at = coalesce($5, last_at), locked_until = $6
             where email = $1 and address = $2",
            email.as_str(),
            from,
            to_i32(wrong)?,
            to_i32(under_way)?,
            last_at,
            locked_until
        )
        .execute(&mut **tx)
        .await?;
    }
    match held.strangers {
        None => {}
        Some(Strangers { clear_at: None, .. }) => {
            sqlx::query!("delete from auth.stranger_attempts where email = $1", email.as_str())
                .execute(&mut **tx)
                .await?;
        }
        Some(Strangers { clear_at, last_at }) => {
            sqlx::query!(
                "update auth.stranger_attempts set clear_at = $2, last_at = coalesce($3, last_at)
                 where email = $1",
                email.as_str(),
                clear_at,
                last_at
            )
            .execute(&mut **tx)
            .await?;
        }
    }
    Ok(())
}

/// Forgets the wrong passwords for an account, from wherever they came.
pub async fn forget_attempts(tx: &mut Tx, email: &Email) -> Result<(), StoreError> {
    sqlx::query!("delete from auth.attempts where email = $1", email.as_str()).execute(&mut **tx).await?;
    sqlx::query!("delete from auth.stranger_attempts where email = $1", email.as_str())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Until when some source of attempts on an account must wait, and the attempts of all strangers.
pub async fn locks(
    store: &Store,
    email: &Email,
    now: Timestamp,
) -> Result<(Option<Timestamp>, Strangers), StoreError> {
    let row = sqlx::query!(
        r#"select
             (select max(locked_until) from auth.attempts where email = $1 and locked_until > $2) as locked_until,
             (select last_at from auth.stranger_attempts where email = $1 and last_at > '-infinity') as last_at,
             (select clear_at from auth.stranger_attempts where email = $1) as clear_at"#,
        email.as_str(),
        now
    )
    .fetch_one(store.pool())
    .await?;
    Ok((row.locked_until, Strangers { last_at: row.last_at, clear_at: row.clear_at }))
}

/// Deletes attempts before `until`.
pub(super) async fn drop_old(store: &Store, until: Timestamp) -> Result<(), StoreError> {
    sqlx::query!("delete from auth.attempts where last_at < $1", until).execute(store.pool()).await?;
    sqlx::query!("delete from auth.stranger_attempts where last_at < $1", until)
        .execute(store.pool())
        .await?;
    Ok(())
}
