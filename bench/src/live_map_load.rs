//! The load of `live-map`: couriers who push fixes, and customers who watch them.
//!
//! A fix is identified by its time in whole milliseconds, which the server
//! forwards to watchers unchanged. The client notes when it sent each fix. So
//! the latency is measured from the write on the courier's socket to the read on
//! the watcher's, by one clock, without additions to the frames. The load is
//! open-loop: fixes are sent when they are due, even if the server lags behind.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use chrono::SecondsFormat;
use serde::{Deserialize, Serialize};
use sim::responses::Place;
use sim::system;

use crate::Outcome;
use crate::latency::Latency;
use crate::net::{Endpoint, Handler, Net, Sock, frame};
use crate::text::{number_after, time_of};
use crate::worker::{Orders, open_all};

/// A courier's speed, metres per second.
const SPEED_MPS: f64 = 8.0;
/// Couriers ride up and down a street of this length, in metres.
const STREET_M: f64 = 400.0;
/// The length of 1e-7 degrees of longitude in Seoul, in metres.
const STEP_M: f64 = 0.008_83;
/// The number of each courier's last fixes whose sending times are kept: a power of two.
const REMEMBERED: usize = 64;
/// The first sequence number. All have the same width, so that frames can be overwritten.
const FIRST_SEQ: u64 = 1_000_001;
/// How long to wait for outstanding frames after the last fix.
const COOL_DOWN: Duration = Duration::from_secs(5);

/// Couriers and their watchers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) address: SocketAddr,
    /// The third byte of this process's source addresses, different from other processes'.
    pub(crate) source: u8,
    pub(crate) pairs: Vec<Pair>,
    /// Whether lost sockets reconnect at once, as a misbehaving client does.
    pub(crate) stubborn: bool,
}

/// A courier and their watcher, with their access tokens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Pair {
    pub(crate) courier: Option<String>,
    pub(crate) watcher: Option<String>,
    /// The channel that the watcher subscribes to; none for the baseline.
    pub(crate) channel: Option<String>,
    pub(crate) start: Place,
}

/// The parameters of one round.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    /// Fixes per second and courier.
    pub(crate) hz: f64,
    /// Seconds at the start that are not counted.
    pub(crate) warm_up_secs: f64,
    /// Seconds that are counted.
    pub(crate) secs: f64,
    /// Whether one watcher in [`ONE_IN`] stops reading until the end of the counted seconds.
    pub(crate) stalls: bool,
}

/// One in so many watchers may stall.
pub(crate) const ONE_IN: usize = 20;

/// The results of a round.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Round {
    /// Fixes sent and delivered in the counted seconds.
    pub(crate) sent: u64,
    pub(crate) delivered: u64,
    pub(crate) latency: Latency,
    pub(crate) ack_latency: Latency,
    /// How late fixes were sent: an error of the client, not of the server.
    pub(crate) lateness: Latency,
    /// Fixes sent, acknowledged and rejected in the whole round.
    pub(crate) sent_in_all: u64,
    pub(crate) acknowledged_in_all: u64,
    pub(crate) rejected: u64,
    /// For stalled watchers: the time from waking up to the newest position, and the number of
    /// older positions that came before it.
    pub(crate) woken: Latency,
    pub(crate) stale: u64,
    /// Couriers whose last fix did not reach their watcher.
    pub(crate) last_unseen: u64,
    /// Refused requests and lost sockets.
    pub(crate) failures: Vec<String>,
}

#[derive(Clone, Copy)]
struct Departure {
    at_ms: i64,
    left: Instant,
    counted: bool,
}

struct Rider {
    frame: Vec<u8>,
    seq: u64,
    acked: u64,
    departures: [Option<Departure>; REMEMBERED],
    seen_ms: i64,
    start: Place,
}

struct Rides {
    job: Job,
    riders: Vec<Rider>,
    /// The number of sockets that are ready for a round.
    ready: usize,
    round: Round,
    counting: bool,
    /// When the stalled watchers woke up.
    woken: Option<Instant>,
    /// Closed sockets that are to reconnect.
    lost: Vec<usize>,
}

/// Runs rounds until the parent process closes standard input.
pub(crate) fn play(job: Job, orders: &Orders) -> Outcome<()> {
    let mut net = Net::new()?;
    let riders = job.pairs.iter().map(|pair| Rider::new(pair.start)).collect();
    let mut rides = Rides {
        job,
        riders,
        ready: 0,
        round: Round::default(),
        counting: false,
        woken: None,
        lost: Vec::new(),
    };
    let count = rides.riders.len() * 2;
    let endpoints: Vec<Endpoint> = (0..count).map(|number| endpoint(&rides.job, number)).collect();
    let source = rides.job.source;
    // Watchers first: the baseline forwards frames only to sockets that are connected.
    let order: Vec<usize> =
        (0..count).map(|place| (place % (count / 2)) * 2 + usize::from(place < count / 2)).collect();
    open_all(
        &mut net,
        &mut rides,
        count,
        |net, place| net.dial(order[place], &endpoints[order[place]], source),
        |rides| match rides.round.failures.first() {
            Some(failure) => Err(failure.clone().into()),
            None => Ok(rides.ready == count),
        },
    )?;
    Orders::answer(&())?;
    loop {
        net.turn(Duration::from_millis(20), &mut rides)?;
        if let Some(order) = orders.next()? {
            let round = rides.ride(&mut net, order)?;
            Orders::answer(&round)?;
        }
    }
}

fn endpoint(job: &Job, number: usize) -> Endpoint {
    let pair = &job.pairs[number / 2];
    let (kind, token) =
        if is_watcher(number) { ("watcher", &pair.watcher) } else { ("courier", &pair.courier) };
    let path = match pair.channel {
        Some(_) => "/v1/realtime".to_owned(),
        None => format!("/{kind}/{}", number / 2),
    };
    let narrow = may_stall(number);
    Endpoint { address: job.address, path, token: token.clone(), narrow }
}

fn is_watcher(number: usize) -> bool {
    !number.is_multiple_of(2)
}

/// Whether this is the socket of a watcher who may stall.
fn may_stall(number: usize) -> bool {
    is_watcher(number) && (number / 2).is_multiple_of(ONE_IN)
}

impl Rides {
    fn ride(&mut self, net: &mut Net, order: Order) -> Outcome<Round> {
        let count = self.riders.len();
        let gap = Duration::from_secs_f64(1.0 / (order.hz * count as f64));
        let begins = Instant::now();
        let opens = begins + Duration::from_secs_f64(order.warm_up_secs);
        let closes = opens + Duration::from_secs_f64(order.secs);
        self.round = Round::default();
        self.riders.iter_mut().for_each(Rider::begin_anew);
        let (mut departed, mut clock) = (0_u32, Clock::default());
        self.woken = None;
        loop {
            let now = Instant::now();
            if order.stalls && !self.counting && now >= opens {
                self.stalled().for_each(|number| net.sock(number).into_iter().for_each(Sock::sleep));
            }
            self.counting = now >= opens;
            for number in std::mem::take(&mut self.lost) {
                net.dial(number, &endpoint(&self.job, number), self.job.source)?;
            }
            while begins + gap * departed <= now && begins + gap * departed < closes {
                let due = begins + gap * departed;
                clock.set();
                self.depart(net, departed as usize % count, order.hz, &clock, due);
                departed += 1;
            }
            if now >= closes {
                break;
            }
            net.turn((begins + gap * departed).saturating_duration_since(Instant::now()), self)?;
        }
        self.counting = false;
        if order.stalls {
            self.woken = Some(Instant::now());
            self.stalled().for_each(|number| net.wake(number, self));
        }
        while Instant::now() < closes + COOL_DOWN && !self.is_settled() {
            net.turn(Duration::from_millis(20), self)?;
        }
        let mut round = std::mem::take(&mut self.round);
        round.acknowledged_in_all = self.riders.iter().map(Rider::acknowledged).sum();
        round.last_unseen = self.riders.iter().filter(|rider| !rider.last_is_seen()).count() as u64;
        Ok(round)
    }

    fn stalled(&self) -> impl Iterator<Item = usize> + use<> {
        (0..self.riders.len() * 2).filter(|number| may_stall(*number))
    }

    fn is_settled(&self) -> bool {
        self.riders.iter().all(|rider| rider.last_is_seen())
            && (self.is_relay() || self.riders.iter().all(|rider| rider.acked + 1 == rider.seq))
    }

    fn is_relay(&self) -> bool {
        self.job.pairs.iter().all(|pair| pair.channel.is_none())
    }

    fn depart(&mut self, net: &mut Net, number: usize, hz: f64, clock: &Clock, due: Instant) {
        let rider = &mut self.riders[number];
        rider.write(hz, clock);
        let Some(sock) = net.sock(number * 2) else { return };
        let left = Instant::now();
        sock.send(&rider.frame);
        let departure = Departure { at_ms: clock.ms, left, counted: self.counting };
        rider.departures[rider.slot(rider.seq)] = Some(departure);
        rider.seq += 1;
        self.round.sent_in_all += 1;
        if self.counting {
            self.round.sent += 1;
            self.round.lateness.note(left - due);
        }
    }

    fn acknowledged(&mut self, number: usize, text: &[u8]) {
        let rider = &mut self.riders[number / 2];
        let Some(seq) = number_after(text, br#""seq":"#) else { return };
        if rider.seq == FIRST_SEQ {
            self.ready += 1;
            return;
        }
        if let Some(departure) = rider.departures[rider.slot(seq)].filter(|departure| departure.counted)
            && seq > rider.acked
        {
            self.round.ack_latency.note(departure.left.elapsed());
        }
        rider.acked = rider.acked.max(seq);
        if !text.ends_with(br#""rejected":{}}"#) {
            self.round.rejected += 1;
        }
    }

    fn shown(&mut self, number: usize, text: &[u8]) {
        let now = Instant::now();
        let rider = &mut self.riders[number / 2];
        let Some(at_ms) = time_of(text) else { return };
        rider.seen_ms = at_ms;
        // Newest first: it is the most likely match.
        let back = (1..=REMEMBERED as u64).map_while(|ago| rider.seq.checked_sub(ago));
        let departure = back
            .map_while(|seq| rider.departures[rider.slot(seq)])
            .find(|departure| departure.at_ms % DAY_MS == at_ms);
        if let Some(woken) = self.woken.filter(|_| may_stall(number)) {
            if rider.last_is_seen() {
                self.round.woken.note(now - woken);
            } else {
                self.round.stale += 1;
            }
            return;
        }
        if let Some(departure) = departure.filter(|departure| departure.counted) {
            self.round.delivered += 1;
            self.round.latency.note(now - departure.left);
        }
    }
}

impl Handler for Rides {
    fn opened(&mut self, number: usize, sock: &mut Sock) {
        match &self.job.pairs[number / 2].channel {
            Some(channel) if is_watcher(number) => {
                sock.say(&format!(r#"{{"op":"subscribe","channel":"{channel}","ref":"1"}}"#));
            }
            // The acknowledgement of a first fix makes a courier ready. That keeps the cost of
            // starting a track out of the rounds.
            Some(_) => {
                let mut clock = Clock::default();
                clock.set();
                let rider = &mut self.riders[number / 2];
                if rider.seq == FIRST_SEQ {
                    rider.write(1.0, &clock);
                    sock.send(&rider.frame);
                }
            }
            None => self.ready += 1,
        }
    }

    fn heard(&mut self, number: usize, _sock: &mut Sock, text: &[u8]) {
        if text.starts_with(br#"{"op":"latest""#)
            || (is_watcher(number) && text.starts_with(br#"{"op":"fixes""#))
        {
            self.shown(number, text);
        } else if text.starts_with(br#"{"op":"ack""#) {
            self.acknowledged(number, text);
        } else if text.starts_with(br#"{"op":"reply""#) {
            if memchr::memmem::find(text, br#""problem""#).is_some() {
                self.round.failures.push(String::from_utf8_lossy(text).into_owned());
            } else {
                self.ready += 1;
            }
        }
    }

    fn gone(&mut self, number: usize, why: &str) {
        if self.job.stubborn {
            self.lost.push(number);
        }
        self.round.failures.push(format!("socket {number}: {why}"));
    }
}

impl Rider {
    fn new(start: Place) -> Self {
        let mut rider = Self {
            frame: Vec::new(),
            seq: FIRST_SEQ,
            acked: FIRST_SEQ - 1,
            departures: [None; REMEMBERED],
            seen_ms: 0,
            start,
        };
        rider.begin_anew();
        rider
    }

    /// Starts a new track: a new run of sequence numbers.
    fn begin_anew(&mut self) {
        let Place { lat, lon } = self.start;
        let text = format!(
            r#"{{"op":"fixes","track":{:010},"fixes":[{{"seq":{FIRST_SEQ},"at":"{NO_TIME}","lat":{lat:.7},"lon":{lon:.7},"accuracy_m":5.0,"speed_mps":8.0,"heading_deg":90}}]}}"#,
            1_000_000_000 + (system::luck() >> 32),
        );
        self.frame = frame(text.as_bytes());
        (self.seq, self.acked) = (FIRST_SEQ, FIRST_SEQ - 1);
        self.departures = [None; REMEMBERED];
    }

    /// Overwrites the last fix in the frame with the next one.
    fn write(&mut self, hz: f64, clock: &Clock) {
        let ridden_m = SPEED_MPS / hz * (self.seq - FIRST_SEQ) as f64;
        let along_m = STREET_M - (ridden_m % (2.0 * STREET_M) - STREET_M).abs();
        let lon = self.start.lon + along_m / STEP_M * 1e-7;
        let parts = [
            (&br#""seq":"#[..], self.seq.to_string()),
            (br#""at":""#, clock.text.clone()),
            (br#""lon":"#, format!("{lon:.7}")),
        ];
        for (name, value) in parts {
            if let Some(at) = memchr::memmem::find(&self.frame, name) {
                let from = at + name.len();
                self.frame[from..from + value.len()].copy_from_slice(value.as_bytes());
            }
        }
    }

    fn slot(&self, seq: u64) -> usize {
        usize::try_from(seq).unwrap_or_default() % REMEMBERED
    }

    fn acknowledged(&self) -> u64 {
        self.acked + 1 - FIRST_SEQ
    }

    fn last_is_seen(&self) -> bool {
        let last = self.departures[self.slot(self.seq - 1)];
        last.is_none_or(|last| last.at_ms % DAY_MS == self.seen_ms)
    }
}

/// The current millisecond, formatted once for all fixes sent in it.
#[derive(Default)]
struct Clock {
    ms: i64,
    text: String,
}

/// A placeholder with the width of a formatted time.
const NO_TIME: &str = "2026-01-01T00:00:00.000Z";
const DAY_MS: i64 = 86_400_000;

impl Clock {
    fn set(&mut self) {
        let now = system::now();
        if now.timestamp_millis() != self.ms {
            self.ms = now.timestamp_millis();
            self.text = now.to_rfc3339_opts(SecondsFormat::Millis, true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fix_is_written_over_the_last_one_and_read_back() {
        let mut rider = Rider::new(Place { lat: 37.5, lon: 126.99 });
        let clock = Clock { ms: 0, text: "2026-11-23T03:20:11.250Z".to_owned() };
        rider.seq += 9;
        rider.write(1.0, &clock);
        let text = &rider.frame[8..];
        let fix: serde_json::Value = serde_json::from_slice(text).unwrap();
        assert_eq!(fix["fixes"][0]["seq"], 1_000_010);
        assert_eq!(time_of(text), Some(((3 * 60 + 20) * 60 + 11) * 1000 + 250));
        let moved_m = (fix["fixes"][0]["lon"].as_f64().unwrap() - 126.99) / 1e-7 * STEP_M;
        assert!((moved_m - 72.0).abs() < 0.1, "{moved_m}");
    }
}
