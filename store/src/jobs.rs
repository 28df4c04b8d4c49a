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
        "select coalesce(last_error, '') from graphile_worker._private_jobs job
         where attempts > 0 and last_error is not null
           and not exists (select from graphile_worker._private_job_retirements old where old.id = job.id)",
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
    /// Failed for the last time; somebody has to look. A reminder that was replaced
    /// while it fired, by a process that then died, is nothing to look at.
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
         from (select *, attempts < max_attempts as alive from graphile_worker._private_jobs job
               where locked_at is not null
                  or not exists (select from graphile_worker._private_job_retirements old where old.id = job.id)) job",
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
    discard_replaced(store.pool()).await?;
    let worker = options(store.pool())
        .add_extension(Handler { store: store.clone(), handler })
        .shutdown_signal(shutdown)
        .init()
        .await
        .map_err(|error| StoreError::Fault(error.into()))?;
    worker.run().await.map_err(|error| StoreError::Fault(error.into()))
}

/// A reminder that is replaced while it fires leaves with the process that fires it;
/// if that dies, it stays.
async fn discard_replaced(pool: &PgPool) -> Result<(), StoreError> {
    sqlx::query(
        "delete from graphile_worker._private_jobs job using graphile_worker._private_job_retirements old
         where old.id = job.id and job.locked_at is null",
    )
    .execute(pool)
    .await?;
    Ok(())
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

#[cfg(test)]
mod tests {
    use domain::{Clock, Ids, OrderId};
    use uuid::Uuid;

    use super::*;
    use crate::scratch;
    use crate::shared::Settings;

    /// The store asks neither for the time nor for ids here.
    struct Still;

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }
    }

    impl Ids for Still {
        fn uuid(&self) -> Uuid {
            Uuid::nil()
        }

        fn random(&self) -> [u8; 32] {
            [0; 32]
        }
    }

    /// Holds what `check` does with a store of its own that has one reminder, far away.
    async fn with_a_reminder(name: &str, check: impl AsyncFnOnce(&Store)) {
        let admin = std::env::var("DATABASE_URL").unwrap();
        let name = format!("baedal_jobs_{name}_{}", std::process::id());
        let database = scratch::create(&admin, &name).await.unwrap();
        let (alone, clock) = (Settings::default(), Arc::new(Still) as Arc<dyn Clock>);
        let store = Store::connect(&database, &alone, &clock, &Still).await.unwrap();
        look_years_later(&store).await;
        check(&store).await;
        drop(store);
        scratch::remove(&admin, &name).await.unwrap();
    }

    async fn look_years_later(store: &Store) {
        let years_later = Timestamp::from_timestamp(4_000_000_000, 0).unwrap();
        let reminder = Reminder::LookForCourier { order: OrderId(Uuid::nil()) };
        let mut tx = store.begin().await.unwrap();
        remind(&mut tx, "look", years_later, reminder).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn run(store: &Store, sql: &'static str) {
        sqlx::query(sql).execute(store.pool()).await.unwrap();
    }

    const FIRED_BY_ONE_WHO_DIED: &str =
        "update graphile_worker._private_jobs set locked_by = 'dead', locked_at = now(), attempts = 1";
    const RECOVERED: &str = "select graphile_worker.recover_dead_worker_jobs(array['dead'])";
    const FAILED_FOR_GOOD: &str =
        "update graphile_worker._private_jobs set attempts = max_attempts, last_error = 'no', run_at = now()";

    #[tokio::test]
    async fn a_reminder_that_was_replaced_while_it_fired_is_no_trouble_when_its_process_dies() {
        with_a_reminder("replaced", async |store| {
            run(store, FIRED_BY_ONE_WHO_DIED).await;
            look_years_later(store).await;
            assert_eq!(backlog(store).await.unwrap().running, 1);
            run(store, RECOVERED).await;
            let next = Backlog { scheduled: 1, ..Backlog::default() };
            assert_eq!(backlog(store).await.unwrap(), next);
            assert!(failing(store).await.unwrap().is_empty());
            discard_replaced(store.pool()).await.unwrap();
            let left: i64 = sqlx::query_scalar("select count(*) from graphile_worker._private_jobs")
                .fetch_one(store.pool())
                .await
                .unwrap();
            assert_eq!(left, 1);
        })
        .await;
    }

    #[tokio::test]
    async fn a_job_that_failed_for_the_last_time_is_parked_and_stays() {
        with_a_reminder("parked", async |store| {
            run(store, FAILED_FOR_GOOD).await;
            discard_replaced(store.pool()).await.unwrap();
            let parked = Backlog { parked: 1, ..Backlog::default() };
            assert_eq!(backlog(store).await.unwrap(), parked);
        })
        .await;
    }
}
