//! Who is connected: every open session of this process, so that a revoked one
//! is closed at once and a courier's newer socket ends the older.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use dashmap::DashMap;
use domain::{Kind, Principal, Refusal, SessionId, UserId};
use store::fabric::Notice;
use tokio::sync::Notify;

use super::{Outbox, Stop};

/// The user has as many sockets as one may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("You have too many open connections; close one first.")]
pub struct TooMany;

impl Refusal for TooMany {
    fn code(&self) -> &'static str {
        "too_many_sockets"
    }

    fn kind(&self) -> Kind {
        Kind::Limited
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct Roll {
    present: DashMap<UserId, Vec<Present>>,
    ids: AtomicU64,
    count: AtomicUsize,
    emptied: Notify,
}

#[derive(Debug)]
struct Present {
    id: u64,
    session: SessionId,
    /// The courier epoch that it speaks with, if it does.
    epoch: Option<u64>,
    outbox: Arc<Outbox>,
}

/// A place on the roll, given back when dropped.
#[derive(Debug)]
pub struct Place {
    roll: Arc<Roll>,
    user: UserId,
    id: u64,
}

impl Roll {
    /// Enters an open session; a user has at most `max` of them in this process.
    /// Beyond that the oldest is sent away: it may be a connection whose other end
    /// has vanished unnoticed, and must not keep its user out.
    pub fn enter(
        self: &Arc<Self>,
        who: &Principal,
        outbox: &Arc<Outbox>,
        max: usize,
    ) -> Result<Place, TooMany> {
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let mut present = self.present.entry(who.user).or_default();
        if max == 0 {
            return Err(TooMany);
        }
        let beyond = (present.len() + 1).saturating_sub(max);
        present.iter().take(beyond).for_each(|oldest| oldest.outbox.stop(Stop::TooMany));
        if present.is_empty() {
            present.reserve_exact(1); // mostly nobody has two
        }
        present.push(Present { id, session: who.session, epoch: None, outbox: Arc::clone(outbox) });
        self.count.fetch_add(1, Ordering::Relaxed);
        Ok(Place { roll: Arc::clone(self), user: who.user, id })
    }

    /// Open sessions.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Sends everybody away, because the process ends, and waits until they have gone.
    pub async fn dismiss(&self) {
        loop {
            let gone = self.emptied.notified();
            self.present.iter().for_each(|all| all.iter().for_each(|one| one.outbox.stop(Stop::GoingAway)));
            if self.count() == 0 {
                return;
            }
            gone.await;
        }
    }

    pub(super) fn notice(&self, notice: &Notice) {
        match notice {
            Notice::SessionRevoked(session) => self.present.iter().for_each(|all| {
                all.iter()
                    .filter(|one| one.session == *session)
                    .for_each(|one| one.outbox.stop(Stop::Revoked));
            }),
            Notice::CourierSuperseded { courier, epoch } => {
                if let Some(all) = self.present.get(&UserId::from(*courier)) {
                    all.iter()
                        .filter(|one| one.epoch.is_some_and(|older| older < *epoch))
                        .for_each(|one| one.outbox.stop(Stop::Superseded));
                }
            }
            Notice::AssignmentsChanged(_) => {}
        }
    }
}

impl Place {
    /// This session speaks for its courier from now on, with `epoch`.
    pub fn speaks_with(&self, epoch: u64) {
        if let Some(mut all) = self.roll.present.get_mut(&self.user) {
            for one in all.iter_mut() {
                if one.id == self.id {
                    one.epoch = Some(epoch);
                } else if one.epoch.is_some_and(|older| older < epoch) {
                    one.outbox.stop(Stop::Superseded);
                }
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(mut all) = self.roll.present.get_mut(&self.user) {
            all.retain(|one| one.id != self.id);
        }
        self.roll.present.remove_if(&self.user, |_, all| all.is_empty());
        if self.roll.count.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.roll.emptied.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use uuid::Uuid;

    use super::*;
    use crate::live::outbox::Next;

    #[test]
    fn beyond_the_most_the_oldest_socket_goes_and_the_newest_stays() {
        let (user, session) = (Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
        let who = Principal { user, session, roles: Vec::new() };
        let roll = Arc::new(Roll::default());
        let outboxes: Vec<_> = (0..4).map(|_| Outbox::new(1024)).collect();
        let _places: Vec<_> = outboxes.iter().map(|outbox| roll.enter(&who, outbox, 2).unwrap()).collect();
        let gone = outboxes.iter().map(|outbox| {
            let next = outbox.poll_next(&mut Context::from_waker(Waker::noop()));
            matches!(next, Poll::Ready(Next::Stop(Stop::TooMany)))
        });
        assert_eq!(gone.collect::<Vec<_>>(), [true, true, false, false]);
    }
}
