//! What happened: the facts that decisions leave behind.

use serde_json::Value;

use crate::Audience;

/// A fact of one entity, as it is remembered and told to whoever listens.
///
/// `kind` is the name on the wire: noun, dot, past tense (`order.accepted`).
/// It is stable for ever; `data` may gain fields.
pub trait Event {
    /// The name on the wire.
    fn kind(&self) -> &'static str;

    /// What listeners are told.
    fn data(&self) -> Value;

    /// Who hears it.
    fn audience(&self) -> Audience {
        Audience::EVERYONE
    }
}
