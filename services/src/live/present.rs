//! What a listener is shown first: the present state. Where it is the same for
//! all, a herd shares it.

use std::sync::Arc;

use domain::{Audience, Channel, Failure, Principal, Refused};
use tokio::time::Instant;

use super::hub::Followed;
use super::recovery::{READINGS_MAX, follows};
use super::{Hub, Outbox, Subscription, Telling, Told};

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
        let followed = &subscription.followed;
        let channel = &followed.channel;
        let Present { offset, ended, told } = if self.backend.shares_snapshots(channel) {
            self.shared_snapshot(followed, who, audience, resumed).await?
        } else {
            self.snapshot(channel, who, audience, resumed).await?
        };
        outbox.replay(&told);
        let after = followed.topic().start_at(offset, ended, &self.pen);
        self.attend(followed, after);
        if subscription.catch_up(offset, true)? {
            return Ok(());
        }
        let _reading = followed.reading.lock().await;
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
    ) -> Result<Present, Failure> {
        let snapshot = self.backend.snapshot(who, channel, audience).await?;
        let (epoch, offset) = (&*self.pen.epoch, snapshot.offset);
        let telling = Telling::Snapshot { epoch, offset, recovered: !resumed, data: &snapshot.data };
        Ok(Present { offset, ended: snapshot.ended, told: self.pen.write(channel, &telling) })
    }

    /// The snapshot that somebody of the same audience got a moment ago, while
    /// nothing has happened since; or a new one. A herd makes one.
    async fn shared_snapshot(
        &self,
        followed: &Followed,
        who: &Principal,
        audience: Audience,
        resumed: bool,
    ) -> Result<Present, Failure> {
        let mut snapshots = followed.snapshots.lock().await;
        let known = followed.topic().known();
        if let Some(present) = snapshots.find(audience, resumed, known) {
            return Ok(present);
        }
        let present = self.snapshot(&followed.channel, who, audience, resumed).await?;
        snapshots.keep(audience, resumed, &present, Instant::now() + self.limits.snapshot_shared);
        Ok(present)
    }
}

impl Followed {
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
struct Present {
    offset: u64,
    ended: Option<&'static str>,
    told: Arc<Told>,
}

/// Snapshots that are good for a moment, at most one for each audience and wording.
#[derive(Default)]
pub(super) struct Snapshots(Vec<Shared>);

struct Shared {
    audience: Audience,
    resumed: bool,
    present: Present,
    until: Instant,
}

impl Snapshots {
    /// One that includes everything up to `known`.
    fn find(&self, audience: Audience, resumed: bool, known: u64) -> Option<Present> {
        let now = Instant::now();
        let fits = |shared: &&Shared| {
            shared.audience == audience
                && shared.resumed == resumed
                && shared.present.offset >= known
                && shared.until > now
        };
        self.0.iter().find(fits).map(|shared| shared.present.clone())
    }

    fn keep(&mut self, audience: Audience, resumed: bool, present: &Present, until: Instant) {
        self.0.retain(|shared| (shared.audience, shared.resumed) != (audience, resumed));
        self.0.push(Shared { audience, resumed, present: present.clone(), until });
    }
}
