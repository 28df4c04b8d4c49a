//! The part of SOLAPI that Baedal calls (developers.solapi.dev/references): one text message per
//! request, each request signed with the sandbox's secret. 010-0000-0001 hangs, -0002 answers
//! late, -0003 is busy and -0004 is refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde::Deserialize;
use serde_json::json;

use super::sent::{Mood, Sent, SentLog};

/// The id of the sandbox's API key.
pub const API_KEY: &str = "NCSSANDBOX";
/// The secret that signs requests to the sandbox.
pub const API_SECRET: &str = "sandbox-secret";

/// The most by which a request's date may differ from the sandbox's clock.
const SKEW_MAX: TimeDelta = TimeDelta::minutes(15);

#[derive(Deserialize)]
struct Request {
    message: NewMessage,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewMessage {
    to: String,
    from: String,
    text: String,
    #[serde(default)]
    custom_fields: BTreeMap<String, String>,
}

/// SOLAPI's API.
pub(super) fn routes(messages: Arc<SentLog>) -> Router {
    Router::new().route("/messages/v4/send", post(send)).with_state(messages)
}

async fn send(
    State(messages): State<Arc<SentLog>>,
    headers: HeaderMap,
    body: Result<Json<Request>, JsonRejection>,
) -> Response {
    let now = (messages.now)();
    if let Err(code) = check_signature(&headers, now) {
        return no(403, code);
    }
    let Ok(Json(Request { message })) = body else { return no(400, "ValidationError") };
    let is_number = |text: &str| text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(&message.to) || !is_number(&message.from) || message.text.is_empty() {
        return no(400, "ValidationError");
    }
    let mood = match message.to.as_str() {
        "01000000001" => Mood::Hangs,
        "01000000002" => Mood::Late,
        "01000000003" => Mood::Busy,
        "01000000004" => Mood::Refused,
        _ => Mood::Good,
    };
    mood.before().await;
    if mood == Mood::Busy {
        return no(503, "ServiceUnavailable");
    }
    if mood == Mood::Refused {
        return no(400, "ValidationError");
    }
    let sent = Sent {
        id: format!("M4V{}", crate::system::fresh_id().simple()),
        key: message.custom_fields.get("key").cloned(),
        to: message.to,
        from: Some(message.from),
        subject: None,
        text: message.text,
        data: BTreeMap::new(),
        at: now,
    };
    if messages.take(&sent).is_err() {
        return no(500, "InternalError");
    }
    mood.after().await;
    let Sent { id, to, from, .. } = sent;
    let said = json!({ "messageId": id, "to": to, "from": from, "type": "SMS", "country": "82",
        "statusCode": "2000", "statusMessage": "정상 접수(이통사로 접수 예정)" });
    Json(said).into_response()
}

/// Checks a request's signature (developers.solapi.dev/references/authentication/api-key).
fn check_signature(headers: &HeaderMap, now: DateTime<Utc>) -> Result<(), &'static str> {
    let said = headers.get(header::AUTHORIZATION).and_then(|said| said.to_str().ok()).unwrap_or_default();
    let fields: BTreeMap<&str, &str> = said
        .strip_prefix("HMAC-SHA256 ")
        .ok_or("InvalidAuthorization")?
        .split(", ")
        .filter_map(|field| field.split_once('='))
        .collect();
    let field = |name| fields.get(name).copied().ok_or("InvalidAuthorization");
    let (key, date, salt, signature) =
        (field("apiKey")?, field("date")?, field("salt")?, field("signature")?);
    if key != API_KEY {
        return Err("InvalidApiKey");
    }
    let at = DateTime::parse_from_rfc3339(date).map_err(|_| "InvalidAuthorization")?.to_utc();
    if (now - at).abs() > SKEW_MAX || !(12..=64).contains(&salt.len()) {
        return Err("RequestTimeTooSkewed");
    }
    let secret = EncodingKey::from_secret(API_SECRET.as_bytes());
    let expected = jsonwebtoken::crypto::sign(format!("{date}{salt}").as_bytes(), &secret, Algorithm::HS256);
    let expected = URL_SAFE_NO_PAD.decode(expected.unwrap_or_default()).unwrap_or_default();
    let expected: String = expected.iter().map(|byte| format!("{byte:02x}")).collect();
    if expected == signature { Ok(()) } else { Err("SignatureDoesNotMatch") }
}

fn no(status: u16, code: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, Json(json!({ "errorCode": code, "errorMessage": "The sandbox says no." }))).into_response()
}
