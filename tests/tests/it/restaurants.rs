//! Finding restaurants, their menus, and the demo city.

use std::collections::HashSet;

use chrono::TimeDelta;
use domain::restaurant::{Category, Hours, Status};
use domain::{LatLon, Role};
use reqwest::Method;
use serde_json::{Value, json};
use server::Service;
use services::demo_city;
use tests::TestApp;
use tests::rest::answer;
use tests::shop::{Guest, YEOKSAM, card, kitchen, open};

const NEAR: &str = "/v1/restaurants?lat=37.5006&lon=127.0364";

fn names(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
}

/// Opens a kitchen so many metres north of Yeoksam station.
async fn open_at(app: &TestApp, owner: &Guest, name: &str, metres: f64, hours: Hours) {
    let mut kitchen = kitchen(owner.id, name);
    kitchen.position = LatLon::new(YEOKSAM.0 + metres / 111_195.0, YEOKSAM.1).unwrap();
    kitchen.rules.hours = hours;
    open(app.app(), &kitchen, &card(&kitchen, "대표 메뉴")).await;
}

#[tokio::test]
async fn open_ones_come_first_then_the_nearest_and_pages_hold_while_others_open() {
    let app = TestApp::start().await;
    let owner = Guest::new(&app, Role::Owner).await;
    for (name, metres) in [("나", 200.0), ("라", 400.0), ("가", 99.5), ("다", 300.0)] {
        open_at(&app, &owner, name, metres, Hours::always()).await;
    }
    open_at(&app, &owner, "닫힌 집", 10.0, Hours::default()).await;
    open_at(&app, &owner, "너무 먼 집", 4_000.0, Hours::always()).await;
    let first = owner.get(&format!("{NEAR}&limit=2")).await.expect(200);
    assert_eq!(names(&first), ["가", "나"]);
    assert_eq!(first["items"][0]["deliverable"], true);
    assert_eq!(
        (&first["items"][0]["tip_won"], &first["items"][0]["distance_m"]),
        (&json!(3_000), &json!(100))
    );
    // Somebody opens nearer by while the second page is asked for.
    open_at(&app, &owner, "새 집", 50.0, Hours::always()).await;
    let next = format!("{NEAR}&limit=10&cursor={}", first["next_cursor"].as_str().unwrap());
    let second = owner.get(&next).await.expect(200);
    assert_eq!(names(&second), ["다", "라", "닫힌 집"]);
    assert_eq!(second["next_cursor"], Value::Null);
    assert_eq!(second["items"][2]["closed_reason"], "day_off");
    for bad in ["&cursor=x", "&limit=0", "&limit=101", "&lat=91", "&category=nothing"] {
        owner.get(&format!("{NEAR}{bad}")).await.expect(422);
    }
    for bad in ["?lat=91&lon=0", "?lat=NaN&lon=0", "?lat=37&lon=inf", "?lat=37", "", "?lat=a&lon=b"] {
        owner.get(&format!("/v1/restaurants{bad}")).await.expect(422);
    }
    app.stop().await;
}

#[tokio::test]
async fn search_finds_by_name_kind_and_dish() {
    let app = TestApp::start().await;
    let owner = Guest::new(&app, Role::Owner).await;
    let chicken = kitchen(owner.id, "역삼 할머니네");
    open(app.app(), &chicken, &card(&chicken, "마늘 간장 치킨")).await;
    let mut pizza = kitchen(owner.id, "고구마 100%");
    pizza.category = Category::Pizza;
    open(app.app(), &pizza, &card(&pizza, "Sweet Potato 피자")).await;
    let found = async |q: &str| {
        let written = reqwest::Url::parse_with_params("http://x/", [("q", q)]).unwrap();
        let page = owner.get(&format!("{NEAR}&{}", written.query().unwrap())).await.expect(200);
        names(&page).join(",")
    };
    assert_eq!(found("할머니").await, "역삼 할머니네");
    assert_eq!(found("치킨").await, "역삼 할머니네");
    assert_eq!(found("간장치킨").await, "역삼 할머니네");
    assert_eq!(found("sweetpotato").await, "고구마 100%");
    assert_eq!(found("100%").await, "고구마 100%");
    assert_eq!(found("%").await, "고구마 100%");
    assert_eq!(found("족발").await, "");
    // As people type: still composing, initial consonants, the wrong keyboard, one wrong letter, NFD.
    for typed in [
        "할ㅁ",
        "ㅎㅁㄴ",
        "ㅁㄴㄱㅈㅊㅋ",
        "간장치ㅋ",
        "clzls",
        "간장치긴",
        "\u{110E}\u{1175}\u{110F}\u{1175}\u{11AB}",
    ] {
        assert_eq!(found(typed).await, "역삼 할머니네", "{typed}");
    }
    let pizzas = owner.get(&format!("{NEAR}&category=pizza")).await.expect(200);
    assert_eq!(names(&pizzas), ["고구마 100%"]);
    app.stop().await;
}

#[tokio::test]
async fn better_matches_come_before_nearer_ones_and_pages_follow_each_other() {
    let app = TestApp::start().await;
    let owner = Guest::new(&app, Role::Owner).await;
    for (name, metres) in [("파자 마당", 10.0), ("빵집", 20.0), ("역삼 피자", 30.0), ("피자 집", 400.0)]
    {
        open_at(&app, &owner, name, metres, Hours::always()).await;
    }
    open_at(&app, &owner, "피자 나라", 5.0, Hours::default()).await;
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = owner.get(&format!("{NEAR}&q=%ED%94%BC%EC%9E%90&limit=1{cursor}")).await.expect(200);
        seen.extend(names(&page).iter().map(ToString::to_string));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    // The closed one is last, however well it matches.
    assert_eq!(seen, ["피자 집", "역삼 피자", "파자 마당", "피자 나라"]);
    app.stop().await;
}

#[tokio::test]
async fn the_owner_alone_says_what_is_sold_out() {
    let app = TestApp::start().await;
    let (owner, other) = (Guest::new(&app, Role::Owner).await, Guest::new(&app, Role::Owner).await);
    let customer = Guest::new(&app, Role::Customer).await;
    let kitchen = kitchen(owner.id, "역삼 치킨");
    let card = card(&kitchen, "후라이드");
    open(app.app(), &kitchen, &card).await;
    let dish = format!("/v1/menus/{}", card.groups[0].menus[0].id);
    let menus = format!("/v1/restaurants/{}/menus", kitchen.id);

    let seen = customer.get(&menus).await;
    let tag = seen.headers["etag"].clone();
    let groups = &seen.expect(200)["groups"];
    assert_eq!(groups[0]["menus"][0]["option_groups"][1]["options"][0]["max_quantity"], 3);
    let again = answer(customer.request(Method::GET, &menus).header("if-none-match", &tag)).await;
    assert_eq!(again.status, 304);

    let sold_out = json!({ "sold_out": true });
    customer.patch(&dish, sold_out.clone()).await.expect_problem(403, "forbidden");
    other.patch(&dish, sold_out.clone()).await.expect_problem(404, "not_found");
    let stale = owner.request(Method::PATCH, &dish).header("if-match", "\"7\"").json(&sold_out);
    answer(stale).await.expect_problem(412, "stale");
    let changed = answer(owner.request(Method::PATCH, &dish).header("if-match", &tag).json(&sold_out)).await;
    assert_eq!(changed.expect(200)["sold_out"], true);
    assert_eq!(customer.get(&dish).await.expect(200)["sold_out"], true);
    let fresh = answer(customer.request(Method::GET, &menus).header("if-none-match", &tag)).await;
    assert_eq!(fresh.expect(200)["version"], 2);

    let mine = owner.get("/v1/restaurants/mine").await.expect(200);
    assert_eq!(names(&mine), ["역삼 치킨"]);
    assert!(names(&other.get("/v1/restaurants/mine").await.expect(200)).is_empty());
    for nothing in
        ["/v1/menus/x", "/v1/restaurants/x", "/v1/restaurants/01920000-0000-7000-8000-000000000001"]
    {
        customer.get(nothing).await.expect(404);
    }
    app.stop().await;
}

#[tokio::test]
async fn the_demo_city_is_loaded_once_and_everybody_in_it_can_order() {
    let app = TestApp::start().await;
    let loaded = demo_city::load(app.app(), 2026).await.unwrap();
    assert_eq!((loaded.accounts, loaded.restaurants), (124, 200));
    let again = demo_city::load(app.app(), 2026).await.unwrap();
    assert_eq!((again.accounts, again.restaurants), (0, 0));

    let gateway = app.rest(Service::Gateway);
    let account = json!({ "email": demo_city::email("customer", 1), "password": demo_city::PASSWORD });
    let tokens = gateway.post("/v1/auth/sign-in", account).await.expect(200);
    let customer = gateway.with_token(tokens["access_token"].as_str().unwrap());
    let addresses = customer.get("/v1/users/me/addresses").await.expect(200);
    let home = &addresses["items"][0];
    let near =
        format!("/v1/restaurants?lat={}&lon={}&limit=100", home["position"]["lat"], home["position"]["lon"]);
    let near = customer.get(&near).await.expect(200);
    let open: Vec<&Value> =
        near["items"].as_array().unwrap().iter().filter(|r| r["open_now"] == true).collect();
    let kinds: HashSet<_> = open.iter().map(|r| r["category"].as_str().unwrap()).collect();
    assert!(open.len() >= 8 && kinds.len() >= 5, "{} open, {kinds:?}", open.len());

    let menus =
        customer.get(&format!("/v1/restaurants/{}/menus", open[0]["id"].as_str().unwrap())).await.expect(200);
    let dishes = menus["groups"].as_array().unwrap().iter().flat_map(|g| g["menus"].as_array().unwrap());
    let dish = dishes.into_iter().find(|dish| dish["sold_out"] == false).unwrap();
    let needed = dish["option_groups"].as_array().unwrap().iter().filter(|group| group["min"] == 1);
    let options = needed.map(|group| json!({ "option_id": group["options"][0]["id"], "quantity": 1 }));
    let line = json!({
        "restaurant_id": open[0]["id"], "menu_id": dish["id"], "quantity": 9, "options": options.collect::<Vec<_>>(),
    });
    customer.post("/v1/cart/lines", line).await.expect(201);
    let quote = customer.post("/v1/cart/quote", json!({ "address_id": home["id"] })).await.expect(201);
    assert_eq!(quote["orderable"], true, "{quote}");
    app.stop().await;
}

#[tokio::test]
async fn a_restaurant_is_shown_with_its_menu_in_one_piece_and_its_tag_changes_with_anything_shown() {
    let app = TestApp::start().await;
    let owner = Guest::new(&app, Role::Owner).await;
    let customer = Guest::new(&app, Role::Customer).await;
    let mut kitchen = kitchen(owner.id, "역삼 치킨");
    let card = card(&kitchen, "후라이드");
    open(app.app(), &kitchen, &card).await;
    let path = format!("/v1/restaurants/{}", kitchen.id);
    let place = format!("?lat={}&lon={}", YEOKSAM.0, YEOKSAM.1);
    let shown = format!("{path}/storefront{place}");

    let first = customer.get(&shown).await;
    let tag = first.headers["etag"].clone();
    let whole = first.expect(200);
    assert_eq!(whole["restaurant"], customer.get(&format!("{path}{place}")).await.expect(200));
    assert_eq!(whole["menu"], customer.get(&format!("{path}/menus")).await.expect(200));
    let ask = async |tag| answer(customer.request(Method::GET, &shown).header("if-none-match", tag)).await;
    assert_eq!(ask(tag.clone()).await.status, 304);
    assert_ne!(customer.get(&format!("{path}/storefront")).await.headers["etag"], tag, "from nowhere");

    // Its people, and the hour: each is seen at once.
    let until = app.app().now() + TimeDelta::minutes(5);
    owner.put(&format!("{path}/pause"), json!({ "until": until })).await.expect(200);
    let paused = ask(tag.clone()).await;
    let tag_of_paused = paused.headers["etag"].clone();
    assert_eq!(paused.expect(200)["restaurant"]["closed_reason"], "paused");
    app.advance(TimeDelta::minutes(6)).await;
    let resumed = ask(tag_of_paused).await.expect(200);
    assert_eq!(resumed["restaurant"], whole["restaurant"]);
    let dish = format!("/v1/menus/{}", card.menus().next().unwrap().id);
    owner.patch(&dish, json!({ "sold_out": true })).await.expect(200);
    let sold_out = ask(tag).await.expect(200);
    assert_eq!(sold_out["menu"]["groups"][0]["menus"][0]["sold_out"], true);

    // One that is prepared does not exist, and neither does one that there never was.
    kitchen.status = Status::Preparing;
    open(app.app(), &kitchen, &card).await;
    customer.get(&shown).await.expect_problem(404, "not_found");
    owner.get("/v1/restaurants/01920000-0000-7000-8000-000000000001/storefront").await.expect(404);
    customer.get(&format!("{path}/storefront?lat=37.5")).await.expect_problem(422, "invalid");
    app.stop().await;
}
