//! The keys of tokens: how they turn, and tokens of keys that a process does not know.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use domain::Role;
use domain::auth::SigningAlg;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use server::Service;
use store::auth::SigningKey;
use tests::TestApp;
use tests::wait::eventually;

fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn kid(token: &str) -> String {
    part(token, 0)["kid"].as_str().unwrap().to_owned()
}

async fn public_kids(app: &TestApp) -> Vec<String> {
    let keys = app.rest(Service::Gateway).get("/.well-known/jwks.json").await.expect(200);
    keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_new_key_is_public_before_it_signs_and_the_old_one_verifies_until_its_tokens_expired() {
    let mut settings = tests::settings();
    settings.auth.signing_key_life = TimeDelta::days(30);
    settings.auth.access_life = TimeDelta::hours(2);
    let app = TestApp::start_with(settings).await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let old = kid(&minji.access_token);
    assert_eq!(public_kids(&app).await, std::slice::from_ref(&old));
    let keys = app.rest(Service::Auth).get("/.well-known/jwks.json").await.expect(200);
    assert_eq!((&keys["keys"][0]["alg"], &keys["keys"][0]["crv"]), (&json!("ES256"), &json!("P-256")));
    assert!(keys["keys"][0].get("d").is_none(), "the private key stays here");

    app.advance(TimeDelta::days(30) - TimeDelta::minutes(59)).await;
    eventually(async || public_kids(&app).await.len() == 2).await;
    let announced = public_kids(&app).await.remove(0);
    let last_of_old = app.sign_in(&minji.email).await;
    assert_eq!(kid(&last_of_old.access_token), old, "the new key does not sign yet");

    app.advance(TimeDelta::hours(1)).await;
    let first_of_new = app.sign_in(&minji.email).await;
    assert_eq!(kid(&first_of_new.access_token), announced);
    for person in [&last_of_old, &first_of_new] {
        app.rest_as(Service::User, person).get("/v1/users/me").await.expect(200);
    }
    app.advance(TimeDelta::minutes(59)).await;
    app.rest_as(Service::User, &last_of_old).get("/v1/users/me").await.expect(200);
    app.advance(TimeDelta::minutes(5)).await;
    let expired = app.rest_as(Service::User, &last_of_old).get("/v1/users/me").await;
    expired.expect_problem(401, "auth.token_expired");
    assert_eq!(
        public_kids(&app).await.len(),
        2,
        "another process may have signed with it until a moment ago"
    );
    app.advance(TimeDelta::hours(1)).await;
    eventually(async || public_kids(&app).await == std::slice::from_ref(&announced)).await;
    app.stop().await;
}

#[tokio::test]
async fn no_request_fails_while_keys_turn_in_two_processes() {
    let mut settings = tests::settings();
    settings.auth.signing_key_life = TimeDelta::minutes(40);
    settings.auth.session_key_life = TimeDelta::minutes(30);
    settings.auth.key_ahead = TimeDelta::minutes(5);
    settings.auth.key_poll = Duration::from_millis(50);
    let app = TestApp::start_with(settings).await;
    let second = app.second_server().await;
    let bases = [app.url(Service::Gateway), format!("http://{}", second.address(Service::Gateway).unwrap())];
    let minji = app.person("minji", &[Role::Customer]).await;
    let rest = app.rest(Service::Gateway);
    let (mut kids, mut versions) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    let mut token = minji.refresh_token;
    for step in 0..60 {
        let (one, other) = (rest.at(&bases[step % 2]), rest.at(&bases[(step + 1) % 2]));
        let next = one.post("/v1/auth/refresh", json!({ "refresh_token": token })).await.expect(200);
        app.clock.set_forward(TimeDelta::minutes(3));
        // The response was lost: the same again, at the other process, maybe under other keys.
        let again = other.post("/v1/auth/refresh", json!({ "refresh_token": token })).await.expect(200);
        for grant in [&next, &again] {
            let access = grant["access_token"].as_str().unwrap();
            kids.insert(kid(access));
            other.with_token(access).get("/v1/users/me").await.expect(200);
            let refresh = BASE64_URL_SAFE_NO_PAD.decode(grant["refresh_token"].as_str().unwrap()).unwrap();
            versions.insert(refresh[..2].to_vec());
        }
        let newest = if step % 3 == 0 { &next } else { &again };
        token = newest["refresh_token"].as_str().unwrap().to_owned();
    }
    assert!(kids.len() >= 4 && versions.len() >= 4, "{} and {}", kids.len(), versions.len());
    second.stop(Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn processes_that_start_at_once_agree_on_their_keys() {
    let app = TestApp::start().await;
    store::scratch::run_in(app.database(), "delete from auth.signing_keys; delete from auth.session_keys")
        .await
        .unwrap();
    let (one, other, third) = tokio::join!(app.second_server(), app.second_server(), app.second_server());
    let mut sets = Vec::new();
    for server in [&one, &other, &third] {
        sets.push(services::auth::public_keys(server.app()).unwrap());
    }
    assert_eq!(sets[0]["keys"].as_array().unwrap().len(), 1);
    assert!(sets.iter().all(|set| *set == sets[0]), "{sets:?}");
    for server in [one, other, third] {
        server.stop(Duration::from_secs(5)).await;
    }
    app.stop().await;
}

/// A key that another process has just announced, and a token of it.
async fn foreign_key(app: &TestApp, of: &str, announce: bool) -> String {
    // RFC 8410: an Ed25519 key is this prefix, then its 32 bytes.
    let der = [&b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20"[..], &[9; 32]].concat();
    let kid = domain::Ids::uuid(&server::system::OsRandom).to_string();
    let mut header = Header::new(Algorithm::EdDSA);
    (header.typ, header.kid) = (Some("at+jwt".into()), Some(kid.clone()));
    let token = jsonwebtoken::encode(&header, &part(of, 1), &EncodingKey::from_ed_der(&der)).unwrap();
    if announce {
        let begins_at = app.app().now();
        let key = SigningKey { kid, alg: SigningAlg::EdDsa, private_key: der, begins_at };
        let mut tx = app.app().store.begin().await.unwrap();
        store::auth::add_signing_key(&mut tx, &key, begins_at).await.unwrap();
        tx.commit().await.unwrap();
    }
    token
}

#[tokio::test]
async fn a_token_of_a_key_that_a_process_does_not_know_makes_it_look_once() {
    let mut settings = tests::settings();
    settings.auth.key_poll = Duration::from_secs(3_600);
    settings.auth.signing_alg = None;
    let app = TestApp::start_with(settings).await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let me = app.rest(Service::User);
    let announced = foreign_key(&app, &minji.access_token, true).await;
    // Many at once: one look is enough for all of them.
    let all = (0..50).map(|_| async { me.with_token(&announced).get("/v1/users/me").await.expect(200) });
    futures::future::join_all(all).await;
    // Whoever makes tokens up makes the process look once a second and no more.
    app.clock.set_forward(TimeDelta::seconds(1));
    let made_up = foreign_key(&app, &minji.access_token, false).await;
    me.with_token(&made_up).get("/v1/users/me").await.expect_problem(401, "auth.token_not_good");
    let later = foreign_key(&app, &minji.access_token, true).await;
    me.with_token(&later).get("/v1/users/me").await.expect_problem(401, "auth.token_not_good");
    app.clock.set_forward(TimeDelta::seconds(1));
    me.with_token(&later).get("/v1/users/me").await.expect(200);
    me.with_token(&minji.access_token).get("/v1/users/me").await.expect(200);
    app.stop().await;
}

#[tokio::test]
async fn a_key_of_before_verifies_through_the_overlap_and_one_of_the_configured_kind_follows() {
    let mut settings = tests::settings();
    settings.auth.signing_alg = Some(SigningAlg::EdDsa);
    let mut app = TestApp::start_with(settings.clone()).await;
    let minji = app.person("minji", &[Role::Customer]).await;
    assert_eq!(part(&minji.access_token, 0)["alg"], "EdDSA");
    // What the version before signed carries neither `gen` nor a scope.
    let key = store::auth::keys(&app.app().store).await.unwrap().signing.remove(0);
    let mut claims = part(&minji.access_token, 1);
    for newer in ["gen", "scope", "acr", "amr", "auth_time", "client_id"] {
        assert!(claims.as_object_mut().unwrap().remove(newer).is_some(), "{newer}");
    }
    let mut header = Header::new(Algorithm::EdDSA);
    (header.typ, header.kid) = (Some("at+jwt".into()), Some(key.kid.clone()));
    let of_before =
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ed_der(&key.private_key)).unwrap();
    app.rest(Service::User).with_token(&of_before).get("/v1/users/me").await.expect(200);

    settings.auth.signing_alg = Some(SigningAlg::Es256);
    app.restart_with(settings).await;
    eventually(async || public_kids(&app).await.len() == 2).await;
    assert_eq!(part(&app.sign_in(&minji.email).await.access_token, 0)["alg"], "EdDSA", "not yet");
    app.clock.set_forward(TimeDelta::minutes(9));
    app.rest(Service::User).with_token(&of_before).get("/v1/users/me").await.expect(200);
    app.clock.set_forward(TimeDelta::minutes(52));
    let now = app.sign_in(&minji.email).await;
    assert_eq!(part(&now.access_token, 0)["alg"], "ES256");
    app.rest_as(Service::User, &now).get("/v1/users/me").await.expect(200);
    app.stop().await;
}

#[tokio::test]
async fn a_token_says_how_and_when_its_person_proved_who_they_are_and_what_it_is_for() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer, Role::Courier]).await;
    let claims = part(&minji.access_token, 1);
    assert_eq!((&claims["acr"], &claims["amr"]), (&json!("aal1"), &json!(["pwd"])));
    // In whole seconds: between the proof and the token one may begin.
    let since_proof = claims["iat"].as_i64().unwrap() - claims["auth_time"].as_i64().unwrap();
    assert!((0..=1).contains(&since_proof), "{claims}");
    assert_eq!(claims["scope"], "profile order deliver");
    assert_eq!(claims["gen"], 0);
    app.advance(TimeDelta::hours(1)).await;
    let body = json!({ "refresh_token": minji.refresh_token });
    let next = app.rest(Service::Auth).post("/v1/auth/refresh", body).await.expect(200);
    let later = part(next["access_token"].as_str().unwrap(), 1);
    assert_eq!(later["auth_time"], claims["auth_time"], "a refresh proves nothing");
    assert_eq!(later["gen"], 1);
    app.stop().await;
}

#[tokio::test]
async fn a_key_of_before_the_vault_is_sealed_and_goes_on_signing() {
    let mut app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let key = store::auth::keys(&app.app().store).await.unwrap().signing.remove(0);
    let der = base64::prelude::BASE64_STANDARD.encode(&key.private_key);
    let plain = format!(
        "update auth.signing_keys set private_key = decode('{der}', 'base64'), sealed_private_key = null"
    );
    store::scratch::run_in(app.database(), &plain).await.unwrap();
    app.restart().await;
    let is_sealed = "do $$ begin assert (select sealed_private_key is not null and private_key = ''
        from auth.signing_keys); end $$";
    eventually(async || store::scratch::run_in(app.database(), is_sealed).await.is_ok()).await;
    app.restart().await;
    let again = app.sign_in(&minji.email).await;
    assert_eq!(kid(&again.access_token), key.kid);
    app.rest_as(Service::User, &minji).get("/v1/users/me").await.expect(200);
    app.stop().await;
}
