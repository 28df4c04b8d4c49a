//! One channel, as its listeners in this process hear it.
//!
//! 1. Every live listener has heard each log event of its audience up to `head`,
//!    once, in order.
//! 2. `recent` is the unbroken end of the log up to `head`: who lags a little
//!    catches up from memory, and a reconnect storm shares one reading of the journal.
//! 3. Events that come out of order wait in `ahead`; while `known > head`
//!    something is missing, and the hub reads it from the journal.
//!
//! Nothing here waits or reads; the hub does that.

mod newest;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use domain::{Audience, Channel, ChannelEffect, Failure, Principal, Timestamp};
use store::fabric::Ephemeral;
use store::journal::Recorded;
use tokio::time::Instant;

use super::{ChannelRules, EncodedFrame, FrameEncoder, Lag, Op, Outbox, Publication};
use newest::Newest;

/// Events that may wait for the one before them; what is beyond is read again.
const AHEAD_MAX: usize = 64;

/// Writes publications as frames.
pub(super) struct Encoder {
    pub(super) writer: FrameEncoder,
    pub(super) epoch: Arc<str>,
    /// Where it is noted how long a publication waited for its listener.
    pub(super) lag: Arc<Lag>,
}

impl Encoder {
    pub(super) fn write(&self, channel: &Channel, publication: &Publication<'_>) -> Arc<EncodedFrame> {
        let (op, offset, at) = match publication {
            Publication::Snapshot { offset, .. } => (Op::Snapshot, Some(*offset), None),
            Publication::Event { recorded, .. } => (Op::Event, Some(recorded.offset), None),
            Publication::Ephemeral(_) => (Op::Event, None, None),
            Publication::Latest { latest, .. } => (Op::Latest, None, Some(latest.at)),
            Publication::Local { at, .. } => (Op::Latest, None, Some(*at)),
            Publication::Ended { .. } => (Op::Ended, None, None),
        };
        let text: Bytes = (self.writer)(channel, publication);
        Arc::new(EncodedFrame::new(op, offset, at, text, &self.lag))
    }
}

struct Recent {
    offset: u64,
    audience: Audience,
    frame: Arc<EncodedFrame>,
}

struct Subscriber {
    id: u64,
    who: Arc<Principal>,
    audience: Audience,
    outbox: Arc<Outbox>,
    /// Hears only what comes after this offset.
    from: u64,
    /// Is shown no newest value that is older than this: it saw that elsewhere.
    floor: Option<Timestamp>,
    /// Has caught up.
    live: bool,
    /// Where it wants to go on, while the journal has to be read for that.
    wants: Option<u64>,
}

impl Subscriber {
    /// Whether it may see a newest value.
    fn sees(&self, at: Timestamp, audience: Audience) -> bool {
        self.live && self.audience.hears(audience) && self.floor.is_none_or(|floor| floor <= at)
    }
}

/// What came of hearing something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Log events are missing: read them.
    pub(super) gap: bool,
    /// Authorise the listeners again.
    pub(super) reauthorize: bool,
    /// How many listeners it was told to.
    pub(super) deliveries: u64,
    /// How many newest values took the place of one that nobody saw.
    pub(super) conflated: u64,
    /// How many passing publications a lagging listener missed.
    pub(super) dropped: u64,
}

/// How far a listener is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joined {
    /// Live.
    Live,
    /// Memory does not reach: read the journal.
    Behind,
    /// No longer allowed, or unsubscribed meanwhile.
    Gone,
}

impl Joined {
    /// True once live, false where the journal must be read.
    pub(super) fn is_live(self) -> Result<bool, Failure> {
        match self {
            Joined::Live => Ok(true),
            Joined::Behind => Ok(false),
            Joined::Gone => Err(Failure::not_found("channel")),
        }
    }
}

/// See the module.
pub(super) struct Topic {
    channel: Channel,
    /// The last offset told; unknown until the first listener has caught up.
    head: Option<u64>,
    /// The last offset that is known to be committed.
    known: u64,
    recent: VecDeque<Recent>,
    recent_max: usize,
    /// Until then all of `recent` is kept: more clients of a reconnect storm are to come.
    storm_until: Option<Instant>,
    ahead: BTreeMap<u64, Arc<Recorded>>,
    newest: Option<Newest>,
    /// Values that were published before this event are not told any more: who may see
    /// them may have changed with it.
    valid_from: u64,
    /// Whether the newest value was looked up, as the fabric had not brought one.
    pub(super) sought: bool,
    subscribers: Vec<Subscriber>,
    ended: Option<&'static str>,
    rules: ChannelRules,
    /// Removed from the hub: join another one.
    closed: bool,
    /// Somebody is reading what is missing.
    pub(super) backfilling: bool,
}

impl Topic {
    pub(super) fn new(channel: Channel, recent_max: usize, rules: ChannelRules) -> Self {
        Self {
            channel,
            head: None,
            known: 0,
            recent: VecDeque::new(),
            recent_max,
            storm_until: None,
            ahead: BTreeMap::new(),
            newest: None,
            valid_from: 0,
            sought: false,
            subscribers: Vec::new(),
            ended: None,
            rules,
            closed: false,
            backfilling: false,
        }
    }

    /// Adds a listener who has yet to catch up. False where the topic is closed.
    pub(super) fn join(
        &mut self,
        id: u64,
        who: &Arc<Principal>,
        floor: Option<Timestamp>,
        outbox: &Arc<Outbox>,
    ) -> bool {
        if !self.closed {
            let (who, outbox) = (Arc::clone(who), Arc::clone(outbox));
            let audience = Audience::NOBODY; // until it is authorised
            if self.subscribers.is_empty() {
                self.subscribers.reserve_exact(1); // mostly nobody else comes
            }
            self.subscribers.push(Subscriber {
                id,
                who,
                audience,
                outbox,
                from: 0,
                floor,
                live: false,
                wants: None,
            });
        }
        !self.closed
    }

    /// Removes a listener.
    pub(super) fn leave(&mut self, id: u64) {
        if let Some(place) = self.subscribers.iter().position(|subscriber| subscriber.id == id) {
            self.subscribers.swap_remove(place).outbox.forget(id);
        }
    }

    /// Closes the topic if nobody listens.
    pub(super) fn close_if_empty(&mut self) -> bool {
        self.closed |= self.subscribers.is_empty();
        self.closed
    }

    /// Whether the listener is still here.
    pub(super) fn has(&self, id: u64) -> bool {
        self.subscribers.iter().any(|subscriber| subscriber.id == id)
    }

    /// What the listener may hear from now on.
    pub(super) fn admit(&mut self, id: u64, audience: Audience) {
        if let Some(subscriber) = self.subscribers.iter_mut().find(|subscriber| subscriber.id == id) {
            subscriber.audience = audience;
        }
    }

    /// All listeners, for authorising them again.
    pub(super) fn subscribers(&self) -> Vec<(u64, Arc<Principal>)> {
        self.subscribers.iter().map(|subscriber| (subscriber.id, Arc::clone(&subscriber.who))).collect()
    }

    /// Whether its offsets are those of a log.
    pub(super) fn has_log(&self) -> bool {
        self.rules.has_log
    }

    /// Whether somebody listens whose access changes by notices.
    pub(super) fn has_access_by_notice(&self) -> bool {
        let by_notice = self.rules.access_by_notice;
        self.subscribers.iter().any(|subscriber| by_notice.hears(subscriber.audience))
    }

    /// The last offset told, of a channel that has a log.
    pub(super) fn head(&self) -> Option<u64> {
        self.head
    }

    /// The last offset that is known to be committed; 0 where none is.
    pub(super) fn known(&self) -> u64 {
        self.known
    }

    /// Notes from where a listener wants to go on.
    pub(super) fn want(&mut self, id: u64, since: Option<u64>) {
        if let Some(subscriber) = self.subscribers.iter_mut().find(|subscriber| subscriber.id == id) {
            subscriber.wants = since;
        }
    }

    /// Where to read on for all who wait, save for those who missed more than
    /// `max`. None where the listener `id` is one of these.
    pub(super) fn furthest(&self, id: u64, max: u32) -> Option<u64> {
        let oldest = self.known.saturating_sub(max.into());
        let within = |subscriber: &&Subscriber| subscriber.wants.is_some_and(|since| since >= oldest);
        self.subscribers.iter().find(|subscriber| subscriber.id == id).filter(within)?;
        let lowest =
            self.subscribers.iter().filter(within).filter_map(|subscriber| subscriber.wants).min()?;
        Some(self.head.map_or(lowest, |head| head.min(lowest)))
    }

    pub(super) fn is_behind(&self) -> bool {
        self.head.is_some_and(|head| self.known > head)
    }

    /// Learns that the event at `offset` is committed.
    pub(super) fn learn(&mut self, offset: u64) {
        self.known = self.known.max(offset);
    }

    /// A snapshot of ours includes everything up to `offset`.
    pub(super) fn start_at(
        &mut self,
        offset: u64,
        ended: Option<&'static str>,
        encoder: &Encoder,
    ) -> Outcome {
        self.head.get_or_insert(offset);
        self.ended = self.ended.or(ended);
        self.learn(offset);
        let mut outcome = Outcome::default();
        self.settle(encoder, &mut outcome);
        outcome
    }

    /// Tells the listener what it missed after `since`, if memory reaches so
    /// far back, and makes it live. `proven`: the offset comes from us, so it
    /// may be ahead of what has been told here.
    pub(super) fn catch_up(
        &mut self,
        id: u64,
        since: u64,
        proven: bool,
        now: Timestamp,
        encoder: &Encoder,
    ) -> Joined {
        let Some(place) = self.subscribers.iter().position(|subscriber| subscriber.id == id) else {
            return Joined::Gone;
        };
        let reaches = match self.head {
            None => false,
            Some(head) if since > head => proven,
            Some(head) => since == head || self.recent.front().is_some_and(|first| first.offset <= since + 1),
        };
        if !reaches {
            return Joined::Behind;
        }
        self.age(now, encoder);
        self.refresh(now, encoder);
        let subscriber = &mut self.subscribers[place];
        for event in self.recent.iter().filter(|event| event.offset > since) {
            if subscriber.audience.hears(event.audience) {
                subscriber.outbox.replay(&event.frame);
            }
        }
        subscriber.from = since;
        subscriber.live = true;
        subscriber.wants = None;
        if let Some(reason) = self.ended {
            let ended = encoder.write(&self.channel, &Publication::Ended { reason });
            self.subscribers.swap_remove(place).outbox.log(&ended);
        } else if let Some(newest) = &self.newest
            && subscriber.sees(newest.at, newest.audience)
        {
            subscriber.outbox.latest(id, &newest.frame);
        }
        Joined::Live
    }

    /// A log event came from the fabric.
    pub(super) fn on_event(&mut self, recorded: &Arc<Recorded>, encoder: &Encoder) -> Outcome {
        let mut outcome = Outcome::default();
        self.learn(recorded.offset);
        if self.head.is_none_or(|head| recorded.offset > head) {
            self.ahead.insert(recorded.offset, Arc::clone(recorded));
            if self.ahead.len() > AHEAD_MAX {
                self.ahead.pop_last();
            }
        }
        self.settle(encoder, &mut outcome);
        outcome
    }

    /// The journal was read: `rows` are all events after `from`, without a hole,
    /// and some before, which are nobody's news. They are kept until `storm_until` at least.
    pub(super) fn absorb(
        &mut self,
        from: u64,
        rows: &[Arc<Recorded>],
        encoder: &Encoder,
        storm_until: Instant,
    ) -> Outcome {
        self.storm_until = self.storm_until.max(Some(storm_until));
        let head = *self.head.get_or_insert(from);
        let first = self.recent.front().map_or(head + 1, |event| event.offset);
        let last = rows.last().map_or(from, |row| row.offset);
        if last + 1 >= first {
            for row in rows.iter().rev().filter(|row| row.offset < first) {
                self.recent.push_front(recent(&self.channel, row, encoder));
            }
        }
        self.learn(last);
        let mut outcome = Outcome::default();
        for row in rows {
            if self.head.is_some_and(|head| row.offset == head + 1) {
                self.tell(row, encoder, &mut outcome);
            }
        }
        self.settle(encoder, &mut outcome);
        outcome
    }

    /// The event that a listener already has was the channel's last one.
    pub(super) fn end_if_over(&mut self, row: &Recorded) {
        if let ChannelEffect::Close(reason) = (self.rules.effect)(&row.kind) {
            self.ended = self.ended.or(Some(reason));
        }
    }

    /// Something passing came.
    pub(super) fn on_ephemeral(&self, ephemeral: &Ephemeral, encoder: &Encoder) -> Outcome {
        let mut outcome = Outcome::default();
        let frame = encoder.write(&self.channel, &Publication::Ephemeral(ephemeral));
        for subscriber in
            self.subscribers.iter().filter(|one| one.live && one.audience.hears(ephemeral.audience))
        {
            if subscriber.outbox.passing(&frame) {
                outcome.deliveries += 1;
            } else {
                outcome.dropped += 1;
            }
        }
        outcome
    }

    /// Ends one listener's subscription, or all of them.
    pub(super) fn end(&mut self, only: Option<u64>, reason: &'static str, encoder: &Encoder) {
        let ended = encoder.write(&self.channel, &Publication::Ended { reason });
        // Who has yet to catch up learns it there, after what it missed.
        for subscriber in self.subscribers.extract_if(.., |one| only.map_or(one.live, |id| one.id == id)) {
            subscriber.outbox.forget(subscriber.id);
            if subscriber.live {
                subscriber.outbox.log(&ended);
            }
        }
    }

    /// Keeps no more than `keep` events for those who lag.
    pub(super) fn trim(&mut self, keep: usize, now: Instant) {
        if self.storm_until.is_some_and(|until| now < until) {
            return;
        }
        self.storm_until = None;
        let surplus = self.recent.len().saturating_sub(keep);
        self.recent.drain(..surplus);
        self.recent.shrink_to(keep);
    }

    /// Tells all that wait in `ahead` and follow `head` without a hole.
    fn settle(&mut self, encoder: &Encoder, outcome: &mut Outcome) {
        while let (Some(head), Some(next)) = (self.head, self.ahead.first_entry()) {
            if *next.key() > head + 1 {
                break;
            }
            let row = next.remove();
            if row.offset == head + 1 {
                self.tell(&row, encoder, outcome);
            }
        }
        outcome.gap |= self.is_behind() && !self.backfilling;
    }

    /// Tells the event after `head`.
    fn tell(&mut self, row: &Recorded, encoder: &Encoder, outcome: &mut Outcome) {
        let event = recent(&self.channel, row, encoder);
        for subscriber in &self.subscribers {
            if subscriber.live && row.offset > subscriber.from && subscriber.audience.hears(row.audience) {
                subscriber.outbox.log(&event.frame);
                outcome.deliveries += 1;
            }
        }
        self.head = Some(row.offset);
        self.recent.push_back(event);
        if self.recent.len() > self.recent_max {
            self.recent.pop_front();
        }
        match (self.rules.effect)(&row.kind) {
            ChannelEffect::Continue => {}
            ChannelEffect::Reauthorize => {
                outcome.reauthorize = true;
                self.forget_newest(row.offset);
            }
            ChannelEffect::Close(reason) => {
                self.ended = Some(reason);
                self.end(None, reason, encoder);
            }
        }
    }
}

fn recent(channel: &Channel, row: &Recorded, encoder: &Encoder) -> Recent {
    let frame = encoder.write(channel, &Publication::Event { epoch: &encoder.epoch, recorded: row });
    Recent { offset: row.offset, audience: row.audience, frame }
}
