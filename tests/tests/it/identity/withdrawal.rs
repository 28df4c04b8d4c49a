//! Who leaves is gone at once, and soon nothing is left of them but what a law demands to keep; and
//! who stays gets a copy of what is known of them.

use std::time::Duration;

use chrono::TimeDelta;
use domain::Role;
use domain::personal_data::{AtWithdrawal, Content, Personal, REGISTRY, Subject, What};
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use server::Service;
use sim::Api;
use store::scratch;
use tests::TestApp;
use tests::people::People;
use tests::rest::{PASSWORD, Rest, answer};
use tests::wait::eventually;
use uuid::Uuid;

use super::seeded::{
    DEVICE, DOOR, EMAIL, ENTRANCE, LABEL, MESSAGE, NAME, NOTE, PHONE, PHONE_STORED, REASON, ROAD, SEEDED,
    Seeded, left,
};

/// Which columns of the registry still have something of somebody that a withdrawal erases.
async fn not_erased(app: &TestApp, user: &str) -> Vec<String> {
    let mut found = Vec::new();
    for column in REGISTRY {
        let Content::Personal(Personal { what, subject, at_withdrawal: AtWithdrawal::Erase, .. }) =
            column.content
        else {
            continue;
        };
        let rows = match subject {
            Subject::Column(name) => format!("{name} = '{user}'"),
            Subject::Through { column, table, key, person } => {
                format!("{column} in (select {key} from {table} where {person} = '{user}')")
            }
            _ => continue,
        };
        // Where the restaurant is, is no secret.
        if what == What::Position && column.table == "tracking.deliveries" {
            continue;
        }
        let select = format!(
            "select {}::text from {} where {rows} and {0}::text not in ('', '0', '{{}}', '\\x')",
            column.name, column.table
        );
        if !scratch::texts(app.database(), &select).await.unwrap().is_empty() {
            found.push(column.full_name());
        }
    }
    found
}

pub(super) async fn leave(rest: &Rest, body: Value) -> tests::rest::Answer {
    rest.post("/v1/users/me/withdrawal", body).await
}

/// A server whose workers look often for what is out of its term.
async fn watched() -> TestApp {
    let mut settings = tests::settings();
    settings.retention.every = Duration::from_millis(50);
    TestApp::start_with(settings).await
}

/// Somebody who entered everything, with an order that was brought.
async fn gathered(app: &TestApp) -> (Seeded, String) {
    let url = app.url(Service::Gateway);
    let people = People::gather(app.app(), &url).await;
    let seeded = Seeded::sow(app, people, &url).await;
    let delivered = seeded.delivered(app).await;
    (seeded, delivered)
}

#[tokio::test]
async fn who_leaves_is_gone_at_once_and_nothing_is_left_but_what_a_law_demands() {
    let app = watched().await;
    let (seeded, delivered) = gathered(&app).await;
    let rest = seeded.rest();
    assert!(left(&app).await.len() >= SEEDED.len() - 1, "they used everything, and a door code is sealed");

    // Not before their orders are over, and not without a proof.
    let refused = leave(&rest, json!({})).await.expect_problem(409, "user.live_orders");
    let code = domain::OrderId(delivered.parse().unwrap()).code().to_string();
    assert!(refused.to_string().contains(&code), "{refused}");
    app.advance(TimeDelta::hours(25)).await;
    app.run_due_jobs().await;
    let seeded = Seeded { person: app.sign_in(EMAIL).await, ..seeded };
    let rest = seeded.rest();
    app.advance(TimeDelta::minutes(6)).await;
    leave(&rest, json!({})).await.expect_problem(403, "auth.step_up_required");
    leave(&rest, json!({ "password": "not the password" }))
        .await
        .expect_problem(401, "auth.credentials_wrong");
    let answered = leave(&rest, json!({ "password": PASSWORD })).await;
    assert_eq!(answered.status, 204, "{}", answered.body);

    // At once: no port takes the token, none goes on with the session, and nobody signs in.
    for service in Service::ALL {
        let asked = app.rest_as(service, &seeded.person).get("/v1/users/me").await;
        assert!([401, 404].contains(&asked.status.as_u16()), "{service}: {}", asked.status);
    }
    rest.get("/v1/users/me").await.expect_problem(401, "auth.session_ended");
    let nobody = app.rest(Service::Auth);
    let refresh = json!({ "refresh_token": seeded.person.refresh_token });
    nobody.post("/v1/auth/refresh", refresh).await.expect(401);
    let sign_in = json!({ "email": EMAIL, "password": PASSWORD });
    nobody.post("/v1/auth/sign-in", sign_in).await.expect_problem(401, "auth.credentials_wrong");

    app.run_due_jobs().await;
    // The attempt to sign in just now is the last that knows the address.
    scratch::run_in(app.database(), "delete from auth.attempts; delete from auth.stranger_attempts")
        .await
        .unwrap();
    assert_eq!(left(&app).await, [""; 0]);
    assert_eq!(not_erased(&app, &seeded.person.id).await, [""; 0]);
    let consents = format!("select purpose from users.consents where user_id = '{}'", seeded.person.id);
    assert_eq!(scratch::texts(app.database(), &consents).await.unwrap(), [""; 0]);

    // The shop still has its order, of nobody.
    let owner = app.sign_in("owner@test.baedal.example").await;
    let path = format!("/v1/orders/{delivered}");
    let order = app.rest_as(Service::Gateway, &owner).get(&path).await.expect(200);
    assert_eq!((&order["status"], &order["note"]), (&json!("completed"), &json!("")));
    let history = app.rest_as(Service::Gateway, &owner).get(&format!("{path}/history")).await.expect(200);
    assert!(history.to_string().contains("order.accepted"), "{history}");

    // The address is free.
    Api::new(&app.url(Service::Gateway)).unwrap().sign_up(EMAIL, PASSWORD, "다른 사람", PHONE).await.unwrap();
    kept_as_long_as_the_law_says(&app, &seeded).await;
    app.stop().await;
}

async fn kept_as_long_as_the_law_says(app: &TestApp, seeded: &Seeded) {
    let user = seeded.person.id.parse().unwrap();
    let store = &app.app().store;
    let kept = async || {
        let kept = store::privacy::retained(store, user).await.unwrap();
        kept.into_iter().map(|(kind, _, data)| (kind, data.to_string())).collect::<Vec<_>>()
    };
    let all = kept().await;
    for (kind, seeds) in [
        ("identity", &[EMAIL, NAME, PHONE_STORED][..]),
        ("order", &[ROAD, DOOR, NOTE, REASON]),
        ("conversation", &[MESSAGE]),
        ("connections", &["127.0.0.1"]),
        ("advertising", &["\"agreed\":true"]),
    ] {
        for seed in seeds {
            assert!(all.iter().any(|(each, data)| each == kind && data.contains(seed)), "{seed} of {kind}");
        }
    }
    assert!(
        !all.iter().any(|(_, data)| data.contains(ENTRANCE) || data.contains(LABEL)),
        "no law asks for it"
    );
    let sealed = scratch::columns_with(app.database(), NAME).await.unwrap();
    assert_eq!(sealed, [""; 0], "also there it is sealed");
    // By the day, as the worker destroys it.
    let left_at = app.app().now();
    let on_day = async |day: i64| {
        app.advance(left_at + TimeDelta::days(day) - app.app().now()).await;
        a_worker_has_looked(app).await;
        kept().await.into_iter().map(|(kind, _)| kind).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(on_day(89).await, "advertising connections conversation identity order order");
    // Where they were connected from; then that they might be sent advertising, and what they asked.
    assert_eq!(on_day(91).await, "advertising conversation identity order order");
    assert_eq!(on_day(180).await, "advertising conversation identity order order");
    assert_eq!(on_day(185).await, "conversation identity order order");
    assert_eq!(on_day(3 * 365 - 2).await, "conversation identity order order");
    assert_eq!(on_day(3 * 365 + 2).await, "identity order order");
    assert_eq!(on_day(5 * 365 - 2).await, "identity order order");
    assert_eq!(on_day(5 * 365 + 2).await, "", "what they ordered, and who they were");
}

/// Waits until the worker that destroys has come by: something of nobody, which is due, is gone.
async fn a_worker_has_looked(app: &TestApp) {
    let due = format!(
        "insert into retained.records (subject_id, kind, user_id, why, law, sealed, kept_at, destroy_at)
         values (gen_random_uuid(), 'identity', '{}', '', '', '', now(), '{}')",
        Uuid::nil(),
        app.app().now().to_rfc3339()
    );
    scratch::run_in(app.database(), &due).await.unwrap();
    let is_there = format!("select 'there' from retained.records where user_id = '{}'", Uuid::nil());
    eventually(|| async { scratch::texts(app.database(), &is_there).await.unwrap().is_empty() }).await;
}

/// Every other step is done and not recorded: as if the process died in between.
const DEATHS: &str = "create sequence deaths;
    create function die() returns trigger language plpgsql as $$
    begin
        if nextval('deaths') % 2 = 1 then raise exception 'killed'; end if;
        return new;
    end $$;
    create trigger die before update on privacy.withdrawals for each row execute function die();";

#[tokio::test]
async fn of_two_admins_who_leave_at_once_one_stays() {
    let app = TestApp::start().await;
    let admins = [app.person("boss", &[Role::Admin]).await, app.person("other", &[Role::Admin]).await];
    let gone = admins.iter().map(|admin| async {
        let rest = app.rest_as(Service::User, admin);
        leave(&rest, json!({})).await.status
    });
    let mut gone: Vec<_> = join_all(gone).await.iter().map(|status| status.as_u16()).collect();
    gone.sort_unstable();
    assert_eq!(gone, [204, 409]);
    app.stop().await;
}

#[tokio::test]
async fn a_withdrawal_that_is_killed_between_any_two_steps_goes_on() {
    let mut app = TestApp::start().await;
    let (seeded, _) = gathered(&app).await;
    app.advance(TimeDelta::hours(25)).await;
    app.run_due_jobs().await;
    scratch::run_in(app.database(), DEATHS).await.unwrap();
    let person = app.sign_in(EMAIL).await;
    assert_eq!(leave(&app.rest_as(Service::Gateway, &person), json!({})).await.status, 204);
    app.run_due_jobs().await;
    app.restart().await;
    for _ in domain::privacy::Step::ALL {
        app.advance(TimeDelta::hours(3)).await;
        app.run_due_jobs().await;
    }
    assert_eq!(left(&app).await, [""; 0]);
    let user = seeded.person.id.parse().unwrap();
    let store = &app.app().store;
    assert_eq!(store::privacy::next_step(store, user).await.unwrap(), None);
    // What was kept at the first try is not lost at the second, which finds nothing more.
    let kept = store::privacy::retained(store, user).await.unwrap();
    let kept = kept.into_iter().map(|(_, _, data)| data.to_string()).collect::<String>();
    assert!([NAME, ROAD, NOTE, MESSAGE].iter().all(|seed| kept.contains(seed)), "{kept}");
    app.stop().await;
}

#[tokio::test]
async fn a_copy_has_all_that_one_can_see_and_is_fetched_once() {
    let app = TestApp::start().await;
    let (seeded, _) = gathered(&app).await;
    let (rest, nobody) = (seeded.rest(), app.rest(Service::Gateway));
    let asked = rest.post("/v1/users/me/copies", json!({ "format": "json" })).await.expect(201);
    let copy = format!("/v1/users/me/copies/{}", asked["id"].as_str().unwrap());
    app.run_due_jobs().await;
    assert_eq!(rest.get(&copy).await.expect(200)["status"], "ready");
    let stranger = app.person("stranger", &[Role::Customer]).await;
    app.rest_as(Service::Gateway, &stranger).get(&copy).await.expect_problem(404, "not_found");
    assert!(
        files(&app).iter().all(|file| !file.windows(9).any(|part| part == "씨앗하".as_bytes())),
        "sealed"
    );

    let link = async || rest.post(&format!("{copy}/link"), json!({})).await.expect(201)["secret"].clone();
    let (old, new) = (link().await, link().await);
    let fetch = async |secret: &Value| {
        let body = json!({ "secret": secret });
        answer(nobody.request(Method::POST, "/v1/users/copies").json(&body)).await
    };
    fetch(&old).await.expect_problem(404, "not_found");
    let fetched = join_all((0..20).map(|_| fetch(&new))).await;
    let got: Vec<_> = fetched.into_iter().filter(|answer| answer.status == 200).collect();
    let [got] = &got[..] else { panic!("{} got it", got.len()) };
    fetch(&new).await.expect_problem(404, "not_found");
    let text = got.body.to_string();
    for seed in [EMAIL, NAME, PHONE_STORED, LABEL, ROAD, DOOR, ENTRANCE, NOTE, REASON, MESSAGE, DEVICE] {
        assert!(text.contains(seed), "{seed} is not in the copy");
    }
    let hidden = ["argon2", "손님", "token_sha256", "sealed_entrance_note", &stranger.id];
    assert!(hidden.iter().all(|secret| !text.contains(secret)), "{text}");
    assert_eq!(rest.get(&copy).await.expect(200)["status"], "fetched");
    assert!(files(&app).is_empty(), "the file is gone");
    app.stop().await;
}

/// The bytes of all files that the servers keep.
pub(super) fn files(app: &TestApp) -> Vec<Vec<u8>> {
    fn below(folder: &std::path::Path, found: &mut Vec<Vec<u8>>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { below(&path, found) } else { found.push(std::fs::read(path).unwrap()) }
        }
    }
    let mut found = Vec::new();
    below(&app.blobs(), &mut found);
    found
}

#[tokio::test]
async fn a_file_that_no_row_names_is_removed_after_a_day_and_one_that_a_row_names_is_not() {
    let app = watched().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let rest = app.rest_as(Service::Gateway, &minji);
    // The file is written and not recorded, as if the process died in between; then it is made anew.
    let dies = DEATHS.replace("privacy.withdrawals", "privacy.copies");
    scratch::run_in(app.database(), &dies).await.unwrap();
    let asked = rest.post("/v1/users/me/copies", json!({ "format": "csv" })).await.expect(201);
    app.run_due_jobs().await;
    app.advance(TimeDelta::minutes(30)).await;
    app.run_due_jobs().await;
    let copy = format!("/v1/users/me/copies/{}", asked["id"].as_str().unwrap());
    let rest = app.rest_as(Service::Gateway, &app.sign_in(&minji.email).await);
    assert_eq!(rest.get(&copy).await.expect(200)["status"], "ready");
    assert_eq!(files(&app).len(), 2);
    app.advance(TimeDelta::hours(23)).await;
    a_worker_has_looked(&app).await;
    assert_eq!(files(&app).len(), 2);
    app.advance(TimeDelta::hours(2)).await;
    eventually(|| async { files(&app).is_empty() }).await;
    app.stop().await;
}

#[tokio::test]
async fn a_copy_needs_a_fresh_proof_and_its_link_lives_ten_minutes() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let rest = app.rest_as(Service::Gateway, &minji);
    let ask = json!({ "format": "csv" });
    let asked = rest.post("/v1/users/me/copies", ask.clone()).await.expect(201);
    let copy = format!("/v1/users/me/copies/{}", asked["id"].as_str().unwrap());
    app.run_due_jobs().await;
    let link = rest.post(&format!("{copy}/link"), json!({})).await.expect(201);
    app.advance(TimeDelta::minutes(10)).await;
    let late = json!({ "secret": link["secret"] });
    app.rest(Service::User).post("/v1/users/copies", late).await.expect_problem(404, "not_found");

    // The session goes on, and its proof is old.
    let refresh = json!({ "refresh_token": minji.refresh_token });
    let tokens = app.rest(Service::Auth).post("/v1/auth/refresh", refresh).await.expect(200);
    let rest = app.rest(Service::Gateway).with_token(tokens["access_token"].as_str().unwrap());
    rest.post(&format!("{copy}/link"), json!({})).await.expect_problem(403, "auth.step_up_required");
    let proof = json!({ "password": PASSWORD });
    let link = rest.post(&format!("{copy}/link"), proof).await.expect(201);
    let fetch = app.rest(Service::User).request(Method::POST, "/v1/users/copies");
    let fetched = fetch.json(&json!({ "secret": link["secret"] })).send().await.unwrap();
    assert_eq!(fetched.headers()["content-disposition"], "attachment; filename=\"baedal.csv\"");
    let text = fetched.text().await.unwrap();
    assert!(text.contains("users.profiles,1,name,\"minji\"\r\n"), "{text}");

    // One at a time; and what nobody fetched is gone after a day.
    rest.post("/v1/users/me/copies", ask).await.expect(201);
    app.run_due_jobs().await;
    assert_eq!(files(&app).len(), 1);
    let now = app.app().now();
    let old = store::privacy::old_copies(&app.app().store, now + TimeDelta::days(1), 10).await.unwrap();
    assert_eq!(old.len(), 2);
    app.stop().await;
}
