//! Live channels: how anything follows what happens, without a gap or a duplicate.
//!
//! The [`Hub`] stands between the fabric and whoever listens. It follows each
//! channel once for all its listeners, repairs what the fabric lost from the
//! journal, encodes every publication once, and puts it into the [`Outbox`] of each
//! listener who may hear it. Sockets (`realtime`) and server-sent events (`http`)
//! both drain an outbox; neither knows the other, and the hub knows neither: how
//! a publication is written is given to it as a [`FrameEncoder`].
//!
//! ```text
//! commit ─▶ fabric ─▶ Hub ─▶ Topic (one per channel) ─▶ Outbox (one per listener) ─▶ socket
//!              lost? ↳ journal ↗
//! ```

mod admission;
mod connection_registry;
mod figures;
mod hub;
mod limits;
mod outbox;
mod rate;
mod recovery;
mod snapshot_cache;
mod topic;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use domain::{Audience, Channel, ChannelEffect, Failure, Principal, SessionId, Timestamp, UserId};
use serde_json::Value;
use store::fabric::{Ephemeral, Latest, Notice};
use store::journal::Recorded;
use tokio::time::Instant;

pub use admission::{Admission, AdmissionError, ConnectionPermit};
pub use connection_registry::{ConnectionGuard, ConnectionRegistry, FixCount};
pub use figures::{HubReport, Lag};
pub use hub::{Hub, Subscription};
pub use limits::{Limits, SocketLimits};
pub use outbox::{Next, Outbox, Stop};
pub use rate::Rate;

/// What the hub asks of the product behind it: `services` answers from the nouns, a test from
/// memory. The hub itself knows no noun.
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

    /// What holds for all channels of this kind; asks nobody.
    fn rules(&self, channel: &Channel) -> ChannelRules;

    /// What a notice means to those who are connected; asks nobody.
    fn notice_effect(&self, notice: &Notice) -> NoticeEffect;

    /// Events after `after`, oldest first, at most `limit`.
    async fn history(&self, channel: &Channel, after: u64, limit: u32)
    -> Result<Vec<Arc<Recorded>>, Failure>;

    /// The newest offset of each channel that has one, in one query.
    async fn heads(&self, channels: &[Channel]) -> Result<Vec<(Channel, u64)>, Failure>;

    /// The newest value of a channel that [has one](ChannelRules::has_latest), if it is known.
    async fn latest(&self, channel: &Channel) -> Result<Option<Arc<Latest>>, Failure>;
}

/// What holds for all channels of a kind.
#[derive(Clone, Copy, Debug)]
pub struct ChannelRules {
    /// Whether it has a log, whose offsets are compared with the store.
    pub has_log: bool,
    /// Whether it has a newest value beside its log, which the fabric knows.
    pub has_latest: bool,
    /// Whether all listeners of one audience are shown the same snapshot, of which
    /// everything that changes is told once more by what follows.
    pub shares_snapshots: bool,
    /// What an event of this name does to those who follow.
    pub effect: fn(&str) -> ChannelEffect,
    /// Whose access changes by notices: they are authorised again when some may be lost.
    pub access_by_notice: Audience,
}

impl ChannelRules {
    /// Of a channel that has a log and nothing else.
    pub const LOG: Self = Self {
        has_log: true,
        has_latest: false,
        shares_snapshots: false,
        effect: |_| ChannelEffect::Continue,
        access_by_notice: Audience::NOBODY,
    };
}

/// What a notice means to those who are connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeEffect {
    /// Nothing.
    Ignore,
    /// The session's connections close.
    EndSession(SessionId),
    /// The user's connections that write with an older epoch close.
    Supersede {
        /// Who writes.
        user: UserId,
        /// The epoch that is in force now.
        epoch: u64,
    },
    /// Those who follow these channels are authorised again.
    Reauthorize(Vec<Channel>),
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

/// Something to tell listeners, before it is encoded.
#[derive(Clone, Copy, Debug)]
pub enum Publication<'a> {
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
        /// The moment at which it is told.
        now: Timestamp,
    },
    /// A newest value of this process alone.
    Local {
        /// Of when it is.
        at: Timestamp,
        /// What listeners are told.
        data: &'a Value,
    },
    /// The end of the subscription.
    Ended {
        /// Why, as a stable code.
        reason: &'a str,
    },
}

/// Encodes a publication as all listeners get it: UTF-8 JSON.
pub type FrameEncoder = fn(&Channel, &Publication<'_>) -> Bytes;

/// Which publication it was; also the event name of a server-sent event.
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

/// A publication as it is sent: encoded once, shared by all who get it.
pub struct EncodedFrame {
    /// Which it was.
    pub op: Op,
    /// Its place in the log, for snapshots and durable events: where a listener
    /// who has it resumes.
    pub offset: Option<u64>,
    /// Of when a newest value is.
    pub at: Option<Timestamp>,
    /// The frame.
    pub text: Bytes,
    encoded_at: Instant,
    lag: Arc<Lag>,
}

impl std::fmt::Debug for EncodedFrame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EncodedFrame")
            .field("op", &self.op)
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}

impl EncodedFrame {
    fn new(op: Op, offset: Option<u64>, at: Option<Timestamp>, text: Bytes, lag: &Arc<Lag>) -> Self {
        Self { op, offset, at, text, encoded_at: Instant::now(), lag: Arc::clone(lag) }
    }

    /// A listener takes it now: notes how long it waited.
    fn taken(&self) {
        self.lag.note(self.encoded_at.elapsed());
    }
}
