//! A Baedal of one's own for each test: a real server on free ports, with a
//! database of its own.
//!
//! `DATABASE_URL` names a PostgreSQL server on which databases may be made.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a harness that cannot go on fails the test that uses it"
)]

pub mod cast;
pub mod clock;
pub mod process;
pub mod redis;
pub mod rest;
pub mod shop;
pub mod socket;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use server::ambient::RandomIds;
use server::processes::ProcessArgs;
use server::web::PagesArgs;
use server::{Parts, Server, Service};
use services::settings::HashCost;
use services::{Settings, Subscribers};
use store::{Database, shared};

use crate::clock::TestClock;

/// See the module. [`TestApp::stop`] ends it; a test that forgets leaves its
/// database behind, which the next run of the template's builder ignores.
pub struct TestApp {
    server: Option<Server>,
    database: Database,
    admin_url: String,
    name: String,
    settings: Settings,
    shared: shared::Settings,
    /// The subscribers of servers that are started from now on.
    pub subscribers: Subscribers,
    /// The clock of its servers.
    pub clock: Arc<TestClock>,
}

/// The usual settings, except that hashing a password costs next to nothing.
pub fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.auth.hash = HashCost { memory_kib: 8, passes: 1, lanes: 1, at_once: 2 };
    settings
}

impl TestApp {
    /// Starts one with the usual settings.
    pub async fn start() -> Self {
        Self::start_with(settings()).await
    }

    /// Starts one with these settings, for tests that shorten a time.
    pub async fn start_with(settings: Settings) -> Self {
        Self::start_sharing(settings, shared::Settings::default()).await
    }

    /// Starts one that [`second_server`](Self::second_server) is joined with: over the
    /// Redis that `REDIS_URL` names.
    pub async fn start_joined(settings: Settings) -> Self {
        let url = std::env::var("REDIS_URL").expect("REDIS_URL names a Redis");
        let redis = shared::RedisSettings::at(vec![url]);
        Self::start_sharing(settings, shared::Settings { redis: Some(redis), ..Default::default() }).await
    }

    /// Starts one whose events these subscribe to.
    pub async fn start_subscribed(subscribers: Subscribers) -> Self {
        Self::start_with_subscribers(settings(), subscribers).await
    }

    /// The same, with these settings.
    pub async fn start_with_subscribers(settings: Settings, subscribers: Subscribers) -> Self {
        Self::start_as(settings, shared::Settings::default(), subscribers).await
    }

    /// Starts one whose processes share their memory like this.
    pub async fn start_sharing(settings: Settings, shared: shared::Settings) -> Self {
        Self::start_as(settings, shared, Subscribers::default()).await
    }

    async fn start_as(settings: Settings, shared: shared::Settings, subscribers: Subscribers) -> Self {
        let admin_url = std::env::var("DATABASE_URL").expect("DATABASE_URL names a PostgreSQL server");
        let name = format!("baedal_test_{}", domain::Ids::uuid(&RandomIds).simple());
        let database = store::scratch::create(&admin_url, &name).await.expect("a database of its own");
        let clock = Arc::new(TestClock::default());
        let server = start(&database, &shared, &settings, &subscribers, &clock).await;
        Self { server: Some(server), database, admin_url, name, settings, shared, subscribers, clock }
    }

    /// Another server on the same database: a second process, as far as
    /// anything but memory is concerned.
    pub async fn second_server(&self) -> Server {
        start(&self.database, &self.shared, &self.settings, &self.subscribers, &self.clock).await
    }

    /// The use cases behind the ports.
    pub fn app(&self) -> &services::App {
        self.server().app()
    }

    /// Where `service` listens.
    pub fn address(&self, service: Service) -> SocketAddr {
        self.server().address(service).expect("all services listen")
    }

    /// `http://host:port` of `service`, without a slash at the end.
    pub fn url(&self, service: Service) -> String {
        format!("http://{}", self.address(service))
    }

    /// The test's own database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Its connection string.
    pub fn database_url(&self) -> &str {
        &self.database.url
    }

    /// Stops the server; the database stays for another process to use.
    pub async fn halt(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop(Duration::from_secs(5)).await;
        }
    }

    /// Stops the server and starts it again, as a restart of the process does.
    pub async fn restart(&mut self) {
        self.halt().await;
        self.server = Some(self.second_server().await);
    }

    /// Stops it; fails the test if a job was left failing.
    pub async fn stop(mut self) {
        let server = self.server.take().expect("stopped once");
        let failing = store::jobs::failing(&server.app().store).await.expect("the jobs can be read");
        server.stop(Duration::from_secs(5)).await;
        store::scratch::remove(&self.admin_url, &self.name).await.expect("the database can be removed");
        assert!(failing.is_empty(), "jobs were left failing: {failing:?}");
    }

    fn server(&self) -> &Server {
        self.server.as_ref().expect("it runs until it is stopped")
    }
}

async fn start(
    database: &Database,
    shared: &shared::Settings,
    settings: &Settings,
    subscribers: &Subscribers,
    clock: &Arc<TestClock>,
) -> Server {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let parts = Parts {
        database: database.clone(),
        shared: shared.clone(),
        services: Service::ALL.map(|service| (service, any)).into(),
        backlog: 1024,
        clock: Arc::clone(clock) as _,
        ids: Arc::new(RandomIds),
        settings: settings.clone(),
        subscribers: subscribers.clone(),
        metrics: Arc::new(String::new),
        pages: PagesArgs::default(),
        processes: ProcessArgs::default(),
    };
    // Boxed: every test would carry the start of a whole server in its own future.
    Box::pin(Server::start(parts)).await.expect("the server starts")
}
