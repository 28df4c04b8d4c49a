//! The built files, each at its own path.
//!
//! One handler serves whatever the build contains, so no list of names can become stale. A folder
//! is served by its `index.html`, at the path that ends with a slash, because the page's relative
//! addresses start there.

use std::borrow::Cow;

use axum::extract::Request;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::Service;

/// The built pages. A debug build reads them from the folder, a release holds them.
#[derive(RustEmbed)]
#[folder = "../web/dist"]
#[allow_missing = true]
struct Built;

/// What a path leads to.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// This file.
    File(String),
    /// A folder with a page, without its slash.
    Folder,
    /// Nothing of the pages.
    Nothing,
}

/// Finds the file for a path, which is not decoded. Built files have plain names, so a path with
/// anything else in it (a dot segment, a percent sign, a backslash) matches no file.
fn find(path: &str, exists: impl Fn(&str) -> bool) -> Found {
    let Some(rest) = path.strip_prefix('/') else { return Found::Nothing };
    let (name, is_folder) = match rest.strip_suffix('/') {
        Some(folder) => (folder, true),
        None => (rest, rest.is_empty()),
    };
    if !name.is_empty() && (!name.split('/').all(is_plain) || is_of_the_api(name)) {
        return Found::Nothing;
    }
    // `//` is not another spelling of `/`.
    if name.is_empty() && rest == "/" {
        return Found::Nothing;
    }
    let index = if name.is_empty() { "index.html".to_owned() } else { format!("{name}/index.html") };
    if is_folder {
        return if exists(&index) { Found::File(index) } else { Found::Nothing };
    }
    if exists(name) {
        return Found::File(name.to_owned());
    }
    if exists(&index) { Found::Folder } else { Found::Nothing }
}

/// Whether a part of a path can be the name of a file or a folder.
fn is_plain(part: &str) -> bool {
    !part.is_empty()
        && !part.starts_with('.')
        && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// Whether the path belongs to the API: no file of the pages may shadow it.
fn is_of_the_api(name: &str) -> bool {
    let first = name.split('/').next().unwrap_or_default();
    first == "v1" || Service::ALL.iter().any(|service| service.name() == first)
}

/// Serves the file at the request's path. Other paths get the API's 404.
pub(super) async fn serve(policy: HeaderValue, request: Request) -> Response {
    let uri = request.uri();
    match find(uri.path(), |name| Built::get(name).is_some()) {
        Found::File(name) => file(&name, request.headers(), &policy),
        Found::Folder => redirect(uri),
        Found::Nothing => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Answers methods other than GET and HEAD.
pub(super) async fn not_allowed(request: Request) -> StatusCode {
    match find(request.uri().path(), |name| Built::get(name).is_some()) {
        Found::Nothing => StatusCode::NOT_FOUND,
        _ => StatusCode::METHOD_NOT_ALLOWED,
    }
}

fn redirect(uri: &Uri) -> Response {
    // Relative, so that it also works below a service's name.
    let folder = uri.path().rsplit('/').next().unwrap_or_default();
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    // Not cached: a later build may have a file of this name.
    let headers = [(LOCATION, format!("{folder}/{query}")), (CACHE_CONTROL, "no-cache".to_owned())];
    (StatusCode::TEMPORARY_REDIRECT, headers).into_response()
}

fn file(path: &str, asked: &HeaderMap, policy: &HeaderValue) -> Response {
    let Some(file) = Built::get(path) else { return StatusCode::NOT_FOUND.into_response() };
    let tag = format!("\"{}\"", hex(&file));
    // Names under `assets/` contain a hash of the content. Everything else is revalidated each
    // time, above all the service worker: a cached one would keep an old program running.
    let kept = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    if is_known(asked, &tag) {
        return (StatusCode::NOT_MODIFIED, [(ETAG, tag), (CACHE_CONTROL, kept.to_owned())]).into_response();
    }
    let headers = [
        (CONTENT_TYPE, content_type(path).into_owned()),
        (CACHE_CONTROL, kept.to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (ETAG, tag),
    ];
    let mut response = (headers, file.data).into_response();
    if path.ends_with(".html") {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy.clone());
        response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    }
    response
}

/// Whether the client has this version (RFC 9110, 13.1.2: a list of tags, compared weakly).
fn is_known(asked: &HeaderMap, tag: &str) -> bool {
    let lines = asked.get_all(IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

fn hex(file: &EmbeddedFile) -> String {
    file.metadata.sha256_hash()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn content_type(path: &str) -> Cow<'static, str> {
    let known = match path.rsplit('.').next() {
        // Browsers refuse a module worker of another type.
        Some("mjs") => Some("text/javascript"),
        Some("html") => Some("text/html; charset=utf-8"),
        Some("geojson") => Some("application/geo+json"),
        Some("webmanifest") => Some("application/manifest+json"),
        _ => None,
    };
    known.map_or_else(
        || Cow::Owned(mime_guess::from_path(path).first_or_octet_stream().to_string()),
        Cow::Borrowed,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str) -> Found {
        const BUILT: [&str; 9] = [
            "index.html",
            "sw.js",
            "manifest.webmanifest",
            "owner/index.html",
            "owner/manifest.webmanifest",
            "icons/192.png",
            ".htaccess",
            // What no build should hold.
            "v1/orders",
            "order_service/index.html",
        ];
        find(path, |name| BUILT.contains(&name))
    }

    #[test]
    fn a_path_leads_to_the_file_of_its_name_and_a_folder_to_its_page() {
        for (path, file) in [
            ("/", "index.html"),
            ("/index.html", "index.html"),
            ("/sw.js", "sw.js"),
            ("/manifest.webmanifest", "manifest.webmanifest"),
            ("/owner/", "owner/index.html"),
            ("/owner/manifest.webmanifest", "owner/manifest.webmanifest"),
            ("/icons/192.png", "icons/192.png"),
        ] {
            assert_eq!(found(path), Found::File(file.to_owned()), "{path}");
        }
        assert_eq!(found("/owner"), Found::Folder);
        for path in ["/courier", "/courier/", "/icons", "/icons/", "/sw.js/", "/owner/sw.js"] {
            assert_eq!(found(path), Found::Nothing, "{path}");
        }
    }

    #[test]
    fn no_other_spelling_leads_to_a_file_or_out_of_the_folder() {
        for path in [
            "//",
            "///",
            "//sw.js",
            "/owner//",
            "/owner//index.html",
            "/./sw.js",
            "/owner/../sw.js",
            "/..",
            "/../server/Cargo.toml",
            "/%2e%2e/server/Cargo.toml",
            "/owner/%2e%2e/sw.js",
            "/owner%2findex.html",
            "/%73w.js",
            "/owner\\index.html",
            "/.htaccess",
            "/sw.js%00",
            "",
            "sw.js",
        ] {
            // Also if such a name existed.
            assert_eq!(find(path, |_| true), Found::Nothing, "{path}");
        }
    }

    #[test]
    fn no_file_stands_where_the_api_does() {
        for path in ["/v1", "/v1/", "/v1/orders", "/order_service", "/order_service/"] {
            assert_eq!(found(path), Found::Nothing, "{path}");
        }
    }

    #[test]
    fn a_folder_is_redirected_to_with_what_was_asked() {
        for (asked, there) in
            [("/owner", "owner/"), ("/gateway_service/owner?lang=ko", "owner/?lang=ko"), ("/a/b", "b/")]
        {
            let response = redirect(&asked.parse().unwrap());
            assert_eq!(response.headers()[LOCATION], there, "{asked}");
        }
    }

    #[test]
    fn files_come_as_what_they_are() {
        for (path, expected) in [
            ("assets/worker-1a2b.mjs", "text/javascript"),
            ("sw.js", "text/javascript"),
            ("assets/gu-1a2b.geojson", "application/geo+json"),
            ("icon.svg", "image/svg+xml"),
            ("icons/192.png", "image/png"),
            ("owner/manifest.webmanifest", "application/manifest+json"),
            ("owner/index.html", "text/html; charset=utf-8"),
        ] {
            assert_eq!(content_type(path), expected, "{path}");
        }
    }
}
