//! A request that is sent again under the same key does its work once.

use chrono::TimeDelta;
use domain::{Role, UserId};
use reqwest::Method;
use serde_json::{Value, json};
use server::Service;
use server::system::OsRandom;
use sha2::{Digest as _, Sha256};
use sim::system;
use store::idempotency::{self, Claim, Key, LeaseHolder};
use tests::TestApp;
use tests::people::{People, eventually};
use tests::rest::{Answer, PASSWORD, Rest, answer};
use tests::shop::{Guest, card, kitchen, mild, open};

const PATH: &str = "/v1/users/me/addresses";

fn home(label: &str) -> Value {
    json!({ "label": label, "road_address": "테헤란로 152", "position": { "lat": 37.49994, "lon": 127.03656 } })
}

async fn post(rest: &Rest, key: &str, body: Value) -> Answer {
    answer(rest.request(Method::POST, PATH).header("idempotency-key", key).json(&body)).await
}

#[tokio::test]
async fn the_same_request_again_gets_the_first_answer() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let rest = app.rest_as(Service::User, &minji);
    let first = post(&rest, "k1", home("집")).await;
    assert!(!first.headers.contains_key("idempotent-replayed"));
    let first = first.expect(201);
    // The key holds on every port.
    for rest in [&rest, &app.rest_as(Service::Gateway, &minji)] {
        let again = post(rest, "k1", home("집")).await;
        assert_eq!(again.headers["idempotent-replayed"], "true");
        assert_eq!(again.headers["content-type"], "application/json");
        assert_eq!(again.expect(201), first);
    }
    // It is the same request, however it is written.
    let text = r#"{ "position": {"lon": 127.03656,  "lat":37.49994}, "road_address":"\ud14c헤란로 152",
        "label" : "집" }"#;
    let written = rest.request(Method::POST, PATH).header("idempotency-key", "k1").body(text);
    let again = answer(written.header("content-type", "application/json")).await;
    assert_eq!((&again.headers["idempotent-replayed"], &again.body), (&"true".parse().unwrap(), &first));
    post(&rest, "k1", home("회사")).await.expect_problem(422, "idempotency.key_reused");
    post(&rest, "k2", home("회사")).await.expect(201);
    assert_eq!(rest.get(PATH).await.expect(200)["items"].as_array().unwrap().len(), 2);
    // Somebody else's key of the same name is another key.
    let stranger = app.person("stranger", &[Role::Customer]).await;
    let theirs = post(&app.rest_as(Service::User, &stranger), "k1", home("집")).await.expect(201);
    assert_ne!(theirs["id"], first["id"]);
    app.stop().await;
}

#[tokio::test]
async fn an_answer_is_kept_however_large_it_is() {
    let app = TestApp::start().await;
    let (customer, owner) = (Guest::new(&app, Role::Customer).await, Guest::new(&app, Role::Owner).await);
    let kitchen = kitchen(owner.id, "역삼 치킨");
    let card = card(&kitchen, &"후라이드 치킨 ".repeat(20_000));
    open(app.app(), &kitchen, &card).await;
    let add = async || {
        let line = customer.request(Method::POST, "/v1/cart/lines").header("idempotency-key", "k1");
        answer(line.json(&mild(&card, 1))).await
    };
    let first = add().await;
    let again = add().await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let first = first.expect(201);
    assert!(first.to_string().len() > 300_000);
    assert_eq!(again.expect(201), first);
    app.stop().await;
}

#[tokio::test]
async fn of_many_at_once_one_does_the_work() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let rest = app.rest_as(Service::User, &minji);
    let answers = futures::future::join_all((0..20).map(|_| post(&rest, "k", home("집")))).await;
    for one in answers {
        if one.status != 201 {
            one.expect_problem(409, "idempotency.in_progress");
        }
    }
    assert_eq!(rest.get(PATH).await.expect(200)["items"].as_array().unwrap().len(), 1);
    app.stop().await;
}

#[tokio::test]
async fn a_refused_request_may_be_mended_under_its_key() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let rest = app.rest_as(Service::User, &minji);
    post(&rest, "k", home("")).await.expect_problem(422, "invalid");
    post(&rest, "k", home("집")).await.expect(201);
    post(&rest, &"k".repeat(256), home("집")).await.expect_problem(400, "idempotency.key_invalid");
    app.stop().await;
}

#[tokio::test]
async fn tokens_are_never_kept_for_a_repeat() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let sign_in = || {
        let body = json!({ "email": minji.email, "password": PASSWORD });
        let request = app.rest(Service::Auth).request(Method::POST, "/v1/auth/sign-in");
        answer(request.header("idempotency-key", "k").json(&body))
    };
    let (first, second) = (sign_in().await, sign_in().await);
    assert_eq!(first.headers["cache-control"], "no-store");
    assert_ne!(first.expect(200)["session_id"], second.expect(200)["session_id"]);
    app.stop().await;
}

#[tokio::test]
async fn a_repeat_need_not_wait_for_a_process_that_died_at_its_work() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let rest = app.rest_as(Service::User, &minji);
    let hash = Sha256::new_with_prefix(PATH).chain_update([0]).chain_update(home("집").to_string());
    let user = minji.id.parse::<uuid::Uuid>().unwrap();
    let key = Key { user: Some(UserId(user)), name: "k".into(), request_hash: hash.finalize().into() };

    // A crashed process holds a fresh claim of the key.
    let now = system::now();
    let gone = LeaseHolder::new(&OsRandom);
    let claim = idempotency::claim(&app.app().store, &key, gone, now, now - TimeDelta::seconds(60)).await;
    assert_eq!(claim.unwrap(), Claim::Ours);
    post(&rest, "k", home("집")).await.expect(201);

    // One that stands is waited for.
    let alive = LeaseHolder::new(&OsRandom);
    let store = app.app().store.clone();
    let standing = tokio::spawn(async move { idempotency::hold_lease(&store, alive).await });
    let key = Key { name: "other".into(), ..key };
    let claim = || idempotency::claim(&app.app().store, &key, alive, now, now - TimeDelta::seconds(60));
    assert_eq!(claim().await.unwrap(), Claim::Ours);
    let Claim::InProgress(Some(held)) = claim().await.unwrap() else { panic!("it is in progress") };
    eventually(|| async { !idempotency::is_orphaned(&app.app().store, held, gone).await.unwrap() }).await;
    post(&rest, "other", home("집")).await.expect_problem(409, "idempotency.in_progress");
    standing.abort();
    app.stop().await;
}

#[tokio::test]
async fn a_dish_that_was_added_by_a_process_that_died_is_not_added_again() {
    let app = TestApp::start().await;
    let line = People::hire(app.app()).await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let rest = app.rest_as(Service::Cart, &minji);
    let add = || async {
        let request = rest.request(Method::POST, "/v1/cart/lines").header("idempotency-key", "k");
        answer(request.json(&json!(line))).await.expect(201)
    };
    let first = add().await;
    // The answer was never kept.
    let all = system::now() + TimeDelta::hours(1);
    assert_eq!(idempotency::drop_old(&app.app().store, all).await.unwrap(), 1);
    assert_eq!(add().await, first);
    app.stop().await;
}
