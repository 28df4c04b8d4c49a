//! How fast Baedal is: load scenarios, each beside its baseline in the same run.
//!
//! The load comes from this process, the server and the baselines run in
//! their own; sockets come from many loopback addresses, as from many phones.

mod args;
mod baseline;
mod chaos;
mod crowd;
mod idle;
mod live_map;
mod load;
mod process;
mod report;
mod target;

use std::error::Error;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// What can go wrong here ends the bench.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    match args::Bench::parse().scenario {
        args::Scenario::LiveMap(args) => live_map::run(&args).await,
        args::Scenario::Idle(args) => idle::run(&args).await,
        args::Scenario::Chaos(args) => chaos::run(&args).await,
        args::Scenario::Relay => baseline::relay().await,
        args::Scenario::Echo => baseline::echo().await,
    }
}
