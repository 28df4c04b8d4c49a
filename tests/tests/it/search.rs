//! Finding restaurants in the catalogue of a process, which is in step with the database.

use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use domain::catalogue::Wanted;
use domain::restaurant::{Category, Destination, Hours, Restaurant, Zone};
use domain::search::Query;
use domain::week::Span;
use domain::{LatLon, Role, UserId};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use server::Service;
use services::search;
use sim::system;
use store::scratch;
use tests::TestApp;
use tests::rest::Rest;
use tests::shop::{Guest, YEOKSAM, card, kitchen, open};
use tests::wait::eventually;

const NEAR: &str = "/v1/restaurants?lat=37.5006&lon=127.0364";

fn names(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

/// The names of the restaurants near Yeoksam, with these parameters.
async fn near(rest: &Rest, parameters: &[(&str, &str)]) -> Vec<String> {
    let url = reqwest::Url::parse_with_params("http://x/", parameters).unwrap();
    names(&rest.get(&format!("{NEAR}&{}", url.query().unwrap_or_default())).await.expect(200))
}

/// A kitchen so many metres north of Yeoksam station.
fn kitchen_at(owner: UserId, name: &str, metres: f64) -> Restaurant {
    let position = LatLon::new(YEOKSAM.0 + metres / 111_195.0, YEOKSAM.1).unwrap();
    Restaurant { position, ..kitchen(owner, name) }
}

/// Waits until the process has read all restaurants.
async fn whole(app: &services::App) {
    let to = Destination { position: LatLon::new(YEOKSAM.0, YEOKSAM.1).unwrap(), dong: None };
    let wanted = Wanted {
        to,
        at: app.now(),
        category: None,
        radius_m: None,
        tag: None,
        query: None,
        holidays: &app.holidays(),
    };
    eventually(|| async { search::by_catalogue(app, &wanted, None, 1).await.is_some() }).await;
}

/// Settings with which only messages tell of changes.
fn never_looking() -> services::Settings {
    let mut settings = tests::settings();
    settings.catalogue.poll = Some(Duration::from_secs(3_600));
    settings
}

#[tokio::test]
async fn what_one_process_changes_is_found_by_the_other_without_looking() {
    let app = TestApp::start_joined(never_looking()).await;
    let second = app.second_server().await;
    whole(second.app()).await;
    let owner = Guest::new(&app, Role::Owner).await;
    let there = owner.at(second.address(Service::Restaurant).unwrap());
    let mut chicken = kitchen(owner.id, "역삼 할머니네");
    open(app.app(), &chicken, &card(&chicken, "마늘 간장 치킨")).await;
    eventually(|| async { near(&there, &[("q", "간장치킨")]).await == ["역삼 할머니네"] }).await;
    // Its menu alone.
    open(app.app(), &chicken, &card(&chicken, "족발")).await;
    eventually(|| async { near(&there, &[("q", "족발")]).await == ["역삼 할머니네"] }).await;
    assert!(near(&there, &[("q", "간장치킨")]).await.is_empty());
    // It moves away.
    chicken.position = LatLon::new(35.1, 129.0).unwrap();
    open(app.app(), &chicken, &card(&chicken, "족발")).await;
    eventually(|| async { near(&there, &[]).await.is_empty() }).await;
    // Here it was found at once, each time.
    assert!(near(&owner, &[]).await.is_empty());
    second.stop(Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn a_change_whose_message_was_lost_is_found_by_looking() {
    let app = TestApp::start().await;
    // Without Redis, the other process hears of nothing.
    let second = app.second_server().await;
    whole(second.app()).await;
    let owner = Guest::new(&app, Role::Owner).await;
    let there = owner.at(second.address(Service::Restaurant).unwrap());
    let (early, late) = (kitchen_at(owner.id, "먼저", 10.0), kitchen_at(owner.id, "나중", 20.0));
    open(app.app(), &late, &card(&late, "라면")).await;
    eventually(|| async { near(&there, &[]).await == ["나중"] }).await;
    // A transaction that is numbered before others, and committed after they were seen.
    let mut tx = app.app().store.begin().await.unwrap();
    store::restaurant::save(&mut tx, &early).await.unwrap();
    open(app.app(), &late, &card(&late, "쫄면")).await;
    eventually(|| async { near(&there, &[("q", "쫄면")]).await == ["나중"] }).await;
    assert_eq!(near(&there, &[]).await, ["나중"]);
    tx.commit().await.unwrap();
    eventually(|| async { near(&there, &[]).await == ["먼저", "나중"] }).await;
    // And what was written by nobody who knows of catalogues.
    let rename = "update restaurant.restaurants set name = '새 이름' where name = '먼저'";
    scratch::run_in(app.database(), rename).await.unwrap();
    eventually(|| async { near(&there, &[]).await == ["새 이름", "나중"] }).await;
    second.stop(Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn who_closes_or_is_paused_moves_down_at_that_moment() {
    let app = TestApp::start_with(never_looking()).await;
    let owner = Guest::new(&app, Role::Owner).await;
    // Noon in Seoul, some day ahead.
    let now = app.app().now();
    let noon = DateTime::parse_from_rfc3339("2030-11-20T03:00:00Z").unwrap().to_utc();
    app.clock.set_forward(noon - now);
    let mut until_one = kitchen_at(owner.id, "한 시까지", 10.0);
    until_one.rules.hours = Hours { ranges: Span::daily(9 * 60, 13 * 60), ..Hours::default() };
    let mut paused = kitchen_at(owner.id, "쉬는 집", 20.0);
    paused.paused_until = Some(noon + TimeDelta::minutes(90));
    let always = kitchen_at(owner.id, "늘 여는 집", 30.0);
    for one in [&until_one, &paused, &always] {
        open(app.app(), one, &card(one, "라면")).await;
    }
    whole(app.app()).await;
    let guest = app.rest(Service::Restaurant);
    let to = |mins: i64, secs: i64| {
        let ahead = noon + TimeDelta::minutes(mins) + TimeDelta::seconds(secs) - app.app().now();
        app.clock.set_forward(ahead);
    };
    assert_eq!(near(&guest, &[]).await, ["한 시까지", "늘 여는 집", "쉬는 집"]);
    to(59, 50);
    assert_eq!(near(&guest, &[]).await, ["한 시까지", "늘 여는 집", "쉬는 집"]);
    to(60, 0);
    assert_eq!(near(&guest, &[]).await, ["늘 여는 집", "한 시까지", "쉬는 집"]);
    to(89, 50);
    assert_eq!(near(&guest, &[]).await, ["늘 여는 집", "한 시까지", "쉬는 집"]);
    to(90, 0);
    assert_eq!(near(&guest, &[]).await, ["쉬는 집", "늘 여는 집", "한 시까지"]);
    app.stop().await;
}

#[tokio::test]
async fn pages_follow_each_other_while_restaurants_change() {
    let app = TestApp::start().await;
    let owner = Guest::new(&app, Role::Owner).await;
    let shops = ["가", "나", "다", "라", "마"];
    let shops: Vec<_> =
        (1..).zip(shops).map(|(number, name)| kitchen_at(owner.id, name, f64::from(number) * 10.0)).collect();
    for shop in &shops {
        open(app.app(), shop, &card(shop, "라면")).await;
    }
    let first = owner.get(&format!("{NEAR}&limit=2")).await.expect(200);
    assert_eq!(names(&first), ["가", "나"]);
    // One that was seen is paused, one that was not has another name and another menu, and a new one is nearest.
    let paused = Restaurant { paused_until: Some(app.app().now() + TimeDelta::hours(1)), ..shops[0].clone() };
    let renamed = Restaurant { name: "새 라".into(), ..shops[3].clone() };
    for shop in [paused, renamed, kitchen_at(owner.id, "새 집", 5.0)] {
        open(app.app(), &shop, &card(&shop, "쫄면")).await;
    }
    let rest = format!("{NEAR}&limit=9&cursor={}", first["next_cursor"].as_str().unwrap());
    let rest = names(&owner.get(&rest).await.expect(200));
    // Who was paused is told again, as it stands now: nobody else twice, and nobody not at all.
    assert_eq!(rest, ["다", "새 라", "마", "가"]);
    app.stop().await;
}

#[tokio::test]
async fn restaurants_are_found_by_address_and_within_a_radius() {
    let app = TestApp::start().await;
    let owner = Guest::new(&app, Role::Owner).await;
    for (name, metres) in [("가까운 집", 100.0), ("먼 집", 1_500.0)] {
        let shop = kitchen_at(owner.id, name, metres);
        open(app.app(), &shop, &card(&shop, "라면")).await;
    }
    assert_eq!(near(&owner, &[("radius_m", "1000")]).await, ["가까운 집"]);
    let at = async |address: &str, more: &str| {
        let url = reqwest::Url::parse_with_params("http://x/", [("address", address)]).unwrap();
        owner.get(&format!("/v1/restaurants?{}{more}", url.query().unwrap())).await
    };
    // A neighbourhood is known here, a road by somebody else.
    for address in ["역삼동", "강남구 역삼동", "테헤란로 1"] {
        let first = at(address, "&limit=1").await.expect(200);
        let rest =
            at(address, &format!("&cursor={}", first["next_cursor"].as_str().unwrap())).await.expect(200);
        let mut found = [names(&first), names(&rest)].concat();
        found.sort();
        assert_eq!(found, ["가까운 집", "먼 집"], "{address}");
    }
    at("없는 곳 1", "").await.expect_problem(422, "invalid");
    at("역삼동", "&lat=37.5&lon=127").await.expect(422);
    for bad in
        ["", "?lat=37.5", "?lat=37.5&lon=127&radius_m=0", "?lat=37.5&lon=127&radius_m=20001", "?address="]
    {
        owner.get(&format!("/v1/restaurants{bad}")).await.expect(422);
    }
    app.stop().await;
}

#[tokio::test]
async fn suggestions_follow_what_is_typed() {
    let app = TestApp::start().await;
    let owner = Guest::new(&app, Role::Owner).await;
    let mut pizza = kitchen(owner.id, "치즈 마을");
    pizza.category = Category::Pizza;
    open(app.app(), &pizza, &card(&pizza, "치즈볼")).await;
    let chicken = kitchen(owner.id, "역삼 할머니네");
    open(app.app(), &chicken, &card(&chicken, "치즈볼")).await;
    let far = Restaurant { position: LatLon::new(35.1, 129.0).unwrap(), ..kitchen(owner.id, "치악산") };
    open(app.app(), &far, &card(&far, "치킨까스")).await;
    whole(app.app()).await;
    let suggested = async |typed: &str| {
        let asked = [("lat", "37.5006"), ("lon", "127.0364"), ("q", typed)];
        let url = reqwest::Url::parse_with_params("http://x/", asked).unwrap();
        let found = owner.get(&format!("/v1/restaurants/suggestions?{}", url.query().unwrap())).await;
        found.expect(200)["items"].clone()
    };
    let category = json!({ "kind": "category", "category": "chicken", "text": "치킨", "restaurants": 1 });
    let restaurant = json!({ "kind": "restaurant", "id": pizza.id, "text": "치즈 마을" });
    let dish = json!({ "kind": "dish", "text": "치즈볼", "restaurants": 2 });
    assert_eq!(suggested("ㅊ").await, json!([category, restaurant, dish]));
    assert_eq!(suggested("치").await, json!([category, restaurant, dish]));
    assert_eq!(suggested("치ㅈ").await, json!([restaurant, dish]));
    assert_eq!(suggested("ㅊㅈㅂ").await, json!([dish]));
    assert_eq!(suggested("clwmqhf").await, json!([dish]));
    assert_eq!(suggested("치즈불").await, json!([dish]));
    assert_eq!(suggested("까스").await, json!([]));
    assert_eq!(suggested(" ").await, json!([]));
    owner.get("/v1/restaurants/suggestions?lat=91&lon=0&q=a").await.expect(422);
    owner.get("/v1/restaurants/suggestions?lat=37&lon=127").await.expect(422);
    app.stop().await;
}

/// A restaurant, somewhere in the south of Seoul.
fn somewhere(luck: &mut StdRng, owner: UserId) -> Restaurant {
    let names = ["역삼 치킨", "교촌치킨", "치킨나라", "피자 나라", "BHC", "나라 분식", "족발야시장"];
    let mut shop = kitchen(owner, names.choose(luck).unwrap());
    let place = |luck: &mut StdRng| {
        LatLon::new(luck.random_range(37.45..37.55), luck.random_range(126.95..127.1)).unwrap()
    };
    shop.position = place(luck);
    shop.category = *Category::ALL.choose(luck).unwrap();
    shop.tags = luck.random_bool(0.3).then(|| "1인분".to_owned()).into_iter().collect();
    shop.rules.zones = (0..luck.random_range(0..3))
        .map(|_| match luck.random_range(0..3) {
            0 => Zone::Radius { metres: luck.random_range(1..=20_000) },
            1 => Zone::Dongs {
                dongs: [11_680_101, 11_680_103, 11_650_108].map(domain::gazetteer::DongCode).into(),
            },
            _ => Zone::Polygon { outline: (0..4).map(|_| place(luck)).collect() },
        })
        .collect();
    let from = luck.random_range(0..1_440);
    shop.rules.hours.ranges = Span::daily(from, from + luck.random_range(1..=1_440));
    shop.paused_until =
        luck.random_bool(0.2).then(|| system::now() + TimeDelta::minutes(luck.random_range(-60..60)));
    shop
}

#[tokio::test]
async fn the_catalogue_answers_as_the_database_does() {
    let app = TestApp::start().await;
    let seed = system::luck();
    println!("seed {seed}");
    let mut luck = StdRng::seed_from_u64(seed);
    let owner = Guest::new(&app, Role::Owner).await;
    let dishes = ["후라이드 치킨", "양념치킨", "치즈피자", "떡볶이", "족발 중", "콜라", "김치찌개"];
    let mut shops = Vec::new();
    let typed = ["ㅊ", "치ㅋ", "치킨", "ㅊㅋ", "clzls", "나라", "교촌치긴", "한식", "ㅍㅈ", "없는것", "콜라"];
    for round in 0..40 {
        // Some are new, others change.
        for _ in 0..3 {
            let mut shop = somewhere(&mut luck, owner.id);
            if round % 2 == 1 {
                shop.id = *shops.choose(&mut luck).unwrap();
            }
            shops.push(shop.id);
            open(app.app(), &shop, &card(&shop, dishes.choose(&mut luck).unwrap())).await;
        }
        whole(app.app()).await;
        for _ in 0..5 {
            let query = luck.random_bool(0.7).then(|| Query::read(typed.choose(&mut luck).unwrap()).unwrap());
            let holidays = app.app().holidays();
            let position = somewhere(&mut luck, owner.id).position;
            let wanted = Wanted {
                to: Destination {
                    position,
                    dong: app.app().gazetteer.locate(position).map(|place| place.code),
                },
                at: app.app().now() + TimeDelta::minutes(luck.random_range(-1_440..1_440)),
                category: luck.random_bool(0.2).then(|| *Category::ALL.choose(&mut luck).unwrap()),
                radius_m: luck.random_bool(0.2).then(|| luck.random_range(1..5_000)),
                tag: luck.random_bool(0.2).then_some("1인분"),
                query: query.as_ref(),
                holidays: &holidays,
            };
            let mut after = None;
            loop {
                let page = search::by_catalogue(app.app(), &wanted, after, 7).await.unwrap();
                assert_eq!(page, search::by_database(app.app(), &wanted, after, 7).await.unwrap());
                match page.last() {
                    Some((rank, _)) if page.len() == 7 => after = Some(*rank),
                    _ => break,
                }
            }
        }
    }
    app.stop().await;
}
