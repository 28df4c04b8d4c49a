//! The requests of OsmAnd and Traccar Client: parameters of a query or a form, or JSON, as current
//! versions of Traccar Client send.
//!
//! Only the token and a readable position are required. An optional value that can't be read is
//! ignored and counted by its name: a bad battery level must not cost a position.

use chrono::{DateTime, NaiveDateTime};
use domain::tracking::SpeedUnit;
use domain::{Failure, Refused, Timestamp, fault};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use services::tracking::device::Speed;

/// A position and its device's token.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Said {
    pub(super) token: String,
    pub(super) lat: f64,
    pub(super) lon: f64,
    pub(super) at: Option<Timestamp>,
    pub(super) accuracy_m: Option<f64>,
    pub(super) speed: Option<Speed>,
    pub(super) heading_deg: Option<f64>,
}

/// Reads a query and a body; either may be empty.
pub(super) fn read(query: &str, body: &str) -> Result<Said, Failure> {
    if let Some(Value::Object(json)) =
        body.starts_with('{').then(|| serde_json::from_str(body).ok()).flatten()
    {
        return read_json(&Value::Object(json));
    }
    let words: Vec<(String, String)> = pairs(query).chain(pairs(body)).collect();
    let all = |name: &'static str| words.iter().filter(move |(key, _)| key == name).map(|(_, value)| value);
    let any = |names: &[&'static str]| names.iter().flat_map(|name| all(name)).cloned().collect::<Vec<_>>();
    let token = any(&["id", "deviceid"]).into_iter().find(|token| !token.is_empty());
    let spot = any(&["location"]).iter().find_map(|place| {
        let (lat, lon) = place.split_once(',')?;
        Some((number(lat)?, number(lon)?))
    });
    let of = |name: &'static str| any(&[name]).iter().find_map(|text| number(text));
    let place = of("lat").zip(of("lon")).or(spot);
    Ok(Said {
        token: token.ok_or_else(|| missing("/id"))?,
        lat: place.ok_or_else(|| missing("/lat"))?.0,
        lon: place.ok_or_else(|| missing("/lon"))?.1,
        at: optional("timestamp", &any(&["timestamp"]), moment),
        accuracy_m: optional("accuracy", &any(&["accuracy"]), measure),
        // The protocol says knots, but apps differ.
        speed: optional("speed", &any(&["speed"]), measure).map(|value| Speed { value, unit: None }),
        heading_deg: optional("bearing", &any(&["bearing", "heading"]), measure),
    })
}

/// `{"location": {"timestamp", "coords": {…, "speed" in m/s}}, "device_id"}`; −1 is unknown.
fn read_json(said: &Value) -> Result<Said, Failure> {
    let location = &said["location"];
    let coords = &location["coords"];
    let place = |name: &str| text(&coords[name]).first().and_then(|text| number(text));
    let token = ["device_id", "deviceid", "id"].into_iter().find_map(|name| text(&said[name]).pop());
    Ok(Said {
        token: token.ok_or_else(|| missing("/device_id"))?,
        lat: place("latitude").ok_or_else(|| missing("/location/coords/latitude"))?,
        lon: place("longitude").ok_or_else(|| missing("/location/coords/longitude"))?,
        at: optional("timestamp", &text(&location["timestamp"]), moment),
        accuracy_m: optional("accuracy", &text(&coords["accuracy"]), measure),
        speed: optional("speed", &text(&coords["speed"]), measure)
            .map(|value| Speed { value, unit: Some(SpeedUnit::Ms) }),
        heading_deg: optional("bearing", &text(&coords["heading"]), measure),
    })
}

/// The parameters of a query or a form, except those that can't be decoded.
fn pairs(words: &str) -> impl Iterator<Item = (String, String)> {
    let decode =
        |word: &str| percent_decode_str(&word.replace('+', " ")).decode_utf8().ok().map(String::from);
    words.trim().split('&').filter_map(move |pair| {
        let (key, value) = pair.split_once('=')?;
        Some((decode(key)?, decode(value)?.trim().to_owned()))
    })
}

/// A JSON value as text; empty for null, objects and lists.
pub(super) fn text(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Number(number) => vec![number.to_string()],
        _ => Vec::new(),
    }
}

/// The first value that can be read; if none can, counts the failure.
pub(super) fn optional<T>(
    name: &'static str,
    values: &[String],
    read: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let found = values.iter().find_map(|value| read(value));
    if found.is_none() && !values.is_empty() {
        metrics::counter!("device_values_unread_total", "field" => name).increment(1);
    }
    found
}

/// A number; a decimal comma is allowed.
pub(super) fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.replacen(',', ".", 1).parse().ok())
}

/// A number of at least 0, perhaps with a percent sign; apps send −1 for unknown.
pub(super) fn measure(text: &str) -> Option<f64> {
    number(text.trim().trim_end_matches('%')).filter(|number| number.is_finite() && *number >= 0.0)
}

/// Seconds or milliseconds since 1970 (numbers from 1e10, the year 2286, are milliseconds), RFC
/// 3339, or `yyyy-MM-dd HH:mm:ss` in UTC.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(number) = text.parse::<f64>() {
        if !number.is_finite() || !(0.0..1e15).contains(&number) {
            return None;
        }
        let millis = if number < 1e10 { number * 1e3 } else { number };
        #[expect(clippy::cast_possible_truncation, reason = "checked to be within what an i64 holds")]
        return DateTime::from_timestamp_millis(millis as i64);
    }
    let plain = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok().map(|at| at.and_utc());
    // An unescaped plus in a query is decoded as a blank.
    plain.or_else(|| text.replace(' ', "+").parse().ok())
}

fn missing(pointer: &str) -> Failure {
    Refused::field(pointer, fault::MISSING, "A report needs the device's token and a readable place.").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_in_several_ways() {
        let expected: Timestamp = "2026-11-23T03:20:11Z".parse().unwrap();
        for text in [
            "1795404011",
            "1795404011000",
            "2026-11-23T03:20:11Z",
            "2026-11-23T12:20:11 09:00",
            "2026-11-23 03:20:11",
        ] {
            assert_eq!(moment(text), Some(expected), "{text}");
        }
        for text in ["", "NaN", "-1", "1e300", "yesterday"] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[test]
    fn every_dialect_says_the_same() {
        let plain =
            read("id=t&lat=37.5&lon=127.0&timestamp=1795404011&speed=10&bearing=90&accuracy=5", "").unwrap();
        assert_eq!((plain.lat, plain.heading_deg, plain.accuracy_m), (37.5, Some(90.0), Some(5.0)));
        assert_eq!(plain.speed, Some(Speed { value: 10.0, unit: None }), "of the device's unit");
        for (query, body) in [
            (
                "deviceid=t&location=37.5,127.0&timestamp=2026-11-23+03:20:11&speed=10&heading=90&accuracy=5",
                "",
            ),
            ("", "id=t&lat=37.5&lon=127.0&timestamp=1795404011000&speed=10&bearing=90&accuracy=5"),
            ("id=t", "lat=37.5&lon=127.0&timestamp=1795404011&speed=10&bearing=90&accuracy=5"),
        ] {
            assert_eq!(read(query, body).unwrap(), plain, "{query} {body}");
        }
        let json = r#"{"location":{"timestamp":"2026-11-23T03:20:11.000Z","coords":{"latitude":37.5,
            "longitude":127.0,"speed":5.5,"heading":90,"accuracy":5,"altitude":33}},"device_id":"t"}"#;
        assert_eq!(
            read("", json).unwrap(),
            Said { speed: Some(Speed { value: 5.5, unit: Some(SpeedUnit::Ms) }), ..plain }
        );
    }

    #[test]
    fn an_odd_optional_value_costs_no_position() {
        let bare = read("id=t&lat=37.5&lon=127.0", "").unwrap();
        for odd in [
            "speed=&bearing=x&accuracy=&batt=&timestamp=",
            "speed=-1&bearing=-1&accuracy=NaN&batt=80%25&timestamp=yesterday",
            "speed=%FF&batt=%FF",
            "lat=37.6&lon=127.9",
            "speed",
        ] {
            assert_eq!(read(&format!("id=t&lat=37.5&lon=127.0&{odd}"), "").unwrap(), bare, "{odd}");
        }
        let comma = read("id=t&lat=37,5&lon=127,0&accuracy=5,5", "").unwrap();
        assert_eq!((comma.lat, comma.lon, comma.accuracy_m), (37.5, 127.0, Some(5.5)));
        let unknown = r#"{"location":{"timestamp":{},"coords":{"latitude":"37.5","longitude":127,"speed":-1,
            "heading":-1,"accuracy":null}},"device_id":"t"}"#;
        assert_eq!(read("", unknown).unwrap(), bare);
        for nothing in ["", "id=t", "lat=1&lon=1", "id=t&lat=x&lon=1", "id=t&lat=1", "id=&lat=1&lon=1"] {
            assert!(read(nothing, "").is_err(), "{nothing}");
        }
        for nothing in ["{}", "{", r#"{"device_id":"t"}"#, r#"{"location":[],"device_id":"t"}"#] {
            assert!(read("", nothing).is_err(), "{nothing}");
        }
    }
}
