//! The vehicles of couriers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A courier's vehicle, which determines the expected speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vehicle {
    /// On foot (도보).
    Walk,
    /// A bicycle or kick scooter (자전거).
    Bicycle,
    /// A motorbike (오토바이).
    Motorbike,
    /// A car (자동차).
    Car,
}

impl Vehicle {
    const ALL: [Vehicle; 4] = [Vehicle::Walk, Vehicle::Bicycle, Vehicle::Motorbike, Vehicle::Car];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Vehicle::Walk => "walk",
            Vehicle::Bicycle => "bicycle",
            Vehicle::Motorbike => "motorbike",
            Vehicle::Car => "car",
        }
    }
}

impl fmt::Display for Vehicle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not the name of a vehicle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not one of walk, bicycle, motorbike, car")]
pub struct NotAVehicle;

impl FromStr for Vehicle {
    type Err = NotAVehicle;

    fn from_str(name: &str) -> Result<Self, NotAVehicle> {
        Self::ALL.into_iter().find(|vehicle| vehicle.as_str() == name).ok_or(NotAVehicle)
    }
}
