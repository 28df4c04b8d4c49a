//! Reading missed events from the journal: when clients come back, when the fabric lost something,
//! and periodically, in case a loss went unnoticed.

use std::sync::{Arc, Weak};
use std::time::Duration;

use domain::{Channel, Failure};
use store::journal::Recorded;
use tokio::time::Instant;

use super::hub::ChannelEntry;
use super::topic::Outcome;
use super::{Hub, Subscription};

/// How long an event that arrived out of order waits for the one before it until the journal is
/// read: two commits are often published in the other order.
const GRACE: Duration = Duration::from_millis(10);

/// How often the journal is read for one subscriber that can't catch up because the channel is
/// faster than the reading.
pub(super) const READINGS_MAX: usize = 5;

/// Channels per query to the journal: the buffers of a connection grow to its largest query.
const COMPARED_AT_ONCE: usize = 1_000;

impl Hub {
    /// Resumes after `since`. False if the history does not reach so far back.
    pub(super) async fn resume(&self, subscription: &Subscription, since: u64) -> Result<bool, Failure> {
        if subscription.catch_up(since, false)? {
            return Ok(true);
        }
        if i64::try_from(since).is_err() {
            return Ok(false); // no offset is so large
        }
        let entry = &subscription.entry;
        entry.topic().want(subscription.id, Some(since));
        let _reading = entry.reading.lock().await;
        for _ in 0..READINGS_MAX {
            // Another client of the reconnect storm may have read it in the meantime.
            if subscription.catch_up(since, false)? {
                return Ok(true);
            }
            if !self.read_on(entry, subscription.id).await? {
                break;
            }
        }
        entry.topic().want(subscription.id, None);
        Ok(false)
    }

    /// Reads the journal for all waiting subscribers, from the one that is furthest behind, and a
    /// little further back: other clients of a reconnect storm will come. False if that does not
    /// help the subscriber `id`.
    async fn read_on(&self, entry: &Arc<ChannelEntry>, id: u64) -> Result<bool, Failure> {
        let (max, margin) = (self.limits.replay_max, self.limits.history_margin);
        let Some(since) = entry.topic().furthest(id, max) else { return Ok(false) };
        let from = since.saturating_sub(u64::from(margin) + 1);
        let limit = max.saturating_add(margin).saturating_add(2);
        let rows = self.backend.history(&entry.channel, from, limit).await?;
        if since > 0 && rows.iter().all(|row| row.offset != since) {
            return Ok(false); // not an offset of this history
        }
        let Some(last) = rows.last() else {
            let heads = self.backend.heads(std::slice::from_ref(&entry.channel)).await?;
            if heads.iter().any(|(_, head)| *head > 0) {
                return Ok(false); // the events are no longer kept
            }
            // The channel never had an event, so a client at 0 has missed nothing.
            let outcome = entry.topic().start_at(0, None, &self.encoder);
            self.apply(entry, outcome);
            return Ok(true);
        };
        if last.offset - since > u64::from(max) {
            // With the head known, those too far behind are left out of the next reading.
            let heads = self.backend.heads(std::slice::from_ref(&entry.channel)).await?;
            heads.iter().for_each(|(_, head)| entry.topic().learn(*head));
            return Ok(true);
        }
        if !follows(from, &rows) {
            return Ok(false);
        }
        entry.topic().end_if_over(last);
        let storm_until = Instant::now() + self.limits.history_kept;
        let outcome = entry.topic().absorb(since, &rows, &self.encoder, storm_until);
        self.apply(entry, outcome);
        Ok(true)
    }

    /// Gives `rows`, all events after `offset`, to the topic, and makes the subscriber live. False
    /// if the topic has moved on in the meantime.
    pub(super) fn replay(
        &self,
        subscription: &Subscription,
        offset: u64,
        rows: &[Arc<Recorded>],
    ) -> Result<bool, Failure> {
        let now = self.backend.now();
        let (outcome, (aged, joined)) = {
            let mut topic = subscription.topic();
            let outcome = topic.absorb(offset, rows, &self.encoder, Instant::now());
            (outcome, topic.catch_up(subscription.id, offset, true, now, &self.encoder))
        };
        self.apply(&subscription.entry, outcome);
        self.figures.count(&aged);
        joined.is_live()
    }

    /// Reads from the journal what the fabric lost.
    pub(super) async fn backfill(&self, entry: &Arc<ChannelEntry>) {
        tokio::time::sleep(GRACE).await;
        let _reading = entry.reading.lock().await;
        loop {
            let head = {
                let mut topic = entry.topic();
                match topic.head().filter(|_| topic.is_behind()) {
                    Some(head) => head,
                    None => {
                        topic.backfilling = false;
                        return;
                    }
                }
            };
            self.figures.repairs.one();
            match self.backend.history(&entry.channel, head, self.limits.replay_max).await {
                Ok(rows) if !rows.is_empty() && follows(head, &rows) => {
                    let outcome = entry.topic().absorb(head, &rows, &self.encoder, Instant::now());
                    self.apply(entry, Outcome { gap: false, ..outcome });
                }
                Ok(_) => {
                    tracing::error!(channel = %entry.channel, head, "the journal has a hole");
                    let mut topic = entry.topic();
                    topic.end(None, "history_lost", &self.encoder);
                    topic.backfilling = false;
                    return;
                }
                Err(error) => {
                    // The next comparison of heads retries.
                    tracing::warn!(channel = %entry.channel, %error, "could not read what was missed");
                    entry.topic().backfilling = false;
                    return;
                }
            }
        }
    }

    /// Compares the heads of all channels with the journal; also drops what is no longer needed.
    pub(super) async fn compare(&self) {
        self.admission.tidy(Instant::now());
        self.connections.tidy(Instant::now());
        let mut channels = Vec::new();
        let mut empty = Vec::new();
        for entry in &self.topics {
            entry.value().forget_snapshots();
            let mut topic = entry.value().topic();
            topic.trim(self.limits.recent_kept, Instant::now());
            if topic.close_if_empty() {
                empty.push(entry.key().clone());
            } else if topic.head().is_some() && topic.has_log() {
                channels.push(entry.key().clone());
            }
        }
        empty.iter().for_each(|channel| self.remove_if_empty(channel));
        for some in channels.chunks(COMPARED_AT_ONCE) {
            if let Err(error) = self.compare_with(some).await {
                tracing::warn!(%error, "could not compare positions with the journal");
                return;
            }
        }
    }

    async fn compare_with(&self, channels: &[Channel]) -> Result<(), Failure> {
        for (channel, head) in self.backend.heads(channels).await? {
            let Some(entry) = self.find(&channel) else { continue };
            let gap = {
                let mut topic = entry.topic();
                topic.learn(head);
                topic.is_behind() && !topic.backfilling
            };
            self.apply(&entry, Outcome { gap, ..Outcome::default() });
        }
        Ok(())
    }
}

/// Whether `rows` come right after `offset`, without a hole.
pub(super) fn follows(offset: u64, rows: &[Arc<Recorded>]) -> bool {
    rows.iter().zip(offset + 1..).all(|(row, expected)| row.offset == expected)
}

/// Compares heads periodically, until the hub is dropped.
pub(super) async fn keep_comparing(hub: Weak<Hub>, every: Duration) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(hub) = hub.upgrade() else { return };
        hub.compare().await;
    }
}
