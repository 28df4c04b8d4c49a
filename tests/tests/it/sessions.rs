//! Signing in, refreshing, signing out, and those who must be refused.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use domain::auth::Recognition;
use domain::{Failure, Role};
use reqwest::Method;
use serde_json::{Value, json};
use server::Service;
use services::auth::SignIn;
use store::scratch;
use tests::TestApp;
use tests::rest::{PASSWORD, Rest, consents};
use tests::socket::{Heard, Socket};
use tests::wait::{eventually, real_time_passes};

async fn refresh(auth: &Rest, token: &str) -> tests::rest::Answer {
    auth.post("/v1/auth/refresh", json!({ "refresh_token": token })).await
}

#[tokio::test]
async fn somebody_signs_up_signs_in_and_is_known_on_every_port() {
    let app = TestApp::start().await;
    let body = json!({
        "email": "Minji@Example.com", "password": PASSWORD, "name": "김민지", "phone": "010-1234-5678",
        "consents": consents(),
    });
    let user = app.rest(Service::User).post("/v1/users", body.clone()).await.expect(201);
    assert_eq!(user["email"], "minji@example.com");
    assert_eq!(user["phone"], "+821012345678");
    assert_eq!(user["roles"], json!(["customer"]));
    app.rest(Service::User).post("/v1/users", body).await.expect_problem(409, "user.email_taken");
    let minji = app.sign_in("minji@example.com").await;
    for service in [Service::User, Service::Gateway] {
        let me = app.rest_as(service, &minji).get("/v1/users/me").await.expect(200);
        assert_eq!(me["id"], user["id"]);
    }
    app.rest(Service::User).get("/v1/users/me").await.expect_problem(401, "unauthenticated");
    app.stop().await;
}

#[tokio::test]
async fn an_expired_token_gets_nobody_in() {
    let mut settings = tests::settings();
    settings.auth.access_life = TimeDelta::seconds(-1);
    let app = TestApp::start_with(settings).await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let me = app.rest_as(Service::User, &minji).get("/v1/users/me").await;
    assert_eq!(me.headers["www-authenticate"], r#"Bearer error="invalid_token""#);
    me.expect_problem(401, "auth.token_expired");
    app.stop().await;
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_a_copy_ends_the_session() {
    let app = TestApp::start().await;
    let auth = app.rest(Service::Auth);
    let minji = app.person("minji", &[Role::Customer]).await;
    let second = refresh(&auth, &minji.refresh_token).await.expect(200);
    let lost = refresh(&auth, &minji.refresh_token).await.expect(200);
    assert_eq!(lost["refresh_token"], second["refresh_token"], "a lost answer is given again");
    let third = refresh(&auth, second["refresh_token"].as_str().unwrap()).await.expect(200);
    // The first one's successor has been used: whoever shows it has a copy.
    refresh(&auth, &minji.refresh_token).await.expect_problem(401, "auth.refresh_token_reused");
    let newest = third["refresh_token"].as_str().unwrap();
    refresh(&auth, newest).await.expect_problem(401, "auth.refresh_token_not_good");
    let access = third["access_token"].as_str().unwrap();
    let me = app.rest(Service::User).with_token(access).get("/v1/users/me").await;
    me.expect_problem(401, "auth.session_ended");
    for nonsense in ["", "x", "AAAA", &"A".repeat(43)] {
        refresh(&auth, nonsense).await.expect_problem(401, "auth.refresh_token_not_good");
    }
    app.stop().await;
}

#[tokio::test]
async fn of_many_refreshes_at_once_all_get_the_same_next_token() {
    let app = TestApp::start().await;
    let auth = app.rest(Service::Auth);
    let minji = app.person("minji", &[Role::Customer]).await;
    let answers = futures::future::join_all((0..8).map(|_| refresh(&auth, &minji.refresh_token))).await;
    let mut next: Vec<_> = answers.into_iter().map(|one| one.expect(200)["refresh_token"].clone()).collect();
    next.dedup();
    assert_eq!(next.len(), 1, "one session has one newest token");
    refresh(&auth, next[0].as_str().unwrap()).await.expect(200);
    app.stop().await;
}

#[tokio::test]
async fn a_guesser_waits_and_the_owner_does_not() {
    let app = TestApp::start().await;
    let auth = app.rest(Service::Auth);
    let minji = app.person("minji", &[Role::Customer]).await;
    let try_with = |rest: Rest, email: String, password: &'static str| async move {
        rest.post("/v1/auth/sign-in", json!({ "email": email, "password": password })).await
    };
    // Fifty at once: no more than the forgiven ones are looked at.
    let tries = (0..50).map(|_| try_with(auth.clone(), minji.email.clone(), "wrong password"));
    let answers = futures::future::join_all(tries).await;
    let looked_at = answers.iter().filter(|one| one.status == 401).count();
    assert_eq!(looked_at, 5);
    let locked = try_with(auth.clone(), minji.email.clone(), PASSWORD).await;
    let wait: u32 = locked.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    locked.expect_problem(429, "auth.locked");
    let elsewhere = auth.from_address("127.0.0.2".parse().unwrap());
    try_with(elsewhere, minji.email.clone(), PASSWORD).await.expect(200);
    app.stop().await;
}

#[tokio::test]
async fn who_has_many_addresses_guesses_little_and_a_known_device_gets_in() {
    let mut settings = tests::settings();
    settings.auth.lockout.strangers_a_day = 20;
    let app = TestApp::start_with(settings).await;
    let second = app.second_server().await;
    let bases = [app.url(Service::Auth), format!("http://{}", second.address(Service::Auth).unwrap())];
    let minji = app.person("minji", &[Role::Customer]).await;
    let junho = app.person("junho", &[Role::Customer]).await;
    let auth = app.rest(Service::Auth);
    let enter = async |host: u8, email: &str, password: &str, proof: Option<&str>| {
        let from = auth.from_address([127, 0, 1, host].into()).at(&bases[usize::from(host % 2)]);
        let body = json!({ "email": email, "password": password, "refresh_token": proof });
        from.post("/v1/auth/sign-in", body).await
    };
    // A guesser with forty addresses, at two processes, all at once: half of a day's.
    for email in [minji.email.as_str(), "nobody@example.com"] {
        let tries = (1..=40).map(|host| enter(host, email, "wrong password", None));
        let answers = futures::future::join_all(tries).await;
        assert_eq!(answers.iter().filter(|one| one.status == 401).count(), 10, "{email}");
        let refused = answers.into_iter().find(|one| one.status == 429).unwrap();
        let wait: u32 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((8_600..=8_640).contains(&wait), "{wait}");
        refused.expect_problem(429, "auth.account_locked");
    }
    // A stranger who knows the password waits like the others; proofs are each account's own.
    for no_proof in [None, Some("x"), Some(junho.refresh_token.as_str())] {
        let answer = enter(99, &minji.email, PASSWORD, no_proof).await;
        answer.expect_problem(429, "auth.account_locked");
    }
    enter(1, &junho.email, PASSWORD, None).await.expect(200);
    // Her phone is known, wherever it is and whether or not it is signed in.
    enter(1, &minji.email, PASSWORD, Some(&minji.refresh_token)).await.expect(200);
    app.rest_as(Service::Auth, &minji).post("/v1/auth/sign-out", json!({})).await;
    enter(100, &minji.email, PASSWORD, Some(&minji.refresh_token)).await.expect(200);
    // And whoever has taken it guesses no more than at one address.
    for host in 101..=105 {
        let answer = enter(host, &minji.email, "wrong password", Some(&minji.refresh_token)).await;
        answer.expect_problem(401, "auth.credentials_wrong");
    }
    let answer = enter(106, &minji.email, PASSWORD, Some(&minji.refresh_token)).await;
    answer.expect_problem(429, "auth.locked");
    // The next day strangers may try again.
    app.advance(TimeDelta::hours(24)).await;
    enter(107, &minji.email, PASSWORD, None).await.expect(200);
    second.stop(Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn the_addresses_of_one_ipv6_network_are_locked_out_together() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let enter = async |from: &str, password: &str| {
        let asked = SignIn {
            email: minji.email.clone(),
            password: password.into(),
            device: None,
            refresh_token: None,
            from: from.parse().unwrap(),
        };
        match services::auth::sign_in(app.app(), asked).await {
            Ok(_) => "in",
            Err(Failure::Refused(refused)) => refused.code,
            Err(other) => panic!("{other:?}"),
        }
    };
    for host in 1..=5 {
        assert_eq!(enter(&format!("2001:db8::{host}"), "wrong password").await, "auth.credentials_wrong");
        assert_eq!(enter("::ffff:192.0.2.1", "wrong password").await, "auth.credentials_wrong");
    }
    assert_eq!(enter("2001:db8::ffff:6", PASSWORD).await, "auth.locked");
    assert_eq!(enter("2001:db8:0:1::6", PASSWORD).await, "in");
    assert_eq!(enter("192.0.2.1", PASSWORD).await, "auth.locked");
    assert_eq!(enter("::ffff:192.0.2.2", PASSWORD).await, "in");
    app.stop().await;
}

#[tokio::test]
async fn a_clock_that_goes_back_locks_nobody_out_for_the_difference() {
    let app = TestApp::start().await;
    let auth = app.rest(Service::Auth);
    let minji = app.person("minji", &[Role::Customer]).await;
    let enter = async |password: &str| {
        auth.post("/v1/auth/sign-in", json!({ "email": minji.email, "password": password })).await
    };
    for _ in 0..5 {
        enter("wrong password").await.expect_problem(401, "auth.credentials_wrong");
    }
    app.clock.set_forward(TimeDelta::hours(-1));
    let locked = enter(PASSWORD).await;
    let wait: u32 = locked.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=31).contains(&wait), "{wait}");
    locked.expect_problem(429, "auth.locked");
    app.advance(TimeDelta::seconds(31)).await;
    enter(PASSWORD).await.expect(200);
    app.stop().await;
}

#[tokio::test]
async fn of_a_crowd_behind_one_address_nobody_is_locked_out() {
    let app = TestApp::start().await;
    let auth = app.rest(Service::Auth);
    let shared = app.person("minji", &[Role::Customer]).await;
    let mut emails = vec![shared.email; 50];
    for number in 0..50 {
        emails.push(app.person(&format!("person{number}"), &[Role::Customer]).await.email);
    }
    let enter = async |email: String| loop {
        let body = json!({ "email": email, "password": PASSWORD });
        let answer = auth.post("/v1/auth/sign-in", body).await;
        match answer.status.as_u16() {
            200 => return,
            429 | 503 => {
                let told: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
                assert!((1..=5).contains(&told), "{told}");
                assert_ne!(answer.body["type"], "auth.locked");
                // Some come back at once, as impatient clients do.
                real_time_passes(Duration::from_millis(told)).await;
            }
            other => panic!("{other}: {}", answer.body),
        }
    };
    futures::future::join_all(emails.into_iter().map(enter)).await;
    app.stop().await;
}

#[tokio::test]
async fn nobody_learns_whether_there_is_an_account() {
    let app = TestApp::start().await;
    let auth = app.rest(Service::Auth);
    app.person("minji", &[Role::Customer]).await;
    let mut answers = Vec::new();
    for email in ["minji@example.com", "nobody@example.com"] {
        let body = json!({ "email": email, "password": "wrong password" });
        let mut problem =
            auth.post("/v1/auth/sign-in", body).await.expect_problem(401, "auth.credentials_wrong");
        problem["request_id"].take();
        answers.push(problem);
    }
    assert_eq!(answers[0], answers[1]);
    app.stop().await;
}

#[tokio::test]
async fn a_session_that_was_ended_is_refused_by_every_process_within_two_seconds() {
    let app = TestApp::start().await;
    let second = app.second_server().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let phone = app.sign_in(&minji.email).await;
    let auth = app.rest_as(Service::Auth, &minji);
    let sessions = auth.get("/v1/auth/sessions").await.expect(200);
    let items = sessions["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    let other = items.iter().find(|session| session["current"] == false).unwrap();
    let path = format!("/v1/auth/sessions/{}", other["id"].as_str().unwrap());
    let address = second.address(Service::User).unwrap();
    let there = format!("http://{address}/v1/users/me");
    let client = reqwest::Client::new();
    let ask = async || client.get(&there).bearer_auth(&phone.access_token).send().await.unwrap().status();
    assert_eq!(ask().await, 200);
    let stranger = app.person("stranger", &[Role::Customer]).await;
    app.rest_as(Service::Auth, &stranger).delete(&path).await.expect_problem(404, "not_found");
    assert_eq!(auth.delete(&path).await.status, 204);
    let ended = Instant::now();
    app.rest_as(Service::Gateway, &phone).get("/v1/users/me").await.expect_problem(401, "auth.session_ended");
    while ask().await != 401 {
        assert!(ended.elapsed() < Duration::from_secs(2), "the other process still lets it in");
    }
    refresh(&auth, &phone.refresh_token).await.expect_problem(401, "auth.refresh_token_not_good");
    auth.delete(&path).await.expect_problem(404, "not_found");
    second.stop(Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn the_list_of_sessions_is_read_to_its_end() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    for _ in 0..24 {
        app.sign_in(&minji.email).await;
    }
    let auth = app.rest_as(Service::Auth, &minji);
    let whole = auth.get("/v1/auth/sessions?limit=100").await.expect(200);
    assert_eq!((whole["items"].as_array().unwrap().len(), &whole["next_cursor"]), (25, &Value::Null));
    assert_eq!(whole["items"][24]["current"], true, "newest first");
    let (mut read, mut path) = (Vec::new(), "/v1/auth/sessions".to_owned());
    loop {
        let page = auth.get(&path).await.expect(200);
        read.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/auth/sessions?limit=7&cursor={cursor}");
        // A sign-in between two pages shifts no item.
        app.sign_in(&minji.email).await;
    }
    assert_eq!(json!(read), whole["items"]);
    auth.get("/v1/auth/sessions?limit=101").await.expect_problem(422, "invalid");
    app.stop().await;
}

#[tokio::test]
async fn who_ends_all_others_stays_and_every_process_refuses_them_within_two_seconds() {
    let app = TestApp::start().await;
    let second = app.second_server().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let others = [app.sign_in(&minji.email).await, app.sign_in(&minji.email).await];
    let stranger = app.person("stranger", &[Role::Customer]).await;
    let there = second.address(Service::Gateway).unwrap();
    let mut here = Socket::open(app.address(Service::Gateway), &others[0].access_token).await;
    let mut away = Socket::open(there, &others[1].access_token).await;
    let auth = app.rest_as(Service::Auth, &minji);
    assert_eq!(auth.post("/v1/auth/sessions/end-others", Value::Null).await.status, 204);
    let ended = Instant::now();
    let closed = async { [here.hear().await, away.hear().await] };
    let closed = tokio::time::timeout(Duration::from_secs(2), closed).await.expect("within 2 s");
    assert_eq!(closed, [Heard::Closed(4402), Heard::Closed(4402)]);
    for base in [app.url(Service::Gateway), format!("http://{there}")] {
        for other in &others {
            let rest = app.rest_as(Service::Gateway, other).at(&base);
            while rest.get("/v1/users/me").await.status != 401 {
                assert!(ended.elapsed() < Duration::from_secs(2), "{base} still lets it in");
            }
        }
        for kept in [&minji, &stranger] {
            app.rest_as(Service::Gateway, kept).at(&base).get("/v1/users/me").await.expect(200);
        }
    }
    refresh(&auth, &others[0].refresh_token).await.expect_problem(401, "auth.refresh_token_not_good");
    refresh(&auth, &minji.refresh_token).await.expect(200);
    assert_eq!(auth.get("/v1/auth/sessions").await.expect(200)["items"].as_array().unwrap().len(), 1);
    second.stop(Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn of_sessions_that_end_each_other_at_once_one_goes_on() {
    let app = TestApp::start().await;
    let second = app.second_server().await;
    let bases = [app.url(Service::Auth), format!("http://{}", second.address(Service::Auth).unwrap())];
    let minji = app.person("minji", &[Role::Customer]).await;
    for _ in 0..10 {
        let mut sessions = Vec::new();
        for base in bases.iter().cycle().take(6) {
            let session = app.sign_in(&minji.email).await;
            sessions.push((app.rest_as(Service::Auth, &session).at(base), session));
        }
        let all = sessions.iter().map(|(rest, _)| rest.post("/v1/auth/sessions/end-others", Value::Null));
        for answer in futures::future::join_all(all).await {
            assert!(matches!(answer.status.as_u16(), 204 | 401), "{}", answer.body);
        }
        let go_on = sessions.iter().map(|(rest, session)| refresh(rest, &session.refresh_token));
        let go_on = futures::future::join_all(go_on).await;
        assert_eq!(go_on.iter().filter(|answer| answer.status == 200).count(), 1);
    }
    second.stop(Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn a_refresh_token_signs_out_also_when_the_access_token_has_expired() {
    let mut settings = tests::settings();
    settings.auth.access_life = TimeDelta::seconds(-1);
    let app = TestApp::start_with(settings).await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let (anyone, expired) = (app.rest(Service::Gateway), app.rest_as(Service::Gateway, &minji));
    let path = "/v1/auth/sign-out";
    tests::rest::answer(expired.request(Method::POST, path)).await.expect_problem(401, "auth.token_expired");
    tests::rest::answer(anyone.request(Method::POST, path)).await.expect_problem(401, "unauthenticated");
    anyone.post(path, Value::Null).await.expect_problem(401, "unauthenticated");
    for nonsense in ["", "x", &"A".repeat(43)] {
        let body = json!({ "refresh_token": nonsense });
        anyone.post(path, body).await.expect_problem(401, "auth.refresh_token_not_good");
    }
    let proof = json!({ "refresh_token": minji.refresh_token });
    // As the pages send it: under a key, and with whatever token is at hand.
    let request = expired.request(Method::POST, path).header("idempotency-key", "out").json(&proof);
    assert_eq!(tests::rest::answer(request).await.status, 204);
    refresh(&anyone, &minji.refresh_token).await.expect_problem(401, "auth.refresh_token_not_good");
    assert_eq!(anyone.post(path, proof).await.status, 204, "signing out twice is signed out");

    // A refresh token that is already used ends the session, too.
    let again = app.sign_in(&minji.email).await;
    let next = refresh(&anyone, &again.refresh_token).await.expect(200);
    assert_eq!(anyone.post(path, json!({ "refresh_token": again.refresh_token })).await.status, 204);
    let next = refresh(&anyone, next["refresh_token"].as_str().unwrap()).await;
    next.expect_problem(401, "auth.refresh_token_not_good");
    app.stop().await;
}

#[tokio::test]
async fn an_ended_session_stays_ended_after_a_restart() {
    let mut app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    assert_eq!(app.rest_as(Service::Auth, &minji).post("/v1/auth/sign-out", json!({})).await.status, 204);
    app.restart().await;
    let ended = Instant::now();
    while app.rest_as(Service::User, &minji).get("/v1/users/me").await.status != 401 {
        assert!(ended.elapsed() < Duration::from_secs(2), "it was let in again");
    }
    app.sign_in(&minji.email).await;
    app.stop().await;
}

#[tokio::test]
async fn who_is_signed_in_is_not_told_otherwise_when_their_hash_cannot_be_renewed() {
    let app = TestApp::start().await;
    let mut cheaper = tests::settings();
    cheaper.auth.hash.memory_kib = 16;
    let earlier = TestApp::start_with(cheaper).await;
    let (minji, _) =
        (app.person("minji", &[Role::Customer]).await, earlier.person("minji", &[Role::Customer]).await);
    let email = Recognition::Email(minji.email.parse().unwrap());
    let hash = async |app: &TestApp| {
        store::auth::recognise(&app.app().store, &email).await.unwrap().unwrap().password_hash.unwrap()
    };
    let outdated = hash(&earlier).await;
    let run = async |sql: &str| scratch::run_in(app.database(), sql).await.unwrap();
    run(&format!("update auth.credentials set secret = '{outdated}'")).await;
    run(
        "create function public.fails() returns trigger language plpgsql as
         $$ begin raise exception 'shutting down' using errcode = '57P01'; end $$;
         create trigger fails before update on auth.credentials for each row execute function public.fails()",
    )
    .await;
    let again = app.sign_in(&minji.email).await;
    app.rest_as(Service::User, &again).get("/v1/users/me").await.expect(200);
    assert_eq!(hash(&app).await, outdated);
    run("drop trigger fails on auth.credentials").await;
    app.sign_in(&minji.email).await;
    assert_ne!(hash(&app).await, outdated);
    earlier.stop().await;
    app.stop().await;
}

#[tokio::test]
async fn what_is_out_of_retention_is_dropped_while_the_process_runs() {
    let mut settings = tests::settings();
    settings.retention.every = Duration::from_millis(50);
    let app = TestApp::start_with(settings).await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let home = json!({ "label": "집", "road_address": "테헤란로 152", "position": { "lat": 37.49994, "lon": 127.03656 } });
    let rest = app.rest_as(Service::User, &minji);
    let kept =
        rest.request(Method::POST, "/v1/users/me/addresses").header("idempotency-key", "k1").json(&home);
    tests::rest::answer(kept).await.expect(201);
    let wrong = json!({ "email": minji.email, "password": "아닌 밤중에 홍두깨" });
    app.rest(Service::Auth)
        .post("/v1/auth/sign-in", wrong)
        .await
        .expect_problem(401, "auth.credentials_wrong");
    let tables = ["auth.sessions", "auth.attempts", "gateway.idempotency_keys"];
    let is_empty = async |table: &str| {
        let sql = format!("do $$ begin assert not exists (select from {table}); end $$");
        scratch::run_in(app.database(), &sql).await.is_ok()
    };
    for table in tables {
        assert!(!is_empty(table).await, "{table}");
    }
    app.advance(TimeDelta::days(61)).await;
    for table in tables {
        eventually(|| is_empty(table)).await;
    }
    app.stop().await;
}

#[tokio::test]
async fn an_ended_session_is_refused_although_old_rows_cannot_be_dropped() {
    let mut app = TestApp::start().await;
    let sql = "create function public.fails() returns trigger language plpgsql as
         $$ begin raise exception 'shutting down' using errcode = '57P01'; end $$;
         create trigger fails before delete on auth.sessions execute function public.fails()";
    scratch::run_in(app.database(), sql).await.unwrap();
    app.restart().await;
    let second = app.second_server().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let there =
        app.rest_as(Service::Auth, &minji).at(format!("http://{}", second.address(Service::Auth).unwrap()));
    assert_eq!(there.post("/v1/auth/sign-out", json!({})).await.status, 204);
    let ended = Instant::now();
    while app.rest_as(Service::User, &minji).get("/v1/users/me").await.status != 401 {
        assert!(ended.elapsed() < Duration::from_secs(2), "the first process still lets it in");
    }
    second.stop(Duration::from_secs(5)).await;
    app.stop().await;
}
