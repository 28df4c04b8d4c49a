//! The state of this process for operators: its entities, workers, hub, queues and memory, and
//! the health issues among them. With several processes the answer is about the one that handles
//! the request, which it names.
//!
//! The same figures are exported as metrics: [`System::watch`] samples them every few seconds.

pub mod city;
pub mod health_issues;
mod history;
mod lists;
mod process_stats;
mod search;
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
pub use history::HistoryView;
use history::{History, Reading};
use hub::Hub;
pub use lists::{
    AssignmentView, CourierLine, CourierPosition, CourierState, CourierView, list_couriers, list_orders,
    show_courier,
};
pub use process_stats::ProcessStats;
pub use search::{FoundBy, Hit, HitKind, search};
pub use view::SystemView;

/// The thresholds of health issues, and the sampling intervals.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The interval between samples. Default 5 s.
    pub sample_every: Duration,
    /// How long the counts of the city are cached. Default 2 s.
    pub city_every: Duration,
    /// A publication is late if it takes longer to the hub or to a socket. Default 1 s.
    pub lag: Duration,
    /// A job is late if it has been due for longer and has not started. Default 30 s.
    pub job_late: Duration,
    /// A worker that failed within this time is a health issue. Default 60 s.
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

/// The identity of a process.
#[derive(Clone, Debug)]
pub struct Process {
    /// Identifies the process; new at every start.
    pub node: String,
    /// The program's version.
    pub version: &'static str,
    /// The services that it serves.
    pub services: Vec<&'static str>,
    /// When it started.
    pub started_at: Timestamp,
    /// Reads its resource usage.
    pub stats: fn() -> ProcessStats,
}

/// See the module. Made once per process.
pub struct System {
    app: App,
    hub: Arc<Hub>,
    process: Process,
    /// The jobs, as last sampled; none while the database does not answer.
    backlog: Mutex<Option<Backlogs>>,
    /// Payments and refunds that wait for a decision, as last sampled.
    money_undecided: AtomicU64,
    /// The cached view of the city, and when it was computed.
    counted: tokio::sync::Mutex<Option<(Instant, CityView)>>,
    history: Mutex<History>,
}

impl System {
    /// The system view of this process.
    pub fn new(app: App, hub: Arc<Hub>, process: Process) -> Arc<Self> {
        let backlog = Mutex::new(Some(Backlogs::default()));
        let (money_undecided, counted) = (AtomicU64::default(), tokio::sync::Mutex::default());
        let history = Mutex::default();
        Arc::new(Self { app, hub, process, backlog, money_undecided, counted, history })
    }

    /// The state of this process, for operators only.
    pub fn show(&self, who: &Principal) -> Result<SystemView, Failure> {
        who.require(Role::Admin)?;
        Ok(self.view())
    }

    /// The main figures of the last hour, for operators only.
    pub fn history(&self, who: &Principal) -> Result<HistoryView, Failure> {
        who.require(Role::Admin)?;
        let history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(history.view(self.app.now(), self.process.node.clone(), self.process.services.clone()))
    }

    /// Adds the figures to the history.
    fn remember(&self, jobs_due: Option<u64>) {
        let reading = self.reading(jobs_due);
        self.history.lock().unwrap_or_else(PoisonError::into_inner).note(self.app.now(), reading);
    }

    /// The figures now. Counts are of this process, jobs of all.
    fn reading(&self, jobs_due: Option<u64>) -> Reading {
        let (app, hub) = (&self.app, self.hub.report());
        let kinds = [app.orders.report(), app.couriers.report(), app.chats.report(), app.carts.report()];
        Reading {
            sockets: hub.sockets,
            deliveries: hub.deliveries,
            commands: kinds.iter().map(|kind| kind.commands).sum(),
            orders_placed: app.orders.placed(),
            event_lag: hub.event_lag,
            delivery_lag: hub.delivery_lag,
            resident_bytes: (self.process.stats)().resident_bytes,
            jobs_due,
        }
    }

    fn backlog(&self) -> Option<Backlogs> {
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Starts the worker that takes samples while this value exists.
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
        self.remember(backlog.as_ref().map(|backlog| backlog.all.due));
        *self.backlog.lock().unwrap_or_else(PoisonError::into_inner) = backlog;
        gauge!("ledger_discrepancies").set(self.app.ledger.discrepancies() as f64);
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
