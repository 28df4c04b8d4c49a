//! The opening hours of a restaurant, in Asia/Seoul.

use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

use crate::week::{Span, date_of};
use crate::{Fault, Timestamp, fault};

/// How many days ahead to search for the next opening. Longer than any month, so that
/// monthly closings cannot hide it.
const HORIZON_DAYS: u64 = 40;

/// A day on which the restaurant is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Closing {
    /// The n-th given weekday of every month (둘째 넷째 월요일).
    Monthly {
        /// 1 to 5.
        nth: u8,
        /// The weekday.
        weekday: Weekday,
    },
    /// One date: a public holiday, a family event.
    Date {
        /// The date.
        date: NaiveDate,
    },
}

/// The weekly hours and their exceptions. A weekday without a range is closed every
/// week.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// Opening hours, possibly several a day; a range that begins on a closed day is ignored.
    pub ranges: Vec<Span>,
    /// Breaks within the ranges (브레이크 타임).
    pub breaks: Vec<Span>,
    /// Days on which it is closed.
    pub closings: Vec<Closing>,
}

/// Why no orders are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosedReason {
    /// The owner paused it for a while.
    Paused,
    /// A break within the opening hours.
    Break,
    /// Not open on this day.
    DayOff,
    /// Before opening or after closing.
    OutsideHours,
}

/// Whether orders are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Orders are taken.
    Open,
    /// Orders are not taken.
    Closed {
        /// Why.
        reason: ClosedReason,
        /// When they will be; `None` if not within the next 40 days.
        next_open_at: Option<Timestamp>,
    },
}

impl Opening {
    /// Whether orders are taken.
    pub fn is_open(self) -> bool {
        self == Opening::Open
    }

    /// When orders will be taken again, if they are not.
    pub fn next_open_at(self) -> Option<Timestamp> {
        match self {
            Opening::Open => None,
            Opening::Closed { next_open_at, .. } => next_open_at,
        }
    }

    /// Why orders are not taken.
    pub fn reason(self) -> Option<ClosedReason> {
        match self {
            Opening::Open => None,
            Opening::Closed { reason, .. } => Some(reason),
        }
    }
}

impl Closing {
    fn is_on(self, date: NaiveDate) -> bool {
        match self {
            Closing::Date { date: closed } => closed == date,
            Closing::Monthly { nth, weekday } => {
                date.weekday() == weekday && date.day0() / 7 + 1 == u32::from(nth)
            }
        }
    }
}

impl Hours {
    /// Open 24 hours, every day.
    pub fn always() -> Self {
        Self { ranges: Span::daily(0, 24 * 60), ..Self::default() }
    }

    /// The state at `now`, with the owner's pause taken into account.
    pub fn opening(&self, paused_until: Option<Timestamp>, now: Timestamp) -> Opening {
        if let Some(until) = paused_until.filter(|until| *until > now) {
            return Opening::Closed { reason: ClosedReason::Paused, next_open_at: self.next_open(until) };
        }
        if self.is_open(now) {
            return Opening::Open;
        }
        Opening::Closed { reason: self.reason(now), next_open_at: self.next_open(now) }
    }

    /// Whether it is open at that time, whatever the owner paused. What they say changes at whole
    /// minutes alone.
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.in_range(at) && !self.breaks.iter().any(|span| span.covers(at))
    }

    fn in_range(&self, at: Timestamp) -> bool {
        let today = date_of(at);
        self.ranges_on(today)
            .chain(today.pred_opt().into_iter().flat_map(|date| self.ranges_on(date)))
            .any(|(from, to)| from <= at && at < to)
    }

    fn ranges_on(&self, date: NaiveDate) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let closed = self.closings.iter().any(|closing| closing.is_on(date));
        self.ranges.iter().filter(move |_| !closed).filter_map(move |span| span.on(date))
    }

    fn reason(&self, at: Timestamp) -> ClosedReason {
        if self.in_range(at) {
            ClosedReason::Break
        } else if self.ranges_on(date_of(at)).next().is_none() {
            ClosedReason::DayOff
        } else {
            ClosedReason::OutsideHours
        }
    }

    /// The first open moment at or after `at`. It can only be `at` itself, the start of a
    /// range, or the end of a break.
    fn next_open(&self, at: Timestamp) -> Option<Timestamp> {
        if self.is_open(at) {
            return Some(at);
        }
        // Starts with the day before, whose break may end after midnight.
        let first = date_of(at).pred_opt()?;
        (0..HORIZON_DAYS).filter_map(|days| first.checked_add_days(Days::new(days))).find_map(|date| {
            let begins = self.ranges_on(date).map(|(from, _)| from);
            let ends = self.breaks.iter().filter_map(|span| span.on(date)).map(|(_, to)| to);
            let moments = begins.chain(ends).filter(|moment| *moment > at);
            moments.filter(|moment| self.is_open(*moment)).min()
        })
    }

    /// All errors in the hours.
    pub fn check(&self) -> Vec<Fault> {
        let ranges = self.ranges.iter().filter_map(|span| span.check("/hours/ranges"));
        let breaks = self.breaks.iter().filter_map(|span| span.check("/hours/breaks"));
        let closings = self
            .closings
            .iter()
            .filter(|closing| matches!(closing, Closing::Monthly { nth, .. } if !(1..=5).contains(nth)));
        let detail = "A month has a first to a fifth weekday.";
        let closings = closings.map(|_| Fault::new("/hours/closings", fault::OUT_OF_RANGE, detail));
        ranges.chain(breaks).chain(closings).collect()
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Duration};
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        DateTime::parse_from_rfc3339(&format!("{text}:00+09:00")).unwrap().to_utc()
    }

    /// Open 11:00 to 02:00, break 15:00 to 17:00, closed on the second Monday of each month.
    fn evening() -> Hours {
        Hours {
            ranges: Span::daily(11 * 60, 26 * 60),
            breaks: Span::daily(15 * 60, 17 * 60),
            closings: vec![Closing::Monthly { nth: 2, weekday: Weekday::Mon }],
        }
    }

    fn closed(reason: ClosedReason, next: &str) -> Opening {
        Opening::Closed { reason, next_open_at: Some(at(next)) }
    }

    #[test]
    fn a_range_past_midnight_is_open_the_next_morning() {
        assert!(evening().opening(None, at("2026-11-21T01:59")).is_open());
        let later = evening().opening(None, at("2026-11-21T02:00"));
        assert_eq!(later, closed(ClosedReason::OutsideHours, "2026-11-21T11:00"));
    }

    #[test]
    fn a_break_ends_when_it_says() {
        let during = evening().opening(None, at("2026-11-20T15:00"));
        assert_eq!(during, closed(ClosedReason::Break, "2026-11-20T17:00"));
        assert!(evening().opening(None, at("2026-11-20T17:00")).is_open());
    }

    #[test]
    fn the_second_monday_is_off_but_sunday_night_runs_out() {
        // 2026-11-09 is the second Monday of November.
        assert!(evening().opening(None, at("2026-11-09T01:00")).is_open());
        let noon = evening().opening(None, at("2026-11-09T12:00"));
        assert_eq!(noon, closed(ClosedReason::DayOff, "2026-11-10T11:00"));
        assert!(evening().opening(None, at("2026-11-02T12:00")).is_open());
    }

    #[test]
    fn a_pause_ends_at_its_time_or_at_the_next_opening_after_it() {
        let pause = |until| evening().opening(Some(at(until)), at("2026-11-20T12:00"));
        assert_eq!(pause("2026-11-20T13:00"), closed(ClosedReason::Paused, "2026-11-20T13:00"));
        assert_eq!(pause("2026-11-20T16:00"), closed(ClosedReason::Paused, "2026-11-20T17:00"));
        assert!(pause("2026-11-20T12:00").is_open());
    }

    #[test]
    fn who_never_opens_has_no_next_opening() {
        let never = Hours::default().opening(None, at("2026-11-20T12:00"));
        assert_eq!(never, Opening::Closed { reason: ClosedReason::DayOff, next_open_at: None });
    }

    #[test]
    fn around_the_clock_has_no_gap_at_midnight() {
        for moment in ["2026-11-20T23:59", "2026-11-21T00:00", "2026-11-21T00:01"] {
            assert!(Hours::always().opening(None, at(moment)).is_open(), "{moment}");
        }
    }

    fn spans() -> impl Strategy<Value = Vec<Span>> {
        let span = (0..7u8, 0..24u16, 1..=24u16).prop_map(|(day, from, hours)| Span {
            weekday: Weekday::try_from(day).unwrap(),
            from_min: from * 60,
            to_min: (from + hours) * 60,
        });
        proptest::collection::vec(span, 0..6)
    }

    proptest! {
        /// The reference marks each hour of a week in a circular array.
        #[test]
        fn hours_agree_with_a_painted_week(ranges in spans(), breaks in spans(), start in 0..168usize) {
            let mut week = [false; 168];
            for (spans, open) in [(&ranges, true), (&breaks, false)] {
                for span in spans {
                    let day = span.weekday.num_days_from_monday() as usize * 24;
                    for hour in span.from_min / 60..span.to_min / 60 {
                        week[(day + usize::from(hour)) % 168] = open;
                    }
                }
            }
            let hours = Hours { ranges, breaks, closings: vec![] };
            // 2026-11-16 is a Monday.
            let now = at("2026-11-16T00:30") + Duration::hours(start as i64);
            let opening = hours.opening(None, now);
            prop_assert_eq!(opening.is_open(), week[start]);
            let ahead = (1..=168).find(|hours| week[(start + hours) % 168]);
            let expected = ahead.filter(|_| !week[start])
                .map(|hours| now + Duration::hours(hours as i64) - Duration::minutes(30));
            prop_assert_eq!(opening.next_open_at(), expected);
        }
    }
}
