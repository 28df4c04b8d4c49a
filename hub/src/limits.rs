//! All limits of realtime, with their defaults. `realtime/PROTOCOL.md` documents them.

use std::time::Duration;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The hub's limits.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A client that missed more events than this gets a snapshot instead.
    pub replay_max: u32,
    /// Events kept in memory per channel for subscribers that lag a little.
    pub recent_kept: usize,
    /// How many events further back than requested are read, for other clients of the same
    /// reconnect storm that are a little further behind.
    pub history_margin: u32,
    /// How long history that was read for one client is kept for others of the same reconnect
    /// storm: longer than [`SocketLimits::reconnect_spread`].
    pub history_kept: Duration,
    /// How long a snapshot of a channel that shares snapshots is reused, while no event happens.
    pub snapshot_shared: Duration,
    /// How often latest values are checked for having turned stale.
    pub aged_every: Duration,
    /// How often the heads of all channels are compared with the journal.
    pub compare_every: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            replay_max: 500,
            recent_kept: 16,
            history_margin: 32,
            history_kept: Duration::from_secs(10),
            snapshot_shared: Duration::from_secs(1),
            aged_every: Duration::from_secs(1),
            compare_every: Duration::from_secs(3),
        }
    }
}

/// The limits of sockets.
#[derive(Clone, Debug)]
pub struct SocketLimits {
    /// Bytes of one client frame.
    pub frame_bytes: usize,
    /// Channels that one session may follow at once.
    pub subscriptions: usize,
    /// Open sockets of this process.
    pub sockets: usize,
    /// Open sockets from one network address in this process.
    pub sockets_per_address: usize,
    /// Sockets per second that one network address may open, sustained.
    pub upgrades_per_sec: u32,
    /// Sockets that one network address may open in a burst.
    pub upgrades_burst: u32,
    /// Networks without limits per address: this machine, and any proxy that hides many users
    /// behind one address.
    pub unlimited_networks: Vec<IpNet>,
    /// Open sockets of one user in this process.
    pub sockets_per_user: usize,
    /// Fixes per second that a courier may send, sustained.
    pub fixes_per_sec: u32,
    /// Delayed fixes per second that a courier may send beside the current ones, sustained: those
    /// that are older than [`old_fix_after`](Self::old_fix_after).
    pub old_fixes_per_sec: u32,
    /// The age at which a fix counts as delayed.
    pub old_fix_after: Duration,
    /// Fixes of either kind that may come in a burst.
    pub fixes_burst: u32,
    /// Frames per second that a user may send, sustained.
    pub frames_per_sec: u32,
    /// Frames that may come in a burst.
    pub frames_burst: u32,
    /// How many consecutive malformed frames, and how many requests beyond a limit, are tolerated
    /// before the socket closes.
    pub violation_budget: u32,
    /// The time after which one request beyond a limit is no longer counted.
    pub violation_returns: Duration,
    /// Bytes of log publications that may wait to be written.
    pub outbox_bytes: usize,
    /// Commands that may wait while one runs; beyond this, nothing is read.
    pub commands_waiting: usize,
    /// Batches of fixes that may wait for the position log; beyond this, nothing is read.
    pub batches_in_flight: usize,
    /// How long the client may take to send its first frame.
    pub auth_within: Duration,
    /// How often the server pings.
    pub heartbeat: Duration,
    /// Unanswered pings after which the socket closes.
    pub heartbeats_lost: u8,
    /// How long before its token expires a client is asked for a new one.
    pub reauth_before: Duration,
    /// Clients of a stopping process reconnect at a random time within this.
    pub reconnect_spread: Duration,
    /// How long the close of a socket may take.
    pub close_within: Duration,
    /// The size of the read buffer, which every idle socket holds; longer frames take several
    /// reads.
    pub read_buffer_bytes: usize,
    /// Written frames are buffered up to this size before they are flushed together.
    pub write_buffer_bytes: usize,
    /// Other origins whose pages may connect, such as `https://app.example`. A page may always
    /// connect to its own host.
    pub allowed_origins: Vec<String>,
}

impl Default for SocketLimits {
    fn default() -> Self {
        Self {
            frame_bytes: 128 * 1024,
            subscriptions: 64,
            sockets: 50_000,
            sockets_per_address: 1_000,
            upgrades_per_sec: 100,
            upgrades_burst: 1_000,
            unlimited_networks: loopback(),
            sockets_per_user: 5,
            fixes_per_sec: 10,
            old_fixes_per_sec: 200,
            old_fix_after: Duration::from_secs(60),
            fixes_burst: 500,
            frames_per_sec: 50,
            frames_burst: 200,
            violation_budget: 8,
            violation_returns: Duration::from_secs(10),
            outbox_bytes: 256 * 1024,
            commands_waiting: 32,
            batches_in_flight: 32,
            auth_within: Duration::from_secs(5),
            heartbeat: Duration::from_secs(25),
            heartbeats_lost: 2,
            reauth_before: Duration::from_secs(60),
            reconnect_spread: Duration::from_secs(5),
            close_within: Duration::from_secs(2),
            read_buffer_bytes: 1024,
            write_buffer_bytes: 4 * 1024,
            allowed_origins: Vec::new(),
        }
    }
}

/// This machine.
fn loopback() -> Vec<IpNet> {
    let v4 = Ipv4Net::new(std::net::Ipv4Addr::new(127, 0, 0, 0), 8).map(IpNet::V4);
    let v6 = Ipv6Net::new(std::net::Ipv6Addr::LOCALHOST, 128).map(IpNet::V6);
    v4.into_iter().chain(v6).collect()
}
