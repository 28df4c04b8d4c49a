//! Versions as entity tags: readers save a body, and writers lose no update.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{ExpectedVersion, Failure};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use utoipa::IntoParams;

use super::{Json, Problem};

/// A resource with its version as `ETag`; 304 if the client has it already.
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
        if known.has(&tag_of(self.version)) {
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
        set_tag(&mut response, &tag_of(self.version));
        response
    }
}

fn set_tag(response: &mut Response, tag: &str) {
    if let Ok(tag) = HeaderValue::from_str(tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
}

/// What changes with more than a version, as with the hour or the place that it is seen from: its `ETag`
/// is a digest of its JSON. 304 if the client has it already.
#[derive(Debug)]
pub struct Digested<T>(pub T, pub IfNoneMatch);

impl<T: Serialize> IntoResponse for Digested<T> {
    fn into_response(self) -> Response {
        let Self(body, known) = self;
        let json = match serde_json::to_vec(&body) {
            Ok(json) => json,
            Err(error) => return Problem::from(Failure::fault(error)).into_response(),
        };
        let digest = Sha256::digest(&json);
        let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(digest.get(..16).unwrap_or_default()));
        let mut response = if known.has(&tag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            ([(header::CONTENT_TYPE, "application/json")], json).into_response()
        };
        set_tag(&mut response, &tag);
        response
    }
}

/// The tags of `If-None-Match`; none if the header is absent.
#[derive(Debug, Default)]
pub struct IfNoneMatch(Vec<String>);

impl IfNoneMatch {
    fn has(&self, tag: &str) -> bool {
        self.0.iter().any(|known| known == "*" || known == tag)
    }
}

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
    /// The `ETag` of what the change is meant for, or several: 412 if it is none of them by now.
    #[param(rename = "If-Match", pattern = r#"^(\*|"[0-9]+"( *, *"[0-9]+")*)$"#, example = "\"3\"")]
    meant: Option<String>,
}

/// The versions that the client expects to change (`If-Match`); any, if the header is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfMatch(pub ExpectedVersion);

impl IfMatch {
    fn read(headers: &HeaderMap) -> Self {
        let lines: Vec<&str> =
            headers.get_all(header::IF_MATCH).iter().map(|line| line.to_str().unwrap_or("")).collect();
        let tags: Vec<&str> = lines.iter().flat_map(|line| line.split(',')).map(str::trim).collect();
        if lines.is_empty() || tags.contains(&"*") {
            return Self(ExpectedVersion::Any);
        }
        // A tag that is not ours matches no version, and neither does a weak one (RFC 9110, 13.1.1).
        let version = |tag: &str| tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok();
        Self(ExpectedVersion::OneOf(tags.into_iter().filter_map(version).collect()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::read(&parts.headers))
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
    fn what_is_digested_has_another_tag_as_soon_as_it_says_something_else() {
        let tag = |body: &str| {
            Digested(body.to_owned(), IfNoneMatch::default()).into_response().headers()[header::ETAG].clone()
        };
        assert_eq!(tag("open"), tag("open"));
        assert_ne!(tag("open"), tag("closed"));
        let has = IfNoneMatch(vec![tag("open").to_str().unwrap().to_owned()]);
        assert_eq!(Digested("open", has).into_response().status(), StatusCode::NOT_MODIFIED);
    }

    fn expected(lines: &[&'static str]) -> ExpectedVersion {
        let line = |line: &&'static str| (header::IF_MATCH, HeaderValue::from_static(line));
        IfMatch::read(&HeaderMap::from_iter(lines.iter().map(line))).0
    }

    #[test]
    fn any_of_the_tags_may_match_in_one_line_or_in_several() {
        let of = |versions: &[i64]| ExpectedVersion::OneOf(versions.to_vec());
        assert_eq!(expected(&["\"7\""]), of(&[7]));
        assert_eq!(expected(&["\"6\",\"7\" , \"9\""]), of(&[6, 7, 9]));
        assert_eq!(expected(&["\"6\"", "\"7\""]), of(&[6, 7]));
        assert_eq!(expected(&["\"6\", W/\"7\", \"abc\""]), of(&[6]));
    }

    #[test]
    fn a_foreign_tag_matches_no_version() {
        assert_eq!(expected(&[]), ExpectedVersion::Any);
        assert_eq!(expected(&["*"]), ExpectedVersion::Any);
        for foreign in ["7", "W/\"7\"", "\"abc\"", ""] {
            assert_eq!(expected(&[foreign]), ExpectedVersion::OneOf(Vec::new()), "{foreign}");
        }
    }
}
