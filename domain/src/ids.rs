//! One type for each kind of id, so that the id of a quote cannot be used for an order.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The text is not a UUID in its hyphenated form.
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
                // Only the hyphenated form of 36 characters is accepted.
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
    /// A person with an account, in any role.
    UserId;
    /// A signed-in device (the token's `sid`).
    SessionId;
    /// One of the ways by which an account's person is recognised.
    IdentityId;
    /// A program that calls us in its own name.
    ServiceClientId;
    /// One of a user's delivery addresses.
    AddressId;
    /// A restaurant.
    RestaurantId;
    /// An application to open or change a restaurant.
    ApplicationId;
    /// A heading of a menu ("치킨", "사이드").
    MenuGroupId;
    /// A dish.
    MenuId;
    /// A group of options of a dish ("맵기").
    OptionGroupId;
    /// One option of such a group ("아주 매운맛").
    OptionId;
    /// One line of a cart or an order.
    LineId;
    /// A quote: a cart with a guaranteed price.
    QuoteId;
    /// An order; its delivery has the same id.
    OrderId;
    /// What was taken out of an order at a time; its refund has the same id.
    CancellationId;
    /// What was given back of an order at a time once it had arrived; its refund has the same id.
    AdjustmentId;
    /// A payment of an order.
    PaymentId;
    /// A refund of a payment, or of a part of it.
    RefundId;
    /// A saved means of payment.
    MethodId;
    /// A customer's way through the payment gateway's window, to save a means of payment.
    RegistrationId;
    /// An issue of coupons.
    CampaignId;
    /// A customer's coupon.
    CouponId;
    /// Points that were given at a time; of an order that earned them, the order's id.
    LotId;
    /// A courier: the id of the user who has that role.
    CourierId;
    /// A delivery offered to one courier.
    OfferId;
    /// A conversation between a customer and the support desk.
    ConversationId;
    /// A message in a conversation.
    MessageId;
    /// The id that a message's sender gave it before sending.
    ClientMessageId;
    /// A frequently asked question.
    FaqId;
}

impl From<UserId> for CourierId {
    fn from(id: UserId) -> Self {
        Self(id.0)
    }
}

impl From<CancellationId> for RefundId {
    fn from(id: CancellationId) -> Self {
        Self(id.0)
    }
}

impl From<AdjustmentId> for RefundId {
    fn from(id: AdjustmentId) -> Self {
        Self(id.0)
    }
}

impl From<CourierId> for UserId {
    fn from(id: CourierId) -> Self {
        Self(id.0)
    }
}
