//! How often a client may ask, and what it hears beyond.

use std::time::Duration;

use chrono::TimeDelta;
use domain::Role;
use serde_json::json;
use server::Service;
use services::Settings;
use services::limits::{self, Outage, Purpose, Rate};
use tests::TestApp;
use tests::rest::{Answer, PASSWORD};

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
    // What is asked about the port itself is never counted.
    for path in ["/healthz", "/readyz", "/openapi.json"] {
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
        let counted = limits::count(app.app(), "user", None, from.parse().unwrap(), Purpose::SignUp).await;
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
    tokio::time::sleep(Duration::from_secs(wait(&refused))).await; // it is time itself that is tested
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
        json!({ "email": email, "password": PASSWORD, "name": name, "phone": "010-1234-5678" })
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
