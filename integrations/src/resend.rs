//! Resend's API for mail (resend.com/docs/api-reference/emails/send-email). With an
//! `Idempotency-Key` it sends a mail once within 24 hours, so a call may be repeated.

use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;
use services::senders::{Mail, MailSender, SendError};

use crate::party::{Answer, Body, Call, Party, secret_header, silent_send};
use crate::{Limits, OpenError};

const NAME: &str = "resend";
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Address and account of Resend.
#[derive(Clone)]
pub struct Settings {
    /// The base URL of the API.
    pub url: String,
    /// The API key of our account.
    pub api_key: String,
    /// The sender, for example `배달 <no-reply@baedal.example>`. Resend must have verified its domain.
    pub from: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self { url: "https://api.resend.com".to_owned(), api_key: String::new(), from: String::new() }
    }
}

/// A sender of mail.
pub(crate) struct Resend {
    party: Party,
    from: String,
}

/// The error of a call.
#[derive(Default, Deserialize)]
struct Fault {
    /// The error code.
    #[serde(default)]
    name: String,
}

impl Resend {
    pub(crate) fn open(settings: &Settings, limits: Limits) -> Result<Self, OpenError> {
        let authorization = secret_header(NAME, format!("Bearer {}", settings.api_key))?;
        let headers = HeaderMap::from_iter([(AUTHORIZATION, authorization)]);
        Ok(Self { party: Party::open(NAME, &settings.url, headers, limits)?, from: settings.from.clone() })
    }
}

#[async_trait]
impl MailSender for Resend {
    async fn send(&self, mail: &Mail) -> Result<(), SendError> {
        let key = HeaderValue::try_from(mail.key.to_string()).map(|key| (IDEMPOTENCY_KEY, key));
        let body = json!({
            "from": self.from,
            "to": [mail.to.as_str()],
            "subject": mail.subject.as_str(),
            "text": mail.body.as_str(),
        });
        let call = Call {
            name: "send",
            method: Method::POST,
            path: &["emails"],
            headers: HeaderMap::from_iter(key.ok()),
            body: Body::Json(body),
            is_repeatable: true,
        };
        meaning(&self.party.call(&call).await.map_err(silent_send)?)
    }
}

/// Interprets an answer (resend.com/docs/api-reference/errors).
fn meaning(answer: &Answer) -> Result<(), SendError> {
    if answer.status.is_success() {
        return Ok(());
    }
    let code = serde_json::from_slice::<Fault>(&answer.body).unwrap_or_default().name;
    let error = match (answer.status, code.as_str()) {
        // A request with the same key is in progress.
        (StatusCode::CONFLICT, "concurrent_idempotent_requests") => SendError::Unknown,
        // A problem of our account; the mail itself may be valid.
        (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => SendError::Unavailable,
        (StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY | StatusCode::CONFLICT, _) => {
            SendError::Refused
        }
        _ => SendError::Unknown,
    };
    tracing::error!(party = NAME, status = %answer.status, code, %error, "a mail was not taken");
    Err(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_taken_counts_as_sent_and_only_what_never_will_be_as_refused() {
        let said = |status: u16, name: &str| {
            let body = serde_json::to_vec(&json!({ "name": name, "message": "no" })).unwrap();
            meaning(&Answer { status: StatusCode::from_u16(status).unwrap(), body })
        };
        assert_eq!(said(200, ""), Ok(()));
        assert_eq!(said(422, "validation_error"), Err(SendError::Refused));
        assert_eq!(said(409, "invalid_idempotent_request"), Err(SendError::Refused));
        assert_eq!(said(409, "concurrent_idempotent_requests"), Err(SendError::Unknown));
        assert_eq!(said(401, "missing_api_key"), Err(SendError::Unavailable));
        assert_eq!(said(403, "validation_error"), Err(SendError::Unavailable));
        assert_eq!(said(404, "not_found"), Err(SendError::Unknown));
        let garbage = Answer { status: StatusCode::NOT_FOUND, body: b"<html>".to_vec() };
        assert_eq!(meaning(&garbage), Err(SendError::Unknown));
    }
}
