//! What tokens, sessions and passwords are held to.

use chrono::TimeDelta;
use domain::auth::Lockout;

/// Tokens, sessions and passwords.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who issues tokens (`iss`).
    pub issuer: String,
    /// Whom they are for (`aud`).
    pub audience: String,
    /// How long an access token is good.
    pub access_life: TimeDelta,
    /// How long a session lasts from its last refresh.
    pub session_life: TimeDelta,
    /// What hashing a password costs.
    pub hash: HashCost,
    /// How hard guessing passwords is made.
    pub lockout: Lockout,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            issuer: "https://baedal.example".to_owned(),
            audience: "baedal".to_owned(),
            access_life: TimeDelta::minutes(10),
            session_life: TimeDelta::days(30),
            hash: HashCost::default(),
            lockout: Lockout::default(),
        }
    }
}

/// What hashing a password with argon2id costs. The default is the least that
/// OWASP recommends; tests make it cheap.
#[derive(Clone, Copy, Debug)]
pub struct HashCost {
    /// Memory, KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
    /// How many are hashed at the same time.
    pub at_once: usize,
}

impl Default for HashCost {
    fn default() -> Self {
        Self { memory_kib: 19_456, passes: 2, lanes: 1, at_once: 2 }
    }
}
