//! Adapters to third parties, each behind the small trait that `services` declares.
//!
//! Third parties over HTTP are called through `party`, which adds timeouts, retries and a circuit
//! breaker. Their sandbox is a server in `sim/` with the same protocol, so that tests run the
//! production code.

pub mod blobs;
pub mod breached;
mod breaker;
pub mod fcm;
pub mod kakao_local;
mod nobody;
mod party;
mod pwned;
pub mod resend;
pub mod social;
pub mod solapi;
#[cfg(test)]
mod tests;
pub mod toss;

use std::path::PathBuf;
use std::sync::Arc;

use domain::{Clock, Ids};
use services::ThirdParties;

use breached::BreachFilter;
use nobody::Nobody;

pub use party::{ANSWER_WITHIN_MS, Limits, http_url};

/// Addresses, keys and limits of third parties. Never log it: it holds their keys.
#[derive(Clone, Default)]
pub struct Settings {
    /// The payment gateway.
    pub toss: toss::Settings,
    /// The storage of files.
    pub blobs: blobs::Settings,
    /// The sender of mail, if any.
    pub mail: Option<resend::Settings>,
    /// The sender of text messages, if any.
    pub sms: Option<solapi::Settings>,
    /// The sender of push notifications, if any.
    pub push: Option<fcm::Settings>,
    /// The geocoder, if any.
    pub geocoder: Option<kakao_local::Settings>,
    /// The companies that vouch for people.
    pub social: social::Settings,
    /// The file of a filter of stolen passwords, if any.
    pub breach_filter: Option<PathBuf>,
    /// Where the range API of Have I Been Pwned begins, if it is asked.
    pub pwned_url: Option<String>,
    /// Timeouts, retries and the circuit breaker of each.
    pub limits: Limits,
}

/// The settings of a third party are invalid.
#[derive(Debug, thiserror::Error)]
#[error("{party} cannot be called: {cause}")]
pub struct OpenError {
    /// The name of the party.
    pub party: &'static str,
    /// What is wrong with its settings.
    pub cause: String,
}

/// Creates the adapters for the configured third parties, and `Nobody` for the others. Makes no
/// call yet.
pub fn open(
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    ids: &Arc<dyn Ids>,
) -> Result<ThirdParties, OpenError> {
    let limits = settings.limits;
    let mut parties = ThirdParties {
        gateway: Box::new(toss::Toss::open(&settings.toss, limits)?),
        blobs: Box::new(Nobody),
        mail: Box::new(Nobody),
        sms: Box::new(Nobody),
        push: Box::new(Nobody),
        geocoder: Box::new(Nobody),
        providers: social::open(&settings.social, limits, clock)?,
        breached: Vec::new(),
    };
    if let Some(store) = blobs::open(&settings.blobs, limits)? {
        parties.blobs = Box::new(store);
    }
    if let Some(mail) = &settings.mail {
        parties.mail = Box::new(resend::Resend::open(mail, limits)?);
    }
    if let Some(sms) = &settings.sms {
        parties.sms = Box::new(solapi::Solapi::open(sms, limits, Arc::clone(clock), Arc::clone(ids))?);
    }
    if let Some(push) = &settings.push {
        parties.push = Box::new(fcm::Fcm::open(push, limits, Arc::clone(clock))?);
    }
    if let Some(file) = &settings.breach_filter {
        parties.breached.push(Box::new(BreachFilter::open(file)?));
    }
    if let Some(url) = &settings.pwned_url {
        parties.breached.push(Box::new(pwned::PwnedPasswords::open(url, limits)?));
    }
    if let Some(geocoder) = &settings.geocoder {
        parties.geocoder = Box::new(kakao_local::KakaoLocal::open(geocoder, limits)?);
    }
    Ok(parties)
}
