//! Codes that prove an address or a number: a forgotten password, verification, changes.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use domain::Role;
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use server::Service;
use services::limits::Rate;
use store::scratch;
use tests::TestApp;
use tests::rest::{Answer, PASSWORD, Person, Rest};

const NEW_PASSWORD: &str = "남산에서피자를먹자";

/// The last six digits in a row in a message.
pub(super) fn digits(text: &str) -> String {
    let mut words = text.split(|it: char| !it.is_ascii_digit());
    words.rfind(|word| word.len() == 6).expect("a code").to_owned()
}

/// The code of the newest mail to this address.
async fn mailed(app: &TestApp, address: &str) -> String {
    app.run_due_jobs().await;
    digits(&app.sandbox.mails_to(address).last().expect("a mail").text)
}

/// The code of the newest text message to this number.
async fn texted(app: &TestApp, number: &str) -> String {
    app.run_due_jobs().await;
    digits(&app.sandbox.texts_to(number).last().expect("a text message").text)
}

/// Another code than this one.
fn other_than(code: &str) -> String {
    if code == "000000" { "000001".to_owned() } else { "000000".to_owned() }
}

async fn forgot(auth: &Rest, email: &str) -> Answer {
    auth.post("/v1/auth/password-reset", json!({ "email": email })).await
}

async fn reset(auth: &Rest, email: &str, code: &str) -> Answer {
    let body = json!({ "email": email, "code": code, "new_password": NEW_PASSWORD });
    auth.post("/v1/auth/password-reset/confirm", body).await
}

async fn signs_in(app: &TestApp, email: &str, password: &str) -> Answer {
    app.rest(Service::Auth).post("/v1/auth/sign-in", json!({ "email": email, "password": password })).await
}

async fn me(app: &TestApp, person: &Person) -> Value {
    app.rest_as(Service::User, person).get("/v1/users/me").await.expect(200)
}

#[tokio::test]
async fn who_forgot_their_password_sets_another_one_by_the_code_that_was_mailed() {
    let app = TestApp::start().await;
    let auth = app.rest(Service::Auth);
    let minji = app.person("minji", &[Role::Customer]).await;
    assert_eq!(me(&app, &minji).await["email_verified"], false);
    let sent = forgot(&auth, " Minji@Example.com ").await.expect(202);
    assert_eq!(sent, json!({ "expires_in": 600, "resend_in": 60 }));
    let code = mailed(&app, &minji.email).await;

    // A password that is refused uses up nothing.
    let weak = json!({ "email": minji.email, "code": code, "new_password": "password1234" });
    let refused = auth.post("/v1/auth/password-reset/confirm", weak).await.expect_problem(422, "invalid");
    assert_eq!(refused["errors"][0]["pointer"], "/new_password");
    let spaced = format!(" {} {}\n", &code[..3], &code[3..]);
    assert_eq!(reset(&auth, &minji.email, &spaced).await.status, 204);
    reset(&auth, &minji.email, &code).await.expect_problem(409, "auth.code_over");

    // The sessions are over, the old password is wrong, and the address is proven.
    app.rest_as(Service::User, &minji).get("/v1/users/me").await.expect_problem(401, "auth.session_ended");
    signs_in(&app, &minji.email, PASSWORD).await.expect_problem(401, "auth.credentials_wrong");
    let tokens = signs_in(&app, &minji.email, NEW_PASSWORD).await.expect(200);
    let user = app.rest(Service::User).with_token(tokens["access_token"].as_str().unwrap());
    assert_eq!(user.get("/v1/users/me").await.expect(200)["email_verified"], true);
    app.run_due_jobs().await;
    let mails = app.sandbox.mails_to(&minji.email);
    assert!(mails.len() == 2 && mails[1].text.contains("Your password was changed"), "{mails:?}");
    app.stop().await;
}

#[tokio::test]
async fn of_a_hundred_wrong_tries_at_once_five_count_and_the_right_code_fails_then() {
    let app = TestApp::start().await;
    let auth = app.rest(Service::Auth);
    let minji = app.person("minji", &[Role::Customer]).await;
    forgot(&auth, &minji.email).await.expect(202);
    let code = mailed(&app, &minji.email).await;
    let wrong = other_than(&code);
    let tries = (0..100).map(|_| reset(&auth, &minji.email, &wrong));
    let mut left: Vec<_> = join_all(tries).await.into_iter().filter_map(counted).collect();
    left.sort_unstable();
    assert_eq!(left, [0, 1, 2, 3, 4], "each of five was told how many are left");
    reset(&auth, &minji.email, &code).await.expect_problem(409, "auth.code_over");
    signs_in(&app, &minji.email, PASSWORD).await.expect(200);
    app.stop().await;
}

/// The tries that are left after one that was counted.
fn counted(answer: Answer) -> Option<u64> {
    match answer.body["type"].as_str() {
        Some("auth.code_wrong") => {
            Some(answer.expect_problem(409, "auth.code_wrong")["params"]["tries_left"].as_u64().unwrap())
        }
        _ => {
            answer.expect_problem(409, "auth.code_over");
            None
        }
    }
}

#[tokio::test]
async fn of_two_hundred_right_codes_at_once_on_two_processes_one_succeeds() {
    let app = TestApp::start().await;
    let other = app.second_server().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let rest = app.rest_as(Service::User, &minji);
    let there = rest.at(format!("http://{}", other.address(Service::User).unwrap()));
    rest.post("/v1/users/me/email/verification", json!({})).await.expect(202);
    let code = mailed(&app, &minji.email).await;
    let tries = (0..200).map(|number| {
        let rest = if number % 2 == 0 { &rest } else { &there };
        rest.post("/v1/users/me/email/verification/confirm", json!({ "code": code }))
    });
    let statuses: Vec<_> = join_all(tries).await.into_iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 204).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 204 | 409)), "{statuses:?}");
    assert_eq!(me(&app, &minji).await["email_verified"], true);
    let again = rest.post("/v1/users/me/email/verification", json!({})).await;
    again.expect_problem(409, "auth.already_verified");
    app.stop().await;
}

#[tokio::test]
async fn an_address_without_an_account_gets_the_same_answers_and_no_mail() {
    let app = TestApp::start().await;
    let auth = app.rest(Service::Auth);
    let minji = app.person("minji", &[Role::Customer]).await;
    let nobody = "nobody@example.com";
    let bytes = async |email: &str| {
        let request = auth.request(Method::POST, "/v1/auth/password-reset").json(&json!({ "email": email }));
        let answer = request.send().await.unwrap();
        (answer.status(), answer.bytes().await.unwrap())
    };
    assert_eq!(bytes(&minji.email).await, bytes(nobody).await);
    app.run_due_jobs().await;
    assert_eq!(app.sandbox.mails_to(&minji.email).len(), 1);
    assert!(app.sandbox.mails_to(nobody).is_empty());
    let wrong = other_than(&mailed(&app, &minji.email).await);
    for _ in 0..6 {
        let [known, unknown] = [&minji.email, nobody].map(|email| reset(&auth, email, &wrong));
        let (known, unknown) = (known.await, unknown.await);
        for part in ["type", "status", "title", "detail", "params"] {
            assert_eq!(known.body[part], unknown.body[part]);
        }
    }
    app.stop().await;
}

#[tokio::test]
async fn how_long_the_answer_takes_tells_nothing_of_accounts() {
    let app = TestApp::start().await;
    let auth = app.rest(Service::Auth);
    for number in 0..40 {
        let new = services::user::NewUser {
            email: format!("person-{number}@example.com"),
            password: PASSWORD.to_owned(),
            name: "김민지".to_owned(),
            phone: "010-1234-5678".to_owned(),
        };
        services::user::register_with_roles(app.app(), &new, &[Role::Customer]).await.unwrap();
    }
    let timed = async |email: String| {
        let begun = Instant::now();
        forgot(&auth, &email).await.expect(202);
        begun.elapsed()
    };
    timed("warm@example.com".to_owned()).await;
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for number in 0..40 {
        let [one, other] = ["person", "nobody"].map(|who| timed(format!("{who}-{number}@example.com")));
        // In turn, so that whatever disturbs the machine disturbs both.
        if number % 2 == 0 {
            known.push(one.await);
            unknown.push(other.await);
        } else {
            unknown.push(other.await);
            known.push(one.await);
        }
    }
    for share in [4, 2] {
        let [known, unknown] = [&mut known, &mut unknown].map(|times| {
            times.sort_unstable();
            times[times.len() / share]
        });
        let (least, most) = (known.min(unknown), known.max(unknown));
        assert!(most <= least * 2 + Duration::from_millis(2), "known {known:?}, unknown {unknown:?}");
    }
    app.run_due_jobs().await;
    app.stop().await;
}

#[tokio::test]
async fn a_code_stands_nowhere_in_the_database() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let rest = app.rest_as(Service::User, &minji);
    rest.post("/v1/users/me/email/verification", json!({})).await.expect(202);
    let code = mailed(&app, &minji.email).await;
    let row = scratch::texts(app.database(), "select row_to_json(c)::text from auth.codes c")
        .await
        .unwrap()
        .join("");
    assert!(row.contains("minji@example.com") && !row.contains(&code), "{row}");
    let hex: String = code.bytes().map(|byte| format!("{byte:02x}")).collect();
    assert!(!row.contains(&hex), "{row}");
    app.stop().await;
}

#[tokio::test]
async fn another_code_is_sent_after_a_minute_and_takes_the_place_of_the_first() {
    let mut settings = tests::settings();
    settings.auth.access_life = TimeDelta::hours(48);
    let app = TestApp::start_with(settings).await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let rest = app.rest_as(Service::User, &minji);
    let ask = async || rest.post("/v1/users/me/email/verification", json!({})).await;
    let confirm = async |code: &str| {
        rest.post("/v1/users/me/email/verification/confirm", json!({ "code": code })).await
    };
    ask().await.expect(202);
    let first = mailed(&app, &minji.email).await;
    app.advance(TimeDelta::seconds(20)).await;
    let refused = ask().await;
    assert_eq!(refused.headers["retry-after"], "40");
    assert_eq!(refused.expect_problem(429, "auth.code_sent_lately")["params"]["retry_after_secs"], 40);
    app.advance(TimeDelta::seconds(40)).await;
    ask().await.expect(202);
    let second = mailed(&app, &minji.email).await;
    assert_eq!(app.sandbox.mails_to(&minji.email).len(), 2);
    if first != second {
        confirm(&first).await.expect_problem(409, "auth.code_wrong");
    }
    // Nobody else can use it, and it is over after ten minutes.
    let junho = app.person("junho", &[Role::Customer]).await;
    let stolen = app.rest_as(Service::User, &junho);
    let path = "/v1/users/me/email/verification/confirm";
    stolen.post(path, json!({ "code": second })).await.expect_problem(409, "auth.code_over");
    reset(&app.rest(Service::Auth), &minji.email, &second).await.expect_problem(409, "auth.code_over");
    app.advance(TimeDelta::seconds(600)).await;
    confirm(&second).await.expect_problem(409, "auth.code_over");
    for _ in 0..8 {
        ask().await.expect(202);
        app.advance(TimeDelta::seconds(60)).await;
    }
    ask().await.expect_problem(429, "auth.too_many_codes");
    app.advance(TimeDelta::hours(24)).await;
    ask().await.expect(202);
    app.run_due_jobs().await;
    app.stop().await;
}

#[tokio::test]
async fn who_asks_for_a_code_many_times_at_once_gets_one() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let rest = app.rest_as(Service::User, &minji);
    let asks = (0..20).map(|_| rest.post("/v1/users/me/email/verification", json!({})));
    let answers = join_all(asks).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 202).count(), 1);
    let auth = app.rest(Service::Auth);
    for answer in join_all((0..20).map(|_| forgot(&auth, &minji.email))).await {
        answer.expect(202);
    }
    app.run_due_jobs().await;
    assert_eq!(app.sandbox.mails_to(&minji.email).len(), 2, "one of each");
    app.stop().await;
}

#[tokio::test]
async fn a_mail_that_may_have_been_sent_is_repeated_with_the_same_code() {
    let app = TestApp::start().await;
    // The sandbox takes the mail and answers too late.
    let late = app.person("late", &[Role::Customer]).await;
    let rest = app.rest_as(Service::User, &late);
    rest.post("/v1/users/me/email/verification", json!({})).await.expect(202);
    app.run_due_jobs().await;
    app.advance(TimeDelta::seconds(30)).await;
    app.run_due_jobs().await;
    let mails = app.sandbox.mails_to(&late.email);
    assert_eq!(mails.len(), 1, "{mails:?}");
    let code = json!({ "code": digits(&mails[0].text) });
    assert_eq!(rest.post("/v1/users/me/email/verification/confirm", code).await.status, 204);
    // It is over, so it is not sent again.
    app.advance(TimeDelta::minutes(30)).await;
    app.run_due_jobs().await;
    app.stop().await;
}

#[tokio::test]
async fn who_opened_an_account_with_an_address_of_others_loses_it() {
    let app = TestApp::start().await;
    let squatter = app.person("victim", &[Role::Customer]).await;
    let theirs = app.rest_as(Service::User, &squatter);
    theirs.post("/v1/users/me/phone/verification", json!({ "phone": "010-2222-3333" })).await.expect(202);
    let code = json!({ "code": texted(&app, "01022223333").await });
    assert_eq!(theirs.post("/v1/users/me/phone/verification/confirm", code).await.status, 204);
    assert_eq!(me(&app, &squatter).await["phone_verified"], true);

    let auth = app.rest(Service::Auth);
    forgot(&auth, &squatter.email).await.expect(202);
    assert_eq!(reset(&auth, &squatter.email, &mailed(&app, &squatter.email).await).await.status, 204);
    theirs.get("/v1/users/me").await.expect_problem(401, "auth.session_ended");
    let refresh = json!({ "refresh_token": squatter.refresh_token });
    assert_eq!(auth.post("/v1/auth/refresh", refresh).await.status, 401);
    signs_in(&app, &squatter.email, PASSWORD).await.expect_problem(401, "auth.credentials_wrong");
    let tokens = signs_in(&app, &squatter.email, NEW_PASSWORD).await.expect(200);
    let owner = app.rest(Service::User).with_token(tokens["access_token"].as_str().unwrap());
    let owner = owner.get("/v1/users/me").await.expect(200);
    assert_eq!((&owner["email_verified"], &owner["phone_verified"]), (&json!(true), &json!(false)));
    app.run_due_jobs().await;
    app.stop().await;
}

#[tokio::test]
async fn a_new_address_is_proven_before_it_signs_in_and_the_old_one_is_told() {
    let app = TestApp::start().await;
    let auth = app.rest(Service::Auth);
    let minji = app.person("minji", &[Role::Customer]).await;
    let elsewhere = app.sign_in(&minji.email).await;
    let rest = app.rest_as(Service::User, &minji);
    let (old, new) = (minji.email.as_str(), "minji@example.org");
    forgot(&auth, old).await.expect(202);
    let to_reset = mailed(&app, old).await;

    app.advance(TimeDelta::seconds(301)).await;
    let ask = async |email: &str| rest.post("/v1/users/me/email", json!({ "email": email })).await;
    ask(new).await.expect_problem(403, "auth.step_up_required");
    let proof = json!({ "password": PASSWORD });
    assert_eq!(app.rest_as(Service::Auth, &minji).post("/v1/auth/re-authenticate", proof).await.status, 204);
    ask(new).await.expect(202);
    let code = mailed(&app, new).await;
    assert!(app.sandbox.mails_to(old).last().unwrap().text.contains("asked to change its e-mail address"));
    assert_eq!(me(&app, &minji).await["email"], old, "not yet");
    let confirm = json!({ "code": code });
    assert_eq!(rest.post("/v1/users/me/email/confirm", confirm).await.status, 204);

    let now = me(&app, &minji).await;
    assert_eq!((&now["email"], &now["email_verified"]), (&json!(new), &json!(true)));
    let other = app.rest_as(Service::User, &elsewhere).get("/v1/users/me").await;
    other.expect_problem(401, "auth.session_ended");
    signs_in(&app, old, PASSWORD).await.expect_problem(401, "auth.credentials_wrong");
    signs_in(&app, new, PASSWORD).await.expect(200);
    reset(&auth, old, &to_reset).await.expect_problem(409, "auth.code_over");
    app.run_due_jobs().await;
    assert!(app.sandbox.mails_to(old).last().unwrap().text.contains("no longer signs in"));
    app.stop().await;
}

#[tokio::test]
async fn whether_an_address_has_an_account_is_told_by_mail_alone() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let junho = app.person("junho", &[Role::Customer]).await;
    let rest = app.rest_as(Service::User, &minji);
    let taken = rest.post("/v1/users/me/email", json!({ "email": junho.email })).await.expect(202);
    assert_eq!(taken, json!({ "expires_in": 600, "resend_in": 60 }));
    app.run_due_jobs().await;
    let mails = app.sandbox.mails_to(&junho.email);
    assert!(mails.len() == 1 && mails[0].text.contains("It already has one"), "{mails:?}");
    // One that is taken meanwhile.
    app.advance(TimeDelta::seconds(60)).await;
    rest.post("/v1/users/me/email", json!({ "email": "suji@example.com" })).await.expect(202);
    let code = mailed(&app, "suji@example.com").await;
    app.person("suji", &[Role::Customer]).await;
    let confirm = rest.post("/v1/users/me/email/confirm", json!({ "code": code })).await;
    confirm.expect_problem(409, "user.email_taken");
    app.run_due_jobs().await;
    app.stop().await;
}

#[tokio::test]
async fn a_number_is_that_of_whoever_proved_it_last() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let junho = app.person("junho", &[Role::Customer]).await;
    let prove = async |person: &Person, phone: &str| {
        let rest = app.rest_as(Service::User, person);
        rest.post("/v1/users/me/phone/verification", json!({ "phone": phone })).await.expect(202);
        let code = json!({ "code": texted(&app, &phone.replace('-', "")).await });
        assert_eq!(rest.post("/v1/users/me/phone/verification/confirm", code).await.status, 204);
    };
    prove(&minji, "010-5555-6666").await;
    let of_minji = me(&app, &minji).await;
    assert_eq!((&of_minji["phone"], &of_minji["phone_verified"]), (&json!("+821055556666"), &json!(true)));

    app.advance(TimeDelta::seconds(60)).await;
    prove(&junho, "010-5555-6666").await;
    assert_eq!(me(&app, &junho).await["phone_verified"], true);
    assert_eq!(me(&app, &minji).await["phone_verified"], false);
    app.run_due_jobs().await;
    let told = app.sandbox.mails_to(&minji.email);
    assert!(told.last().unwrap().text.contains("Another account has proven"), "{told:?}");

    // Another proven number ends the other sessions; one that is only typed is not proven.
    app.advance(TimeDelta::seconds(60)).await;
    let elsewhere = app.sign_in(&junho.email).await;
    prove(&junho, "010-7777-8888").await;
    let other = app.rest_as(Service::User, &elsewhere).get("/v1/users/me").await;
    other.expect_problem(401, "auth.session_ended");
    let rest = app.rest_as(Service::User, &junho);
    rest.patch("/v1/users/me", json!({ "phone": "010-7777-8888" })).await.expect(200);
    assert_eq!(me(&app, &junho).await["phone_verified"], true, "it is the same");
    let changed = rest.patch("/v1/users/me", json!({ "phone": "010-9999-0000" })).await.expect(200);
    assert_eq!(changed["phone_verified"], false);
    for phone in ["02-123-4567", "+1 212 555 0123", "010-12"] {
        let refused = rest.post("/v1/users/me/phone/verification", json!({ "phone": phone })).await;
        refused.expect_problem(422, "invalid");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_number_that_is_changed_meanwhile_is_not_proven_by_the_code_of_the_one_before() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let rest = app.rest_as(Service::User, &minji);
    rest.post("/v1/users/me/phone/verification", json!({ "phone": "010-2222-3333" })).await.expect(202);
    let code = texted(&app, "01022223333").await;
    rest.patch("/v1/users/me", json!({ "phone": "010-9999-0000" })).await.expect(200);
    let late = rest.post("/v1/users/me/phone/verification/confirm", json!({ "code": code })).await;
    late.expect_problem(409, "auth.code_over");
    assert_eq!(me(&app, &minji).await["phone"], "+821099990000");
    app.stop().await;
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions_and_a_code_that_was_sent_before() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let elsewhere = app.sign_in(&minji.email).await;
    let auth = app.rest_as(Service::Auth, &minji);
    forgot(&auth, &minji.email).await.expect(202);
    let code = mailed(&app, &minji.email).await;
    let change = async |current: &str, new: &str| {
        auth.put("/v1/auth/password", json!({ "current_password": current, "new_password": new })).await
    };
    change("wrong password", NEW_PASSWORD).await.expect_problem(401, "auth.credentials_wrong");
    let weak = change(PASSWORD, "qlalfqjsgh1").await.expect_problem(422, "invalid");
    assert_eq!(weak["errors"][0]["code"], "too_common");
    app.advance(TimeDelta::seconds(1)).await;
    assert_eq!(change(PASSWORD, NEW_PASSWORD).await.status, 204);

    assert_eq!(me(&app, &minji).await["email"], minji.email);
    let other = app.rest_as(Service::User, &elsewhere).get("/v1/users/me").await;
    other.expect_problem(401, "auth.session_ended");
    signs_in(&app, &minji.email, PASSWORD).await.expect_problem(401, "auth.credentials_wrong");
    signs_in(&app, &minji.email, NEW_PASSWORD).await.expect(200);
    reset(&auth, &minji.email, &code).await.expect_problem(409, "auth.code_over");
    app.run_due_jobs().await;
    assert!(app.sandbox.mails_to(&minji.email).last().unwrap().text.contains("Your password was changed"));
    app.stop().await;
}

#[tokio::test]
async fn who_guesses_the_password_of_a_session_that_is_not_theirs_is_locked_out() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let auth = app.rest_as(Service::Auth, &minji);
    let body = |current: &str| json!({ "current_password": current, "new_password": NEW_PASSWORD });
    for _ in 0..5 {
        let wrong = auth.put("/v1/auth/password", body("wrong password")).await;
        wrong.expect_problem(401, "auth.credentials_wrong");
    }
    auth.put("/v1/auth/password", body(PASSWORD)).await.expect_problem(429, "auth.locked");
    app.stop().await;
}

#[tokio::test]
async fn codes_are_asked_for_and_tried_at_a_measured_pace_from_one_network() {
    let mut settings = tests::settings();
    // All of this machine is one network, and counted.
    settings.sockets.unlimited_networks.clear();
    let limit = settings.limits.code;
    settings.limits.code = Rate { limit: 3, per: Duration::from_secs(3_600), burst: 3, ..limit };
    let app = TestApp::start_with(settings).await;
    let auth = app.rest(Service::Auth);
    for number in 0..3 {
        forgot(&auth, &format!("nobody-{number}@example.com")).await.expect(202);
    }
    forgot(&auth, "nobody@example.com").await.expect_problem(429, "limited");
    reset(&auth, "nobody@example.com", "000000").await.expect_problem(429, "limited");
    app.run_due_jobs().await;
    app.stop().await;
}

#[tokio::test]
async fn a_stolen_password_is_taken_nowhere_and_a_list_that_does_not_answer_keeps_nobody_out() {
    let mut app = TestApp::start().await;
    app.asks_pwned = true;
    app.restart().await;
    let stolen = "훔친비밀번호는안돼요";
    app.sandbox.pwned().add(stolen);
    let minji = app.person("minji", &[Role::Customer]).await;
    let auth = app.rest_as(Service::Auth, &minji);
    let refused = |answer: Answer, pointer: &str| {
        let problem = answer.expect_problem(422, "invalid");
        assert_eq!(
            (&problem["errors"][0]["code"], &problem["errors"][0]["pointer"]),
            (&json!("breached"), &json!(pointer))
        );
    };
    let change = json!({ "current_password": PASSWORD, "new_password": stolen });
    refused(auth.put("/v1/auth/password", change.clone()).await, "/new_password");
    let reset = json!({ "email": minji.email, "code": "000000", "new_password": stolen });
    refused(auth.post("/v1/auth/password-reset/confirm", reset).await, "/new_password");
    let new = services::user::NewUser {
        email: "junho@example.com".to_owned(),
        password: stolen.to_owned(),
        name: "이준호".to_owned(),
        phone: "010-1234-5678".to_owned(),
    };
    let signed_up =
        services::user::register_with_roles(app.app(), &new, &[Role::Customer]).await.unwrap_err();
    assert!(signed_up.to_string().contains("invalid"), "{signed_up}");
    // It learns five digits of forty.
    assert!(app.sandbox.pwned().asked().iter().all(|asked| asked.len() == 5));
    app.sandbox.pwned().set_busy(true);
    assert_eq!(auth.put("/v1/auth/password", change).await.status, 204);
    app.run_due_jobs().await;
    app.stop().await;
}
