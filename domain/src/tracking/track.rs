//! Export of a track as GPX 1.1 and GeoJSON.

use std::fmt::Write;

use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::fix::Fix;

/// The track as GPX 1.1, in the order given.
///
/// GPX 1.1 has speed and course only in extensions, which readers interpret differently,
/// so only time and position are written.
pub fn gpx(name: &str, fixes: &[Fix]) -> String {
    let mut text = String::from(concat!(
        r#"<?xml version="1.0" encoding="UTF-8"?>"#,
        "\n",
        r#"<gpx version="1.1" creator="Baedal" xmlns="http://www.topografix.com/GPX/1/1">"#,
        "\n<trk><name>"
    ));
    text.push_str(&escaped(name));
    text.push_str("</name><trkseg>\n");
    for fix in fixes {
        let at = fix.at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let (lat, lon) = (fix.position.lat(), fix.position.lon());
        // Writing to a String cannot fail.
        let _ = writeln!(text, r#"<trkpt lat="{lat:.7}" lon="{lon:.7}"><time>{at}</time></trkpt>"#);
    }
    text.push_str("</trkseg></trk>\n</gpx>\n");
    text
}

/// The track as a GeoJSON Feature: a LineString (a Point for one fix, no
/// geometry for none), with the times in `coordTimes`, a property that many readers know.
pub fn geojson(name: &str, fixes: &[Fix]) -> Value {
    let place = |fix: &Fix| json!([fix.position.lon(), fix.position.lat()]);
    let geometry = match fixes {
        [] => Value::Null,
        [only] => json!({ "type": "Point", "coordinates": place(only) }),
        many => json!({ "type": "LineString", "coordinates": many.iter().map(place).collect::<Vec<_>>() }),
    };
    let times: Vec<_> = fixes.iter().map(|fix| fix.at.to_rfc3339_opts(SecondsFormat::Millis, true)).collect();
    json!({
        "type": "Feature",
        "geometry": geometry,
        "properties": { "name": name, "coordTimes": times },
    })
}

/// Escapes text for XML 1.0; drops characters that XML cannot represent.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            '\t' | '\n' | '\r' => safe.push(character),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            _ => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LatLon, Timestamp};

    fn fixes() -> Vec<Fix> {
        [(0, 37.49794), (1, 37.498)]
            .map(|(seq, lat)| Fix {
                seq,
                at: format!("2026-11-23T03:20:1{seq}.250Z").parse::<Timestamp>().unwrap(),
                position: LatLon::new(lat, 127.02758).unwrap(),
                accuracy_m: None,
                speed_mps: None,
                heading_deg: None,
            })
            .to_vec()
    }

    #[test]
    fn a_track_as_gpx() {
        insta::assert_snapshot!(gpx("<주문> & \"문\"\u{1}", &fixes()), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <gpx version="1.1" creator="Baedal" xmlns="http://www.topografix.com/GPX/1/1">
        <trk><name>&lt;주문&gt; &amp; &quot;문&quot;</name><trkseg>
        <trkpt lat="37.4979400" lon="127.0275800"><time>2026-11-23T03:20:10.250Z</time></trkpt>
        <trkpt lat="37.4980000" lon="127.0275800"><time>2026-11-23T03:20:11.250Z</time></trkpt>
        </trkseg></trk>
        </gpx>
        "#);
    }

    #[test]
    fn a_track_as_geojson() {
        let track = geojson("주문", &fixes());
        assert_eq!(track["geometry"]["type"], "LineString");
        assert_eq!(track["geometry"]["coordinates"][1], json!([127.02758, 37.498]));
        assert_eq!(track["properties"]["coordTimes"][0], "2026-11-23T03:20:10.250Z");
        assert_eq!(geojson("", &fixes()[..1])["geometry"]["type"], "Point");
        assert_eq!(geojson("", &[])["geometry"], Value::Null);
    }
}
