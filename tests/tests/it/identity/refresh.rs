//! Renewing a session: signed refresh tokens, lost responses, copies, and tokens of before.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use domain::auth::GRACE;
use domain::{Role, SessionId};
use serde_json::{Value, json};
use server::Service;
use services::App;
use sha2::{Digest as _, Sha256};
use store::scratch;
use tests::TestApp;
use tests::rest::{Answer, PASSWORD, Person, Rest};
use tests::wait::eventually;

const HERE: std::net::IpAddr = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

async fn refresh(auth: &Rest, token: &str) -> Answer {
    auth.post("/v1/auth/refresh", json!({ "refresh_token": token })).await
}

fn text(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap().to_owned()
}

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

fn session_of(person: &Person) -> SessionId {
    claims(&person.access_token)["sid"].as_str().unwrap().parse().unwrap()
}

/// Uses an access token, and waits until its session knows that it was seen.
async fn use_and_note(app: &TestApp, access_token: &str) {
    app.rest(Service::User).with_token(access_token).get("/v1/users/me").await.expect(200);
    let session = claims(access_token)["sid"].as_str().unwrap().parse().unwrap();
    eventually(async || {
        let session = store::auth::renewed_session(&app.app().store, session).await.unwrap();
        session.unwrap().renewal.seen_at.is_some()
    })
    .await;
}

/// Neither the access token nor the refresh token gets anybody in within two seconds, at any port.
async fn is_over(app: &TestApp, access_token: &str, refresh_token: &str) {
    let ended = Instant::now();
    for service in [Service::Auth, Service::Gateway, Service::User, Service::Tracking] {
        let path = if service == Service::Tracking { "/v1/couriers/me" } else { "/v1/auth/sessions" };
        let path = if service == Service::User { "/v1/users/me" } else { path };
        let rest = app.rest(service).with_token(access_token);
        while rest.get(path).await.body["type"] != "auth.session_ended" {
            assert!(ended.elapsed() < Duration::from_secs(2), "{service} still lets it in");
        }
    }
    refresh(&app.rest(Service::Auth), refresh_token).await.expect_problem(401, "auth.refresh_token_not_good");
}

async fn rows(app: &TestApp) -> Vec<String> {
    let mut counted = Vec::new();
    for table in
        ["sessions", "refresh_tokens", "audit", "accounts", "identities", "session_keys", "signing_keys"]
    {
        let is = async |count: u32| {
            let sql = format!("do $$ begin assert (select count(*) from auth.{table}) = {count}; end $$");
            scratch::run_in(app.database(), &sql).await.is_ok()
        };
        let mut count = 0;
        while !is(count).await {
            count += 1;
        }
        counted.push(format!("{table}: {count}"));
    }
    counted
}

#[tokio::test]
async fn refreshes_leave_the_number_of_rows_unchanged() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let before = rows(&app).await;
    let mut token = minji.refresh_token;
    for _ in 0..1_000 {
        token = services::auth::refresh(app.app(), &token, HERE).await.unwrap().refresh_token;
    }
    assert_eq!(rows(&app).await, before);
    app.stop().await;
}

#[tokio::test]
async fn of_two_refreshes_at_once_both_get_the_same_newest_token_a_thousand_times() {
    let app = TestApp::start().await;
    let second = app.second_server().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let (here, there): (&App, &App) = (app.app(), second.app());
    let mut token = minji.refresh_token;
    for round in 1..=1_000_u32 {
        let (one, other) = tokio::join!(
            services::auth::refresh(here, &token, HERE),
            services::auth::refresh(there, &token, HERE)
        );
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!(one.refresh_token, other.refresh_token, "round {round}");
        for grant in [&one, &other] {
            assert_eq!(claims(&grant.access_token)["gen"], round);
        }
        token = one.refresh_token;
    }
    second.stop(Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn a_lost_response_is_given_again_eight_hours_later() {
    let app = TestApp::start().await;
    let auth = app.rest(Service::Auth);
    let minji = app.person("minji", &[Role::Customer]).await;
    let lost = refresh(&auth, &minji.refresh_token).await.expect(200);
    app.advance(TimeDelta::hours(8)).await;
    let again = refresh(&auth, &minji.refresh_token).await.expect(200);
    assert_eq!(again["refresh_token"], lost["refresh_token"]);
    // It goes on from there.
    refresh(&auth, &text(&again, "refresh_token")).await.expect(200);
    app.stop().await;
}

#[tokio::test]
async fn a_token_whose_replacement_is_in_use_ends_the_session_after_the_grace_time() {
    let app = TestApp::start().await;
    let auth = app.rest(Service::Auth);
    let minji = app.person("minji", &[Role::Customer]).await;
    let next = refresh(&auth, &minji.refresh_token).await.expect(200);
    use_and_note(&app, &text(&next, "access_token")).await;
    // Another tab, a moment later.
    let tab = refresh(&auth, &minji.refresh_token).await.expect(200);
    assert_eq!(tab["refresh_token"], next["refresh_token"]);
    app.advance(GRACE + TimeDelta::seconds(1)).await;
    let copy = refresh(&auth, &minji.refresh_token).await.expect_problem(401, "auth.refresh_token_reused");
    assert_eq!(copy["params"]["reuse_cause"], "replacement_used");
    is_over(&app, &text(&next, "access_token"), &text(&next, "refresh_token")).await;
    app.stop().await;
}

#[tokio::test]
async fn a_token_that_was_replaced_twice_ends_the_session_at_once() {
    let app = TestApp::start().await;
    let auth = app.rest(Service::Auth);
    let minji = app.person("minji", &[Role::Customer]).await;
    let second = refresh(&auth, &minji.refresh_token).await.expect(200);
    let third = refresh(&auth, &text(&second, "refresh_token")).await.expect(200);
    let copy = refresh(&auth, &minji.refresh_token).await.expect_problem(401, "auth.refresh_token_reused");
    assert_eq!(copy["params"]["reuse_cause"], "outdated");
    is_over(&app, &text(&third, "access_token"), &text(&third, "refresh_token")).await;
    app.stop().await;
}

#[tokio::test]
async fn a_refresh_token_that_nobody_signed_is_no_token_and_ends_nothing() {
    let app = TestApp::start().await;
    let auth = app.rest(Service::Auth);
    let minji = app.person("minji", &[Role::Customer]).await;
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(&minji.refresh_token).unwrap();
    for at in [0, 1, 2, 17, 18, 21, 22, 53] {
        let mut forged = bytes.clone();
        forged[at] ^= 1;
        let forged = BASE64_URL_SAFE_NO_PAD.encode(forged);
        refresh(&auth, &forged).await.expect_problem(401, "auth.refresh_token_not_good");
    }
    for wrong in [minji.access_token.as_str(), "", "x", &"A".repeat(43), &"A".repeat(72)] {
        refresh(&auth, wrong).await.expect_problem(401, "auth.refresh_token_not_good");
    }
    refresh(&auth, &minji.refresh_token).await.expect(200);
    app.stop().await;
}

/// Makes a session what the version before left: three tokens, of which two were used.
async fn as_before(app: &TestApp, person: &Person) -> [String; 3] {
    let session = session_of(person);
    let tokens = [1_u8, 2, 3].map(|number| [number; 32]);
    let now = app.app().now();
    for (generation, token) in tokens.iter().enumerate() {
        let hash = base64::prelude::BASE64_STANDARD.encode(Sha256::digest(token));
        let used = if generation < 2 { format!("'{now}'") } else { "null".to_owned() };
        let sql = format!(
            "insert into auth.refresh_tokens (hash, session_id, generation, used_at)
             values (decode('{hash}', 'base64'), '{session}', {generation}, {used})"
        );
        scratch::run_in(app.database(), &sql).await.unwrap();
    }
    // As migration 0211 does.
    let sql = format!("update auth.sessions set newest = 2, seen_at = '{now}' where id = '{session}'");
    scratch::run_in(app.database(), &sql).await.unwrap();
    tokens.map(|token| BASE64_URL_SAFE_NO_PAD.encode(token))
}

#[tokio::test]
async fn a_refresh_token_of_before_goes_on_as_a_signed_one() {
    let app = TestApp::start().await;
    let auth = app.rest(Service::Auth);
    let minji = app.person("minji", &[Role::Customer]).await;
    let [_, _, newest] = as_before(&app, &minji).await;
    // It still shows that the device is known.
    let proof = json!({ "email": minji.email, "password": PASSWORD, "refresh_token": newest });
    auth.post("/v1/auth/sign-in", proof).await.expect(200);
    let next = refresh(&auth, &newest).await.expect(200);
    assert_eq!(text(&next, "refresh_token").len(), 72);
    assert_eq!(claims(&text(&next, "access_token"))["gen"], 3);
    let lost = refresh(&auth, &newest).await.expect(200);
    assert_eq!(lost["refresh_token"], next["refresh_token"], "the response may have been lost");
    let later = refresh(&auth, &text(&next, "refresh_token")).await.expect(200);
    let copy = refresh(&auth, &newest).await.expect_problem(401, "auth.refresh_token_reused");
    assert_eq!(copy["params"]["reuse_cause"], "outdated");
    is_over(&app, &text(&later, "access_token"), &text(&later, "refresh_token")).await;
    app.stop().await;
}

#[tokio::test]
async fn a_copy_of_a_token_of_before_ends_its_session_and_any_of_them_signs_out() {
    let app = TestApp::start().await;
    let auth = app.rest(Service::Auth);
    for (number, cause) in [(0, "outdated"), (1, "replacement_used")] {
        let person = app.person(&format!("person{number}"), &[Role::Customer]).await;
        let tokens = as_before(&app, &person).await;
        app.advance(GRACE + TimeDelta::seconds(1)).await;
        let copy = refresh(&auth, &tokens[number]).await.expect_problem(401, "auth.refresh_token_reused");
        assert_eq!(copy["params"]["reuse_cause"], cause);
        refresh(&auth, &tokens[2]).await.expect_problem(401, "auth.refresh_token_not_good");
        let sql = "delete from auth.refresh_tokens";
        scratch::run_in(app.database(), sql).await.unwrap();
    }
    let minji = app.person("minji", &[Role::Customer]).await;
    let tokens = as_before(&app, &minji).await;
    let out = auth.post("/v1/auth/sign-out", json!({ "refresh_token": tokens[0] })).await;
    assert_eq!(out.status, 204);
    refresh(&auth, &tokens[2]).await.expect_problem(401, "auth.refresh_token_not_good");
    app.stop().await;
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_and_at_the_latest_some_time_after_its_proof() {
    let mut settings = tests::settings();
    settings.auth.session_life.idle = TimeDelta::days(10);
    settings.auth.session_life.absolute = TimeDelta::days(25);
    let app = TestApp::start_with(settings).await;
    let auth = app.rest(Service::Auth);
    let idle = app.person("idle", &[Role::Customer]).await;
    let busy = app.person("busy", &[Role::Customer]).await;
    let mut token = busy.refresh_token.clone();
    for _ in 0..2 {
        app.advance(TimeDelta::days(9)).await;
        let next = refresh(&auth, &token).await.expect(200);
        token = text(&next, "refresh_token");
    }
    refresh(&auth, &idle.refresh_token).await.expect_problem(401, "auth.refresh_token_not_good");
    let listed = app.sign_in(&busy.email).await;
    let listed = app.rest_as(Service::Auth, &listed).get("/v1/auth/sessions").await.expect(200);
    let of_busy = &listed["items"][1];
    let (created, expires) = (&of_busy["created_at"], &of_busy["expires_at"]);
    let moment = |value: &Value| value.as_str().unwrap().parse::<domain::Timestamp>().unwrap();
    // The proof was made a moment before the session.
    let short = moment(created) + TimeDelta::days(25) - moment(expires);
    assert!((TimeDelta::zero()..TimeDelta::seconds(10)).contains(&short), "{listed}");
    app.advance(TimeDelta::days(7)).await;
    refresh(&auth, &token).await.expect_problem(401, "auth.refresh_token_not_good");
    app.stop().await;
}

#[tokio::test]
async fn who_signs_out_everywhere_is_signed_out_here_too() {
    let app = TestApp::start().await;
    let second = app.second_server().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let phone = app.sign_in(&minji.email).await;
    let stranger = app.person("stranger", &[Role::Customer]).await;
    let auth = app.rest_as(Service::Auth, &minji);
    assert_eq!(auth.post("/v1/auth/sessions/end-all", Value::Null).await.status, 204);
    let ended = Instant::now();
    let there = format!("http://{}", second.address(Service::User).unwrap());
    for person in [&minji, &phone] {
        for base in [app.url(Service::User), there.clone()] {
            let rest = app.rest_as(Service::User, person).at(&base);
            while rest.get("/v1/users/me").await.status != 401 {
                assert!(ended.elapsed() < Duration::from_secs(2), "{base} still lets it in");
            }
        }
        refresh(&auth, &person.refresh_token).await.expect_problem(401, "auth.refresh_token_not_good");
    }
    app.rest_as(Service::User, &stranger).get("/v1/users/me").await.expect(200);
    app.sign_in(&minji.email).await;
    second.stop(Duration::from_secs(5)).await;
    app.stop().await;
}
