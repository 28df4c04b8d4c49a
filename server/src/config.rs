//! The operator's settings: command-line flags, each with its environment variable.
//! clap refuses a wrong value at start, with the flag's name and the allowed values.

use std::net::IpAddr;
use std::time::Duration;

use clap::Args;
use store::Database;
use store::shared::{self, RedisSettings};
use store::vault::{VaultKeys, VaultKeysError};

use crate::Service;
use crate::limits::within;

/// Where PostgreSQL is.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseArgs {
    /// PostgreSQL 15 or newer, as `postgres://baedal:secret@127.0.0.1:5432/baedal`.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: String,

    /// Connections to PostgreSQL that this process opens at most; if not given, 24 for one that
    /// serves all thirteen services and 7 for any other, so that thirteen processes fit into
    /// PostgreSQL's own default of 100. The position log opens two more where fixes come in.
    #[arg(long, env = "BAEDAL_DATABASE_CONNECTIONS", value_parser = within::<u32>(4, 1_000))]
    pub database_connections: Option<u32>,
}

impl DatabaseArgs {
    /// The store's settings, for a process that serves this many services.
    pub fn database(&self, services: usize) -> Database {
        let usual = if services == Service::ALL.len() { 24 } else { 7 };
        Database {
            url: self.database_url.clone(),
            max_connections: self.database_connections.unwrap_or(usual),
            acquire_timeout: Duration::from_secs(3),
        }
    }
}

/// The keys of the vault.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Vault")]
pub struct VaultArgs {
    /// The keys with which door codes, signing keys and the like are sealed in the database, as
    /// `ID:BASE64`, separated by commas: the first one seals, all of them open. All processes have
    /// the same. `baedal new-vault-key` makes one. Keep it apart from backups of the database:
    /// what it sealed cannot be read without it.
    #[arg(long, env = "BAEDAL_VAULT_KEYS", hide_env_values = true, default_value = "")]
    vault_keys: String,
}

/// The vault has no keys, or they are not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "BAEDAL_VAULT_KEYS: {0}. `baedal new-vault-key` makes one: set it for all processes that share \
     the database, and keep it apart from backups, which cannot be read without it"
)]
pub struct WrongVaultKeys(VaultKeysError);

impl VaultArgs {
    /// The keys. A value that is not understood is not shown, as it may be a secret.
    pub fn keys(&self) -> Result<VaultKeys, WrongVaultKeys> {
        self.vault_keys.parse().map_err(WrongVaultKeys)
    }
}

/// Where the memory is that processes share.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Shared memory")]
pub struct SharedArgs {
    /// Redis 7 or newer, as `redis://user:password@host:port/0`; several nodes of one
    /// Redis Cluster are separated by commas. None: this process is the only one, and
    /// serves all thirteen services.
    #[arg(long, env = "REDIS_URL", hide_env_values = true, value_delimiter = ',')]
    pub redis_url: Vec<String>,

    /// What all names in Redis begin with; by default it is derived from the database, so
    /// that processes hear each other if and only if they share that.
    #[arg(long, env = "BAEDAL_REDIS_PREFIX")]
    pub redis_prefix: Option<String>,
}

impl SharedArgs {
    /// The store's settings.
    pub fn settings(&self) -> shared::Settings {
        // An empty environment variable counts as not set.
        let nodes: Vec<String> =
            self.redis_url.iter().map(|url| url.trim().to_owned()).filter(|url| !url.is_empty()).collect();
        let prefix = self.redis_prefix.clone().filter(|prefix| !prefix.is_empty());
        let redis = (!nodes.is_empty()).then(|| RedisSettings { prefix, ..RedisSettings::at(nodes) });
        shared::Settings { redis, ..shared::Settings::default() }
    }
}

/// Where the services listen.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Listening")]
pub struct ListenArgs {
    /// The address to listen on.
    #[arg(long, env = "BAEDAL_BIND", default_value = "127.0.0.1")]
    pub bind: IpAddr,

    /// The port of auth_service; the others follow in the documented order. 0 takes any free ports.
    #[arg(long, env = "BAEDAL_FIRST_PORT", default_value_t = 9101,
          value_parser = within::<u16>(0, 65_523))]
    pub first_port: u16,

    /// Connections that may wait on each port to be accepted; the kernel allows no more
    /// than net.core.somaxconn.
    #[arg(long, env = "BAEDAL_BACKLOG", default_value_t = 4096,
          value_parser = within::<u32>(1, 65_535))]
    pub backlog: u32,

    /// Seconds that sockets, actors and writers get to finish at shutdown.
    #[arg(long, env = "BAEDAL_SHUTDOWN_SECS", default_value_t = 10,
          value_parser = within::<u64>(1, 300))]
    pub shutdown_secs: u64,
}

/// How to write the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// One line each, for people.
    Text,
    /// One JSON object each, for machines.
    Json,
}

/// The log.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Log")]
pub struct LogArgs {
    /// What to log, as `info` or `baedal=debug,store=warn`.
    #[arg(long, env = "BAEDAL_LOG", default_value = "info", global = true)]
    pub log: String,

    /// How to write it.
    #[arg(long, env = "BAEDAL_LOG_FORMAT", default_value = "text", global = true)]
    pub log_format: LogFormat,

    /// Where spans are collected: an address that takes OTLP over HTTP without TLS, as
    /// `http://127.0.0.1:4318`. Unset: nowhere.
    #[arg(long, env = "BAEDAL_OTLP_URL", global = true, value_parser = collector)]
    pub otlp_url: Option<String>,
}

fn collector(text: &str) -> Result<String, &'static str> {
    match text.parse::<axum::http::Uri>() {
        Ok(uri) if uri.scheme_str() == Some("http") && uri.authority().is_some() => Ok(text.to_owned()),
        _ => Err("an address without TLS is asked for, as http://127.0.0.1:4318"),
    }
}
