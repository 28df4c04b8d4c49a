//! The fabric is publish and subscribe between processes: all of them receive what one
//! publishes.
//!
//! Messages may be lost (a crash, an outage), so no receiver relies on it alone: a
//! gap in a log channel's offsets is detected at once and filled from the store, and
//! the offsets of all followed channels are compared with the store every few
//! seconds. `memory` serves one process that runs all services, `redis` several.

mod memory;
mod redis;

use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use domain::tracking::Forecast;
use domain::{Audience, Channel, CourierId, LatLon, OrderId, RestaurantId, SessionId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::journal::Recorded;

pub use memory::Memory;
pub(crate) use redis::Names;
pub use redis::Redis;

/// A message on a channel.
#[derive(Clone, Debug)]
pub enum Signal {
    /// A committed event: all must be delivered, in order.
    Log(Arc<Recorded>),
    /// The newest value: it replaces all earlier ones.
    Latest(Arc<Latest>),
    /// Typing, presence: useful only at once, never stored.
    Ephemeral(Arc<Ephemeral>),
}

/// A courier's position and the forecast of their arrival.
#[derive(Clone, Debug, PartialEq)]
pub struct Latest {
    /// When the position was measured (the fix's own time).
    pub at: Timestamp,
    /// The position.
    pub position: LatLon,
    /// Degrees clockwise from north, 0..360.
    pub heading_deg: Option<f32>,
    /// Metres per second.
    pub speed_mps: Option<f32>,
    /// The estimate of the arrival, to be evaluated when it is sent to a client.
    pub forecast: Option<Forecast>,
    /// Who receives it: not the customer before pickup, not the restaurant after it.
    pub audience: Audience,
    /// Whose position it is.
    pub courier: CourierId,
    /// The delivery's version known to the publisher. If it is older than the current
    /// assignment, the position is that of a courier who no longer has the delivery.
    pub version: u64,
}

impl Latest {
    /// Whether the courier's position is old or unknown at `now`.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.forecast.is_some_and(|forecast| forecast.is_stale(now))
    }
}

/// A signal that expires by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Ephemeral {
    /// Its name on the wire (`chat.typing`).
    pub kind: Cow<'static, str>,
    /// When it was published.
    pub at: Timestamp,
    /// When it stops being valid.
    pub expires_at: Timestamp,
    /// The payload.
    pub data: Value,
    /// Who receives it.
    pub audience: Audience,
}

/// A message to all processes, outside any channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// The session was revoked: its sockets close, its tokens are refused.
    SessionRevoked(SessionId),
    /// The courier opened a newer socket session: sessions of older epochs close.
    CourierSuperseded {
        /// The courier.
        courier: CourierId,
        /// The epoch that is valid now.
        epoch: u64,
    },
    /// The courier's shift or live assignments changed in the store.
    AssignmentsChanged(CourierId),
    /// A conversation about the order was reassigned, which changes who may see the order.
    OrderAccessChanged(OrderId),
    /// The restaurant or its menu changed: catalogues read it again.
    RestaurantChanged(RestaurantId),
    /// Somebody lost a part in something that they may be looking at.
    PersonAccessChanged(UserId),
}

/// Receives the fabric's messages in this process. Called inline: must not block.
pub trait FabricListener: Send + Sync + 'static {
    /// A signal arrived on a channel.
    fn on_signal(&self, channel: &Channel, signal: &Signal);

    /// A notice arrived.
    fn on_notice(&self, _notice: &Notice) {}

    /// The connection was restored after it was lost: messages published in between
    /// may be lost.
    fn on_reconnected(&self) {}
}

/// Publish and subscribe between processes.
#[async_trait]
pub trait Fabric: Send + Sync + 'static {
    /// Publishes `signal` on `channel` to all listeners. Never waits, may be lost.
    fn publish(&self, channel: &Channel, signal: Signal);

    /// Sends `notice` to all processes. Never waits, may be lost.
    fn announce(&self, notice: Notice);

    /// Adds a listener of this process, for as long as the fabric lives.
    fn listen(&self, listener: Arc<dyn FabricListener>);

    /// Registers one more follower of `channel` in this process.
    fn watch(&self, channel: &Channel);

    /// Removes one follower of `channel` in this process.
    fn unwatch(&self, channel: &Channel);

    /// Returns once this process receives what other processes publish on a watched
    /// `channel`, or after a short timeout while the connection is lost: then
    /// [`FabricListener::on_reconnected`] follows.
    async fn watching(&self, _channel: &Channel) {}

    /// The newest value published on `channel`, if it is still kept.
    async fn latest(&self, channel: &Channel) -> Option<Arc<Latest>>;

    /// Drops the newest value of `channel`: the delivery is over.
    fn forget(&self, channel: &Channel);

    /// Whether all processes are reached; if not, only this process's messages arrive for now.
    fn is_joined(&self) -> bool {
        true
    }

    /// Sends what is queued, within a short timeout, because the process is shutting down.
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
        // A poisoned lock is safe: readers never change the list.
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
