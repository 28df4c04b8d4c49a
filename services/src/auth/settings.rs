//! Settings of tokens, sessions and passwords.

use std::time::Duration;

use chrono::TimeDelta;
use domain::auth::{Lockout, SessionLife, SigningAlg};

/// Tokens, sessions and passwords.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The issuer of tokens (`iss`).
    pub issuer: String,
    /// The audience of tokens (`aud`).
    pub audience: String,
    /// The lifetime of an access token. Default 10 min.
    pub access_life: TimeDelta,
    /// How new keys of access tokens sign: a newest key that signs otherwise is replaced. `None`,
    /// for commands that run beside the servers, keeps to what the newest key does. Default ES256.
    pub signing_alg: Option<SigningAlg>,
    /// How long a key of access tokens signs. Default 30 days.
    pub signing_key_life: TimeDelta,
    /// How long a key of refresh tokens signs. Default 180 days.
    pub session_key_life: TimeDelta,
    /// How long a key is public before it signs. Default 1 h.
    pub key_ahead: TimeDelta,
    /// The interval between two looks at the keys. Default 1 s.
    pub key_poll: Duration,
    /// How long a session lasts. Default 30 days after its last refresh, and 180 after its proof.
    pub session_life: SessionLife,
    /// The cost of hashing a password.
    pub hash: HashCost,
    /// The limits on wrong passwords.
    pub lockout: Lockout,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            issuer: "https://baedal.example".to_owned(),
            audience: "baedal".to_owned(),
            access_life: TimeDelta::minutes(10),
            signing_alg: Some(SigningAlg::Es256),
            signing_key_life: TimeDelta::days(30),
            session_key_life: TimeDelta::days(180),
            key_ahead: TimeDelta::hours(1),
            key_poll: Duration::from_secs(1),
            session_life: SessionLife { idle: TimeDelta::days(30), absolute: TimeDelta::days(180) },
            hash: HashCost::default(),
            lockout: Lockout::default(),
        }
    }
}

/// The cost parameters of argon2id. The default is the minimum that OWASP recommends; tests
/// use a cheaper one.
#[derive(Clone, Copy, Debug)]
pub struct HashCost {
    /// Memory, KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
    /// How many hashes may run at the same time: each takes a whole core. Default 1, so that on a
    /// machine of two other requests have the other one.
    pub at_once: usize,
}

impl Default for HashCost {
    fn default() -> Self {
        Self { memory_kib: 19_456, passes: 2, lanes: 1, at_once: 1 }
    }
}
