//! The real `baedal` binary as a process of its own, to be killed.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::cast::eventually;

/// A server process. Dropped, it is killed.
pub struct Process {
    child: Child,
    first_port: u16,
    database_url: String,
}

impl Process {
    /// Starts `baedal serve` on a migrated database and waits until it is ready.
    pub async fn start(database_url: &str) -> Self {
        Self::on(database_url.to_owned(), free_ports()).await
    }

    async fn on(database_url: String, first_port: u16) -> Self {
        let child = Command::new(binary())
            .args(["serve", "--first-port", &first_port.to_string()])
            .env("DATABASE_URL", &database_url)
            .env("BAEDAL_LOG", "warn")
            .stdin(Stdio::null())
            .spawn()
            .expect("the server starts");
        let process = Self { child, first_port, database_url };
        let ready = format!("{}/readyz", process.url());
        eventually(|| async { reqwest::get(&ready).await.is_ok_and(|answer| answer.status().is_success()) })
            .await;
        process
    }

    /// Where its gateway listens.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.first_port + 1)
    }

    /// `kill -9`: no goodbye, no draining.
    pub fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }

    /// Starts it again where it was.
    pub async fn restart(mut self) -> Self {
        self.kill();
        let (database_url, first_port) = (std::mem::take(&mut self.database_url), self.first_port);
        Self::on(database_url, first_port).await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary, built if it is not up to date.
fn binary() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--offline", "-p", "server", "--bin", "baedal"])
        .status()
        .expect("cargo runs");
    assert!(built.success(), "the server could not be built");
    // target/debug/deps/it-… → target/debug/baedal
    let test = std::env::current_exe().expect("this test has a path");
    test.ancestors().nth(2).expect("in the target folder").join("baedal")
}

/// The first of thirteen ports in a row that nobody listens on.
fn free_ports() -> u16 {
    let any = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let start = any.local_addr().expect("an address").port().clamp(20_000, 60_000);
    let row = |first: u16| (first..first + 13).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok());
    (start..60_000).step_by(13).find(|first| row(*first)).expect("thirteen free ports in a row")
}
