//! Retries a transaction that conflicted with another commit.

use domain::Failure;
use store::StoreError;

/// The most attempts. Some transaction wins each round, so more conflicts indicate a problem.
const ROUNDS: usize = 8;

/// Runs `attempt`, again after each conflict with another commit.
pub(crate) async fn retried<T, F>(attempt: impl Fn() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    for _ in 0..ROUNDS {
        match attempt().await {
            Err(Failure::Refused(refused)) if refused.code == "conflict" => {}
            outcome => return outcome,
        }
    }
    Err(StoreError::Conflict.into())
}
