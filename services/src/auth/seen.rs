//! Which access tokens have been seen in use: by the first of a refresh it is known that its
//! response arrived, so that the refresh token before it is good no longer.
//!
//! Verification only adds to a list in memory; a worker writes the list each second, in one
//! statement. What is lost with a process is noted by the next one that sees the token; until
//! then the refresh token before it stays good.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::{Failure, SessionId, Timestamp};
use store::auth::Sight;

use crate::App;
use crate::module::Stopping;

/// The interval between two writes.
const EVERY: Duration = Duration::from_secs(1);

/// Sessions that may wait to be written; while the store is away for longer, others are not noted.
const WAITING: usize = 200_000;

/// The newest generation of each session that was seen and is not written yet.
#[derive(Default)]
pub(super) struct Seen(Mutex<HashMap<SessionId, Sight>>);

impl Seen {
    /// Notes that an access token of this generation was seen at `at`.
    pub(super) fn note(&self, session: SessionId, generation: u32, at: Timestamp) {
        // The token of the sign-in itself: nothing is before it.
        if generation > 0 {
            self.keep(Sight { session, generation, at });
        }
    }

    fn keep(&self, sight: Sight) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = waiting.len() >= WAITING;
        match waiting.get_mut(&sight.session) {
            Some(known) if known.generation < sight.generation => *known = sight,
            Some(known) if known.generation == sight.generation => known.at = known.at.min(sight.at),
            Some(_) => {}
            None if is_full => {}
            None => drop(waiting.insert(sight.session, sight)),
        }
    }

    fn take(&self) -> Vec<Sight> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_values().collect()
    }
}

/// Writes what was seen.
pub(super) async fn flush(app: &App) -> Result<(), Failure> {
    let sights = app.identity.seen.take();
    if sights.is_empty() {
        return Ok(());
    }
    let written = store::auth::note_seen(&app.store, &sights).await;
    if written.is_err() {
        sights.into_iter().for_each(|sight| app.identity.seen.keep(sight));
    }
    Ok(written?)
}

/// Writes each second until `stopping`, and then once more.
pub(crate) async fn follow(app: App, mut stopping: Stopping) -> Result<(), Failure> {
    loop {
        tokio::select! {
            () = tokio::time::sleep(EVERY) => flush(&app).await?,
            () = &mut stopping => return flush(&app).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + secs, 0).unwrap()
    }

    #[test]
    fn the_first_sight_of_the_newest_generation_is_kept() {
        let (seen, session) = (Seen::default(), SessionId(Uuid::from_u128(1)));
        for (generation, secs) in [(0, 0), (2, 5), (1, 6), (2, 7), (2, 4), (3, 9), (2, 10)] {
            seen.note(session, generation, at(secs));
        }
        assert_eq!(seen.take(), [Sight { session, generation: 3, at: at(9) }]);
        assert_eq!(seen.take(), []);
        seen.note(session, 2, at(5));
        seen.note(session, 2, at(4));
        assert_eq!(seen.take(), [Sight { session, generation: 2, at: at(4) }]);
        seen.note(session, 0, at(0));
        assert_eq!(seen.take(), [], "nothing comes before a sign-in");
    }
}
