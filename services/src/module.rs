//! What a noun contributes to the running system: its entities and its workers. The
//! subscribers are listed in [`reactions`](crate::reactions), the nouns of channels in
//! `channels`, and the nouns of reminders in `reminders`.

use std::fmt::Display;
use std::sync::Arc;

use actor_kit::{Root, Workers};
use domain::Clock;
use futures::FutureExt;
use futures::future::BoxFuture;
use store::Store;

use crate::{App, Services, Settings};

/// The inputs for a noun's entities, which start before there is an [`App`].
pub(crate) struct Parts<'a> {
    pub(crate) store: &'a Store,
    pub(crate) clock: &'a Arc<dyn Clock>,
    pub(crate) settings: &'a Settings,
    pub(crate) root: &'a Root,
}

/// Resolves when a worker has to stop.
pub(crate) type Stopping = BoxFuture<'static, ()>;

/// The workers of one noun, all on one branch of the supervision tree.
pub(crate) struct Module {
    branch: Branch,
    workers: Vec<Worker>,
}

struct Worker {
    name: &'static str,
    work: Box<Work>,
}

/// A branch of the supervision tree.
type Branch = fn(&Services) -> &Workers;

type Work = dyn Fn(App, Stopping) -> BoxFuture<'static, Result<(), Box<dyn Display + Send>>> + Send;

impl Default for Module {
    fn default() -> Self {
        Self { branch: |app| &app.workers, workers: Vec::new() }
    }
}

impl Module {
    /// For workers that run jobs: they stop before the actors, because jobs call actors.
    pub(crate) fn of_jobs() -> Self {
        Self { branch: |app| &app.job_workers, workers: Vec::new() }
    }

    /// Adds a worker that runs `work` until it has to stop.
    pub(crate) fn worker<F, E>(
        mut self,
        name: &'static str,
        work: impl Fn(App, Stopping) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Display + Send + 'static,
    {
        let erased = move |app, stopping| {
            let work = work(app, stopping);
            async { work.await.map_err(|error| Box::new(error) as Box<dyn Display + Send>) }.boxed()
        };
        self.workers.push(Worker { name, work: Box::new(erased) });
        self
    }

    /// Starts the workers; one that fails is restarted. Between two runs a worker holds no
    /// [`App`], so that it does not keep the services alive on its own.
    pub(crate) fn start(self, app: &App) {
        let branch = self.branch;
        for Worker { name, work } in self.workers {
            let app_of_run = Arc::downgrade(app);
            branch(app).spawn(name, move || {
                let run = app_of_run.upgrade().map(|app| {
                    let stopping = branch(&app).stopping().boxed();
                    work(app, stopping)
                });
                async { if let Some(run) = run { run.await } else { Ok(()) } }
            });
        }
    }
}
