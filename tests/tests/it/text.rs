//! Free text, as people write it and as those write it who mean harm.

use domain::Role;
use domain::auth::Recognition;
use serde_json::{Value, json};
use server::Service;
use services::user::NewUser;
use tests::TestApp;
use tests::people::People;
use tests::rest::PASSWORD;
use tests::shop::{self, Guest};

/// What no field takes: NUL, escape, bidirectional, invisible, fillers, lone separators.
pub(crate) const HOSTILE: [&str; 12] = [
    "a\0b",
    "a\u{1b}[2J",
    "a\u{202e}b",
    "a\u{200b}b",
    "\u{3164}",
    "\u{2800}",
    "\u{feff}x\u{feff}y",
    "a\u{2028}b",
    "a\u{e000}b",
    "\u{200b}",
    "a\u{2066}b",
    "a\u{85}b",
];

/// A JSON document as text without its ids, in which any few digits may stand by chance.
pub(crate) fn without_ids(document: &Value) -> String {
    let text = document.to_string();
    let is_id = |part: &&str| uuid::Uuid::try_parse(part).is_ok();
    text.split('"').filter(|part| !is_id(part)).collect::<Vec<_>>().join("\"")
}

/// Text as it stands in a query string.
pub(crate) fn in_query(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn an_order_takes_no_reason_that_cannot_be_seen_or_kept() {
    let app = TestApp::start().await;
    let people = People::gather(app.app(), &app.url(Service::Gateway)).await;
    let order = people.order().await;
    for text in HOSTILE {
        let refused = people.customer.command(order.id, "cancel", json!({ "reason": text })).await;
        assert_eq!(refused.expect_err("refused").slug(), Some("order.text_refused"), "{text:?}");
        let refused = people.customer.order(uuid::Uuid::from_u128(1), text).await;
        assert_eq!(refused.expect_err("refused").slug(), Some("order.text_refused"), "{text:?}");
    }
    // Only how a note was typed differs: it is the same order.
    let again = services::order::find(app.app(), order.id.into()).await.unwrap();
    assert_eq!(people.customer.order(again.quote.0, " 덜 맵게 ").await.unwrap().id, order.id);
    app.stop().await;
}

#[tokio::test]
async fn what_is_searched_for_decomposed_is_found() {
    let app = TestApp::start().await;
    let owner = Guest::new(&app, Role::Owner).await;
    let kitchen = shop::kitchen(owner.id, "역삼 치킨");
    // A dish from before names were composed.
    shop::open(app.app(), &kitchen, &shop::card(&kitchen, "\u{1101}\u{116E}\u{1106}\u{1165}\u{11A8}밥"))
        .await;
    let rest = app.rest(Service::Gateway);
    let (chicken, yeoksam) = ("\u{110E}\u{1175}\u{110F}\u{1175}\u{11AB}", "\u{110B}\u{1167}\u{11A8}삼");
    for q in ["치킨", chicken, "꾸먹", "\u{1101}\u{116E}\u{1106}\u{1165}\u{11A8}"] {
        let near = format!("/v1/restaurants?lat=37.5006&lon=127.0364&q={}", in_query(q));
        let found = rest.get(&near).await.expect(200);
        assert_eq!(found["items"][0]["id"], json!(kitchen.id), "{q}: {found}");
    }
    let places = async |q: &str| rest.get(&format!("/v1/places?q={}", in_query(q))).await.expect(200);
    let found = places("역삼").await;
    assert!(!found["items"].as_array().unwrap().is_empty());
    assert_eq!(places(yeoksam).await, found);
    app.stop().await;
}

/// A hash of an earlier release: of the password as typed, in decomposed form.
const OF_DECOMPOSED: &str =
    "$argon2id$v=19$m=8,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$Pa+18Sq6iPUwUNesrLEEK4dPaS4ZJH4C7TP7qLXZKtg";

/// A hash of a release with another cost.
const OF_ANOTHER_COST: &str =
    "$argon2id$v=19$m=16,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$w76eEvtCmqjAzDCv1ES5MsVn6e1A9MiqGugG/Mf1Ia4";

#[tokio::test]
async fn a_password_that_was_hashed_in_an_older_way_gets_in_and_is_hashed_anew() {
    let app = TestApp::start().await;
    let (composed, password) = ("역삼동".repeat(3), PASSWORD.to_owned());
    let decomposed = "\u{110B}\u{1167}\u{11A8}\u{1109}\u{1161}\u{11B7}\u{1103}\u{1169}\u{11BC}".repeat(3);
    let cases = [
        ("decomposed@example.com", OF_DECOMPOSED, [&decomposed, &composed]),
        ("cost@example.com", OF_ANOTHER_COST, [&password; 2]),
    ];
    for (email, hash, [typed, later]) in cases {
        let new = NewUser {
            email: email.into(),
            password: typed.clone(),
            name: "김하나".into(),
            phone: "010-1234-5678".into(),
        };
        services::user::register_hashed(app.app(), &new, hash, &[Role::Customer]).await.unwrap();
        let kept = async || {
            let email = Recognition::Email(email.parse().unwrap());
            store::auth::recognise(&app.app().store, &email).await.unwrap().unwrap().password_hash.unwrap()
        };
        assert_eq!(kept().await, hash);
        let enter = async |password: &str| {
            let body = json!({ "email": email, "password": password });
            app.rest(Service::Auth).post("/v1/auth/sign-in", body).await
        };
        enter("wrong password").await.expect_problem(401, "auth.credentials_wrong");
        assert_eq!(kept().await, hash, "who is wrong changes nothing");
        enter(typed).await.expect(200);
        let anew = kept().await;
        assert!(anew != hash && anew.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{anew}");
        for typed in [typed, later] {
            enter(typed).await.expect(200);
        }
        assert_eq!(kept().await, anew, "once");
    }
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
    let anyone = app.rest(Service::Gateway);
    let new = json!({ "email": "nfc@example.com", "password": format!("{composed}{composed}{composed}"),
        "name": "김하나", "phone": "010-1234-5678", "consents": tests::rest::consents() });
    anyone.post("/v1/users", new).await.expect(201);
    let typed = json!({ "email": "nfc@example.com", "password": decomposed.repeat(3) });
    anyone.post("/v1/auth/sign-in", typed).await.expect(200);
    app.stop().await;
}
