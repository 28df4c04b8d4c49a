//! Whom to ask: the nearest suitable couriers first, then further away.
//!
//! A round asks a few couriers at once. When nobody of them took it, the next
//! round looks in a wider circle. Who declined is never asked again for the
//! same delivery; who let it pass is, once nobody new is within reach.

use std::collections::HashMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::offer::{OfferRefusal, OfferStatus, Offers};
use crate::{CourierId, LatLon, OrderId, Timestamp, Won};

/// What dispatch asks to be reminded of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reminder", rename_all = "snake_case")]
pub enum DispatchReminder {
    /// Offers of a delivery may have expired: ask the next couriers.
    LookForCourier {
        /// The order that is delivered.
        order: OrderId,
    },
    /// Nobody took a delivery for long.
    NoCourierFound {
        /// The order that is delivered.
        order: OrderId,
    },
}

/// Dispatch's numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Radius of the first round, metres. Default 1,500.
    pub first_radius_m: f64,
    /// Each further round's radius is this many times the one before. Default 1.6.
    pub widening: f64,
    /// Nobody further than this is asked, metres. Default 8,000.
    pub max_radius_m: f64,
    /// Couriers asked at once. Default 3.
    pub per_round: usize,
    /// How long a courier has to answer. Default 30 s.
    pub answer_within: TimeDelta,
    /// Deliveries that one courier carries at once. Default 2.
    pub capacity: u32,
    /// A courier whose last fix is older is not asked. Default 2 min.
    pub fresh_within: TimeDelta,
    /// What a courier earns for any delivery. Default 3,000 won.
    pub base_fee: Won,
    /// What each started kilometre to the door adds. Default 700 won.
    pub fee_per_km: Won,
    /// Without a courier for this long, operators are told. Default 10 min.
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
    /// How far round `round` (from 0) looks, metres.
    pub fn radius_m(&self, round: u32) -> f64 {
        let rounds = i32::try_from(round).unwrap_or(i32::MAX);
        (self.first_radius_m * self.widening.powi(rounds)).min(self.max_radius_m)
    }

    /// Whether a courier may take another delivery on: on shift, and with room for it.
    pub fn admit(&self, on_shift: bool, carried: u32) -> Result<(), OfferRefusal> {
        if !on_shift {
            return Err(OfferRefusal::OffShift);
        }
        if carried < self.capacity { Ok(()) } else { Err(OfferRefusal::AtCapacity) }
    }

    /// What a courier earns for the way from the restaurant to the door.
    pub fn fee(&self, pickup: LatLon, door: LatLon) -> Won {
        #[expect(clippy::cast_possible_truncation, reason = "half the earth is 20,038 km")]
        let kilometres = (pickup.distance_m(door) / 1_000.0).ceil() as i64;
        Won(self.base_fee.0.saturating_add(self.fee_per_km.0.saturating_mul(kilometres)))
    }
}

/// A courier on shift.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// Who.
    pub courier: CourierId,
    /// Where they were last.
    pub position: LatLon,
    /// When that was.
    pub at: Timestamp,
    /// Deliveries that they carry, and offers that they were made.
    pub load: u32,
}

/// A courier to ask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// Who.
    pub courier: CourierId,
    /// How far from the restaurant, metres.
    pub distance_m: f64,
}

/// The couriers of the next round, nearest first; ties go to the lower id, so
/// that the same question has the same answer. Empty: nobody is within reach.
///
/// The round's radius widens at once while nobody new is within it: there is no
/// point in waiting for an empty street to answer.
pub fn choose(
    settings: &Settings,
    pickup: LatLon,
    offers: &Offers,
    candidates: &[Candidate],
    now: Timestamp,
) -> Vec<Choice> {
    let asked: HashMap<CourierId, OfferStatus> =
        offers.0.iter().map(|offer| (offer.courier, offer.status)).collect();
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
