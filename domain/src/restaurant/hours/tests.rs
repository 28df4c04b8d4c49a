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
        ranges: ranges.iter().map(|(from, to)| DayRange { from_min: from * 60, to_min: to * 60 }).collect(),
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
                of_day(&hours.ranges).iter().for_each(|span| paint(&mut open, span.from_min, span.to_min));
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
