//! What all simulated people share: a pacing drawn from a seed, and a
//! tally of what they did.

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
    /// Whether it is that this person has no account here.
    pub fn is_stranger(&self) -> bool {
        matches!(self, PersonError::Api(failure) if failure.status() == Some(401))
    }
}

/// What somebody's day is like.
pub type Day = Result<(), PersonError>;

/// Counts of what people did and met, by name.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    counts: Arc<Mutex<BTreeMap<&'static str, u64>>>,
}

impl Tally {
    /// One more.
    pub fn add(&self, what: &'static str) {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner).entry(what).or_default() += 1;
    }

    /// How many so far.
    pub fn get(&self, what: &str) -> u64 {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).get(what).copied().unwrap_or(0)
    }

    /// Counts a broken promise of the server, and says so.
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

/// Chance and haste of one person.
pub struct Pacing {
    rng: StdRng,
    pace: f64,
}

impl Pacing {
    /// Drawn from the city's seed and the person's name. `pace` 2 is twice as
    /// hasty as people are.
    pub fn new(seed: u64, name: &str, pace: f64) -> Self {
        // FNV-1a: the same on every machine, which the standard hasher is not.
        let own = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self { rng: StdRng::seed_from_u64(seed ^ own), pace }
    }

    /// This person's pacing for one thing among several at once.
    pub fn for_one(&self, thing: Uuid) -> Self {
        let (high, low) = thing.as_u64_pair();
        Self { rng: StdRng::seed_from_u64(high ^ low), pace: self.pace }
    }

    /// A duration between so many seconds, at this person's pace.
    pub fn secs(&mut self, secs: Range<f64>) -> Duration {
        Duration::from_secs_f64(self.rng.random_range(secs) / self.pace)
    }

    /// Lets between so many seconds pass, at this person's pace.
    pub async fn linger(&mut self, secs: Range<f64>) {
        tokio::time::sleep(self.secs(secs)).await;
    }

    /// Whether something of this probability happens.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.rng.random_bool(probability)
    }

    /// A whole number of the range.
    pub fn number(&mut self, range: Range<u32>) -> u32 {
        self.rng.random_range(range)
    }

    /// A real number of the range.
    pub fn real(&mut self, range: Range<f64>) -> f64 {
        self.rng.random_range(range)
    }

    /// One of several; none of none.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        (!from.is_empty()).then(|| &from[self.rng.random_range(0..from.len())])
    }

    /// A seed for something of this person's.
    pub fn seed(&mut self) -> u64 {
        self.rng.random()
    }
}

/// Somebody with an account and a phone.
pub struct Person {
    /// Their account's e-mail.
    pub email: String,
    /// Their password.
    pub password: String,
    /// Their REST client.
    pub api: Api,
    /// Their chance and haste.
    pub pacing: Pacing,
    /// Where they note what they did.
    pub tally: Tally,
    /// Through which everybody signs in, a few at a time: a password takes the
    /// server a while on purpose, and many tries at once look like guessing.
    pub door: Arc<Semaphore>,
}

impl Person {
    /// Signs in, as often as it takes until the server is there and has time.
    pub async fn sign_in(&mut self) -> Result<Tokens, PersonError> {
        loop {
            let failure = {
                // The door is never closed.
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

    /// Hears what is next that matters to a person; broken promises and lost
    /// connections are noted on the way.
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
