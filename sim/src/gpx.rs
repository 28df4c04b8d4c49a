//! Reads the positions and times of recorded tracks from GPX files of any version
//! (topografix.com/GPX/1/1). Everything else in a file is skipped.
//!
//! The `gpx` crate (0.10) refuses a whole file for one odd point, a blank around a time, an
//! unknown element or prefix, or a bare `&`, all of which devices write. It also reports no
//! line numbers, and it expands entities. So this module parses the file with `quick_xml`.
//!
//! A file that contains no usable track is refused, with the line of the error. Unusable
//! points are left out and reported, with the line of the first.

use std::io::Read;

use chrono::{DateTime, NaiveDateTime, TimeDelta};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::responses::{Moment, Place};

/// The largest accepted file in bytes: a point each second takes some 10 MB a day.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A point further than this from the median time comes from a clock that was not set:
/// no track lasts that long. GPS receivers after a week number rollover are 19.6 years off.
const FAR: TimeDelta = TimeDelta::days(3_652);

/// Why a file is not a track.
#[derive(Debug, thiserror::Error)]
pub enum GpxError {
    /// The file could not be read.
    #[error(": {0}")]
    File(#[from] std::io::Error),
    /// The file is too large.
    #[error(": the file has more than {} MiB", FILE_BYTES_MAX >> 20)]
    TooLarge,
    /// The file is not UTF-8 text.
    #[error(": not a GPX file: it is not UTF-8 text")]
    NotText,
    /// The file is not a GPX file.
    #[error(":{line}: not a GPX file: {what}")]
    Wrong {
        /// The line of the error, counted from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// No point has a valid position and a valid time.
    #[error(": no point of a track, a route or among the waypoints has a time")]
    Empty,
}

/// A track.
#[derive(Debug, PartialEq)]
pub struct Recording {
    /// Times and positions, in order of time.
    pub points: Vec<(Moment, Place)>,
    /// Which points were left out and why, as text for people.
    pub left_out: Vec<String>,
}

/// What a point is part of. The track consists of the first kind, in this order, that has a
/// point with a position and a time.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Track,
    Route,
    Waypoint,
}

/// A point of the file, with missing and invalid parts marked.
struct Point {
    kind: Kind,
    line: usize,
    place: Option<Place>,
    time: Time,
}

#[derive(Clone, Copy, PartialEq)]
enum Time {
    Unsaid,
    Unreadable,
    At(Moment),
}

/// Reads a track from at most 64 MiB of UTF-8. A document type is refused, because it can
/// declare entities that expand without limit (XML 1.0, 2.8 and 4.2).
pub fn read(file: impl Read) -> Result<Recording, GpxError> {
    let mut bytes = Vec::new();
    if file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)? as u64 > FILE_BYTES_MAX {
        return Err(GpxError::TooLarge);
    }
    // A NUL byte suggests UTF-16, in which the check for a document type would fail.
    let text = std::str::from_utf8(&bytes).ok().filter(|text| !text.contains('\0'));
    let text = text.ok_or(GpxError::NotText)?;
    let all = points(text.trim_start_matches('\u{feff}'))?;
    let is_timed = |kind: Kind| {
        all.iter()
            .any(|point| point.kind == kind && point.place.is_some() && matches!(point.time, Time::At(_)))
    };
    let kind = [Kind::Track, Kind::Route, Kind::Waypoint].into_iter().find(|kind| is_timed(*kind));
    let kind = kind.ok_or(GpxError::Empty)?;
    Ok(recording(all.iter().filter(|point| point.kind == kind)))
}

/// All points of the document.
fn points(text: &str) -> Result<Vec<Point>, GpxError> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    // Devices write names unescaped: a bare `&` is no reason to refuse the track.
    reader.config_mut().allow_dangling_amp = true;
    let mut lines = Lines { text, at: 0, line: 1 };
    let mut points: Vec<Point> = Vec::new();
    // The depth of the current element; the depth of the current point; the text of its time.
    let (mut rooted, mut depth): (bool, usize) = (false, 0);
    let (mut inside, mut time): (Option<usize>, Option<String>) = (None, None);
    loop {
        let at = reader.buffer_position();
        let event = reader.read_event().map_err(|error| {
            let line = lines.of(reader.error_position());
            GpxError::Wrong { line, what: error.to_string() }
        })?;
        match event {
            Event::Start(start) => {
                depth += 1;
                rooted = true;
                let name = start.local_name();
                if depth == 1 && name.as_ref() != "gpx" {
                    let what = format!("its root is <{}>", start.name().as_ref());
                    return Err(GpxError::Wrong { line: lines.of(at), what });
                }
                match (inside, kind(name.as_ref())) {
                    (None, Some(kind)) => {
                        inside = Some(depth);
                        let line = lines.of(at);
                        points.push(Point { kind, line, place: place(&start), time: Time::Unsaid });
                    }
                    (Some(point), _) if depth == point + 1 && name.as_ref() == "time" => {
                        time = Some(String::new());
                    }
                    _ => {}
                }
            }
            Event::End(_) => {
                if inside.is_some_and(|point| depth == point + 1)
                    && let (Some(text), Some(point)) = (time.take(), points.last_mut())
                {
                    point.time = moment(text.trim());
                }
                inside = inside.filter(|point| *point != depth);
                depth -= 1;
            }
            Event::Text(said) => time.iter_mut().for_each(|time| time.push_str(&said.xml10_content())),
            Event::CData(said) => time.iter_mut().for_each(|time| time.push_str(&said.xml10_content())),
            Event::DocType(_) => {
                let what = "it has a document type, which is not read".to_owned();
                return Err(GpxError::Wrong { line: lines.of(at), what });
            }
            Event::Eof if rooted && depth == 0 => return Ok(points),
            Event::Eof => {
                let what = if rooted { "it ends before it is complete" } else { "it has no root" };
                return Err(GpxError::Wrong { line: lines.of(at), what: what.to_owned() });
            }
            // Empty elements come as a start and an end.
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::GeneralRef(_) => {}
        }
    }
}

/// Maps byte offsets to line numbers. Offsets should only increase: each byte is counted once.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl Lines<'_> {
    fn of(&mut self, at: u64) -> usize {
        let bytes = self.text.as_bytes();
        let at = usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
        // The parser's position of an element is before the white space in front of it.
        let begins =
            bytes[at..].iter().position(|byte| !byte.is_ascii_whitespace()).map_or(at, |more| at + more);
        self.line += bytes[self.at.min(begins)..begins].iter().filter(|byte| **byte == b'\n').count();
        self.at = self.at.max(begins);
        self.line
    }
}

fn kind(name: &str) -> Option<Kind> {
    match name {
        "trkpt" => Some(Kind::Track),
        "rtept" => Some(Kind::Route),
        "wpt" => Some(Kind::Waypoint),
        _ => None,
    }
}

fn place(point: &BytesStart<'_>) -> Option<Place> {
    let degrees = |name: &str, most: f64| {
        let value = point.attributes().with_checks(false).flatten().find(|one| one.key.as_ref() == name)?;
        let number: f64 = value.value.trim().parse().ok()?;
        (number.abs() <= most).then_some(number)
    };
    Some(Place { lat: degrees("lat", 90.0)?, lon: degrees("lon", 180.0)? })
}

/// Parses a time (XML Schema `dateTime`). One without a zone is UTC, as GPX demands.
fn moment(text: &str) -> Time {
    let zoned = DateTime::parse_from_rfc3339(text).map(|at| at.to_utc()).ok();
    let bare = || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map(|at| at.and_utc()).ok();
    zoned.or_else(bare).map_or(Time::Unreadable, Time::At)
}

/// The track of these points. At least one of them must have a position and a time.
fn recording<'a>(found: impl Iterator<Item = &'a Point>) -> Recording {
    let mut points = Vec::new();
    let (mut placeless, mut untimed, mut unreadable, mut far) = Default::default();
    for Point { line, place, time, .. } in found {
        match (place, time) {
            (None, _) => Left::note(&mut placeless, *line),
            (_, Time::Unsaid) => Left::note(&mut untimed, *line),
            (_, Time::Unreadable) => Left::note(&mut unreadable, *line),
            (Some(place), Time::At(at)) => points.push((*at, *place, *line)),
        }
    }
    points.sort_by_key(|(at, _, _)| *at);
    let middle = points.get(points.len() / 2).map_or(DateTime::UNIX_EPOCH, |(at, _, _)| *at);
    points.retain(|(at, _, line)| {
        let is_near = (*at - middle).abs() <= FAR;
        if !is_near {
            Left::note(&mut far, *line);
        }
        is_near
    });
    let why = [
        (placeless, "their place cannot be read"),
        (untimed, "they have no time"),
        (unreadable, "their time cannot be read"),
        (far, "their time is years from that of all others"),
    ];
    let left_out = why.into_iter().filter_map(|(left, why)| left.map(|left: Left| left.said(why)));
    Recording {
        left_out: left_out.collect(),
        points: points.into_iter().map(|(at, place, _)| (at, place)).collect(),
    }
}

/// Points that are left out for one reason.
struct Left {
    count: usize,
    first_line: usize,
}

impl Left {
    fn note(left: &mut Option<Self>, line: usize) {
        let left = left.get_or_insert(Self { count: 0, first_line: line });
        left.count += 1;
        left.first_line = left.first_line.min(line);
    }

    fn said(&self, why: &str) -> String {
        format!(":{}: points are left out as {why}: {}, the first one here", self.first_line, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = r#"<?xml version="1.0"?>
        <gpx version="1.1" creator="test" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>
        <trkpt lat="37.2417" lon="-121.9723"><time>2017-07-29T14:46:35Z</time></trkpt>
        <trkpt lat="37.2419" lon="-121.9721"><time>2017-07-29T14:46:38.500Z</time></trkpt>
        </trkseg></trk></gpx>"#;

    fn read_text(text: &str) -> Result<Recording, GpxError> {
        read(text.as_bytes())
    }

    fn refusal(text: &str) -> String {
        format!("ride.gpx{}", read_text(text).unwrap_err())
    }

    #[test]
    fn what_devices_write_beside_place_and_time_is_skipped() {
        let plain = read_text(PLAIN).unwrap();
        assert_eq!((plain.points.len(), plain.left_out.len()), (2, 0));
        let name = "<trk><name/><name> </name><x:colour>a &amp; b & c &eacute;</x:colour><![CDATA[<trkpt>]]>";
        for other in [
            PLAIN.replace("1.1", "1.0").replace("GPX/1/1", "GPX/1/0"),
            PLAIN.replace(r#" xmlns="http://www.topografix.com/GPX/1/1""#, ""),
            PLAIN.replace("<trk", "<g:trk").replace("</trk", "</g:trk"),
            PLAIN.replace("<time>", "<time>\n   ").replace("</time>", " \t</time>"),
            PLAIN.replace("lat=\"37.2417\"", "lat=' 37.2417 ' lat2=''"),
            PLAIN.replace("<trk>", name),
            PLAIN.replace("<trk>", r#"<wpt lat="x" lon="1"><time>yesterday</time></wpt><trk>"#),
            PLAIN.replace("<trk>", r#"<wpt lat="37" lon="1"><time>2010-01-01T00:00:00Z</time></wpt><trk>"#),
            PLAIN.replace(
                "</trkpt>",
                "<extensions><time>never</time><ns3:hr>74</ns3:hr></extensions></trkpt>",
            ),
            PLAIN.replace("14:46:35Z", "14:46:35").replace("14:46:38.500Z", "23:46:38.500+09:00"),
            PLAIN.replace("<gpx", "<!-- <!DOCTYPE gpx> --><gpx"),
            format!("\u{feff}{PLAIN}").replace('\n', "\r\n"),
        ] {
            assert_eq!(read_text(&other).map_err(|wrong| wrong.to_string()), Ok(plain_of(&plain)), "{other}");
        }
    }

    fn plain_of(recording: &Recording) -> Recording {
        Recording { points: recording.points.clone(), left_out: Vec::new() }
    }

    #[test]
    fn a_route_or_waypoints_with_times_are_a_track() {
        let plain = read_text(PLAIN).unwrap();
        let route = PLAIN.replace("trkpt", "rtept").replace("trkseg", "x").replace("trk", "rte");
        assert_eq!(read_text(&route).unwrap(), plain);
        let waypoints = PLAIN.replace("trkpt", "wpt").replace("<trk><trkseg>", "");
        assert_eq!(read_text(&waypoints.replace("</trkseg></trk>", "")).unwrap(), plain);
        // A track without times is not preferred to a route with times.
        let both = r#"<trk><trkseg><trkpt lat="1" lon="1"/></trkseg></trk></gpx>"#;
        assert_eq!(read_text(&route.replace("</gpx>", both)).unwrap(), plain);
    }

    #[test]
    fn what_is_left_out_is_said_with_its_line() {
        let more = r#"<trkpt lat="37.2418" lon="-121.9723"/>
            <trkpt lat="37.2418" lon="-121.9723"><time>1601-01-01T00:00:00Z</time></trkpt>
            <trkpt lat="97.2418" lon="-121.9723"><time>2017-07-29T14:46:36Z</time></trkpt>
            <trkpt lat="37.2418" lon="-121.9723"><time>2017-07-29 at noon</time></trkpt>
            <trkpt lat="37.2418" lon="-121.9723"><time>9999-12-31T00:00:00Z</time></trkpt></trkseg>"#;
        let recording = read_text(&PLAIN.replace("</trkseg>", more)).unwrap();
        assert_eq!(recording.points, read_text(PLAIN).unwrap().points);
        assert_eq!(
            recording.left_out,
            [
                ":7: points are left out as their place cannot be read: 1, the first one here",
                ":5: points are left out as they have no time: 1, the first one here",
                ":8: points are left out as their time cannot be read: 1, the first one here",
                ":6: points are left out as their time is years from that of all others: 2, the first one here",
            ]
        );
    }

    #[test]
    fn what_is_really_wrong_is_said_with_its_line() {
        let torn = PLAIN.replace("</trkpt>\n        </trkseg></trk></gpx>", "");
        assert!(
            refusal(&torn).starts_with("ride.gpx:4: not a GPX file: it ends before"),
            "{}",
            refusal(&torn)
        );
        let crossed = PLAIN.replace("</time></trkpt>", "</trkpt></time>");
        assert!(refusal(&crossed).starts_with("ride.gpx:3: not a GPX file: "), "{}", refusal(&crossed));
        assert_eq!(refusal("\n\n<kml/>"), "ride.gpx:3: not a GPX file: its root is <kml>");
        assert_eq!(refusal("no xml"), "ride.gpx:1: not a GPX file: it has no root");
        assert_eq!(refusal(""), "ride.gpx:1: not a GPX file: it has no root");
        let empty = "<gpx><trk/></gpx>";
        assert_eq!(
            refusal(empty),
            "ride.gpx: no point of a track, a route or among the waypoints has a time"
        );
    }

    #[test]
    fn a_file_that_would_grow_without_end_is_refused() {
        let bomb =
            PLAIN.replace("<gpx", "<!DOCTYPE gpx [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;\">]><gpx");
        assert_eq!(refusal(&bomb), "ride.gpx:2: not a GPX file: it has a document type, which is not read");
        let wide: Vec<u8> = bomb.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(matches!(read(wide.as_slice()), Err(GpxError::NotText)));
        assert!(matches!(read(std::io::repeat(b' ')), Err(GpxError::TooLarge)));
    }
}
