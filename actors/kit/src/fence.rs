//! Optimistic concurrency: when two activations commit, one wins and the other decides again.

use std::future::Future;

use domain::{Failure, Timestamp};
use store::StoreError;

use super::{Counter, Entity};

/// How many times a decision is retried because another activation committed first. Each round has
/// a winner, so losing this often indicates a bug.
const ROUNDS: usize = 8;

/// An entity whose commits are fenced by its version. Its lost commits are counted in
/// [`conflicts`](Entity::conflicts).
pub trait Fenced: Entity {
    /// The events of its decisions.
    type Event: Send + Sync;

    /// Reads the entity as it was last committed.
    fn load(&self, id: Self::Id) -> impl Future<Output = Result<Self::State, Failure>> + Send;

    /// Commits `after`, decided from `before`, with its events, in one transaction. Fails with
    /// [`StoreError::Conflict`] if the stored version is not that of `before`.
    fn commit(
        &self,
        before: &Self::State,
        after: &Self::State,
        events: &[Self::Event],
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// The counter of a kind's lost commits.
pub fn conflicts(kind: &'static str) -> Counter {
    Counter::new(metrics::counter!("entity_conflicts_total", "kind" => kind))
}

/// The next state and the events that lead to it. Without events there is nothing to commit.
pub type Decision<E> = (<E as Entity>::State, Vec<<E as Fenced>::Event>);

/// Decides on the current state and commits. If another activation committed first, loads and
/// decides again, so that the caller sees one outcome. Returns the state after it, and the events
/// of this decision.
///
/// The cached state may be outdated, as another process may have committed since. A commit detects
/// that by its fence; a refusal, or "nothing to do", is decided again on freshly loaded state.
pub async fn decide<E: Fenced>(
    entity: &E,
    id: E::Id,
    slot: &mut Option<E::State>,
    now: Timestamp,
    rule: impl Fn(&E::State) -> Result<Decision<E>, Failure> + Send + Sync,
) -> Result<(E::State, Vec<E::Event>), Failure>
where
    E::State: Clone + Sync,
{
    for _ in 0..ROUNDS {
        // Taken out, so that a cancelled decision leaves no outdated state.
        let (before, kept) = match slot.take() {
            Some(state) => (state, true),
            None => (entity.load(id).await?, false),
        };
        let (after, events) = match rule(&before) {
            Ok((_, events)) if kept && events.is_empty() => continue,
            Err(Failure::Refused(_)) if kept => continue,
            Ok(decision) => decision,
            Err(refusal) => {
                *slot = Some(before);
                return Err(refusal);
            }
        };
        if events.is_empty() {
            *slot = Some(after.clone());
            return Ok((after, events));
        }
        match entity.commit(&before, &after, &events, now).await {
            Ok(()) => {
                *slot = Some(after.clone());
                return Ok((after, events));
            }
            Err(StoreError::Conflict) => {
                if let Some(conflicts) = entity.conflicts() {
                    conflicts.one();
                }
            }
            // It may have been committed all the same: the next command loads the state.
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::Conflict.into())
}
