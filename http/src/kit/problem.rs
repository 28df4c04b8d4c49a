//! Errors of every port as RFC 9457 problem documents.
//!
//! A handler returns a [`Problem`] without the request's id and path, which only
//! [`observe`](super::observe) knows. That layer writes the document, and logs an internal error's
//! cause, once.

use std::error::Error;
use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::words::{Params, Value};
use domain::{Failure, Fault, Kind, Refused, Words, refusal};

use super::openapi::{ProblemBody, ProblemFault};
use super::{korean, words};

/// An error response.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    words: &'static Words,
    params: Params,
    /// An English sentence, more exact than the words about what the client did wrong.
    detail: Box<str>,
    faults: Vec<Fault>,
    retry_after_secs: Option<u32>,
    /// The `WWW-Authenticate` challenge, for 401.
    challenge: &'static str,
    /// The error code of OAuth 2.0, for the token endpoint.
    oauth_error: Option<OauthError>,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

/// The error codes of OAuth 2.0 (RFC 6749, 5.2) that the token endpoint answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OauthError {
    InvalidRequest,
    InvalidClient,
    UnsupportedGrantType,
    InvalidScope,
}

impl OauthError {
    fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
        }
    }
}

/// The challenge of most routes (RFC 6750).
const BEARER: &str = "Bearer";

/// The only mapping from a refusal's kind to its status.
fn status_of(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict | Kind::Rule => StatusCode::CONFLICT,
        Kind::Stale => StatusCode::PRECONDITION_FAILED,
        Kind::Limited => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl Problem {
    /// A problem of HTTP itself, unknown to `domain`.
    pub(crate) fn http(status: StatusCode, words: &'static Words) -> Self {
        Self {
            status,
            words,
            params: Params::new(),
            detail: words.in_english(&Params::new()).into(),
            faults: Vec::new(),
            retry_after_secs: None,
            challenge: BEARER,
            oauth_error: None,
            cause: None,
        }
    }

    /// None of the media types that the client accepts can be given.
    pub fn not_acceptable(offered: &str) -> Self {
        Self::http(StatusCode::NOT_ACCEPTABLE, words::NOT_ACCEPTABLE).with("offered", offered)
    }

    /// The request is malformed in a way that concerns no field.
    pub(crate) fn bad_request(words: &'static Words) -> Self {
        Self::http(StatusCode::BAD_REQUEST, words)
    }

    /// Sets a parameter of its words.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.params.insert(name, value.into());
        Self { detail: self.words.in_english(&self.params).into(), ..self }
    }

    /// Sets a more exact English sentence about what the client did wrong.
    pub(crate) fn because(self, detail: impl Into<Box<str>>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    /// An internal error; its cause is only logged.
    pub fn fault(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            cause: Some(Arc::from(cause.into())),
            ..Self::http(StatusCode::INTERNAL_SERVER_ERROR, words::INTERNAL)
        }
    }

    /// The problem for a bare status, as libraries answer it.
    pub fn of_status(status: StatusCode) -> Self {
        let words = match status {
            StatusCode::NOT_FOUND => words::PATH_NOT_FOUND,
            StatusCode::METHOD_NOT_ALLOWED => words::METHOD_NOT_ALLOWED,
            StatusCode::REQUEST_TIMEOUT => words::REQUEST_TIMEOUT,
            StatusCode::PAYLOAD_TOO_LARGE => words::BODY_TOO_LARGE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => words::MEDIA_TYPE_UNSUPPORTED,
            StatusCode::URI_TOO_LONG => words::URI_TOO_LONG,
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => words::HEADERS_TOO_LARGE,
            StatusCode::UPGRADE_REQUIRED => words::UPGRADE_REQUIRED,
            StatusCode::GATEWAY_TIMEOUT => refusal::timeout().words,
            status if status.is_server_error() => return Self::fault(format!("bare status {status}")),
            _ => words::BAD_REQUEST,
        };
        Self::http(status, words)
    }

    /// Sets the challenge (`WWW-Authenticate`) of the route.
    pub(crate) fn challenging(self, challenge: &'static str) -> Self {
        Self { challenge, ..self }
    }

    /// Says the same as OAuth 2.0 does (RFC 6749, 5.2): an error code of its own, 400 for whatever
    /// is invalid, and the scheme by which clients authenticate.
    pub(crate) fn of_oauth(self, error: OauthError) -> Self {
        let status = match self.status {
            StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
            status => status,
        };
        Self { status, oauth_error: Some(error), challenge: r#"Basic realm="baedal""#, ..self }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.words.code
    }

    /// The cause of an internal error, for the log.
    pub(super) fn cause(&self) -> Option<&(dyn Error + Send + Sync)> {
        self.cause.as_deref()
    }

    /// The document, for the request with this id and path.
    pub(super) fn document(&self, instance: &str, request_id: &str) -> ProblemBody {
        let params = self.params.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        ProblemBody {
            kind: self.words.code.to_owned(),
            title: self.status.canonical_reason().unwrap_or("Problem").to_owned(),
            status: self.status.as_u16(),
            detail: self.detail.clone().into(),
            params: params.collect(),
            instance: instance.to_owned(),
            request_id: request_id.to_owned(),
            errors: self.faults.iter().map(ProblemFault::from).collect(),
            error: self.oauth_error.map(|error| error.as_str().to_owned()),
        }
    }

    /// The same in Korean.
    pub(super) fn document_in_korean(&self, instance: &str, request_id: &str) -> ProblemBody {
        let mut document = self.document(instance, request_id);
        document.title = korean::title(document.status).to_owned();
        document.detail = self.words.in_korean(&self.params);
        for (error, fault) in document.errors.iter_mut().zip(&self.faults) {
            error.detail = fault.words.in_korean(&Params::new());
        }
        document
    }

    /// The serialised document, for input that never became a request.
    pub fn written(&self, instance: &str, request_id: &str) -> Vec<u8> {
        serde_json::to_vec(&self.document(instance, request_id)).unwrap_or_default()
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        Self {
            status: status_of(refused.kind),
            words: refused.words,
            params: refused.params,
            detail: refused.detail.into(),
            faults: refused.faults,
            retry_after_secs: refused.retry_after_secs,
            challenge: BEARER,
            oauth_error: None,
            cause: None,
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refused) => refused.into(),
            Failure::Fault(cause) => Self::fault(cause),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        let headers = response.headers_mut();
        if let Some(secs) = self.retry_after_secs {
            headers.insert(header::RETRY_AFTER, secs.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(self.challenge));
        }
        if self.status == StatusCode::NOT_ACCEPTABLE {
            headers.insert(header::VARY, HeaderValue::from_static("accept"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use domain::fault;

    use super::*;

    #[test]
    fn a_fault_tells_nothing_of_the_inside() {
        let problem = Problem::from(Failure::fault("password of the database is hunter2"));
        let document = serde_json::to_string(&problem.document("/v1/x", "id")).unwrap();
        assert_eq!(problem.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!document.contains("hunter2"), "{document}");
        assert!(problem.cause().unwrap().to_string().contains("hunter2"));
    }

    #[test]
    fn an_invalid_field_is_named_by_its_pointer() {
        let problem = Problem::from(Refused::field("/lines/0/quantity", fault::OUT_OF_RANGE, "1 to 99"));
        let document = serde_json::to_value(problem.document("/v1/cart/lines", "id")).unwrap();
        assert_eq!(document["status"], 422);
        assert_eq!(document["errors"][0]["pointer"], "/lines/0/quantity");
    }

    #[test]
    fn korean_is_told_in_korean_whatever_is_wrong() {
        let problem = Problem::from(Refused::field("/lines/0/quantity", fault::OUT_OF_RANGE, "1 to 99"));
        let document = problem.document_in_korean("/v1/cart/lines", "id");
        assert_eq!(document.detail, "올바르지 않은 항목이 있어요. 확인해 주세요.");
        assert_eq!(document.errors[0].detail, "가능한 범위를 벗어났어요.");
        let problem = Problem::not_acceptable("text/event-stream");
        let document = problem.document_in_korean("/v1/x", "id");
        assert_eq!(document.detail, "text/event-stream 형식으로만 받을 수 있어요.");
        assert_eq!(document.params["offered"], "text/event-stream");
    }
}
