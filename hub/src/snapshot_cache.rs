//! What a listener is shown first: the present state. Where it is the same for
//! all, a reconnect storm shares it.

use std::sync::Arc;

use domain::{Audience, Channel, Failure, Principal, Refused};
use tokio::time::Instant;

use super::hub::ChannelEntry;
use super::recovery::{READINGS_MAX, follows};
use super::{EncodedFrame, Hub, Outbox, Publication, Subscription};

impl Hub {
    /// Begins with the present state.
    pub(super) async fn begin(
        &self,
        subscription: &Subscription,
        who: &Principal,
        audience: Audience,
        resumed: bool,
        outbox: &Outbox,
    ) -> Result<(), Failure> {
        let entry = &subscription.entry;
        let channel = &entry.channel;
        let CachedSnapshot { offset, ended, frame } = if self.backend.rules(channel).shares_snapshots {
            self.shared_snapshot(entry, who, audience, resumed).await?
        } else {
            self.snapshot(channel, who, audience, resumed).await?
        };
        outbox.replay(&frame);
        let outcome = entry.topic().start_at(offset, ended, &self.encoder);
        self.apply(entry, outcome);
        if subscription.catch_up(offset, true)? {
            return Ok(());
        }
        let _reading = entry.reading.lock().await;
        for _ in 0..READINGS_MAX {
            let rows = self.backend.history(channel, offset, self.limits.replay_max).await?;
            if follows(offset, &rows) && self.replay(subscription, offset, &rows)? {
                return Ok(());
            }
        }
        Err(Refused::unavailable(1).because("The channel is too busy; please subscribe again.").into())
    }

    async fn snapshot(
        &self,
        channel: &Channel,
        who: &Principal,
        audience: Audience,
        resumed: bool,
    ) -> Result<CachedSnapshot, Failure> {
        let snapshot = self.backend.snapshot(who, channel, audience).await?;
        let (epoch, offset) = (&*self.encoder.epoch, snapshot.offset);
        let publication = Publication::Snapshot { epoch, offset, recovered: !resumed, data: &snapshot.data };
        Ok(CachedSnapshot { offset, ended: snapshot.ended, frame: self.encoder.write(channel, &publication) })
    }

    /// The snapshot that somebody of the same audience got a moment ago, while
    /// nothing has happened since; or a new one. A reconnect storm makes one.
    async fn shared_snapshot(
        &self,
        entry: &ChannelEntry,
        who: &Principal,
        audience: Audience,
        resumed: bool,
    ) -> Result<CachedSnapshot, Failure> {
        let mut snapshots = entry.snapshots.lock().await;
        let known = entry.topic().known();
        if let Some(snapshot) = snapshots.find(audience, resumed, known) {
            return Ok(snapshot);
        }
        let snapshot = self.snapshot(&entry.channel, who, audience, resumed).await?;
        snapshots.keep(audience, resumed, &snapshot, Instant::now() + self.limits.snapshot_shared);
        Ok(snapshot)
    }
}

impl ChannelEntry {
    /// Drops snapshots that are good no longer.
    pub(super) fn forget_snapshots(&self) {
        // Whoever makes one just now keeps it.
        if let Ok(mut snapshots) = self.snapshots.try_lock() {
            snapshots.0.retain(|shared| shared.until > Instant::now());
            snapshots.0.shrink_to_fit();
        }
    }
}

/// A snapshot as it is told.
#[derive(Clone)]
struct CachedSnapshot {
    offset: u64,
    ended: Option<&'static str>,
    frame: Arc<EncodedFrame>,
}

/// Snapshots that are good for a moment, at most one for each audience and wording.
#[derive(Default)]
pub(super) struct Snapshots(Vec<Shared>);

struct Shared {
    audience: Audience,
    resumed: bool,
    snapshot: CachedSnapshot,
    until: Instant,
}

impl Snapshots {
    /// One that includes everything up to `known`.
    fn find(&self, audience: Audience, resumed: bool, known: u64) -> Option<CachedSnapshot> {
        let now = Instant::now();
        let fits = |shared: &&Shared| {
            shared.audience == audience
                && shared.resumed == resumed
                && shared.snapshot.offset >= known
                && shared.until > now
        };
        self.0.iter().find(fits).map(|shared| shared.snapshot.clone())
    }

    fn keep(&mut self, audience: Audience, resumed: bool, snapshot: &CachedSnapshot, until: Instant) {
        self.0.retain(|shared| (shared.audience, shared.resumed) != (audience, resumed));
        self.0.push(Shared { audience, resumed, snapshot: snapshot.clone(), until });
    }
}
