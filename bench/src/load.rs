//! One round of moving couriers and their watchers.
//!
//! A fix is told apart by its time in whole milliseconds, which the server
//! hands on to watchers untouched; when it left is noted beside it. So the
//! latency is from the write on the courier's socket to the read on the
//! watcher's, on one clock, with nothing added to the frames.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, SubsecRound};
use futures::{SinkExt, StreamExt};
use hdrhistogram::Histogram;
use serde::Deserialize;
use sim::ambient;
use sim::dial::{Wire, dial_with};
use sim::shapes::Place;
use sim::walk;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_tungstenite::tungstenite::Message;

use crate::Outcome;
use crate::process::Process;

/// Before the clock starts: sockets settle, caches warm.
pub(crate) const WARM_UP: Duration = Duration::from_secs(2);
/// After the last fix: what is on its way may arrive.
const COOL_DOWN: Duration = Duration::from_millis(1_500);
/// A courier's speed, metres per second.
const SPEED_MPS: f64 = 8.0;
/// Up and down a street of this length.
const STREET_M: f64 = 800.0;
/// Fixes whose departure is remembered.
const REMEMBERED: usize = 128;

/// Where one courier sends, and where their watcher listens.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) courier_url: String,
    pub(crate) courier_token: Option<String>,
    pub(crate) watcher_url: String,
    pub(crate) watcher_token: Option<String>,
    /// What the watcher subscribes to; none at the baseline.
    pub(crate) channel: Option<String>,
    pub(crate) start: Place,
}

/// What one round showed.
#[derive(Default)]
pub(crate) struct Round {
    pub(crate) sent: u64,
    pub(crate) acknowledged: u64,
    pub(crate) rejected: u64,
    pub(crate) delivered: u64,
    pub(crate) latency: Micros,
    pub(crate) ack_latency: Micros,
    pub(crate) cpu_secs: f64,
    pub(crate) resident_kb: f64,
    pub(crate) failures: Vec<String>,
}

/// Latencies in microseconds, up to a minute, three digits.
pub(crate) struct Micros(pub(crate) Histogram<u64>);

impl Default for Micros {
    fn default() -> Self {
        // The bounds are constants that the library accepts.
        Self(Histogram::new_with_bounds(1, 60_000_000, 3).unwrap_or_else(|_| unreachable!()))
    }
}

impl Micros {
    fn note(&mut self, passed: Duration) {
        self.0.saturating_record(u64::try_from(passed.as_micros()).unwrap_or(u64::MAX));
    }
}

struct Departure {
    at_ms: i64,
    seq: u64,
    left: Instant,
    counted: bool,
}

type Departures = Arc<Mutex<VecDeque<Departure>>>;
type Shared = Arc<Mutex<Round>>;

/// When a round starts to count and when it ends.
#[derive(Clone, Copy)]
struct Window {
    opens: Instant,
    closes: Instant,
}

/// The source address of the n-th socket: many phones, not one.
pub(crate) fn source(number: usize) -> Option<IpAddr> {
    let last = u8::try_from(2 + number % 200).ok()?;
    Some(Ipv4Addr::new(127, 0, 0, last).into())
}

/// Connects all pairs, lets the couriers ride for `lasts`, and counts.
pub(crate) async fn round(pairs: &[Pair], rate: f64, lasts: Duration, process: Process) -> Outcome<Round> {
    let mut sockets = Vec::with_capacity(pairs.len());
    for (number, pair) in pairs.iter().enumerate() {
        let watcher = watch(pair, number).await?;
        let courier = dial_with(&pair.courier_url, pair.courier_token.as_deref(), source(number)).await?;
        sockets.push((watcher, courier));
    }
    let shared = Shared::default();
    let period = Duration::from_secs_f64(1.0 / rate);
    let opens = Instant::now() + WARM_UP;
    let window = Window { opens, closes: opens + lasts };
    let mut tasks = JoinSet::new();
    for (number, ((watcher, courier), pair)) in sockets.into_iter().zip(pairs).enumerate() {
        let departures = Departures::default();
        // Spread over the period: phones do not tick together.
        let first = Instant::now() + period.mul_f64(number as f64 / pairs.len() as f64);
        let ride = Ride {
            start: pair.start,
            track: ambient::luck() >> 33,
            first,
            period,
            window,
            departures: departures.clone(),
            shared: shared.clone(),
        };
        tasks.spawn(ride.run(courier));
        tasks.spawn(listen(watcher, window, departures, shared.clone()));
    }
    tokio::time::sleep_until(window.opens).await;
    let before = process.cpu_secs()?;
    tokio::time::sleep_until(window.closes).await;
    let (cpu_secs, resident_kb) = (process.cpu_secs()? - before, process.resident_kb()?);
    while let Some(ended) = tasks.join_next().await {
        if let Err(failure) = ended? {
            shared.lock().unwrap_or_else(PoisonError::into_inner).failures.push(failure.to_string());
        }
    }
    let round = std::mem::take(&mut *shared.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(Round { cpu_secs, resident_kb, ..round })
}

async fn watch(pair: &Pair, number: usize) -> Outcome<Wire> {
    let mut wire = dial_with(&pair.watcher_url, pair.watcher_token.as_deref(), source(number)).await?;
    if let Some(channel) = &pair.channel {
        wire.send(Message::text(format!(r#"{{"op":"subscribe","channel":"{channel}","ref":"1"}}"#))).await?;
        loop {
            let frame = wire.next().await.ok_or("the watcher's socket ended")??;
            let Message::Text(text) = frame else { continue };
            if text.contains(r#""op":"reply""#) {
                if text.contains(r#""problem""#) {
                    return Err(format!("{channel} refused: {text}").into());
                }
                break;
            }
        }
    }
    Ok(wire)
}

/// One courier's round.
struct Ride {
    start: Place,
    track: u64,
    first: Instant,
    period: Duration,
    window: Window,
    departures: Departures,
    shared: Shared,
}

#[derive(Deserialize)]
struct Ack {
    op: String,
    #[serde(default)]
    seq: u64,
    #[serde(default)]
    rejected: std::collections::BTreeMap<String, u64>,
}

impl Ride {
    async fn run(self, mut wire: Wire) -> Outcome<()> {
        let mut tick = tokio::time::interval_at(self.first, self.period);
        tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let ends = tokio::time::sleep_until(self.window.closes + COOL_DOWN);
        tokio::pin!(ends);
        let mut seq = 0;
        loop {
            tokio::select! {
                _ = tick.tick(), if Instant::now() < self.window.closes => {
                    seq += 1;
                    let frame = self.depart(seq);
                    wire.send(Message::text(frame)).await?;
                }
                frame = wire.next() => match frame.ok_or("a courier's socket ended")?? {
                    Message::Text(text) => self.heard(&text),
                    Message::Close(close) => return Err(format!("a courier was closed: {close:?}").into()),
                    _ => {}
                },
                () = &mut ends => return Ok(()),
            }
        }
    }

    fn depart(&self, seq: u64) -> String {
        let at = ambient::now().trunc_subsecs(3);
        let ridden_m = SPEED_MPS * self.period.as_secs_f64() * seq as f64;
        let along_m = STREET_M - (ridden_m % (2.0 * STREET_M) - STREET_M).abs();
        let place = walk::moved(self.start, along_m, 0.0);
        let frame = format!(
            r#"{{"op":"fixes","track":{},"fixes":[{{"seq":{seq},"at":"{}","lat":{:.7},"lon":{:.7},"accuracy_m":5.0,"speed_mps":8.0,"heading_deg":90}}]}}"#,
            self.track,
            at.to_rfc3339_opts(SecondsFormat::Millis, true),
            place.lat,
            place.lon,
        );
        let left = Instant::now();
        let counted = left >= self.window.opens;
        let mut departures = self.departures.lock().unwrap_or_else(PoisonError::into_inner);
        if departures.len() == REMEMBERED {
            departures.pop_front();
        }
        departures.push_back(Departure { at_ms: at.timestamp_millis(), seq, left, counted });
        if counted {
            self.shared.lock().unwrap_or_else(PoisonError::into_inner).sent += 1;
        }
        frame
    }

    fn heard(&self, text: &str) {
        let now = Instant::now();
        let Ok(ack) = serde_json::from_str::<Ack>(text) else { return };
        if ack.op != "ack" {
            return;
        }
        let departures = self.departures.lock().unwrap_or_else(PoisonError::into_inner);
        let mut round = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        round.rejected += ack.rejected.values().sum::<u64>();
        if let Some(fix) = departures.iter().rev().find(|fix| fix.seq == ack.seq && fix.counted) {
            round.acknowledged += 1;
            round.ack_latency.note(now - fix.left);
        }
    }
}

/// One watcher's round.
async fn listen(mut wire: Wire, window: Window, departures: Departures, shared: Shared) -> Outcome<()> {
    let ends = tokio::time::sleep_until(window.closes + COOL_DOWN);
    tokio::pin!(ends);
    loop {
        let text = tokio::select! {
            frame = wire.next() => match frame.ok_or("a watcher's socket ended")?? {
                Message::Text(text) => text,
                Message::Close(close) => return Err(format!("a watcher was closed: {close:?}").into()),
                _ => continue,
            },
            () = &mut ends => return Ok(()),
        };
        let now = Instant::now();
        if !(text.contains(r#""op":"latest""#) || text.contains(r#""op":"fixes""#)) {
            continue;
        }
        let Some(at_ms) = time_of(&text) else { continue };
        let departures = departures.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(fix) = departures.iter().rev().find(|fix| fix.at_ms == at_ms && fix.counted) {
            let mut round = shared.lock().unwrap_or_else(PoisonError::into_inner);
            round.delivered += 1;
            round.latency.note(now - fix.left);
        }
    }
}

/// The first `at` of a frame, in milliseconds since 1970. Read without a JSON
/// parser: at ten thousand frames a second the client must not be what is measured.
fn time_of(text: &str) -> Option<i64> {
    let (_, rest) = text.split_once(r#""at":""#)?;
    let (at, _) = rest.split_once('"')?;
    Some(DateTime::parse_from_rfc3339(at).ok()?.timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_position_is_not_taken_for_that_of_arrival() {
        let latest =
            r#"{"op":"latest","eta":{"arrive_at":"2026-11-23T03:30:00Z"},"at":"2026-11-23T03:20:11.250Z"}"#;
        assert_eq!(time_of(latest).map(|at| at % 60_000), Some(11_250));
    }
}
