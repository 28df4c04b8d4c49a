//! Extractors for the contents of requests, or the problem with them.

use std::error::Error;
use std::str::Utf8Error;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody, PathRejection};
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequest, Request};
use axum::http::{HeaderMap, StatusCode, Version, header, request::Parts};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::{Refused, fault};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::input::{Input, Unreadable};
use super::{Problem, policy, words};

/// A JSON body, in requests and in answers.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !says_json(request.headers()) {
            return Err(Problem::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let body = Bytes::from_request(request, state).await.map_err(unreadable)?;
        parse(&body).map(Json)
    }
}

/// `Option<Json<T>>`: the request may have no body, or `null`.
impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Problem> {
        let json = says_json(request.headers());
        let body = Bytes::from_request(request, state).await.map_err(unreadable)?;
        if body.is_empty() {
            Ok(None)
        } else if json {
            parse::<Option<T>>(&body).map(|value| value.map(Json))
        } else {
            Err(Problem::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE))
        }
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

fn says_json(headers: &HeaderMap) -> bool {
    let named = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let media_type = named.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

/// Why a body could not be read: too large, too slow, or the client went away.
pub(crate) fn unreadable(rejection: BytesRejection) -> Problem {
    match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
            Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE)
        }
        other if is_slow(&other) => Problem::of_status(StatusCode::REQUEST_TIMEOUT),
        _ => Problem::bad_request(words::BODY_UNREADABLE)
            .because("The request's body ended before it was complete."),
    }
}

/// The error of a body that comes too slowly.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the body comes too slowly")]
pub struct SlowBody;

fn is_slow(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| (*error).source()).any(|error| error.is::<SlowBody>())
}

/// Refuses a body whose declared length is too large, before any of it is read.
pub(super) async fn sized_body(request: Request, next: Next) -> Result<Response, Problem> {
    let most = u64::from(policy::body_max_bytes(request.extensions().get()));
    let said = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if said.and_then(|length| length.parse::<u64>().ok()).is_some_and(|length| length > most) {
        return Err(Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE));
    }
    Ok(next.run(request).await)
}

/// Parses a JSON document.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(body).map_err(not_utf8)?;
    let input = Input::json(text).map_err(|error| match error {
        Unreadable::Syntax(error) => not_json(error.line(), error.column()),
        Unreadable::TooDeep => Refused::field("", fault::INVALID, "It nests too deep.").into(),
    })?;
    input.read().map_err(|fault| Refused::invalid(vec![fault]).into())
}

fn not_json(line: usize, column: usize) -> Problem {
    Problem::bad_request(words::BODY_NOT_JSON)
        .with("line", line)
        .with("column", column)
        .because(format!("The body is not JSON at line {line}, column {column}."))
}

/// The problem of a body that is not text.
pub(crate) fn not_utf8(at: Utf8Error) -> Problem {
    Problem::bad_request(words::BODY_NOT_UTF8).because(format!("The body is not UTF-8: {at}."))
}

/// Parameters of the path. One that can't be parsed means that the resource does not exist.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Path(value)),
            Err(PathRejection::FailedToDeserializePathParams(_)) => Err(Refused::not_found("thing").into()),
            Err(error) => Err(Problem::fault(error)),
        }
    }
}

/// Refuses requests that HTTP/1.1 forbids but the parser accepts, since two servers in a row could
/// read them differently (request smuggling); and bodies in a content coding that is not supported.
pub(super) async fn strict_head(request: Request, next: Next) -> Result<Response, Problem> {
    check_head(request.version(), request.headers())?;
    Ok(next.run(request).await)
}

fn check_head(version: Version, headers: &HeaderMap) -> Result<(), Problem> {
    if version == Version::HTTP_11 && headers.get_all(header::HOST).iter().count() != 1 {
        return Err(Problem::bad_request(words::HOST_INVALID).because("A request names its Host, once."));
    }
    let all_are = |name, only: &str| {
        headers.get_all(name).iter().all(|value| value.as_bytes().eq_ignore_ascii_case(only.as_bytes()))
    };
    let codings = headers.get_all(header::TRANSFER_ENCODING).iter().count();
    if codings > 1 || !all_are(header::TRANSFER_ENCODING, "chunked") {
        return Err(
            Problem::bad_request(words::TRANSFER_ENCODING_INVALID).because("A body may be chunked, once.")
        );
    }
    if !all_are(header::CONTENT_ENCODING, "identity") {
        return Err(Problem::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    Ok(())
}

/// Refuses query strings that are not UTF-8 text without NUL, on any route: libraries would read
/// them as another text, and PostgreSQL does not take NUL.
pub(super) async fn readable_query(request: Request, next: Next) -> Result<Response, Problem> {
    check_query(request.uri().query().unwrap_or_default())?;
    Ok(next.run(request).await)
}

/// The same for form-encoded text from elsewhere.
pub(crate) fn check_query(words: &str) -> Result<(), Problem> {
    match percent_decode_str(words).decode_utf8() {
        Ok(text) if !text.contains('\0') => Ok(()),
        _ => Err(Problem::bad_request(words::QUERY_NOT_UTF8)
            .because("The query is not percent-encoded UTF-8 text.")),
    }
}

/// Parameters of the query.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let read = Input::query(parts.uri.query().unwrap_or_default()).read();
        read.map(Query).map_err(|fault| Refused::invalid(vec![fault]).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_is_no_json_text_has_no_field() {
        for (body, code) in [
            (&b""[..], "body_not_json"),
            (b"{", "body_not_json"),
            (b"{\"lines\":[]} x", "body_not_json"),
            (b"{\"quantity\":NaN}", "body_not_json"),
            (b"\xff", "body_not_utf8"),
        ] {
            let problem = parse::<serde_json::Value>(body).unwrap_err();
            assert_eq!((problem.status(), problem.code()), (StatusCode::BAD_REQUEST, code));
        }
        let said = parse::<serde_json::Value>(b"{\n 7}").unwrap_err().document("/", "");
        assert_eq!(said.params["line"], 2);
    }

    #[test]
    fn a_query_is_text() {
        for words in ["", "q=%EA%B0%80", "q=가", "a=1&b=%20+", "q=100%"] {
            assert!(check_query(words).is_ok(), "{words}");
        }
        for words in ["q=%FF", "q=%C3%28", "%ED%A0%80=1", "q=a%00b"] {
            assert_eq!(check_query(words).unwrap_err().code(), "query_not_utf8", "{words}");
        }
    }
}
