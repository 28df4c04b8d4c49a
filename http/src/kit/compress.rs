//! Compression of answers with gzip, for clients that accept it.
//!
//! Not compressed: small answers, which gain nothing; event streams, whose events must not be
//! delayed; what is compressed already (fonts, pictures, maps, answers of another process); and
//! secrets.
//!
//! Secrets are excluded because of BREACH (<https://breachattack.com>): an attacker who makes a
//! victim send a request many times, chooses a part of the answer and sees its length, can guess a
//! secret in the same compressed answer, because a right guess makes the answer shorter. Answers
//! with tokens have `Cache-Control: no-store` and are never compressed, in this process or behind
//! the gateway. For other answers the first condition fails: requests are authenticated by a bearer
//! token that the page adds itself, not by a cookie that the browser adds to a request of another
//! site. What is left to guess, an order's hand-over code, stands beside text of the same order
//! only, can be tried a few times, and ends with the order.
//!
//! `ETag` is the same for both forms, because `If-Match` compares it with the stored version, not
//! with bytes; `Vary` keeps the forms apart in caches.

use axum::body::HttpBody;
use axum::extract::Request;
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::compression::{CompressionLayer, CompressionLevel, Predicate};

use super::weighted;

/// Smaller answers are not compressed: they fit into one packet. In bytes.
const LEAST_BYTES: u64 = 1_024;

/// Compresses the answers of a port, at the fastest level, because each answer is for one client.
pub(super) fn layer() -> CompressionLayer<Compressible> {
    CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(Compressible)
}

/// Selects the answers that are worth compressing and may be compressed.
#[derive(Clone, Copy, Debug)]
pub struct Compressible;

impl Predicate for Compressible {
    fn should_compress<B: HttpBody>(&self, response: &axum::http::Response<B>) -> bool {
        let headers = response.headers();
        let size = response.body().size_hint().exact().or_else(|| length(headers));
        size.is_none_or(|bytes| bytes >= LEAST_BYTES) && is_text(headers) && !is_secret(headers)
    }
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Whether it is a kind of text. Unknown types are not compressed.
fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let is_named = matches!(kind, "application/json" | "application/javascript" | "application/wasm");
    (is_named || kind.starts_with("text/") || kind.ends_with("+json") || kind.ends_with("+xml"))
        && kind != "text/event-stream"
}

fn is_secret(headers: &HeaderMap) -> bool {
    let said = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    said.flat_map(|value| value.split(',')).any(|word| word.trim().eq_ignore_ascii_case("no-store"))
}

/// Reduces `Accept-Encoding` to gzip or nothing. The compression layer would answer 406, after the
/// work is done, to a client that excludes every coding; it gets an uncompressed answer instead.
pub(super) async fn offered(mut request: Request, next: Next) -> Response {
    let takes = takes_gzip(request.headers());
    request.headers_mut().remove(ACCEPT_ENCODING);
    if takes {
        request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    }
    next.run(request).await
}

/// Whether the client takes gzip (RFC 9110, 12.5.3): by its name, or by `*` where it is not named.
pub(super) fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = weighted(headers, ACCEPT_ENCODING);
    let weight = |wanted: &[&str]| {
        accepted.iter().find(|(coding, _)| wanted.contains(&coding.as_str())).map(|(_, weight)| *weight)
    };
    weight(&["gzip", "x-gzip"]).or_else(|| weight(&["*"])).is_some_and(|weight| weight > 0.0)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::http::StatusCode;
    use axum::middleware::from_fn;
    use axum::response::IntoResponse as _;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    const JSON: (&str, &str) = ("content-type", "application/json");

    async fn asked(
        accepts: Option<&str>,
        headers: &[(&'static str, &'static str)],
        bytes: usize,
    ) -> Response {
        let headers: HeaderMap =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let body = "가나다라".repeat(bytes / 12 + 1)[..bytes / 3 * 3].to_owned();
        let answer = get(async move || (headers, body).into_response());
        let port: Router = Router::new().route("/", answer).layer(layer()).layer(from_fn(offered));
        let mut request = Request::builder().uri("/");
        if let Some(accepts) = accepts {
            request = request.header(ACCEPT_ENCODING, accepts);
        }
        port.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    fn is_compressed(answer: &Response) -> bool {
        answer.headers().get("content-encoding").is_some_and(|coding| coding == "gzip")
    }

    #[tokio::test]
    async fn an_answer_is_compressed_for_who_takes_that_and_for_nobody_else() {
        for (accepts, expected) in [
            (Some("gzip"), true),
            (Some("GZIP;q=0.1, br"), true),
            (Some("*"), true),
            (Some("br, *;q=0.5"), true),
            (None, false),
            (Some(""), false),
            (Some("br"), false),
            (Some("identity"), false),
            (Some("gzip;q=0"), false),
            (Some("gzip;q=0, *"), false),
            // Nothing is taken: an answer as it is beats none.
            (Some("identity;q=0, gzip;q=0"), false),
            (Some("*;q=0"), false),
        ] {
            let answer = asked(accepts, &[JSON], 3_000).await;
            assert_eq!(answer.status(), StatusCode::OK, "{accepts:?}");
            assert_eq!(is_compressed(&answer), expected, "{accepts:?}");
            assert_eq!(answer.headers()["vary"], "accept-encoding", "{accepts:?}");
            let bytes = to_bytes(answer.into_body(), 10_000).await.unwrap();
            let mut text = String::new();
            if expected {
                flate2::read::GzDecoder::new(bytes.as_ref()).read_to_string(&mut text).unwrap();
            } else {
                text = String::from_utf8(bytes.to_vec()).unwrap();
            }
            assert!(text.starts_with("가나다라") && text.len() == 3_000, "{accepts:?}");
        }
    }

    #[tokio::test]
    async fn what_is_small_or_a_secret_or_a_stream_or_compressed_already_is_left() {
        let compressed = async |headers: &[(&'static str, &'static str)], bytes| {
            is_compressed(&asked(Some("gzip"), headers, bytes).await)
        };
        assert!(compressed(&[JSON], 1_026).await);
        assert!(!compressed(&[JSON], 1_020).await);
        for secret in ["no-store", "private, No-Store"] {
            assert!(!compressed(&[JSON, ("cache-control", secret)], 3_000).await, "{secret}");
        }
        for kind in
            ["text/html; charset=utf-8", "application/problem+json", "application/gpx+xml", "image/svg+xml"]
        {
            assert!(compressed(&[("content-type", kind)], 3_000).await, "{kind}");
        }
        for kind in
            ["text/event-stream", "image/png", "font/woff2", "application/vnd.pmtiles", "application/zip"]
        {
            assert!(!compressed(&[("content-type", kind)], 3_000).await, "{kind}");
        }
        let twice = asked(Some("gzip"), &[JSON, ("content-encoding", "gzip")], 3_000).await;
        assert_eq!(twice.headers().get_all("content-encoding").iter().count(), 1);
        let bytes = to_bytes(twice.into_body(), 10_000).await.unwrap();
        assert!(bytes.starts_with("가".as_bytes()), "what came compressed is passed on as it came");
        let part = [JSON, ("content-range", "bytes 0-2999/9000")];
        assert!(!compressed(&part, 3_000).await);
    }
}
