//! What a restaurant's reason to reject an order says about its other orders.

use chrono::{Days, Duration};

use super::{Holidays, Restaurant};
use crate::order::RejectReason;
use crate::{Timestamp, week};

/// How long it takes no orders after it was too busy for one.
const BUSY_PAUSE: Duration = Duration::minutes(15);

/// The longest that it takes none after it was closing: it would have said so to the next one.
const CLOSED_MAX: Duration = Duration::hours(12);

/// The longest that a night belongs to the day before.
const NIGHT_MAX: Duration = Duration::hours(12);

impl Restaurant {
    /// Until when it takes no orders after it rejected one at `at`: for 15 minutes if it was too busy,
    /// until it opens the next time if it was closing, at most for 12 hours. `None` if the reason says
    /// nothing of other orders, or if it takes none for as long anyway.
    pub fn pause_after(&self, reason: RejectReason, at: Timestamp, holidays: &Holidays) -> Option<Timestamp> {
        let until = match reason {
            RejectReason::TooBusy => at + BUSY_PAUSE,
            RejectReason::Closing => {
                let latest = at + CLOSED_MAX;
                self.next_opening(at, holidays).map_or(latest, |opens| opens.min(latest))
            }
            RejectReason::SoldOut
            | RejectReason::Unreachable
            | RejectReason::NoAnswer
            | RejectReason::SlotClosed
            | RejectReason::Other => return None,
        };
        self.paused_until.is_none_or(|paused| paused < until).then_some(until)
    }

    /// When it opens the next time by its hours: if it is open, after it has closed.
    fn next_opening(&self, at: Timestamp, holidays: &Holidays) -> Option<Timestamp> {
        let hours = &self.rules.hours;
        let change = hours.next_change(at, holidays)?;
        if hours.is_open(at, holidays) { hours.next_change(change, holidays) } else { Some(change) }
    }

    /// When its day ends: what is sold out at `at` can be had again then. At midnight in Seoul, or when it
    /// closes if it is open past that.
    pub fn day_end(&self, at: Timestamp, holidays: &Holidays) -> Timestamp {
        let today = week::date_of(at);
        let ends = |midnight: Timestamp| {
            let hours = &self.rules.hours;
            let closes = hours.is_open(midnight, holidays).then(|| hours.next_change(midnight, holidays));
            closes.flatten().filter(|closes| *closes <= midnight + NIGHT_MAX).unwrap_or(midnight)
        };
        let of_the_day_before = ends(week::midnight(today));
        if at < of_the_day_before { of_the_day_before } else { ends(week::midnight(today + Days::new(1))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::restaurant::tests::restaurant;
    use crate::restaurant::{Hours, Rules};
    use crate::week::Span;

    /// Open every day from one hour to another, which may be of the next day.
    fn open(from: u16, to: u16) -> Restaurant {
        let hours = Hours { ranges: Span::daily(from * 60, to * 60), ..Hours::default() };
        let usual = restaurant();
        Restaurant { rules: Rules { hours, ..usual.rules }, ..usual }
    }

    /// A moment of a day in Seoul.
    fn at(hour: u32, minute: u32) -> Timestamp {
        week::midnight("2026-11-26".parse().unwrap()) + Duration::minutes(i64::from(hour * 60 + minute))
    }

    fn pause(restaurant: &Restaurant, reason: RejectReason, at: Timestamp) -> Option<Timestamp> {
        restaurant.pause_after(reason, at, &Holidays::default())
    }

    #[test]
    fn who_was_too_busy_takes_no_orders_for_a_quarter_of_an_hour() {
        let shop = open(10, 22);
        assert_eq!(pause(&shop, RejectReason::TooBusy, at(12, 0)), Some(at(12, 15)));
        let longer = Restaurant { paused_until: Some(at(12, 15)), ..shop.clone() };
        assert_eq!(pause(&longer, RejectReason::TooBusy, at(12, 0)), None);
        let shorter = Restaurant { paused_until: Some(at(12, 14)), ..shop };
        assert_eq!(pause(&shorter, RejectReason::TooBusy, at(12, 0)), Some(at(12, 15)));
    }

    #[test]
    fn who_was_closing_takes_none_until_it_opens_again_but_not_for_longer_than_half_a_day() {
        let late = open(17, 26);
        assert_eq!(pause(&late, RejectReason::Closing, at(1, 50)), Some(at(13, 50)), "12 hours");
        assert_eq!(pause(&late, RejectReason::Closing, at(5, 30)), Some(at(17, 0)));
        assert_eq!(pause(&late, RejectReason::Closing, at(4, 59)), Some(at(16, 59)), "12 hours");
        let always = Restaurant { rules: Rules { hours: Hours::always(), ..late.rules.clone() }, ..late };
        assert_eq!(pause(&always, RejectReason::Closing, at(9, 0)), Some(at(21, 0)));
    }

    #[test]
    fn other_reasons_say_nothing_of_other_orders() {
        let shop = open(10, 22);
        for reason in
            [RejectReason::SoldOut, RejectReason::Unreachable, RejectReason::NoAnswer, RejectReason::Other]
        {
            assert_eq!(pause(&shop, reason, at(12, 0)), None);
        }
    }

    #[test]
    fn a_day_ends_at_midnight_or_with_the_night_that_goes_past_it() {
        let end = |restaurant: &Restaurant, at| restaurant.day_end(at, &Holidays::default());
        let midnight = at(0, 0) + Duration::days(1);
        assert_eq!(end(&open(10, 22), at(12, 0)), midnight);
        let late = open(17, 26);
        assert_eq!(end(&late, at(23, 0)), midnight + Duration::hours(2));
        assert_eq!(end(&late, at(1, 59)), at(2, 0));
        assert_eq!(end(&late, at(2, 0)), midnight + Duration::hours(2));
        let always = Restaurant { rules: Rules { hours: Hours::always(), ..late.rules.clone() }, ..late };
        assert_eq!(end(&always, at(12, 0)), midnight);
    }
}
