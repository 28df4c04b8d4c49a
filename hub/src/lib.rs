//! Live channels: clients follow a channel without gaps or duplicates.
//!
//! The [`Hub`] connects the fabric to the subscribers of this process. It subscribes to each
//! channel once for all of them, reads from the journal what the fabric lost, encodes every
//! publication once, and puts it into the [`Outbox`] of each subscriber whose audience includes it.
//! Sockets (`realtime`) and server-sent events (`http`) both drain an outbox. The hub depends on
//! neither: the encoding is given to it as a [`FrameEncoder`].
//!
//! ```text
//! commit ─▶ fabric ─▶ Hub ─▶ Topic (one per channel) ─▶ Outbox (one per connection) ─▶ socket
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

/// What the hub needs from the product: implemented by `services`, and in tests in memory. The hub
/// itself knows no domain nouns.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// Names the history (the journal's epoch) that offsets belong to.
    fn epoch(&self) -> Arc<str>;

    /// The current time.
    fn now(&self) -> Timestamp;

    /// Whether `who` may follow `channel`, and as which audience.
    async fn authorise(&self, who: &Principal, channel: &Channel) -> Result<Audience, Failure>;

    /// The channel's current state, and the offset that it includes.
    async fn snapshot(
        &self,
        who: &Principal,
        channel: &Channel,
        audience: Audience,
    ) -> Result<Snapshot, Failure>;

    /// The rules of this kind of channel. Does no I/O.
    fn rules(&self, channel: &Channel) -> ChannelRules;

    /// The effect of a notice on connected clients. Does no I/O.
    fn notice_effect(&self, notice: &Notice) -> NoticeEffect;

    /// Events after `after`, oldest first, at most `limit`.
    async fn history(&self, channel: &Channel, after: u64, limit: u32)
    -> Result<Vec<Arc<Recorded>>, Failure>;

    /// The newest offset of each channel that has one, in one query.
    async fn heads(&self, channels: &[Channel]) -> Result<Vec<(Channel, u64)>, Failure>;

    /// The latest value of a channel that [has one](ChannelRules::has_latest), if it is known.
    async fn latest(&self, channel: &Channel) -> Result<Option<Arc<Latest>>, Failure>;
}

/// The rules of one kind of channel.
#[derive(Clone, Copy, Debug)]
pub struct ChannelRules {
    /// Whether it has a log, whose offsets are compared with the journal.
    pub has_log: bool,
    /// Whether it has a latest value beside its log, which the fabric keeps.
    pub has_latest: bool,
    /// Whether all subscribers of one audience get the same snapshot. Later publications must then
    /// repeat everything in it that changes.
    pub shares_snapshots: bool,
    /// The effect of an event of this type on the subscribers.
    pub effect: fn(&str) -> ChannelEffect,
    /// The audiences whose access changes by notices: they are authorised again when notices may
    /// have been lost.
    pub access_by_notice: Audience,
}

impl ChannelRules {
    /// A channel that has a log and nothing else.
    pub const LOG: Self = Self {
        has_log: true,
        has_latest: false,
        shares_snapshots: false,
        effect: |_| ChannelEffect::Continue,
        access_by_notice: Audience::NOBODY,
    };
}

/// The effect of a notice on connected clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeEffect {
    /// Nothing.
    Ignore,
    /// The session's connections close.
    EndSession(SessionId),
    /// The user's connections with an older epoch close.
    Supersede {
        /// The user.
        user: UserId,
        /// The current epoch.
        epoch: u64,
    },
    /// The subscribers of these channels are authorised again.
    Reauthorize(Vec<Channel>),
    /// The subscribers of every channel that this person follows are authorised again.
    ReauthorizePerson(UserId),
}

/// The current state of a channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The last event that the state includes; 0 if there is none.
    pub offset: u64,
    /// The state, as in REST.
    pub data: Value,
    /// Why the channel has ended, if it has.
    pub ended: Option<&'static str>,
}

/// The position from which a client wants to resume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Since {
    /// The history that the offset belongs to.
    pub epoch: String,
    /// The last offset that the client has.
    pub offset: u64,
    /// The time of the last latest value that the client has: it gets no older one.
    pub latest_at: Option<Timestamp>,
}

/// A publication for subscribers, before it is encoded.
#[derive(Clone, Copy, Debug)]
pub enum Publication<'a> {
    /// The current state.
    Snapshot {
        /// The epoch of `offset`.
        epoch: &'a str,
        /// The last event that `data` includes.
        offset: u64,
        /// Whether the client missed nothing before it.
        recovered: bool,
        /// The state.
        data: &'a Value,
    },
    /// A durable event.
    Event {
        /// The epoch of the event's offset.
        epoch: &'a str,
        /// The event.
        recorded: &'a Recorded,
    },
    /// An ephemeral event.
    Ephemeral(&'a Ephemeral),
    /// A latest value, and the time of encoding: its estimates depend on that.
    Latest {
        /// The value.
        latest: &'a Latest,
        /// The time of encoding.
        now: Timestamp,
    },
    /// A latest value that only this process publishes.
    Local {
        /// The time of the value.
        at: Timestamp,
        /// The value as sent.
        data: &'a Value,
    },
    /// The end of the subscription.
    Ended {
        /// The reason, as a stable code.
        reason: &'a str,
    },
}

/// Encodes a publication for all its subscribers: UTF-8 JSON.
pub type FrameEncoder = fn(&Channel, &Publication<'_>) -> Bytes;

/// The kind of a publication; also the event name of a server-sent event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// A snapshot.
    Snapshot,
    /// An event, durable or ephemeral.
    Event,
    /// A latest value.
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

/// A publication as it is sent: encoded once, shared by all its subscribers.
pub struct EncodedFrame {
    /// Its kind.
    pub op: Op,
    /// Its offset in the log, for snapshots and durable events: a client that has it can resume
    /// here.
    pub offset: Option<u64>,
    /// The time of a latest value.
    pub at: Option<Timestamp>,
    /// The encoded publication.
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

    /// Records how long it waited until its connection takes it.
    fn taken(&self) {
        self.lag.note(self.encoded_at.elapsed());
    }
}
