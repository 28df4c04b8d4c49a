//! The slots of a restaurant: half-hours for which orders are scheduled, each for so many of them.

use std::collections::BTreeMap;

use chrono::{Duration, DurationRound as _, NaiveDate};

use super::{Holidays, Restaurant};
use crate::{Timestamp, week};

/// The length of a slot in minutes.
pub const SLOT_MINS: i64 = 30;

/// How far ahead a slot may be, in days.
pub const SLOT_DAYS: i64 = 7;

/// The highest number of orders that a restaurant may take for one slot.
pub const PER_SLOT_MAX: u32 = 1_000;

/// The number of scheduled orders for each slot, by its start; for those that are not named, none.
pub type Scheduled = BTreeMap<Timestamp, u32>;

/// A slot that can be chosen, unless it is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its start.
    pub starts_at: Timestamp,
    /// Whether the restaurant takes no more orders for it.
    pub is_full: bool,
}

/// The start of the slot to which a moment belongs. Slots begin on the hour and half past it.
pub fn start(at: Timestamp) -> Timestamp {
    // Only moments beyond the year 2262 cannot be rounded.
    at.duration_trunc(Duration::minutes(SLOT_MINS)).unwrap_or(at)
}

impl Restaurant {
    /// Whether it takes one more order for a slot with so many.
    pub fn takes_another(&self, orders: u32) -> bool {
        self.rules.orders_per_slot.is_none_or(|most| orders < most)
    }

    /// Preparation plus travel, rounded up to whole minutes, for an order that is wanted `at` that time.
    pub fn lead(&self, travel: Duration, at: Timestamp) -> Duration {
        let travel_mins = (travel + Duration::seconds(59)).num_minutes();
        Duration::minutes(i64::from(self.preparation_mins(at)) + travel_mins)
    }

    /// The span of time from which a slot may be chosen at `now`.
    pub fn slot_range(&self, lead: Duration, now: Timestamp) -> (Timestamp, Timestamp) {
        (now + lead, now + Duration::days(SLOT_DAYS))
    }

    /// The slots of a day in Korea that can be chosen at `now`, for a place to which it takes `travel`.
    pub fn slots(
        &self,
        day: NaiveDate,
        travel: Duration,
        scheduled: &Scheduled,
        now: Timestamp,
        holidays: &Holidays,
    ) -> Vec<Slot> {
        let midnight = week::midnight(day);
        let starts = (0..48).map(|at| midnight + Duration::minutes(at * SLOT_MINS));
        let possible = starts.filter(|starts_at| {
            let lead = self.lead(travel, *starts_at);
            let (earliest, latest) = self.slot_range(lead, now);
            (earliest..=latest).contains(starts_at)
                && self.opening_for(Some(*starts_at), lead, now, holidays).is_open()
        });
        let slot = |starts_at| {
            let orders = scheduled.get(&starts_at).copied().unwrap_or(0);
            Slot { starts_at, is_full: !self.takes_another(orders) }
        };
        possible.map(slot).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::restaurant;
    use super::*;
    use crate::restaurant::{Hours, Rules};
    use crate::week::Span;

    fn at(time: &str) -> Timestamp {
        format!("2026-11-20T{time}:00+09:00")
            .parse::<chrono::DateTime<chrono::FixedOffset>>()
            .unwrap()
            .to_utc()
    }

    /// Open from 11:00 to 21:00, with 20 minutes of preparation.
    fn shop(orders_per_slot: Option<u32>) -> Restaurant {
        let hours = Hours { ranges: Span::daily(11 * 60, 21 * 60), ..Hours::default() };
        let shop = restaurant();
        Restaurant { rules: Rules { hours, orders_per_slot, ..shop.rules }, ..shop }
    }

    fn starts(slots: &[Slot]) -> (Timestamp, Timestamp, usize) {
        (slots.first().unwrap().starts_at, slots.last().unwrap().starts_at, slots.len())
    }

    #[test]
    fn slots_begin_every_half_hour_from_what_preparation_and_travel_allow_until_it_closes() {
        let day = week::date_of(at("12:00"));
        let slots = |now: &str, travel: i64| {
            shop(None).slots(day, Duration::minutes(travel), &Scheduled::new(), at(now), &Holidays::default())
        };
        // Cooked from 11:00 on at the earliest.
        assert_eq!(starts(&slots("08:00", 10)), (at("11:30"), at("20:30"), 19));
        assert_eq!(starts(&slots("08:00", 41)), (at("12:30"), at("20:30"), 17));
        assert_eq!(starts(&slots("17:00", 10)).0, at("17:30"));
        assert_eq!(starts(&slots("17:01", 10)).0, at("18:00"), "a minute too late");
        assert!(slots("20:10", 10).is_empty());
        let in_a_week = day + chrono::Days::new(7);
        let last = shop(None).slots(
            in_a_week,
            Duration::zero(),
            &Scheduled::new(),
            at("12:00"),
            &Holidays::default(),
        );
        assert_eq!(last.last().unwrap().starts_at, at("12:00") + Duration::days(7));
    }

    #[test]
    fn a_slot_is_full_with_as_many_orders_as_the_restaurant_takes() {
        let day = week::date_of(at("12:00"));
        let scheduled = Scheduled::from([(at("12:00"), 2), (at("12:30"), 1)]);
        let full = |most| {
            let slots =
                shop(most).slots(day, Duration::zero(), &scheduled, at("08:00"), &Holidays::default());
            slots.into_iter().filter(|slot| slot.is_full).map(|slot| slot.starts_at).collect::<Vec<_>>()
        };
        assert_eq!(full(Some(2)), [at("12:00")]);
        assert_eq!(full(Some(1)), [at("12:00"), at("12:30")]);
        assert!(full(None).is_empty());
    }

    #[test]
    fn every_moment_belongs_to_one_slot() {
        for (moment, slot) in [("12:00", "12:00"), ("12:29", "12:00"), ("12:30", "12:30"), ("12:59", "12:30")]
        {
            assert_eq!(start(at(moment)), at(slot));
        }
    }
}
