//! The requests of the REST interface that people make: one method for each.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Api, Asked, Request};
use crate::frame::Fix;
use crate::responses::*;
use crate::{system, window};

/// Accounts.
impl Api {
    /// Signs up a new customer.
    pub async fn sign_up(&self, email: &str, password: &str, name: &str, phone: &str) -> Asked<User> {
        // What an account needs, in the versions that hold.
        let consents = json!({ "terms": 1, "privacy": 1, "location": 1 });
        let body = json!({
            "email": email, "password": password, "name": name, "phone": phone, "consents": consents,
        });
        self.ask(Request::post("/v1/users", body).open()).await
    }

    /// Signs in; later requests are made as that person.
    pub async fn sign_in(&self, email: &str, password: &str) -> Asked<Tokens> {
        let body = json!({ "email": email, "password": password, "device": "sim" });
        let tokens: Tokens = self.ask(Request::post("/v1/auth/sign-in", body).open()).await?;
        self.become_owner_of(tokens.clone()).await;
        Ok(tokens)
    }

    /// Ends the session.
    pub async fn sign_out(&self) -> Asked<()> {
        self.tell(Request::post("/v1/auth/sign-out", json!({}))).await?;
        self.forget().await;
        Ok(())
    }

    /// The profile of the signed-in person.
    pub async fn me(&self) -> Asked<User> {
        self.ask(Request::get("/v1/users/me")).await
    }

    /// The addresses of the signed-in person.
    pub async fn addresses(&self) -> Asked<Vec<Address>> {
        Ok(self.ask::<Page<Address>>(Request::get("/v1/users/me/addresses")).await?.items)
    }

    /// Saves an address.
    pub async fn add_address(&self, address: &NewAddress) -> Asked<Address> {
        self.ask(Request::post("/v1/users/me/addresses", json!(address))).await
    }

    /// Neighbourhoods whose name matches.
    pub async fn places(&self, q: &str) -> Asked<Vec<Neighbourhood>> {
        Ok(self.ask::<Page<Neighbourhood>>(Request::get("/v1/places").query("q", q)).await?.items)
    }
}

/// Choosing and ordering.
impl Api {
    /// Restaurants near a point, nearest or best first.
    pub async fn restaurants(&self, near: Place, limit: u32) -> Asked<Vec<Restaurant>> {
        let request = Request::get("/v1/restaurants").query("lat", near.lat).query("lon", near.lon);
        Ok(self.ask::<Page<Restaurant>>(request.query("limit", limit)).await?.items)
    }

    /// The restaurants of the signed-in owner.
    pub async fn my_restaurants(&self) -> Asked<Vec<Restaurant>> {
        Ok(self.ask::<Page<Restaurant>>(Request::get("/v1/restaurants/mine")).await?.items)
    }

    /// A restaurant's menus.
    pub async fn menus(&self, restaurant: Uuid) -> Asked<Menus> {
        self.ask(Request::get(format!("/v1/restaurants/{restaurant}/menus"))).await
    }

    /// The cart.
    pub async fn cart(&self) -> Asked<Cart> {
        self.ask(Request::get("/v1/cart")).await
    }

    /// Puts a dish into the cart.
    pub async fn add_line(&self, line: &NewLine) -> Asked<Cart> {
        self.ask(Request::post("/v1/cart/lines", json!(line))).await
    }

    /// Empties the cart.
    pub async fn empty_cart(&self) -> Asked<()> {
        self.tell(Request::new(Method::DELETE, "/v1/cart")).await
    }

    /// The price of the cart, delivered to an address.
    pub async fn quote(&self, address: Uuid) -> Asked<Quote> {
        self.ask(Request::post("/v1/cart/quote", json!({ "address_id": address }))).await
    }

    /// Places an order for a quote. The order then waits for its payment.
    pub async fn order(&self, quote: Uuid, note: &str) -> Asked<Order> {
        self.ask(Request::post("/v1/orders", json!({ "quote_id": quote, "note": note }))).await
    }

    /// Pays an order with a test card of the sandbox (`sandbox::toss::cards`).
    pub async fn pay(&self, order: Uuid, card: &str) -> Asked<Order> {
        let body = json!({ "payment_method_id": self.method_of(card).await? });
        self.ask(Request::post(format!("/v1/orders/{order}/payments"), body)).await
    }

    /// The saved means of payment that is this test card; it is saved first unless it is.
    pub async fn method_of(&self, card: &str) -> Asked<Uuid> {
        let saved: Page<PaymentMethod> = self.ask(Request::get("/v1/payment-methods")).await?;
        let shown = card.get(..8).unwrap_or(card);
        match saved.items.into_iter().find(|method| method.number.starts_with(shown)) {
            Some(method) => Ok(method.id),
            None => self.save_card(card).await,
        }
    }

    /// Saves a test card: agrees in the sandbox's payment window, as a person does.
    pub async fn save_card(&self, card: &str) -> Asked<Uuid> {
        let path = "/v1/payment-methods/registrations";
        let begun: MethodRegistration = self.ask(Request::post(path, json!({}))).await?;
        let auth_key = window::agree(&begun.script_url, begun.customer_key, card).await?;
        let path = format!("{path}/{}/completion", begun.id);
        let saved: PaymentMethod = self.ask(Request::post(path, json!({ "auth_key": auth_key }))).await?;
        Ok(saved.id)
    }

    /// One order.
    pub async fn get_order(&self, order: Uuid) -> Asked<Order> {
        self.ask(Request::get(format!("/v1/orders/{order}"))).await
    }

    /// The events of an order.
    pub async fn history(&self, order: Uuid) -> Asked<Vec<Happened>> {
        Ok(self.ask::<Page<Happened>>(Request::get(format!("/v1/orders/{order}/history"))).await?.items)
    }

    /// The orders of the signed-in person, newest first.
    pub async fn orders(&self) -> Asked<Vec<Order>> {
        Ok(self.ask::<Page<Order>>(Request::get("/v1/orders").query("limit", 100)).await?.items)
    }

    /// A restaurant's orders of one status, for its owner.
    pub async fn orders_of(&self, restaurant: Uuid, status: &str) -> Asked<Vec<Order>> {
        let request = Request::get("/v1/orders").query("restaurant_id", restaurant).query("status", status);
        Ok(self.ask::<Page<Order>>(request.query("limit", 100)).await?.items)
    }

    /// Sends a command to an order: `accept`, `preparing`, `ready`, `complete`,
    /// `cancel`, `cancel-request`, …, with its body.
    pub async fn command(&self, order: Uuid, verb: &str, body: Value) -> Asked<Order> {
        self.ask(Request::post(format!("/v1/orders/{order}/{verb}"), body)).await
    }
}

/// Delivering.
impl Api {
    /// One delivery.
    pub async fn delivery(&self, order: Uuid) -> Asked<Delivery> {
        self.ask(Request::get(format!("/v1/deliveries/{order}"))).await
    }

    /// The signed-in courier's shift, assignments and offers.
    pub async fn courier(&self) -> Asked<CourierSelf> {
        self.ask(Request::get("/v1/couriers/me")).await
    }

    /// Goes on or off shift.
    pub async fn shift(&self, on: bool) -> Asked<()> {
        self.tell(Request::put("/v1/couriers/me/shift", json!({ "on": on }))).await
    }

    /// Sends fixes without a socket.
    pub async fn fixes(&self, track: i64, fixes: &[Fix]) -> Asked<Acked> {
        self.ask(Request::post("/v1/couriers/me/fixes", json!({ "track": track, "fixes": fixes }))).await
    }

    /// Accepts an offer. It is refused if another courier was faster.
    pub async fn accept_offer(&self, offer: Uuid) -> Asked<Delivery> {
        self.ask(Request::post(format!("/v1/offers/{offer}/accept"), json!({}))).await
    }

    /// Declines an offer.
    pub async fn decline_offer(&self, offer: Uuid) -> Asked<()> {
        self.tell(Request::post(format!("/v1/offers/{offer}/decline"), json!({}))).await
    }

    /// Reports a step of a delivery: `at_restaurant`, `picked_up`, `at_dropoff`,
    /// `delivered`, `failed`.
    pub async fn step(&self, order: Uuid, step: &str) -> Asked<Delivery> {
        self.ask(Request::post(format!("/v1/deliveries/{order}/steps"), json!({ "step": step }))).await
    }

    /// Registers a tracker for OsmAnd or OwnTracks.
    pub async fn device(&self, name: &str) -> Asked<Device> {
        self.ask(Request::post("/v1/couriers/me/devices", json!({ "name": name }))).await
    }
}

/// Support chat.
impl Api {
    /// Opens a conversation with its first message. `topic` is one of
    /// `order`, `payment`, `delivery`, `account`, `other`.
    pub async fn converse(&self, topic: &str, order: Option<Uuid>, text: &str) -> Asked<Conversation> {
        let body = json!({
            "topic": topic, "order_id": order, "text": text, "client_message_id": system::fresh_id(),
        });
        self.ask(Request::post("/v1/conversations", body)).await
    }

    /// One conversation.
    pub async fn conversation(&self, conversation: Uuid) -> Asked<Conversation> {
        self.ask(Request::get(format!("/v1/conversations/{conversation}"))).await
    }

    /// Messages after `after`, in order.
    pub async fn messages(&self, conversation: Uuid, after: i64) -> Asked<Vec<ChatMessage>> {
        let request = Request::get(format!("/v1/conversations/{conversation}/messages"));
        Ok(self.ask::<Page<ChatMessage>>(request.query("after", after).query("limit", 100)).await?.items)
    }

    /// Sends a message. The server stores it once under the id that the client chose.
    pub async fn say(&self, conversation: Uuid, id: Uuid, text: &str) -> Asked<ChatMessage> {
        let body = json!({ "client_message_id": id, "text": text });
        self.ask(Request::post(format!("/v1/conversations/{conversation}/messages"), body)).await
    }

    /// Resolves a conversation, as its agent.
    pub async fn resolve(&self, conversation: Uuid) -> Asked<()> {
        self.tell(Request::post(format!("/v1/conversations/{conversation}/resolve"), json!({}))).await
    }

    /// Puts the agent online or offline, for at most `capacity` conversations at once.
    pub async fn presence(&self, online: bool, capacity: u32) -> Asked<()> {
        let body = json!({ "online": online, "capacity": capacity });
        self.tell(Request::put("/v1/agents/me/presence", body)).await
    }

    /// The signed-in agent's desk.
    pub async fn desk(&self) -> Asked<Desk> {
        self.ask(Request::get("/v1/agents/me/desk")).await
    }
}
