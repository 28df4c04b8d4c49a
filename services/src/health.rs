//! Whether requests can be served.

use domain::Failure;

use crate::App;

/// Refused as unavailable unless everything that a request needs answers.
pub async fn ready(app: &App) -> Result<(), Failure> {
    Ok(app.store.ping().await?)
}
