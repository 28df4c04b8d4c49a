//! Consents of the law: given apart at sign-up, changed and told afterwards, confirmed every two
//! years.

use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::{Value, json};
use server::Service;
use tests::TestApp;
use tests::rest::{PASSWORD, Person, Rest};

const REQUIRED: [&str; 3] = ["terms", "privacy", "location"];
const OPTIONAL: [&str; 3] = ["advertising", "night_advertising", "third_party"];

fn user(test: &TestApp) -> Rest {
    test.rest(Service::User)
}

fn account(name: &str, consents: &Value) -> Value {
    let email = format!("{name}@example.com");
    json!({ "email": email, "password": PASSWORD, "name": "김민지", "phone": "010-1234-5678", "consents": consents })
}

fn to_all(purposes: &[&str]) -> Value {
    purposes.iter().map(|purpose| ((*purpose).to_owned(), json!(1))).collect::<serde_json::Map<_, _>>().into()
}

/// Signs up with these consents, and signs in.
async fn joined(test: &TestApp, name: &str, consents: &[&str]) -> Person {
    user(test).post("/v1/users", account(name, &to_all(consents))).await.expect(201);
    test.sign_in(&format!("{name}@example.com")).await
}

async fn answer(test: &TestApp, who: &Person, purpose: &str, agreed: bool) -> tests::rest::Answer {
    let body = json!({ "agreed": agreed, "version": 1 });
    test.rest_as(Service::User, who).put(&format!("/v1/users/me/consents/{purpose}"), body).await
}

async fn consents(test: &TestApp, who: &Person) -> Value {
    test.rest_as(Service::User, who).get("/v1/users/me/consents").await.expect(200)
}

/// Which purposes hold.
fn held(consents: &Value) -> Vec<&str> {
    let all = consents["consents"].as_array().unwrap().iter();
    all.filter(|each| each["agreed"] == true).map(|each| each["purpose"].as_str().unwrap()).collect()
}

fn one<'a>(consents: &'a Value, purpose: &str) -> &'a Value {
    consents["consents"].as_array().unwrap().iter().find(|each| each["purpose"] == purpose).unwrap()
}

/// The mails with that in their subjects.
fn mails(test: &TestApp, who: &Person, subject: &str) -> Vec<String> {
    let all = test.sandbox.mails_to(&who.email).into_iter();
    all.filter(|mail| mail.subject.as_deref().unwrap_or_default().contains(subject))
        .map(|mail| mail.text)
        .collect()
}

#[tokio::test]
async fn sign_up_takes_each_needed_consent_and_no_other() {
    let test = TestApp::start().await;
    let all = [REQUIRED, OPTIONAL].concat();
    for missing in REQUIRED {
        let consents: Vec<_> = all.iter().copied().filter(|purpose| *purpose != missing).collect();
        let refused = user(&test).post("/v1/users", account("nobody", &to_all(&consents))).await;
        let problem = refused.expect_problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], format!("/consents/{missing}"));
        assert_eq!(problem["errors"][0]["code"], "consent_needed");
    }
    let mut none = account("nobody", &json!({}));
    for body in [none.clone(), {
        none.as_object_mut().unwrap().remove("consents");
        none
    }] {
        let problem = user(&test).post("/v1/users", body).await.expect_problem(422, "invalid");
        assert_eq!(problem["errors"].as_array().unwrap().len(), 3);
    }
    let night_alone = to_all(&["terms", "privacy", "location", "night_advertising"]);
    let problem =
        user(&test).post("/v1/users", account("nobody", &night_alone)).await.expect_problem(422, "invalid");
    assert_eq!(problem["errors"][0]["code"], "advertising_needed");
    let mut outdated = to_all(&REQUIRED);
    outdated["terms"] = json!(2);
    let problem =
        user(&test).post("/v1/users", account("nobody", &outdated)).await.expect_problem(422, "invalid");
    assert_eq!(problem["errors"][0]["code"], "document_outdated");
    for foreign in [json!({ "terms": true }), json!({ "everything": 1 }), json!({ "terms": -1 }), json!([])] {
        user(&test).post("/v1/users", account("nobody", &foreign)).await.expect(422);
    }

    // What is optional is never a condition: an order is made, and the refusals stand in the ledger.
    let minji = joined(&test, "minji", &REQUIRED).await;
    let consents = consents(&test, &minji).await;
    assert_eq!(held(&consents), REQUIRED);
    let history = consents["history"].as_array().unwrap();
    assert_eq!(history.len(), 6, "refusals stand there too");
    assert!(history.iter().all(|entry| entry["channel"] == "sign_up" && entry["version"] == 1));
    test.run_due_jobs().await;
    assert!(mails(&test, &minji, "").is_empty(), "nothing to tell");
    test.stop().await;
}

#[tokio::test]
async fn the_documents_are_read_before_anybody_signs_up_in_both_languages() {
    let test = TestApp::start().await;
    for (language, title) in [("ko", "광고성 정보 수신 동의 (선택)"), ("en", "Advertising (optional)")]
    {
        let request = user(&test).request(reqwest::Method::GET, "/v1/consents/documents");
        let answer = tests::rest::answer(request.header("accept-language", language)).await;
        assert_eq!(answer.headers["content-language"], language);
        let body = answer.expect(200);
        let items = body["items"].as_array().unwrap();
        assert_eq!(items.iter().filter(|each| each["is_required"] == true).count(), 3);
        assert_eq!(items[3]["title"], title);
        assert!(items.iter().all(|each| each["text"].as_str().unwrap().len() > 100));
    }
    test.stop().await;
}

#[tokio::test]
async fn a_consent_is_changed_recorded_and_its_result_told_at_once() {
    let test = TestApp::start().await;
    let minji = joined(&test, "minji", &REQUIRED).await;
    for purpose in REQUIRED {
        answer(&test, &minji, purpose, false).await.expect_problem(409, "consent.needed");
    }
    answer(&test, &minji, "night_advertising", true).await.expect_problem(409, "consent.needs_advertising");
    answer(&test, &minji, "everything", true).await.expect_problem(404, "not_found");
    let newer = json!({ "agreed": true, "version": 2 });
    let put = test.rest_as(Service::User, &minji).put("/v1/users/me/consents/advertising", newer).await;
    put.expect_problem(409, "consent.document_outdated");

    answer(&test, &minji, "advertising", true).await.expect(200);
    let both = answer(&test, &minji, "night_advertising", true).await.expect(200);
    assert_eq!(held(&both), ["terms", "privacy", "location", "advertising", "night_advertising"]);
    test.run_due_jobs().await;
    // One mail for both, or one for each: the job does not wait for a second answer.
    let told = mails(&test, &minji, "처리 결과").concat();
    assert!(told.contains("- 광고성 정보 수신 동의 (선택): 동의"), "{told}");
    assert!(told.contains("- 야간 광고성 정보 수신 동의 (선택): 동의"), "{told}");
    assert!(one(&consents(&test, &minji).await, "advertising")["told_at"].is_string());

    let refused = answer(&test, &minji, "advertising", false).await.expect(200);
    assert_eq!(held(&refused), REQUIRED, "the night ends with the day");
    assert!(one(&refused, "advertising")["told_at"].is_null(), "not told yet");
    assert_eq!(refused["history"].as_array().unwrap().len(), 6 + 2 + 2);
    test.run_due_jobs().await;
    let told = mails(&test, &minji, "처리 결과");
    assert!(told.last().unwrap().contains("- 광고성 정보 수신 동의 (선택): 거부"), "{told:?}");

    answer(&test, &minji, "third_party", true).await.expect(200);
    test.run_due_jobs().await;
    assert_eq!(mails(&test, &minji, ""), told, "it concerns no advertising");

    for statement in ["delete from users.consents", "update users.consents set agreed = true"] {
        let refused = store::scratch::run_in(test.database(), statement).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
    test.stop().await;
}

#[tokio::test]
async fn of_200_equal_answers_at_once_over_two_processes_one_is_recorded_and_told() {
    let test = TestApp::start().await;
    let other = test.second_server().await;
    let minji = joined(&test, "minji", &REQUIRED).await;
    let here = test.rest_as(Service::User, &minji);
    let there = here.at(format!("http://{}", other.address(Service::User).unwrap()));
    let body = json!({ "agreed": true, "version": 1 });
    let all = (0..200).map(|turn| {
        let (rest, body) = (if turn % 2 == 0 { &here } else { &there }, body.clone());
        async move { rest.put("/v1/users/me/consents/advertising", body).await.expect(200) }
    });
    join_all(all).await;
    assert_eq!(consents(&test, &minji).await["history"].as_array().unwrap().len(), 6 + 1);
    test.run_due_jobs().await;
    assert_eq!(mails(&test, &minji, "처리 결과").len(), 1);
    other.stop(std::time::Duration::from_secs(10)).await;
    test.stop().await;
}

#[tokio::test]
async fn a_consent_to_advertising_is_confirmed_once_every_two_years_and_stays_without_an_answer() {
    let test = TestApp::start().await;
    let all = [REQUIRED, OPTIONAL].concat();
    let minji = joined(&test, "minji", &all).await;
    let gone = joined(&test, "gone-from-advertising", &all).await;
    answer(&test, &gone, "advertising", false).await.expect(200);
    test.run_due_jobs().await;
    let confirmations = || mails(&test, &minji, "동의 확인");

    test.advance(TimeDelta::days(730) - TimeDelta::minutes(1)).await;
    test.run_due_jobs().await;
    assert!(confirmations().is_empty());
    test.advance(TimeDelta::minutes(2)).await;
    test.run_due_jobs().await;
    assert_eq!(confirmations().len(), 1);
    assert!(confirmations()[0].contains("광고성 정보 수신 동의 (선택): 동의"));
    assert!(confirmations()[0].contains("야간 광고성 정보 수신 동의 (선택): 동의"), "one for both");
    let again = test.sign_in(&minji.email).await;
    let after = consents(&test, &again).await;
    assert_eq!(held(&after), all, "no answer keeps the state");
    assert!(one(&after, "advertising")["confirmed_at"].is_string());
    assert!(one(&after, "third_party")["confirmed_at"].is_null());
    assert_eq!(after["history"].as_array().unwrap().len(), 6);

    test.advance(TimeDelta::days(729)).await;
    test.run_due_jobs().await;
    assert_eq!(confirmations().len(), 1);
    test.advance(TimeDelta::days(2)).await;
    test.run_due_jobs().await;
    assert_eq!(confirmations().len(), 2, "every two years");
    assert!(mails(&test, &gone, "동의 확인").is_empty(), "there was nothing to confirm");
    test.stop().await;
}
