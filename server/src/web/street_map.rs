//! A map with streets, read from one file: vector tiles in a PMTiles archive of version 3
//! (<https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md>).
//!
//! The pages read it by range requests (RFC 9110, 14): first its directory, then single tiles. It is
//! never compressed: its tiles are compressed already, and a range of a compressed answer would not
//! be a tile.

use std::convert::Infallible;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, ETAG, HeaderName, IF_RANGE, LAST_MODIFIED, RANGE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, Method};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get_service;
use mime_guess::mime::Mime;
use tower::ServiceExt as _;
use tower_http::services::ServeFile;
use url::Url;

/// Where the gateway serves the file.
pub(super) const PATH: &str = "/map/seoul.pmtiles";

/// The attribution that the licence of OpenStreetMap requires; nearly all such files use its data.
pub(super) const ATTRIBUTION: &str = "© OpenStreetMap";

/// The first bytes of a PMTiles archive of version 3.
const BEGINS: &[u8] = b"PMTiles\x03";

/// Cached for a day, then revalidated by its tag: a map rarely changes, and ranges of two
/// versions cannot be combined.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=86400, must-revalidate");

/// Where the map's streets come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StreetMap {
    /// From nowhere: the pages show the boundaries of Seoul alone.
    #[default]
    Nowhere,
    /// From a file of this machine, which the gateway serves.
    File(PathBuf),
    /// From a file elsewhere, which pages ask for themselves.
    Elsewhere(Url),
}

/// Why a setting names no map.
#[derive(Debug, thiserror::Error)]
pub enum NoMap {
    /// The file is not there, or not ours to read.
    #[error("{} cannot be read: {cause}", file.display())]
    Unreadable {
        /// What was named.
        file: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
    /// It is something else.
    #[error(
        "{} is no PMTiles archive of version 3, which begins with `PMTiles` and the byte 3; \
         `pmtiles convert` makes one of an older one or of MBTiles", .0.display()
    )]
    NotOne(PathBuf),
    /// The address is none.
    #[error("an address of a .pmtiles file is asked for, as https://maps.example/seoul.pmtiles")]
    NoAddress,
}

impl FromStr for StreetMap {
    type Err = NoMap;

    /// An empty text means no map. The first bytes of a file are read, so that a wrong file is
    /// refused at the start.
    fn from_str(text: &str) -> Result<Self, NoMap> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::Nowhere);
        }
        if text.contains("://") {
            let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            return url.map(Self::Elsewhere).ok_or(NoMap::NoAddress);
        }
        check(Path::new(text))?;
        Ok(Self::File(text.into()))
    }
}

fn check(file: &Path) -> Result<(), NoMap> {
    let mut begins = [0; BEGINS.len()];
    let read = File::open(file).and_then(|mut file| file.read_exact(&mut begins));
    match read {
        Ok(()) if begins == BEGINS => Ok(()),
        Err(cause) if cause.kind() != std::io::ErrorKind::UnexpectedEof => {
            Err(NoMap::Unreadable { file: file.to_owned(), cause })
        }
        _ => Err(NoMap::NotOne(file.to_owned())),
    }
}

impl StreetMap {
    /// What pages ask for.
    pub(super) fn address(&self) -> Option<&str> {
        match self {
            Self::Nowhere => None,
            Self::File(_) => Some(PATH),
            Self::Elsewhere(url) => Some(url.as_str()),
        }
    }

    /// The host that pages ask, if it is another one than ours.
    pub(super) fn origin(&self) -> Option<String> {
        match self {
            Self::Elsewhere(url) => Some(url.origin().ascii_serialization()),
            Self::Nowhere | Self::File(_) => None,
        }
    }

    /// The file's own route; none where there is no file.
    pub(super) fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let Self::File(file) = self else { return Router::new() };
        let file = serving(file);
        let serve = get_service(file.clone()).layer(from_fn_with_state(file, settled));
        Router::new().route(PATH, serve)
    }
}

/// GET and HEAD of the file, whole or one range of it, under a strong tag of its size and time.
fn serving(file: &Path) -> ServeFile {
    let kind = "application/vnd.pmtiles".parse::<Mime>();
    let file = kind.map_or_else(|_| ServeFile::new(file), |kind| ServeFile::new_with_mime(file, &kind));
    // Who asks for several ranges gets all of it (RFC 9110, 14.2: any `Range` may be ignored).
    file.ignore_multi_range_requests(true)
}

/// Handles what [`ServeFile`] does not: `If-Range`, units other than bytes, and caching.
async fn settled(State(file): State<ServeFile>, mut request: Request, next: Next) -> Response {
    let in_bytes = request.headers().get(RANGE).is_some_and(|range| range.as_bytes().starts_with(b"bytes="));
    let known = request.headers_mut().remove(IF_RANGE);
    // Ranges are for GET alone (RFC 9110, 14.2).
    if !in_bytes || request.method() != Method::GET || !is_same(file, known).await {
        request.headers_mut().remove(RANGE);
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, KEPT);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Whether the file is still the version of which the client has a part (RFC 9110, 13.1.5): the
/// validator is the strong tag, or exactly the time of the last change.
async fn is_same(file: ServeFile, known: Option<HeaderValue>) -> bool {
    let Some(known) = known else { return true };
    let mut look = Request::new(Body::empty());
    *look.method_mut() = Method::HEAD;
    let there = file.oneshot(look).await.unwrap_or_else(|never: Infallible| match never {});
    let is = |name: HeaderName| there.headers().get(name) == Some(&known);
    is(ETAG) || is(LAST_MODIFIED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_a_file_of_the_right_kind_or_an_address_or_nothing() {
        let here = std::env::temp_dir().join(format!("street-map-{}", std::process::id()));
        std::fs::create_dir_all(&here).unwrap();
        let file = |name: &str, bytes: &[u8]| {
            std::fs::write(here.join(name), bytes).unwrap();
            here.join(name).to_str().unwrap().to_owned()
        };
        let good = file("good.pmtiles", b"PMTiles\x03 and so on");
        assert_eq!(good.parse::<StreetMap>().unwrap(), StreetMap::File(good.clone().into()));
        for (name, bytes) in [
            ("old", b"PMTiles\x02 and so on".as_slice()),
            ("short", b"PMT"),
            ("none", b""),
            ("zip", b"PK\x03\x04 xxxx"),
        ] {
            let refused = file(name, bytes).parse::<StreetMap>().unwrap_err().to_string();
            assert!(refused.contains(name) && refused.contains("version 3"), "{refused}");
        }
        let missing = here.join("missing.pmtiles").to_str().unwrap().parse::<StreetMap>();
        assert!(missing.unwrap_err().to_string().contains("missing.pmtiles cannot be read"));
        let folder = here.to_str().unwrap().parse::<StreetMap>();
        assert!(matches!(folder, Err(NoMap::Unreadable { .. })), "{folder:?}");
        std::fs::remove_dir_all(&here).unwrap();

        assert_eq!("".parse::<StreetMap>().unwrap(), StreetMap::Nowhere);
        let elsewhere = "https://maps.example:8443/a/seoul.pmtiles?v=1".parse::<StreetMap>().unwrap();
        assert_eq!(elsewhere.address(), Some("https://maps.example:8443/a/seoul.pmtiles?v=1"));
        assert_eq!(elsewhere.origin().as_deref(), Some("https://maps.example:8443"));
        for wrong in ["ftp://maps.example/seoul.pmtiles", "https://", "file:///etc/passwd"] {
            assert!(matches!(wrong.parse::<StreetMap>(), Err(NoMap::NoAddress)), "{wrong}");
        }
    }
}
