//! A restaurant of the catalogue, judged as fast as a single one can be.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::names::NameId;
use super::{Rank, Stamp, Wanted, place_of, rank_at};
use crate::restaurant::{Category, Holidays, Restaurant, Status};
use crate::{LatLon, RestaurantId, Timestamp};

/// Metres in a degree of latitude on the sphere that distances are measured on.
const METRES_A_DEGREE: f64 = 111_195.08;

/// A restaurant. What tells of most of them whether they are found stands first, in one line of the
/// processor's cache.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct Record {
    pub(super) position: LatLon,
    id: RestaurantId,
    /// The end of its pause in nanoseconds since 1970.
    paused_until_ns: i64,
    /// Whether the hours say that it is open, for the minute that was asked for last: the minute since
    /// 1970, shifted, and whether it is open.
    hours: AtomicU64,
    pub(super) reach_m: u32,
    /// See [`Restaurant::circle_m`]; [`NO_CIRCLE`] for none.
    circle_m: u32,
    pub(super) category: Category,
    pub(super) name: NameId,
    /// The names of its dishes, and its tags, each once.
    pub(super) dishes: Box<[NameId]>,
    pub(super) restaurant: Arc<Restaurant>,
    pub(super) stamp: Stamp,
}

/// What no circle has.
const NO_CIRCLE: u32 = u32::MAX;

impl Record {
    pub(super) fn new(restaurant: Restaurant, name: NameId, dishes: Vec<NameId>, stamp: Stamp) -> Self {
        Self {
            position: restaurant.position,
            id: restaurant.id,
            paused_until_ns: restaurant.paused_until.map_or(i64::MIN, nanos),
            hours: AtomicU64::new(u64::MAX),
            reach_m: restaurant.reach_m(),
            circle_m: circle(&restaurant).unwrap_or(NO_CIRCLE),
            category: restaurant.category,
            name,
            dishes: dishes.into(),
            restaurant: Arc::new(restaurant),
            stamp,
        }
    }

    /// Whether it stands in the same cells and neighbourhoods as this one would.
    pub(super) fn stands_where(&self, other: &Restaurant) -> bool {
        self.position == other.position && self.restaurant.rules.zones == other.rules.zones
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

    /// Whether there is a [`place`](Self::place) of it. Mostly told without the exact distance.
    pub(super) fn is_found(&self, wanted: &Wanted<'_>, plane: Plane) -> bool {
        let is_plain = wanted.category.is_none() && wanted.tag.is_none() && wanted.radius_m.is_none();
        if is_plain && self.circle_m != NO_CIRCLE {
            let (away, circle) = (plane.squared_m(self.position), f64::from(self.circle_m).powi(2));
            if !(0.98 * circle..1.02 * circle).contains(&away) {
                return away < circle;
            }
        }
        self.place(wanted).is_some()
    }

    /// As [`place_of`].
    pub(super) fn place(&self, wanted: &Wanted<'_>) -> Option<Rank> {
        if wanted.category.is_some_and(|category| self.category != category) {
            return None;
        }
        if wanted.tag.is_some_and(|tag| !self.restaurant.has_tag(tag)) {
            return None;
        }
        if self.circle_m == NO_CIRCLE {
            return place_of(wanted, &self.restaurant);
        }
        let metres = self.position.distance_m(wanted.to.position);
        (metres <= f64::from(self.circle_m)).then(|| rank_at(wanted, self.id, metres)).flatten()
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
    pub(super) fn around(middle: LatLon) -> Self {
        Self { middle, east_m: METRES_A_DEGREE * middle.lat().to_radians().cos() }
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
