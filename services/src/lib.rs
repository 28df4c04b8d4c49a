//! What can be done: the use cases of the thirteen services, and what one noun
//! does because of another's event.
//!
//! A use case is a function of its noun's file that takes the [`App`], whoever
//! asks, and what they ask for. It decides who may, gathers what the decision
//! needs, and asks the entity or the store.

pub mod auth;
pub mod bench_city;
pub mod blobs;
pub mod cart;
pub mod channels;
pub mod demo_city;
pub mod dispatch;
pub mod gazetteer;
pub mod health;
pub mod idempotency;
pub mod limits;
pub mod live;
pub mod map;
pub mod menu;
pub mod order;
pub mod payment;
pub mod place;
pub mod reactions;
pub mod reminders;
pub mod restaurant;
pub mod senders;
pub mod settings;
pub mod support;
pub mod system;
pub mod tracking;
pub mod user;

use std::sync::Arc;
use std::time::Duration;

use actors::cart::{CartEntity, Carts};
use actors::chat::{Chat, Chats};
use actors::courier::Couriers;
use actors::kit::{CrashReport, Entities, Root, Workers};
use actors::order::{OrderEntity, Orders};
use actors::position_log::{PositionLog, PositionWriter};
use async_trait::async_trait;
use domain::gazetteer::Gazetteer;
use domain::{Channel, Clock, Failure, Ids, Reminder, Timestamp};
use futures::FutureExt;
use futures::future::BoxFuture;
use store::Store;
use store::fabric::Fabric;
use store::geo_index::GeoIndex;
use store::jobs::{self, JobHandler};
use store::journal::Recorded;
use store::presence::Presence;
use store::rate_limits::RateLimits;

pub use reactions::Subscribers;
pub use settings::Settings;

/// Everything a use case may ask. Handed to every adapter; there are no statics.
pub type App = Arc<Services>;

/// See [`App`].
pub struct Services {
    /// What is remembered.
    pub store: Store,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// New ids and random numbers.
    pub ids: Arc<dyn Ids>,
    /// Every number that is our choice.
    pub settings: Settings,
    /// Keys, the password hasher, and which sessions were ended.
    pub identity: auth::Identity,
    /// Who this process is, to those who wait for its work.
    pub(crate) owner: idempotency::Owner,
    /// The neighbourhoods of the city.
    pub gazetteer: Gazetteer,
    /// The customers' carts.
    pub carts: Carts,
    /// The conversations with the support desk.
    pub chats: Chats,
    /// The orders.
    pub orders: Orders,
    /// Whether money may still come for them.
    pub(crate) open_payments: Box<dyn order::OpenPayments>,
    /// The couriers.
    pub couriers: Entities<Couriers>,
    /// Where their positions are kept.
    pub positions: PositionLog,
    /// Who helps from outside.
    pub third_parties: ThirdParties,
    /// The long-running tasks.
    pub workers: Workers,
    /// Those that work on jobs. They stop before the actors, which jobs ask.
    pub(crate) job_workers: Workers,
    root: Root,
}

/// Who helps from outside, each behind a small trait; only `server` says who it is.
pub struct ThirdParties {
    /// Where money comes from and goes back to.
    pub gateway: Box<dyn payment::Gateway>,
    /// Where files are kept.
    pub blobs: Box<dyn blobs::Blobs>,
    /// Who sends mail.
    pub mail: Box<dyn senders::MailSender>,
    /// Who sends text messages.
    pub sms: Box<dyn senders::SmsSender>,
    /// Who sends push notifications.
    pub push: Box<dyn senders::PushSender>,
}

/// A part could not be started.
#[derive(Debug, thiserror::Error)]
#[error("could not start: {0}")]
pub struct StartError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl Services {
    /// Starts the actor system and its workers on a store that is migrated and tells the
    /// same `subscribers`.
    pub async fn start(
        store: Store,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
        settings: Settings,
        subscribers: Subscribers,
        third_parties: ThirdParties,
    ) -> Result<App, StartError> {
        let (root, reports) = Root::start().await.map_err(start_error)?;
        let identity = auth::Identity::open(&store, &clock, ids.as_ref(), &settings.auth).await?;
        let owner = idempotency::Owner::new(ids.as_ref());
        let gazetteer = gazetteer::seoul().map_err(start_error)?;
        let cart = CartEntity::new(store.clone(), Arc::clone(&clock));
        let carts = Entities::start(cart, settings.entities, &root).await.map_err(start_error)?;
        let chat = Chat::new(store.clone(), Arc::clone(&clock), settings.support.typing_ttl);
        let chats = Entities::start(chat, settings.entities, &root).await.map_err(start_error)?;
        let order = OrderEntity::new(store.clone(), settings.order);
        let orders = Entities::start(order, settings.entities, &root).await.map_err(start_error)?;
        let (log, positions) =
            PositionLog::new(store.clone(), Arc::clone(&clock), settings.tracking.positions.clone());
        let courier = Couriers {
            store: store.clone(),
            clock: Arc::clone(&clock),
            log: log.clone(),
            index: Arc::clone(&store.shared().geo_index),
            settings: settings.tracking.courier.clone(),
        };
        let couriers = Entities::start(courier, settings.entities, &root).await.map_err(start_error)?;
        store.fabric().listen(Arc::new(tracking::courier::Ear(couriers.clone())));
        let app = Arc::new(Self {
            open_payments: Box::new(payment::Payments(store.clone())),
            store,
            clock,
            ids,
            settings,
            identity,
            owner,
            gazetteer,
            carts,
            chats,
            orders,
            couriers,
            positions: log,
            third_parties,
            workers: Workers::default(),
            job_workers: Workers::default(),
            root,
        });
        app.spawn_workers(reports, subscribers);
        app.spawn_position_workers(&positions);
        Ok(app)
    }

    /// The present moment, as precise as PostgreSQL keeps it.
    pub fn now(&self) -> Timestamp {
        domain::clock::to_micros(self.clock.now())
    }

    /// The fabric that joins processes.
    pub fn fabric(&self) -> &Arc<dyn Fabric> {
        self.store.fabric()
    }

    /// Where couriers on shift are.
    pub fn geo_index(&self) -> &Arc<dyn GeoIndex> {
        &self.store.shared().geo_index
    }

    /// Who is connected, to whichever process.
    pub fn presence(&self) -> &Arc<dyn Presence> {
        &self.store.shared().presence
    }

    /// How often somebody may do something, counted over all processes.
    pub fn rate_limits(&self) -> &Arc<dyn RateLimits> {
        &self.store.shared().rate_limits
    }

    /// Lets jobs that have begun finish, within `deadline`, and begins no other.
    pub async fn stop_jobs(&self, deadline: Duration) {
        self.job_workers.stop(deadline).await;
    }

    /// Lets jobs, actors and workers finish what they have, `deadline` each at most.
    pub async fn stop(&self, deadline: Duration) {
        self.stop_jobs(deadline).await;
        self.root.stop(deadline).await;
        self.workers.stop(deadline).await;
        self.store.close().await;
    }

    fn spawn_workers(
        self: &Arc<Self>,
        mut reports: tokio::sync::mpsc::UnboundedReceiver<CrashReport>,
        subscribers: Subscribers,
    ) {
        let jobs = move |app: App, stopping| {
            let handler = Arc::new(Jobs { app: Arc::downgrade(&app), subscribers: subscribers.clone() });
            async move { jobs::run(&app.store, handler, stopping).await }
        };
        self.spawn("jobs", |app| &app.job_workers, jobs);
        self.spawn("owner", |app| &app.workers, idempotency::hold_lease);
        self.spawn("sessions", |app| &app.workers, auth::work);
        self.spawn("presence", |app| &app.workers, support::watch_over);
        tokio::spawn(async move {
            while let Some(CrashReport { kind, id, cause }) = reports.recv().await {
                tracing::error!(%kind, %id, %cause, "an entity crashes again and again and is left alone for a while");
            }
        });
    }
}

impl Services {
    /// Started again, they go on with the same channel: nothing that waits is lost.
    fn spawn_position_workers(self: &Arc<Self>, positions: &Arc<PositionWriter>) {
        let (log, keeper) = (Arc::clone(positions), Arc::clone(positions));
        self.spawn("position log", |app| &app.workers, move |_, stopping| Arc::clone(&log).run(stopping));
        self.spawn(
            "partition keeper",
            |app| &app.workers,
            move |_, stopping| Arc::clone(&keeper).keep_partitions(stopping),
        );
    }

    /// Adds a worker to `branch` that does `work` until the branch stops. Between two runs it
    /// holds no [`App`], so that it keeps no services alive that everybody else let go.
    fn spawn<Work, E>(
        self: &Arc<Self>,
        name: &'static str,
        branch: fn(&Self) -> &Workers,
        work: impl Fn(App, Stopping) -> Work + Send + 'static,
    ) where
        Work: Future<Output = Result<(), E>> + Send + 'static,
        E: std::fmt::Display + Send + 'static,
    {
        let app = Arc::downgrade(self);
        branch(self).spawn(name, move || {
            let started = app.upgrade().map(|app| {
                let stopping = branch(&app).stopping().boxed();
                work(app, stopping)
            });
            async { if let Some(work) = started { work.await } else { Ok(()) } }
        });
    }
}

/// Resolves when a worker has to stop.
type Stopping = BoxFuture<'static, ()>;

fn start_error(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StartError {
    StartError(error.into())
}

/// Hands jobs to the nouns that react, for as long as the services live.
struct Jobs {
    app: std::sync::Weak<Services>,
    subscribers: Subscribers,
}

impl Jobs {
    fn app(&self) -> Result<App, Failure> {
        self.app.upgrade().ok_or_else(|| Failure::fault("the services have stopped"))
    }
}

#[async_trait]
impl JobHandler for Jobs {
    async fn react(&self, subscriber: &str, channel: Channel, event: Arc<Recorded>) -> Result<(), Failure> {
        self.subscribers.react(self.app()?, subscriber, &channel, event).await
    }

    async fn remind(&self, reminder: Reminder) -> Result<(), Failure> {
        reminders::remind(&self.app()?, reminder).await
    }
}
