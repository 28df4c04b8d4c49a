//! Rate limits of REST requests, counted per service by user and by network address
//! (`ClientNetwork`), over all processes that share a Redis. The port and path by which a
//! service is reached do not matter.
//!
//! Each rule says what applies while the shared count is unreachable. Most rules stay open and
//! are counted by each process for itself; sign-up and codes are refused (503), because
//! they rely on the limit for protection.

use std::net::IpAddr;
use std::time::Duration;

use domain::{ClientNetwork, Refused, UserId, refusal};
use futures::future::join_all;
use serde::{Deserialize, Serialize};

use crate::App;

pub use store::rate_limits::{Outage, Rate, Taken};

/// The rate limits.
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
    /// Codes that are asked for or tried, from one network address.
    pub code: Rate,
    /// Searches of one operator.
    pub search: Rate,
    /// Pictures that one user uploads.
    pub upload: Rate,
}

const MINUTE: Duration = Duration::from_secs(60);

impl Default for Limits {
    fn default() -> Self {
        Self {
            user: Rate { limit: 3_000, per: MINUTE, burst: 1_000, outage: Outage::Open },
            address: Rate { limit: 12_000, per: MINUTE, burst: 3_000, outage: Outage::Open },
            sign_in: Rate { limit: 300, per: MINUTE, burst: 150, outage: Outage::Open },
            sign_up: Rate { limit: 60, per: MINUTE, burst: 30, outage: Outage::Closed },
            code: Rate { limit: 60, per: MINUTE, burst: 60, outage: Outage::Closed },
            search: Rate { limit: 60, per: MINUTE, burst: 30, outage: Outage::Open },
            upload: Rate { limit: 30, per: MINUTE, burst: 20, outage: Outage::Open },
        }
    }
}

/// Which rules count a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitClass {
    /// The rules by user and by address.
    Usual,
    /// Also the rule of sign-ins.
    SignIn,
    /// Also the rule of new accounts.
    SignUp,
    /// Also the rule of codes.
    Code,
    /// Also that of searches, by user.
    Search,
    /// Also that of uploaded pictures, by user.
    Upload,
}

/// A rule that was applied to the request.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    /// The rule's name, also on the wire.
    pub rule: &'static str,
    /// The rate that it permits.
    pub rate: Rate,
    /// Its result.
    pub taken: Taken,
}

impl Counted {
    /// The refusal, if the rule does not allow the request.
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

/// Counts a request to `service` by every rule that applies.
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
        // By user wherever they are: what operators can find out is limited, not the load.
        if class == LimitClass::Search {
            rules.push(("search", limits.search, format!("search:{user}")));
        }
        if class == LimitClass::Upload {
            rules.push(("upload", limits.upload, format!("upload:{user}")));
        }
    }
    if !unlimited {
        let client = ClientNetwork::from(from);
        rules.push(("address", limits.address, format!("address:{service}:{client}")));
        match class {
            LimitClass::Usual | LimitClass::Search | LimitClass::Upload => {}
            LimitClass::SignIn => rules.push(("sign_in", limits.sign_in, format!("sign_in:{client}"))),
            LimitClass::Code => rules.push(("code", limits.code, format!("code:{client}"))),
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
