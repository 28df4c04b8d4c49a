//! Versions as entity tags: a reader saves a body, a writer loses no update.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::{HeaderValue, StatusCode, header, request::Parts};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::IntoParams;

use super::{Json, Problem};

/// A resource with its version as `ETag`; 304 where the client has it already.
#[derive(Debug)]
pub struct Tagged<T> {
    version: i64,
    body: Option<T>,
}

impl<T> Tagged<T> {
    /// The resource at `version`.
    pub fn new(version: i64, body: T) -> Self {
        Self { version, body: Some(body) }
    }

    /// Leaves the body out if the client has this version.
    pub fn unless(mut self, known: &IfNoneMatch) -> Self {
        if known.0.iter().any(|tag| tag == "*" || *tag == tag_of(self.version)) {
            self.body = None;
        }
        self
    }
}

fn tag_of(version: i64) -> String {
    format!("\"{version}\"")
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let mut response = match self.body {
            Some(body) => Json(body).into_response(),
            None => StatusCode::NOT_MODIFIED.into_response(),
        };
        if let Ok(tag) = HeaderValue::from_str(&tag_of(self.version)) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}

/// The tags of `If-None-Match`; none if the header is absent.
#[derive(Debug, Default)]
pub struct IfNoneMatch(Vec<String>);

impl<S: Send + Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let tags =
            parts.headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let tags = tags.flat_map(|value| value.split(','));
        // A read may compare weakly (RFC 9110, 8.8.3.2).
        Ok(Self(tags.map(|tag| tag.trim().trim_start_matches("W/").to_owned()).collect()))
    }
}

/// The header of [`IfNoneMatch`], for `params(IfNoneMatchHeader)` in a route's docs.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it exists for its words; IfNoneMatch reads the header")]
pub struct IfNoneMatchHeader {
    /// The `ETag` that the client has: 304 if it is still that one.
    #[param(rename = "If-None-Match", example = "\"3\"")]
    known: Option<String>,
}

/// The header of [`IfMatch`], for `params(IfMatchHeader)` in a route's docs.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it exists for its words; IfMatch reads the header")]
pub struct IfMatchHeader {
    /// The `ETag` of what the change is meant for: 412 if it is another by now.
    #[param(rename = "If-Match", pattern = r#"^(\*|"[0-9]+")$"#, example = "\"3\"")]
    meant: Option<String>,
}

/// The version that the client means to change (`If-Match`), if it says one.
///
/// Take it as `Option<IfMatch>` where a change may also be blind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IfMatch(Option<i64>);

impl IfMatch {
    /// What the stored version must be: `None` for `*`, any version.
    pub fn version(self) -> Option<i64> {
        self.0
    }

    fn read(value: &HeaderValue) -> Self {
        let tag = value.to_str().unwrap_or("").trim();
        if tag == "*" {
            return Self(None);
        }
        // A tag that is not ours matches no version; versions start at 0.
        let version =
            tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).and_then(|tag| tag.parse().ok());
        Self(Some(version.unwrap_or(-1)))
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        Ok(parts.headers.get(header::IF_MATCH).map(Self::read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_has_the_version_gets_no_body() {
        let has = |tag: &str| IfNoneMatch(vec![tag.to_owned()]);
        assert_eq!(
            Tagged::new(3, ()).unless(&has("\"3\"")).into_response().status(),
            StatusCode::NOT_MODIFIED
        );
        assert_eq!(Tagged::new(3, ()).unless(&has("\"2\"")).into_response().status(), StatusCode::OK);
        assert_eq!(Tagged::new(3, ()).into_response().headers()[header::ETAG], "\"3\"");
    }

    #[test]
    fn a_foreign_tag_matches_no_version() {
        assert_eq!(IfMatch::read(&HeaderValue::from_static("\"7\"")), IfMatch(Some(7)));
        assert_eq!(IfMatch::read(&HeaderValue::from_static("*")), IfMatch(None));
        for foreign in ["7", "W/\"7\"", "\"abc\"", ""] {
            assert_eq!(IfMatch::read(&HeaderValue::from_static(foreign)), IfMatch(Some(-1)));
        }
    }
}
