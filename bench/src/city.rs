//! Who takes part in a scenario: written into the database at once by the server's
//! own binary, with an access token for each.

use serde::Deserialize;
use sim::responses::Place;
use tokio::process::Command;
use uuid::Uuid;

use crate::Outcome;
use crate::args::Options;
use crate::report::say;

/// Everybody.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct City {
    pub(crate) rides: Vec<Ride>,
    pub(crate) talks: Vec<Talk>,
    pub(crate) waiting: Vec<Waiting>,
    pub(crate) crowd: Option<Crowd>,
    pub(crate) shops: Vec<Shop>,
    /// Access tokens of customers who have nothing yet.
    pub(crate) customers: Vec<String>,
}

/// A courier with a live delivery, and the customer who waits for it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Ride {
    pub(crate) courier: String,
    pub(crate) customer: String,
    pub(crate) order: Uuid,
    pub(crate) start: Place,
}

/// A conversation, its customer and its agent.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Talk {
    pub(crate) conversation: Uuid,
    pub(crate) customer: String,
    pub(crate) agent_number: usize,
    pub(crate) agent: String,
}

/// A customer who waits for many orders.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Waiting {
    pub(crate) customer: String,
    pub(crate) orders: Vec<Uuid>,
}

/// Agents, and a conversation in their queue.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Crowd {
    pub(crate) conversation: Uuid,
    pub(crate) customer: String,
    pub(crate) agents: Vec<String>,
}

/// A restaurant without a menu, and its owner.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Shop {
    pub(crate) restaurant: Uuid,
    pub(crate) owner: String,
}

impl City {
    /// Makes one, as `[("rides", 5000)]`.
    pub(crate) async fn make(options: &Options, wanted: &[(&str, u32)]) -> Outcome<Self> {
        let told: Vec<String> = wanted.iter().map(|(what, count)| format!("{count} {what}")).collect();
        say(&format!("making a city of {}", told.join(", ")));
        let file = std::env::temp_dir().join(format!("baedal-bench-{}.json", std::process::id()));
        let mut command = Command::new(&options.server);
        command.arg("load-bench").arg("--out").arg(&file).env("BAEDAL_LOG", "warn");
        for (what, count) in wanted {
            command.arg(format!("--{what}")).arg(count.to_string());
        }
        let done = command.status().await?;
        let read = std::fs::read(&file);
        let _ = std::fs::remove_file(&file);
        if !done.success() {
            return Err("the city could not be made".into());
        }
        Ok(serde_json::from_slice(&read?)?)
    }
}
