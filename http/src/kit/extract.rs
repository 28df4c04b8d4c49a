//! What requests carry, or the problem with it.

use std::error::Error;
use std::fmt::Display;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody, PathRejection};
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequest, Request};
use axum::http::{HeaderMap, StatusCode, Version, header, request::Parts};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::objects::Objects;
use domain::{Fault, Refused};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_path_to_error::Segment;

use super::{Problem, policy};

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

/// `Option<Json<T>>` where a request may have no body at all, or `null`.
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

/// Why a body could not be read: too large, or the client went away.
pub(crate) fn unreadable(rejection: BytesRejection) -> Problem {
    match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
            Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE)
        }
        other if is_slow(&other) => Problem::of_status(StatusCode::REQUEST_TIMEOUT),
        _ => Problem::bad_request("body_unreadable", "The request's body ended before it was complete."),
    }
}

/// A body that comes too slowly to wait for.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the body comes too slowly")]
pub struct SlowBody;

fn is_slow(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| (*error).source()).any(|error| error.is::<SlowBody>())
}

/// Refuses a body that is said to be too large before any of it is read or asked for.
pub(super) async fn sized_body(request: Request, next: Next) -> Result<Response, Problem> {
    let most = u64::from(policy::body_max_bytes(request.extensions().get()));
    let said = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if said.and_then(|length| length.parse::<u64>().ok()).is_some_and(|length| length > most) {
        return Err(Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE));
    }
    Ok(next.run(request).await)
}

/// What serde says of something that is no value, or not the kind of value that it looks for.
const NO_VALUE: &str = "expected value";

/// Reads a JSON document; anything after it is refused as well.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(body)
        .map_err(|at| Problem::bad_request("body_not_utf8", format!("The body is not UTF-8: {at}.")))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(Objects(&mut reader)).map_err(|error| {
        // Where one of several names is expected, serde calls a number bad syntax, too.
        let no_name = || {
            error.inner().to_string().starts_with(NO_VALUE)
                && serde_json::from_str::<IgnoredAny>(text).is_ok()
        };
        if error.inner().is_data() || no_name() {
            Refused::invalid(vec![fault(&error)]).into()
        } else {
            syntax(error.inner())
        }
    })?;
    reader.end().map_err(|error| syntax(&error))?;
    Ok(value)
}

fn syntax(error: &serde_json::Error) -> Problem {
    Problem::bad_request("body_not_json", format!("The body is not JSON: {error}."))
}

/// Names the field at fault. Serde says which in words only where the field is
/// missing or unknown, so that its name is taken out of the message.
fn fault(error: &serde_path_to_error::Error<serde_json::Error>) -> Fault {
    let mut pointer = String::new();
    for segment in error.path() {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", escape(key))),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    let message = error.inner().to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(said, _)| said);
    if let Some(name) = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        pointer.push_str(&format!("/{}", escape(name)));
    }
    Fault { pointer, code: code_of(message), detail: message.to_owned() }
}

pub(super) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn code_of(message: &str) -> &'static str {
    let starts = |with: &str| message.starts_with(with);
    match () {
        () if starts("missing field") => "missing",
        () if starts("unknown field") => "unknown_field",
        () if starts("unknown variant") => "unknown_value",
        () if starts("duplicate field") => "duplicate",
        () if starts("invalid type") || starts(NO_VALUE) => "wrong_type",
        () if starts("invalid value") => "out_of_range",
        () if starts("invalid length") => "wrong_length",
        () => "invalid",
    }
}

/// Parameters of the path. What they cannot name does not exist.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Path(value)),
            Err(PathRejection::FailedToDeserializePathParams(error)) => {
                Err(Problem::http(StatusCode::NOT_FOUND, "not_found", format!("No such thing: {error}.")))
            }
            Err(error) => Err(Problem::fault(error)),
        }
    }
}

/// Refuses what HTTP/1.1 does not allow and the parser beneath lets pass, as two servers
/// in a row could read it differently, and bodies in a coding that nobody here reads.
pub(super) async fn strict_head(request: Request, next: Next) -> Result<Response, Problem> {
    check_head(request.version(), request.headers())?;
    Ok(next.run(request).await)
}

fn check_head(version: Version, headers: &HeaderMap) -> Result<(), Problem> {
    if version == Version::HTTP_11 && headers.get_all(header::HOST).iter().count() != 1 {
        return Err(Problem::bad_request("host_invalid", "A request names its Host, once."));
    }
    let all_are = |name, only: &str| {
        headers.get_all(name).iter().all(|value| value.as_bytes().eq_ignore_ascii_case(only.as_bytes()))
    };
    let codings = headers.get_all(header::TRANSFER_ENCODING).iter().count();
    if codings > 1 || !all_are(header::TRANSFER_ENCODING, "chunked") {
        return Err(Problem::bad_request("transfer_encoding_invalid", "A body may be chunked, once."));
    }
    if !all_are(header::CONTENT_ENCODING, "identity") {
        return Err(Problem::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    Ok(())
}

/// Refuses query strings that are no text, whatever route they are for: libraries
/// would read another text in their place, and PostgreSQL takes no NUL.
pub(super) async fn readable_query(request: Request, next: Next) -> Result<Response, Problem> {
    check_query(request.uri().query().unwrap_or_default())?;
    Ok(next.run(request).await)
}

/// The same for form-encoded words from elsewhere.
pub(crate) fn check_query(words: &str) -> Result<(), Problem> {
    match percent_decode_str(words).decode_utf8() {
        Ok(text) if !text.contains('\0') => Ok(()),
        _ => Err(Problem::bad_request("query_not_utf8", "The query is not percent-encoded UTF-8 text.")),
    }
}

/// Parameters after the question mark.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        axum::extract::Query::try_from_uri(&parts.uri)
            .map(|axum::extract::Query(value)| Query(value))
            .map_err(|rejection| match Error::source(&rejection) {
                Some(cause) => in_query(cause),
                None => in_query(&rejection),
            })
    }
}

/// Axum's message is `name: what is wrong` where one parameter is at fault.
fn in_query(cause: impl Display) -> Problem {
    let said = cause.to_string();
    let (name, detail) = match said.split_once(": ") {
        Some((name, detail)) if !name.contains(' ') => (name, detail),
        _ => (said.split('`').nth(1).unwrap_or(""), said.as_str()),
    };
    Refused::field(format!("/{}", escape(name)), code_of(detail), detail).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        #[expect(dead_code, reason = "only its reading is of interest")]
        lines: Vec<Line>,
    }

    #[derive(Debug, Deserialize)]
    struct Line {
        #[expect(dead_code, reason = "only its reading is of interest")]
        quantity: u8,
        #[expect(dead_code, reason = "only its reading is of interest")]
        size: Option<Size>,
    }

    #[derive(Debug, Deserialize)]
    enum Size {
        Large,
    }

    fn problem(body: &[u8]) -> (u16, String, String) {
        let document = parse::<Order>(body).unwrap_err().document("/", "");
        let (pointer, code) = document
            .errors
            .first()
            .map_or(("".into(), document.kind), |first| (first.pointer.clone(), first.code.clone()));
        (document.status, pointer, code)
    }

    #[test]
    fn every_way_to_get_a_body_wrong_has_its_problem() {
        let cases: [(&[u8], u16, &str, &str); 11] = [
            (b"", 400, "", "body_not_json"),
            (b"{", 400, "", "body_not_json"),
            (b"{\"lines\":[]} x", 400, "", "body_not_json"),
            (b"{\"lines\":[{\"quantity\":NaN}]}", 400, "", "body_not_json"),
            (b"\xff", 400, "", "body_not_utf8"),
            (b"[[]]", 422, "", "wrong_type"),
            (b"{}", 422, "/lines", "missing"),
            (b"{\"lines\":[{}]}", 422, "/lines/0/quantity", "missing"),
            (b"{\"lines\":[{\"quantity\":-1}]}", 422, "/lines/0/quantity", "out_of_range"),
            (b"{\"lines\":[{\"quantity\":1,\"size\":7}]}", 422, "/lines/0/size", "wrong_type"),
            (b"{\"lines\":[],\"a/b\":1}", 422, "/a~1b", "unknown_field"),
        ];
        for (body, status, pointer, code) in cases {
            let found = problem(body);
            assert_eq!(found, (status, pointer.into(), code.into()), "{}", String::from_utf8_lossy(body));
        }
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
