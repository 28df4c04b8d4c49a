//! The fabric over Redis, one server or a Cluster.
//!
//! Listeners of this process are called inline, whatever the state of Redis. The
//! [`publisher`] sends messages to other processes; the [`subscriber`] receives theirs,
//! for the channels that have a follower in this process; [`notices`] are read from a
//! short stream, so that a lost connection loses none of them. Each of the three has
//! The three use different connections (the publisher the one for all commands), and
//! none waits for another.

mod notices;
mod publisher;
mod subscriber;
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use dashmap::DashMap;
use domain::{Channel, Clock};

use super::{Fabric, FabricListener, Latest, Listeners, Notice, Signal};
use crate::link::{RedisConnection, RedisConnector, Tasks};
use crate::shared::RedisLimits;
use notices::Notices;
use publisher::Publisher;
use subscriber::Subscriber;

/// Approximate number of notices that the stream keeps.
const NOTICES_KEPT: usize = 10_000;

/// How long a published value may take to reach Redis.
const UNDER_WAY: Duration = Duration::from_secs(2);

/// How often the gauge is set.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// How often expired values that were not removed by [`Fabric::forget`] are dropped.
const TIDY_EVERY: Duration = Duration::from_secs(30);

/// The names of keys and channels in Redis. A channel and the key of its newest value
/// have the same name, and so the same slot of a Cluster.
#[derive(Clone, Debug)]
pub(crate) struct Names(Arc<str>);

impl Names {
    pub(crate) fn new(prefix: &str) -> Self {
        Self(prefix.into())
    }

    fn of(&self, channel: &Channel) -> String {
        self.named(channel)
    }

    /// A key in a hash slot of its own.
    pub(crate) fn named(&self, what: impl std::fmt::Display) -> String {
        format!("{{{}:{what}}}", self.0)
    }

    fn notices(&self) -> String {
        self.named("notices")
    }

    fn channel(&self, name: &[u8]) -> Option<Channel> {
        let name = std::str::from_utf8(name).ok()?;
        let name = name.strip_prefix('{')?.strip_prefix(&*self.0)?.strip_prefix(':')?;
        name.strip_suffix('}')?.parse().ok()
    }
}

/// A value that this process published, and when.
struct Own {
    latest: Arc<Latest>,
    said: Instant,
}

/// See the module.
pub struct Redis {
    listeners: Arc<Listeners>,
    publisher: Arc<Publisher>,
    subscriber: Arc<Subscriber>,
    notices: Arc<Notices>,
    /// The newest values that this process published, for when Redis does not answer.
    own: Arc<DashMap<Channel, Own>>,
    connection: Arc<RedisConnection>,
    names: Names,
    limits: RedisLimits,
    _tasks: Tasks,
}

impl Redis {
    /// Starts connecting; Redis need not answer yet. `node` distinguishes this process
    /// from all others.
    pub(crate) fn join(
        connector: &RedisConnector,
        connection: &Arc<RedisConnection>,
        names: &Names,
        node: u64,
        clock: &Arc<dyn Clock>,
        limits: &RedisLimits,
    ) -> Self {
        let listeners = Arc::new(Listeners::default());
        let new_publisher =
            Publisher::new(Arc::clone(connection), names.clone(), node, Arc::clone(clock), limits.clone());
        let publisher = Arc::new(new_publisher);
        let new_ears =
            Subscriber::new(Arc::clone(&listeners), names.clone(), node, Arc::clone(clock), limits.clone());
        let subscriber = Arc::new(new_ears);
        let (heard, well) = (Arc::clone(&listeners), AtomicBool::new(false));
        let notices = Arc::new(Notices { listeners: heard, names: names.clone(), node, well });
        let own: Arc<DashMap<Channel, Own>> = Arc::default();
        let mut tasks = Tasks::default();
        tasks.spawn(Arc::clone(connection).keep());
        tasks.spawn(Arc::clone(&publisher).run());
        tasks.spawn(Arc::clone(&subscriber).run(connector.clone()));
        tasks.spawn(Arc::clone(&notices).run(connector.clone()));
        tasks.spawn(tell_state(Arc::clone(connection), Arc::clone(&subscriber), Arc::clone(&notices)));
        let (connection, names, limits) = (Arc::clone(connection), names.clone(), limits.clone());
        tasks.spawn(tidy(Arc::clone(&own), limits.latest_kept));
        Self { listeners, publisher, subscriber, notices, own, connection, names, limits, _tasks: tasks }
    }
}

/// Keeps the `fabric_connected` gauge up to date.
async fn tell_state(connection: Arc<RedisConnection>, subscriber: Arc<Subscriber>, notices: Arc<Notices>) {
    let connected = metrics::gauge!("fabric_connected");
    loop {
        connected.set(if is_joined(&connection, &subscriber, &notices) { 1.0 } else { 0.0 });
        tokio::time::sleep(TELL_EVERY).await;
    }
}

fn is_joined(connection: &RedisConnection, subscriber: &Subscriber, notices: &Notices) -> bool {
    connection.is_well() && subscriber.is_well() && notices.well.load(Ordering::Relaxed)
}

/// Drops expired values that were not removed by [`Fabric::forget`].
async fn tidy(own: Arc<DashMap<Channel, Own>>, kept: Duration) {
    loop {
        own.retain(|_, own| own.said.elapsed() < kept);
        tokio::time::sleep(TIDY_EVERY).await;
    }
}

#[async_trait]
impl Fabric for Redis {
    fn publish(&self, channel: &Channel, signal: Signal) {
        if let Signal::Latest(latest) = &signal {
            let own = || Own { latest: Arc::clone(latest), said: Instant::now() };
            let mut newest = self.own.entry(channel.clone()).or_insert_with(own);
            if newest.latest.at <= latest.at {
                *newest = own();
            }
        }
        self.listeners.on_signal(channel, &signal);
        self.publisher.publish(channel, signal);
    }

    fn announce(&self, notice: Notice) {
        self.listeners.on_notice(&notice);
        self.publisher.announce(notice);
    }

    fn listen(&self, listener: Arc<dyn FabricListener>) {
        self.listeners.add(listener);
    }

    fn watch(&self, channel: &Channel) {
        self.subscriber.watch(channel);
    }

    fn unwatch(&self, channel: &Channel) {
        self.subscriber.unwatch(channel);
    }

    async fn watching(&self, channel: &Channel) {
        self.subscriber.watching(channel).await;
    }

    async fn latest(&self, channel: &Channel) -> Option<Arc<Latest>> {
        let mut get = redis::cmd("GET");
        get.arg(self.names.of(channel));
        let kept: Option<Option<Vec<u8>>> = self.connection.one(self.limits.answer_within, get).await;
        let own = self.own.get(channel).map(|own| (Arc::clone(&own.latest), own.said));
        match (kept, own) {
            (Some(Some(bytes)), own) => match (wire::read(&bytes), own) {
                (Ok(Signal::Latest(kept)), Some((own, _))) if own.at > kept.at => Some(own),
                (Ok(Signal::Latest(kept)), _) => Some(kept),
                (_, own) => own.map(|(own, _)| own),
            },
            // Another process removed the value, unless it has not reached Redis yet.
            (Some(None), Some((own, said))) => (said.elapsed() < UNDER_WAY).then_some(own),
            (Some(None), None) => None,
            (None, own) => own.map(|(own, _)| own),
        }
    }

    fn forget(&self, channel: &Channel) {
        self.own.remove(channel);
        self.publisher.forget(channel);
    }

    fn is_joined(&self) -> bool {
        is_joined(&self.connection, &self.subscriber, &self.notices)
    }

    async fn close(&self) {
        self.publisher.flush().await;
    }
}
