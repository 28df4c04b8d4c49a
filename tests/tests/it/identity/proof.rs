//! Proving once more who one is.

use chrono::TimeDelta;
use domain::Role;
use serde_json::json;
use server::Service;
use tests::TestApp;
use tests::rest::PASSWORD;

#[tokio::test]
async fn a_proof_of_who_one_is_is_fresh_for_five_minutes_and_made_anew_by_the_password() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let auth = app.rest_as(Service::Auth, &minji);
    let who =
        services::auth::verify(app.app(), &minji.access_token, app.app().now()).await.unwrap().principal;
    let fresh = async || services::auth::require_fresh_proof(app.app(), &who).await;
    assert!(fresh().await.is_ok(), "they signed in just now");
    app.advance(TimeDelta::seconds(301)).await;
    assert!(fresh().await.is_err());

    let wrong = auth.post("/v1/auth/re-authenticate", json!({ "password": "wrong password" })).await;
    wrong.expect_problem(401, "auth.credentials_wrong");
    assert!(fresh().await.is_err());
    assert_eq!(auth.post("/v1/auth/re-authenticate", json!({ "password": PASSWORD })).await.status, 204);
    assert!(fresh().await.is_ok());
    app.stop().await;
}

#[tokio::test]
async fn a_stolen_session_guesses_the_password_no_better_than_a_stranger() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let auth = app.rest_as(Service::Auth, &minji);
    for _ in 0..5 {
        let wrong = auth.post("/v1/auth/re-authenticate", json!({ "password": "wrong password" })).await;
        wrong.expect_problem(401, "auth.credentials_wrong");
    }
    let locked = auth.post("/v1/auth/re-authenticate", json!({ "password": PASSWORD })).await;
    locked.expect_problem(429, "auth.locked");
    app.stop().await;
}
