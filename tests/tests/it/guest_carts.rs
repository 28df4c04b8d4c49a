//! Carts of guests: what they cost before anybody signs in, and how they become the customer's.

use domain::Role;
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use server::Service;
use tests::TestApp;
use tests::rest::answer;
use tests::shop::{Guest, YEOKSAM, card, kitchen, mild, open};
use uuid::Uuid;

/// A dish of `line`, which is an addition to a cart, as a guest's browser keeps it.
fn kept(line: &Value) -> Value {
    json!({
        "id": Uuid::from_u128(1), "menu_id": line["menu_id"], "quantity": line["quantity"], "options": line["options"],
    })
}

/// The wish of a guest at a place.
fn at_yeoksam(line: &Value) -> Value {
    let position = json!({ "lat": YEOKSAM.0, "lon": YEOKSAM.1 });
    json!({ "restaurant_id": line["restaurant_id"], "lines": [kept(line)], "position": position })
}

#[tokio::test]
async fn a_guest_is_told_what_the_customer_will_pay_and_nothing_is_promised_or_kept() {
    let app = TestApp::start().await;
    let (customer, owner) = (Guest::new(&app, Role::Customer).await, Guest::new(&app, Role::Owner).await);
    let kitchen = kitchen(owner.id, "역삼 치킨");
    let card = card(&kitchen, "후라이드");
    open(app.app(), &kitchen, &card).await;
    let dish = mild(&card, 2);
    let told = app.rest(Service::Gateway).post("/v1/cart/guest/quote", at_yeoksam(&dish)).await.expect(200);
    customer.post("/v1/cart/lines", dish.clone()).await.expect(201);
    let home = customer.live_at(YEOKSAM).await;
    let mut quote = customer.post("/v1/cart/quote", json!({ "address_id": home })).await.expect(201);
    let promised = quote.clone();
    for own in ["quote_id", "expires_at", "drop_off"] {
        assert!(quote.as_object_mut().unwrap().remove(own).is_some() && told.get(own).is_none(), "{own}");
    }
    let mut priced = told.clone();
    for quote in [&mut quote, &mut priced] {
        quote["lines"][0]["id"] = Value::Null;
        // The moment of the quote, plus the same time.
        quote["promised_from"] = Value::Null;
        quote["promised_until"] = Value::Null;
    }
    assert_eq!(priced, quote, "to the won, with its tip, VAT and points");
    assert_eq!((&told["orderable"], &told["binding"]), (&json!(true), &json!(false)));
    let at = |quote: &Value, field: &str| {
        quote[field].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap()
    };
    assert!(
        at(&told, "promised_from") > app.app().now()
            && at(&told, "promised_from") < at(&told, "promised_until")
    );

    // A slot is promised to who orders; where nobody brings it, there is no tip.
    let slot = json!(app.app().now() + chrono::Duration::hours(3));
    let wish = json!({ "address_id": home, "slot": slot.clone() });
    let later = customer.post("/v1/cart/quote", wish).await.expect(201);
    assert_eq!((&later["binding"], &later["promised_from"]), (&json!(true), &later["slot"]));
    let mut wish = at_yeoksam(&dish);
    wish["slot"] = slot;
    let asked = app.rest(Service::Gateway).post("/v1/cart/guest/quote", wish).await.expect(200);
    assert_eq!((&asked["binding"], &asked["promised_from"]), (&json!(false), &later["slot"]));
    let mut collected = at_yeoksam(&dish);
    collected.as_object_mut().unwrap().remove("position");
    let collected = app.rest(Service::Gateway).post("/v1/cart/guest/quote", collected).await.expect(200);
    assert_eq!((&collected["fulfilment"], &collected["tip_won"]), (&json!("pickup"), &json!(0)));
    assert!(promised["tip_won"].as_i64() > Some(0));
    app.stop().await;
}

#[tokio::test]
async fn whatever_a_browser_kept_gets_its_answer() {
    let app = TestApp::start().await;
    let (customer, owner) = (Guest::new(&app, Role::Customer).await, Guest::new(&app, Role::Owner).await);
    let kitchen = kitchen(owner.id, "역삼 치킨");
    let card = card(&kitchen, "후라이드");
    open(app.app(), &kitchen, &card).await;
    let guest = app.rest(Service::Gateway);
    let wish = at_yeoksam(&mild(&card, 2));
    let with = |change: &dyn Fn(&mut Value)| {
        let mut wish = wish.clone();
        change(&mut wish);
        wish
    };
    let ask = async |wish: Value| guest.post("/v1/cart/guest/quote", wish).await;
    ask(with(&|wish| wish["restaurant_id"] = json!(Uuid::from_u128(99))))
        .await
        .expect_problem(404, "not_found");
    ask(with(&|wish| wish["lines"] = json!([]))).await.expect_problem(409, "cart.empty");
    ask(with(&|wish| wish["lines"][0]["price_won"] = json!(1))).await.expect_problem(422, "invalid");
    for quantity in [json!(0), json!(100)] {
        let answer = ask(with(&|wish| wish["lines"][0]["quantity"] = quantity.clone())).await;
        let problem = answer.expect_problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], json!("/lines/0/quantity"));
    }
    ask(with(&|wish| wish["lines"][0]["quantity"] = json!(-1))).await.expect_problem(422, "invalid");
    let many = |wish: &mut Value| wish["lines"] = json!(vec![wish["lines"][0].clone(); 51]);
    ask(with(&many)).await.expect_problem(409, "cart.too_many_lines");

    // A dish that is gone, and options that nobody offers: the rest has its price.
    let stale = with(&|wish| {
        let lines = wish["lines"].as_array_mut().unwrap();
        let (mut gone, mut other) = (lines[0].clone(), lines[0].clone());
        gone["menu_id"] = json!(Uuid::from_u128(99));
        gone["id"] = json!(Uuid::from_u128(2));
        other["options"] = json!([{ "option_id": Uuid::from_u128(99), "quantity": 1 }]);
        other["id"] = json!(Uuid::from_u128(3));
        lines.extend([gone, other]);
    });
    let told = ask(stale.clone()).await.expect(200);
    let problems: Vec<_> = told["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["code"].clone(), one["line_id"].clone()))
        .collect();
    let [two, three] = [2, 3].map(|id| json!(Uuid::from_u128(id)));
    assert_eq!(problems, [(json!("gone"), two), (json!("options_changed"), three)]);
    assert_eq!((told["lines"].as_array().unwrap().len(), &told["orderable"]), (1, &json!(false)));

    let merge = json!({ "restaurant_id": stale["restaurant_id"], "lines": stale["lines"] });
    let merged = customer.post("/v1/cart/merge", merge.clone()).await.expect(200);
    let left_out: Vec<_> =
        merged["left_out"].as_array().unwrap().iter().map(|one| one["code"].clone()).collect();
    assert_eq!(left_out, ["gone", "options_changed"]);
    assert_eq!(merged["cart"]["lines"].as_array().unwrap().len(), 1);
    assert_ne!(
        merged["cart"]["lines"][0]["id"], stale["lines"][0]["id"],
        "ids of a browser may be anybody's"
    );
    guest.post("/v1/cart/merge", merge.clone()).await.expect_problem(401, "unauthenticated");
    owner.post("/v1/cart/merge", merge).await.expect_problem(403, "forbidden");
    app.stop().await;
}

#[tokio::test]
async fn carts_of_two_browsers_are_merged_at_once_and_again_and_nothing_is_doubled() {
    let app = TestApp::start().await;
    let (customer, owner) = (Guest::new(&app, Role::Customer).await, Guest::new(&app, Role::Owner).await);
    let here = kitchen(owner.id, "역삼 치킨");
    let card_here = card(&here, "후라이드");
    open(app.app(), &here, &card_here).await;
    let second = app.second_server().await;
    let there = customer.at(second.address(Service::Gateway).unwrap());
    customer.post("/v1/cart/lines", mild(&card_here, 2)).await.expect(201);

    // Two browsers with the same dish, three and one times, each sent four times over two processes.
    let merge = |quantity: u32| {
        let dish = mild(&card_here, quantity);
        json!({ "restaurant_id": dish["restaurant_id"], "lines": [kept(&dish)] })
    };
    let carts = [("phone", merge(3)), ("laptop", merge(1))];
    let sent = (0..8).map(|n| {
        let (person, (key, body)) = (if n % 2 == 0 { &customer } else { &there }, &carts[n / 4]);
        answer(person.request(Method::POST, "/v1/cart/merge").header("idempotency-key", *key).json(body))
    });
    let answers = join_all(sent).await;
    assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 200 | 409)), "{answers:?}");
    for (key, body) in &carts {
        let again =
            customer.request(Method::POST, "/v1/cart/merge").header("idempotency-key", *key).json(body);
        answer(again).await.expect(200);
    }
    let cart = customer.get("/v1/cart").await.expect(200);
    assert_eq!(cart["lines"].as_array().unwrap().len(), 1);
    assert_eq!(cart["lines"][0]["quantity"], 3, "what is in both carts counts as the larger of them");

    // What was taken out since does not come back with a repeat that lost its answer.
    let line = format!("/v1/cart/lines/{}", cart["lines"][0]["id"].as_str().unwrap());
    customer.patch(&line, json!({ "quantity": 1 })).await.expect(200);
    let again =
        customer.request(Method::POST, "/v1/cart/merge").header("idempotency-key", "phone").json(&carts[0].1);
    answer(again).await.expect(200);
    let who = domain::Principal {
        user: customer.id,
        session: Uuid::from_u128(1).into(),
        roles: vec![Role::Customer],
    };
    let line = domain::cart::GuestLine {
        id: Uuid::from_u128(9).into(),
        menu_id: card_here.menus().next().unwrap().id,
        quantity: 3,
        picks: serde_json::from_value(carts[0].1["lines"][0]["options"].clone()).unwrap(),
    };
    let guest = domain::cart::GuestCart { restaurant_id: here.id, lines: vec![line] };
    services::cart::guest::merge(app.app(), &who, &guest, Some("phone"), false).await.unwrap();
    let cart = customer.get("/v1/cart").await.expect(200);
    assert_eq!(cart["lines"][0]["quantity"], 1, "the merge itself is done once");

    // Another restaurant's dishes: one question, and one answer to it.
    let elsewhere = kitchen(owner.id, "선릉 피자");
    let pizza = card(&elsewhere, "피자");
    open(app.app(), &elsewhere, &pizza).await;
    let dish = mild(&pizza, 1);
    let mut other = json!({ "restaurant_id": dish["restaurant_id"], "lines": [kept(&dish)] });
    customer.post("/v1/cart/merge", other.clone()).await.expect_problem(409, "cart.other_restaurant");
    other["replace"] = json!(true);
    let merged = customer.post("/v1/cart/merge", other).await.expect(200);
    assert_eq!(merged["cart"]["restaurant_name"], json!("선릉 피자"));
    second.stop(std::time::Duration::from_secs(5)).await;
    app.stop().await;
}
