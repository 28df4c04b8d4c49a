//! One channel, with its subscribers in this process.
//!
//! 1. Every live subscriber has received each log event of its audience up to `head`, once, in
//!    order.
//! 2. `recent` is the contiguous end of the log up to `head`: a subscriber that lags a little
//!    catches up from memory, and a reconnect storm shares one reading of the journal.
//! 3. Events that arrive out of order wait in `ahead`; while `known > head` events are missing, and
//!    the hub reads them from the journal.
//! 4. A subscriber's audience is from the latest question that was answered: an answer to an earlier
//!    question, which may come later, never widens it again.
//!
//! A topic does no I/O and never waits; the hub does.

mod newest;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use domain::{Audience, Channel, ChannelEffect, Failure, Principal, Refused, Timestamp};
use store::fabric::Ephemeral;
use store::journal::Recorded;
use tokio::time::Instant;

use super::{ChannelRules, EncodedFrame, FrameEncoder, Lag, Op, Outbox, Publication};
use newest::Newest;

/// Events that may wait for the one before them; any more are dropped and read from the journal.
const AHEAD_MAX: usize = 64;

/// Encodes publications as frames.
pub(super) struct Encoder {
    pub(super) writer: FrameEncoder,
    pub(super) epoch: Arc<str>,
    /// Measures how long a publication waits for its connection.
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
    /// The number of the question that `audience` answers.
    asked: u64,
    outbox: Arc<Outbox>,
    /// Receives only events after this offset.
    from: u64,
    /// Receives no latest value older than this: the client got a newer one elsewhere.
    floor: Option<Timestamp>,
    /// Whether it has caught up.
    live: bool,
    /// The offset to resume from, while the journal must be read for that.
    wants: Option<u64>,
}

impl Subscriber {
    /// Whether it may receive this latest value.
    fn sees(&self, at: Timestamp, audience: Audience) -> bool {
        self.live && self.audience.hears(audience) && self.floor.is_none_or(|floor| floor <= at)
    }
}

/// The result of a publication.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Log events are missing: read the journal.
    pub(super) gap: bool,
    /// Authorise the subscribers again.
    pub(super) reauthorize: bool,
    /// How many subscribers received it.
    pub(super) deliveries: u64,
    /// How many unsent latest values it replaced.
    pub(super) conflated: u64,
    /// How many lagging subscribers did not receive an ephemeral event.
    pub(super) dropped: u64,
}

/// The result of catching up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joined {
    /// The subscriber is live.
    Live,
    /// Memory does not reach far enough: read the journal.
    Behind,
    /// Ended in the meantime.
    Gone,
}

impl Joined {
    /// True once live, false if the journal must be read.
    pub(super) fn is_live(self) -> Result<bool, Failure> {
        match self {
            Joined::Live => Ok(true),
            Joined::Behind => Ok(false),
            Joined::Gone => Err(ended_meanwhile()),
        }
    }
}

/// See the module.
pub(super) struct Topic {
    channel: Channel,
    /// The last offset delivered; unknown until the first subscriber has caught up.
    head: Option<u64>,
    /// The last offset known to be committed.
    known: u64,
    recent: VecDeque<Recent>,
    recent_max: usize,
    /// Until then all of `recent` is kept, for further clients of a reconnect storm.
    storm_until: Option<Instant>,
    ahead: BTreeMap<u64, Arc<Recorded>>,
    newest: Option<Newest>,
    /// Latest values of an older version than this event are not published: it may have changed who
    /// may see them.
    valid_from: u64,
    /// Whether the latest value was looked up because the fabric had not published one.
    pub(super) sought: bool,
    subscribers: Vec<Subscriber>,
    /// How often it was asked what a subscriber may see.
    asked: u64,
    ended: Option<&'static str>,
    rules: ChannelRules,
    /// Removed from the hub: subscribers must join another topic.
    closed: bool,
    /// A task is reading the missing events.
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
            asked: 0,
            ended: None,
            rules,
            closed: false,
            backfilling: false,
        }
    }

    /// Adds a subscriber that has yet to catch up. False if the topic is closed.
    pub(super) fn join(
        &mut self,
        id: u64,
        who: &Arc<Principal>,
        floor: Option<Timestamp>,
        outbox: &Arc<Outbox>,
    ) -> bool {
        if !self.closed {
            let (who, outbox) = (Arc::clone(who), Arc::clone(outbox));
            let audience = Audience::NOBODY; // until authorised
            if self.subscribers.is_empty() {
                self.subscribers.reserve_exact(1); // most channels have one subscriber
            }
            self.subscribers.push(Subscriber {
                id,
                who,
                audience,
                asked: 0,
                outbox,
                from: 0,
                floor,
                live: false,
                wants: None,
            });
        }
        !self.closed
    }

    /// Removes a subscriber.
    pub(super) fn leave(&mut self, id: u64) {
        if let Some(place) = self.subscribers.iter().position(|subscriber| subscriber.id == id) {
            self.subscribers.swap_remove(place).outbox.forget(id);
        }
    }

    /// Closes the topic if it has no subscribers.
    pub(super) fn close_if_empty(&mut self) -> bool {
        self.closed |= self.subscribers.is_empty();
        self.closed
    }

    /// Whether the subscriber is still here.
    pub(super) fn has(&self, id: u64) -> bool {
        self.subscriber(id).is_some()
    }

    /// The number of a question what a subscriber may see. Take it before asking: of two answers,
    /// that to the later question applies, in whichever order they come.
    pub(super) fn ask(&mut self) -> u64 {
        self.asked += 1;
        self.asked
    }

    /// Whether no later question than `asked` has been answered for the subscriber.
    pub(super) fn is_newest_answer(&self, id: u64, asked: u64) -> bool {
        self.subscriber(id).is_some_and(|subscriber| subscriber.asked < asked)
    }

    /// Sets the audience of an authorised subscriber, unless a later question was answered already.
    pub(super) fn admit(&mut self, id: u64, asked: u64, audience: Audience) {
        let subscriber = self.subscribers.iter_mut().find(|subscriber| subscriber.id == id);
        if let Some(subscriber) = subscriber.filter(|subscriber| subscriber.asked < asked) {
            (subscriber.audience, subscriber.asked) = (audience, asked);
        }
    }

    /// The subscriber's audience; `None` once unsubscribed.
    pub(super) fn audience(&self, id: u64) -> Option<Audience> {
        self.subscriber(id).map(|subscriber| subscriber.audience)
    }

    /// Delivers a snapshot that was made for `audience`. False if the subscriber has another
    /// audience by now, and so must get another snapshot.
    pub(super) fn deliver_snapshot(&self, id: u64, audience: Audience, frame: &Arc<EncodedFrame>) -> bool {
        let subscriber = self.subscriber(id).filter(|subscriber| subscriber.audience == audience);
        subscriber.map(|subscriber| subscriber.outbox.replay(frame)).is_some()
    }

    fn subscriber(&self, id: u64) -> Option<&Subscriber> {
        self.subscribers.iter().find(|subscriber| subscriber.id == id)
    }

    /// All subscribers, for authorising them again.
    pub(super) fn subscribers(&self) -> Vec<(u64, Arc<Principal>)> {
        self.subscribers.iter().map(|subscriber| (subscriber.id, Arc::clone(&subscriber.who))).collect()
    }

    /// Whether the channel has a log.
    pub(super) fn has_log(&self) -> bool {
        self.rules.has_log
    }

    /// Whether it has subscribers whose access changes by notices.
    pub(super) fn has_access_by_notice(&self) -> bool {
        let by_notice = self.rules.access_by_notice;
        self.subscribers.iter().any(|subscriber| by_notice.hears(subscriber.audience))
    }

    /// The last offset delivered; `None` until the first subscriber has caught up.
    pub(super) fn head(&self) -> Option<u64> {
        self.head
    }

    /// The last offset known to be committed; 0 if none is.
    pub(super) fn known(&self) -> u64 {
        self.known
    }

    /// Sets the offset that a subscriber waits to resume from.
    pub(super) fn want(&mut self, id: u64, since: Option<u64>) {
        if let Some(subscriber) = self.subscribers.iter_mut().find(|subscriber| subscriber.id == id) {
            subscriber.wants = since;
        }
    }

    /// The offset after which to read the journal for all waiting subscribers, except those that
    /// missed more than `max`. `None` if the subscriber `id` is one of these.
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

    /// Records that the event at `offset` is committed.
    pub(super) fn learn(&mut self, offset: u64) {
        self.known = self.known.max(offset);
    }

    /// A snapshot made by this process includes everything up to `offset`.
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

    /// Delivers what the subscriber missed after `since`, if memory reaches so far back, and makes
    /// it live. `proven`: this process read the offset itself, so it may be ahead of `head`. The
    /// outcome is that of a latest value that turns out to be stale.
    pub(super) fn catch_up(
        &mut self,
        id: u64,
        since: u64,
        proven: bool,
        now: Timestamp,
        encoder: &Encoder,
    ) -> (Outcome, Joined) {
        let Some(place) = self.subscribers.iter().position(|subscriber| subscriber.id == id) else {
            return (Outcome::default(), Joined::Gone);
        };
        let reaches = match self.head {
            None => false,
            Some(head) if since > head => proven,
            Some(head) => since == head || self.recent.front().is_some_and(|first| first.offset <= since + 1),
        };
        if !reaches {
            return (Outcome::default(), Joined::Behind);
        }
        let outcome = self.age(now, encoder);
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
        (outcome, Joined::Live)
    }

    /// Handles a log event from the fabric.
    pub(super) fn on_event(&mut self, recorded: &Arc<Recorded>, encoder: &Encoder) -> Outcome {
        let mut outcome = Outcome::default();
        self.learn(recorded.offset);
        // Subscribers who have yet to catch up may have been authorised before this event, and may
        // get a snapshot that includes it: it would never be delivered to them.
        if self.head.is_none() && (self.rules.effect)(&recorded.kind) == ChannelEffect::Reauthorize {
            outcome.reauthorize = true;
            self.forget_newest(recorded.offset);
        }
        if self.head.is_none_or(|head| recorded.offset > head) {
            self.ahead.insert(recorded.offset, Arc::clone(recorded));
            if self.ahead.len() > AHEAD_MAX {
                self.ahead.pop_last();
            }
        }
        self.settle(encoder, &mut outcome);
        outcome
    }

    /// Takes events from the journal: `rows` are all events after `from`, without a gap, and some
    /// before it that are already delivered. All of `recent` is kept until `storm_until` at least.
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

    /// Marks the channel as ended if `row`, its last event, closes it: a client that already has
    /// that event gets no other notice.
    pub(super) fn end_if_over(&mut self, row: &Recorded) {
        if let ChannelEffect::Close(reason) = (self.rules.effect)(&row.kind) {
            self.ended = self.ended.or(Some(reason));
        }
    }

    /// Handles an ephemeral event.
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

    /// Ends one subscription, or all live ones.
    pub(super) fn end(&mut self, only: Option<u64>, reason: &'static str, encoder: &Encoder) {
        let ended = encoder.write(&self.channel, &Publication::Ended { reason });
        // The others get `ended` when they catch up, after what they missed.
        for subscriber in self.subscribers.extract_if(.., |one| only.map_or(one.live, |id| one.id == id)) {
            subscriber.outbox.forget(subscriber.id);
            if subscriber.live {
                subscriber.outbox.log(&ended);
            }
        }
    }

    /// Keeps at most `keep` events in `recent`, unless a reconnect storm needs them.
    pub(super) fn trim(&mut self, keep: usize, now: Instant) {
        if self.storm_until.is_some_and(|until| now < until) {
            return;
        }
        self.storm_until = None;
        let surplus = self.recent.len().saturating_sub(keep);
        self.recent.drain(..surplus);
        self.recent.shrink_to(keep);
    }

    /// Delivers the events in `ahead` that follow `head` without a gap.
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

    /// Delivers the event after `head`.
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

/// The subscription was ended before it was live: access was lost, or could not be checked. Whoever
/// subscribes again is told which.
pub(super) fn ended_meanwhile() -> Failure {
    Refused::unavailable(1).into()
}

fn recent(channel: &Channel, row: &Recorded, encoder: &Encoder) -> Recent {
    let frame = encoder.write(channel, &Publication::Event { epoch: &encoder.epoch, recorded: row });
    Recent { offset: row.offset, audience: row.audience, frame }
}
