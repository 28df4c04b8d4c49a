//! Geofences: circles around the restaurant and the door whose crossing is detected.
//!
//! The radius for leaving a circle is larger than that for entering it, so that noise at
//! the edge does not make a courier arrive repeatedly.

use crate::LatLon;

/// The parameters of the circles.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The radius of the outer circle ("about to arrive"), metres. Default 300.
    pub near_m: f64,
    /// The radius of the inner circle ("arrived"), metres. Default 40.
    pub arrived_m: f64,
    /// A circle is left at its radius times this factor. Default 1.5.
    pub hysteresis: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { near_m: 300.0, arrived_m: 40.0, hysteresis: 1.5 }
    }
}

/// How close a courier is to the centre.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Zone {
    /// Outside of both circles.
    #[default]
    Away,
    /// Within the outer circle.
    Near,
    /// Within the inner circle.
    There,
}

/// A crossing of a circle's edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crossing {
    /// Into the outer circle.
    Near,
    /// Into the inner circle.
    Arrived,
    /// Out of the outer circle.
    Left,
}

/// The circles around a point, and the zone of one courier.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fence {
    centre: LatLon,
    zone: Zone,
}

impl Fence {
    /// A fence around `centre`, with the courier outside.
    pub fn around(centre: LatLon) -> Self {
        Self { centre, zone: Zone::Away }
    }

    /// The centre.
    pub fn centre(&self) -> LatLon {
        self.centre
    }

    /// The zone of the courier's last position.
    pub fn zone(&self) -> Zone {
        self.zone
    }

    /// Moves the courier to `position` and returns the crossing, if any. A move from outside
    /// into the inner circle returns only [`Crossing::Arrived`].
    pub fn pass(&mut self, settings: &Settings, position: LatLon) -> Option<Crossing> {
        let distance_m = self.centre.distance_m(position);
        let edge =
            |radius_m: f64, inside: bool| if inside { radius_m * settings.hysteresis } else { radius_m };
        let zone = if distance_m <= edge(settings.arrived_m, self.zone == Zone::There) {
            Zone::There
        } else if distance_m <= edge(settings.near_m, self.zone >= Zone::Near) {
            Zone::Near
        } else {
            Zone::Away
        };
        let before = std::mem::replace(&mut self.zone, zone);
        match (before, zone) {
            (Zone::Away, Zone::Near) => Some(Crossing::Near),
            (Zone::Away | Zone::Near, Zone::There) => Some(Crossing::Arrived),
            (Zone::Near | Zone::There, Zone::Away) => Some(Crossing::Left),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn north(metres: f64) -> LatLon {
        LatLon::new(37.5 + metres / 111_195.0, 127.0).unwrap()
    }

    fn crossings(path: &[f64]) -> Vec<Crossing> {
        let mut fence = Fence::around(north(0.0));
        path.iter().filter_map(|metres| fence.pass(&Settings::default(), north(*metres))).collect()
    }

    #[test]
    fn coming_closer_is_near_and_then_there() {
        assert_eq!(crossings(&[900.0, 299.0, 120.0, 39.0, 5.0]), [Crossing::Near, Crossing::Arrived]);
        assert_eq!(crossings(&[900.0, 20.0]), [Crossing::Arrived], "between two fixes");
    }

    #[test]
    fn noise_at_the_edge_crosses_it_once() {
        assert_eq!(crossings(&[310.0, 295.0, 305.0, 296.0, 320.0, 290.0]), [Crossing::Near]);
        assert_eq!(crossings(&[39.0, 42.0, 38.0, 55.0, 30.0]), [Crossing::Arrived]);
    }

    #[test]
    fn who_leaves_has_left() {
        assert_eq!(crossings(&[20.0, 200.0, 460.0]), [Crossing::Arrived, Crossing::Left]);
    }
}
