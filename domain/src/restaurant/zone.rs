//! The delivery zones of a restaurant.

use geo::{Coord, Intersects, Line, LineString, Point, Polygon};
use serde::{Deserialize, Serialize};

use super::Destination;
use crate::gazetteer::DongCode;
use crate::{Fault, LatLon, fault};

/// The furthest that any zone may reach, in metres in a straight line.
pub const REACH_MAX_M: u32 = 20_000;

/// The most zones, and the most exclusions.
pub const ZONES_MAX: usize = 50;

/// The most neighbourhoods of one zone; more than any reach has.
pub const DONGS_MAX: usize = 500;

/// The most corners of an outline.
pub const CORNERS_MAX: usize = 200;

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
        /// The neighbourhoods, 1 to [`DONGS_MAX`].
        dongs: Vec<DongCode>,
    },
    /// A polygon, edge included.
    Polygon {
        /// 3 to [`CORNERS_MAX`] corners; the last is joined to the first. No two sides cross.
        outline: Vec<LatLon>,
    },
}

impl Zone {
    /// Whether the zone of a restaurant at `kitchen` covers the destination. No zone covers
    /// a destination further than [`REACH_MAX_M`].
    pub fn covers(&self, kitchen: LatLon, to: Destination) -> bool {
        self.covers_at(kitchen.distance_m(to.position), to)
    }

    /// The same, given the distance to the destination.
    pub(super) fn covers_at(&self, distance_m: f64, to: Destination) -> bool {
        distance_m <= f64::from(REACH_MAX_M) && self.holds(distance_m, to)
    }

    fn holds(&self, distance_m: f64, to: Destination) -> bool {
        match self {
            Zone::Radius { metres } => distance_m <= f64::from(*metres),
            Zone::Dongs { dongs } => to.dong.is_some_and(|dong| dongs.contains(&dong)),
            Zone::Polygon { outline } => {
                // Most places are not even in the rectangle around it.
                if !is_within(outline.iter().map(|at| at.lat()), to.position.lat())
                    || !is_within(outline.iter().map(|at| at.lon()), to.position.lon())
                {
                    return false;
                }
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
    pub fn check(&self, pointer: &str) -> Option<Fault> {
        let detail = match self {
            Zone::Radius { metres } if !(1..=REACH_MAX_M).contains(metres) => {
                "A radius is 1 to 20000 metres."
            }
            Zone::Dongs { dongs } if !(1..=DONGS_MAX).contains(&dongs.len()) => {
                "A zone names 1 to 500 neighbourhoods."
            }
            Zone::Polygon { outline } if !(3..=CORNERS_MAX).contains(&outline.len()) => {
                "An outline has 3 to 200 corners."
            }
            Zone::Polygon { outline } if crosses_itself(outline) => "No two sides of an outline cross.",
            _ => return None,
        };
        Some(Fault::new(pointer, fault::OUT_OF_RANGE, detail))
    }
}

/// Whether a number is between the least and the greatest of these.
fn is_within(mut all: impl Iterator<Item = f64> + Clone, one: f64) -> bool {
    all.clone().any(|other| other <= one) && all.any(|other| one <= other)
}

/// Whether two sides that are no neighbours touch.
fn crosses_itself(outline: &[LatLon]) -> bool {
    let corner = |at: &LatLon| Coord { x: at.lon(), y: at.lat() };
    let next = outline.iter().cycle().skip(1);
    let sides: Vec<Line> =
        outline.iter().zip(next).map(|(from, to)| Line::new(corner(from), corner(to))).collect();
    let last = sides.len().saturating_sub(1);
    sides.iter().enumerate().any(|(one, side)| {
        let others = sides.iter().enumerate().skip(one + 2);
        others.filter(|(other, _)| (one, *other) != (0, last)).any(|(_, other)| side.intersects(other))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
            Zone::Dongs { dongs: vec![DongCode(11_680_101); DONGS_MAX + 1] },
            Zone::Polygon { outline: vec![at(37.0, 127.0); 2] },
            Zone::Polygon { outline: vec![at(37.0, 127.0); CORNERS_MAX + 1] },
            // An hourglass.
            Zone::Polygon {
                outline: vec![at(37.0, 127.0), at(37.1, 127.1), at(37.0, 127.1), at(37.1, 127.0)],
            },
        ] {
            assert!(zone.check("/zones/0").is_some(), "{zone:?}");
        }
        let square = Zone::Polygon {
            outline: vec![at(37.0, 127.0), at(37.0, 127.1), at(37.1, 127.1), at(37.1, 127.0)],
        };
        assert_eq!(square.check("/zones/0"), None);
        let triangle = Zone::Polygon { outline: vec![at(37.0, 127.0), at(37.0, 127.1), at(37.1, 127.1)] };
        assert_eq!(triangle.check("/zones/0"), None);
    }

    proptest! {
        /// The reference counts how often a ray to the east crosses the sides. The sides are whole
        /// hundredths of a degree and the point lies between, so no point is on a side that runs
        /// north or east.
        #[test]
        fn a_polygon_covers_what_a_ray_leaves_an_odd_number_of_times(
            corners in proptest::collection::vec((0..20i32, 0..20i32), 3..8),
            lat in 0..20i32,
            lon in 0..20i32,
        ) {
            let degrees = |hundredths: i32| f64::from(hundredths) / 100.0;
            let outline: Vec<LatLon> = corners
                .iter().map(|(lat, lon)| at(37.4 + degrees(*lat), 127.0 + degrees(*lon))).collect();
            let zone = Zone::Polygon { outline };
            prop_assume!(zone.check("").is_none());
            // Doubled, so that the point between two hundredths is whole too.
            let (y, x) = (i64::from(lat) * 2 + 1, i64::from(lon) * 2 + 1);
            let doubled: Vec<(i64, i64)> =
                corners.iter().map(|(lat, lon)| (i64::from(*lat) * 2, i64::from(*lon) * 2)).collect();
            let mut inside = false;
            for (side, (y1, x1)) in doubled.iter().enumerate() {
                let (y2, x2) = doubled[(side + 1) % doubled.len()];
                let cross = (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1);
                prop_assume!(cross != 0);
                if (*y1 > y) != (y2 > y) && (cross > 0) != (y2 > *y1) {
                    inside = !inside;
                }
            }
            let point = at(37.4 + degrees(lat) + 0.005, 127.0 + degrees(lon) + 0.005);
            let to = Destination { position: point, dong: None };
            prop_assert_eq!(zone.covers(at(37.5, 127.1), to), inside);
        }

        #[test]
        fn a_circle_covers_what_lies_within_its_metres(metres in 1..=REACH_MAX_M, north in -0.2..0.2, east in -0.2..0.2) {
            let (kitchen, point) = (at(37.5, 127.0), at(37.5 + north, 127.0 + east));
            // Haversine on the mean radius of the earth, written out.
            let (a, b) = (kitchen.lat().to_radians(), point.lat().to_radians());
            let half = |angle: f64| (angle / 2.0).sin().powi(2);
            let h = half(b - a) + a.cos() * b.cos() * half((point.lon() - kitchen.lon()).to_radians());
            let distance = 2.0 * 6_371_008.8 * h.sqrt().asin();
            prop_assume!((distance - f64::from(metres)).abs() > 0.01);
            let covered = Zone::Radius { metres }.covers(kitchen, Destination { position: point, dong: None });
            prop_assert_eq!(covered, distance < f64::from(metres));
        }
    }
}
