//! The commands that act as people: the simulated city, and a courier's phone that
//! pushes a recorded track. Both use only the public API.

use std::error::Error;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use sim::customer::DELIVERED;
use sim::responses::Place;
use sim::{city, demo, replay};

/// The simulated city.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Demo city")]
pub struct DemoArgs {
    /// The gateway.
    #[arg(long, env = "BAEDAL_URL", default_value = "http://127.0.0.1:9102")]
    url: String,

    /// What everybody's choices are drawn from.
    #[arg(long, default_value_t = 2026)]
    seed: u64,

    /// Customers who order.
    #[arg(long, default_value_t = 40)]
    customers: usize,

    /// Couriers who ride.
    #[arg(long, default_value_t = 60)]
    couriers: usize,

    /// Owners who cook.
    #[arg(long, default_value_t = 20)]
    owners: usize,

    /// Agents who answer.
    #[arg(long, default_value_t = 3)]
    agents: usize,

    /// New orders in a minute, of all customers together.
    #[arg(long, default_value_t = 12.0, value_parser = above_zero)]
    orders_per_min: f64,

    /// How hasty people are; 10 is ten times as fast as natural. Couriers ride at their own speed.
    #[arg(long, default_value_t = 1.0, value_parser = above_zero)]
    pace: f64,

    /// Stop when so many orders are delivered, instead of never.
    #[arg(long)]
    until_delivered: Option<u64>,

    /// Stop after so many seconds; an error where `--until-delivered` did not come true by then.
    #[arg(long)]
    at_most_secs: Option<u64>,
}

/// A recorded track.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Demo city")]
pub struct ReplayArgs {
    /// A GPX file whose points have times: a track, a route or waypoints.
    file: PathBuf,

    /// The courier's e-mail.
    #[arg(long)]
    courier: String,

    /// The courier's password; the demo city's by default.
    #[arg(long, env = "BAEDAL_PASSWORD", hide_env_values = true, default_value = city::PASSWORD)]
    password: String,

    /// How many times as fast as recorded. What no vehicle does, the server does not show.
    #[arg(long, default_value_t = 1.0, value_parser = above_zero)]
    speed: f64,

    /// Where the first point shall lie, as `37.5006,127.0365`; where it was recorded if left out.
    #[arg(long, value_parser = place)]
    at: Option<Place>,

    /// The longest pause between two points, in recorded seconds; a longer one is shortened to it.
    #[arg(long, value_parser = above_zero)]
    max_gap: Option<f64>,

    /// The gateway.
    #[arg(long, env = "BAEDAL_URL", default_value = "http://127.0.0.1:9102")]
    url: String,
}

impl DemoArgs {
    /// Runs the city until it is stopped.
    pub(crate) async fn run(self) -> Result<(), Box<dyn Error>> {
        let Self { url, seed, customers, couriers, owners, agents, orders_per_min, pace, .. } = self;
        let options = demo::Options {
            url,
            seed,
            customers,
            couriers,
            owners,
            agents,
            orders_per_min,
            pace,
            stop_after: self.at_most_secs.map(Duration::from_secs),
            stop_when_delivered: self.until_delivered,
        };
        let tally = demo::run(options).await?;
        tracing::info!(%tally, "everybody has left the city");
        match self.until_delivered {
            Some(enough) if tally.get(DELIVERED) < enough => {
                Err(format!("too few orders were delivered: {tally}").into())
            }
            _ => Ok(()),
        }
    }
}

impl ReplayArgs {
    /// Pushes the track to its end.
    pub(crate) async fn run(self) -> Result<(), Box<dyn Error>> {
        let Self { file, courier, password, speed, at, max_gap, url } = self;
        // A duration too large to represent is as good as no limit.
        let max_gap = max_gap.map(|secs| Duration::try_from_secs_f64(secs).unwrap_or(Duration::MAX));
        let options = replay::Options { file, courier, password, url, speed, at, max_gap };
        let outcome = replay::run(options).await?;
        tracing::info!(?outcome, "the replay is over");
        match outcome.unacknowledged {
            0 => Ok(()),
            left => Err(format!("{left} fixes were not acknowledged").into()),
        }
    }
}

fn above_zero(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err("a number above 0".to_owned()),
    }
}

fn place(text: &str) -> Result<Place, String> {
    let numbers = text
        .split_once(',')
        .and_then(|(lat, lon)| Some((f64::from_str(lat.trim()).ok()?, f64::from_str(lon.trim()).ok()?)));
    match numbers {
        Some((lat, lon)) if lat.abs() <= 90.0 && lon.abs() <= 180.0 => Ok(Place { lat, lon }),
        _ => Err("latitude and longitude in degrees, as 37.5006,127.0365".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_two_numbers_on_earth() {
        assert_eq!(place("37.5, 127"), Ok(Place { lat: 37.5, lon: 127.0 }));
        for wrong in ["", "37.5", "91,0", "0,181", "NaN,0", "a,b"] {
            assert!(place(wrong).is_err(), "{wrong}");
        }
    }
}
