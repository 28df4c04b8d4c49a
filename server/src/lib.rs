//! Startup and shutdown: configuration, wiring, lifecycle.
//!
//! Both `baedal serve` and the whole-system tests call [`Server::start`]: the same
//! wiring, with another clock and other ports.

pub mod bench_city;
pub mod cli;
pub mod config;
mod connections;
pub mod limits;
pub mod metrics;
pub mod people;
pub mod processes;
pub mod service;
pub mod settings;
pub mod system;
mod telemetry;
pub mod third_parties;
pub mod web;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use domain::{Clock, Ids};
use http_adapters::gateway::{self, Gateway};
use http_adapters::kit::{self, MetricsToken, ServiceSpec, TrustedProxies, service_router};
use hub::Hub;
use services::system::{Process, System};
use services::{App, HubBackend, Services, Settings, Subscribers};
use socket2::SockRef;
use store::schema::{self, Schema};
use store::vault::{Vault, VaultKeys};
use store::{Database, Store, shared};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use utoipa_axum::router::OpenApiRouter;

use connections::Connections;
use processes::{ProcessArgs, UpstreamsError};
pub use service::Service;
use web::PagesArgs;

/// Renders the process's metrics.
pub type Metrics = Arc<dyn Fn() -> String + Send + Sync>;

/// Bytes that may wait in the kernel for a slow reader. Data in the kernel's buffer
/// cannot be conflated any more: a position would arrive late instead of being replaced
/// by a newer one.
const UNSENT_MAX: u32 = 2 * 1024;

/// What a server is started with.
pub struct Parts {
    /// A migrated database.
    pub database: Database,
    /// How to reach the state that the processes share.
    pub shared: shared::Settings,
    /// The keys of the vault.
    pub vault_keys: VaultKeys,
    /// The services to serve, each with its address.
    pub services: Vec<(Service, SocketAddr)>,
    /// Connections that may wait on each port to be accepted.
    pub backlog: u32,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of ids and random numbers.
    pub ids: Arc<dyn Ids>,
    /// All tunable numbers.
    pub settings: Settings,
    /// The subscribers to events.
    pub subscribers: Subscribers,
    /// See [`Metrics`].
    pub metrics: Metrics,
    /// The operator's choices for the pages.
    pub pages: PagesArgs,
    /// How this process works with others.
    pub processes: ProcessArgs,
    /// How to reach third parties.
    pub third_parties: integrations::Settings,
}

/// A server that listens.
pub struct Server {
    app: App,
    hub: Arc<Hub>,
    addresses: Vec<(Service, SocketAddr)>,
    stop: watch::Sender<bool>,
    ports: Vec<JoinHandle<()>>,
}

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is taken, or this process may not use it.
    #[error("{service} cannot listen on {address}: {cause}")]
    Listen {
        /// The service.
        service: Service,
        /// The address.
        address: SocketAddr,
        /// The error.
        #[source]
        cause: std::io::Error,
    },
    /// The gateway does not know the address of some services.
    #[error(transparent)]
    Upstreams(#[from] UpstreamsError),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] store::StoreError),
    /// The configuration of a third party is invalid.
    #[error(transparent)]
    ThirdParty(#[from] integrations::OpenError),
    /// The actor system did not start.
    #[error(transparent)]
    Services(#[from] services::StartError),
}

impl Server {
    /// Starts the actor system and listens on every port; on an error, on none.
    pub async fn start(parts: Parts) -> Result<Self, StartError> {
        let served: Vec<Service> = parts.services.iter().map(|(service, _)| *service).collect();
        let elsewhere = parts.processes.elsewhere(&served)?;
        let third_parties = integrations::open(&parts.third_parties, &parts.clock, &parts.ids)?;
        let mut listeners = Vec::new();
        let process = Process {
            node: parts.ids.uuid().simple().to_string(),
            version: env!("CARGO_PKG_VERSION"),
            services: served.iter().map(|service| service.name()).collect(),
            started_at: parts.clock.now(),
            stats: system::process_stats,
        };
        for (service, address) in parts.services {
            let listener = listen_on(address, parts.backlog).map_err(|cause| StartError::Listen {
                service,
                address,
                cause,
            })?;
            listeners.push((service, listener));
        }
        if schema::check(&parts.database, env!("CARGO_PKG_VERSION")).await? == Schema::Newer {
            tracing::warn!("the database's schema is newer than this program: an upgrade is under way");
        }
        let (ids, subscribers) = (parts.ids, parts.subscribers);
        let vault = Vault::new(&parts.vault_keys, Arc::clone(&ids));
        let (database, shared, clock) = (&parts.database, &parts.shared, &parts.clock);
        let store = Store::connect(database, shared, clock, ids.as_ref(), vault, subscribers.clone()).await?;
        let mut settings = parts.settings;
        if !served.contains(&Service::Restaurant) {
            settings.catalogue.poll = None;
        }
        let app = Services::start(store, parts.clock, ids, settings, subscribers, third_parties).await?;
        let hub = Hub::open(
            Arc::new(HubBackend(app.clone())),
            app.fabric(),
            realtime::frame::write,
            app.settings.live,
        );
        let system = System::new(app.clone(), Arc::clone(&hub), process);
        system.watch();
        services::map::watch(&app, &hub);
        let mut server =
            Self { app, hub, addresses: Vec::new(), stop: watch::Sender::new(false), ports: Vec::new() };
        let elsewhere =
            elsewhere.into_iter().map(|(service, replicas)| (service.name(), service.api(), replicas));
        let gateway = Gateway::open(parts.processes.settings(), elsewhere);
        let mut exempt = server.app.settings.sockets.unlimited_networks.clone();
        exempt.extend(&parts.processes.trusted_proxies.0);
        let connections =
            Connections::new(server.app.settings.connections, exempt, Arc::clone(&server.app.ids));
        let ports = Ports {
            app: server.app.clone(),
            hub: Arc::clone(&server.hub),
            system,
            metrics: parts.metrics,
            metrics_token: parts.processes.metrics_token.clone(),
            trusted: parts.processes.trusted(),
            gateway,
            pages: parts.pages,
            served,
        };
        for (service, listener) in listeners {
            server.listen(service, listener, ports.router(service), &connections);
        }
        Ok(server)
    }

    fn listen(
        &mut self,
        service: Service,
        listener: TcpListener,
        router: Router,
        connections: &Arc<Connections>,
    ) {
        // Connections inherit both options. Small writes are sent at once: a reply and the event
        // after it are two writes, and the second must not wait for the first's ack.
        let options = SockRef::from(&listener);
        let set = options.set_tcp_notsent_lowat(UNSENT_MAX).and_then(|()| options.set_tcp_nodelay(true));
        if let Err(error) = set {
            tracing::debug!(%error, "the kernel keeps its own measure of what may wait to be sent");
        }
        if let Ok(address) = listener.local_addr() {
            self.addresses.push((service, address));
        }
        let serving = connections::serve(listener, router, Arc::clone(connections), self.stop.subscribe());
        self.ports.push(tokio::spawn(serving));
    }

    /// The address of each service.
    pub fn addresses(&self) -> &[(Service, SocketAddr)] {
        &self.addresses
    }

    /// The address of `service`, if it is served here.
    pub fn address(&self, service: Service) -> Option<SocketAddr> {
        self.addresses.iter().find(|(each, _)| *each == service).map(|(_, address)| *address)
    }

    /// The use cases behind the ports.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Stops accepting, lets requests, sockets, jobs, actors and workers finish within
    /// `deadline` each, then stops.
    pub async fn stop(self, deadline: Duration) {
        self.stop.send_replace(true);
        let ports = async {
            self.hub.connections().dismiss().await;
            for port in self.ports {
                // Errors were logged where they occurred.
                let _ = port.await;
            }
        };
        let (ports, ()) = tokio::join!(tokio::time::timeout(deadline, ports), self.app.stop_jobs(deadline));
        if ports.is_err() {
            tracing::warn!("some requests did not finish in time");
        }
        self.app.stop(deadline).await;
    }
}

/// The parts of which the ports of a process are built.
struct Ports {
    app: App,
    hub: Arc<Hub>,
    system: Arc<System>,
    metrics: Metrics,
    metrics_token: MetricsToken,
    trusted: TrustedProxies,
    gateway: Arc<Gateway>,
    pages: PagesArgs,
    served: Vec<Service>,
}

impl Ports {
    /// A service's port serves its own routes. The gateway serves the routes of all
    /// services, also under their names, and the pages.
    fn router(&self, service: Service) -> Router {
        if service != Service::Gateway {
            return self.whole(service, kit::served(service.name(), service.routes(), &self.app));
        }
        let own = || {
            let window = self.app.third_parties.gateway.window();
            let pages = web::routes(&self.pages, &window.script_url);
            let pages = kit::counted(service.name(), pages, &self.app);
            let pages = OpenApiRouter::from(pages);
            Service::ALL.into_iter().fold(pages, |all, each| all.merge(self.reach(each)))
        };
        let beside = self.served.iter().map(|each| match each {
            Service::Gateway => (each.name(), self.whole(*each, own())),
            _ => (each.name(), self.router(*each)),
        });
        let named = gateway::by_name(&self.gateway, beside);
        self.whole(service, own().merge(OpenApiRouter::from(named)))
    }

    /// The routes of `service` on the gateway: served here, or forwarded.
    fn reach(&self, service: Service) -> OpenApiRouter<App> {
        if self.served.contains(&service) {
            kit::served(service.name(), service.routes(), &self.app)
        } else {
            self.gateway.elsewhere(service.name(), service.routes())
        }
    }

    fn whole(&self, service: Service, mut routes: OpenApiRouter<App>) -> Router {
        if let Some(serves) = service.channels() {
            let sockets = realtime::routes(self.app.clone(), Arc::clone(&self.hub), serves);
            routes = routes.merge(OpenApiRouter::from(sockets));
        }
        let spec = ServiceSpec {
            name: service.name(),
            description: service.description(),
            metrics: Arc::clone(&self.metrics),
            metrics_token: self.metrics_token.clone(),
            named: if service == Service::Gateway {
                Service::ALL.map(|each| (each.name(), each.api())).into()
            } else {
                Vec::new()
            },
            trusted: self.trusted.clone(),
        };
        // About this process, even if other routes are forwarded.
        let process = http_adapters::system::process_routes();
        routes = routes.merge(kit::served(service.name(), process, &self.app));
        service_router(spec, routes, self.app.clone())
            .layer(Extension(Arc::clone(&self.hub)))
            .layer(Extension(Arc::clone(&self.system)))
    }
}

/// With `backlog` a burst of connections waits to be accepted, instead of being dropped and
/// retried a second later.
fn listen_on(address: SocketAddr, backlog: u32) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // After a restart, closing connections may still hold the port.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(backlog)
}
