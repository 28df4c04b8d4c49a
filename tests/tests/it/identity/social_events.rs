//! What providers tell of their accounts: security event tokens, Apple's notifications, and
//! Kakao's call when somebody unlinks us.

use std::fs;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use domain::Clock as _;
use reqwest::Method;
use serde_json::{Value, json};
use server::Service;
use services::blobs::BlobArea;
use sim::sandbox::openid::ADMIN_KEY;
use store::scratch;
use tests::TestApp;
use tests::browser::Typed;
use tests::rest::{Answer, answer};
use tests::wait::eventually;

const RISC: &str = "https://schemas.openid.net/secevent/risc/event-type";

async fn is_signed_in(app: &TestApp, tokens: &Value) -> bool {
    let token = tokens["access_token"].as_str().unwrap();
    app.rest(Service::Gateway).with_token(token).get("/v1/users/me").await.status == 200
}

async fn send_event(app: &TestApp, company: &str, token: String) -> Answer {
    let path = format!("/v1/auth/social/{company}/events");
    answer(
        app.rest(Service::Gateway)
            .request(Method::POST, &path)
            .header("content-type", "application/secevent+jwt")
            .body(token),
    )
    .await
}

async fn unlinked(app: &TestApp, key: &str, user: &str) -> Answer {
    let path = "/v1/auth/social/kakao/unlinked";
    let request = app.rest(Service::Gateway).request(Method::POST, path);
    let form = format!("app_id=1&user_id={user}&referrer_type=UNLINK_FROM_APPS");
    answer(
        request
            .header("authorization", key)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form),
    )
    .await
}

fn key() -> String {
    format!("KakaoAK {ADMIN_KEY}")
}

#[tokio::test]
async fn a_changed_password_at_the_provider_ends_the_sessions_that_began_there_within_two_seconds() {
    let app = TestApp::start().await;
    let tokens = app.social("google", Typed::new("1", "a@mail.example")).await;
    let other = app.social("google", Typed::new("2", "b@mail.example")).await;
    let name = format!("{RISC}/sessions-revoked");
    let token = app.sandbox.openid().event("google", "baedal", "jti-1", &name, "1");
    let began = Instant::now();
    assert_eq!(send_event(&app, "google", token.clone()).await.status, 202);
    eventually(async || !is_signed_in(&app, &tokens).await).await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert!(is_signed_in(&app, &other).await);
    // The same again is the same: who signed in since stays.
    let again = app.social("google", Typed::new("1", "a@mail.example")).await;
    assert_eq!(send_event(&app, "google", token).await.status, 202);
    app.run_due_jobs().await;
    assert!(is_signed_in(&app, &again).await);
    app.stop().await;
}

#[tokio::test]
async fn an_event_that_the_provider_did_not_sign_for_us_does_nothing() {
    let app = TestApp::start().await;
    let tokens = app.social("google", Typed::new("1", "a@mail.example")).await;
    let openid = app.sandbox.openid();
    let name = format!("{RISC}/account-purged");
    let good = openid.event("google", "baedal", "1", &name, "1");
    let (head, _) = good.rsplit_once('.').unwrap();
    for token in [
        openid.event("google", "another", "1", &name, "1"),
        openid.event("kakao", "baedal", "1", &name, "1"),
        format!("{head}."),
        head.to_owned(),
        String::new(),
        "{}".to_owned(),
        "{\"payload\":\"\"}".to_owned(),
        "가".repeat(10_000),
    ] {
        send_event(&app, "google", token).await.expect_problem(401, "auth.social_not_confirmed");
    }
    send_event(&app, "naver", good).await.expect_problem(401, "auth.social_not_confirmed");
    app.run_due_jobs().await;
    assert!(is_signed_in(&app, &tokens).await);
    app.stop().await;
}

#[tokio::test]
async fn apples_notifications_are_taken_in_apples_form() {
    let app = TestApp::start().await;
    let tokens = app.social("apple", Typed::new("001.a", "a@mail.example")).await;
    let said = app.sandbox.openid().notification("baedal", "n-1", "consent-revoked", "001.a");
    let taken = app.rest(Service::Gateway).post("/v1/auth/social/apple/events", said).await;
    assert_eq!(taken.status, 202);
    app.run_due_jobs().await;
    assert!(!is_signed_in(&app, &tokens).await);
    // It was the only way in: whoever agrees anew at Apple finds their account.
    let again = app.social("apple", Typed::new("001.a", "a@mail.example")).await;
    assert_eq!(again["user_id"], tokens["user_id"]);
    app.stop().await;
}

#[tokio::test]
async fn who_unlinks_us_at_kakao_is_signed_out_and_kakao_is_answered_about_anybody() {
    let app = TestApp::start().await;
    let tokens = app.social("kakao", Typed::new("1001", "a@mail.example")).await;
    assert_eq!(unlinked(&app, &key(), "1001").await.status, 200);
    for nobody in ["9", "", "%00", "%F0%9F%8D%97", &"1".repeat(10_000)] {
        assert_eq!(unlinked(&app, &key(), nobody).await.status, 200, "{nobody:.20}");
    }
    app.run_due_jobs().await;
    assert!(!is_signed_in(&app, &tokens).await);
    for wrong in ["", "KakaoAK", "KakaoAK another-key", ADMIN_KEY, "Bearer x"] {
        unlinked(&app, wrong, "1001").await.expect_problem(401, "auth.social_not_confirmed");
    }
    // By GET, as Kakao may be told to call.
    let path = "/v1/auth/social/kakao/unlinked?app_id=1&user_id=1001&referrer_type=ACCOUNT_DELETE";
    let by_get = app.rest(Service::Gateway).request(Method::GET, path).header("authorization", key());
    assert_eq!(answer(by_get).await.status, 200);
    app.run_due_jobs().await;
    app.stop().await;
}

#[tokio::test]
async fn an_identity_that_was_unlinked_there_goes_here_if_there_is_another_way_in() {
    let app = TestApp::start().await;
    let tokens = app.social("kakao", Typed::new("1001", "a@mail.example")).await;
    let rest = app.rest(Service::Gateway).with_token(tokens["access_token"].as_str().unwrap());
    let browser = tests::browser::Browser::begin(&rest, "google", "link").await;
    let brought = browser.sign_in(Typed::new("g", "a@mail.example")).await;
    browser.complete(brought).await.expect(200);
    assert_eq!(unlinked(&app, &key(), "1001").await.status, 200);
    app.run_due_jobs().await;
    let by_google = app.social("google", Typed::new("g", "a@mail.example")).await;
    assert_eq!(by_google["user_id"], tokens["user_id"]);
    let rest = app.rest(Service::Gateway).with_token(by_google["access_token"].as_str().unwrap());
    let left = rest.get("/v1/auth/identities").await.expect(200);
    assert_eq!(left["items"].as_array().unwrap().len(), 1);
    assert_eq!(left["items"][0]["provider"], json!("google"));
    app.stop().await;
}

#[tokio::test]
async fn kakao_is_answered_within_three_seconds_while_the_database_is_away_and_the_work_is_done_later() {
    let app = TestApp::start().await;
    let tokens = app.social("kakao", Typed::new("1001", "a@mail.example")).await;
    // Nothing is written while somebody holds the table.
    let held =
        scratch::hold(app.database(), "lock table auth.provider_events in exclusive mode").await.unwrap();
    let began = Instant::now();
    assert_eq!(unlinked(&app, &key(), "1001").await.status, 200);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    drop(held);
    eventually(async || !is_signed_in(&app, &tokens).await).await;
    app.stop().await;
}

/// How many events wait in files.
fn waiting(app: &TestApp) -> usize {
    let folders = fs::read_dir(app.blobs().join("provider_events")).into_iter().flatten();
    folders.map(|folder| fs::read_dir(folder.unwrap().path()).unwrap().count()).sum()
}

#[tokio::test]
async fn an_unlinking_that_the_database_did_not_take_outlives_the_process() {
    let mut app = TestApp::start().await;
    let tokens = app.social("kakao", Typed::new("1001", "a@mail.example")).await;
    let none = "alter table auth.provider_events add constraint none_is_taken check (false) not valid";
    scratch::run_in(app.database(), none).await.unwrap();
    assert_eq!(unlinked(&app, &key(), "1001").await.status, 200);
    assert_eq!(waiting(&app), 1);
    app.halt().await;
    let all = "alter table auth.provider_events drop constraint none_is_taken";
    scratch::run_in(app.database(), all).await.unwrap();
    assert_eq!(waiting(&app), 1, "it is left to the next process");
    app.restart().await;
    eventually(async || !is_signed_in(&app, &tokens).await).await;
    eventually(async || waiting(&app) == 0).await;
    app.stop().await;
}

#[tokio::test]
async fn an_event_in_a_file_does_nothing_to_who_linked_anew_since_and_a_broken_file_holds_up_no_other() {
    let mut app = TestApp::start().await;
    let before = app.clock.now() - TimeDelta::hours(1);
    let tokens = app.social("kakao", Typed::new("1001", "a@mail.example")).await;
    let issuer: String =
        scratch::texts(app.database(), "select issuer from auth.identities where subject = '1001'")
            .await
            .unwrap()
            .remove(0);
    let event = json!({
        "event": { "issuer": issuer, "id": "unlink:1001:1", "subject": "1001", "kind": "unlinked" },
        "received_at": before,
    });
    let area = BlobArea::new("provider_events");
    for file in [event.to_string(), "{\"event\":".to_owned()] {
        app.app().third_parties.blobs.put(area, file.into()).await.unwrap();
    }
    app.restart().await;
    eventually(async || waiting(&app) == 1).await;
    app.run_due_jobs().await;
    assert!(is_signed_in(&app, &tokens).await);
    app.stop().await;
}
