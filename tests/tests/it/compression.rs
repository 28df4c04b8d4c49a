//! Answers come compressed to who takes that, once, and secrets never do.

use std::io::Read as _;
use std::time::Duration;

use domain::Role;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use server::Service;
use tests::TestApp;
use tests::rest::{PASSWORD, Rest};

use crate::connections::gateway_before_orders;

const SYSTEM: &str = "/v1/system/actors";

async fn asked(rest: &Rest, path: &str) -> Response {
    rest.request(Method::GET, path).header("accept-encoding", "gzip").send().await.unwrap()
}

/// The body of an answer that is compressed once.
async fn inflated(answer: Response) -> Value {
    let coded: Vec<_> = answer.headers().get_all("content-encoding").iter().cloned().collect();
    assert_eq!(coded, ["gzip"], "{}", answer.url());
    assert_eq!(answer.headers().get_all("vary").iter().filter(|vary| *vary == "accept-encoding").count(), 1);
    let bytes = answer.bytes().await.unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes.as_ref()).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn an_answer_is_compressed_once_on_every_port_and_through_the_gateway() {
    let app = TestApp::start().await;
    let admin = app.person("operator", &[Role::Admin]).await;
    let gateway = app.rest_as(Service::Gateway, &admin);
    for service in Service::ALL {
        let rest = app.rest_as(service, &admin);
        for (rest, path) in [(&rest, SYSTEM.to_owned()), (&gateway, format!("/{service}{SYSTEM}"))] {
            let plain = rest.request(Method::GET, &path).send().await.unwrap();
            assert!(!plain.headers().contains_key("content-encoding"), "{path}");
            assert_eq!(plain.headers()["vary"], "accept-encoding", "{path}");
            assert_eq!(plain.headers()["cache-control"], "no-store", "{path}: what an operator is told");
            let plain: Value = plain.json().await.unwrap();
            let told = inflated(asked(rest, &path).await).await;
            assert_eq!(told["process"]["services"], plain["process"]["services"], "{path}");
        }
        let small = asked(&rest, "/healthz").await;
        assert!(!small.headers().contains_key("content-encoding"), "{service}");
    }
    // Through a gateway before another process, also once.
    let before = gateway_before_orders(&app).await;
    let far = gateway.at(format!("http://{}", before.address(Service::Gateway).unwrap()));
    let told = inflated(asked(&far, &format!("/order_service{SYSTEM}")).await).await;
    assert_eq!(told["process"]["services"].as_array().unwrap().len(), 13);
    before.stop(Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn tokens_are_never_compressed_on_whatever_way_they_come() {
    let app = TestApp::start().await;
    let person = app.person("customer", &[Role::Customer]).await;
    for (service, name) in [(Service::Auth, ""), (Service::Gateway, ""), (Service::Gateway, "/auth_service")]
    {
        let rest = app.rest(service);
        let body = json!({ "email": person.email, "password": PASSWORD, "device": "기기" });
        let sign_in = rest.request(Method::POST, &format!("{name}/v1/auth/sign-in")).json(&body);
        let answer = sign_in.header("accept-encoding", "gzip").send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(!answer.headers().contains_key("content-encoding"), "{service}{name}");
        // Which is also what excludes longer ones.
        assert_eq!(answer.headers()["cache-control"], "no-store", "{service}{name}");
        let tokens: Value = answer.json().await.unwrap();
        let body = json!({ "refresh_token": tokens["refresh_token"] });
        let refresh = rest.request(Method::POST, &format!("{name}/v1/auth/refresh")).json(&body);
        let answer = refresh.header("accept-encoding", "gzip").send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(!answer.headers().contains_key("content-encoding"), "{service}{name}");
        // Which is also what excludes longer ones.
        assert_eq!(answer.headers()["cache-control"], "no-store", "{service}{name}");
    }
    app.stop().await;
}
