//! Coupons: claimed as often as there are, used once, taken off to the won, and given back with an order
//! that comes to nothing.

use std::ops::Deref;
use std::time::Duration;

use chrono::TimeDelta;
use domain::order::Times;
use domain::{CampaignId, Clock as _, Principal, Role, SessionId, UserId};
use futures::StreamExt;
use futures::future::join_all;
use serde_json::{Value, json};
use server::Service;
use services::Settings;
use services::coupon::{self, Claim};
use sim::sandbox::toss::cards;
use tests::TestApp;
use tests::rest::Answer;
use tests::shop::{Guest, card, kitchen, open};

use crate::shopping::Shopping;

/// Somebody who shops with coupons.
struct Story {
    shopping: Shopping,
    now: chrono::DateTime<chrono::Utc>,
}

impl Deref for Story {
    type Target = Shopping;

    fn deref(&self) -> &Shopping {
        &self.shopping
    }
}

impl Story {
    async fn begin(app: &TestApp) -> Self {
        Self { shopping: Shopping::begin(app).await, now: app.clock.now() }
    }

    /// 3,000 won off the food, for a day; changed by `change`.
    fn terms(&self, change: &Value) -> Value {
        let mut terms = json!({
            "name": "첫 겨울 할인", "kind": "order", "benefit": { "by": "amount", "won": 3_000 },
            "from": self.now - TimeDelta::hours(1), "until": self.now + TimeDelta::days(1),
        });
        terms.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        terms
    }

    async fn campaign(&self, change: Value) -> Value {
        self.admin.post("/v1/coupon-campaigns", self.terms(&change)).await.expect(201)
    }

    /// The customer claims a coupon of a new campaign; returns the coupon's id.
    async fn claimed(&self, change: Value) -> String {
        let campaign = self.campaign(change).await;
        let coupon = claim(&self.customer, &campaign).await.expect(201);
        coupon["id"].as_str().unwrap().to_owned()
    }

    async fn choose(&self, coupon: &str) -> Answer {
        self.customer.put(&format!("/v1/cart/coupons/{coupon}"), Value::Null).await
    }

    /// A new cart with these coupons is ordered.
    async fn ordered(&self, coupons: &[&str]) -> Value {
        self.fill().await;
        for coupon in coupons {
            self.choose(coupon).await.expect(200);
        }
        self.order(&self.quote().await).await.expect(201)
    }

    async fn state(&self, coupon: &str) -> String {
        let coupons = self.customer.get("/v1/coupons").await.expect(200);
        let found = coupons["items"].as_array().unwrap().iter().find(|it| it["id"] == coupon).cloned();
        found.expect("the coupon")["state"].as_str().unwrap().to_owned()
    }
}

async fn claim(who: &Guest, campaign: &Value) -> Answer {
    who.post("/v1/coupons", json!({ "by": "campaign", "campaign_id": campaign["id"] })).await
}

fn someone(id: u128) -> Principal {
    let session = SessionId(uuid::Uuid::from_u128(1));
    Principal { user: UserId(uuid::Uuid::from_u128(id)), session, roles: vec![Role::Customer] }
}

#[tokio::test]
async fn a_coupon_is_claimed_by_its_code_chosen_in_the_cart_and_taken_off_to_the_won() {
    let app = TestApp::start().await;
    let story = Story::begin(&app).await;
    let customer = &story.customer;
    let tenth = json!({ "by": "percent", "percent": 7, "at_most_won": 5_000 });
    story.campaign(json!({ "code": "winter 26", "benefit": tenth, "minimum_won": 18_000 })).await;
    let by_code = |code: &str| json!({ "by": "code", "code": code });
    for wrong in ["WINTER27", "?"] {
        customer.post("/v1/coupons", by_code(wrong)).await.expect_problem(404, "coupon.unknown_code");
    }
    for wrong in ["", "\u{200b}WINTER26"] {
        customer.post("/v1/coupons", by_code(wrong)).await.expect_problem(422, "invalid");
    }
    let coupon = customer.post("/v1/coupons", by_code(" Winter-26")).await.expect(201);
    customer.post("/v1/coupons", by_code("WINTER26")).await.expect_problem(409, "coupon.already_claimed");
    let offered = customer.get("/v1/coupons/offered").await.expect(200);
    assert_eq!(offered["items"], json!([]), "one with a code is for who knows it");
    let id = coupon["id"].as_str().unwrap();

    story.choose(id).await.expect_problem(409, "cart.empty");
    story.fill().await;
    let previews = customer.get("/v1/cart/coupons").await.expect(200);
    // 7 % of 18,000.
    assert_eq!(previews["items"][0]["discount_won"], 1_260);
    let cart = story.choose(id).await.expect(200);
    assert_eq!((&cart["coupons"][0]["discount_won"], &cart["subtotal_won"]), (&json!(1_260), &json!(18_000)));
    let quote = story.quote().await;
    assert_eq!((&quote["payable_won"], &quote["lines"][0]["discount_won"]), (&json!(19_740), &json!(1_260)));
    assert_eq!(quote["discounts"][0]["name"], "첫 겨울 할인");
    let order = story.order(&quote).await.expect(201);
    assert_eq!((&order["payable_won"], story.state(id).await), (&json!(19_740), "reserved".into()));
    let paid = story.pay(&order, cards::GOOD).await;
    assert_eq!((&paid["status"], story.state(id).await), (&json!("placed"), "redeemed".into()));
    assert_eq!(paid["discounts"][0]["amount_won"], 1_260);
    app.run_due_jobs().await;
    let cart = customer.get("/v1/cart").await.expect(200);
    assert_eq!((&cart["coupons"], &cart["lines"]), (&json!([]), &json!([])));
    story.fill().await;
    story.choose(id).await.expect_problem(409, "coupon.used");
    assert_eq!(customer.get("/v1/cart/coupons").await.expect(200)["items"], json!([]));

    // The restaurant gives it up: what was paid goes back, and the coupon.
    story.command(&story.owner, &order, "reject", json!({ "reason": "too_busy" })).await;
    app.run_due_jobs().await;
    assert_eq!(story.state(id).await, "claimed");
    let ended = customer.get(&format!("/v1/orders/{}", order["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(ended["ending"]["refund_won"], 19_740);
    app.stop().await;
}

#[tokio::test]
async fn of_ten_thousand_claimants_in_two_processes_exactly_as_many_get_a_coupon_as_there_are() {
    const COUPONS: u32 = 300;
    let app = TestApp::start().await;
    let second = app.second_server().await;
    let story = Story::begin(&app).await;
    let campaign = story.campaign(json!({ "total": COUPONS })).await;
    let id: CampaignId = campaign["id"].as_str().unwrap().parse().unwrap();
    let apps = [app.app().clone(), second.app().clone()];
    // Each clicks twice at once.
    let claims = (0..20_000_u128).map(|number| {
        let app = apps[usize::from(number % 2 == 1)].clone();
        async move {
            coupon::claim(&app, &someone(number / 2 + 1), &Claim::Campaign(id), None)
                .await
                .map(|it| it.customer)
        }
    });
    let answers: Vec<_> = futures::stream::iter(claims).buffer_unordered(100).collect().await;
    let (mut got, mut refused) = (Vec::new(), Vec::new());
    for answer in answers {
        match answer {
            Ok(customer) => got.push(customer),
            Err(domain::Failure::Refused(why)) => refused.push(why.code),
            Err(failure) => panic!("{failure:?}"),
        }
    }
    assert_eq!(got.len(), COUPONS as usize);
    got.sort();
    got.dedup();
    assert_eq!(got.len(), COUPONS as usize, "one for each");
    let known = ["coupon.exhausted", "coupon.already_claimed", "conflict"];
    assert!(refused.iter().all(|code| known.contains(code)), "{refused:?}");
    let issued = story.admin.get(&format!("/v1/coupon-campaigns/{id}")).await.expect(200)["issued"].clone();
    assert_eq!(issued, COUPONS);
    let late = claim(&story.customer, &campaign).await;
    late.expect_problem(409, "coupon.exhausted");
    second.stop(Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn a_claim_that_is_repeated_gives_the_same_coupon_although_its_answer_was_never_kept() {
    let app = TestApp::start().await;
    let story = Story::begin(&app).await;
    let campaign = story.campaign(json!({ "per_customer": 5 })).await;
    let id = Claim::Campaign(campaign["id"].as_str().unwrap().parse().unwrap());
    let who = someone(7);
    // As it is when a process dies between the claim and its answer.
    let tries = (0..6).map(|_| coupon::claim(app.app(), &who, &id, Some("the same")));
    let claimed: Vec<_> = join_all(tries).await.into_iter().map(|claimed| claimed.unwrap().id).collect();
    assert!(claimed.iter().all(|id| *id == claimed[0]), "{claimed:?}");
    let another = coupon::claim(app.app(), &who, &id, Some("another")).await.unwrap();
    assert_ne!(another.id, claimed[0]);
    let campaign = format!("/v1/coupon-campaigns/{}", campaign["id"].as_str().unwrap());
    assert_eq!(story.admin.get(&campaign).await.expect(200)["issued"], 2);
    app.stop().await;
}

#[tokio::test]
async fn one_coupon_is_of_one_order_whatever_is_raced_over_two_processes() {
    let app = TestApp::start().await;
    let story = Story::begin(&app).await;
    let second = app.second_server().await;
    let there = story.customer.at(second.address(Service::Gateway).unwrap());
    let coupon = story.claimed(json!({})).await;
    for _ in 0..4 {
        story.fill().await;
        story.choose(&coupon).await.expect(200);
        let (one, other) = (story.quote().await, story.quote().await);
        // The cart changes while it is ordered, by whom and where ever: the newest order has the coupon.
        let (first, changed, again) = tokio::join!(
            story.order(&one),
            there.post("/v1/cart/lines", story.dish.clone()),
            there.post("/v1/orders", json!({ "quote_id": other["quote_id"] })),
        );
        changed.expect(201);
        let newest = there.post("/v1/cart/quote", json!({ "address_id": story.home })).await.expect(201);
        let newest = story.order(&newest).await.expect(201);
        assert_eq!(newest["discounts"][0]["amount_won"], 3_000, "{first:?} {again:?}");
        let coupons = story.customer.get("/v1/coupons").await.expect(200);
        assert_eq!(coupons["items"][0]["order_id"], newest["id"]);
    }
    second.stop(Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn a_coupon_comes_back_with_an_order_that_costs_its_customer_nothing_and_stays_used_otherwise() {
    let app = TestApp::start().await;
    let story = Story::begin(&app).await;
    let coupon = story.claimed(json!({})).await;
    let reason = || json!({ "reason": "마음이 바뀌었어요" });

    let order = story.ordered(&[&coupon]).await;
    story.command(&story.customer, &order, "cancel", reason()).await;
    assert_eq!(story.state(&coupon).await, "claimed");

    let order = story.ordered(&[&coupon]).await;
    story.pay(&order, cards::GOOD).await;
    app.run_due_jobs().await;
    story.command(&story.owner, &order, "accept", json!({ "preparation_mins": 10 })).await;
    story.command(&story.owner, &order, "cancel", reason()).await;
    assert_eq!(story.state(&coupon).await, "claimed");

    // It is being cooked when its customer ends it: they keep paying for the food, less the coupon.
    let order = story.ordered(&[&coupon]).await;
    story.pay(&order, cards::GOOD).await;
    app.run_due_jobs().await;
    story.command(&story.owner, &order, "accept", json!({ "preparation_mins": 10 })).await;
    story.command(&story.owner, &order, "preparing", Value::Null).await;
    let fault = json!({ "fault": "customer", "reason": "고객이 마음을 바꿈" });
    let ended = story.command(&story.admin, &order, "end", fault).await;
    assert_eq!((&ended["payable_won"], &ended["ending"]["refund_won"]), (&json!(18_000), &json!(3_000)));
    assert_eq!(story.state(&coupon).await, "redeemed");
    app.run_due_jobs().await;
    let entries = format!("/v1/ledger/entries?order_id={}", order["id"].as_str().unwrap());
    let entries = story.admin.get(&entries).await.expect(200);
    let all = entries["items"].as_array().unwrap().iter();
    let shared = all.clone().find(|entry| entry["kind"] == "order_shared").unwrap();
    let given = shared["postings"].as_array().unwrap().iter().find(|it| it["account"] == "coupons").unwrap();
    assert_eq!(given["amount_won"], 3_000, "the platform gives it");
    app.stop().await;
}

#[tokio::test]
async fn a_coupon_comes_back_when_its_order_is_not_paid_in_time() {
    let app = TestApp::start_with(short_lived_orders()).await;
    let story = Story::begin(&app).await;
    let coupon = story.claimed(json!({})).await;
    let order = story.ordered(&[&coupon]).await;
    story.pay(&order, cards::DECLINED).await;
    assert_eq!(story.state(&coupon).await, "reserved", "it may still be paid");
    app.advance(short_lived_orders().order.payment).await;
    app.run_due_jobs().await;
    assert_eq!(story.state(&coupon).await, "claimed");
    app.stop().await;
}

/// Orders expire sooner than access tokens.
fn short_lived_orders() -> Settings {
    let order = Times { payment: TimeDelta::minutes(5), ..tests::settings().order };
    Settings { order, ..tests::settings() }
}

#[tokio::test]
async fn an_order_that_costs_nothing_is_placed_without_a_payment() {
    let app = TestApp::start().await;
    let story = Story::begin(&app).await;
    let all = json!({ "benefit": { "by": "percent", "percent": 100, "at_most_won": 1_000_000 } });
    let food = story.claimed(all.clone()).await;
    let mut tip = all;
    tip["kind"] = json!("delivery");
    let tip = story.claimed(tip).await;
    let order = story.ordered(&[&food, &tip]).await;
    assert_eq!((&order["payable_won"], &order["status"]), (&json!(0), &json!("placed")));
    assert_eq!((story.state(&food).await, story.state(&tip).await), ("redeemed".into(), "redeemed".into()));
    app.run_due_jobs().await;
    assert_eq!(story.customer.get("/v1/payments").await.expect(200)["items"], json!([]));
    assert_eq!(story.customer.get("/v1/cart").await.expect(200)["lines"], json!([]));
    story.command(&story.owner, &order, "reject", json!({ "reason": "closing" })).await;
    app.run_due_jobs().await;
    assert_eq!((story.state(&food).await, story.state(&tip).await), ("claimed".into(), "claimed".into()));
    app.stop().await;
}

#[tokio::test]
async fn an_order_that_costs_nothing_holds_its_portions_like_one_that_is_paid() {
    let app = TestApp::start().await;
    let story = Story::begin(&app).await;
    let dish = format!("/v1/menus/{}", story.dish["menu_id"].as_str().unwrap());
    let limited = json!({ "name": "후라이드", "price_won": 9_000, "daily_limit": 5 });
    story.owner.put(&dish, limited).await.expect(200);
    let all = json!({ "by": "percent", "percent": 100, "at_most_won": 1_000_000 });
    let food = story.claimed(json!({ "benefit": all })).await;
    let tip = story.claimed(json!({ "benefit": all, "kind": "delivery" })).await;
    let order = story.ordered(&[&food, &tip]).await;
    assert_eq!(order["status"], "placed");
    app.run_due_jobs().await;
    // Of an unpaid order its customer could have the portions for another one.
    story.fill().await;
    let cart = story.customer.get("/v1/cart").await.expect(200);
    assert_eq!(cart["lines"][0]["left"], 3);
    story.command(&story.owner, &order, "reject", json!({ "reason": "other" })).await;
    let cart = story.customer.get("/v1/cart").await.expect(200);
    assert_eq!(cart["lines"][0]["left"], 5);
    app.stop().await;
}

#[tokio::test]
async fn a_coupon_for_the_first_order_is_of_the_first_order_alone() {
    let app = TestApp::start().await;
    let story = Story::begin(&app).await;
    let first = json!({ "first_order": true });
    let (one, other) = (story.claimed(first.clone()).await, story.claimed(first).await);
    let order = story.ordered(&[&one]).await;
    assert_eq!(order["payable_won"], 18_000);
    // The next cart is quoted before the order is paid, and ordered after it.
    story.fill().await;
    story.choose(&other).await.expect(200);
    let quote = story.quote().await;
    assert_eq!(quote["payable_won"], 18_000);
    story.pay(&order, cards::GOOD).await;
    let refused = story.order(&quote).await;
    assert!(
        ["cart.price_rose", "cart.quote_outdated"].contains(&refused.body["type"].as_str().unwrap()),
        "{}",
        refused.body
    );
    app.run_due_jobs().await;
    story.fill().await;
    let cart = story.choose(&other).await.expect(200);
    assert_eq!(cart["coupons"][0]["inapplicable"]["code"], "not_the_first_order");
    let quote = story.quote().await;
    assert_eq!((&quote["payable_won"], &quote["orderable"]), (&json!(21_000), &json!(true)));
    let told = quote["problems"].as_array().unwrap();
    assert_eq!((told.len(), &told[0]["code"]), (1, &json!("coupon_inapplicable")));
    assert_eq!(story.order(&quote).await.expect(201)["discounts"], json!([]));
    app.stop().await;
}

#[tokio::test]
async fn what_a_quote_promised_holds_over_the_end_of_a_campaign_but_not_over_its_withdrawal() {
    let app = TestApp::start().await;
    let story = Story::begin(&app).await;
    let until = app.clock.now() + TimeDelta::minutes(2);
    let coupon = story.claimed(json!({ "until": until })).await;
    story.fill().await;
    story.choose(&coupon).await.expect(200);
    let quote = story.quote().await;
    app.clock.set_forward(TimeDelta::minutes(3));
    assert_eq!(story.state(&coupon).await, "over");
    assert_eq!(story.order(&quote).await.expect(201)["payable_won"], 18_000);

    let campaign = story.campaign(json!({})).await;
    let coupon = claim(&story.customer, &campaign).await.expect(201);
    story.fill().await;
    story.choose(coupon["id"].as_str().unwrap()).await.expect(200);
    let quote = story.quote().await;
    let path = format!("/v1/coupon-campaigns/{}/withdrawal", campaign["id"].as_str().unwrap());
    let withdrawn = story.admin.post(&path, json!({})).await.expect(200);
    assert_eq!(story.admin.post(&path, json!({})).await.expect(200), withdrawn);
    story.order(&quote).await.expect_problem(409, "cart.price_rose");
    let stranger = Guest::new(&app, Role::Customer).await;
    claim(&stranger, &campaign).await.expect_problem(409, "coupon.over");
    app.stop().await;
}

#[tokio::test]
async fn coupons_are_their_customers_and_campaigns_the_operators() {
    let app = TestApp::start().await;
    let story = Story::begin(&app).await;
    let coupon = story.claimed(json!({})).await;
    let stranger = Guest::new(&app, Role::Customer).await;
    stranger.post("/v1/cart/lines", story.dish.clone()).await.expect(201);
    let path = format!("/v1/cart/coupons/{coupon}");
    stranger.put(&path, Value::Null).await.expect_problem(404, "not_found");
    assert_eq!(stranger.get("/v1/coupons").await.expect(200)["items"], json!([]));
    for who in [&story.customer, &story.owner] {
        let refused = who.post("/v1/coupon-campaigns", story.terms(&json!({}))).await;
        refused.expect_problem(403, "forbidden");
        who.get("/v1/coupon-campaigns").await.expect_problem(403, "forbidden");
    }
    let secret = story.campaign(json!({ "code": "SECRET" })).await;
    claim(&stranger, &secret).await.expect_problem(404, "not_found");
    let twice = story.admin.post("/v1/coupon-campaigns", story.terms(&json!({ "code": "secret" }))).await;
    twice.expect_problem(409, "coupon.code_taken");
    let wrong = story.terms(&json!({
        "name": "\u{202e}", "code": "?", "funder": "restaurant", "kind": "delivery", "per_customer": 0,
    }));
    let refused = story.admin.post("/v1/coupon-campaigns", wrong).await.expect_problem(422, "invalid");
    let pointers: Vec<_> =
        refused["errors"].as_array().unwrap().iter().map(|it| it["pointer"].clone()).collect();
    assert_eq!(pointers, ["/per_customer", "/restaurant_ids", "/funder", "/name", "/code"]);
    for (named, pointer) in [
        (json!({ "restaurant_ids": [story.restaurant, story.customer.id] }), "/restaurant_ids/1"),
        (
            json!({ "kind": "item", "restaurant_ids": [story.restaurant], "menu_ids": [story.customer.id] }),
            "/menu_ids/0",
        ),
    ] {
        let refused = story.admin.post("/v1/coupon-campaigns", story.terms(&named)).await;
        assert_eq!(refused.expect_problem(422, "invalid")["errors"][0]["pointer"], pointer);
    }
    let other = kitchen(story.owner.id, "다른 가게");
    open(app.app(), &other, &card(&other, "찜닭")).await;
    let elsewhere = story.claimed(json!({ "restaurant_ids": [other.id] })).await;
    let here = story.claimed(json!({ "restaurant_ids": [story.restaurant] })).await;
    story.fill().await;
    let cart = story.choose(&elsewhere).await.expect(200);
    assert_eq!(cart["coupons"][0]["inapplicable"]["code"], "other_restaurant");
    let cart = story.choose(&here).await.expect(200);
    assert_eq!(cart["coupons"].as_array().unwrap().len(), 1, "one of a kind");
    assert_eq!(cart["coupons"][0]["discount_won"], 3_000);
    let cart = story.customer.delete(&format!("/v1/cart/coupons/{here}")).await.expect(200);
    assert_eq!(cart["coupons"], json!([]));
    app.stop().await;
}
