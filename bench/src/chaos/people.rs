//! What the people under load share: where they note things, and how they insist.

use std::future::Future;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::de::DeserializeOwned;
use sim::api::{Api, ApiError, Asked, Request};
use sim::frame::Say;
use sim::socket::{AskError, ReconnectPolicy};
use sim::{Line, Socket, system};
use tokio::sync::watch;

use super::ledger::Ledger;
use super::recovery_probe::RecoveryProbes;

/// An answer that takes longer than this is taken for lost, and asked for again.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(60);

/// The phase of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Everybody is busy.
    Load,
    /// Nothing new is begun; what was begun is brought to its end.
    Settle,
    /// Couriers and talkers end, too.
    Close,
}

/// What all of them share.
pub(crate) struct Yard {
    pub(crate) ledger: Ledger,
    pub(crate) probes: RecoveryProbes,
    pub(crate) phase: watch::Receiver<Phase>,
    /// Bumped whenever the couriers are to take a second phone.
    pub(crate) phones: watch::Receiver<u64>,
    pub(crate) seed: u64,
}

impl Yard {
    pub(crate) fn is(&self, phase: Phase) -> bool {
        *self.phase.borrow() >= phase
    }

    /// Somebody's own dice.
    pub(crate) fn dice(&self, who: &str) -> StdRng {
        let own =
            who.bytes().fold(self.seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        StdRng::seed_from_u64(own)
    }

    /// A socket that comes back at once, and then in short steps.
    pub(crate) fn socket(&self, api: &Api, who: &str) -> Socket {
        let (first, most) = (Duration::from_millis(40), Duration::from_millis(320));
        // Not the yard's seed: a second phone must not take the first one's track.
        let seed = self.dice(who).random::<u64>() ^ system::luck();
        Socket::open(&hurried(api), ReconnectPolicy { reconnect: true, first, most, seed })
    }
}

/// The same person, who does not wait long for an answer.
pub(crate) fn hurried(api: &Api) -> Api {
    api.hurried(ANSWER_WITHIN)
}

/// Sends a request again and again, under one key, until it is decided.
pub(crate) async fn insist<T: DeserializeOwned>(api: &Api, make: impl Fn() -> Request<'static>) -> Asked<T> {
    let (api, key) = (hurried(api), system::fresh_id());
    loop {
        match api.ask(make().key(key)).await {
            Err(failure) if !is_decided(&failure) => tokio::time::sleep(PAUSE).await,
            decided => return decided,
        }
    }
}

/// The same over a socket, for frames that may be sent again.
pub(crate) async fn insist_on(line: &Line, say: impl Fn() -> Say) -> Result<serde_json::Value, AskError> {
    loop {
        match line.ask(say()).await {
            Err(AskError::Lost | AskError::Late) => {}
            Err(AskError::Refused(problem)) if !is_a_decision(&problem.kind) => {}
            decided => return decided,
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Looks until `found` gives something, or `within` is over.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(
    within: Duration,
    mut found: impl FnMut() -> F,
) -> Option<T> {
    let looking = async {
        loop {
            if let Some(found) = found().await {
                return found;
            }
            tokio::time::sleep(PAUSE * 4).await;
        }
    };
    tokio::time::timeout(within, looking).await.ok()
}

fn is_decided(failure: &ApiError) -> bool {
    match failure {
        ApiError::Refused { problem, .. } => {
            (400..500).contains(&problem.status) && problem.status != 429 && is_a_decision(&problem.kind)
        }
        ApiError::Unexpected { status, .. } => status.is_success(),
        ApiError::Transport(_) => false,
        ApiError::SignedOut | ApiError::NotAUrl(_) => true,
    }
}

/// Whether a problem is final for this request, rather than temporary.
fn is_a_decision(problem: &str) -> bool {
    !matches!(
        problem,
        "conflict"
            | "idempotency.in_progress"
            | "unavailable"
            | "overloaded"
            | "timeout"
            | "crashed"
            | "quarantined"
            | "internal"
    )
}
