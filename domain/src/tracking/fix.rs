//! Position fixes reported by couriers' devices.

use std::fmt;

use crate::{LatLon, Refusal, Refused, Timestamp};

/// The most fixes in one batch. A device that was offline sends several batches.
pub const BATCH_MAX: usize = 500;

/// A fix as received, not validated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RawFix {
    /// The device's sequence number within its track.
    pub seq: i64,
    /// The time of the fix, by the satellites' clock.
    pub at: Timestamp,
    /// Degrees north; may be invalid.
    pub lat: f64,
    /// Degrees east; may be invalid.
    pub lon: f64,
    /// Radius of 68 % confidence, metres.
    pub accuracy_m: Option<f64>,
    /// Speed over ground, metres per second.
    pub speed_mps: Option<f64>,
    /// Course over ground, degrees clockwise from north.
    pub heading_deg: Option<f64>,
}

/// A validated fix.
///
/// `accuracy_m` and `speed_mps` are finite and not negative, `heading_deg` is within
/// `0..360`. Reported values outside of these ranges (many devices send −1 for "unknown")
/// become `None`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fix {
    /// The device's sequence number within its track, not negative.
    pub seq: i64,
    /// The time of the fix.
    pub at: Timestamp,
    /// The position.
    pub position: LatLon,
    /// Radius of 68 % confidence, metres.
    pub accuracy_m: Option<f64>,
    /// Speed over ground, metres per second.
    pub speed_mps: Option<f64>,
    /// Course over ground, degrees clockwise from north.
    pub heading_deg: Option<f64>,
}

impl RawFix {
    /// Validates it; `None` if the coordinates are invalid.
    pub fn checked(self) -> Option<Fix> {
        let measure = |value: Option<f64>| value.filter(|number| number.is_finite() && *number >= 0.0);
        Some(Fix {
            seq: self.seq,
            at: self.at,
            position: LatLon::new(self.lat, self.lon).ok()?,
            accuracy_m: measure(self.accuracy_m),
            speed_mps: measure(self.speed_mps),
            heading_deg: measure(self.heading_deg).filter(|deg| *deg <= 360.0).map(|deg| deg % 360.0),
        })
    }
}

/// Fixes that a device sends together and that are acknowledged together.
///
/// `track` is the device's id for a series of sequence numbers. It outlives sockets, so
/// that a fix that is sent again after a reconnect is recognised.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    track: i64,
    fixes: Vec<RawFix>,
}

/// Why a whole batch is refused. Single bad fixes are not refused but counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchRefusal {
    /// It has no fixes.
    Empty,
    /// It has more than [`BATCH_MAX`] fixes.
    TooLarge,
    /// The track or a sequence number is negative.
    NegativeNumber,
    /// The sequence numbers do not rise, so the last one cannot acknowledge all.
    NotRising,
}

impl Refusal for BatchRefusal {
    fn refused(&self) -> Refused {
        match self {
            Self::Empty => batch_empty(),
            Self::TooLarge => batch_too_large(BATCH_MAX),
            Self::NegativeNumber => negative_number(),
            Self::NotRising => seq_not_rising(),
        }
    }
}

crate::refusals! {
    batch_empty() => Invalid "tracking.batch_empty": "위치를 보내지 못했어요.", "The positions could not be sent.";
    batch_too_large(max) => Invalid "tracking.batch_too_large":
        "위치를 보내지 못했어요.", "The positions could not be sent.";
    negative_number() => Invalid "tracking.negative_number":
        "위치를 보내지 못했어요.", "The positions could not be sent.";
    seq_not_rising() => Invalid "tracking.seq_not_rising":
        "위치를 보내지 못했어요.", "The positions could not be sent.";
    pub too_many_fixes(fresh_max, old_max) => Limited "tracking.too_many_fixes":
        "위치가 밀려 있어요. 곧 다시 보내요.", "Positions are waiting; they are sent again shortly.";
}

impl fmt::Display for BatchRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.refused().detail)
    }
}

impl Batch {
    /// Checks the rules for the batch as a whole.
    pub fn new(track: i64, fixes: Vec<RawFix>) -> Result<Self, BatchRefusal> {
        let first = fixes.first().ok_or(BatchRefusal::Empty)?;
        if fixes.len() > BATCH_MAX {
            return Err(BatchRefusal::TooLarge);
        }
        if track < 0 || first.seq < 0 {
            return Err(BatchRefusal::NegativeNumber);
        }
        if !fixes.is_sorted_by(|a, b| a.seq < b.seq) {
            return Err(BatchRefusal::NotRising);
        }
        Ok(Self { track, fixes })
    }

    /// A batch of one fix from a device without tracks and sequence numbers. Its track is
    /// derived from `number` and negative, so that it cannot equal a track sent by a device.
    pub fn of_device(number: u64, fix: RawFix) -> Self {
        Self { track: -1 - i64::try_from(number).unwrap_or(i64::MAX - 1), fixes: vec![fix] }
    }

    /// The device's id for the series of sequence numbers.
    pub fn track(&self) -> i64 {
        self.track
    }

    /// The highest sequence number, which acknowledges the batch.
    pub fn last_seq(&self) -> i64 {
        self.fixes.last().map_or(0, |fix| fix.seq)
    }

    /// The fixes, ordered by sequence number.
    pub fn fixes(&self) -> &[RawFix] {
        &self.fixes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn raw(seq: i64) -> RawFix {
        let at = DateTime::from_timestamp(1_790_000_000 + seq, 0).unwrap();
        RawFix { seq, at, lat: 37.5, lon: 127.0, accuracy_m: None, speed_mps: None, heading_deg: None }
    }

    #[test]
    fn a_place_that_is_none_makes_no_fix() {
        for (lat, lon) in [(f64::NAN, 127.0), (37.5, f64::INFINITY), (91.0, 0.0), (0.0, -181.0)] {
            assert_eq!(RawFix { lat, lon, ..raw(0) }.checked(), None);
        }
    }

    #[test]
    fn what_a_device_says_when_it_does_not_know_is_left_out() {
        let vague =
            RawFix { accuracy_m: Some(-1.0), speed_mps: Some(f64::NAN), heading_deg: Some(361.0), ..raw(0) };
        let fix = vague.checked().unwrap();
        assert_eq!((fix.accuracy_m, fix.speed_mps, fix.heading_deg), (None, None, None));
        let north = RawFix { heading_deg: Some(360.0), ..raw(0) }.checked().unwrap();
        assert_eq!(north.heading_deg, Some(0.0));
    }

    #[test]
    fn a_batch_is_acknowledged_by_its_last_number() {
        assert_eq!(Batch::new(1, vec![raw(3), raw(9)]).unwrap().last_seq(), 9);
        assert_eq!(Batch::new(1, vec![]), Err(BatchRefusal::Empty));
        assert_eq!(Batch::new(1, vec![raw(3), raw(3)]), Err(BatchRefusal::NotRising));
        assert_eq!(Batch::new(-1, vec![raw(3)]), Err(BatchRefusal::NegativeNumber));
        assert_eq!(Batch::new(1, vec![raw(-3)]), Err(BatchRefusal::NegativeNumber));
        assert_eq!(Batch::new(1, (0..=500).map(raw).collect()), Err(BatchRefusal::TooLarge));
    }
}
