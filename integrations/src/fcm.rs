//! Firebase Cloud Messaging, HTTP v1
//! (firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send), for Android, iOS
//! and browsers.
//!
//! FCM has no idempotency key, but a notification has a tag, and replaces the one with the same
//! tag on the device. The tag is the message's key, so a call may be repeated.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;
use domain::{Clock, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use services::senders::{Push, PushSender, SendError};
use tokio::sync::Mutex;

use crate::party::{Answer, Body, Call, Party, secret_header, silent_send};
use crate::{Limits, OpenError};

const NAME: &str = "fcm";
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
const GRANT: &str = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";

/// A token is replaced this long before it expires.
const RENEWED_BEFORE: TimeDelta = TimeDelta::minutes(1);

/// Address and account of FCM. Never log it: it holds a private key.
#[derive(Clone)]
pub struct Settings {
    /// The base URL of the API.
    pub url: String,
    /// The URL for access tokens, if it differs from the account's `token_uri`.
    pub token_url: Option<String>,
    /// The key file of a service account, as Google's console creates it (JSON).
    pub account: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self { url: "https://fcm.googleapis.com".to_owned(), token_url: None, account: String::new() }
    }
}

/// The fields of the account's key file that are used.
#[derive(Deserialize)]
struct Account {
    project_id: String,
    private_key_id: String,
    private_key: String,
    client_email: String,
    token_uri: String,
}

/// A sender of push notifications.
pub(crate) struct Fcm {
    api: Party,
    tokens: Party,
    account: Account,
    key: EncodingKey,
    token: Mutex<Option<AccessToken>>,
    clock: Arc<dyn Clock>,
}

/// The access token that authorises requests.
struct AccessToken {
    header: HeaderValue,
    good_until: Timestamp,
}

/// The token endpoint's answer (RFC 6749, 5.1).
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    expires_in: u32,
}

impl Fcm {
    pub(crate) fn open(
        settings: &Settings,
        limits: Limits,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        // Not the parser's own messages: they could quote the key.
        let wrong = |cause: &str| OpenError { party: NAME, cause: cause.to_owned() };
        let account: Account = serde_json::from_str(&settings.account)
            .map_err(|_| wrong("this is not the key file of a service account"))?;
        let key = EncodingKey::from_rsa_pem(account.private_key.as_bytes())
            .map_err(|_| wrong("the service account's key is no RSA key in PEM"))?;
        let token_url = settings.token_url.as_ref().unwrap_or(&account.token_uri);
        Ok(Self {
            api: Party::open(NAME, &settings.url, HeaderMap::new(), limits)?,
            tokens: Party::open("google_oauth", token_url, HeaderMap::new(), limits)?,
            account,
            key,
            token: Mutex::default(),
            clock,
        })
    }

    /// A valid token. Concurrent callers wait for one renewal.
    async fn token(&self) -> Result<HeaderValue, SendError> {
        let mut token = self.token.lock().await;
        let now = self.clock.now();
        if let Some(token) = token.as_ref().filter(|token| now < token.good_until) {
            return Ok(token.header.clone());
        }
        let fresh = self.fresh_token(now).await.ok_or(SendError::Unavailable)?;
        Ok(token.insert(fresh).header.clone())
    }

    /// Requests a new token (developers.google.com/identity/protocols/oauth2/service-account).
    async fn fresh_token(&self, now: Timestamp) -> Option<AccessToken> {
        let claims = json!({
            "iss": self.account.client_email,
            "scope": SCOPE,
            "aud": self.account.token_uri,
            "iat": now.timestamp(),
            "exp": (now + TimeDelta::hours(1)).timestamp(),
        });
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(self.account.private_key_id.clone());
        let assertion = jsonwebtoken::encode(&header, &claims, &self.key).ok()?;
        let call = Call {
            name: "token",
            method: Method::POST,
            path: &[],
            headers: HeaderMap::new(),
            body: Body::Form(format!("grant_type={GRANT}&assertion={assertion}")),
            is_repeatable: true,
        };
        let answer = self.tokens.call(&call).await.ok()?;
        let Ok(said) = serde_json::from_slice::<TokenAnswer>(&answer.body) else {
            tracing::error!(party = NAME, status = %answer.status, "the service account gets no token");
            return None;
        };
        let good_until = now + TimeDelta::seconds(said.expires_in.into()) - RENEWED_BEFORE;
        let header = secret_header(NAME, format!("Bearer {}", said.access_token)).ok()?;
        Some(AccessToken { header, good_until })
    }
}

fn message(push: &Push) -> Value {
    let tag = push.key.to_string();
    json!({ "message": {
        "token": push.to.as_str(),
        "notification": { "title": push.title.as_str(), "body": push.body.as_str() },
        "data": push.data,
        "android": { "notification": { "tag": tag } },
        "apns": { "headers": { "apns-collapse-id": tag } },
        "webpush": { "notification": { "tag": tag } },
    }})
}

#[async_trait]
impl PushSender for Fcm {
    async fn send(&self, push: &Push) -> Result<(), SendError> {
        let call = Call {
            name: "send",
            method: Method::POST,
            path: &["v1", "projects", &self.account.project_id, "messages:send"],
            headers: HeaderMap::from_iter([(AUTHORIZATION, self.token().await?)]),
            body: Body::Json(message(push)),
            is_repeatable: true,
        };
        let answer = self.api.call(&call).await.map_err(silent_send)?;
        if answer.status == StatusCode::UNAUTHORIZED {
            // The token is not accepted, although it has not expired.
            *self.token.lock().await = None;
        }
        meaning(&answer)
    }
}

/// Interprets an answer (firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode). The error code
/// is in one of the details; without one, the general status of Google's APIs is used.
fn meaning(answer: &Answer) -> Result<(), SendError> {
    if answer.status.is_success() {
        return Ok(());
    }
    let said = serde_json::from_slice::<Value>(&answer.body).unwrap_or_default();
    let details = said["error"]["details"].as_array().into_iter().flatten();
    let code = details.filter_map(|detail| detail["errorCode"].as_str()).next();
    let code = code.or(said["error"]["status"].as_str()).unwrap_or_default();
    let error = match code {
        // Expected when people remove the app, so it is not logged.
        "UNREGISTERED" => return Err(SendError::Gone),
        "INVALID_ARGUMENT" | "SENDER_ID_MISMATCH" => SendError::Refused,
        "UNAUTHENTICATED" | "PERMISSION_DENIED" | "THIRD_PARTY_AUTH_ERROR" => SendError::Unavailable,
        _ => SendError::Unknown,
    };
    tracing::error!(party = NAME, status = %answer.status, code, %error, "a push notification was not taken");
    Err(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_is_no_more_is_told_from_a_message_that_is_wrong_and_from_an_account_that_is() {
        let said = |status: u16, code: &str| {
            let kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError";
            let body = json!({ "error": { "code": status, "status": "ANY",
                "details": [{ "@type": "other" }, { "@type": kind, "errorCode": code }] } });
            let body = serde_json::to_vec(&body).unwrap();
            meaning(&Answer { status: StatusCode::from_u16(status).unwrap(), body })
        };
        assert_eq!(said(200, ""), Ok(()));
        assert_eq!(said(404, "UNREGISTERED"), Err(SendError::Gone));
        assert_eq!(said(400, "INVALID_ARGUMENT"), Err(SendError::Refused));
        assert_eq!(said(403, "SENDER_ID_MISMATCH"), Err(SendError::Refused));
        assert_eq!(said(401, "THIRD_PARTY_AUTH_ERROR"), Err(SendError::Unavailable));
        assert_eq!(said(404, "SOMETHING_NEW"), Err(SendError::Unknown));
        let plain = |body: &[u8]| meaning(&Answer { status: StatusCode::FORBIDDEN, body: body.to_vec() });
        assert_eq!(plain(br#"{"error":{"status":"PERMISSION_DENIED"}}"#), Err(SendError::Unavailable));
        assert_eq!(plain(b"<html>"), Err(SendError::Unknown));
    }

    #[test]
    fn a_key_file_that_is_none_is_refused_without_quoting_it() {
        struct Noon;
        impl Clock for Noon {
            fn now(&self) -> Timestamp {
                Timestamp::UNIX_EPOCH
            }
        }
        let no_pem = json!({ "project_id": "p", "private_key_id": "i", "private_key": "geheim",
            "client_email": "e", "token_uri": "http://a.example" });
        for account in ["", "{}", "{\"private_key\": \"geheim\"}", &no_pem.to_string()] {
            let settings = Settings { account: account.to_owned(), ..Settings::default() };
            let Err(error) = Fcm::open(&settings, Limits::default(), Arc::new(Noon)) else {
                panic!("it is taken: {account}")
            };
            assert!(!error.to_string().contains("geheim"), "{error}");
        }
    }
}
