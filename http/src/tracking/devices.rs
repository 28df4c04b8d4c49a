//! Phones with public tracking apps as couriers' devices: the OsmAnd protocol
//! (also spoken by Traccar Client) and OwnTracks over HTTP.
//!
//! What these apps send is taken as it is: a place that is none is counted and
//! answered with success, or the app would send it for ever.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Uri, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use domain::{Failure, Kind, Refused, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use services::App;
use services::tracking::courier::{self, Report};
use utoipa::{IntoParams, ToSchema};

use crate::kit::{Json, Problem, check_query};

/// Metres a second in one knot: OsmAnd's speed is in knots.
const KNOT_MPS: f64 = 1_852.0 / 3_600.0;

/// Metres a second in one km/h: OwnTracks' speed is in km/h.
const KMH_MPS: f64 = 1.0 / 3.6;

/// A place in the words of OsmAnd.
#[derive(Debug, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
pub(super) struct OsmAnd {
    /// The device's token.
    id: String,
    /// Degrees north.
    lat: f64,
    /// Degrees east.
    lon: f64,
    /// When: seconds or milliseconds since 1970, or RFC 3339. Now, if it is missing.
    timestamp: Option<String>,
    /// Knots.
    speed: Option<f64>,
    /// Degrees clockwise from north.
    #[serde(alias = "heading")]
    bearing: Option<f64>,
    /// Metres.
    accuracy: Option<f64>,
    /// Per cent.
    #[expect(dead_code, reason = "apps send it; nothing is done with it yet")]
    batt: Option<f64>,
}

/// A place in the words of OwnTracks. Messages of other types are taken and left.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct OwnTracks {
    /// `location` for a place.
    #[serde(rename = "_type")]
    kind: String,
    /// Degrees north.
    lat: Option<f64>,
    /// Degrees east.
    lon: Option<f64>,
    /// When: seconds since 1970.
    tst: Option<i64>,
    /// Metres.
    acc: Option<f64>,
    /// km/h.
    vel: Option<f64>,
    /// Degrees clockwise from north.
    cog: Option<f64>,
}

/// Takes a place from an app that speaks the OsmAnd protocol.
#[utoipa::path(get, path = "/v1/devices/osmand", tag = "device", params(OsmAnd), security(()),
    responses((status = 200, description = "Kept"), (status = 401, description = "The token is not known")))]
pub(super) async fn osmand_get(State(app): State<App>, uri: Uri) -> Result<(), Problem> {
    osmand(&app, uri.query().unwrap_or("")).await
}

/// The same, with the parameters in the query or in a form.
#[utoipa::path(post, path = "/v1/devices/osmand", tag = "device", security(()),
    request_body(content = OsmAnd, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Kept"), (status = 401, description = "The token is not known")))]
pub(super) async fn osmand_post(State(app): State<App>, uri: Uri, body: Bytes) -> Result<(), Problem> {
    let form = std::str::from_utf8(&body)
        .map_err(|at| Problem::bad_request("body_not_utf8", format!("The body is not UTF-8: {at}.")))?;
    osmand(&app, uri.query().filter(|query| !query.is_empty()).unwrap_or(form.trim())).await
}

async fn osmand(app: &App, words: &str) -> Result<(), Problem> {
    check_query(words)?;
    let said = read_osmand(words)?;
    let at = match said.timestamp.as_deref() {
        Some(text) => moment(text).ok_or_else(|| not_a_moment("/timestamp"))?,
        None => app.now(),
    };
    let report = Report {
        at,
        lat: said.lat,
        lon: said.lon,
        accuracy_m: said.accuracy,
        speed_mps: said.speed.map(|knots| knots * KNOT_MPS),
        heading_deg: said.bearing,
    };
    courier::report(app, &said.id, report).await?;
    Ok(())
}

fn read_osmand(words: &str) -> Result<OsmAnd, Failure> {
    let bad = |why: String| Failure::from(Refused::field("", "invalid", why));
    let uri: Uri = format!("/?{words}").parse().map_err(|_| bad("Not form-encoded.".into()))?;
    let Query(said) = Query::<OsmAnd>::try_from_uri(&uri).map_err(|error| bad(error.body_text()))?;
    Ok(said)
}

fn not_a_moment(pointer: &str) -> Failure {
    Refused::field(pointer, "invalid", "This is no moment in time.").into()
}

/// Seconds or milliseconds since 1970 (from the year 2286 on seconds would be
/// taken for milliseconds), or RFC 3339.
fn moment(text: &str) -> Option<Timestamp> {
    match text.parse::<f64>() {
        #[expect(clippy::cast_possible_truncation, reason = "checked to be within what an i64 holds")]
        Ok(number) if number.is_finite() && (0.0..1e15).contains(&number) => {
            let millis = if number < 1e10 { number * 1e3 } else { number };
            DateTime::from_timestamp_millis(millis as i64)
        }
        Ok(_) => None,
        // A plus in a query that was not escaped came out as a blank.
        Err(_) => text.replace(' ', "+").parse().ok(),
    }
}

/// Takes a place from OwnTracks. The user name of the Basic authentication is
/// of no account; the password is the device's token.
#[utoipa::path(post, path = "/v1/devices/owntracks", tag = "device", security(()), request_body = OwnTracks,
    responses((status = 200, body = [Value], description = "Kept; there are no commands for the device"),
        (status = 401, description = "The token is not known")))]
pub(super) async fn owntracks(
    State(app): State<App>,
    headers: HeaderMap,
    Json(said): Json<OwnTracks>,
) -> Result<Json<Value>, Problem> {
    let token = basic_password(&headers).ok_or_else(|| {
        Failure::from(Refused::new(
            "unauthenticated",
            Kind::Unauthenticated,
            "Send the device's token as the password of Basic authentication.",
        ))
    })?;
    if said.kind == "location" {
        let missing =
            |field: &str| Failure::from(Refused::field(format!("/{field}"), "missing", "It is missing."));
        let secs = said.tst.ok_or_else(|| missing("tst"))?;
        let report = Report {
            at: DateTime::from_timestamp(secs, 0).ok_or_else(|| not_a_moment("/tst"))?,
            lat: said.lat.ok_or_else(|| missing("lat"))?,
            lon: said.lon.ok_or_else(|| missing("lon"))?,
            accuracy_m: said.acc,
            speed_mps: said.vel.map(|kmh| kmh * KMH_MPS),
            heading_deg: said.cog,
        };
        courier::report(&app, &token, report).await?;
    }
    Ok(Json(json!([])))
}

fn basic_password(headers: &HeaderMap) -> Option<String> {
    let (scheme, encoded) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    text.split_once(':').map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_in_several_ways() {
        let expected: Timestamp = "2026-11-23T03:20:11Z".parse().unwrap();
        for text in ["1795404011", "1795404011000", "2026-11-23T03:20:11Z", "2026-11-23T12:20:11 09:00"] {
            assert_eq!(moment(text), Some(expected), "{text}");
        }
        for text in ["", "NaN", "-1", "1e300", "yesterday"] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[test]
    fn what_osmand_says_is_read_from_a_query_or_a_form() {
        let said = read_osmand("id=t&lat=37.5&lon=127.0&timestamp=1&speed=2.5&bearing=90&batt=80").unwrap();
        assert_eq!((said.lat, said.speed, said.bearing), (37.5, Some(2.5), Some(90.0)));
        for words in ["", "id=t", "id=t&lat=x&lon=1", "id=t&lat=1"] {
            assert!(read_osmand(words).is_err(), "{words}");
        }
    }

    #[test]
    fn the_token_is_the_password() {
        let of = |text: &str| {
            let value = format!("Basic {}", STANDARD.encode(text)).parse().unwrap();
            basic_password(&HeaderMap::from_iter([(header::AUTHORIZATION, value)]))
        };
        assert_eq!(of("rider:bdv_1:2"), Some("bdv_1:2".into()));
        assert_eq!(of("no colon"), None);
    }
}
