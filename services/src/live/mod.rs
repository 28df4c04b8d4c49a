//! Live channels: how anything follows what happens, without a gap or a duplicate.
//!
//! The [`Hub`] stands between the fabric and whoever listens. It follows each
//! channel once for all its listeners, repairs what the fabric lost from the
//! journal, writes every telling once, and puts it into the [`Outbox`] of each
//! listener who may hear it. Sockets (`realtime`) and server-sent events (`http`)
//! both drain an outbox; neither knows the other, and the hub knows neither: how
//! a telling is written is given to it as a [`Writer`].
//!
//! ```text
//! commit ─▶ fabric ─▶ Hub ─▶ Topic (one per channel) ─▶ Outbox (one per listener) ─▶ socket
//!              lost? ↳ journal ↗
//! ```

mod door;
mod figures;
mod hub;
mod limits;
mod outbox;
mod present;
mod rate;
mod recovery;
mod roll;
mod topic;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use domain::{Audience, Channel, Failure, Principal, Timestamp};
use serde_json::Value;
use store::fabric::{Ephemeral, Latest};
use store::journal::Recorded;
use tokio::time::Instant;

use crate::map::Area;
pub use door::{Door, Full, Visit};
pub use figures::{HubReport, Lag};
pub use hub::{Hub, Subscription};
pub use limits::{Limits, SocketLimits};
pub use outbox::{Next, Outbox, Stop};
pub use rate::Rate;
pub use roll::{FixCount, Place, Roll};

/// What the hub asks of the product behind it. [`crate::App`] answers from the
/// nouns; a test answers from memory.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// Names the history that offsets belong to.
    fn epoch(&self) -> Arc<str>;

    /// What time it is.
    fn now(&self) -> Timestamp;

    /// Whether, and how much of, `channel` this person may hear.
    async fn authorise(&self, who: &Principal, channel: &Channel) -> Result<Audience, Failure>;

    /// The channel's present state, and the offset that it includes.
    async fn snapshot(
        &self,
        who: &Principal,
        channel: &Channel,
        audience: Audience,
    ) -> Result<Snapshot, Failure>;

    /// Whether all listeners of one audience are shown the same snapshot of
    /// `channel`, of which everything that changes is told once more by what
    /// follows: a rule, that asks nobody.
    fn shares_snapshots(&self, channel: &Channel) -> bool;

    /// Events after `after`, oldest first, at most `limit`.
    async fn history(&self, channel: &Channel, after: u64, limit: u32)
    -> Result<Vec<Arc<Recorded>>, Failure>;

    /// The newest offset of each channel that has one, in one query.
    async fn heads(&self, channels: &[Channel]) -> Result<Vec<(Channel, u64)>, Failure>;

    /// Where the courier of a delivery was last, if there is one.
    async fn latest(&self, channel: &Channel) -> Result<Option<Arc<Latest>>, Failure>;

    /// What an event does to the subscriptions of its channel: a rule, that asks nobody.
    fn regard(&self) -> fn(&Channel, &str) -> Regard;
}

/// The present state of a channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The last event that the state includes; 0 before the first.
    pub offset: u64,
    /// The state, as REST shows it.
    pub data: Value,
    /// Why nothing will follow, if nothing will.
    pub ended: Option<&'static str>,
}

/// What an event means for those who follow its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Regard {
    /// They go on.
    Goes,
    /// It was the last one; the reason is told to all.
    Ends(&'static str),
    /// Somebody's ground for listening may be gone: all are authorised again.
    Recheck,
}

/// From where a listener wants to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Since {
    /// The history that the offset belongs to.
    pub epoch: String,
    /// The last offset that the listener has.
    pub offset: u64,
    /// Of when the last newest value is that the listener was shown: it is shown none older.
    pub latest_at: Option<Timestamp>,
}

/// Something to tell, before it is written.
#[derive(Clone, Copy, Debug)]
pub enum Telling<'a> {
    /// The present state.
    Snapshot {
        /// The history of `offset`.
        epoch: &'a str,
        /// The last event that `data` includes.
        offset: u64,
        /// Whether what came before was told in full.
        recovered: bool,
        /// The state.
        data: &'a Value,
    },
    /// A durable event.
    Event {
        /// The history of its offset.
        epoch: &'a str,
        /// The event.
        recorded: &'a Recorded,
    },
    /// A passing one.
    Ephemeral(&'a Ephemeral),
    /// A newest value, and when it is told: what it says depends on that.
    Latest {
        /// The value.
        latest: &'a Latest,
        /// The moment of telling.
        now: Timestamp,
    },
    /// The newest couriers of a map's cell.
    Area(&'a Area),
    /// The end of the subscription.
    Ended {
        /// Why, as a stable code.
        reason: &'a str,
    },
}

/// Writes a telling as all listeners will get it: UTF-8 JSON.
pub type Writer = fn(&Channel, &Telling<'_>) -> Bytes;

/// Which telling it was; also the event name of a server-sent event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// A snapshot.
    Snapshot,
    /// An event, durable or passing.
    Event,
    /// A newest value.
    Latest,
    /// The end of a subscription.
    Ended,
}

impl Op {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Op::Snapshot => "snapshot",
            Op::Event => "event",
            Op::Latest => "latest",
            Op::Ended => "ended",
        }
    }
}

/// Something told: written once, shared by all who hear it.
pub struct Told {
    /// Which it was.
    pub op: Op,
    /// Its place in the log, for snapshots and durable events: where a listener
    /// who has it resumes.
    pub offset: Option<u64>,
    /// Of when a newest value is.
    pub at: Option<Timestamp>,
    /// The frame.
    pub text: Bytes,
    told_at: Instant,
    lag: Arc<Lag>,
}

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Told").field("op", &self.op).field("offset", &self.offset).finish_non_exhaustive()
    }
}

impl Told {
    fn new(op: Op, offset: Option<u64>, at: Option<Timestamp>, text: Bytes, lag: &Arc<Lag>) -> Self {
        Self { op, offset, at, text, told_at: Instant::now(), lag: Arc::clone(lag) }
    }

    /// A listener takes it now: notes how long it waited.
    fn taken(&self) {
        self.lag.note(self.told_at.elapsed());
    }
}
