//! Persistence: PostgreSQL, and the state that the processes share.
//!
//! Each noun has one file with its SQL; no other crate uses sqlx or redis. A
//! function that writes takes a [`Tx`], so that a use case can span nouns in one
//! transaction. [`Tx::commit`] publishes the events appended to the journal on
//! the fabric after the commit, and only if the commit succeeds.

pub mod auth;
pub mod cart;
pub mod changes;
pub mod code_tries;
pub mod coupon;
pub mod fabric;
pub mod geo_index;
pub mod idempotency;
pub mod jobs;
pub mod journal;
pub mod ledger;
mod link;
pub mod menu;
pub mod order;
mod partitions;
pub mod payment;
pub mod picture;
pub mod points;
pub mod presence;
pub mod privacy;
pub mod rate_limits;
pub mod restaurant;
pub mod schema;
pub mod scratch;
pub mod shared;
pub mod support;
pub mod tracking;
pub mod user;
pub mod vault;

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use domain::{Channel, Clock, Failure, Ids, Refused};
use sha2::{Digest, Sha256};
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgConnection, PgPool, Postgres};
use tracing::Instrument as _;

use fabric::{Fabric, Notice, Signal};
use jobs::{Batch, Subscriptions};
use journal::Recorded;
use shared::Shared;
use vault::Vault;

/// How to reach PostgreSQL.
#[derive(Clone, Debug)]
pub struct Database {
    /// `postgres://user@host:port/name`.
    pub url: String,
    /// Maximum number of connections of this process, besides the position log's two.
    pub max_connections: u32,
    /// How long a command waits for a free connection before it is refused as unavailable.
    pub acquire_timeout: Duration,
}

/// The handle to all persistent and shared state. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pool: PgPool,
    /// Reserved for the position log, so that couriers' position reports do not
    /// queue behind other queries.
    position_pool: PgPool,
    shared: Shared,
    epoch: Arc<str>,
    subscriptions: Arc<dyn Subscriptions>,
    clock: Arc<dyn Clock>,
    cards: Arc<menu::Cards>,
    vault: Arc<Vault>,
}

/// Why a store operation failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another transaction committed first: load again and decide again.
    #[error("another commit came first")]
    Conflict,
    /// The database cannot be reached, or is too busy; the same call may work later.
    #[error("the database is unavailable: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// The group commit that included this write failed: whether it was committed is unknown.
    #[error("the write was cut short")]
    Unknown,
    /// An invalid setting; the text names it and says what is allowed.
    #[error("{0}")]
    Setting(String),
    /// Anything else: a bug, or a broken database.
    #[error("the database refused: {0}")]
    Fault(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => {
                Self::Unavailable(error)
            }
            sqlx::Error::Database(cause) => match cause.code().as_deref() {
                // Serialization failure and deadlock: the transaction was rolled back; try again.
                Some("40001" | "40P01") => Self::Conflict,
                // Shutdown, crash recovery, too many connections.
                Some("57P01" | "57P02" | "57P03" | "53300") => Self::Unavailable(error),
                _ => Self::Fault(error.into()),
            },
            _ => Self::Fault(error.into()),
        }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => domain::refusal::conflict().after(1).into(),
            StoreError::Unavailable(_) | StoreError::Unknown => {
                tracing::warn!(cause = %error, "the database is unavailable");
                Refused::unavailable(1).into()
            }
            StoreError::Fault(_) | StoreError::Setting(_) => Failure::fault(error),
        }
    }
}

/// The name of the constraint that an insert or update violated, if it violated one.
/// Each noun's file maps constraint names to its refusals.
pub(crate) fn broken_constraint(error: &sqlx::Error) -> Option<&str> {
    match error {
        sqlx::Error::Database(cause) => cause.constraint(),
        _ => None,
    }
}

/// The migrations of all nouns, for the server and for tests.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../migrations");

impl Store {
    /// Migrates the database to the newest schema. Safe to run from several processes at once.
    pub async fn migrate(database: &Database) -> Result<(), StoreError> {
        schema::reach(database).await?;
        let pool = pool(database, database.max_connections)?;
        MIGRATOR.run(&pool).await.map_err(|error| StoreError::Fault(error.into()))?;
        jobs::migrate(&pool).await?;
        pool.close().await;
        Ok(())
    }

    /// Opens the pools, reads the journal's epoch, and opens the shared state. Each event
    /// is committed with a job for each subscriber that `subscriptions` names; `vault` seals what
    /// must not be readable in the database.
    pub async fn connect(
        database: &Database,
        settings: &shared::Settings,
        clock: &Arc<dyn Clock>,
        ids: &dyn Ids,
        vault: Vault,
        subscriptions: impl Subscriptions,
    ) -> Result<Self, StoreError> {
        let position_pool = pool(database, POSITION_CONNECTIONS)?;
        let pool = pool(database, database.max_connections)?;
        let epoch = journal::epoch(&pool).await?;
        let shared = Shared::open(settings, &identity(&pool, &epoch).await?, clock, ids)?;
        let (epoch, clock) = (epoch.into(), Arc::clone(clock));
        let (subscriptions, cards, vault) = (Arc::new(subscriptions), Arc::default(), Arc::new(vault));
        Ok(Self { pool, position_pool, shared, epoch, clock, subscriptions, cards, vault })
    }

    /// Begins a transaction.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(Tx {
            inner: self.begin_plain().await?,
            fabric: Arc::clone(&self.shared.fabric),
            subscriptions: Arc::clone(&self.subscriptions),
            journal: journal::Batch::default(),
            jobs: Batch::default(),
            ledger: ledger::Batch::default(),
            clock: Arc::clone(&self.clock),
            vault: Arc::clone(&self.vault),
            pending: Vec::new(),
            notices: Vec::new(),
        })
    }

    /// Begins a transaction of statements alone. In a task of its own, which nobody drops: sqlx 0.9.0 leaves
    /// the connection in the transaction if it is dropped before the answer to BEGIN, as when a caller goes
    /// away, and what others were told is written would be lost with it (transact-rs/sqlx#4393).
    #[expect(clippy::disallowed_methods, reason = "here its task is its own")]
    pub(crate) async fn begin_plain(&self) -> Result<sqlx::PgTransaction<'static>, StoreError> {
        let pool = self.pool.clone();
        let begun = tokio::spawn(async move { pool.begin().await }.in_current_span()).await;
        Ok(begun.map_err(|error| StoreError::Fault(error.into()))??)
    }

    /// The state that the processes share.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Seals and opens what must not be readable in the database.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Publish and subscribe between the processes.
    pub fn fabric(&self) -> &Arc<dyn Fabric> {
        &self.shared.fabric
    }

    /// Identifies the history that offsets belong to; changes when history was lost.
    pub fn epoch(&self) -> &str {
        &self.epoch
    }

    /// Checks that the database answers and has this program's schema.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let newest = MIGRATOR.iter().map(|migration| migration.version).max();
        let there = "select exists (select from public._sqlx_migrations where version = $1 and success)";
        let there: bool = sqlx::query_scalar(there).bind(newest).fetch_one(&self.pool).await?;
        if there { Ok(()) } else { Err(StoreError::Unavailable(sqlx::Error::RowNotFound)) }
    }

    /// The number of connections, without the position log's.
    pub fn connections(&self) -> Connections {
        let open = self.pool.size();
        let idle = u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX).min(open);
        Connections { busy: open - idle, idle, max: self.pool.options().get_max_connections() }
    }

    /// Closes all connections. Calls in flight finish first.
    pub async fn close(&self) {
        self.shared.fabric.close().await;
        self.position_pool.close().await;
        self.pool.close().await;
    }

    pub(crate) fn cards(&self) -> &menu::Cards {
        &self.cards
    }

    pub(crate) fn subscriptions(&self) -> &dyn Subscriptions {
        self.subscriptions.as_ref()
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }

    pub(crate) fn position_pool(&self) -> &PgPool {
        &self.position_pool
    }
}

/// Distinguishes this database from all others, copies of it included.
async fn identity(pool: &PgPool, epoch: &str) -> Result<String, StoreError> {
    let (name, oid): (String, i64) = sqlx::query_as(
        "select datname::text, oid::bigint from pg_database where datname = current_database()",
    )
    .fetch_one(pool)
    .await?;
    let digest = Sha256::digest(format!("{epoch} {name} {oid}"));
    Ok(hex::encode(&digest[..6]))
}
/// How soon PostgreSQL gives up an unreachable client: a connection whose client
/// has vanished must not hold locks that others wait for.
const SESSION: [(&str, &str); 5] = [
    ("idle_in_transaction_session_timeout", "10s"),
    ("tcp_keepalives_idle", "5s"),
    ("tcp_keepalives_interval", "2s"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "10s"),
];

/// One for the batch that is being written, and one for the batch after it.
const POSITION_CONNECTIONS: u32 = 2;

/// This process's connections to PostgreSQL, without the position log's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// In use.
    pub busy: u32,
    /// Open and not in use.
    pub idle: u32,
    /// The most that may be open.
    pub max: u32,
}

/// Connects lazily, on first use.
fn pool(database: &Database, max_connections: u32) -> Result<PgPool, StoreError> {
    let options = schema::options(database)?;
    Ok(PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(database.acquire_timeout)
        .connect_lazy_with(options.application_name("baedal").options(SESSION)))
}

/// A transaction with the jobs to enqueue and the signals to publish when it is committed.
/// If dropped without [`commit`](Tx::commit), it is rolled back and nothing is published
/// or enqueued.
pub struct Tx {
    inner: sqlx::Transaction<'static, Postgres>,
    fabric: Arc<dyn Fabric>,
    subscriptions: Arc<dyn Subscriptions>,
    pub(crate) journal: journal::Batch,
    pub(crate) jobs: Batch,
    pub(crate) ledger: ledger::Batch,
    clock: Arc<dyn Clock>,
    pub(crate) vault: Arc<Vault>,
    pending: Vec<(Channel, Signal)>,
    notices: Vec<Notice>,
}

impl Tx {
    /// Writes the ledger's entries, the events, then the jobs, and commits; then publishes the pending signals,
    /// in order.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.write().instrument(tracing::debug_span!("commit")).await
    }

    async fn write(mut self) -> Result<(), StoreError> {
        std::mem::take(&mut self.ledger).write(&mut self.inner).await?;
        for (channel, recorded) in std::mem::take(&mut self.journal).write(&mut self.inner).await? {
            self.add_reactions(&channel, (recorded.offset, &recorded.kind));
            self.publish_after_commit(channel, Arc::new(recorded));
        }
        self.jobs.write(self.clock.now(), &mut self.inner).await?;
        self.inner.commit().await?;
        for (channel, signal) in self.pending {
            self.fabric.publish(&channel, signal);
        }
        self.notices.into_iter().for_each(|notice| self.fabric.announce(notice));
        Ok(())
    }

    /// Announces `notice` once this transaction is committed.
    pub fn announce(&mut self, notice: Notice) {
        self.notices.push(notice);
    }

    /// Adds a job for each subscriber of the event at `offset` of `channel`.
    fn add_reactions(&mut self, channel: &Channel, (offset, kind): (u64, &str)) {
        for subscriber in self.subscriptions.subscribers(channel, kind) {
            let policy = self.subscriptions.policy(subscriber);
            self.jobs.react((subscriber, policy), channel, (offset, kind), None);
        }
    }

    /// Publishes `recorded` on `channel` once this transaction is committed.
    pub fn publish_after_commit(&mut self, channel: Channel, recorded: Arc<Recorded>) {
        self.pending.push((channel, Signal::Log(recorded)));
    }
}

impl Deref for Tx {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.inner
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.inner
    }
}
