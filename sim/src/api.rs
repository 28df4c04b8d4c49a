//! The REST client. Its requests are in [`crate::calls`].
//!
//! A request that creates or charges carries an `Idempotency-Key` and is
//! retried under the same key when the response was lost or the server is
//! temporarily unavailable. An access token that is about to expire is
//! refreshed first. A refusal is returned as its problem document.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use reqwest::{Client, Method, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::responses::{Moment, Tokens};
use crate::system;

/// How often one request is sent before its failure is returned.
const ATTEMPTS: u32 = 4;
/// The longest `Retry-After` that is waited for; for a longer one, the failure is returned.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait for one response, unless [`Api::hurried`] sets another limit.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// A problem document (RFC 9457).
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Problem {
    /// The stable slug, such as `order.transition_refused`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// The kind in words.
    #[serde(default)]
    pub title: String,
    /// The HTTP status; 0 on a socket, which has none.
    #[serde(default)]
    pub status: u16,
    /// This case in words.
    #[serde(default)]
    pub detail: Option<String>,
    /// The response's `Retry-After` in seconds, if any.
    #[serde(skip)]
    pub retry_after_secs: Option<u64>,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}) {}", self.kind, self.status, self.detail.as_deref().unwrap_or(&self.title))
    }
}

/// Why a request has no result.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The server refused, with its reason.
    #[error("{request}: {problem}")]
    Refused {
        /// The request's method and path.
        request: String,
        /// The reason.
        problem: Box<Problem>,
    },
    /// The response's body does not match the contract.
    #[error("{request}: {status} with an unexpected body: {why}")]
    Unexpected {
        /// The request's method and path.
        request: String,
        /// The response's status.
        status: StatusCode,
        /// What is wrong with the body.
        why: String,
    },
    /// No response came.
    #[error("no answer: {0}")]
    Transport(#[from] reqwest::Error),
    /// The request needs a signed-in person, and nobody has signed in.
    #[error("nobody is signed in")]
    SignedOut,
    /// The address is no URL.
    #[error("not a URL: {0}")]
    NotAUrl(String),
}

impl ApiError {
    /// The problem's slug; none if the server gave no problem.
    pub fn slug(&self) -> Option<&str> {
        match self {
            ApiError::Refused { problem, .. } => Some(&problem.kind),
            _ => None,
        }
    }

    /// The response's `Retry-After`.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            ApiError::Refused { problem, .. } => problem.retry_after_secs.map(Duration::from_secs),
            _ => None,
        }
    }

    /// The response's status; none if there was no response.
    pub fn status(&self) -> Option<u16> {
        match self {
            ApiError::Refused { problem, .. } => Some(problem.status),
            ApiError::Unexpected { status, .. } => Some(status.as_u16()),
            _ => None,
        }
    }
}

/// A request's result, or why there is none.
pub type Asked<T> = Result<T, ApiError>;

struct Session {
    tokens: Tokens,
    expires_at: Moment,
}

/// A client of the REST interface, signed in as at most one person. Clones
/// share the session.
#[derive(Clone)]
pub struct Api {
    http: Client,
    base: Url,
    within: Duration,
    attempts: u32,
    session: Arc<Mutex<Option<Session>>>,
}

/// One request, before it is sent.
pub struct Request<'a> {
    method: Method,
    path: String,
    query: Vec<(&'a str, String)>,
    body: Option<Value>,
    key: Option<Uuid>,
    open: bool,
}

impl<'a> Request<'a> {
    /// A request of a signed-in person. `path` starts with `/v1/`.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), query: Vec::new(), body: None, key: None, open: false }
    }

    /// A GET.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    /// A POST under a fresh idempotency key.
    pub fn post(path: impl Into<String>, body: Value) -> Self {
        Self { key: Some(system::fresh_id()), ..Self::new(Method::POST, path).body(body) }
    }

    /// A PUT.
    pub fn put(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::PUT, path).body(body)
    }

    /// With a JSON body.
    pub fn body(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    /// With a query parameter.
    pub fn query(mut self, name: &'a str, value: impl std::fmt::Display) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    /// Under this idempotency key.
    pub fn key(self, key: Uuid) -> Self {
        Self { key: Some(key), ..self }
    }

    /// Sends it without a bearer token.
    pub fn open(self) -> Self {
        Self { open: true, ..self }
    }

    /// Whether sending it twice does no more than sending it once.
    fn repeatable(&self) -> bool {
        self.key.is_some() || self.method != Method::POST
    }

    fn understand<T: DeserializeOwned>(&self, status: StatusCode, body: &str) -> Asked<T> {
        serde_json::from_str(body).map_err(|e| ApiError::Unexpected {
            request: self.to_string(),
            status,
            why: format!("{e} in {}", body.chars().take(400).collect::<String>()),
        })
    }
}

impl std::fmt::Display for Request<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl Api {
    /// A client of the gateway (or of one service) at `base`, such as
    /// `http://127.0.0.1:9102`. Plain HTTP only: TLS ends before us.
    pub fn new(base: &str) -> Asked<Self> {
        Self::from_address(base, None)
    }

    /// The same, with connections that come from `source`.
    pub fn from_address(base: &str, source: Option<std::net::IpAddr>) -> Asked<Self> {
        let base = Url::parse(base).map_err(|e| ApiError::NotAUrl(e.to_string()))?;
        let mut http = Client::builder().local_address(source);
        if base.scheme() == "http" {
            // The system's certificates would be read for each client; a machine may have none.
            http = http.tls_certs_only([]);
        }
        let http = http.build()?;
        let session = Arc::new(Mutex::new(None));
        Ok(Self { http, base, within: ANSWER_WITHIN, attempts: ATTEMPTS, session })
    }

    /// The same session with a timeout of `within` for responses and connections.
    /// Requests are not retried: the caller decides that.
    pub fn hurried(&self, within: Duration) -> Self {
        Self { within, attempts: 1, ..self.clone() }
    }

    /// How long to wait for a response or a connection.
    pub(crate) fn patience(&self) -> Duration {
        self.within
    }

    /// A client that shares the connections but not the session.
    pub fn another(&self) -> Self {
        Self { session: Arc::new(Mutex::new(None)), ..self.clone() }
    }

    /// The same session at another address: a service's own port, or a service
    /// by its name at the gateway (`http://127.0.0.1:9102/order_service`).
    pub fn at(&self, base: &str) -> Asked<Self> {
        let base = Url::parse(base).map_err(|e| ApiError::NotAUrl(e.to_string()))?;
        Ok(Self { base, ..self.clone() })
    }

    /// The URL of the realtime socket.
    pub fn realtime_url(&self) -> String {
        let scheme = if self.base.scheme() == "https" { "wss" } else { "ws" };
        let port = self.base.port().map(|port| format!(":{port}")).unwrap_or_default();
        let (host, path) =
            (self.base.host_str().unwrap_or("localhost"), self.base.path().trim_end_matches('/'));
        format!("{scheme}://{host}{port}{path}/v1/realtime")
    }

    /// Sends a request and parses its response.
    pub async fn ask<T: DeserializeOwned>(&self, request: Request<'_>) -> Asked<T> {
        let (status, body) = self.send(&request).await?;
        request.understand(status, &body)
    }

    /// Sends a request and discards the response's body.
    pub async fn tell(&self, request: Request<'_>) -> Asked<()> {
        self.send(&request).await.map(drop)
    }

    async fn send(&self, request: &Request<'_>) -> Asked<(StatusCode, String)> {
        let mut attempt = 1;
        loop {
            let failure = match self.send_once(request).await {
                Ok((status, text)) => return Ok((status, text)),
                Err(failure) => failure,
            };
            if attempt >= self.attempts || !request.repeatable() {
                return Err(failure);
            }
            let Some(pause) = worth_repeating(&failure, attempt) else { return Err(failure) };
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    async fn send_once(&self, request: &Request<'_>) -> Asked<(StatusCode, String)> {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{}", self.base.path().trim_end_matches('/'), request.path));
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let mut outgoing = self.http.request(request.method.clone(), url).timeout(self.within);
        if !request.open {
            outgoing = outgoing.bearer_auth(self.token().await?);
        }
        if let Some(key) = request.key {
            outgoing = outgoing.header("Idempotency-Key", key.to_string());
        }
        if let Some(body) = &request.body {
            outgoing = outgoing.json(body);
        }
        let answer = outgoing.send().await?;
        let status = answer.status();
        let retry_after_secs =
            answer.headers().get("retry-after").and_then(|secs| secs.to_str().ok()?.parse().ok());
        let body = answer.text().await?;
        if status.is_success() {
            return Ok((status, body));
        }
        let mut problem: Box<Problem> = request.understand(status, &body)?;
        problem.status = status.as_u16();
        problem.retry_after_secs = retry_after_secs;
        Err(ApiError::Refused { request: request.to_string(), problem })
    }

    /// An access token that is valid for 30 s more; refreshed if necessary.
    pub async fn token(&self) -> Asked<String> {
        let mut session = self.session.lock().await;
        let Some(current) = session.as_mut() else { return Err(ApiError::SignedOut) };
        if current.expires_at - system::now() < TimeDelta::seconds(30) {
            let body = json!({ "refresh_token": current.tokens.refresh_token });
            let request = Request::new(Method::POST, "/v1/auth/refresh").body(body).open();
            let (status, text) = Box::pin(self.send_once(&request)).await?;
            *current = Session::new(request.understand(status, &text)?);
        }
        Ok(current.tokens.access_token.clone())
    }

    /// Treats the access token as expired, so that the next use refreshes it.
    pub async fn distrust_token(&self) {
        if let Some(session) = self.session.lock().await.as_mut() {
            session.expires_at = system::now();
        }
    }

    /// Starts a session with these tokens.
    pub(crate) async fn become_owner_of(&self, tokens: Tokens) {
        *self.session.lock().await = Some(Session::new(tokens));
    }

    /// Ends the session on this side.
    pub(crate) async fn forget(&self) {
        *self.session.lock().await = None;
    }

    /// The tokens of the signed-in person.
    pub async fn who(&self) -> Asked<Tokens> {
        self.session.lock().await.as_ref().map(|session| session.tokens.clone()).ok_or(ApiError::SignedOut)
    }
}

impl Session {
    fn new(tokens: Tokens) -> Self {
        let expires_at = system::now() + TimeDelta::seconds(tokens.expires_in);
        Self { tokens, expires_at }
    }
}

/// How long to wait before a retry; none if the failure is final.
fn worth_repeating(failure: &ApiError, attempt: u32) -> Option<Duration> {
    let backoff = Duration::from_millis(100 << attempt);
    match failure {
        ApiError::Transport(_) => Some(backoff),
        ApiError::Refused { problem, .. } => match (problem.status, problem.retry_after_secs) {
            (429 | 503, Some(secs)) => Some(Duration::from_secs(secs)).filter(|pause| *pause <= PATIENCE),
            (429 | 502 | 503 | 504, None) => Some(backoff),
            _ => None,
        },
        _ => None,
    }
}
