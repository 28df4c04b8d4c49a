//! Who helps: third parties over HTTP, each behind the small trait that `services` declares.
//!
//! A party is called through `party`, which bounds how long it may take and leaves it
//! alone for a while when it does not answer. Its sandbox is a server in `sim/` that speaks
//! the same protocol, so that what is under test is what runs in production.

mod breaker;
mod party;
#[cfg(test)]
mod tests;
pub mod toss;

use services::ThirdParties;

pub use party::{ANSWER_WITHIN_MS, Limits, http_url};

/// Where third parties are, and what they may cost. Not to be logged: it holds their keys.
#[derive(Clone, Default)]
pub struct Settings {
    /// The payment gateway.
    pub toss: toss::Settings,
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

/// The third parties as they are configured. Nobody is called yet.
pub fn open(settings: &Settings) -> Result<ThirdParties, OpenError> {
    Ok(ThirdParties { gateway: Box::new(toss::Toss::open(&settings.toss, settings.limits)?) })
}
