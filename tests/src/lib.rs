//! The test harness: each test has its own server on free ports, with its own
//! database.
//!
//! `DATABASE_URL` names a PostgreSQL server on which databases may be made.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a harness that cannot go on fails the test that uses it"
)]

pub mod browser;
pub mod channels;
pub mod clock;
pub mod database;
pub mod people;
pub mod process;
pub mod redis;
pub mod rest;
pub mod shop;
pub mod socket;
pub mod wait;

use std::net::SocketAddr;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use domain::{Clock, Ids, Timestamp};
use integrations::blobs::{self, Place};
use integrations::{fcm, kakao_local, resend, social, solapi, toss};
use server::processes::ProcessArgs;
use server::system::OsRandom;
use server::web::PagesArgs;
use server::{Parts, Server, Service};
use services::auth::HashCost;
use services::{Settings, Subscribers, ThirdParties};
use sim::sandbox::{self, Sandbox};
use store::scratch::Asked;
use store::vault::VaultKeys;
use store::{Database, Store, scratch, shared};

use crate::clock::TestClock;
use crate::wait::PATIENCE;

/// The server and the database of one test. [`TestApp::stop`] and a drop, for example by a
/// panic, both remove the database. Both fail the test if an entity crashed or a job was
/// left failing.
pub struct TestApp {
    server: Option<TestServer>,
    database: Database,
    admin_url: String,
    name: String,
    settings: Settings,
    shared: shared::Settings,
    /// The vault's keys of servers that are started from now on.
    pub vault_keys: VaultKeys,
    /// The subscribers of servers that are started from now on.
    pub subscribers: Subscribers,
    /// What servers that are started from now on are told of the pages.
    pub pages: PagesArgs,
    /// Whether servers that are started from now on look new passwords up in the sandbox's list of
    /// stolen ones.
    pub asks_pwned: bool,
    crashes: Arc<AtomicU64>,
    /// Read before the server stops, because what a stop interrupts is no failure.
    failing: Option<Vec<String>>,
    /// The third parties that the servers call. The sandbox outlives the servers and uses the same clock.
    pub sandbox: Sandbox,
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

    /// Starts one that shares the Redis at `REDIS_URL` with each
    /// [`second_server`](Self::second_server).
    pub async fn start_joined(settings: Settings) -> Self {
        let url = std::env::var("REDIS_URL").expect("REDIS_URL names a Redis");
        let redis = shared::RedisSettings::at(vec![url]);
        Self::start_sharing(settings, shared::Settings { redis: Some(redis), ..Default::default() }).await
    }

    /// Starts one with these subscribers to its events.
    pub async fn start_subscribed(subscribers: Subscribers) -> Self {
        Self::start_with_subscribers(settings(), subscribers).await
    }

    /// The same, with these settings.
    pub async fn start_with_subscribers(settings: Settings, subscribers: Subscribers) -> Self {
        Self::start_as(settings, shared::Settings::default(), subscribers).await
    }

    /// Starts one whose processes share state with these settings.
    pub async fn start_sharing(settings: Settings, shared: shared::Settings) -> Self {
        Box::pin(Self::start_as(settings, shared, Subscribers::default())).await
    }

    async fn start_as(settings: Settings, shared: shared::Settings, subscribers: Subscribers) -> Self {
        let (admin_url, name) = (admin_url(), new_name());
        let database = scratch::create(&admin_url, &name).await.expect("a database of its own");
        let mut app = Self::without_server(admin_url, name, database).await;
        (app.settings, app.shared, app.subscribers) = (settings, shared, subscribers);
        app.restart().await;
        app
    }

    /// Starts one with the usual settings on the SQL dump of an older version, after migrating
    /// the dump. The clock of the servers continues from `taken_at`.
    pub async fn start_from(dump: &str, taken_at: Timestamp) -> Self {
        let (admin_url, name) = (admin_url(), new_name());
        let database = scratch::create_empty(&admin_url, &name).await.expect("a database of its own");
        let mut app = Self::without_server(admin_url, name, database).await;
        scratch::run_in(&app.database, dump).await.expect("the dump is SQL");
        Store::migrate(&app.database).await.expect("the dump is migrated");
        let ago = taken_at - app.clock.now();
        app.clock.set_forward(ago);
        scratch::advance(&app.database, ago).await.expect("the jobs can be moved");
        app.restart().await;
        app
    }

    async fn without_server(admin_url: String, name: String, database: Database) -> Self {
        let clock = Arc::new(TestClock::default());
        let sandbox = start_sandbox(&clock).await;
        Self {
            server: None,
            database,
            admin_url,
            name,
            settings: settings(),
            shared: shared::Settings::default(),
            vault_keys: VaultKeys::generate(&OsRandom),
            subscribers: Subscribers::default(),
            pages: PagesArgs::default(),
            asks_pwned: false,
            crashes: Arc::default(),
            failing: None,
            sandbox,
            clock,
        }
    }

    /// Another server on the same database. Like a second process, it shares no
    /// entities with the first.
    pub async fn second_server(&self) -> TestServer {
        self.server_on(&self.database).await
    }

    /// Restarts the server with other settings.
    pub async fn restart_with(&mut self, settings: Settings) {
        self.settings = settings;
        self.restart().await;
    }

    /// Another server on the same database, with a record of its statements.
    pub async fn watched_server(&self) -> (TestServer, Asked) {
        let (database, asked) = scratch::watched(&self.database).await.expect("a way to watch");
        (self.server_on(&database).await, asked)
    }

    async fn server_on(&self, database: &Database) -> TestServer {
        TestServer { server: Some(start(self, database).await), crashes: Arc::clone(&self.crashes) }
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

    /// Moves the clock of the servers, and moves waiting jobs nearer by the same time. Jobs
    /// that are already due are finished first; [`run_due_jobs`](Self::run_due_jobs) waits for
    /// those that become due. Two clocks are not moved: the runtime's (how long a socket may be
    /// silent, how often a worker looks) and Redis' own. Tests of those shorten a setting.
    pub async fn advance(&self, by: TimeDelta) {
        if self.server.is_some() {
            self.run_due_jobs().await;
        }
        self.clock.set_forward(by);
        scratch::advance(&self.database, by).await.expect("the jobs can be moved");
    }

    /// Waits until every job that is due, and every job that follows at once, has been done or
    /// has failed. After that, nothing more happens without a new cause.
    pub async fn run_due_jobs(&self) {
        let done = tokio::time::timeout(PATIENCE, scratch::jobs_done(&self.database));
        done.await.expect("what is due is done in time").expect("the jobs can be read");
    }

    /// Stops the server; the database stays for another process to use.
    pub async fn halt(&mut self) {
        self.halt_within(Duration::from_secs(5)).await;
    }

    /// The same; what is under way has so long to finish, at each step of stopping.
    pub async fn halt_within(&mut self, deadline: Duration) {
        if let Some(server) = self.server.take() {
            server.stop(deadline).await;
        }
    }

    /// Stops the server and starts it again, as a restart of the process does.
    pub async fn restart(&mut self) {
        self.halt().await;
        self.server = Some(self.second_server().await);
    }

    /// Stops it, and fails the test if an entity crashed, a job was left failing, or the ledger does
    /// not agree with the orders.
    pub async fn stop(mut self) {
        self.failing = Some(self.left_failing().await);
        if let Some(server) = &self.server {
            let now = server.app().now();
            let all =
                services::ledger::compare(server.app(), Timestamp::UNIX_EPOCH..now + TimeDelta::days(1));
            let (_, discrepancies) = all.await.expect("the ledger can be read");
            assert!(discrepancies.is_empty(), "the ledger does not agree: {discrepancies:?}");
        }
        self.halt().await;
    }

    async fn left_failing(&self) -> Vec<String> {
        scratch::failing_jobs(&self.database).await.expect("the jobs can be read")
    }

    /// Its third parties, of which the payment gateway answers each call that changes something with this
    /// error.
    pub fn third_parties_with(&self, code: &str) -> ThirdParties {
        let mut settings = third_parties(self);
        settings.toss.test_code = Some(code.to_owned());
        let (clock, ids): (Arc<dyn Clock>, Arc<dyn Ids>) = (self.clock.clone(), Arc::new(OsRandom));
        integrations::open(&settings, &clock, &ids).expect("the settings are right")
    }

    /// The folder where its servers keep files.
    pub fn blobs(&self) -> PathBuf {
        std::env::temp_dir().join(&self.name)
    }

    /// Removes the database and the files. Returns the errors of the jobs that were left failing.
    async fn leave(&mut self) -> Vec<String> {
        let failing = match self.failing.take() {
            Some(failing) => failing,
            None => self.left_failing().await,
        };
        scratch::remove(&self.admin_url, &self.name).await.expect("the database can be removed");
        if self.blobs().exists() {
            std::fs::remove_dir_all(self.blobs()).expect("the files can be removed");
        }
        failing
    }

    fn server(&self) -> &Server {
        self.server.as_ref().expect("it runs until it is stopped")
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        drop(self.server.take());
        // On a thread of its own, because the test's runtime cannot be waited for here.
        let leave = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(self.leave())
        };
        let failing = std::thread::scope(|scope| scope.spawn(leave).join());
        if !std::thread::panicking() {
            let failing = failing.expect("the test's end");
            assert!(failing.is_empty(), "jobs were left failing: {failing:?}");
            let crashes = self.crashes.load(Ordering::Relaxed);
            assert!(crashes == 0, "entities crashed: {crashes}");
        }
    }
}

fn admin_url() -> String {
    std::env::var("DATABASE_URL").expect("DATABASE_URL names a PostgreSQL server")
}

fn new_name() -> String {
    format!("baedal_test_{}", domain::Ids::uuid(&OsRandom).simple())
}

/// One server of a [`TestApp`]. Its end adds the crashes of its entities to the count of the test.
pub struct TestServer {
    server: Option<Server>,
    crashes: Arc<AtomicU64>,
}

impl TestServer {
    /// Stops the server within `deadline`, as a process that is asked to end.
    pub async fn stop(mut self, deadline: Duration) {
        self.count_crashes();
        if let Some(server) = self.server.take() {
            server.stop(deadline).await;
        }
    }

    fn count_crashes(&self) {
        let Some(server) = &self.server else { return };
        let app = server.app();
        let kinds = [app.orders.report(), app.couriers.report(), app.chats.report(), app.carts.report()];
        self.crashes.fetch_add(kinds.iter().map(|kind| kind.crashes).sum(), Ordering::Relaxed);
    }
}

impl Deref for TestServer {
    type Target = Server;

    fn deref(&self) -> &Server {
        self.server.as_ref().expect("it runs until it is stopped")
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.count_crashes();
    }
}

/// How long a third party may take to answer. Short, because some tests make one hang.
const THIRD_PARTY_WITHIN: Duration = Duration::from_millis(500);

async fn start_sandbox(clock: &Arc<TestClock>) -> Sandbox {
    let clock = Arc::clone(clock);
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    Sandbox::start(any, Arc::new(move || clock.now()), None).await.expect("the sandbox starts")
}

/// Settings that point at the third parties of the sandbox, and at a folder for files.
fn third_parties(app: &TestApp) -> integrations::Settings {
    let url = |party| app.sandbox.url_of(party);
    integrations::Settings {
        toss: toss::Settings { url: url("toss"), script_url: url("toss/v2/standard"), ..Default::default() },
        blobs: blobs::Settings { place: Place::Folder(app.blobs()), ..Default::default() },
        mail: Some(resend::Settings {
            url: url("resend"),
            api_key: "re_sandbox".into(),
            from: "배달 <no-reply@baedal.example>".into(),
        }),
        sms: Some(solapi::Settings {
            url: url("solapi"),
            api_key: sandbox::solapi::API_KEY.into(),
            api_secret: sandbox::solapi::API_SECRET.into(),
            from: "0215881588".into(),
        }),
        push: Some(fcm::Settings {
            url: url("fcm"),
            token_url: Some(url("fcm/token")),
            account: sandbox::fcm::ACCOUNT.into(),
        }),
        geocoder: Some(kakao_local::Settings { url: url("kakao-local"), api_key: "sandbox".into() }),
        social: providers(app),
        breach_filter: None,
        pwned_url: app.asks_pwned.then(|| url("pwned")),
        limits: integrations::Limits { answer_within: THIRD_PARTY_WITHIN, tries: 1, ..Default::default() },
    }
}

/// Where providers send browsers back to in tests; nobody listens there.
pub const CALLBACK: &str = "https://baedal.example/v1/auth/social/{provider}/callback";

/// All companies of the sandbox, each under its own name.
fn providers(app: &TestApp) -> social::Settings {
    let provider = |name: &str| {
        let at = app.sandbox.url_of(&format!("openid/{name}"));
        let mut entry =
            serde_json::json!({ "name": name, "company": name, "client_id": "baedal", "issuer": at });
        match name {
            "kakao" | "naver" => entry["api_url"] = at.into(),
            "apple" => {
                entry["team_id"] = sandbox::openid::APPLE_TEAM.into();
                entry["key_id"] = sandbox::openid::APPLE_KEY_ID.into();
                entry["private_key_file"] = "apple.p8".into();
            }
            _ => {}
        }
        entry
    };
    let all: Vec<_> = sandbox::openid::COMPANIES.into_iter().map(provider).collect();
    let file =
        serde_json::json!({ "redirect_uris": [CALLBACK, "kr.baedal.app:/signed-in"], "providers": all });
    let (secret, admin) = (sandbox::openid::CLIENT_SECRET, sandbox::openid::ADMIN_KEY);
    let secrets =
        format!("kakao={secret},kakao.admin={admin},naver={secret},google={secret},openid={secret}");
    let read = |_: &str| Ok(sandbox::openid::APPLE_KEY.to_owned());
    social::Settings::read(&file.to_string(), &secrets, read).expect("the sandbox's settings")
}

async fn start(app: &TestApp, database: &Database) -> Server {
    let third_parties = third_parties(app);
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let parts = Parts {
        database: database.clone(),
        vault_keys: app.vault_keys.clone(),
        shared: app.shared.clone(),
        services: Service::ALL.map(|service| (service, any)).into(),
        backlog: 1024,
        clock: Arc::clone(&app.clock) as _,
        ids: Arc::new(OsRandom),
        settings: app.settings.clone(),
        subscribers: app.subscribers.clone(),
        metrics: Arc::new(String::new),
        pages: app.pages.clone(),
        processes: ProcessArgs::default(),
        third_parties,
    };
    // Boxed: every test would carry the start of a whole server in its own future.
    Box::pin(Server::start(parts)).await.expect("the server starts")
}
