//! How every port says no: RFC 9457 problem documents.
//!
//! A [`Problem`] leaves a handler without its request's id and path, which only
//! [`observe`](super::observe) knows; that layer writes the document, and logs a
//! fault's cause, once.

use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::{Failure, Fault, Kind, Refused};

use super::korean;
use super::openapi::{ProblemBody, ProblemFault};

/// An answer that says no, or that something broke.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: Cow<'static, str>,
    faults: Vec<Fault>,
    retry_after_secs: Option<u32>,
    /// How to sign in, where that is the problem.
    challenge: &'static str,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

/// What most routes want of whoever has to sign in (RFC 6750).
const BEARER: &str = "Bearer";

/// The one table from a refusal's kind to its status.
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
    /// A problem of HTTP itself, which no rule of `domain` knows of.
    pub(crate) fn http(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            code: code.into(),
            detail: detail.into(),
            faults: Vec::new(),
            retry_after_secs: None,
            challenge: BEARER,
            cause: None,
        }
    }

    /// None of the media types that the client accepts can be given.
    pub fn not_acceptable(offered: &str) -> Self {
        Self::http(StatusCode::NOT_ACCEPTABLE, "not_acceptable", format!("This is available as {offered}."))
    }

    /// The request is malformed in a way that has no field.
    pub fn bad_request(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::http(StatusCode::BAD_REQUEST, code, detail)
    }

    /// Something broke inside; only the log learns what.
    pub fn fault(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            cause: Some(Arc::from(cause.into())),
            ..Self::http(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Something went wrong on our side. Tell support the request id if it happens again.",
            )
        }
    }

    /// The problem for a bare status, as libraries beneath us answer it.
    pub fn of_status(status: StatusCode) -> Self {
        let (code, detail) = match status {
            StatusCode::NOT_FOUND => ("path_not_found", "There is nothing at this path."),
            StatusCode::METHOD_NOT_ALLOWED => {
                ("method_not_allowed", "This path does not take this method; see the Allow header.")
            }
            StatusCode::REQUEST_TIMEOUT => ("request_timeout", "The request took too long to come."),
            StatusCode::PAYLOAD_TOO_LARGE => ("body_too_large", "The request's body is too large."),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                ("media_type_unsupported", "This does not take a body of this media type.")
            }
            StatusCode::URI_TOO_LONG => ("uri_too_long", "The request's address is too long."),
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
                ("headers_too_large", "The request's headers are too many or too large.")
            }
            StatusCode::UPGRADE_REQUIRED => ("upgrade_required", "This path speaks WebSocket only."),
            StatusCode::GATEWAY_TIMEOUT => ("timeout", "The answer took too long."),
            status if status.is_server_error() => return Self::fault(format!("bare status {status}")),
            _ => ("bad_request", "The request is malformed."),
        };
        Self::http(status, code, detail)
    }

    /// The same, where the route wants this of whoever has to sign in (`WWW-Authenticate`).
    pub(crate) fn challenging(self, challenge: &'static str) -> Self {
        Self { challenge, ..self }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What broke, for the log.
    pub(super) fn cause(&self) -> Option<&(dyn Error + Send + Sync)> {
        self.cause.as_deref()
    }

    /// The document itself, for the request with this id and path.
    pub(super) fn document(&self, instance: &str, request_id: &str) -> ProblemBody {
        ProblemBody {
            kind: self.code.clone().into_owned(),
            title: self.status.canonical_reason().unwrap_or("Problem").to_owned(),
            status: self.status.as_u16(),
            detail: self.detail.clone().into_owned(),
            instance: instance.to_owned(),
            request_id: request_id.to_owned(),
            errors: self.faults.iter().map(ProblemFault::from).collect(),
        }
    }
}

impl Problem {
    /// The document as it is sent, for what never became a request.
    pub fn written(&self, instance: &str, request_id: &str) -> Vec<u8> {
        serde_json::to_vec(&self.document(instance, request_id)).unwrap_or_default()
    }
}

/// The same document for somebody who reads Korean.
pub(super) fn in_korean(document: ProblemBody) -> ProblemBody {
    ProblemBody {
        title: korean::title(document.status).to_owned(),
        detail: korean::detail(&document.kind).map_or(document.detail, str::to_owned),
        ..document
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        Self {
            status: status_of(refused.kind),
            code: refused.code.into(),
            detail: refused.detail.into(),
            faults: refused.faults,
            retry_after_secs: refused.retry_after_secs,
            challenge: BEARER,
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
        let problem = Problem::from(Refused::field("/lines/0/quantity", "out_of_range", "1 to 99"));
        let document = serde_json::to_value(problem.document("/v1/cart/lines", "id")).unwrap();
        assert_eq!(document["status"], 422);
        assert_eq!(document["errors"][0]["pointer"], "/lines/0/quantity");
    }
}
