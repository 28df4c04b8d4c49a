//! Profiles and addresses: each change happens once, and only their owner may make it.

use domain::Role;
use reqwest::Method;
use serde_json::{Value, json};
use server::Service;
use tests::TestApp;
use tests::rest::answer;

fn home(label: &str) -> Value {
    json!({ "label": label, "road_address": "서울특별시 강남구 테헤란로 152", "detail": "3층",
        "position": { "lat": 37.49994, "lon": 127.03656 } })
}

#[tokio::test]
async fn a_change_that_was_meant_for_an_older_profile_is_refused() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let rest = app.rest_as(Service::User, &minji);
    let seen = rest.get("/v1/users/me").await;
    let tag = seen.headers["etag"].to_str().unwrap().to_owned();
    let change = |tag: &str, name: &str| {
        let request = rest.request(Method::PATCH, "/v1/users/me").header("if-match", tag);
        answer(request.json(&json!({ "name": name })))
    };
    let changed = change(&tag, "김민지").await;
    let newer = changed.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(changed.expect(200)["name"], "김민지");
    change(&tag, "이민지").await.expect_problem(412, "stale");
    change("\"nonsense\"", "이민지").await.expect_problem(412, "stale");
    let known = |tag: &str| answer(rest.request(Method::GET, "/v1/users/me").header("if-none-match", tag));
    assert_eq!(known(&newer).await.status, 304);
    assert_eq!(known(&tag).await.expect(200)["name"], "김민지");
    change("*", "박민지").await.expect(200);
    rest.patch("/v1/users/me", json!({ "phone": "02-123-4567" })).await.expect(200);
    rest.patch("/v1/users/me", json!({ "name": "" })).await.expect_problem(422, "invalid");
    app.stop().await;
}

#[tokio::test]
async fn one_address_is_the_default_as_long_as_there_is_any() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let rest = app.rest_as(Service::User, &minji);
    let path = "/v1/users/me/addresses";
    let first = rest.post(path, home("집")).await.expect(201);
    assert_eq!(
        (&first["is_default"], &first["gu"], &first["dong"]),
        (&json!(true), &json!("강남구"), &json!("역삼동"))
    );
    let mut office = home("회사");
    office["is_default"] = json!(true);
    let second = rest.post(path, office.clone()).await.expect(201);
    let of = |address: &Value| format!("{path}/{}", address["id"].as_str().unwrap());
    assert_eq!(rest.get(&of(&first)).await.expect(200)["is_default"], false);
    office["is_default"] = json!(false);
    rest.put(&of(&second), office).await.expect_problem(409, "user.default_address_needed");
    rest.put(&of(&first), home("본가")).await.expect(200);
    assert_eq!(rest.delete(&of(&second)).await.status, 204);
    let left = rest.get(path).await.expect(200);
    assert_eq!(left["items"].as_array().unwrap().len(), 1);
    assert_eq!((&left["items"][0]["label"], &left["items"][0]["is_default"]), (&json!("본가"), &json!(true)));
    app.stop().await;
}

#[tokio::test]
async fn somebody_elses_address_does_not_exist() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let stranger = app.person("stranger", &[Role::Customer]).await;
    let address =
        app.rest_as(Service::User, &minji).post("/v1/users/me/addresses", home("집")).await.expect(201);
    let path = format!("/v1/users/me/addresses/{}", address["id"].as_str().unwrap());
    let theirs = app.rest_as(Service::User, &stranger);
    theirs.get(&path).await.expect_problem(404, "not_found");
    theirs.put(&path, home("남의 집")).await.expect_problem(404, "not_found");
    theirs.delete(&path).await.expect_problem(404, "not_found");
    app.stop().await;
}

#[tokio::test]
async fn the_twenty_first_address_is_refused_even_if_many_come_at_once() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let rest = app.rest_as(Service::User, &minji);
    let all = (0..25).map(|n| {
        let rest = rest.clone();
        async move { rest.post("/v1/users/me/addresses", home(&format!("집 {n}"))).await.status.as_u16() }
    });
    let statuses = futures::future::join_all(all).await;
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 20);
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 5);
    let kept = rest.get("/v1/users/me/addresses").await.expect(200);
    let defaults = kept["items"].as_array().unwrap().iter().filter(|one| one["is_default"] == true).count();
    assert_eq!(defaults, 1);
    app.stop().await;
}

#[tokio::test]
async fn a_neighbourhood_is_found_by_its_name() {
    let app = TestApp::start().await;
    let found = app.rest(Service::User).get("/v1/places?q=역삼동").await.expect(200);
    assert_eq!((&found["items"][0]["gu"], &found["items"][0]["dong"]), (&json!("강남구"), &json!("역삼동")));
    app.stop().await;
}
