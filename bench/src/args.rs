//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Load scenarios, each beside its baseline in the same run. They write to the
/// database of DATABASE_URL, which should be one to throw away; `./dev bench` makes one.
#[derive(Debug, Parser)]
#[command(version, about, args_conflicts_with_subcommands = true)]
pub(crate) struct Bench {
    /// Which; all, if none is named.
    #[arg(value_enum)]
    pub(crate) scenarios: Vec<Scenario>,

    #[command(flatten)]
    pub(crate) options: Options,

    #[command(subcommand)]
    pub(crate) role: Option<Role>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// Authenticated sockets with two subscriptions each that do nothing.
    Idle,
    /// Couriers push fixes over sockets; each is watched on the map by one customer.
    LiveMap,
    /// One channel, thousands of watchers.
    FanOut,
    /// All sockets are lost at once and come back.
    Storm,
    /// Some watchers stop reading while the others go on.
    Stalled,
    /// Orders that are active, all at once.
    Entities,
    /// One chat and one courier far above their limits.
    Hot,
    /// Conversations, each message durable, told and read.
    Chat,
    /// Password sign-ins beside other requests, refreshes, and the end of thousands of sessions.
    Identity,
    /// Lists, searches and suggestions over restaurants of the whole country.
    Catalogue,
    /// Customers order and pay, as fast as they are served.
    Checkout,
}

/// What else this binary does: the fault suite, and what the processes do that the bench starts.
#[derive(Debug, Subcommand)]
pub(crate) enum Role {
    /// Load runs, things break, and a checker looks whether every promise was kept.
    Chaos(crate::chaos::Chaos),
    /// Be many clients, as standard input says.
    #[command(hide = true)]
    Load,
    /// The baseline of live-map: hand frames from one socket to another, nothing more.
    #[command(hide = true)]
    Relay,
    /// The baseline of fan-out: hand every frame to everybody.
    #[command(hide = true)]
    Shout,
    /// The baseline of idle: an echo.
    #[command(hide = true)]
    Echo,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// The server's binary.
    #[arg(long, default_value = "target/release/baedal")]
    pub(crate) server: PathBuf,

    /// The first of the thirteen ports of the server that is started.
    #[arg(long, default_value_t = 19101)]
    pub(crate) first_port: u16,

    /// Rounds; medians are told, with the least and the most.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) rounds: u32,

    /// Seconds of one round that are counted.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) seconds: u32,

    /// How much of the scenario's size: 0.1 is a tenth of the people, for a machine
    /// that has other things to do. Targets are meant for 1.
    #[arg(long, default_value_t = 1.0, value_parser = share)]
    pub(crate) scale: f64,

    /// Where the reports go.
    #[arg(long, default_value = "bench/reports")]
    pub(crate) reports: PathBuf,
}

impl Options {
    /// A number of people, at the scale that was asked for.
    pub(crate) fn scaled(&self, full: u32) -> u32 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a u32")]
        let scaled = (f64::from(full) * self.scale).round() as u32;
        scaled.max(1)
    }

    pub(crate) fn secs(&self) -> f64 {
        f64::from(self.seconds)
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if share > 0.0 && share <= 1.0 => Ok(share),
        _ => Err("a number above 0, and 1 at most".to_owned()),
    }
}
