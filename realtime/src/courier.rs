//! Fixes on their way from one socket to the position log.
//!
//! Batches travel side by side and are acknowledged in the order in which they
//! came. An ack covers everything before it, so after a batch that could not be
//! kept nothing of its track is acknowledged until the device has sent it again.

use std::task::{Context, Poll};

use domain::tracking::{Batch, RawFix};
use domain::{CourierId, Failure, Kind, Refused};
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesOrdered;
use metrics::Histogram;
use services::App;
use tokio::time::Instant;

use crate::commands::{self, Kept};
use crate::frame::{Fix, Problem, ServerFrame};
use services::live::{Place, SocketLimits as Limits};

/// See the module.
pub(crate) struct Fixes {
    courier: CourierId,
    epoch: u64,
    in_flight: FuturesOrdered<BoxFuture<'static, Arrived>>,
    /// The first fix of a batch that was not kept, by track.
    unkept: Option<(i64, i64)>,
    acked: Histogram,
}

/// Measures from a batch's frame to its acknowledgement.
pub(crate) fn ack_histogram() -> Histogram {
    metrics::histogram!("position_ack_seconds")
}

/// What became of a batch.
pub(crate) struct Arrived {
    reference: Option<String>,
    track: i64,
    first: i64,
    came: Instant,
    outcome: Result<Kept, Failure>,
}

impl Fixes {
    /// For a socket that speaks with `epoch`.
    pub(crate) fn new(courier: CourierId, epoch: u64) -> Self {
        Self { courier, epoch, in_flight: FuturesOrdered::new(), unkept: None, acked: ack_histogram() }
    }

    /// Whether another batch may come.
    pub(crate) fn has_room(&self, limits: &Limits) -> bool {
        self.in_flight.len() < limits.batches_in_flight
    }

    /// Sends a batch on its way.
    pub(crate) fn send(
        &mut self,
        app: &App,
        place: &Place,
        limits: &Limits,
        reference: Option<String>,
        track: i64,
        fixes: Vec<Fix>,
    ) {
        let (came, first) = (Instant::now(), fixes.first().map_or(0, |fix| fix.seq));
        let count = u32::try_from(fixes.len()).unwrap_or(u32::MAX);
        let batch = Batch::new(track, fixes.into_iter().map(raw).collect())
            .map_err(Failure::from)
            .and_then(|batch| admit(place, limits, count).map(|()| batch));
        let (app, courier, epoch) = (app.clone(), self.courier, self.epoch);
        self.in_flight.push_back(Box::pin(async move {
            let outcome = match batch {
                Ok(batch) => commands::keep(&app, courier, epoch, batch).await,
                Err(failure) => Err(failure),
            };
            Arrived { reference, track, first, came, outcome }
        }));
    }

    /// The oldest batch, once it has arrived.
    pub(crate) fn poll_arrived(&mut self, cx: &mut Context<'_>) -> Poll<Arrived> {
        match self.in_flight.poll_next_unpin(cx) {
            Poll::Ready(Some(arrived)) => Poll::Ready(arrived),
            _ => Poll::Pending,
        }
    }

    /// The answer to a batch; none while an older one of its track is missing.
    pub(crate) fn answer(&mut self, arrived: Arrived) -> Answer {
        let Arrived { reference, track, first, came, outcome } = arrived;
        match outcome {
            Ok(Kept { seq, rejected }) => {
                match self.unkept {
                    Some((missing, from)) if missing == track && first > from => return Answer::Nothing,
                    Some((missing, _)) if missing == track => self.unkept = None,
                    _ => {}
                }
                self.acked.record(came.elapsed());
                Answer::Say(ServerFrame::Ack { track, seq, rejected })
            }
            Err(Failure::Refused(refused)) if refused.code == "superseded" => Answer::Superseded,
            Err(failure) => {
                let malformed = matches!(&failure, Failure::Refused(no) if no.kind == Kind::Invalid);
                let limited = matches!(&failure, Failure::Refused(no) if no.kind == Kind::Limited);
                if !malformed && self.unkept.is_none_or(|(missing, from)| missing != track || first < from) {
                    self.unkept = Some((track, first));
                }
                Answer::Refuse { reference, problem: failure.into(), counts: malformed || limited }
            }
        }
    }
}

/// What to say about a batch.
pub(crate) enum Answer {
    /// This.
    Say(ServerFrame<'static>),
    /// No; `counts` against the session's patience.
    Refuse {
        /// The frame's own.
        reference: Option<String>,
        /// Why.
        problem: Problem,
        /// Whether the client does wrong.
        counts: bool,
    },
    /// Nothing: the device will send it again.
    Nothing,
    /// A newer socket speaks for the courier.
    Superseded,
}

fn admit(place: &Place, limits: &Limits, count: u32) -> Result<(), Failure> {
    place.take_fixes(count, limits, Instant::now()).map_err(|wait| {
        let secs = u32::try_from(wait.as_secs() + 1).unwrap_or(u32::MAX);
        let detail = format!("More than {} fixes a second; send them again later.", limits.fixes_per_sec);
        let limited = Refused::new("tracking.too_many_fixes", Kind::Limited, detail);
        Refused { retry_after_secs: Some(secs), ..limited }.into()
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
    use std::collections::BTreeMap;

    use super::*;

    fn arrived(first: i64, last: i64, kept: bool) -> Arrived {
        let outcome = if kept {
            Ok(Kept { seq: last, rejected: BTreeMap::new() })
        } else {
            Err(Refused::unavailable("busy", 1).into())
        };
        Arrived { reference: None, track: 1, first, came: Instant::now(), outcome }
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
}
