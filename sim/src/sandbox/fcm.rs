//! Firebase Cloud Messaging and Google's token endpoint, as far as Baedal calls them
//! (firebase.google.com/docs/reference/fcm/rest, developers.google.com/identity/protocols/oauth2).
//! A device token whose first word is `busy`, `refused`, `gone`, `hangs` or `late` fails that way.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Form, Json, Router};
use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::{Value, json};

use super::sent::{Mood, Sent, SentLog, mood};

/// The key file of the sandbox's service account. It is valid for this sandbox only.
pub const ACCOUNT: &str = include_str!("fcm_account.json");
const PUBLIC_KEY: &str = include_str!("fcm_public.pem");
const AUDIENCE: &str = "http://127.0.0.1:9120/fcm/token";
const ISSUER: &str = "sandbox@baedal-sandbox.iam.gserviceaccount.com";
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";

/// How long an access token is valid.
const TOKEN_SECS: i64 = 3_599;

#[derive(Deserialize)]
struct Grant {
    grant_type: String,
    assertion: String,
}

#[derive(Deserialize)]
struct Assertion {
    iss: String,
    scope: String,
    iat: i64,
    exp: i64,
}

#[derive(Deserialize)]
struct Request {
    message: NewMessage,
}

#[derive(Deserialize)]
struct NewMessage {
    token: String,
    notification: Notification,
    #[serde(default)]
    data: BTreeMap<String, String>,
    #[serde(default)]
    android: Value,
}

#[derive(Deserialize)]
struct Notification {
    title: String,
    body: String,
}

/// FCM's API and the token endpoint.
pub(super) fn routes(pushes: Arc<SentLog>) -> Router {
    Router::new()
        .route("/token", post(token))
        .route("/v1/projects/{project}/messages:send", post(send))
        .with_state(pushes)
}

async fn token(State(pushes): State<Arc<SentLog>>, Form(grant): Form<Grant>) -> Response {
    let now = (pushes.now)();
    let mut rules = Validation::new(Algorithm::RS256);
    rules.set_audience(&[AUDIENCE]);
    rules.set_required_spec_claims(&["exp", "aud", "iss"]);
    // Checked below by the sandbox's clock, which a test may move.
    rules.validate_exp = false;
    let key = DecodingKey::from_rsa_pem(PUBLIC_KEY.as_bytes());
    let claims = key.and_then(|key| jsonwebtoken::decode::<Assertion>(&grant.assertion, &key, &rules));
    let good = claims.is_ok_and(|token| {
        let Assertion { iss, scope, iat, exp } = token.claims;
        let seconds = now.timestamp();
        iss == ISSUER && scope == SCOPE && iat <= seconds + 60 && seconds < exp && exp - iat <= 3_600
    });
    if !good || grant.grant_type != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response();
    }
    let until = (now + TimeDelta::seconds(TOKEN_SECS)).timestamp();
    let said =
        json!({ "access_token": format!("ya29.{until}"), "expires_in": TOKEN_SECS, "token_type": "Bearer" });
    Json(said).into_response()
}

/// As on the device: a notification replaces the one with the same tag.
pub(super) fn has_same_tag(sent: &Sent, before: &Sent) -> bool {
    sent.key.is_some() && (&before.to, &before.key) == (&sent.to, &sent.key)
}

async fn send(
    State(pushes): State<Arc<SentLog>>,
    Path(project): Path<String>,
    headers: HeaderMap,
    body: Result<Json<Request>, JsonRejection>,
) -> Response {
    let now = (pushes.now)();
    let said = headers.get(header::AUTHORIZATION).and_then(|said| said.to_str().ok());
    let until = said.and_then(|said| said.strip_prefix("Bearer ya29.")?.parse::<i64>().ok());
    if until.is_none_or(|until| until <= now.timestamp()) {
        return no(401, "UNAUTHENTICATED", None);
    }
    let Ok(Json(Request { message })) = body else { return no(400, "INVALID_ARGUMENT", None) };
    let mood = mood(&message.token);
    mood.before().await;
    match mood {
        Mood::Busy => return no(503, "UNAVAILABLE", Some("UNAVAILABLE")),
        Mood::Refused => return no(400, "INVALID_ARGUMENT", Some("INVALID_ARGUMENT")),
        Mood::Gone => return no(404, "NOT_FOUND", Some("UNREGISTERED")),
        Mood::Good | Mood::Late | Mood::Hangs => {}
    }
    let sent = Sent {
        id: format!("projects/{project}/messages/{}", crate::system::fresh_id().simple()),
        key: message.android["notification"]["tag"].as_str().map(str::to_owned),
        to: message.token,
        from: None,
        subject: Some(message.notification.title),
        text: message.notification.body,
        data: message.data,
        at: now,
    };
    if pushes.take(&sent).is_err() {
        return no(500, "INTERNAL", Some("INTERNAL"));
    }
    mood.after().await;
    Json(json!({ "name": sent.id })).into_response()
}

fn no(code: u16, status: &str, error: Option<&str>) -> Response {
    let details: Vec<Value> = error
        .map(|error| json!({ "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": error }))
        .into_iter()
        .collect();
    let body = json!({ "error": { "code": code, "message": "The sandbox says no.", "status": status, "details": details } });
    (StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), Json(body)).into_response()
}
