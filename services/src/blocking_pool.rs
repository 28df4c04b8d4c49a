//! A pool for work that keeps a processor busy for long: on threads of its own, behind a bounded
//! queue. A few run, a bounded number waits, and the rest are refused with a retry-after.
//!
//! What runs yields to everything else that the process does: the threads have a lower priority,
//! so that a courier's position does not wait behind somebody's password.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use domain::{Failure, refusal};
use tokio::sync::{Semaphore, oneshot};

/// The longest that somebody waits for it.
const WAITED_AT_MOST: Duration = Duration::from_secs(5);

/// How far the threads yield to others (`nice`): they get a tenth of a core that others want, and
/// all of one that nobody wants.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

type Work = Box<dyn FnOnce() + Send>;

/// See the module.
pub(crate) struct BlockingPool {
    /// The threads end when this is dropped.
    threads: mpsc::Sender<Work>,
    queue: Arc<Semaphore>,
}

impl BlockingPool {
    /// A pool of which `at_once` run, and for each of these `waiting_each` wait.
    pub(crate) fn new(at_once: usize, waiting_each: usize) -> Self {
        let running = at_once.max(1);
        Self { threads: start(running), queue: Arc::new(Semaphore::new(running * (1 + waiting_each))) }
    }

    /// Runs the work when it is its turn. Work that has begun is done to its end, also if nobody
    /// waits for it any more; what nobody waits for is not begun. Either keeps its place in the
    /// queue until a thread is done with it: who asks and goes leaves no more behind than who waits.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let busy = || refusal::overloaded().after(2);
        let place = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| busy())?;
        let (reply, answer) = oneshot::channel();
        let work = move || {
            if reply.is_closed() {
                return;
            }
            let done = catch_unwind(AssertUnwindSafe(work));
            // Before the reply: whoever has it finds the place free.
            drop(place);
            // After a panic the reply is dropped, which tells whoever asked; the thread goes on.
            if let Ok(done) = done {
                let _ = reply.send(done);
            }
        };
        self.threads.send(Box::new(work)).map_err(|error| Failure::fault(error.to_string()))?;
        tokio::time::timeout(WAITED_AT_MOST, answer).await.map_err(|_| busy())?.map_err(Failure::fault)
    }
}

/// Starts so many threads that do one work after another.
fn start(count: usize) -> mpsc::Sender<Work> {
    let (sender, receiver) = mpsc::channel::<Work>();
    let receiver = Arc::new(Mutex::new(receiver));
    for _ in 0..count {
        let receiver = Arc::clone(&receiver);
        std::thread::spawn(move || {
            yield_to_others();
            // The lock is held while this thread waits for work, and not while it works.
            while let Ok(work) = { receiver.lock().unwrap_or_else(PoisonError::into_inner).recv() } {
                work();
            }
        });
    }
    sender
}

/// Lowers the priority of the calling thread.
fn yield_to_others() {
    // Linux has a priority for each thread; elsewhere it would be that of the process.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::warn!(%error, "long work runs at the priority of everything else");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn code(outcome: Result<(), Failure>) -> &'static str {
        match outcome {
            Ok(()) => "done",
            Err(Failure::Refused(refused)) => refused.code,
            Err(Failure::Fault(_)) => "fault",
        }
    }

    #[tokio::test]
    async fn one_runs_one_waits_and_the_third_is_refused_at_once() {
        let pool = Arc::new(BlockingPool::new(1, 1));
        let (go, gone) = mpsc::channel::<()>();
        let of = Arc::clone(&pool);
        let runs = tokio::spawn(async move { of.run(move || gone.recv().unwrap_or_default()).await });
        let of = Arc::clone(&pool);
        let waits = tokio::spawn(async move { of.run(|| ()).await });
        while pool.queue.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(code(pool.run(|| ()).await), "overloaded");
        go.send(()).unwrap();
        assert_eq!([code(runs.await.unwrap()), code(waits.await.unwrap())], ["done", "done"]);
        assert_eq!(code(pool.run(|| ()).await), "done");
    }

    #[tokio::test]
    async fn who_has_a_reply_finds_the_place_free_also_after_a_panic() {
        let pool = BlockingPool::new(1, 0);
        // Often, for a thread that is late with it is late by microseconds.
        for _ in 0..2_000 {
            assert_eq!(code(pool.run(|| ()).await), "done");
        }
        assert_eq!(code(pool.run(|| panic!("a decoder's mistake")).await), "fault");
        assert_eq!(code(pool.run(|| ()).await), "done");
    }

    #[tokio::test]
    #[cfg(target_os = "linux")]
    async fn it_yields_to_everything_else() {
        let niceness = || rustix::process::getpriority_process(None).unwrap();
        assert_eq!(BlockingPool::new(1, 0).run(niceness).await.unwrap(), niceness() + NICENESS);
    }

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_is_not_begun() {
        let pool = BlockingPool::new(1, 1);
        let (go, gone) = mpsc::channel::<()>();
        let (note, noted) = mpsc::channel();
        let first = pool.run(move || gone.recv().unwrap_or_default());
        tokio::pin!(first);
        assert!(futures::poll!(first.as_mut()).is_pending());
        {
            let second = pool.run(move || note.send(()).unwrap());
            tokio::pin!(second);
            assert!(futures::poll!(second.as_mut()).is_pending());
            // Whoever asked for it goes.
        }
        // It is still held until a thread comes to it, so it counts.
        assert_eq!(code(pool.run(|| ()).await), "overloaded");
        go.send(()).unwrap();
        first.await.unwrap();
        while pool.queue.available_permits() < 2 {
            tokio::task::yield_now().await;
        }
        pool.run(|| ()).await.unwrap();
        assert!(noted.try_recv().is_err());
    }
}
