//! gateway_service, 9102: the one entrance.
//!
//! A service that runs beside the gateway, in its process, is called in process;
//! one that runs elsewhere is reached over HTTP, at one of its replicas. Clients
//! cannot tell the difference, and neither can the document that they read.
//!
//! - `place`: which replica a request goes to, by the policy of its operation;
//! - `replicas`: which replicas there are, and how they are;
//! - `forward`: one request, there and back;
//! - `tunnel`: one WebSocket;
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

/// The gateway's numbers.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How often each replica is asked whether it is ready.
    pub check_every: Duration,
    /// How long it may take to answer that.
    pub check_within: Duration,
    /// Checks in a row that a replica must fail until it is left alone.
    pub failures: u32,
    /// How long connecting to a replica may take.
    pub connect_within: Duration,
    /// Requests that may wait for the answer of one replica.
    pub in_flight: usize,
    /// Replicas that one request is tried at.
    pub tries: usize,
    /// Connections to one replica that are kept for the next request.
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

/// The gateway's way to services that run elsewhere. Dropped, its checks end,
/// and its tunnels.
pub struct Gateway {
    client: Client<HttpConnector, Body>,
    elsewhere: BTreeMap<&'static str, Arc<Replicas>>,
    settings: Settings,
    _checks: JoinSet<()>,
}

impl Gateway {
    /// Begins to look after the replicas of the services that run elsewhere, whose documents
    /// say what each request is placed by.
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

    /// The same routes with the same document, served by the replicas of
    /// `service`. They answer as the service does, so nothing of the kit's that
    /// a service does once (as keeping answers) may be wrapped around them.
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
