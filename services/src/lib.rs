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
mod channel_kind;
mod channels;
mod conflict;
pub mod demo_city;
pub mod gazetteer;
pub mod health;
pub mod idempotency;
mod jobs;
pub mod limits;
pub mod map;
pub mod menu;
mod module;
pub mod order;
pub mod payment;
pub mod place;
pub mod reaction;
pub mod reactions;
pub mod reminders;
pub mod restaurant;
pub mod retention;
pub mod search;
pub mod senders;
pub mod settings;
pub mod support;
pub mod system;
pub mod tracking;
pub mod user;

use std::sync::Arc;
use std::time::Duration;

use actor_kit::{CrashReport, Root, Workers};
use actors::cart::Carts;
use actors::chat::Chats;
use actors::courier::Couriers;
use actors::order::Orders;
use actors::position_log::{PositionLog, PositionWriter};
use domain::gazetteer::Gazetteer;
use domain::{Clock, Ids, Timestamp};
use store::Store;
use store::fabric::Fabric;
use store::geo_index::GeoIndex;
use store::presence::Presence;
use store::rate_limits::RateLimits;
use tokio::sync::mpsc::UnboundedReceiver;

use module::Parts;
use tracking::courier;

pub use channels::HubBackend;
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
    pub(crate) lease_holder: idempotency::LeaseHolder,
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
    /// Which agents deal with them.
    pub(crate) open_cases: Box<dyn order::OpenCases>,
    /// The couriers.
    pub couriers: Couriers,
    /// Where their positions are kept.
    pub positions: PositionLog,
    pub(crate) position_writer: Arc<PositionWriter>,
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
        let parts = Parts { store: &store, clock: &clock, settings: &settings, root: &root };
        let (positions, position_writer) = courier::position_log(&parts);
        let app = Arc::new(Self {
            identity: auth::Identity::open(&parts, ids.as_ref()).await?,
            lease_holder: idempotency::LeaseHolder::new(ids.as_ref()),
            gazetteer: gazetteer::seoul().map_err(start_error)?,
            carts: cart::entities(&parts).await?,
            chats: support::entities(&parts).await?,
            orders: order::entities(&parts).await?,
            couriers: courier::entities(&parts, &positions).await?,
            positions,
            position_writer,
            open_payments: Box::new(payment::Payments(store.clone())),
            open_cases: Box::new(support::Cases(store.clone())),
            store,
            clock,
            ids,
            settings,
            third_parties,
            workers: Workers::default(),
            job_workers: Workers::default(),
            root,
        });
        let modules = [
            jobs::module(subscribers),
            idempotency::module(),
            auth::module(),
            support::module(),
            tracking::module(),
            retention::module(),
        ];
        modules.into_iter().for_each(|module| module.start(&app));
        tokio::spawn(log_crashes(reports));
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
}

/// Tells operators of entities that crash again and again.
async fn log_crashes(mut reports: UnboundedReceiver<CrashReport>) {
    while let Some(CrashReport { kind, id, cause }) = reports.recv().await {
        tracing::error!(%kind, %id, %cause, "an entity crashes again and again and is left alone for a while");
    }
}

fn start_error(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StartError {
    StartError(error.into())
}
