//! How this process is, for the operators: its entities, workers, hub, queues
//! and memory, and what of that is trouble. With several processes the answer is
//! of the one that was asked; it says which.
//!
//! The same figures are metrics: [`System::watch`] samples them every few seconds.

pub mod city;
pub mod health_issues;
mod process_stats;
pub mod view;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use domain::{Failure, Principal, Role, Timestamp};
use metrics::gauge;
use store::jobs::{self, Backlogs};
use tokio::time::Instant;

use crate::App;
use crate::module::{Module, Stopping};
use crate::payment::decision;
pub use city::CityView;
pub use health_issues::HealthIssue;
use hub::Hub;
pub use process_stats::ProcessStats;
pub use view::SystemView;

/// The bounds beyond which something is trouble, and how often is looked.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How often figures are sampled. Default 5 s.
    pub sample_every: Duration,
    /// How old the counts of the city may be. Default 2 s.
    pub city_every: Duration,
    /// A publication that takes longer, to the hub or to a socket, is late. Default 1 s.
    pub lag: Duration,
    /// A job that is due for longer, and not begun, is late. Default 30 s.
    pub job_late: Duration,
    /// A worker that failed within this time is shown as trouble. Default 60 s.
    pub failed_lately: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sample_every: Duration::from_secs(5),
            city_every: Duration::from_secs(2),
            lag: Duration::from_secs(1),
            job_late: Duration::from_secs(30),
            failed_lately: Duration::from_secs(60),
        }
    }
}

/// What a process says of itself.
#[derive(Clone, Debug)]
pub struct Process {
    /// Tells it from others; new at every start.
    pub node: String,
    /// The program's version.
    pub version: &'static str,
    /// The services that it serves.
    pub services: Vec<&'static str>,
    /// When it began.
    pub started_at: Timestamp,
    /// What it costs.
    pub stats: fn() -> ProcessStats,
}

/// See the module. Made once per process.
pub struct System {
    app: App,
    hub: Arc<Hub>,
    process: Process,
    /// As last sampled; none while the database does not answer.
    backlog: Mutex<Option<Backlogs>>,
    /// Payments and refunds that wait for a decision, as last sampled.
    money_undecided: AtomicU64,
    /// How the city was, and when that was counted.
    counted: tokio::sync::Mutex<Option<(Instant, CityView)>>,
}

impl System {
    /// Of this process.
    pub fn new(app: App, hub: Arc<Hub>, process: Process) -> Arc<Self> {
        let backlog = Mutex::new(Some(Backlogs::default()));
        let (money_undecided, counted) = (AtomicU64::default(), tokio::sync::Mutex::default());
        Arc::new(Self { app, hub, process, backlog, money_undecided, counted })
    }

    /// How everything is, for operators alone.
    pub fn show(&self, who: &Principal) -> Result<SystemView, Failure> {
        if who.is(Role::Admin) { Ok(self.view()) } else { Err(Failure::forbidden()) }
    }

    fn backlog(&self) -> Option<Backlogs> {
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Samples for as long as the services live.
    pub fn watch(self: &Arc<Self>) {
        let system = Arc::downgrade(self);
        let work = move |_: App, stopping| sample(Weak::clone(&system), stopping);
        Module::default().worker("sampler", work).start(&self.app);
    }

    async fn sample(&self) {
        self.app.carts.sample();
        self.app.chats.sample();
        self.app.orders.sample();
        self.app.couriers.sample();
        self.hub.sample();
        (self.process.stats)().sample();
        gauge!("process_start_time_seconds").set(self.process.started_at.timestamp_millis() as f64 / 1e3);
        gauge!("positions_waiting").set(self.app.positions.waiting() as f64);
        let connections = self.app.store.connections();
        gauge!("database_connections", "state" => "busy").set(connections.busy);
        gauge!("database_connections", "state" => "idle").set(connections.idle);
        gauge!("database_connections_max").set(connections.max);
        let backlog = jobs::backlog(&self.app.store).await;
        if let Err(error) = &backlog {
            tracing::warn!(%error, "could not count the jobs that wait");
        }
        let backlog = backlog.ok();
        if let Some(Backlogs { all: backlog, subscribers }) = &backlog {
            gauge!("jobs", "state" => "due").set(backlog.due as f64);
            gauge!("jobs", "state" => "running").set(backlog.running as f64);
            gauge!("jobs", "state" => "scheduled").set(backlog.scheduled as f64);
            gauge!("jobs", "state" => "failing").set(backlog.failing as f64);
            gauge!("jobs", "state" => "parked").set(backlog.parked as f64);
            gauge!("jobs_oldest_due_seconds").set(backlog.oldest_due_secs);
            for (name, backlog) in subscribers {
                let jobs = |state| gauge!("subscriber_jobs", "subscriber" => *name, "state" => state);
                jobs("due").set(backlog.due as f64);
                jobs("running").set(backlog.running as f64);
                jobs("failing").set(backlog.failing as f64);
                jobs("parked").set(backlog.parked as f64);
            }
        }
        *self.backlog.lock().unwrap_or_else(PoisonError::into_inner) = backlog;
        if let Ok(undecided) = decision::count(&self.app).await {
            gauge!("money_undecided").set(undecided as f64);
            self.money_undecided.store(undecided, Ordering::Relaxed);
        }
    }
}

async fn sample(system: Weak<System>, mut stopping: Stopping) -> Result<(), Failure> {
    while let Some(now) = system.upgrade() {
        now.sample().await;
        let pause = now.app.settings.system.sample_every;
        drop(now);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = &mut stopping => break,
        }
    }
    Ok(())
}
