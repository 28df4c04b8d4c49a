//! Durable jobs for menus.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::RestaurantId;

/// A durable job for a menu.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reminder", rename_all = "snake_case")]
pub enum MenuReminder {
    /// Something of a card that was sold out until now can be had again.
    MenuRestocked {
        /// The restaurant.
        restaurant: RestaurantId,
    },
    /// A picture is not shown any more, or was never: files that no picture has are removed.
    MenuPictureUnused {
        /// The picture.
        picture: Uuid,
        /// The keys of its files.
        files: Vec<String>,
    },
}
