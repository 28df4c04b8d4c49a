//! A Redis of our own, to be killed, emptied and started again.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;
use tokio::process::{Child, Command};

use super::child::{self, signal};
use crate::Outcome;

/// How long anything of it may take.
const WITHIN: Duration = Duration::from_secs(30);

/// See the module. Dropped, it is killed; its files go with their directory.
pub(crate) struct Redis {
    home: PathBuf,
    address: SocketAddr,
    child: Child,
}

impl Redis {
    /// Makes an empty one in `dir`, and starts it.
    pub(crate) async fn start(dir: &Path) -> Outcome<Self> {
        let (home, address) = (dir.join("redis"), child::free_address()?);
        std::fs::create_dir(&home)?;
        let child = spawn(&home, address)?;
        let redis = Self { home, address, child };
        redis.ready().await?;
        Ok(redis)
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://{}/0", self.address)
    }

    /// Kills it and starts it again, with what its append-only file kept.
    pub(crate) async fn restart(&mut self) -> Outcome<()> {
        signal(&self.child, Signal::KILL)?;
        tokio::time::timeout(WITHIN, self.child.wait()).await??;
        self.child = spawn(&self.home, self.address)?;
        self.ready().await
    }

    /// Empties it.
    pub(crate) async fn flush(&self) -> Outcome<()> {
        if self.says("flushall").await? { Ok(()) } else { Err("Redis could not be emptied".into()) }
    }

    async fn says(&self, command: &str) -> Outcome<bool> {
        let port = self.address.port().to_string();
        let asked = Command::new("redis-cli").args(["-h", "127.0.0.1", "-p", &port, command]).output();
        let answer = tokio::time::timeout(WITHIN, asked).await??;
        Ok(answer.status.success() && matches!(answer.stdout.trim_ascii(), b"OK" | b"PONG"))
    }

    async fn ready(&self) -> Outcome<()> {
        let answers = async {
            while !self.says("ping").await? {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Ok(())
        };
        tokio::time::timeout(WITHIN, answers).await.map_err(|_| "Redis did not come up")?
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = signal(&self.child, Signal::KILL);
        child::wait(&mut self.child);
    }
}

fn spawn(home: &Path, address: SocketAddr) -> Outcome<Child> {
    let log = File::options().create(true).append(true).open(home.join("log"))?;
    let mut server = Command::new("redis-server");
    server.args(["--bind", "127.0.0.1", "--port", &address.port().to_string(), "--save", ""]);
    server.args(["--appendonly", "yes", "--dir"]).arg(home);
    Ok(server.stdout(log.try_clone()?).stderr(log).stdin(Stdio::null()).kill_on_drop(true).spawn()?)
}
