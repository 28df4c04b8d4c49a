//! Access to the jobs table for tests: only [`scratch`](crate::scratch) calls this.

use chrono::TimeDelta;
use graphile_worker::TaskHandler;
use serde_json::Value;
use sqlx::PgConnection;

use super::{Due, EventJob, Reaction};
use crate::StoreError;

/// Deserializes a job's payload, and serializes it again.
pub(crate) fn again(task: &str, payload: Value) -> Result<Value, StoreError> {
    fn of<Job: TaskHandler>(payload: Value) -> Result<Value, StoreError> {
        Ok(serde_json::to_value(serde_json::from_value::<Job>(payload)?)?)
    }
    match task {
        Reaction::IDENTIFIER => of::<Reaction>(payload),
        EventJob::IDENTIFIER => of::<EventJob>(payload),
        Due::IDENTIFIER => of::<Due>(payload),
        _ => Err(StoreError::Fault(format!("there is no task {task}").into())),
    }
}

/// Moves every waiting job forward by `by`, and wakes the workers.
pub(crate) async fn bring_nearer(connection: &mut PgConnection, by: TimeDelta) -> Result<(), StoreError> {
    sqlx::query(
        "update graphile_worker._private_jobs set run_at = run_at - $1 * interval '1 microsecond'
         where locked_at is null",
    )
    .bind(by.num_microseconds().unwrap_or(i64::MAX))
    .execute(&mut *connection)
    .await?;
    sqlx::query("select pg_notify('jobs:insert', '{\"count\":-1}')").execute(connection).await?;
    Ok(())
}

/// The number of jobs that are due or in progress.
pub(crate) async fn in_hand(connection: &mut PgConnection) -> Result<i64, StoreError> {
    let count = sqlx::query_scalar(
        "select count(*) from graphile_worker._private_jobs
         where locked_at is not null or (run_at <= now() and attempts < max_attempts)",
    );
    Ok(count.fetch_one(connection).await?)
}

/// See [`failing`](super::failing).
pub(crate) async fn failing(connection: &mut PgConnection) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar(super::FAILING).fetch_all(connection).await?)
}
