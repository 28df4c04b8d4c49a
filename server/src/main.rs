//! The `baedal` binary.

use std::io::Write as _;
use std::process::ExitCode;

use server::cli::Cli;

/// Packs the small allocations of many sockets and actors into few pages.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match Cli::read().run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if tracing::dispatcher::has_been_set() {
                tracing::error!(%error, "stopped");
            } else {
                // The log could not be started.
                let _ = writeln!(std::io::stderr(), "baedal: {error}");
            }
            ExitCode::FAILURE
        }
    }
}
