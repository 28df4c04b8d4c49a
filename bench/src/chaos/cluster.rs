//! The system under test: a PostgreSQL and a server of our own, each behind a
//! proxy, on free ports. All of it ends when it is dropped.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;
use sim::Api;
use sim::api::Request;
use tokio::process::{Child, Command};

use super::child::{self, signal};
use super::facts;
use super::postgres::Postgres;
use super::proxy::Proxy;
use crate::Outcome;

/// How long a server may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// Services of a server.
const SERVICES: u16 = 13;

/// See the module.
pub(crate) struct Cluster {
    pub(crate) server: Server,
    /// Between the clients and the server.
    pub(crate) front: Proxy,
    /// Between the server and PostgreSQL.
    pub(crate) back: Proxy,
    pub(crate) postgres: Postgres,
    pub(crate) dir: Dir,
}

impl Cluster {
    /// Starts everything, with the demo city loaded.
    pub(crate) async fn start(binary: &Path, seed: u64) -> Outcome<Self> {
        let dir = Dir::new()?;
        let postgres = Postgres::start(&dir.path).await?;
        let back = Proxy::before(postgres.address, seed).await?;
        let log = dir.path.join("server.log");
        let direct = postgres.url(postgres.address);
        for preparation in [&["migrate"][..], &["load-demo"]] {
            let done = command(binary, &log, &direct)?.args(preparation).status().await?;
            if !done.success() {
                return Err(format!("{} failed", preparation.join(" ")).into());
            }
        }
        postgres.sql(facts::WITNESS).await?;
        let first_port = child::free_ports(SERVICES)?;
        let server = Server::start(binary, &log, postgres.url(back.address), first_port).await?;
        let front = Proxy::before(server.gateway(), seed.rotate_left(32)).await?;
        Ok(Self { server, front, back, postgres, dir })
    }

    /// Where clients go.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.front.address)
    }
}

/// One `baedal serve`.
pub(crate) struct Server {
    binary: PathBuf,
    log: PathBuf,
    database_url: String,
    first_port: u16,
    child: Child,
}

impl Server {
    async fn start(binary: &Path, log: &Path, database_url: String, first_port: u16) -> Outcome<Self> {
        let child = spawn(binary, log, &database_url, first_port)?;
        let server = Self { binary: binary.to_owned(), log: log.to_owned(), database_url, first_port, child };
        server.ready().await?;
        Ok(server)
    }

    fn gateway(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.first_port + 1).into()
    }

    /// `kill -9`: no goodbye, no draining.
    pub(crate) async fn kill(&mut self) -> Outcome<()> {
        signal(&self.child, Signal::KILL)?;
        self.child.wait().await?;
        Ok(())
    }

    /// Starts it again, and does not wait for it.
    pub(crate) fn spawn_again(&mut self) -> Outcome<()> {
        self.child = spawn(&self.binary, &self.log, &self.database_url, self.first_port)?;
        Ok(())
    }

    pub(crate) fn signal(&self, which: Signal) -> Outcome<()> {
        signal(&self.child, which)
    }

    /// Until it answers.
    pub(crate) async fn ready(&self) -> Outcome<()> {
        let api = Api::new(&format!("http://{}", self.gateway()))?.hurried(Duration::from_secs(1));
        let answers = async {
            while api.tell(Request::get("/readyz").open()).await.is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let ready = tokio::time::timeout(READY_WITHIN, answers).await;
        ready.map_err(|_| format!("the server did not come up; its log: {}", self.log.display()).into())
    }
}

fn spawn(binary: &Path, log: &Path, database_url: &str, first_port: u16) -> Outcome<Child> {
    let mut server = command(binary, log, database_url)?;
    Ok(server.args(["serve", "--first-port", &first_port.to_string()]).spawn()?)
}

fn command(binary: &Path, log: &Path, database_url: &str) -> Outcome<Command> {
    let log = File::options().create(true).append(true).open(log)?;
    let mut command = Command::new(binary);
    command.env("DATABASE_URL", database_url).env("BAEDAL_LOG", "warn").stdin(Stdio::null());
    // Half-open connections are noticed by silence: after two and a half of these.
    command.env("BAEDAL_HEARTBEAT_SECS", "1");
    command.stdout(log.try_clone()?).stderr(log).kill_on_drop(true);
    Ok(command)
}

/// A directory for this run, which goes with it unless it is to be looked at.
pub(crate) struct Dir {
    pub(crate) path: PathBuf,
    pub(crate) keep: bool,
}

impl Dir {
    fn new() -> Outcome<Self> {
        let name = format!("baedal-chaos-{}", sim::ambient::fresh_id().simple());
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
