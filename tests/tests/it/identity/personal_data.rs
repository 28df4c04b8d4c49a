//! What the service knows about people: every part of it is tagged, and none of it is logged.

mod consents;
mod profile;

use std::collections::BTreeSet;

use domain::personal_data::document::parts;
use domain::personal_data::{Content, REGISTRY};
use serde_json::{Value, json};
use sim::system;
use tests::TestApp;
use tests::people::{HOME, People};
use tests::process::Logged;
use tests::rest::{PASSWORD, Rest, consents};

/// Compares each document that a test's database has by now with the registry.
pub(crate) async fn every_part_of_every_document_is_tagged(app: &TestApp) {
    for column in REGISTRY {
        let Content::Document(document) = column.content else { continue };
        let all = format!("select {}::text from {} where {0} is not null", column.name, column.table);
        let tags: BTreeSet<&str> = document.pointers().collect();
        for text in store::scratch::texts(app.database(), &all).await.unwrap() {
            let stored: Value = serde_json::from_str(&text).unwrap();
            for part in parts(&stored) {
                assert!(tags.contains(part.as_str()), "{} has {part} without a tag", column.full_name());
            }
        }
    }
}

/// What a person enters, none of which is also a word of the program or can be a part of an id.
const EMAIL: &str = "seeded.minji@inbox.example";
const NAME: &str = "씨앗이름";
const PHONE: &str = "010-9183-4427";
/// As every form of it has it, without its hyphens.
const PHONE_DIGITS: &str = "91834427";
const ROAD: &str = "서울 강남구 씨앗대로 9";
const DOOR: &str = "씨앗동 904호";
const ENTRANCE: &str = "씨앗종 8080";
const NOTE: &str = "씨앗은 덜 맵게";
const REASON: &str = "씨앗의 변심";
const MESSAGE: &str = "씨앗의 문의예요";
const DEVICE: &str = "씨앗의 전화기";

/// Everything that must not stand in a log.
const SEEDED: [&str; 13] =
    [EMAIL, NAME, PHONE, PHONE_DIGITS, ROAD, DOOR, ENTRANCE, NOTE, REASON, MESSAGE, DEVICE, PASSWORD, "씨앗"];

#[tokio::test]
async fn what_people_enter_stands_in_no_log_whether_it_is_taken_or_refused() {
    let mut app = TestApp::start().await;
    let line = People::hire(app.app()).await;
    app.halt().await;
    let redis = std::env::var("REDIS_URL").expect("REDIS_URL names a Redis");
    let logged = Logged::start(&app, &redis, &[]).await;
    let nobody = Rest::to(logged.url());

    let account =
        json!({ "email": EMAIL, "password": PASSWORD, "name": NAME, "phone": PHONE, "consents": consents() });
    nobody.post("/v1/users", account.clone()).await.expect(201);
    nobody.post("/v1/users", account).await.expect_problem(409, "user.email_taken");
    let two_lines = json!({ "email": EMAIL, "password": EMAIL, "name": format!("{NAME}\n"), "phone": NAME });
    nobody.post("/v1/users", two_lines).await.expect_problem(422, "invalid");
    let wrong = json!({ "email": EMAIL, "password": MESSAGE, "device": DEVICE });
    nobody.post("/v1/auth/sign-in", wrong).await.expect(401);
    let right = json!({ "email": EMAIL, "password": PASSWORD, "device": DEVICE });
    let tokens = nobody.post("/v1/auth/sign-in", right).await.expect(200);
    let token = tokens["access_token"].as_str().unwrap().to_owned();
    let person = nobody.with_token(&token);

    let home = json!({
        "label": "집", "road_address": ROAD, "detail": DOOR, "entrance_note": ENTRANCE, "position": HOME,
    });
    let address = person.post("/v1/users/me/addresses", home.clone()).await.expect(201);
    let mut flawed = home;
    flawed["entrance_note"] = json!(format!("{ENTRANCE}\u{202e}"));
    person.post("/v1/users/me/addresses", flawed).await.expect(422);
    let line = json!({
        "restaurant_id": line.restaurant_id, "menu_id": line.menu_id, "quantity": line.quantity,
        "options": line.options, "replace": true,
    });
    person.post("/v1/cart/lines", line).await.expect(201);
    let quote = person.post("/v1/cart/quote", json!({ "address_id": address["id"] })).await.expect(201);
    let order = json!({ "quote_id": quote["quote_id"], "note": NOTE });
    let order = person.post("/v1/orders", order).await.expect(201);
    let order = order["id"].as_str().unwrap();
    person.post(&format!("/v1/orders/{order}/cancel"), json!({ "reason": REASON })).await.expect(200);
    let message = json!({ "topic": "account", "text": MESSAGE, "client_message_id": system::fresh_id() });
    person.post("/v1/conversations", message).await.expect(201);
    person.get(&format!("/v1/places?q={NAME}")).await.expect(200);

    let lines = [logged.of_gateway(), logged.of_behind()].concat();
    assert!(lines.iter().any(|line| line.to_string().contains(order)), "the story is logged");
    for seeded in SEEDED.into_iter().chain([token.as_str()]) {
        // In a path or a query it would be encoded.
        let encoded: String = seeded.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for line in &lines {
            let text = line.to_string();
            assert!(!text.contains(seeded) && !text.to_uppercase().contains(&encoded), "{seeded} in {text}");
        }
    }
    drop(logged);
    app.restart().await;
    app.stop().await;
}
