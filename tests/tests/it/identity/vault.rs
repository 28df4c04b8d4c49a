//! Door codes are sealed at rest, from the first write on and since before there was a vault, and
//! the keys of the vault can be turned.

use chrono::TimeDelta;
use serde_json::{Value, json};
use server::Service;
use sim::system;
use store::scratch;
use store::vault::VaultKeys;
use tests::TestApp;
use tests::people::{People, eventually};
use tests::process::binary;
use tests::rest::Rest;
use tokio::process::Command;

const DOOR_CODE: &str = "공동현관 1234";

async fn plain_columns(app: &TestApp) -> Vec<String> {
    scratch::columns_with(app.database(), DOOR_CODE).await.unwrap()
}

/// The customer of [`People`], by REST.
async fn customer(app: &TestApp) -> Rest {
    app.rest_as(Service::Gateway, &app.sign_in("customer@test.baedal.example").await)
}

/// The entrance note of the customer's only address.
async fn note_of_address(app: &TestApp) -> Value {
    let addresses = customer(app).await.get("/v1/users/me/addresses").await.expect(200);
    addresses.pointer("/items/0/entrance_note").or(addresses.pointer("/0/entrance_note")).unwrap().clone()
}

#[tokio::test]
async fn a_door_code_stands_nowhere_in_the_database_and_is_shown_to_the_courier_who_brings_the_food() {
    let app = TestApp::start().await;
    let people = People::gather(app.app(), &app.url(Service::Gateway)).await;
    // Under a key, so that the answer is kept for whoever asks again.
    let address = json!({
        "label": "회사", "road_address": "서울 강남구 테헤란로 2", "detail": "3층", "entrance_note": DOOR_CODE,
        "position": { "lat": 37.506, "lon": 127.042 }, "is_default": false,
    });
    let add = async || {
        let own = customer(&app).await;
        let request = own.request(reqwest::Method::POST, "/v1/users/me/addresses").json(&address);
        tests::rest::answer(request.header("idempotency-key", "the-same")).await.expect(201)
    };
    assert_eq!(add().await, add().await, "the answer that is kept opens");

    let order = people.placed().await.id;
    let mut phone = tests::people::socket(&people.courier);
    people.assigned(order, &mut phone, system::now() - TimeDelta::seconds(90)).await;
    people.picked_up(order, &phone.line()).await;
    app.run_due_jobs().await;
    assert_eq!(plain_columns(&app).await, [""; 0]);

    let courier = app.sign_in("courier@test.baedal.example").await;
    let delivery = app.rest_as(Service::Gateway, &courier).get(&format!("/v1/deliveries/{order}")).await;
    assert_eq!(delivery.expect(200)["drop_off"]["entrance_note"], DOOR_CODE);
    assert_eq!(note_of_address(&app).await, DOOR_CODE);
    app.stop().await;
}

#[tokio::test]
async fn what_was_written_before_there_was_a_vault_is_sealed_and_still_read() {
    let dump = include_str!("../../../releases/200/dump.sql");
    let head = dump.lines().next().and_then(|line| line.strip_prefix("-- ")).unwrap();
    let ids: Value = serde_json::from_str(head).unwrap();
    let app = TestApp::start_from(dump, serde_json::from_value(ids["taken_at"].clone()).unwrap()).await;
    eventually(|| async { plain_columns(&app).await.is_empty() }).await;
    app.run_due_jobs().await;

    assert_eq!(note_of_address(&app).await, DOOR_CODE);
    let placed = ids["placed"].as_str().unwrap();
    let order = customer(&app).await.get(&format!("/v1/orders/{placed}")).await.expect(200);
    assert_eq!(order["drop_off"]["entrance_note"], DOOR_CODE, "{order}");
    let assigned = ids["assigned"].as_str().unwrap();
    let delivery = customer(&app).await.get(&format!("/v1/deliveries/{assigned}")).await.expect(200);
    assert_eq!(delivery["drop_off"]["entrance_note"], DOOR_CODE);
    app.stop().await;
}

#[tokio::test]
async fn the_keys_are_turned_by_two_commands_and_the_old_one_is_taken_away() {
    let mut app = TestApp::start().await;
    let people = People::gather(app.app(), &app.url(Service::Gateway)).await;
    let order = people.placed().await.id;
    app.run_due_jobs().await;

    let made = Command::new(binary()).arg("new-vault-key").output().await.unwrap();
    assert!(made.status.success());
    let new: VaultKeys = String::from_utf8(made.stdout).unwrap().trim().parse().unwrap();
    app.vault_keys = format!("{},{}", new.reveal(), app.vault_keys.reveal()).parse().unwrap();
    app.restart().await;
    assert_eq!(note_of_address(&app).await, DOOR_CODE, "before the rotation the old key opens");
    let mut rotate = Command::new(binary());
    rotate.arg("rotate-vault").env("DATABASE_URL", app.database_url());
    let rotated = rotate.env("BAEDAL_VAULT_KEYS", app.vault_keys.reveal()).output().await.unwrap();
    assert!(rotated.status.success(), "{rotated:?}");

    app.vault_keys = new;
    app.restart().await;
    assert_eq!(note_of_address(&app).await, DOOR_CODE);
    let read = customer(&app).await.get(&format!("/v1/orders/{order}")).await.expect(200);
    assert_eq!(read["drop_off"]["entrance_note"], DOOR_CODE);
    app.stop().await;
}
