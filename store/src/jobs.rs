//! Reactions and reminders: work that must happen although the process may die.
//!
//! The engine is `graphile_worker`. A job is added in the transaction that
//! decides on it, so it exists if and only if that commit does; a job may run
//! twice, never not at all. After [`MAX_ATTEMPTS`] it is parked where it is,
//! logged and counted.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::{Channel, Failure, Reminder, Timestamp};
use graphile_worker::{TaskHandler, WorkerContext, WorkerOptions};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;

use crate::journal::{self, Recorded};
use crate::{Store, StoreError, Tx};

/// Tries of one job; with the engine's exponential backoff, about nine hours.
pub const MAX_ATTEMPTS: i32 = 10;

/// Jobs that one process works on at the same time.
const CONCURRENCY: usize = 8;

/// A worker that is silent for this long is taken for dead, and its jobs run elsewhere.
const WORKER_SILENCE: Duration = Duration::from_secs(10);

/// Who does the work. An error means: try again later.
#[async_trait]
pub trait JobHandler: Send + Sync + 'static {
    /// What other nouns do because of `event` on `channel`.
    async fn react(&self, channel: Channel, event: Arc<Recorded>) -> Result<(), Failure>;

    /// A reminder is due.
    async fn remind(&self, reminder: Reminder) -> Result<(), Failure>;
}

/// Has the event at `offset` of `channel` reacted to. Events of one channel are
/// reacted to in order, save for retries.
pub async fn react(tx: &mut Tx, channel: &Channel, offset: u64) -> Result<(), StoreError> {
    let task = Reaction { channel: channel.to_string(), offset };
    // The queue is one of 256: events of one channel stay in order, and the
    // engine's table of queues stays small.
    sqlx::query(
        "select graphile_worker.add_job($1, $2::json, queue_name := 'reaction-' || (hashtext($3) & 255),
                max_attempts := $4)",
    )
    .bind(Reaction::IDENTIFIER)
    .bind(serde_json::to_value(&task)?)
    .bind(&task.channel)
    .bind(MAX_ATTEMPTS)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Has `reminder` fire at `at`. A reminder with the same key is replaced.
pub async fn remind(tx: &mut Tx, key: &str, at: Timestamp, reminder: Reminder) -> Result<(), StoreError> {
    sqlx::query(
        "select graphile_worker.add_job($1, $2::json, run_at := $3, job_key := $4, max_attempts := $5)",
    )
    .bind(Due::IDENTIFIER)
    .bind(serde_json::to_value(Due { reminder })?)
    .bind(at)
    .bind(key)
    .bind(MAX_ATTEMPTS)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes back the reminder with this key, if it has not fired yet.
pub async fn forget(tx: &mut Tx, key: &str) -> Result<(), StoreError> {
    sqlx::query("select graphile_worker.remove_job($1)").bind(key).execute(&mut **tx).await?;
    Ok(())
}

/// Jobs that failed at least once and are still there: for tests and operators.
pub async fn failing(store: &Store) -> Result<Vec<String>, StoreError> {
    let rows: Vec<String> = sqlx::query_scalar(
        "select coalesce(last_error, '') from graphile_worker._private_jobs where attempts > 0 and last_error is not null",
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows)
}

/// How much work waits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Backlog {
    /// Due, and not begun.
    pub due: u64,
    /// Being worked on.
    pub running: u64,
    /// Not due yet: reminders, and tries after a failure.
    pub scheduled: u64,
    /// Failed, and to be tried again.
    pub failing: u64,
    /// Failed for the last time; somebody has to look.
    pub parked: u64,
    /// Seconds since the oldest one that is not begun was due; 0 if none is.
    pub oldest_due_secs: f64,
}

/// How much work waits, for all processes. Reads the whole table of jobs.
pub async fn backlog(store: &Store) -> Result<Backlog, StoreError> {
    let row: (i64, i64, i64, i64, i64, f64) = sqlx::query_as(
        "select count(*) filter (where alive and locked_at is null and run_at <= now()),
                count(*) filter (where locked_at is not null),
                count(*) filter (where alive and locked_at is null and run_at > now()),
                count(*) filter (where alive and last_error is not null),
                count(*) filter (where not alive),
                coalesce(extract(epoch from now() - min(run_at)
                    filter (where alive and locked_at is null and run_at <= now())), 0)::float8
         from (select *, attempts < max_attempts as alive from graphile_worker._private_jobs) job",
    )
    .fetch_one(store.pool())
    .await?;
    let (due, running, scheduled, failing, parked, oldest_due_secs) = row;
    let [due, running, scheduled, failing, parked] =
        [due, running, scheduled, failing, parked].map(i64::unsigned_abs);
    Ok(Backlog { due, running, scheduled, failing, parked, oldest_due_secs })
}

pub(crate) async fn migrate(pool: &PgPool) -> Result<(), StoreError> {
    let worker = options(pool).init().await.map_err(|error| StoreError::Fault(error.into()))?;
    drop(worker);
    Ok(())
}

/// Works on jobs until `shutdown` resolves, then finishes those in hand.
pub async fn run(
    store: &Store,
    handler: Arc<dyn JobHandler>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), StoreError> {
    // Known from the beginning, so that a first failure is a rise.
    let [_, _] = ["true", "false"].map(failures);
    let worker = options(store.pool())
        .add_extension(Handler { store: store.clone(), handler })
        .shutdown_signal(shutdown)
        .init()
        .await
        .map_err(|error| StoreError::Fault(error.into()))?;
    worker.run().await.map_err(|error| StoreError::Fault(error.into()))
}

fn options(pool: &PgPool) -> WorkerOptions {
    WorkerOptions::default()
        .pg_pool(pool.clone())
        .concurrency(CONCURRENCY)
        .poll_interval(Duration::from_millis(500))
        .listen_os_shutdown_signals(false)
        .heartbeat_interval(WORKER_SILENCE / 5)
        .sweep_interval(WORKER_SILENCE / 5)
        .sweep_threshold(WORKER_SILENCE)
        .recovery_delay(Duration::ZERO)
        .define_job::<Reaction>()
        .define_job::<Due>()
}

#[derive(Clone)]
struct Handler {
    store: Store,
    handler: Arc<dyn JobHandler>,
}

impl std::fmt::Debug for Handler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Handler")
    }
}

#[derive(Serialize, Deserialize)]
struct Reaction {
    channel: String,
    offset: u64,
}

impl TaskHandler for Reaction {
    const IDENTIFIER: &'static str = "reaction";

    #[expect(refining_impl_trait, reason = "the engine takes any result; ours is this one")]
    async fn run(self, context: WorkerContext) -> Result<(), String> {
        let Some(Handler { store, handler }) = context.get_ext::<Handler>() else {
            return Err("this worker only migrates".to_owned());
        };
        let channel: Channel = self.channel.parse().map_err(|error| format!("{}: {error}", self.channel))?;
        let event = journal::at(store, &channel, self.offset).await.map_err(|error| error.to_string())?;
        let event = event.ok_or("the event is not in the journal")?;
        let done = handler.react(channel, event).await;
        outcome(&context, &self.channel, done)
    }
}

#[derive(Serialize, Deserialize)]
struct Due {
    reminder: Reminder,
}

impl TaskHandler for Due {
    const IDENTIFIER: &'static str = "reminder";

    #[expect(refining_impl_trait, reason = "the engine takes any result; ours is this one")]
    async fn run(self, context: WorkerContext) -> Result<(), String> {
        let Some(Handler { handler, .. }) = context.get_ext::<Handler>() else {
            return Err("this worker only migrates".to_owned());
        };
        let done = handler.remind(self.reminder.clone()).await;
        outcome(&context, &format!("{:?}", self.reminder), done)
    }
}

fn failures(parked: &'static str) -> metrics::Counter {
    metrics::counter!("jobs_failed_total", "parked" => parked)
}

fn outcome(context: &WorkerContext, what: &str, done: Result<(), Failure>) -> Result<(), String> {
    let Err(failure) = done else { return Ok(()) };
    let attempt = *context.job().attempts();
    let parked = i32::from(attempt) >= MAX_ATTEMPTS;
    failures(if parked { "true" } else { "false" }).increment(1);
    if parked {
        tracing::error!(%what, attempt, %failure, "a job is parked after its last attempt");
    } else {
        tracing::warn!(%what, attempt, %failure, "a job failed and will be tried again");
    }
    Err(failure.to_string())
}
