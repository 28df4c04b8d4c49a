//! Hashing of passwords: argon2id, off the runtime, behind a bounded queue.
//!
//! A hash costs tens of milliseconds of a core and 19 MiB by design. However
//! many people sign in at once, only a few hashes run, a few more wait, and the
//! rest are told to come back.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use domain::auth::normalised_password;
use domain::{Failure, Ids, refusal};
use tokio::sync::Semaphore;

use super::HashCost;

/// How many hashes may wait for each that runs.
const WAITING_EACH: usize = 32;

/// How long one waits at most.
const PATIENCE: Duration = Duration::from_secs(5);

/// What came of comparing a password with its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is another one, or there is none.
    Wrong,
    /// It is the one.
    Right,
    /// It is the one; its hash was made in an older way, and is to be made anew: at another
    /// cost than today's, or of what was typed before passwords were composed.
    RightButOutdated,
}

/// See the module.
pub(crate) struct Hasher {
    argon: Argon2<'static>,
    running: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    /// Verified against when there is no account, so that it takes as long.
    decoy: String,
}

impl Hasher {
    /// Checks the cost, and makes the decoy.
    pub(crate) fn new(cost: &HashCost, ids: &dyn Ids) -> Result<Self, argon2::password_hash::Error> {
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, None)?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = hash(&argon, "", ids.random())?;
        let running = cost.at_once.max(1);
        Ok(Self {
            argon,
            running: Arc::new(Semaphore::new(running)),
            queue: Arc::new(Semaphore::new(running * (1 + WAITING_EACH))),
            decoy,
        })
    }

    /// Hashes a new password; the salt comes from `random`.
    pub(crate) async fn hash(&self, password: &str, random: [u8; 32]) -> Result<String, Failure> {
        let (argon, password) = (self.argon.clone(), normalised_password(password));
        self.run(move || hash(&argon, &password, random))
            .await?
            .map_err(|error| Failure::fault(error.to_string()))
    }

    /// Whether the password is the one of `stored`. Takes as long, and is never
    /// right, where there is none.
    pub(crate) async fn verify(&self, password: &str, stored: Option<&str>) -> Result<Verdict, Failure> {
        let (argon, password) = (self.argon.clone(), password.to_owned());
        let (known, stored) = (stored.is_some(), stored.unwrap_or(&self.decoy).to_owned());
        let verdict =
            self.run(move || PasswordHash::new(&stored).map(|hash| judge(&argon, &password, &hash)));
        let verdict = verdict.await?.map_err(|error| Failure::fault(error.to_string()))?;
        Ok(if known { verdict } else { Verdict::Wrong })
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
        let busy = || refusal::overloaded().after(2);
        let _place = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| busy())?;
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.running).acquire_owned());
        let turn = turn.await.map_err(|_| busy())?.map_err(Failure::fault)?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        done.await.map_err(Failure::fault)
    }
}

fn judge(argon: &Argon2<'_>, password: &str, hash: &PasswordHash) -> Verdict {
    let fits = |typed: &str| argon.verify_password(typed.as_bytes(), hash).is_ok();
    let composed = normalised_password(password);
    if fits(&composed) {
        if is_of_today(argon, hash) { Verdict::Right } else { Verdict::RightButOutdated }
    } else if composed != password && fits(password) {
        Verdict::RightButOutdated
    } else {
        Verdict::Wrong
    }
}

/// Whether a hash was made at today's cost.
fn is_of_today(argon: &Argon2<'_>, hash: &PasswordHash) -> bool {
    let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
    Params::try_from(hash).is_ok_and(|made| cost(&made) == cost(argon.params()))
}

fn hash(
    argon: &Argon2<'_>,
    password: &str,
    random: [u8; 32],
) -> Result<String, argon2::password_hash::Error> {
    Ok(argon.hash_password_with_salt(password.as_bytes(), &random[..16])?.to_string())
}
