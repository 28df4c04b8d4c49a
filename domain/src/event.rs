//! What happened: the facts that decisions leave behind.

use serde_json::Value;

use crate::{Audience, Channel};

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

/// The kinds of events of one noun: what other nouns subscribe to. They stand in the
/// noun's own channels; what a feed repeats of them is not subscribed to.
pub trait EventKind: Copy + PartialEq + Send + Sync + 'static {
    /// Identifies the entity that a channel is of.
    type Id: Send + 'static;

    /// The name on the wire.
    fn as_str(self) -> &'static str;

    /// The kind of that name, if it is one of these.
    fn parse(name: &str) -> Option<Self>;

    /// The entity whose channel this is, if it is one of the noun's own.
    fn entity(channel: &Channel) -> Option<Self::Id>;

    /// What it does to those who follow the entity's channel.
    fn effect(self) -> ChannelEffect;

    /// What an event of that name does to those who follow the entity's channel.
    fn effect_of(name: &str) -> ChannelEffect {
        Self::parse(name).map_or(ChannelEffect::Continue, Self::effect)
    }
}

/// What an event does to those who follow its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelEffect {
    /// They go on.
    Continue,
    /// It was the last one; all are told this reason.
    Close(&'static str),
    /// Who may see the entity may have changed: all are authorised again.
    Reauthorize,
}

/// Writes an [`EventKind`], so that each name on the wire stands once, with what it says to
/// people and what it does to those who follow the channel (nothing, if nothing stands there):
/// `Kind(parameter, …) = "noun.name": "Korean", "English" => Effect,`.
macro_rules! event_kinds {
    (@effect) => { $crate::ChannelEffect::Continue };
    (@effect $effect:expr) => { $effect };
    ($(#[$doc:meta])* $kinds:ident of $channel:ident($id:ty) {
        $($kind:ident$(($($param:ident),*))? = $name:literal: $ko:literal, $en:literal $(=> $effect:expr)?,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $kinds {
            $(#[doc = concat!("`", $name, "`")] $kind,)*
        }

        impl $kinds {
            /// What each kind says to people.
            pub(crate) const WORDS: &[$crate::Words] = &[$(
                $crate::Words { code: $name, params: &[$($(stringify!($param)),*)?], ko: $ko, en: $en },
            )*];
        }

        impl $crate::EventKind for $kinds {
            type Id = $id;

            fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$kind),)* _ => None }
            }

            fn entity(channel: &$crate::Channel) -> Option<$id> {
                match channel { $crate::Channel::$channel(id) => Some(*id), _ => None }
            }

            fn effect(self) -> $crate::ChannelEffect {
                use $crate::ChannelEffect::*;
                match self { $(Self::$kind => $crate::event::event_kinds!(@effect $($effect)?),)* }
            }
        }
    };
}

pub(crate) use event_kinds;
