//! A phone's fixes that the server has not acknowledged yet.
//!
//! A fix is kept until its sequence number is acknowledged, and is sent again
//! after every reconnect. The server stores it once by (courier, track, seq),
//! so no fix is lost or stored twice.

use std::collections::VecDeque;

use crate::frame::{Fix, Say};
use crate::responses::{Moment, Place};

/// The most fixes in one frame (the protocol's limit for offline batches).
pub const BATCH: usize = 500;

/// The most bytes in one frame (the protocol's default limit; servers may set a lower one).
pub const FRAME_BYTES: usize = 128 * 1024;

/// The lower bound of [`Outbox::halve`]. A frame of this size holds a dozen fixes.
const LEAST_BYTES: usize = 2 * 1024;

/// Bytes reserved in a frame for `op`, `ref` and `track`.
const ENVELOPE_BYTES: usize = 128;

/// A reading of the GPS chip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// The time, by the phone's clock.
    pub at: Moment,
    /// The position.
    pub place: Place,
    /// Radius in metres that contains the true position with 68 % probability.
    pub accuracy_m: f64,
    /// Metres per second over ground.
    pub speed_mps: f64,
    /// Degrees clockwise from north; none when not moving.
    pub heading_deg: Option<f64>,
}

/// The unacknowledged fixes of one track.
#[derive(Debug)]
pub struct Outbox {
    track: i64,
    next_seq: i64,
    waiting: VecDeque<Fix>,
    sent: usize,
    /// The most bytes that the server accepts in one frame, as far as is known.
    frame_bytes: usize,
}

impl Outbox {
    /// An empty outbox. `track` identifies this phone's run of sequence numbers. A
    /// phone that lost its last sequence number must take another track.
    pub fn new(track: i64) -> Self {
        Self { track, next_seq: 1, waiting: VecDeque::new(), sent: 0, frame_bytes: FRAME_BYTES }
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

    /// The next frame of fixes not yet sent on this connection; none if all were sent.
    pub fn next_frame(&mut self) -> Option<Say> {
        let mut room = self.frame_bytes.saturating_sub(ENVELOPE_BYTES);
        let mut fixes = Vec::new();
        for fix in self.waiting.iter().skip(self.sent).take(BATCH) {
            let bytes = serde_json::to_string(fix).map_or(0, |text| text.len() + 1);
            if bytes > room && !fixes.is_empty() {
                break;
            }
            room = room.saturating_sub(bytes);
            fixes.push(fix.clone());
        }
        self.sent += fixes.len();
        (!fixes.is_empty()).then_some(Say::Fixes { track: self.track, fixes })
    }

    /// Halves the size of the next frames, after the server closed the connection because a
    /// frame was too large. False if frames have the smallest size already.
    pub fn halve(&mut self) -> bool {
        let can = self.frame_bytes > LEAST_BYTES;
        self.frame_bytes = (self.frame_bytes / 2).max(LEAST_BYTES);
        can
    }

    /// Marks all kept fixes as not sent, for a new connection.
    pub fn rewind(&mut self) {
        self.sent = 0;
    }

    /// Removes all fixes up to `seq`, which the server has stored.
    pub fn acknowledged(&mut self, track: i64, seq: i64) {
        if track != self.track {
            return;
        }
        while self.waiting.front().is_some_and(|fix| fix.seq <= seq) {
            self.waiting.pop_front();
            self.sent = self.sent.saturating_sub(1);
        }
    }

    /// The number of unacknowledged fixes.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether all fixes are acknowledged.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The id of this run of sequence numbers.
    pub fn track(&self) -> i64 {
        self.track
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system;

    fn reading() -> Reading {
        let place = Place { lat: 37.5, lon: 127.0 };
        Reading { at: system::now(), place, accuracy_m: 5.0, speed_mps: 0.0, heading_deg: None }
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
    fn a_frame_has_no_more_bytes_than_the_server_takes() {
        let mut outbox = Outbox::new(i64::MAX);
        let place = Place { lat: 37.497_941_234_567_89, lon: 127.027_581_234_567_89 };
        let long = Reading {
            place,
            speed_mps: 7.212_345_678_901,
            heading_deg: Some(143.461_234_567_891),
            ..reading()
        };
        for _ in 0..2 * BATCH {
            outbox.keep(long);
        }
        let mut most = FRAME_BYTES;
        loop {
            outbox.rewind();
            let frames: Vec<Say> = std::iter::from_fn(|| outbox.next_frame()).collect();
            assert!(frames.iter().all(|frame| frame.to_text(Some(u64::MAX)).len() <= most), "{most}");
            let sent: Vec<i64> = frames.into_iter().flat_map(|frame| seqs(Some(frame))).collect();
            assert!(sent.into_iter().eq(1..=i64::try_from(2 * BATCH).unwrap()));
            if !outbox.halve() {
                break;
            }
            most /= 2;
        }
        assert_eq!(most, LEAST_BYTES);
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
