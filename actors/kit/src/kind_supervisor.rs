//! Supervision: one supervisor per kind of entity, all under one root.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr, SupervisionEvent};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::entity::{Entity, Quarantine, Shared};

/// How often idle entities are passivated.
const SWEEP: Duration = Duration::from_secs(30);

/// An entity was quarantined; operators should be alerted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrashReport {
    /// The kind (`order`).
    pub kind: &'static str,
    /// The entity's id.
    pub id: String,
    /// The last panic or error; only for the log.
    pub cause: String,
}

/// The root of the supervision tree. Stopping it stops every entity.
pub struct Root {
    actor: ActorRef<()>,
    reports: mpsc::UnboundedSender<CrashReport>,
}

impl Root {
    /// Starts the root. The receiver yields reports of quarantined entities, at most one per
    /// quarantine, so the channel needs no bound.
    pub async fn start() -> Result<(Self, mpsc::UnboundedReceiver<CrashReport>), SpawnErr> {
        let (actor, _task) = Actor::spawn(None, RootActor, ()).await?;
        let (reports, receiver) = mpsc::unbounded_channel();
        Ok((Self { actor, reports }, receiver))
    }

    /// Lets every actor finish its queued commands, then stops it.
    pub async fn stop(&self, deadline: Duration) {
        for supervisor in self.actor.get_children() {
            supervisor.drain_children_and_wait(Some(deadline)).await;
        }
        self.actor.stop_children_and_wait(None, Some(deadline)).await;
        self.actor.stop(None);
    }
}

struct RootActor;

impl Actor for RootActor {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _myself: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _myself: ActorRef<()>,
        event: SupervisionEvent,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        // A supervisor only counts and sweeps: if that fails, it is a bug.
        if let SupervisionEvent::ActorFailed(supervisor, error) = event {
            tracing::error!(supervisor = ?supervisor.get_name(), %error, "a supervisor failed");
        }
        Ok(())
    }
}

/// Supervises all entities of one kind: removes crashed ones, quarantines those that crash too
/// often, passivates idle ones.
pub(super) struct KindSupervisor<E: Entity> {
    shared: Arc<Shared<E>>,
    reports: mpsc::UnboundedSender<CrashReport>,
}

/// The times of each entity's crashes, within the window.
type Crashes<Id> = HashMap<Id, VecDeque<Instant>>;

/// Passivate idle entities.
pub(super) struct Sweep;

impl<E: Entity> KindSupervisor<E> {
    pub(super) async fn start(shared: Arc<Shared<E>>, root: &Root) -> Result<ActorCell, SpawnErr> {
        let supervisor = Self { shared, reports: root.reports.clone() };
        let (actor, _task) = Actor::spawn_linked(None, supervisor, (), root.actor.get_cell()).await?;
        Ok(actor.get_cell())
    }

    fn crashed(&self, id: E::Id, cause: &str, crashes: &mut Crashes<E::Id>) {
        let limits = &self.shared.limits;
        let now = Instant::now();
        self.shared.figures.crashes.one();
        tracing::error!(kind = E::KIND, %id, %cause, "an entity crashed");
        let times = crashes.entry(id).or_default();
        times.push_back(now);
        while times.front().is_some_and(|first| now - *first > limits.crash_window) {
            times.pop_front();
        }
        if times.len() >= limits.crashes {
            crashes.remove(&id);
            let quarantine = Quarantine { until: now + limits.quarantine, cause: cause.to_owned() };
            self.shared.quarantined.insert(id, quarantine);
            self.shared.figures.quarantines.one();
            let report = CrashReport { kind: E::KIND, id: id.to_string(), cause: cause.to_owned() };
            // At shutdown the receiver is gone.
            drop(self.reports.send(report));
        }
    }
}

impl<E: Entity> Actor for KindSupervisor<E> {
    type Msg = Sweep;
    type State = Crashes<E::Id>;
    type Arguments = ();

    async fn pre_start(&self, myself: ActorRef<Sweep>, (): ()) -> Result<Self::State, ActorProcessingErr> {
        myself.send_interval(SWEEP, || Sweep);
        Ok(HashMap::new())
    }

    async fn handle(
        &self,
        _myself: ActorRef<Sweep>,
        Sweep: Sweep,
        crashes: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        self.shared.passivate(self.shared.limits.idle);
        let now = Instant::now();
        crashes.retain(|_, times| {
            times.back().is_some_and(|last| now - *last <= self.shared.limits.crash_window)
        });
        self.shared.quarantined.retain(|_, quarantine| quarantine.until > now);
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _myself: ActorRef<Sweep>,
        event: SupervisionEvent,
        crashes: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        let (cell, cause) = match event {
            SupervisionEvent::ActorFailed(cell, error) => (cell, Some(error.to_string())),
            SupervisionEvent::ActorTerminated(cell, _, _) => (cell, None),
            _ => return Ok(()),
        };
        let Some((_, id)) = self.shared.running.remove(&cell.get_id()) else { return Ok(()) };
        // The id may have a new activation by now: remove only the terminated one.
        self.shared.directory.remove_if(&id, |_, active| active.actor.get_id() == cell.get_id());
        if let Some(cause) = cause {
            self.crashed(id, &cause, crashes);
        }
        Ok(())
    }
}
