//! What every one of the thirteen ports has in common.

use std::time::Duration;

use domain::Role;
use reqwest::Method;
use serde_json::{Value, json};
use server::Service;
use server::processes::ProcessArgs;
use tests::TestApp;
use tests::rest::answer;

use crate::connections::{gateway, gateway_before_orders};

/// An id that belongs to nothing.
const ID: &str = "01920000-0000-7000-8000-000000000001";

use crate::documents::operations;

#[tokio::test]
async fn every_port_is_alive_ready_and_documented() {
    let app = TestApp::start().await;
    for service in Service::ALL {
        let url = app.url(service);
        for path in ["/healthz", "/readyz", "/metrics", "/docs/"] {
            let answer = reqwest::get(format!("{url}{path}")).await.unwrap();
            assert_eq!(answer.status(), 200, "{service}{path}");
        }
        let document: Value =
            reqwest::get(format!("{url}/openapi.json")).await.unwrap().json().await.unwrap();
        assert_eq!(document["openapi"], "3.1.0", "{service}");
        let mut names: Vec<_> =
            operations(&document).map(|(_, _, operation)| &operation["operationId"]).collect();
        let all = names.len();
        names.sort_by_key(|name| name.as_str());
        names.dedup();
        assert_eq!(names.len(), all, "{service} has two operations of one name");
    }
    app.stop().await;
}

/// Every operation of a document, its path filled in.
fn routes(document: &Value) -> Vec<(Method, String, &Value)> {
    let items = document["paths"].as_object().into_iter().flatten();
    items
        .flat_map(|(path, item)| {
            let part = |part: &str| if part.starts_with('{') { ID } else { part }.to_owned();
            let path = path.split('/').map(part).collect::<Vec<_>>().join("/");
            let operations = item.as_object().into_iter().flatten();
            operations.map(move |(method, operation)| {
                (method.to_uppercase().parse().unwrap(), path.clone(), operation)
            })
        })
        .collect()
}

#[tokio::test]
async fn an_unknown_parameter_is_refused_on_every_route_that_does_not_say_otherwise() {
    let app = TestApp::start().await;
    let mut ignoring = Vec::new();
    for service in Service::ALL {
        let rest = app.rest(service);
        let document = rest.get("/openapi.json").await.expect(200);
        for (method, path, operation) in routes(&document) {
            let told = answer(rest.request(method.clone(), &format!("{path}?nobody%2Fknows=1&x"))).await;
            if operation["x-unknown-parameters"] == "ignored" {
                assert_ne!(told.body["errors"][0]["code"], "unknown_field", "{method} {path}");
                ignoring.push(path);
                continue;
            }
            assert_eq!(told.status, 422, "{service} {method} {path} {}", told.body);
            let told = told.expect_problem(422, "invalid");
            assert_eq!(told["errors"][0]["pointer"], "/nobody~1knows", "{path}");
            assert_eq!(told["errors"][1]["pointer"], "/x", "{path}");
            assert_eq!(told["errors"][1]["code"], "unknown_field", "{path}");
            assert!(operation["responses"]["422"].is_object(), "{method} {path} does not document it");
        }
    }
    ignoring.sort_unstable();
    ignoring.dedup();
    // What other companies and tracking apps send has parameters of their own.
    let social = |end: &str| format!("/v1/auth/social/01920000-0000-7000-8000-000000000001/{end}");
    let devices = ["osmand", "owntracks"].map(|app| format!("/v1/devices/{app}"));
    assert_eq!(ignoring, [social("callback"), social("unlinked"), devices[0].clone(), devices[1].clone()]);
    // What stands in no document reads no query.
    for path in ["/healthz", "/readyz", "/openapi.json", "/"] {
        app.rest(Service::Gateway).get(&format!("{path}?x=1")).await.expect(200);
    }
    app.stop().await;
}

#[tokio::test]
async fn a_path_has_one_spelling_on_every_port() {
    let app = TestApp::start().await;
    let gateway = app.rest(Service::Gateway);
    for service in Service::ALL {
        let rest = app.rest(service);
        let document = rest.get("/openapi.json").await.expect(200);
        let mut paths: Vec<_> = routes(&document).into_iter().map(|(_, path, _)| path).collect();
        paths.extend(["/healthz", "/readyz", "/metrics", "/openapi.json", "/v1/realtime"].map(str::to_owned));
        paths.dedup();
        for path in paths {
            let doubled = path.replacen("/", "//", 1);
            let inside = format!("/v1//{}", path.trim_start_matches("/v1/"));
            // An id may be spelt as its client likes; what is fixed may not.
            let encoded = format!("/%{:02x}{}", path.as_bytes()[1], &path[2..]);
            for odd in [format!("{path}/"), format!("{path}//"), doubled, inside, encoded] {
                for rest_and_path in [(&rest, odd.clone()), (&gateway, format!("/{service}{odd}"))] {
                    let (rest, odd) = rest_and_path;
                    let told = rest.get(&odd).await;
                    assert_eq!(told.status, 404, "{service} {odd} {}", told.body);
                    told.expect_problem(404, "path_not_found");
                }
            }
        }
    }
    // Neither does another spelling get through to another process, nor an unknown parameter.
    let before = gateway_before_orders(&app).await;
    let far = gateway.at(format!("http://{}", before.address(Service::Gateway).unwrap()));
    for name in ["", "/order_service"] {
        for odd in ["/v1/orders/", "//v1/orders", "/v1//orders", "/%761/orders", "/v1/orders/../orders/"] {
            let told = far.get(&format!("{name}{odd}")).await;
            told.expect_problem(404, "path_not_found");
        }
        far.get(&format!("{name}/v1/orders?x=1")).await.expect_problem(422, "invalid");
    }
    before.stop(Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn a_refusal_names_the_scheme_that_the_route_takes() {
    let app = TestApp::start().await;
    let rest = app.rest(Service::Gateway);
    let owntracks = || rest.request(Method::POST, "/v1/devices/owntracks").json(&json!({ "_type": "lwt" }));
    let cases = [
        (rest.request(Method::GET, "/v1/users/me"), "Bearer"),
        (rest.request(Method::GET, "/v1/users/me").bearer_auth("x"), r#"Bearer error="invalid_token""#),
        (rest.request(Method::GET, "/v1/users/me").basic_auth("x", Some("y")), "Bearer"),
        (owntracks(), r#"Basic realm="baedal", charset="UTF-8""#),
        (owntracks().basic_auth("rider", Some("bdv_0")), r#"Basic realm="baedal", charset="UTF-8""#),
        (
            rest.request(Method::GET, "/v1/devices/osmand?id=bdv_0&lat=1&lon=1"),
            r#"DeviceToken realm="baedal""#,
        ),
    ];
    for (request, scheme) in cases {
        let told = answer(request).await;
        assert_eq!(told.status, 401, "{}", told.body);
        assert_eq!(told.headers["www-authenticate"], scheme);
    }
    app.stop().await;
}

#[tokio::test]
async fn metrics_and_what_tells_of_the_system_are_not_for_strangers() {
    let app = TestApp::start().await;
    // Without a token: programs of this machine, and nobody through a proxy.
    let before = gateway_before_orders(&app).await;
    for service in Service::ALL {
        let rest = app.rest(service);
        rest.get("/metrics").await.expect(200);
        for name in ["x-forwarded-for", "forwarded"] {
            let passed_on = rest.request(Method::GET, "/metrics").header(name, "for=192.0.2.1");
            answer(passed_on).await.expect_problem(401, "unauthenticated");
        }
    }
    let far = app.rest(Service::Gateway).at(format!("http://{}", before.address(Service::Gateway).unwrap()));
    far.get("/order_service/metrics").await.expect_problem(401, "unauthenticated");
    before.stop(Duration::from_secs(5)).await;
    // With one: whoever shows it.
    let token = "0123456789abcdef";
    let processes = ProcessArgs { metrics_token: token.parse().unwrap(), ..ProcessArgs::default() };
    let guarded = gateway(&app, processes).await;
    for (service, address) in guarded.addresses() {
        let rest = app.rest(*service).at(format!("http://{address}"));
        let paths = ["/metrics".to_owned(), "/order_service/metrics".to_owned()];
        for path in &paths[..if *service == Service::Gateway { 2 } else { 1 }] {
            rest.get(path).await.expect_problem(401, "unauthenticated");
            rest.with_token("0123456789abcdeg").get(path).await.expect_problem(401, "unauthenticated");
            rest.with_token(token).get(path).await.expect(200);
        }
    }
    guarded.stop(Duration::from_secs(5)).await;
    // What tells of the actors and of the city is for admins, by every way.
    let gateway = app.rest(Service::Gateway);
    let minji = app.person("minji", &[Role::Customer]).await;
    for path in ["/v1/system/actors", "/v1/system/city", "/order_service/v1/system/actors"] {
        gateway.get(path).await.expect_problem(401, "unauthenticated");
        gateway.with_token(&minji.access_token).get(path).await.expect_problem(403, "forbidden");
    }
    app.stop().await;
}
