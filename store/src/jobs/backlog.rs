//! The backlog of jobs, over all processes.

use std::collections::BTreeMap;

use crate::{Store, StoreError};

/// Numbers of jobs by state.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Backlog {
    /// Due, and not started.
    pub due: u64,
    /// In progress.
    pub running: u64,
    /// Not due yet: reminders, and retries after a failure.
    pub scheduled: u64,
    /// Failed, and to be retried.
    pub failing: u64,
    /// Failed in the last attempt; an operator has to look. Does not count a reminder that was
    /// replaced while it fired, by a process that then died.
    pub parked: u64,
    /// Seconds since the oldest unstarted job was due; 0 if there is none.
    pub oldest_due_secs: f64,
}

/// Subscribers that this process does not know: their jobs wait for another version.
pub const UNKNOWN: &str = "unknown";

/// The whole backlog, and each subscriber's part of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Backlogs {
    /// Reactions and reminders together.
    pub all: Backlog,
    /// Each subscriber's reactions; those of unknown subscribers under [`UNKNOWN`].
    pub subscribers: BTreeMap<&'static str, Backlog>,
}

impl Backlog {
    fn add(&mut self, other: &Self) {
        self.due += other.due;
        self.running += other.running;
        self.scheduled += other.scheduled;
        self.failing += other.failing;
        self.parked += other.parked;
        self.oldest_due_secs = self.oldest_due_secs.max(other.oldest_due_secs);
    }
}

/// Counts the jobs. Reads the whole table of jobs.
pub async fn backlog(store: &Store) -> Result<Backlogs, StoreError> {
    type Row = (Option<String>, i64, i64, i64, i64, i64, f64);
    let rows: Vec<Row> = sqlx::query_as(
        "select subscriber,
                count(*) filter (where alive and locked_at is null and run_at <= now()),
                count(*) filter (where locked_at is not null),
                count(*) filter (where alive and locked_at is null and run_at > now()),
                count(*) filter (where alive and last_error is not null),
                count(*) filter (where not alive),
                coalesce(extract(epoch from now() - min(run_at)
                    filter (where alive and locked_at is null and run_at <= now())), 0)::float8
         from (select *, attempts < max_attempts as alive, payload->>'subscriber' as subscriber
               from graphile_worker._private_jobs job
               where locked_at is not null
                  or not exists (select from graphile_worker._private_job_retirements old where old.id = job.id)) job
         group by subscriber",
    )
    .fetch_all(store.pool())
    .await?;
    let names = store.subscriptions().pairs().into_iter().map(|(name, _)| name).chain([UNKNOWN]);
    let subscribers = names.map(|name| (name, Backlog::default())).collect();
    let mut backlogs = Backlogs { all: Backlog::default(), subscribers };
    for (subscriber, due, running, scheduled, failing, parked, oldest_due_secs) in rows {
        let [due, running, scheduled, failing, parked] =
            [due, running, scheduled, failing, parked].map(i64::unsigned_abs);
        let backlog = Backlog { due, running, scheduled, failing, parked, oldest_due_secs };
        backlogs.all.add(&backlog);
        let Some(name) = subscriber else { continue };
        let known = if backlogs.subscribers.contains_key(name.as_str()) { name.as_str() } else { UNKNOWN };
        if let Some(of) = backlogs.subscribers.get_mut(known) {
            of.add(&backlog);
        }
    }
    Ok(backlogs)
}
