//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Load scenarios, each beside its baseline in the same run.
#[derive(Debug, Parser)]
#[command(version, about)]
pub(crate) struct Bench {
    #[command(subcommand)]
    pub(crate) scenario: Scenario,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Scenario {
    /// Couriers push fixes over sockets; each is watched on the map by one customer.
    LiveMap(LiveMap),
    /// Authenticated sockets with two subscriptions each that do nothing.
    Idle(Idle),
    /// Load runs, things break, and a checker looks whether every promise was kept.
    Chaos(crate::chaos::Chaos),
    /// The baseline of live-map: hands frames from one socket to another, nothing more.
    #[command(hide = true)]
    Relay,
    /// The baseline of idle: an echo.
    #[command(hide = true)]
    Echo,
}

/// The server under load.
#[derive(Debug, Args)]
pub(crate) struct Server {
    /// The server's binary, which is started on DATABASE_URL and stopped afterwards. Use a
    /// database of its own: the scenarios leave accounts and orders behind.
    #[arg(long, default_value = "target/release/baedal")]
    pub(crate) server: PathBuf,

    /// The first of the thirteen ports for the server that is started.
    #[arg(long, default_value_t = 19101)]
    pub(crate) first_port: u16,

    /// A gateway that runs already, instead of starting one; needs --pid.
    #[arg(long, requires = "pid")]
    pub(crate) url: Option<String>,

    /// The process of that gateway, whose CPU time and memory are read from /proc.
    #[arg(long, requires = "url")]
    pub(crate) pid: Option<u32>,

    /// Where to write the figures as JSON, too.
    #[arg(long)]
    pub(crate) json: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct LiveMap {
    #[command(flatten)]
    pub(crate) server: Server,

    /// Couriers on the road, each with an order that was picked up.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=8000))]
    pub(crate) couriers: u32,

    /// Fixes per second and courier.
    #[arg(long, default_value_t = 1.0, value_parser = rate)]
    pub(crate) rate: f64,

    /// Seconds of one round, after two seconds that are not counted.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) seconds: u64,

    /// Rounds; the median of each figure is printed.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) rounds: u32,
}

#[derive(Debug, Args)]
pub(crate) struct Idle {
    #[command(flatten)]
    pub(crate) server: Server,

    /// Sockets, each with two subscriptions.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(20..=15000))]
    pub(crate) sockets: u32,
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if (0.1..=10.0).contains(&rate) => Ok(rate),
        _ => Err("a number from 0.1 to 10, which is what a courier may send".to_owned()),
    }
}
