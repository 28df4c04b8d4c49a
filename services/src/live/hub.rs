//! The hub: follows each channel once for all its listeners in this process.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use dashmap::DashMap;
use domain::{Audience, Channel, Failure, Kind, Principal, Refused};
use metrics::{Counter, Gauge, counter, gauge};
use store::fabric::{Fabric, Listener, Notice, Signal};
use store::journal::Recorded;
use tokio::runtime::Handle;

use super::topic::{After, Pen, Topic};
use super::{Backend, Limits, Outbox, Roll, Since, Telling, Writer};

/// How long an event that came out of order may wait for the one before it
/// until the journal is read: two commits are often published in the other order.
const GRACE: Duration = Duration::from_millis(10);

/// How often the journal is read for one listener who can't catch up, because the
/// channel goes faster than the reading.
const READINGS_MAX: usize = 5;

/// See the module. Made once per process, shared by all adapters.
pub struct Hub {
    topics: DashMap<Channel, Arc<Followed>>,
    roll: Arc<Roll>,
    backend: Arc<dyn Backend>,
    fabric: Arc<dyn Fabric>,
    pen: Pen,
    limits: Limits,
    ids: AtomicU64,
    runtime: Handle,
    figures: Figures,
    me: Weak<Hub>,
}

struct Followed {
    channel: Channel,
    topic: Mutex<Topic>,
    /// Held while the journal is read: a herd reads it once.
    reading: tokio::sync::Mutex<()>,
}

struct Figures {
    deliveries: Counter,
    conflated: Counter,
    dropped: Counter,
    repairs: Counter,
    subscriptions: Gauge,
}

/// A channel that is being followed, until dropped.
pub struct Subscription {
    hub: Arc<Hub>,
    followed: Arc<Followed>,
    id: u64,
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
        let hub = Arc::new_cyclic(|me| Self {
            topics: DashMap::new(),
            roll: Arc::default(),
            pen: Pen { writer, epoch: backend.epoch() },
            backend,
            fabric: Arc::clone(fabric),
            limits,
            ids: AtomicU64::new(0),
            runtime: Handle::current(),
            figures: Figures {
                deliveries: counter!("realtime_deliveries_total"),
                conflated: counter!("realtime_conflated_total"),
                dropped: counter!("realtime_dropped_total"),
                repairs: counter!("realtime_repairs_total"),
                subscriptions: gauge!("realtime_subscriptions"),
            },
            me: Weak::clone(me),
        });
        fabric.listen(Arc::new(Ear(Arc::downgrade(&hub))));
        tokio::spawn(compare(Arc::downgrade(&hub), limits.compare_every));
        hub
    }

    /// Who is connected to this process.
    pub fn roll(&self) -> &Arc<Roll> {
        &self.roll
    }

    /// Names the history that offsets belong to.
    pub fn epoch(&self) -> &Arc<str> {
        &self.pen.epoch
    }

    /// Channels that somebody here follows.
    pub fn followed_channels(&self) -> usize {
        self.topics.len()
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
        let mut subscription = self.join(who, channel, outbox);
        // And heard everywhere before its state is read: nothing falls in between.
        let (audience, ()) =
            tokio::join!(self.backend.authorise(who, channel), self.fabric.watching(channel));
        let audience = audience?;
        subscription.topic().admit(subscription.id, audience);
        self.fetch_newest(&subscription.followed).await;
        if let Some(since) = since.filter(|since| *since.epoch == *self.pen.epoch) {
            subscription.recovered = self.resume(&subscription, since.offset).await?;
        }
        if !subscription.recovered {
            self.begin(&subscription, who, audience, since.is_some(), outbox).await?;
        }
        Ok(subscription)
    }

    fn join(self: &Arc<Self>, who: &Arc<Principal>, channel: &Channel, outbox: &Arc<Outbox>) -> Subscription {
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        loop {
            let followed = Arc::clone(&self.topics.entry(channel.clone()).or_insert_with(|| {
                self.fabric.watch(channel);
                self.followed(channel)
            }));
            if followed.topic().join(id, who, outbox) {
                self.figures.subscriptions.increment(1);
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
        })
    }

    async fn fetch_newest(&self, followed: &Followed) {
        if matches!(followed.channel, Channel::Delivery(_) | Channel::Map(_))
            && !followed.topic().has_newest()
            && let Some(latest) = self.backend.latest(&followed.channel).await
        {
            followed.topic().newest(&latest, &self.pen);
        }
    }

    /// Goes on after `since`. False where the history does not reach.
    async fn resume(&self, subscription: &Subscription, since: u64) -> Result<bool, Failure> {
        if subscription.catch_up(since, false)? {
            return Ok(true);
        }
        let _reading = subscription.followed.reading.lock().await;
        if subscription.catch_up(since, false)? {
            return Ok(true); // somebody of the herd has read it meanwhile
        }
        for _ in 0..READINGS_MAX {
            let Some(missed) = self.missed(&subscription.followed, since).await? else { return Ok(false) };
            if self.replay(subscription, since, &missed)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What came after `since`; nothing if that is too much, or `since` is not of
    /// this history. The event at `since` is read too: its presence proves it.
    async fn missed(&self, followed: &Followed, since: u64) -> Result<Option<Vec<Arc<Recorded>>>, Failure> {
        if i64::try_from(since).is_err() {
            return Ok(None); // no offset is ever so large
        }
        let max = self.limits.replay_max.saturating_add(2);
        let mut rows = self.backend.history(&followed.channel, since.saturating_sub(1), max).await?;
        if since > 0 {
            if rows.first().is_none_or(|first| first.offset != since) {
                return Ok(None);
            }
            let known = rows.remove(0);
            if rows.is_empty() {
                followed.topic().end_if_over(&known);
            }
        }
        let few = u32::try_from(rows.len()).is_ok_and(|count| count <= self.limits.replay_max);
        Ok((few && follows(since, &rows)).then_some(rows))
    }

    /// Hands `rows`, all that came after `offset`, to the topic and its listener.
    /// False where the topic has gone further meanwhile.
    fn replay(
        &self,
        subscription: &Subscription,
        offset: u64,
        rows: &[Arc<Recorded>],
    ) -> Result<bool, Failure> {
        let (after, joined) = {
            let mut topic = subscription.topic();
            let after = topic.absorb(offset, rows, &self.pen);
            (after, topic.catch_up(subscription.id, offset, true, &self.pen))
        };
        self.attend(&subscription.followed, after);
        joined.is_live()
    }

    /// Begins with the present state.
    async fn begin(
        &self,
        subscription: &Subscription,
        who: &Principal,
        audience: Audience,
        resumed: bool,
        outbox: &Outbox,
    ) -> Result<(), Failure> {
        let followed = &subscription.followed;
        let channel = &followed.channel;
        let snapshot = self.backend.snapshot(who, channel, audience).await?;
        let (epoch, offset) = (&*self.pen.epoch, snapshot.offset);
        let telling = Telling::Snapshot { epoch, offset, recovered: !resumed, data: &snapshot.data };
        outbox.replay(&self.pen.write(channel, &telling));
        let after = followed.topic().start_at(offset, snapshot.ended, &self.pen);
        self.attend(followed, after);
        if subscription.catch_up(offset, true)? {
            return Ok(());
        }
        let _reading = followed.reading.lock().await;
        for _ in 0..READINGS_MAX {
            let rows = self.backend.history(channel, offset, self.limits.replay_max).await?;
            if follows(offset, &rows) && self.replay(subscription, offset, &rows)? {
                return Ok(());
            }
        }
        Err(Refused::unavailable("The channel is too busy; please subscribe again.", 1).into())
    }

    /// Counts, and does what a topic can't do by itself.
    fn attend(&self, followed: &Arc<Followed>, after: After) {
        self.figures.deliveries.increment(after.deliveries);
        self.figures.conflated.increment(after.conflated);
        self.figures.dropped.increment(after.dropped);
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

    /// Reads from the journal what the fabric lost.
    async fn mend(&self, followed: &Arc<Followed>) {
        tokio::time::sleep(GRACE).await;
        let _reading = followed.reading.lock().await;
        loop {
            let head = {
                let mut topic = followed.topic();
                match topic.head().filter(|_| topic.is_behind()) {
                    Some(head) => head,
                    None => {
                        topic.mending = false;
                        return;
                    }
                }
            };
            self.figures.repairs.increment(1);
            match self.backend.history(&followed.channel, head, self.limits.replay_max).await {
                Ok(rows) if !rows.is_empty() && follows(head, &rows) => {
                    let after = followed.topic().absorb(head, &rows, &self.pen);
                    self.attend(followed, After { gap: false, ..after });
                }
                Ok(_) => {
                    tracing::error!(channel = %followed.channel, head, "the journal has a hole");
                    let mut topic = followed.topic();
                    topic.end(None, "history_lost", &self.pen);
                    topic.mending = false;
                    return;
                }
                Err(error) => {
                    // The comparison of heads tries again.
                    tracing::warn!(channel = %followed.channel, %error, "could not read what was missed");
                    followed.topic().mending = false;
                    return;
                }
            }
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

    /// Learns the heads of all channels from the journal.
    async fn compare(&self) {
        let mut channels = Vec::new();
        let mut empty = Vec::new();
        for entry in &self.topics {
            let mut topic = entry.value().topic();
            topic.trim(self.limits.recent_kept);
            if topic.close_if_empty() {
                empty.push(entry.key().clone());
            } else if topic.head().is_some() && !matches!(entry.key(), Channel::Map(_)) {
                channels.push(entry.key().clone());
            }
        }
        empty.iter().for_each(|channel| self.remove_if_empty(channel));
        if channels.is_empty() {
            return;
        }
        match self.backend.heads(&channels).await {
            Ok(heads) => {
                for (channel, head) in heads {
                    let Some(followed) = self.find(&channel) else { continue };
                    let gap = {
                        let mut topic = followed.topic();
                        topic.learn(head);
                        topic.is_behind() && !topic.mending
                    };
                    self.attend(&followed, After { gap, ..After::default() });
                }
            }
            Err(error) => tracing::warn!(%error, "could not compare positions with the journal"),
        }
    }

    fn find(&self, channel: &Channel) -> Option<Arc<Followed>> {
        self.topics.get(channel).map(|entry| Arc::clone(&entry))
    }

    fn remove_if_empty(&self, channel: &Channel) {
        if self.topics.remove_if(channel, |_, followed| followed.topic().close_if_empty()).is_some() {
            self.fabric.unwatch(channel);
        }
    }
}

/// Whether `rows` come right after `offset`, without a hole.
fn follows(offset: u64, rows: &[Arc<Recorded>]) -> bool {
    rows.iter().zip(offset + 1..).all(|(row, expected)| row.offset == expected)
}

async fn compare(hub: Weak<Hub>, every: Duration) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(hub) = hub.upgrade() else { return };
        hub.compare().await;
    }
}

/// The fabric keeps its listeners for ever; the hub may go before it.
struct Ear(Weak<Hub>);

impl Listener for Ear {
    fn hear(&self, channel: &Channel, signal: &Signal) {
        let Some(hub) = self.0.upgrade() else { return };
        let Some(followed) = hub.find(channel) else { return };
        let after = match signal {
            Signal::Log(recorded) => followed.topic().hear(recorded, &hub.pen),
            Signal::Latest(latest) => followed.topic().newest(latest, &hub.pen),
            Signal::Ephemeral(ephemeral) => followed.topic().pass(ephemeral, &hub.pen),
        };
        hub.attend(&followed, after);
    }

    fn notice(&self, notice: &Notice) {
        if let Some(hub) = self.0.upgrade() {
            hub.roll.notice(notice);
        }
    }

    fn rejoined(&self) {
        if let Some(hub) = self.0.upgrade() {
            let runtime = hub.runtime.clone();
            runtime.spawn(async move { hub.compare().await });
        }
    }
}

impl Followed {
    fn topic(&self) -> MutexGuard<'_, Topic> {
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

    fn topic(&self) -> MutexGuard<'_, Topic> {
        self.followed.topic()
    }

    /// True once live, false where the journal must be read.
    fn catch_up(&self, since: u64, proven: bool) -> Result<bool, Failure> {
        self.topic().catch_up(self.id, since, proven, &self.hub.pen).is_live()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.topic().leave(self.id);
        self.hub.figures.subscriptions.decrement(1);
        self.hub.remove_if_empty(self.channel());
    }
}
