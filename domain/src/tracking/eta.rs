//! The estimated time of arrival.
//!
//! `max(food ready, courier at the restaurant) + travel to the door + hand-over`. Distances
//! are straight lines times a detour factor. A routing service could replace
//! [`Settings::travel`] without changing the formula.

use chrono::TimeDelta;
use serde::Serialize;

use super::delivery::Delivery;
use super::status::DeliveryStatus;
use super::vehicle::Vehicle;
use crate::{LatLon, Timestamp};

/// The parameters of the estimate.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The length of a route through streets, relative to the straight line. Default 1.35.
    pub detour: f64,
    /// Speed on foot, metres per second, including waits at lights. Default 1.2.
    pub walk_mps: f64,
    /// Speed by bicycle. Default 3.5.
    pub bicycle_mps: f64,
    /// Speed by motorbike. Default 6.5.
    pub motorbike_mps: f64,
    /// Speed by car. Default 5.5: it must park.
    pub car_mps: f64,
    /// The time from the street to the door. Default 2 min.
    pub hand_over: TimeDelta,
    /// The assumed time until a courier is at the restaurant, while none is assigned.
    /// Default 8 min.
    pub find_courier: TimeDelta,
    /// An estimate from a position older than this is marked stale. Default 1 min.
    pub stale_after: TimeDelta,
    /// The promised arrival is this much later than the first estimate. Default 10 min.
    pub promise_margin: TimeDelta,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            detour: 1.35,
            walk_mps: 1.2,
            bicycle_mps: 3.5,
            motorbike_mps: 6.5,
            car_mps: 5.5,
            hand_over: TimeDelta::minutes(2),
            find_courier: TimeDelta::minutes(8),
            stale_after: TimeDelta::minutes(1),
            promise_margin: TimeDelta::minutes(10),
        }
    }
}

impl Settings {
    /// The travel time.
    pub fn travel(&self, vehicle: Vehicle, from: LatLon, to: LatLon) -> TimeDelta {
        let mps = match vehicle {
            Vehicle::Walk => self.walk_mps,
            Vehicle::Bicycle => self.bicycle_mps,
            Vehicle::Motorbike => self.motorbike_mps,
            Vehicle::Car => self.car_mps,
        };
        let secs = from.distance_m(to) * self.detour / mps.max(0.1);
        #[expect(clippy::cast_possible_truncation, reason = "half the earth at walking speed is 2e7 s")]
        TimeDelta::seconds(secs.round() as i64)
    }
}

/// The expected arrival, and whether it is based on a recent position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Eta {
    /// The expected arrival.
    pub arrive_at: Timestamp,
    /// Whether the courier's position is old or unknown.
    pub stale: bool,
}

/// A position of the courier, with its time.
pub type Seen = (LatLon, Timestamp);

/// The input of an estimate. The result depends on the time at which it is evaluated, so
/// a forecast is passed on and stored, never an [`Eta`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// The food does not leave the restaurant before this time; `None` after pickup.
    pub ready_by: Option<Timestamp>,
    /// The time until a courier is at the restaurant; zero if one is already.
    pub to_pickup: TimeDelta,
    /// The time from the restaurant, or after pickup from the courier's position, to the
    /// hand-over.
    pub to_door: TimeDelta,
    /// When the position it is based on becomes stale; `None` without a position.
    pub fresh_until: Option<Timestamp>,
}

impl Forecast {
    /// Evaluates it at `now`.
    pub fn at(&self, now: Timestamp) -> Eta {
        let at_pickup = now + self.to_pickup;
        let leaves_at = self.ready_by.map_or(at_pickup, |ready_by| ready_by.max(at_pickup));
        Eta { arrive_at: leaves_at + self.to_door, stale: self.is_stale(now) }
    }

    /// Whether the courier's position is old or unknown at `now`.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.fresh_until.is_none_or(|until| now > until)
    }
}

/// The forecast for a delivery; `None` if it has ended.
pub fn forecast(settings: &Settings, delivery: &Delivery, seen: Option<Seen>) -> Option<Forecast> {
    if delivery.status.is_over() {
        return None;
    }
    let (pickup, door) = (delivery.pickup.position, delivery.drop_off.position);
    let vehicle = delivery.carrier.as_ref().map_or(Vehicle::Motorbike, |carrier| carrier.vehicle);
    let to = |place: LatLon| seen.map(|(from, _)| settings.travel(vehicle, from, place));
    let to_pickup = match delivery.status {
        DeliveryStatus::Requested | DeliveryStatus::Offered => settings.find_courier,
        DeliveryStatus::Assigned => to(pickup).unwrap_or(settings.find_courier),
        _ => TimeDelta::zero(),
    };
    let way = match delivery.status {
        DeliveryStatus::AtDropoff => TimeDelta::zero(),
        DeliveryStatus::PickedUp => to(door).unwrap_or_else(|| settings.travel(vehicle, pickup, door)),
        _ => settings.travel(vehicle, pickup, door),
    };
    let is_cooking = delivery.status.is_open() || delivery.status.is_before_pickup();
    Some(Forecast {
        ready_by: is_cooking.then_some(delivery.ready_by),
        to_pickup,
        to_door: way + settings.hand_over,
        fresh_until: seen.map(|(_, at)| at + settings.stale_after),
    })
}

/// The estimate at `now`; `None` if the delivery has ended.
pub fn estimate(settings: &Settings, delivery: &Delivery, seen: Option<Seen>, now: Timestamp) -> Option<Eta> {
    forecast(settings, delivery, seen).map(|forecast| forecast.at(now))
}

/// The arrival time promised to the customer when a courier is first requested.
pub fn promise(
    settings: &Settings,
    pickup: LatLon,
    door: LatLon,
    ready_by: Timestamp,
    now: Timestamp,
) -> Timestamp {
    let leaves_at = ready_by.max(now + settings.find_courier);
    leaves_at
        + settings.travel(Vehicle::Motorbike, pickup, door)
        + settings.hand_over
        + settings.promise_margin
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracking::delivery::{Carrier, DropOff, Pickup};
    use crate::{CourierId, OrderId, RestaurantId, UserId};
    use chrono::DateTime;
    use uuid::Uuid;

    fn at(secs: i64) -> Timestamp {
        DateTime::from_timestamp(1_790_000_000 + secs, 0).unwrap()
    }

    fn north(metres: f64) -> LatLon {
        LatLon::new(37.5 + metres / 111_195.0, 127.0).unwrap()
    }

    /// From a restaurant at 0 m to a door 1,300 m north; ready after 600 s.
    fn delivery(status: DeliveryStatus) -> Delivery {
        let id = Uuid::from_u128(1);
        Delivery {
            order: OrderId(id),
            version: 1,
            status,
            customer: UserId(id),
            pickup: Pickup { restaurant: RestaurantId(id), name: String::new(), position: north(0.0) },
            drop_off: DropOff {
                position: north(1_300.0),
                road_address: String::new(),
                detail: String::new(),
                entrance_note: String::new(),
            },
            carrier: Some(Carrier {
                courier: CourierId(id),
                name: String::new(),
                vehicle: Vehicle::Motorbike,
            }),
            requested_at: at(0),
            ready_by: at(600),
            promised_at: at(2_400),
            handover: None,
            near_told: false,
            late_told: false,
        }
    }

    /// 1,300 m × 1.35 / 6.5 m/s.
    const WAY_SECS: i64 = 270;
    const HAND_OVER_SECS: i64 = 120;

    fn arrives(status: DeliveryStatus, courier_m: f64, now: Timestamp) -> i64 {
        let eta =
            estimate(&Settings::default(), &delivery(status), Some((north(courier_m), now)), now).unwrap();
        assert!(!eta.stale);
        (eta.arrive_at - at(0)).num_seconds()
    }

    #[test]
    fn the_food_waits_for_the_courier_or_the_courier_for_the_food() {
        let kitchen_is_slower = arrives(DeliveryStatus::Assigned, -1_300.0, at(0));
        assert_eq!(kitchen_is_slower, 600 + WAY_SECS + HAND_OVER_SECS);
        let courier_is_slower = arrives(DeliveryStatus::Assigned, -1_300.0, at(500));
        assert_eq!(courier_is_slower, 500 + WAY_SECS + WAY_SECS + HAND_OVER_SECS);
        let kitchen_is_late = arrives(DeliveryStatus::AtRestaurant, 0.0, at(900));
        assert_eq!(kitchen_is_late, 900 + WAY_SECS + HAND_OVER_SECS);
    }

    #[test]
    fn after_pickup_only_the_rest_of_the_way_counts() {
        assert_eq!(
            arrives(DeliveryStatus::PickedUp, 650.0, at(1_000)),
            1_000 + WAY_SECS / 2 + HAND_OVER_SECS
        );
        assert_eq!(arrives(DeliveryStatus::AtDropoff, 1_300.0, at(1_000)), 1_000 + HAND_OVER_SECS);
    }

    #[test]
    fn an_old_or_missing_position_makes_it_stale() {
        let settings = Settings::default();
        let delivery = delivery(DeliveryStatus::PickedUp);
        assert!(estimate(&settings, &delivery, None, at(0)).unwrap().stale);
        assert!(estimate(&settings, &delivery, Some((north(0.0), at(0))), at(61)).unwrap().stale);
        assert!(!estimate(&settings, &delivery, Some((north(0.0), at(0))), at(60)).unwrap().stale);
    }

    #[test]
    fn a_forecast_says_at_each_moment_what_is_true_then() {
        let seen = Some((north(650.0), at(0)));
        let forecast = forecast(&Settings::default(), &delivery(DeliveryStatus::PickedUp), seen).unwrap();
        let (early, late) = (forecast.at(at(0)), forecast.at(at(500)));
        assert_eq!(late.arrive_at - early.arrive_at, TimeDelta::seconds(500), "never in the past");
        assert_eq!((early.stale, late.stale), (false, true));
    }

    #[test]
    fn what_is_over_has_no_estimate() {
        for status in DeliveryStatus::ALL.into_iter().filter(|status| status.is_over()) {
            assert_eq!(estimate(&Settings::default(), &delivery(status), None, at(0)), None);
        }
    }

    #[test]
    fn the_promise_leaves_a_margin_over_the_first_estimate() {
        let first =
            estimate(&Settings::default(), &delivery(DeliveryStatus::Requested), None, at(0)).unwrap();
        let promised = promise(&Settings::default(), north(0.0), north(1_300.0), at(600), at(0));
        assert_eq!(promised - first.arrive_at, TimeDelta::minutes(10));
    }
}
