//! Every number that is our choice, one struct for each concern, with its default.

use std::time::Duration;

use actors::kit::Limits;

/// What the server's configuration fills in and tests shorten.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What entities may cost.
    pub entities: Limits,
    /// The support desk.
    pub support: Support,
}

/// The support desk's choices.
#[derive(Clone, Copy, Debug)]
pub struct Support {
    /// How long an agent without any socket stays online: a reload, a tunnel.
    pub agent_grace: Duration,
    /// How long somebody is typing who is not heard of again.
    pub typing_ttl: Duration,
}

impl Default for Support {
    fn default() -> Self {
        Self { agent_grace: Duration::from_secs(30), typing_ttl: Duration::from_secs(6) }
    }
}
