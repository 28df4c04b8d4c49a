//! Carts: filling them, what is refused, and what they would cost.

use domain::menu::Card;
use domain::restaurant::{Hours, Restaurant, Zone};
use domain::{Kind, Role, SessionId, Won};
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use server::Service;
use tests::TestApp;
use tests::database::round_trips;
use tests::rest::answer;
use tests::shop::{Guest, YEOKSAM, card, kitchen, mild, open};

/// A customer and an open kitchen.
async fn story(app: &TestApp) -> (Guest, Restaurant, Card) {
    let (customer, owner) = (Guest::new(app, Role::Customer).await, Guest::new(app, Role::Owner).await);
    let kitchen = kitchen(owner.id, "역삼 치킨");
    let card = card(&kitchen, "후라이드");
    open(app.app(), &kitchen, &card).await;
    (customer, kitchen, card)
}

fn principal(person: &Guest) -> domain::Principal {
    let session = SessionId(uuid::Uuid::from_u128(1));
    domain::Principal { user: person.id, session, roles: vec![Role::Customer] }
}

#[tokio::test]
async fn equal_lines_grow_and_the_sum_is_the_menus() {
    let app = TestApp::start().await;
    let (customer, kitchen, card) = story(&app).await;
    customer.post("/v1/cart/lines", mild(&card, 1)).await.expect(201);
    let mut hot = mild(&card, 2);
    let menu = card.menus().next().unwrap();
    hot["options"] = json!([
        { "option_id": menu.option_groups[1].options[0].id, "quantity": 2 },
        { "option_id": menu.option_groups[0].options[1].id, "quantity": 1 },
    ]);
    customer.post("/v1/cart/lines", hot).await.expect(201);
    let cart = customer.post("/v1/cart/lines", mild(&card, 2)).await.expect(201);
    assert_eq!(cart["lines"].as_array().unwrap().len(), 2);
    assert_eq!(cart["lines"][0]["quantity"], 3);
    assert_eq!(cart["lines"][1]["unit_price_won"], 9_000 + 500 + 2 * 1_000);
    assert_eq!(cart["subtotal_won"], 3 * 9_000 + 2 * 11_500);
    assert_eq!(cart["restaurant_id"], json!(kitchen.id));
    assert_eq!((&cart["version"], &cart["shortfall_won"]), (&json!(3), &json!(0)));

    let line = format!("/v1/cart/lines/{}", cart["lines"][0]["id"].as_str().unwrap());
    let cart = customer.patch(&line, json!({ "quantity": 0 })).await.expect(200);
    assert_eq!(cart["lines"].as_array().unwrap().len(), 1);
    customer.patch(&line, json!({ "quantity": 1 })).await.expect_problem(404, "cart.no_such_line");
    customer.delete("/v1/cart").await.expect(204);
    let empty = customer.get("/v1/cart").await.expect(200);
    assert_eq!((&empty["lines"], &empty["restaurant_id"]), (&json!([]), &Value::Null));
    app.stop().await;
}

#[tokio::test]
async fn another_restaurant_needs_an_explicit_replace() {
    let app = TestApp::start().await;
    let (customer, kitchen_here, first) = story(&app).await;
    let other = kitchen(kitchen_here.owner, "서초 피자");
    let second = card(&other, "고구마 피자");
    open(app.app(), &other, &second).await;
    customer.post("/v1/cart/lines", mild(&first, 1)).await.expect(201);
    let mut line = mild(&second, 1);
    customer.post("/v1/cart/lines", line.clone()).await.expect_problem(409, "cart.other_restaurant");
    line["replace"] = json!(true);
    let cart = customer.post("/v1/cart/lines", line).await.expect(201);
    assert_eq!(cart["restaurant_name"], "서초 피자");
    assert_eq!(cart["lines"].as_array().unwrap().len(), 1);
    app.stop().await;
}

#[tokio::test]
async fn whatever_is_malformed_gets_its_problem_and_changes_nothing() {
    let app = TestApp::start().await;
    let (customer, _, card) = story(&app).await;
    let with = |field: &str, value: Value| {
        let mut line = mild(&card, 1);
        line[field] = value;
        line
    };
    let option = card.menus().next().unwrap().option_groups[0].options[0].id;
    let picks = |quantity: Value| with("options", json!([{ "option_id": option, "quantity": quantity }]));
    for (body, status, pointer) in [
        (with("quantity", json!(0)), 422, "/quantity"),
        (with("quantity", json!(100)), 422, "/quantity"),
        (with("quantity", json!(-1)), 422, "/quantity"),
        (with("quantity", json!(1.5)), 422, "/quantity"),
        (with("quantity", json!(u64::MAX)), 422, "/quantity"),
        (with("quantity", json!(1e300)), 422, "/quantity"),
        (with("quantity", json!("1")), 422, "/quantity"),
        (with("quantity", Value::Null), 422, "/quantity"),
        (with("price_won", json!(1)), 422, "/price_won"),
        (with("menu_id", json!("no id")), 422, "/menu_id"),
        (with("options", json!({})), 422, "/options"),
        (picks(json!(0)), 422, "/options/0/quantity"),
        (picks(json!(-1)), 422, "/options/0/quantity"),
        (picks(json!(4_294_967_296u64)), 422, "/options/0/quantity"),
        (json!([]), 422, ""),
    ] {
        let problem = customer.post("/v1/cart/lines", body.clone()).await.expect(status);
        let found = problem["errors"][0]["pointer"].as_str().unwrap_or_default();
        assert_eq!(found, pointer, "{body}: {problem}");
    }
    for body in [&b"{"[..], b"\xff\xfe", b"{\"quantity\":NaN}", b""] {
        let request = customer.request(Method::POST, "/v1/cart/lines").body(body);
        answer(request.header("content-type", "application/json")).await.expect(400);
    }
    for (body, code) in [
        (with("options", json!([])), "menu.too_few_options"),
        (picks(json!(2)), "menu.option_too_often"),
        (with("options", json!([{ "option_id": card.restaurant_id, "quantity": 1 }])), "menu.unknown_option"),
    ] {
        customer.post("/v1/cart/lines", body).await.expect_problem(409, code);
    }
    let stranger = with("menu_id", json!(card.restaurant_id));
    customer.post("/v1/cart/lines", stranger).await.expect_problem(404, "not_found");
    let nowhere = with("restaurant_id", json!(option));
    customer.post("/v1/cart/lines", nowhere).await.expect_problem(404, "not_found");
    assert_eq!(customer.get("/v1/cart").await.expect(200)["version"], 0);
    app.stop().await;
}

#[tokio::test]
async fn what_belongs_to_others_does_not_exist() {
    let app = TestApp::start().await;
    let (customer, _, card) = story(&app).await;
    let other = Guest::new(&app, Role::Customer).await;
    let cart = customer.post("/v1/cart/lines", mild(&card, 2)).await.expect(201);
    let line = format!("/v1/cart/lines/{}", cart["lines"][0]["id"].as_str().unwrap());
    other.patch(&line, json!({ "quantity": 9 })).await.expect_problem(404, "cart.no_such_line");
    other.delete(&line).await.expect_problem(404, "cart.no_such_line");
    let home = customer.live_at(YEOKSAM).await;
    other.post("/v1/cart/lines", mild(&card, 2)).await.expect(201);
    other.post("/v1/cart/quote", json!({ "address_id": home })).await.expect_problem(404, "not_found");
    let quote = customer.post("/v1/cart/quote", json!({ "address_id": home })).await.expect(201);
    let quote_id = quote["quote_id"].as_str().unwrap().parse().unwrap();
    let find =
        async |person: &Guest| services::cart::find_quote(app.app(), &principal(person), quote_id).await;
    assert!(find(&customer).await.is_ok());
    let foreign = find(&other).await.unwrap_err();
    assert!(matches!(foreign, domain::Failure::Refused(refused) if refused.kind == Kind::NotFound));
    let owner = Guest::new(&app, Role::Owner).await;
    owner.get("/v1/cart").await.expect_problem(403, "forbidden");
    let nobody = reqwest::get(format!("{}/v1/cart", app.url(Service::Cart))).await.unwrap();
    assert_eq!(nobody.status(), 401);
    app.stop().await;
}

fn codes(quote: &Value) -> Vec<&str> {
    quote["problems"].as_array().unwrap().iter().map(|problem| problem["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_quote_tells_what_hinders_the_order() {
    let app = TestApp::start().await;
    let (customer, kitchen, mut card) = story(&app).await;
    let home = customer.live_at(YEOKSAM).await;
    let quote = async || customer.post("/v1/cart/quote", json!({ "address_id": home })).await;
    quote().await.expect_problem(409, "cart.empty");

    customer.post("/v1/cart/lines", mild(&card, 1)).await.expect(201);
    let short = quote().await.expect(201);
    assert_eq!((codes(&short), &short["orderable"]), (vec!["below_minimum"], &json!(false)));
    assert_eq!((&short["shortfall_won"], &short["tip_won"]), (&json!(6_000), &json!(3_000)));
    assert_eq!(short["tip_parts"], json!([{ "kind": "subtotal", "amount_won": 3_000 }]));
    assert_eq!((&short["payable_won"], &short["vat_won"]), (&json!(12_000), &json!(1_091)));

    customer.post("/v1/cart/lines", mild(&card, 1)).await.expect(201);
    let good = quote().await.expect(201);
    assert_eq!((codes(&good), &good["orderable"]), (vec![], &json!(true)));
    assert_eq!((&good["subtotal_won"], &good["payable_won"]), (&json!(18_000), &json!(21_000)));

    let mut closed = kitchen.clone();
    (closed.rules.hours, closed.rules.zones) = (Hours::default(), vec![Zone::Radius { metres: 1 }]);
    let away = customer.live_at((37.51, 127.04)).await;
    open(app.app(), &closed, &card).await;
    let far = customer.post("/v1/cart/quote", json!({ "address_id": away })).await.expect(201);
    assert_eq!((codes(&far), &far["orderable"]), (vec!["closed", "not_deliverable"], &json!(false)));

    card.groups[0].menus[0].sold_out = domain::menu::SoldOut::ForGood;
    open(app.app(), &kitchen, &card).await;
    let sold_out = quote().await.expect(201);
    assert_eq!((codes(&sold_out), &sold_out["lines"]), (vec!["sold_out", "below_minimum"], &json!([])));
    let cart = customer.get("/v1/cart").await.expect(200);
    assert_eq!(cart["lines"][0]["problem"]["code"], "sold_out");
    assert_eq!(cart["subtotal_won"], 0);
    app.stop().await;
}

#[tokio::test]
async fn a_promise_holds_a_rise_needs_consent_and_a_fall_passes_on() {
    let app = TestApp::start().await;
    let (customer, kitchen, mut card) = story(&app).await;
    let (who, home) = (principal(&customer), customer.live_at(YEOKSAM).await);
    customer.post("/v1/cart/lines", mild(&card, 2)).await.expect(201);
    let quote = customer.post("/v1/cart/quote", json!({ "address_id": home })).await.expect(201);
    let id = quote["quote_id"].as_str().unwrap().parse().unwrap();

    let mut at_price = async |price| {
        card.groups[0].menus[0].price = Won(price);
        open(app.app(), &kitchen, &card).await;
        let quote = services::cart::find_quote(app.app(), &who, id).await.unwrap();
        services::cart::honour(app.app(), &who, quote).await
    };
    assert_eq!(at_price(9_000).await.unwrap().payable, Won(21_000));
    assert_eq!(at_price(8_500).await.unwrap().payable, Won(20_000));
    let rise = at_price(9_001).await.unwrap_err();
    assert!(matches!(rise, domain::Failure::Refused(refused) if refused.code == "cart.price_rose"));

    let mut old = store::cart::quote(&app.app().store, customer.id, id).await.unwrap().unwrap();
    old.id = uuid::Uuid::from_u128(5).into();
    old.expires_at = old.made_at;
    let mut tx = app.app().store.begin().await.unwrap();
    store::cart::insert_quote(&mut tx, &old, old.made_at).await.unwrap();
    tx.commit().await.unwrap();
    let late = services::cart::honour(app.app(), &who, old).await.unwrap_err();
    assert!(matches!(late, domain::Failure::Refused(refused) if refused.code == "cart.quote_expired"));
    app.stop().await;
}

#[tokio::test]
async fn what_was_ordered_leaves_the_cart_once_and_what_came_later_stays() {
    let app = TestApp::start().await;
    let (customer, _, card) = story(&app).await;
    customer.post("/v1/cart/lines", mild(&card, 2)).await.expect(201);
    let wish = json!({ "address_id": customer.live_at(YEOKSAM).await });
    let quote = customer.post("/v1/cart/quote", wish).await.expect(201);
    let order = customer.post("/v1/orders", json!({ "quote_id": quote["quote_id"] })).await.expect(201);
    // Before the order is paid one more goes into the cart.
    customer.post("/v1/cart/lines", mild(&card, 1)).await.expect(201);
    let id = order["id"].as_str().unwrap().parse().unwrap();
    let order = services::order::find(app.app(), id).await.unwrap();
    for _ in 0..2 {
        services::cart::take_ordered(app.app(), &order).await.unwrap();
        assert_eq!(customer.get("/v1/cart").await.expect(200)["lines"][0]["quantity"], 1);
    }
    app.stop().await;
}

#[tokio::test]
async fn two_activations_of_one_cart_race_and_every_dish_is_counted() {
    let app = TestApp::start().await;
    let (customer, _, card) = story(&app).await;
    let second = app.second_server().await;
    let there = customer.at(second.address(Service::Gateway).unwrap());
    let adds = (0..40).map(|n| {
        let (person, line) = (if n % 2 == 0 { &customer } else { &there }, mild(&card, 1));
        async move { person.post("/v1/cart/lines", line).await.status }
    });
    let answers = join_all(adds).await;
    let added = answers.iter().filter(|status| status.as_u16() == 201).count();
    assert!(added > 20 && answers.iter().all(|s| matches!(s.as_u16(), 201 | 409)), "{answers:?}");
    for person in [&customer, &there] {
        let cart = person.get("/v1/cart").await.expect(200);
        assert_eq!((&cart["lines"][0]["quantity"], &cart["version"]), (&json!(added), &json!(added)));
        assert_eq!(cart["lines"].as_array().unwrap().len(), 1);
    }
    second.stop(std::time::Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn ordering_the_same_again_fills_the_cart_with_what_can_still_be_had() {
    let app = TestApp::start().await;
    let (customer, kitchen, mut card) = story(&app).await;
    let home = customer.live_at(YEOKSAM).await;
    let mut second = card.groups[0].menus[0].clone();
    second.id = uuid::Uuid::from_u128(77).into();
    second.name = "양념".into();
    second.option_groups.clear();
    card.groups[0].menus.push(second);
    open(app.app(), &kitchen, &card).await;
    let mut other = mild(&card, 1);
    other["menu_id"] = json!(uuid::Uuid::from_u128(77));
    other["options"] = json!([]);
    customer.post("/v1/cart/lines", mild(&card, 2)).await.expect(201);
    customer.post("/v1/cart/lines", other).await.expect(201);
    let quote = customer.post("/v1/cart/quote", json!({ "address_id": home })).await.expect(201);
    let order = customer.post("/v1/orders", json!({ "quote_id": quote["quote_id"] })).await.expect(201);
    let path = format!("/v1/orders/{}/reorder", order["id"].as_str().unwrap());
    customer.delete("/v1/cart").await.expect(204);

    // One dish is dearer today, the other sold out.
    card.groups[0].menus[0].price = Won(9_500);
    card.groups[0].menus[1].sold_out = domain::menu::SoldOut::ForGood;
    open(app.app(), &kitchen, &card).await;
    let stranger = Guest::new(&app, Role::Customer).await;
    stranger.post(&path, json!({})).await.expect_problem(404, "not_found");
    let keyed = || customer.request(Method::POST, &path).header("idempotency-key", "once").json(&json!({}));
    let again = answer(keyed()).await.expect(200);
    assert_eq!(again["left_out"][0]["pointer"], json!("/lines/1"));
    assert_eq!(again["left_out"][0]["code"], json!("sold_out"));
    let line = |cart: &Value| (cart["lines"].as_array().unwrap().len(), cart["lines"][0]["quantity"].clone());
    assert_eq!(line(&again["cart"]), (1, json!(2)));
    assert_eq!(again["cart"]["lines"][0]["unit_price_won"], json!(9_500));
    assert_eq!(answer(keyed()).await.expect(200), again);
    let who = principal(&customer);
    let refill = services::cart::Refill {
        key: Some("once".into()),
        replace: false,
        expected: domain::ExpectedVersion::Any,
    };
    let id = order["id"].as_str().unwrap().parse::<uuid::Uuid>().unwrap().into();
    services::order::reorder(app.app(), &who, id, &refill).await.unwrap();
    assert_eq!(
        line(&customer.get("/v1/cart").await.expect(200)),
        (1, json!(2)),
        "the work itself is done once"
    );
    let stale = customer.request(Method::POST, &path).header("if-match", "\"1\"").json(&json!({}));
    answer(stale).await.expect_problem(412, "stale");

    // Another restaurant's dishes are in the cart: as with any addition.
    let far = tests::shop::kitchen(stranger.id, "선릉 피자");
    let pizza = tests::shop::card(&far, "피자");
    open(app.app(), &far, &pizza).await;
    let mut slice = mild(&pizza, 1);
    slice["replace"] = json!(true);
    customer.post("/v1/cart/lines", slice).await.expect(201);
    customer.post(&path, json!({})).await.expect_problem(409, "cart.other_restaurant");
    let replaced = customer.post(&path, json!({ "replace": true })).await.expect(200);
    assert_eq!(replaced["cart"]["restaurant_name"], json!("역삼 치킨"));

    card.groups[0].menus.clear();
    open(app.app(), &kitchen, &card).await;
    let nothing = customer.post(&path, json!({})).await.expect_problem(409, "order.nothing_to_reorder");
    assert_eq!(nothing["errors"].as_array().unwrap().len(), 2);
    app.stop().await;
}

/// Round trips to PostgreSQL that an addition may make, its key's claim and answer included.
const ADDITION: usize = 6;

#[tokio::test]
async fn adding_a_dish_makes_six_round_trips() {
    let app = TestApp::start().await;
    let (customer, _, card) = story(&app).await;
    let (server, asked) = app.watched_server().await;
    let customer = customer.at(server.address(Service::Gateway).unwrap());
    let add = async |number: i32| {
        asked.take();
        let request = customer.request(Method::POST, "/v1/cart/lines").header("idempotency-key", number);
        answer(request.json(&mild(&card, 1))).await.expect(201);
        round_trips(&asked)
    };
    // The first one reads the menu. Workers may ask something else in between.
    add(0).await;
    let mut asked = Vec::new();
    for number in 1..=5 {
        asked.push(add(number).await);
    }
    let fewest = asked.iter().min_by_key(|asked| asked.len()).unwrap();
    assert!(fewest.iter().any(|line| line.contains("cart.carts")), "nothing was written: {fewest:?}");
    assert!(fewest.len() <= ADDITION, "{} round trips:\n{}", fewest.len(), fewest.join("\n"));
    drop(server);
    app.stop().await;
}

#[tokio::test]
async fn a_change_of_the_menu_is_seen_at_once_by_a_process_that_has_read_it() {
    let app = TestApp::start().await;
    let owner = Guest::new(&app, Role::Owner).await;
    let (customer, _, _) = story(&app).await;
    let kitchen = kitchen(owner.id, "서초 치킨");
    let card = card(&kitchen, "양념");
    open(app.app(), &kitchen, &card).await;
    let second = app.second_server().await;
    let there = customer.at(second.address(Service::Gateway).unwrap());
    let sold_out = async |sold_out: bool| {
        let dish = format!("/v1/menus/{}", card.groups[0].menus[0].id);
        owner.patch(&dish, json!({ "sold_out": sold_out })).await.expect(200);
    };
    there.post("/v1/cart/lines", mild(&card, 1)).await.expect(201);
    sold_out(true).await;
    there.post("/v1/cart/lines", mild(&card, 1)).await.expect_problem(409, "menu.sold_out");
    assert_eq!(there.get("/v1/cart").await.expect(200)["lines"][0]["problem"]["code"], "sold_out");
    sold_out(false).await;
    there.post("/v1/cart/lines", mild(&card, 1)).await.expect(201);

    // The whole card is written anew, and says that it is still the first.
    let mut dearer = card.clone();
    dearer.groups[0].menus[0].price = Won(10_000);
    open(app.app(), &kitchen, &dearer).await;
    let cart = there.post("/v1/cart/lines", mild(&card, 1)).await.expect(201);
    assert_eq!(cart["lines"][0]["unit_price_won"], 10_000);
    drop(second);
    app.stop().await;
}
