//! The part of Kakao's Local API that Baedal calls: the search for addresses
//! (developers.kakao.com/docs/latest/ko/local/dev-guide). It knows every house number of a few
//! roads; `busy` and `hangs` in a search make it fail that way.

use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::sent::mood;

/// Roads of Gangnam: name, dong, zip code, and the coordinates where the house numbers begin.
const ROADS: [(&str, &str, &str, f64, f64); 3] = [
    ("테헤란로", "역삼동", "06236", 37.4980, 127.0280),
    ("강남대로", "역삼동", "06232", 37.4970, 127.0276),
    ("언주로", "논현동", "06109", 37.5110, 127.0340),
];

/// How far one house number is from the next, in degrees of longitude.
const STEP: f64 = 0.000_05;

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    query: String,
    size: Option<usize>,
}

/// Kakao's Local API.
pub(super) fn routes() -> Router {
    Router::new().route("/v2/local/search/address.json", get(search))
}

async fn search(Query(search): Query<Search>, headers: HeaderMap) -> Response {
    let key = headers.get(header::AUTHORIZATION).and_then(|key| key.to_str().ok());
    if !key.is_some_and(|key| key.starts_with("KakaoAK ")) {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "errorType": "AccessDeniedError" }))).into_response();
    }
    if search.query.is_empty() {
        return (StatusCode::BAD_REQUEST, Json(json!({ "errorType": "MissingParameter" }))).into_response();
    }
    let mood = mood(&search.query);
    mood.before().await;
    if mood == super::sent::Mood::Busy {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let found: Vec<Value> = ROADS.iter().filter_map(|road| address(&search.query, *road)).collect();
    let documents: Vec<_> = found.into_iter().take(search.size.unwrap_or(10)).collect();
    let meta = json!({ "total_count": documents.len(), "pageable_count": documents.len(), "is_end": true });
    Json(json!({ "meta": meta, "documents": documents })).into_response()
}

/// The address of the road in the text, at the house number after it.
fn address(query: &str, (road, dong, zip, lat, lon): (&str, &str, &str, f64, f64)) -> Option<Value> {
    let (_, after) = query.split_once(road)?;
    let number = after.split_whitespace().next().and_then(|number| number.parse::<u16>().ok()).unwrap_or(1);
    let (road, lot) = (format!("서울 강남구 {road} {number}"), format!("서울 강남구 {dong} {number}"));
    let (x, y) = (lon + STEP * f64::from(number), lat);
    Some(json!({
        "address_name": road,
        "address_type": "ROAD_ADDR",
        "x": x.to_string(),
        "y": y.to_string(),
        "address": { "address_name": lot, "region_1depth_name": "서울", "region_2depth_name": "강남구",
            "region_3depth_name": dong, "x": x.to_string(), "y": y.to_string() },
        "road_address": { "address_name": road, "region_1depth_name": "서울", "region_2depth_name": "강남구",
            "region_3depth_name": dong, "zone_no": zip, "building_name": "", "x": x.to_string(), "y": y.to_string() },
    }))
}
