//! Every number that is our choice, one struct for each concern, with its default.

use std::time::Duration;

use actor_kit::Limits;
use domain::order::Times;

use crate::{auth, limits, map, retention, system, tracking};

/// What the server's configuration fills in and tests shorten.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What entities may cost.
    pub entities: Limits,
    /// Tokens, sessions and passwords.
    pub auth: auth::Settings,
    /// How long an order waits for what.
    pub order: Times,
    /// How long a payment waits for what.
    pub payment: domain::payment::Times,
    /// The support desk.
    pub support: Support,
    /// Couriers, deliveries and dispatch.
    pub tracking: tracking::Settings,
    /// How channels are followed.
    pub live: hub::Limits,
    /// How often somebody may ask.
    pub limits: limits::Limits,
    /// What a realtime socket may cost.
    pub sockets: hub::SocketLimits,
    /// What a network connection may cost before and between its requests.
    pub connections: ConnectionLimits,
    /// How long positions and events are kept.
    pub retention: retention::Settings,
    /// The operators' map.
    pub map: map::Settings,
    /// When operators are told.
    pub system: system::Settings,
}

/// Network connections, on all ports of the process together.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Open connections; fewer where the process may not open as many files.
    pub in_all: usize,
    /// Open connections from one network address, where that has a limit.
    pub per_address: usize,
    /// How long the head of a request may take, and a new connection until then.
    pub header_within: Duration,
    /// How long a connection may rest after an answer. Longer than the gateway and
    /// other proxies keep theirs, so that they never send into one that closes.
    pub idle: Duration,
    /// How long a body may take; each [`body_pace`](Self::body_pace) that came adds a second.
    pub body_within: Duration,
    /// Bytes of a body that must come in a second, once `body_within` is used up.
    pub body_pace: u32,
    /// Bytes of a request's head.
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

/// The support desk's choices.
#[derive(Clone, Copy, Debug)]
pub struct Support {
    /// How long an agent without any socket stays online: a reload, a tunnel.
    pub agent_grace: Duration,
    /// How long an agent who says that they are there, without a socket, is believed.
    pub agent_word: Duration,
    /// How often agents whose process died are looked for.
    pub agent_sweep: Duration,
    /// How long somebody is typing who is not heard of again.
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
