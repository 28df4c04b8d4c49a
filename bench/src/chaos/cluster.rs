//! The system under test: a PostgreSQL and a server of our own, each behind a
//! proxy, on free ports. All of it ends when it is dropped.
//!
//! The server is one process, or a gateway with replicas behind it that a Redis joins:
//!
//! ```text
//! clients ─▶ front ─▶ gateway ─┬▶ replica ─┬▶ back ─▶ PostgreSQL
//!                              └▶ replica ─┴▶ Redis
//! ```

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use rustix::process::Signal;
use sim::Api;
use sim::api::Request;
use sim::sandbox::Sandbox;
use tokio::process::{Child, Command};

use super::child::{self, signal};
use super::db_assertions;
use super::postgres::Postgres;
use super::proxy::Proxy;
use super::redis::Redis;
use crate::Outcome;

/// How long a server may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// The services, in the order of their ports.
const SERVICES: [&str; 13] = [
    "auth_service",
    GATEWAY,
    "system_alert_service",
    "delivery_tracking_service",
    "customer_support_service",
    "notification_service",
    "review_service",
    "payment_service",
    "order_service",
    "cart_service",
    "menu_service",
    "restaurant_service",
    "user_service",
];
const GATEWAY: &str = "gateway_service";

/// See the module.
pub(crate) struct Cluster {
    /// The first has the gateway.
    servers: Vec<Server>,
    /// Between the clients and the server.
    pub(crate) front: Proxy,
    /// Between the server and PostgreSQL.
    pub(crate) back: Proxy,
    pub(crate) postgres: Postgres,
    /// Third parties; no fault is injected into them.
    _sandbox: Sandbox,
    /// Present only with replicas.
    redis: Option<Redis>,
    pub(crate) dir: Dir,
}

impl Cluster {
    /// Starts everything, with the demo city loaded; one process, if there are no replicas.
    pub(crate) async fn start(binary: &Path, seed: u64, replicas: usize) -> Outcome<Self> {
        let dir = Dir::new()?;
        let postgres = Postgres::start(&dir.path).await?;
        let back = Proxy::before(postgres.address, seed).await?;
        let redis = if replicas > 0 { Some(Redis::start(&dir.path).await?) } else { None };
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let sandbox = Sandbox::start(any, Arc::new(sim::system::now), None).await?;
        let start = |name: &str, database: SocketAddr| Start {
            binary: binary.to_owned(),
            log: dir.path.join(format!("{name}.log")),
            database_url: postgres.url(database),
            redis_url: redis.as_ref().map(Redis::url),
            services: Vec::new(),
            upstreams: String::new(),
            toss_url: sandbox.toss_url(),
            first_port: 0,
        };
        for preparation in [&["migrate"][..], &["load-demo"]] {
            let done = start("server", postgres.address).command()?.args(preparation).status().await?;
            if !done.success() {
                return Err(format!("{} failed", preparation.join(" ")).into());
            }
        }
        postgres.sql(db_assertions::WITNESS).await?;
        let mut servers = Vec::new();
        for number in 1..=replicas {
            let services = SERVICES.into_iter().filter(|service| *service != GATEWAY).collect();
            let first_port = child::free_ports(ports())?;
            let start = start(&format!("replica-{number}"), back.address);
            servers.push(Server::start(Start { services, first_port, ..start }).await?);
        }
        let services = if servers.is_empty() { Vec::new() } else { vec![GATEWAY] };
        let (upstreams, first_port) = (upstreams(&servers), child::free_ports(ports())?);
        let gateway = Start { services, upstreams, first_port, ..start("server", back.address) };
        let gateway = Server::start(gateway).await?;
        let front = Proxy::before(gateway.gateway(), seed.rotate_left(32)).await?;
        servers.insert(0, gateway);
        Ok(Self { servers, front, back, postgres, _sandbox: sandbox, redis, dir })
    }

    /// Where clients go.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.front.address)
    }

    pub(crate) fn redis(&mut self) -> Outcome<&mut Redis> {
        Ok(self.redis.as_mut().ok_or("there is no Redis without replicas")?)
    }

    /// Any of the processes.
    pub(crate) fn any(&mut self, dice: &mut StdRng) -> &mut Server {
        let number = dice.random_range(0..self.servers.len());
        &mut self.servers[number]
    }
}

fn ports() -> u16 {
    u16::try_from(SERVICES.len()).unwrap_or(u16::MAX)
}

/// The address of each service at each replica, in the format of the gateway's setting.
fn upstreams(replicas: &[Server]) -> String {
    if replicas.is_empty() {
        return String::new();
    }
    let of = |(offset, service): (u16, &str)| {
        let at = |replica: &Server| format!("http://127.0.0.1:{}", replica.start.first_port + offset);
        format!("{service}={}", replicas.iter().map(at).collect::<Vec<_>>().join("|"))
    };
    let elsewhere = (0..).zip(SERVICES).filter(|(_, service)| *service != GATEWAY);
    elsewhere.map(of).collect::<Vec<_>>().join(",")
}

/// What a server is started with.
struct Start {
    binary: PathBuf,
    log: PathBuf,
    database_url: String,
    redis_url: Option<String>,
    /// Empty means all services.
    services: Vec<&'static str>,
    upstreams: String,
    toss_url: String,
    first_port: u16,
}

/// One `baedal serve`.
pub(crate) struct Server {
    start: Start,
    child: Child,
}

impl Server {
    async fn start(start: Start) -> Outcome<Self> {
        let server = Self { child: start.spawn()?, start };
        server.ready().await?;
        Ok(server)
    }

    fn gateway(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.start.first_port + 1).into()
    }

    /// The address of the readiness probe: any service of this process answers it.
    fn probe(&self) -> SocketAddr {
        let has_gateway = self.start.services.is_empty() || self.start.services.contains(&GATEWAY);
        if has_gateway { self.gateway() } else { (Ipv4Addr::LOCALHOST, self.start.first_port).into() }
    }

    /// `kill -9`: no goodbye, no draining.
    pub(crate) async fn kill(&mut self) -> Outcome<()> {
        signal(&self.child, Signal::KILL)?;
        self.child.wait().await?;
        Ok(())
    }

    /// Starts it again, and does not wait for it.
    pub(crate) fn spawn_again(&mut self) -> Outcome<()> {
        self.child = self.start.spawn()?;
        Ok(())
    }

    pub(crate) fn signal(&self, which: Signal) -> Outcome<()> {
        signal(&self.child, which)
    }

    /// Waits until the server answers.
    pub(crate) async fn ready(&self) -> Outcome<()> {
        let api = Api::new(&format!("http://{}", self.probe()))?.hurried(Duration::from_secs(1));
        let answers = async {
            while api.tell(Request::get("/readyz").open()).await.is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let ready = tokio::time::timeout(READY_WITHIN, answers).await;
        ready.map_err(|_| format!("the server did not come up; its log: {}", self.start.log.display()).into())
    }
}

impl Start {
    fn spawn(&self) -> Outcome<Child> {
        let mut server = self.command()?;
        server.arg("serve").args(&self.services).args(["--first-port", &self.first_port.to_string()]);
        Ok(server.spawn()?)
    }

    fn command(&self) -> Outcome<Command> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = Command::new(&self.binary);
        command.env("DATABASE_URL", &self.database_url).env("BAEDAL_LOG", "warn").stdin(Stdio::null());
        command.env_remove("REDIS_URL").env("BAEDAL_UPSTREAMS", &self.upstreams);
        // A sandbox on this machine answers at once, or never.
        command
            .env("BAEDAL_TOSS_URL", &self.toss_url)
            .env("BAEDAL_TOSS_SCRIPT_URL", format!("{}/v2/standard", self.toss_url))
            .env("BAEDAL_THIRD_PARTY_MS", "500");
        if let Some(url) = &self.redis_url {
            command.env("REDIS_URL", url);
        }
        // Half-open connections are noticed by silence: after two and a half of these.
        command.env("BAEDAL_HEARTBEAT_SECS", "1");
        command.stdout(log.try_clone()?).stderr(log).kill_on_drop(true);
        Ok(command)
    }
}

/// A directory for this run, which goes with it unless it is to be looked at.
pub(crate) struct Dir {
    pub(crate) path: PathBuf,
    pub(crate) keep: bool,
}

impl Dir {
    fn new() -> Outcome<Self> {
        let name = format!("baedal-chaos-{}", sim::system::fresh_id().simple());
        let path = Path::new("/var/tmp").join(name);
        std::fs::create_dir(&path)?;
        Ok(Self { path, keep: false })
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        if !self.keep {
            // What is left is somebody else's: nothing more can be done.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
