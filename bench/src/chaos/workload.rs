//! The people who are active while faults are injected. They are created through the public
//! interface before the first fault.

use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::{Value, json};
use sim::api::{Api, Request};
use sim::customer::choose_options;
use sim::responses::NewLine;
use sim::sandbox::toss::cards;
use sim::{city, system};
use uuid::Uuid;

use super::People;
use super::diners::Diner;
use super::people::Yard;
use super::riders::Rider;
use super::shoppers;
use super::talkers::{Births, Talker};
use super::watchers;
use crate::Outcome;
use crate::fixtures::{self, Fleet, Owners};

/// Couriers who carry an order for the whole run, each watched by one customer.
const RIDERS: usize = 6;
/// Couriers who take and bring the diners' orders.
const BRINGERS: usize = 4;
const DINERS: usize = 3;
/// As many as the demo city has agents: one each.
const TALKS: usize = 3;
const SHOPPERS: usize = 3;
/// Room for conversations on an agent's desk.
const DESK: u32 = 50;

/// Everybody.
pub(crate) struct Workload {
    /// They end what they began when the run settles.
    pub(crate) busy: People,
    pub(crate) couriers: People,
    /// They listen until they are dropped.
    _listeners: People,
}

/// Makes everybody and sets them to work.
pub(crate) async fn hire(url: &str, yard: &Arc<Yard>) -> Outcome<Workload> {
    let near = city::home(0);
    let mut workload = Workload { busy: People::new(), couriers: People::new(), _listeners: People::new() };
    let couriers = fixtures::couriers(url, RIDERS + BRINGERS).await?;
    let owners = Owners::sign_in(url).await?;
    let fleet = Fleet::around(&couriers[..RIDERS], near);
    let carried = fleet.carry(fixtures::order(url, &owners, RIDERS, 1, near).await?).await?;
    let began = system::now();
    for (number, one) in (1..).zip(&carried) {
        let id = one.courier.who().await?.user_id;
        let rider =
            Rider { name: format!("rider-{number}"), api: one.courier.clone(), id, at: one.at, began };
        workload.couriers.spawn(rider.ride(yard.clone()));
        let (customer, order) = (one.ordered.customer.clone(), one.ordered.order);
        workload._listeners.spawn(watchers::watch(
            format!("customer-{number}"),
            customer,
            order,
            yard.clone(),
        ));
    }
    for (number, api) in (1..).zip(&couriers[RIDERS..]) {
        let id = api.who().await?.user_id;
        let rider = Rider { name: format!("rider-bringer-{number}"), api: api.clone(), id, at: near, began };
        workload.couriers.spawn(rider.work(yard.clone()));
    }
    talk(url, yard, &mut workload).await?;
    let operator = person(url, "operator", 1).await?;
    let campaign = campaign(&operator).await?;
    for number in 1..=DINERS + SHOPPERS {
        // Diners live where the couriers wait.
        let home = if number <= DINERS { number * city::NEIGHBOURHOODS.len() } else { number };
        let (api, address, dish) = eater(url, home).await?;
        if number <= DINERS {
            let owner = owners.0.get(&dish.restaurant_id).ok_or("the restaurant has no demo owner")?.clone();
            give_points(&operator, api.who().await?.user_id).await?;
            let cards = [api.method_of(cards::GOOD).await?, api.method_of(cards::TIMEOUT).await?];
            let name = format!("customer-diner-{number}");
            let diner = Diner { name, api, owner, address, dish, cards, campaign };
            workload.busy.spawn(diner.dine(yard.clone()));
        } else {
            let one = NewLine { quantity: 1, replace: false, ..dish };
            workload.busy.spawn(shoppers::shop(format!("customer-shopper-{number}"), api, one, yard.clone()));
        }
    }
    Ok(workload)
}

/// Conversations, each between a customer and whichever agent got it.
async fn talk(url: &str, yard: &Arc<Yard>, workload: &mut Workload) -> Outcome<()> {
    let mut agents = Vec::new();
    for number in 1..=TALKS {
        let api = person(url, "agent", number).await?;
        api.presence(true, DESK).await?;
        agents.push((api.who().await?.user_id, api));
    }
    for number in 1..=TALKS {
        let customer = person(url, "customer", 25 + number).await?;
        let opened = customer.converse("other", None, "안녕하세요").await?.id;
        let assigned = super::people::until(std::time::Duration::from_secs(30), || async {
            customer.conversation(opened).await.ok()?.agent_id
        });
        let agent = assigned.await.ok_or("no agent took a conversation")?;
        let (_, agent) = agents.iter().find(|(id, _)| *id == agent).ok_or("an agent whom we are not")?;
        let births = Births::default();
        for (side, api) in [("customer", customer.clone()), ("agent", agent.clone())] {
            let name = format!("{side}-talk-{number}");
            let talker = Talker { name, api, conversation: opened, births: births.clone() };
            workload._listeners.spawn(talker.talk(yard.clone()));
        }
    }
    Ok(())
}

/// A campaign of coupons for everybody.
async fn campaign(operator: &Api) -> Outcome<Uuid> {
    let terms = json!({
        "name": "1,000원 할인", "kind": "order", "benefit": { "by": "amount", "won": 1_000 },
        "from": system::now() - TimeDelta::hours(1), "until": system::now() + TimeDelta::days(1),
        "per_customer": 100,
    });
    let started: Value = operator.ask(Request::post("/v1/coupon-campaigns", terms)).await?;
    Ok(started["id"].as_str().ok_or("a campaign without an id")?.parse()?)
}

/// More points than a diner uses.
async fn give_points(operator: &Api, customer: Uuid) -> Outcome<()> {
    let gift = json!({ "customer_id": customer, "amount_won": 1_000_000, "reason": "prize", "days": 30 });
    operator.ask::<Value>(Request::post("/v1/points/grants", gift)).await?;
    Ok(())
}

/// Somebody of the demo city with an address, and a dish nearby that can be ordered.
async fn eater(url: &str, number: usize) -> Outcome<(Api, Uuid, NewLine)> {
    let api = person(url, "customer", number).await?;
    let address = api.addresses().await?.into_iter().next().ok_or("a demo customer without an address")?;
    let restaurants = api.restaurants(address.position, 50).await?;
    let open: Vec<_> = restaurants.iter().filter(|r| r.open_now && r.deliverable.unwrap_or(true)).collect();
    let restaurant = open.get(number % open.len().max(1)).ok_or("no open restaurant nearby")?;
    let dishes = api.menus(restaurant.id).await?.groups.into_iter().flat_map(|group| group.menus);
    let dish = dishes
        .filter(|menu| !menu.sold_out && menu.price_won > 0)
        .max_by_key(|menu| menu.price_won)
        .ok_or("a restaurant without dishes")?;
    // One of them is taken out of the order later.
    let quantity = u32::try_from(restaurant.minimum_order_won / dish.price_won + 2)?;
    let options = choose_options(&dish);
    Ok((
        api,
        address.id,
        NewLine { restaurant_id: restaurant.id, menu_id: dish.id, quantity, options, replace: true },
    ))
}

async fn person(url: &str, kind: &str, number: usize) -> Outcome<Api> {
    let api = Api::from_address(url, crate::fixtures::source(number))?;
    api.sign_in(&city::email(kind, number), city::PASSWORD).await?;
    Ok(api)
}
