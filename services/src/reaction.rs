//! The input of a subscriber.

use std::sync::Arc;

use domain::EventKind;
use store::journal::Recorded;

/// An event of one noun, as a subscriber receives it.
#[derive(Clone, Debug)]
pub struct Reaction<K: EventKind> {
    /// The entity of the event.
    pub id: K::Id,
    /// The kind of event.
    pub kind: K,
    /// The event as recorded in the journal.
    pub event: Arc<Recorded>,
}
