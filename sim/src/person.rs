//! What all simulated people share: random choices and delays drawn from a
//! seed, and counts of what they did.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::api::{Api, ApiError};
use crate::ledger::Anomaly;
use crate::responses::Tokens;
use crate::socket::{AskError, Heard, ReconnectPolicy, Socket};

/// Why a person gave up what they were doing.
#[derive(Debug, thiserror::Error)]
pub enum PersonError {
    /// REST refused or failed.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The socket refused or failed.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// The socket ended for good.
    #[error("the socket ended")]
    HungUp,
}

impl PersonError {
    /// Whether this person has no account here.
    pub fn is_stranger(&self) -> bool {
        matches!(self, PersonError::Api(failure) if failure.status() == Some(401))
    }
}

/// How a person's run ended.
pub type Day = Result<(), PersonError>;

/// Counts of what people did and saw, by name.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    counts: Arc<Mutex<BTreeMap<&'static str, u64>>>,
}

impl Tally {
    /// Adds one to a count.
    pub fn add(&self, what: &'static str) {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner).entry(what).or_default() += 1;
    }

    /// The value of a count.
    pub fn get(&self, what: &str) -> u64 {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).get(what).copied().unwrap_or(0)
    }

    /// Counts and logs a violated guarantee of the server.
    pub fn anomaly(&self, who: &str, anomaly: &Anomaly) {
        tracing::warn!(who, ?anomaly, "the server broke a promise");
        self.add("anomalies");
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let words: Vec<String> = counts.iter().map(|(what, count)| format!("{what} {count}")).collect();
        f.write_str(&words.join(", "))
    }
}

/// The random choices and delays of one person.
pub struct Pacing {
    rng: StdRng,
    pace: f64,
}

impl Pacing {
    /// Seeded from the city's seed and the person's name. A `pace` of 2 halves
    /// the natural delays.
    pub fn new(seed: u64, name: &str, pace: f64) -> Self {
        // FNV-1a: the same on every machine, which the standard hasher is not.
        let own = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self { rng: StdRng::seed_from_u64(seed ^ own), pace }
    }

    /// A separate pacing for one of several things that the person does at once.
    pub fn for_one(&self, thing: Uuid) -> Self {
        let (high, low) = thing.as_u64_pair();
        Self { rng: StdRng::seed_from_u64(high ^ low), pace: self.pace }
    }

    /// A random duration from this range of seconds, divided by the pace.
    pub fn secs(&mut self, secs: Range<f64>) -> Duration {
        Duration::from_secs_f64(self.rng.random_range(secs) / self.pace)
    }

    /// Sleeps for a random duration from this range of seconds, divided by the pace.
    pub async fn linger(&mut self, secs: Range<f64>) {
        tokio::time::sleep(self.secs(secs)).await;
    }

    /// True with this probability.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.rng.random_bool(probability)
    }

    /// A random whole number of the range.
    pub fn number(&mut self, range: Range<u32>) -> u32 {
        self.rng.random_range(range)
    }

    /// A random real number of the range.
    pub fn real(&mut self, range: Range<f64>) -> f64 {
        self.rng.random_range(range)
    }

    /// A random element; none if there are none.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        (!from.is_empty()).then(|| &from[self.rng.random_range(0..from.len())])
    }

    /// A seed for another random generator of this person.
    pub fn seed(&mut self) -> u64 {
        self.rng.random()
    }
}

/// A person with an account and a phone.
pub struct Person {
    /// The account's e-mail.
    pub email: String,
    /// Their password.
    pub password: String,
    /// Their REST client.
    pub api: Api,
    /// Their random choices and delays.
    pub pacing: Pacing,
    /// Where they count what they did.
    pub tally: Tally,
    /// Limits how many sign in at once: checking a password is slow on purpose,
    /// and the server takes many tries at once for password guessing.
    pub door: Arc<Semaphore>,
}

impl Person {
    /// Signs in, and tries again while the server is unreachable or overloaded.
    pub async fn sign_in(&mut self) -> Result<Tokens, PersonError> {
        loop {
            let failure = {
                // The semaphore is never closed.
                let _through = self.door.acquire().await;
                match self.api.sign_in(&self.email, &self.password).await {
                    Ok(tokens) => return Ok(tokens),
                    Err(failure) => failure,
                }
            };
            if failure.status().is_some_and(|status| status < 429) {
                return Err(failure.into());
            }
            tracing::debug!(who = self.email, %failure, "not signed in yet");
            let pause = self.pacing.secs(2.0..6.0) + failure.retry_after().unwrap_or_default();
            tokio::time::sleep(pause).await;
        }
    }

    /// Opens the socket.
    pub fn socket(&mut self) -> Socket {
        Socket::open(&self.api, ReconnectPolicy { seed: self.pacing.seed(), ..ReconnectPolicy::default() })
    }

    /// Receives the next thing that matters to a person. Anomalies and lost
    /// connections are counted and skipped.
    pub async fn hear(&self, socket: &mut Socket) -> Result<Heard, PersonError> {
        loop {
            match socket.next().await.ok_or(PersonError::HungUp)? {
                Heard::Anomaly(anomaly) => self.tally.anomaly(&self.email, &anomaly),
                Heard::Lost { code, reason } => {
                    tracing::debug!(who = self.email, ?code, reason, "connection lost");
                    self.tally.add("connections lost");
                }
                heard => return Ok(heard),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_behaves_the_same_every_day_and_unlike_the_neighbour() {
        let draws = |name| {
            let mut pacing = Pacing::new(1, name, 1.0);
            (0..8).map(|_| pacing.number(0..1_000)).collect::<Vec<_>>()
        };
        assert_eq!(draws("courier-01"), draws("courier-01"));
        assert_ne!(draws("courier-01"), draws("courier-02"));
    }

    #[test]
    fn a_tally_counts_by_name() {
        let tally = Tally::default();
        let shared = tally.clone();
        shared.add("orders");
        tally.add("orders");
        assert_eq!((tally.get("orders"), tally.to_string().as_str()), (2, "orders 2"));
    }
}
