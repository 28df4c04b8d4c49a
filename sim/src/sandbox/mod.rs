//! Third parties that cannot be reached from a test or from a developer's machine: one
//! server that speaks their protocols, moves no money, and misbehaves on demand.
//!
//! Each party has a path of its own: Toss Payments answers under `/toss`, Resend (mail) under
//! `/resend`, SOLAPI (text messages) under `/solapi`, Firebase Cloud Messaging under `/fcm`.
//! What was done is kept by the server alone, as a third party would, and outlives whoever
//! calls it. Messages are shown to people at `/mailbox`, `/sms` and `/push`, and to programs
//! at the same addresses with `.json`.

mod book;
pub mod fcm;
mod pages;
mod resend;
pub mod sent;
pub mod solapi;
pub mod toss;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use chrono::{DateTime, Utc};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use sent::{Sent, SentLog};
use toss::Toss;

/// What time it is for the third parties.
pub type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// A sandbox that listens, until it is dropped.
pub struct Sandbox {
    address: SocketAddr,
    toss: Arc<Toss>,
    mails: Arc<SentLog>,
    texts: Arc<SentLog>,
    pushes: Arc<SentLog>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Sandbox {
    /// Listens on `address`. What is done is also written to files in `folder`, and read
    /// from them at the next start; without one it is forgotten at the end.
    pub async fn start(address: SocketAddr, now: Now, folder: Option<&Path>) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let sent = |file| SentLog::open(Arc::clone(&now), folder, file).map(Arc::new);
        let (mails, texts, pushes) = (sent("mail.jsonl")?, sent("sms.jsonl")?, sent("push.jsonl")?);
        let toss = Arc::new(Toss::open(now, folder)?);
        let router = Router::new()
            .route("/readyz", get(|| async { "ready" }))
            .nest("/toss", toss::routes(Arc::clone(&toss)))
            .nest("/resend", resend::routes(Arc::clone(&mails)))
            .nest("/solapi", solapi::routes(Arc::clone(&texts)))
            .nest("/fcm", fcm::routes(Arc::clone(&pushes)))
            .merge(pages::routes([&mails, &texts, &pushes].map(Arc::clone)));
        let address = listener.local_addr()?;
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, toss, mails, texts, pushes, serving })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the API of Toss Payments begins.
    pub fn toss_url(&self) -> String {
        self.url_of("toss")
    }

    /// Where the API of this party begins: `toss`, `resend`, `solapi`, `fcm`.
    pub fn url_of(&self, party: &str) -> String {
        format!("http://{}/{party}", self.address)
    }

    /// The mails to this address, the oldest first.
    pub fn mails_to(&self, address: &str) -> Vec<Sent> {
        self.mails.to(address)
    }

    /// The text messages to this number, as it is dialled (`01012345678`).
    pub fn texts_to(&self, number: &str) -> Vec<Sent> {
        self.texts.to(number)
    }

    /// The push notifications that the device with this token shows.
    pub fn pushes_to(&self, token: &str) -> Vec<Sent> {
        self.pushes.to(token)
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
