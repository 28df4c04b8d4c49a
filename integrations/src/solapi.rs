//! SOLAPI's API for text messages (developers.solapi.dev/references/messages/sendSimpleMessage).
//! It has no idempotency key: a call whose outcome is unknown is not repeated.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::SecondsFormat;
use domain::{Clock, Ids};
use jsonwebtoken::{Algorithm, EncodingKey};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;
use services::senders::{SendError, Sms, SmsSender};

use crate::party::{Answer, Body, Call, Party, secret_header, silent_send};
use crate::{Limits, OpenError};

const NAME: &str = "solapi";

/// Address and account of SOLAPI.
#[derive(Clone)]
pub struct Settings {
    /// The base URL of the API.
    pub url: String,
    /// The API key of our account.
    pub api_key: String,
    /// The secret that signs requests.
    pub api_secret: String,
    /// The sender's number, digits only; must be registered with SOLAPI.
    pub from: String,
}

impl Default for Settings {
    fn default() -> Self {
        let nothing = String::new();
        Self {
            url: "https://api.solapi.com".to_owned(),
            api_key: nothing.clone(),
            api_secret: nothing.clone(),
            from: nothing,
        }
    }
}

/// A sender of text messages.
pub(crate) struct Solapi {
    party: Party,
    settings: Settings,
    secret: EncodingKey,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

/// The fields of an answer that are used.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Said {
    /// The status of a registered message.
    status_code: String,
    /// The error of a message that was not registered.
    error_code: String,
}

impl Solapi {
    pub(crate) fn open(
        settings: &Settings,
        limits: Limits,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Result<Self, OpenError> {
        Ok(Self {
            party: Party::open(NAME, &settings.url, HeaderMap::new(), limits)?,
            secret: EncodingKey::from_secret(settings.api_secret.as_bytes()),
            settings: settings.clone(),
            clock,
            ids,
        })
    }

    /// Signs a request. The signature is valid once, within 15 minutes
    /// (developers.solapi.dev/references/authentication/api-key).
    fn authorization(&self) -> Result<HeaderValue, OpenError> {
        let date = self.clock.now().to_rfc3339_opts(SecondsFormat::Secs, true);
        let salt = self.ids.uuid().simple().to_string();
        let signature = signature(&self.secret, &date, &salt);
        let key = &self.settings.api_key;
        secret_header(
            NAME,
            format!("HMAC-SHA256 apiKey={key}, date={date}, salt={salt}, signature={signature}"),
        )
    }
}

/// HMAC-SHA256 of date and salt, in hexadecimal.
fn signature(secret: &EncodingKey, date: &str, salt: &str) -> String {
    let signed = jsonwebtoken::crypto::sign(format!("{date}{salt}").as_bytes(), secret, Algorithm::HS256);
    hex::encode(URL_SAFE_NO_PAD.decode(signed.unwrap_or_default()).unwrap_or_default())
}

#[async_trait]
impl SmsSender for Solapi {
    async fn send(&self, sms: &Sms) -> Result<(), SendError> {
        // SOLAPI accepts Korean numbers in national format, and others only with a contract.
        let Some(rest) = sms.to.as_str().strip_prefix("+82") else { return Err(SendError::Refused) };
        let message = json!({
            "to": format!("0{rest}"),
            "from": self.settings.from,
            "text": sms.text.as_str(),
            "customFields": { "key": sms.key },
        });
        let authorization = self.authorization().map_err(|_| SendError::Unavailable)?;
        let call = Call {
            name: "send",
            method: Method::POST,
            path: &["messages", "v4", "send"],
            headers: HeaderMap::from_iter([(AUTHORIZATION, authorization)]),
            body: Body::Json(json!({ "message": message })),
            is_repeatable: false,
        };
        meaning(&self.party.call(&call).await.map_err(silent_send)?)
    }
}

/// Interprets an answer (developers.solapi.dev/references/message-status-codes): 2000 is queued,
/// 3000 is with the carrier, 4000 has arrived; 1xxx was never registered.
fn meaning(answer: &Answer) -> Result<(), SendError> {
    let said = serde_json::from_slice::<Said>(&answer.body).unwrap_or_default();
    let error = match (answer.status, said.status_code.as_str()) {
        (status, "2000" | "3000" | "4000") if status.is_success() => return Ok(()),
        (status, code) if status.is_success() && code.starts_with('1') => SendError::Refused,
        // A problem of our account, such as an empty balance; the message itself may be valid.
        (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::PAYMENT_REQUIRED, _) => {
            SendError::Unavailable
        }
        (StatusCode::BAD_REQUEST, _) => SendError::Refused,
        _ => SendError::Unknown,
    };
    let Said { status_code, error_code } = said;
    tracing::error!(party = NAME, status = %answer.status, status_code, error_code, %error, "a text message was not taken");
    Err(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_signed_as_hmac_sha256_over_date_and_salt() {
        // RFC 4231, test case 2. The test data may be split into date and salt at any point.
        let signed = signature(&EncodingKey::from_secret(b"Jefe"), "what do ya want ", "for nothing?");
        assert_eq!(signed, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn only_a_registered_message_counts_as_sent_and_what_is_not_certain_is_unknown() {
        let said = |status: u16, body: serde_json::Value| {
            let body = serde_json::to_vec(&body).unwrap();
            meaning(&Answer { status: StatusCode::from_u16(status).unwrap(), body })
        };
        assert_eq!(said(200, json!({ "statusCode": "2000" })), Ok(()));
        assert_eq!(said(200, json!({ "statusCode": "1025" })), Err(SendError::Refused));
        assert_eq!(said(200, json!({ "statusCode": "3059" })), Err(SendError::Unknown));
        assert_eq!(said(200, json!({})), Err(SendError::Unknown));
        assert_eq!(said(200, json!("no")), Err(SendError::Unknown));
        assert_eq!(said(400, json!({ "errorCode": "ValidationError" })), Err(SendError::Refused));
        assert_eq!(said(402, json!({ "errorCode": "NotEnoughBalance" })), Err(SendError::Unavailable));
        assert_eq!(said(403, json!({ "errorCode": "SignatureDoesNotMatch" })), Err(SendError::Unavailable));
        assert_eq!(said(404, json!({})), Err(SendError::Unknown));
    }
}
