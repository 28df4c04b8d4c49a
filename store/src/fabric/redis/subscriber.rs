//! Receives what other processes publish.
//!
//! Only channels that have a follower in this process are subscribed to, each once,
//! however many followers it has. A channel without followers stays subscribed to for a
//! short while, in case one returns. After a lost connection all channels are subscribed
//! to again, and `on_reconnected` notifies listeners that they may have missed messages.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dashmap::DashMap;
use domain::{Channel, Clock};
use metrics::{Counter, Histogram, counter, histogram};
use redis::aio::AsyncPushSender;
use redis::{PushInfo, PushKind, Value};
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, timeout};

use super::wire;
use super::{Listeners, Names};
use crate::link::{self, Connection, RedisConnector};
use crate::shared::RedisLimits;

/// Maximum channels per batch of subscriptions.
const BATCH: usize = 256;

/// How often failed subscriptions are retried, and channels without followers are
/// looked for.
const TIDY_EVERY: Duration = Duration::from_millis(500);

pub(super) struct Subscriber {
    watched: DashMap<Channel, Watched>,
    /// Channels whose subscription may have to change.
    due: Mutex<HashSet<Channel>>,
    wake: Notify,
    /// A connection is open.
    open: AtomicBool,
    /// Since the connection was opened, each watched channel has been requested once, and none
    /// was refused at its last request.
    settled: AtomicBool,
    /// The last ping was answered.
    alive: AtomicBool,
    listeners: Arc<Listeners>,
    names: Names,
    node: u64,
    clock: Arc<dyn Clock>,
    limits: RedisLimits,
    figures: Figures,
}

struct Figures {
    received: Counter,
    unreadable: Counter,
    lag: Histogram,
}

#[derive(Default)]
struct Watched {
    followers: usize,
    in_force: bool,
    /// The first subscription attempt failed, or somebody stopped waiting for it: messages may
    /// have been missed.
    late: bool,
    /// The last subscription attempt failed.
    refused: bool,
    deserted_at: Option<Instant>,
    waiting: Vec<oneshot::Sender<()>>,
}

impl Subscriber {
    pub(super) fn new(
        listeners: Arc<Listeners>,
        names: Names,
        node: u64,
        clock: Arc<dyn Clock>,
        limits: RedisLimits,
    ) -> Self {
        let figures = Figures {
            received: counter!("fabric_received_total"),
            unreadable: counter!("fabric_unreadable_total"),
            lag: histogram!("fabric_lag_seconds"),
        };
        Self {
            watched: DashMap::new(),
            due: Mutex::default(),
            wake: Notify::new(),
            open: AtomicBool::new(false),
            settled: AtomicBool::new(false),
            alive: AtomicBool::new(false),
            listeners,
            names,
            node,
            clock,
            limits,
            figures,
        }
    }

    pub(super) fn watch(&self, channel: &Channel) {
        let mut watched = self.watched.entry(channel.clone()).or_default();
        watched.followers += 1;
        watched.deserted_at = None;
        let in_force = watched.in_force;
        drop(watched);
        if !in_force {
            self.due(channel.clone());
        }
    }

    pub(super) fn unwatch(&self, channel: &Channel) {
        let Some(mut watched) = self.watched.get_mut(channel) else { return };
        watched.followers = watched.followers.saturating_sub(1);
        if watched.followers == 0 {
            watched.deserted_at = Some(Instant::now());
        }
    }

    /// See [`crate::fabric::Fabric::watching`].
    pub(super) async fn watching(&self, channel: &Channel) {
        let heard = {
            let Some(mut watched) = self.watched.get_mut(channel) else { return };
            if watched.in_force || !self.open.load(Ordering::Relaxed) {
                return;
            }
            let (sender, receiver) = oneshot::channel();
            watched.waiting.push(sender);
            receiver
        };
        if timeout(self.limits.watch_within, heard).await.is_ok() {
            return; // in force, or the connection was lost: then `on_reconnected` follows
        }
        if let Some(mut watched) = self.watched.get_mut(channel) {
            watched.late |= !watched.in_force;
        }
    }

    pub(super) fn is_well(&self) -> bool {
        self.settled.load(Ordering::Relaxed) && self.alive.load(Ordering::Relaxed)
    }

    /// Receives until the task is aborted.
    pub(super) async fn run(self: Arc<Self>, connector: RedisConnector) {
        loop {
            // One for each connection, so that late pushes of an old connection have no effect.
            let mut torn = Arc::new(Notify::new());
            let push = || {
                torn = Arc::new(Notify::new());
                Some(self.pushed(Arc::clone(&torn)))
            };
            let connection = connector.open_at_last(self.limits.dead_after, push).await;
            self.open.store(true, Ordering::Relaxed);
            self.alive.store(true, Ordering::Relaxed);
            let all: Vec<Channel> = self.watched.iter().map(|entry| entry.key().clone()).collect();
            self.lock_due().extend(all);
            tokio::select! {
                () = self.follow(&connection) => {}
                () = torn.notified() => {}
                () = link::death(connection.clone(), &self.alive) => {}
            }
            self.settled.store(false, Ordering::Relaxed);
            self.open.store(false, Ordering::Relaxed);
            for mut watched in self.watched.iter_mut() {
                (watched.in_force, watched.refused) = (false, false);
                watched.waiting = Vec::new();
            }
            tracing::warn!("what other processes say is not heard");
        }
    }

    /// Subscribes to what is watched, and follows changes until the connection is lost.
    async fn follow(&self, connection: &Connection) {
        if !self.settle(connection).await {
            return;
        }
        self.judge();
        self.listeners.on_reconnected();
        let mut tidy = tokio::time::interval(TIDY_EVERY);
        tidy.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let all_tried = tokio::select! {
                () = self.wake.notified() => false,
                _ = tidy.tick() => {
                    self.look_through();
                    true
                }
            };
            if !self.settle(connection).await {
                return;
            }
            if all_tried {
                self.judge();
            }
        }
    }

    /// Sets `settled`, once whatever is not in force has been tried.
    fn judge(&self) {
        let refused = self.watched.iter().any(|watched| watched.refused && watched.followers > 0);
        self.settled.store(!refused, Ordering::Relaxed);
    }

    /// Marks as due the channels that have had no follower for `watch_lingers`, and those
    /// whose subscription failed.
    fn look_through(&self) {
        let deserted = |watched: &Watched| {
            watched.deserted_at.is_some_and(|at| at.elapsed() >= self.limits.watch_lingers)
                || (watched.followers > 0 && !watched.in_force)
        };
        let found: Vec<Channel> = self
            .watched
            .iter()
            .filter(|entry| deserted(entry.value()))
            .map(|entry| entry.key().clone())
            .collect();
        if !found.is_empty() {
            self.lock_due().extend(found);
        }
    }

    /// Applies all due changes. False if the connection is lost.
    async fn settle(&self, connection: &Connection) -> bool {
        loop {
            let due: Vec<Channel> = {
                let mut due = self.lock_due();
                let some: Vec<Channel> = due.iter().take(BATCH).cloned().collect();
                for channel in &some {
                    due.remove(channel);
                }
                some
            };
            if due.is_empty() {
                return true;
            }
            let (mut join, mut leave) = (Vec::new(), Vec::new());
            for channel in due {
                let lingered = |_: &Channel, watched: &Watched| {
                    let lingers = self.limits.watch_lingers;
                    watched.followers == 0 && watched.deserted_at.is_some_and(|at| at.elapsed() >= lingers)
                };
                if self.watched.remove_if(&channel, lingered).is_some() {
                    leave.push(channel);
                } else if self.watched.get(&channel).is_some_and(|watched| !watched.in_force) {
                    join.push(channel);
                }
            }
            let gone = self.tell(connection, "SUNSUBSCRIBE", &leave).await;
            let come = self.tell(connection, "SSUBSCRIBE", &join).await;
            let (Some(_), Some(come)) = (gone, come) else { return false };
            for channel in join.iter().filter(|channel| !come.contains(channel)) {
                if let Some(mut watched) = self.watched.get_mut(channel) {
                    (watched.late, watched.refused) = (true, true);
                    self.settled.store(false, Ordering::Relaxed);
                }
            }
            let mut late = false;
            for channel in come {
                if let Some(mut watched) = self.watched.get_mut(channel) {
                    (watched.in_force, watched.refused) = (true, false);
                    late |= std::mem::take(&mut watched.late);
                    for waiting in watched.waiting.drain(..) {
                        let _ = waiting.send(()); // the waiting caller may be gone
                    }
                }
            }
            if late {
                self.listeners.on_reconnected();
            }
        }
    }

    /// The channels for which the command succeeded; `None` if the connection is lost.
    async fn tell<'a>(
        &self,
        connection: &Connection,
        verb: &str,
        channels: &'a [Channel],
    ) -> Option<HashSet<&'a Channel>> {
        if channels.is_empty() {
            return Some(HashSet::new());
        }
        // One command per channel: in a Cluster two channels are rarely in one slot.
        let command = |channel: &Channel| redis::cmd(verb).arg(self.names.of(channel)).clone();
        // In a Cluster one command at a time: while the library has no connection to a node, it
        // opens one for each command in flight and keeps only one of them; the subscriptions
        // made over the others would be lost with them.
        let at_once = if matches!(connection, Connection::One(_)) { BATCH } else { 1 };
        let mut outcomes = Vec::with_capacity(channels.len());
        for some in channels.chunks(at_once) {
            let asked = connection.all(some.iter().map(command).collect());
            outcomes.append(&mut timeout(self.limits.dead_after, asked).await.ok()?);
        }
        let mut done = HashSet::with_capacity(channels.len());
        for (channel, outcome) in channels.iter().zip(outcomes) {
            match outcome {
                Ok(_) => {
                    done.insert(channel);
                }
                Err(error) if matches!(connection, Connection::One(_)) && error.is_unrecoverable_error() => {
                    return None;
                }
                // A node of the Cluster is missing: `look_through` retries soon.
                Err(error) => tracing::debug!(%channel, %error, "could not {verb}"),
            }
        }
        Some(done)
    }

    /// The handler of pushes. It runs inline on the task that reads the connection: the
    /// next read waits until the listeners return.
    fn pushed(self: &Arc<Self>, torn: Arc<Notify>) -> Arc<dyn AsyncPushSender> {
        let subscriber = Arc::downgrade(self);
        Arc::new(move |push: PushInfo| -> Result<(), ()> {
            subscriber.upgrade().ok_or(())?.heard(&push, &torn);
            Ok(())
        })
    }

    fn heard(&self, push: &PushInfo, torn: &Notify) {
        match (&push.kind, push.data.as_slice()) {
            (PushKind::SMessage, [Value::BulkString(name), Value::BulkString(said)]) => {
                self.said(name, said);
            }
            // The channel's slot moved to another node. The connection is reopened, because an
            // unsolicited unsubscription breaks the library's count of replies.
            (PushKind::SUnsubscribe, [Value::BulkString(name), ..]) => {
                // Also while the subscription is in progress: the reply may have arrived already.
                let channel = self.names.channel(name);
                let is_followed = channel
                    .is_some_and(|channel| self.watched.get(&channel).is_some_and(|it| it.followers > 0));
                if is_followed {
                    torn.notify_one();
                }
            }
            (PushKind::Disconnection, _) => torn.notify_one(),
            _ => {}
        }
    }

    fn said(&self, name: &[u8], said: &[u8]) {
        let heard = wire::head(said).and_then(|head| {
            // This process's listeners were called when it published.
            if head.node == self.node {
                return Ok(None);
            }
            let channel = self.names.channel(name).ok_or(wire::Unreadable)?;
            Ok(Some((head, channel, wire::read(said)?)))
        });
        match heard {
            Ok(None) => {}
            Ok(Some((head, channel, signal))) => {
                self.figures.received.increment(1);
                let lag_us = self.clock.now().timestamp_micros().saturating_sub(head.at_us).max(0);
                self.figures.lag.record(Duration::from_micros(lag_us.unsigned_abs()));
                self.listeners.on_signal(&channel, &signal);
            }
            Err(wire::Unreadable) => self.figures.unreadable.increment(1),
        }
    }

    fn due(&self, channel: Channel) {
        self.lock_due().insert(channel);
        self.wake.notify_one();
    }

    fn lock_due(&self) -> std::sync::MutexGuard<'_, HashSet<Channel>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
