//! `kill -9` of a real server in the middle of something: another one finishes it.

use chrono::TimeDelta;
use domain::Role;
use domain::auth::RESEND_AFTER;
use serde_json::json;
use server::Service;
use store::scratch;
use tests::TestApp;
use tests::people::People;
use tests::process::Process;
use tests::rest::{PASSWORD, Person, Rest, consents};
use tests::wait::eventually;

use super::codes::digits;
use super::seeded::{MESSAGE, SEEDED, Seeded, left};
use super::withdrawal::{files, leave};

#[tokio::test]
async fn a_withdrawal_whose_server_is_killed_is_finished_by_another_and_no_log_or_file_tells_of_it() {
    let mut app = TestApp::start().await;
    let kitchen = People::hire(app.app()).await;
    app.halt().await;
    let mut server = Process::logged(&app).await;
    let url = server.gateway();
    let seeded = Seeded::sow(&app, People::enter(kitchen, &url).await, &url).await;
    let rest = seeded.rest();
    rest.post("/v1/users/me/copies", json!({ "format": "json" })).await.expect(201);
    app.run_due_jobs().await;
    assert_eq!(files(&app).len(), 1, "a copy that nobody fetched");

    // The withdrawal comes to the conversations, and no further.
    let texts = "lock table support.entries in access exclusive mode";
    let held = scratch::hold(app.database(), texts).await.unwrap();
    assert_eq!(leave(&rest, json!({})).await.status, 204);
    let steps = "select steps_done::text from privacy.withdrawals";
    eventually(|| async { scratch::texts(app.database(), steps).await.unwrap() == ["3"] }).await;
    server.kill();
    drop(held);
    let left_over = left(&app).await;
    assert!(left_over.iter().any(|at| at.contains(MESSAGE)), "{left_over:?}");

    let other = Process::logged(&app).await;
    let done = "select 'done' from privacy.withdrawals where done_at is not null";
    eventually(|| async { scratch::texts(app.database(), done).await.unwrap() == ["done"] }).await;
    assert_eq!(left(&app).await, [""; 0]);
    assert!(files(&app).is_empty());
    let lines = [server.log(), other.log()].concat();
    assert!(lines.contains(&seeded.person.id), "the withdrawal is logged");
    for seed in SEEDED {
        assert!(!lines.contains(seed), "{seed} is logged");
    }
    drop((server, other));
    app.restart().await;
    app.stop().await;
}

/// The codes of this account that are good.
async fn live(app: &TestApp, user: &str) -> Vec<String> {
    let live = format!("select purpose from auth.codes where ended_at is null and user_id = '{user}'");
    scratch::texts(app.database(), &live).await.unwrap()
}

#[tokio::test]
async fn a_code_whose_server_is_killed_as_it_sends_is_good_and_another_one_takes_its_place() {
    let mut app = TestApp::start().await;
    // The sandbox takes mail to such addresses and answers late.
    let minji = app.person("late", &[Role::Customer]).await;
    let account = json!({ "email": "late@elsewhere.example", "password": PASSWORD, "name": "이준호",
        "phone": "010-1234-5678", "consents": consents() });
    app.rest(Service::User).post("/v1/users", account).await.expect(201);
    let junho = app.sign_in("late@elsewhere.example").await;
    app.halt().await;

    // Both mails are out, and neither job knows it.
    let mut server = Process::start(&app).await;
    for person in [&minji, &junho] {
        let rest = Rest::to(server.gateway()).with_token(&person.access_token);
        rest.post("/v1/users/me/email/verification", json!({})).await.expect(202);
        eventually(|| async { app.sandbox.mails_to(&person.email).len() == 1 }).await;
    }
    server.kill();
    app.restart().await;
    let ask = "/v1/users/me/email/verification";
    let confirm = async |person: &Person, code: &str| {
        let rest = app.rest_as(Service::User, person);
        rest.post(&format!("{ask}/confirm"), json!({ "code": code })).await
    };
    // Whether another server sends it once more or not, it is one code.
    let first = digits(&app.sandbox.mails_to(&minji.email)[0].text);
    assert_eq!(live(&app, &minji.id).await, ["email_verification"]);
    assert_eq!(confirm(&minji, &first).await.status, 204);

    let early = app.rest_as(Service::User, &junho).post(ask, json!({})).await;
    early.expect_problem(429, "auth.code_sent_lately");
    app.run_due_jobs().await;
    let mails = app.sandbox.mails_to(&junho.email);
    assert_eq!(mails.len(), 1, "a repeat is known by its key");
    let first = digits(&mails[0].text);
    app.advance(RESEND_AFTER).await;
    app.rest_as(Service::User, &junho).post(ask, json!({})).await.expect(202);
    assert_eq!(live(&app, &junho.id).await, ["email_verification"]);
    eventually(|| async { app.sandbox.mails_to(&junho.email).len() == 2 }).await;
    let second = digits(&app.sandbox.mails_to(&junho.email)[1].text);
    if first != second {
        confirm(&junho, &first).await.expect_problem(409, "auth.code_wrong");
    }
    assert_eq!(confirm(&junho, &second).await.status, 204);
    // Over, so it is not sent again.
    app.advance(TimeDelta::minutes(30)).await;
    app.run_due_jobs().await;
    app.stop().await;
}
