//! Redis servers of a test's own, which it may kill or suspend.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use redis::aio::MultiplexedConnection;

use crate::environment::{eventually, fresh};

/// One server on the loopback address, killed on drop.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
    folder: PathBuf,
    options: Vec<String>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    async fn with(options: &[String]) -> Self {
        let folder = std::env::temp_dir().join(format!("baedal-redis-{}", fresh().simple()));
        std::fs::create_dir(&folder).unwrap();
        let (port, options) = (free_port(), options.to_vec());
        let child = spawn(port, &folder, &options);
        let server = Self { child, port, folder, options };
        server.answers().await;
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    pub(crate) async fn ask<T: redis::FromRedisValue>(&self, words: &[&str]) -> redis::RedisResult<T> {
        let client = redis::Client::open(self.url())?;
        let config = redis::AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(5)));
        let mut connection: MultiplexedConnection =
            client.get_multiplexed_async_connection_with_config(&config).await?;
        let mut command = redis::cmd(words[0]);
        words[1..].iter().for_each(|word| {
            command.arg(word);
        });
        command.query_async(&mut connection).await
    }

    async fn answers(&self) {
        eventually("a redis-server answers", || async { self.ask::<String>(&["PING"]).await.is_ok() }).await;
    }

    /// `kill -9`: all its data is lost.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again on the same port, empty.
    pub(crate) async fn restart(&mut self) {
        self.child = spawn(self.port, &self.folder, &self.options);
        self.answers().await;
    }

    /// Sends a signal: `-STOP` suspends it with its connections, `-CONT` resumes it.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may be gone already
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Three masters that share the slots.
pub(crate) struct Cluster(pub(crate) Vec<Server>);

impl Cluster {
    pub(crate) async fn start() -> Self {
        let mut servers = Vec::new();
        let mut gates = Vec::new();
        for _ in 0..3 {
            let gate = free_port().to_string();
            let options =
                ["--cluster-enabled", "yes", "--cluster-port", &gate, "--cluster-node-timeout", "2000"];
            servers.push(Server::with(&options.map(str::to_owned)).await);
            gates.push(gate);
        }
        let slots = [("0", "5460"), ("5461", "10922"), ("10923", "16383")];
        for (server, (first, last)) in servers.iter().zip(slots) {
            let _: String = server.ask(&["CLUSTER", "ADDSLOTSRANGE", first, last]).await.unwrap();
        }
        for (server, gate) in servers.iter().zip(&gates).skip(1) {
            let port = server.port.to_string();
            let _: String = servers[0].ask(&["CLUSTER", "MEET", "127.0.0.1", &port, gate]).await.unwrap();
        }
        for server in &servers {
            eventually("the cluster agrees", || async {
                let info: String = server.ask(&["CLUSTER", "INFO"]).await.unwrap();
                info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
            })
            .await;
        }
        Self(servers)
    }

    pub(crate) fn urls(&self) -> Vec<String> {
        self.0.iter().map(Server::url).collect()
    }
}

fn spawn(port: u16, folder: &PathBuf, options: &[String]) -> Child {
    Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .arg("--dir")
        .arg(folder)
        .args(options)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server starts")
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}
