//! The real `baedal` binary as processes of their own, to be killed: one that
//! serves everything, or many that serve a part each.

use std::ffi::OsString;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use server::Service;

use crate::TestApp;

/// How long a process may take to be ready: a debug build, on a machine that is
/// busy with other tests.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// A server process. Dropped, it is killed; it dies with the test, too.
pub struct Process {
    child: Child,
    start: Start,
}

/// What a process is started with.
#[derive(Clone)]
struct Start {
    binary: PathBuf,
    /// None: all of them.
    services: Vec<Service>,
    first_port: u16,
    environment: Vec<(&'static str, String)>,
    /// The most file descriptors that it may open. None: the limit of the test.
    files: Option<u32>,
    /// The file of its log, as JSON lines. None: warnings alone, to the output of the test.
    log: Option<PathBuf>,
}

impl Process {
    /// Starts `baedal serve` on a test's database, beside its third parties, and waits until
    /// it is ready.
    pub async fn start(app: &TestApp) -> Self {
        Self::ready(vec![Start::alone(app)]).await.remove(0)
    }

    /// The same with so few file descriptors.
    pub async fn cramped(app: &TestApp, files: u32) -> Self {
        let files = Some(files);
        Self::ready(vec![Start { files, ..Start::alone(app) }]).await.remove(0)
    }

    /// The same with a log to read.
    pub async fn logged(app: &TestApp) -> Self {
        let start = Start::alone(app);
        let log = Some(log_of(start.first_port));
        Self::ready(vec![Start { log, ..start }]).await.remove(0)
    }

    /// Starts all of them at once and waits until each is ready.
    async fn ready(starts: Vec<Start>) -> Vec<Self> {
        let mut processes: Vec<Self> = starts.into_iter().map(Self::spawn).collect();
        for process in &mut processes {
            let any = process.start.services.first().copied().unwrap_or(Service::Gateway);
            let ready = format!("{}/readyz", process.url(any));
            let up = async {
                while !reqwest::get(&ready).await.is_ok_and(|answer| answer.status().is_success()) {
                    let ended = process.child.try_wait().expect("it can be asked");
                    assert!(ended.is_none(), "{any} ended: {ended:?}");
                    crate::wait::real_time_passes(Duration::from_millis(50)).await;
                }
            };
            tokio::time::timeout(READY_WITHIN, up).await.expect("ready in time");
        }
        processes
    }

    fn spawn(start: Start) -> Self {
        let mut line = Vec::new();
        if let Some(files) = start.files {
            line.extend(["/bin/sh", "-c", "ulimit -n \"$0\"; exec \"$@\""].map(OsString::from));
            line.push(files.to_string().into());
        }
        // The kernel kills the process when the thread that started it ends, for whatever reason.
        if Path::new("/usr/bin/setpriv").exists() {
            line.extend(["/usr/bin/setpriv", "--pdeathsig", "KILL", "--"].map(OsString::from));
        }
        line.push(start.binary.clone().into());
        let mut command = Command::new(line.remove(0));
        command.args(line);
        if let Some(log) = &start.log {
            let log = std::fs::File::create(log).expect("the log can be written");
            command.stderr(log).env("BAEDAL_LOG_FORMAT", "json").env("BAEDAL_LOG", "info,store=debug");
        } else {
            command.env("BAEDAL_LOG", "warn");
        }
        let child = command
            .arg("serve")
            .args(start.services.iter().map(|service| service.name()))
            .args(["--first-port", &start.first_port.to_string()])
            .env_remove("REDIS_URL")
            .envs(start.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .spawn()
            .expect("the server starts");
        Self { child, start }
    }

    /// Where each of its services listens.
    pub fn urls(&self) -> Vec<String> {
        Service::ALL.into_iter().map(|service| self.url(service)).collect()
    }

    /// Where its gateway listens.
    pub fn gateway(&self) -> String {
        self.url(Service::Gateway)
    }

    /// Where `service` listens, if this process serves it.
    fn url(&self, service: Service) -> String {
        format!("http://127.0.0.1:{}", self.start.first_port + service.offset())
    }

    /// `kill -9`: no close frames, no draining.
    pub fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }

    /// Starts the process again on the same ports.
    pub async fn restart(mut self) -> Self {
        self.kill();
        Self::ready(vec![self.start.clone()]).await.remove(0)
    }
}

impl Process {
    /// Its log, as far as it is written by now.
    pub fn log(&self) -> String {
        let log = self.start.log.as_ref().expect("it has a log of its own");
        std::fs::read_to_string(log).expect("the log can be read")
    }

    /// The lines of its log.
    fn lines(&self) -> Vec<Value> {
        self.log().lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

impl Start {
    /// One process that serves everything.
    fn alone(app: &TestApp) -> Self {
        Self {
            binary: binary(),
            services: Vec::new(),
            first_port: rows(1).remove(0),
            environment: outside(app),
            files: None,
            log: None,
        }
    }
}

/// The file for the log of the process with this first port.
fn log_of(first_port: u16) -> PathBuf {
    std::env::temp_dir().join(format!("baedal-{}-{first_port}.log", std::process::id()))
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(log) = &self.start.log {
            let _ = std::fs::remove_file(log);
        }
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Two processes with logs to read: the gateway, and one with all services behind it.
pub struct Logged {
    gateway: Process,
    behind: Process,
}

impl Logged {
    /// Starts both, with `environment` besides what they need.
    pub async fn start(app: &TestApp, redis_url: &str, environment: &[(&'static str, String)]) -> Self {
        let first_ports = rows(2);
        let served = Service::ALL.into_iter().filter(|service| *service != Service::Gateway);
        let upstreams =
            served.clone().map(|one| format!("{one}=http://127.0.0.1:{}", first_ports[1] + one.offset()));
        let mut all = outside(app);
        all.extend([
            ("REDIS_URL", redis_url.to_owned()),
            ("BAEDAL_UPSTREAMS", upstreams.collect::<Vec<_>>().join(",")),
            ("BAEDAL_TRUSTED_PROXIES", "127.0.0.1".to_owned()),
        ]);
        all.extend_from_slice(environment);
        let binary = binary();
        let start = |services, first_port: u16| Start {
            binary: binary.clone(),
            services,
            first_port,
            environment: all.clone(),
            files: None,
            log: Some(log_of(first_port)),
        };
        let both = [start(vec![Service::Gateway], first_ports[0]), start(served.collect(), first_ports[1])];
        let mut both = Process::ready(both.into()).await;
        let behind = both.remove(1);
        Self { gateway: both.remove(0), behind }
    }

    /// Where the gateway listens.
    pub fn url(&self) -> String {
        self.gateway.gateway()
    }

    /// What the gateway has logged.
    pub fn of_gateway(&self) -> Vec<Value> {
        self.gateway.lines()
    }

    /// What the process behind it has logged.
    pub fn of_behind(&self) -> Vec<Value> {
        self.behind.lines()
    }
}

/// The thirteen services as processes of their own, joined by a database and a
/// Redis, with the gateway before them.
pub struct Split {
    processes: Vec<Process>,
}

impl Split {
    /// The services whose entities are live, and so worth several replicas.
    pub const LIVE: [Service; 3] = [Service::Order, Service::Tracking, Service::Support];

    /// Starts all of them at once, with so many replicas of [`Split::LIVE`].
    pub async fn start(app: &TestApp, redis_url: &str, replicas: usize) -> Self {
        let rows = rows(replicas);
        let placed = |service: Service| {
            let count = if Self::LIVE.contains(&service) { replicas } else { 1 };
            rows.iter().take(count).map(move |first_port| (service, *first_port))
        };
        let upstreams =
            Service::ALL.into_iter().filter(|service| *service != Service::Gateway).map(|service| {
                let at = |(service, first): (Service, u16)| {
                    format!("http://127.0.0.1:{}", first + service.offset())
                };
                format!("{service}={}", placed(service).map(at).collect::<Vec<_>>().join("|"))
            });
        let mut environment = outside(app);
        environment.extend([
            ("REDIS_URL", redis_url.to_owned()),
            ("BAEDAL_DATABASE_CONNECTIONS", "4".to_owned()),
            ("BAEDAL_UPSTREAMS", upstreams.collect::<Vec<_>>().join(",")),
            ("BAEDAL_TRUSTED_PROXIES", "127.0.0.1".to_owned()),
            ("TOKIO_WORKER_THREADS", "1".to_owned()),
        ]);
        let binary = binary();
        let start = |(service, first_port)| Start {
            binary: binary.clone(),
            services: vec![service],
            first_port,
            environment: environment.clone(),
            files: None,
            log: None,
        };
        let starts = Service::ALL.into_iter().flat_map(placed).map(start).collect();
        Self { processes: Process::ready(starts).await }
    }

    /// Where the gateway listens.
    pub fn gateway(&self) -> String {
        self.replicas(Service::Gateway).remove(0)
    }

    /// Where the replicas of `service` listen that were not killed.
    pub fn replicas(&self, service: Service) -> Vec<String> {
        let serves = self.processes.iter().filter(|process| process.start.services == [service]);
        serves.map(|process| process.url(service)).collect()
    }

    /// `kill -9` of the replica of `service` at `url`.
    pub fn kill(&mut self, service: Service, url: &str) {
        let before = self.processes.len();
        self.processes.retain(|process| process.start.services != [service] || process.url(service) != url);
        assert_eq!(self.processes.len(), before - 1, "there is one replica of {service} at {url}");
    }
}

/// What a process of a test finds outside: the database and the third parties.
fn outside(app: &TestApp) -> Vec<(&'static str, String)> {
    vec![
        ("DATABASE_URL", app.database_url().to_owned()),
        ("BAEDAL_VAULT_KEYS", app.vault_keys.reveal()),
        ("BAEDAL_TOSS_URL", app.sandbox.toss_url()),
        ("BAEDAL_TOSS_SCRIPT_URL", app.sandbox.url_of("toss/v2/standard")),
        ("BAEDAL_BLOBS", app.blobs().display().to_string()),
        ("BAEDAL_RESEND_URL", app.sandbox.url_of("resend")),
        ("BAEDAL_RESEND_API_KEY", "re_sandbox".to_owned()),
        ("BAEDAL_MAIL_FROM", "배달 <no-reply@baedal.example>".to_owned()),
    ]
}

/// The binary, built if it is not up to date.
pub fn binary() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--offline", "--workspace", "--bin", "baedal"])
        .status()
        .expect("cargo runs");
    assert!(built.success(), "the server could not be built");
    // target/debug/deps/it-… → target/debug/baedal
    let test = std::env::current_exe().expect("this test has a path");
    test.ancestors().nth(2).expect("in the target folder").join("baedal")
}

/// The first ports of so many rows of thirteen on which nobody listens. Below
/// the ports that clients are given, and from another place in each process, so
/// that tests beside each other do not meet.
fn rows(count: usize) -> Vec<u16> {
    let free = |first: &u16| (*first..first + 13).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok());
    let mut places: Vec<u16> = (10_000..32_000).step_by(13).collect();
    let seed = domain::Ids::uuid(&server::system::OsRandom).as_u128();
    let first = usize::try_from(seed % 1_600).expect("small");
    places.rotate_left(first);
    let rows: Vec<u16> = places.into_iter().filter(free).take(count).collect();
    assert_eq!(rows.len(), count, "free ports in a row");
    rows
}
