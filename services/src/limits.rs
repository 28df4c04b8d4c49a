//! How often somebody may ask over REST: counted by user and by network address
//! (`ClientNetwork`), over all processes that share a Redis, for the service that is asked,
//! whichever port and path lead to it.
//!
//! What holds while the shared count can't be reached is each rule's own: most
//! stay open, counted by each process for itself; signing up closes (503), because there
//! the limit is the protection.

use std::net::IpAddr;
use std::time::Duration;

use domain::{ClientNetwork, Refused, UserId, refusal};
use futures::future::join_all;
use serde::{Deserialize, Serialize};

use crate::App;

pub use store::rate_limits::{Outage, Rate, Taken};

/// The rules.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Requests of one user to one service.
    pub user: Rate,
    /// Requests from one network address to one service.
    pub address: Rate,
    /// Sign-ins from one network address.
    pub sign_in: Rate,
    /// New accounts from one network address.
    pub sign_up: Rate,
}

const MINUTE: Duration = Duration::from_secs(60);

impl Default for Limits {
    fn default() -> Self {
        Self {
            user: Rate { limit: 3_000, per: MINUTE, burst: 1_000, outage: Outage::Open },
            address: Rate { limit: 12_000, per: MINUTE, burst: 3_000, outage: Outage::Open },
            sign_in: Rate { limit: 300, per: MINUTE, burst: 150, outage: Outage::Open },
            sign_up: Rate { limit: 60, per: MINUTE, burst: 30, outage: Outage::Closed },
        }
    }
}

/// Which rules count a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitClass {
    /// Those by user and by address.
    Usual,
    /// Also that of sign-ins.
    SignIn,
    /// Also that of new accounts.
    SignUp,
}

/// A rule that counted the request.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    /// Its name, also on the wire.
    pub rule: &'static str,
    /// How often it permits.
    pub rate: Rate,
    /// What it says.
    pub taken: Taken,
}

impl Counted {
    /// The refusal, if the rule says no.
    pub fn refusal(&self) -> Option<Refused> {
        if self.taken.allowed {
            return None;
        }
        let secs = u32::try_from(self.taken.retry_after.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX);
        let secs = secs.max(1);
        if !self.taken.counted {
            return Some(Refused::unavailable(secs));
        }
        Some(refusal::limited().after(secs))
    }
}

/// Counts a request to `service` by every rule that knows it.
pub async fn count(
    app: &App,
    service: &str,
    user: Option<UserId>,
    from: IpAddr,
    class: LimitClass,
) -> Vec<Counted> {
    let limits = &app.settings.limits;
    let unlimited = app.settings.sockets.unlimited_networks.iter().any(|network| network.contains(&from));
    let mut rules = Vec::new();
    if let Some(user) = user {
        rules.push(("user", limits.user, format!("user:{service}:{user}")));
    }
    if !unlimited {
        let client = ClientNetwork::from(from);
        rules.push(("address", limits.address, format!("address:{service}:{client}")));
        match class {
            LimitClass::Usual => {}
            LimitClass::SignIn => rules.push(("sign_in", limits.sign_in, format!("sign_in:{client}"))),
            LimitClass::SignUp => rules.push(("sign_up", limits.sign_up, format!("sign_up:{client}"))),
        }
    }
    let counted = rules.into_iter().map(async |(rule, rate, key)| {
        let taken = app.rate_limits().take(&key, rate, 1).await;
        if taken.counted && !taken.allowed {
            metrics::counter!("limited_total", "rule" => rule).increment(1);
        }
        Counted { rule, rate, taken }
    });
    join_all(counted).await
}
