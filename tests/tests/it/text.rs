//! Free text, as people write it and as those write it who mean harm.

use domain::Role;
use serde_json::{Value, json};
use server::Service;
use tests::TestApp;
use tests::cast::Cast;
use tests::rest::Rest;

/// What no field takes: NUL, escape, bidirectional, invisible, fillers, lone separators.
const HOSTILE: [&str; 9] = [
    "a\0b",
    "a\u{1b}[2J",
    "a\u{202e}b",
    "a\u{200b}b",
    "\u{3164}",
    "\u{2800}",
    "\u{feff}x\u{feff}y",
    "a\u{2028}b",
    "a\u{e000}b",
];

/// Sends the body once for each hostile text in its `field`; each is told as invalid.
async fn refused(rest: &Rest, method: reqwest::Method, path: &str, body: &Value, field: &str) {
    for text in HOSTILE {
        let mut body = body.clone();
        body[field] = json!(text);
        let answer = tests::rest::answer(rest.request(method.clone(), path).json(&body)).await;
        assert_eq!(answer.status, 422, "{method} {path} {field} {text:?}");
    }
}

#[tokio::test]
async fn no_field_takes_text_that_cannot_be_seen_or_kept() {
    let app = TestApp::start().await;
    let (post, put, patch) = (reqwest::Method::POST, reqwest::Method::PUT, reqwest::Method::PATCH);
    let minji = app.person("minji", &[Role::Customer]).await;
    let customer = app.rest_as(Service::Gateway, &minji);
    refused(&customer, patch, "/v1/users/me", &json!({}), "name").await;
    let home = json!({ "label": "집", "road_address": "서울 강남구 테헤란로 1", "detail": "101호",
        "entrance_note": "1234", "position": { "lat": 37.49994, "lon": 127.03656 } });
    for field in ["label", "road_address", "detail", "entrance_note"] {
        refused(&customer, post.clone(), "/v1/users/me/addresses", &home, field).await;
    }
    let jisu = app.person("jisu", &[Role::Courier]).await;
    let courier = app.rest_as(Service::Gateway, &jisu);
    refused(&courier, post, "/v1/couriers/me/devices", &json!({}), "name").await;
    refused(&courier, put, "/v1/couriers/me", &json!({ "vehicle": "bicycle" }), "name").await;
    app.stop().await;
}

#[tokio::test]
async fn an_order_takes_no_reason_that_cannot_be_seen_or_kept() {
    let app = TestApp::start().await;
    let cast = Cast::gather(app.app(), &app.url(Service::Gateway)).await;
    let order = cast.order().await;
    for text in HOSTILE {
        let refused = cast.customer.command(order.id, "cancel", json!({ "reason": text })).await;
        assert_eq!(refused.expect_err("refused").slug(), Some("order.text_refused"), "{text:?}");
        let refused = cast.customer.order(uuid::Uuid::from_u128(1), text).await;
        assert_eq!(refused.expect_err("refused").slug(), Some("order.text_refused"), "{text:?}");
    }
    // Only how a note was typed differs: it is the same order.
    let again = services::order::find(app.app(), order.id.into()).await.unwrap();
    assert_eq!(cast.customer.order(again.quote.0, " 덜 맵게 ").await.unwrap().id, order.id);
    app.stop().await;
}

#[tokio::test]
async fn a_decomposed_word_is_the_same_word() {
    let app = TestApp::start().await;
    let (composed, decomposed) =
        ("역삼동", "\u{110B}\u{1167}\u{11A8}\u{1109}\u{1161}\u{11B7}\u{1103}\u{1169}\u{11BC}");
    let minji = app.person("minji", &[Role::Customer]).await;
    let rest = app.rest_as(Service::User, &minji);
    let named = rest.patch("/v1/users/me", json!({ "name": decomposed })).await.expect(200);
    assert_eq!(named["name"], composed);
    let (found, same) = (app.app().gazetteer.search(composed, 5), app.app().gazetteer.search(decomposed, 5));
    assert!(!found.is_empty() && found == same);

    let anyone = app.rest(Service::Gateway);
    let new = json!({ "email": "nfc@example.com", "password": format!("{composed}{composed}{composed}"),
        "name": "김하나", "phone": "010-1234-5678" });
    anyone.post("/v1/users", new).await.expect(201);
    let typed = json!({ "email": "nfc@example.com", "password": decomposed.repeat(3) });
    anyone.post("/v1/auth/sign-in", typed).await.expect(200);
    app.stop().await;
}
