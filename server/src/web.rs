//! The pages: the build output of `web/`, and the operator's settings for it.
//!
//! - `files`: the built files, each at its own path, whatever the build contains;
//! - `street_map`: a map with streets, read from one file;
//! - the content security policy allows nothing from other hosts, except those
//!   that the operator's map needs, and the script that opens the payment window.

mod files;
mod street_map;

use std::str::FromStr;

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::routing::get;
use clap::Args;
use http_adapters::kit::Compressible;
use serde::Serialize;
use tower_http::compression::CompressionLayer;
use url::Url;

pub use street_map::{NoMap, StreetMap};

/// What the operator chooses for the pages.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Pages")]
pub struct PagesArgs {
    /// A map with streets: a PMTiles archive of version 3 in the Protomaps schema, as the path of
    /// a .pmtiles file, which the gateway serves, or as the address of one. Unset: the boundaries
    /// of Seoul alone.
    #[arg(long, env = "BAEDAL_MAP", default_value = "")]
    pub map: StreetMap,

    /// A MapLibre style that replaces the boundaries of Seoul as the base map.
    #[arg(long, env = "BAEDAL_MAP_STYLE_URL")]
    pub map_style_url: Option<Url>,

    /// Raster tiles below the boundaries, as `https://tiles.example/{z}/{x}/{y}.png`.
    #[arg(long, env = "BAEDAL_MAP_TILE_URL", value_parser = tile_url)]
    pub map_tile_url: Option<String>,

    /// The attribution that the terms of the map, the style or the tiles want; if not given,
    /// OpenStreetMap's where a map with streets is set.
    #[arg(long, env = "BAEDAL_MAP_ATTRIBUTION")]
    pub map_attribution: Option<String>,

    /// Further origins that the style loads from, as `https://fonts.example`.
    #[arg(long, env = "BAEDAL_MAP_ORIGINS", value_delimiter = ',')]
    pub map_origins: Vec<Url>,

    /// Accounts that the sign-in pages offer, as `owner:owner@example.com:password`, separated
    /// by commas.
    #[arg(long, env = "BAEDAL_DEMO_ACCOUNTS", default_value = "", hide_env_values = true)]
    pub demo_accounts: DemoAccounts,

    /// Where the sandbox shows what it sent, which pages that wait for a code link to. Unset: they
    /// link to nothing.
    #[arg(long, env = "BAEDAL_MAILBOX_URL")]
    pub mailbox_url: Option<Url>,
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
    /// The e-mail to sign in with.
    pub email: String,
    /// Its password; in the demo city it is not a secret.
    pub password: String,
}

/// All demo accounts; an empty text is none.
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

/// `/config.json`, which `web/src/lib/config.ts` reads.
#[derive(Serialize)]
struct Config<'a> {
    map: Option<&'a str>,
    map_style_url: Option<&'a Url>,
    map_tile_url: Option<&'a str>,
    map_attribution: Option<&'a str>,
    demo_accounts: &'a DemoAccounts,
    mailbox_url: Option<&'a Url>,
}

/// The pages' routes; they are not part of the OpenAPI document. `payment_script` is the address of
/// the script that opens the payment window.
pub fn routes<S: Clone + Send + Sync + 'static>(args: &PagesArgs, payment_script: &str) -> Router<S> {
    let config = serde_json::json!(Config {
        map: args.map.address(),
        map_style_url: args.map_style_url.as_ref(),
        map_tile_url: args.map_tile_url.as_deref(),
        map_attribution: args.attribution(),
        demo_accounts: &args.demo_accounts,
        mailbox_url: args.mailbox_url.as_ref(),
    });
    let policy = HeaderValue::from_str(&policy(args, payment_script))
        .unwrap_or(HeaderValue::from_static("default-src 'self'"));
    let pages = get(async move |request: Request| files::serve(policy, request).await);
    let pages = pages.fallback(files::not_allowed);
    Router::new()
        .route("/config.json", get(async move || ([(CACHE_CONTROL, "no-cache")], axum::Json(config))))
        .route("/", pages.clone())
        // Every other route takes precedence over this one.
        .route("/{*path}", pages)
        // At the usual level, not the API's fastest one: many clients read the same files.
        .layer(CompressionLayer::new().compress_when(Compressible))
        .merge(args.map.routes())
}

impl PagesArgs {
    fn attribution(&self) -> Option<&str> {
        let given = self.map_attribution.as_deref().filter(|words| !words.trim().is_empty());
        given.or_else(|| self.map.address().map(|_| street_map::ATTRIBUTION))
    }
}

/// The content security policy: this host, the hosts of the operator's map, and for scripts the host
/// of the payment window's.
fn policy(args: &PagesArgs, payment_script: &str) -> String {
    let payment = Url::parse(payment_script).map(|url| format!(" {}", url.origin().ascii_serialization()));
    let payment = payment.unwrap_or_default();
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
    let streets = args.map.origin().filter(|origin| !origins.contains(origin));
    let streets = streets.map(|origin| format!(" {origin}")).unwrap_or_default();
    format!(
        "default-src 'self'; script-src 'self'{payment}; style-src 'self'; font-src 'self'; \
         img-src 'self' data: blob:{map}; connect-src 'self'{map}{streets}; worker-src 'self' blob:; \
         manifest-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_comes_from_another_host_unless_the_map_needs_it() {
        assert!(!policy(&PagesArgs::default(), "").contains("http"));
        let args = PagesArgs {
            map_tile_url: Some("https://tiles.example/{z}/{x}/{y}.png".to_owned()),
            ..PagesArgs::default()
        };
        assert!(policy(&args, "").contains("connect-src 'self' https://tiles.example;"));
        assert!(policy(&args, "").contains("script-src 'self';"));
    }

    #[test]
    fn of_the_payment_company_comes_a_script_and_nothing_else() {
        let policy = policy(&PagesArgs::default(), "https://js.pay.example/v2/standard");
        assert!(policy.contains("script-src 'self' https://js.pay.example;"), "{policy}");
        assert_eq!(policy.matches("http").count(), 1, "{policy}");
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
    fn streets_from_elsewhere_are_connected_to_and_nothing_else_comes_from_there() {
        let map: StreetMap = "https://maps.example/seoul.pmtiles".parse().unwrap();
        let mut args = PagesArgs { map, ..PagesArgs::default() };
        assert!(policy(&args, "").contains("connect-src 'self' https://maps.example;"));
        assert_eq!(policy(&args, "").matches("maps.example").count(), 1);
        assert_eq!(args.attribution(), Some("© OpenStreetMap"));
        args.map_attribution = Some("© Protomaps © OpenStreetMap".to_owned());
        assert_eq!(args.attribution(), Some("© Protomaps © OpenStreetMap"));
        assert_eq!(PagesArgs::default().attribution(), None);
    }
}
