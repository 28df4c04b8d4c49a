//! What other processes say comes in here.
//!
//! Only channels that somebody in this process follows are subscribed to, each
//! once, however many follow it; one that nobody follows any more is kept for a
//! moment, in case they come back. When the connection is lost, all is subscribed
//! to again and listeners are told that they may have missed something.

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

/// Channels that one batch subscribes to.
const BATCH: usize = 256;

/// How often what could not be subscribed to is tried again, and what nobody
/// follows is looked through.
const TIDY_EVERY: Duration = Duration::from_millis(500);

pub(super) struct Subscriber {
    watched: DashMap<Channel, Watched>,
    /// Channels whose subscription has to change.
    due: Mutex<HashSet<Channel>>,
    wake: Notify,
    /// There is a connection.
    open: AtomicBool,
    /// All that is watched is subscribed to.
    settled: AtomicBool,
    /// The last sign of life was one.
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
    /// It could not be subscribed to at first: something may have been missed.
    late: bool,
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
        // Dropped, or too late: the connection was lost, and what follows is a rejoining.
        let _ = timeout(self.limits.watch_within, heard).await;
    }

    pub(super) fn is_well(&self) -> bool {
        self.settled.load(Ordering::Relaxed) && self.alive.load(Ordering::Relaxed)
    }

    /// Listens for ever.
    pub(super) async fn run(self: Arc<Self>, connector: RedisConnector) {
        loop {
            // Each connection has its own: what an old one says late is of no concern.
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
                watched.in_force = false;
                watched.waiting = Vec::new();
            }
            tracing::warn!("what other processes say is not heard");
        }
    }

    /// Brings the subscriptions in line with what is watched, and keeps them so.
    async fn follow(&self, connection: &Connection) {
        if !self.settle(connection).await {
            return;
        }
        self.settled.store(true, Ordering::Relaxed);
        self.listeners.on_reconnected();
        let mut tidy = tokio::time::interval(TIDY_EVERY);
        tidy.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.wake.notified() => {}
                _ = tidy.tick() => self.look_through(),
            }
            if !self.settle(connection).await {
                return;
            }
        }
    }

    /// Notes the channels that nobody came back to.
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

    /// False if the connection is lost.
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
                    watched.late = true;
                }
            }
            let mut late = false;
            for channel in come {
                if let Some(mut watched) = self.watched.get_mut(channel) {
                    watched.in_force = true;
                    late |= std::mem::take(&mut watched.late);
                    for waiting in watched.waiting.drain(..) {
                        let _ = waiting.send(()); // who waits no more need not know
                    }
                }
            }
            if late {
                self.listeners.on_reconnected();
            }
        }
    }

    /// The channels for which it was done; nothing if the connection is lost.
    async fn tell<'a>(
        &self,
        connection: &Connection,
        verb: &str,
        channels: &'a [Channel],
    ) -> Option<HashSet<&'a Channel>> {
        if channels.is_empty() {
            return Some(HashSet::new());
        }
        // One channel each: in a Cluster two of them are rarely of one slot.
        let command = |channel: &Channel| redis::cmd(verb).arg(self.names.of(channel)).clone();
        // In a Cluster one after another: while the library has no connection to a node, it
        // opens one for each command that is under way and keeps one of them; what was
        // subscribed to over the others would end with them.
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
                // A node of the Cluster is missing: looked through again soon.
                Err(error) => tracing::debug!(%channel, %error, "could not {verb}"),
            }
        }
        Some(done)
    }

    /// Takes what Redis says, on the task that reads the connection: it reads on
    /// when the listeners have heard it.
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
            // Its slot went to another node: the connection is opened anew, for one
            // that was not asked for confuses the library's count of answers.
            (PushKind::SUnsubscribe, [Value::BulkString(name), ..]) => {
                // Also while it is being subscribed to: the answer may have come already.
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
            // What this process said, its listeners heard at once.
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
