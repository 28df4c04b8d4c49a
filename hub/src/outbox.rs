//! What waits to be written to one connection.
//!
//! 1. Log publications leave in order, and none is dropped: when more bytes wait than allowed, the
//!    outbox stops as a slow reader, and the client resumes by offset. Replayed events do not count
//!    towards the limit.
//! 2. At most one latest value waits per subscription; a newer one replaces it.
//! 3. Ephemeral events are dropped as soon as the reader lags.
//! 4. Writers never wait, so a slow reader never delays the hub.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures::task::AtomicWaker;

use super::EncodedFrame;

/// Ephemeral events are dropped beyond the limit divided by this.
const LAGGING_SHARE: usize = 4;

/// The wait of one in so many publications is measured: measuring costs a hundredth of a delivery,
/// and there are millions.
const MEASURED_OF: u8 = 8;

/// Why a connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// More waited than the outbox holds.
    SlowReader,
    /// The session was ended by its user or an operator.
    Revoked,
    /// A newer socket holds the courier's epoch.
    Superseded,
    /// Its user has since opened more sockets than allowed.
    TooMany,
    /// The process is stopping.
    GoingAway,
}

/// What the connection must do next.
#[derive(Debug)]
pub enum Next {
    /// Write this.
    Frame(Arc<EncodedFrame>),
    /// Write nothing more, and close.
    Stop(Stop),
}

/// See the module. One reader, any number of writers.
#[derive(Debug)]
pub struct Outbox {
    waiting: Mutex<Waiting>,
    reader: AtomicWaker,
    /// The most bytes of log publications that may wait.
    limit: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    /// Each with the bytes that it counts towards the limit.
    log: VecDeque<(Arc<EncodedFrame>, usize)>,
    log_bytes: usize,
    /// The maximum of `log_bytes`.
    peak: usize,
    latest: VecDeque<(u64, Arc<EncodedFrame>)>,
    stop: Option<Stop>,
    /// How many were taken, modulo 256.
    taken: u8,
}

impl Waiting {
    /// Queues a publication that counts towards the limit.
    fn push(&mut self, frame: &Arc<EncodedFrame>) {
        self.log_bytes += frame.text.len();
        self.peak = self.peak.max(self.log_bytes);
        self.log.push_back((Arc::clone(frame), frame.text.len()));
    }

    /// Drops everything but the reason for the close.
    fn go(&mut self, why: Stop) {
        *self = Self { stop: Some(why), peak: self.peak, ..Self::default() };
    }
}

impl Outbox {
    /// An empty outbox, in which at most `limit` bytes of log publications may wait.
    pub fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { waiting: Mutex::default(), reader: AtomicWaker::new(), limit })
    }

    /// Queues a publication that must not be lost.
    pub fn log(&self, frame: &Arc<EncodedFrame>) {
        let mut waiting = self.lock();
        if waiting.stop.is_some() {
            return;
        }
        if waiting.log_bytes + frame.text.len() > self.limit {
            metrics::counter!("realtime_slow_readers_total").increment(1);
            waiting.go(Stop::SlowReader);
        } else {
            waiting.push(frame);
        }
        drop(waiting);
        self.reader.wake();
    }

    /// Queues an event that the client missed. It does not count towards the limit: a client that
    /// was closed as a slow reader missed more than the limit, and must be able to resume.
    pub fn replay(&self, frame: &Arc<EncodedFrame>) {
        let mut waiting = self.lock();
        if waiting.stop.is_none() {
            waiting.log.push_back((Arc::clone(frame), 0));
        }
        drop(waiting);
        self.reader.wake();
    }

    /// Sets the latest value of `subscription`. Returns whether it replaced one that was not sent
    /// yet.
    pub fn latest(&self, subscription: u64, frame: &Arc<EncodedFrame>) -> bool {
        let mut waiting = self.lock();
        if waiting.stop.is_some() {
            return false;
        }
        let frame = Arc::clone(frame);
        if let Some((_, older)) = waiting.latest.iter_mut().find(|(of, _)| *of == subscription) {
            *older = frame;
            return true;
        }
        waiting.latest.push_back((subscription, frame));
        drop(waiting);
        self.reader.wake();
        false
    }

    /// Queues an ephemeral event. False if it was dropped because the reader lags.
    pub fn passing(&self, frame: &Arc<EncodedFrame>) -> bool {
        let mut waiting = self.lock();
        if waiting.stop.is_some() || waiting.log_bytes + frame.text.len() > self.limit / LAGGING_SHARE {
            return false;
        }
        waiting.push(frame);
        drop(waiting);
        self.reader.wake();
        true
    }

    /// Drops the latest value of a subscription that has ended.
    pub fn forget(&self, subscription: u64) {
        self.lock().latest.retain(|(of, _)| *of != subscription);
    }

    /// Stops the outbox for the first reason given; drops what waits.
    pub fn stop(&self, why: Stop) {
        let mut waiting = self.lock();
        if waiting.stop.is_none() {
            waiting.go(why);
        }
        drop(waiting);
        self.reader.wake();
    }

    /// The next thing to do. Log publications come before latest values, so that a snapshot
    /// precedes the values that follow it.
    pub fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Next> {
        if let Some(next) = self.take() {
            return Poll::Ready(next);
        }
        self.reader.register(cx.waker());
        // Something may have been queued before the waker was registered.
        self.take().map_or(Poll::Pending, Poll::Ready)
    }

    /// Only polls for a stop, while the socket can't be written to.
    pub fn poll_stop(&self, cx: &mut Context<'_>) -> Poll<Stop> {
        self.reader.register(cx.waker());
        self.lock().stop.map_or(Poll::Pending, Poll::Ready)
    }

    /// Waits for the next thing to do.
    pub async fn next(&self) -> Next {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    fn take(&self) -> Option<Next> {
        let mut waiting = self.lock();
        if let Some(why) = waiting.stop {
            return Some(Next::Stop(why));
        }
        let frame = match waiting.log.pop_front() {
            Some((frame, bytes)) => {
                waiting.log_bytes -= bytes;
                frame
            }
            None => waiting.latest.pop_front()?.1,
        };
        if waiting.log.is_empty() && waiting.latest.is_empty() {
            // An idle connection holds no buffers.
            (waiting.log, waiting.latest) = Default::default();
        }
        if waiting.taken.is_multiple_of(MEASURED_OF) {
            frame.taken();
        }
        waiting.taken = waiting.taken.wrapping_add(1);
        Some(Next::Frame(frame))
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // No code under this lock can panic halfway.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Records the maximum that waited.
impl Drop for Outbox {
    fn drop(&mut self) {
        let peak = self.lock().peak;
        if peak > 0 {
            metrics::histogram!("realtime_outbox_peak_bytes").record(peak as f64);
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::super::{Lag, Op};
    use super::*;

    fn frame(op: Op, number: u64) -> Arc<EncodedFrame> {
        let lag = Arc::new(Lag::new(metrics::Histogram::noop()));
        Arc::new(EncodedFrame::new(op, Some(number), None, Bytes::from(number.to_string()), &lag))
    }

    fn drain(outbox: &Outbox) -> (Vec<Arc<EncodedFrame>>, Option<Stop>) {
        let mut all = Vec::new();
        loop {
            match outbox.take() {
                Some(Next::Frame(frame)) => all.push(frame),
                Some(Next::Stop(why)) => return (all, Some(why)),
                None => return (all, None),
            }
        }
    }

    #[test]
    fn a_reader_who_lags_beyond_the_limit_is_stopped_and_holds_nothing() {
        let outbox = Outbox::new(4);
        for number in 1..=4 {
            outbox.log(&frame(Op::Event, number));
        }
        outbox.latest(1, &frame(Op::Latest, 9));
        outbox.log(&frame(Op::Event, 5));
        let (seen, stop) = drain(&outbox);
        assert!(seen.is_empty());
        assert_eq!(stop, Some(Stop::SlowReader));
        outbox.stop(Stop::Revoked);
        assert_eq!(drain(&outbox).1, Some(Stop::SlowReader), "the first reason stays");
    }

    #[test]
    fn what_was_missed_is_told_however_much_it_is() {
        let outbox = Outbox::new(4);
        for number in 1..=9 {
            outbox.replay(&frame(Op::Event, number));
        }
        outbox.log(&frame(Op::Event, 10));
        let (seen, stop) = drain(&outbox);
        assert_eq!((seen.len(), stop), (10, None));
    }

    #[test]
    fn newest_values_never_make_a_reader_slow() {
        let outbox = Outbox::new(1);
        for number in 0..10_000 {
            outbox.latest(number % 3, &frame(Op::Latest, number));
        }
        let (seen, stop) = drain(&outbox);
        assert_eq!(stop, None);
        assert_eq!(seen.iter().filter_map(|frame| frame.offset).collect::<Vec<_>>(), [9_999, 9_997, 9_998]);
    }

    #[test]
    fn passing_tellings_are_dropped_while_the_reader_lags() {
        let outbox = Outbox::new(8);
        assert!(outbox.passing(&frame(Op::Event, 1)));
        outbox.log(&frame(Op::Event, 2));
        assert!(!outbox.passing(&frame(Op::Event, 3)));
        assert_eq!(drain(&outbox).0.len(), 2);
    }

    #[derive(Clone, Debug)]
    enum Step {
        Log,
        Latest(u64),
        Read,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![Just(Step::Log), (0..4_u64).prop_map(Step::Latest), Just(Step::Read)]
    }

    proptest! {
        #[test]
        fn the_log_arrives_whole_and_in_order_and_each_value_seen_is_the_newest(
            steps in proptest::collection::vec(step(), 0..200)
        ) {
            let outbox = Outbox::new(usize::MAX);
            let (mut sent, mut seen, mut newest) = (Vec::new(), Vec::new(), [None; 4]);
            let check = |next: Option<Next>, seen: &mut Vec<u64>, newest: &[Option<u64>; 4]| {
                let Some(Next::Frame(frame)) = next else { return false };
                let number = frame.offset.unwrap_or_default();
                match frame.op {
                    Op::Latest => assert!(newest.contains(&Some(number))),
                    _ => seen.push(number),
                }
                true
            };
            for (number, step) in (0_u64..).zip(steps) {
                match step {
                    Step::Log => {
                        sent.push(number);
                        outbox.log(&frame(Op::Event, number));
                    }
                    Step::Latest(slot) => {
                        newest[usize::try_from(slot).unwrap()] = Some(number);
                        outbox.latest(slot, &frame(Op::Latest, number));
                    }
                    Step::Read => { check(outbox.take(), &mut seen, &newest); }
                }
            }
            while check(outbox.take(), &mut seen, &newest) {}
            prop_assert_eq!(sent, seen);
        }
    }
}
