//! Events: the facts that result from decisions.

use serde_json::Value;

use crate::{Audience, Channel};

/// A fact about one entity, as it is stored and published to subscribers.
///
/// `kind` is the name on the wire: noun, dot, past tense (`order.accepted`).
/// It never changes; `data` may gain fields.
pub trait Event {
    /// The name on the wire.
    fn kind(&self) -> &'static str;

    /// The payload for subscribers.
    fn data(&self) -> Value;

    /// Who receives it.
    fn audience(&self) -> Audience {
        Audience::EVERYONE
    }
}

/// The kinds of events of one noun, which other nouns can subscribe to. Only events in the
/// noun's own channels count, not their copies in other feeds.
pub trait EventKind: Copy + PartialEq + Send + Sync + 'static {
    /// The id of the entity to which a channel belongs.
    type Id: Send + 'static;

    /// The name on the wire.
    fn as_str(self) -> &'static str;

    /// The kind with that name, if it is one of these.
    fn parse(name: &str) -> Option<Self>;

    /// The entity to which the channel belongs, if it is one of the noun's own.
    fn entity(channel: &Channel) -> Option<Self::Id>;

    /// Its effect on the subscribers of the entity's channel.
    fn effect(self) -> ChannelEffect;

    /// The effect of the event with that name on the subscribers of the entity's channel.
    fn effect_of(name: &str) -> ChannelEffect {
        Self::parse(name).map_or(ChannelEffect::Continue, Self::effect)
    }
}

/// The effect of an event on the subscribers of its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelEffect {
    /// None; the subscriptions continue.
    Continue,
    /// It was the last event: the subscriptions end, with this reason.
    Close(&'static str),
    /// Permissions may have changed: each subscriber is authorised again.
    Reauthorize,
}

/// Defines an [`EventKind`], so that each name on the wire is written once, together with
/// its words and its effect on subscribers (none, if omitted):
/// `Kind(parameter, …) = "noun.name": "Korean", "English" => Effect,`.
macro_rules! event_kinds {
    (@effect) => { $crate::ChannelEffect::Continue };
    (@effect $effect:expr) => {{
        use $crate::ChannelEffect::*;
        $effect
    }};
    ($(#[$doc:meta])* $kinds:ident of $channel:ident($id:ty) {
        $($kind:ident$(($($param:ident),*))? = $name:literal: $ko:literal, $en:literal $(=> $effect:expr)?,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $kinds {
            $(#[doc = concat!("`", $name, "`")] $kind,)*
        }

        impl $kinds {
            /// The words of each kind.
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
                match self { $(Self::$kind => $crate::event::event_kinds!(@effect $($effect)?),)* }
            }
        }
    };
}

pub(crate) use event_kinds;
