//! Sends this process's messages to Redis, in batches: one command for each event, one
//! or two for each value.
//!
//! Publishing only enqueues and never waits. A newer value of a channel replaces the one
//! in the queue; an older one never does, neither here nor in Redis. When the queue of events is full, the oldest are dropped and counted;
//! hubs read them from the journal. Nothing is taken from the queues while Redis does
//! not answer, so an outage costs bounded memory and delays no publisher.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use dashmap::DashMap;
use domain::{Channel, Clock};
use metrics::{Counter, Gauge, counter, gauge};
use redis::{Cmd, RedisError, RedisResult, Value};
use tokio::sync::Notify;

use super::wire::{self, Head};
use super::{NOTICES_KEPT, Names};
use crate::fabric::{Latest, Notice, Signal};
use crate::link::RedisConnection;
use crate::shared::RedisLimits;

/// Sets and publishes a value unless Redis has a newer one. It costs Redis four times as
/// much as the two plain commands, so it is used only for channels that this process has
/// not published a value on recently: another process may have done so in between. If one
/// did all the same, the plain command returns what it replaced: a newer value is restored
/// by this script.
const SET_AND_TELL: &str = "\
local old = redis.call('GETRANGE', KEYS[1], 17, 32) \
if old > string.sub(ARGV[1], 18, 33) then return -1 end \
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) \
return redis.call('SPUBLISH', KEYS[1], ARGV[1])";

/// The script's result in that case; otherwise the number of receivers.
const NEWER_IS_THERE: i64 = -1;

/// How long a process counts as the only publisher of a channel's values after it wrote one.
const SPEAKS_FOR: Duration = Duration::from_secs(3);

/// How often expired entries of `speaks` are removed.
const TIDY_EVERY: Duration = Duration::from_secs(10);

/// How long to wait before a batch that failed is tried again.
const PAUSE: Duration = Duration::from_millis(50);

/// How long the flush at shutdown may take.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

pub(super) struct Publisher {
    waiting: Mutex<Waiting>,
    /// The channels whose value this process wrote last, and when it did.
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
    /// The channels with a queued value or removal, in order. An item whose number differs
    /// from that in `values` is void: its value was removed or replaced by a new entry.
    queue: VecDeque<(Channel, QueueItem)>,
    values: HashMap<Channel, (u64, Spoken)>,
    numbers: u64,
    /// A batch is in flight.
    busy: bool,
}

#[derive(Clone, Copy)]
enum QueueItem {
    Value(u64),
    Forget,
}

/// An event or an ephemeral signal, and when it was published, in microseconds.
struct Event {
    channel: Channel,
    signal: Signal,
    at_us: i64,
}

/// A value, and when it was published, in microseconds.
struct Spoken {
    latest: Arc<Latest>,
    at_us: i64,
}

/// One message to send, kept until Redis has confirmed it.
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

    /// The next messages to send: all notices, then at most `max` events and values.
    fn take(&mut self, max: usize) -> Vec<OutboundMessage> {
        let mut batch: Vec<OutboundMessage> = self.notices.drain(..).map(OutboundMessage::Notice).collect();
        // Events take at most half of a batch while values are queued: neither starves the other.
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
            if let Some((_, queued)) = waiting.values.get_mut(channel) {
                if queued.latest.at <= spoken.latest.at {
                    *queued = spoken;
                }
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
        // Without a removal the value in Redis expires by itself.
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

    /// Sends what is queued until the task is aborted.
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

    /// Resolves when everything is sent, or after [`CLOSE_WITHIN`].
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

    /// False if some messages have to be sent again.
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
            let replies: Vec<RedisResult<Value>> = outcomes.by_ref().take(count).collect();
            match replies.into_iter().collect::<RedisResult<Vec<Value>>>() {
                Ok(replies) => {
                    sent += 1;
                    again.extend(self.spoke(&message, replies.first()));
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

    /// Adds the commands for `message`; none if it cannot be encoded, which does not occur.
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
                    set.arg(&name).arg(&said).arg("PX").arg(kept_ms).arg("GET");
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

    /// Records whether this process wrote the channel's value last. Returns a newer value that
    /// was replaced, which must be restored: another process publishes on this channel.
    fn spoke(&self, message: &OutboundMessage, reply: Option<&Value>) -> Option<OutboundMessage> {
        match message {
            OutboundMessage::Value(channel, spoken) => {
                let replaced = reply.and_then(|reply| newer(reply, spoken));
                if replaced.is_some() || reply == Some(&Value::Int(NEWER_IS_THERE)) {
                    self.speaks.remove(channel);
                } else {
                    self.speaks.insert(channel.clone(), Instant::now());
                }
                replaced.map(|spoken| OutboundMessage::Value(channel.clone(), spoken))
            }
            OutboundMessage::Forget(channel) => {
                self.speaks.remove(channel);
                None
            }
            OutboundMessage::Notice(_) | OutboundMessage::Event(_) => None,
        }
    }

    /// Returns unsent messages to the queues: notices, events and removals to the front. A value
    /// is discarded if a newer one or a removal was queued since.
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
                OutboundMessage::Value(channel, _) if over.contains(&channel) => {}
                OutboundMessage::Value(channel, spoken) => match waiting.values.get_mut(&channel) {
                    Some((_, queued)) if queued.latest.at >= spoken.latest.at => {}
                    Some((_, queued)) => *queued = spoken,
                    None => waiting.put_value(&channel, spoken),
                },
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
        // A poisoned lock is safe: no panic can interrupt a change halfway.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The value in `replaced`, if it is newer than the one that replaced it.
fn newer(replaced: &Value, by: &Spoken) -> Option<Spoken> {
    let Value::BulkString(bytes) = replaced else { return None };
    let Head { at_us, .. } = wire::head(bytes).ok()?;
    match wire::read(bytes) {
        Ok(Signal::Latest(latest)) if latest.at > by.latest.at => Some(Spoken { latest, at_us }),
        _ => None,
    }
}

/// Whether a retry may succeed: the connection or a node was lost.
fn may_pass(error: &RedisError) -> bool {
    error.is_unrecoverable_error() || error.is_io_error() || error.is_cluster_error()
}
