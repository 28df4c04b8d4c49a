//! The snapshot of the system as operators see it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use actor_kit::{KindReport, WorkerReport, WorkerState};
use chrono::TimeDelta;
use domain::Timestamp;
use serde::Serialize;
use store::jobs::{Backlog, Backlogs};
use utoipa::ToSchema;

use super::{HealthIssue, ProcessStats, System, health_issues};
use hub::HubReport;

/// How one process is. Counts are of its life so far.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = System)]
pub struct SystemView {
    /// When this was so.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What needs somebody to look, the worst first; empty is good.
    pub troubles: Vec<HealthIssue>,
    /// The process that answers.
    pub process: ProcessView,
    /// Orders, carts, couriers, conversations.
    pub entities: Vec<KindView>,
    /// The long-running tasks.
    pub workers: Vec<WorkerView>,
    /// Reactions and reminders of all processes; none while the database does not answer.
    pub jobs: Option<JobsView>,
    /// Payments and refunds that wait for a decision: see `/v1/payments/undecided`.
    pub money_undecided: u64,
    /// What did not agree when this process compared the ledger last: see `/v1/ledger/days/{day}`.
    pub ledger_discrepancies: u64,
    /// Live channels.
    pub hub: HubView,
    /// What joins processes.
    pub fabric: FabricView,
    /// Connections to PostgreSQL.
    pub database: DatabaseView,
    /// Batches of positions that wait to be written.
    pub positions_waiting: usize,
}

/// The process that answers.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SystemProcess)]
pub struct ProcessView {
    /// Tells it from others; new at every start.
    pub node: String,
    /// The program's version.
    pub version: &'static str,
    /// The services that it serves.
    pub services: Vec<&'static str>,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// How long ago that is.
    pub uptime_secs: i64,
    /// What it costs.
    #[serde(flatten)]
    pub stats: ProcessStats,
}

/// One kind of entity.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SystemEntities)]
pub struct KindView {
    /// `order`, `cart`, `courier` or `chat`.
    pub kind: &'static str,
    /// Awake.
    pub active: usize,
    /// Commands admitted and not yet answered.
    pub in_flight: usize,
    /// The most that ever were at once.
    pub in_flight_peak: usize,
    /// How often one was woken up.
    pub activations: u64,
    /// How often one was let go because it rested.
    pub passivations: u64,
    /// Commands turned away because too much waited.
    pub refused: u64,
    /// How often one failed, and was forgotten until the next command.
    pub crashes: u64,
    /// Commits that lost against another's, and were decided anew.
    pub conflicts: u64,
    /// Left alone for a while because they failed too often.
    pub quarantined: Vec<QuarantineView>,
}

/// An entity that is left alone.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SystemQuarantine)]
pub struct QuarantineView {
    /// Which one.
    pub id: String,
    /// What it said when it failed last.
    pub cause: String,
    /// When it is asked again.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
}

/// One long-running task.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SystemWorker)]
pub struct WorkerView {
    /// Its name.
    pub name: &'static str,
    /// `running`, `pausing` before it is started again, or `ended`.
    pub state: &'static str,
    /// How often it was started again.
    pub restarts: u64,
    /// Why it failed last.
    pub last_error: Option<String>,
    /// When that was.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_failed_at: Option<Timestamp>,
}

/// Reactions and reminders.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SystemJobs)]
pub struct JobsView {
    /// Due, and not begun.
    pub due: u64,
    /// Being worked on.
    pub running: u64,
    /// Not due yet.
    pub scheduled: u64,
    /// Failed, and to be tried again.
    pub failing: u64,
    /// Failed for the last time.
    pub parked: u64,
    /// Seconds that the oldest one which is due waits.
    pub oldest_due_secs: f64,
    /// The reactions among them, by who is to do them.
    pub subscribers: Vec<SubscriberView>,
}

/// The reactions of one subscriber.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SystemSubscriber)]
pub struct SubscriberView {
    /// Its name, or `unknown` for those of another version of the program.
    pub name: &'static str,
    /// Due, and not begun.
    pub due: u64,
    /// Being worked on.
    pub running: u64,
    /// Failed, and to be tried again.
    pub failing: u64,
    /// Failed for the last time.
    pub parked: u64,
    /// Seconds that the oldest one which is due waits.
    pub oldest_due_secs: f64,
}

/// Live channels.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = SystemHub)]
pub struct HubView {
    /// Open sockets and streams.
    pub sockets: usize,
    /// Channels that somebody follows here.
    pub channels: usize,
    /// Who follows them, counted once per channel.
    pub subscriptions: usize,
    /// Tellings that were handed to listeners.
    pub deliveries: u64,
    /// Newest values that gave way to newer ones before they were read.
    pub conflated: u64,
    /// Passing publications that lagging listeners missed.
    pub dropped: u64,
    /// How often the journal was read because the fabric had lost something.
    pub repairs: u64,
    /// The longest of late from an event's decision to the hub, milliseconds.
    pub event_lag_ms: f64,
    /// The longest of late from the hub to a socket, milliseconds.
    pub delivery_lag_ms: f64,
}

/// What joins processes.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = SystemFabric)]
pub struct FabricView {
    /// Whether the others are heard. A process that is alone always hears itself.
    pub joined: bool,
}

/// Connections to PostgreSQL.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = SystemDatabase)]
pub struct DatabaseView {
    /// In use.
    pub busy: u32,
    /// Open, and not in use.
    pub idle: u32,
    /// The most that may be open.
    pub max: u32,
}

impl System {
    pub(super) fn view(&self) -> SystemView {
        let (app, now) = (&self.app, self.app.now());
        let connections = app.store.connections();
        let mut view = SystemView {
            at: now,
            troubles: Vec::new(),
            process: ProcessView {
                node: self.process.node.clone(),
                version: self.process.version,
                services: self.process.services.clone(),
                started_at: self.process.started_at,
                uptime_secs: (now - self.process.started_at).num_seconds(),
                stats: (self.process.stats)(),
            },
            entities: [app.orders.report(), app.couriers.report(), app.chats.report(), app.carts.report()]
                .into_iter()
                .map(|report| KindView::new(report, now))
                .collect(),
            workers: [app.job_workers.report(), app.workers.report()]
                .into_iter()
                .flatten()
                .map(|report| WorkerView::new(report, now))
                .collect(),
            jobs: self.backlog().map(Into::into),
            money_undecided: self.money_undecided.load(Ordering::Relaxed),
            ledger_discrepancies: app.ledger.discrepancies(),
            hub: self.hub.report().into(),
            fabric: FabricView { joined: app.fabric().is_joined() },
            database: DatabaseView { busy: connections.busy, idle: connections.idle, max: connections.max },
            positions_waiting: app.positions.waiting(),
        };
        view.troubles = health_issues::find(&view, &app.settings.system);
        view
    }
}

impl KindView {
    fn new(report: KindReport, now: Timestamp) -> Self {
        let quarantined = report.quarantined.into_iter().map(|one| QuarantineView {
            id: one.id,
            cause: one.cause,
            until: now + one.remaining,
        });
        Self {
            kind: report.kind,
            active: report.active,
            in_flight: report.in_flight,
            in_flight_peak: report.in_flight_peak,
            activations: report.activations,
            passivations: report.passivations,
            refused: report.refused,
            crashes: report.crashes,
            conflicts: report.conflicts,
            quarantined: quarantined.collect(),
        }
    }
}

impl WorkerView {
    fn new(report: WorkerReport, now: Timestamp) -> Self {
        let (last_error, ago) = report.last_failure.unzip();
        Self {
            name: report.name,
            state: match report.state {
                WorkerState::Running => "running",
                WorkerState::Pausing => "pausing",
                WorkerState::Ended => "ended",
            },
            restarts: report.restarts,
            last_error,
            last_failed_at: ago.and_then(|ago| Some(now - TimeDelta::from_std(ago).ok()?)),
        }
    }
}

impl From<Backlogs> for JobsView {
    fn from(Backlogs { all, subscribers }: Backlogs) -> Self {
        let Backlog { due, running, scheduled, failing, parked, oldest_due_secs } = all;
        let subscribers = subscribers.into_iter().map(|(name, backlog)| {
            let Backlog { due, running, scheduled: _, failing, parked, oldest_due_secs } = backlog;
            SubscriberView { name, due, running, failing, parked, oldest_due_secs }
        });
        let subscribers = subscribers.collect();
        Self { due, running, scheduled, failing, parked, oldest_due_secs, subscribers }
    }
}

impl From<HubReport> for HubView {
    fn from(report: HubReport) -> Self {
        let millis = |lag: Duration| lag.as_secs_f64() * 1e3;
        Self {
            sockets: report.sockets,
            channels: report.channels,
            subscriptions: report.subscriptions,
            deliveries: report.deliveries,
            conflated: report.conflated,
            dropped: report.dropped,
            repairs: report.repairs,
            event_lag_ms: millis(report.event_lag),
            delivery_lag_ms: millis(report.delivery_lag),
        }
    }
}
