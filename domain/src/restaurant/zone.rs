//! The delivery zones of a restaurant.

use geo::{Coord, Intersects, LineString, Point, Polygon};
use serde::{Deserialize, Serialize};

use super::Destination;
use crate::gazetteer::DongCode;
use crate::{Fault, LatLon, fault};

/// The furthest that any zone may reach, in metres in a straight line.
pub const REACH_MAX_M: u32 = 20_000;

/// One delivery zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Zone {
    /// A circle around the restaurant, edge included.
    Radius {
        /// 1 to [`REACH_MAX_M`] metres.
        metres: u32,
    },
    /// Whole neighbourhoods.
    Dongs {
        /// The neighbourhoods, at least one.
        dongs: Vec<DongCode>,
    },
    /// A polygon, edge included.
    Polygon {
        /// At least three corners; the last is joined to the first.
        outline: Vec<LatLon>,
    },
}

impl Zone {
    /// Whether the zone of a restaurant at `kitchen` covers the destination. No zone covers
    /// a destination further than [`REACH_MAX_M`].
    pub fn covers(&self, kitchen: LatLon, to: Destination) -> bool {
        let distance_m = kitchen.distance_m(to.position);
        distance_m <= f64::from(REACH_MAX_M) && self.holds(distance_m, to)
    }

    fn holds(&self, distance_m: f64, to: Destination) -> bool {
        match self {
            Zone::Radius { metres } => distance_m <= f64::from(*metres),
            Zone::Dongs { dongs } => to.dong.is_some_and(|dong| dongs.contains(&dong)),
            Zone::Polygon { outline } => {
                let corners = outline.iter().map(|at| Coord { x: at.lon(), y: at.lat() });
                let polygon = Polygon::new(LineString::from_iter(corners), Vec::new());
                polygon.intersects(&Point::new(to.position.lon(), to.position.lat()))
            }
        }
    }

    /// The furthest reach from `kitchen` in metres, rounded up, at most [`REACH_MAX_M`].
    /// The extent of neighbourhoods is not known here, so they count with the maximum.
    pub fn reach_m(&self, kitchen: LatLon) -> u32 {
        match self {
            Zone::Radius { metres } => *metres,
            Zone::Dongs { .. } => REACH_MAX_M,
            Zone::Polygon { outline } => {
                let furthest = outline.iter().map(|at| kitchen.distance_m(*at)).fold(0.0, f64::max);
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
                let metres = furthest.ceil() as u32;
                metres.min(REACH_MAX_M)
            }
        }
    }

    /// Checks it and describes the error, if there is one.
    pub fn check(&self) -> Option<Fault> {
        let detail = match self {
            Zone::Radius { metres } if !(1..=REACH_MAX_M).contains(metres) => {
                "A radius is 1 to 20000 metres."
            }
            Zone::Dongs { dongs } if dongs.is_empty() => "A zone names at least one neighbourhood.",
            Zone::Polygon { outline } if outline.len() < 3 => "An outline has at least three corners.",
            _ => return None,
        };
        Some(Fault::new("/zones", fault::OUT_OF_RANGE, detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lat: f64, lon: f64) -> LatLon {
        LatLon::new(lat, lon).unwrap()
    }

    fn to(lat: f64, lon: f64, dong: Option<u32>) -> Destination {
        Destination { position: at(lat, lon), dong: dong.map(DongCode) }
    }

    #[test]
    fn each_kind_of_zone_covers_what_lies_in_it() {
        let kitchen = at(37.5, 127.0);
        let radius = Zone::Radius { metres: 1_200 };
        assert!(
            radius.covers(kitchen, to(37.51, 127.0, None)) && !radius.covers(kitchen, to(37.52, 127.0, None))
        );
        let dongs = Zone::Dongs { dongs: vec![DongCode(11_680_101)] };
        assert!(dongs.covers(kitchen, to(37.6, 127.0, Some(11_680_101))));
        assert!(!dongs.covers(kitchen, to(37.9, 127.0, Some(11_680_101))));
        assert!(!dongs.covers(kitchen, to(37.5, 127.0, Some(11_680_103))));
        assert!(!dongs.covers(kitchen, to(37.5, 127.0, None)));
        let square = Zone::Polygon {
            outline: vec![at(37.4, 127.0), at(37.4, 127.1), at(37.6, 127.1), at(37.6, 127.0)],
        };
        assert!(
            square.covers(kitchen, to(37.5, 127.05, None)) && square.covers(kitchen, to(37.4, 127.0, None))
        );
        assert!(!square.covers(kitchen, to(37.61, 127.05, None)));
    }

    #[test]
    fn a_zone_that_covers_nothing_or_everything_is_faulty() {
        for zone in [
            Zone::Radius { metres: 0 },
            Zone::Radius { metres: 20_001 },
            Zone::Dongs { dongs: vec![] },
            Zone::Polygon { outline: vec![at(37.0, 127.0); 2] },
        ] {
            assert!(zone.check().is_some(), "{zone:?}");
        }
    }
}
