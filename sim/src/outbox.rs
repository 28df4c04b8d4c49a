//! A phone's fixes that the server has not acknowledged yet.
//!
//! A fix stays here until its sequence number is acknowledged and is sent
//! again after every reconnect; the server stores it once by (courier, track,
//! seq), so nothing is lost and nothing counts twice.

use std::collections::VecDeque;

use crate::frame::{Fix, Say};
use crate::shapes::{Moment, Place};

/// Fixes in one frame at most (the protocol's limit for offline batches).
pub const BATCH: usize = 500;

/// What the GPS chip says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// When, by the phone's clock.
    pub at: Moment,
    /// Where.
    pub place: Place,
    /// Radius in metres, two times in three.
    pub accuracy_m: f64,
    /// Metres per second over ground.
    pub speed_mps: f64,
    /// Degrees clockwise from north; none when standing.
    pub heading_deg: Option<f64>,
}

/// The fixes of one track that wait for their acknowledgement.
#[derive(Debug)]
pub struct Outbox {
    track: i64,
    next_seq: i64,
    waiting: VecDeque<Fix>,
    sent: usize,
}

impl Outbox {
    /// An empty one. `track` is this phone's own id for a run of sequence
    /// numbers; a phone that lost its memory takes another.
    pub fn new(track: i64) -> Self {
        Self { track, next_seq: 1, waiting: VecDeque::new(), sent: 0 }
    }

    /// Keeps a reading until it is acknowledged. Returns its sequence number.
    pub fn keep(&mut self, reading: Reading) -> i64 {
        let seq = self.next_seq;
        self.next_seq += 1;
        self.waiting.push_back(Fix {
            seq,
            at: reading.at,
            lat: reading.place.lat,
            lon: reading.place.lon,
            accuracy_m: Some(reading.accuracy_m),
            speed_mps: Some(reading.speed_mps),
            heading_deg: reading.heading_deg,
        });
        seq
    }

    /// The next frame of what was not sent on this connection; none if all was.
    pub fn next_frame(&mut self) -> Option<Say> {
        let fixes: Vec<Fix> = self.waiting.iter().skip(self.sent).take(BATCH).cloned().collect();
        self.sent += fixes.len();
        (!fixes.is_empty()).then_some(Say::Fixes { track: self.track, fixes })
    }

    /// The connection is gone: whatever waits must be sent again.
    pub fn rewind(&mut self) {
        self.sent = 0;
    }

    /// Everything up to `seq` is safe.
    pub fn acknowledged(&mut self, track: i64, seq: i64) {
        if track != self.track {
            return;
        }
        while self.waiting.front().is_some_and(|fix| fix.seq <= seq) {
            self.waiting.pop_front();
            self.sent = self.sent.saturating_sub(1);
        }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The device's id for this run of sequence numbers.
    pub fn track(&self) -> i64 {
        self.track
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambient;

    fn reading() -> Reading {
        let place = Place { lat: 37.5, lon: 127.0 };
        Reading { at: ambient::now(), place, accuracy_m: 5.0, speed_mps: 0.0, heading_deg: None }
    }

    fn seqs(frame: Option<Say>) -> Vec<i64> {
        match frame {
            Some(Say::Fixes { fixes, .. }) => fixes.iter().map(|fix| fix.seq).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn what_is_not_acknowledged_is_sent_again_after_a_reconnect() {
        let mut outbox = Outbox::new(1);
        for _ in 0..4 {
            outbox.keep(reading());
        }
        assert_eq!(seqs(outbox.next_frame()), [1, 2, 3, 4]);
        assert!(outbox.next_frame().is_none());
        outbox.acknowledged(1, 2);
        outbox.keep(reading());
        assert_eq!(seqs(outbox.next_frame()), [5]);
        outbox.rewind();
        assert_eq!(seqs(outbox.next_frame()), [3, 4, 5]);
        outbox.acknowledged(1, 5);
        assert!(outbox.is_empty());
    }

    #[test]
    fn another_tracks_acknowledgement_frees_nothing() {
        let mut outbox = Outbox::new(1);
        outbox.keep(reading());
        outbox.acknowledged(2, 9);
        assert_eq!(outbox.len(), 1);
    }

    #[test]
    fn a_long_silence_is_sent_in_batches() {
        let mut outbox = Outbox::new(1);
        for _ in 0..BATCH + 7 {
            outbox.keep(reading());
        }
        assert_eq!(seqs(outbox.next_frame()).len(), BATCH);
        assert_eq!(seqs(outbox.next_frame()).len(), 7);
    }
}
