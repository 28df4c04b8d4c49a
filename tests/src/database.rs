//! What a server asked PostgreSQL ([`TestApp::watched_server`](crate::TestApp::watched_server)).

use store::scratch::{Asked, PING};

/// Parts of the statements that workers send all the time, and the ping of the pool.
const ASKED_ANYWAY: [&str; 10] = [
    "graphile_worker",
    // The engine looks for workers that died, and what is out of retention is dropped; with their `COMMIT`s.
    "pg_try_advisory_xact_lock(",
    "privacy.kept_since",
    "from auth.sessions where ended_at",
    "from auth.signing_keys",
    "from auth.session_keys",
    "pg_snapshot_xmin(pg_current_snapshot())",
    "changed::text::int8 as \"changed!\" from menu.cards",
    "changed::text::int8 as \"changed!\" from restaurant.restaurants",
    PING,
];

/// The round trips since the last call, but for those that workers make all the time.
pub fn round_trips(asked: &Asked) -> Vec<String> {
    let mut asked = asked.take();
    asked.retain(|line| !ASKED_ANYWAY.iter().any(|part| line.contains(part)));
    asked
}
