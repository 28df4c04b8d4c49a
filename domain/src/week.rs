//! Weekly time spans in Korean local time.

use chrono::{DateTime, Datelike, Duration, FixedOffset, NaiveDate, NaiveTime, TimeZone, Weekday};
use serde::{Deserialize, Serialize};

use crate::clock::seoul;
use crate::{Fault, Timestamp, fault};

/// Minutes in a day.
pub const DAY_MINS: u16 = 24 * 60;

/// A span from a minute of a weekday to a later minute, at most 24 hours long. It may
/// reach past midnight and belongs to the day on which it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The day on which it begins.
    pub weekday: Weekday,
    /// The start, inclusive: minutes after that day's midnight, below 1440.
    pub from_min: u16,
    /// The end, exclusive: minutes after the same midnight.
    pub to_min: u16,
}

impl Span {
    /// The same minutes on every day of the week.
    pub fn daily(from_min: u16, to_min: u16) -> Vec<Span> {
        let days = std::iter::successors(Some(Weekday::Mon), |day| Some(day.succ())).take(7);
        days.map(|weekday| Span { weekday, from_min, to_min }).collect()
    }

    /// Its start and end when it begins on `date`; `None` if `date` is another weekday.
    pub fn on(self, date: NaiveDate) -> Option<(Timestamp, Timestamp)> {
        (date.weekday() == self.weekday).then(|| {
            let midnight = midnight(date);
            (
                midnight + Duration::minutes(i64::from(self.from_min)),
                midnight + Duration::minutes(i64::from(self.to_min)),
            )
        })
    }

    /// Whether it covers `at`, having begun on the same day or the day before.
    pub fn covers(self, at: Timestamp) -> bool {
        let today = date_of(at);
        [Some(today), today.pred_opt()]
            .into_iter()
            .flatten()
            .filter_map(|date| self.on(date))
            .any(|(from, to)| from <= at && at < to)
    }

    /// Checks its minutes and describes the error, if there is one.
    pub fn check(self, pointer: &str) -> Option<Fault> {
        let good = self.from_min < DAY_MINS
            && self.from_min < self.to_min
            && self.to_min - self.from_min <= DAY_MINS;
        (!good).then(|| {
            Fault::new(
                pointer,
                fault::OUT_OF_RANGE,
                "A span begins within its day and lasts from 1 minute to 24 hours.",
            )
        })
    }
}

/// Converts to Korean local time.
pub fn local(at: Timestamp) -> DateTime<FixedOffset> {
    at.with_timezone(&seoul())
}

/// The date in Korea at `at`.
pub fn date_of(at: Timestamp) -> NaiveDate {
    local(at).date_naive()
}

/// The start of the date in Korea.
pub fn midnight(date: NaiveDate) -> Timestamp {
    seoul().from_utc_datetime(&(date.and_time(NaiveTime::MIN) - Duration::hours(9))).to_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse::<DateTime<FixedOffset>>().unwrap().to_utc()
    }

    #[test]
    fn a_span_past_midnight_covers_the_next_morning() {
        // 2026-11-20 is a Friday.
        let night = Span { weekday: Weekday::Fri, from_min: 22 * 60, to_min: 26 * 60 };
        assert!(night.covers(at("2026-11-20T22:00:00+09:00")));
        assert!(night.covers(at("2026-11-21T01:59:59+09:00")));
        assert!(!night.covers(at("2026-11-21T02:00:00+09:00")));
        assert!(!night.covers(at("2026-11-20T01:00:00+09:00")));
        assert!(!night.covers(at("2026-11-21T22:30:00+09:00")));
    }

    #[test]
    fn midnight_is_the_one_of_korea() {
        let date = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
        assert_eq!(midnight(date), at("2026-11-20T00:00:00+09:00"));
        assert_eq!(date_of(at("2026-11-19T15:00:00+00:00")), date);
    }

    #[test]
    fn spans_that_are_empty_or_longer_than_a_day_are_faulty() {
        let span = |from_min, to_min| Span { weekday: Weekday::Mon, from_min, to_min };
        assert!(span(0, 1440).check("").is_none() && span(1439, 2879).check("").is_none());
        for bad in [span(10, 10), span(10, 9), span(1440, 1441), span(0, 1441), span(1439, 2880)] {
            assert!(bad.check("").is_some(), "{bad:?}");
        }
    }
}
