//! The latest value of a channel: a courier's position, or a value computed by this process.
//!
//! 1. No subscriber receives an older value after a newer one.
//! 2. A value from the fabric is encoded for the time of delivery: a late subscriber gets the
//!    current estimate, and all are notified once that the value has turned stale.
//! 3. After an event that changes who may see the channel, no value from before it is published.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::{Audience, Timestamp};
use serde_json::Value;
use store::fabric::Latest;

use super::{Encoder, Outcome, Topic};
use crate::{EncodedFrame, Publication};

/// How long an encoded value is reused for late subscribers: a reconnect storm shares it.
const SHARED_FOR: TimeDelta = TimeDelta::seconds(1);

/// The latest value of a channel, encoded.
pub(super) struct Newest {
    pub(super) at: Timestamp,
    pub(super) audience: Audience,
    pub(super) frame: Arc<EncodedFrame>,
    /// The value from the fabric, if it came from there: it is encoded again as time passes.
    source: Option<Source>,
}

/// A value from the fabric. Its encoding depends on the time.
struct Source {
    latest: Arc<Latest>,
    encoded_at: Timestamp,
    /// Its subscribers were notified that it is stale.
    stale: bool,
}

impl Topic {
    /// Whether the channel has a latest value, which the fabric keeps.
    pub(crate) fn has_latest(&self) -> bool {
        self.rules.has_latest
    }

    /// Whether the channel has a latest value that this process has not looked up yet.
    pub(crate) fn seeks_newest(&self) -> bool {
        self.rules.has_latest && self.newest.is_none() && !self.sought
    }

    /// Handles a value from the fabric. Drops one that is older than the last published (values
    /// never go back in time), one from before the last event that changed who may see the channel,
    /// and an exact duplicate.
    pub(crate) fn on_latest(&mut self, latest: &Arc<Latest>, now: Timestamp, encoder: &Encoder) -> Outcome {
        let known = self.newest.as_ref().and_then(|newest| newest.source.as_ref());
        if latest.version < self.valid_from || known.is_some_and(|known| known.latest == *latest) {
            return Outcome::default();
        }
        let source = Source { latest: Arc::clone(latest), encoded_at: now, stale: latest.is_stale(now) };
        self.tell_newest(
            latest.at,
            latest.audience,
            &Publication::Latest { latest, now },
            Some(source),
            encoder,
        )
    }

    /// Publishes a latest value computed by this process.
    pub(crate) fn on_local(&mut self, at: Timestamp, data: &Value, encoder: &Encoder) -> Outcome {
        self.tell_newest(at, Audience::EVERYONE, &Publication::Local { at, data }, None, encoder)
    }

    /// Notifies all subscribers, once, that the value has turned stale.
    pub(crate) fn age(&mut self, now: Timestamp, encoder: &Encoder) -> Outcome {
        let source = self.newest.as_ref().and_then(|newest| newest.source.as_ref());
        match source.filter(|source| !source.stale && source.latest.is_stale(now)) {
            Some(Source { latest, .. }) => {
                let latest = Arc::clone(latest);
                let source = Source { latest: Arc::clone(&latest), encoded_at: now, stale: true };
                let publication = Publication::Latest { latest: &latest, now };
                self.tell_newest(latest.at, latest.audience, &publication, Some(source), encoder)
            }
            None => Outcome::default(),
        }
    }

    /// Encodes the value again for a late subscriber, unless that was done within [`SHARED_FOR`].
    pub(super) fn refresh(&mut self, now: Timestamp, encoder: &Encoder) {
        if let Some(newest) = &mut self.newest
            && let Some(source) = newest.source.as_mut().filter(|it| now - it.encoded_at >= SHARED_FOR)
        {
            newest.frame = encoder.write(&self.channel, &Publication::Latest { latest: &source.latest, now });
            source.encoded_at = now;
        }
    }

    fn tell_newest(
        &mut self,
        at: Timestamp,
        audience: Audience,
        publication: &Publication<'_>,
        source: Option<Source>,
        encoder: &Encoder,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        if self.ended.is_some() || self.newest.as_ref().is_some_and(|newest| newest.at > at) {
            return outcome;
        }
        let frame = encoder.write(&self.channel, publication);
        for subscriber in self.subscribers.iter().filter(|one| one.sees(at, audience)) {
            outcome.deliveries += 1;
            outcome.conflated += u64::from(subscriber.outbox.latest(subscriber.id, &frame));
        }
        self.newest = Some(Newest { at, audience, frame, source });
        outcome
    }

    /// The event at `offset` changed who may see the channel (such as another courier for a
    /// delivery): older values are not shown to new subscribers. Existing subscribers still get no
    /// value older than their last one.
    pub(super) fn forget_newest(&mut self, offset: u64) {
        self.valid_from = offset;
        self.sought = false;
        let is_older =
            |newest: &mut Newest| newest.source.as_ref().is_some_and(|it| it.latest.version < offset);
        let Some(gone) = self.newest.take_if(is_older) else { return };
        for subscriber in &mut self.subscribers {
            subscriber.outbox.forget(subscriber.id);
            subscriber.floor = subscriber.floor.max(Some(gone.at));
        }
    }
}
