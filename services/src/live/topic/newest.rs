//! The newest value of a channel: a courier's position, or the couriers of a map's cell.
//!
//! 1. Nobody is shown an older value after a newer one.
//! 2. What is told of a position depends on when it is told: who comes late is told what is
//!    true then, and all are told once that it has turned stale.
//! 3. Once a delivery changed hands, nothing is told of who carried it before.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::{Audience, Timestamp};
use store::fabric::Latest;

use super::{After, Pen, Topic};
use crate::live::{Telling, Told};
use crate::map::Area;

/// How long what was told of a position is told to latecomers as it is: a herd shares it.
const SHARED_FOR: TimeDelta = TimeDelta::seconds(1);

/// The newest value of a channel, as it was told.
pub(super) struct Newest {
    pub(super) at: Timestamp,
    pub(super) audience: Audience,
    pub(super) told: Arc<Told>,
    position: Option<Position>,
}

/// A position that was told: what is told of it depends on when.
struct Position {
    latest: Arc<Latest>,
    told_at: Timestamp,
    /// Its listeners know that it is stale.
    stale: bool,
}

impl Topic {
    /// Whether nobody knows yet what the newest value is.
    pub(in crate::live) fn seeks_newest(&self) -> bool {
        self.newest.is_none() && !self.sought
    }

    /// A position came. One that is older than what was told is dropped: nothing is
    /// shown backwards in time. So is one of a courier who lost the delivery since, and
    /// the same again.
    pub(in crate::live) fn position(&mut self, latest: &Arc<Latest>, now: Timestamp, pen: &Pen) -> After {
        let told = self.newest.as_ref().and_then(|newest| newest.position.as_ref());
        if latest.version < self.carried_since || told.is_some_and(|told| told.latest == *latest) {
            return After::default();
        }
        let position = Position { latest: Arc::clone(latest), told_at: now, stale: latest.is_stale(now) };
        self.newest(latest.at, latest.audience, &Telling::Latest { latest, now }, Some(position), pen)
    }

    /// The couriers of a map's cell came.
    pub(in crate::live) fn area(&mut self, area: &Area, pen: &Pen) -> After {
        self.newest(area.at, Audience::EVERYONE, &Telling::Area(area), None, pen)
    }

    /// Tells all once that the position has turned stale.
    pub(in crate::live) fn age(&mut self, now: Timestamp, pen: &Pen) -> After {
        let position = self.newest.as_ref().and_then(|newest| newest.position.as_ref());
        match position.filter(|position| !position.stale && position.latest.is_stale(now)) {
            Some(Position { latest, .. }) => {
                let latest = Arc::clone(latest);
                let position = Position { latest: Arc::clone(&latest), told_at: now, stale: true };
                let telling = Telling::Latest { latest: &latest, now };
                self.newest(latest.at, latest.audience, &telling, Some(position), pen)
            }
            None => After::default(),
        }
    }

    /// Writes the position anew for who comes late, unless it was told a moment ago.
    pub(super) fn refresh(&mut self, now: Timestamp, pen: &Pen) {
        if let Some(newest) = &mut self.newest
            && let Some(position) = newest.position.as_mut().filter(|told| now - told.told_at >= SHARED_FOR)
        {
            newest.told = pen.write(&self.channel, &Telling::Latest { latest: &position.latest, now });
            position.told_at = now;
        }
    }

    fn newest(
        &mut self,
        at: Timestamp,
        audience: Audience,
        telling: &Telling<'_>,
        position: Option<Position>,
        pen: &Pen,
    ) -> After {
        let mut after = After::default();
        if self.ended.is_some() || self.newest.as_ref().is_some_and(|newest| newest.at > at) {
            return after;
        }
        let told = pen.write(&self.channel, telling);
        for member in self.members.iter().filter(|m| m.sees(at, audience)) {
            after.deliveries += 1;
            after.conflated += u64::from(member.outbox.latest(member.id, &told));
        }
        self.newest = Some(Newest { at, audience, told, position });
        after
    }

    /// Another one may carry it since the event at `offset`: what was shown before is
    /// nobody's position any more. Nobody is taken back in time, though.
    pub(super) fn forget_carrier(&mut self, offset: u64) {
        self.carried_since = offset;
        self.sought = false;
        let of_another =
            |newest: &mut Newest| newest.position.as_ref().is_some_and(|told| told.latest.version < offset);
        let Some(gone) = self.newest.take_if(of_another) else { return };
        for member in &mut self.members {
            member.outbox.forget(member.id);
            member.floor = member.floor.max(Some(gone.at));
        }
    }
}
