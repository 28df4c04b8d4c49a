//! The commands of the `baedal` binary.

use std::error::Error;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use domain::auth::Change;
use domain::{Clock, Failure, Ids, Role};
use integrations::breached::BreachFilter;
use services::demo_city::Loaded;
use services::{App, Services, Settings, Subscribers, auth, bench_catalogue, bench_identity};
use store::Store;
use store::shared;
use store::vault::{self, Vault, VaultKeys};
use tokio::signal::unix::{SignalKind, signal};

use crate::bench_city::BenchCityArgs;
use crate::config::{DatabaseArgs, ListenArgs, LogArgs, SharedArgs, VaultArgs};
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
    /// Print a new key for the vault, as BAEDAL_VAULT_KEYS has it.
    NewVaultKey,
    /// Seal all that the vault sealed anew with the first of its keys, so that the others can be
    /// taken away. Restart all processes with the new key in front before. May be stopped and
    /// started again, and runs beside the server.
    RotateVault {
        #[command(flatten)]
        database: DatabaseArgs,
        #[command(flatten)]
        vault: VaultArgs,
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
        #[command(flatten)]
        vault: VaultArgs,
        #[command(flatten)]
        third_parties: Box<ThirdPartyArgs>,
    },
    /// Add a program that calls in its own name, and print its id and its secret, which is not
    /// kept and cannot be shown again. It asks for tokens at `POST /v1/auth/token`.
    AddService {
        /// What it is called.
        name: String,
        #[command(flatten)]
        database: DatabaseArgs,
        #[command(flatten)]
        vault: VaultArgs,
    },
    /// Revoke such a program: its tokens are refused within two seconds.
    RevokeService {
        /// What it is called.
        name: String,
        #[command(flatten)]
        database: DatabaseArgs,
        #[command(flatten)]
        vault: VaultArgs,
    },
    /// Give an account a role: the first admin is made so. What is done and why stands in the audit log.
    Grant(RoleArgs),
    /// Take a role from an account. Its sessions end.
    Revoke(RoleArgs),
    /// Make a city of any size at once, for a load, and write who is there, with their
    /// access tokens, as JSON to a file. For databases that are thrown away.
    #[command(hide = true)]
    LoadBench(BenchCityArgs),
    /// Make restaurants all over the country with twenty dishes each, always the same ones. For databases
    /// that are thrown away.
    #[command(hide = true)]
    LoadCatalogue {
        /// How many.
        #[arg(long, default_value_t = 100_000)]
        restaurants: usize,
        #[command(flatten)]
        database: DatabaseArgs,
        #[command(flatten)]
        vault: VaultArgs,
    },
    /// Measure, on one core, what password hashes and access tokens cost, and print it as JSON.
    #[command(hide = true)]
    MeasureIdentity {
        #[command(flatten)]
        database: DatabaseArgs,
        #[command(flatten)]
        vault: VaultArgs,
    },
    /// Make the file of BAEDAL_BREACHED_PASSWORDS of a list of stolen passwords: a line has the SHA-1
    /// of one, as the downloads of Have I Been Pwned do, or a password itself.
    BreachFilter {
        /// The list.
        list: PathBuf,
        /// The file to write.
        file: PathBuf,
    },
    /// Be the third parties that a machine of one's own cannot reach: a payment gateway that
    /// moves no money, and senders of mail, text messages and push notifications that show
    /// them on pages.
    Sandbox(SandboxArgs),
    /// Be the people of the demo city: customers, couriers, owners and agents.
    Demo(DemoArgs),
    /// Push a recorded GPX track as a courier's phone would.
    Replay(ReplayArgs),
}

/// Whose role, which, and why.
#[derive(Debug, Args)]
struct RoleArgs {
    /// The account's e-mail address.
    email: String,
    /// `customer`, `courier`, `owner`, `agent` or `admin`.
    #[arg(value_parser = role)]
    role: Role,
    /// Why; it stands in the audit log.
    #[arg(long, default_value = "from the command line")]
    reason: String,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    vault: VaultArgs,
}

fn role(name: &str) -> Result<Role, String> {
    name.parse().map_err(|()| "there is no role of this name".to_owned())
}

impl RoleArgs {
    /// Makes the change. Only the database is opened: nothing else of a server runs meanwhile.
    async fn run(self, change: fn(Role) -> Change) -> Result<(), Box<dyn Error>> {
        let (clock, ids): (Arc<dyn Clock>, Arc<dyn Ids>) = (Arc::new(SystemClock), Arc::new(OsRandom));
        let store = store(&self.database, &self.vault, &clock, &ids).await?;
        let change = change(self.role);
        services::admin::change_from_console(&store, &self.email, change, &self.reason, clock.now()).await?;
        store.close().await;
        tracing::info!(?change, "done; it is in effect within two seconds, a new role with the next token");
        Ok(())
    }
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
    vault: VaultArgs,
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
    /// Parses the command line of this process; exits if it is invalid.
    pub fn read() -> Self {
        let matches = named(Self::command()).get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// Runs the command.
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
            // Boxed, because otherwise the future of every other command would be as large.
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
            Command::NewVaultKey => {
                Ok(writeln!(std::io::stdout(), "{}", VaultKeys::generate(&OsRandom).reveal())?)
            }
            Command::RotateVault { database, vault } => rotate_vault(&database, &vault).await,
            Command::LoadDemo { seed, couriers, database, vault, third_parties } => {
                load_demo(seed, couriers, (&database, &vault), &third_parties.settings()?).await
            }
            Command::AddService { name, database, vault } => {
                let added =
                    with_services(&database, &vault, async |app| auth::add_service(app, &name).await).await?;
                Ok(writeln!(std::io::stdout(), "client_id={}\nclient_secret={}", added.id, added.secret)?)
            }
            Command::RevokeService { name, database, vault } => {
                with_services(&database, &vault, async |app| auth::revoke_service(app, &name).await).await
            }
            Command::Grant(args) => args.run(Change::Grant).await,
            Command::Revoke(args) => args.run(Change::Revoke).await,
            Command::LoadBench(city) => city.run().await,
            Command::LoadCatalogue { restaurants, database, vault } => {
                with_services(&database, &vault, async |app| bench_catalogue::make(app, restaurants).await)
                    .await
            }
            Command::MeasureIdentity { database, vault } => {
                let measured =
                    with_services(&database, &vault, async |app| bench_identity::measure(app).await);
                let measured = measured.await?;
                Ok(writeln!(std::io::stdout(), "{}", serde_json::to_string(&measured)?)?)
            }
            Command::BreachFilter { list, file } => {
                let filter = BreachFilter::of_list(BufReader::new(File::open(list)?))?;
                Ok(filter.write(BufWriter::new(File::create(file)?))?)
            }
            Command::Sandbox(sandbox) => sandbox.run().await,
            Command::Demo(demo) => demo.run().await,
            Command::Replay(replay) => replay.run().await,
        }
    }
}

impl ServeArgs {
    async fn run(self) -> Result<(), Box<dyn Error>> {
        let vault_keys = self.vault.keys()?;
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
            vault_keys,
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

/// The store of a command that runs alone.
async fn store(
    database: &DatabaseArgs,
    vault: &VaultArgs,
    clock: &Arc<dyn Clock>,
    ids: &Arc<dyn Ids>,
) -> Result<Store, Box<dyn Error>> {
    let (database, alone) = (database.database(1), shared::Settings::default());
    let vault = Vault::new(&vault.keys()?, Arc::clone(ids));
    Ok(Store::connect(&database, &alone, clock, ids.as_ref(), vault, Subscribers::default()).await?)
}

async fn rotate_vault(database: &DatabaseArgs, vault: &VaultArgs) -> Result<(), Box<dyn Error>> {
    let (clock, ids): (Arc<dyn Clock>, Arc<dyn Ids>) = (Arc::new(SystemClock), Arc::new(OsRandom));
    let store = store(database, vault, &clock, &ids).await?;
    for column in vault::SEALED {
        let values = vault::rotate(&store, column).await?;
        tracing::info!(purpose = column.purpose, values, "sealed anew");
    }
    store.close().await;
    tracing::info!("all that is sealed is sealed with the first key: the others can be taken away");
    Ok(())
}

async fn load_demo(
    seed: u64,
    couriers: u32,
    (database, vault): (&DatabaseArgs, &VaultArgs),
    third_parties: &integrations::Settings,
) -> Result<(), Box<dyn Error>> {
    let (loaded, enlisted) = with_third_parties(database, vault, third_parties, async |app| {
        let loaded = services::demo_city::load(app, seed).await?;
        Ok((loaded, services::demo_city::enlist(app, couriers as usize).await?))
    })
    .await?;
    let Loaded { accounts, restaurants } = loaded;
    let accounts = accounts + enlisted;
    tracing::info!(accounts, restaurants, "the demo city is loaded");
    Ok(())
}

/// Runs a command of an operator by the use cases, beside the servers. It calls no third party.
async fn with_services<T>(
    database: &DatabaseArgs,
    vault: &VaultArgs,
    run: impl AsyncFnOnce(&App) -> Result<T, Failure>,
) -> Result<T, Box<dyn Error>> {
    with_third_parties(database, vault, &integrations::Settings::default(), run).await
}

/// The same for a command that may call third parties.
async fn with_third_parties<T>(
    database: &DatabaseArgs,
    vault: &VaultArgs,
    third_parties: &integrations::Settings,
    run: impl AsyncFnOnce(&App) -> Result<T, Failure>,
) -> Result<T, Box<dyn Error>> {
    let (clock, ids): (Arc<dyn Clock>, Arc<dyn Ids>) = (Arc::new(SystemClock), Arc::new(OsRandom));
    let (store, subscribers) = (store(database, vault, &clock, &ids).await?, Subscribers::default());
    let third_parties = integrations::open(third_parties, &clock, &ids)?;
    let mut settings = Settings::default();
    settings.auth.signing_alg = None;
    settings.catalogue.poll = None;
    let app = Services::start(store, clock, ids, settings, subscribers, third_parties).await?;
    let outcome = run(&app).await;
    app.stop(Duration::from_secs(5)).await;
    Ok(outcome?)
}

/// The error when only some of the services are started without Redis.
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
