//! `baedal demo`: a small Seoul that lives.
//!
//! Customers order at a steady rate, owners cook, couriers ride, agents
//! answer, all through the public interface and all drawn from one seed: the
//! same people make the same choices in the same order. How long the server
//! takes is its own matter.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::agent::Agent;
use crate::api::Api;
use crate::city;
use crate::courier::Courier;
use crate::customer::Customer;
use crate::owner::Owner;
use crate::person::{Day, Person, Tally, Temper, Upset};

/// How often the city reports what it did.
const REPORT_EVERY: Duration = Duration::from_secs(30);

/// What the city is like.
#[derive(Clone, Debug)]
pub struct Options {
    /// The gateway.
    pub url: String,
    /// What everybody's choices are drawn from.
    pub seed: u64,
    /// How many customers order.
    pub customers: usize,
    /// How many couriers ride.
    pub couriers: usize,
    /// How many owners cook.
    pub owners: usize,
    /// How many agents answer.
    pub agents: usize,
    /// New orders in a minute, of all customers together.
    pub orders_per_min: f64,
    /// How hasty people are; 1 is natural, 10 ten times as fast. Couriers ride
    /// at their own speed.
    pub pace: f64,
    /// When to stop; none: when dropped.
    pub stop_after: Option<Duration>,
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
        }
    }
}

/// Runs the city. Returns what happened, when it is time to stop.
pub async fn run(options: Options) -> Result<Tally, Upset> {
    let tally = Tally::default();
    let mut city = populate(&options, &tally)?;
    let mut report = tokio::time::interval(REPORT_EVERY);
    let stop = async {
        match options.stop_after {
            Some(after) => tokio::time::sleep(after).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return Ok(tally),
            _ = report.tick() => tracing::info!(target: "demo", "{tally}"),
            Some(left) = city.join_next() => {
                if let Ok((who, Err(why))) = left {
                    tracing::warn!(target: "demo", who, %why, "left the city");
                    tally.add("people who left");
                }
                if city.is_empty() {
                    return Ok(tally);
                }
            }
        }
    }
}

type City = JoinSet<(String, Day)>;

fn populate(options: &Options, tally: &Tally) -> Result<City, Upset> {
    let api = Api::new(&options.url)?;
    let mut city = City::new();
    let person = |kind: &str, number: usize| {
        let email = city::email(kind, number);
        Person {
            temper: Temper::new(options.seed, &email, options.pace),
            password: city::PASSWORD.to_owned(),
            api: api.another(),
            tally: tally.clone(),
            email,
        }
    };
    // A customer who has ordered follows that order before thinking of the next.
    let hunger_secs = options.customers as f64 * 60.0 / options.orders_per_min.max(0.001);
    for number in 1..=options.owners {
        let owner = Owner { person: person("owner", number) };
        live(&mut city, owner.person.email.clone(), owner.live());
    }
    for number in 1..=options.couriers {
        let courier = Courier { person: person("courier", number), home: city::home(number) };
        live(&mut city, courier.person.email.clone(), courier.live());
    }
    for number in 1..=options.agents {
        let agent = Agent { person: person("agent", number) };
        live(&mut city, agent.person.email.clone(), agent.live());
    }
    for number in 1..=options.customers {
        let customer = Customer { person: person("customer", number), home: city::home(number), hunger_secs };
        live(&mut city, customer.person.email.clone(), customer.live());
    }
    Ok(city)
}

/// Somebody lives in the city; comes back after trouble, unless it is that
/// they have no account.
fn live(city: &mut City, who: String, day: impl Future<Output = Day> + Send + 'static) {
    city.spawn(async move { (who, day.await) });
}
