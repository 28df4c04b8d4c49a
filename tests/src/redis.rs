//! A `redis-server` for one test, which the test can kill and start again.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use domain::Ids;
use server::system::OsRandom;
use store::shared::{self, RedisSettings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::people::eventually;

/// One `redis-server` process. A drop ends it.
pub struct Redis {
    child: Child,
    port: u16,
    folder: PathBuf,
}

impl Redis {
    /// Starts one without persistence, on a free port of the loopback address.
    pub async fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("baedal-redis-{}", OsRandom.uuid().simple()));
        std::fs::create_dir(&folder).expect("a folder of its own");
        let any = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = any.local_addr().expect("an address").port();
        drop(any);
        let redis = Self { child: spawn(port, &folder), port, folder };
        redis.answers().await;
        redis
    }

    /// The settings with which servers share state over this Redis.
    pub fn settings(&self) -> shared::Settings {
        let redis = RedisSettings::at(vec![format!("redis://127.0.0.1:{}/0", self.port)]);
        shared::Settings { redis: Some(redis), ..shared::Settings::default() }
    }

    /// `kill -9`: its contents are lost.
    pub fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }

    /// Starts it again on the same port, empty.
    pub async fn restart(&mut self) {
        self.child = spawn(self.port, &self.folder);
        self.answers().await;
    }

    async fn answers(&self) {
        eventually(|| async {
            let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)).await else { return false };
            let mut answer = [0; 5];
            let asked = stream.write_all(b"PING\r\n").await;
            asked.is_ok() && stream.read_exact(&mut answer).await.is_ok() && answer == *b"+PONG"
        })
        .await;
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn spawn(port: u16, folder: &PathBuf) -> Child {
    Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .arg("--dir")
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server starts")
}
