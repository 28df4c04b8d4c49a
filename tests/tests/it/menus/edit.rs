//! Owners change their cards: every change is one version, fenced against lost updates.

use chrono::{SubsecRound as _, TimeDelta};
use domain::{Clock as _, Role};
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use server::Service;
use tests::TestApp;
use tests::shop::{Guest, mild};

use super::{Shop, at_version, pointers};

#[tokio::test]
async fn an_owner_builds_a_card_from_nothing_and_a_customer_orders_from_it() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let owner = &shop.owner;
    let group = owner.post(&shop.path("menu-groups"), json!({ "name": " 국밥 " })).await.expect(201);
    assert_eq!(group["version"], 2);
    let group = group["id"].as_str().unwrap().to_owned();
    let draft = json!({
        "name": "돼지국밥", "description": "뚝배기에", "price_won": 9_000, "external_id": "P-1",
        "origins": [{ "ingredient": "돼지고기", "origin": "국내산" }], "allergens": ["pork", "milk", "pork"],
    });
    let dish = owner.post(&format!("/v1/menu-groups/{group}/menus"), draft).await.expect(201);
    let dish = dish["id"].as_str().unwrap().to_owned();
    let draft = json!({ "name": "사리", "min": 1, "max": 3, "free_up_to": 1 });
    let sides = owner.post(&format!("/v1/menus/{dish}/option-groups"), draft).await.expect(201);
    let sides = sides["id"].as_str().unwrap().to_owned();
    let mut options = Vec::new();
    for (name, price) in [("소면", 1_000), ("당면", 2_000)] {
        let draft = json!({ "name": name, "price_won": price, "max_quantity": 2 });
        let option = owner.post(&format!("/v1/option-groups/{sides}/options"), draft).await.expect(201);
        options.push(option["id"].as_str().unwrap().to_owned());
    }

    let offered = shop.offered(&app).await;
    let shown = &offered["groups"][1]["menus"][0];
    assert_eq!((&offered["version"], &offered["groups"][1]["name"]), (&json!(6), &json!("국밥")));
    assert_eq!(shown["allergens"], json!(["milk", "pork"]));
    assert_eq!(shown["origins"][0]["origin"], "국내산");
    assert_eq!(shown["option_groups"][0]["options"][1]["name"], "당면");
    assert!(shown.get("external_id").is_none(), "the owner's own id is for the owner");
    assert_eq!(shop.owned().await["groups"][1]["menus"][0]["external_id"], "P-1");

    // The cheapest of what is chosen is free.
    let customer = Guest::new(&app, Role::Customer).await;
    let pick = |at: usize, quantity| json!({ "option_id": options[at], "quantity": quantity });
    let line = json!({
        "restaurant_id": shop.card.restaurant_id, "menu_id": dish, "quantity": 2,
        "options": [pick(0, 1), pick(1, 2)],
    });
    let cart = customer.post("/v1/cart/lines", line).await.expect(201);
    assert_eq!(cart["lines"][0]["unit_price_won"], 9_000 + 2 * 2_000);
    let home = customer.live_at(tests::shop::YEOKSAM).await;
    let quote = customer.post("/v1/cart/quote", json!({ "address_id": home })).await.expect(201);
    assert_eq!(quote["menu_version"], 6);
    let free: Vec<_> =
        quote["lines"][0]["options"].as_array().unwrap().iter().map(|it| &it["free_quantity"]).collect();
    assert_eq!(free, [1, 0]);
    app.stop().await;
}

#[tokio::test]
async fn things_are_changed_ordered_moved_and_removed_and_keep_their_ids() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let owner = &shop.owner;
    let group = shop.card.groups[0].id;
    let dish = shop.card.menus().next().unwrap();
    let (taste, mild, hot) =
        (&dish.option_groups[0].id, dish.option_groups[0].options[0].id, dish.option_groups[0].options[1].id);
    let added = owner.post(&shop.path("menu-groups"), json!({ "name": "사이드" })).await.expect(201);
    let sides = added["id"].as_str().unwrap().to_owned();
    let menus = format!("/v1/menu-groups/{sides}/menus");
    let chips =
        owner.post(&menus, json!({ "name": "감자", "price_won": 3_000 })).await.expect(201)["id"].clone();

    let changes: [(Method, String, Value); 7] = [
        (Method::PUT, format!("/v1/menu-groups/{group}"), json!({ "name": "치킨" })),
        (Method::PUT, shop.dish(), json!({ "name": "후라이드 반", "price_won": 10_000 })),
        (Method::PUT, format!("/v1/option-groups/{taste}"), json!({ "name": "맵기", "min": 1, "max": 1 })),
        (Method::PUT, format!("/v1/options/{hot}"), json!({ "name": "아주 매운맛", "price_won": 700 })),
        (Method::PUT, format!("/v1/option-groups/{taste}/options/order"), json!({ "ids": [hot, mild] })),
        (Method::PUT, format!("{menus}/order"), json!({ "ids": [dish.id, chips] })),
        (Method::PUT, shop.path("menu-groups/order"), json!({ "ids": [sides, group] })),
    ];
    for (version, (method, path, body)) in (3..).zip(&changes) {
        let changed = at_version(owner, method.clone(), path, version, body.clone()).await.expect(200);
        assert_eq!(changed["version"], version + 1, "{path}");
        // The same change again is none.
        let again = at_version(owner, method.clone(), path, version + 1, body.clone()).await.expect(200);
        assert_eq!(again["version"], version + 1, "{path}");
    }
    let card = shop.owned().await;
    assert_eq!(card["groups"][0]["menus"][0]["id"], json!(dish.id));
    assert_eq!(card["groups"][0]["menus"][0]["name"], "후라이드 반");
    assert_eq!(card["groups"][0]["menus"][1]["id"], chips);
    let options = &card["groups"][0]["menus"][0]["option_groups"][0]["options"];
    assert_eq!((&options[0]["id"], &options[0]["price_won"]), (&json!(hot), &json!(700)));
    assert_eq!((&card["groups"][1]["name"], &card["groups"][1]["menus"]), (&json!("치킨"), &json!([])));

    for path in [
        format!("/v1/options/{mild}"),
        format!("/v1/option-groups/{taste}"),
        shop.dish(),
        format!("/v1/menu-groups/{sides}"),
    ] {
        owner.delete(&path).await.expect(200);
        owner.delete(&path).await.expect_problem(404, "not_found");
    }
    assert_eq!(shop.owned().await["groups"].as_array().unwrap().len(), 1);
    app.stop().await;
}

#[tokio::test]
async fn a_change_is_refused_at_another_version_and_of_many_at_once_none_is_lost() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let second = app.second_server().await;
    let there = shop.owner.at(second.address(Service::Gateway).unwrap());
    let groups = shop.path("menu-groups");
    at_version(&shop.owner, Method::POST, &groups, 9, json!({ "name": "x" }))
        .await
        .expect_problem(412, "stale");
    let adds = (0..12).map(|number| {
        let person = if number % 2 == 0 { &shop.owner } else { &there };
        let body = json!({ "name": format!("분류 {number}") });
        async { person.post(&groups, body).await }
    });
    let added = join_all(adds).await.into_iter().filter(|answer| answer.status == 201).count();
    let card = shop.owned().await;
    assert_eq!(card["groups"].as_array().unwrap().len(), 1 + added);
    assert_eq!(card["version"], 1 + added);
    assert!(added >= 8, "{added}");
    second.stop(std::time::Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn every_fault_is_told_and_only_the_owner_changes_anything() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let owner = &shop.owner;
    let group = format!("/v1/menu-groups/{}/menus", shop.card.groups[0].id);
    let bad = json!({
        "name": " ", "price_won": 10_000_001, "daily_limit": 0, "external_id": "\u{200b}",
        "origins": [{ "ingredient": "닭", "origin": "" }],
    });
    let problem = owner.post(&group, bad).await.expect_problem(422, "invalid");
    assert_eq!(
        pointers(&problem),
        [
            ("/external_id", "forbidden_character"),
            ("/name", "blank"),
            ("/price_won", "out_of_range"),
            ("/daily_limit", "out_of_range"),
            ("/origins/0/origin", "blank"),
        ]
    );
    let menu = shop.card.menus().next().unwrap();
    let hot = format!("/v1/options/{}", menu.option_groups[0].options[1].id);
    let costs = json!({ "name": "매운맛", "price_won": 500, "is_default": true });
    let problem = owner.put(&hot, costs).await.expect_problem(422, "invalid");
    assert_eq!(pointers(&problem), [("/is_default", "default_costs")]);
    owner.put(&hot, json!({ "name": "매운맛", "is_default": true })).await.expect(200);
    let unknown = json!({ "name": "x", "price_won": 1, "allergens": ["unicorn"] });
    let problem = owner.post(&group, unknown).await.expect_problem(422, "invalid");
    assert_eq!(pointers(&problem), [("/allergens/0", "unknown_value")]);
    let order =
        owner.put(&format!("{group}/order"), json!({ "ids": [] })).await.expect_problem(422, "invalid");
    assert_eq!(pointers(&order), [("/ids", "invalid")]);

    let (other, customer) = (Guest::new(&app, Role::Owner).await, Guest::new(&app, Role::Customer).await);
    let dish = json!({ "name": "내 것", "price_won": 1 });
    for (path, body) in [(&group, &dish), (&shop.path("menu-groups"), &json!({ "name": "x" }))] {
        other.post(path, body.clone()).await.expect_problem(404, "not_found");
        customer.post(path, body.clone()).await.expect_problem(403, "forbidden");
    }
    for path in [&hot, &shop.dish()] {
        other.put(path, dish.clone()).await.expect_problem(404, "not_found");
        other.delete(path).await.expect_problem(404, "not_found");
    }
    other.get(&shop.path("card")).await.expect_problem(404, "not_found");
    other.get(&shop.path("price-changes")).await.expect_problem(404, "not_found");
    assert_eq!(shop.owned().await["version"], 2);
    app.stop().await;
}

#[tokio::test]
async fn what_is_hidden_exists_for_its_owner_alone() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let customer = Guest::new(&app, Role::Customer).await;
    customer.post("/v1/cart/lines", mild(&shop.card, 2)).await.expect(201);
    let hidden = json!({ "name": "후라이드", "price_won": 9_000, "hidden": true });
    shop.owner.put(&shop.dish(), hidden).await.expect(200);
    assert_eq!(shop.offered(&app).await["groups"][0]["menus"], json!([]));
    customer.get(&shop.dish()).await.expect_problem(404, "not_found");
    customer.post("/v1/cart/lines", mild(&shop.card, 1)).await.expect_problem(404, "not_found");
    assert_eq!(customer.get("/v1/cart").await.expect(200)["lines"][0]["problem"]["code"], "gone");
    assert_eq!(shop.owned().await["groups"][0]["menus"][0]["hidden"], true);
    app.stop().await;
}

#[tokio::test]
async fn sold_out_until_a_time_ends_exactly_then_also_after_a_restart() {
    let mut app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let end = (app.clock.now() + TimeDelta::hours(2)).trunc_subsecs(6);
    let past = json!({ "sold_out": true, "sold_out_until": end - TimeDelta::hours(3) });
    let problem = shop.owner.patch(&shop.dish(), past).await.expect_problem(422, "invalid");
    assert_eq!(pointers(&problem), [("/sold_out_until", "out_of_range")]);
    let body = json!({ "sold_out": true, "sold_out_until": end });
    let dish = shop.owner.patch(&shop.dish(), body).await.expect(200);
    assert_eq!((&dish["sold_out"], &dish["version"]), (&json!(true), &json!(2)));
    let hot = shop.card.menus().next().unwrap().option_groups[0].options[1].id;
    let good = json!({ "sold_out": true });
    shop.owner.patch(&format!("/v1/options/{hot}"), good).await.expect(200);

    app.clock.set_forward(end - app.clock.now() - TimeDelta::seconds(60));
    let customer = Guest::new(&app, Role::Customer).await;
    customer.post("/v1/cart/lines", mild(&shop.card, 2)).await.expect_problem(409, "menu.sold_out");
    // At that moment, before any job has run, and with the server stopped in between.
    app.restart().await;
    app.clock.set_forward(TimeDelta::seconds(60));
    let customer = Guest::new(&app, Role::Customer).await;
    customer.post("/v1/cart/lines", mild(&shop.card, 2)).await.expect(201);
    let offered = shop.offered(&app).await;
    let menu = &offered["groups"][0]["menus"][0];
    assert_eq!((&menu["sold_out"], menu.get("sold_out_until")), (&json!(false), None));
    assert_eq!(menu["option_groups"][0]["options"][1]["sold_out"], true);
    // A moment later the card tells of it by its version.
    app.advance(TimeDelta::hours(2)).await;
    app.run_due_jobs().await;
    assert_eq!(shop.offered(&app).await["version"], 4);
    app.stop().await;
}

#[tokio::test]
async fn the_owner_reads_who_changed_which_price_when_from_what_to_what() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let owner = &shop.owner;
    let changes = shop.path("price-changes");
    assert_eq!(owner.get(&changes).await.expect(200)["items"], json!([]));
    owner.put(&shop.dish(), json!({ "name": "후라이드", "price_won": 10_000 })).await.expect(200);
    owner.put(&shop.dish(), json!({ "name": "반 마리", "price_won": 10_000 })).await.expect(200);
    let hot = shop.card.menus().next().unwrap().option_groups[0].options[1].id;
    owner.delete(&format!("/v1/options/{hot}")).await.expect(200);
    let page = owner.get(&format!("{changes}?limit=1")).await.expect(200);
    let newest = &page["items"][0];
    assert_eq!((&newest["option_id"], &newest["to_won"]), (&json!(hot), &json!(null)));
    let next = format!("{changes}?cursor={}", page["next_cursor"].as_str().unwrap());
    let items = owner.get(&next).await.expect(200)["items"].clone();
    assert_eq!(items.as_array().unwrap().len(), 1);
    assert_eq!((&items[0]["from_won"], &items[0]["to_won"]), (&json!(9_000), &json!(10_000)));
    assert_eq!((&items[0]["version"], &items[0]["changed_by"]), (&json!(2), &json!(owner.id)));
    let other = uuid::Uuid::nil();
    let of_another = owner.get(&format!("{changes}?menu_id={other}")).await.expect(200);
    assert_eq!(of_another["items"], json!([]));
    app.stop().await;
}
