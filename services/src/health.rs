//! Whether requests can be served.

use domain::Failure;

use crate::App;

/// Whether requests are served in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// Everything works.
    Ready,
    /// Requests are served, but something is missing; the reason is a stable code.
    Degraded(&'static str),
}

/// Refuses as unavailable if the database does not answer.
pub async fn ready(app: &App) -> Result<Readiness, Failure> {
    app.store.ping().await?;
    // Commands and events of this process still work; events of other processes are late.
    Ok(if app.fabric().is_joined() { Readiness::Ready } else { Readiness::Degraded("redis_unreachable") })
}
