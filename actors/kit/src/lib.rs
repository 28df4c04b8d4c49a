//! Virtual entities over ractor: always addressable, activated by their first command, passivated
//! when idle, and activated again by the next command after a crash.
//!
//! ```text
//!          call/cast                     idle for `Limits::idle`
//!   ○ ───────────────▶ active ───────────────────────────────▶ ○
//!                        │ panic
//!                        ▼
//!   ○ ◀───────────── removed ──▶ quarantined (too many crashes) ──▶ ○
//! ```
//!
//! Invariants:
//! 1. At most [`Limits::in_flight_per_entity`] commands wait for one entity and
//!    [`Limits::in_flight`] for all of its kind; any more are refused at once.
//! 2. An entity is passivated only while it has no admitted command.
//! 3. Correctness never depends on there being only one activation: every commit is fenced by the
//!    version ([`decide`]).
//!
//! A crash loses the commands in the entity's mailbox; their callers get an error that means
//! "outcome unknown". Committed state is loaded again.

mod counter;
mod entity;
mod fence;
mod group_commit;
mod kind_supervisor;
mod load;
mod report;
mod worker;

#[cfg(test)]
mod report_tests;
#[cfg(test)]
mod tests;

pub use counter::{Counter, HighWaterMark};
pub use entity::{Entities, Entity, Reply};
pub use fence::{Decision, Fenced, conflicts, decide};
pub use group_commit::GroupCommit;
pub use kind_supervisor::{CrashReport, Root};
pub use load::Limits;
pub use report::{KindReport, Quarantined};
pub use worker::{WorkerReport, WorkerState, Workers};
