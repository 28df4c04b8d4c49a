//! The commands of the `baedal` binary.

use std::error::Error;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use domain::{Clock, Ids};
use services::demo_city::Loaded;
use services::{Services, Settings, Subscribers};
use store::Store;
use store::shared;
use tokio::signal::unix::{SignalKind, signal};

use crate::bench_city::BenchCityArgs;
use crate::config::{DatabaseArgs, ListenArgs, LogArgs, SharedArgs};
use crate::limits::LimitArgs;
use crate::people::{DemoArgs, ReplayArgs};
use crate::processes::ProcessArgs;
use crate::system::{OsRandom, SystemClock};
use crate::telemetry::Telemetry;
use crate::third_parties::{SandboxArgs, ThirdPartyArgs};
use crate::web::PagesArgs;
use crate::{Parts, Server, Service, settings};

/// Baedal (배달): the backend of a food-delivery app.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Cli {
    #[command(flatten)]
    log: LogArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve all thirteen services, or those that are named, each on its port.
    Serve(Box<ServeArgs>),
    /// Print the OpenAPI document of a service, as its port serves it.
    Openapi {
        /// Its documented name; gateway_service has everybody's operations.
        service: Service,
    },
    /// Print all settings with their defaults, as `.env.example` has them.
    Settings,
    /// Bring the database to the newest schema.
    Migrate {
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Load the demo city: restaurants with their menus, and accounts. Loading it
    /// again adds only what is missing.
    LoadDemo {
        /// What the city is drawn from.
        #[arg(long, env = "BAEDAL_DEMO_SEED", default_value_t = 2026, help_heading = "Demo city")]
        seed: u64,
        /// Couriers who have an account at least; the bench wants more than the city.
        #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=10_000))]
        couriers: u32,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Make a city of any size at once, for a load, and write who is there, with their
    /// access tokens, as JSON to a file. For databases that are thrown away.
    #[command(hide = true)]
    LoadBench(BenchCityArgs),
    /// Be the third parties that a machine of one's own cannot reach: a payment gateway that
    /// moves no money, and senders of mail, text messages and push notifications that show
    /// them on pages.
    Sandbox(SandboxArgs),
    /// Be the people of the demo city: customers, couriers, owners and agents.
    Demo(DemoArgs),
    /// Push a recorded GPX track as a courier's phone would.
    Replay(ReplayArgs),
}

/// What to serve, and how.
#[derive(Debug, Args)]
struct ServeArgs {
    /// Documented names, as `order_service`; none means all.
    services: Vec<Service>,
    /// Bring the database to this program's schema first; otherwise an empty or an older one is
    /// refused, and `baedal migrate` does it.
    #[arg(long, env = "BAEDAL_MIGRATE", help_heading = "Listening", default_value_t = false, action = ArgAction::Set, num_args = 0..=1,
          require_equals = true, default_missing_value = "true")]
    migrate: bool,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    shared: SharedArgs,
    #[command(flatten)]
    listen: ListenArgs,
    #[command(flatten)]
    processes: ProcessArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    third_parties: ThirdPartyArgs,
    #[command(flatten)]
    pages: PagesArgs,
}

/// Names each flag's value by its environment variable, so that an error names
/// both: `invalid value '0' for '--heartbeat-secs <BAEDAL_HEARTBEAT_SECS>'`.
pub fn named(command: clap::Command) -> clap::Command {
    let name = |arg: clap::Arg| match arg.get_env().map(|name| name.to_string_lossy().into_owned()) {
        Some(variable) => arg.value_name(variable),
        None => arg,
    };
    command.mut_args(name).mut_subcommands(named)
}

impl Cli {
    /// The command line of this process; ends it if that is wrong.
    pub fn read() -> Self {
        let matches = named(Self::command()).get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// Does what the command line says.
    pub async fn run(self) -> Result<(), Box<dyn Error>> {
        settings::check_names(|name| std::env::var_os(name).is_some())?;
        let telemetry = Telemetry::start(&self.log)?;
        let done = self.command.run().await;
        telemetry.stop().await;
        done
    }
}

impl Command {
    async fn run(self) -> Result<(), Box<dyn Error>> {
        match self {
            // Boxed: every other command would carry its future.
            Command::Serve(args) => Box::pin(args.run()).await,
            Command::Openapi { service } => {
                let document = serde_json::to_string_pretty(&service.document())?;
                Ok(writeln!(std::io::stdout(), "{document}")?)
            }
            Command::Settings => Ok(write!(std::io::stdout(), "{}", settings::page(&named(Cli::command())))?),
            Command::Migrate { database } => {
                Store::migrate(&database.database(1)).await?;
                tracing::info!("the database has the newest schema");
                Ok(())
            }
            Command::LoadDemo { seed, couriers, database } => load_demo(seed, couriers, &database).await,
            Command::LoadBench(city) => city.run().await,
            Command::Sandbox(sandbox) => sandbox.run().await,
            Command::Demo(demo) => demo.run().await,
            Command::Replay(replay) => replay.run().await,
        }
    }
}

impl ServeArgs {
    async fn run(self) -> Result<(), Box<dyn Error>> {
        if self.migrate {
            Store::migrate(&self.database.database(1)).await?;
        }
        let chosen = if self.services.is_empty() { Service::ALL.to_vec() } else { self.services };
        let shared = self.shared.settings();
        if shared.redis.is_none() && !Service::ALL.iter().all(|each| chosen.contains(each)) {
            return Err(ALONE.into());
        }
        let parts = Parts {
            database: self.database.database(chosen.len()),
            shared,
            services: chosen.iter().map(|service| (*service, address(&self.listen, *service))).collect(),
            clock: Arc::new(SystemClock),
            ids: Arc::new(OsRandom),
            backlog: self.listen.backlog,
            settings: self.limits.settings(),
            subscribers: Subscribers::default(),
            metrics: crate::metrics::install()?,
            pages: self.pages,
            processes: self.processes,
            third_parties: self.third_parties.settings()?,
        };
        let server = Server::start(parts).await?;
        for (service, address) in server.addresses() {
            tracing::info!(%service, %address, "listening");
        }
        asked_to_stop().await?;
        tracing::info!("stopping; a second signal aborts");
        tokio::select! {
            () = server.stop(Duration::from_secs(self.listen.shutdown_secs)) => {}
            stopped = asked_to_stop() => stopped?,
        }
        Ok(())
    }
}

async fn load_demo(seed: u64, couriers: u32, database: &DatabaseArgs) -> Result<(), Box<dyn Error>> {
    let (clock, ids): (Arc<dyn Clock>, Arc<dyn Ids>) = (Arc::new(SystemClock), Arc::new(OsRandom));
    let (alone, subscribers) = (shared::Settings::default(), Subscribers::default());
    let store =
        Store::connect(&database.database(1), &alone, &clock, ids.as_ref(), subscribers.clone()).await?;
    let nobody = integrations::open(&integrations::Settings::default(), &clock, &ids)?; // nobody is called
    let app = Services::start(store, clock, ids, Settings::default(), subscribers, nobody).await?;
    let loaded = services::demo_city::load(&app, seed).await;
    let enlisted = services::demo_city::enlist(&app, couriers as usize).await;
    app.stop(Duration::from_secs(5)).await;
    let Loaded { accounts, restaurants } = loaded?;
    let accounts = accounts + enlisted?;
    tracing::info!(accounts, restaurants, "the demo city is loaded");
    Ok(())
}

/// Why a part of the services does not start without Redis.
const ALONE: &str = "REDIS_URL is not set: a process that serves only some of the services hears of \
    the others' events through Redis. Name one, as REDIS_URL=redis://127.0.0.1:6379/0, or serve all \
    thirteen in one process";

fn address(listen: &ListenArgs, service: Service) -> SocketAddr {
    let port = if listen.first_port == 0 { 0 } else { listen.first_port + service.offset() };
    SocketAddr::new(listen.bind, port)
}

async fn asked_to_stop() -> Result<(), std::io::Error> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted,
    }
}
