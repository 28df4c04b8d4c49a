//! Kakao's Local API, which finds addresses (developers.kakao.com/docs/latest/ko/local/dev-guide,
//! "주소 검색하기"). It only reads, so a call may be repeated.

use async_trait::async_trait;
use domain::LatLon;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use services::geocoding::{FoundAddress, GeocodeError, Geocoder};

use crate::party::{Answer, Body, Call, Party, secret_header};
use crate::social::form;
use crate::{Limits, OpenError};

const NAME: &str = "kakao_local";

/// Address and account of Kakao Local.
#[derive(Clone)]
pub struct Settings {
    /// The base URL of the API.
    pub url: String,
    /// The REST API key of our app.
    pub api_key: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self { url: "https://dapi.kakao.com".to_owned(), api_key: String::new() }
    }
}

/// A geocoder.
pub(crate) struct KakaoLocal(Party);

#[derive(Deserialize)]
struct Documents {
    documents: Vec<Document>,
}

/// An address. Coordinates are texts, `x` is the longitude.
#[derive(Deserialize)]
struct Document {
    x: String,
    y: String,
    address: Option<Lot>,
    road_address: Option<Road>,
}

#[derive(Deserialize)]
struct Lot {
    address_name: String,
}

#[derive(Deserialize)]
struct Road {
    address_name: String,
    zone_no: String,
}

impl KakaoLocal {
    pub(crate) fn open(settings: &Settings, limits: Limits) -> Result<Self, OpenError> {
        let authorization = secret_header(NAME, format!("KakaoAK {}", settings.api_key))?;
        let headers = HeaderMap::from_iter([(AUTHORIZATION, authorization)]);
        Ok(Self(Party::open(NAME, &settings.url, headers, limits)?))
    }
}

#[async_trait]
impl Geocoder for KakaoLocal {
    async fn search(&self, text: &str, most: u8) -> Result<Vec<FoundAddress>, GeocodeError> {
        let query = form(&[("query", text), ("size", &most.to_string())]);
        let call = Call {
            name: "address",
            method: Method::GET,
            path: &["v2", "local", "search", "address.json"],
            headers: HeaderMap::new(),
            body: Body::Form(query),
            is_repeatable: true,
        };
        meaning(&self.0.call(&call).await.map_err(|_| GeocodeError::Unavailable)?)
    }
}

/// Interprets an answer. What has no road-name address or no place on earth is left out.
fn meaning(answer: &Answer) -> Result<Vec<FoundAddress>, GeocodeError> {
    let found = serde_json::from_slice::<Documents>(&answer.body);
    match (answer.status, found) {
        (StatusCode::OK, Ok(found)) => Ok(found.documents.into_iter().filter_map(address).collect()),
        // It finds nothing in such a text.
        (StatusCode::BAD_REQUEST, _) => Ok(Vec::new()),
        (status, _) => {
            tracing::error!(party = NAME, %status, "an address could not be searched for");
            Err(GeocodeError::Unavailable)
        }
    }
}

fn address(document: Document) -> Option<FoundAddress> {
    let Document { x, y, address, road_address } = document;
    let road = road_address?;
    Some(FoundAddress {
        position: LatLon::new(y.parse().ok()?, x.parse().ok()?).ok()?,
        road_address: road.address_name,
        lot_address: address.map(|lot| lot.address_name).unwrap_or_default(),
        zip: road.zone_no.parse().ok(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: u16, body: &str) -> Result<Vec<FoundAddress>, GeocodeError> {
        let status = StatusCode::from_u16(status).unwrap();
        meaning(&Answer { status, body: body.as_bytes().to_vec() })
    }

    #[test]
    fn an_address_is_read_and_what_is_none_is_left_out() {
        let body = r#"{"meta": {"total_count": 3}, "documents": [
            {"address_name": "서울 강남구 테헤란로 152", "address_type": "ROAD_ADDR",
             "x": "127.036508620542", "y": "37.5000242405515",
             "address": {"address_name": "서울 강남구 역삼동 737", "b_code": "1168010100"},
             "road_address": {"address_name": "서울 강남구 테헤란로 152", "zone_no": "06236"}},
            {"address_name": "서울 강남구", "x": "127.0", "y": "37.5", "address": null, "road_address": null},
            {"x": "east", "y": "north", "address": null,
             "road_address": {"address_name": "나라 길 1", "zone_no": ""}}]}"#;
        let found = said(200, body).unwrap();
        let [one] = &found[..] else { panic!("one address in {found:?}") };
        assert_eq!(
            (&*one.road_address, &*one.lot_address),
            ("서울 강남구 테헤란로 152", "서울 강남구 역삼동 737")
        );
        assert_eq!(one.zip.as_ref().map(domain::user::Zip::as_str), Some("06236"));
        assert_eq!((one.position.lat(), one.position.lon()), (37.5000242405515, 127.036508620542));
    }

    #[test]
    fn only_what_was_answered_counts_as_found_nowhere() {
        assert_eq!(said(200, r#"{"documents": []}"#), Ok(vec![]));
        assert_eq!(said(400, r#"{"errorType": "MissingParameter"}"#), Ok(vec![]));
        for (status, body) in [(401, "{}"), (403, "{}"), (404, ""), (200, "<html>"), (200, "{}")] {
            assert_eq!(said(status, body), Err(GeocodeError::Unavailable), "{status}");
        }
    }
}
