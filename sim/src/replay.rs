//! `baedal replay`: a recorded track, pushed as the phone that recorded it
//! would have.
//!
//! The recording's clock is shifted so that it starts now, and may run faster.
//! The track may be moved as a whole, so that a run by the sea becomes one in
//! Seoul. Everything else is as recorded, gaps and jumps included.

use std::io::Read as _;
use std::path::PathBuf;
use std::time::Duration;

use gpx::Gpx;

use crate::ambient;
use crate::api::Api;
use crate::city;
use crate::frame::Say;
use crate::outbox::Reading;
use crate::person::Upset;
use crate::shapes::{Moment, Place};
use crate::socket::{Heard, Line, Manners, Socket};
use crate::walk;

/// How long the last fixes may take to be acknowledged.
const LAST_ACK_WITHIN: Duration = Duration::from_secs(60);
/// What a receiver claims that says nothing of its accuracy.
const USUAL_ACCURACY_M: f64 = 5.0;

/// What to push, and as whom.
#[derive(Clone, Debug)]
pub struct Options {
    /// A GPX file whose points have times.
    pub file: PathBuf,
    /// The courier's e-mail.
    pub courier: String,
    /// The courier's password.
    pub password: String,
    /// The gateway.
    pub url: String,
    /// How many times as fast as recorded. Speeds grow with it: the server
    /// refuses what no vehicle does.
    pub speed: f64,
    /// Where the first point shall lie; none: where it was recorded.
    pub at: Option<Place>,
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
        }
    }
}

/// Bytes of the largest file that is read: a point each second takes some 10 MB a day.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// What became of a replay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Fixes pushed.
    pub pushed: u64,
    /// Fixes that the server acknowledged and would not show.
    pub rejected: i64,
    /// Fixes that were not acknowledged in time.
    pub unacknowledged: usize,
}

/// Why a track was not replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file was not read.
    #[error("{0}")]
    File(#[from] std::io::Error),
    /// The file is no GPX.
    #[error("not a GPX file: {0}")]
    Gpx(#[from] gpx::errors::GpxError),
    /// The file is larger than is read.
    #[error("the file has more than {} MiB", FILE_BYTES_MAX >> 20)]
    TooLarge,
    /// The file is not what a GPX file is made of.
    #[error("not a GPX file: it is not UTF-8 text")]
    NotText,
    /// The file declares entities, or may: they expand without limit.
    #[error("not a GPX file: it has a document type, which is not read")]
    DocumentType,
    /// The track has no point with a time.
    #[error("the track has no timed points")]
    Empty,
    /// The courier could not sign in or be heard.
    #[error(transparent)]
    Upset(#[from] Upset),
    /// The speed is not above zero.
    #[error("speed must be a number above 0")]
    Speed,
}

/// One recorded point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Since the track's first point.
    pub after: Duration,
    /// Where.
    pub place: Place,
}

/// Reads the points of a GPX file, in the order of their times. At most 64 MiB of UTF-8
/// without a document type, in which entities are declared (XML 1.0, 2.8 and 4.2).
pub fn read(gpx: impl std::io::Read) -> Result<Vec<Point>, ReplayError> {
    let mut bytes = Vec::new();
    if gpx.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)? as u64 > FILE_BYTES_MAX {
        return Err(ReplayError::TooLarge);
    }
    // NUL: another encoding, in which a document type would read otherwise.
    let text = std::str::from_utf8(&bytes).ok().filter(|text| !text.contains('\0'));
    let text = text.ok_or(ReplayError::NotText)?;
    if text.contains("<!DOCTYPE") {
        return Err(ReplayError::DocumentType);
    }
    let Gpx { tracks, .. } = gpx::read(text.as_bytes())?;
    let waypoints = tracks.into_iter().flat_map(|track| track.segments).flat_map(|segment| segment.points);
    let mut timed: Vec<(Moment, Place)> = waypoints
        .filter_map(|waypoint| {
            let at = waypoint.time?.format().ok()?.parse().ok()?;
            Some((at, Place { lat: waypoint.point().y(), lon: waypoint.point().x() }))
        })
        .collect();
    timed.sort_by_key(|(at, _)| *at);
    let start = timed.first().ok_or(ReplayError::Empty)?.0;
    Ok(timed
        .into_iter()
        // Sorted, so none lies before the start.
        .map(|(at, place)| Point { after: (at - start).to_std().unwrap_or_default(), place })
        .collect())
}

/// Moves a track as a whole so that its first point lies at `to`.
pub fn translate(points: &mut [Point], to: Place) {
    let Some(from) = points.first().map(|point| point.place) else { return };
    for point in points {
        // In metres, not degrees: a degree of longitude is shorter up north.
        let (east_m, north_m) = walk::offset_m(from, point.place);
        point.place = walk::moved(to, east_m, north_m);
    }
}

/// Pushes a track to its end and waits until the server has it all.
pub async fn run(options: Options) -> Result<Outcome, ReplayError> {
    if !(options.speed.is_finite() && options.speed > 0.0) {
        return Err(ReplayError::Speed);
    }
    let mut points = read(std::fs::File::open(&options.file)?)?;
    if let Some(to) = options.at {
        translate(&mut points, to);
    }
    let api = Api::new(&options.url).map_err(Upset::from)?;
    api.sign_in(&options.courier, &options.password).await.map_err(Upset::from)?;
    let mut socket = Socket::open(&api, Manners::default());
    let line = socket.line();
    line.ask(Say::Shift { on: true }).await.map_err(Upset::from)?;
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
            heard = socket.next() => note(&mut outcome, heard.ok_or(Upset::HungUp)?),
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
    // What is still out then is told in the outcome.
    let _ = tokio::time::timeout(LAST_ACK_WITHIN, settled).await;
    outcome.unacknowledged = line.unacknowledged();
    Ok(outcome)
}

/// Hands the phone's readings over, each at its time.
async fn push(line: &Line, points: &[Point], speed: f64) -> u64 {
    let (start, clock) = (ambient::now(), tokio::time::Instant::now());
    let mut before: Option<(Moment, Place)> = None;
    let mut pushed = 0;
    for point in points {
        let after = point.after.div_f64(speed);
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

/// A phone's reading, with the speed and heading that the track shows.
fn reading(at: Moment, place: Place, before: Option<(Moment, Place)>) -> Reading {
    let moved = before.map(|(earlier, from)| {
        let secs = ((at - earlier).num_milliseconds() as f64 / 1e3).max(1e-3);
        (walk::distance_m(from, place) / secs, walk::heading_deg(from, place))
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

    const TRACK: &str = r#"<?xml version="1.0"?>
        <gpx version="1.1" creator="test" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>
        <trkpt lat="37.2417" lon="-121.9723"><time>2017-07-29T14:46:35Z</time></trkpt>
        <trkpt lat="37.2418" lon="-121.9723"/>
        <trkpt lat="37.2419" lon="-121.9721"><time>2017-07-29T14:46:38.500Z</time></trkpt>
        </trkseg></trk></gpx>"#;

    #[test]
    fn points_keep_their_distance_in_time_and_those_without_time_are_left_out() {
        let points = read(TRACK.as_bytes()).unwrap();
        let after: Vec<u128> = points.iter().map(|point| point.after.as_millis()).collect();
        assert_eq!(after, [0, 3_500]);
    }

    #[test]
    fn a_track_that_is_moved_keeps_its_lengths() {
        let mut points = read(TRACK.as_bytes()).unwrap();
        let before = walk::distance_m(points[0].place, points[1].place);
        let seoul = Place { lat: 37.5006, lon: 127.0365 };
        translate(&mut points, seoul);
        assert_eq!(points[0].place, seoul);
        assert!((walk::distance_m(seoul, points[1].place) - before).abs() < 0.01);
    }

    #[test]
    fn a_file_without_timed_points_is_refused() {
        let empty = r#"<?xml version="1.0"?><gpx version="1.1" creator="test"/>"#;
        assert!(matches!(read(empty.as_bytes()), Err(ReplayError::Empty)));
        assert!(matches!(read(&b"no xml"[..]), Err(ReplayError::Gpx(_))));
    }

    #[test]
    fn a_file_that_would_grow_without_end_is_refused() {
        let bomb =
            TRACK.replace("<gpx", "<!DOCTYPE gpx [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;\">]><gpx");
        assert!(matches!(read(bomb.as_bytes()), Err(ReplayError::DocumentType)));
        let wide: Vec<u8> = bomb.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(matches!(read(wide.as_slice()), Err(ReplayError::NotText)));
        assert!(matches!(read(std::io::repeat(b' ')), Err(ReplayError::TooLarge)));
    }

    #[test]
    fn readings_carry_the_tracks_own_speed_and_heading() {
        let at = ambient::now();
        let from = Place { lat: 37.5, lon: 127.0 };
        let to = walk::moved(from, 20.0, 0.0);
        let reading = reading(at + TimeDelta::seconds(2), to, Some((at, from)));
        assert!((reading.speed_mps - 10.0).abs() < 0.1);
        assert!((reading.heading_deg.unwrap() - 90.0).abs() < 0.1);
    }
}
