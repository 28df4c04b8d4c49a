//! Dispatch: chooses the couriers to ask, the nearest suitable ones first.
//!
//! A round asks a few couriers at once. If none of them accepts, the next round searches
//! a wider radius. A courier who declined is never asked again for the same delivery. A
//! courier whose offer expired is, when no new courier is within reach.

use std::collections::HashMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::offer::{OfferRefusal, OfferStatus, Offers};
use crate::{CourierId, LatLon, OrderId, Timestamp, Won};

/// A reminder that dispatch schedules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reminder", rename_all = "snake_case")]
pub enum DispatchReminder {
    /// Offers of a delivery may have expired: ask the next couriers.
    LookForCourier {
        /// The order that is delivered.
        order: OrderId,
    },
    /// A delivery has had no courier for a long time.
    NoCourierFound {
        /// The order that is delivered.
        order: OrderId,
    },
    /// Somebody may not act as a courier any more: their shift ends.
    CourierStopped {
        /// The courier.
        courier: CourierId,
    },
}

/// The parameters of dispatch.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Radius of the first round, metres. Default 1,500.
    pub first_radius_m: f64,
    /// The factor by which the radius grows with each round. Default 1.6.
    pub widening: f64,
    /// The largest radius, metres. Default 8,000.
    pub max_radius_m: f64,
    /// Couriers asked at once. Default 3.
    pub per_round: usize,
    /// How long a courier has to answer. Default 30 s.
    pub answer_within: TimeDelta,
    /// The most deliveries that a courier may have at once. Default 2.
    pub capacity: u32,
    /// The greatest age of the last fix of a courier who is asked. Default 2 min.
    pub fresh_within: TimeDelta,
    /// The courier's fee for any delivery. Default 3,000 won.
    pub base_fee: Won,
    /// The additional fee for each started kilometre to the door. Default 700 won.
    pub fee_per_km: Won,
    /// Operators are alerted after this time without a courier. Default 10 min.
    pub alert_after: TimeDelta,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            first_radius_m: 1_500.0,
            widening: 1.6,
            max_radius_m: 8_000.0,
            per_round: 3,
            answer_within: TimeDelta::seconds(30),
            capacity: 2,
            fresh_within: TimeDelta::minutes(2),
            base_fee: Won(3_000),
            fee_per_km: Won(700),
            alert_after: TimeDelta::minutes(10),
        }
    }
}

impl Settings {
    /// The radius of round `round` (from 0), metres.
    pub fn radius_m(&self, round: u32) -> f64 {
        let rounds = i32::try_from(round).unwrap_or(i32::MAX);
        (self.first_radius_m * self.widening.powi(rounds)).min(self.max_radius_m)
    }

    /// Checks that a courier may accept another delivery: on shift and below capacity.
    pub fn admit(&self, on_shift: bool, carried: u32) -> Result<(), OfferRefusal> {
        if !on_shift {
            return Err(OfferRefusal::OffShift);
        }
        if carried < self.capacity { Ok(()) } else { Err(OfferRefusal::AtCapacity) }
    }

    /// The courier's fee for a delivery, by the distance from the restaurant to the door.
    pub fn fee(&self, pickup: LatLon, door: LatLon) -> Won {
        #[expect(clippy::cast_possible_truncation, reason = "half the earth is 20,038 km")]
        let kilometres = (pickup.distance_m(door) / 1_000.0).ceil() as i64;
        Won(self.base_fee.0.saturating_add(self.fee_per_km.0.saturating_mul(kilometres)))
    }
}

/// A courier on shift.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// The courier.
    pub courier: CourierId,
    /// The last known position.
    pub position: LatLon,
    /// The time of that position.
    pub at: Timestamp,
    /// The courier's current deliveries plus pending offers.
    pub load: u32,
}

/// A courier to ask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// The courier.
    pub courier: CourierId,
    /// The distance from the restaurant, metres.
    pub distance_m: f64,
}

/// The couriers of the next round, nearest first; ties go to the lower id, so that the
/// result is deterministic. Empty if no courier is within reach.
///
/// If no new courier is within the round's radius, the radius is widened at once to the
/// nearest one: waiting for another round would gain nothing.
pub fn choose(
    settings: &Settings,
    pickup: LatLon,
    offers: &Offers,
    candidates: &[Candidate],
    now: Timestamp,
) -> Vec<Choice> {
    let mut asked: HashMap<CourierId, OfferStatus> =
        offers.0.iter().map(|offer| (offer.courier, offer.status)).collect();
    // An offer is revoked because another courier was faster: nobody said no to it.
    asked.retain(|_, status| *status != OfferStatus::Revoked);
    let mut reachable: Vec<Choice> = candidates
        .iter()
        .filter(|candidate| candidate.load < settings.capacity)
        .filter(|candidate| now - candidate.at <= settings.fresh_within)
        .map(|candidate| Choice {
            courier: candidate.courier,
            distance_m: candidate.position.distance_m(pickup),
        })
        .filter(|choice| choice.distance_m <= settings.max_radius_m)
        .collect();
    reachable.sort_by(|a, b| a.distance_m.total_cmp(&b.distance_m).then(a.courier.cmp(&b.courier)));
    let (new, old): (Vec<_>, Vec<_>) =
        reachable.into_iter().partition(|choice| !asked.contains_key(&choice.courier));
    let Some(nearest) = new.first() else {
        let passed = |choice: &Choice| asked.get(&choice.courier) == Some(&OfferStatus::Expired);
        return old.into_iter().filter(passed).take(settings.per_round).collect();
    };
    let radius_m = settings.radius_m(offers.rounds()).max(nearest.distance_m);
    let within = |choice: &Choice| choice.distance_m <= radius_m;
    new.into_iter().take_while(within).take(settings.per_round).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{OfferId, OrderId, tracking::Offer};
    use chrono::DateTime;
    use uuid::Uuid;

    fn now() -> Timestamp {
        DateTime::from_timestamp(1_790_000_000, 0).unwrap()
    }

    fn north(metres: f64) -> LatLon {
        LatLon::new(37.5 + metres / 111_195.0, 127.0).unwrap()
    }

    fn who(n: u128) -> CourierId {
        CourierId(Uuid::from_u128(n))
    }

    fn candidate(n: u128, metres: f64) -> Candidate {
        Candidate { courier: who(n), position: north(metres), at: now(), load: 0 }
    }

    fn asked(n: u128, round: u32, status: OfferStatus) -> Offer {
        Offer {
            id: OfferId(Uuid::from_u128(n)),
            order: OrderId(Uuid::from_u128(1)),
            courier: who(n),
            status,
            round,
            restaurant_name: String::new(),
            pickup: north(0.0),
            drop_off: north(0.0),
            dong: None,
            distance_m: 0.0,
            fee: Won(0),
            expires_at: now(),
        }
    }

    fn chosen(offers: Vec<Offer>, candidates: &[Candidate]) -> Vec<u128> {
        choose(&Settings::default(), north(0.0), &Offers(offers), candidates, now())
            .iter()
            .map(|choice| choice.courier.0.as_u128())
            .collect()
    }

    #[test]
    fn the_nearest_few_are_asked_first() {
        let all = [candidate(1, 900.0), candidate(2, 100.0), candidate(3, 1_400.0), candidate(4, 500.0)];
        assert_eq!(chosen(vec![], &all), [2, 4, 1]);
    }

    #[test]
    fn who_lost_an_offer_to_somebody_who_gave_it_back_is_asked_again() {
        let all = [candidate(1, 100.0), candidate(2, 200.0), candidate(3, 300.0)];
        let offers = vec![
            asked(1, 0, OfferStatus::Declined),
            asked(2, 0, OfferStatus::Revoked),
            asked(3, 0, OfferStatus::Revoked),
        ];
        assert_eq!(chosen(offers, &all), [2, 3]);
    }

    #[test]
    fn each_round_looks_further() {
        let all = [candidate(1, 100.0), candidate(2, 1_600.0), candidate(3, 2_000.0)];
        assert_eq!(chosen(vec![], &all), [1]);
        assert_eq!(chosen(vec![asked(1, 0, OfferStatus::Declined)], &all), [2, 3]);
    }

    #[test]
    fn a_longer_way_earns_more() {
        let settings = Settings::default();
        assert_eq!(settings.fee(north(0.0), north(0.0)), Won(3_000));
        assert_eq!(settings.fee(north(0.0), north(1_001.0)), Won(4_400));
    }

    #[test]
    fn an_empty_street_is_not_waited_for() {
        assert_eq!(chosen(vec![], &[candidate(1, 6_000.0), candidate(2, 7_000.0)]), [1]);
        assert!(chosen(vec![], &[candidate(1, 8_100.0)]).is_empty());
    }

    #[test]
    fn who_is_busy_or_silent_is_not_asked() {
        let full = Candidate { load: 2, ..candidate(1, 10.0) };
        let silent = Candidate { at: now() - TimeDelta::seconds(121), ..candidate(2, 10.0) };
        assert!(chosen(vec![], &[full, silent]).is_empty());
    }

    #[test]
    fn who_let_it_pass_is_asked_again_when_nobody_new_is_left_but_who_declined_is_not() {
        let before = vec![asked(1, 0, OfferStatus::Expired), asked(2, 0, OfferStatus::Declined)];
        let all = [candidate(1, 10.0), candidate(2, 20.0), candidate(3, 1_000.0)];
        assert_eq!(chosen(before.clone(), &all), [3]);
        assert_eq!(chosen(before, &all[..2]), [1]);
    }
}
