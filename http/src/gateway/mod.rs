//! gateway_service, 9102: the single entry point for clients.
//!
//! A service in the gateway's process is called in process; one that runs elsewhere is called over
//! HTTP, at one of its replicas. Clients can't tell the difference, and the OpenAPI document is the
//! same.
//!
//! - `place`: which replica a request goes to, by the policy of its operation;
//! - `replicas`: the replicas and their health;
//! - `forward`: forwards one request;
//! - `tunnel`: forwards one WebSocket;
//! - `named`: any service by its documented name.

mod forward;
mod named;
mod origin;
mod place;
mod replicas;
#[cfg(test)]
mod tests;
mod tunnel;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::routing::{MethodFilter, on};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::task::JoinSet;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::kit::{Operations, operations};
pub use named::by_name;
pub use origin::Origin;
use replicas::Replicas;

/// The gateway's settings.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How often each replica's readiness is checked.
    pub check_every: Duration,
    /// How long it may take to answer a check.
    pub check_within: Duration,
    /// Consecutive failed checks after which a replica gets no requests.
    pub failures: u32,
    /// How long connecting to a replica may take.
    pub connect_within: Duration,
    /// Requests that may await the answer of one replica.
    pub in_flight: usize,
    /// The most replicas that are tried for one request.
    pub tries: usize,
    /// Idle connections kept open per replica.
    pub idle_connections: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            check_every: Duration::from_secs(1),
            check_within: Duration::from_secs(2),
            failures: 2,
            connect_within: Duration::from_secs(1),
            in_flight: 1024,
            tries: 3,
            idle_connections: 64,
        }
    }
}

/// The client of services that run elsewhere. Dropping it ends its health checks and its tunnels.
pub struct Gateway {
    client: Client<HttpConnector, Body>,
    elsewhere: BTreeMap<&'static str, Arc<Replicas>>,
    settings: Settings,
    _checks: JoinSet<()>,
}

impl Gateway {
    /// Starts the health checks of all replicas. The policies in the services' documents decide the
    /// placing of requests.
    pub fn open(
        settings: Settings,
        elsewhere: impl IntoIterator<Item = (&'static str, OpenApi, Vec<Origin>)>,
    ) -> Arc<Self> {
        let client = client(&settings);
        let elsewhere: BTreeMap<_, _> = elsewhere
            .into_iter()
            .map(|(service, api, origins)| {
                let replicas = Replicas::new(service, Operations::of(&api), origins, &settings);
                (service, Arc::new(replicas))
            })
            .collect();
        let mut checks = JoinSet::new();
        for replica in elsewhere.values().flat_map(|replicas| replicas.all()) {
            checks.spawn(replicas::check(client.clone(), Arc::clone(replica), settings));
        }
        Arc::new(Self { client, elsewhere, settings, _checks: checks })
    }

    /// The same routes with the same document, forwarded to the replicas of `service`. Those apply
    /// the kit's layers, so none that must act once (such as keeping answers) may be wrapped around
    /// these routes.
    pub fn elsewhere<S: Clone + Send + Sync + 'static>(
        self: &Arc<Self>,
        service: &'static str,
        routes: OpenApiRouter<S>,
    ) -> OpenApiRouter<S> {
        let (_, api) = routes.split_for_parts();
        let mut router = Router::new();
        for (path, item) in &api.paths.paths {
            for filter in operations(item).filter_map(|(method, _)| MethodFilter::try_from(method).ok()) {
                let gateway = Arc::clone(self);
                let forward = async move |request: Request| gateway.forward(service, request).await;
                router = router.route(path, on(filter, forward));
            }
        }
        OpenApiRouter::with_openapi(api).merge(OpenApiRouter::from(router))
    }
}

fn client(settings: &Settings) -> Client<HttpConnector, Body> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(settings.connect_within));
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_secs(60))
        .pool_max_idle_per_host(settings.idle_connections)
        .build(connector)
}
