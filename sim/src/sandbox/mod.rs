//! Third parties that cannot be reached from a test or from a developer's machine: one
//! server that speaks their protocols, moves no money, and misbehaves on demand.
//!
//! Each party has a path of its own: Toss Payments answers under `/toss`. What was done is
//! kept by the server alone, as a third party would, and outlives whoever calls it.

mod book;
pub mod toss;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use chrono::{DateTime, Utc};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use toss::Toss;

/// What time it is for the third parties.
pub type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// A sandbox that listens, until it is dropped.
pub struct Sandbox {
    address: SocketAddr,
    toss: Arc<Toss>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Sandbox {
    /// Listens on `address`. What is done is also written to files in `folder`, and read
    /// from them at the next start; without one it is forgotten at the end.
    pub async fn start(address: SocketAddr, now: Now, folder: Option<&Path>) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let toss = Arc::new(Toss::open(now, folder)?);
        let router = Router::new()
            .route("/readyz", get(|| async { "ready" }))
            .nest("/toss", toss::routes(Arc::clone(&toss)));
        let address = listener.local_addr()?;
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, toss, serving })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the API of Toss Payments begins.
    pub fn toss_url(&self) -> String {
        format!("http://{}/toss", self.address)
    }

    /// The books of Toss Payments.
    pub fn toss(&self) -> &Toss {
        &self.toss
    }

    /// Serves until the listener breaks.
    pub async fn run(mut self) -> std::io::Result<()> {
        (&mut self.serving).await.map_err(std::io::Error::other)?
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
