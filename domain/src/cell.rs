//! Cells of the H3 grid: numbered hexagons that cover the earth.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use h3o::{CellIndex, LatLng, Resolution};

use crate::LatLon;

/// The coarsest cells that a map can subscribe to: 250 km², half of Seoul.
const COARSEST: Resolution = Resolution::Five;

/// The finest: 15,000 m², a city block.
const FINEST: Resolution = Resolution::Ten;

/// Metres in a straight line that each ring of cells of resolution 7 around a cell leads away from it
/// at least. Their edges have 1,200 m on average and about 900 m at least.
const RING_M: u32 = 1_300;

/// The reach of any cell of resolution 7 is below that.
const VILLAGE_REACH_M: u32 = 2_500;

/// An H3 cell of resolution 5 to 10. Written as its number in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cell(CellIndex);

/// The centres and radii of cells that were asked for, which take longer to work out than to look up.
#[derive(Debug, Default)]
pub struct Circles(HashMap<Cell, (LatLon, f64)>);

/// The text is not a cell of these resolutions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an H3 cell of resolution 5 to 10")]
pub struct NotACell;

impl Cell {
    /// The cell of resolution 6 that contains a point: about 36 km², 6 km across.
    pub fn district(place: LatLon) -> Self {
        // A `LatLon` is finite, so the conversion cannot fail and the default is never used.
        let point = LatLng::new(place.lat(), place.lon()).unwrap_or_default();
        Self(point.to_cell(Resolution::Six))
    }

    /// The cell of resolution 7 that contains a point: about 5 km², 2.4 km across.
    pub fn village(place: LatLon) -> Self {
        let point = LatLng::new(place.lat(), place.lon()).unwrap_or_default();
        Self(point.to_cell(Resolution::Seven))
    }

    /// The cells of resolution 7 that may have a point within so many metres of a place, each once: all that
    /// do, and some that only nearly do. `circles` remembers where cells are.
    pub fn villages_around(place: LatLon, metres: u32, circles: &mut Circles) -> Vec<Self> {
        let rings = (metres + 2 * VILLAGE_REACH_M).div_ceil(RING_M);
        let mut cells: Vec<_> =
            Self::village(place).0.grid_disk::<Vec<_>>(rings).into_iter().map(Self).collect();
        cells.retain(|cell| {
            let circle = circles.0.entry(*cell).or_insert_with(|| (cell.middle(), cell.reach_m()));
            place.distance_m(circle.0) <= f64::from(metres) + circle.1
        });
        cells
    }

    /// Whether it contains a point. Exactly one cell of each resolution does.
    pub fn holds(self, place: LatLon) -> bool {
        LatLng::new(place.lat(), place.lon()).is_ok_and(|point| point.to_cell(self.0.resolution()) == self.0)
    }

    /// Its centre.
    pub fn middle(self) -> LatLon {
        let middle = LatLng::from(self.0);
        // The centre of a cell is a valid coordinate, so the default is never used.
        LatLon::new(middle.lat(), middle.lng()).unwrap_or_default()
    }

    /// The radius in metres around the centre that contains the whole cell.
    pub fn reach_m(self) -> f64 {
        let middle = LatLng::from(self.0);
        let farthest = self.0.boundary().iter().map(|corner| middle.distance_m(*corner)).fold(0.0, f64::max);
        // A margin for callers that measure distances on another model of the earth.
        farthest * 1.02
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", u64::from(self.0))
    }
}

impl FromStr for Cell {
    type Err = NotACell;

    fn from_str(text: &str) -> Result<Self, NotACell> {
        let number = u64::from_str_radix(text, 16).map_err(|_| NotACell)?;
        let cell = CellIndex::try_from(number).map_err(|_| NotACell)?;
        if (COARSEST..=FINEST).contains(&cell.resolution()) { Ok(Self(cell)) } else { Err(NotACell) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place(lat: f64, lon: f64) -> LatLon {
        LatLon::new(lat, lon).unwrap()
    }

    #[test]
    fn only_cells_of_a_size_that_a_map_can_show_are_cells() {
        let gangnam = Cell::district(place(37.49794, 127.02758));
        assert_eq!(gangnam.to_string().parse(), Ok(gangnam));
        let of = |resolution| {
            let cell = LatLng::new(37.5, 127.0).unwrap().to_cell(resolution);
            format!("{:x}", u64::from(cell)).parse::<Cell>()
        };
        assert!(of(Resolution::Five).is_ok() && of(Resolution::Ten).is_ok());
        assert_eq!((of(Resolution::Four), of(Resolution::Eleven)), (Err(NotACell), Err(NotACell)));
        for text in ["", "0", "zz", "8a30e1d8", "-1", "ffffffffffffffff", "8630e0347fffffff0"] {
            assert_eq!(text.parse::<Cell>(), Err(NotACell), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_within_reach_is_in_a_village_around(
            lat in -80.0..80.0_f64, lon in -180.0..180.0_f64, metres in 0..20_000_u32,
            part in 0.0..1.0_f64, bearing in 0.0..std::f64::consts::TAU,
        ) {
            let here = place(lat, lon);
            let away = f64::from(metres) * part;
            let north = away * bearing.cos() / 111_200.0;
            let east = away * bearing.sin() / (111_200.0 * lat.to_radians().cos());
            let Ok(there) = LatLon::new(lat + north, lon + east) else { return Ok(()) };
            prop_assume!(here.distance_m(there) <= f64::from(metres));
            let cells = Cell::villages_around(here, metres, &mut Circles::default());
            prop_assert!(cells.contains(&Cell::village(there)));
            prop_assert!(Cell::village(there).reach_m() < f64::from(VILLAGE_REACH_M));
        }

        #[test]
        fn all_that_a_cell_holds_is_within_its_reach(lat in 37.3..37.8_f64, lon in 126.6..127.3_f64) {
            let here = place(lat, lon);
            let cell = Cell::district(here);
            prop_assert!(cell.holds(here));
            prop_assert!(cell.middle().distance_m(here) <= cell.reach_m());
        }
    }
}
