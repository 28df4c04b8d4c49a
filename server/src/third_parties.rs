//! Where third parties are: flags of `baedal serve`, and the sandbox that stands in for them.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use domain::Clock;
use integrations::{Limits, Settings, toss};
use sim::sandbox::Sandbox;

use crate::ambient::SystemClock;

/// Where third parties are, and how long they may take.
#[derive(Clone, Debug, Args)]
pub struct ThirdPartyArgs {
    /// Where the API of Toss Payments begins; by default, at the sandbox on this machine
    /// (`baedal sandbox`).
    #[arg(long, env = "BAEDAL_TOSS_URL", default_value_t = toss::Settings::default().url,
          value_parser = integrations::http_url)]
    pub toss_url: String,

    /// The secret key of the account at Toss Payments. The sandbox takes any.
    #[arg(long, env = "BAEDAL_TOSS_SECRET_KEY", hide_env_values = true,
          default_value_t = toss::Settings::default().secret_key)]
    pub toss_secret_key: String,

    /// Milliseconds that a third party may take for one try.
    #[arg(long, env = "BAEDAL_THIRD_PARTY_MS", default_value_t = integrations::ANSWER_WITHIN_MS,
          value_parser = clap::value_parser!(u64).range(50..=60_000))]
    pub third_party_ms: u64,
}

impl ThirdPartyArgs {
    /// As the integrations want it.
    pub fn settings(&self) -> Settings {
        Settings {
            toss: toss::Settings { url: self.toss_url.clone(), secret_key: self.toss_secret_key.clone() },
            limits: Limits { answer_within: Duration::from_millis(self.third_party_ms), ..Limits::default() },
        }
    }
}

/// The sandbox.
#[derive(Clone, Debug, Args)]
pub struct SandboxArgs {
    /// The address to listen on.
    #[arg(long, env = "BAEDAL_BIND", default_value = "127.0.0.1")]
    bind: IpAddr,

    /// The port to listen on.
    #[arg(long, env = "BAEDAL_SANDBOX_PORT", default_value_t = 9120)]
    port: u16,

    /// Where to keep what was done; without it, it is forgotten at the end.
    #[arg(long, env = "BAEDAL_SANDBOX_FOLDER")]
    folder: Option<PathBuf>,
}

impl SandboxArgs {
    /// Serves until it is ended.
    pub(crate) async fn run(self) -> Result<(), Box<dyn Error>> {
        let address = SocketAddr::new(self.bind, self.port);
        let folder = self.folder.filter(|folder| !folder.as_os_str().is_empty());
        let now = Arc::new(|| SystemClock.now());
        let sandbox = Sandbox::start(address, now, folder.as_deref()).await?;
        tracing::info!(address = %sandbox.address(), "the sandbox of third parties listens");
        Ok(sandbox.run().await?)
    }
}
