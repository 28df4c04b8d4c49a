//! The hub: follows each channel once for all its subscribers in this process. Module `recovery`
//! delivers what they missed, `snapshot_cache` their first state.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use dashmap::DashMap;
use domain::{Channel, Failure, Kind, Principal, Refused, Timestamp};
use futures::StreamExt as _;
use serde_json::Value;
use store::fabric::{Fabric, FabricListener, Notice, Signal};
use tokio::runtime::Handle;

use super::figures::Figures;
use super::snapshot_cache::Snapshots;
use super::topic::{Encoder, Outcome, Topic};
use super::{
    Admission, Backend, ConnectionRegistry, FrameEncoder, HubReport, Limits, NoticeEffect, Outbox, Since,
    recovery,
};

/// How many latest values are looked up at the same time after an outage: others need the database
/// too.
const LOOKED_UP_AT_ONCE: usize = 4;

/// See the module. Made once per process, shared by all adapters.
pub struct Hub {
    pub(super) topics: DashMap<Channel, Arc<ChannelEntry>>,
    pub(super) connections: Arc<ConnectionRegistry>,
    pub(super) admission: Arc<Admission>,
    pub(super) backend: Arc<dyn Backend>,
    pub(super) fabric: Arc<dyn Fabric>,
    pub(super) encoder: Encoder,
    pub(super) limits: Limits,
    pub(super) ids: AtomicU64,
    pub(super) runtime: Handle,
    pub(super) figures: Figures,
    pub(super) me: Weak<Hub>,
}

/// A channel that has subscribers in this process.
pub(super) struct ChannelEntry {
    pub(super) channel: Channel,
    pub(super) topic: Mutex<Topic>,
    /// Held while the journal is read: in a reconnect storm one reading serves all.
    pub(super) reading: tokio::sync::Mutex<()>,
    /// Snapshots shared by several subscribers; held while one is made.
    pub(super) snapshots: tokio::sync::Mutex<Snapshots>,
}

/// A subscription to a channel; ends on drop.
pub struct Subscription {
    pub(super) hub: Arc<Hub>,
    pub(super) entry: Arc<ChannelEntry>,
    pub(super) id: u64,
    /// Whether everything since the requested offset was delivered; otherwise a snapshot was.
    pub recovered: bool,
}

impl Hub {
    /// Creates the hub and starts listening to the fabric. Call within a tokio runtime.
    pub fn open(
        backend: Arc<dyn Backend>,
        fabric: &Arc<dyn Fabric>,
        writer: FrameEncoder,
        limits: Limits,
    ) -> Arc<Self> {
        let figures = Figures::new();
        let lag = Arc::clone(&figures.delivery_lag);
        let hub = Arc::new_cyclic(|me| Self {
            topics: DashMap::new(),
            connections: Arc::default(),
            admission: Arc::default(),
            encoder: Encoder { writer, epoch: backend.epoch(), lag },
            backend,
            fabric: Arc::clone(fabric),
            limits,
            ids: AtomicU64::new(0),
            runtime: Handle::current(),
            figures,
            me: Weak::clone(me),
        });
        fabric.listen(Arc::new(HubListener(Arc::downgrade(&hub))));
        tokio::spawn(recovery::keep_comparing(Arc::downgrade(&hub), limits.compare_every));
        tokio::spawn(keep_aging(Arc::downgrade(&hub), limits.aged_every));
        hub
    }

    /// The connections of this process.
    pub fn connections(&self) -> &Arc<ConnectionRegistry> {
        &self.connections
    }

    /// The admission of new sockets.
    pub fn admission(&self) -> &Arc<Admission> {
        &self.admission
    }

    /// Names the history (the journal's epoch) that offsets belong to.
    pub fn epoch(&self) -> &Arc<str> {
        &self.encoder.epoch
    }

    /// The current report.
    pub fn report(&self) -> HubReport {
        self.figures.report(self.connections.count(), self.topics.len())
    }

    /// Sets the gauges. Call it every few seconds.
    pub fn sample(&self) {
        self.figures.sample(self.connections.count(), self.topics.len());
    }

    /// Subscribes `outbox` to `channel`: delivers what was missed since `since`, or a snapshot, and
    /// then everything that follows, without gaps or duplicates.
    pub async fn subscribe(
        self: &Arc<Self>,
        who: &Arc<Principal>,
        channel: &Channel,
        since: Option<&Since>,
        outbox: &Arc<Outbox>,
    ) -> Result<Subscription, Failure> {
        // Joins before authorising, so that a revocation in between is seen.
        let floor = since.and_then(|since| since.latest_at);
        let mut subscription = self.join(who, channel, floor, outbox);
        let asked = subscription.topic().ask();
        // Subscribes to the fabric before the state is read, so that no event in between is missed.
        let (audience, ()) =
            tokio::join!(self.backend.authorise(who, channel), self.fabric.watching(channel));
        subscription.topic().admit(subscription.id, asked, audience?);
        self.fetch_newest(&subscription.entry).await?;
        if let Some(since) = since.filter(|since| *since.epoch == *self.encoder.epoch) {
            subscription.recovered = self.resume(&subscription, since.offset).await?;
        }
        if !subscription.recovered {
            self.begin(&subscription, who, since.is_some()).await?;
        }
        Ok(subscription)
    }

    fn join(
        self: &Arc<Self>,
        who: &Arc<Principal>,
        channel: &Channel,
        floor: Option<Timestamp>,
        outbox: &Arc<Outbox>,
    ) -> Subscription {
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        loop {
            let entry = Arc::clone(&self.topics.entry(channel.clone()).or_insert_with(|| {
                self.fabric.watch(channel);
                self.new_entry(channel)
            }));
            if entry.topic().join(id, who, floor, outbox) {
                self.figures.subscribed();
                return Subscription { hub: Arc::clone(self), entry, id, recovered: false };
            }
            // Closed in the meantime: remove it and try again.
            self.remove_if_empty(channel);
        }
    }

    fn new_entry(&self, channel: &Channel) -> Arc<ChannelEntry> {
        let recent_max = usize::try_from(self.limits.replay_max).unwrap_or(usize::MAX);
        Arc::new(ChannelEntry {
            channel: channel.clone(),
            topic: Mutex::new(Topic::new(channel.clone(), recent_max, self.backend.rules(channel))),
            reading: tokio::sync::Mutex::default(),
            snapshots: tokio::sync::Mutex::default(),
        })
    }

    /// Looks up the latest value if this process does not have it yet; once per reconnect storm.
    async fn fetch_newest(&self, entry: &ChannelEntry) -> Result<(), Failure> {
        if !entry.topic().seeks_newest() {
            return Ok(());
        }
        let _reading = entry.reading.lock().await;
        if !entry.topic().seeks_newest() {
            return Ok(());
        }
        let latest = self.backend.latest(&entry.channel).await?;
        let mut topic = entry.topic();
        topic.sought = true;
        if let Some(latest) = latest {
            topic.on_latest(&latest, self.backend.now(), &self.encoder);
        }
        Ok(())
    }

    /// Looks up all latest values again: some may have been missed, and the next ones may take long.
    async fn fetch_newest_again(&self) {
        let with_latest = |entry: &Arc<ChannelEntry>| entry.topic().has_latest();
        let entries: Vec<Arc<ChannelEntry>> =
            self.topics.iter().map(|entry| Arc::clone(&entry)).filter(with_latest).collect();
        let looked_up =
            futures::stream::iter(entries).for_each_concurrent(LOOKED_UP_AT_ONCE, async |entry| {
                match self.backend.latest(&entry.channel).await {
                    Ok(Some(latest)) => {
                        let outcome = entry.topic().on_latest(&latest, self.backend.now(), &self.encoder);
                        self.apply(&entry, outcome);
                    }
                    Ok(None) => {}
                    Err(error) => {
                        tracing::warn!(channel = %entry.channel, %error, "could not look up a value");
                    }
                }
            });
        looked_up.await;
    }

    /// Publishes latest values that have turned stale to this process's subscribers. Each process
    /// does so for its own, so no client gets it twice, and no process is indispensable.
    pub(super) fn age(&self) {
        let now = self.backend.now();
        for entry in &self.topics {
            let outcome = entry.value().topic().age(now, &self.encoder);
            self.figures.count(&outcome);
        }
    }

    /// Counts an outcome, and starts the I/O that a topic can't do itself.
    pub(super) fn apply(&self, entry: &Arc<ChannelEntry>, outcome: Outcome) {
        self.figures.count(&outcome);
        if !outcome.gap && !outcome.reauthorize {
            return;
        }
        let Some(hub) = self.me.upgrade() else { return };
        if outcome.gap && !std::mem::replace(&mut entry.topic().backfilling, true) {
            let (hub, entry) = (Arc::clone(&hub), Arc::clone(entry));
            self.runtime.spawn(async move { hub.backfill(&entry).await });
        }
        if outcome.reauthorize {
            let entry = Arc::clone(entry);
            self.runtime.spawn(async move { hub.reauthorize(&entry).await });
        }
    }

    /// Authorises all subscribers again.
    async fn reauthorize(&self, entry: &Arc<ChannelEntry>) {
        let subscribers = entry.topic().subscribers();
        for (id, who) in subscribers {
            let asked = entry.topic().ask();
            let reason = match self.backend.authorise(&who, &entry.channel).await {
                Ok(audience) => {
                    entry.topic().admit(id, asked, audience);
                    continue;
                }
                Err(Failure::Refused(Refused { kind: Kind::NotFound | Kind::Forbidden, .. })) => {
                    "not_allowed"
                }
                // A subscriber who can't be checked is unsubscribed as well: clients subscribe
                // again.
                Err(error) => {
                    tracing::warn!(channel = %entry.channel, %error, "could not authorise again");
                    "unavailable"
                }
            };
            let mut topic = entry.topic();
            if topic.is_newest_answer(id, asked) {
                topic.end(Some(id), reason, &self.encoder);
            }
        }
    }

    /// Starts to authorise all subscribers of `channel` again, if there are any.
    fn reauthorize_soon(self: &Arc<Self>, channel: &Channel) {
        if let Some(entry) = self.find(channel) {
            let hub = Arc::clone(self);
            self.runtime.spawn(async move { hub.reauthorize(&entry).await });
        }
    }

    /// Authorises again the subscribers whose access changes by notices: some may have been lost.
    fn reauthorize_after_outage(self: &Arc<Self>) {
        let in_doubt = self.topics.iter().filter(|entry| entry.topic().has_access_by_notice());
        let channels: Vec<Channel> = in_doubt.map(|entry| entry.key().clone()).collect();
        channels.iter().for_each(|channel| self.reauthorize_soon(channel));
    }

    /// The channels with subscribers in this process, filtered and mapped by `pick`.
    pub fn followed<T>(&self, pick: impl Fn(&Channel) -> Option<T>) -> Vec<T> {
        self.topics.iter().filter_map(|entry| pick(entry.key())).collect()
    }

    /// Publishes a latest value of time `at` to this process's subscribers of `channel` only: every
    /// process computes its own.
    pub fn show(&self, channel: &Channel, at: Timestamp, data: &Value) {
        let Some(entry) = self.find(channel) else { return };
        let outcome = entry.topic().on_local(at, data, &self.encoder);
        self.apply(&entry, outcome);
    }

    pub(super) fn find(&self, channel: &Channel) -> Option<Arc<ChannelEntry>> {
        self.topics.get(channel).map(|entry| Arc::clone(&entry))
    }

    pub(super) fn remove_if_empty(&self, channel: &Channel) {
        if self.topics.remove_if(channel, |_, entry| entry.topic().close_if_empty()).is_some() {
            self.fabric.unwatch(channel);
        }
    }
}

/// Publishes values that have turned stale, until the hub is dropped.
async fn keep_aging(hub: Weak<Hub>, every: Duration) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(hub) = hub.upgrade() else { return };
        hub.age();
    }
}

/// Weak, since the fabric never removes a listener.
pub(super) struct HubListener(pub(super) Weak<Hub>);

impl FabricListener for HubListener {
    fn on_signal(&self, channel: &Channel, signal: &Signal) {
        let Some(hub) = self.0.upgrade() else { return };
        let Some(entry) = hub.find(channel) else { return };
        let outcome = match signal {
            Signal::Log(recorded) => {
                let lag = hub.backend.now() - recorded.at;
                hub.figures.event_lag.note(lag.to_std().unwrap_or_default());
                entry.topic().on_event(recorded, &hub.encoder)
            }
            Signal::Latest(latest) => entry.topic().on_latest(latest, hub.backend.now(), &hub.encoder),
            Signal::Ephemeral(ephemeral) => entry.topic().on_ephemeral(ephemeral, &hub.encoder),
        };
        hub.apply(&entry, outcome);
    }

    fn on_notice(&self, notice: &Notice) {
        let Some(hub) = self.0.upgrade() else { return };
        match hub.backend.notice_effect(notice) {
            NoticeEffect::Ignore => {}
            NoticeEffect::EndSession(session) => hub.connections.end_session(session),
            NoticeEffect::Supersede { user, epoch } => hub.connections.supersede(user, epoch),
            NoticeEffect::Reauthorize(channels) => {
                channels.iter().for_each(|channel| hub.reauthorize_soon(channel));
            }
            NoticeEffect::ReauthorizePerson(person) => {
                let follows = |entry: &ChannelEntry| {
                    entry.topic().subscribers().iter().any(|(_, who)| who.user == person)
                };
                let followed = hub.topics.iter().filter(|entry| follows(entry));
                let channels: Vec<Channel> = followed.map(|entry| entry.key().clone()).collect();
                channels.iter().for_each(|channel| hub.reauthorize_soon(channel));
            }
        }
    }

    fn on_reconnected(&self) {
        if let Some(hub) = self.0.upgrade() {
            let runtime = hub.runtime.clone();
            runtime.spawn(async move {
                hub.compare().await;
                hub.fetch_newest_again().await;
                hub.reauthorize_after_outage();
            });
        }
    }
}

impl ChannelEntry {
    pub(super) fn topic(&self) -> MutexGuard<'_, Topic> {
        // A panic in one call must not end the channel for all subscribers.
        self.topic.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscription {
    /// The channel.
    pub fn channel(&self) -> &Channel {
        &self.entry.channel
    }

    /// Whether the channel has ended the subscription.
    pub fn is_over(&self) -> bool {
        !self.topic().has(self.id)
    }

    pub(super) fn topic(&self) -> MutexGuard<'_, Topic> {
        self.entry.topic()
    }

    /// True once live, false if the journal must be read.
    pub(super) fn catch_up(&self, since: u64, proven: bool) -> Result<bool, Failure> {
        let now = self.hub.backend.now();
        let (outcome, joined) = self.topic().catch_up(self.id, since, proven, now, &self.hub.encoder);
        self.hub.figures.count(&outcome);
        joined.is_live()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.topic().leave(self.id);
        self.hub.figures.unsubscribed();
        self.hub.remove_if_empty(self.channel());
    }
}
