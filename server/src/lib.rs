//! How it starts: configuration, wiring, lifecycle.
//!
//! [`Server::start`] is what `baedal serve` does and what whole-system tests do:
//! the same wiring, with another clock and other ports.

pub mod ambient;
pub mod cli;
pub mod config;
pub mod people;
pub mod service;
pub mod web;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use domain::{Clock, Ids};
use http_adapters::kit::{ServiceSpec, service_router};
use services::live::Hub;
use services::{App, Services, Settings};
use socket2::SockRef;
use store::{Database, Store, shared};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use utoipa_axum::router::OpenApiRouter;

pub use service::Service;
use web::PagesArgs;

/// Renders the process's metrics.
pub type Metrics = Arc<dyn Fn() -> String + Send + Sync>;

/// Bytes that may wait in the kernel for a reader who does not read. What waits
/// there can't be conflated any more: a position would arrive late instead of
/// giving way to a newer one.
const UNSENT_MAX: u32 = 16 * 1024;

/// What a server is started with.
pub struct Parts {
    /// A migrated database.
    pub database: Database,
    /// Where the memory is that processes share.
    pub shared: shared::Settings,
    /// Which services, each on which address.
    pub services: Vec<(Service, SocketAddr)>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// New ids and random numbers.
    pub ids: Arc<dyn Ids>,
    /// Every number that is our choice.
    pub settings: Settings,
    /// See [`Metrics`].
    pub metrics: Metrics,
    /// What the operator chose for the pages.
    pub pages: PagesArgs,
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
    /// The port is taken, or not ours to take.
    #[error("{service} cannot listen on {address}: {cause}")]
    Listen {
        /// Which service.
        service: Service,
        /// Where it should.
        address: SocketAddr,
        /// Why not.
        #[source]
        cause: std::io::Error,
    },
    /// The database can't be used.
    #[error(transparent)]
    Store(#[from] store::StoreError),
    /// The actor system did not start.
    #[error(transparent)]
    Services(#[from] services::StartError),
}

impl Server {
    /// Starts the actor system and listens on every port, or on none.
    pub async fn start(parts: Parts) -> Result<Self, StartError> {
        let mut listeners = Vec::new();
        for (service, address) in parts.services {
            let listener = TcpListener::bind(address).await.map_err(|cause| StartError::Listen {
                service,
                address,
                cause,
            })?;
            listeners.push((service, listener));
        }
        let store = Store::connect(&parts.database, &parts.shared, &parts.clock, parts.ids.as_ref()).await?;
        let app = Services::start(store, parts.clock, parts.ids, parts.settings).await?;
        let hub = Hub::open(Arc::new(app.clone()), app.fabric(), realtime::frame::write, app.settings.live);
        let mut server =
            Self { app, hub, addresses: Vec::new(), stop: watch::Sender::new(false), ports: Vec::new() };
        for (service, listener) in listeners {
            server.listen(service, listener, &parts.metrics, &parts.pages);
        }
        Ok(server)
    }

    fn listen(&mut self, service: Service, listener: TcpListener, metrics: &Metrics, pages: &PagesArgs) {
        if let Err(error) = SockRef::from(&listener).set_tcp_notsent_lowat(UNSENT_MAX) {
            tracing::debug!(%error, "the kernel keeps its own measure of what may wait to be sent");
        }
        if let Ok(address) = listener.local_addr() {
            self.addresses.push((service, address));
        }
        let spec = ServiceSpec {
            name: service.name(),
            description: service.description(),
            metrics: Arc::clone(metrics),
        };
        let mut routes = routes(service, pages);
        if let Some(serves) = service.channels() {
            let (app, hub) = (self.app.clone(), Arc::clone(&self.hub));
            let sockets = realtime::routes(app, hub, serves);
            routes = routes.merge(OpenApiRouter::from(sockets));
        }
        let router = service_router(spec, routes, self.app.clone()).layer(Extension(Arc::clone(&self.hub)));
        let mut stop = self.stop.subscribe();
        self.ports.push(tokio::spawn(async move {
            let stopped = async move {
                // An error means that the server is gone: that is a stop as well.
                let _ = stop.wait_for(|stop| *stop).await;
            };
            let serving = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>());
            if let Err(error) = serving.with_graceful_shutdown(stopped).await {
                tracing::error!(%service, %error, "a port stopped serving");
            }
        }));
    }

    /// Where each service listens.
    pub fn addresses(&self) -> &[(Service, SocketAddr)] {
        &self.addresses
    }

    /// Where `service` listens.
    pub fn address(&self, service: Service) -> Option<SocketAddr> {
        self.addresses.iter().find(|(each, _)| *each == service).map(|(_, address)| *address)
    }

    /// The use cases behind the ports.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Stops accepting, lets requests, sockets, actors and workers finish within
    /// `deadline` each, then stops.
    pub async fn stop(self, deadline: Duration) {
        self.stop.send_replace(true);
        let ports = async {
            self.hub.roll().dismiss().await;
            for port in self.ports {
                // Whether it ended well was logged where it ended.
                let _ = port.await;
            }
        };
        if tokio::time::timeout(deadline, ports).await.is_err() {
            tracing::warn!("some requests did not finish in time");
        }
        self.app.stop(deadline).await;
    }
}

/// A port serves its own service's routes; the gateway serves everybody's, and the pages.
fn routes(service: Service, pages: &PagesArgs) -> OpenApiRouter<App> {
    match service {
        Service::Gateway => Service::ALL
            .into_iter()
            .fold(OpenApiRouter::from(web::routes(pages)), |all, each| all.merge(each.routes())),
        _ => service.routes(),
    }
}
