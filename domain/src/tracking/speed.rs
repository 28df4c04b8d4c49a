//! The units in which devices report their speed.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Metres in a nautical mile.
const NAUTICAL_MILE_M: f64 = 1_852.0;

/// The unit of a speed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpeedUnit {
    /// Knots, the default of the OsmAnd protocol.
    #[default]
    Kn,
    /// Kilometres per hour.
    Kmh,
    /// Metres per second.
    Ms,
}

impl SpeedUnit {
    const ALL: [SpeedUnit; 3] = [SpeedUnit::Kn, SpeedUnit::Kmh, SpeedUnit::Ms];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            SpeedUnit::Kn => "kn",
            SpeedUnit::Kmh => "kmh",
            SpeedUnit::Ms => "ms",
        }
    }

    /// Converts a speed in this unit to metres per second.
    pub fn in_mps(self, speed: f64) -> f64 {
        match self {
            SpeedUnit::Kn => speed * NAUTICAL_MILE_M / 3_600.0,
            SpeedUnit::Kmh => speed / 3.6,
            SpeedUnit::Ms => speed,
        }
    }
}

/// The text is not the name of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not one of kn, kmh, ms")]
pub struct NotAUnit;

impl FromStr for SpeedUnit {
    type Err = NotAUnit;

    fn from_str(name: &str) -> Result<Self, NotAUnit> {
        Self::ALL.into_iter().find(|unit| unit.as_str() == name).ok_or(NotAUnit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_of_each_unit_are_so_many_metres_a_second() {
        for (unit, mps) in [(SpeedUnit::Kn, 5.144), (SpeedUnit::Kmh, 2.778), (SpeedUnit::Ms, 10.0)] {
            assert!((unit.in_mps(10.0) - mps).abs() < 0.001, "{unit:?}");
            assert_eq!(unit.as_str().parse(), Ok(unit));
        }
    }
}
