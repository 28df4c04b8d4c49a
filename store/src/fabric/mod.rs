//! The fabric joins processes: what one commits or sees, all can hear.
//!
//! It may lose things (a crash, an outage), so nobody trusts it alone: a gap in
//! a log channel's offsets shows at once and is read from the store, and the
//! positions of all followed channels are compared with the store every few
//! seconds. `memory` serves one process that runs all services, `redis` several.

mod memory;
mod redis;

use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use domain::tracking::Forecast;
use domain::{Audience, Channel, CourierId, LatLon, OrderId, SessionId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::journal::Recorded;

pub use memory::Memory;
pub(crate) use redis::Names;
pub use redis::Redis;

/// Something said on a channel.
#[derive(Clone, Debug)]
pub enum Signal {
    /// A committed event: every one matters, in order.
    Log(Arc<Recorded>),
    /// The newest value: only the last one matters.
    Latest(Arc<Latest>),
    /// Typing, presence: worth hearing now or never.
    Ephemeral(Arc<Ephemeral>),
}

/// Where a courier is, and when they will be there.
#[derive(Clone, Debug, PartialEq)]
pub struct Latest {
    /// When the courier was there (the fix's own time).
    pub at: Timestamp,
    /// Where.
    pub position: LatLon,
    /// Degrees clockwise from north, 0..360.
    pub heading_deg: Option<f32>,
    /// Metres per second.
    pub speed_mps: Option<f32>,
    /// When they arrive, to be read at the moment at which it is told.
    pub forecast: Option<Forecast>,
    /// Who hears it: not the customer before pickup, not the restaurant after it.
    pub audience: Audience,
    /// Whose position it is.
    pub courier: CourierId,
    /// The delivery's last event that was known where this was said: what is older than
    /// an assignment is of a courier who has it no longer.
    pub version: u64,
}

impl Latest {
    /// Whether the courier has not been heard of for a while at `now`.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.forecast.is_some_and(|forecast| forecast.is_stale(now))
    }
}

/// Something that expires by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Ephemeral {
    /// Its name on the wire (`chat.typing`).
    pub kind: Cow<'static, str>,
    /// When it was said.
    pub at: Timestamp,
    /// When it stops being true.
    pub expires_at: Timestamp,
    /// What listeners are told.
    pub data: Value,
    /// Who hears it.
    pub audience: Audience,
}

/// Something that processes tell each other, outside any channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// The session was ended: its sockets close, its tokens are refused.
    SessionRevoked(SessionId),
    /// A newer socket speaks for the courier: older epochs close.
    CourierSuperseded {
        /// The courier.
        courier: CourierId,
        /// The epoch that is in force now.
        epoch: u64,
    },
    /// The courier's shift or live assignments changed in the store.
    AssignmentsChanged(CourierId),
    /// A conversation about the order changed hands: who may see the order did, too.
    OrderAccessChanged(OrderId),
}

/// Whoever hears the fabric in this process. Called inline: must not wait.
pub trait FabricListener: Send + Sync + 'static {
    /// Something was said on a channel.
    fn on_signal(&self, channel: &Channel, signal: &Signal);

    /// A notice came.
    fn on_notice(&self, _notice: &Notice) {}

    /// The fabric is joined again after it was torn: whatever was said meanwhile
    /// may be lost.
    fn on_reconnected(&self) {}
}

/// Publish and subscribe between processes.
#[async_trait]
pub trait Fabric: Send + Sync + 'static {
    /// Says `signal` on `channel` to all listeners. Never waits, may be lost.
    fn publish(&self, channel: &Channel, signal: Signal);

    /// Tells all processes. Never waits, may be lost.
    fn announce(&self, notice: Notice);

    /// Adds a listener of this process, for as long as the fabric lives.
    fn listen(&self, listener: Arc<dyn FabricListener>);

    /// This process has somebody who follows `channel`.
    fn watch(&self, channel: &Channel);

    /// Nobody in this process follows `channel` any more.
    fn unwatch(&self, channel: &Channel);

    /// Returns once what other processes say on a watched `channel` is heard here,
    /// or after a short while when the fabric is torn: then [`FabricListener::on_reconnected`]
    /// follows.
    async fn watching(&self, _channel: &Channel) {}

    /// The newest value said on `channel`, if it is still known.
    async fn latest(&self, channel: &Channel) -> Option<Arc<Latest>>;

    /// Drops the newest value of `channel`: the delivery is over.
    fn forget(&self, channel: &Channel);

    /// Whether all processes are heard; if not, only this one is, for now.
    fn is_joined(&self) -> bool {
        true
    }

    /// Sends what waits, for a short while, because the process ends.
    async fn close(&self) {}
}

/// All listeners of this process.
#[derive(Default)]
struct Listeners(RwLock<Vec<Arc<dyn FabricListener>>>);

impl Listeners {
    fn add(&self, listener: Arc<dyn FabricListener>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).push(listener);
    }

    fn each(&self, tell: impl Fn(&dyn FabricListener)) {
        // A listener that panicked while the list was read left it as it was.
        let listeners = self.0.read().unwrap_or_else(PoisonError::into_inner);
        listeners.iter().for_each(|listener| tell(listener.as_ref()));
    }

    fn on_signal(&self, channel: &Channel, signal: &Signal) {
        self.each(|listener| listener.on_signal(channel, signal));
    }

    fn on_notice(&self, notice: &Notice) {
        self.each(|listener| listener.on_notice(notice));
    }

    fn on_reconnected(&self) {
        self.each(FabricListener::on_reconnected);
    }
}
