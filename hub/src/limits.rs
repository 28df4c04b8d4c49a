//! Every number of realtime, with its default. `realtime/PROTOCOL.md` states them.

use std::time::Duration;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The hub's numbers.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Who missed more events than this gets a snapshot instead.
    pub replay_max: u32,
    /// Events kept per channel for those who lag a little.
    pub recent_kept: usize,
    /// Events that are read further back than a listener asks for, since others who
    /// lost their sockets with it were a little behind.
    pub history_margin: u32,
    /// How long history that was read for one listener is kept for others who
    /// come back with it: longer than [`SocketLimits::reconnect_spread`].
    pub history_kept: Duration,
    /// How long a snapshot of a channel that many watch is shown to others as well,
    /// while nothing happens there.
    pub snapshot_shared: Duration,
    /// How often positions are looked through for those that have turned stale.
    pub aged_every: Duration,
    /// How often the positions of all channels are compared with the journal.
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

/// A socket's numbers.
#[derive(Clone, Debug)]
pub struct SocketLimits {
    /// Bytes of one client frame.
    pub frame_bytes: usize,
    /// Channels that one session follows at once.
    pub subscriptions: usize,
    /// Open sockets of this process.
    pub sockets: usize,
    /// Open sockets from one network address in this process.
    pub sockets_per_address: usize,
    /// Sockets a second that one network address may go on opening.
    pub upgrades_per_sec: u32,
    /// Sockets that one network address may open at once.
    pub upgrades_burst: u32,
    /// Networks whose addresses have no limit of their own: this machine, and
    /// whatever hides many people behind one address.
    pub unlimited_networks: Vec<IpNet>,
    /// Open sockets of one user in this process.
    pub sockets_per_user: usize,
    /// Fixes a second that a courier may sustain.
    pub fixes_per_sec: u32,
    /// Fixes a second beside those that a courier may sustain who sends what waited: all
    /// that are older than [`old_fix_after`](Self::old_fix_after).
    pub old_fixes_per_sec: u32,
    /// From which age on a fix is one that waited.
    pub old_fix_after: Duration,
    /// Fixes of either kind that may come at once.
    pub fixes_burst: u32,
    /// Frames a second that a user may sustain.
    pub frames_per_sec: u32,
    /// Frames that may come at once.
    pub frames_burst: u32,
    /// Frames in a row that may be malformed, and wishes that may be beyond a limit, before
    /// the socket closes.
    pub violation_budget: u32,
    /// In which time the violation budget for one wish beyond a limit comes back.
    pub violation_returns: Duration,
    /// Bytes of log frames that may wait to be written.
    pub outbox_bytes: usize,
    /// Commands that may wait while one is done; beyond, nothing is read.
    pub commands_waiting: usize,
    /// Batches of fixes that may be on their way to the log; beyond, nothing is read.
    pub batches_in_flight: usize,
    /// How long the first frame may take.
    pub auth_within: Duration,
    /// How often the server pings.
    pub heartbeat: Duration,
    /// Unanswered pings until the socket closes.
    pub heartbeats_lost: u8,
    /// How long before its token expires a session is asked for a new one.
    pub reauth_before: Duration,
    /// Clients of a process that stops come back within this time, each at random.
    pub reconnect_spread: Duration,
    /// How long a closing socket may take.
    pub close_within: Duration,
    /// The socket's read buffer, which every idle socket holds; longer frames take several reads.
    pub read_buffer_bytes: usize,
    /// Written frames are gathered up to this size before they go out together.
    pub write_buffer_bytes: usize,
    /// Pages of other origins that may connect, as `https://app.example`. A page
    /// of the very host it connects to always may.
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

/// This machine itself.
fn loopback() -> Vec<IpNet> {
    let v4 = Ipv4Net::new(std::net::Ipv4Addr::new(127, 0, 0, 0), 8).map(IpNet::V4);
    let v6 = Ipv6Net::new(std::net::Ipv6Addr::LOCALHOST, 128).map(IpNet::V6);
    v4.into_iter().chain(v6).collect()
}
