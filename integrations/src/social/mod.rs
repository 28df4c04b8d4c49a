//! Companies that vouch for people: Kakao, Google, Apple and any other that speaks OpenID Connect
//! (`oidc`), and Naver, which does not (`naver`).
//!
//! - `settings`: the file that lists them;
//! - `oauth`: the exchange of a code, by the `oauth2` crate over a `Party`;
//! - `keys`: the keys of a provider, and what they have signed.

mod apple;
mod keys;
mod naver;
mod oauth;
mod oidc;
mod settings;

use std::sync::Arc;

use domain::Clock;
use services::auth::social::{Configured, Provider, Providers};

use crate::{Limits, OpenError};

pub(crate) use oauth::form;
pub use settings::{Company, Settings, SettingsError};

/// Creates the adapters of those that are configured.
pub(crate) fn open(
    settings: &Settings,
    limits: Limits,
    clock: &Arc<dyn Clock>,
) -> Result<Providers, OpenError> {
    let mut all = Vec::new();
    for one in &settings.providers {
        let clock = Arc::clone(clock);
        let provider: Box<dyn Provider> = match one.company {
            Company::Naver => Box::new(naver::Naver::open(one, limits)?),
            _ => Box::new(oidc::Oidc::open(one, limits, clock)?),
        };
        let redirect_uris =
            settings.redirect_uris.iter().map(|uri| uri.replace("{provider}", one.name.as_str())).collect();
        let issuer = one.issuer.clone();
        all.push((
            one.name.clone(),
            Configured { label: one.label.clone(), redirect_uris, issuer, provider },
        ));
    }
    Ok(Providers::new(all))
}
