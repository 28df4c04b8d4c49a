//! What a subscriber acts on.

use std::sync::Arc;

use domain::EventKind;
use store::journal::Recorded;

/// An event of one noun, as a subscriber gets it.
#[derive(Clone, Debug)]
pub struct Reaction<K: EventKind> {
    /// The entity that the event is of.
    pub id: K::Id,
    /// What happened.
    pub kind: K,
    /// The event as it stands in the journal.
    pub event: Arc<Recorded>,
}
