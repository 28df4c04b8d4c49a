//! Ended sessions whose access tokens have not expired yet.
//!
//! Ending a session is announced on the fabric, so that every process refuses it at once. The
//! announcement can be lost, so each process also polls the store every second. No request
//! queries the store.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::TimeDelta;
use domain::{Clock, Failure, SessionId, Timestamp};
use store::fabric::{FabricListener, Notice};

use crate::App;
use crate::module::Stopping;

/// The interval between polls of the store.
const POLL: Duration = Duration::from_secs(1);

/// Each poll reads again this far back: a commit may become visible late, or the other
/// process's clock may be behind.
const LATE: TimeDelta = TimeDelta::seconds(60);

/// Ended sessions, each with the time of its end.
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

    /// Adds a session; true if it was not known yet.
    pub(crate) fn add(&self, session: SessionId, at: Timestamp) -> bool {
        self.sessions.write().unwrap_or_else(PoisonError::into_inner).insert(session, at).is_none()
    }

    /// Drops sessions that ended before `until`, when all their tokens have expired.
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

/// Reads the sessions that ended after `since`, and announces those that this process did not
/// know, because the fabric lost their notice.
pub(crate) async fn catch_up(app: &App, since: Timestamp) -> Result<(), Failure> {
    for (session, at) in store::auth::ended_since(&app.store, since).await? {
        if app.identity.revoked.add(session, at) {
            app.fabric().announce(Notice::SessionRevoked(session));
        }
    }
    Ok(())
}

/// Polls the store until `stopping`.
pub(crate) async fn follow(app: App, mut stopping: Stopping) -> Result<(), Failure> {
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
