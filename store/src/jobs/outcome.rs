//! Logging and counting of failed jobs.

use domain::Failure;
use graphile_worker::WorkerContext;

use super::AfterLast;

pub(super) fn failures(parked: &'static str) -> metrics::Counter {
    metrics::counter!("jobs_failed_total", "parked" => parked)
}

pub(super) fn failures_of(subscriber: &str, parked: &'static str) -> metrics::Counter {
    metrics::counter!("subscriber_failures_total", "subscriber" => subscriber.to_owned(), "parked" => parked)
}

/// What happens to a job that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failed {
    TriedAgain,
    Parked,
    Dropped,
}

impl Failed {
    pub(super) fn is_parked(self) -> &'static str {
        if self == Self::Parked { "true" } else { "false" }
    }
}

/// Logs and counts a failure, and returns what happens to the job; `None` if it succeeded.
pub(super) fn outcome(
    context: &WorkerContext,
    what: &str,
    done: &Result<(), Failure>,
    after_last: AfterLast,
) -> Option<Failed> {
    let Err(failure) = done else {
        tracing::debug!(%what, "a job is done");
        return None;
    };
    let (attempt, last) = (*context.job().attempts(), *context.job().max_attempts());
    let failed = match after_last {
        _ if attempt < last => Failed::TriedAgain,
        AfterLast::Park => Failed::Parked,
        AfterLast::Drop => Failed::Dropped,
    };
    match failed {
        Failed::TriedAgain => {
            tracing::warn!(%what, attempt, %failure, "a job failed and will be tried again");
        }
        Failed::Parked => {
            tracing::error!(%what, attempt, %failure, "a job is parked after its last attempt");
        }
        Failed::Dropped => {
            tracing::error!(%what, attempt, %failure, "a job is dropped after its last attempt");
        }
    }
    failures(failed.is_parked()).increment(1);
    Some(failed)
}
