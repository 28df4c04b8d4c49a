//! One channel, as its listeners in this process hear it.
//!
//! 1. Every live listener has heard each log event of its audience up to `head`,
//!    once, in order.
//! 2. `recent` is the unbroken end of the log up to `head`: who lags a little
//!    catches up from memory, and a herd shares one reading of the journal.
//! 3. Events that come out of order wait in `ahead`; while `known > head`
//!    something is missing, and the hub reads it from the journal.
//!
//! Nothing here waits or reads; the hub does that.

mod newest;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use domain::{Audience, Channel, Failure, Party, Principal, Timestamp};
use store::fabric::Ephemeral;
use store::journal::Recorded;
use tokio::time::Instant;

use super::{Lag, Op, Outbox, Regard, Telling, Told, Writer};
use newest::Newest;

/// Events that may wait for the one before them; what is beyond is read again.
const AHEAD_MAX: usize = 64;

/// Writes tellings.
pub(super) struct Pen {
    pub(super) writer: Writer,
    pub(super) epoch: Arc<str>,
    /// Where it is noted how long a telling waited for its listener.
    pub(super) lag: Arc<Lag>,
}

impl Pen {
    pub(super) fn write(&self, channel: &Channel, telling: &Telling<'_>) -> Arc<Told> {
        let (op, offset, at) = match telling {
            Telling::Snapshot { offset, .. } => (Op::Snapshot, Some(*offset), None),
            Telling::Event { recorded, .. } => (Op::Event, Some(recorded.offset), None),
            Telling::Ephemeral(_) => (Op::Event, None, None),
            Telling::Latest { latest, .. } => (Op::Latest, None, Some(latest.at)),
            Telling::Area(area) => (Op::Latest, None, Some(area.at)),
            Telling::Ended { .. } => (Op::Ended, None, None),
        };
        let text: Bytes = (self.writer)(channel, telling);
        Arc::new(Told::new(op, offset, at, text, &self.lag))
    }
}

struct Recent {
    offset: u64,
    audience: Audience,
    told: Arc<Told>,
}

struct Member {
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

impl Member {
    /// Whether it may see a newest value.
    fn sees(&self, at: Timestamp, audience: Audience) -> bool {
        self.live && self.audience.hears(audience) && self.floor.is_none_or(|floor| floor <= at)
    }
}

/// What came of hearing something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct After {
    /// Log events are missing: read them.
    pub(super) gap: bool,
    /// Authorise the listeners again.
    pub(super) recheck: bool,
    /// How many listeners it was told to.
    pub(super) deliveries: u64,
    /// How many newest values took the place of one that nobody saw.
    pub(super) conflated: u64,
    /// How many passing tellings a lagging listener missed.
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
    /// Until then all of `recent` is kept: more of a herd are to come.
    herd_until: Option<Instant>,
    ahead: BTreeMap<u64, Arc<Recorded>>,
    newest: Option<Newest>,
    /// Positions that were said before this event are of somebody who carries it no more.
    carried_since: u64,
    /// Whether the newest position was looked for where no listener had brought it.
    pub(super) sought: bool,
    members: Vec<Member>,
    ended: Option<&'static str>,
    regard: fn(&Channel, &str) -> Regard,
    /// Removed from the hub: join another one.
    closed: bool,
    /// Somebody is reading what is missing.
    pub(super) mending: bool,
}

impl Topic {
    pub(super) fn new(channel: Channel, recent_max: usize, regard: fn(&Channel, &str) -> Regard) -> Self {
        Self {
            channel,
            head: None,
            known: 0,
            recent: VecDeque::new(),
            recent_max,
            herd_until: None,
            ahead: BTreeMap::new(),
            newest: None,
            carried_since: 0,
            sought: false,
            members: Vec::new(),
            ended: None,
            regard,
            closed: false,
            mending: false,
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
            if self.members.is_empty() {
                self.members.reserve_exact(1); // mostly nobody else comes
            }
            self.members.push(Member { id, who, audience, outbox, from: 0, floor, live: false, wants: None });
        }
        !self.closed
    }

    /// Removes a listener.
    pub(super) fn leave(&mut self, id: u64) {
        if let Some(place) = self.members.iter().position(|member| member.id == id) {
            self.members.swap_remove(place).outbox.forget(id);
        }
    }

    /// Closes the topic if nobody listens.
    pub(super) fn close_if_empty(&mut self) -> bool {
        self.closed |= self.members.is_empty();
        self.closed
    }

    /// Whether the listener is still here.
    pub(super) fn has(&self, id: u64) -> bool {
        self.members.iter().any(|member| member.id == id)
    }

    /// What the listener may hear from now on.
    pub(super) fn admit(&mut self, id: u64, audience: Audience) {
        if let Some(member) = self.members.iter_mut().find(|member| member.id == id) {
            member.audience = audience;
        }
    }

    /// All listeners, for authorising them again.
    pub(super) fn members(&self) -> Vec<(u64, Arc<Principal>)> {
        self.members.iter().map(|member| (member.id, Arc::clone(&member.who))).collect()
    }

    /// Whether somebody listens as `party`.
    pub(super) fn has_party(&self, party: Party) -> bool {
        self.members.iter().any(|member| member.audience.has(party))
    }

    pub(super) fn head(&self) -> Option<u64> {
        self.head
    }

    /// The last offset that is known to be committed; 0 where none is.
    pub(super) fn known(&self) -> u64 {
        self.known
    }

    /// Notes from where a listener wants to go on.
    pub(super) fn want(&mut self, id: u64, since: Option<u64>) {
        if let Some(member) = self.members.iter_mut().find(|member| member.id == id) {
            member.wants = since;
        }
    }

    /// Where to read on for all who wait, save for those who missed more than
    /// `max`. None where the listener `id` is one of these.
    pub(super) fn furthest(&self, id: u64, max: u32) -> Option<u64> {
        let oldest = self.known.saturating_sub(max.into());
        let within = |member: &&Member| member.wants.is_some_and(|since| since >= oldest);
        self.members.iter().find(|member| member.id == id).filter(within)?;
        let lowest = self.members.iter().filter(within).filter_map(|member| member.wants).min()?;
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
    pub(super) fn start_at(&mut self, offset: u64, ended: Option<&'static str>, pen: &Pen) -> After {
        self.head.get_or_insert(offset);
        self.ended = self.ended.or(ended);
        self.learn(offset);
        let mut after = After::default();
        self.settle(pen, &mut after);
        after
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
        pen: &Pen,
    ) -> Joined {
        let Some(place) = self.members.iter().position(|member| member.id == id) else { return Joined::Gone };
        let reaches = match self.head {
            None => false,
            Some(head) if since > head => proven,
            Some(head) => since == head || self.recent.front().is_some_and(|first| first.offset <= since + 1),
        };
        if !reaches {
            return Joined::Behind;
        }
        self.age(now, pen);
        self.refresh(now, pen);
        let member = &mut self.members[place];
        for event in self.recent.iter().filter(|event| event.offset > since) {
            if member.audience.hears(event.audience) {
                member.outbox.replay(&event.told);
            }
        }
        member.from = since;
        member.live = true;
        member.wants = None;
        if let Some(reason) = self.ended {
            let ended = pen.write(&self.channel, &Telling::Ended { reason });
            self.members.swap_remove(place).outbox.log(&ended);
        } else if let Some(newest) = &self.newest
            && member.sees(newest.at, newest.audience)
        {
            member.outbox.latest(id, &newest.told);
        }
        Joined::Live
    }

    /// A log event came from the fabric.
    pub(super) fn hear(&mut self, recorded: &Arc<Recorded>, pen: &Pen) -> After {
        let mut after = After::default();
        self.learn(recorded.offset);
        if self.head.is_none_or(|head| recorded.offset > head) {
            self.ahead.insert(recorded.offset, Arc::clone(recorded));
            if self.ahead.len() > AHEAD_MAX {
                self.ahead.pop_last();
            }
        }
        self.settle(pen, &mut after);
        after
    }

    /// The journal was read: `rows` are all events after `from`, without a hole,
    /// and some before, which are nobody's news. They are kept until `herd_until` at least.
    pub(super) fn absorb(
        &mut self,
        from: u64,
        rows: &[Arc<Recorded>],
        pen: &Pen,
        herd_until: Instant,
    ) -> After {
        self.herd_until = self.herd_until.max(Some(herd_until));
        let head = *self.head.get_or_insert(from);
        let first = self.recent.front().map_or(head + 1, |event| event.offset);
        let last = rows.last().map_or(from, |row| row.offset);
        if last + 1 >= first {
            for row in rows.iter().rev().filter(|row| row.offset < first) {
                self.recent.push_front(recent(&self.channel, row, pen));
            }
        }
        self.learn(last);
        let mut after = After::default();
        for row in rows {
            if self.head.is_some_and(|head| row.offset == head + 1) {
                self.tell(row, pen, &mut after);
            }
        }
        self.settle(pen, &mut after);
        after
    }

    /// The event that a listener already has was the channel's last one.
    pub(super) fn end_if_over(&mut self, row: &Recorded) {
        if let Regard::Ends(reason) = (self.regard)(&self.channel, &row.kind) {
            self.ended = self.ended.or(Some(reason));
        }
    }

    /// Something passing came.
    pub(super) fn pass(&self, ephemeral: &Ephemeral, pen: &Pen) -> After {
        let mut after = After::default();
        let told = pen.write(&self.channel, &Telling::Ephemeral(ephemeral));
        for member in self.members.iter().filter(|m| m.live && m.audience.hears(ephemeral.audience)) {
            if member.outbox.passing(&told) {
                after.deliveries += 1;
            } else {
                after.dropped += 1;
            }
        }
        after
    }

    /// Ends one listener's subscription, or all of them.
    pub(super) fn end(&mut self, only: Option<u64>, reason: &'static str, pen: &Pen) {
        let ended = pen.write(&self.channel, &Telling::Ended { reason });
        // Who has yet to catch up learns it there, after what it missed.
        for member in self.members.extract_if(.., |m| only.map_or(m.live, |id| m.id == id)) {
            member.outbox.forget(member.id);
            if member.live {
                member.outbox.log(&ended);
            }
        }
    }

    /// Keeps no more than `keep` events for those who lag.
    pub(super) fn trim(&mut self, keep: usize, now: Instant) {
        if self.herd_until.is_some_and(|until| now < until) {
            return;
        }
        self.herd_until = None;
        let surplus = self.recent.len().saturating_sub(keep);
        self.recent.drain(..surplus);
        self.recent.shrink_to(keep);
    }

    /// Tells all that wait in `ahead` and follow `head` without a hole.
    fn settle(&mut self, pen: &Pen, after: &mut After) {
        while let (Some(head), Some(next)) = (self.head, self.ahead.first_entry()) {
            if *next.key() > head + 1 {
                break;
            }
            let row = next.remove();
            if row.offset == head + 1 {
                self.tell(&row, pen, after);
            }
        }
        after.gap |= self.is_behind() && !self.mending;
    }

    /// Tells the event after `head`.
    fn tell(&mut self, row: &Recorded, pen: &Pen, after: &mut After) {
        let event = recent(&self.channel, row, pen);
        for member in &self.members {
            if member.live && row.offset > member.from && member.audience.hears(row.audience) {
                member.outbox.log(&event.told);
                after.deliveries += 1;
            }
        }
        self.head = Some(row.offset);
        self.recent.push_back(event);
        if self.recent.len() > self.recent_max {
            self.recent.pop_front();
        }
        match (self.regard)(&self.channel, &row.kind) {
            Regard::Goes => {}
            Regard::Recheck => {
                after.recheck = true;
                self.forget_carrier(row.offset);
            }
            Regard::Ends(reason) => {
                self.ended = Some(reason);
                self.end(None, reason, pen);
            }
        }
    }
}

fn recent(channel: &Channel, row: &Recorded, pen: &Pen) -> Recent {
    let told = pen.write(channel, &Telling::Event { epoch: &pen.epoch, recorded: row });
    Recent { offset: row.offset, audience: row.audience, told }
}
