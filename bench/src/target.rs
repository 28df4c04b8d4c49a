//! The processes under load: the server and the baselines.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use sim::sandbox::Sandbox;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::Outcome;
use crate::args::Options;
use crate::database;
use crate::process::Process;

/// How often to check whether a server has started or ended.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How long a server may take to start or to end.
const UP_WITHIN: Duration = Duration::from_secs(60);

/// A process under load. Dropping this kills it.
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) process: Process,
    _child: Child,
    /// The third parties that the server calls.
    _sandbox: Option<Sandbox>,
}

/// Migrates the database to the newest schema.
pub(crate) async fn migrate(options: &Options) -> Outcome<()> {
    let done = Command::new(&options.server).arg("migrate").env("BAEDAL_LOG", "warn").status().await?;
    if done.success() { Ok(()) } else { Err(format!("{} migrate failed", options.server.display()).into()) }
}

impl Target {
    /// Starts the server. The address is that of its gateway.
    pub(crate) async fn server(options: &Options) -> Outcome<Self> {
        let address = SocketAddr::from(([127, 0, 0, 1], options.first_port + 1));
        // The last round's server may still be ending: freeing a large memory takes a while.
        let gone = async {
            while TcpStream::connect(address).await.is_ok() {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        tokio::time::timeout(UP_WITHIN, gone).await.map_err(|_| "somebody else listens there")?;
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let sandbox = Sandbox::start(any, Arc::new(sim::system::now), None).await?;
        let child = Command::new(&options.server)
            .args(["serve", "--first-port", &options.first_port.to_string()])
            .env("BAEDAL_LOG", "warn")
            .env("BAEDAL_TOSS_URL", sandbox.toss_url())
            .env("BAEDAL_TOSS_SCRIPT_URL", sandbox.url_of("toss/v2/standard"))
            .kill_on_drop(true)
            .spawn()?;
        let up = async {
            while TcpStream::connect(address).await.is_err() {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        tokio::time::timeout(UP_WITHIN, up).await.map_err(|_| "the server did not come up")?;
        Ok(Self { _sandbox: Some(sandbox), ..Self::of(child, address)? })
    }

    /// Starts a baseline, which is a subcommand of this binary.
    pub(crate) async fn baseline(name: &str) -> Outcome<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(name)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let out = child.stdout.take().ok_or("no standard output")?;
        let address = BufReader::new(out).lines().next_line().await?.ok_or("the baseline ended")?;
        Self::of(child, address.parse()?)
    }

    fn of(child: Child, address: SocketAddr) -> Outcome<Self> {
        let pid = child.id().ok_or("the process ended")?;
        Ok(Self { address, process: Process { pid }, _child: child, _sandbox: None })
    }

    /// The sum of a metric over its labels.
    pub(crate) async fn metric(&self, name: &str) -> Outcome<f64> {
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n").await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        let head = text.lines().next().unwrap_or_default();
        if !head.ends_with("200 OK") {
            return Err(format!("no metrics: {head}").into());
        }
        let values = text.lines().filter_map(|line| {
            let (series, value) = line.rsplit_once(' ')?;
            let own = series.split('{').next() == Some(name);
            own.then(|| value.parse::<f64>().ok()).flatten()
        });
        Ok(values.sum())
    }
}

/// Queries one number from the database.
pub(crate) async fn count(sql: &str) -> Outcome<f64> {
    Ok(database::rows(sql).await?.trim().parse()?)
}
