//! The channels that clients can subscribe to.

use std::fmt;
use std::str::FromStr;

use crate::{Cell, ConversationId, CourierId, OrderId, RestaurantId, UserId};

/// A stream that sockets subscribe to. On the wire: `kind:key`, or `kind` alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Channel {
    /// One delivery: its events and the courier's position.
    Delivery(OrderId),
    /// One order's events.
    Order(OrderId),
    /// All orders of a restaurant, for its board.
    Merchant(RestaurantId),
    /// What customers see change of a restaurant.
    Restaurant(RestaurantId),
    /// One courier's offers and assignments.
    Courier(CourierId),
    /// A customer's cart, on all of their devices.
    Cart(UserId),
    /// One conversation.
    Chat(ConversationId),
    /// The support desk: queue, assignments, agents present.
    Desk,
    /// A person's notifications.
    Inbox(UserId),
    /// System alerts.
    Alerts,
    /// Couriers within one H3 cell.
    Map(Cell),
}

/// The text is not the name of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such channel")]
pub struct NotAChannel;

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Channel::Delivery(id) => write!(f, "delivery:{id}"),
            Channel::Order(id) => write!(f, "order:{id}"),
            Channel::Merchant(id) => write!(f, "merchant:{id}"),
            Channel::Restaurant(id) => write!(f, "restaurant:{id}"),
            Channel::Courier(id) => write!(f, "courier:{id}"),
            Channel::Cart(id) => write!(f, "cart:{id}"),
            Channel::Chat(id) => write!(f, "chat:{id}"),
            Channel::Desk => f.write_str("desk"),
            Channel::Inbox(id) => write!(f, "inbox:{id}"),
            Channel::Alerts => f.write_str("alerts"),
            Channel::Map(cell) => write!(f, "map:{cell}"),
        }
    }
}

impl FromStr for Channel {
    type Err = NotAChannel;

    fn from_str(text: &str) -> Result<Self, NotAChannel> {
        fn id<T: FromStr>(text: &str) -> Result<T, NotAChannel> {
            text.parse().map_err(|_| NotAChannel)
        }
        match text.split_once(':') {
            None if text == "desk" => Ok(Channel::Desk),
            None if text == "alerts" => Ok(Channel::Alerts),
            Some(("delivery", key)) => id(key).map(Channel::Delivery),
            Some(("order", key)) => id(key).map(Channel::Order),
            Some(("merchant", key)) => id(key).map(Channel::Merchant),
            Some(("restaurant", key)) => id(key).map(Channel::Restaurant),
            Some(("courier", key)) => id(key).map(Channel::Courier),
            Some(("cart", key)) => id(key).map(Channel::Cart),
            Some(("chat", key)) => id(key).map(Channel::Chat),
            Some(("inbox", key)) => id(key).map(Channel::Inbox),
            Some(("map", key)) => id(key).map(Channel::Map),
            _ => Err(NotAChannel),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_survives_being_written_and_read() {
        let id = "01920000-0000-7000-8000-000000000001";
        for text in
            [format!("delivery:{id}"), format!("cart:{id}"), "desk".into(), "map:8630e0347ffffff".into()]
        {
            assert_eq!(text.parse::<Channel>().unwrap().to_string(), text);
        }
        for text in ["", "desk:", "order", "order:", "order:1", "nothing:1", "map:zz", "map:8a30e1d8"] {
            assert_eq!(text.parse::<Channel>(), Err(NotAChannel), "{text}");
        }
    }
}
