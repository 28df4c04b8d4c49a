//! How long a restaurant cooks.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::week::Span;
use crate::{Fault, Timestamp, fault};

/// The shortest time that an owner may state, in minutes.
pub const PREPARATION_MIN_MINS: u16 = 5;

/// The longest, in minutes; also with what a busy kitchen adds.
pub const PREPARATION_MAX_MINS: u16 = 90;

/// The most that a busy kitchen adds, in minutes.
pub const BUSY_MAX_MINS: u16 = 60;

/// How long a kitchen may be busy or pause at once, in days. Longer is a special day.
pub const INTERRUPTION_MAX_DAYS: i64 = 7;

/// How long it cooks, by the time of day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preparation {
    /// Usually, in minutes.
    pub usual_mins: u16,
    /// At certain times of the week. If several apply, the longest counts.
    #[serde(default)]
    pub times: Vec<PreparationTime>,
}

/// How long it cooks at certain times of the week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreparationTime {
    /// When.
    pub spans: Vec<Span>,
    /// In minutes.
    pub mins: u16,
}

/// A kitchen that needs longer for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Busy {
    /// What is added, in minutes: 1 to [`BUSY_MAX_MINS`].
    pub extra_mins: u16,
    /// Until when.
    pub until: Timestamp,
}

impl Preparation {
    /// The same time always.
    pub fn always(usual_mins: u16) -> Self {
        Self { usual_mins, times: Vec::new() }
    }

    /// How long an order takes that is cooked from `at` on, in minutes.
    pub fn mins_at(&self, at: Timestamp, busy: Option<Busy>) -> u16 {
        let applies = |time: &&PreparationTime| time.spans.iter().any(|span| span.covers(at));
        let planned = self.times.iter().filter(applies).map(|time| time.mins).max();
        let extra = busy.filter(|busy| at < busy.until).map_or(0, |busy| busy.extra_mins);
        planned.unwrap_or(self.usual_mins).saturating_add(extra).min(PREPARATION_MAX_MINS)
    }

    /// All errors.
    pub fn check(&self) -> Vec<Fault> {
        let wrong = |pointer: String| {
            let allowed = PREPARATION_MIN_MINS..=PREPARATION_MAX_MINS;
            let detail = format!("Cooking takes {} to {} minutes.", allowed.start(), allowed.end());
            move |mins: u16| {
                (!allowed.contains(&mins)).then(|| Fault::new(pointer, fault::OUT_OF_RANGE, detail))
            }
        };
        let usual = wrong("/preparation/usual_mins".into())(self.usual_mins);
        let times = self.times.iter().enumerate().flat_map(|(place, time)| {
            let at = format!("/preparation/times/{place}");
            let spans = time.spans.iter().enumerate();
            let spans = spans.filter_map(|(span, one)| one.check(&format!("{at}/spans/{span}")));
            let faults: Vec<_> = spans.chain(wrong(format!("{at}/mins"))(time.mins)).collect();
            faults
        });
        usual.into_iter().chain(times).collect()
    }
}

impl Busy {
    /// Checks what an owner says.
    pub fn check(self, now: Timestamp) -> Vec<Fault> {
        let extra = (!(1..=BUSY_MAX_MINS).contains(&self.extra_mins)).then(|| {
            let detail = format!("A busy kitchen needs 1 to {BUSY_MAX_MINS} minutes more.");
            Fault::new("/extra_mins", fault::OUT_OF_RANGE, detail)
        });
        extra.into_iter().chain(check_until(self.until, now)).collect()
    }
}

/// Checks until when something is interrupted: later than now, and not for too long.
pub(super) fn check_until(until: Timestamp, now: Timestamp) -> Option<Fault> {
    let good = until > now && until <= now + Duration::days(INTERRUPTION_MAX_DAYS);
    let detail = format!("A moment within the next {INTERRUPTION_MAX_DAYS} days.");
    (!good).then(|| Fault::new("/until", fault::OUT_OF_RANGE, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// 20 minutes; from 18:00 to 20:00 it is 35.
    fn preparation() -> Preparation {
        let evening = PreparationTime { spans: Span::daily(18 * 60, 20 * 60), mins: 35 };
        Preparation { usual_mins: 20, times: vec![evening] }
    }

    #[test]
    fn the_longest_time_that_applies_counts_and_a_busy_kitchen_adds_to_it() {
        // 18:00 in Korea is 09:00 UTC.
        let mins = |text: &str, busy| preparation().mins_at(at(text), busy);
        assert_eq!(mins("2026-11-20T08:59:59Z", None), 20);
        assert_eq!(mins("2026-11-20T09:00:00Z", None), 35);
        assert_eq!(mins("2026-11-20T11:00:00Z", None), 20);
        let busy = Some(Busy { extra_mins: 15, until: at("2026-11-20T10:00:00Z") });
        assert_eq!(mins("2026-11-20T09:59:59Z", busy), 50);
        assert_eq!(mins("2026-11-20T10:00:00Z", busy), 35);
        let longest = Some(Busy { extra_mins: 60, until: at("2026-11-20T10:00:00Z") });
        assert_eq!(mins("2026-11-20T09:30:00Z", longest), PREPARATION_MAX_MINS);
    }

    #[test]
    fn each_fault_has_its_pointer() {
        assert!(preparation().check().is_empty());
        let mut wrong = preparation();
        wrong.usual_mins = 4;
        wrong.times[0].mins = 91;
        wrong.times[0].spans[2].to_min = 0;
        let pointers: Vec<_> = wrong.check().into_iter().map(|fault| fault.pointer).collect();
        let expected =
            ["/preparation/usual_mins", "/preparation/times/0/spans/2", "/preparation/times/0/mins"];
        assert_eq!(pointers, expected);
    }

    #[test]
    fn an_interruption_lies_ahead_and_lasts_a_week_at_most() {
        let now = at("2026-11-20T03:00:00Z");
        let busy = |extra_mins, until| Busy { extra_mins, until: at(until) }.check(now).len();
        assert_eq!(busy(10, "2026-11-20T03:00:01Z"), 0);
        assert_eq!(busy(60, "2026-11-27T03:00:00Z"), 0);
        assert_eq!(busy(0, "2026-11-20T03:00:00Z"), 2);
        assert_eq!(busy(61, "2026-11-27T03:00:01Z"), 2);
    }
}
