//! `baedal load-bench`: creates the city for a load test, and its people's access tokens.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use clap::Args;
use domain::{Clock, Ids};
use services::auth;
use services::bench_city::{self, Wanted};
use services::{Services, Settings, Subscribers};
use store::vault::Vault;
use store::{Store, shared};

use crate::config::{DatabaseArgs, VaultArgs};
use crate::system::{OsRandom, SystemClock};

/// The lifetime of the tokens: longer than any load test.
const TOKEN_LIFE: TimeDelta = TimeDelta::hours(12);

/// A city for a load.
#[derive(Clone, Debug, Args)]
pub struct BenchCityArgs {
    /// Couriers with a live delivery, each with its customer.
    #[arg(long, default_value_t = 0)]
    rides: usize,

    /// Conversations, each with its customer and its agent.
    #[arg(long, default_value_t = 0)]
    talks: usize,

    /// Conversations of one agent.
    #[arg(long, default_value_t = 20)]
    talks_each: usize,

    /// Orders that a restaurant cooks.
    #[arg(long, default_value_t = 0)]
    orders: usize,

    /// Agents who all may look at one conversation in the queue.
    #[arg(long, default_value_t = 0)]
    crowd: usize,

    /// Restaurants without a menu, each with its owner.
    #[arg(long, default_value_t = 0)]
    shops: usize,

    /// Customers who have nothing yet.
    #[arg(long, default_value_t = 0)]
    customers: usize,

    /// Where to write who is there. Whoever reads it can speak for them.
    #[arg(long)]
    out: PathBuf,

    #[command(flatten)]
    database: DatabaseArgs,

    #[command(flatten)]
    vault: VaultArgs,
}

impl BenchCityArgs {
    /// Creates the city.
    pub(crate) async fn run(self) -> Result<(), Box<dyn Error>> {
        let Self { rides, talks, talks_each, orders, crowd, shops, customers, out, database, vault } = self;
        let (clock, ids): (Arc<dyn Clock>, Arc<dyn Ids>) = (Arc::new(SystemClock), Arc::new(OsRandom));
        let (alone, subscribers) = (shared::Settings::default(), Subscribers::default());
        let (database, vault) = (database.database(1), Vault::new(&vault.keys()?, Arc::clone(&ids)));
        let store =
            Store::connect(&database, &alone, &clock, ids.as_ref(), vault, subscribers.clone()).await?;
        let auth = auth::Settings { access_life: TOKEN_LIFE, signing_alg: None, ..auth::Settings::default() };
        let settings = Settings { auth, ..Settings::default() };
        let nobody = integrations::open(&integrations::Settings::default(), &clock, &ids)?; // none is ever called
        let app = Services::start(store, clock, ids, settings, subscribers, nobody).await?;
        let wanted = Wanted { rides, talks, talks_each, orders, crowd, shops, customers };
        let city = bench_city::make(&app, wanted).await;
        app.stop(Duration::from_secs(5)).await;
        std::fs::write(out, serde_json::to_vec(&city?)?)?;
        Ok(())
    }
}
