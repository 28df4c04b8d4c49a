//! Limits of realtime sockets, and the pages that may open them.

use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use hub::SocketLimits;
use ipnet::IpNet;
use url::Url;

use super::{millis, within};
use crate::processes::Networks;

/// Realtime sockets. Clients find most of these numbers in `realtime/PROTOCOL.md`.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Realtime sockets")]
pub(super) struct SocketArgs {
    /// Open sockets of this process.
    #[arg(long, env = "BAEDAL_SOCKETS", default_value_t = SocketLimits::default().sockets,
          value_parser = within::<usize>(1, 1_000_000))]
    pub sockets: usize,

    /// Open sockets from one network address in this process.
    #[arg(long, env = "BAEDAL_SOCKETS_PER_ADDRESS", default_value_t = SocketLimits::default().sockets_per_address,
          value_parser = within::<usize>(1, 1_000_000))]
    pub sockets_per_address: usize,

    /// Open sockets of one user in this process.
    #[arg(long, env = "BAEDAL_SOCKETS_PER_USER", default_value_t = SocketLimits::default().sockets_per_user,
          value_parser = within::<usize>(1, 10_000))]
    pub sockets_per_user: usize,

    /// Sockets a second that one network address may go on opening.
    #[arg(long, env = "BAEDAL_SOCKET_UPGRADES_PER_SEC", default_value_t = SocketLimits::default().upgrades_per_sec,
          value_parser = within::<u32>(1, 100_000))]
    pub socket_upgrades_per_sec: u32,

    /// Sockets that one network address may open at once.
    #[arg(long, env = "BAEDAL_SOCKET_UPGRADES_BURST", default_value_t = SocketLimits::default().upgrades_burst,
          value_parser = within::<u32>(1, 1_000_000))]
    pub socket_upgrades_burst: u32,

    /// Networks whose addresses have no limit of their own, as `10.0.0.0/8`: this
    /// machine, and whatever hides many people behind one address.
    #[arg(long, env = "BAEDAL_UNLIMITED_NETWORKS", default_value = loopback())]
    pub unlimited_networks: Networks,

    /// Pages of other origins that may connect, as `https://app.example`, separated by
    /// commas. A page of the very host it connects to always may.
    #[arg(long, env = "BAEDAL_ALLOWED_ORIGINS", default_value = "")]
    pub allowed_origins: Origins,

    /// Bytes of one client frame.
    #[arg(long, env = "BAEDAL_SOCKET_FRAME_BYTES", default_value_t = SocketLimits::default().frame_bytes,
          value_parser = within::<usize>(1_024, 1_048_576))]
    pub socket_frame_bytes: usize,

    /// Channels that one socket follows at once.
    #[arg(long, env = "BAEDAL_SOCKET_SUBSCRIPTIONS", default_value_t = SocketLimits::default().subscriptions,
          value_parser = within::<usize>(1, 10_000))]
    pub socket_subscriptions: usize,

    /// Fixes a second that a courier may sustain.
    #[arg(long, env = "BAEDAL_FIXES_PER_SEC", default_value_t = SocketLimits::default().fixes_per_sec,
          value_parser = within::<u32>(1, 10_000))]
    pub fixes_per_sec: u32,

    /// Fixes older than a minute that a courier may send a second beside these, after being
    /// offline.
    #[arg(long, env = "BAEDAL_OLD_FIXES_PER_SEC", default_value_t = SocketLimits::default().old_fixes_per_sec,
          value_parser = within::<u32>(1, 10_000))]
    pub old_fixes_per_sec: u32,

    /// Fixes of either kind that may come at once.
    #[arg(long, env = "BAEDAL_FIXES_BURST", default_value_t = SocketLimits::default().fixes_burst,
          value_parser = within::<u32>(1, 100_000))]
    pub fixes_burst: u32,

    /// Frames a second that a user may sustain.
    #[arg(long, env = "BAEDAL_FRAMES_PER_SEC", default_value_t = SocketLimits::default().frames_per_sec,
          value_parser = within::<u32>(1, 100_000))]
    pub frames_per_sec: u32,

    /// Frames that may come at once.
    #[arg(long, env = "BAEDAL_FRAMES_BURST", default_value_t = SocketLimits::default().frames_burst,
          value_parser = within::<u32>(1, 100_000))]
    pub frames_burst: u32,

    /// Frames that may be wrong, or above a rate, before the socket closes.
    #[arg(long, env = "BAEDAL_SOCKET_VIOLATIONS", default_value_t = SocketLimits::default().violation_budget,
          value_parser = within::<u32>(1, 10_000))]
    pub socket_violations: u32,

    /// Bytes of log events that may wait for a slow reader.
    #[arg(long, env = "BAEDAL_SOCKET_OUTBOX_BYTES", default_value_t = SocketLimits::default().outbox_bytes,
          value_parser = within::<usize>(4_096, 16_777_216))]
    pub socket_outbox_bytes: usize,

    /// Seconds that the first frame may take.
    #[arg(long, env = "BAEDAL_SOCKET_AUTH_SECS", default_value_t = SocketLimits::default().auth_within.as_secs(),
          value_parser = within::<u64>(1, 60))]
    pub socket_auth_secs: u64,

    /// Seconds between the server's pings; a socket that leaves two unanswered closes.
    #[arg(long, env = "BAEDAL_HEARTBEAT_SECS", default_value_t = SocketLimits::default().heartbeat.as_secs(),
          value_parser = within::<u64>(1, 600))]
    pub heartbeat_secs: u64,

    /// Milliseconds within which the clients of a process that stops come back, each at random.
    #[arg(long, env = "BAEDAL_RECONNECT_SPREAD_MS",
          default_value_t = millis(SocketLimits::default().reconnect_spread), value_parser = within::<u64>(0, 600_000))]
    pub reconnect_spread_ms: u64,
}

fn loopback() -> String {
    let networks = SocketLimits::default().unlimited_networks;
    networks.iter().map(IpNet::to_string).collect::<Vec<_>>().join(",")
}

/// Origins of pages; an empty text is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Origins(pub Vec<String>);

impl FromStr for Origins {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(origin).collect::<Result<_, _>>().map(Self)
    }
}

/// An origin as browsers write it: without a path or a trailing slash.
fn origin(text: &str) -> Result<String, String> {
    let origin = Url::parse(text).map_err(|error| error.to_string())?.origin();
    match origin.ascii_serialization() {
        written if origin.is_tuple() && written == text => Ok(written),
        written if origin.is_tuple() => Err(format!("an origin has no path: did you mean {written}?")),
        _ => Err("an origin is written as https://app.example".to_owned()),
    }
}

impl SocketArgs {
    pub(super) fn limits(&self) -> SocketLimits {
        SocketLimits {
            sockets: self.sockets,
            sockets_per_address: self.sockets_per_address,
            sockets_per_user: self.sockets_per_user,
            upgrades_per_sec: self.socket_upgrades_per_sec,
            upgrades_burst: self.socket_upgrades_burst,
            unlimited_networks: self.unlimited_networks.0.clone(),
            allowed_origins: self.allowed_origins.0.clone(),
            frame_bytes: self.socket_frame_bytes,
            subscriptions: self.socket_subscriptions,
            fixes_per_sec: self.fixes_per_sec,
            old_fixes_per_sec: self.old_fixes_per_sec,
            fixes_burst: self.fixes_burst,
            frames_per_sec: self.frames_per_sec,
            frames_burst: self.frames_burst,
            violation_budget: self.socket_violations,
            outbox_bytes: self.socket_outbox_bytes,
            auth_within: Duration::from_secs(self.socket_auth_secs),
            heartbeat: Duration::from_secs(self.heartbeat_secs),
            reconnect_spread: Duration::from_millis(self.reconnect_spread_ms),
            ..SocketLimits::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for good in ["https://app.example", "http://localhost:5173", "https://app.example:8443"] {
            assert_eq!(origin(good).as_deref(), Ok(good));
        }
        for bad in ["app.example", "https://app.example/", "https://app.example:443", "*", "null", "data:x"] {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }
}
