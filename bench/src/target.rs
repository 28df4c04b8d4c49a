//! The processes under load: the server and the baselines.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::Outcome;
use crate::args::Server;
use crate::process::Process;

/// How long a server may take to come up.
const UP_WITHIN: Duration = Duration::from_secs(60);

/// A process under load. One that was started here ends with it.
pub(crate) struct Target {
    /// `http://host:port`, or for a baseline `ws://host:port`.
    pub(crate) url: String,
    pub(crate) process: Process,
    _child: Option<Child>,
}

impl Target {
    /// The server: the one that runs already, or a new one on DATABASE_URL
    /// with the demo city and as many couriers as are needed.
    pub(crate) async fn server(args: &Server, couriers: u32) -> Outcome<Self> {
        if let (Some(url), Some(pid)) = (&args.url, args.pid) {
            return Ok(Self { url: url.clone(), process: Process { pid }, _child: None });
        }
        let couriers = couriers.to_string();
        for preparation in [&["migrate"][..], &["load-demo", "--couriers", &couriers]] {
            let done =
                Command::new(&args.server).args(preparation).env("BAEDAL_LOG", "warn").status().await?;
            if !done.success() {
                return Err(format!("{} {} failed", args.server.display(), preparation.join(" ")).into());
            }
        }
        let child = Command::new(&args.server)
            .args(["serve", "--first-port", &args.first_port.to_string()])
            .env("BAEDAL_LOG", "warn")
            .kill_on_drop(true)
            .spawn()?;
        let gateway = args.first_port + 1;
        let up = async {
            while TcpStream::connect(("127.0.0.1", gateway)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(UP_WITHIN, up).await.map_err(|_| "the server did not come up")?;
        Self::of(child, format!("http://127.0.0.1:{gateway}"))
    }

    /// A baseline, which is this same binary.
    pub(crate) async fn baseline(name: &str) -> Outcome<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(name)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let out = child.stdout.take().ok_or("no standard output")?;
        let address = BufReader::new(out).lines().next_line().await?.ok_or("the baseline ended")?;
        Self::of(child, format!("ws://{address}"))
    }

    fn of(child: Child, url: String) -> Outcome<Self> {
        let pid = child.id().ok_or("the process ended")?;
        Ok(Self { url, process: Process { pid }, _child: Some(child) })
    }
}
