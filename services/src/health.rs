//! Whether requests can be served.

use domain::Failure;

use crate::App;

/// How well requests are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// As they should be.
    Ready,
    /// All the same, but something is missing; the reason is a stable code.
    Degraded(&'static str),
}

/// Refused as unavailable unless everything that a request needs answers.
pub async fn ready(app: &App) -> Result<Readiness, Failure> {
    app.store.ping().await?;
    // Commands and this process's own streams go on; other processes' are late.
    Ok(if app.fabric().is_joined() { Readiness::Ready } else { Readiness::Degraded("redis_unreachable") })
}
