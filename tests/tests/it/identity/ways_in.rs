//! Every way in against every reason to be out: each operation that gives tokens, each stream and
//! each socket is tried by somebody who is banned, who is locked out by wrong passwords, who has
//! left, whose session has ended, and whose password has changed.
//!
//! The ways are those that the documents state (`x-baedal-policy.opens`). One that gives tokens or
//! a stream without stating it fails the test, and so does one that states it and is not tried
//! here: see [`by`].

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use domain::Role;
use reqwest::Method;
use serde_json::{Value, json};
use server::Service;
use tests::TestApp;
use tests::browser::{Browser, Typed};
use tests::rest::{Answer, PASSWORD, Person, answer, consents};
use tests::socket::{Heard, Socket};
use tests::wait::eventually;

use crate::architecture::{root, sources};
use crate::documents::operations;
use crate::tracking::accepted_order_of;

/// Why somebody is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Out {
    /// An admin has banned them.
    Banned,
    /// Too many wrong passwords were tried from here.
    Locked,
    /// They have left for ever.
    Withdrawn,
    /// Their session was ended.
    SessionEnded,
    /// Their password is another one.
    PasswordChanged,
}

const OUTS: [Out; 5] = [Out::Banned, Out::Locked, Out::Withdrawn, Out::SessionEnded, Out::PasswordChanged];

/// What a way in is tried with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum With {
    /// The password of before.
    Password,
    /// The word of a company that they linked.
    Provider,
    /// What no person with an account has: a program's secret, or a company's word for somebody
    /// whom we do not know.
    Nothing,
    /// What a session of before has: its tokens.
    Session,
}

impl Out {
    /// Whether it shuts ways in that are tried with this. A stranger who tries wrong passwords
    /// shuts no session that goes on, the end of one session does not shut another one, and a
    /// company's word is none the worse for another password here.
    fn shuts(self, with: With) -> bool {
        match (self, with) {
            (_, With::Nothing) | (Self::Banned | Self::Withdrawn, _) => true,
            (Self::PasswordChanged, with) => with != With::Provider,
            (Self::Locked, with) => with == With::Password,
            (Self::SessionEnded, with) => with == With::Session,
        }
    }
}

/// Somebody with a session and an order on its way.
struct Minji {
    person: Person,
    order: String,
}

/// Tries the operation.
async fn by(app: &TestApp, operation: &str, minji: &Minji) -> (With, Answer) {
    let Minji { person, order } = minji;
    let auth = app.rest(Service::Auth);
    match operation {
        "post /v1/auth/sign-in" => {
            let body = json!({ "email": person.email, "password": PASSWORD });
            (With::Password, auth.post("/v1/auth/sign-in", body).await)
        }
        "post /v1/auth/refresh" => {
            let body = json!({ "refresh_token": person.refresh_token });
            (With::Session, auth.post("/v1/auth/refresh", body).await)
        }
        "post /v1/auth/social/{provider}/complete" => {
            let browser = app.browser("kakao").await;
            let brought = browser.sign_in(at_kakao(&person.id)).await;
            (With::Provider, browser.complete(brought).await)
        }
        "post /v1/users/social" => {
            let browser = app.browser("kakao").await;
            let brought = browser.sign_in(at_kakao(&person.id)).await;
            let state = brought["state"].clone();
            browser.complete(brought).await;
            let body = json!({ "state": state, "browser_secret": browser.secret, "name": "민지", "phone": "010-1234-5678",
                "consents": consents() });
            (With::Nothing, app.rest(Service::User).post("/v1/users/social", body).await)
        }
        "post /v1/auth/token" => {
            let request = auth.request(Method::POST, "/v1/auth/token").basic_auth(&person.id, Some(PASSWORD));
            let request = request.header("content-type", "application/x-www-form-urlencoded");
            (With::Nothing, answer(request.body("grant_type=client_credentials")).await)
        }
        "get /v1/deliveries/{order_id}/stream" => {
            let stream = open_stream(app, person, order).await;
            let (status, headers) = (stream.status(), stream.headers().clone());
            (With::Session, Answer { status, headers, body: Value::Null })
        }
        other => panic!("{other} lets somebody in, and is not tried against bans and the like: add it here"),
    }
}

/// Whether an answer lets somebody in to their account. Who left is somebody new to a company's
/// word: it leads to another account, or to none yet.
fn leads_to(answer: &Answer, person: &Person) -> bool {
    if !answer.status.is_success() {
        let refused = matches!(answer.status.as_u16(), 401 | 403 | 409 | 429);
        assert!(refused, "{} {}", answer.status, answer.body);
        return false;
    }
    let whose = answer.body.pointer("/user_id").or_else(|| answer.body.pointer("/tokens/user_id"));
    // A stream has no body to read.
    answer.body.is_null() || whose == Some(&json!(person.id))
}

fn at_kakao(subject: &str) -> Typed<'_> {
    Typed::new(subject, "minji@mail.example")
}

async fn open_stream(app: &TestApp, person: &Person, order: &str) -> reqwest::Response {
    let path = format!("/v1/deliveries/{order}/stream");
    app.rest_as(Service::Tracking, person).request(Method::GET, &path).send().await.unwrap()
}

/// Whether the answer has tokens, or is a stream.
fn lets_in(api: &Value, operation: &Value) -> bool {
    let responses = operation["responses"].as_object().into_iter().flatten();
    let contents = responses.filter_map(|(_, response)| response["content"].as_object()).flatten();
    contents
        .into_iter()
        .any(|(kind, content)| kind == "text/event-stream" || has_token(api, &content["schema"]))
}

/// Whether something of this schema has an access token, also further inside.
fn has_token(api: &Value, schema: &Value) -> bool {
    let named = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next());
    let named = named.map(|name| &api["components"]["schemas"][name]);
    let members = schema["properties"].as_object().into_iter().flatten().map(|(_, member)| member);
    let parts = ["oneOf", "allOf", "anyOf"].into_iter().filter_map(|of| schema[of].as_array()).flatten();
    !schema["properties"]["access_token"].is_null()
        || members.chain(parts).chain(named).any(|inside| has_token(api, inside))
}

/// The operations that let somebody in.
fn ways(api: &Value) -> BTreeSet<String> {
    let mut ways = BTreeSet::new();
    for (path, method, operation) in operations(api) {
        let states = !operation["x-baedal-policy"]["opens"].is_null();
        assert_eq!(states, lets_in(api, operation), "{method} {path}: its policy states what it opens");
        if states {
            ways.insert(format!("{method} {path}"));
        }
    }
    ways
}

/// Every address and path at which a socket is opened.
async fn sockets(app: &TestApp) -> Vec<(SocketAddr, String)> {
    let mut sockets = Vec::new();
    for service in Service::ALL {
        // A port with a socket describes it.
        let described = app.rest(service).get("/asyncapi.json").await.status == 200;
        if described {
            sockets.push((app.address(service), "/v1/realtime".to_owned()));
            sockets.push((app.address(Service::Gateway), format!("/{service}/v1/realtime")));
        }
    }
    assert!(sockets.len() > 4, "{sockets:?}");
    sockets
}

async fn knock(socket: &(SocketAddr, String), token: &str) -> Socket {
    let bearer = format!("Bearer {token}");
    let from = [127, 0, 0, 1].into();
    Socket::dial_at(&socket.1, from, socket.0, &[("authorization", &bearer)]).await.unwrap()
}

async fn minji(app: &TestApp, out: Out) -> Minji {
    let person = app.person(&format!("minji-{out:?}").to_lowercase(), &[Role::Customer]).await;
    let order = accepted_order_of(app.app(), person.id.parse().unwrap()).await.id.to_string();
    eventually(|| async { open_stream(app, &person, &order).await.status() == 200 }).await;
    let browser = Browser::begin(&app.rest_as(Service::Gateway, &person), "kakao", "link").await;
    let brought = browser.sign_in(at_kakao(&person.id)).await;
    browser.complete(brought).await.expect(200);
    Minji { person, order }
}

/// Makes it so, as people do: by operations.
async fn put_out(app: &TestApp, boss: &Person, out: Out, minji: &Minji) {
    let Minji { person, order } = minji;
    let admin = app.rest_as(Service::Auth, boss);
    match out {
        Out::Banned => {
            let ban = format!("/v1/admin/accounts/{}/ban", person.id);
            admin.post(&ban, json!({ "reason": "허위 주문" })).await.expect(200);
        }
        Out::Locked => {
            let wrong = json!({ "email": person.email, "password": "wrong password" });
            for _ in 0..5 {
                let answer = app.rest(Service::Auth).post("/v1/auth/sign-in", wrong.clone()).await;
                answer.expect_problem(401, "auth.credentials_wrong");
            }
        }
        Out::SessionEnded => {
            let out = app.rest_as(Service::Auth, person).post("/v1/auth/sign-out", json!({})).await;
            assert_eq!(out.status, 204);
        }
        Out::Withdrawn => {
            // Nobody leaves while an order of theirs is not over.
            let end = json!({ "fault": "platform", "reason": "가게 사정" });
            app.rest_as(Service::Gateway, boss)
                .post(&format!("/v1/orders/{order}/end"), end)
                .await
                .expect(200);
            let left = app.rest_as(Service::User, person).post("/v1/users/me/withdrawal", json!({})).await;
            assert_eq!(left.status, 204, "{}", left.body);
        }
        Out::PasswordChanged => {
            // From another device: the session that changes it goes on.
            let elsewhere = app.sign_in(&person.email).await;
            let change = json!({ "current_password": PASSWORD, "new_password": "전혀 다른 비밀번호" });
            let changed = app.rest_as(Service::Auth, &elsewhere).put("/v1/auth/password", change).await;
            assert_eq!(changed.status, 204, "{}", changed.body);
        }
    }
}

#[tokio::test]
async fn whoever_is_out_gets_in_by_no_way_and_what_they_had_open_closes() {
    let app = TestApp::start().await;
    let api = app.rest(Service::Gateway).get("/openapi.json").await.expect(200);
    let (ways, sockets) = (ways(&api), sockets(&app).await);
    let boss = app.person("boss", &[Role::Admin]).await;
    for out in OUTS {
        let minji = minji(&app, out).await;
        let mut socket = Socket::open(app.address(Service::Gateway), &minji.person.access_token).await;
        let mut stream = open_stream(&app, &minji.person, &minji.order).await;
        put_out(&app, &boss, out, &minji).await;

        let shuts = out.shuts(With::Session);
        if shuts {
            let closed = tokio::time::timeout(Duration::from_secs(2), async {
                while stream.chunk().await.is_ok_and(|chunk| chunk.is_some()) {}
                socket.hear().await
            });
            assert_eq!(closed.await.expect("within 2 s"), Heard::Closed(4402), "{out:?}");
        } else {
            socket.say(json!({ "op": "ping" })).await;
            socket.next("pong").await;
        }
        for each in &sockets {
            let mut knocking = knock(each, &minji.person.access_token).await;
            let heard = if shuts {
                // The problem, and then the end.
                knocking.closed().await == 4401
            } else {
                knocking.frame().await["op"] == "ready"
            };
            assert!(heard, "{out:?} {each:?}");
        }
        for way in &ways {
            let (with, answer) = by(&app, way, &minji).await;
            let is_in = leads_to(&answer, &minji.person);
            assert_eq!(is_in, !out.shuts(with), "{out:?}, {way}: {} {}", answer.status, answer.body);
        }
        let me = answer(app.rest_as(Service::User, &minji.person).request(Method::GET, "/v1/users/me")).await;
        assert_eq!(me.status == 401, shuts, "{out:?}");
    }
    app.stop().await;
}

/// Whatever switches protocols, by the file: each is tried above.
#[test]
fn sockets_are_opened_in_no_other_place() {
    let rooms = ["http", "realtime", "server", "services"].into_iter().flat_map(sources);
    let opens = rooms.filter(|(_, text)| text.contains("SWITCHING_PROTOCOLS"));
    let files: BTreeSet<_> =
        opens.map(|(path, _)| path.strip_prefix(root()).unwrap().display().to_string()).collect();
    let known = ["http/src/gateway/tunnel.rs", "realtime/src/handshake.rs", "server/src/connections/mod.rs"];
    assert_eq!(files.iter().map(String::as_str).collect::<Vec<_>>(), known);
}
