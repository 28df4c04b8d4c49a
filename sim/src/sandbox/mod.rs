//! Stands in for third parties that tests and developers' machines cannot reach: one server
//! that implements their protocols, moves no money, and fails on demand.
//!
//! Each party has a path of its own: Toss Payments answers under `/toss`, Resend (mail) under
//! `/resend`, SOLAPI (text messages) under `/solapi`, Firebase Cloud Messaging under `/fcm`,
//! Kakao's search for addresses under `/kakao-local`, the companies that vouch for people under
//! `/openid`, the range API of Have I Been Pwned under `/pwned`.
//! Like a third party, the sandbox keeps its own records, independent of Baedal's. Messages
//! are shown as pages at `/mailbox`, `/sms` and `/push`, and as JSON at the same paths with
//! `.json`.

mod book;
pub mod fcm;
mod kakao_local;
pub mod openid;
mod pages;
pub mod pwned;
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

use openid::OpenId;
use pwned::Pwned;
use sent::{Sent, SentLog};
use toss::Toss;

/// The clock of the third parties.
pub type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// A running sandbox. It stops when it is dropped.
pub struct Sandbox {
    address: SocketAddr,
    toss: Arc<Toss>,
    openid: Arc<OpenId>,
    mails: Arc<SentLog>,
    texts: Arc<SentLog>,
    pushes: Arc<SentLog>,
    pwned: Arc<Pwned>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Sandbox {
    /// Listens on `address`. Records are written to files in `folder` and read from them at
    /// the next start; without a folder they are kept in memory only.
    pub async fn start(address: SocketAddr, now: Now, folder: Option<&Path>) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let sent = |file, replaces| SentLog::open(Arc::clone(&now), folder, file, replaces).map(Arc::new);
        let mails = sent("mail.jsonl", |_, _| false)?;
        let texts = sent("sms.jsonl", |_, _| false)?;
        let pushes = sent("push.jsonl", fcm::has_same_tag)?;
        let address = listener.local_addr()?;
        let openid = Arc::new(OpenId::new(Arc::clone(&now), format!("http://{address}/openid")));
        let toss = Arc::new(Toss::open(now, folder)?);
        let pwned = Arc::<Pwned>::default();
        let router = Router::new()
            .route("/readyz", get(|| async { "ready" }))
            .nest("/toss", toss::routes(Arc::clone(&toss)))
            .nest("/resend", resend::routes(Arc::clone(&mails)))
            .nest("/solapi", solapi::routes(Arc::clone(&texts)))
            .nest("/fcm", fcm::routes(Arc::clone(&pushes)))
            .nest("/kakao-local", kakao_local::routes())
            .nest("/openid", openid::routes(Arc::clone(&openid)))
            .nest("/pwned", pwned::routes(Arc::clone(&pwned)))
            .merge(pages::routes([&mails, &texts, &pushes].map(Arc::clone)));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, toss, openid, mails, texts, pushes, pwned, serving })
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL of the API of Toss Payments.
    pub fn toss_url(&self) -> String {
        self.url_of("toss")
    }

    /// The base URL of the API of a party: `toss`, `resend`, `solapi`, `fcm`, `kakao-local`, `pwned`,
    /// `openid/kakao`.
    pub fn url_of(&self, party: &str) -> String {
        format!("http://{}/{party}", self.address)
    }

    /// The mails to this address, the oldest first.
    pub fn mails_to(&self, address: &str) -> Vec<Sent> {
        self.mails.to(address)
    }

    /// The text messages to this number, in national format (`01012345678`).
    pub fn texts_to(&self, number: &str) -> Vec<Sent> {
        self.texts.to(number)
    }

    /// The push notifications to the device with this token that were not replaced.
    pub fn pushes_to(&self, token: &str) -> Vec<Sent> {
        self.pushes.to(token)
    }

    /// The companies that vouch for people.
    pub fn openid(&self) -> &OpenId {
        &self.openid
    }

    /// The list of stolen passwords.
    pub fn pwned(&self) -> &Pwned {
        &self.pwned
    }

    /// The records of Toss Payments.
    pub fn toss(&self) -> &Toss {
        &self.toss
    }

    /// Serves until the listener fails.
    pub async fn run(mut self) -> std::io::Result<()> {
        (&mut self.serving).await.map_err(std::io::Error::other)?
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
