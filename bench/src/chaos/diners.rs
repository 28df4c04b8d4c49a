//! Customers who order again and again, with the owner who cooks for them: each
//! order must come to its end, whatever happens on the way.

use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use serde::Deserialize;
use serde_json::{Value, json};
use sim::api::{ApiError, Asked, Request};
use sim::responses::{Cart, NewLine, Order, Quote};
use sim::{Api, Line};
use tokio::task::AbortHandle;
use uuid::Uuid;

use super::ledger::{Done, Shown};
use super::people::{Phase, Yard, insist, until};
use crate::Outcome;

/// How long one stage of an order may take: a job whose process was killed runs again when its worker
/// has been silent for ten seconds, and after eᵏ seconds where that happened to it k times in a row.
const STAGE_WITHIN: Duration = Duration::from_secs(180);

/// How long the last event of an order may take to be shown.
const SHOWN_WITHIN: Duration = Duration::from_secs(10);

/// A customer, where they live, what they eat, and who cooks it.
pub(crate) struct Diner {
    pub(crate) name: String,
    pub(crate) api: Api,
    pub(crate) owner: Api,
    pub(crate) address: Uuid,
    pub(crate) dish: NewLine,
    /// What is approved, and what is approved without an answer.
    pub(crate) cards: [Uuid; 2],
    /// Of which they claim a coupon for each order.
    pub(crate) campaign: Uuid,
}

/// How many points pay for a part of each order.
const POINTS: i64 = 1_000;

/// Something with an id.
#[derive(Deserialize)]
struct Identified {
    id: Uuid,
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Diner {
    /// Orders until the run settles; listens meanwhile.
    pub(crate) async fn dine(self, yard: Arc<Yard>) -> Outcome<()> {
        let mut socket = yard.socket(&self.api, &self.name);
        let line = socket.line();
        let (name, listening) = (self.name.clone(), yard.clone());
        let listener = tokio::spawn(async move {
            while let Some(heard) = socket.next().await {
                listening.ledger.heard(&name, &heard);
            }
        });
        let _listener = AbortOnDrop(listener.abort_handle());
        let mut dice = yard.dice(&self.name);
        while !yard.is(Phase::Settle) {
            let [good, silent] = self.cards;
            let card = if dice.random_bool(0.3) { silent } else { good };
            match self.order(&line, card, &yard).await {
                Ok(()) => {}
                Err(failure) => yard.ledger.odd(format!("{}: {failure}", self.name)),
            }
        }
        Ok(())
    }

    /// One order, from the cart to its completion.
    async fn order(&self, line: &Line, card: Uuid, yard: &Yard) -> Outcome<()> {
        let placed = self.place().await?;
        let (order, dish) = (placed.id, placed.lines.first().ok_or("an order without dishes")?.line_id);
        yard.ledger.notes().done.push(Done { order, kind: "order.created" });
        for channel in [format!("order:{order}"), format!("delivery:{order}")] {
            // If the connection is lost, the socket itself subscribes again.
            let _ = line.subscribe(channel).await;
        }
        self.pay(order, card, yard).await?;
        let one_less = json!({ "lines": [{ "line_id": dish, "quantity": 1 }] });
        for (verb, kind, body) in [
            ("accept", "order.accepted", json!({ "preparation_mins": 10 })),
            ("cancel-lines", "order.lines_cancelled", one_less),
            ("preparing", "order.preparing", json!({})),
            ("ready", "order.ready", json!({})),
        ] {
            command(&self.owner, order, verb, kind, body, yard).await?;
        }
        self.reaches(order, "delivered", |status| matches!(status, "delivered" | "completed")).await?;
        command(&self.api, order, "complete", "order.completed", json!({}), yard).await?;
        // Nobody leaves before they have heard of it; the checker tells if it never came.
        let place = (self.name.clone(), format!("order:{order}"));
        until(SHOWN_WITHIN, || async {
            let notes = yard.ledger.notes();
            let shown = notes.shown.get(&place)?;
            shown
                .iter()
                .any(|one| matches!(one, Shown::Event { kind, .. } if kind == "order.completed"))
                .then_some(())
        })
        .await;
        Ok(())
    }

    /// An order of one dish, at least twice. Its quote is outdated where the cart of the order before is
    /// emptied after it was made.
    async fn place(&self) -> Outcome<Order> {
        let claim = json!({ "by": "campaign", "campaign_id": self.campaign });
        let coupon: Asked<Identified> =
            insist(&self.api, || Request::post("/v1/coupons", claim.clone())).await;
        let coupon = coupon.ok().map(|claimed| claimed.id);
        let placed = until(STAGE_WITHIN, || async {
            let quote = self.quote(coupon).await.ok()?;
            let body = json!({ "quote_id": quote.quote_id, "note": "" });
            let order: Asked<Order> = insist(&self.api, || Request::post("/v1/orders", body.clone())).await;
            match order {
                Err(refused) if refused.slug() == Some("cart.quote_outdated") => None,
                other => Some(other),
            }
        });
        Ok(placed.await.ok_or("no order within its time")??)
    }

    /// A price for one dish. The cart of the order before may still be emptied
    /// meanwhile: that is a reaction of its own.
    async fn quote(&self, coupon: Option<Uuid>) -> Outcome<Quote> {
        let found = until(STAGE_WITHIN, || async {
            insist::<Cart>(&self.api, || Request::post("/v1/cart/lines", json!(self.dish))).await.ok()?;
            if let Some(coupon) = coupon {
                let path = format!("/v1/cart/coupons/{coupon}");
                insist::<Cart>(&self.api, || Request::put(path.clone(), Value::Null)).await.ok()?;
            }
            let points = json!({ "points_won": POINTS });
            insist::<Cart>(&self.api, || Request::put("/v1/cart/points", points.clone())).await.ok()?;
            let address = json!({ "address_id": self.address });
            let quote: Asked<Quote> =
                insist(&self.api, || Request::post("/v1/cart/quote", address.clone())).await;
            quote.ok().filter(|quote| quote.orderable)
        });
        found.await.ok_or_else(|| "no quote that can be ordered".into())
    }

    /// Pays. Where the gateway did not say, a reminder brings the outcome; where it is left
    /// alone for a while, the same card is tried again.
    async fn pay(&self, order: Uuid, card: Uuid, yard: &Yard) -> Outcome<()> {
        let paid = until(STAGE_WITHIN, || async {
            if let Err(failure) = self.try_to_pay(order, card, yard).await {
                return Some(Err(failure));
            }
            let order = super::people::hurried(&self.api).get_order(order).await.ok()?;
            (order.status != "pending_payment").then_some(Ok(()))
        });
        paid.await.ok_or_else(|| format!("order {order} was never paid"))?
    }

    async fn try_to_pay(&self, order: Uuid, card: Uuid, yard: &Yard) -> Outcome<()> {
        let body = json!({ "payment_method_id": card });
        let path = format!("/v1/orders/{order}/payments");
        let paid: Asked<Order> = insist(&self.api, || Request::post(path.clone(), body.clone())).await;
        match paid {
            Ok(paid) if paid.status == "placed" => {
                yard.ledger.notes().done.push(Done { order, kind: "order.placed" });
            }
            // Done already, although the answer was lost.
            Ok(_) | Err(ApiError::Refused { .. }) => {}
            Err(failure) => return Err(failure.into()),
        }
        Ok(())
    }

    async fn reaches(&self, order: Uuid, what: &str, there: impl Fn(&str) -> bool + Copy) -> Outcome<()> {
        let api = super::people::hurried(&self.api);
        let reached = until(STAGE_WITHIN, || async {
            let order = api.get_order(order).await.ok()?;
            there(&order.status).then_some(())
        });
        reached.await.ok_or_else(|| format!("order {order} was never {what}").into())
    }
}

/// Has a step of the order done. Where it was done although the answer was lost,
/// asking again is refused: then its history must know it.
async fn command(
    api: &Api,
    order: Uuid,
    verb: &str,
    kind: &'static str,
    body: Value,
    yard: &Yard,
) -> Outcome<()> {
    let path = format!("/v1/orders/{order}/{verb}");
    let done: Asked<Order> = insist(api, || Request::post(path.clone(), body.clone())).await;
    let known = match done {
        Ok(_) => true,
        Err(ApiError::Refused { .. }) => {
            let api = super::people::hurried(api);
            let history = until(STAGE_WITHIN, || async { api.history(order).await.ok() }).await;
            history.unwrap_or_default().iter().any(|event| event.kind == kind)
        }
        Err(failure) => return Err(failure.into()),
    };
    if !known {
        return Err(format!("order {order}: {verb} was refused and never done").into());
    }
    yard.ledger.notes().done.push(Done { order, kind });
    Ok(())
}
