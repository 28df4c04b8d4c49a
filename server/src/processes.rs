//! How this process works with others: where the gateway finds the services that other
//! processes run, which proxies are trusted about a client's address, and who may read metrics.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use http_adapters::gateway::{Origin, Settings};
use http_adapters::kit::{MetricsToken, TrustedProxies};
use ipnet::IpNet;

use crate::Service;
use crate::limits::{millis, within};

/// See the module.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Several processes")]
pub struct ProcessArgs {
    /// Where the services run that do not run beside the gateway, each with its replicas:
    /// `order_service=http://10.0.0.5:9109|http://10.0.0.6:9109`. Only the gateway uses it.
    /// Services are separated by commas, replicas by bars.
    #[arg(long, env = "BAEDAL_UPSTREAMS", default_value = "")]
    pub upstreams: Upstreams,

    /// Addresses or networks of the gateway, and of proxies before it, as `10.0.0.2,10.1.0.0/16`:
    /// their word about a client's address is taken, and nobody else's.
    #[arg(long, env = "BAEDAL_TRUSTED_PROXIES", default_value = "")]
    pub trusted_proxies: Networks,

    /// Milliseconds between two checks (`GET /readyz`) of a replica.
    #[arg(long, env = "BAEDAL_UPSTREAM_CHECK_MS", default_value_t = millis(Settings::default().check_every),
          value_parser = within::<u64>(50, 60_000))]
    pub upstream_check_ms: u64,

    /// Milliseconds that a replica may take to answer one. Two that fail one after another take
    /// it out; the next that succeeds brings it back.
    #[arg(long, env = "BAEDAL_UPSTREAM_CHECK_TIMEOUT_MS", default_value_t = millis(Settings::default().check_within),
          value_parser = within::<u64>(50, 60_000))]
    pub upstream_check_timeout_ms: u64,

    /// The bearer token with which `/metrics` is read, 16 characters at least (docker/passwords
    /// makes one for compose). Without one, programs of this machine read it, and nobody through
    /// a proxy that says for whom it asks: set one where a proxy on this machine says nothing.
    #[arg(long, env = "BAEDAL_METRICS_TOKEN", default_value = "", hide_env_values = true)]
    pub metrics_token: MetricsToken,
}

impl Default for ProcessArgs {
    fn default() -> Self {
        let Settings { check_every, check_within, .. } = Settings::default();
        Self {
            upstreams: Upstreams::default(),
            trusted_proxies: Networks::default(),
            upstream_check_ms: millis(check_every),
            upstream_check_timeout_ms: millis(check_within),
            metrics_token: MetricsToken::default(),
        }
    }
}

/// A service that runs elsewhere, with its replicas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// The service.
    pub service: Service,
    /// Its replicas; at least one.
    pub replicas: Vec<Origin>,
}

impl FromStr for Upstream {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, replicas) = text
            .trim()
            .split_once('=')
            .ok_or("written as order_service=http://host:port|http://host:port")?;
        let service = name.trim().parse()?;
        let replicas = replicas
            .split('|')
            .map(|replica| replica.parse().map_err(|error| format!("{name}: {replica:?}: {error}")))
            .collect::<Result<_, String>>()?;
        Ok(Self { service, replicas })
    }
}

/// Services that run elsewhere; an empty text is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upstreams(pub Vec<Upstream>);

impl FromStr for Upstreams {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parts(text).map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

/// Addresses and networks; an empty text is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(pub Vec<IpNet>);

impl FromStr for Networks {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parts(text).map(network).collect::<Result<_, _>>().map(Self)
    }
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// One address, or a network as `10.0.0.0/8`.
fn network(text: &str) -> Result<IpNet, String> {
    text.parse()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| format!("{text:?} is neither an address nor a network as 10.0.0.0/8"))
}

/// Why the gateway's upstreams are invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamsError {
    /// Some services are neither served here nor listed.
    #[error(
        "gateway_service does not know where these run: {}. Name their replicas in BAEDAL_UPSTREAMS, or serve them beside it",
        names(.0)
    )]
    Missing(Vec<Service>),
    /// A service is both served here and listed.
    #[error("{0} runs beside gateway_service and has upstreams too: choose one of them")]
    Both(Service),
    /// A service is listed twice.
    #[error("{0} is named twice in BAEDAL_UPSTREAMS: separate its replicas by |")]
    Twice(Service),
}

fn names(services: &[Service]) -> String {
    services.iter().map(|service| service.name()).collect::<Vec<_>>().join(", ")
}

impl ProcessArgs {
    /// The services that the gateway reaches in other processes, when `served` run in its own.
    /// A process without the gateway reaches none.
    pub(crate) fn elsewhere(
        &self,
        served: &[Service],
    ) -> Result<Vec<(Service, Vec<Origin>)>, UpstreamsError> {
        if !served.contains(&Service::Gateway) {
            return Ok(Vec::new());
        }
        let mut named = BTreeSet::new();
        for Upstream { service, .. } in &self.upstreams.0 {
            if served.contains(service) {
                return Err(UpstreamsError::Both(*service));
            }
            if !named.insert(service.offset()) {
                return Err(UpstreamsError::Twice(*service));
            }
        }
        let reached = |service: &Service| served.contains(service) || named.contains(&service.offset());
        let missing: Vec<Service> = Service::ALL.into_iter().filter(|service| !reached(service)).collect();
        if !missing.is_empty() {
            return Err(UpstreamsError::Missing(missing));
        }
        let upstreams = self.upstreams.0.iter();
        Ok(upstreams.map(|upstream| (upstream.service, upstream.replicas.clone())).collect())
    }

    /// The gateway's settings.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            check_every: Duration::from_millis(self.upstream_check_ms),
            check_within: Duration::from_millis(self.upstream_check_timeout_ms),
            ..Settings::default()
        }
    }

    /// The proxies that are trusted about a client's address.
    pub(crate) fn trusted(&self) -> TrustedProxies {
        self.trusted_proxies.0.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(upstreams: &[&str]) -> ProcessArgs {
        let upstreams = upstreams.join(",").parse().unwrap();
        ProcessArgs { upstreams, ..ProcessArgs::default() }
    }

    #[test]
    fn a_service_is_named_with_its_replicas() {
        let upstream: Upstream = "order_service=http://10.0.0.5:9109|http://10.0.0.6:9109".parse().unwrap();
        assert_eq!((upstream.service, upstream.replicas.len()), (Service::Order, 2));
        for (wrong, says) in [
            ("", "written as"),
            ("order_service", "written as"),
            ("orders=x", "no service of this name"),
            ("order_service=", "no address"),
            ("order_service=http://a:1|", "no address"),
            ("order_service=https://a:1", "http://"),
        ] {
            let error = wrong.parse::<Upstream>().unwrap_err();
            assert!(error.contains(says), "{wrong}: {error}");
        }
    }

    #[test]
    fn a_gateway_must_know_where_every_service_runs() {
        let but_user: Vec<Service> = Service::ALL.into_iter().filter(|each| *each != Service::User).collect();
        assert_eq!(args(&[]).elsewhere(&Service::ALL), Ok(Vec::new()));
        assert_eq!(args(&[]).elsewhere(&[Service::Order]), Ok(Vec::new()));
        let missing = args(&[]).elsewhere(&but_user).unwrap_err();
        assert_eq!(missing, UpstreamsError::Missing(vec![Service::User]));
        assert!(
            missing.to_string().contains("user_service") && missing.to_string().contains("BAEDAL_UPSTREAMS")
        );
        let there = args(&["user_service=http://a:1"]);
        assert_eq!(there.elsewhere(&but_user).unwrap()[0].0, Service::User);
        assert_eq!(there.elsewhere(&Service::ALL), Err(UpstreamsError::Both(Service::User)));
        let twice = args(&["user_service=http://a:1", "user_service=http://b:1"]);
        assert_eq!(twice.elsewhere(&but_user), Err(UpstreamsError::Twice(Service::User)));
    }

    #[test]
    fn what_is_set_to_nothing_is_none() {
        assert_eq!("".parse(), Ok(Upstreams::default()));
        assert_eq!(" , ".parse(), Ok(Networks::default()));
        assert_eq!("10.0.0.1, ::1".parse::<Networks>().map(|all| all.0.len()), Ok(2));
    }

    #[test]
    fn a_network_is_an_address_or_a_range() {
        assert_eq!(network("10.0.0.2").unwrap().to_string(), "10.0.0.2/32");
        assert_eq!(network("::1").unwrap().to_string(), "::1/128");
        assert_eq!(network("10.0.0.0/8").unwrap().to_string(), "10.0.0.0/8");
        for wrong in ["", "gateway", "10.0.0.0/33"] {
            assert!(network(wrong).is_err(), "{wrong}");
        }
    }
}
