//! The baseline of `checkout`: the service in `bench/baseline`, with a database and a sandbox gateway of its
//! own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use sim::sandbox::Sandbox;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::Outcome;
use crate::checkout::Buyer;
use crate::database::psql;
use crate::report::say;

/// Where it is, from the folder in which the bench runs.
const FOLDER: &str = "bench/baseline";
const DATABASE: &str = "baedal_bench_baseline";
/// As many as there are cores here, as its users would.
const WORKERS: usize = 2;
const UP_WITHIN: Duration = Duration::from_secs(60);

/// The service, while it runs. Dropping this kills it.
pub(crate) struct FastApi {
    pub(crate) address: SocketAddr,
    home: Home,
    _child: Child,
    _sandbox: Sandbox,
}

/// A folder for what is handed from one program to the other, removed at the end.
struct Home(PathBuf);

impl Drop for Home {
    fn drop(&mut self) {
        // What is left behind is in the folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl FastApi {
    /// Starts it for so many customers.
    pub(crate) async fn start(customers: u32) -> Outcome<Self> {
        say("starting the service in FastAPI");
        let python = PathBuf::from(std::env::var("BAEDAL_BENCH_PYTHON").map_err(
            |_| "BAEDAL_BENCH_PYTHON names no environment with bench/baseline/requirements.txt; ./dev bench makes one",
        )?);
        let home = Home(std::env::temp_dir().join(format!("baedal-bench-baseline-{}", std::process::id())));
        std::fs::create_dir_all(home.0.join("sandbox"))?;
        psql(&format!("drop database if exists {DATABASE}; create database {DATABASE};")).await?;
        let url = database_url()?;
        let [people, key, book] =
            ["people.jsonl", "public.pem", "sandbox/toss.jsonl"].map(|file| home.0.join(file));
        let seeded = command(&python.join("python"), &url)
            .arg("seed.py")
            .arg(customers.to_string())
            .args(["--out".as_ref(), people.as_os_str(), "--public-key".as_ref(), key.as_os_str()])
            .args(["--gateway-book".as_ref(), book.as_os_str()])
            .stdout(Stdio::null())
            .status()
            .await?;
        if !seeded.success() {
            return Err("the baseline's customers could not be made".into());
        }
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let sandbox = Sandbox::start(any, Arc::new(sim::system::now), Some(&home.0.join("sandbox"))).await?;
        let mut child = command(&python.join("uvicorn"), &url)
            .args(["app.main:app", "--port", "0", "--no-access-log", "--workers", &WORKERS.to_string()])
            .env("GATEWAY_URL", sandbox.toss_url())
            .env("JWKS_FILE", &key)
            .env("JWT_ISSUER", "https://baedal.example")
            .env("JWT_AUDIENCE", "baedal")
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let address = tokio::time::timeout(UP_WITHIN, address_of(&mut child)).await??;
        Ok(Self { address, home, _child: child, _sandbox: sandbox })
    }

    /// Its customers.
    pub(crate) fn buyers(&self) -> Outcome<Vec<Buyer>> {
        let lines = std::fs::read_to_string(self.home.0.join("people.jsonl"))?;
        Ok(lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
    }
}

fn command(program: &Path, database_url: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(FOLDER).env("DATABASE_URL", database_url);
    command
}

/// The URL of its database, which is on the server of ours.
fn database_url() -> Outcome<String> {
    let ours = std::env::var("DATABASE_URL")?;
    let (server, database) = ours.rsplit_once('/').ok_or("DATABASE_URL names no database")?;
    let options = database.split_once('?').map(|(_, options)| format!("?{options}")).unwrap_or_default();
    Ok(format!("{server}/{DATABASE}{options}"))
}

/// Waits until all of its workers are ready. What it writes later is read, so that it never waits.
async fn address_of(child: &mut Child) -> Outcome<SocketAddr> {
    let mut lines = BufReader::new(child.stderr.take().ok_or("no standard error")?).lines();
    let (mut address, mut ready) = (None, 0);
    while ready < WORKERS {
        let line = lines.next_line().await?.ok_or("the baseline ended")?;
        if let Some((_, rest)) = line.split_once("running on http://") {
            address = rest.split_whitespace().next().map(str::parse).transpose()?;
        }
        ready += usize::from(line.contains("Application startup complete"));
    }
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    address.ok_or_else(|| "the baseline has no address".into())
}
