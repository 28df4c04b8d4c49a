//! A restaurant's owner: accepts orders, cooks them, reports them ready, and
//! decides cancellation requests.

use std::collections::HashSet;

use serde_json::json;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::api::{Api, Asked};
use crate::person::{Day, Pacing, Person};
use crate::responses::Order;
use crate::socket::Heard;

/// An owner of one or more restaurants.
pub struct Owner {
    /// The person.
    pub person: Person,
}

/// The orders of one owner, each cooked by its own task.
struct Kitchen {
    api: Api,
    orders: HashSet<Uuid>,
    cooking: JoinSet<Uuid>,
}

impl Owner {
    /// Runs all their restaurants until the socket closes and does not reconnect.
    pub async fn live(mut self) -> Day {
        self.person.sign_in().await?;
        let mut socket = self.person.socket();
        let line = socket.line();
        let restaurants: Vec<Uuid> =
            self.person.api.my_restaurants().await?.into_iter().map(|restaurant| restaurant.id).collect();
        let mut kitchen =
            Kitchen { api: self.person.api.clone(), orders: HashSet::new(), cooking: JoinSet::new() };
        for restaurant in &restaurants {
            line.subscribe(format!("merchant:{restaurant}")).await?;
        }
        self.take_over(&mut kitchen, &restaurants).await?;
        loop {
            tokio::select! {
                heard = self.person.hear(&mut socket) => match heard? {
                    Heard::Event(event) => {
                        let Some(order) = order_of(&event.data) else { continue };
                        match event.kind.as_str() {
                            "order.placed" => self.cook(&mut kitchen, order, "placed"),
                            "order.cancel_requested" => self.decide(&kitchen, order).await,
                            _ => {}
                        }
                    }
                    // After a reconnect, events may have been missed.
                    Heard::Ready(_) => self.take_over(&mut kitchen, &restaurants).await?,
                    _ => {}
                },
                Some(done) = kitchen.cooking.join_next() => {
                    if let Ok(order) = done {
                        kitchen.orders.remove(&order);
                    }
                }
            }
        }
    }

    /// Cooks the open orders that the restaurants have already.
    async fn take_over(&mut self, kitchen: &mut Kitchen, restaurants: &[Uuid]) -> Asked<()> {
        for restaurant in restaurants {
            for status in ["placed", "accepted", "preparing"] {
                for order in self.person.api.orders_of(*restaurant, status).await? {
                    self.cook(kitchen, order.id, status);
                }
            }
        }
        Ok(())
    }

    fn cook(&mut self, kitchen: &mut Kitchen, order: Uuid, status: &'static str) {
        if !kitchen.orders.insert(order) {
            return;
        }
        let (api, email) = (kitchen.api.clone(), self.person.email.clone());
        let mut pacing = self.person.pacing.for_one(order);
        let tally = self.person.tally.clone();
        kitchen.cooking.spawn(async move {
            match cook(&api, order, status, &mut pacing).await {
                Ok(()) => tally.add("dishes ready"),
                // Most likely the order was cancelled in the meantime.
                Err(failure) => tracing::info!(who = email, %order, %failure, "stopped cooking"),
            }
            order
        });
    }

    async fn decide(&mut self, kitchen: &Kitchen, order: Uuid) {
        self.person.pacing.linger(2.0..6.0).await;
        let approve = self.person.pacing.happens(0.5);
        let decision = json!({ "approve": approve });
        if let Err(failure) = kitchen.api.command(order, "cancel-request/decision", decision).await {
            tracing::info!(who = self.person.email, %order, %failure, "not decided");
        }
    }
}

/// Cooks one order, starting from its current status.
async fn cook(api: &Api, order: Uuid, status: &str, pacing: &mut Pacing) -> Asked<()> {
    if status == "placed" {
        pacing.linger(3.0..15.0).await;
        if pacing.happens(0.02) {
            return reject(api, order).await.map(drop);
        }
        let minutes = pacing.number(5..15);
        api.command(order, "accept", json!({ "preparation_mins": minutes })).await?;
    }
    if status != "preparing" {
        pacing.linger(4.0..12.0).await;
        api.command(order, "preparing", json!({})).await?;
    }
    pacing.linger(45.0..120.0).await;
    api.command(order, "ready", json!({})).await.map(drop)
}

async fn reject(api: &Api, order: Uuid) -> Asked<Order> {
    api.command(order, "reject", json!({ "reason": "too_busy" })).await
}

fn order_of(data: &serde_json::Value) -> Option<Uuid> {
    data["order_id"].as_str()?.parse().ok()
}
