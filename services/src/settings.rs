//! All configurable limits and durations with their defaults, one struct per concern.

use std::time::Duration;

use actor_kit::Limits;
use domain::order::{Terms, Times};

use crate::{auth, catalogue, images, limits, map, retention, system, tracking};

/// Filled in from the server's configuration; tests use shorter durations.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Limits of entities.
    pub entities: Limits,
    /// Tokens, sessions and passwords.
    pub auth: auth::Settings,
    /// Timeouts of orders.
    pub order: Times,
    /// What is agreed on when an order is made.
    pub terms: Terms,
    /// Timeouts of payments.
    pub payment: domain::payment::Times,
    /// The support desk.
    pub support: Support,
    /// Couriers, deliveries and dispatch.
    pub tracking: tracking::Settings,
    /// Limits of channels and their subscribers.
    pub live: hub::Limits,
    /// Rate limits of REST requests.
    pub limits: limits::Limits,
    /// Limits of realtime sockets.
    pub sockets: hub::SocketLimits,
    /// Limits of network connections before and between their requests.
    pub connections: ConnectionLimits,
    /// How long positions and events are kept.
    pub retention: retention::Settings,
    /// The restaurants in memory.
    pub catalogue: catalogue::Settings,
    /// Uploaded pictures.
    pub images: images::Settings,
    /// The operators' map.
    pub map: map::Settings,
    /// Sampling, and thresholds of health issues.
    pub system: system::Settings,
}

/// Limits of network connections, over all ports of the process.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Open connections; fewer if the process's limit of open files is lower.
    pub in_all: usize,
    /// Open connections from one network address, unless the address is exempt.
    pub per_address: usize,
    /// How long a request head may take, including the wait for it on a new connection.
    pub header_within: Duration,
    /// How long a connection may be idle after a response. Must be longer than the idle timeout
    /// of the gateway and other proxies, so that they never send on a connection that closes.
    pub idle: Duration,
    /// How long a body may take; each [`body_pace`](Self::body_pace) bytes received add a second.
    pub body_within: Duration,
    /// The minimum rate of a body after `body_within`, in bytes per second.
    pub body_pace: u32,
    /// The most bytes of a request head.
    pub header_bytes: usize,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            in_all: 60_000,
            per_address: 2_000,
            header_within: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            body_within: Duration::from_secs(10),
            body_pace: 16 * 1024,
            header_bytes: 64 * 1024,
        }
    }
}

/// Settings of the support desk.
#[derive(Clone, Copy, Debug)]
pub struct Support {
    /// How long an agent without a socket stays online, for example during a page reload.
    pub agent_grace: Duration,
    /// How long an agent who goes online by REST, without a socket, counts as present.
    pub agent_word: Duration,
    /// The interval between searches for agents whose process died.
    pub agent_sweep: Duration,
    /// How long a typing indicator lasts without renewal.
    pub typing_ttl: Duration,
}

impl Default for Support {
    fn default() -> Self {
        Self {
            agent_grace: Duration::from_secs(30),
            agent_word: Duration::from_secs(600),
            agent_sweep: Duration::from_secs(5),
            typing_ttl: Duration::from_secs(6),
        }
    }
}
