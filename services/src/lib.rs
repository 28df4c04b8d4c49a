//! The use cases of the thirteen services, and the reactions of one noun to another's events.
//!
//! A use case is a function in its noun's file that takes the [`App`], the caller and the
//! request. It checks permissions, loads what the decision needs, and calls the entity or the
//! store.

pub mod admin;
pub mod auth;
pub mod bench_catalogue;
pub mod bench_city;
pub mod bench_identity;
pub mod blobs;
mod blocking_pool;
pub mod cart;
pub mod catalogue;
mod channel_kind;
mod channels;
mod conflict;
pub mod coupon;
pub mod demo_city;
pub mod gazetteer;
pub mod geocoding;
pub mod health;
pub mod idempotency;
pub mod images;
mod jobs;
pub mod ledger;
pub mod limits;
pub mod map;
pub mod menu;
mod module;
pub mod order;
pub mod payment;
pub mod place;
pub mod points;
pub mod privacy;
pub mod reaction;
pub mod reactions;
pub mod reminders;
pub mod restaurant;
pub mod retention;
pub mod search;
pub mod senders;
pub mod settings;
pub mod storefront;
pub mod support;
pub mod system;
pub mod tracking;
pub mod user;
mod vault;

use std::sync::Arc;
use std::time::Duration;

use actor_kit::{CrashReport, Root, Workers};
use actors::cart::Carts;
use actors::chat::Chats;
use actors::courier::Couriers;
use actors::order::Orders;
use actors::position_log::{PositionLog, PositionWriter};
use domain::gazetteer::Gazetteer;
use domain::restaurant::Holidays;
use domain::{Clock, Ids, Timestamp};
use store::Store;
use store::fabric::Fabric;
use store::geo_index::GeoIndex;
use store::presence::Presence;
use store::rate_limits::RateLimits;
use tokio::sync::mpsc::UnboundedReceiver;

use blocking_pool::BlockingPool;
use module::Parts;
use tracking::courier;

pub use channels::HubBackend;
pub use reactions::Subscribers;
pub use settings::Settings;

/// Everything that a use case may use. Passed to every adapter; there are no statics.
pub type App = Arc<Services>;

/// See [`App`].
pub struct Services {
    /// PostgreSQL, the fabric and the state that processes share.
    pub store: Store,
    /// The current time.
    pub clock: Arc<dyn Clock>,
    /// New ids and random numbers.
    pub ids: Arc<dyn Ids>,
    /// All configurable limits and durations.
    pub settings: Settings,
    /// Signing keys, the password hasher and the revoked sessions.
    pub identity: auth::AuthParts,
    /// Identifies this process as the holder of its idempotency claims.
    pub(crate) lease_holder: idempotency::LeaseHolder,
    /// The neighbourhoods of the city.
    pub gazetteer: Gazetteer,
    /// The public holidays.
    pub(crate) calendar: restaurant::Calendar,
    /// The customers' carts.
    pub carts: Carts,
    /// The conversations with the support desk.
    pub chats: Chats,
    /// The orders.
    pub orders: Orders,
    /// Whether an order has a payment that is open or done.
    pub(crate) open_payments: Box<dyn order::OpenPayments>,
    /// Whether a customer has ordered before.
    pub(crate) past_orders: Box<dyn coupon::PastOrders>,
    /// The points that orders hold and will earn.
    pub(crate) points_in_orders: Box<dyn points::InOrders>,
    /// Which agents have an open conversation about an order.
    pub(crate) open_cases: Box<dyn order::OpenCases>,
    /// The couriers.
    pub couriers: Couriers,
    /// The log of the couriers' positions.
    pub positions: PositionLog,
    pub(crate) position_writer: Arc<PositionWriter>,
    /// External services.
    pub third_parties: ThirdParties,
    /// Whether the ledger agreed lately.
    pub(crate) ledger: ledger::LastComparison,
    /// All restaurants, in memory.
    pub(crate) catalogue: Arc<catalogue::SharedCatalogue>,
    /// Where uploaded pictures are decoded.
    pub(crate) image_pool: BlockingPool,
    /// The long-running tasks.
    pub workers: Workers,
    /// The workers that run jobs. They stop before the actors, because jobs call actors.
    pub(crate) job_workers: Workers,
    root: Root,
}

/// External services, each behind a small trait; only `server` chooses the implementations.
pub struct ThirdParties {
    /// Takes and refunds money.
    pub gateway: Box<dyn payment::Gateway>,
    /// Stores files.
    pub blobs: Box<dyn blobs::Blobs>,
    /// Sends mail.
    pub mail: Box<dyn senders::MailSender>,
    /// Sends text messages.
    pub sms: Box<dyn senders::SmsSender>,
    /// Sends push notifications.
    pub push: Box<dyn senders::PushSender>,
    /// Finds addresses.
    pub geocoder: Box<dyn geocoding::Geocoder>,
    /// Vouch for people.
    pub providers: auth::social::Providers,
    /// Lists of stolen passwords that no account may have; none if none is configured.
    pub breached: Vec<Box<dyn auth::breached::BreachedPasswords>>,
}

/// A part could not be started.
#[derive(Debug, thiserror::Error)]
#[error("could not start: {0}")]
pub struct StartError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl Services {
    /// Starts the actor system and its workers. The `store` must be migrated and create jobs for
    /// the same `subscribers`.
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
            identity: auth::AuthParts::open(&parts, ids.as_ref()).await?,
            lease_holder: idempotency::LeaseHolder::new(ids.as_ref()),
            gazetteer: gazetteer::seoul().map_err(start_error)?,
            calendar: restaurant::Calendar::read(&store).await.map_err(start_error)?,
            carts: cart::entities(&parts).await?,
            chats: support::entities(&parts).await?,
            orders: order::entities(&parts).await?,
            couriers: courier::entities(&parts, &positions).await?,
            positions,
            position_writer,
            open_payments: Box::new(payment::Payments(store.clone())),
            past_orders: Box::new(order::Stored(store.clone())),
            points_in_orders: Box::new(order::Stored(store.clone())),
            open_cases: Box::new(support::Cases(store.clone())),
            ledger: ledger::LastComparison::default(),
            catalogue: catalogue::SharedCatalogue::open(&parts),
            image_pool: settings.images.pool(),
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
            catalogue::module(),
            support::module(),
            tracking::module(),
            ledger::module(),
            restaurant::module(),
            retention::module(),
            vault::module(),
        ];
        modules.into_iter().for_each(|module| module.start(&app));
        tokio::spawn(log_crashes(reports));
        Ok(app)
    }

    /// The current time, in microseconds as PostgreSQL stores it.
    pub fn now(&self) -> Timestamp {
        domain::clock::to_micros(self.clock.now())
    }

    /// The public holidays, as this process knows them.
    pub fn holidays(&self) -> Arc<Holidays> {
        self.calendar.now()
    }

    /// Publish and subscribe between processes.
    pub fn fabric(&self) -> &Arc<dyn Fabric> {
        self.store.fabric()
    }

    /// The positions of couriers on shift.
    pub fn geo_index(&self) -> &Arc<dyn GeoIndex> {
        &self.store.shared().geo_index
    }

    /// Who is connected, over all processes.
    pub fn presence(&self) -> &Arc<dyn Presence> {
        &self.store.shared().presence
    }

    /// Rate limits, counted over all processes.
    pub fn rate_limits(&self) -> &Arc<dyn RateLimits> {
        &self.store.shared().rate_limits
    }

    /// Starts no further jobs, and lets running jobs finish within `deadline`.
    pub async fn stop_jobs(&self, deadline: Duration) {
        self.job_workers.stop(deadline).await;
    }

    /// Lets jobs, then actors, then workers, then queries finish, each within `deadline`.
    pub async fn stop(&self, deadline: Duration) {
        self.stop_jobs(deadline).await;
        self.root.stop(deadline).await;
        self.workers.stop(deadline).await;
        // A query may wait for somebody else's lock for as long as they hold it.
        if tokio::time::timeout(deadline, self.store.close()).await.is_err() {
            tracing::warn!("queries were still under way when the server stopped");
        }
    }
}

/// Logs every quarantine of an entity that crashes repeatedly.
async fn log_crashes(mut reports: UnboundedReceiver<CrashReport>) {
    while let Some(CrashReport { kind, id, cause }) = reports.recv().await {
        tracing::error!(%kind, %id, %cause, "an entity crashes again and again and is left alone for a while");
    }
}

fn start_error(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StartError {
    StartError(error.into())
}
