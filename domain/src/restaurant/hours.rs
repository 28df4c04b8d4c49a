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
mod tests;
