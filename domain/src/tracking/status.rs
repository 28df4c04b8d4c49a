//! The states of a delivery.

use serde::{Deserialize, Serialize};

/// The state of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// The restaurant has accepted; no courier was asked yet.
    Requested,
    /// It was offered to couriers.
    Offered,
    /// A courier is on the way to the restaurant.
    Assigned,
    /// The courier is at the restaurant and waits for the food.
    AtRestaurant,
    /// The courier has the food.
    PickedUp,
    /// The courier is at the customer's door.
    AtDropoff,
    /// The customer has the food.
    Delivered,
    /// It was cancelled before pickup.
    Cancelled,
    /// It could not be handed over.
    Undeliverable,
    /// The food was returned to the restaurant.
    Returned,
    /// The food was thrown away.
    Disposed,
}

impl DeliveryStatus {
    /// All of them, in the order of a delivery's life.
    pub const ALL: [DeliveryStatus; 11] = [
        DeliveryStatus::Requested,
        DeliveryStatus::Offered,
        DeliveryStatus::Assigned,
        DeliveryStatus::AtRestaurant,
        DeliveryStatus::PickedUp,
        DeliveryStatus::AtDropoff,
        DeliveryStatus::Delivered,
        DeliveryStatus::Cancelled,
        DeliveryStatus::Undeliverable,
        DeliveryStatus::Returned,
        DeliveryStatus::Disposed,
    ];

    /// The name on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            DeliveryStatus::Requested => "requested",
            DeliveryStatus::Offered => "offered",
            DeliveryStatus::Assigned => "assigned",
            DeliveryStatus::AtRestaurant => "at_restaurant",
            DeliveryStatus::PickedUp => "picked_up",
            DeliveryStatus::AtDropoff => "at_dropoff",
            DeliveryStatus::Delivered => "delivered",
            DeliveryStatus::Cancelled => "cancelled",
            DeliveryStatus::Undeliverable => "undeliverable",
            DeliveryStatus::Returned => "returned",
            DeliveryStatus::Disposed => "disposed",
        }
    }

    /// The status with that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether no courier is assigned yet.
    pub fn is_open(self) -> bool {
        matches!(self, DeliveryStatus::Requested | DeliveryStatus::Offered)
    }

    /// Whether a courier is assigned but does not have the food yet.
    pub fn is_before_pickup(self) -> bool {
        matches!(self, DeliveryStatus::Assigned | DeliveryStatus::AtRestaurant)
    }

    /// Whether a courier has the food and has not handed it over yet.
    pub fn is_under_way(self) -> bool {
        matches!(self, DeliveryStatus::PickedUp | DeliveryStatus::AtDropoff)
    }

    /// Whether a courier works on it, so that their position is relevant.
    pub fn is_live(self) -> bool {
        self.is_before_pickup() || self.is_under_way()
    }

    /// Whether it has ended and is no longer shown on a map.
    pub fn is_over(self) -> bool {
        !self.is_open() && !self.is_live()
    }
}
