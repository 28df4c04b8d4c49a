//! Long-running tasks that are restarted when they fail.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::counter::Counter;

/// The first pause before a failed worker is restarted; doubled each time.
const PAUSE: Duration = Duration::from_millis(100);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// After running this long a worker counts as healthy: its next failure gets the first pause.
const HEALTHY: Duration = Duration::from_secs(5);

/// The workers branch of the supervision tree.
pub struct Workers {
    stop: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    known: Mutex<Vec<Arc<Known>>>,
}

/// The state of a worker, for operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerReport {
    /// Its name.
    pub name: &'static str,
    /// Its current state.
    pub state: WorkerState,
    /// How often it was restarted.
    pub restarts: u64,
    /// Its last failure, and how long ago that was.
    pub last_failure: Option<(String, Duration)>,
}

/// The state of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerState {
    /// Running.
    Running,
    /// Failed, and waiting to be restarted.
    Pausing,
    /// Completed, or stopped.
    Ended,
}

/// The bookkeeping of one worker.
struct Known {
    name: &'static str,
    restarts: Counter,
    now: Mutex<Now>,
}

struct Now {
    state: WorkerState,
    failed: Option<(String, Instant)>,
}

impl Default for Workers {
    fn default() -> Self {
        Self { stop: watch::Sender::new(false), tasks: Mutex::default(), known: Mutex::default() }
    }
}

impl Workers {
    /// Resolves when the workers are to stop.
    pub fn stopping(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let mut stop = self.stop.subscribe();
        async move {
            // An error means that `Workers` was dropped: that is a stop as well.
            let _ = stop.wait_for(|stop| *stop).await;
        }
    }

    /// Runs `work` until the workers stop; restarts it, after a pause, when it fails or panics. It
    /// is done when `work` returns `Ok`.
    pub fn spawn<F, Fut, E>(&self, name: &'static str, mut work: F)
    where
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: std::fmt::Display + Send + 'static,
    {
        let mut stop = self.stop.subscribe();
        let known = Arc::new(Known::new(name));
        locked(&self.known).push(Arc::clone(&known));
        let supervised = async move {
            let mut pause = PAUSE;
            loop {
                known.enter(WorkerState::Running);
                let began = Instant::now();
                let cause = match tokio::spawn(work()).await {
                    Ok(Ok(())) => return known.enter(WorkerState::Ended),
                    Ok(Err(error)) => {
                        tracing::error!(worker = name, %error, "a worker failed");
                        error.to_string()
                    }
                    Err(error) => {
                        tracing::error!(worker = name, %error, "a worker crashed");
                        error.to_string()
                    }
                };
                known.failed(cause);
                if began.elapsed() >= HEALTHY {
                    pause = PAUSE;
                }
                tokio::select! {
                    () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                    _ = stop.wait_for(|stop| *stop) => return known.enter(WorkerState::Ended),
                }
            }
        };
        let task = tokio::spawn(supervised);
        locked(&self.tasks).push(task);
    }

    /// The state of each worker, in the order of their start.
    pub fn report(&self) -> Vec<WorkerReport> {
        locked(&self.known).iter().map(|known| known.report()).collect()
    }

    /// Signals the workers to stop and waits for them, at most `deadline`.
    pub async fn stop(&self, deadline: Duration) {
        self.stop.send_replace(true);
        let tasks = std::mem::take(&mut *locked(&self.tasks));
        let all = async {
            for task in tasks {
                // A failure was logged where it happened.
                let _ = task.await;
            }
        };
        if tokio::time::timeout(deadline, all).await.is_err() {
            tracing::warn!("some workers did not stop in time");
        }
    }
}

impl Known {
    fn new(name: &'static str) -> Self {
        let restarts = Counter::new(metrics::counter!("worker_restarts_total", "worker" => name));
        Self { name, restarts, now: Mutex::new(Now { state: WorkerState::Running, failed: None }) }
    }

    fn enter(&self, state: WorkerState) {
        locked(&self.now).state = state;
    }

    fn failed(&self, cause: String) {
        self.restarts.one();
        *locked(&self.now) = Now { state: WorkerState::Pausing, failed: Some((cause, Instant::now())) };
    }

    fn report(&self) -> WorkerReport {
        let now = locked(&self.now);
        WorkerReport {
            name: self.name,
            state: now.state,
            restarts: self.restarts.count(),
            last_failure: now.failed.as_ref().map(|(cause, at)| (cause.clone(), at.elapsed())),
        }
    }
}

/// No code under these locks can panic halfway, so a poisoned lock holds valid data.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
