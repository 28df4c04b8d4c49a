//! Signing in by Kakao, Naver, Google, Apple and any OpenID provider, against the sandbox's.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use domain::{Role, UserId};
use futures::future::join_all;
use serde_json::{Value, json};
use server::Service;
use sim::sandbox::openid::{COMPANIES, Mood};
use store::scratch;
use tests::TestApp;
use tests::browser::{Browser, Typed};
use tests::rest::{PASSWORD, Rest, consents};

const MINJI: Typed<'_> = Typed { subject: "1001", email: "minji@mail.example", mood: "good" };

fn as_holder(app: &TestApp, tokens: &Value) -> Rest {
    app.rest(Service::Gateway).with_token(tokens["access_token"].as_str().unwrap())
}

async fn me(app: &TestApp, tokens: &Value) -> Value {
    as_holder(app, tokens).get("/v1/users/me").await.expect(200)
}

#[tokio::test]
async fn somebody_signs_up_by_each_company_and_is_the_same_person_the_next_time() {
    let app = TestApp::start().await;
    for company in COMPANIES {
        let subject = format!("{company}-1");
        let email = format!("minji@{company}.example");
        let typed = Typed::new(&subject, &email);
        let first = me(&app, &app.social(company, typed).await).await;
        assert_eq!(first["name"], "김민지", "{company}");
        // Nobody vouches for an address at Naver.
        let vouched = if company == "naver" { Value::Null } else { json!(email) };
        assert_eq!(first["email"], vouched, "{company}");
        let again = app.social(company, typed).await;
        assert_eq!(again["user_id"], first["id"], "{company}");
        assert_eq!(again["roles"], json!(["customer"]));
    }
    let ways = app.rest(Service::Gateway).get("/v1/auth/social").await.expect(200);
    let names: Vec<_> =
        ways["items"].as_array().unwrap().iter().map(|way| way["name"].as_str().unwrap()).collect();
    assert_eq!(names, COMPANIES, "in the order of the file");
    app.stop().await;
}

#[tokio::test]
async fn an_attempt_is_finished_by_its_own_browser_at_its_own_provider_in_time() {
    let app = TestApp::start().await;
    let refused = async |browser: &Browser, body: Value| {
        browser.complete(body).await.expect_problem(401, "auth.social_attempt_not_good");
    };
    let browser = app.browser("kakao").await;
    let brought = browser.sign_in(MINJI).await;
    // Of another browser, and of none.
    let other = app.browser("kakao").await;
    for (name, value) in [
        ("browser_secret", json!(other.secret)),
        ("browser_secret", json!("")),
        ("browser_secret", json!("A".repeat(100_000))),
        ("state", json!("")),
        ("state", json!("7vQ2mKf0Vb6oJ1yq4m2mWvJ0f4kY5l3nq1cV8m0aXzA")),
        ("state", json!("%00../../")),
    ] {
        let mut body = brought.clone();
        body[name] = value;
        refused(&browser, body).await;
    }
    // A page that brings it to another provider (mix-up).
    for company in ["google", "naver", "apple", "openid"] {
        refused(&Browser { company: company.to_owned(), ..browser.clone() }, brought.clone()).await;
    }
    let nobody = Browser { company: "yahoo".to_owned(), ..browser.clone() };
    nobody.complete(brought.clone()).await.expect_problem(404, "not_found");
    // None of that used it up.
    assert_eq!(browser.complete(brought).await.expect(200)["outcome"], "sign_up");
    let late = app.browser("kakao").await;
    let brought = late.sign_in(MINJI).await;
    app.advance(TimeDelta::minutes(10)).await;
    refused(&late, brought).await;
    app.stop().await;
}

#[tokio::test]
async fn of_two_hundred_that_bring_one_code_at_once_one_gets_in_and_a_later_one_ends_its_session() {
    let app = TestApp::start().await;
    app.social("kakao", MINJI).await;
    let browser = app.browser("kakao").await;
    let brought = browser.sign_in(MINJI).await;
    let answers = join_all((0..200).map(|_| browser.complete(brought.clone()))).await;
    let (good, bad): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((good.len(), bad.len()), (1, 199));
    for answer in bad {
        answer.expect_problem(401, "auth.social_attempt_not_good");
    }
    let tokens = &good[0].body["tokens"];
    browser.complete(brought).await.expect_problem(401, "auth.social_attempt_not_good");
    let stolen = as_holder(&app, tokens).get("/v1/users/me").await;
    stolen.expect_problem(401, "auth.session_ended");
    let refresh = json!({ "refresh_token": tokens["refresh_token"] });
    let refreshed = app.rest(Service::Gateway).post("/v1/auth/refresh", refresh).await;
    refreshed.expect_problem(401, "auth.refresh_token_not_good");
    app.stop().await;
}

#[tokio::test]
async fn two_processes_take_a_code_once_and_open_one_account() {
    let app = TestApp::start().await;
    let second = app.second_server().await;
    let url = format!("http://{}", second.address(Service::Gateway).unwrap());
    let browser = app.browser("google").await;
    let there = Browser { rest: browser.rest.at(url), ..browser.clone() };
    let brought = browser.sign_in(MINJI).await;
    let tries = join_all((0..20).map(|number| {
        let at = if number % 2 == 0 { &browser } else { &there };
        at.complete(brought.clone())
    }));
    let good = tries.await.into_iter().filter(|answer| answer.status == 200).count();
    assert_eq!(good, 1);
    let body = json!({ "state": brought["state"], "browser_secret": browser.secret, "name": "민지", "phone": "01012345678", "consents": consents() });
    let ups = join_all((0..20).map(|number| {
        let at = if number % 2 == 0 { &browser } else { &there };
        at.rest.post("/v1/users/social", body.clone())
    }));
    let mut by_status = BTreeMap::new();
    for answer in ups.await {
        *by_status.entry(answer.status.as_u16()).or_insert(0) += 1;
    }
    assert_eq!(by_status, [(201, 1), (401, 19)].into());
    second.stop(std::time::Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn a_provider_that_lies_is_not_believed() {
    let app = TestApp::start().await;
    let lies = Mood::ALL.iter().filter(|mood| {
        !matches!(
            mood,
            Mood::Good
                | Mood::Denied
                | Mood::UnverifiedEmail
                | Mood::NoEmail
                | Mood::OtherUserinfo
                | Mood::HugeName
                | Mood::Slow
                | Mood::Broken
        )
    });
    for mood in lies {
        for company in ["google", "openid"] {
            let browser = app.browser(company).await;
            let brought = browser.sign_in(Typed { mood: mood.as_str(), ..MINJI }).await;
            let answer = browser.complete(brought).await;
            assert_eq!(answer.body["type"], "auth.social_not_confirmed", "{mood:?} of {company}");
        }
    }
    // Kakao's address comes from userinfo, which must be about the same person.
    let browser = app.browser("kakao").await;
    let brought = browser.sign_in(Typed { mood: "other_userinfo", ..MINJI }).await;
    browser.complete(brought).await.expect_problem(401, "auth.social_not_confirmed");
    let browser = app.browser("kakao").await;
    let brought = browser.sign_in(Typed { mood: "denied", ..MINJI }).await;
    browser.complete(brought).await.expect_problem(401, "auth.social_denied");
    let browser = app.browser("kakao").await;
    let mut brought = browser.sign_in(MINJI).await;
    brought["code"] = json!("9".repeat(100_000));
    browser.complete(brought).await.expect_problem(401, "auth.social_denied");
    assert_eq!(rows(&app, "auth.identities where kind = 'openid'").await, "0");
    app.stop().await;
}

/// How many rows there are of `what`.
async fn rows(app: &TestApp, what: &str) -> String {
    let sql = format!("select count(*)::text from {what}");
    scratch::texts(app.database(), &sql).await.unwrap().remove(0)
}

#[tokio::test]
async fn a_provider_that_hangs_or_fails_is_said_to_be_away() {
    let app = TestApp::start().await;
    for mood in ["slow", "broken"] {
        let browser = app.browser("google").await;
        let brought = browser.sign_in(Typed { mood, ..MINJI }).await;
        browser.complete(brought).await.expect_problem(503, "unavailable");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_code_that_another_attempt_began_is_of_no_use() {
    let app = TestApp::start().await;
    // The victim's code, brought into the thief's own attempt: PKCE does not fit.
    let (victim, thief) = (app.browser("google").await, app.browser("google").await);
    let (stolen, own) = (victim.sign_in(MINJI).await, thief.sign_in(Typed { subject: "9", ..MINJI }).await);
    let mut mixed = own;
    mixed["code"] = stolen["code"].clone();
    thief.complete(mixed).await.expect_problem(401, "auth.social_not_confirmed");
    // And without the issuer that the provider names, or with another one's.
    for issuer in [Value::Null, json!("https://another.example")] {
        let browser = app.browser("google").await;
        let mut brought = browser.sign_in(MINJI).await;
        brought["iss"] = issuer;
        browser.complete(brought).await.expect_problem(401, "auth.social_not_confirmed");
    }
    app.stop().await;
}

#[tokio::test]
async fn browsers_are_sent_back_to_registered_addresses_alone() {
    let app = TestApp::start().await;
    let rest = app.rest(Service::Gateway);
    let begin = async |uri: &str| {
        rest.post("/v1/auth/social/google/begin", json!({ "wish": "sign_in", "redirect_uri": uri })).await
    };
    let ours = "https://baedal.example/v1/auth/social/google/callback";
    for good in [ours, "kr.baedal.app:/signed-in"] {
        let begun = begin(good).await.expect(200);
        let url: reqwest::Url = begun["authorize_url"].as_str().unwrap().parse().unwrap();
        assert!(url.query_pairs().any(|(name, value)| name == "redirect_uri" && value == good), "{url}");
    }
    for trick in [
        "https://baedal.example/v1/auth/social/kakao/callback",
        "https://baedal.example/v1/auth/social/google/callback/",
        "https://baedal.example/v1/auth/social/google/%2e%2e/callback",
        "https://baedal.example/v1/auth/social/%67oogle/callback",
        "https://baedal.example./v1/auth/social/google/callback",
        "https://BAEDAL.example/v1/auth/social/google/callback",
        "https://baedal.example:443/v1/auth/social/google/callback",
        "https://baedal.example@evil.example/v1/auth/social/google/callback",
        "https://localhost.evil.example/v1/auth/social/google/callback",
        "https://evil-baedal.example/v1/auth/social/google/callback",
        "https://baedal.example.evil.example/",
        "javascript:alert(1)",
        "",
    ] {
        begin(trick).await.expect_problem(409, "auth.redirect_not_registered");
    }
    app.stop().await;
}

#[tokio::test]
async fn an_address_that_has_an_account_lets_nobody_in_to_it() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let by_google = async |mood: &str| {
        let browser = app.browser("google").await;
        let brought = browser.sign_in(Typed { subject: "77", email: "MINJI@example.com", mood }).await;
        browser.complete(brought).await
    };
    by_google("good").await.expect_problem(409, "auth.identity_link_needed");
    // One that nobody vouches for is as none.
    let completed = by_google("unverified_email").await.expect(200);
    assert_eq!((&completed["outcome"], &completed["newcomer"]["email"]), (&json!("sign_up"), &Value::Null));
    assert_eq!(by_google("no_email").await.expect(200)["outcome"], "sign_up");

    // The person of the account links it, and is recognised from then on.
    let rest = app.rest_as(Service::Gateway, &minji);
    let browser = Browser::begin(&rest, "google", "link").await;
    let brought = browser.sign_in(Typed::new("77", "minji@example.com")).await;
    let elsewhere = Browser { rest: app.rest(Service::Gateway), ..browser.clone() };
    elsewhere.complete(brought.clone()).await.expect_problem(401, "auth.social_attempt_not_good");
    assert_eq!(browser.complete(brought).await.expect(200)["outcome"], "linked");
    let tokens = by_google("good").await.expect(200)["tokens"].clone();
    assert_eq!(tokens["user_id"], minji.id.as_str());
    app.stop().await;
}

async fn link(rest: &Rest, company: &str, subject: &str) -> tests::rest::Answer {
    let browser = Browser::begin(rest, company, "link").await;
    let brought = browser.sign_in(Typed::new(subject, "any@mail.example")).await;
    browser.complete(brought).await
}

#[tokio::test]
async fn a_provider_is_linked_once_to_one_account_and_takes_a_fresh_proof() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let jiho = app.person("jiho", &[Role::Customer]).await;
    let (minjis, jihos) = (app.rest_as(Service::Gateway, &minji), app.rest_as(Service::Gateway, &jiho));
    let nobody =
        app.rest(Service::Gateway).post("/v1/auth/social/kakao/begin", json!({ "wish": "link" })).await;
    nobody.expect_problem(401, "unauthenticated");
    assert_eq!(link(&minjis, "kakao", "1").await.expect(200)["outcome"], "linked");
    assert_eq!(link(&minjis, "kakao", "1").await.expect(200)["outcome"], "linked", "twice is once");
    link(&minjis, "kakao", "2").await.expect_problem(409, "auth.provider_linked");
    link(&jihos, "kakao", "1").await.expect_problem(409, "auth.identity_taken");

    app.advance(TimeDelta::minutes(5) + TimeDelta::seconds(1)).await;
    let late = minjis.post("/v1/auth/social/google/begin", json!({ "wish": "link" })).await;
    late.expect_problem(403, "auth.step_up_required");
    let listed = minjis.get("/v1/auth/identities").await.expect(200);
    let id = listed["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/auth/identities/{id}");
    minjis.delete(&path).await.expect_problem(403, "auth.step_up_required");
    // Kakao proves it anew; somebody else at Kakao does not.
    let prove = async |subject: &str| {
        let browser = Browser::begin(&minjis, "kakao", "prove").await;
        let brought = browser.sign_in(Typed::new(subject, "any@mail.example")).await;
        browser.complete(brought).await
    };
    prove("2").await.expect_problem(401, "auth.social_not_confirmed");
    assert_eq!(prove("1").await.expect(200)["outcome"], "proven");
    jihos.delete(&path).await.expect_problem(403, "auth.step_up_required");
    minjis.delete(&path).await.expect(204);
    minjis.delete(&path).await.expect_problem(404, "not_found");
    app.stop().await;
}

#[tokio::test]
async fn unlinking_ends_its_sessions_here_and_the_link_there_but_never_the_last_way_in() {
    let app = TestApp::start().await;
    for company in ["kakao", "naver", "google", "apple"] {
        let subject = format!("7{company}");
        let email = format!("{subject}@mail.example");
        let typed = Typed::new(&subject, &email);
        let first = app.social(company, typed).await;
        let rest = as_holder(&app, &first);
        let mine = rest.get("/v1/auth/identities").await.expect(200);
        assert_eq!(
            (&mine["items"][0]["provider"], &mine["items"][0]["may_go"]),
            (&json!(company), &json!(false))
        );
        let path = format!("/v1/auth/identities/{}", mine["items"][0]["id"].as_str().unwrap());
        rest.delete(&path).await.expect_problem(409, "auth.last_way_in");

        link(&rest, "openid", &subject).await.expect(200);
        let by_other = app.social("openid", typed).await;
        as_holder(&app, &by_other).delete(&path).await.expect(204);
        as_holder(&app, &first).get("/v1/users/me").await.expect_problem(401, "auth.session_ended");
        as_holder(&app, &by_other).get("/v1/users/me").await.expect(200);
        app.run_due_jobs().await;
        assert_eq!(rows(&app, "auth.provider_links_to_end").await, "0");
    }
    for company in ["kakao", "naver", "google", "apple"] {
        assert_eq!(app.sandbox.openid().forgotten(company), [format!("7{company}")]);
    }
    app.stop().await;
}

#[tokio::test]
async fn who_leaves_is_forgotten_by_every_company_that_they_linked() {
    let app = TestApp::start().await;
    for company in ["kakao", "naver", "google", "apple"] {
        let subject = format!("8{company}");
        let email = format!("{subject}@mail.example");
        let tokens = app.social(company, Typed::new(&subject, &email)).await;
        let rest = as_holder(&app, &tokens);
        link(&rest, "openid", &subject).await.expect(200);
        assert_eq!(rest.post("/v1/users/me/withdrawal", json!({})).await.status, 204);
        app.run_due_jobs().await;
        // Kakao by the admin key, Naver by a deleted token, the others by a revoked one.
        assert_eq!(app.sandbox.openid().forgotten(company), std::slice::from_ref(&subject), "{company}");
        assert!(app.sandbox.openid().forgotten("openid").contains(&subject), "{company}");
    }
    // With what they were told to forget is forgotten here, too.
    for table in ["auth.provider_links_to_end", "auth.provider_tokens"] {
        assert_eq!(rows(&app, table).await, "0", "{table}");
    }
    app.stop().await;
}

#[tokio::test]
async fn of_two_ways_in_that_are_given_up_at_once_one_stays() {
    let app = TestApp::start().await;
    let tokens = app.social("kakao", MINJI).await;
    let rest = as_holder(&app, &tokens);
    link(&rest, "google", "1").await.expect(200);
    let mine = rest.get("/v1/auth/identities").await.expect(200);
    let paths: Vec<_> = mine["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("/v1/auth/identities/{}", one["id"].as_str().unwrap()))
        .collect();
    join_all(paths.iter().cycle().take(20).map(|path| rest.delete(path))).await;
    assert_eq!(rows(&app, "auth.identities where kind = 'openid'").await, "1");
    app.run_due_jobs().await;
    app.stop().await;
}

#[tokio::test]
async fn nobody_signs_in_to_a_banned_or_withdrawn_account_by_a_provider() {
    let app = TestApp::start().await;
    let user: UserId = app.social("kakao", MINJI).await["user_id"].as_str().unwrap().parse().unwrap();
    for (column, status, code) in
        [("banned_at", 403, "auth.account_banned"), ("withdrawn_at", 401, "auth.credentials_wrong")]
    {
        let set = format!("update auth.accounts set {column} = now() where user_id = '{user}'");
        scratch::run_in(app.database(), &set).await.unwrap();
        let browser = app.browser("kakao").await;
        let brought = browser.sign_in(MINJI).await;
        browser.complete(brought).await.expect_problem(status, code);
        let lift = format!("update auth.accounts set {column} = null where user_id = '{user}'");
        scratch::run_in(app.database(), &lift).await.unwrap();
    }
    app.stop().await;
}

#[tokio::test]
async fn keys_that_turn_are_read_once_more_and_strangers_make_us_read_none() {
    let app = TestApp::start().await;
    app.social("google", MINJI).await;
    let reads = app.sandbox.openid().key_reads();
    app.social("google", MINJI).await;
    assert_eq!(app.sandbox.openid().key_reads(), reads, "they are kept");
    app.advance(TimeDelta::minutes(1)).await;
    app.sandbox.openid().rotate_keys();
    app.social("google", MINJI).await;
    assert_eq!(app.sandbox.openid().key_reads(), reads + 1);
    for _ in 0..3 {
        let browser = app.browser("google").await;
        let brought = browser.sign_in(Typed { mood: "unknown_key", ..MINJI }).await;
        browser.complete(brought).await.expect_problem(401, "auth.social_not_confirmed");
    }
    assert_eq!(app.sandbox.openid().key_reads(), reads + 1, "not for each of their tokens");
    app.stop().await;
}

#[tokio::test]
async fn a_newcomer_signs_up_with_what_they_type_and_one_without_a_provider_does_not() {
    let app = TestApp::start().await;
    let browser = app.browser("apple").await;
    let brought = browser.sign_in(Typed::new("apple-1", "x7f@privaterelay.example")).await;
    let completed = browser.complete(brought.clone()).await.expect(200);
    assert_eq!(completed["newcomer"]["email"], "x7f@privaterelay.example");
    let body = |name: &str, phone: &str| {
        json!({ "state": brought["state"], "browser_secret": browser.secret, "name": name, "phone": phone,
            "consents": consents() })
    };
    let sign_up = async |body: Value| app.rest(Service::User).post("/v1/users/social", body).await;
    for (name, phone, at) in [("", "010-1234-5678", "/name"), ("민지", "1", "/phone")] {
        let refused = sign_up(body(name, phone)).await.expect(422);
        assert_eq!(refused["errors"][0]["pointer"], at);
    }
    let mut without = body("민지", "010-1234-5678");
    without["consents"] = json!({});
    assert_eq!(sign_up(without).await.expect(422)["errors"][0]["pointer"], "/consents/terms");
    let other = app.browser("apple").await;
    let mut stolen = body("민지", "010-1234-5678");
    stolen["browser_secret"] = json!(other.secret);
    sign_up(stolen).await.expect_problem(401, "auth.social_attempt_not_good");
    let tokens = sign_up(body("민지", "010-1234-5678")).await.expect(201);
    assert_eq!(me(&app, &tokens).await["email"], "x7f@privaterelay.example");
    sign_up(body("민지", "010-1234-5678")).await.expect_problem(401, "auth.social_attempt_not_good");
    // The address is theirs: nobody else signs up with it.
    let taken = json!({ "email": "x7f@privaterelay.example", "password": PASSWORD, "name": "a", "phone": "010-1234-5678", "consents": consents() });
    app.rest(Service::User).post("/v1/users", taken).await.expect_problem(409, "user.email_taken");
    app.stop().await;
}
