//! What happened: the facts that decisions leave behind.

use serde_json::Value;

/// A fact of one entity, as it is remembered and told to whoever listens.
///
/// `kind` is the name on the wire: noun, dot, past tense (`order.accepted`).
/// It is stable for ever; `data` may gain fields.
pub trait Event {
    /// The name on the wire.
    fn kind(&self) -> &'static str;

    /// What listeners are told. Never holds what only some of them may see.
    fn data(&self) -> Value;
}
