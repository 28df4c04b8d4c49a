//! A transaction that lost against another one is decided anew.

use domain::Failure;
use store::StoreError;

/// How often that is tried. Every round somebody wins, so losing this often means trouble.
const ROUNDS: usize = 8;

/// Does `attempt`, anew where another commit came first; the caller sees one outcome.
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
