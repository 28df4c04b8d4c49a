//! The people of a scenario, created through the public interface: customers
//! sign up and order, owners accept the orders, and couriers pick them up.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::json;
use sim::api::{Api, ApiError};
use sim::city;
use sim::customer::choose_options;
use sim::frame::Say;
use sim::outbox::Reading;
use sim::responses::{NewAddress, NewLine, Offer, Place};
use sim::sandbox::toss::cards;
use sim::socket::{Heard, ReconnectPolicy, Socket};
use sim::{movement, system};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::Outcome;

/// People created at once: enough to keep two cores busy, few enough that the
/// server does not take their sign-ins for password guessing.
const AT_ONCE: usize = 4;
/// How long to wait for the next pickup of an order.
const PICKUP_WITHIN: Duration = Duration::from_secs(120);

/// The source address of the n-th client, so that they look like many phones.
pub(crate) fn source(number: usize) -> Option<IpAddr> {
    let last = u8::try_from(2 + number % 200).ok()?;
    Some(Ipv4Addr::new(127, 0, 0, last).into())
}

/// A customer with an active order.
#[derive(Clone)]
pub(crate) struct Ordered {
    pub(crate) customer: Api,
    pub(crate) order: Uuid,
}

/// A courier with the order they picked up.
#[derive(Clone)]
pub(crate) struct Carried {
    pub(crate) courier: Api,
    pub(crate) ordered: Ordered,
    pub(crate) at: Place,
}

/// Owners' clients by restaurant.
pub(crate) struct Owners(pub(crate) HashMap<Uuid, Api>);

impl Owners {
    /// Signs in all owners of the demo city.
    pub(crate) async fn sign_in(url: &str) -> Outcome<Self> {
        let mut owners = HashMap::new();
        for number in 1.. {
            let api = Api::from_address(url, source(number))?;
            match api.sign_in(&city::email("owner", number), city::PASSWORD).await {
                Ok(_) => {}
                Err(ApiError::Refused { problem, .. }) if problem.status == 401 => break,
                Err(failure) => return Err(failure.into()),
            }
            for restaurant in api.my_restaurants().await? {
                owners.insert(restaurant.id, api.clone());
            }
        }
        Ok(Self(owners))
    }

    /// Accepts an order and starts preparing it.
    async fn accept(&self, restaurant: Uuid, order: Uuid) -> Outcome<()> {
        let owner = self.0.get(&restaurant).ok_or("the restaurant has no demo owner")?;
        owner.command(order, "accept", json!({ "preparation_mins": 10 })).await?;
        owner.command(order, "preparing", json!({})).await?;
        Ok(())
    }
}

/// Signs up customers, places `orders` orders, at most `each` per customer, and
/// accepts them.
pub(crate) async fn order(
    url: &str,
    owners: &Owners,
    orders: usize,
    each: usize,
    near: Place,
) -> Outcome<Vec<Ordered>> {
    let run = system::fresh_id().simple().to_string();
    let customers = orders.div_ceil(each);
    let made: Vec<Vec<Ordered>> = stream::iter(0..customers)
        .map(|number| {
            let share = each.min(orders - number * each);
            let email = format!("bench-{run}-{number}@bench.example");
            customer(url, owners, email, number, share, near)
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(made.into_iter().flatten().collect())
}

async fn customer(
    url: &str,
    owners: &Owners,
    email: String,
    number: usize,
    orders: usize,
    near: Place,
) -> Outcome<Vec<Ordered>> {
    let api = Api::from_address(url, source(number))?;
    api.sign_up(
        &email,
        city::PASSWORD,
        "벤치",
        &format!("010-{:04}-{:04}", number / 10_000 % 10_000, number % 10_000),
    )
    .await?;
    api.sign_in(&email, city::PASSWORD).await?;
    let address = api
        .add_address(&NewAddress {
            label: "집".to_owned(),
            road_address: "테헤란로 1".to_owned(),
            detail: "1호".to_owned(),
            entrance_note: String::new(),
            position: near,
            is_default: true,
        })
        .await?;
    let restaurants = api.restaurants(near, 100).await?;
    let open: Vec<_> = restaurants.iter().filter(|r| r.open_now && r.deliverable.unwrap_or(true)).collect();
    let mut made = Vec::with_capacity(orders);
    for turn in 0..orders {
        let restaurant = open.get((number + turn) % open.len().max(1)).ok_or("no open restaurant nearby")?;
        let menus = api.menus(restaurant.id).await?;
        let dish = menus
            .groups
            .into_iter()
            .flat_map(|group| group.menus)
            .filter(|menu| !menu.sold_out && menu.price_won > 0)
            .max_by_key(|menu| menu.price_won)
            .ok_or("a restaurant without dishes")?;
        let quantity = u32::try_from(restaurant.minimum_order_won / dish.price_won + 1)?;
        let options = choose_options(&dish);
        let line =
            NewLine { restaurant_id: restaurant.id, menu_id: dish.id, quantity, options, replace: true };
        api.add_line(&line).await?;
        let quote = api.quote(address.id).await?;
        let order = api.order(quote.quote_id, "").await?;
        api.pay(order.id, cards::GOOD).await?;
        owners.accept(restaurant.id, order.id).await?;
        made.push(Ordered { customer: api.clone(), order: order.id });
    }
    Ok(made)
}

/// Signs in the demo city's couriers 1 to `count`, and completes their earlier deliveries.
pub(crate) async fn couriers(url: &str, count: usize) -> Outcome<Vec<Api>> {
    stream::iter(1..=count)
        .map(|number| async move {
            let api = Api::from_address(url, source(number))?;
            api.sign_in(&city::email("courier", number), city::PASSWORD).await?;
            deliver(&api).await?;
            Outcome::Ok(api)
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

/// Completes a courier's deliveries.
pub(crate) async fn deliver(courier: &Api) -> Outcome<()> {
    for delivery in courier.courier().await?.assignments {
        for step in ["at_restaurant", "picked_up", "at_dropoff", "delivered"] {
            // Steps that were done already are refused.
            let _ = courier.step(delivery.order_id, step).await;
        }
    }
    Ok(())
}

/// Couriers on shift who accept the first offer they get.
pub(crate) struct Fleet {
    told: mpsc::Receiver<Carrying>,
    riders: JoinSet<Outcome<()>>,
    size: usize,
}

/// A courier who has picked up an order, and their position.
struct Carrying {
    courier: Api,
    order: Uuid,
    at: Place,
}

impl Fleet {
    /// Puts couriers on shift around a point.
    pub(crate) fn around(couriers: &[Api], near: Place) -> Self {
        let (tell, told) = mpsc::channel(couriers.len().max(1));
        let mut riders = JoinSet::new();
        for (number, courier) in couriers.iter().enumerate() {
            // Within two hundred metres of the point.
            let turn = number as f64 * 2.4;
            let radius_m = 20.0 + (number % 18) as f64 * 10.0;
            let at = movement::moved(near, radius_m * turn.cos(), radius_m * turn.sin());
            riders.spawn(take_one(courier.clone(), at, tell.clone()));
        }
        Self { told, riders, size: couriers.len() }
    }

    /// Waits until every courier has picked up one of the orders.
    pub(crate) async fn carry(mut self, orders: Vec<Ordered>) -> Outcome<Vec<Carried>> {
        let mut ordered: HashMap<Uuid, Ordered> =
            orders.into_iter().map(|ordered| (ordered.order, ordered)).collect();
        let mut carried = Vec::with_capacity(self.size);
        while carried.len() < self.size {
            let Ok(Some(one)) = tokio::time::timeout(PICKUP_WITHIN, self.told.recv()).await else {
                let why = self.riders.try_join_next();
                return Err(
                    format!("{} of {} orders were picked up; {why:?}", carried.len(), self.size).into()
                );
            };
            if let Some(ordered) = ordered.remove(&one.order) {
                carried.push(Carried { courier: one.courier, ordered, at: one.at });
            }
        }
        Ok(carried)
    }
}

/// Goes on shift, accepts the first available offer, and picks the order up.
async fn take_one(api: Api, at: Place, tell: mpsc::Sender<Carrying>) -> Outcome<()> {
    let me = api.who().await?.user_id;
    let mut socket = Socket::open(&api, ReconnectPolicy::default());
    let line = socket.line();
    line.subscribe(format!("courier:{me}")).await?;
    line.ask(Say::Shift { on: true }).await?;
    let mut second = tokio::time::interval(Duration::from_secs(1));
    loop {
        let offers = tokio::select! {
            _ = second.tick() => {
                let at_now = system::now();
                line.fix(Reading { at: at_now, place: at, accuracy_m: 5.0, speed_mps: 0.0, heading_deg: None });
                continue;
            }
            heard = socket.next() => match heard.ok_or("a courier's socket ended")? {
                Heard::Event(event) if event.kind == "offer.made" => vec![serde_json::from_value::<Offer>(event.data)?],
                Heard::Ready(_) | Heard::Snapshot(_) => api.courier().await?.offers,
                _ => continue,
            },
        };
        for offer in offers {
            if line.ask(Say::OfferAnswer { offer_id: offer.id, accept: true }).await.is_err() {
                continue;
            }
            // One order each: go off shift, and decline the other offers, so that no order
            // waits for their expiry.
            line.ask(Say::Shift { on: false }).await?;
            for other in api.courier().await?.offers {
                api.decline_offer(other.id).await?;
            }
            api.step(offer.order_id, "at_restaurant").await?;
            pick_up(&api, offer.order_id).await?;
            let carrying = Carrying { courier: api, order: offer.order_id, at };
            return tell.send(carrying).await.map_err(|_| "nobody waits".into());
        }
    }
}

/// Picks up the order, retrying until its courier is assigned.
async fn pick_up(api: &Api, order: Uuid) -> Outcome<()> {
    let picked = async {
        while let Err(failure) = api.step(order, "picked_up").await {
            if !matches!(failure, ApiError::Refused { .. }) {
                return Err(failure);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    };
    tokio::time::timeout(PICKUP_WITHIN, picked).await.map_err(|_| "an order could not be picked up")??;
    Ok(())
}
