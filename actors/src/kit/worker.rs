//! Long-running tasks that are started again when they fail.

use std::future::Future;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The first pause before a failed worker is started again; doubled each time.
const PAUSE: Duration = Duration::from_millis(100);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The workers branch of the supervision tree.
pub struct Workers {
    stop: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Default for Workers {
    fn default() -> Self {
        Self { stop: watch::Sender::new(false), tasks: Mutex::default() }
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
        let supervised = async move {
            let mut pause = PAUSE;
            loop {
                match tokio::spawn(work()).await {
                    Ok(Ok(())) => return,
                    Ok(Err(error)) => tracing::error!(worker = name, %error, "a worker failed"),
                    Err(error) => tracing::error!(worker = name, %error, "a worker crashed"),
                }
                metrics::counter!("worker_restarts_total", "worker" => name).increment(1);
                tokio::select! {
                    () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                    _ = stop.wait_for(|stop| *stop) => return,
                }
            }
        };
        let task = tokio::spawn(supervised);
        if let Ok(mut tasks) = self.tasks.lock() {
            tasks.push(task);
        }
    }

    /// Tells the workers to stop and waits for them, `deadline` at most.
    pub async fn stop(&self, deadline: Duration) {
        self.stop.send_replace(true);
        let tasks = self.tasks.lock().map(|mut tasks| std::mem::take(&mut *tasks)).unwrap_or_default();
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
