//! A restaurant of the catalogue, judged as fast as a single one can be.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::names::NameId;
use super::{Rank, Stamp, Wanted, place_of, rank_at};
use crate::restaurant::zone::REACH_MAX_M;
use crate::restaurant::{Category, Holidays, Restaurant, Status};
use crate::{LatLon, Timestamp};

/// Metres in a degree of latitude on the sphere that distances are measured on.
const METRES_A_DEGREE: f64 = 111_195.08;

/// A restaurant.
#[derive(Debug)]
pub(super) struct Record {
    /// The end of its pause in nanoseconds since 1970.
    paused_until_ns: i64,
    /// Whether the hours say that it is open, for the minute that was asked for last: the minute since
    /// 1970, shifted, and whether it is open.
    hours: AtomicU64,
    /// See [`Restaurant::circle_m`].
    circle_m: Option<u32>,
    pub(super) name: NameId,
    /// The names of its dishes, and its tags, each once.
    pub(super) dishes: Box<[NameId]>,
    pub(super) restaurant: Arc<Restaurant>,
    pub(super) stamp: Stamp,
}

/// What is asked of each restaurant around a place. All of them stand side by side in memory: most are not
/// looked at further.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    position: LatLon,
    reach_m: u16,
    /// 0 for none.
    circle_m: u16,
    pub(super) category: Category,
}

impl Spot {
    pub(super) fn of(record: &Record) -> Self {
        // Nobody delivers further.
        let short = |metres: u32| u16::try_from(metres.min(REACH_MAX_M)).unwrap_or(u16::MAX);
        Self {
            position: record.restaurant.position,
            reach_m: short(record.restaurant.reach_m()),
            circle_m: record.circle_m.map_or(0, short),
            category: record.restaurant.category,
        }
    }

    /// The metres that it is away at least, if it may deliver to the middle.
    pub(super) fn near(self, plane: Plane) -> Option<u32> {
        let at_least_m = plane.at_least_m(self.position);
        (at_least_m <= u32::from(self.reach_m)).then_some(at_least_m)
    }

    /// Whether it delivers to the middle, if its circle tells. Mostly without the exact distance.
    pub(super) fn delivers(self, plane: Plane) -> Option<bool> {
        let (away, circle) = (plane.squared_m(self.position), f64::from(self.circle_m).powi(2));
        if self.circle_m == 0 {
            return None;
        }
        if (Plane::LEAST * circle..Plane::MOST * circle).contains(&away) {
            return Some(self.position.distance_m(plane.middle) <= f64::from(self.circle_m));
        }
        Some(away < circle)
    }
}

impl Record {
    pub(super) fn new(restaurant: Restaurant, name: NameId, dishes: Vec<NameId>, stamp: Stamp) -> Self {
        Self {
            paused_until_ns: restaurant.paused_until.map_or(i64::MIN, nanos),
            hours: AtomicU64::new(u64::MAX),
            circle_m: circle(&restaurant),
            name,
            dishes: dishes.into(),
            restaurant: Arc::new(restaurant),
            stamp,
        }
    }

    /// Whether it stands in the same cells and neighbourhoods as this one would.
    pub(super) fn stands_where(&self, other: &Restaurant) -> bool {
        self.restaurant.position == other.position && self.restaurant.rules.zones == other.rules.zones
    }

    pub(super) fn is_open(&self, at: Timestamp, holidays: &Holidays) -> bool {
        if self.paused_until_ns > nanos(at) {
            return false;
        }
        // The calendar may change within the minute. Minutes take less than 47 bits.
        let calendar = u64::from(holidays.stamp()) << 48;
        let minute = calendar | (at.timestamp().div_euclid(60).cast_unsigned() << 1 & (u64::MAX >> 16));
        let known = self.hours.load(Ordering::Relaxed);
        if known & !1 == minute {
            return known & 1 == 1;
        }
        let is_open = self.restaurant.rules.hours.is_open(at, holidays);
        self.hours.store(minute | u64::from(is_open), Ordering::Relaxed);
        is_open
    }

    /// As [`place_of`].
    pub(super) fn place(&self, wanted: &Wanted<'_>) -> Option<Rank> {
        let restaurant = &*self.restaurant;
        let Some(circle_m) = self.circle_m else { return place_of(wanted, restaurant) };
        if wanted.category.is_some_and(|category| restaurant.category != category) {
            return None;
        }
        if wanted.tag.is_some_and(|tag| !restaurant.has_tag(tag)) {
            return None;
        }
        let metres = restaurant.position.distance_m(wanted.to.position);
        (metres <= f64::from(circle_m)).then(|| rank_at(wanted, restaurant.id, metres)).flatten()
    }
}

/// The neighbourhood of a place as a plane: distances are within 1 % of the exact ones where people live,
/// as far as anybody delivers.
#[derive(Clone, Copy)]
pub(super) struct Plane {
    middle: LatLon,
    /// Metres in a degree of longitude.
    east_m: f64,
}

impl Plane {
    /// What the square of an exact distance is at least and at most, of the square of the one here.
    const LEAST: f64 = 0.98;
    const MOST: f64 = 1.02;

    pub(super) fn around(middle: LatLon) -> Self {
        Self { middle, east_m: METRES_A_DEGREE * middle.lat().to_radians().cos() }
    }

    /// No way from the middle is shorter.
    fn at_least_m(self, to: LatLon) -> u32 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "no way is longer than u32 metres"
        )]
        let metres = (Self::LEAST * self.squared_m(to)).sqrt() as u32;
        metres
    }

    /// The square of the distance from the middle.
    fn squared_m(self, to: LatLon) -> f64 {
        let north = METRES_A_DEGREE * (to.lat() - self.middle.lat());
        let east = (to.lon() - self.middle.lon()).abs();
        let east = self.east_m * east.min(360.0 - east);
        north * north + east * east
    }
}

/// The circle of a restaurant that is judged by nothing else.
fn circle(restaurant: &Restaurant) -> Option<u32> {
    restaurant.circle_m().filter(|_| restaurant.status == Status::Published)
}

/// Nanoseconds since 1970, which is good until 2262.
fn nanos(at: Timestamp) -> i64 {
    at.timestamp_nanos_opt().unwrap_or(i64::MAX)
}
