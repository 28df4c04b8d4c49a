//! What this process says goes out here: in batches, one command for each event, two
//! for each value.
//!
//! Whoever publishes only puts it down. Values of one channel give way to newer
//! ones while they wait; events wait in a queue, and when that is full the oldest
//! are dropped and counted, for hubs read them from the journal. Nothing is taken
//! while Redis does not answer, so an outage costs a bounded memory and no time.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use dashmap::DashMap;
use domain::{Channel, Clock};
use metrics::{Counter, Gauge, counter, gauge};
use redis::{Cmd, RedisError, Value};
use tokio::sync::Notify;

use super::wire::{self, Head};
use super::{NOTICES_KEPT, Names};
use crate::fabric::{Latest, Notice, Signal};
use crate::link::RedisConnection;
use crate::shared::RedisLimits;

/// Keeps a value unless a newer one is there, and tells it. It costs Redis four times
/// as much as the two plain commands do, so it is for values of channels that this
/// process has not spoken on of late: another one may have, meanwhile.
const SET_AND_TELL: &str = "\
local old = redis.call('GETRANGE', KEYS[1], 17, 32) \
if old > string.sub(ARGV[1], 18, 33) then return -1 end \
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) \
return redis.call('SPUBLISH', KEYS[1], ARGV[1])";

/// What the script answers then; otherwise how many heard the value.
const NEWER_IS_THERE: i64 = -1;

/// How long a process is the one that speaks on a channel after it did.
const SPEAKS_FOR: Duration = Duration::from_secs(3);

/// How often channels on which it no longer speaks are forgotten.
const TIDY_EVERY: Duration = Duration::from_secs(10);

/// How long to wait before a batch that failed is tried again.
const PAUSE: Duration = Duration::from_millis(50);

/// How long what waits may take to go out when the process ends.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

pub(super) struct Publisher {
    waiting: Mutex<Waiting>,
    /// The channels whose value this process wrote last, and when.
    speaks: DashMap<Channel, Instant>,
    wake: Notify,
    sent: Notify,
    connection: Arc<RedisConnection>,
    names: Names,
    node: u64,
    clock: Arc<dyn Clock>,
    limits: RedisLimits,
    figures: Figures,
}

struct Figures {
    published: Counter,
    dropped: Counter,
    conflated: Counter,
    waiting: Gauge,
}

#[derive(Default)]
struct Waiting {
    notices: VecDeque<Notice>,
    events: VecDeque<Event>,
    /// The channels whose value or end waits, in order; a number that is not the
    /// value's is that of one that was taken back.
    queue: VecDeque<(Channel, QueueItem)>,
    values: HashMap<Channel, (u64, Spoken)>,
    numbers: u64,
    /// A batch is on its way.
    busy: bool,
}

#[derive(Clone, Copy)]
enum QueueItem {
    Value(u64),
    Forget,
}

/// An event or a passing signal, and when it was published, microseconds.
struct Event {
    channel: Channel,
    signal: Signal,
    at_us: i64,
}

/// A value, and when it was published.
struct Spoken {
    latest: Arc<Latest>,
    at_us: i64,
}

/// One thing to send, kept until it is known to be there.
enum OutboundMessage {
    Notice(Notice),
    Event(Event),
    Value(Channel, Spoken),
    Forget(Channel),
}

impl Waiting {
    fn len(&self) -> usize {
        self.notices.len() + self.events.len() + self.queue.len()
    }

    fn put_value(&mut self, channel: &Channel, spoken: Spoken) {
        self.numbers += 1;
        self.values.insert(channel.clone(), (self.numbers, spoken));
        self.queue.push_back((channel.clone(), QueueItem::Value(self.numbers)));
    }

    /// The next things to send, at most `max`, notices first.
    fn take(&mut self, max: usize) -> Vec<OutboundMessage> {
        let mut batch: Vec<OutboundMessage> = self.notices.drain(..).map(OutboundMessage::Notice).collect();
        // Neither kind keeps the other out.
        let room = if self.queue.is_empty() { max } else { max / 2 };
        let events = self.events.len().min(room);
        batch.extend(self.events.drain(..events).map(OutboundMessage::Event));
        while batch.len() < max
            && let Some((channel, item)) = self.queue.pop_front()
        {
            match item {
                QueueItem::Forget => batch.push(OutboundMessage::Forget(channel)),
                QueueItem::Value(number) => {
                    if self.values.get(&channel).is_some_and(|(newest, _)| *newest == number)
                        && let Some((_, spoken)) = self.values.remove(&channel)
                    {
                        batch.push(OutboundMessage::Value(channel, spoken));
                    }
                }
            }
        }
        batch
    }
}

impl Publisher {
    pub(super) fn new(
        connection: Arc<RedisConnection>,
        names: Names,
        node: u64,
        clock: Arc<dyn Clock>,
        limits: RedisLimits,
    ) -> Self {
        let figures = Figures {
            published: counter!("fabric_published_total"),
            dropped: counter!("fabric_dropped_total"),
            conflated: counter!("fabric_conflated_total"),
            waiting: gauge!("fabric_waiting"),
        };
        let (waiting, speaks) = (Mutex::default(), DashMap::new());
        let (wake, sent) = (Notify::new(), Notify::new());
        Self { waiting, speaks, wake, sent, connection, names, node, clock, limits, figures }
    }

    pub(super) fn publish(&self, channel: &Channel, signal: Signal) {
        let at_us = self.clock.now().timestamp_micros();
        let mut waiting = self.waiting();
        if let Signal::Latest(latest) = signal {
            let spoken = Spoken { latest, at_us };
            if let Some((_, older)) = waiting.values.get_mut(channel) {
                *older = spoken;
                self.figures.conflated.increment(1);
            } else if waiting.queue.len() < self.limits.values_waiting {
                waiting.put_value(channel, spoken);
            } else {
                self.figures.dropped.increment(1);
            }
        } else {
            waiting.events.push_back(Event { channel: channel.clone(), signal, at_us });
            self.trim(&mut waiting);
        }
        drop(waiting);
        self.wake.notify_one();
    }

    pub(super) fn forget(&self, channel: &Channel) {
        let mut waiting = self.waiting();
        waiting.values.remove(channel);
        // One that finds no room expires by itself.
        if waiting.queue.len() < self.limits.values_waiting {
            waiting.queue.push_back((channel.clone(), QueueItem::Forget));
        }
        drop(waiting);
        self.wake.notify_one();
    }

    pub(super) fn announce(&self, notice: Notice) {
        let mut waiting = self.waiting();
        waiting.notices.push_back(notice);
        self.trim(&mut waiting);
        drop(waiting);
        self.wake.notify_one();
    }

    /// Sends what waits, for ever.
    pub(super) async fn run(self: Arc<Self>) {
        let mut tidied = Instant::now();
        loop {
            if tidied.elapsed() >= TIDY_EVERY {
                self.speaks.retain(|_, at| at.elapsed() < SPEAKS_FOR);
                tidied = Instant::now();
            }
            self.connection.opened().await;
            let batch = {
                let mut waiting = self.waiting();
                let batch = waiting.take(self.limits.batch);
                self.figures.waiting.set(f64::from(u32::try_from(waiting.len()).unwrap_or(u32::MAX)));
                waiting.busy = !batch.is_empty();
                batch
            };
            if batch.is_empty() {
                self.sent.notify_waiters();
                self.wake.notified().await;
            } else if !self.send(batch).await {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Resolves when nothing waits any more, or it takes too long.
    pub(super) async fn flush(&self) {
        let empty = async {
            loop {
                let sent = self.sent.notified();
                if self.is_idle() {
                    return;
                }
                sent.await;
            }
        };
        if self.connection.is_well() && tokio::time::timeout(CLOSE_WITHIN, empty).await.is_err() {
            tracing::warn!("some signals did not reach Redis in time");
        }
    }

    fn is_idle(&self) -> bool {
        let waiting = self.waiting();
        waiting.len() == 0 && !waiting.busy
    }

    /// False if something has to be sent again.
    async fn send(&self, batch: Vec<OutboundMessage>) -> bool {
        let mut commands = Vec::with_capacity(batch.len() * 2);
        let mut counts = Vec::with_capacity(batch.len());
        for message in &batch {
            let before = commands.len();
            self.write(message, &mut commands);
            counts.push(commands.len() - before);
        }
        let Some(outcomes) = self.connection.all(commands).await else {
            self.put_back(batch);
            return false;
        };
        let mut outcomes = outcomes.into_iter();
        let (mut again, mut sent, mut refused) = (Vec::new(), 0, 0);
        for (message, count) in batch.into_iter().zip(counts) {
            match outcomes.by_ref().take(count).fold(Ok(Value::Nil), Result::and) {
                Ok(outcome) => {
                    sent += 1;
                    self.spoke(&message, &outcome);
                }
                Err(error) if may_pass(&error) => again.push(message),
                Err(error) => {
                    tracing::warn!(%error, "Redis refused a signal");
                    refused += 1;
                }
            }
        }
        self.figures.published.increment(sent);
        self.figures.dropped.increment(refused);
        let done = again.is_empty();
        self.put_back(again);
        done
    }

    /// Adds what says it to Redis; nothing for what cannot be written, which does not occur.
    fn write(&self, message: &OutboundMessage, commands: &mut Vec<Cmd>) {
        let head = |at_us| Head { node: self.node, at_us };
        let kept_ms = u64::try_from(self.limits.latest_kept.as_millis()).unwrap_or(u64::MAX);
        let tell = |name: &str, said: &[u8]| {
            let mut tell = redis::cmd("SPUBLISH");
            tell.arg(name).arg(said);
            tell
        };
        match message {
            OutboundMessage::Notice(notice) => {
                let now = self.clock.now().timestamp_micros();
                let Some(said) = wire::write_notice(head(now), notice) else { return };
                let mut add = redis::cmd("XADD");
                add.arg(self.names.notices()).arg("MAXLEN").arg("~").arg(NOTICES_KEPT);
                add.arg("*").arg("n").arg(said);
                commands.push(add);
            }
            OutboundMessage::Event(Event { channel, signal, at_us }) => {
                let Some(said) = wire::write(head(*at_us), signal) else { return };
                commands.push(tell(&self.names.of(channel), &said));
            }
            OutboundMessage::Value(channel, Spoken { latest, at_us }) => {
                let signal = Signal::Latest(Arc::clone(latest));
                let Some(said) = wire::write(head(*at_us), &signal) else { return };
                let name = self.names.of(channel);
                if self.speaks.get(channel).is_some_and(|at| at.elapsed() < SPEAKS_FOR) {
                    let mut set = redis::cmd("SET");
                    set.arg(&name).arg(&said).arg("PX").arg(kept_ms);
                    commands.extend([set, tell(&name, &said)]);
                } else {
                    let mut set = redis::cmd("EVAL");
                    set.arg(SET_AND_TELL).arg(1).arg(name).arg(said).arg(kept_ms);
                    commands.push(set);
                }
            }
            OutboundMessage::Forget(channel) => {
                let mut forget = redis::cmd("UNLINK");
                forget.arg(self.names.of(channel));
                commands.push(forget);
            }
        }
    }

    /// Notes whether this process is the one that speaks on the channel.
    fn spoke(&self, message: &OutboundMessage, outcome: &Value) {
        match message {
            // The script found a newer value: somebody else speaks.
            OutboundMessage::Value(channel, _) if *outcome == Value::Int(NEWER_IS_THERE) => {
                self.speaks.remove(channel);
            }
            OutboundMessage::Value(channel, _) => {
                self.speaks.insert(channel.clone(), Instant::now());
            }
            OutboundMessage::Forget(channel) => {
                self.speaks.remove(channel);
            }
            OutboundMessage::Notice(_) | OutboundMessage::Event(_) => {}
        }
    }

    /// What was not sent waits again, before what came meanwhile.
    fn put_back(&self, again: Vec<OutboundMessage>) {
        let mut waiting = self.waiting();
        waiting.busy = false;
        if again.is_empty() {
            return;
        }
        let is_end = |(channel, item): &(Channel, QueueItem)| {
            matches!(item, QueueItem::Forget).then(|| channel.clone())
        };
        let over: HashSet<Channel> = waiting.queue.iter().filter_map(is_end).collect();
        for message in again.into_iter().rev() {
            match message {
                OutboundMessage::Notice(notice) => waiting.notices.push_front(notice),
                OutboundMessage::Event(event) => waiting.events.push_front(event),
                OutboundMessage::Forget(channel) => waiting.queue.push_front((channel, QueueItem::Forget)),
                OutboundMessage::Value(channel, spoken) => {
                    if !over.contains(&channel) && !waiting.values.contains_key(&channel) {
                        waiting.put_value(&channel, spoken);
                    }
                }
            }
        }
        self.trim(&mut waiting);
    }

    fn trim(&self, waiting: &mut Waiting) {
        let surplus = waiting.events.len().saturating_sub(self.limits.events_waiting);
        waiting.events.drain(..surplus);
        let stale = waiting.notices.len().saturating_sub(self.limits.notices_waiting);
        waiting.notices.drain(..stale);
        self.figures.dropped.increment((surplus + stale) as u64);
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Each change is whole before anything can panic.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the same may succeed later: the connection or a node was lost.
fn may_pass(error: &RedisError) -> bool {
    error.is_unrecoverable_error() || error.is_io_error() || error.is_cluster_error()
}
