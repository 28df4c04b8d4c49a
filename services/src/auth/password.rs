//! Password hashing: argon2id, on blocking threads, behind a bounded queue.
//!
//! By design a hash costs tens of milliseconds of CPU time and 19 MiB. However many people sign
//! in at once, a few hashes run, a bounded number waits, and the rest are refused with a
//! retry-after.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use domain::auth::normalised_password;
use domain::{Failure, Ids};

use super::HashCost;
use crate::blocking_pool::BlockingPool;

/// How many hashes may wait for each one that may run.
const WAITING_EACH: usize = 32;

/// The result of comparing a password with a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It does not match, or there is no account.
    Wrong,
    /// It matches.
    Right,
    /// It matches, but the hash must be replaced: it was made with other cost parameters, or of
    /// the password as typed, before passwords were normalised.
    RightButOutdated,
}

/// See the module.
pub(crate) struct Hasher {
    argon: Argon2<'static>,
    pool: BlockingPool,
    /// Compared with when there is no account, so that the response time is the same.
    decoy: String,
}

impl Hasher {
    /// Checks the cost parameters, and makes the decoy.
    pub(crate) fn new(cost: &HashCost, ids: &dyn Ids) -> Result<Self, argon2::password_hash::Error> {
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, None)?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = hash(&argon, "", ids.random())?;
        Ok(Self { argon, pool: BlockingPool::new(cost.at_once, WAITING_EACH), decoy })
    }

    /// Hashes a new password; the salt comes from `random`.
    pub(crate) async fn hash(&self, password: &str, random: [u8; 32]) -> Result<String, Failure> {
        let (argon, password) = (self.argon.clone(), normalised_password(password));
        self.pool
            .run(move || hash(&argon, &password, random))
            .await?
            .map_err(|error| Failure::fault(error.to_string()))
    }

    /// Hashes on the calling thread, past the queue: for load tests.
    pub(crate) fn hash_here(&self, password: &str, random: [u8; 32]) -> Result<String, Failure> {
        hash(&self.argon, password, random).map_err(|error| Failure::fault(error.to_string()))
    }

    /// Compares the password with `stored`. Without one the result is always wrong, after the
    /// same time.
    pub(crate) async fn verify(&self, password: &str, stored: Option<&str>) -> Result<Verdict, Failure> {
        let (argon, password) = (self.argon.clone(), password.to_owned());
        let (known, stored) = (stored.is_some(), stored.unwrap_or(&self.decoy).to_owned());
        let verdict =
            self.pool.run(move || PasswordHash::new(&stored).map(|hash| judge(&argon, &password, &hash)));
        let verdict = verdict.await?.map_err(|error| Failure::fault(error.to_string()))?;
        Ok(if known { verdict } else { Verdict::Wrong })
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

/// Whether a hash was made with the current cost parameters.
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
