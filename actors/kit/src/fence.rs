//! One outcome, whoever commits first.

use std::future::Future;

use domain::{Failure, Timestamp};
use store::StoreError;

use super::{Counter, Entity};

/// How often a decision is made anew because another activation committed
/// first. Every round somebody wins, so losing this often means trouble.
const ROUNDS: usize = 8;

/// An entity whose commits are fenced by its version. It counts its
/// [`conflicts`](Entity::conflicts).
pub trait Fenced: Entity {
    /// The facts that its decisions leave behind.
    type Event: Send + Sync;

    /// Reads the entity as it was last committed.
    fn load(&self, id: Self::Id) -> impl Future<Output = Result<Self::State, Failure>> + Send;

    /// Commits `after`, decided from `before`, with its events, in one
    /// transaction that finds `before`'s version or fails with
    /// [`StoreError::Conflict`].
    fn commit(
        &self,
        before: &Self::State,
        after: &Self::State,
        events: &[Self::Event],
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Where the lost commits of a kind are counted.
pub fn conflicts(kind: &'static str) -> Counter {
    Counter::new(metrics::counter!("entity_conflicts_total", "kind" => kind))
}

/// The next state and the events that lead there. No events: nothing to commit.
pub type Decision<E> = (<E as Entity>::State, Vec<<E as Fenced>::Event>);

/// Decides on the current state and commits. Where another activation was
/// faster, loads and decides again, so the caller sees one outcome. Returns the
/// state that now stands, and the events of this decision.
///
/// A state that was kept may be old: another process may have committed since.
/// A commit finds out by itself; a refusal, or that there is nothing to do, is
/// believed only on what the store says now.
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
        // Taken out: if this is cancelled half-way, nothing half-known stays.
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
            // It may have been committed all the same: what stands is read next time.
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::Conflict.into())
}
