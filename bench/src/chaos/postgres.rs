//! A PostgreSQL of our own, to be stopped, killed and started again.

use std::fs::Permissions;
use std::net::SocketAddr;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command as StdCommand, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use serde::de::DeserializeOwned;
use sim::system;
use tokio::process::{Child, Command};

use super::child::{self, signal};
use crate::Outcome;

const USER: &str = "baedal";
const DATABASE: &str = "postgres";
/// How long anything of it may take.
const WITHIN: Duration = Duration::from_secs(60);

/// See the module. Dropped, it is killed; its files go with their directory.
pub(crate) struct Postgres {
    bin: PathBuf,
    data: PathBuf,
    log: PathBuf,
    pub(crate) address: SocketAddr,
    password: String,
    /// The system's user that it runs as: it refuses to be root.
    owner: Option<(u32, u32)>,
    child: Child,
}

impl Postgres {
    /// Makes an empty one in `dir`, and starts it.
    pub(crate) async fn start(dir: &Path) -> Outcome<Self> {
        let bin = bin()?;
        let home = dir.join("postgres");
        std::fs::create_dir(&home)?;
        let owner = owner()?;
        let password = system::fresh_id().simple().to_string();
        let secret = home.join("password");
        std::fs::write(&secret, &password)?;
        std::fs::set_permissions(&secret, Permissions::from_mode(0o600))?;
        if let Some((user, group)) = owner {
            chown(&home, Some(user), Some(group))?;
            chown(&secret, Some(user), Some(group))?;
        }
        let data = home.join("data");
        let mut make = command(&bin.join("initdb"), owner);
        make.args(["-N", "-U", USER, "-E", "UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256", "-D"])
            .arg(&data);
        let made = make.arg("--pwfile").arg(&secret).stdout(Stdio::null()).status().await?;
        if !made.success() {
            return Err("initdb failed".into());
        }
        let (log, address) = (dir.join("postgres.log"), child::free_address()?);
        let child = spawn(&bin, &data, &log, address, owner)?;
        let postgres = Self { bin, data, log, address, password, owner, child };
        postgres.ready().await?;
        Ok(postgres)
    }

    /// The connection string by way of `address`.
    pub(crate) fn url(&self, address: SocketAddr) -> String {
        format!("postgres://{USER}:{}@{address}/{DATABASE}", self.password)
    }

    /// Stops it by `how` (SIGINT fast, SIGQUIT immediate, SIGKILL) and starts it again.
    pub(crate) async fn restart(&mut self, how: Signal) -> Outcome<()> {
        signal(&self.child, how)?;
        tokio::time::timeout(WITHIN, self.child.wait()).await??;
        self.child = spawn(&self.bin, &self.data, &self.log, self.address, self.owner)?;
        self.ready().await
    }

    /// Ends every connection but our own. Tells how many there were.
    pub(crate) async fn terminate_all(&self) -> Outcome<String> {
        self.sql(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity
                  where pid <> pg_backend_pid() and backend_type = 'client backend'",
        )
        .await
    }

    /// What a query answers, one line a row.
    pub(crate) async fn sql(&self, query: &str) -> Outcome<String> {
        let asked = Command::new(self.bin.join("psql"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", query])
            .env("PGPASSWORD", &self.password)
            .arg(format!("postgres://{USER}@{}/{DATABASE}", self.address))
            .output();
        let answer = tokio::time::timeout(WITHIN, asked).await??;
        if !answer.status.success() {
            return Err(String::from_utf8_lossy(&answer.stderr).into_owned().into());
        }
        Ok(String::from_utf8(answer.stdout)?.trim_end().to_owned())
    }

    /// The rows of a query, each as JSON would have it.
    pub(crate) async fn rows<T: DeserializeOwned>(&self, query: &str) -> Outcome<Vec<T>> {
        let json = self.sql(&format!("select coalesce(json_agg(rows), '[]') from ({query}) as rows")).await?;
        Ok(serde_json::from_str(&json)?)
    }

    async fn ready(&self) -> Outcome<()> {
        let mut failure = String::new();
        let answers = async {
            while let Err(cause) = self.sql("select 1").await {
                failure = cause.to_string();
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let ready = tokio::time::timeout(WITHIN, answers).await;
        ready.map_err(|_| format!("PostgreSQL did not come up: {failure}").into())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // It may be gone already. Its children notice, and end too.
        let _ = signal(&self.child, Signal::QUIT);
        child::wait(&mut self.child);
    }
}

fn spawn(
    bin: &Path,
    data: &Path,
    log: &Path,
    address: SocketAddr,
    owner: Option<(u32, u32)>,
) -> Outcome<Child> {
    let log = std::fs::File::options().create(true).append(true).open(log)?;
    let mut server = command(&bin.join("postgres"), owner);
    server.arg("-D").arg(data).args(["-p", &address.port().to_string()]);
    for setting in [
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "max_connections=300",
        // What a crash of the machine would cost is not asked here; processes crash.
        "fsync=off",
        "track_commit_timestamp=on",
    ] {
        server.args(["-c", setting]);
    }
    Ok(server.stdout(log.try_clone()?).stderr(log).stdin(Stdio::null()).kill_on_drop(true).spawn()?)
}

fn command(program: &Path, owner: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/");
    if let Some((user, group)) = owner {
        command.uid(user).gid(group);
    }
    command
}

/// Root's PostgreSQL runs as the system's `postgres` user; anybody else's as themselves.
fn owner() -> Outcome<Option<(u32, u32)>> {
    if !rustix::process::getuid().is_root() {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd")?;
    let line = users.lines().find(|line| line.starts_with("postgres:")).ok_or("no user `postgres`")?;
    let mut fields = line.split(':').skip(2).map(str::parse::<u32>);
    match (fields.next(), fields.next()) {
        (Some(Ok(user)), Some(Ok(group))) => Ok(Some((user, group))),
        _ => Err("the user `postgres` has no number".into()),
    }
}

/// The programs of the newest PostgreSQL here.
fn bin() -> Outcome<PathBuf> {
    let asked = StdCommand::new("pg_config").arg("--bindir").output();
    let named = asked.ok().and_then(|answer| String::from_utf8(answer.stdout).ok());
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = debian.map(|version| version.path().join("bin")).collect();
    found.sort_by_key(|path| path.parent().and_then(|dir| dir.file_name()?.to_str()?.parse::<u32>().ok()));
    found.extend(named.map(|path| PathBuf::from(path.trim())));
    found.retain(|dir| dir.join("initdb").exists());
    found.pop().ok_or_else(|| "no PostgreSQL is installed here".into())
}
