//! Rate limits, and the answer to a client that exceeds them.

use std::time::Duration;

use chrono::TimeDelta;
use domain::Role;
use serde_json::json;
use server::Service;
use services::Settings;
use services::limits::{self, LimitClass, Outage, Rate};
use tests::TestApp;
use tests::people::eventually;
use tests::redis::Redis;
use tests::rest::{Answer, PASSWORD};

use crate::connections::gateway_before_orders;
use tests::wait::real_time_passes;

/// So many at once, and then next to none.
fn few(burst: u32) -> Rate {
    Rate { limit: 1, per: Duration::from_secs(600), burst, outage: Outage::Open }
}

/// All of 127.0.0.0/8 is this machine: without the exemption it is many addresses.
fn settings() -> Settings {
    let mut settings = tests::settings();
    settings.sockets.unlimited_networks = Vec::new();
    settings
}

fn wait(answer: &Answer) -> u64 {
    answer.headers["retry-after"].to_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn who_asks_too_often_waits_and_others_do_not() {
    let mut settings = settings();
    settings.limits.user = few(3);
    let app = TestApp::start_with(settings).await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let junho = app.person("junho", &[Role::Customer]).await;
    let hers = app.rest_as(Service::User, &minji);
    for left in [2, 1, 0] {
        let answer = hers.get("/v1/users/me").await;
        let told = answer.headers["ratelimit"].to_str().unwrap();
        assert!(told.starts_with(&format!("\"user\";r={left};t=0, \"address\";r=")), "{told}");
        let policy = answer.headers["ratelimit-policy"].to_str().unwrap();
        assert!(policy.starts_with("\"user\";q=1;w=600, \"address\";q="), "{policy}");
        answer.expect(200);
    }
    let refused = hers.get("/v1/users/me").await;
    assert!((590..=600).contains(&wait(&refused)));
    assert!(refused.headers["ratelimit"].to_str().unwrap().starts_with("\"user\";r=0;t="));
    refused.expect_problem(429, "limited");
    app.rest_as(Service::User, &junho).get("/v1/users/me").await.expect(200);
    // Health checks have no limit.
    for path in ["/healthz", "/readyz"] {
        let answer = hers.get(path).await;
        assert!(answer.status.is_success() && !answer.headers.contains_key("ratelimit"), "{path}");
    }
    app.stop().await;
}

#[tokio::test]
async fn an_address_that_asks_too_often_waits_and_another_does_not() {
    let mut settings = settings();
    settings.limits.address = few(2);
    let app = TestApp::start_with(settings).await;
    let crowd = app.rest(Service::Support);
    crowd.get("/v1/faqs").await.expect(200);
    // A made-up token is no way around it.
    crowd.with_token("x").get("/v1/faqs").await;
    let refused = crowd.with_token("y").get("/v1/faqs").await;
    assert!(wait(&refused) >= 1);
    refused.expect_problem(429, "limited");
    crowd.from_address("127.0.0.2".parse().unwrap()).get("/v1/faqs").await.expect(200);
    app.stop().await;
}

#[tokio::test]
async fn the_addresses_of_one_ipv6_network_share_a_limit() {
    let mut settings = settings();
    settings.limits.sign_up = few(2);
    let app = TestApp::start_with(settings).await;
    let allowed = async |from: &str| {
        let counted = limits::count(app.app(), "user", None, from.parse().unwrap(), LimitClass::SignUp).await;
        counted.iter().all(|rule| rule.taken.allowed)
    };
    assert!(allowed("2001:db8::1").await && allowed("2001:db8::ffff:2").await);
    assert!(!allowed("2001:db8::3").await);
    assert!(allowed("2001:db8:0:1::3").await);
    assert!(allowed("192.0.2.1").await && allowed("::ffff:192.0.2.1").await);
    assert!(!allowed("192.0.2.1").await);
    app.stop().await;
}

#[tokio::test]
async fn a_clock_that_goes_back_makes_nobody_wait_for_the_difference() {
    let mut settings = settings();
    settings.limits.address = Rate { per: Duration::from_secs(2), ..few(2) };
    let app = TestApp::start_with(settings).await;
    let rest = app.rest(Service::Support);
    for _ in 0..2 {
        rest.get("/v1/faqs").await.expect(200);
    }
    app.clock.set_forward(TimeDelta::hours(-1));
    let refused = rest.get("/v1/faqs").await;
    assert!((1..=2).contains(&wait(&refused)), "{}", wait(&refused));
    real_time_passes(Duration::from_secs(wait(&refused))).await;
    rest.get("/v1/faqs").await.expect(200);
    app.stop().await;
}

#[tokio::test]
async fn accounts_and_sessions_are_made_at_a_measured_pace() {
    let mut settings = settings();
    settings.limits.sign_up = few(1);
    settings.limits.sign_in = few(2);
    let app = TestApp::start_with(settings).await;
    let body = |name: &str| {
        let email = format!("{name}@example.com");
        let consents = tests::rest::consents();
        json!({ "email": email, "password": PASSWORD, "name": name, "phone": "010-1234-5678", "consents": consents })
    };
    let rest = app.rest(Service::Gateway);
    rest.post("/v1/users", body("minji")).await.expect(201);
    rest.post("/v1/users", body("junho")).await.expect_problem(429, "limited");
    let enter = json!({ "email": "minji@example.com", "password": PASSWORD });
    for _ in 0..2 {
        rest.post("/v1/auth/sign-in", enter.clone()).await.expect(200);
    }
    rest.post("/v1/auth/sign-in", enter.clone()).await.expect_problem(429, "limited");
    let elsewhere = rest.from_address("127.0.0.2".parse().unwrap());
    elsewhere.post("/v1/auth/sign-in", enter).await.expect(200);
    app.stop().await;
}

#[tokio::test]
async fn whichever_way_a_service_is_reached_the_allowance_is_one() {
    let mut settings = settings();
    settings.limits.user = few(5);
    let app = TestApp::start_with(settings).await;
    let gateway = gateway_before_orders(&app).await;
    let elsewhere = format!("http://{}", gateway.address(Service::Gateway).unwrap());
    let minji = app.person("minji", &[Role::Customer]).await;
    let own = app.rest_as(Service::Order, &minji);
    let beside = app.rest_as(Service::Gateway, &minji);
    let before = own.at(elsewhere);
    let ways = [
        (&own, "/v1/orders"),
        (&beside, "/v1/orders"),
        (&beside, "/order_service/v1/orders"),
        (&before, "/v1/orders"),
        (&before, "/order_service/v1/orders"),
    ];
    for (left, (rest, path)) in (0..5).rev().zip(ways) {
        let answer = rest.get(path).await;
        let told = answer.headers["ratelimit"].to_str().unwrap().to_owned();
        answer.expect(200);
        assert!(told.starts_with(&format!("\"user\";r={left};")), "{path} {told}");
    }
    for (rest, path) in ways {
        rest.get(path).await.expect_problem(429, "limited");
    }
    // Another service is another allowance.
    beside.get("/v1/cart").await.expect(200);
    gateway.stop(Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn documents_pages_metrics_and_what_is_not_there_are_counted_and_health_is_not() {
    let mut settings = settings();
    settings.limits.address = few(1);
    let app = TestApp::start_with(settings).await;
    let mut from = 1_u8;
    for service in [Service::Review, Service::Gateway] {
        for path in [
            "/openapi.json",
            "/docs/",
            "/metrics",
            "/nope",
            "/v1/nope",
            "/review_service/nope",
            "/v1/users/me?x=1",
        ] {
            from += 1;
            let rest = app.rest(service).from_address([127, 0, 0, from].into());
            assert_ne!(rest.get(path).await.status, 429, "{service} {path}");
            rest.get(path).await.expect_problem(429, "limited");
            // Neither does another method get by.
            assert_ne!(rest.delete("/readyz").await.status, 200);
            for health in ["/healthz", "/readyz"] {
                for _ in 0..3 {
                    rest.get(health).await.expect(200);
                }
            }
        }
    }
    let rest = app.rest(Service::Gateway).from_address([127, 0, 0, 200].into());
    assert_eq!(rest.get("/").await.status, 200);
    rest.get("/").await.expect_problem(429, "limited");
    app.stop().await;
}

#[tokio::test]
async fn while_nobody_can_count_most_goes_on_and_signing_up_waits() {
    let mut redis = Redis::start().await;
    let app = TestApp::start_sharing(settings(), redis.settings()).await;
    let rest = app.rest(Service::Gateway);
    let body = |name: &str| {
        let email = format!("{name}@example.com");
        let consents = tests::rest::consents();
        json!({ "email": email, "password": PASSWORD, "name": name, "phone": "010-1234-5678", "consents": consents })
    };
    let minji = app.person("minji", &[Role::Customer]).await;
    redis.kill();
    rest.get("/v1/faqs").await.expect(200);
    let enter = json!({ "email": minji.email, "password": PASSWORD });
    rest.post("/v1/auth/sign-in", enter).await.expect(200);
    let refused = rest.post("/v1/users", body("junho")).await;
    assert!(wait(&refused) >= 1);
    refused.expect_problem(503, "unavailable");
    redis.restart().await;
    eventually(|| async { rest.post("/v1/users", body("junho")).await.status == 201 }).await;
    app.stop().await;
}
