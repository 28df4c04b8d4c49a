//! Whatever is wrong with a request, the answer is a problem document.

use domain::Role;
use reqwest::Method;
use serde_json::json;
use server::Service;
use tests::TestApp;
use tests::rest::answer;

#[tokio::test]
async fn every_port_answers_what_it_does_not_have_with_a_problem() {
    let app = TestApp::start().await;
    for service in Service::ALL {
        let rest = app.rest(service);
        rest.get("/v1/nothing/here").await.expect_problem(404, "path_not_found");
        rest.get("/%ff%fe").await.expect_problem(404, "path_not_found");
        rest.get("/docs/nothing.js").await.expect_problem(404, "path_not_found");
        let refused = rest.post("/healthz", json!({})).await;
        assert_eq!(refused.headers["allow"], "GET,HEAD", "{service}");
        refused.expect_problem(405, "method_not_allowed");
        let huge = rest.request(Method::POST, "/v1/nothing").body("x".repeat(2_000_000));
        if let Ok(response) = huge.send().await {
            // The server refuses the body without reading it.
            assert_eq!(response.status(), 413, "{service}");
            assert_eq!(response.headers()["content-type"], "application/problem+json");
        }
    }
    app.stop().await;
}

#[tokio::test]
async fn every_way_to_get_a_body_wrong_has_its_problem() {
    let app = TestApp::start().await;
    for service in [Service::User, Service::Gateway] {
        let rest = app.rest(service);
        let json = |body: &'static [u8]| {
            rest.request(Method::POST, "/v1/users").header("content-type", "application/json").body(body)
        };
        for (body, code) in [
            (&b""[..], "body_not_json"),
            (b"{", "body_not_json"),
            (br#"{"email":"a@b.kr","password":"p","name":"n","phone":"1"} x"#, "body_not_json"),
            (b"{\"email\": NaN}", "body_not_json"),
            (b"{\"email\": 1e999}", "body_not_json"),
            (b"\xff\xfe{}", "body_not_utf8"),
            (b"{\"email\": \"\xc3\x28\"}", "body_not_utf8"),
        ] {
            answer(json(body)).await.expect_problem(400, code);
        }
        let deep: &'static [u8] = "[".repeat(100_000).leak().as_bytes();
        answer(json(deep)).await.expect_problem(422, "invalid");
        for (body, pointer, code) in [
            (&b"{}"[..], "/email", "missing"),
            (b"[]", "", "wrong_type"),
            (b"null", "", "wrong_type"),
            (b"{\"email\": 7}", "/email", "wrong_type"),
            (b"{\"email\": \"a@b.kr\", \"email\": \"a@b.kr\"}", "", "duplicate"),
            (b"{\"admin\": true}", "/admin", "unknown_field"),
        ] {
            let problem = answer(json(body)).await.expect_problem(422, "invalid");
            let first = &problem["errors"][0];
            assert_eq!(first["code"], code, "{problem}");
            if !pointer.is_empty() {
                assert_eq!(first["pointer"], pointer, "{problem}");
            }
        }
        let huge = json(" ".repeat(300_000).leak().as_bytes());
        answer(huge).await.expect_problem(413, "body_too_large");
        for content_type in ["text/plain", "application/x-www-form-urlencoded", "nonsense"] {
            let request =
                rest.request(Method::POST, "/v1/users").header("content-type", content_type).body("{}");
            answer(request).await.expect_problem(415, "media_type_unsupported");
        }
        answer(rest.request(Method::POST, "/v1/users").body("{}"))
            .await
            .expect_problem(415, "media_type_unsupported");
    }
    app.stop().await;
}

#[tokio::test]
async fn an_array_is_no_object_at_any_depth_and_nothing_inside_is_named() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let rest = app.rest_as(Service::Gateway, &minji);
    let cases = [
        ("/v1/auth/sign-in", json!([minji.email, tests::rest::PASSWORD, null]), ""),
        ("/v1/users", json!(["a@example.com", tests::rest::PASSWORD, "가", null]), ""),
        ("/v1/users", json!("a"), ""),
        (
            "/v1/users/me/addresses",
            json!({ "label": "집", "road_address": "테헤란로 1", "position": [37.5, 127.0] }),
            "/position",
        ),
    ];
    for (path, body, pointer) in cases {
        let problem = rest.post(path, body).await.expect_problem(422, "invalid");
        let fault = &problem["errors"][0];
        assert_eq!((&fault["pointer"], &fault["code"]), (&json!(pointer), &json!("wrong_type")), "{path}");
        assert!(fault["detail"].as_str().unwrap().ends_with("expected an object"), "{path} {problem}");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_sign_up_that_is_wrong_in_every_field_hears_of_all_of_them() {
    let app = TestApp::start().await;
    let body = json!({ "email": "a", "password": "x", "name": " ", "phone": "ten" });
    let problem = app.rest(Service::User).post("/v1/users", body).await.expect_problem(422, "invalid");
    let pointers: Vec<_> =
        problem["errors"].as_array().unwrap().iter().map(|fault| &fault["pointer"]).collect();
    let consents = ["/consents/terms", "/consents/privacy", "/consents/location"];
    assert_eq!(pointers, [&["/email", "/name", "/phone"], &consents[..]].concat());
    app.stop().await;
}

#[tokio::test]
async fn a_place_that_is_not_on_earth_is_refused() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let rest = app.rest_as(Service::User, &minji);
    for (lat, lon) in [("91", "0"), ("0", "-180.5"), ("1e300", "0"), ("\"37\"", "127")] {
        let body =
            format!(r#"{{"label":"집","road_address":"테헤란로 1","position":{{"lat":{lat},"lon":{lon}}}}}"#);
        let request = rest
            .request(Method::POST, "/v1/users/me/addresses")
            .header("content-type", "application/json")
            .body(body);
        let problem = answer(request).await.expect_problem(422, "invalid");
        assert!(problem["errors"][0]["pointer"].as_str().unwrap().starts_with("/position"), "{problem}");
    }
    app.stop().await;
}

#[tokio::test]
async fn an_id_or_parameter_that_cannot_be_names_what_is_wrong() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let rest = app.rest_as(Service::User, &minji);
    for id in ["1", "%ff", "01920000-0000-7000-8000-00000000000g", "01920000-0000-7000-8000-000000000001"] {
        rest.get(&format!("/v1/users/me/addresses/{id}")).await.expect_problem(404, "not_found");
    }
    let problem = rest.get("/v1/places").await.expect_problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/q");
    app.stop().await;
}

#[tokio::test]
async fn a_request_keeps_the_id_that_its_sender_gave_it() {
    let app = TestApp::start().await;
    let rest = app.rest(Service::Auth);
    let named = answer(rest.request(Method::GET, "/nope").header("x-request-id", "from-the-phone-7")).await;
    assert_eq!(named.headers["x-request-id"], "from-the-phone-7");
    named.expect_problem(404, "path_not_found");
    let spoilt = answer(rest.request(Method::GET, "/healthz").header("x-request-id", "a b\tc")).await;
    assert_ne!(spoilt.headers["x-request-id"], "a b\tc");
    app.stop().await;
}

#[tokio::test]
async fn somebody_who_reads_korean_is_told_in_korean() {
    let app = TestApp::start().await;
    let request = app.rest(Service::User).request(Method::GET, "/v1/users/me");
    let told = answer(request.header("accept-language", "ko-KR,ko;q=0.9,en;q=0.8")).await;
    assert_eq!(told.headers["content-language"], "ko");
    assert_eq!(told.expect_problem(401, "unauthenticated")["detail"], "먼저 로그인해 주세요.");
    app.stop().await;
}

#[tokio::test]
async fn a_query_that_is_no_text_is_refused_on_every_route() {
    let app = TestApp::start().await;
    let gateway = app.rest(Service::Gateway);
    let api = gateway.get("/openapi.json").await.expect(200);
    let paths: Vec<_> = api["paths"].as_object().unwrap().keys().cloned().collect();
    assert!(paths.len() > 30);
    for path in paths {
        let named = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part });
        let named: Vec<_> = named.collect();
        for query in ["q=%FF", "%C3%28", "category=%00"] {
            let asked = format!("{}?{query}", named.join("/"));
            gateway.get(&asked).await.expect_problem(400, "query_not_utf8");
        }
    }
    // OsmAnd's words may come in a form.
    let form = "id=%FF&lat=37.5&lon=127.0";
    answer(gateway.request(Method::POST, "/v1/devices/osmand").body(form))
        .await
        .expect_problem(400, "query_not_utf8");
    gateway.get("/v1/faqs?q=%ED%99%98%EB%B6%88").await.expect(200);
    app.stop().await;
}
