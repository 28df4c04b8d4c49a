//! Profile, addresses and notification settings.

use domain::Role;
use domain::user::notification::{Category, Channel, Decision, DropReason, Route};
use serde_json::{Value, json};
use server::Service;
use services::user::may_notify;
use tests::TestApp;
use tests::rest::{Person, Rest};

async fn minji(test: &TestApp) -> (Person, Rest) {
    let minji = test.person("minji", &[Role::Customer]).await;
    let rest = test.rest_as(Service::User, &minji);
    (minji, rest)
}

fn route(category: Category, channel: Channel) -> Route {
    Route { category, channel }
}

const SETTINGS: &str = "/v1/users/me/notification-settings";

#[tokio::test]
async fn notification_settings_are_kept_with_a_version_and_nobody_mutes_what_is_critical() {
    let test = TestApp::start().await;
    let (_, rest) = minji(&test).await;
    let first = rest.get(SETTINGS).await;
    assert_eq!(first.headers["etag"], "\"0\"");
    assert_eq!(first.expect(200), json!({ "muted": [], "quiet_hours": null }));

    let wanted = json!({
        "muted": [{ "category": "chat", "channel": "push" }, { "category": "promotion", "channel": "sms" }],
        "quiet_hours": { "from": "23:00:00", "until": "07:00:00" },
    });
    let put = async |body: &Value, known: &str| {
        let request = rest.request(reqwest::Method::PUT, SETTINGS).header("if-match", known).json(body);
        tests::rest::answer(request).await
    };
    let kept = put(&wanted, "\"0\"").await;
    assert_eq!(kept.headers["etag"], "\"1\"");
    assert_eq!(kept.expect(200), wanted);
    put(&wanted, "\"0\"").await.expect_problem(412, "stale");
    assert_eq!(put(&wanted, "\"1\"").await.headers["etag"], "\"2\"");
    assert_eq!(rest.get(SETTINGS).await.expect(200), wanted);

    for category in ["security", "legal"] {
        let body = json!({ "muted": [{ "category": category, "channel": "mail" }], "quiet_hours": null });
        let problem = rest.put(SETTINGS, body).await.expect_problem(422, "invalid");
        let fault = &problem["errors"][0];
        assert_eq!((&fault["pointer"], &fault["code"]), (&json!("/muted/0/category"), &json!("critical")));
    }
    for quiet in
        [json!({ "from": "23:00:00", "until": "23:00:00" }), json!({ "from": "25:00", "until": "07:00:00" })]
    {
        rest.put(SETTINGS, json!({ "muted": [], "quiet_hours": quiet })).await.expect(422);
    }
    assert_eq!(rest.get(SETTINGS).await.expect(200), wanted, "what is refused changes nothing");
    test.stop().await;
}

#[tokio::test]
async fn whoever_sends_asks_settings_and_consents() {
    let test = TestApp::start().await;
    let (minji, rest) = minji(&test).await;
    let user: domain::UserId = minji.id.parse().unwrap();
    let ask = async |category, channel| may_notify(test.app(), user, route(category, channel)).await.unwrap();
    assert_eq!(ask(Category::Promotion, Channel::Mail).await, Decision::Drop(DropReason::NoConsent));
    assert_eq!(ask(Category::OrderStatus, Channel::Push).await, Decision::Send);
    let body = json!({ "agreed": true, "version": 1 });
    rest.put("/v1/users/me/consents/advertising", body).await.expect(200);
    assert_ne!(ask(Category::Promotion, Channel::Mail).await, Decision::Drop(DropReason::NoConsent));
    let muted = json!({ "muted": [{ "category": "promotion", "channel": "mail" }], "quiet_hours": null });
    rest.put(SETTINGS, muted).await.expect(200);
    assert_eq!(ask(Category::Promotion, Channel::Mail).await, Decision::Drop(DropReason::Muted));
    assert_eq!(ask(Category::Security, Channel::Mail).await, Decision::Send);
    test.run_due_jobs().await;
    test.stop().await;
}

#[tokio::test]
async fn a_nickname_is_chosen_changed_and_removed() {
    let test = TestApp::start().await;
    let (_, rest) = minji(&test).await;
    let change = async |body: Value| rest.patch("/v1/users/me", body).await;
    assert_eq!(change(json!({ "nickname": " 치킨요정 " })).await.expect(200)["nickname"], "치킨요정");
    assert_eq!(change(json!({ "name": "김하나" })).await.expect(200)["nickname"], "치킨요정");
    for bad in ["  ", "a\nb", "\u{202e}a", &"가".repeat(21)] {
        let problem = change(json!({ "nickname": bad, "name": "b" })).await.expect_problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/nickname", "{bad:?}");
    }
    let removed = change(json!({ "nickname": "" })).await.expect(200);
    assert_eq!((&removed["nickname"], &removed["name"]), (&Value::Null, &json!("김하나")));
    test.stop().await;
}

#[tokio::test]
async fn an_address_has_its_kind_lot_and_zip_code() {
    let test = TestApp::start().await;
    let (_, rest) = minji(&test).await;
    let found = rest.get("/v1/places/addresses?q=테헤란로 152").await.expect(200)["items"][0].clone();
    assert_eq!(found["zip"], "06236");
    let mut home = json!({
        "label": "집", "kind": "home", "road_address": found["road_address"], "lot_address": found["lot_address"],
        "zip": found["zip"], "position": found["position"],
    });
    let kept = rest.post("/v1/users/me/addresses", home.clone()).await.expect(201);
    for field in ["kind", "road_address", "lot_address", "zip", "position"] {
        assert_eq!(kept[field], home[field], "{field}");
    }
    assert_eq!(kept["dong"], "역삼동");
    for zip in ["6236", "062361", "zip", " "] {
        home["zip"] = json!(zip);
        let problem = rest.post("/v1/users/me/addresses", home.clone()).await.expect_problem(422, "invalid");
        assert_eq!(problem["errors"][0]["code"], "not_a_zip", "{zip}");
    }
    home["zip"] = json!("");
    home["kind"] = json!("castle");
    rest.post("/v1/users/me/addresses", home).await.expect(422);
    let older =
        json!({ "label": "집", "road_address": "테헤란로 1", "position": { "lat": 37.5, "lon": 127.03 } });
    let kept = rest.post("/v1/users/me/addresses", older).await.expect(201);
    assert_eq!(
        (&kept["kind"], &kept["zip"], &kept["lot_address"]),
        (&json!("other"), &Value::Null, &json!(""))
    );
    test.stop().await;
}

#[tokio::test]
async fn a_search_for_addresses_does_without_whoever_knows_them() {
    let test = TestApp::start().await;
    let (_, rest) = minji(&test).await;
    let search = async |q: &str| rest.get(&format!("/v1/places/addresses?q={q}")).await;
    for nothing in ["", "  ", "바다 한가운데 1"] {
        assert_eq!(search(nothing).await.expect(200)["items"], json!([]), "{nothing:?}");
    }
    search(&"가".repeat(101)).await.expect_problem(422, "invalid");
    for broken in ["busy 테헤란로 1", "hangs 테헤란로 1"] {
        search(broken).await.expect_problem(503, "unavailable");
    }
    let nobody = test.rest(Service::User).get("/v1/places/addresses?q=테헤란로 1").await;
    nobody.expect_problem(401, "unauthenticated");
    test.stop().await;
}
