//! The filter that decides which fixes are shown.
//!
//! Every fix gets exactly one verdict. Shown fixes move forward in time, at a speed that is
//! possible for a courier; implausible fixes are counted by reason and dropped. The checks,
//! in this order:
//!
//! 1. of the fix alone: coordinates, null island, clock, accuracy, reported speed;
//! 2. against the newest shown fix: the same time again, an earlier time (kept for the
//!    track, not shown), a jump, noise while stationary.
//!
//! A jump may be real: after a tunnel, or after the phone was off. Fixes that agree with
//! each other but not with the newest shown fix are accepted after
//! [`Settings::believe_jump_after`] of them, so that no courier is rejected forever.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::fix::{Fix, RawFix};
use crate::Timestamp;

/// The parameters of the filter.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// How far a device's clock may be ahead of the server's. Default 30 s.
    pub max_ahead: TimeDelta,
    /// The greatest age of a fix, such as one recorded offline. Default 24 h.
    pub max_age: TimeDelta,
    /// The worst accuracy that is still useful, metres. Default 100.
    pub max_accuracy_m: f64,
    /// The highest plausible speed, metres per second. Default 55 (198 km/h).
    pub max_speed_mps: f64,
    /// A jump of at least this distance is counted as a teleport, a shorter one as an
    /// implausible speed, metres. Default 1,000.
    pub teleport_m: f64,
    /// A jump is accepted after this many agreeing fixes in a row. Default 3.
    pub believe_jump_after: u8,
    /// Below this speed a courier counts as stationary, metres per second. Default 0.5.
    pub still_mps: f64,
    /// The interval at which a stationary courier is shown again. Default 10 s.
    pub still_every: TimeDelta,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_ahead: TimeDelta::seconds(30),
            max_age: TimeDelta::hours(24),
            max_accuracy_m: 100.0,
            max_speed_mps: 55.0,
            teleport_m: 1_000.0,
            believe_jump_after: 3,
            still_mps: 0.5,
            still_every: TimeDelta::seconds(10),
        }
    }
}

/// Why a fix is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Not a valid coordinate.
    InvalidCoordinates,
    /// The point (0, 0), which receivers report when they have no position.
    NullIsland,
    /// Too far ahead of the server's clock.
    Future,
    /// Older than [`Settings::max_age`].
    TooOld,
    /// The same time as the newest shown fix: sent twice.
    Duplicate,
    /// Too inaccurate.
    Accuracy,
    /// Faster than plausible.
    ImplausibleSpeed,
    /// A long jump.
    Teleport,
    /// Stationary; the difference is only noise of the receiver.
    StaticNoise,
}

impl Reason {
    /// The name on the wire and in counters.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::InvalidCoordinates => "invalid_coordinates",
            Reason::NullIsland => "null_island",
            Reason::Future => "future",
            Reason::TooOld => "too_old",
            Reason::Duplicate => "duplicate",
            Reason::Accuracy => "accuracy",
            Reason::ImplausibleSpeed => "implausible_speed",
            Reason::Teleport => "teleport",
            Reason::StaticNoise => "static_noise",
        }
    }
}

/// The number of rejected fixes, by reason.
pub type Rejected = BTreeMap<Reason, u32>;

/// The filter's decision on one fix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// It is the courier's new position, and is stored.
    Shown(Fix),
    /// It is older than the newest shown fix: stored for the track only.
    Kept(Fix),
    /// It repeats the newest shown fix. It is counted as a duplicate but is still written to
    /// the log again, which may have refused it the first time.
    Again(Fix),
    /// It is counted, but not stored.
    Rejected(Reason),
}

impl Verdict {
    /// The fix to store, if any.
    pub fn row(&self) -> Option<&Fix> {
        match self {
            Verdict::Shown(fix) | Verdict::Kept(fix) | Verdict::Again(fix) => Some(fix),
            Verdict::Rejected(_) => None,
        }
    }

    /// The reason under which it is counted as rejected, if it is.
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Verdict::Shown(_) | Verdict::Kept(_) => None,
            Verdict::Again(_) => Some(Reason::Duplicate),
            Verdict::Rejected(reason) => Some(*reason),
        }
    }
}

/// The state of the filter for one courier.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Filter {
    newest: Option<Fix>,
    /// The last of the agreeing fixes after a jump, and their number.
    elsewhere: Option<(Fix, u8)>,
}

impl Filter {
    /// A filter that continues after `newest`, the stored newest shown fix.
    pub fn after(newest: Option<Fix>) -> Self {
        Self { newest, elsewhere: None }
    }

    /// The newest shown fix.
    pub fn newest(&self) -> Option<&Fix> {
        self.newest.as_ref()
    }

    /// Decides on the next received fix.
    pub fn judge(&mut self, settings: &Settings, raw: RawFix, now: Timestamp) -> Verdict {
        let fix = match by_itself(settings, raw, now) {
            Ok(fix) => fix,
            Err(reason) => return Verdict::Rejected(reason),
        };
        let Some(newest) = self.newest else { return self.show(fix) };
        if fix.at <= newest.at {
            return if fix.at == newest.at { Verdict::Again(fix) } else { Verdict::Kept(fix) };
        }
        if let Some(reason) = jump(settings, &newest, &fix) {
            return self.elsewhere(settings, fix, reason);
        }
        if is_noise(settings, &newest, &fix) {
            self.elsewhere = None;
            return Verdict::Rejected(Reason::StaticNoise);
        }
        self.show(fix)
    }

    fn show(&mut self, fix: Fix) -> Verdict {
        *self = Self::after(Some(fix));
        Verdict::Shown(fix)
    }

    fn elsewhere(&mut self, settings: &Settings, fix: Fix, reason: Reason) -> Verdict {
        let agreeing = match &self.elsewhere {
            Some((last, count)) if fix.at > last.at && jump(settings, last, &fix).is_none() => count + 1,
            // A repeated or late fix neither adds to the agreeing fixes nor resets them.
            Some((last, _)) if fix.at <= last.at => return Verdict::Rejected(reason),
            _ => 1,
        };
        if agreeing >= settings.believe_jump_after {
            return self.show(fix);
        }
        self.elsewhere = Some((fix, agreeing));
        Verdict::Rejected(reason)
    }
}

fn by_itself(settings: &Settings, raw: RawFix, now: Timestamp) -> Result<Fix, Reason> {
    let fix = raw.checked().ok_or(Reason::InvalidCoordinates)?;
    if fix.position.is_null_island() {
        return Err(Reason::NullIsland);
    }
    if fix.at - now > settings.max_ahead {
        return Err(Reason::Future);
    }
    if now - fix.at > settings.max_age {
        return Err(Reason::TooOld);
    }
    if fix.accuracy_m.is_some_and(|metres| metres > settings.max_accuracy_m) {
        return Err(Reason::Accuracy);
    }
    if fix.speed_mps.is_some_and(|mps| mps > settings.max_speed_mps) {
        return Err(Reason::ImplausibleSpeed);
    }
    Ok(fix)
}

/// Seconds between two fixes, at least one: receivers round their clocks, and a smaller
/// divisor would turn noise into high speeds.
fn seconds(from: &Fix, to: &Fix) -> f64 {
    (to.at - from.at).as_seconds_f64().max(1.0)
}

/// Whether the speed from one fix to the other is implausible, even with the distance
/// reduced by the accuracy of both.
fn jump(settings: &Settings, from: &Fix, to: &Fix) -> Option<Reason> {
    let distance_m = from.position.distance_m(to.position);
    let doubt_m = from.accuracy_m.unwrap_or(0.0) + to.accuracy_m.unwrap_or(0.0);
    if (distance_m - doubt_m) / seconds(from, to) <= settings.max_speed_mps {
        None
    } else if distance_m >= settings.teleport_m {
        Some(Reason::Teleport)
    } else {
        Some(Reason::ImplausibleSpeed)
    }
}

/// Whether the courier is stationary, was shown a moment ago, and the position differs by
/// less than half the accuracy (2 to 15 m).
fn is_noise(settings: &Settings, from: &Fix, to: &Fix) -> bool {
    let distance_m = from.position.distance_m(to.position);
    let speed_mps = to.speed_mps.unwrap_or_else(|| distance_m / seconds(from, to));
    let doubt_m = (to.accuracy_m.unwrap_or(0.0) / 2.0).clamp(2.0, 15.0);
    to.at - from.at < settings.still_every && speed_mps < settings.still_mps && distance_m < doubt_m
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
