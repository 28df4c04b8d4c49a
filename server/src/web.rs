//! The pages: what `web/` was built to, and what the operator chose for it.
//!
//! - Files under `assets/` carry a hash of their content in their names: browsers
//!   may keep them for ever. Everything else is asked for again each time.
//! - The content security policy lets nothing in from other hosts, save the ones
//!   that the operator's map needs.

use std::borrow::Cow;
use std::str::FromStr;

use axum::Router;
use axum::extract::Path;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use clap::Args;
use rust_embed::{EmbeddedFile, RustEmbed};
use serde::Serialize;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use url::Url;

/// The built pages. A debug build reads them from the folder, a release holds them.
#[derive(RustEmbed)]
#[folder = "../web/dist"]
#[allow_missing = true]
struct Built;

/// What the operator chooses for the pages.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Pages")]
pub struct PagesArgs {
    /// A MapLibre style that replaces the boundaries of Seoul as the base map.
    #[arg(long, env = "BAEDAL_MAP_STYLE_URL")]
    pub map_style_url: Option<Url>,

    /// Raster tiles below the boundaries, as `https://tiles.example/{z}/{x}/{y}.png`.
    #[arg(long, env = "BAEDAL_MAP_TILE_URL", value_parser = tile_url)]
    pub map_tile_url: Option<String>,

    /// The attribution that the style's or the tiles' terms want.
    #[arg(long, env = "BAEDAL_MAP_ATTRIBUTION")]
    pub map_attribution: Option<String>,

    /// Further origins that the style loads from, as `https://fonts.example`.
    #[arg(long, env = "BAEDAL_MAP_ORIGINS", value_delimiter = ',')]
    pub map_origins: Vec<Url>,

    /// Accounts that the sign-in pages offer, as `owner:owner@example.com:password`, separated
    /// by commas.
    #[arg(long, env = "BAEDAL_DEMO_ACCOUNTS", default_value = "", hide_env_values = true)]
    pub demo_accounts: DemoAccounts,
}

fn tile_url(text: &str) -> Result<String, String> {
    let complete = ["{z}", "{x}", "{y}"].iter().all(|part| text.contains(part));
    match Url::parse(text) {
        Ok(_) if complete => Ok(text.to_owned()),
        Ok(_) => Err("a tile address holds {z}, {x} and {y}".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// An account of the demo city that the sign-in page offers.
#[derive(Clone, Debug, Serialize)]
pub struct DemoAccount {
    /// The page that it is for: `customer`, `courier`, `owner`, `agent` or `operator`.
    pub role: String,
    /// Its name at sign-in.
    pub email: String,
    /// Its password: the demo city has no secrets.
    pub password: String,
}

/// All of them; an empty text is none.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct DemoAccounts(Vec<DemoAccount>);

impl FromStr for DemoAccounts {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl FromStr for DemoAccount {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(3, ':').map(str::to_owned);
        let (Some(role), Some(email), Some(password)) = (parts.next(), parts.next(), parts.next()) else {
            return Err("an account is written as role:email:password");
        };
        Ok(Self { role, email, password })
    }
}

/// `/config.json`, as `web/src/lib/config.ts` reads it.
#[derive(Serialize)]
struct Config<'a> {
    map_style_url: Option<&'a Url>,
    map_tile_url: Option<&'a str>,
    map_attribution: Option<&'a str>,
    demo_accounts: &'a DemoAccounts,
}

/// The pages' routes; they stay out of the API's document.
pub fn routes<S: Clone + Send + Sync + 'static>(args: &PagesArgs) -> Router<S> {
    let config = serde_json::json!(Config {
        map_style_url: args.map_style_url.as_ref(),
        map_tile_url: args.map_tile_url.as_deref(),
        map_attribution: args.map_attribution.as_deref(),
        demo_accounts: &args.demo_accounts,
    });
    let policy = policy(args);
    Router::new()
        .route("/", get(async move |headers: HeaderMap| index(&headers, &policy)))
        .route("/icon.svg", get(async |headers: HeaderMap| file("icon.svg", &headers)))
        .route("/assets/{name}", get(asset))
        .route("/config.json", get(async move || ([(CACHE_CONTROL, "no-cache")], axum::Json(config))))
        // Fonts are compressed already.
        .layer(
            CompressionLayer::new()
                .compress_when(DefaultPredicate::new().and(NotForContentType::new("font/"))),
        )
}

async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    file(&format!("assets/{name}"), &headers)
}

fn index(headers: &HeaderMap, policy: &str) -> Response {
    let mut response = file("index.html", headers);
    let policy = HeaderValue::from_str(policy).unwrap_or(HeaderValue::from_static("default-src 'self'"));
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

fn file(path: &str, asked: &HeaderMap) -> Response {
    let Some(file) = Built::get(path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("\"{}\"", hex(&file));
    if asked.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response();
    }
    let kept = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = [
        (CONTENT_TYPE, content_type(path).into_owned()),
        (CACHE_CONTROL, kept.to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (ETAG, tag),
    ];
    (headers, file.data).into_response()
}

fn hex(file: &EmbeddedFile) -> String {
    file.metadata.sha256_hash()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn content_type(path: &str) -> Cow<'static, str> {
    // A module worker is refused unless it comes as JavaScript.
    if path.ends_with(".mjs") {
        return Cow::Borrowed("text/javascript");
    }
    if path.ends_with(".html") {
        return Cow::Borrowed("text/html; charset=utf-8");
    }
    if path.ends_with(".geojson") {
        return Cow::Borrowed("application/geo+json");
    }
    Cow::Owned(mime_guess::from_path(path).first_or_octet_stream().to_string())
}

/// The content security policy: ourselves, and the hosts of the operator's map.
fn policy(args: &PagesArgs) -> String {
    let tiles = args.map_tile_url.as_deref().and_then(|url| Url::parse(url).ok());
    let mut origins: Vec<String> = args
        .map_style_url
        .iter()
        .chain(&tiles)
        .chain(&args.map_origins)
        .map(|url| url.origin().ascii_serialization())
        .collect();
    origins.sort_unstable();
    origins.dedup();
    let map: String = origins.iter().map(|origin| format!(" {origin}")).collect();
    format!(
        "default-src 'self'; script-src 'self'; style-src 'self'; font-src 'self'; \
         img-src 'self' data: blob:{map}; connect-src 'self'{map}; worker-src 'self' blob:; \
         object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_comes_from_another_host_unless_the_map_needs_it() {
        assert!(!policy(&PagesArgs::default()).contains("http"));
        let args = PagesArgs {
            map_tile_url: Some("https://tiles.example/{z}/{x}/{y}.png".to_owned()),
            ..PagesArgs::default()
        };
        assert!(policy(&args).contains("connect-src 'self' https://tiles.example;"));
        assert!(policy(&args).contains("script-src 'self';"));
    }

    #[test]
    fn accounts_that_are_set_to_nothing_are_none() {
        let count = |text: &str| text.parse::<DemoAccounts>().map(|accounts| accounts.0.len());
        assert_eq!(count(""), Ok(0));
        assert_eq!(count("owner:o@example.com:a:b, courier:c@example.com:p"), Ok(2));
        assert!(count("owner").is_err());
    }

    #[test]
    fn a_tile_address_names_the_tile() {
        assert!(tile_url("https://tiles.example/{z}/{x}/{y}.png").is_ok());
        assert!(tile_url("https://tiles.example/map.png").is_err());
        assert!(tile_url("tiles").is_err());
    }

    #[test]
    fn modules_come_as_javascript() {
        assert_eq!(content_type("assets/worker-1a2b.mjs"), "text/javascript");
        assert_eq!(content_type("assets/gu-1a2b.geojson"), "application/geo+json");
        assert_eq!(content_type("icon.svg"), "image/svg+xml");
    }
}
