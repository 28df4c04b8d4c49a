//! Who is live again after a fault: every client has a probe, which records the
//! first thing that was sent after the fault's end and has arrived.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sim::responses::Moment;
use sim::system;
use tokio::sync::Notify;

/// The index of one client's probe.
pub(crate) type ProbeId = usize;

/// See the module.
#[derive(Default)]
pub(crate) struct RecoveryProbes {
    state: Mutex<ProbeState>,
    changed: Notify,
}

#[derive(Default)]
struct ProbeState {
    names: Vec<String>,
    since: Option<Moment>,
    /// When each was live again.
    live: Vec<Option<Moment>>,
}

/// How long one client took.
#[derive(Clone, Debug)]
pub(crate) struct Resumed {
    pub(crate) who: String,
    /// None: not at all.
    pub(crate) after: Option<Duration>,
}

impl RecoveryProbes {
    /// Adds a client.
    pub(crate) fn register(&self, name: impl Into<String>) -> ProbeId {
        let mut state = self.lock();
        state.names.push(name.into());
        state.live.push(None);
        state.names.len() - 1
    }

    /// Something that was born then has come through.
    pub(crate) fn record(&self, probe: ProbeId, born: Moment) {
        let mut state = self.lock();
        if state.since.is_some_and(|since| born >= since)
            && let Some(live @ None) = state.live.get_mut(probe)
        {
            *live = Some(system::now());
            self.changed.notify_waiters();
        }
    }

    /// Waits until everybody is live with something born after `since`, at most
    /// `within`, and tells how long each took.
    pub(crate) async fn all_live(&self, since: Moment, within: Duration) -> Vec<Resumed> {
        {
            let mut state = self.lock();
            state.since = Some(since);
            state.live.iter_mut().for_each(|live| *live = None);
        }
        let everybody = async {
            loop {
                let changed = self.changed.notified();
                if self.lock().live.iter().all(Option::is_some) {
                    return;
                }
                changed.await;
            }
        };
        // Whoever is missing then is told below.
        let _ = tokio::time::timeout(within, everybody).await;
        let state = self.lock();
        let after = |live: Option<Moment>| live.map(|live| (live - since).to_std().unwrap_or_default());
        let resumed = state.names.iter().zip(&state.live);
        resumed.map(|(who, live)| Resumed { who: who.clone(), after: after(*live) }).collect()
    }

    fn lock(&self) -> MutexGuard<'_, ProbeState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
