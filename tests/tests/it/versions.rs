//! Nobody undoes a change that they have not seen: `If-Match` on what is changed as a
//! whole, and a version on what is saved as a whole.

use domain::Role;
use reqwest::Method;
use reqwest::header::IF_MATCH;
use serde_json::{Value, json};
use tests::TestApp;
use tests::rest::{Answer, answer};
use tests::shop::{Guest, YEOKSAM, card, kitchen, mild, open};

async fn put(who: &Guest, path: &str, tag: &str, body: Value) -> Answer {
    change(who, Method::PUT, path, tag, body).await
}

async fn change(who: &Guest, method: Method, path: &str, tag: &str, body: Value) -> Answer {
    answer(who.request(method, path).header(IF_MATCH, tag).json(&body)).await
}

fn tag(answer: &Answer) -> String {
    answer.headers["etag"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_cart_that_changed_since_is_not_changed() {
    let app = TestApp::start().await;
    let (customer, owner) = (Guest::new(&app, Role::Customer).await, Guest::new(&app, Role::Owner).await);
    let kitchen = kitchen(owner.id, "역삼 치킨");
    let card = card(&kitchen, "후라이드");
    open(app.app(), &kitchen, &card).await;
    customer.post("/v1/cart/lines", mild(&card, 1)).await.expect(201);
    let seen = customer.get("/v1/cart").await;
    let line = format!("/v1/cart/lines/{}", seen.body["lines"][0]["id"].as_str().unwrap());
    let first = change(&customer, Method::PATCH, &line, &tag(&seen), json!({ "quantity": 5 })).await;
    assert_eq!(first.clone().expect(200)["lines"][0]["quantity"], 5);
    let second = change(&customer, Method::PATCH, &line, &tag(&seen), json!({ "quantity": 1 })).await;
    second.expect_problem(412, "stale");
    for (method, path) in [(Method::DELETE, line.as_str()), (Method::DELETE, "/v1/cart")] {
        change(&customer, method, path, &tag(&seen), Value::Null).await.expect_problem(412, "stale");
    }
    change(&customer, Method::DELETE, "/v1/cart", &tag(&first), Value::Null).await.expect(204);
    app.stop().await;
}

#[tokio::test]
async fn an_address_and_a_courier_that_changed_since_are_not_changed() {
    let app = TestApp::start().await;
    let customer = Guest::new(&app, Role::Customer).await;
    let path = format!("/v1/users/me/addresses/{}", customer.live_at(YEOKSAM).await);
    let address = |detail: &str| {
        let (lat, lon) = YEOKSAM;
        json!({
            "label": "집", "road_address": "서울 강남구 테헤란로 1", "detail": detail, "entrance_note": "",
            "position": { "lat": lat, "lon": lon },
        })
    };
    let seen = tag(&customer.get(&path).await);
    put(&customer, &path, &seen, address("201호")).await.expect(200);
    put(&customer, &path, &seen, address("301호")).await.expect_problem(412, "stale");
    change(&customer, Method::DELETE, &path, &seen, Value::Null).await.expect_problem(412, "stale");
    assert_eq!(customer.get(&path).await.expect(200)["detail"], "201호");
    put(&customer, &path, "*", address("301호")).await.expect(200);

    let courier = Guest::new(&app, Role::Courier).await;
    let seen = tag(&courier.get("/v1/couriers/me").await);
    let describe = |name: &str| json!({ "name": name, "vehicle": "bicycle" });
    put(&courier, "/v1/couriers/me", &seen, describe("새 이름")).await.expect(200);
    put(&courier, "/v1/couriers/me", &seen, describe("옛 이름")).await.expect_problem(412, "stale");
    assert_eq!(courier.get("/v1/couriers/me").await.expect(200)["name"], "새 이름");

    // One of several versions.
    for (path, body) in
        [("/v1/couriers/me", describe("다른 이름")), ("/v1/users/me", json!({ "name": "다른 이름" }))]
    {
        let method = if path == "/v1/users/me" { Method::PATCH } else { Method::PUT };
        let several = format!("\"99\", {}", tag(&courier.get(path).await));
        change(&courier, method.clone(), path, &several, body.clone()).await.expect(200);
        change(&courier, method.clone(), path, &several, body.clone()).await.expect_problem(412, "stale");
        change(&courier, method, path, "*", body).await.expect(200);
    }
    app.stop().await;
}

#[tokio::test]
async fn a_restaurant_that_another_saved_since_is_not_overwritten() {
    let app = TestApp::start().await;
    let owner = Guest::new(&app, Role::Owner).await;
    let new = kitchen(owner.id, "역삼 치킨");
    let store = &app.app().store;
    let save = async |restaurant: &domain::restaurant::Restaurant| {
        let mut tx = store.begin().await.unwrap();
        let saved = store::restaurant::save(&mut tx, restaurant).await;
        tx.commit().await.unwrap();
        saved
    };
    assert_eq!(save(&new).await.unwrap(), 1);
    assert!(matches!(save(&new).await, Err(store::StoreError::Conflict)), "it is not new any more");
    let seen = store::restaurant::load(store, new.id).await.unwrap().unwrap();
    let mut cheaper = seen.clone();
    cheaper.rules.minimum_order = domain::Won(9_000);
    assert_eq!(save(&cheaper).await.unwrap(), 2);
    let renamed = domain::restaurant::Restaurant { name: "새 이름".into(), ..seen };
    assert!(matches!(save(&renamed).await, Err(store::StoreError::Conflict)));
    let stands = store::restaurant::load(store, new.id).await.unwrap().unwrap();
    assert_eq!((stands.rules.minimum_order, stands.name.as_str()), (domain::Won(9_000), "역삼 치킨"));
    app.stop().await;
}
