//! The worker that seals what was written before there was a vault.

use domain::Failure;
use store::vault;

use crate::App;
use crate::module::{Module, Stopping};

/// The worker. It looks again now and then: while a version is rolled out, processes of the one
/// before still write in the plain.
pub(crate) fn module() -> Module {
    Module::default().worker("vault", seal_plain)
}

async fn seal_plain(app: App, mut stopping: Stopping) -> Result<(), Failure> {
    loop {
        for column in vault::SEALED {
            let sealed = vault::seal_plain(&app.store, column).await?;
            if sealed > 0 {
                tracing::info!(purpose = column.purpose, sealed, "what was plain is sealed");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(app.settings.retention.every) => {}
            () = &mut stopping => return Ok(()),
        }
    }
}
