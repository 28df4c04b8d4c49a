//! Phones with public tracking apps as couriers' devices: the OsmAnd protocol (also used by Traccar
//! Client) and OwnTracks over HTTP.
//!
//! These apps resend what is refused. So an invalid position is counted and answered with success,
//! or the app would send it for ever.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::tracking::SpeedUnit;
use domain::{Failure, Refused, Timestamp, fault, refusal};
use serde::Deserialize;
use serde_json::{Value, json};
use services::App;
use services::tracking::device::{self, Report, Speed};
use utoipa::{IntoParams, ToSchema};

use super::osmand;
use crate::kit::{Json, Problem, check_query, not_utf8};

/// OsmAnd sends its token as a parameter, which no registered scheme describes.
const BY_PARAMETER: &str = r#"DeviceToken realm="baedal""#;
/// OwnTracks sends a name and a password when challenged for them.
const BASIC: &str = r#"Basic realm="baedal", charset="UTF-8""#;

/// A place in the words of OsmAnd. Only the token and a readable place are needed.
#[derive(IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what `osmand::read` takes; that reads it word by word")]
pub(super) struct OsmAnd {
    /// The device's token; `deviceid` is the same.
    #[param(min_length = 1, max_length = 200, pattern = "^[!-~]+$")]
    #[schema(min_length = 1, max_length = 200, pattern = "^[!-~]+$")]
    id: String,
    /// Degrees north.
    #[param(minimum = -90.0, maximum = 90.0)]
    lat: f64,
    /// Degrees east. `location=lat,lon` says both.
    lon: f64,
    /// When: seconds or milliseconds since 1970, RFC 3339, or `yyyy-MM-dd HH:mm:ss` in UTC.
    /// Now, if it is missing or cannot be read.
    timestamp: Option<String>,
    /// In the device's `speed_unit`: knots, unless it was set otherwise.
    speed: Option<f64>,
    /// Degrees clockwise from north; `heading` is the same.
    bearing: Option<f64>,
    /// Metres.
    accuracy: Option<f64>,
    /// Per cent.
    batt: Option<f64>,
}

/// A place in the words of OwnTracks. Messages of other types are taken and left; what is
/// optional and cannot be read counts as unsaid.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct OwnTracks {
    /// `location` for a place.
    #[serde(rename = "_type", default)]
    #[schema(value_type = String)]
    kind: Value,
    /// Degrees north.
    #[serde(default)]
    #[schema(value_type = Option<f64>)]
    lat: Value,
    /// Degrees east.
    #[serde(default)]
    #[schema(value_type = Option<f64>)]
    lon: Value,
    /// When: seconds since 1970. Now, if it is missing.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    tst: Value,
    /// Metres.
    #[serde(default)]
    #[schema(value_type = Option<f64>)]
    acc: Value,
    /// km/h.
    #[serde(default)]
    #[schema(value_type = Option<f64>)]
    vel: Value,
    /// Degrees clockwise from north.
    #[serde(default)]
    #[schema(value_type = Option<f64>)]
    cog: Value,
}

/// Takes a place from an app that speaks the OsmAnd protocol.
#[utoipa::path(get, path = "/v1/devices/osmand", tag = "device", params(OsmAnd), security(()),
    extensions(("x-unknown-parameters" = json!("ignored"))),
    responses((status = 200, description = "Kept"), (status = 401, description = "The token is not known")))]
pub(super) async fn osmand_get(State(app): State<App>, uri: Uri) -> Result<(), Problem> {
    osmand(&app, uri.query().unwrap_or(""), "").await
}

/// The same, with the parameters in the query, in a form, or as Traccar Client's JSON:
/// `{"location":{"timestamp","coords":{"latitude","longitude","speed","heading","accuracy"}},"device_id"}`,
/// with the speed in metres a second.
#[utoipa::path(post, path = "/v1/devices/osmand", tag = "device", security(()),
    extensions(("x-unknown-parameters" = json!("ignored"))),
    request_body(content = OsmAnd, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Kept"), (status = 401, description = "The token is not known")))]
pub(super) async fn osmand_post(State(app): State<App>, uri: Uri, body: Bytes) -> Result<(), Problem> {
    let form = std::str::from_utf8(&body).map_err(not_utf8)?;
    osmand(&app, uri.query().unwrap_or(""), form.trim()).await
}

async fn osmand(app: &App, query: &str, body: &str) -> Result<(), Problem> {
    if !body.starts_with('{') {
        check_query(body)?;
    }
    let said = osmand::read(query, body)?;
    let report = Report {
        at: said.at.unwrap_or_else(|| app.now()),
        lat: said.lat,
        lon: said.lon,
        accuracy_m: said.accuracy_m,
        speed: said.speed,
        heading_deg: said.heading_deg,
    };
    device::report(app, &said.token, report)
        .await
        .map(|_| ())
        .map_err(|failure| Problem::from(failure).challenging(BY_PARAMETER))
}

/// Takes a place from OwnTracks. The user name of the Basic authentication is
/// of no account; the password is the device's token.
#[utoipa::path(post, path = "/v1/devices/owntracks", tag = "device", security(("basic" = [])), request_body = OwnTracks,
    extensions(("x-unknown-parameters" = json!("ignored"))),
    responses((status = 200, body = [Value], description = "Kept; there are no commands for the device"),
        (status = 401, description = "The token is not known")))]
pub(super) async fn owntracks(
    State(app): State<App>,
    headers: HeaderMap,
    Json(said): Json<OwnTracks>,
) -> Result<Json<Value>, Problem> {
    let refused = |failure: Failure| Problem::from(failure).challenging(BASIC);
    let token = basic_password(&headers).ok_or_else(|| {
        let detail = "Send the device's token as the password of Basic authentication.";
        refused(refusal::unauthenticated().because(detail).into())
    })?;
    device::known(&app, &token).await.map_err(refused)?;
    if said.kind == "location" {
        device::report(&app, &token, said.report(app.now())?).await.map_err(refused)?;
    }
    Ok(Json(json!([])))
}

impl OwnTracks {
    fn report(&self, now: Timestamp) -> Result<Report, Failure> {
        let place = |name: &str, value: &Value| {
            let missing = || Refused::field(format!("/{name}"), fault::MISSING, "A place has two numbers.");
            osmand::text(value).first().and_then(|text| osmand::number(text)).ok_or_else(missing)
        };
        let measure = |name, value| osmand::optional(name, &osmand::text(value), osmand::measure);
        Ok(Report {
            at: osmand::optional("timestamp", &osmand::text(&self.tst), osmand::moment).unwrap_or(now),
            lat: place("lat", &self.lat)?,
            lon: place("lon", &self.lon)?,
            accuracy_m: measure("accuracy", &self.acc),
            speed: measure("speed", &self.vel).map(|value| Speed { value, unit: Some(SpeedUnit::Kmh) }),
            heading_deg: measure("bearing", &self.cog),
        })
    }
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
    fn the_token_is_the_password() {
        let of = |text: &str| {
            let value = format!("Basic {}", STANDARD.encode(text)).parse().unwrap();
            basic_password(&HeaderMap::from_iter([(header::AUTHORIZATION, value)]))
        };
        assert_eq!(of("rider:bdv_1:2"), Some("bdv_1:2".into()));
        assert_eq!(of("no colon"), None);
    }
}
