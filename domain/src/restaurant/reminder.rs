//! What is due for a restaurant.

use serde::{Deserialize, Serialize};

use crate::{RestaurantId, Timestamp};

/// A durable timer of a restaurant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reminder", rename_all = "snake_case")]
pub enum RestaurantReminder {
    /// A pause is over. Orders are taken again without it; customers who look are told.
    PauseOver {
        /// The restaurant.
        restaurant: RestaurantId,
        /// Until when it paused.
        until: Timestamp,
    },
    /// A busy time is over; as with a pause.
    BusyOver {
        /// The restaurant.
        restaurant: RestaurantId,
        /// Until when it was busy.
        until: Timestamp,
    },
}
