//! Who helps: third parties, each behind the small trait that `services` declares.
//!
//! A party over HTTP is called through `party`, which bounds how long it may take and leaves it
//! alone for a while when it does not answer. Its sandbox is a server in `sim/` that speaks
//! the same protocol, so that what is under test is what runs in production.

pub mod blobs;
mod breaker;
pub mod fcm;
mod nobody;
mod party;
pub mod resend;
pub mod solapi;
#[cfg(test)]
mod tests;
pub mod toss;

use std::sync::Arc;

use domain::{Clock, Ids};
use services::ThirdParties;

use nobody::Nobody;

pub use party::{ANSWER_WITHIN_MS, Limits, http_url};

/// Where third parties are, and what they may cost. Not to be logged: it holds their keys.
#[derive(Clone, Default)]
pub struct Settings {
    /// The payment gateway.
    pub toss: toss::Settings,
    /// Where files are kept.
    pub blobs: blobs::Settings,
    /// Who sends mail, if anybody.
    pub mail: Option<resend::Settings>,
    /// Who sends text messages, if anybody.
    pub sms: Option<solapi::Settings>,
    /// Who sends push notifications, if anybody.
    pub push: Option<fcm::Settings>,
    /// How long any of them may take.
    pub limits: Limits,
}

/// A third party cannot be called as it is configured.
#[derive(Debug, thiserror::Error)]
#[error("{party} cannot be called: {cause}")]
pub struct OpenError {
    /// Which one.
    pub party: &'static str,
    /// What is wrong with its settings.
    pub cause: String,
}

/// The third parties as they are configured; where none is, one that refuses. None is called yet.
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
    Ok(parties)
}
