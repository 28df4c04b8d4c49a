//! The hub: follows each channel once for all its listeners in this process. How
//! they come by what they missed stands in `recovery`, what they are shown first
//! in `present`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use dashmap::DashMap;
use domain::{Cell, Channel, Failure, Kind, Party, Principal, Timestamp};
use store::fabric::{Fabric, Listener, Notice, Signal};
use tokio::runtime::Handle;

use super::figures::Figures;
use super::present::Snapshots;
use super::topic::{After, Pen, Topic};
use super::{Backend, Door, HubReport, Limits, Outbox, Roll, Since, Writer, recovery};
use crate::map::Area;

/// See the module. Made once per process, shared by all adapters.
pub struct Hub {
    pub(super) topics: DashMap<Channel, Arc<Followed>>,
    pub(super) roll: Arc<Roll>,
    pub(super) door: Arc<Door>,
    pub(super) backend: Arc<dyn Backend>,
    pub(super) fabric: Arc<dyn Fabric>,
    pub(super) pen: Pen,
    pub(super) limits: Limits,
    pub(super) ids: AtomicU64,
    pub(super) runtime: Handle,
    pub(super) figures: Figures,
    pub(super) me: Weak<Hub>,
}

/// A channel that somebody here listens to.
pub(super) struct Followed {
    pub(super) channel: Channel,
    pub(super) topic: Mutex<Topic>,
    /// Held while the journal is read: a herd reads it once.
    pub(super) reading: tokio::sync::Mutex<()>,
    /// Snapshots that many may share; held while one is made.
    pub(super) snapshots: tokio::sync::Mutex<Snapshots>,
}

/// A channel that is being followed, until dropped.
pub struct Subscription {
    pub(super) hub: Arc<Hub>,
    pub(super) followed: Arc<Followed>,
    pub(super) id: u64,
    /// Whether everything since the wanted offset was told; otherwise a snapshot came.
    pub recovered: bool,
}

impl Hub {
    /// Begins to hear the fabric. Call within a tokio runtime.
    pub fn open(
        backend: Arc<dyn Backend>,
        fabric: &Arc<dyn Fabric>,
        writer: Writer,
        limits: Limits,
    ) -> Arc<Self> {
        let figures = Figures::new();
        let lag = Arc::clone(&figures.delivery_lag);
        let hub = Arc::new_cyclic(|me| Self {
            topics: DashMap::new(),
            roll: Arc::default(),
            door: Arc::default(),
            pen: Pen { writer, epoch: backend.epoch(), lag },
            backend,
            fabric: Arc::clone(fabric),
            limits,
            ids: AtomicU64::new(0),
            runtime: Handle::current(),
            figures,
            me: Weak::clone(me),
        });
        fabric.listen(Arc::new(Ear(Arc::downgrade(&hub))));
        tokio::spawn(recovery::keep_comparing(Arc::downgrade(&hub), limits.compare_every));
        tokio::spawn(keep_aging(Arc::downgrade(&hub), limits.aged_every));
        hub
    }

    /// Who is connected to this process.
    pub fn roll(&self) -> &Arc<Roll> {
        &self.roll
    }

    /// How many sockets this process has, and from where.
    pub fn door(&self) -> &Arc<Door> {
        &self.door
    }

    /// Names the history that offsets belong to.
    pub fn epoch(&self) -> &Arc<str> {
        &self.pen.epoch
    }

    /// How it is.
    pub fn report(&self) -> HubReport {
        self.figures.report(self.roll.count(), self.topics.len())
    }

    /// Sets the gauges. Whoever samples does this every few seconds.
    pub fn sample(&self) {
        self.figures.sample(self.roll.count(), self.topics.len());
    }

    /// Follows `channel` into `outbox`: what was missed since `since`, or a
    /// snapshot, and then everything that happens, without a gap or a duplicate.
    pub async fn subscribe(
        self: &Arc<Self>,
        who: &Arc<Principal>,
        channel: &Channel,
        since: Option<&Since>,
        outbox: &Arc<Outbox>,
    ) -> Result<Subscription, Failure> {
        // Joined before it is authorised: if the ground goes meanwhile, it is noticed.
        let floor = since.and_then(|since| since.latest_at);
        let mut subscription = self.join(who, channel, floor, outbox);
        // And heard everywhere before its state is read: nothing falls in between.
        let (audience, ()) =
            tokio::join!(self.backend.authorise(who, channel), self.fabric.watching(channel));
        let audience = audience?;
        subscription.topic().admit(subscription.id, audience);
        self.fetch_newest(&subscription.followed).await?;
        if let Some(since) = since.filter(|since| *since.epoch == *self.pen.epoch) {
            subscription.recovered = self.resume(&subscription, since.offset).await?;
        }
        if !subscription.recovered {
            self.begin(&subscription, who, audience, since.is_some(), outbox).await?;
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
            let followed = Arc::clone(&self.topics.entry(channel.clone()).or_insert_with(|| {
                self.fabric.watch(channel);
                self.followed(channel)
            }));
            if followed.topic().join(id, who, floor, outbox) {
                self.figures.subscribed();
                return Subscription { hub: Arc::clone(self), followed, id, recovered: false };
            }
            // It was closed between the two lines; the next look finds it gone.
            self.remove_if_empty(channel);
        }
    }

    fn followed(&self, channel: &Channel) -> Arc<Followed> {
        let recent_max = usize::try_from(self.limits.replay_max).unwrap_or(usize::MAX);
        Arc::new(Followed {
            channel: channel.clone(),
            topic: Mutex::new(Topic::new(channel.clone(), recent_max, self.backend.regard())),
            reading: tokio::sync::Mutex::default(),
            snapshots: tokio::sync::Mutex::default(),
        })
    }

    /// Looks for the newest position where no listener here has brought it; a herd once.
    async fn fetch_newest(&self, followed: &Followed) -> Result<(), Failure> {
        if !is_delivery(&followed.channel) || !followed.topic().seeks_newest() {
            return Ok(());
        }
        let _reading = followed.reading.lock().await;
        if !followed.topic().seeks_newest() {
            return Ok(());
        }
        let latest = self.backend.latest(&followed.channel).await?;
        let mut topic = followed.topic();
        topic.sought = true;
        if let Some(latest) = latest {
            topic.position(&latest, self.backend.now(), &self.pen);
        }
        Ok(())
    }

    /// Tells whoever watches a courier that is not heard of any more. Each process tells
    /// its own listeners, so nobody hears it twice, and all do whichever process is gone.
    pub(super) fn age(&self) {
        let now = self.backend.now();
        for entry in self.topics.iter().filter(|entry| is_delivery(entry.key())) {
            let after = entry.value().topic().age(now, &self.pen);
            self.figures.count(&after);
        }
    }

    /// Counts, and does what a topic can't do by itself.
    pub(super) fn attend(&self, followed: &Arc<Followed>, after: After) {
        self.figures.count(&after);
        if !after.gap && !after.recheck {
            return;
        }
        let Some(hub) = self.me.upgrade() else { return };
        if after.gap && !std::mem::replace(&mut followed.topic().mending, true) {
            let (hub, followed) = (Arc::clone(&hub), Arc::clone(followed));
            self.runtime.spawn(async move { hub.mend(&followed).await });
        }
        if after.recheck {
            let followed = Arc::clone(followed);
            self.runtime.spawn(async move { hub.recheck(&followed).await });
        }
    }

    /// Authorises all listeners again.
    async fn recheck(&self, followed: &Arc<Followed>) {
        let members = followed.topic().members();
        for (id, who) in members {
            match self.backend.authorise(&who, &followed.channel).await {
                Ok(audience) => followed.topic().admit(id, audience),
                Err(Failure::Refused(refused)) if refused.kind != Kind::Unavailable => {
                    followed.topic().end(Some(id), "not_allowed", &self.pen);
                }
                // Who can't be checked may not go on either: they subscribe again.
                Err(error) => {
                    tracing::warn!(channel = %followed.channel, %error, "could not authorise again");
                    followed.topic().end(Some(id), "unavailable", &self.pen);
                }
            }
        }
    }

    /// Authorises all listeners of `channel` again, if there are any.
    fn recheck_soon(self: &Arc<Self>, channel: &Channel) {
        if let Some(followed) = self.find(channel) {
            let hub = Arc::clone(self);
            self.runtime.spawn(async move { hub.recheck(&followed).await });
        }
    }

    /// What agents may see of orders and deliveries hangs on their conversations, which
    /// are told of by notices: some may have been lost.
    fn recheck_support(self: &Arc<Self>) {
        let is_order = |channel: &Channel| matches!(channel, Channel::Order(_) | Channel::Delivery(_));
        let followed = self.topics.iter().filter(|entry| is_order(entry.key()));
        let by_agents = followed.filter(|entry| entry.topic().has_party(Party::Support));
        let channels: Vec<Channel> = by_agents.map(|entry| entry.key().clone()).collect();
        channels.iter().for_each(|channel| self.recheck_soon(channel));
    }

    /// The cells of the map that somebody here watches.
    pub fn watched_cells(&self) -> Vec<Cell> {
        let cells = self.topics.iter().filter_map(|entry| match entry.key() {
            Channel::Map(cell) => Some(*cell),
            _ => None,
        });
        cells.collect()
    }

    /// Tells who watches a cell who is there now. Of this process alone: every
    /// process looks for itself.
    pub fn show(&self, area: &Area) {
        let Some(followed) = self.find(&Channel::Map(area.cell)) else { return };
        let after = followed.topic().area(area, &self.pen);
        self.attend(&followed, after);
    }

    pub(super) fn find(&self, channel: &Channel) -> Option<Arc<Followed>> {
        self.topics.get(channel).map(|entry| Arc::clone(&entry))
    }

    pub(super) fn remove_if_empty(&self, channel: &Channel) {
        if self.topics.remove_if(channel, |_, followed| followed.topic().close_if_empty()).is_some() {
            self.fabric.unwatch(channel);
        }
    }
}

fn is_delivery(channel: &Channel) -> bool {
    matches!(channel, Channel::Delivery(_))
}

/// Looks for positions that have turned stale, for as long as there is a hub.
async fn keep_aging(hub: Weak<Hub>, every: Duration) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(hub) = hub.upgrade() else { return };
        hub.age();
    }
}

/// The fabric keeps its listeners for ever; the hub may go before it.
struct Ear(Weak<Hub>);

impl Listener for Ear {
    fn hear(&self, channel: &Channel, signal: &Signal) {
        let Some(hub) = self.0.upgrade() else { return };
        let Some(followed) = hub.find(channel) else { return };
        let after = match signal {
            Signal::Log(recorded) => {
                let lag = hub.backend.now() - recorded.at;
                hub.figures.event_lag.note(lag.to_std().unwrap_or_default());
                followed.topic().hear(recorded, &hub.pen)
            }
            Signal::Latest(latest) => followed.topic().position(latest, hub.backend.now(), &hub.pen),
            Signal::Ephemeral(ephemeral) => followed.topic().pass(ephemeral, &hub.pen),
        };
        hub.attend(&followed, after);
    }

    fn notice(&self, notice: &Notice) {
        if let Some(hub) = self.0.upgrade() {
            hub.roll.notice(notice);
            if let Notice::OrderAccessChanged(order) = notice {
                hub.recheck_soon(&Channel::Order(*order));
                hub.recheck_soon(&Channel::Delivery(*order));
            }
        }
    }

    fn rejoined(&self) {
        if let Some(hub) = self.0.upgrade() {
            let runtime = hub.runtime.clone();
            runtime.spawn(async move {
                hub.compare().await;
                hub.recheck_support();
            });
        }
    }
}

impl Followed {
    pub(super) fn topic(&self) -> MutexGuard<'_, Topic> {
        // A panic in one listener's telling must not end the channel for all.
        self.topic.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscription {
    /// The channel.
    pub fn channel(&self) -> &Channel {
        &self.followed.channel
    }

    /// Whether the channel ended it.
    pub fn is_over(&self) -> bool {
        !self.topic().has(self.id)
    }

    pub(super) fn topic(&self) -> MutexGuard<'_, Topic> {
        self.followed.topic()
    }

    /// True once live, false where the journal must be read.
    pub(super) fn catch_up(&self, since: u64, proven: bool) -> Result<bool, Failure> {
        let now = self.hub.backend.now();
        self.topic().catch_up(self.id, since, proven, now, &self.hub.pen).is_live()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.topic().leave(self.id);
        self.hub.figures.unsubscribed();
        self.hub.remove_if_empty(self.channel());
    }
}
