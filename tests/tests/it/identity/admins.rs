//! What admins do to the accounts of others, and what is written down of it.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use domain::Role;
use serde_json::{Value, json};
use server::Service;
use store::scratch;
use tests::TestApp;
use tests::process::binary;
use tests::rest::{Answer, PASSWORD, Person, Rest, consents};
use tests::socket::{Heard, Socket};

fn why() -> Value {
    json!({ "reason": "신고가 들어옴" })
}

fn of_role(role: &str) -> Value {
    json!({ "role": role, "reason": "입사" })
}

/// What an admin does to the account of somebody.
async fn does(admin: &Rest, whose: &Person, what: &str, body: Value) -> Answer {
    admin.post(&format!("/v1/admin/accounts/{}/{what}", whose.id), body).await
}

async fn signs_in(app: &TestApp, whose: &Person, password: &str) -> Answer {
    let body = json!({ "email": whose.email, "password": password });
    app.rest(Service::Auth).post("/v1/auth/sign-in", body).await
}

/// The items of a list, to its end.
async fn all(rest: &Rest, path: &str) -> Vec<Value> {
    let (mut items, mut next) = (Vec::new(), path.to_owned());
    loop {
        let page = rest.get(&next).await.expect(200);
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(cursor) = page["next_cursor"].as_str() else { return items };
        next = format!("{path}{}cursor={cursor}", if path.contains('?') { '&' } else { '?' });
    }
}

fn kinds(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["kind"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_role_comes_with_the_next_token_and_goes_at_once_on_every_port_and_socket() {
    let app = TestApp::start().await;
    let second = app.second_server().await;
    let boss = app.person("boss", &[Role::Admin]).await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let admin = app.rest_as(Service::Auth, &boss);
    let account = does(&admin, &minji, "grant", of_role("agent")).await.expect(200);
    assert_eq!(account["roles"], json!(["customer", "agent"]));
    // Granting it again changes nothing, and is no second line.
    does(&admin, &minji, "grant", of_role("agent")).await.expect(200);

    let desk = "/v1/agents/me/desk";
    app.rest_as(Service::Support, &minji).get(desk).await.expect_problem(403, "forbidden");
    let body = json!({ "refresh_token": minji.refresh_token });
    let renewed = app.rest(Service::Auth).post("/v1/auth/refresh", body).await.expect(200);
    assert_eq!(renewed["roles"], json!(["customer", "agent"]));
    let token = renewed["access_token"].as_str().unwrap();
    app.rest(Service::Support).with_token(token).get(desk).await.expect(200);

    let mut here = Socket::open(app.address(Service::Support), token).await;
    let mut away = Socket::open(second.address(Service::Gateway).unwrap(), token).await;
    let account = does(&admin, &minji, "revoke", of_role("agent")).await.expect(200);
    assert_eq!(account["roles"], json!(["customer"]));
    let revoked = Instant::now();
    let closed =
        tokio::time::timeout(Duration::from_secs(2), async { [here.hear().await, away.hear().await] });
    assert_eq!(closed.await.expect("within 2 s"), [Heard::Closed(4402), Heard::Closed(4402)]);
    for base in [app.url(Service::Support), format!("http://{}", second.address(Service::Support).unwrap())] {
        while app.rest(Service::Support).with_token(token).at(&base).get(desk).await.status != 401 {
            assert!(revoked.elapsed() < Duration::from_secs(2), "{base} still lets them in");
        }
    }
    let lines = all(&admin, &format!("/v1/admin/audit?user={}&actor={}", minji.id, boss.id)).await;
    assert_eq!(kinds(&lines), ["role_revoked", "role_granted"]);
    for line in lines {
        assert_eq!((&line["role"], &line["reason"]), (&json!("agent"), &json!("입사")));
        assert_eq!((&line["actor_id"], &line["address"]), (&json!(boss.id), &json!("127.0.0.1")));
    }
    second.stop(Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn a_change_of_an_account_needs_a_reason_and_a_fresh_proof() {
    let app = TestApp::start().await;
    let boss = app.person("boss", &[Role::Admin]).await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let admin = app.rest_as(Service::Auth, &boss);
    let changes = ["grant", "revoke", "ban", "lift-ban", "unlock", "end-sessions"];
    let body = |what: &str, reason: &str| match what {
        "grant" | "revoke" => json!({ "role": "agent", "reason": reason }),
        _ => json!({ "reason": reason }),
    };
    for what in changes {
        let told = does(&admin, &minji, what, body(what, " ")).await.expect_problem(422, "invalid");
        assert_eq!(told["errors"][0]["pointer"], "/reason", "{what}");
    }
    app.advance(TimeDelta::seconds(301)).await;
    for what in changes {
        does(&admin, &minji, what, body(what, "까닭")).await.expect_problem(403, "auth.step_up_required");
    }
    let unmask = format!("/v1/admin/people/{}/unmask", minji.id);
    let people = app.rest_as(Service::User, &boss);
    people.post(&unmask, why()).await.expect_problem(403, "auth.step_up_required");
    assert_eq!(all(&admin, &format!("/v1/admin/audit?actor={}", boss.id)).await, Vec::<Value>::new());
    admin.post("/v1/auth/re-authenticate", json!({ "password": PASSWORD })).await;
    does(&admin, &minji, "ban", why()).await.expect(200);
    people.post(&unmask, why()).await.expect(200);
    app.stop().await;
}

#[tokio::test]
async fn nobody_changes_their_own_account_nor_what_is_not_theirs_to_give() {
    let app = TestApp::start().await;
    let boss = app.person("boss", &[Role::Admin]).await;
    let minji = app.person("minji", &[Role::Customer, Role::Owner]).await;
    let admin = app.rest_as(Service::Auth, &boss);
    does(&admin, &boss, "grant", of_role("agent")).await.expect_problem(403, "auth.own_account");
    does(&admin, &boss, "revoke", of_role("admin")).await.expect_problem(403, "auth.own_account");
    for what in ["ban", "lift-ban", "unlock", "end-sessions"] {
        does(&admin, &boss, what, why()).await.expect_problem(403, "auth.own_account");
    }
    does(&admin, &minji, "grant", of_role("owner")).await.expect_problem(409, "auth.role_not_grantable");
    does(&admin, &minji, "revoke", of_role("customer")).await.expect_problem(409, "auth.role_not_grantable");
    does(&admin, &minji, "grant", of_role("service")).await.expect_problem(422, "invalid");
    let nobody = Person { id: "01920000-0000-7000-8000-000000000001".into(), ..minji.clone() };
    does(&admin, &nobody, "ban", why()).await.expect_problem(404, "not_found");
    does(&admin, &minji, "revoke", of_role("owner")).await.expect(200);
    app.stop().await;
}

#[tokio::test]
async fn of_two_admins_who_ban_each_other_at_once_one_is_left() {
    let app = TestApp::start().await;
    let second = app.second_server().await;
    let there = format!("http://{}", second.address(Service::Auth).unwrap());
    let (boss, chief) = (app.person("boss", &[Role::Admin]).await, app.person("chief", &[Role::Admin]).await);
    for _ in 0..5 {
        let (boss, chief) = (app.sign_in(&boss.email).await, app.sign_in(&chief.email).await);
        let one = app.rest_as(Service::Auth, &boss);
        let other = app.rest_as(Service::Auth, &chief).at(&there);
        let answers = tokio::join!(does(&one, &chief, "ban", why()), does(&other, &boss, "ban", why()));
        let (winner, loser) = match (answers.0.status.as_u16(), answers.1.status.as_u16()) {
            (200, 401 | 403) => (&one, &chief),
            (401 | 403, 200) => (&other, &boss),
            ended => panic!("{ended:?}"),
        };
        does(winner, loser, "lift-ban", why()).await.expect(200);
    }
    second.stop(Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn who_is_banned_gets_in_by_no_way_until_it_is_lifted() {
    let app = TestApp::start().await;
    let boss = app.person("boss", &[Role::Admin]).await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let admin = app.rest_as(Service::Auth, &boss);
    let account = does(&admin, &minji, "ban", why()).await.expect(200);
    assert_eq!(account["status"], "banned");
    assert!(account["banned_at"].is_string());
    signs_in(&app, &minji, PASSWORD).await.expect_problem(403, "auth.account_banned");
    signs_in(&app, &minji, "wrong password").await.expect_problem(401, "auth.credentials_wrong");
    let refreshed = app.rest(Service::Auth);
    let refreshed = refreshed.post("/v1/auth/refresh", json!({ "refresh_token": minji.refresh_token })).await;
    assert_eq!(refreshed.status, 401);
    app.rest_as(Service::User, &minji).get("/v1/users/me").await.expect_problem(401, "auth.session_ended");
    assert_eq!(does(&admin, &minji, "lift-ban", why()).await.expect(200)["status"], "open");
    signs_in(&app, &minji, PASSWORD).await.expect(200);
    let lines = all(&admin, &format!("/v1/admin/audit?user={}", minji.id)).await;
    assert_eq!(kinds(&lines)[..4], ["signed_in", "ban_lifted", "sign_in_failed", "banned"]);
    app.stop().await;
}

#[tokio::test]
async fn an_admin_forgets_wrong_passwords_and_ends_sessions() {
    let app = TestApp::start().await;
    let boss = app.person("boss", &[Role::Admin]).await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let admin = app.rest_as(Service::Auth, &boss);
    for _ in 0..5 {
        signs_in(&app, &minji, "wrong password").await.expect_problem(401, "auth.credentials_wrong");
    }
    signs_in(&app, &minji, PASSWORD).await.expect_problem(429, "auth.locked");
    let account = format!("/v1/admin/accounts/{}", minji.id);
    assert!(admin.get(&account).await.expect(200)["locked_until"].is_string());
    let account = does(&admin, &minji, "unlock", why()).await.expect(200);
    assert_eq!(account["locked_until"], Value::Null);
    let identity = &account["identities"][0];
    assert_eq!((&identity["kind"], &identity["subject"]), (&json!("email"), &json!("m***@example.com")));
    signs_in(&app, &minji, PASSWORD).await.expect(200);

    let sessions = all(&admin, &format!("/v1/admin/accounts/{}/sessions", minji.id)).await;
    assert_eq!(sessions.len(), 2);
    let first = sessions[1]["id"].as_str().unwrap();
    let ended = does(&admin, &minji, &format!("sessions/{first}/end"), why()).await;
    assert_eq!(ended.status, 204);
    app.rest_as(Service::User, &minji).get("/v1/users/me").await.expect_problem(401, "auth.session_ended");
    does(&admin, &minji, &format!("sessions/{first}/end"), why()).await.expect_problem(404, "not_found");
    does(&admin, &minji, "end-sessions", why()).await.expect(200);
    assert_eq!(all(&admin, &format!("/v1/admin/accounts/{}/sessions", minji.id)).await, Vec::<Value>::new());
    app.stop().await;
}

#[tokio::test]
async fn the_audit_log_is_read_to_its_end_by_account_actor_kind_and_time_and_never_changed() {
    let app = TestApp::start().await;
    let boss = app.person("boss", &[Role::Admin]).await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let admin = app.rest_as(Service::Auth, &boss);
    let began = app.app().now();
    app.advance(TimeDelta::seconds(60)).await;
    // Several lines of one moment: the clock stands still in between.
    for what in ["ban", "lift-ban", "unlock", "ban", "lift-ban"] {
        does(&admin, &minji, what, why()).await.expect(200);
    }
    let expected = ["ban_lifted", "banned", "unlocked", "ban_lifted", "banned"];
    let time = began.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    for query in [
        format!("user={}&limit=2&from={time}", minji.id),
        format!("actor={}&limit=2", boss.id),
        format!("limit=2&from={time}"),
    ] {
        let lines = all(&admin, &format!("/v1/admin/audit?{query}")).await;
        assert_eq!(kinds(&lines), expected, "{query}");
    }
    let bans = all(&admin, "/v1/admin/audit?kind=banned&limit=1").await;
    assert_eq!(kinds(&bans), ["banned", "banned"]);
    let before = all(&admin, &format!("/v1/admin/audit?limit=3&until={time}")).await;
    assert_eq!(kinds(&before), ["signed_in", "signed_up", "signed_in", "signed_up"]);
    admin.get("/v1/admin/audit?kind=nonsense").await.expect_problem(422, "invalid");
    // Nothing of a log changes, and what is personal in it goes by its term alone.
    let out_of_term = "begin; select set_config('privacy.kept_since', 'infinity', true);";
    scratch::run_in(app.database(), &format!("{out_of_term} update auth.audit set address = null; rollback"))
        .await
        .unwrap();
    for sql in [
        "update auth.audit set reason = 'x'".to_owned(),
        "update auth.audit set address = null".to_owned(),
        format!("{out_of_term} update auth.audit set address = '192.0.2.1'"),
        format!("{out_of_term} update auth.audit set address = null, actor = user_id"),
        "delete from auth.audit".to_owned(),
        "update users.access_log set reason = 'x'".to_owned(),
        "delete from users.access_log".to_owned(),
        "truncate users.access_log".to_owned(),
    ] {
        assert!(scratch::run_in(app.database(), &sql).await.is_err(), "{sql}");
    }
    app.stop().await;
}

#[tokio::test]
async fn people_are_found_and_shown_masked_and_each_look_is_written_down() {
    let app = TestApp::start().await;
    let boss = app.person("boss", &[Role::Admin]).await;
    let body = json!({ "email": "minji@example.com", "password": PASSWORD, "name": "김민지", "phone": "010-1234-5678",
        "consents": consents() });
    app.rest(Service::User).post("/v1/users", body).await.expect(201);
    let minji = app.sign_in("minji@example.com").await;
    let people = app.rest_as(Service::User, &boss);
    let found = async |text: &str| {
        let path = format!("/v1/admin/people?q={}", crate::text::in_query(text));
        all(&people, &path).await
    };
    for (text, by) in [
        (minji.id.as_str(), "id"),
        ("Minji@Example.com", "email"),
        ("5678", "phone"),
        ("010-1234-5678", "phone"),
        ("민지", "name"),
    ] {
        let hits = found(text).await;
        let hit = hits.iter().find(|hit| hit["person"]["id"] == json!(minji.id)).unwrap();
        assert_eq!(hit["found_by"], by, "{text}");
        let shown = crate::text::without_ids(hit);
        assert!(!shown.contains("민지") && !shown.contains("1234"), "{shown}");
    }
    assert_eq!(found("박서준").await, Vec::<Value>::new());
    people.get("/v1/admin/people?q=%EA%B9%80").await.expect_problem(422, "invalid");

    let page = people.get(&format!("/v1/admin/people/{}", minji.id)).await.expect(200);
    assert_eq!((&page["name"], &page["phone"]), (&json!("김*"), &json!("***5678")));
    assert_eq!((&page["roles"], &page["status"]), (&json!(["customer"]), &json!("open")));
    let shown = people.post(&format!("/v1/admin/people/{}/unmask", minji.id), why()).await;
    assert_eq!(shown.headers["cache-control"], "no-store");
    let shown = shown.expect(200);
    assert_eq!((&shown["name"], &shown["phone"]), (&json!("김민지"), &json!("+821012345678")));

    let log = all(&people, &format!("/v1/admin/access-log?user={}&limit=1", minji.id)).await;
    let looks: Vec<_> = log.iter().map(|line| line["look"].as_str().unwrap()).collect();
    assert_eq!(looks[looks.len() - 2..], ["unmasked", "person"]);
    let unmasked = &log[looks.len() - 2];
    assert_eq!((&unmasked["actor_id"], &unmasked["reason"]), (&json!(boss.id), &why()["reason"]));
    assert_eq!(unmasked["address"], "127.0.0.1");
    let searches = all(&people, &format!("/v1/admin/access-log?actor={}", boss.id)).await;
    assert_eq!(searches.iter().filter(|line| line["look"] == "search").count(), 6);

    // The person sees that somebody looked, and why, and not who it was.
    let mine = all(&app.rest_as(Service::User, &minji), "/v1/users/me/access-log").await;
    let unmasked = mine.iter().find(|line| line["look"] == "unmasked").unwrap();
    assert_eq!(unmasked["reason"], why()["reason"]);
    assert!(mine.iter().all(|line| !line.to_string().contains(&boss.id)), "{mine:?}");
    let others = all(&app.rest_as(Service::User, &boss), "/v1/users/me/access-log").await;
    assert_eq!(others, Vec::<Value>::new());
    app.stop().await;
}

#[tokio::test]
async fn nothing_is_unmasked_that_could_not_be_written_down() {
    let app = TestApp::start().await;
    let boss = app.person("boss", &[Role::Admin]).await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let sql = "create function public.fails() returns trigger language plpgsql as
         $$ begin raise exception 'shutting down' using errcode = '57P01'; end $$;
         create trigger fails before insert on users.access_log for each row execute function public.fails()";
    scratch::run_in(app.database(), sql).await.unwrap();
    let people = app.rest_as(Service::User, &boss);
    for answer in [
        people.post(&format!("/v1/admin/people/{}/unmask", minji.id), why()).await,
        people.get(&format!("/v1/admin/people/{}", minji.id)).await,
        people.get("/v1/admin/people?q=minji").await,
    ] {
        assert!(answer.status.is_server_error(), "{}", answer.status);
        assert!(answer.body["name"].is_null() && answer.body["items"].is_null(), "{}", answer.body);
    }
    app.stop().await;
}

#[tokio::test]
async fn the_first_admin_is_made_from_the_command_line() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let baedal = binary();
    let run = async |arguments: &[&str]| {
        let mut command = tokio::process::Command::new(&baedal);
        command.args(arguments).env("DATABASE_URL", app.database_url()).env_remove("REDIS_URL");
        command.env("BAEDAL_VAULT_KEYS", app.vault_keys.reveal());
        let done = command.kill_on_drop(true).output().await.unwrap();
        (done.status.success(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    let (done, said) = run(&["grant", "minji@example.com", "admin", "--reason", "첫 관리자"]).await;
    assert!(done, "{said}");
    let boss = app.sign_in(&minji.email).await;
    let admin = app.rest_as(Service::Auth, &boss);
    let lines = all(&admin, "/v1/admin/audit?kind=role_granted").await;
    assert_eq!(lines.len(), 1);
    assert_eq!((&lines[0]["actor_id"], &lines[0]["role"]), (&Value::Null, &json!("admin")));
    assert_eq!((&lines[0]["user_id"], &lines[0]["reason"]), (&json!(boss.id), &json!("첫 관리자")));
    for wrong in [
        ["revoke", "minji@example.com", "admin"],
        ["grant", "nobody@example.com", "admin"],
        ["grant", "minji@example.com", "service"],
        ["grant", "minji@example.com", "emperor"],
    ] {
        let (done, said) = run(&wrong).await;
        assert!(!done, "{wrong:?}: {said}");
    }
    let (done, said) = run(&["grant", "minji@example.com", "courier"]).await;
    assert!(done, "{said}");
    let (done, said) = run(&["revoke", "minji@example.com", "courier"]).await;
    assert!(done, "{said}");
    let ended = Instant::now();
    while admin.get("/v1/auth/sessions").await.status != 401 {
        assert!(ended.elapsed() < Duration::from_secs(2), "the server still lets them in");
    }
    app.stop().await;
}
