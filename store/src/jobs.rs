//! Background jobs: reactions to events and reminders, which survive a crash of the process.
//!
//! The engine is `graphile_worker`. A job is added in the transaction that
//! decides on it, so it exists if and only if that transaction commits. Jobs run at
//! least once. The subscriber's [`Policy`] says what happens to a job after its last attempt.
//!
//! An event has one job for each of its subscribers, with its own attempts. A
//! subscriber gets the events of one channel in order, except for retries. A job carries the
//! pair of subscriber and kind as a flag, and a process takes no job with a flag that it
//! does not know: while versions are mixed, such a job waits for a process that knows it.

mod backlog;
mod batch;
pub(crate) mod moved;
mod outcome;
mod policy;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use domain::{Channel, Failure, Reminder, Timestamp};
use graphile_worker::{TaskHandler, WorkerContext, WorkerOptions};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use trace::TraceParent;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use crate::journal::{self, Recorded};
use crate::{Store, StoreError, Tx};
pub use backlog::{Backlog, Backlogs, UNKNOWN, backlog};
pub(crate) use batch::Batch;
use batch::flag;
use outcome::{Failed, failures, failures_of, outcome};
pub use policy::{AfterLast, Policy, WORKERS};

/// A worker without a heartbeat for this long counts as dead, and its jobs run elsewhere.
const WORKER_SILENCE: Duration = Duration::from_secs(10);

/// Runs the jobs. An error means: try again later.
#[async_trait]
pub trait JobHandler: Send + Sync + 'static {
    /// Runs `subscriber`'s reaction to `event` on `channel`.
    async fn react(&self, subscriber: &str, channel: Channel, event: Arc<Recorded>) -> Result<(), Failure>;

    /// Handles a reminder that is due.
    async fn remind(&self, reminder: Reminder) -> Result<(), Failure>;
}

/// Which subscribers react to which events. Consulted for every event that is appended to the
/// journal, so that no event is committed without the jobs of its subscribers.
pub trait Subscriptions: Send + Sync + 'static {
    /// Every subscriber's name with each kind of event that it subscribes to. A name must be
    /// listed for as long as there may be jobs with it.
    fn pairs(&self) -> Vec<(&'static str, &'static str)>;

    /// The subscribers to events of this kind on this channel.
    fn subscribers(&self, channel: &Channel, kind: &str) -> Vec<&'static str>;

    /// How a subscriber's jobs are run.
    fn policy(&self, _subscriber: &str) -> Policy {
        Policy::default()
    }
}

/// Schedules `reminder` for `at`. A reminder with the same key is replaced.
///
/// The engine goes by PostgreSQL's clock. It is given the time to wait, so that a reminder
/// fires in time although that clock and this process's differ.
pub fn remind(tx: &mut Tx, key: &str, at: Timestamp, reminder: impl Into<Reminder>) {
    tx.jobs.remind(key, at, reminder.into());
}

/// Cancels the reminder with this key, if it has not fired yet.
pub fn forget(tx: &mut Tx, key: &str) {
    tx.jobs.forget(key);
}

const FAILING: &str = "select coalesce(last_error, '') from graphile_worker._private_jobs job
    where attempts > 0 and last_error is not null
      and not exists (select from graphile_worker._private_job_retirements old where old.id = job.id)";

/// The errors of jobs that failed at least once and still exist: for tests and operators.
pub async fn failing(store: &Store) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar(FAILING).fetch_all(store.pool()).await?)
}

pub(crate) async fn migrate(pool: &PgPool) -> Result<(), StoreError> {
    let worker = options(pool).init().await.map_err(|error| StoreError::Fault(error.into()))?;
    drop(worker);
    Ok(())
}

/// Runs jobs until `shutdown` resolves, then finishes those in progress.
pub async fn run(
    store: &Store,
    handler: Arc<dyn JobHandler>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), StoreError> {
    let pairs = store.subscriptions().pairs();
    register_counters(&pairs);
    discard_replaced(store.pool()).await?;
    discard_old_queues(store.pool()).await?;
    let worker = options(store.pool())
        .job_flag_allowlist(pairs.into_iter().map(|(subscriber, kind)| flag(subscriber, kind)))
        .add_extension(Handler { store: store.clone(), handler })
        .shutdown_signal(shutdown)
        .init()
        .await
        .map_err(|error| StoreError::Fault(error.into()))?;
    worker.run().await.map_err(|error| StoreError::Fault(error.into()))
}

/// Registers the counters at 0, so that a first failure shows as an increase.
fn register_counters(pairs: &[(&'static str, &'static str)]) {
    for parked in ["true", "false"] {
        failures(parked).increment(0);
        for (subscriber, _) in pairs {
            failures_of(subscriber, parked).increment(0);
        }
    }
}

/// Deletes reminders that were replaced while they fired. The process that fires one deletes
/// it; if that process dies, it remains.
async fn discard_replaced(pool: &PgPool) -> Result<(), StoreError> {
    sqlx::query(
        "delete from graphile_worker._private_jobs job using graphile_worker._private_job_retirements old
         where old.id = job.id and job.locked_at is null",
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Deletes the empty queues of [`EventJob`]s, which are not created any more.
async fn discard_old_queues(pool: &PgPool) -> Result<(), StoreError> {
    sqlx::query(
        "delete from graphile_worker._private_job_queues queue
         where queue_name like 'reaction-%' and locked_at is null
           and not exists (select from graphile_worker._private_jobs job where job.job_queue_id = queue.id)",
    )
    .execute(pool)
    .await?;
    Ok(())
}

fn options(pool: &PgPool) -> WorkerOptions {
    WorkerOptions::default()
        .pg_pool(pool.clone())
        .concurrency(WORKERS)
        .poll_interval(Duration::from_millis(500))
        .listen_os_shutdown_signals(false)
        .heartbeat_interval(WORKER_SILENCE / 5)
        .sweep_interval(WORKER_SILENCE / 5)
        .sweep_threshold(WORKER_SILENCE)
        .recovery_delay(Duration::ZERO)
        .define_job::<Reaction>()
        .define_job::<EventJob>()
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

/// The job of one subscriber for one event.
#[derive(Serialize, Deserialize)]
struct Reaction {
    subscriber: String,
    channel: String,
    offset: u64,
    /// The trace that the event was committed in (W3C `traceparent`). Older jobs have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
}

impl TaskHandler for Reaction {
    const IDENTIFIER: &'static str = "subscriber";

    #[expect(refining_impl_trait, reason = "the engine takes any result; ours is this one")]
    async fn run(self, context: WorkerContext) -> Result<(), String> {
        let Some(Handler { store, handler }) = context.get_ext::<Handler>() else {
            return Err("this worker only migrates".to_owned());
        };
        let span = tracing::info_span!(
            "subscriber",
            subscriber = self.subscriber,
            channel = self.channel,
            offset = self.offset,
            trace_id = Empty
        );
        go_on(&span, self.traceparent.as_deref());
        self.run_in_trace(&context, store, handler.as_ref()).instrument(span).await
    }
}

impl Reaction {
    async fn run_in_trace(
        self,
        context: &WorkerContext,
        store: &Store,
        handler: &dyn JobHandler,
    ) -> Result<(), String> {
        let began = Instant::now();
        let done = match event(store, &self.channel, self.offset).await {
            Ok((channel, event)) => handler.react(&self.subscriber, channel, event).await,
            Err(failure) => Err(failure),
        };
        let seconds = metrics::histogram!("subscriber_seconds", "subscriber" => self.subscriber.clone());
        seconds.record(began.elapsed().as_secs_f64());
        let after_last = store.subscriptions().policy(&self.subscriber).after_last;
        let what = format!("{} of {}", self.subscriber, self.channel);
        let failed = outcome(context, &what, &done, after_last);
        if let Some(failed) = failed {
            failures_of(&self.subscriber, failed.is_parked()).increment(1);
        }
        if failed == Some(Failed::Dropped) {
            // The engine deletes a job that succeeds.
            return Ok(());
        }
        done.map_err(|failure| failure.to_string())
    }
}

/// A job of an older version, which added one for all subscribers of an event. It is split
/// into one job for each of them with the same `run_at`, so that they stay in order.
#[derive(Serialize, Deserialize)]
struct EventJob {
    channel: String,
    offset: u64,
}

impl TaskHandler for EventJob {
    const IDENTIFIER: &'static str = "reaction";

    #[expect(refining_impl_trait, reason = "the engine takes any result; ours is this one")]
    async fn run(self, context: WorkerContext) -> Result<(), String> {
        let Some(Handler { store, .. }) = context.get_ext::<Handler>() else {
            return Err("this worker only migrates".to_owned());
        };
        let done = self.split(store, *context.job().run_at()).await;
        outcome(&context, &self.channel, &done, AfterLast::Park);
        done.map_err(|failure| failure.to_string())
    }
}

impl EventJob {
    async fn split(&self, store: &Store, run_at: Timestamp) -> Result<(), Failure> {
        let (channel, event) = event(store, &self.channel, self.offset).await?;
        let mut tx = store.begin().await?;
        for subscriber in store.subscriptions().subscribers(&channel, &event.kind) {
            let policy = store.subscriptions().policy(subscriber);
            tx.jobs.react((subscriber, policy), &channel, (self.offset, &event.kind), Some(run_at));
        }
        Ok(tx.commit().await?)
    }
}

async fn event(store: &Store, channel: &str, offset: u64) -> Result<(Channel, Arc<Recorded>), Failure> {
    let channel: Channel = channel.parse().map_err(|error| Failure::fault(format!("{channel}: {error}")))?;
    let event = journal::at(store, &channel, offset).await?;
    Ok((channel, event.ok_or_else(|| Failure::fault("the event is not in the journal"))?))
}

#[derive(Serialize, Deserialize)]
struct Due {
    reminder: Reminder,
    /// The trace that the reminder was set in. Older jobs have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
}

impl TaskHandler for Due {
    const IDENTIFIER: &'static str = "reminder";

    #[expect(refining_impl_trait, reason = "the engine takes any result; ours is this one")]
    async fn run(self, context: WorkerContext) -> Result<(), String> {
        let Some(Handler { handler, .. }) = context.get_ext::<Handler>() else {
            return Err("this worker only migrates".to_owned());
        };
        let span = tracing::info_span!("reminder", reminder = ?self.reminder, trace_id = Empty);
        go_on(&span, self.traceparent.as_deref());
        let work = async {
            let done = handler.remind(self.reminder.clone()).await;
            outcome(&context, &format!("{:?}", self.reminder), &done, AfterLast::Park);
            done.map_err(|failure| failure.to_string())
        };
        work.instrument(span).await
    }
}

/// Continues the trace that the job was added in; without one the span stays outside any trace.
fn go_on(span: &Span, traceparent: Option<&str>) {
    if let Some(trace) = traceparent.and_then(|text| text.parse::<TraceParent>().ok()) {
        trace::begin(span, Some(trace), || trace);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use domain::payment::PaymentReminder;
    use domain::tracking::DispatchReminder;
    use domain::{Clock, Ids, OrderId};
    use uuid::Uuid;

    use super::*;
    use crate::scratch;
    use crate::shared::Settings;
    use crate::vault::{Vault, VaultKeys};

    /// A clock that does not move, and ids that are all zero: neither matters here.
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

    struct Nobody;

    impl Subscriptions for Nobody {
        fn pairs(&self) -> Vec<(&'static str, &'static str)> {
            Vec::new()
        }

        fn subscribers(&self, _: &Channel, _: &str) -> Vec<&'static str> {
            Vec::new()
        }
    }

    /// Runs `check` with a store of its own that has one reminder, due far in the future.
    async fn with_a_reminder(name: &str, check: impl AsyncFnOnce(&Store)) {
        let admin = std::env::var("DATABASE_URL").unwrap();
        let name = format!("baedal_jobs_{name}_{}", std::process::id());
        let database = scratch::create(&admin, &name).await.unwrap();
        let (alone, clock) = (Settings::default(), Arc::new(Still) as Arc<dyn Clock>);
        let vault = Vault::new(&VaultKeys::generate(&Still), Arc::new(Still));
        let store = Store::connect(&database, &alone, &clock, &Still, vault, Nobody).await.unwrap();
        look_years_later(&store).await;
        check(&store).await;
        drop(store);
        scratch::remove(&admin, &name).await.unwrap();
    }

    async fn look_years_later(store: &Store) {
        let years_later = Timestamp::from_timestamp(4_000_000_000, 0).unwrap();
        let reminder = DispatchReminder::LookForCourier { order: OrderId(Uuid::nil()) };
        let mut tx = store.begin().await.unwrap();
        remind(&mut tx, "look", years_later, reminder);
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
            assert_eq!(backlog(store).await.unwrap().all.running, 1);
            run(store, RECOVERED).await;
            let next = Backlog { scheduled: 1, ..Backlog::default() };
            assert_eq!(backlog(store).await.unwrap().all, next);
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

    /// The payloads of all jobs, in the order in which they run.
    async fn payloads(store: &Store) -> Vec<serde_json::Value> {
        sqlx::query_scalar("select payload from graphile_worker._private_jobs order by run_at, id")
            .fetch_all(store.pool())
            .await
            .unwrap()
    }

    /// Never completes a reminder of dispatch; counts those of payments.
    #[derive(Default)]
    struct Hanging(AtomicUsize);

    #[async_trait]
    impl JobHandler for Hanging {
        async fn react(&self, _: &str, _: Channel, _: Arc<Recorded>) -> Result<(), Failure> {
            Ok(())
        }

        async fn remind(&self, reminder: Reminder) -> Result<(), Failure> {
            if let Reminder::Dispatch(_) = reminder {
                return std::future::pending().await;
            }
            self.0.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_noun_whose_reminders_hang_leaves_workers_to_another() {
        with_a_reminder("hang", async |store| {
            let order = OrderId(Uuid::nil());
            let mut tx = store.begin().await.unwrap();
            for number in 0..20 {
                let look = DispatchReminder::LookForCourier { order };
                remind(&mut tx, &format!("look {number}"), Timestamp::UNIX_EPOCH, look);
            }
            let later = Timestamp::UNIX_EPOCH + Duration::from_secs(1);
            remind(&mut tx, "ask", later, PaymentReminder::PaymentUnknown { order });
            tx.commit().await.unwrap();
            let handler = Arc::new(Hanging::default());
            let fired = async {
                while handler.0.load(Ordering::SeqCst) == 0 {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            tokio::select! {
                ended = super::run(store, Arc::clone(&handler) as _, std::future::pending()) => ended.unwrap(),
                fired = tokio::time::timeout(Duration::from_secs(10), fired) => fired.unwrap(),
            }
        })
        .await;
    }

    #[tokio::test]
    async fn the_jobs_of_a_transaction_are_written_in_order_by_its_commit_or_not_at_all() {
        with_a_reminder("commit", async |store| {
            let (order, before) = (OrderId(Uuid::nil()), payloads(store).await);
            let decide = async || {
                let mut tx = store.begin().await.unwrap();
                for offset in 1..4 {
                    let somebody = ("somebody", Policy::default());
                    tx.jobs.react(somebody, &Channel::Order(order), (offset, "order.placed"), None);
                }
                let reminder = DispatchReminder::NoCourierFound { order };
                remind(&mut tx, "alert", Timestamp::UNIX_EPOCH, reminder);
                forget(&mut tx, "alert");
                forget(&mut tx, "look");
                tx
            };
            drop(decide().await);
            assert_eq!(payloads(store).await, before);
            decide().await.commit().await.unwrap();
            let offsets: Vec<_> = payloads(store).await.iter().map(|job| job["offset"].as_u64()).collect();
            assert_eq!(offsets, [Some(1), Some(2), Some(3)], "and no reminder is left");
        })
        .await;
    }

    #[tokio::test]
    async fn a_job_that_failed_for_the_last_time_is_parked_and_stays() {
        with_a_reminder("parked", async |store| {
            run(store, FAILED_FOR_GOOD).await;
            discard_replaced(store.pool()).await.unwrap();
            let parked = Backlog { parked: 1, ..Backlog::default() };
            assert_eq!(backlog(store).await.unwrap().all, parked);
        })
        .await;
    }
}
