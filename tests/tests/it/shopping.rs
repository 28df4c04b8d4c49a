//! A customer who orders from a kitchen, for the tests of what an order is paid with.

use domain::Role;
use serde_json::{Value, json};
use sim::sandbox::toss::cards;
use tests::TestApp;
use tests::rest::Answer;
use tests::shop::{Guest, YEOKSAM, card, kitchen, mild, open};

/// A customer with an address, the kitchen that they order from, and an operator.
pub(crate) struct Shopping {
    pub(crate) customer: Guest,
    pub(crate) owner: Guest,
    pub(crate) admin: Guest,
    pub(crate) restaurant: Value,
    /// Two of a dish of 9,000 won.
    pub(crate) dish: Value,
    pub(crate) home: String,
}

impl Shopping {
    pub(crate) async fn begin(app: &TestApp) -> Self {
        let (customer, owner) = (Guest::new(app, Role::Customer).await, Guest::new(app, Role::Owner).await);
        let kitchen = kitchen(owner.id, "역삼 치킨");
        let card = card(&kitchen, "후라이드");
        open(app.app(), &kitchen, &card).await;
        Self {
            admin: Guest::new(app, Role::Admin).await,
            home: customer.live_at(YEOKSAM).await,
            restaurant: json!(kitchen.id),
            dish: mild(&card, 2),
            customer,
            owner,
        }
    }

    /// A new cart: food for 18,000 won, and 3,000 won to bring it.
    pub(crate) async fn fill(&self) {
        self.customer.delete("/v1/cart").await.expect(204);
        self.customer.post("/v1/cart/lines", self.dish.clone()).await.expect(201);
    }

    pub(crate) async fn quote(&self) -> Value {
        self.customer.post("/v1/cart/quote", json!({ "address_id": self.home })).await.expect(201)
    }

    pub(crate) async fn order(&self, quote: &Value) -> Answer {
        self.customer.post("/v1/orders", json!({ "quote_id": quote["quote_id"] })).await
    }

    pub(crate) async fn pay(&self, order: &Value, card: &str) -> Value {
        let body = self.customer.pays_with(card).await;
        let path = format!("/v1/orders/{}/payments", order["id"].as_str().unwrap());
        self.customer.post(&path, body).await.expect(200)
    }

    /// Orders what is in the cart, pays for it, and has it cooked for the customer to collect.
    pub(crate) async fn ready_to_collect(&self, app: &TestApp) -> Value {
        let pickup = json!({ "fulfilment": "pickup" });
        let quote = self.customer.post("/v1/cart/quote", pickup).await.expect(201);
        let order = self.order(&quote).await.expect(201);
        self.pay(&order, cards::GOOD).await;
        app.run_due_jobs().await;
        self.command(&self.owner, &order, "accept", json!({ "preparation_mins": 10 })).await;
        self.command(&self.owner, &order, "ready", Value::Null).await
    }

    /// The customer says the code at the counter: it is completed at once.
    pub(crate) async fn collect(&self, order: &Value) -> Value {
        let seen = format!("/v1/orders/{}", order["id"].as_str().unwrap());
        let code = self.customer.get(&seen).await.expect(200)["pickup_code"].clone();
        self.command(&self.owner, order, "complete", json!({ "code": code })).await
    }

    pub(crate) async fn command(&self, who: &Guest, order: &Value, command: &str, body: Value) -> Value {
        who.post(&format!("/v1/orders/{}/{command}", order["id"].as_str().unwrap()), body).await.expect(200)
    }
}
