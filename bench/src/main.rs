//! Load benchmarks of Baedal. Each scenario runs beside its baseline in the same run.
//!
//! Server, baselines and load run in separate processes. Sockets come from many loopback
//! addresses, as from many phones. See `bench/README.md`.

mod args;
mod baseline;
mod catalogue;
mod chaos;
mod chat;
mod chat_load;
mod checkout;
mod city;
mod database;
mod entities;
mod fan_out;
mod fastapi;
mod fixtures;
mod hot;
mod html;
mod http;
mod identity;
mod idle;
mod idle_load;
mod latency;
mod live_map;
mod live_map_load;
mod net;
mod process;
mod replay;
mod report;
mod stalled;
mod storm;
mod target;
mod text;
mod worker;

use std::error::Error;

use clap::{Parser, ValueEnum};

use args::{Bench, Options, Role, Scenario};
use worker::{Job, Orders};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Any error ends the bench.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let Bench { scenarios, options, role } = Bench::parse();
    match role {
        Some(Role::Load) => load(),
        Some(Role::Chaos(args)) => chaos::run(&args).await,
        Some(Role::Relay) => baseline::relay().await,
        Some(Role::Shout) => baseline::shout().await,
        Some(Role::Echo) => baseline::echo().await,
        None => bench(&scenarios, &options).await,
    }
}

async fn bench(scenarios: &[Scenario], options: &Options) -> Outcome<()> {
    target::migrate(options).await?;
    let chosen = if scenarios.is_empty() { Scenario::value_variants() } else { scenarios };
    for scenario in chosen {
        let report = match scenario {
            Scenario::Idle => idle::run(options).await?,
            Scenario::LiveMap => live_map::run(options).await?,
            Scenario::FanOut => fan_out::run(options).await?,
            Scenario::Storm => storm::run(options).await?,
            Scenario::Stalled => stalled::run(options).await?,
            Scenario::Entities => entities::run(options).await?,
            Scenario::Hot => hot::run(options).await?,
            Scenario::Chat => chat::run(options).await?,
            Scenario::Identity => identity::run(options).await?,
            Scenario::Catalogue => catalogue::run(options).await?,
            Scenario::Checkout => checkout::run(options).await?,
        };
        report.print();
        report.write(&options.reports)?;
    }
    Ok(())
}

fn load() -> Outcome<()> {
    match Orders::open()? {
        (Job::Ride(job), orders) => live_map_load::play(job, &orders),
        (Job::Idle(job), orders) => idle_load::play(job, &orders),
        (Job::Talk(job), orders) => chat_load::play(job, &orders),
    }
}
