//! One type for each kind of id, so that an order can't be asked for by a cart's.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The text is no UUID in its hyphenated form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID in its hyphenated form")]
pub struct NotAnId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                // One id has one spelling: hyphenated, 36 characters.
                match Uuid::try_parse(text) {
                    Ok(id) if text.len() == 36 => Ok(Self(id)),
                    _ => Err(NotAnId),
                }
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Uuid {
                id.0
            }
        }
    )*};
}

ids! {
    /// A person with an account, whatever their roles.
    UserId;
    /// A signed-in device (the token's `sid`).
    SessionId;
    /// One of a user's delivery addresses.
    AddressId;
    /// A restaurant.
    RestaurantId;
    /// A heading of a menu ("치킨", "사이드").
    MenuGroupId;
    /// A dish.
    MenuId;
    /// A choice that a dish asks for ("맵기").
    OptionGroupId;
    /// One answer to such a choice ("아주 매운맛").
    OptionId;
    /// One line of a cart or an order.
    LineId;
    /// A price that was promised for a while.
    QuoteId;
    /// An order; its delivery carries the same id.
    OrderId;
    /// A payment of an order.
    PaymentId;
    /// Money that goes back, all of a payment or a part.
    RefundId;
    /// A courier: the id of the user who has that role.
    CourierId;
    /// A delivery offered to one courier.
    OfferId;
    /// A conversation between a customer and the support desk.
    ConversationId;
    /// A message in a conversation.
    MessageId;
    /// A message, as its sender named it before it was sent.
    ClientMessageId;
    /// A frequently asked question.
    FaqId;
}

impl From<UserId> for CourierId {
    fn from(id: UserId) -> Self {
        Self(id.0)
    }
}

impl From<CourierId> for UserId {
    fn from(id: CourierId) -> Self {
        Self(id.0)
    }
}
