//! Which sessions were ended while tokens of theirs are still good.
//!
//! Whoever ends a session says so on the fabric, so that every process refuses
//! it at once. That can be lost; so each process also asks the store every
//! second. Nobody asks the store for each request.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::TimeDelta;
use domain::{Clock, Failure, SessionId, Timestamp};
use store::fabric::{FabricListener, Notice};

use crate::App;

/// How often the store is asked.
const POLL: Duration = Duration::from_secs(1);

/// A session that was ended may be seen this much later: its commit took a
/// while, or the other process's clock is behind.
const LATE: TimeDelta = TimeDelta::seconds(60);

/// The sessions that were ended, each with when that was.
pub(crate) struct Revoked {
    sessions: RwLock<HashMap<SessionId, Timestamp>>,
    clock: Arc<dyn Clock>,
}

impl Revoked {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { sessions: RwLock::default(), clock }
    }

    pub(crate) fn holds(&self, session: SessionId) -> bool {
        self.sessions.read().unwrap_or_else(PoisonError::into_inner).contains_key(&session)
    }

    /// Whether that was news.
    pub(crate) fn add(&self, session: SessionId, at: Timestamp) -> bool {
        self.sessions.write().unwrap_or_else(PoisonError::into_inner).insert(session, at).is_none()
    }

    /// Forgets sessions that ended so long ago that no token of theirs is good.
    fn forget_before(&self, until: Timestamp) {
        self.sessions.write().unwrap_or_else(PoisonError::into_inner).retain(|_, at| *at >= until);
    }
}

impl FabricListener for Revoked {
    fn on_signal(&self, _: &domain::Channel, _: &store::fabric::Signal) {}

    fn on_notice(&self, notice: &Notice) {
        if let Notice::SessionRevoked(session) = notice {
            self.add(*session, self.clock.now());
        }
    }
}

/// Reads what was ended since `since`, and tells this process's sockets of what
/// the fabric had lost.
pub(crate) async fn catch_up(app: &App, since: Timestamp) -> Result<(), Failure> {
    for (session, at) in store::auth::ended_since(&app.store, since).await? {
        if app.identity.revoked.add(session, at) {
            app.fabric().announce(Notice::SessionRevoked(session));
        }
    }
    Ok(())
}

/// Keeps asking the store, until `stopping`.
pub(crate) async fn follow(app: App, stopping: impl Future<Output = ()>) -> Result<(), Failure> {
    tokio::pin!(stopping);
    let kept = app.settings.auth.access_life + LATE;
    let mut since = app.now() - kept;
    loop {
        let asked_at = app.now();
        catch_up(&app, since).await?;
        since = asked_at - LATE;
        app.identity.revoked.forget_before(asked_at - kept);
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            () = &mut stopping => return Ok(()),
        }
    }
}
