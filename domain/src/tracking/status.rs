//! Where a delivery stands, and what that means for its courier.

use serde::{Deserialize, Serialize};

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// The restaurant cooks; nobody was asked yet.
    Requested,
    /// Couriers were asked.
    Offered,
    /// A courier is on the way to the restaurant.
    Assigned,
    /// The courier waits for the food.
    AtRestaurant,
    /// The courier has the food.
    PickedUp,
    /// The courier is at the door.
    AtDropoff,
    /// Handed over.
    Delivered,
    /// Called off before pickup.
    Cancelled,
    /// Nobody took it at the door.
    Undeliverable,
    /// It went back to the restaurant.
    Returned,
    /// It was thrown away.
    Disposed,
}

impl DeliveryStatus {
    /// Every status, in the order of a delivery's life.
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

    /// The status of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether no courier has it yet.
    pub fn is_open(self) -> bool {
        matches!(self, DeliveryStatus::Requested | DeliveryStatus::Offered)
    }

    /// Whether a courier has it, but not the food.
    pub fn is_before_pickup(self) -> bool {
        matches!(self, DeliveryStatus::Assigned | DeliveryStatus::AtRestaurant)
    }

    /// Whether a courier is on the way with the food.
    pub fn is_under_way(self) -> bool {
        matches!(self, DeliveryStatus::PickedUp | DeliveryStatus::AtDropoff)
    }

    /// Whether a courier is busy with it, so that their position concerns it.
    pub fn is_live(self) -> bool {
        self.is_before_pickup() || self.is_under_way()
    }

    /// Whether nothing more will be seen of it on a map.
    pub fn is_over(self) -> bool {
        !self.is_open() && !self.is_live()
    }
}
