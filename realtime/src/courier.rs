//! Batches of fixes between one socket and the position log.
//!
//! Batches are stored concurrently and acknowledged in the order in which they came. An ack covers
//! everything before it in its track. So after a batch that could not be stored, nothing of its
//! track is acknowledged until the device has sent that batch again; other tracks continue.

use std::collections::BTreeMap;
use std::task::{Context, Poll};

use domain::tracking::{Batch, RawFix, fix};
use domain::{CourierId, Failure, Kind, Timestamp};
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesOrdered;
use metrics::Histogram;
use services::App;
use tokio::time::Instant;

use crate::commands::{self, Kept};
use crate::frame::{Fix, Problem, ServerFrame};
use hub::{ConnectionGuard, FixCount, SocketLimits as Limits};

/// The most tracks with a missing batch that a socket keeps. A phone has two tracks: one for
/// current fixes and one for delayed ones.
const TRACKS_LOST_MAX: usize = 64;

/// See the module.
pub(crate) struct Fixes {
    courier: CourierId,
    epoch: u64,
    in_flight: FuturesOrdered<BoxFuture<'static, Arrived>>,
    /// The first fix that was not stored, by track; at most [`TRACKS_LOST_MAX`].
    lost: BTreeMap<i64, i64>,
    acked: Histogram,
}

/// Measures the time from a batch's frame to its acknowledgement.
pub(crate) fn ack_histogram() -> Histogram {
    metrics::histogram!("position_ack_seconds")
}

/// The result of a batch.
pub(crate) struct Arrived {
    reference: Option<String>,
    track: i64,
    first: i64,
    came: Instant,
    outcome: Result<Kept, Failure>,
}

impl Fixes {
    /// For a socket with the session epoch `epoch`.
    pub(crate) fn new(courier: CourierId, epoch: u64) -> Self {
        Self {
            courier,
            epoch,
            in_flight: FuturesOrdered::new(),
            lost: BTreeMap::new(),
            acked: ack_histogram(),
        }
    }

    /// Whether another batch may be read.
    pub(crate) fn has_room(&self, limits: &Limits) -> bool {
        self.in_flight.len() < limits.batches_in_flight
    }

    /// Starts to store a batch.
    pub(crate) fn send(
        &mut self,
        app: &App,
        connection: &ConnectionGuard,
        limits: &Limits,
        reference: Option<String>,
        track: i64,
        fixes: Vec<Fix>,
    ) {
        let (came, first) = (Instant::now(), fixes.first().map_or(0, |fix| fix.seq));
        let count = count(&fixes, limits, app.now());
        let batch = Batch::new(track, fixes.into_iter().map(raw).collect())
            .map_err(Failure::from)
            .and_then(|batch| admit(connection, limits, count).map(|()| batch));
        let (app, courier, epoch) = (app.clone(), self.courier, self.epoch);
        self.in_flight.push_back(Box::pin(async move {
            let outcome = match batch {
                Ok(batch) => commands::keep(&app, courier, epoch, batch).await,
                Err(failure) => Err(failure),
            };
            Arrived { reference, track, first, came, outcome }
        }));
    }

    /// The result of the oldest batch, once it is there.
    pub(crate) fn poll_arrived(&mut self, cx: &mut Context<'_>) -> Poll<Arrived> {
        match self.in_flight.poll_next_unpin(cx) {
            Poll::Ready(Some(arrived)) => Poll::Ready(arrived),
            _ => Poll::Pending,
        }
    }

    /// The answer to a batch; `Nothing` while an earlier one of its track is missing.
    pub(crate) fn answer(&mut self, arrived: Arrived) -> Answer {
        let Arrived { reference, track, first, came, outcome } = arrived;
        match outcome {
            Ok(Kept { seq, rejected }) => {
                if self.lost.get(&track).is_some_and(|from| first > *from) {
                    return Answer::Nothing;
                }
                self.lost.remove(&track);
                self.acked.record(came.elapsed());
                Answer::Say(ServerFrame::Ack { track, seq, rejected })
            }
            Err(Failure::Refused(refused)) if refused.code == "superseded" => Answer::Superseded,
            Err(failure) => {
                let malformed = matches!(&failure, Failure::Refused(no) if no.kind == Kind::Invalid);
                let limited = matches!(&failure, Failure::Refused(no) if no.kind == Kind::Limited);
                if !malformed {
                    let from = self.lost.entry(track).or_insert(first);
                    *from = first.min(*from);
                }
                if self.lost.len() > TRACKS_LOST_MAX {
                    return Answer::TooManyTracks;
                }
                Answer::Refuse { reference, problem: failure.into(), counts: malformed || limited }
            }
        }
    }
}

/// The answer to a batch.
pub(crate) enum Answer {
    /// Send this frame.
    Say(ServerFrame<'static>),
    /// Refuse the batch; `counts` against the session's violation budget.
    Refuse {
        /// The frame's `ref`.
        reference: Option<String>,
        /// The reason.
        problem: Problem,
        /// Whether the client violated a limit or the format.
        counts: bool,
    },
    /// No answer: the device will send it again.
    Nothing,
    /// Too many tracks miss a batch: nothing can be acknowledged any more.
    TooManyTracks,
    /// A newer socket has taken the courier's epoch.
    Superseded,
}

/// How many of the fixes are current, and how many delayed.
fn count(fixes: &[Fix], limits: &Limits, now: Timestamp) -> FixCount {
    let old_since = now - limits.old_fix_after;
    let old = fixes.iter().filter(|fix| fix.at < old_since).count();
    let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
    FixCount { fresh: number(fixes.len() - old), old: number(old) }
}

fn admit(connection: &ConnectionGuard, limits: &Limits, count: FixCount) -> Result<(), Failure> {
    connection.take_fixes(count, limits, Instant::now()).map_err(|wait| {
        let secs = u32::try_from(wait.as_secs() + 1).unwrap_or(u32::MAX);
        let (fresh, old) = (limits.fixes_per_sec, limits.old_fixes_per_sec);
        let detail =
            format!("More than {fresh} fixes a second, or {old} that waited; send them again later.");
        fix::too_many_fixes(fresh, old).because(detail).after(secs).into()
    })
}

fn raw(fix: Fix) -> RawFix {
    RawFix {
        seq: fix.seq,
        at: fix.at,
        lat: fix.lat,
        lon: fix.lon,
        accuracy_m: fix.accuracy_m,
        speed_mps: fix.speed_mps,
        heading_deg: fix.heading_deg,
    }
}

#[cfg(test)]
mod tests {
    use domain::Refused;

    use super::*;

    fn arrived(first: i64, last: i64, kept: bool) -> Arrived {
        of_track(1, first, last, kept)
    }

    fn of_track(track: i64, first: i64, last: i64, kept: bool) -> Arrived {
        let outcome = if kept {
            Ok(Kept { seq: last, rejected: BTreeMap::new() })
        } else {
            Err(Refused::unavailable(1).into())
        };
        Arrived { reference: None, track, first, came: Instant::now(), outcome }
    }

    fn acked(answer: &Answer) -> Option<i64> {
        match answer {
            Answer::Say(ServerFrame::Ack { seq, .. }) => Some(*seq),
            _ => None,
        }
    }

    #[test]
    fn nothing_after_a_lost_batch_is_acknowledged_until_it_was_sent_again() {
        let mut fixes = Fixes::new(CourierId(uuid::Uuid::nil()), 1);
        let seen: Vec<_> = [(1, 5, true), (6, 9, false), (10, 12, true), (6, 12, true), (13, 13, true)]
            .map(|(first, last, kept)| acked(&fixes.answer(arrived(first, last, kept))))
            .to_vec();
        assert_eq!(seen, [Some(5), None, None, Some(12), Some(13)]);
    }

    #[test]
    fn what_a_track_lost_is_its_own_matter() {
        let mut fixes = Fixes::new(CourierId(uuid::Uuid::nil()), 1);
        let mut seen = |track, first, last, kept| acked(&fixes.answer(of_track(track, first, last, kept)));
        assert_eq!(seen(1, 1, 5, false), None);
        assert_eq!(seen(2, 1, 5, false), None, "a second track loses something as well");
        assert_eq!(seen(3, 6, 9, true), Some(9), "a third one goes on");
        assert_eq!(seen(1, 6, 9, true), None);
        assert_eq!(seen(2, 6, 9, true), None);
        assert_eq!(seen(2, 1, 9, true), Some(9));
        assert_eq!(seen(1, 6, 9, true), None, "the first one still misses its own");
        assert_eq!(seen(1, 1, 9, true), Some(9));
        let tracks = 10..10 + i64::try_from(TRACKS_LOST_MAX).unwrap();
        tracks.clone().for_each(|track| drop(fixes.answer(of_track(track, 1, 5, false))));
        let beyond = fixes.answer(of_track(tracks.end, 1, 5, false));
        assert!(matches!(beyond, Answer::TooManyTracks));
    }
}
