//! A shop from the application of its owner to its end: what is reviewed, what its people change, and
//! that what is shown is what is charged.

use chrono::{DateTime, TimeDelta, Utc};
use domain::restaurant::{Busy, Restaurant, Rules, Status, Zone};
use domain::tip::{DistanceSteps, Tier, TimeSurcharge};
use domain::week::Span;
use domain::{LatLon, RestaurantId, Role, Won};
use serde_json::{Value, json};
use server::Service;
use sim::sandbox::toss::cards;
use store::scratch;
use tests::TestApp;
use tests::database::round_trips;
use tests::people::People;
use tests::rest::Rest;
use tests::shop::{Guest, YEOKSAM, card, kitchen, mild, open};
use tests::socket::Socket;
use tests::wait::until;
use uuid::Uuid;

const APPLICATIONS: &str = "/v1/restaurant-applications";

fn registration() -> Value {
    json!({
        "name": "역삼 할머니 치킨", "category": "chicken", "phone": "02-555-0100",
        "seller": {
            "business_name": "역삼식품", "representative": "사장님", "business_number": "124-81-00998",
            "mail_order_number": "2026-서울강남-01234", "address": "서울 강남구 테헤란로 123, 1층",
        },
        "position": { "lat": YEOKSAM.0, "lon": YEOKSAM.1 },
        "account": { "bank": "004", "number": "12345601234567", "holder": "사장님" },
    })
}

fn rules() -> Value {
    let mut rules = sim::card::rules();
    rules["tip"]["holiday_won"] = json!(1_000);
    rules
}

/// Signs a guest in again, so that their token has the roles of now.
async fn anew(app: &TestApp, email: &str) -> Rest {
    let person = app.sign_in(email).await;
    app.rest_as(Service::Gateway, &person)
}

async fn names(rest: &Rest) -> Vec<String> {
    let list = format!("/v1/restaurants?lat={}&lon={}", YEOKSAM.0, YEOKSAM.1);
    let page = rest.get(&list).await.expect(200);
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_owner_opens_a_shop_from_nothing() {
    let app = TestApp::start().await;
    let person = app.person("newcomer", &[Role::Customer]).await;
    let applicant = app.rest_as(Service::Gateway, &person);
    let admin = Guest::new(&app, Role::Admin).await;

    let wrong = json!({ "registration": {
        "name": " ", "category": "chicken", "phone": "119",
        "seller": {
            "business_name": "역삼식품", "representative": "사장님", "business_number": "124-81-00997",
            "mail_order_number": null, "address": "서울",
        },
        "position": { "lat": 37.5, "lon": 127.0 },
        "account": { "bank": "004", "number": "1234", "holder": "사장님" },
    } });
    let faults = async |body: Value| {
        let problem = applicant.post(APPLICATIONS, body).await.expect(422);
        let errors = problem["errors"].as_array().unwrap();
        errors.iter().map(|one| one["pointer"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(faults(wrong.clone()).await, ["/registration/seller/business_number"]);
    let mut other = wrong;
    other["registration"]["seller"]["business_number"] = json!("124-81-00998");
    let expected = ["/registration/name", "/registration/phone", "/registration/account/number"];
    assert_eq!(faults(other.clone()).await, expected);
    other["registration"]["account"]["bank"] = json!("999");
    assert_eq!(faults(other).await, ["/registration/account/bank"]);

    let applied = applicant.post(APPLICATIONS, json!({ "registration": registration() })).await.expect(201);
    let at = |verb: &str| format!("{APPLICATIONS}/{}{verb}", applied["id"].as_str().unwrap());
    assert_eq!((&applied["status"], &applied["dong"]), (&json!("submitted"), &json!("역삼동")));
    assert_eq!(applied["account"]["last_digits"], "4567");
    assert!(!applied.to_string().contains("12345601234567"), "the account's number is shown to nobody");
    let stranger = Guest::new(&app, Role::Customer).await;
    stranger.get(&at("")).await.expect(404);
    applicant.post(&at("/approve"), json!({})).await.expect(403);

    let question = json!({ "reason": "영업신고증이 흐려요" });
    let asked = admin.post(&at("/ask-back"), question.clone()).await.expect(200);
    assert_eq!((&asked["status"], &asked["reason"]), (&json!("asked_back"), &json!("영업신고증이 흐려요")));
    admin.post(&at("/approve"), json!({})).await.expect_problem(409, "restaurant.application_answer_awaited");
    applicant.put(&at(""), registration()).await.expect(200);
    let approved = admin.post(&at("/approve"), json!({})).await.expect(200);
    assert_eq!(approved["status"], "approved");
    admin.post(&at("/refuse"), question).await.expect_problem(409, "restaurant.application_not_open");
    applicant.post(&at("/withdraw"), json!({})).await.expect_problem(409, "restaurant.application_not_open");

    let owner = anew(&app, &person.email).await;
    let mine = owner.get("/v1/restaurants/mine").await.expect(200);
    let shop = &mine["items"][0];
    assert_eq!((&shop["status"], &shop["standing"]), (&json!("preparing"), &json!("owner")));
    let id = shop["id"].as_str().unwrap();
    let path = |what: &str| format!("/v1/restaurants/{id}{what}");
    stranger.get(&path("")).await.expect(404);
    assert_eq!(names(&stranger).await, [] as [&str; 0]);
    let missing = owner.post(&path("/publish"), json!({})).await.expect_problem(409, "restaurant.incomplete");
    let pointers: Vec<_> = missing["errors"].as_array().unwrap().iter().map(|one| &one["pointer"]).collect();
    assert_eq!(pointers, ["/hours/ranges", "/menus"]);

    owner.put(&path("/rules"), rules()).await.expect(200);
    let stored: Restaurant =
        store::restaurant::load(&app.app().store, id.parse().unwrap()).await.unwrap().unwrap();
    let mut tx = app.app().store.begin().await.unwrap();
    store::menu::replace(&mut tx, &card(&stored, "후라이드")).await.unwrap();
    tx.commit().await.unwrap();
    let published = owner.post(&path("/publish"), json!({})).await.expect(200);
    assert_eq!(published["status"], "published");
    assert_eq!(names(&stranger).await, ["역삼 할머니 치킨"]);
    let seen = stranger.get(&path("")).await.expect(200);
    assert_eq!(seen["seller"]["business_number"], "124-81-00998");

    // What is reviewed changes by another application, and stays as it is until then.
    let mut renamed = registration();
    renamed["name"] = json!("역삼 할아버지 치킨");
    let change = json!({ "restaurant_id": id, "registration": renamed });
    let changed = owner.post(APPLICATIONS, change.clone()).await.expect(201);
    owner.post(APPLICATIONS, change).await.expect_problem(409, "restaurant.application_open_already");
    assert_eq!(names(&stranger).await, ["역삼 할머니 치킨"]);
    let approve = format!("{APPLICATIONS}/{}/approve", changed["id"].as_str().unwrap());
    admin.post(&approve, json!({})).await.expect(200);
    assert_eq!(names(&stranger).await, ["역삼 할아버지 치킨"]);
    assert_eq!(owner.get(&path("/rules")).await.expect(200)["minimum_order_won"], 12_000);

    // Nobody leaves an open shop behind; given up, it is shown and takes no orders.
    let leave = json!({ "password": tests::rest::PASSWORD });
    owner.post("/v1/users/me/withdrawal", leave.clone()).await.expect_problem(409, "user.live_shops");
    owner.delete(&path("")).await.expect(204);
    assert_eq!(names(&stranger).await, [] as [&str; 0]);
    assert_eq!(stranger.get(&path("")).await.expect(200)["closed_reason"], "closed_down");
    owner.put(&path("/rules"), rules()).await.expect_problem(409, "restaurant.closed_down");
    app.stop().await;
}

#[tokio::test]
async fn a_business_number_belongs_to_one_owner_and_nobody_decides_for_themselves() {
    let app = TestApp::start().await;
    let admin = Guest::new(&app, Role::Admin).await;
    let one = app.person("one", &[Role::Customer]).await;
    let other = app.person("other", &[Role::Customer]).await;
    let mut applied = Vec::new();
    for person in [&one, &other] {
        let rest = app.rest_as(Service::Gateway, person);
        let body = json!({ "registration": registration() });
        let application = rest.post(APPLICATIONS, body).await.expect(201);
        applied.push(format!("{APPLICATIONS}/{}/approve", application["id"].as_str().unwrap()));
    }
    let (first, second) =
        tokio::join!(admin.post(&applied[0], json!({})), admin.post(&applied[1], json!({})));
    let mut outcomes = [(first.status, first.body), (second.status, second.body)];
    outcomes.sort_by_key(|(status, _)| *status);
    assert_eq!(outcomes.each_ref().map(|(status, _)| *status), [200, 409]);
    assert_eq!(outcomes[1].1["type"], "restaurant.business_number_taken");

    let body = json!({ "registration": registration() });
    let own = admin.post(APPLICATIONS, body).await.expect(201);
    let approve = format!("{APPLICATIONS}/{}/approve", own["id"].as_str().unwrap());
    admin.post(&approve, json!({})).await.expect_problem(409, "restaurant.own_application");
    app.stop().await;
}

#[tokio::test]
async fn every_fault_of_the_rules_has_its_pointer_and_an_older_version_loses() {
    let app = TestApp::start().await;
    let owner = Guest::new(&app, Role::Owner).await;
    let shop = kitchen(owner.id, "역삼 치킨");
    open(app.app(), &shop, &card(&shop, "후라이드")).await;
    let path = format!("/v1/restaurants/{}/rules", shop.id);
    let mut wrong = rules();
    wrong["tip"]["tiers"][1]["from_won"] = json!(0);
    wrong["hours"]["ranges"][6]["to_min"] = json!(0);
    wrong["hours"]["special_days"] = json!([
        { "date": "2026-12-25", "ranges": [] }, { "date": "2026-12-25", "ranges": [] },
    ]);
    wrong["zones"][0]["metres"] = json!(20_001);
    wrong["preparation"]["usual_mins"] = json!(91);
    wrong["orders_per_slot"] = json!(0);
    let problem = owner.put(&path, wrong).await.expect(422);
    let pointers: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|one| &one["pointer"]).collect();
    let expected = [
        "/tip/tiers/1/from_won",
        "/hours/ranges/6",
        "/hours/special_days/1",
        "/preparation/usual_mins",
        "/zones/0",
        "/orders_per_slot",
    ];
    assert_eq!(pointers, expected);
    owner.put(&path, rules()).await.expect(200);
    let put = owner.request(reqwest::Method::PUT, &path).header("If-Match", "\"1\"").json(&rules());
    tests::rest::answer(put).await.expect_problem(412, "stale");
    let read = owner.get(&path).await.expect(200);
    assert_eq!(read, rules());
    let limited = {
        let mut rules = rules();
        rules["orders_per_slot"] = json!(1_000);
        rules
    };
    owner.put(&path, limited.clone()).await.expect(200);
    assert_eq!(owner.get(&path).await.expect(200), limited);
    let stranger = Guest::new(&app, Role::Owner).await;
    stranger.put(&path, rules()).await.expect(404);
    app.stop().await;
}

#[tokio::test]
async fn a_pause_ends_at_its_moment_also_if_every_process_died_meanwhile() {
    let mut app = TestApp::start().await;
    let owner = Guest::new(&app, Role::Owner).await;
    let shop = kitchen(owner.id, "역삼 치킨");
    open(app.app(), &shop, &card(&shop, "후라이드")).await;
    let path = format!("/v1/restaurants/{}", shop.id);
    let customer = Guest::new(&app, Role::Customer).await;
    let until = app.app().now() + TimeDelta::minutes(30);
    for wrong in [app.app().now(), app.app().now() + TimeDelta::days(8)] {
        owner.put(&format!("{path}/pause"), json!({ "until": wrong })).await.expect(422);
    }
    owner.put(&format!("{path}/pause"), json!({ "until": until })).await.expect(200);
    let seen = customer.get(&path).await.expect(200);
    let moment = |value: &Value| value.as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    assert_eq!((&seen["open_now"], &seen["closed_reason"]), (&json!(false), &json!("paused")));
    assert_eq!((moment(&seen["next_open_at"]), moment(&seen["changes_at"])), (until, until));

    app.halt().await;
    app.advance(TimeDelta::minutes(29)).await;
    app.restart().await;
    let customer = customer.at(app.address(Service::Gateway));
    assert_eq!(customer.get(&path).await.expect(200)["open_now"], false);
    app.advance(TimeDelta::minutes(1)).await;
    assert_eq!(customer.get(&path).await.expect(200)["open_now"], true, "before any job has run");
    app.run_due_jobs().await;
    let channel = domain::Channel::Restaurant(shop.id);
    let told = store::journal::since(&app.app().store, &channel, 0, 10).await.unwrap();
    let kinds: Vec<_> = told.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["restaurant.paused", "restaurant.resumed"]);
    app.stop().await;
}

#[tokio::test]
async fn who_looks_at_a_restaurant_is_told_what_changes() {
    let app = TestApp::start().await;
    let owner = Guest::new(&app, Role::Owner).await;
    let shop = kitchen(owner.id, "역삼 치킨");
    let menu = card(&shop, "후라이드");
    open(app.app(), &shop, &menu).await;
    let person = app.person("looker", &[Role::Customer]).await;
    let mut socket = Socket::open(app.address(Service::Gateway), &person.access_token).await;
    let channel = format!("restaurant:{}", shop.id);
    let snapshot = socket.follow(&channel).await;
    assert_eq!(snapshot["data"]["open_now"], true, "{snapshot}");
    // At its own port too.
    let mut next_door = Socket::open(app.address(Service::Restaurant), &person.access_token).await;
    assert_eq!(next_door.follow(&channel).await["data"], snapshot["data"]);
    let path = format!("/v1/restaurants/{}", shop.id);
    let until = app.app().now() + TimeDelta::minutes(30);

    owner.put(&format!("{path}/busy"), json!({ "extra_mins": 15, "until": until })).await.expect(200);
    let busy = socket.event("restaurant.busy").await;
    assert_eq!(busy["data"]["preparation_mins"], 35, "{busy}");
    let dish = menu.menus().next().unwrap().id;
    owner.patch(&format!("/v1/menus/{dish}"), json!({ "sold_out": true })).await.expect(200);
    let sold_out = socket.event("restaurant.sold_out").await;
    assert_eq!(sold_out["data"]["menus"], json!([dish]));
    owner.put(&format!("{path}/pause"), json!({ "until": until })).await.expect(200);
    assert_eq!(socket.event("restaurant.paused").await["data"]["open_now"], false);
    owner.delete(&format!("{path}/pause")).await.expect(200);
    assert_eq!(socket.event("restaurant.resumed").await["data"]["open_now"], true);
    owner.delete(&path).await.expect(204);
    socket.event("restaurant.closed_down").await;
    app.stop().await;
}

#[tokio::test]
async fn a_row_of_a_list_is_followed_with_one_query_and_as_fresh_as_its_offset() {
    let app = TestApp::start().await;
    let owner = Guest::new(&app, Role::Owner).await;
    let shop = kitchen(owner.id, "역삼 치킨");
    open(app.app(), &shop, &card(&shop, "후라이드")).await;
    let (server, asked) = app.watched_server().await;
    let address = server.address(Service::Restaurant).unwrap();
    let person = app.person("looker", &[Role::Customer]).await;
    let channel = format!("restaurant:{}", shop.id);
    let follow = async || {
        let mut socket = Socket::open(address, &person.access_token).await;
        asked.take();
        let snapshot = socket.follow(&channel).await;
        (snapshot, round_trips(&asked))
    };
    let pause = format!("/v1/restaurants/{}/pause", shop.id);
    for number in 1..=3 {
        let ends = app.app().now() + TimeDelta::minutes(1);
        owner.put(&pause, json!({ "until": ends })).await.expect(200);
        let (snapshot, _) = follow().await;
        assert_eq!(
            (&snapshot["data"]["open_now"], &snapshot["offset"]),
            (&json!(false), &json!(2 * number - 1))
        );
        // Its end changes no row.
        app.advance(TimeDelta::minutes(1)).await;
        app.run_due_jobs().await;
        // Workers may ask something else in between.
        let asked = until("it is followed with one query", async || {
            let (snapshot, asked) = follow().await;
            let told = (&snapshot["data"]["open_now"], &snapshot["offset"]);
            assert_eq!(told, (&json!(true), &json!(2 * number)));
            (asked.len() == 1).then_some(asked)
        });
        assert!(asked.await[0].contains("journal.feeds"));
    }
    drop(server);
    app.stop().await;
}

#[tokio::test]
async fn staff_do_what_their_role_says_until_they_are_left_out() {
    let app = TestApp::start().await;
    let owner = Guest::new(&app, Role::Owner).await;
    let shop = kitchen(owner.id, "역삼 치킨");
    open(app.app(), &shop, &card(&shop, "후라이드")).await;
    let path = |what: &str| format!("/v1/restaurants/{}{what}", shop.id);
    let cook = app.person("cook", &[Role::Customer]).await;
    let rest = app.rest_as(Service::Gateway, &cook);
    let body = json!({ "email": cook.email, "role": "kitchen" });
    let invited = owner.post(&path("/staff"), body).await.expect(201);
    let accept = format!("/v1/restaurants/invitations/{}/accept", invited["id"].as_str().unwrap());
    rest.post(&accept, json!({})).await.expect(404);
    let proven = "update auth.identities set verified_at = now() where kind = 'email'";
    scratch::run_in(app.database(), proven).await.unwrap();
    let offered = rest.get("/v1/restaurants/invitations").await.expect(200);
    assert_eq!(offered["items"][0]["restaurant_name"], "역삼 치킨");
    let stranger = Guest::new(&app, Role::Customer).await;
    stranger.post(&accept, json!({})).await.expect(404);
    rest.post(&accept, json!({})).await.expect(204);

    let cook_again = app.sign_in(&cook.email).await;
    let rest = app.rest_as(Service::Gateway, &cook_again);
    assert_eq!(rest.get("/v1/restaurants/mine").await.expect(200)["items"][0]["standing"], "kitchen");
    let until = app.app().now() + TimeDelta::minutes(30);
    rest.put(&path("/pause"), json!({ "until": until })).await.expect(200);
    rest.delete(&path("/pause")).await.expect(200);
    let seen = rest.get(&path("/shop")).await.expect(200);
    assert_eq!(seen["account"], Value::Null);
    rest.put(&path("/rules"), rules()).await.expect(403);
    rest.get(&path("/staff")).await.expect(403);
    rest.delete(&path("")).await.expect(403);

    let mut board = Socket::open(app.address(Service::Gateway), &cook_again.access_token).await;
    board.follow(&format!("merchant:{}", shop.id)).await;
    let people = owner.get(&path("/staff")).await.expect(200);
    assert_eq!((&people["members"][0]["name"], &people["invited"]), (&json!("cook"), &json!([])));
    owner.delete(&path(&format!("/staff/{}", cook.id))).await.expect(204);
    let ended = board.next("ended").await;
    assert_eq!(ended["reason"], "not_allowed", "{ended}");
    rest.get(&path("/shop")).await.expect(404);
    app.stop().await;
}

#[tokio::test]
async fn the_tip_and_the_minimum_shown_are_those_charged_at_every_edge() {
    let app = TestApp::start().await;
    let owner = Guest::new(&app, Role::Owner).await;
    let mut shop = kitchen(owner.id, "역삼 치킨");
    shop.rules =
        Rules { minimum_order: Won(18_000), zones: vec![Zone::Radius { metres: 1_500 }], ..shop.rules };
    shop.rules.tip.tiers = [(0, 4_000), (18_000, 3_000), (27_000, 1_500)]
        .map(|(from, tip)| Tier { from: Won(from), tip: Won(tip) })
        .to_vec();
    shop.rules.tip.distance = Some(DistanceSteps { base_m: 500, step_m: 250, step: Won(300) });
    shop.rules.tip.times = vec![TimeSurcharge { spans: Span::daily(0, 24 * 60), surcharge: Won(200) }];
    let menu = card(&shop, "후라이드");
    open(app.app(), &shop, &menu).await;
    let customer = Guest::new(&app, Role::Customer).await;
    for metres in [0.0, 499.0, 501.0, 749.0, 751.0, 1_499.0, 1_501.0] {
        let lat = YEOKSAM.0 + metres / 111_195.0;
        let address = customer.live_at((lat, YEOKSAM.1)).await;
        for quantity in 1..=3 {
            customer.delete("/v1/cart").await.expect(204);
            customer.post("/v1/cart/lines", mild(&menu, quantity)).await.expect(201);
            let quote = customer.post("/v1/cart/quote", json!({ "address_id": address })).await.expect(201);
            let subtotal = i64::from(quantity) * 9_000;
            let asked = format!(
                "/v1/restaurants/{}/preview?lat={lat}&lon={}&subtotal_won={subtotal}",
                shop.id, YEOKSAM.1
            );
            let preview = owner.get(&asked).await.expect(200);
            let at = format!("{metres} m, {subtotal} won");
            let codes = quote["problems"].to_string();
            assert_eq!(preview["deliverable"] == json!(true), !codes.contains("not_deliverable"), "{at}");
            assert_eq!(preview["shortfall_won"], quote["shortfall_won"], "{at}");
            if preview["deliverable"] == json!(true) {
                assert_eq!(preview["tip_won"], quote["tip_won"], "{at}");
            }
            if quantity == 2 {
                // List and detail show the tip of an order of exactly the minimum.
                let place = format!("lat={lat}&lon={}", YEOKSAM.1);
                let detail = customer.get(&format!("/v1/restaurants/{}?{place}", shop.id)).await.expect(200);
                let list = customer.get(&format!("/v1/restaurants?{place}")).await.expect(200);
                assert_eq!(detail["tip_won"], preview["tip_won"], "{at}");
                assert_eq!(detail["deliverable"], preview["deliverable"], "{at}");
                let listed = list["items"].as_array().unwrap();
                assert_eq!(listed.is_empty(), preview["deliverable"] == json!(false), "{at}");
                assert!(listed.iter().all(|one| one["tip_won"] == preview["tip_won"]), "{at}");
            }
        }
    }
    app.stop().await;
}

#[tokio::test]
async fn a_shop_that_wants_it_accepts_by_itself_with_what_it_needs_now() {
    let app = TestApp::start().await;
    let people = People::gather(app.app(), &app.url(Service::Gateway)).await;
    let id: RestaurantId = people.restaurant.into();
    let mut shop = store::restaurant::load(&app.app().store, id).await.unwrap().unwrap();
    let by_hand = people.placed().await;
    app.run_due_jobs().await;
    let order_of = async |id: Uuid| store::order::load(&app.app().store, id.into()).await.unwrap().unwrap();
    assert_eq!(order_of(by_hand.id).await.status.as_str(), "placed");
    shop.rules.accepts_automatically = true;
    shop.busy = Some(Busy { extra_mins: 15, until: app.app().now() + TimeDelta::hours(1) });
    let mut tx = app.app().store.begin().await.unwrap();
    store::restaurant::save(&mut tx, &shop).await.unwrap();
    tx.commit().await.unwrap();
    // It may be accepted before the answer to the payment is written.
    let placed = people.order().await;
    people.customer.pay(placed.id, cards::GOOD).await.expect("paid");
    app.run_due_jobs().await;
    let order = order_of(placed.id).await;
    assert_eq!(order.status.as_str(), "accepted");
    let wait = order.ready_by.unwrap() - app.app().now();
    assert!((TimeDelta::minutes(34)..=TimeDelta::minutes(35)).contains(&wait), "{wait}");
    app.stop().await;
}

#[tokio::test]
async fn a_day_that_an_admin_decrees_is_a_holiday_for_hours_and_tip() {
    let app = TestApp::start().await;
    let (owner, admin) = (Guest::new(&app, Role::Owner).await, Guest::new(&app, Role::Admin).await);
    let mut shop = kitchen(owner.id, "역삼 치킨");
    shop.rules.tip.holiday = Won(1_000);
    open(app.app(), &shop, &card(&shop, "후라이드")).await;
    let today = domain::week::date_of(app.app().now());
    let path = format!("/v1/holidays/{today}");
    let seen = async || {
        let asked = format!("/v1/restaurants/{}?lat={}&lon={}", shop.id, YEOKSAM.0, YEOKSAM.1);
        let seen = owner.get(&asked).await.expect(200);
        (seen["open_now"].clone(), seen["tip_won"].clone())
    };
    admin.delete(&path).await.expect(204);
    assert_eq!(seen().await, (json!(true), json!(3_000)));
    owner.put(&path, json!({ "name": "임시공휴일" })).await.expect(403);
    admin.put(&path, json!({ "name": "임시공휴일" })).await.expect(204);
    assert_eq!(seen().await, (json!(true), json!(4_000)));
    let mut follows = shop.clone();
    follows.rules.hours.closed_on_holidays = true;
    open(app.app(), &follows, &card(&shop, "후라이드")).await;
    assert_eq!(seen().await.0, json!(false));
    let first = &owner.get("/v1/holidays").await.expect(200)["items"][0];
    assert_eq!(first, &json!({ "date": today, "name": "임시공휴일" }));
    app.stop().await;
}

#[tokio::test]
async fn an_admin_registers_a_shop_and_gives_it_to_another_owner() {
    let app = TestApp::start().await;
    let admin = Guest::new(&app, Role::Admin).await;
    let first = app.person("first", &[Role::Customer]).await;
    let second = app.person("second", &[Role::Customer]).await;
    let new = json!({ "owner_id": first.id, "registration": registration() });
    app.rest_as(Service::Gateway, &first).post("/v1/restaurants", new.clone()).await.expect(403);
    let shop = admin.post("/v1/restaurants", new).await.expect(201);
    let path = |what: &str| format!("/v1/restaurants/{}{what}", shop["id"].as_str().unwrap());
    let owner = anew(&app, &first.email).await;
    owner.get(&path("/shop")).await.expect(200);
    // Whoever applied while the shop was theirs changes nothing of it, its account above all, later.
    let change = json!({ "restaurant_id": shop["id"], "registration": registration() });
    let applied = owner.post(APPLICATIONS, change).await.expect(201);
    let given = json!({ "owner_id": second.id, "reason": "양도양수 계약" });
    admin.put(&path("/owner"), given).await.expect(204);
    owner.get(&path("/shop")).await.expect(404);
    let approve = format!("{APPLICATIONS}/{}/approve", applied["id"].as_str().unwrap());
    admin.post(&approve, json!({})).await.expect_problem(409, "restaurant.other_owner");
    let owner = anew(&app, &second.email).await;
    assert_eq!(owner.get(&path("/shop")).await.expect(200)["standing"], "owner");
    let id = shop["id"].as_str().unwrap().parse().unwrap();
    let stored = store::restaurant::load(&app.app().store, id).await.unwrap().unwrap();
    assert_eq!(
        (stored.status, stored.position),
        (Status::Preparing, LatLon::new(YEOKSAM.0, YEOKSAM.1).unwrap())
    );
    app.stop().await;
}
