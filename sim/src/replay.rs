//! `baedal replay`: sends a recorded track as the phone that recorded it would
//! have sent it.
//!
//! The recording's times are shifted so that it starts now, and may be
//! compressed. The track may be moved as a whole, for example to Seoul.
//! Everything else is as recorded, including gaps and jumps, unless gaps are
//! shortened to `max_gap`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::api::Api;
use crate::city;
use crate::frame::Say;
use crate::gpx::{self, GpxError};
use crate::movement;
use crate::outbox::Reading;
use crate::person::PersonError;
use crate::responses::{Moment, Place};
use crate::socket::{Heard, Line, ReconnectPolicy, Socket};
use crate::system;

/// How long to wait for the last acknowledgements.
const LAST_ACK_WITHIN: Duration = Duration::from_secs(60);
/// Longer gaps between two points are logged.
const LONG_PAUSE: Duration = Duration::from_secs(60);
/// The accuracy assumed for all points.
const USUAL_ACCURACY_M: f64 = 5.0;

/// What to send, and as whom.
#[derive(Clone, Debug)]
pub struct Options {
    /// A GPX file whose points have times: a track, a route or waypoints.
    pub file: PathBuf,
    /// The courier's e-mail.
    pub courier: String,
    /// The courier's password.
    pub password: String,
    /// The gateway.
    pub url: String,
    /// How many times as fast as recorded. The fixes' speeds grow with it, and the
    /// server rejects implausible ones.
    pub speed: f64,
    /// Where to move the first point; none: where it was recorded.
    pub at: Option<Place>,
    /// The longest gap between two points in recorded time; longer ones are shortened to it.
    pub max_gap: Option<Duration>,
}

impl Options {
    /// A demo courier's replay at the recorded speed.
    pub fn new(file: impl Into<PathBuf>, courier: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            courier: courier.into(),
            password: city::PASSWORD.to_owned(),
            url: "http://127.0.0.1:9102".to_owned(),
            speed: 1.0,
            at: None,
            max_gap: None,
        }
    }
}

/// The result of a replay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Fixes sent.
    pub pushed: u64,
    /// Fixes that the server acknowledged as rejected.
    pub rejected: i64,
    /// Fixes that were not acknowledged in time.
    pub unacknowledged: usize,
}

/// Why a track was not replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file is no track.
    #[error("{}{why}", file.display())]
    Track {
        /// The file.
        file: PathBuf,
        /// What is wrong with it, and where.
        why: GpxError,
    },
    /// The courier could not sign in, or the socket failed.
    #[error(transparent)]
    PersonError(#[from] PersonError),
    /// The speed is not above zero.
    #[error("speed must be a number above 0")]
    Speed,
}

/// One recorded point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Time since the track's first point.
    pub after: Duration,
    /// The position.
    pub place: Place,
}

/// The points of a recording, with times relative to the first one.
pub fn points(recording: &[(Moment, Place)]) -> Vec<Point> {
    let Some((start, _)) = recording.first() else { return Vec::new() };
    // The recording is in order of time, so no point is before the start.
    let after = |at: &Moment| (*at - start).to_std().unwrap_or_default();
    recording.iter().map(|(at, place)| Point { after: after(at), place: *place }).collect()
}

/// Shortens gaps between two points to at most `most`.
pub fn cap(points: &mut [Point], most: Duration) {
    let (mut before, mut cut) = (Duration::ZERO, Duration::ZERO);
    for point in points {
        cut += (point.after - before).saturating_sub(most);
        before = point.after;
        point.after -= cut;
    }
}

/// The number and the total length of the gaps longer than [`LONG_PAUSE`].
fn pauses(points: &[Point]) -> (usize, Duration) {
    let gaps = points.windows(2).map(|two| two[1].after - two[0].after).filter(|gap| *gap > LONG_PAUSE);
    gaps.fold((0, Duration::ZERO), |(count, all), gap| (count + 1, all + gap))
}

/// Moves a track as a whole so that its first point lies at `to`.
pub fn translate(points: &mut [Point], to: Place) {
    let Some(from) = points.first().map(|point| point.place) else { return };
    for point in points {
        // In metres, not degrees: a degree of longitude is shorter further north.
        let (east_m, north_m) = movement::offset_m(from, point.place);
        point.place = movement::moved(to, east_m, north_m);
    }
}

/// Reads a file, and logs which of its points are left out.
fn load(file: &Path) -> Result<Vec<Point>, ReplayError> {
    let open = std::fs::File::open(file).map_err(GpxError::File);
    let recording =
        open.and_then(gpx::read).map_err(|why| ReplayError::Track { file: file.to_owned(), why })?;
    recording.left_out.iter().for_each(|what| tracing::warn!("{}{what}", file.display()));
    Ok(points(&recording.points))
}

/// Sends a whole track and waits for its acknowledgements.
pub async fn run(options: Options) -> Result<Outcome, ReplayError> {
    if !(options.speed.is_finite() && options.speed > 0.0) {
        return Err(ReplayError::Speed);
    }
    let mut points = load(&options.file)?;
    if let Some(most) = options.max_gap {
        cap(&mut points, most);
    }
    let (count, all) = pauses(&points);
    if count > 0 {
        let secs = all.div_f64(options.speed).as_secs();
        tracing::warn!(count, secs, "nothing is recorded for long; --max-gap shortens such pauses");
    }
    if let Some(to) = options.at {
        translate(&mut points, to);
    }
    let api = Api::new(&options.url).map_err(PersonError::from)?;
    api.sign_in(&options.courier, &options.password).await.map_err(PersonError::from)?;
    let mut socket = Socket::open(&api, ReconnectPolicy::default());
    let line = socket.line();
    line.ask(Say::Shift { on: true }).await.map_err(PersonError::from)?;
    tracing::info!(points = points.len(), courier = options.courier, "the replay starts");
    let mut outcome = Outcome::default();
    let push = push(&line, &points, options.speed);
    tokio::pin!(push);
    loop {
        tokio::select! {
            pushed = &mut push => {
                outcome.pushed = pushed;
                break;
            }
            heard = socket.next() => note(&mut outcome, heard.ok_or(PersonError::HungUp)?),
        }
    }
    let settled = async {
        while line.unacknowledged() > 0 {
            match socket.next().await {
                Some(heard) => note(&mut outcome, heard),
                None => break,
            }
        }
    };
    // After a timeout, the outcome gives the number of unacknowledged fixes.
    let _ = tokio::time::timeout(LAST_ACK_WITHIN, settled).await;
    outcome.unacknowledged = line.unacknowledged();
    Ok(outcome)
}

/// Queues the readings, each at its time. Returns their number.
async fn push(line: &Line, points: &[Point], speed: f64) -> u64 {
    let (start, clock) = (system::now(), tokio::time::Instant::now());
    let mut before: Option<(Moment, Place)> = None;
    let (mut pushed, mut last) = (0, Duration::ZERO);
    for point in points {
        let after = point.after.div_f64(speed);
        if after - last > LONG_PAUSE {
            let secs = (after - last).as_secs();
            tracing::info!(pushed, of = points.len(), secs, "nothing is recorded for so long");
        }
        last = after;
        let at = start + after;
        tokio::time::sleep_until(clock + after).await;
        line.fix(reading(at, point.place, before));
        before = Some((at, point.place));
        pushed += 1;
        if pushed % 60 == 0 {
            tracing::info!(pushed, of = points.len(), waiting = line.unacknowledged(), "on the way");
        }
    }
    pushed
}

/// A phone's reading, with speed and heading computed from the point before.
fn reading(at: Moment, place: Place, before: Option<(Moment, Place)>) -> Reading {
    let moved = before.map(|(earlier, from)| {
        let secs = ((at - earlier).num_milliseconds() as f64 / 1e3).max(1e-3);
        (movement::distance_m(from, place) / secs, movement::heading_deg(from, place))
    });
    let speed_mps = moved.map_or(0.0, |(speed, _)| speed);
    let heading_deg = moved.filter(|(speed, _)| *speed > 0.5).map(|(_, heading)| heading);
    Reading { at, place, accuracy_m: USUAL_ACCURACY_M, speed_mps, heading_deg }
}

fn note(outcome: &mut Outcome, heard: Heard) {
    match heard {
        Heard::Acked(acked) => outcome.rejected += acked.rejected.values().sum::<i64>(),
        Heard::Lost { code, reason } => tracing::warn!(?code, reason, "connection lost"),
        Heard::Anomaly(anomaly) => tracing::warn!(?anomaly, "the server broke a promise"),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    const START: Place = Place { lat: 37.2417, lon: -121.9723 };

    /// Points at these seconds, each ten metres north of the one before.
    fn track(secs: &[u64]) -> Vec<Point> {
        let at = |(index, after): (usize, &u64)| Point {
            after: Duration::from_secs(*after),
            place: movement::moved(START, 0.0, 10.0 * index as f64),
        };
        secs.iter().enumerate().map(at).collect()
    }

    fn secs(points: &[Point]) -> Vec<u64> {
        points.iter().map(|point| point.after.as_secs()).collect()
    }

    #[test]
    fn points_keep_their_distance_in_time() {
        let at = |secs: i64| chrono::DateTime::from_timestamp(1_500_000_000 + secs, 0).unwrap();
        assert_eq!(secs(&points(&[(at(0), START), (at(3), START), (at(7), START)])), [0, 3, 7]);
        assert!(points(&[]).is_empty());
    }

    #[test]
    fn long_pauses_are_counted_and_can_be_shortened() {
        let mut points = track(&[0, 1, 3_601, 3_602, 3_702, 3_712]);
        assert_eq!(pauses(&points), (2, Duration::from_secs(3_700)));
        cap(&mut points, Duration::from_secs(30));
        assert_eq!(secs(&points), [0, 1, 31, 32, 62, 72]);
        assert_eq!(pauses(&points), (0, Duration::ZERO));
    }

    #[test]
    fn a_track_that_is_moved_keeps_its_lengths() {
        let mut points = track(&[0, 1]);
        let before = movement::distance_m(points[0].place, points[1].place);
        let seoul = Place { lat: 37.5006, lon: 127.0365 };
        translate(&mut points, seoul);
        assert_eq!(points[0].place, seoul);
        assert!((movement::distance_m(seoul, points[1].place) - before).abs() < 0.01);
    }

    #[test]
    fn readings_carry_the_tracks_own_speed_and_heading() {
        let at = system::now();
        let from = Place { lat: 37.5, lon: 127.0 };
        let to = movement::moved(from, 20.0, 0.0);
        let reading = reading(at + TimeDelta::seconds(2), to, Some((at, from)));
        assert!((reading.speed_mps - 10.0).abs() < 0.1);
        assert!((reading.heading_deg.unwrap() - 90.0).abs() < 0.1);
    }
}
