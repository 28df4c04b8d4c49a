//! The part of Resend that Baedal calls (resend.com/docs/api-reference/emails/send-email). Mail
//! to `busy@…`, `refused@…`, `hangs@…` and `late@…` fails that way.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use super::sent::{Mood, Sent, SentLog, mood};

#[derive(Deserialize)]
struct NewMail {
    from: String,
    to: [String; 1],
    subject: String,
    text: String,
}

/// Resend's API.
pub(super) fn routes(mails: Arc<SentLog>) -> Router {
    Router::new().route("/emails", post(send)).with_state(mails)
}

async fn send(
    State(mails): State<Arc<SentLog>>,
    headers: HeaderMap,
    body: Result<Json<NewMail>, JsonRejection>,
) -> Response {
    let said = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if !said(header::AUTHORIZATION).is_some_and(|key| key.starts_with("Bearer re_")) {
        return no(401, "missing_api_key");
    }
    let Ok(Json(mail)) = body else { return no(422, "validation_error") };
    let [to] = mail.to;
    let mood = mood(&to);
    mood.before().await;
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    let sent = Sent {
        id: crate::system::fresh_id().to_string(),
        key: key.map(str::to_owned),
        to,
        from: Some(mail.from),
        subject: Some(mail.subject),
        text: mail.text,
        data: Default::default(),
        at: (mails.now)(),
    };
    let before = key.and_then(|key| mails.by_key(key));
    let id = match (mood, before) {
        (Mood::Busy, _) => return no(503, "service_unavailable"),
        (Mood::Refused, _) => return no(422, "validation_error"),
        (_, Some(before)) if (&before.to, &before.text) == (&sent.to, &sent.text) => before.id,
        (_, Some(_)) => return no(409, "invalid_idempotent_request"),
        (_, None) if mails.take(&sent).is_err() => return no(500, "application_error"),
        (_, None) => sent.id,
    };
    mood.after().await;
    Json(json!({ "id": id })).into_response()
}

fn no(status: u16, name: &str) -> Response {
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (code, Json(json!({ "statusCode": status, "name": name, "message": "The sandbox says no." })))
        .into_response()
}
