//! The opening hours of a restaurant, in Asia/Seoul.

use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

use super::Holidays;
use crate::week::{Span, date_of, midnight};
use crate::{Fault, Timestamp, fault};

/// The most ranges, breaks, closings and special days, of each.
pub const ENTRIES_MAX: usize = 100;

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

/// A date with hours of its own, whatever the week, the closings and the holidays say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecialDay {
    /// The date.
    pub date: NaiveDate,
    /// When it is open then; without a range it is closed. What lies between two ranges is no
    /// break, and the breaks of the week do not apply.
    pub ranges: Vec<DayRange>,
}

/// A range of a special day, which may reach past midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayRange {
    /// The start, inclusive: minutes after midnight, below 1440.
    pub from_min: u16,
    /// The end, exclusive: minutes after the same midnight, at most 24 hours later.
    pub to_min: u16,
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
    /// Whether it is closed on public holidays.
    #[serde(default)]
    pub closed_on_holidays: bool,
    /// Dates with hours of their own.
    #[serde(default)]
    pub special_days: Vec<SpecialDay>,
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
    /// Not open on public holidays.
    Holiday,
    /// Before opening or after closing.
    OutsideHours,
    /// It does not take orders yet.
    NotPublished,
    /// It takes no orders any more.
    ClosedDown,
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
    pub fn opening(&self, paused_until: Option<Timestamp>, now: Timestamp, holidays: &Holidays) -> Opening {
        let plan = Plan { hours: self, holidays };
        if let Some(until) = paused_until.filter(|until| *until > now) {
            return Opening::Closed { reason: ClosedReason::Paused, next_open_at: plan.next_open(until) };
        }
        if plan.is_open(now) {
            return Opening::Open;
        }
        Opening::Closed { reason: plan.reason(now), next_open_at: plan.next_open(now) }
    }

    /// When the hours next change from open to closed or back, after `now`; `None` if not within the
    /// next 40 days. A pause is not looked at.
    pub fn next_change(&self, now: Timestamp, holidays: &Holidays) -> Option<Timestamp> {
        let plan = Plan { hours: self, holidays };
        if plan.is_open(now) { plan.next_close(now) } else { plan.next_open(now) }
    }

    /// Whether it is open at that time, whatever the owner paused. What they say changes at whole
    /// minutes alone.
    pub fn is_open(&self, at: Timestamp, holidays: &Holidays) -> bool {
        Plan { hours: self, holidays }.is_open(at)
    }

    fn special(&self, date: NaiveDate) -> Option<&SpecialDay> {
        self.special_days.iter().find(|day| day.date == date)
    }

    /// All errors in the hours.
    pub fn check(&self) -> Vec<Fault> {
        let spans = |spans: &[Span], list: &'static str| {
            let spans = spans.iter().enumerate();
            spans
                .filter_map(move |(place, span)| span.check(&format!("/hours/{list}/{place}")))
                .collect::<Vec<_>>()
        };
        let mut faults = spans(&self.ranges, "ranges");
        faults.extend(spans(&self.breaks, "breaks"));
        for (place, closing) in self.closings.iter().enumerate() {
            if matches!(closing, Closing::Monthly { nth, .. } if !(1..=5).contains(nth)) {
                let detail = "A month has a first to a fifth weekday.";
                faults.push(Fault::new(format!("/hours/closings/{place}"), fault::OUT_OF_RANGE, detail));
            }
        }
        for (place, day) in self.special_days.iter().enumerate() {
            let at = format!("/hours/special_days/{place}");
            if self.special_days[..place].iter().any(|earlier| earlier.date == day.date) {
                faults.push(Fault::new(&at, fault::DUPLICATE, "This date has hours already."));
            }
            let ranges = day.ranges.iter().enumerate();
            faults.extend(
                ranges.filter_map(|(range, one)| one.check(day.date, &format!("{at}/ranges/{range}"))),
            );
        }
        let lists = [
            ("ranges", self.ranges.len()),
            ("breaks", self.breaks.len()),
            ("closings", self.closings.len()),
            ("special_days", self.special_days.len()),
        ];
        let long = lists.into_iter().filter(|(_, length)| *length > ENTRIES_MAX).map(|(list, _)| {
            Fault::new(format!("/hours/{list}"), fault::WRONG_LENGTH, format!("At most {ENTRIES_MAX}."))
        });
        faults.extend(long);
        faults
    }
}

impl DayRange {
    fn on(self, date: NaiveDate) -> Option<(Timestamp, Timestamp)> {
        Span { weekday: date.weekday(), from_min: self.from_min, to_min: self.to_min }.on(date)
    }

    fn check(self, date: NaiveDate, pointer: &str) -> Option<Fault> {
        Span { weekday: date.weekday(), from_min: self.from_min, to_min: self.to_min }.check(pointer)
    }
}

/// The hours with the calendar that they are read by.
#[derive(Clone, Copy)]
struct Plan<'a> {
    hours: &'a Hours,
    holidays: &'a Holidays,
}

impl Plan<'_> {
    fn is_open(self, at: Timestamp) -> bool {
        self.in_range(at) && !self.in_break(at)
    }

    fn in_range(self, at: Timestamp) -> bool {
        begun_on(at).into_iter().flat_map(|date| self.ranges_on(date)).any(|(from, to)| from <= at && at < to)
    }

    fn in_break(self, at: Timestamp) -> bool {
        begun_on(at).into_iter().flat_map(|date| self.breaks_on(date)).any(|(from, to)| from <= at && at < to)
    }

    /// The ranges that begin on the date. A special day comes before everything else.
    fn ranges_on(self, date: NaiveDate) -> Vec<(Timestamp, Timestamp)> {
        if let Some(special) = self.hours.special(date) {
            return special.ranges.iter().filter_map(|range| range.on(date)).collect();
        }
        if self.is_closed_on(date) {
            return Vec::new();
        }
        self.hours.ranges.iter().filter_map(|span| span.on(date)).collect()
    }

    fn breaks_on(self, date: NaiveDate) -> Vec<(Timestamp, Timestamp)> {
        if self.hours.special(date).is_some() {
            return Vec::new();
        }
        self.hours.breaks.iter().filter_map(|span| span.on(date)).collect()
    }

    fn is_closed_on(self, date: NaiveDate) -> bool {
        self.is_holiday(date) || self.hours.closings.iter().any(|closing| closing.is_on(date))
    }

    fn is_holiday(self, date: NaiveDate) -> bool {
        self.hours.closed_on_holidays && self.holidays.contains(date)
    }

    fn reason(self, at: Timestamp) -> ClosedReason {
        let today = date_of(at);
        if self.in_range(at) {
            ClosedReason::Break
        } else if self.ranges_on(today).is_empty() {
            let by_holiday = self.hours.special(today).is_none() && self.is_holiday(today);
            if by_holiday { ClosedReason::Holiday } else { ClosedReason::DayOff }
        } else {
            ClosedReason::OutsideHours
        }
    }

    /// The first open moment at or after `at`. It can only be `at` itself, the start of a
    /// range, or the end of a break.
    fn next_open(self, at: Timestamp) -> Option<Timestamp> {
        if self.is_open(at) {
            return Some(at);
        }
        self.first_after(at, |plan, date| {
            let begins = plan.ranges_on(date).into_iter().map(|(from, _)| from);
            let ends = plan.breaks_on(date).into_iter().map(|(_, to)| to);
            begins.chain(ends).filter(|moment| plan.is_open(*moment)).collect()
        })
    }

    /// The first closed moment after `at`. It can only be the end of a range or the start of a break.
    fn next_close(self, at: Timestamp) -> Option<Timestamp> {
        self.first_after(at, |plan, date| {
            let ends = plan.ranges_on(date).into_iter().map(|(_, to)| to);
            let begins = plan.breaks_on(date).into_iter().map(|(from, _)| from);
            ends.chain(begins).filter(|moment| !plan.is_open(*moment)).collect()
        })
    }

    /// The earliest of the moments after `at` that belong to one of the next dates.
    fn first_after(
        self,
        at: Timestamp,
        moments: impl Fn(Self, NaiveDate) -> Vec<Timestamp>,
    ) -> Option<Timestamp> {
        // Starts with the day before: what begins on it may end after midnight. What belongs to a later
        // date can still come first, if that of the date before ends later.
        let first = date_of(at).pred_opt()?;
        let dates = (0..HORIZON_DAYS).filter_map(|days| first.checked_add_days(Days::new(days)));
        let mut earliest: Option<Timestamp> = None;
        for date in dates {
            if earliest.is_some_and(|earliest| earliest < midnight(date)) {
                break;
            }
            let later = moments(self, date).into_iter().filter(|moment| *moment > at);
            earliest = later.chain(earliest).min();
        }
        earliest
    }
}

/// The dates on which a range that covers `at` may have begun.
fn begun_on(at: Timestamp) -> Vec<NaiveDate> {
    let today = date_of(at);
    [Some(today), today.pred_opt()].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Duration};
    use proptest::prelude::*;

    use super::super::Holiday;
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
            ..Hours::default()
        }
    }

    fn opening(hours: &Hours, paused_until: Option<Timestamp>, now: Timestamp) -> Opening {
        hours.opening(paused_until, now, &Holidays::none())
    }

    fn closed(reason: ClosedReason, next: &str) -> Opening {
        Opening::Closed { reason, next_open_at: Some(at(next)) }
    }

    #[test]
    fn a_range_past_midnight_is_open_the_next_morning() {
        assert!(opening(&evening(), None, at("2026-11-21T01:59")).is_open());
        let later = opening(&evening(), None, at("2026-11-21T02:00"));
        assert_eq!(later, closed(ClosedReason::OutsideHours, "2026-11-21T11:00"));
    }

    #[test]
    fn a_break_ends_when_it_says() {
        let during = opening(&evening(), None, at("2026-11-20T15:00"));
        assert_eq!(during, closed(ClosedReason::Break, "2026-11-20T17:00"));
        assert!(opening(&evening(), None, at("2026-11-20T17:00")).is_open());
    }

    #[test]
    fn the_second_monday_is_off_but_sunday_night_runs_out() {
        // 2026-11-09 is the second Monday of November.
        assert!(opening(&evening(), None, at("2026-11-09T01:00")).is_open());
        let noon = opening(&evening(), None, at("2026-11-09T12:00"));
        assert_eq!(noon, closed(ClosedReason::DayOff, "2026-11-10T11:00"));
        assert!(opening(&evening(), None, at("2026-11-02T12:00")).is_open());
    }

    #[test]
    fn a_pause_ends_at_its_time_or_at_the_next_opening_after_it() {
        let pause = |until| opening(&evening(), Some(at(until)), at("2026-11-20T12:00"));
        assert_eq!(pause("2026-11-20T13:00"), closed(ClosedReason::Paused, "2026-11-20T13:00"));
        assert_eq!(pause("2026-11-20T16:00"), closed(ClosedReason::Paused, "2026-11-20T17:00"));
        assert!(pause("2026-11-20T12:00").is_open());
    }

    #[test]
    fn who_never_opens_has_no_next_opening() {
        let never = opening(&Hours::default(), None, at("2026-11-20T12:00"));
        assert_eq!(never, Opening::Closed { reason: ClosedReason::DayOff, next_open_at: None });
    }

    #[test]
    fn around_the_clock_has_no_gap_at_midnight() {
        for moment in ["2026-11-20T23:59", "2026-11-21T00:00", "2026-11-21T00:01"] {
            assert!(opening(&Hours::always(), None, at(moment)).is_open(), "{moment}");
        }
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn christmas() -> Holidays {
        Holidays::none().and(Holiday { date: date("2026-12-25"), name: "성탄절".into() })
    }

    #[test]
    fn a_holiday_is_followed_or_not() {
        // 2026-12-25 is a Friday.
        let noon = at("2026-12-25T12:00");
        let follows = Hours { closed_on_holidays: true, ..evening() };
        let closed_then = follows.opening(None, noon, &christmas());
        assert_eq!(closed_then, closed(ClosedReason::Holiday, "2026-12-26T11:00"));
        assert!(follows.opening(None, at("2026-12-25T01:59"), &christmas()).is_open(), "the night before");
        assert!(evening().opening(None, noon, &christmas()).is_open());
        assert!(follows.opening(None, noon, &Holidays::none()).is_open());
    }

    #[test]
    fn a_special_day_comes_before_the_week_the_closings_the_breaks_and_the_holidays() {
        let day = |text, ranges: &[(u16, u16)]| SpecialDay {
            date: date(text),
            ranges: ranges
                .iter()
                .map(|(from, to)| DayRange { from_min: from * 60, to_min: to * 60 })
                .collect(),
        };
        let special_days = vec![
            day("2026-12-25", &[(14, 18)]),
            day("2026-12-24", &[]),
            // The second Monday of the month.
            day("2026-12-14", &[(12, 13)]),
        ];
        let hours = Hours { closed_on_holidays: true, special_days, ..evening() };
        let at_time = |text| hours.opening(None, at(text), &christmas());
        assert!(at_time("2026-12-25T16:00").is_open(), "in the week's break, on a holiday");
        assert_eq!(at_time("2026-12-25T18:00"), closed(ClosedReason::OutsideHours, "2026-12-26T11:00"));
        assert_eq!(at_time("2026-12-24T12:00"), closed(ClosedReason::DayOff, "2026-12-25T14:00"));
        assert!(at_time("2026-12-14T12:59").is_open());
    }

    #[test]
    fn the_next_change_is_when_it_opens_or_closes() {
        let change = |text| evening().next_change(at(text), &Holidays::none());
        assert_eq!(change("2026-11-20T12:00"), Some(at("2026-11-20T15:00")));
        assert_eq!(change("2026-11-20T15:00"), Some(at("2026-11-20T17:00")));
        assert_eq!(change("2026-11-20T17:00"), Some(at("2026-11-21T02:00")));
        assert_eq!(change("2026-11-21T02:00"), Some(at("2026-11-21T11:00")));
        assert_eq!(Hours::always().next_change(at("2026-11-20T12:00"), &Holidays::none()), None);
    }

    #[test]
    fn each_fault_has_its_pointer() {
        let mut wrong = evening();
        wrong.ranges[3].to_min = 0;
        wrong.breaks[1].from_min = 1_440;
        wrong.closings.push(Closing::Monthly { nth: 6, weekday: Weekday::Tue });
        let day = |ranges| SpecialDay { date: date("2026-12-25"), ranges };
        wrong.special_days = vec![day(vec![]), day(vec![DayRange { from_min: 5, to_min: 5 }])];
        let pointers: Vec<_> = wrong.check().into_iter().map(|fault| fault.pointer).collect();
        let expected = [
            "/hours/ranges/3",
            "/hours/breaks/1",
            "/hours/closings/1",
            "/hours/special_days/1",
            "/hours/special_days/1/ranges/0",
        ];
        assert_eq!(pointers, expected);
        assert!(evening().check().is_empty());
        let long = Hours { ranges: vec![evening().ranges[0]; ENTRIES_MAX + 1], ..Hours::default() };
        assert_eq!(long.check()[0].pointer, "/hours/ranges");
    }

    /// The reference paints each hour of the days around, one date after the other.
    struct Painted(Vec<bool>);

    /// The first painted day, and how many are painted.
    const PAINTED_FROM: &str = "2026-11-01";
    const PAINTED_DAYS: usize = 70;

    impl Painted {
        fn of(hours: &Hours, holidays: &Holidays) -> Self {
            let first = date(PAINTED_FROM);
            let mut open = vec![false; (PAINTED_DAYS + 2) * 24];
            let mut breaks = open.clone();
            for day in 0..PAINTED_DAYS {
                let date = first + Days::new(day as u64);
                let paint = |on: &mut Vec<bool>, from: u16, to: u16| {
                    for hour in from / 60..to / 60 {
                        on[day * 24 + usize::from(hour)] = true;
                    }
                };
                if let Some(special) = hours.special_days.iter().find(|special| special.date == date) {
                    special.ranges.iter().for_each(|range| paint(&mut open, range.from_min, range.to_min));
                    continue;
                }
                let of_day = |spans: &[Span]| -> Vec<Span> {
                    spans.iter().filter(|span| span.weekday == date.weekday()).copied().collect()
                };
                of_day(&hours.breaks).iter().for_each(|span| paint(&mut breaks, span.from_min, span.to_min));
                let nth = u8::try_from((date.day() - 1) / 7 + 1).unwrap();
                let off = hours.closings.iter().any(|closing| match closing {
                    Closing::Date { date: off } => *off == date,
                    Closing::Monthly { nth: on, weekday } => *on == nth && *weekday == date.weekday(),
                });
                let off = off || (hours.closed_on_holidays && holidays.contains(date));
                if !off {
                    of_day(&hours.ranges)
                        .iter()
                        .for_each(|span| paint(&mut open, span.from_min, span.to_min));
                }
            }
            Self(open.iter().zip(&breaks).map(|(open, off)| *open && !off).collect())
        }
    }

    fn any_hours() -> impl Strategy<Value = Hours> {
        let closing = prop_oneof![
            (1..=5u8, 0..7u8)
                .prop_map(|(nth, day)| Closing::Monthly { nth, weekday: Weekday::try_from(day).unwrap() }),
            (0..60u64).prop_map(|days| Closing::Date { date: date(PAINTED_FROM) + Days::new(days) }),
        ];
        let range = (0..24u16, 1..=24u16)
            .prop_map(|(from, hours)| DayRange { from_min: from * 60, to_min: (from + hours) * 60 });
        let special = (0..60u64, proptest::collection::vec(range, 0..3))
            .prop_map(|(days, ranges)| SpecialDay { date: date(PAINTED_FROM) + Days::new(days), ranges });
        let closings = proptest::collection::vec(closing, 0..4);
        (spans(), spans(), closings, any::<bool>(), proptest::collection::vec(special, 0..4)).prop_map(
            |(ranges, breaks, closings, closed_on_holidays, special_days)| Hours {
                ranges,
                breaks,
                closings,
                closed_on_holidays,
                special_days,
            },
        )
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
            let hours = Hours { ranges, breaks, ..Hours::default() };
            // 2026-11-16 is a Monday.
            let now = at("2026-11-16T00:30") + Duration::hours(start as i64);
            let opening = opening(&hours, None, now);
            prop_assert_eq!(opening.is_open(), week[start]);
            let ahead = (1..=168).find(|hours| week[(start + hours) % 168]);
            let expected = ahead.filter(|_| !week[start])
                .map(|hours| now + Duration::hours(hours as i64) - Duration::minutes(30));
            prop_assert_eq!(opening.next_open_at(), expected);
        }

        /// What is open, when it opens next and when it changes next agree with the painted days.
        #[test]
        fn hours_with_all_exceptions_agree_with_painted_days(
            hours in any_hours(),
            off in proptest::collection::vec(0..60u64, 0..6),
            start in 24..20 * 24usize,
        ) {
            let day = |days| Holiday { date: date(PAINTED_FROM) + Days::new(days), name: "휴일".into() };
            let holidays: Holidays = off.into_iter().map(day).collect();
            let painted = Painted::of(&hours, &holidays).0;
            let begin = at(&format!("{PAINTED_FROM}T00:00"));
            let now = begin + Duration::hours(start as i64) + Duration::minutes(30);
            let time = |hour: usize| begin + Duration::hours(hour as i64);
            let opening = hours.opening(None, now, &holidays);
            prop_assert_eq!(opening.is_open(), painted[start]);
            // The hours look at what begins within forty dates, yesterday's first.
            let end = (start / 24 + 39) * 24;
            let ahead = |open: bool| (start + 1..end).find(|hour| painted[*hour] == open).map(time);
            let near = |moment: Option<Timestamp>| moment.filter(|moment| *moment < time(end));
            if !painted[start] {
                prop_assert_eq!(near(opening.next_open_at()), ahead(true));
            }
            prop_assert_eq!(near(hours.next_change(now, &holidays)), ahead(!painted[start]));
        }
    }
}
