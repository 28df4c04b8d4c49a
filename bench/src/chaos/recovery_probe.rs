//! Who is live again after a fault: every client has a pulse, which beats when
//! something that was born after the fault's end has come all the way through.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sim::responses::Moment;
use sim::system;
use tokio::sync::Notify;

/// One client's place.
pub(crate) type Place = usize;

/// See the module.
#[derive(Default)]
pub(crate) struct Pulses {
    beats: Mutex<Beats>,
    beaten: Notify,
}

#[derive(Default)]
struct Beats {
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

impl Pulses {
    /// Adds a client.
    pub(crate) fn enter(&self, name: impl Into<String>) -> Place {
        let mut beats = self.lock();
        beats.names.push(name.into());
        beats.live.push(None);
        beats.names.len() - 1
    }

    /// Something that was born then has come through.
    pub(crate) fn beat(&self, place: Place, born: Moment) {
        let mut beats = self.lock();
        if beats.since.is_some_and(|since| born >= since)
            && let Some(live @ None) = beats.live.get_mut(place)
        {
            *live = Some(system::now());
            self.beaten.notify_waiters();
        }
    }

    /// Waits until everybody is live with something born after `since`, at most
    /// `within`, and tells how long each took.
    pub(crate) async fn all_live(&self, since: Moment, within: Duration) -> Vec<Resumed> {
        {
            let mut beats = self.lock();
            beats.since = Some(since);
            beats.live.iter_mut().for_each(|live| *live = None);
        }
        let everybody = async {
            loop {
                let beaten = self.beaten.notified();
                if self.lock().live.iter().all(Option::is_some) {
                    return;
                }
                beaten.await;
            }
        };
        // Whoever is missing then is told below.
        let _ = tokio::time::timeout(within, everybody).await;
        let beats = self.lock();
        let after = |live: Option<Moment>| live.map(|live| (live - since).to_std().unwrap_or_default());
        let resumed = beats.names.iter().zip(&beats.live);
        resumed.map(|(who, live)| Resumed { who: who.clone(), after: after(*live) }).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Beats> {
        self.beats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
