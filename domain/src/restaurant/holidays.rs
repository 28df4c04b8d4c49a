//! The calendar of public holidays (공휴일).
//!
//! The days of the coming years ship as data, substitutes (대체공휴일) included. Days that are
//! decreed later, as those of elections, are added by an admin.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate};

use crate::week::date_of;
use crate::{Refused, TextRule, Timestamp};

/// The longest name of a holiday, in characters.
pub const HOLIDAY_NAME_MAX: usize = 40;

/// The days that ship: 2026 and 2027.
const SHIPPED: &str = include_str!("../../../data/holidays/holidays.csv");

/// A public holiday.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holiday {
    /// The day, in Korea.
    pub date: NaiveDate,
    /// Its name in Korean.
    pub name: String,
}

impl Holiday {
    /// A day that an admin adds. Refused if its name is not one line of 1 to
    /// [`HOLIDAY_NAME_MAX`] characters.
    pub fn read(date: NaiveDate, name: &str) -> Result<Self, Refused> {
        match TextRule::line(HOLIDAY_NAME_MAX).read(name) {
            Ok(name) => Ok(Self { date, name: name.into_string() }),
            Err(flaw) => Err(Refused::invalid(vec![flaw.at("/name")])),
        }
    }
}

/// All public holidays that are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holidays {
    days: BTreeMap<NaiveDate, String>,
    /// Differs from that of other days, but for one in 65,536.
    stamp: u16,
}

impl Holidays {
    /// No holidays at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// The days that ship with the program. A line that cannot be read is left out; a test reads
    /// all of them.
    pub fn shipped() -> Self {
        let day = |line: &str| {
            let (date, name) = line.split_once(',')?;
            Some((date.parse().ok()?, name.to_owned()))
        };
        let days: BTreeMap<NaiveDate, String> = SHIPPED.lines().skip(1).filter_map(day).collect();
        Self::of(days)
    }

    fn of(days: BTreeMap<NaiveDate, String>) -> Self {
        // FNV-1a over the days, folded.
        let hash = days.keys().fold(0x811c_9dc5_u32, |hash, day| {
            (hash ^ day.num_days_from_ce().cast_unsigned()).wrapping_mul(0x0100_0193)
        });
        let [a, b, c, d] = hash.to_le_bytes();
        Self { days, stamp: u16::from_le_bytes([a ^ c, b ^ d]) }
    }

    /// Tells these days from others, for what is remembered of them.
    pub(crate) fn stamp(&self) -> u16 {
        self.stamp
    }

    /// These days and `holiday`, which takes the place of another name of the same day.
    #[must_use]
    pub fn and(mut self, holiday: Holiday) -> Self {
        self.days.insert(holiday.date, holiday.name);
        Self::of(self.days)
    }

    /// These days but that one.
    #[must_use]
    pub fn without(mut self, date: NaiveDate) -> Self {
        self.days.remove(&date);
        Self::of(self.days)
    }

    /// Whether the date is a public holiday.
    pub fn contains(&self, date: NaiveDate) -> bool {
        self.days.contains_key(&date)
    }

    /// Whether the moment lies on a public holiday in Korea.
    pub fn cover(&self, at: Timestamp) -> bool {
        self.contains(date_of(at))
    }

    /// The days from `first` on, in order.
    pub fn since(&self, first: NaiveDate) -> impl Iterator<Item = Holiday> {
        self.days.range(first..).map(|(date, name)| Holiday { date: *date, name: name.clone() })
    }
}

impl FromIterator<Holiday> for Holidays {
    fn from_iter<I: IntoIterator<Item = Holiday>>(days: I) -> Self {
        days.into_iter().fold(Self::default(), Self::and)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn every_day_that_ships_is_read() {
        let shipped = Holidays::shipped();
        assert_eq!(shipped.days.len(), SHIPPED.lines().count() - 1);
        assert!(shipped.since(date("2026-01-01")).all(|day| !day.name.trim().is_empty()));
        assert_eq!(shipped.since(date("2027-01-01")).next().map(|day| day.date), Some(date("2027-01-01")));
    }

    /// Labour Day and Constitution Day are public holidays since 2026; Memorial Day has no substitute.
    #[test]
    fn the_days_are_those_of_the_law_of_2026() {
        let shipped = Holidays::shipped();
        for day in ["2026-05-01", "2026-07-17", "2026-06-03", "2026-09-25", "2027-05-03", "2027-07-19"] {
            assert!(shipped.contains(date(day)), "{day}");
        }
        for day in ["2026-06-08", "2026-11-26", "2027-12-24"] {
            assert!(!shipped.contains(date(day)), "{day}");
        }
    }

    #[test]
    fn a_holiday_begins_and_ends_at_midnight_in_korea() {
        let days = Holidays::none().and(Holiday { date: date("2026-12-25"), name: "성탄절".into() });
        let covers = |text: &str| days.cover(text.parse().unwrap());
        assert!(covers("2026-12-24T15:00:00Z") && covers("2026-12-25T14:59:59Z"));
        assert!(!covers("2026-12-24T14:59:59Z") && !covers("2026-12-25T15:00:00Z"));
    }

    #[test]
    fn a_day_that_is_added_needs_a_name() {
        assert!(Holiday::read(date("2027-03-03"), " 임시공휴일 ").is_ok_and(|day| day.name == "임시공휴일"));
        for name in ["", " ", "\u{200b}", "a\nb", &"가".repeat(41)] {
            assert!(Holiday::read(date("2027-03-03"), name).is_err(), "{name:?}");
        }
    }
}
