//! Virtual entities over ractor: always addressable, activated by their first
//! command, passivated when idle, gone after a crash and back with the next.
//!
//! ```text
//!          ask/tell                     idle for `Limits::idle`
//!   ○ ───────────────▶ active ───────────────────────────────▶ ○
//!                        │ panic
//!                        ▼
//!   ○ ◀──────────── forgotten ──▶ quarantined (too many crashes) ──▶ ○
//! ```
//!
//! Invariants:
//! 1. At most [`Limits::in_flight_per_entity`] commands wait for one entity and
//!    [`Limits::in_flight`] for all of its kind; the next is refused at once.
//! 2. An entity is passivated only while no command is admitted for it.
//! 3. Correctness never rests on there being one activation: every commit is
//!    fenced by the version ([`decide`]).
//!
//! A crash loses the commands in the entity's mailbox; their callers are told
//! that the outcome is not known. Committed state is loaded again.

mod entity;
mod fence;
mod group;
mod keeper;
mod load;
mod report;
mod tally;
mod worker;

#[cfg(test)]
mod report_tests;
#[cfg(test)]
mod tests;

pub use entity::{Entities, Entity, Reply};
pub use fence::{Decision, Fenced, conflicts, decide};
pub use group::Groups;
pub use keeper::{CrashReport, Root};
pub use load::Limits;
pub use report::{KindReport, Quarantined};
pub use tally::{Peak, Tally};
pub use worker::{WorkerReport, WorkerState, Workers};
