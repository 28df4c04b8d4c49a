//! The typed handle to all entities of a kind, and the actor around each of them.

use std::fmt::Display;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dashmap::DashMap;
use dashmap::mapref::entry::Entry as Slot;
use domain::{Failure, Refused, refusal};
use ractor::{Actor, ActorCell, ActorId, ActorProcessingErr, ActorRef, ActorRuntime, SpawnErr};
use tokio::sync::oneshot;
use tokio::time::Instant;
use tracing::{Instrument as _, Span};

use super::counter::Counter;
use super::kind_supervisor::{KindSupervisor, Root};
use super::load::{KindLoad, Limits, Load, Permit};
use super::report::Figures;

/// A kind of entity: its commands and its state.
pub trait Entity: Send + Sync + Sized + 'static {
    /// The kind's name in logs and metrics (`order`).
    const KIND: &'static str;

    /// Identifies one entity.
    type Id: Copy + Eq + Hash + Display + Send + Sync + 'static;

    /// The messages of an entity. Each variant carries its [`Reply`].
    type Command: Send + 'static;

    /// The state of an active entity.
    type State: Send + 'static;

    /// Runs one command. `state` is `None` until a command loads it, and may be set to `None` to
    /// have it loaded again. A panic here is a crash.
    fn handle(
        &self,
        id: Self::Id,
        state: &mut Option<Self::State>,
        command: Self::Command,
    ) -> impl Future<Output = ()> + Send;

    /// How many commits lost against another activation; `None` if commits are not fenced by
    /// [`decide`](super::decide).
    fn conflicts(&self) -> Option<&Counter> {
        None
    }
}

/// The reply to a command. The caller may be gone: sending never fails.
#[derive(Debug)]
pub struct Reply<T>(oneshot::Sender<Result<T, Failure>>);

impl<T> Reply<T> {
    /// Sends the answer.
    pub fn send(self, answer: Result<T, Failure>) {
        // If nobody waits any more, the command is done all the same.
        drop(self.0.send(answer));
    }
}

/// All entities of one kind, by id. Cheap to clone.
pub struct Entities<E: Entity>(pub(super) Arc<Shared<E>>);

impl<E: Entity> Clone for Entities<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// Declares the handle to all entities of a kind: a type of its own, so that its file can add one
/// method for each message. It is made [from](From) the [`Entities`], and dereferences to them.
#[macro_export]
macro_rules! handle {
    ($(#[$doc:meta])* $handle:ident of $entity:ty) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $handle($crate::Entities<$entity>);

        impl From<$crate::Entities<$entity>> for $handle {
            fn from(all: $crate::Entities<$entity>) -> Self {
                Self(all)
            }
        }

        impl std::ops::Deref for $handle {
            type Target = $crate::Entities<$entity>;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }
    };
}

pub(super) struct Shared<E: Entity> {
    pub(super) entity: E,
    pub(super) limits: Limits,
    pub(super) directory: DashMap<E::Id, Active<E>>,
    /// Maps an actor to its entity, for supervision events.
    pub(super) running: DashMap<ActorId, E::Id>,
    pub(super) quarantined: DashMap<E::Id, Quarantine>,
    pub(super) load: KindLoad,
    pub(super) figures: Figures,
    pub(super) supervisor: std::sync::OnceLock<ActorCell>,
    started: Instant,
}

/// Until when an entity refuses commands, and why.
pub(super) struct Quarantine {
    pub(super) until: Instant,
    pub(super) cause: String,
}

/// An active entity in the directory.
pub(super) struct Active<E: Entity> {
    pub(super) actor: ActorRef<Envelope<E>>,
    pub(super) load: Arc<Load>,
    used_ms: AtomicU64,
}

/// An admitted command in the mailbox.
pub(super) struct Envelope<E: Entity> {
    command: E::Command,
    permit: Permit,
    sent: Instant,
    /// The command runs in this span, so that its log lines belong to the caller's trace.
    span: Span,
}

impl<E: Entity> Entities<E> {
    /// Starts the kind's supervisor under `root`.
    pub async fn start(entity: E, limits: Limits, root: &Root) -> Result<Self, SpawnErr> {
        let shared = Arc::new(Shared {
            entity,
            limits,
            directory: DashMap::new(),
            running: DashMap::new(),
            quarantined: DashMap::new(),
            load: KindLoad::default(),
            figures: Figures::of(E::KIND),
            supervisor: std::sync::OnceLock::new(),
            started: Instant::now(),
        });
        let supervisor = KindSupervisor::start(Arc::clone(&shared), root).await?;
        // Just created, so it was not set before.
        let _ = shared.supervisor.set(supervisor);
        Ok(Self(shared))
    }

    /// Sends the command that `make` builds around the reply, and waits for the answer.
    ///
    /// Refused as unavailable when too many commands wait, when the answer takes too long, or when
    /// the entity crashed. In the last two cases the outcome is unknown, so only an idempotent
    /// command may be repeated.
    pub async fn call<T: Send + 'static>(
        &self,
        id: E::Id,
        make: impl FnOnce(Reply<T>) -> E::Command,
    ) -> Result<T, Failure> {
        let (sender, receiver) = oneshot::channel();
        self.cast(id, make(Reply(sender)))?;
        match tokio::time::timeout(self.0.limits.call_timeout, receiver).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(refusal::crashed().after(1).into()),
            Err(_) => Err(refusal::timeout().after(1).into()),
        }
    }

    /// Sends a command without waiting.
    pub fn cast(&self, id: E::Id, command: E::Command) -> Result<(), Refused> {
        self.0.check_quarantine(id)?;
        let shared = &self.0;
        let overloaded = || {
            shared.figures.refused.one();
            refusal::overloaded().after(1)
        };
        // The shard stays locked from here until the message is in the mailbox,
        // so the entity can't be passivated in between.
        let (active, fresh) = match shared.directory.entry(id) {
            Slot::Occupied(slot) => (slot.into_ref(), false),
            Slot::Vacant(slot) => {
                let active = Shell::activate(shared, id).map_err(|error| {
                    tracing::error!(kind = E::KIND, %id, %error, "an entity could not be started");
                    Refused::unavailable(1)
                })?;
                (slot.insert(active), true)
            }
        };
        if fresh {
            shared.figures.activations.one();
        }
        let permit = Permit::admit(&active.load, &shared.load, &shared.limits).ok_or_else(overloaded)?;
        active.used_ms.store(shared.now_ms(), Ordering::Relaxed);
        active
            .actor
            .send_message(Envelope { command, permit, sent: Instant::now(), span: span::<E>(id) })
            .map_err(|_| {
                // It crashed just now, and the supervisor has not removed it yet.
                refusal::crashed().after(1)
            })
    }

    /// Sends a command without waiting, if the entity is active; otherwise does nothing, since an
    /// activation reads everything from the store.
    pub fn cast_active(&self, id: E::Id, command: E::Command) -> Result<(), Refused> {
        if self.0.directory.contains_key(&id) { self.cast(id, command) } else { Ok(()) }
    }

    /// What the entities of the kind share.
    pub fn shared(&self) -> &E {
        &self.0.entity
    }

    /// The active entities.
    pub fn ids(&self) -> Vec<E::Id> {
        self.0.directory.iter().map(|entry| *entry.key()).collect()
    }

    /// How many entities are active.
    pub fn active(&self) -> usize {
        self.0.directory.len()
    }

    /// How many commands are admitted but not yet answered.
    pub fn in_flight(&self) -> usize {
        self.0.load.now()
    }

    /// Passivates every entity that has no commands and was not used for `idle`.
    pub fn passivate(&self, idle: std::time::Duration) {
        self.0.passivate(idle);
    }
}

/// A span for a command that is part of a trace. Other commands get none: positions come ten
/// thousand times a second.
fn span<E: Entity>(id: E::Id) -> Span {
    if Span::current().is_none() { Span::none() } else { tracing::info_span!("entity", kind = E::KIND, %id) }
}

impl<E: Entity> Shared<E> {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn check_quarantine(&self, id: E::Id) -> Result<(), Refused> {
        if self.quarantined.is_empty() {
            return Ok(());
        }
        let now = Instant::now();
        self.quarantined.remove_if(&id, |_, quarantine| quarantine.until <= now);
        match self.quarantined.get(&id) {
            Some(_) => Err(refusal::quarantined().after(1)),
            None => Ok(()),
        }
    }

    pub(super) fn passivate(&self, idle: std::time::Duration) {
        let idle_ms = u64::try_from(idle.as_millis()).unwrap_or(u64::MAX);
        let now_ms = self.now_ms();
        self.directory.retain(|_, active| {
            let rests = active.load.now() == 0
                && now_ms.saturating_sub(active.used_ms.load(Ordering::Relaxed)) >= idle_ms;
            if rests {
                active.actor.stop(None);
                self.figures.passivations.one();
            }
            !rests
        });
    }
}

/// The ractor actor around one entity.
pub(super) struct Shell<E: Entity> {
    shared: Arc<Shared<E>>,
    id: E::Id,
}

impl<E: Entity> Shell<E> {
    fn activate(shared: &Arc<Shared<E>>, id: E::Id) -> Result<Active<E>, SpawnErr> {
        let shell = Self { shared: Arc::clone(shared), id };
        let actor = match shared.supervisor.get() {
            Some(supervisor) => ActorRuntime::spawn_linked_instant(None, shell, (), supervisor.clone())?.0,
            None => ActorRuntime::spawn_instant(None, shell, ())?.0,
        };
        shared.running.insert(actor.get_id(), id);
        let used_ms = AtomicU64::new(shared.now_ms());
        Ok(Active { actor, load: Arc::default(), used_ms })
    }
}

impl<E: Entity> Actor for Shell<E> {
    type Msg = Envelope<E>;
    type State = Option<E::State>;
    type Arguments = ();

    async fn pre_start(
        &self,
        _myself: ActorRef<Self::Msg>,
        (): (),
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(None)
    }

    async fn handle(
        &self,
        _myself: ActorRef<Self::Msg>,
        envelope: Self::Msg,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        self.shared.figures.wait.record(envelope.sent.elapsed());
        // On the heap while it runs, so that an idle actor does not reserve memory for its largest
        // command.
        let work = self.shared.entity.handle(self.id, state, envelope.command);
        Box::pin(work.instrument(envelope.span)).await;
        drop(envelope.permit);
        Ok(())
    }
}
