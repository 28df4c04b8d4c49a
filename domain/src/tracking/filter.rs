//! Which fixes may be shown.
//!
//! Every fix gets exactly one verdict. What is shown moves forward in time and
//! at a speed that a courier can have; what a receiver makes up is counted by
//! reason and left out. What decides is in this order:
//!
//! 1. by itself: coordinates, null island, clock, accuracy, reported speed;
//! 2. against the newest shown fix: the same moment again, an earlier one
//!    (kept for the track, not shown), a jump, noise while standing still.
//!
//! A jump may be true: out of a tunnel, or after the phone was off. Fixes that
//! agree with one another although not with the past are believed after
//! [`Settings::believe_jump_after`] of them, so nobody is locked out for good.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::fix::{Fix, RawFix};
use crate::Timestamp;

/// The filter's numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// How far ahead of ours a device's clock may be. Default 30 s.
    pub max_ahead: TimeDelta,
    /// How long a device may keep fixes while offline. Default 24 h.
    pub max_age: TimeDelta,
    /// The worst accuracy that still says something, metres. Default 100.
    pub max_accuracy_m: f64,
    /// Faster than any courier, metres a second. Default 55 (198 km/h).
    pub max_speed_mps: f64,
    /// A jump at least this far is called a teleport, a nearer one an
    /// implausible speed, metres. Default 1,000.
    pub teleport_m: f64,
    /// A jump is believed with this many fixes in a row that agree. Default 3.
    pub believe_jump_after: u8,
    /// Slower than walking, metres a second. Default 0.5.
    pub still_mps: f64,
    /// Who stands still is shown again only after this long. Default 10 s.
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
    /// No place on earth.
    InvalidCoordinates,
    /// The place that receivers report when they know none.
    NullIsland,
    /// Ahead of our clock.
    Future,
    /// From so long ago that it tells nothing.
    TooOld,
    /// The moment of the newest shown fix again: sent twice.
    Duplicate,
    /// Too vague.
    Accuracy,
    /// Faster than any courier.
    ImplausibleSpeed,
    /// Suddenly far away.
    Teleport,
    /// Standing still; only the receiver's noise moved.
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

/// How many fixes were turned away, by reason.
pub type Rejected = BTreeMap<Reason, u32>;

/// What becomes of one fix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// It is the courier's position now, and is kept.
    Shown(Fix),
    /// It is older than what is shown: kept for the track only.
    Kept(Fix),
    /// The newest shown fix again. It is counted as a duplicate, yet goes to the
    /// log once more: the first sending may have been refused there.
    Again(Fix),
    /// Counted, not kept.
    Rejected(Reason),
}

impl Verdict {
    /// The fix to write down, if any.
    pub fn row(&self) -> Option<&Fix> {
        match self {
            Verdict::Shown(fix) | Verdict::Kept(fix) | Verdict::Again(fix) => Some(fix),
            Verdict::Rejected(_) => None,
        }
    }

    /// Why it is counted as turned away, if it is.
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Verdict::Shown(_) | Verdict::Kept(_) => None,
            Verdict::Again(_) => Some(Reason::Duplicate),
            Verdict::Rejected(reason) => Some(*reason),
        }
    }
}

/// What the filter remembers of one courier.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Filter {
    newest: Option<Fix>,
    /// The last of the fixes that jumped away together, and how many they are.
    elsewhere: Option<(Fix, u8)>,
}

impl Filter {
    /// A filter that goes on after `newest`, as the store remembers it.
    pub fn after(newest: Option<Fix>) -> Self {
        Self { newest, elsewhere: None }
    }

    /// The newest shown fix.
    pub fn newest(&self) -> Option<&Fix> {
        self.newest.as_ref()
    }

    /// Judges the next fix that came in.
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
            // Sent again, or late: it neither adds to the others nor disturbs them.
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

/// Seconds between two fixes, at least one: receivers round their clocks, and
/// dividing by less makes speeds out of noise.
fn seconds(from: &Fix, to: &Fix) -> f64 {
    (to.at - from.at).as_seconds_f64().max(1.0)
}

/// Whether nobody gets from one fix to the other in time, both being as near
/// to each other as their accuracy allows.
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

/// Whether the courier stands, was shown a moment ago, and the place differs by
/// no more than the receiver's doubt.
fn is_noise(settings: &Settings, from: &Fix, to: &Fix) -> bool {
    let distance_m = from.position.distance_m(to.position);
    let speed_mps = to.speed_mps.unwrap_or_else(|| distance_m / seconds(from, to));
    let doubt_m = (to.accuracy_m.unwrap_or(0.0) / 2.0).clamp(2.0, 15.0);
    to.at - from.at < settings.still_every && speed_mps < settings.still_mps && distance_m < doubt_m
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
