//! An optional Redis, and processes that share it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::{Channel, Clock, Ids, OrderId, Timestamp};
use store::fabric::{FabricListener, Notice, Signal};
use store::shared::{RedisSettings, Settings, Shared};
use store::vault::{Vault, VaultKeys};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::servers::Cluster;

/// The time limit for anything that a test waits for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// The system's clock, plus the time by which a test has advanced it.
#[derive(Default)]
pub(crate) struct TestClock(Mutex<Duration>);

impl TestClock {
    pub(crate) fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for TestClock {
    #[expect(clippy::disallowed_methods, reason = "Redis reads the system's clock, and so must these")]
    fn now(&self) -> Timestamp {
        chrono::Utc::now() + *self.0.lock().unwrap()
    }
}

pub(crate) struct OsRandom;

impl Ids for OsRandom {
    fn uuid(&self) -> Uuid {
        fresh()
    }

    fn random(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(fresh().as_bytes());
        bytes
    }
}

/// A vault with keys of its own.
pub(crate) fn vault() -> Vault {
    Vault::new(&VaultKeys::generate(&OsRandom), Arc::new(OsRandom))
}

#[expect(clippy::disallowed_methods, reason = "tests share a Redis: their names must differ")]
pub(crate) fn fresh() -> Uuid {
    Uuid::new_v4()
}

pub(crate) struct Environment {
    pub(crate) settings: Settings,
    pub(crate) prefix: String,
    pub(crate) clock: Arc<TestClock>,
    /// The only process of an environment without Redis.
    alone: Option<Shared>,
}

impl Environment {
    pub(crate) fn memory() -> Self {
        let mut environment = Self::at(None);
        environment.alone = Some(Shared::memory(&environment.settings, &environment.the_clock()));
        environment
    }

    /// With the Redis that `REDIS_URL` names.
    pub(crate) fn redis() -> Self {
        let url = std::env::var("REDIS_URL").expect("REDIS_URL names a Redis");
        Self::at(Some(RedisSettings::at(vec![url])))
    }

    pub(crate) fn cluster(cluster: &Cluster) -> Self {
        Self::at(Some(RedisSettings::at(cluster.urls())))
    }

    pub(crate) fn at(redis: Option<RedisSettings>) -> Self {
        let settings = Settings { redis, ..Settings::default() };
        let prefix = format!("test-{}", fresh().simple());
        Self { settings, prefix, clock: Arc::default(), alone: None }
    }

    fn the_clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock) as _
    }

    /// One more process; without Redis always the same one.
    pub(crate) async fn process(&self) -> Shared {
        if let Some(alone) = &self.alone {
            return alone.clone();
        }
        let shared = self.unjoined();
        eventually("a process joins", || async { shared.fabric.is_joined() }).await;
        shared
    }

    /// One more process, which may not be connected yet.
    pub(crate) fn unjoined(&self) -> Shared {
        let redis = self.settings.redis.as_ref().expect("over Redis");
        Shared::redis(redis, &self.settings, &self.prefix, &self.the_clock(), &OsRandom).unwrap()
    }
}

pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    let held = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, held).await.unwrap_or_else(|_| panic!("not in time: {what}"));
}

pub(crate) fn some_channel() -> Channel {
    Channel::Delivery(OrderId(fresh()))
}

/// A message that a listener received.
#[derive(Debug)]
pub(crate) enum Heard {
    Signal(Channel, Signal),
    Notice(Notice),
    Rejoined,
}

pub(crate) struct Signals(mpsc::UnboundedReceiver<Heard>);

struct SignalSender(mpsc::UnboundedSender<Heard>);

impl FabricListener for SignalSender {
    fn on_signal(&self, channel: &Channel, signal: &Signal) {
        let _ = self.0.send(Heard::Signal(channel.clone(), signal.clone()));
    }

    fn on_notice(&self, notice: &Notice) {
        let _ = self.0.send(Heard::Notice(notice.clone()));
    }

    fn on_reconnected(&self) {
        let _ = self.0.send(Heard::Rejoined);
    }
}

impl Signals {
    pub(crate) fn of(shared: &Shared) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        shared.fabric.listen(Arc::new(SignalSender(sender)));
        Self(receiver)
    }

    /// Listens in a process that follows `channels`.
    pub(crate) async fn following(shared: &Shared, channels: &[Channel]) -> Self {
        let signals = Self::of(shared);
        for channel in channels {
            shared.fabric.watch(channel);
            shared.fabric.watching(channel).await;
        }
        signals
    }

    pub(crate) async fn next(&mut self) -> Heard {
        let next = tokio::time::timeout(PATIENCE, self.0.recv()).await;
        next.expect("something is heard in time").expect("the fabric lives")
    }

    pub(crate) async fn signal(&mut self) -> (Channel, Signal) {
        loop {
            if let Heard::Signal(channel, signal) = self.next().await {
                return (channel, signal);
            }
        }
    }

    pub(crate) async fn notice(&mut self) -> Notice {
        loop {
            if let Heard::Notice(notice) = self.next().await {
                return notice;
            }
        }
    }

    pub(crate) async fn on_reconnected(&mut self) {
        while !matches!(self.next().await, Heard::Rejoined) {}
    }

    /// The messages received so far and not yet taken.
    pub(crate) fn rest(&mut self) -> Vec<Heard> {
        std::iter::from_fn(|| self.0.try_recv().ok()).collect()
    }
}
