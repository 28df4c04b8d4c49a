//! The registry of this process's open sessions, so that a revoked one is closed at once and a
//! courier's newer socket closes the older one. It also holds each user's rate limits, so that
//! opening a new socket does not reset them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use dashmap::DashMap;
use dashmap::mapref::one::RefMut;
use domain::{Principal, Refusal, Refused, SessionId, UserId};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::{Outbox, Rate, SocketLimits, Stop};

/// The user may not open a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

impl Refusal for TooMany {
    fn refused(&self) -> Refused {
        domain::refusal::too_many_sockets()
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct ConnectionRegistry {
    users: DashMap<UserId, User>,
    ids: AtomicU64,
    count: AtomicUsize,
    emptied: Notify,
    /// The process stops: a session that opens now is closed at once.
    leaving: AtomicBool,
}

/// The fixes of a batch: current and delayed ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixCount {
    /// Younger than [`SocketLimits::old_fix_after`].
    pub fresh: u32,
    /// All others.
    pub old: u32,
}

/// One user, with all their sockets.
#[derive(Debug)]
struct User {
    connections: Vec<Connection>,
    frames: Rate,
    fixes: Rate,
    old_fixes: Rate,
}

impl User {
    fn new(now: Instant) -> Self {
        Self {
            connections: Vec::new(),
            frames: Rate::new(now),
            fixes: Rate::new(now),
            old_fixes: Rate::new(now),
        }
    }

    /// Whether nothing needs to be kept.
    fn is_gone(&self, now: Instant) -> bool {
        let rates = [&self.frames, &self.fixes, &self.old_fixes];
        self.connections.is_empty() && rates.iter().all(|rate| rate.is_whole(now))
    }
}

#[derive(Debug)]
struct Connection {
    id: u64,
    session: SessionId,
    /// The courier epoch of the session, if it has one.
    epoch: Option<u64>,
    outbox: Arc<Outbox>,
}

/// A connection in the registry; removed on drop.
#[derive(Debug)]
pub struct ConnectionGuard {
    connections: Arc<ConnectionRegistry>,
    user: UserId,
    id: u64,
}

impl ConnectionRegistry {
    /// Registers an open session; a user has at most `max` of them in this process. Beyond that the
    /// oldest is closed: its client may have vanished without notice, and must not lock the user
    /// out.
    pub fn enter(
        self: &Arc<Self>,
        who: &Principal,
        outbox: &Arc<Outbox>,
        max: usize,
    ) -> Result<ConnectionGuard, TooMany> {
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        if max == 0 {
            return Err(TooMany);
        }
        let mut user = self.users.entry(who.user).or_insert_with(|| User::new(Instant::now()));
        let connections = &mut user.connections;
        let beyond = (connections.len() + 1).saturating_sub(max);
        connections.iter().take(beyond).for_each(|oldest| oldest.outbox.stop(Stop::TooMany));
        if connections.is_empty() {
            connections.reserve_exact(1); // most users have one
        }
        connections.push(Connection { id, session: who.session, epoch: None, outbox: Arc::clone(outbox) });
        self.count.fetch_add(1, Ordering::Relaxed);
        // Checked while the user's entry is locked: either this sees `leaving`, or `dismiss` sees
        // the connection.
        if self.leaving.load(Ordering::SeqCst) {
            outbox.stop(Stop::GoingAway);
        }
        Ok(ConnectionGuard { connections: Arc::clone(self), user: who.user, id })
    }

    /// Open sessions.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Closes all connections because the process stops, and waits until they are gone. Those that
    /// are still being opened are closed as soon as they are.
    pub async fn dismiss(&self) {
        self.leaving.store(true, Ordering::SeqCst);
        loop {
            let gone = self.emptied.notified();
            for user in &self.users {
                user.connections.iter().for_each(|one| one.outbox.stop(Stop::GoingAway));
            }
            if self.count() == 0 {
                return;
            }
            gone.await;
        }
    }

    /// Closes the connections of a session that was ended.
    pub(super) fn end_session(&self, session: SessionId) {
        for user in &self.users {
            let ended = user.connections.iter().filter(|one| one.session == session);
            ended.for_each(|one| one.outbox.stop(Stop::Revoked));
        }
    }

    /// Closes the user's connections with an older epoch.
    pub(super) fn supersede(&self, user: UserId, epoch: u64) {
        if let Some(user) = self.users.get(&user) {
            let older = user.connections.iter().filter(|one| one.epoch.is_some_and(|older| older < epoch));
            older.for_each(|one| one.outbox.stop(Stop::Superseded));
        }
    }

    /// Removes users without sockets whose rates are whole again.
    pub(super) fn tidy(&self, now: Instant) {
        self.users.retain(|_, user| !user.is_gone(now));
    }
}

impl ConnectionGuard {
    /// Gives this session the courier epoch `epoch`, and closes the user's sessions with an older
    /// one.
    pub fn speaks_with(&self, epoch: u64) {
        if let Some(mut user) = self.user() {
            for one in &mut user.connections {
                if one.id == self.id {
                    one.epoch = Some(epoch);
                } else if one.epoch.is_some_and(|older| older < epoch) {
                    one.outbox.stop(Stop::Superseded);
                }
            }
        }
    }

    /// Counts a frame of the user, and returns how long to wait before the next.
    pub fn charge_frame(&self, limits: &SocketLimits, now: Instant) -> Duration {
        let every = Duration::from_secs(1) / limits.frames_per_sec.max(1);
        self.user().map_or(Duration::ZERO, |mut user| user.frames.charge(now, every, limits.frames_burst))
    }

    /// Counts a batch of the courier's fixes, or returns how long to wait before sending all of it
    /// again. Delayed fixes have a rate of their own, so that they do not hold up current ones.
    pub fn take_fixes(&self, count: FixCount, limits: &SocketLimits, now: Instant) -> Result<(), Duration> {
        let Some(mut user) = self.user() else { return Ok(()) };
        let every = |per_sec: u32| Duration::from_secs(1) / per_sec.max(1);
        let (mut fresh, mut old) = (user.fixes, user.old_fixes);
        fresh.take(now, count.fresh, every(limits.fixes_per_sec), limits.fixes_burst)?;
        old.take(now, count.old, every(limits.old_fixes_per_sec), limits.fixes_burst)?;
        (user.fixes, user.old_fixes) = (fresh, old);
        Ok(())
    }

    /// Present as long as one of the user's guards exists.
    fn user(&self) -> Option<RefMut<'_, UserId, User>> {
        self.connections.users.get_mut(&self.user)
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        if let Some(mut user) = self.user() {
            user.connections.retain(|one| one.id != self.id);
        }
        self.connections.users.remove_if(&self.user, |_, user| user.is_gone(Instant::now()));
        if self.connections.count.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.connections.emptied.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use uuid::Uuid;

    use super::*;
    use crate::outbox::Next;

    #[test]
    fn beyond_the_most_the_oldest_socket_goes_and_the_newest_stays() {
        let (user, session) = (Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
        let who = Principal { user, session, roles: Vec::new() };
        let connections = Arc::new(ConnectionRegistry::default());
        let outboxes: Vec<_> = (0..4).map(|_| Outbox::new(1024)).collect();
        let _guards: Vec<_> =
            outboxes.iter().map(|outbox| connections.enter(&who, outbox, 2).unwrap()).collect();
        let gone = outboxes.iter().map(|outbox| {
            let next = outbox.poll_next(&mut Context::from_waker(Waker::noop()));
            matches!(next, Poll::Ready(Next::Stop(Stop::TooMany)))
        });
        assert_eq!(gone.collect::<Vec<_>>(), [true, true, false, false]);
    }

    #[tokio::test]
    async fn a_socket_that_opens_while_the_process_stops_is_told_so() {
        let (user, session) = (Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
        let who = Principal { user, session, roles: Vec::new() };
        let connections = Arc::new(ConnectionRegistry::default());
        let is_going = |outbox: &Outbox| {
            let next = outbox.poll_next(&mut Context::from_waker(Waker::noop()));
            matches!(next, Poll::Ready(Next::Stop(Stop::GoingAway)))
        };
        let (early, late) = (Outbox::new(1024), Outbox::new(1024));
        let first = connections.enter(&who, &early, 2).unwrap();
        let mut dismissal = Box::pin(connections.dismiss());
        let dismissed = &mut Context::from_waker(Waker::noop());
        assert!(dismissal.as_mut().poll(dismissed).is_pending());
        assert!(is_going(&early));
        let second = connections.enter(&who, &late, 2).unwrap();
        assert!(is_going(&late), "it authenticated after the others were dismissed");
        drop((first, second));
        assert!(dismissal.as_mut().poll(dismissed).is_ready());
    }

    #[test]
    fn a_new_socket_does_not_make_up_for_what_is_spent() {
        let (user, session) = (Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
        let who = Principal { user, session, roles: Vec::new() };
        let limits =
            SocketLimits { frames_per_sec: 1, frames_burst: 3, fixes_burst: 5, ..SocketLimits::default() };
        let connections = Arc::new(ConnectionRegistry::default());
        let enter = || connections.enter(&who, &Outbox::new(1024), 2).unwrap();
        let (sockets, now) = ([enter(), enter(), enter()], Instant::now());
        for socket in sockets {
            assert!(socket.charge_frame(&limits, now).is_zero());
        }
        let again = enter();
        assert_eq!(again.charge_frame(&limits, now), Duration::from_secs(1));
        let fresh = |fresh| FixCount { fresh, old: 0 };
        assert_eq!(again.take_fixes(fresh(5), &limits, now), Ok(()));
        assert!(enter().take_fixes(fresh(1), &limits, now).is_err());
        // Delayed fixes have a rate of their own; a batch of both counts completely or not at all.
        assert!(again.take_fixes(FixCount { fresh: 1, old: 5 }, &limits, now).is_err());
        assert_eq!(again.take_fixes(FixCount { fresh: 0, old: 5 }, &limits, now), Ok(()));
        drop(again);
        connections.tidy(now);
        assert_eq!(connections.users.len(), 1, "what is spent still counts");
        let later = now + Duration::from_secs(4);
        assert!(enter().charge_frame(&limits, later).is_zero());
        connections.tidy(later + Duration::from_secs(1));
        assert!(connections.users.is_empty());
    }
}
