//! Programs that call in their own name.

use std::time::{Duration, Instant};

use domain::Role;
use reqwest::Method;
use serde_json::{Value, json};
use server::Service;
use services::auth::NewService;
use tests::TestApp;
use tests::rest::{Answer, Rest, answer};
use tests::socket::{Heard, Socket};

async fn ask(auth: &Rest, form: &[(&str, &str)]) -> Answer {
    let body = url_encoded(form);
    let request = auth.request(Method::POST, "/v1/auth/token");
    answer(request.header("content-type", "application/x-www-form-urlencoded").body(body)).await
}

fn url_encoded(form: &[(&str, &str)]) -> String {
    let pairs = form.iter().map(|(name, value)| format!("{name}={}", value.replace(' ', "+")));
    pairs.collect::<Vec<_>>().join("&")
}

async fn added(app: &TestApp, name: &str) -> (String, String) {
    let NewService { id, secret } = services::auth::add_service(app.app(), name).await.unwrap();
    (id.to_string(), secret)
}

async fn token(auth: &Rest, (id, secret): &(String, String)) -> String {
    let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    let body = ask(auth, &form).await.expect(200);
    assert_eq!((&body["token_type"], &body["scope"]), (&json!("Bearer"), &json!("service")));
    assert!(body.get("refresh_token").is_none());
    body["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_program_gets_a_token_for_its_secret_and_none_after_it_was_revoked() {
    let app = TestApp::start().await;
    let second = app.second_server().await;
    let auth = app.rest(Service::Auth);
    let client = added(&app, "settlement").await;
    let taken = services::auth::add_service(app.app(), "settlement").await.err().unwrap();
    assert!(format!("{taken:?}").contains("auth.service_name_taken"));
    let token = token(&auth, &client).await;
    // It is somebody, but nobody of the people: not even with their own session.
    let bases = [app.url(Service::User), format!("http://{}", second.address(Service::User).unwrap())];
    let of_service = app.rest(Service::User).with_token(&token);
    for base in &bases {
        of_service.at(base).get("/v1/users/me").await.expect_problem(403, "forbidden");
    }
    let bearer = format!("Bearer {token}");
    let gateway = app.address(Service::Gateway);
    let mut socket = Socket::dial(gateway, &[("authorization", &bearer)]).await.unwrap();
    assert_eq!(socket.frame().await["problem"]["type"], "forbidden");
    assert_eq!(socket.hear().await, Heard::Closed(4401));
    // By the Basic scheme.
    let basic = auth.request(Method::POST, "/v1/auth/token").basic_auth(&client.0, Some(&client.1));
    let basic = basic.header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
    answer(basic.body("grant_type=client_credentials&scope=service&more=1")).await.expect(200);

    services::auth::revoke_service(app.app(), "settlement").await.unwrap();
    let revoked = Instant::now();
    for base in &bases {
        while of_service.at(base).get("/v1/users/me").await.body["type"] != "auth.session_ended" {
            assert!(revoked.elapsed() < Duration::from_secs(2), "{base} still knows it");
        }
    }
    let form = [("grant_type", "client_credentials"), ("client_id", &client.0), ("client_secret", &client.1)];
    ask(&auth, &form).await.expect_problem(401, "auth.client_wrong");
    assert!(services::auth::revoke_service(app.app(), "settlement").await.is_err());
    added(&app, "settlement").await;
    let sql = "do $$ begin assert (select array_agg(kind order by id) from auth.audit) =
        '{service_added,service_token_issued,service_token_issued,service_revoked,service_added}'; end $$";
    store::scratch::run_in(app.database(), sql).await.unwrap();
    second.stop(Duration::from_secs(5)).await;
    app.stop().await;
}

/// A form, and the status and the error that it is answered with.
type Refused<'a> = (&'a [(&'a str, &'a str)], u16, &'a str);

#[tokio::test]
async fn a_wrong_request_for_a_token_is_refused_in_the_words_of_the_standard() {
    let app = TestApp::start().await;
    let auth = app.rest(Service::Auth);
    let (id, secret) = added(&app, "settlement").await;
    let (id, secret) = (id.as_str(), secret.as_str());
    let credentials = ("grant_type", "client_credentials");
    let nobody = "01920000-0000-7000-8000-000000000001";
    let forms: &[Refused<'_>] = &[
        (&[], 400, "invalid_request"),
        (&[("client_id", id), ("client_secret", secret)], 400, "invalid_request"),
        (&[credentials, credentials, ("client_id", id), ("client_secret", secret)], 400, "invalid_request"),
        (
            &[credentials, ("client_id", id), ("client_id", id), ("client_secret", secret)],
            400,
            "invalid_request",
        ),
        (
            &[("grant_type", "password"), ("client_id", id), ("client_secret", secret)],
            400,
            "unsupported_grant_type",
        ),
        (&[("grant_type", "refresh_token"), ("refresh_token", "x")], 400, "unsupported_grant_type"),
        (&[credentials], 401, "invalid_client"),
        (&[credentials, ("client_id", id)], 401, "invalid_client"),
        (&[credentials, ("client_id", id), ("client_secret", "")], 401, "invalid_client"),
        (&[credentials, ("client_id", id), ("client_secret", "wrong")], 401, "invalid_client"),
        (&[credentials, ("client_id", nobody), ("client_secret", secret)], 401, "invalid_client"),
        (&[credentials, ("client_id", "' or true --"), ("client_secret", secret)], 401, "invalid_client"),
        (&[credentials, ("client_id", "%00"), ("client_secret", "%00%ff")], 401, "invalid_client"),
        (
            &[credentials, ("client_id", id), ("client_secret", secret), ("scope", "admin")],
            400,
            "invalid_scope",
        ),
        (
            &[credentials, ("client_id", id), ("client_secret", secret), ("scope", "service admin")],
            400,
            "invalid_scope",
        ),
    ];
    for (form, status, error) in forms {
        let answer = ask(&auth, form).await;
        assert_eq!((answer.status.as_u16(), &answer.body["error"]), (*status, &json!(error)), "{form:?}");
        if *status == 401 {
            assert_eq!(answer.headers["www-authenticate"], r#"Basic realm="baedal""#);
        }
    }
    // One way of authenticating in one request, and a form, not JSON.
    let twice = auth.request(Method::POST, "/v1/auth/token").basic_auth(id, Some(secret));
    let body = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let twice = twice.header("content-type", "application/x-www-form-urlencoded").body(body);
    assert_eq!(answer(twice).await.body["error"], "invalid_request");
    let json = json!({ "grant_type": "client_credentials", "client_id": id, "client_secret": secret });
    assert_eq!(auth.post("/v1/auth/token", json).await.body["error"], "invalid_request");
    assert_eq!(auth.post("/v1/auth/token", Value::Null).await.status, 400);
    let garbled = auth.request(Method::POST, "/v1/auth/token").header("authorization", "Basic !");
    let garbled = garbled.header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(answer(garbled.body("grant_type=client_credentials")).await.body["error"], "invalid_client");
    app.stop().await;
}

#[tokio::test]
async fn nothing_of_a_person_is_done_by_a_program() {
    let app = TestApp::start().await;
    let client = added(&app, "settlement").await;
    let token = token(&app.rest(Service::Auth), &client).await;
    let rest = app.rest(Service::Gateway).with_token(&token);
    for path in ["/v1/auth/sessions", "/v1/users/me", "/v1/cart", "/v1/orders", "/v1/couriers/me"] {
        rest.get(path).await.expect_problem(403, "forbidden");
    }
    for path in ["/v1/auth/sessions/end-all", "/v1/auth/sessions/end-others"] {
        rest.post(path, Value::Null).await.expect_problem(403, "forbidden");
    }
    let minji = app.person("minji", &[Role::Customer]).await;
    app.rest_as(Service::User, &minji).get("/v1/users/me").await.expect(200);
    app.stop().await;
}
