//! Somebody who has used everything, by twelve words that stand for nobody else.

use chrono::TimeDelta;
use serde_json::json;
use sim::responses::NewAddress;
use sim::sandbox::toss::cards;
use sim::{Api, system};
use store::scratch;
use tests::TestApp;
use tests::people::{HOME, People};
use tests::rest::{PASSWORD, Person, Rest};

pub(super) const EMAIL: &str = "seeded.haneul@inbox.example";
pub(super) const NAME: &str = "씨앗하늘";
pub(super) const PHONE: &str = "010-9284-5538";
pub(super) const PHONE_STORED: &str = "92845538";
pub(super) const LABEL: &str = "씨앗네 집";
pub(super) const ROAD: &str = "서울 강남구 씨앗대로 7";
pub(super) const DOOR: &str = "씨앗동 703호";
pub(super) const ENTRANCE: &str = "씨앗종 7070";
pub(super) const NOTE: &str = "씨앗은 맵게";
pub(super) const COURIER_NOTE: &str = "씨앗문 앞에 놓아 주세요";
pub(super) const REASON: &str = "씨앗의 마음이 바뀜";
pub(super) const MESSAGE: &str = "씨앗의 질문이에요";
pub(super) const DEVICE: &str = "씨앗의 태블릿";

/// All of them, each entered in another place.
pub(super) const SEEDED: [&str; 12] =
    [EMAIL, NAME, PHONE_STORED, LABEL, ROAD, DOOR, ENTRANCE, NOTE, COURIER_NOTE, REASON, MESSAGE, DEVICE];

/// Somebody who signed up, with a device, an address, consents to advertising, an order that they
/// cancelled, and a conversation.
pub(super) struct Seeded {
    pub(super) people: People,
    pub(super) person: Person,
    pub(super) url: String,
}

impl Seeded {
    /// Enters all of it at the gateway at `url`, beside these people.
    pub(super) async fn sow(app: &TestApp, people: People, url: &str) -> Self {
        let api = Api::new(url).unwrap();
        api.sign_up(EMAIL, PASSWORD, NAME, PHONE).await.unwrap();
        api.sign_in(EMAIL, PASSWORD).await.unwrap();
        let home = NewAddress {
            label: LABEL.into(),
            road_address: ROAD.into(),
            detail: DOOR.into(),
            entrance_note: ENTRANCE.into(),
            position: HOME,
            is_default: true,
        };
        let address = api.add_address(&home).await.unwrap().id;
        let body = json!({ "email": EMAIL, "password": PASSWORD, "device": DEVICE });
        let tokens = Rest::to(url).post("/v1/auth/sign-in", body).await.expect(200);
        let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
        let person = Person {
            id: text("user_id"),
            email: EMAIL.to_owned(),
            access_token: text("access_token"),
            refresh_token: text("refresh_token"),
        };
        let seeded = Self { people: people.with_customer(api, address), person, url: url.to_owned() };
        let rest = seeded.rest();
        let agreed = json!({ "agreed": true, "version": 1 });
        rest.put("/v1/users/me/consents/advertising", agreed).await.expect(200);
        let cancelled = seeded.ordered(app).await;
        let cancel = format!("/v1/orders/{cancelled}/cancel");
        rest.post(&cancel, json!({ "reason": REASON })).await.expect(200);
        seeded.people.customer.converse("account", None, MESSAGE).await.unwrap();
        seeded
    }

    pub(super) fn rest(&self) -> Rest {
        Rest::to(&self.url).with_token(&self.person.access_token)
    }

    /// A new order that is paid, with notes.
    async fn ordered(&self, app: &TestApp) -> String {
        let quote = self.people.quote().await;
        let order = json!({ "quote_id": quote, "note": NOTE, "courier_note": COURIER_NOTE });
        let order = self.rest().post("/v1/orders", order).await.expect(201);
        let id = order["id"].as_str().unwrap().to_owned();
        let paid = self.people.customer.pay(id.parse().unwrap(), cards::GOOD).await.unwrap();
        assert_eq!(paid.status, "placed");
        app.run_due_jobs().await;
        id
    }

    /// An order that was brought, and is not completed yet.
    pub(super) async fn delivered(&self, app: &TestApp) -> String {
        let id = self.ordered(app).await;
        let order = id.parse().unwrap();
        let mut phone = tests::people::socket(&self.people.courier);
        self.people.assigned(order, &mut phone, system::now() - TimeDelta::seconds(90)).await;
        self.people.picked_up(order, &phone.line()).await;
        phone.line().step(order, "at_dropoff").await.unwrap();
        phone.line().step(order, "delivered").await.unwrap();
        app.run_due_jobs().await;
        id
    }
}

/// Where in the database a seeded word stands that is not in the schema of what is kept.
pub(super) async fn left(app: &TestApp) -> Vec<String> {
    let mut found = Vec::new();
    for seed in SEEDED {
        let columns = scratch::columns_with(app.database(), seed).await.unwrap();
        let outside = columns.into_iter().filter(|column| !column.starts_with("retained."));
        found.extend(outside.map(|column| format!("{seed} in {column}")));
    }
    found
}
