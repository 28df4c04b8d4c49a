//! Customer support as clients see it: over REST and over sockets.

use std::time::Duration;

use domain::{Channel, Role};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use server::Service;
use services::user::NewUser;
use sim::frame::{Event, Say};
use sim::socket::ReconnectPolicy;
use sim::{Api, Heard, Socket, system};
use tests::{TestApp, channels};

const PASSWORD: &str = "correct horse battery staple";

async fn person(test: &TestApp, name: &str, role: Role) -> Api {
    let email = format!("{name}@test.baedal.example");
    let new = NewUser {
        email: email.clone(),
        password: PASSWORD.into(),
        name: name.into(),
        phone: "010-2345-6789".into(),
    };
    services::user::register_with_roles(test.app(), &new, &[role]).await.unwrap();
    let api = Api::new(&test.url(Service::Gateway)).unwrap();
    api.sign_in(&email, PASSWORD).await.unwrap();
    api
}

fn socket(api: &Api) -> Socket {
    let (first, most) = (Duration::from_millis(50), Duration::from_millis(500));
    Socket::open(api, ReconnectPolicy { first, most, seed: 5, ..ReconnectPolicy::default() })
}

async fn hear(socket: &mut Socket, kind: &str) -> Event {
    let heard = socket.until(Duration::from_secs(20), |heard| match heard {
        Heard::Event(event) if event.kind == kind => Some(event.clone()),
        Heard::Anomaly(anomaly) => panic!("the protocol was broken: {anomaly:?}"),
        _ => None,
    });
    heard.await.unwrap_or_else(|| panic!("{kind} never came"))
}

#[tokio::test]
async fn a_customer_and_an_agent_talk_live() {
    let test = TestApp::start().await;
    let customer = person(&test, "customer", Role::Customer).await;
    let agent = person(&test, "agent", Role::Agent).await;
    let mut desk = socket(&agent);
    desk.line().subscribe("desk").await.unwrap();
    let talk = customer.converse("delivery", None, "어디쯤 오셨나요?").await.unwrap();
    let queued = hear(&mut desk, "desk.queued").await;
    assert_eq!(queued.data["conversation"]["id"], talk.id.to_string());

    // The agent comes, is given the conversation, and writes a note, then an answer.
    desk.line().ask(Say::Presence { online: true, capacity: Some(3) }).await.unwrap();
    assert_eq!(hear(&mut desk, "desk.assigned").await.data["conversation_id"], talk.id.to_string());
    let channel = format!("chat:{}", talk.id);
    let mut phone = socket(&customer);
    phone.line().subscribe(&*channel).await.unwrap();
    desk.line().subscribe(&*channel).await.unwrap();
    let say = |text: &str, private_note| Say::ChatSend {
        conversation_id: talk.id,
        client_message_id: system::fresh_id(),
        text: text.into(),
        private_note,
    };
    desk.line().ask(say("단골 고객", true)).await.unwrap();
    desk.line().ask(say("2분 안에 도착합니다.", false)).await.unwrap();
    assert_eq!(hear(&mut desk, "chat.message").await.data["private_note"], true);
    let heard = hear(&mut phone, "chat.message").await;
    assert_eq!(heard.data["text"], "2분 안에 도착합니다.", "the note must not be heard");

    // The customer reads and answers; the agent hears both.
    let seq = heard.data["seq"].as_i64().unwrap();
    phone.line().ask(Say::ChatRead { conversation_id: talk.id, seq }).await.unwrap();
    assert_eq!(hear(&mut desk, "chat.read").await.data, json!({ "by": "customer", "seq": seq }));
    phone.line().ask(Say::ChatTyping { conversation_id: talk.id, typing: true }).await.unwrap();
    assert_eq!(hear(&mut desk, "chat.typing").await.data["typing"], true);

    // What happens while the phone is in a tunnel is told afterwards, without the notes.
    phone.line().cut().await;
    desk.line().ask(say("또 메모", true)).await.unwrap();
    desk.line().ask(say("도착했습니다.", false)).await.unwrap();
    assert_eq!(hear(&mut phone, "chat.message").await.data["text"], "도착했습니다.");
    agent.resolve(talk.id).await.unwrap();
    hear(&mut phone, "chat.resolved").await;
    assert!(customer.messages(talk.id, 0).await.unwrap().iter().all(|message| !message.private_note));
    drop((desk, phone));
    test.stop().await;
}

struct Raw {
    client: reqwest::Client,
    url: String,
    token: String,
}

impl Raw {
    async fn of(test: &TestApp, email: &str) -> Self {
        let client = reqwest::Client::new();
        let sign_in = json!({ "email": format!("{email}@test.baedal.example"), "password": PASSWORD });
        let answer = client.post(format!("{}/v1/auth/sign-in", test.url(Service::Auth)));
        let tokens: Value = answer.json(&sign_in).send().await.unwrap().json().await.unwrap();
        let token = tokens["access_token"].as_str().unwrap().to_owned();
        Self { client, url: test.url(Service::Support), token }
    }

    async fn send(&self, method: Method, path: &str, body: Vec<u8>) -> (StatusCode, Value) {
        let request = self.client.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token);
        let answer =
            request.header(header::CONTENT_TYPE, "application/json").body(body).send().await.unwrap();
        let status = answer.status();
        let body = answer.text().await.unwrap();
        (status, serde_json::from_str(&body).unwrap_or(Value::Null))
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.send(Method::GET, path, Vec::new()).await
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.send(Method::POST, path, body.to_string().into_bytes()).await
    }
}

#[tokio::test]
async fn every_malformed_request_gets_its_problem() {
    let test = TestApp::start().await;
    person(&test, "customer", Role::Customer).await;
    person(&test, "other", Role::Customer).await;
    let raw = Raw::of(&test, "customer").await;
    let id = system::fresh_id();
    let ask = |text: &str| json!({ "topic": "other", "text": text, "client_message_id": id });
    let (status, talk) = raw.post("/v1/conversations", ask("안녕하세요")).await;
    assert_eq!(status, 201);
    let talk = format!("/v1/conversations/{}", talk["id"].as_str().unwrap());
    let messages = format!("{talk}/messages");

    let say = |text: &str| json!({ "client_message_id": system::fresh_id(), "text": text });
    let with = |mut body: Value, field: &str, value: Value| {
        body[field] = value;
        body
    };
    let cases = [
        (say(""), 422, "/text"),
        (say(" \n "), 422, "/text"),
        (say("a\0b"), 422, "/text"),
        (say("\u{1b}[2J"), 422, "/text"),
        (say(&"밥".repeat(4_001)), 422, "/text"),
        (say(&"x".repeat(300_000)), 413, ""),
        (json!({}), 422, "/client_message_id"),
        (json!([]), 422, ""),
        (json!("hello"), 422, ""),
        (with(say("x"), "text", json!(7)), 422, "/text"),
        (with(say("x"), "text", Value::Null), 422, "/text"),
        (with(say("x"), "client_message_id", json!("1")), 422, "/client_message_id"),
        (with(say("x"), "client_message_id", json!(-1)), 422, "/client_message_id"),
        (with(say("x"), "private_note", json!("yes")), 422, "/private_note"),
        (with(say("x"), "private_note", json!(true)), 403, ""),
        (with(say("x"), "role", json!("agent")), 422, "/role"),
        (with(say("다른 말"), "client_message_id", json!(id)), 409, ""),
    ];
    for (body, expected, pointer) in cases {
        let (status, problem) = raw.post(&messages, body.clone()).await;
        assert_eq!(status, expected, "{body:.200}: {problem}");
        assert_eq!(problem["status"], expected);
        if !pointer.is_empty() {
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{body:.200}");
        }
    }
    let bytes: [&[u8]; 5] = [b"", b"{", b"\xff\xfe", b"{\"text\":\"\xc3\x28\"}", b"{\"text\":\"\\ud800\"}"];
    for body in bytes {
        let (status, problem) = raw.send(Method::POST, &messages, body.to_vec()).await;
        assert_eq!((status, &problem["status"]), (StatusCode::BAD_REQUEST, &json!(400)), "{body:?}");
    }
    let paths = [
        ("/v1/conversations?limit=0", 422),
        ("/v1/conversations?limit=101", 422),
        ("/v1/conversations?cursor=zzz", 422),
        ("/v1/conversations?status=lost", 422),
        ("/v1/conversations/1", 404),
        ("/v1/conversations/%00", 404),
        ("/v1/faqs?category=weather", 422),
        (&format!("/v1/faqs?q={}", "a".repeat(101)), 422),
        ("/v1/faqs/01920000-0000-7000-8000-000000000000", 404),
        ("/v1/agents/me/desk", 403),
        (&format!("{messages}?after=-1"), 422),
        (&format!("{messages}?before=99999999999999999999"), 422),
    ];
    for (path, expected) in paths {
        let (status, problem) = raw.get(path).await;
        assert_eq!(status, expected, "{path}: {problem}");
        assert_eq!(problem["status"], expected, "{path}");
    }
    for seq in [json!(-1), json!(2), json!(1.5), json!("1"), json!(1e300), Value::Null] {
        let (status, problem) = raw.post(&format!("{talk}/read"), json!({ "seq": seq })).await;
        assert_eq!(status, 422, "{seq}: {problem}");
    }
    let foreign = with(ask("제 주문"), "order_id", json!(system::fresh_id()));
    let foreign = with(foreign, "client_message_id", json!(system::fresh_id()));
    assert_eq!(raw.post("/v1/conversations", foreign).await.0, 404);

    // Nothing of all this was said, and to others there is no such conversation.
    assert_eq!(raw.get(&messages).await.1["items"].as_array().unwrap().len(), 1);
    let other = Raw::of(&test, "other").await;
    for path in [&talk, &messages] {
        assert_eq!(other.get(path).await.0, 404);
    }
    for (path, body) in [(&messages, say("저도요")), (&format!("{talk}/read"), json!({ "seq": 1 }))] {
        assert_eq!(other.post(path, body).await.0, 404);
    }
    assert_eq!(other.post(&format!("{talk}/resolve"), json!({})).await.0, 404);
    let unsigned = Raw { token: String::new(), ..other };
    assert_eq!(unsigned.get(&talk).await.0, 401);
    assert_eq!(unsigned.get("/v1/faqs").await.0, 200, "questions are for everybody");
    test.stop().await;
}

#[tokio::test]
async fn rest_and_the_snapshot_show_the_same_conversation() {
    let test = TestApp::start().await;
    person(&test, "customer", Role::Customer).await;
    let raw = Raw::of(&test, "customer").await;
    let ask = json!({ "topic": "payment", "text": "영수증이요", "client_message_id": system::fresh_id() });
    let (_, opened) = raw.post("/v1/conversations", ask).await;
    let id = opened["id"].as_str().unwrap();
    let (_, shown) = raw.get(&format!("/v1/conversations/{id}")).await;
    assert_eq!(shown, opened);
    let (_, messages) = raw.get(&format!("/v1/conversations/{id}/messages")).await;

    let principal = services::auth::verify(test.app(), &raw.token, test.app().now()).await.unwrap().principal;
    let snapshot =
        channels::snapshot(test.app(), &principal, Channel::Chat(id.parse().unwrap())).await.unwrap();
    let mut expected = shown;
    expected["messages"] = messages["items"].clone();
    assert_eq!(snapshot.data, expected);
    test.stop().await;
}
