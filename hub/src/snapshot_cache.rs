//! What a subscriber receives first: the current state. If it is the same for all, a reconnect
//! storm shares it.

use std::sync::Arc;

use domain::{Audience, Channel, Failure, Principal, Refused};
use tokio::time::Instant;

use super::hub::ChannelEntry;
use super::recovery::{READINGS_MAX, follows};
use super::topic::ended_meanwhile;
use super::{EncodedFrame, Hub, Publication, Subscription};

impl Hub {
    /// Delivers a snapshot, and then makes the subscriber live.
    pub(super) async fn begin(
        &self,
        subscription: &Subscription,
        who: &Principal,
        resumed: bool,
    ) -> Result<(), Failure> {
        let entry = &subscription.entry;
        let channel = &entry.channel;
        let (offset, ended) = self.deliver_snapshot(subscription, who, resumed).await?;
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
        Err(too_busy())
    }

    /// Delivers a snapshot for the subscriber's audience, which may change while it is made: then
    /// another one is made. Returns its offset, and why the channel has ended, if it has.
    async fn deliver_snapshot(
        &self,
        subscription: &Subscription,
        who: &Principal,
        resumed: bool,
    ) -> Result<(u64, Option<&'static str>), Failure> {
        let (entry, id) = (&subscription.entry, subscription.id);
        for _ in 0..READINGS_MAX {
            let audience = entry.topic().audience(id).ok_or_else(ended_meanwhile)?;
            let snapshot = if self.backend.rules(&entry.channel).shares_snapshots {
                self.shared_snapshot(entry, who, audience, resumed).await?
            } else {
                self.snapshot(&entry.channel, who, audience, resumed).await?
            };
            if entry.topic().deliver_snapshot(id, audience, &snapshot.frame) {
                return Ok((snapshot.offset, snapshot.ended));
            }
        }
        Err(too_busy())
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

    /// The snapshot that another subscriber of the same audience got a moment ago, if nothing has
    /// happened since; otherwise a new one. So a reconnect storm makes only one.
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

fn too_busy() -> Failure {
    Refused::unavailable(1).because("The channel is too busy; please subscribe again.").into()
}

impl ChannelEntry {
    /// Drops expired snapshots.
    pub(super) fn forget_snapshots(&self) {
        // If the lock is held, a snapshot is being made: it is kept.
        if let Ok(mut snapshots) = self.snapshots.try_lock() {
            snapshots.0.retain(|shared| shared.until > Instant::now());
            snapshots.0.shrink_to_fit();
        }
    }
}

/// An encoded snapshot.
#[derive(Clone)]
struct CachedSnapshot {
    offset: u64,
    ended: Option<&'static str>,
    frame: Arc<EncodedFrame>,
}

/// Cached snapshots, at most one for each audience and value of `resumed`.
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
