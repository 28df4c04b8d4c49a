//! The position log: the only writer of positions in a process.
//!
//! Courier entities hand it accepted fixes together with the reply that the phone waits for, and do
//! not wait themselves. It writes everything queued in one commit, then sends the replies:
//!
//! ```text
//! courier ─┐
//! courier ─┼─▶ bounded channel ─▶ group (≤ 2,000 rows) ─▶ PostgreSQL ─▶ replies, in order
//! courier ─┘        │ full: refused at once       at most one every 10 ms
//! ```
//!
//! Invariants:
//! 1. A batch is acknowledged only after the commit that stores it.
//! 2. Batches that are queued are answered in order.
//! 3. While PostgreSQL is unavailable nothing queued is dropped: the group is retried until it is
//!    written. Meanwhile the channel fills up, and further batches are refused.
//!
//! A restart loses the group being written: it was not acknowledged, so the phones send it again.

use std::sync::Arc;
use std::time::Duration;

use domain::tracking::Rejected;
use domain::{Clock, Failure, Refused, refusal};
use metrics::{Counter, Histogram, counter, histogram};
use store::tracking::{self, Batch};
use store::{Store, StoreError};
use tokio::sync::{Mutex, mpsc};
use tokio::time::Instant;

use actor_kit::Reply;

/// The log's settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Rows of one commit; the last batch may exceed it. Default 2,000.
    pub group_rows: usize,
    /// The most batches in the queue. Default 8,192.
    pub waiting: usize,
    /// The least time between the beginnings of two commits, so that under load many fixes share a
    /// commit. Default 10 ms.
    pub pace: Duration,
    /// The first pause before a failed write is retried; doubled each time, up to 0.4 s. Default 50
    /// ms.
    pub pause: Duration,
    /// How many days ahead missing partitions are created, from two days ago on. Default 7.
    pub days_ahead: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            group_rows: 2_000,
            waiting: 8_192,
            pace: Duration::from_millis(10),
            pause: Duration::from_millis(50),
            days_ahead: 7,
        }
    }
}

/// The longest pause between retries. Short, since phones wait for the acknowledgement.
const LONGEST_PAUSE: Duration = Duration::from_millis(400);

/// After so many answers the task yields, so that position updates do not wait until a thousand
/// phones are answered.
const ANSWERS_AT_ONCE: usize = 16;

/// Groups that are written but not yet answered; beyond this, writing waits.
const GROUPS_TO_ANSWER: usize = 4;

/// Acknowledges a batch: the device may delete these fixes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// The device's run of sequence numbers.
    pub track: i64,
    /// All fixes sent up to this number are stored, or rejected for good.
    pub seq: i64,
    /// Rejected fixes of the batch, by reason.
    pub rejected: Rejected,
}

/// The refusal of fixes from an older session.
pub fn superseded() -> Refused {
    refusal::superseded().because("A newer connection speaks for this courier.")
}

struct Entry {
    batch: Batch,
    ack: Ack,
    reply: Reply<Ack>,
}

/// The answers to a group.
type Answers = Vec<(Reply<Ack>, Result<Ack, Failure>)>;

/// The sending half, for courier entities. Cheap to clone.
#[derive(Clone)]
pub struct PositionLog {
    waiting: mpsc::Sender<Entry>,
    refused: Counter,
}

/// The receiving half: the worker that writes.
pub struct PositionWriter {
    store: Store,
    clock: Arc<dyn Clock>,
    settings: Settings,
    waiting: Mutex<mpsc::Receiver<Entry>>,
    figures: Figures,
}

/// Metrics, looked up once and not per group.
struct Figures {
    group_rows: Histogram,
    write: Histogram,
    written: Counter,
    superseded: Counter,
    failures: Counter,
}

impl Figures {
    fn new() -> Self {
        Self {
            group_rows: histogram!("position_group_rows"),
            write: histogram!("position_write_seconds"),
            written: counter!("positions_written_total"),
            superseded: counter!("positions_superseded_total"),
            failures: counter!("position_write_failures_total"),
        }
    }
}

impl PositionLog {
    /// The log and its writer; the caller must run the writer.
    pub fn new(store: Store, clock: Arc<dyn Clock>, settings: Settings) -> (Self, Arc<PositionWriter>) {
        let (sender, receiver) = mpsc::channel(settings.waiting);
        let waiting = Mutex::new(receiver);
        let writer = PositionWriter { store, clock, settings, waiting, figures: Figures::new() };
        (Self { waiting: sender, refused: counter!("positions_refused_total") }, Arc::new(writer))
    }

    /// Batches in the queue.
    pub fn waiting(&self) -> usize {
        self.waiting.max_capacity() - self.waiting.capacity()
    }

    /// Queues `batch`, and sends `ack` once it is stored. A batch without rows is queued as well,
    /// so that its answer does not overtake those before it. Refused at once if the queue is full.
    pub fn append(&self, batch: Batch, ack: Ack, reply: Reply<Ack>) {
        if let Err(error) = self.waiting.try_send(Entry { batch, ack, reply }) {
            self.refused.increment(1);
            let entry = match error {
                mpsc::error::TrySendError::Full(entry) | mpsc::error::TrySendError::Closed(entry) => entry,
            };
            entry.reply.send(Err(busy()));
        }
    }
}

/// Answers in the order of the groups, and yields in between.
async fn answer(mut written: mpsc::Receiver<Answers>) {
    while let Some(answers) = written.recv().await {
        for (place, (reply, answer)) in (1..).zip(answers) {
            reply.send(answer);
            if place % ANSWERS_AT_ONCE == 0 {
                tokio::task::yield_now().await;
            }
        }
    }
}

fn busy() -> Failure {
    Refused::unavailable(1).because("Positions cannot be kept just now; please send them again.").into()
}

impl PositionWriter {
    /// Writes until `stopping`, then what is still queued. One group is answered while the next is
    /// written.
    pub async fn run(self: Arc<Self>, stopping: impl Future<Output = ()> + Send) -> Result<(), StoreError> {
        let (answers, written) = mpsc::channel(GROUPS_TO_ANSWER);
        tokio::join!(self.write_groups(stopping, answers), answer(written));
        Ok(())
    }

    async fn write_groups(&self, stopping: impl Future<Output = ()> + Send, answers: mpsc::Sender<Answers>) {
        let mut waiting = self.waiting.lock().await;
        let mut stopping = std::pin::pin!(stopping);
        let mut stopped = false;
        let mut next = Instant::now();
        loop {
            let first = tokio::select! {
                entry = waiting.recv() => entry,
                () = &mut stopping, if !stopped => {
                    stopped = true;
                    waiting.close();
                    continue;
                }
            };
            let Some(first) = first else { return };
            // No wait if the last commit began longer than `pace` ago.
            tokio::time::sleep_until(next).await;
            next = Instant::now() + self.settings.pace;
            let mut rows = first.batch.rows.len();
            let mut group = vec![first];
            while rows < self.settings.group_rows
                && let Ok(next) = waiting.try_recv()
            {
                rows += next.batch.rows.len();
                group.push(next);
            }
            self.figures.group_rows.record(rows as f64);
            // The receiver lives until this sender is dropped, so sending can't fail.
            let _ = answers.send(self.write(group, stopped).await).await;
        }
    }

    /// Retries until the group is written; while stopping, tries once.
    async fn write(&self, group: Vec<Entry>, stopped: bool) -> Answers {
        let (batches, waiting): (Vec<_>, Vec<_>) =
            group.into_iter().map(|entry| (entry.batch, (entry.ack, entry.reply))).unzip();
        let mut pause = self.settings.pause;
        loop {
            let began = Instant::now();
            match tracking::append(&self.store, &batches).await {
                Ok(told) => {
                    self.figures.write.record(began.elapsed());
                    self.count(&batches, &told);
                    let answer = |(told, (ack, reply)): (Result<(), tracking::Refused>, _)| {
                        (reply, told.map(|()| ack).map_err(|_| superseded().into()))
                    };
                    return told.into_iter().zip(waiting).map(answer).collect();
                }
                Err(error) => {
                    self.figures.failures.increment(1);
                    tracing::warn!(%error, batches = batches.len(), "positions could not be written; trying again");
                    if matches!(error, StoreError::Fault(_)) {
                        self.mend().await;
                    }
                }
            }
            if stopped {
                return waiting.into_iter().map(|(_, reply)| (reply, Err(busy()))).collect();
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn count(&self, batches: &[Batch], told: &[Result<(), tracking::Refused>]) {
        for (batch, told) in batches.iter().zip(told) {
            let rows = u64::try_from(batch.rows.len()).unwrap_or(u64::MAX);
            match told {
                Ok(()) => self.figures.written.increment(rows),
                Err(tracking::Refused) => self.figures.superseded.increment(rows),
            }
            for (reason, fixes) in &batch.rejected {
                counter!("fixes_rejected_total", "reason" => reason.as_str()).increment((*fixes).into());
            }
        }
    }

    /// The rules exclude every other permanent error of the database, so a partition must be
    /// missing.
    async fn mend(&self) {
        let made = tracking::ensure_partitions(&self.store, self.clock.now(), self.settings.days_ahead).await;
        if let Err(error) = made {
            tracing::error!(%error, "partitions could not be made");
        }
    }
}
