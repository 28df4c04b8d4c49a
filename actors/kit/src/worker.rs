//! Long-running tasks that are started again when they fail.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::counter::Counter;

/// The first pause before a failed worker is started again; doubled each time.
const PAUSE: Duration = Duration::from_millis(100);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Who has worked for so long is healthy: its next failure is a first one.
const HEALTHY: Duration = Duration::from_secs(5);

/// The workers branch of the supervision tree.
pub struct Workers {
    stop: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    known: Mutex<Vec<Arc<Known>>>,
}

/// A worker, as operators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerReport {
    /// Its name.
    pub name: &'static str,
    /// What it does now.
    pub state: WorkerState,
    /// How often it was started again.
    pub restarts: u64,
    /// Why it failed last, and how long ago that was.
    pub last_failure: Option<(String, Duration)>,
}

/// What a worker does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerState {
    /// Works.
    Running,
    /// Failed, and waits to be started again.
    Pausing,
    /// Had nothing more to do, or was told to stop.
    Ended,
}

/// What is remembered of a worker.
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
    /// Resolves when the workers are told to stop.
    pub fn stopping(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let mut stop = self.stop.subscribe();
        async move {
            // An error means that all is gone: that is a stop as well.
            let _ = stop.wait_for(|stop| *stop).await;
        }
    }

    /// Runs `work` until the workers stop; starts it again, after a pause, when
    /// it fails or panics. One that returns `Ok` is done.
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

    /// How each of them is, in the order in which they were started.
    pub fn report(&self) -> Vec<WorkerReport> {
        locked(&self.known).iter().map(|known| known.report()).collect()
    }

    /// Tells the workers to stop and waits for them, `deadline` at most.
    pub async fn stop(&self, deadline: Duration) {
        self.stop.send_replace(true);
        let tasks = std::mem::take(&mut *locked(&self.tasks));
        let all = async {
            for task in tasks {
                // Whether it ended well was logged where it ended.
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

/// Nothing here runs under a lock that could leave it half done.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
