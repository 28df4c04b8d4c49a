//! `baedal demo`: a simulated city.
//!
//! Customers order at a steady rate, owners cook, couriers ride, and agents
//! answer, all through the public interface. All choices are drawn from one
//! seed: the same people make the same choices in the same order. The timing
//! still depends on the server.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::agent::Agent;
use crate::api::Api;
use crate::city;
use crate::courier::Courier;
use crate::customer::{Customer, DELIVERED};
use crate::owner::Owner;
use crate::person::{Day, Pacing, Person, PersonError, Tally};

/// How often the tally is logged.
const REPORT_EVERY: Duration = Duration::from_secs(30);

/// How often the number of delivered orders is checked.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How many people sign in at once.
const AT_THE_DOOR: usize = 2;
/// How long a person pauses after an error.
const BREAK: Duration = Duration::from_secs(15);

/// The size and speed of the city.
#[derive(Clone, Debug)]
pub struct Options {
    /// The gateway.
    pub url: String,
    /// The seed of all choices.
    pub seed: u64,
    /// The number of customers.
    pub customers: usize,
    /// The number of couriers.
    pub couriers: usize,
    /// The number of owners.
    pub owners: usize,
    /// The number of agents.
    pub agents: usize,
    /// New orders per minute, of all customers together.
    pub orders_per_min: f64,
    /// By how much people's delays are shortened; 1 is natural, 10 is ten times as
    /// fast. It does not change the couriers' riding speed.
    pub pace: f64,
    /// When to stop; none: only when dropped.
    pub stop_after: Option<Duration>,
    /// Stops after so many delivered orders; none: does not stop for that reason.
    pub stop_when_delivered: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            url: "http://127.0.0.1:9102".to_owned(),
            seed: 2026,
            customers: 40,
            couriers: 60,
            owners: 20,
            agents: 3,
            orders_per_min: 12.0,
            pace: 1.0,
            stop_after: None,
            stop_when_delivered: None,
        }
    }
}

/// Runs the city until a stop condition holds or everybody has left. Returns the tally.
pub async fn run(options: Options) -> Result<Tally, PersonError> {
    let tally = Tally::default();
    let mut city = populate(&options, &tally)?;
    let mut report = tokio::time::interval(REPORT_EVERY);
    let stop = async {
        match options.stop_after {
            Some(after) => tokio::time::sleep(after).await,
            None => std::future::pending().await,
        }
    };
    let fed = async {
        let Some(enough) = options.stop_when_delivered else { return std::future::pending().await };
        let mut look = tokio::time::interval(LOOK_EVERY);
        while tally.get(DELIVERED) < enough {
            look.tick().await;
        }
    };
    tokio::pin!(stop, fed);
    loop {
        tokio::select! {
            () = &mut stop => return Ok(tally.clone()),
            () = &mut fed => return Ok(tally.clone()),
            _ = report.tick() => tracing::info!(target: "demo", "{tally}"),
            Some(left) = city.join_next() => {
                if let Ok((who, Err(why))) = left {
                    tracing::warn!(target: "demo", who, %why, "left the city");
                    tally.add("people who left");
                }
                if city.is_empty() {
                    return Ok(tally.clone());
                }
            }
        }
    }
}

type City = JoinSet<(String, Day)>;

/// What all people of the city share.
#[derive(Clone)]
struct Town {
    api: Api,
    seed: u64,
    pace: f64,
    tally: Tally,
    door: Arc<Semaphore>,
}

impl Town {
    fn person(&self, kind: &str, number: usize) -> Person {
        let email = city::email(kind, number);
        Person {
            pacing: Pacing::new(self.seed, &email, self.pace),
            password: city::PASSWORD.to_owned(),
            api: self.api.another(),
            tally: self.tally.clone(),
            door: self.door.clone(),
            email,
        }
    }
}

fn populate(options: &Options, tally: &Tally) -> Result<City, PersonError> {
    let town = Town {
        api: Api::new(&options.url)?,
        seed: options.seed,
        pace: options.pace,
        tally: tally.clone(),
        door: Arc::new(Semaphore::new(AT_THE_DOOR)),
    };
    // An estimate: customers also follow each order to its end before the next one.
    let hunger_secs = options.customers as f64 * 60.0 / options.orders_per_min.max(0.001);
    let mut city = City::new();
    for number in 1..=options.owners {
        live(&mut city, &town, "owner", number, |person| Owner { person }.live());
    }
    for number in 1..=options.agents {
        live(&mut city, &town, "agent", number, |person| Agent { person }.live());
    }
    for number in 1..=options.couriers {
        let home = city::home(number);
        live(&mut city, &town, "courier", number, move |person| Courier { person, home }.live());
    }
    for number in 1..=options.customers {
        let home = city::home(number);
        let day = move |person| Customer { person, home, hunger_secs }.live();
        live(&mut city, &town, "customer", number, day);
    }
    Ok(city)
}

/// Runs one person. After an error they pause and start again. They leave for
/// good if they have no account or their socket closes for good.
fn live<D>(
    city: &mut City,
    town: &Town,
    kind: &'static str,
    number: usize,
    day: impl Fn(Person) -> D + Send + 'static,
) where
    D: Future<Output = Day> + Send + 'static,
{
    let town = town.clone();
    city.spawn(async move {
        let who = city::email(kind, number);
        loop {
            match day(town.person(kind, number)).await {
                // A socket that closed for good was superseded: another client uses this account.
                Err(trouble) if !trouble.is_stranger() && !matches!(trouble, PersonError::HungUp) => {
                    tracing::warn!(target: "demo", who, %trouble, "went home");
                    town.tally.add("days cut short");
                    tokio::time::sleep(BREAK).await;
                }
                end => return (who, end),
            }
        }
    });
}
