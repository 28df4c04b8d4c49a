//! Customers who put one more into their cart, again and again: each addition
//! counts once, however often it had to be sent.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use sim::api::Request;
use sim::responses::{Cart, NewLine};
use sim::{Api, system};

use super::ledger::Carted;
use super::people::{Phase, Yard, insist};
use crate::Outcome;

/// Between two additions.
const PAUSE: Duration = Duration::from_millis(150);
/// A line holds at most 99.
const MOST: u32 = 40;

/// Fills and empties a cart until the run settles. `line` is one dish, once.
pub(crate) async fn shop(name: String, api: Api, line: NewLine, yard: Arc<Yard>) -> Outcome<()> {
    let probe = yard.probes.register(format!("{name} cart"));
    let customer = api.who().await?.user_id;
    let mut expected = MOST;
    while !yard.is(Phase::Settle) {
        let born = system::now();
        if expected == MOST {
            // Emptying twice is emptying once.
            while api.hurried(Duration::from_secs(1)).empty_cart().await.is_err() {
                tokio::time::sleep(PAUSE).await;
            }
            expected = 0;
        }
        match insist::<Cart>(&api, || Request::post("/v1/cart/lines", json!(line))).await {
            Ok(cart) => {
                expected += 1;
                let quantity = cart.lines.iter().map(|line| line.quantity).sum();
                let carted = Carted { version: cart.version, quantity, expected };
                yard.ledger.notes().carts.entry(customer).or_default().push(carted);
                yard.probes.record(probe, born);
            }
            Err(failure) => yard.ledger.odd(format!("{name}: a dish was refused: {failure}")),
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
