//! The main figures of the process in the last hour, one sample a minute, in memory.
//!
//! The sampler calls [`History::note`] every few seconds. The first call in a minute of the
//! process's clock makes the minute's sample: gauges as they are then, rates and the longest lags
//! since the sample before. A minute without a sample is null in the answer: before the process
//! began, while it was stopped or too busy, and where the clock was set forward.

use std::collections::VecDeque;
use std::time::Duration;

use domain::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// Minutes that are kept.
const MINUTES: i64 = 60;

/// A rate is null if the sample before is older than this many minutes: the figures are those of a
/// gap, not of a minute.
const GAP_MINUTES: i64 = 1;

/// The last hour of a process. The arrays have one element for each minute, oldest first; null
/// where the minute has no sample, or the figure was not known.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SystemHistory)]
pub struct HistoryView {
    /// The process that answers.
    pub node: String,
    /// The services that it serves.
    pub services: Vec<&'static str>,
    /// When each minute began; a sample is of its first seconds.
    #[schema(value_type = Vec<String>)]
    pub at: Vec<Timestamp>,
    /// Open sockets and streams.
    pub sockets: Vec<Option<u64>>,
    /// Publications handed to listeners per second, in the minute before.
    pub deliveries_per_sec: Vec<Option<f64>>,
    /// Commands of entities per second, in the minute before.
    pub commands_per_sec: Vec<Option<f64>>,
    /// The longest time from an event's decision to the hub in the minute before, milliseconds.
    pub event_lag_ms: Vec<Option<f64>>,
    /// The longest time from the hub to a socket in the minute before, milliseconds.
    pub delivery_lag_ms: Vec<Option<f64>>,
    /// Memory that the kernel keeps for the process.
    pub resident_bytes: Vec<Option<u64>>,
    /// Jobs of all processes that are due and not begun; null while the database does not answer.
    pub jobs_due: Vec<Option<u64>>,
    /// Orders that this process placed at their restaurants in the minute before.
    pub orders_placed: Vec<Option<u64>>,
}

/// The figures at one time. Counts are since the process began.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reading {
    pub(super) sockets: usize,
    pub(super) deliveries: u64,
    pub(super) commands: u64,
    pub(super) orders_placed: u64,
    pub(super) event_lag: Duration,
    pub(super) delivery_lag: Duration,
    pub(super) resident_bytes: u64,
    pub(super) jobs_due: Option<u64>,
}

/// The figures of one minute.
#[derive(Clone, Copy, Debug)]
struct Sample {
    minute: i64,
    at: Timestamp,
    reading: Reading,
    /// Since the sample before, if that is of the minute before.
    since: Option<Since>,
}

#[derive(Clone, Copy, Debug)]
struct Since {
    deliveries_per_sec: f64,
    commands_per_sec: f64,
    orders_placed: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct History {
    samples: VecDeque<Sample>,
    /// The longest lags since the last sample.
    event_lag: Duration,
    delivery_lag: Duration,
}

fn minute_of(at: Timestamp) -> i64 {
    at.timestamp().div_euclid(60)
}

impl History {
    /// Takes the figures as they are now.
    pub(super) fn note(&mut self, now: Timestamp, reading: Reading) {
        self.event_lag = self.event_lag.max(reading.event_lag);
        self.delivery_lag = self.delivery_lag.max(reading.delivery_lag);
        let minute = minute_of(now);
        // Where the clock was set back, what is later than now did not happen.
        while self.samples.back().is_some_and(|last| last.at > now) {
            self.samples.pop_back();
        }
        if self.samples.back().is_some_and(|last| last.minute == minute) {
            return;
        }
        let before = self.samples.back().filter(|last| minute - last.minute <= GAP_MINUTES);
        let since = before.map(|last| Since::between(last, now, &reading));
        let reading = Reading { event_lag: self.event_lag, delivery_lag: self.delivery_lag, ..reading };
        self.samples.push_back(Sample { minute, at: now, reading, since });
        (self.event_lag, self.delivery_lag) = Default::default();
        while self.samples.front().is_some_and(|first| minute - first.minute >= MINUTES) {
            self.samples.pop_front();
        }
    }

    /// The last hour, up to the minute of `now`.
    pub(super) fn view(&self, now: Timestamp, node: String, services: Vec<&'static str>) -> HistoryView {
        let newest = minute_of(now);
        let minutes: Vec<i64> = (newest + 1 - MINUTES..=newest).collect();
        let samples: Vec<Option<&Sample>> = minutes
            .iter()
            .map(|minute| self.samples.iter().find(|sample| sample.minute == *minute))
            .collect();
        fn each<T>(samples: &[Option<&Sample>], figure: impl Fn(&Sample) -> Option<T>) -> Vec<Option<T>> {
            samples.iter().map(|sample| sample.and_then(&figure)).collect()
        }
        let millis = |lag: Duration| lag.as_secs_f64() * 1e3;
        HistoryView {
            node,
            services,
            at: minutes.iter().filter_map(|minute| Timestamp::from_timestamp(minute * 60, 0)).collect(),
            sockets: each(&samples, |it| Some(it.reading.sockets as u64)),
            deliveries_per_sec: each(&samples, |it| it.since.map(|since| since.deliveries_per_sec)),
            commands_per_sec: each(&samples, |it| it.since.map(|since| since.commands_per_sec)),
            event_lag_ms: each(&samples, |it| Some(millis(it.reading.event_lag))),
            delivery_lag_ms: each(&samples, |it| Some(millis(it.reading.delivery_lag))),
            resident_bytes: each(&samples, |it| Some(it.reading.resident_bytes).filter(|bytes| *bytes > 0)),
            jobs_due: each(&samples, |it| it.reading.jobs_due),
            orders_placed: each(&samples, |it| it.since.map(|since| since.orders_placed)),
        }
    }
}

impl Since {
    fn between(last: &Sample, now: Timestamp, reading: &Reading) -> Self {
        // Two samples of neighbouring minutes can be very close to each other.
        let secs = (now - last.at).num_milliseconds().max(1_000) as f64 / 1e3;
        let more = |now: u64, before: u64| now.saturating_sub(before);
        Self {
            deliveries_per_sec: more(reading.deliveries, last.reading.deliveries) as f64 / secs,
            commands_per_sec: more(reading.commands, last.reading.commands) as f64 / secs,
            orders_placed: more(reading.orders_placed, last.reading.orders_placed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + secs, 0).unwrap()
    }

    fn reading(sockets: usize, deliveries: u64) -> Reading {
        Reading { sockets, deliveries, resident_bytes: 1, jobs_due: Some(0), ..Reading::default() }
    }

    fn view(history: &History, now: i64) -> HistoryView {
        history.view(at(now), String::new(), Vec::new())
    }

    fn last<T: Copy>(values: &[Option<T>], count: usize) -> Vec<Option<T>> {
        values[values.len() - count..].to_vec()
    }

    #[test]
    fn each_minute_has_one_sample_and_the_rates_of_the_minute_before() {
        let mut history = History::default();
        for secs in (0..=180_u32).step_by(5) {
            history.note(at(secs.into()), reading(secs as usize, u64::from(secs) * 10));
        }
        let seen = view(&history, 180);
        assert_eq!((seen.at.len(), seen.at[59]), (60, at(180)));
        assert_eq!(last(&seen.sockets, 5), [None, Some(0), Some(60), Some(120), Some(180)]);
        assert_eq!(last(&seen.deliveries_per_sec, 4), [None, Some(10.0), Some(10.0), Some(10.0)]);
        assert_eq!(last(&seen.orders_placed, 2), [Some(0), Some(0)], "a known zero is zero");
    }

    #[test]
    fn a_gap_is_null_and_no_rate_spans_it() {
        let mut history = History::default();
        history.note(at(0), reading(1, 0));
        history.note(at(60), reading(2, 600));
        // Two minutes without a sample.
        history.note(at(240), reading(3, 9_000));
        history.note(at(300), reading(4, 9_060));
        let seen = view(&history, 300);
        assert_eq!(last(&seen.sockets, 6), [Some(1), Some(2), None, None, Some(3), Some(4)]);
        assert_eq!(last(&seen.deliveries_per_sec, 6), [None, Some(10.0), None, None, None, Some(1.0)]);
        assert_eq!(last(&view(&history, 420).sockets, 3), [Some(4), None, None], "nor do later minutes");
        assert_eq!(view(&history, 300 + 3_600).sockets, [None; 60]);
    }

    #[test]
    fn an_hour_is_kept_and_no_more() {
        let mut history = History::default();
        for minute in 0..500_u32 {
            history.note(at(i64::from(minute) * 60), reading(minute as usize, 0));
        }
        assert_eq!(history.samples.len(), 60);
        let seen = view(&history, 499 * 60);
        assert_eq!((seen.sockets[0], seen.sockets[59]), (Some(440), Some(499)));
    }

    #[test]
    fn the_longest_lag_between_samples_is_kept_and_what_is_not_known_is_null() {
        let mut history = History::default();
        let lag = |ms| Reading { event_lag: Duration::from_millis(ms), ..Reading::default() };
        history.note(at(0), lag(1));
        history.note(at(20), lag(700));
        history.note(at(40), lag(2));
        history.note(at(60), lag(3));
        history.note(at(120), lag(4));
        let seen = view(&history, 120);
        assert_eq!(last(&seen.event_lag_ms, 3), [Some(1.0), Some(700.0), Some(4.0)]);
        assert_eq!(last(&seen.jobs_due, 3), [None; 3]);
        assert_eq!(last(&seen.resident_bytes, 3), [None; 3], "the machine did not tell");
    }

    #[test]
    fn a_clock_that_is_set_back_forgets_what_has_not_happened() {
        let mut history = History::default();
        for minute in 0..10 {
            history.note(at(minute * 60), reading(1, 0));
        }
        history.note(at(250), reading(2, 0));
        history.note(at(300), reading(3, 0));
        let seen = view(&history, 300);
        assert_eq!(last(&seen.sockets, 3), [Some(1), Some(1), Some(3)]);
        assert_eq!(history.samples.len(), 6);
    }
}
