//! The jobs of one transaction: reactions to its events, reminders set and cancelled. One
//! statement writes them all, the last one before the commit.

use std::collections::BTreeMap;

use domain::{Channel, Reminder, Timestamp};
use graphile_worker::TaskHandler;
use serde::Serialize;
use sqlx::PgConnection;

use super::{Due, Policy, Reaction};
use crate::StoreError;

/// Jobs to be written before the commit.
#[derive(Default)]
pub(crate) struct Batch {
    reactions: Vec<Job>,
    /// By key, the last decision: set, or cancelled.
    reminders: BTreeMap<String, Option<(Timestamp, Job)>>,
}

/// A job, in the form that the statement reads.
#[derive(Serialize)]
struct Job {
    task: &'static str,
    payload: Payload,
    /// When to run, by PostgreSQL's clock. `None`: after `wait_us`, or at once after the commit.
    run_at: Option<Timestamp>,
    wait_us: Option<i64>,
    /// A job with the same key is replaced.
    key: Option<String>,
    /// The prefix of its queues: a subscriber, or `reminder.` and a noun. When looking for a job,
    /// the engine locks every free queue, so a few are cheaper than one for each channel.
    queues: String,
    /// The number of these queues.
    concurrency: u16,
    attempts: i16,
    /// Its hash selects one of these queues: jobs with the same value run one after another.
    serial: String,
    flag: Option<String>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Payload {
    Reaction(Reaction),
    Due(Due),
}

/// The flag that a process must know to take a subscriber's job for an event of this kind.
pub(super) fn flag(subscriber: &str, kind: &str) -> String {
    format!("{subscriber} {kind}")
}

impl Batch {
    /// Adds a job for `subscriber` and the event of this kind at `offset` of `channel`, to run at
    /// `run_at` or at once after the commit.
    pub(crate) fn react(
        &mut self,
        (subscriber, policy): (&str, Policy),
        channel: &Channel,
        (offset, kind): (u64, &str),
        run_at: Option<Timestamp>,
    ) {
        let channel = channel.to_string();
        let reaction = Reaction {
            subscriber: subscriber.to_owned(),
            channel: channel.clone(),
            offset,
            traceparent: trace::current().map(|trace| trace.to_string()),
        };
        self.reactions.push(Job {
            task: Reaction::IDENTIFIER,
            payload: Payload::Reaction(reaction),
            run_at,
            wait_us: None,
            key: None,
            queues: subscriber.to_owned(),
            concurrency: policy.concurrency,
            attempts: policy.attempts,
            serial: channel,
            flag: Some(flag(subscriber, kind)),
        });
    }

    pub(super) fn remind(&mut self, key: &str, at: Timestamp, reminder: Reminder) {
        let policy = Policy::default();
        let job = Job {
            task: Due::IDENTIFIER,
            run_at: None,
            wait_us: None,
            key: Some(key.to_owned()),
            queues: format!("reminder.{}", reminder.noun()),
            concurrency: policy.concurrency,
            attempts: policy.attempts,
            serial: key.to_owned(),
            payload: Payload::Due(Due {
                reminder,
                traceparent: trace::current().map(|trace| trace.to_string()),
            }),
            flag: None,
        };
        self.reminders.insert(key.to_owned(), Some((at, job)));
    }

    pub(super) fn forget(&mut self, key: &str) {
        self.reminders.insert(key.to_owned(), None);
    }

    /// Writes all jobs. The channels' offsets are locked by now, so any later statement of any
    /// process belongs to later events of these channels: ordering reactions by the time of this
    /// statement keeps the order of events. (`now()` is when the transaction began, which says
    /// nothing about that order.) A reminder waits for as long as it is due after `now`.
    pub(crate) async fn write(self, now: Timestamp, connection: &mut PgConnection) -> Result<(), StoreError> {
        if self.reactions.is_empty() && self.reminders.is_empty() {
            return Ok(());
        }
        let (mut jobs, mut forgotten) = (self.reactions, Vec::new());
        for (key, set) in self.reminders {
            match set {
                Some((at, job)) => {
                    let wait_us = (at - now).num_microseconds().unwrap_or(i64::MAX);
                    jobs.push(Job { wait_us: Some(wait_us), ..job });
                }
                None => forgotten.push(key),
            }
        }
        // Without jobs `add_jobs` is not called, because it would wake every worker.
        sqlx::query(
            "select count(graphile_worker.remove_job(key)) from unnest($1::text[]) as key
             union all
             select count(*) from (select where jsonb_array_length($2) > 0) as any_job
             cross join lateral graphile_worker.add_jobs(array(
                 select row(
                     task, payload, queues || '-' || (hashtext(serial) & 2147483647) % concurrency,
                     coalesce(run_at, clock_timestamp() + coalesce(wait_us, place) * interval '1 microsecond'),
                     attempts, key, null, case when flag is not null then array[flag] end
                 )::graphile_worker.job_spec
                 from rows from (jsonb_to_recordset($2) as (
                     task text, payload json, run_at timestamptz, wait_us bigint, key text,
                     queues text, concurrency int, attempts int, serial text, flag text
                 )) with ordinality as job (task, payload, run_at, wait_us, key, queues, concurrency, attempts,
                                                serial, flag, place)
                 order by place
             ))",
        )
        .bind(forgotten)
        .bind(serde_json::to_value(jobs)?)
        .execute(connection)
        .await?;
        Ok(())
    }
}
