//! What a socket promises, and what it answers to those who promise nothing.

use std::time::Duration;

use chrono::TimeDelta;
use domain::Role;
use serde_json::{Value, json};
use server::Service;
use services::App;
use services::auth::{self, Grant, SignIn};
use services::support::{self, Presence, Question, Saying};
use services::user::NewUser;
use tests::TestApp;
use tests::socket::{Heard, Socket};
use uuid::Uuid;

const PASSWORD: &str = "correct horse battery";

/// Somebody who is signed in.
async fn person(app: &App, name: &str, roles: &[Role]) -> Grant {
    let email = format!("{name}@example.com");
    let phone = format!("010-{:04}-5678", name.bytes().map(u32::from).sum::<u32>());
    let new = NewUser { email: email.clone(), password: PASSWORD.into(), name: name.into(), phone };
    services::user::register_with_roles(app, &new, roles).await.unwrap();
    sign_in(app, email).await
}

async fn sign_in(app: &App, email: String) -> Grant {
    let asked = SignIn { email, password: PASSWORD.into(), device: None, from: [127, 0, 0, 1].into() };
    auth::sign_in(app, asked).await.unwrap()
}

fn fresh() -> Uuid {
    domain::Ids::uuid(&server::ambient::RandomIds)
}

/// A customer's conversation.
async fn conversation(app: &App, who: &Grant) -> domain::ConversationId {
    let question = Question {
        topic: domain::support::Topic::Delivery,
        order_id: None,
        text: "배달이 늦어요.".into(),
        client_message_id: fresh().into(),
    };
    support::open(app, &who.principal, question).await.unwrap().id
}

async fn say(app: &App, who: &Grant, to: domain::ConversationId, text: String, private_note: bool) {
    let saying = Saying { client_message_id: fresh().into(), text, private_note };
    support::send(app, &who.principal, to, saying).await.unwrap();
}

/// Reads events of one channel until `last`, and checks that they follow `after` without a hole.
async fn reads_on(socket: &mut Socket, after: u64, last: u64) {
    for expected in after + 1..=last {
        let event = socket.next("event").await;
        assert_eq!(event["offset"], expected, "{event}");
    }
}

#[tokio::test]
async fn every_malformed_frame_gets_its_problem_and_disturbs_nobody() {
    let app = TestApp::start().await;
    let minji = person(app.app(), "minji", &[Role::Customer]).await;
    let gateway = app.address(Service::Gateway);
    let mut neighbour = Socket::open(gateway, &minji.access_token).await;
    let deep = format!(r#"{{"op":"ping","x":{}0{}}}"#, "[".repeat(20_000), "]".repeat(20_000));
    let fix = |lat: &str| {
        format!(
            r#"{{"op":"fixes","track":1,"fixes":[{{"seq":1,"at":"2026-11-23T03:20:11Z","lat":{lat},"lon":127.0}}]}}"#
        )
    };
    let malformed = [
        "".to_owned(),
        "{".to_owned(),
        "null".to_owned(),
        "[1]".to_owned(),
        r#"{"ref":"r"}"#.to_owned(),
        r#"{"op":"fly"}"#.to_owned(),
        r#"{"op":"subscribe"}"#.to_owned(),
        r#"{"op":"subscribe","channel":7}"#.to_owned(),
        r#"{"op":"subscribe","channel":"desk","since":{"epoch":"e","offset":-1}}"#.to_owned(),
        r#"{"op":"chat_read","conversation_id":"7","seq":1}"#.to_owned(),
        r#"{"op":"presence","online":true,"capacity":99999999999}"#.to_owned(),
        fix("1e999"),
        fix("NaN"),
        fix("Infinity"),
        fix("\"37\""),
        deep,
    ];
    for texts in malformed.chunks(8) {
        let mut socket = Socket::open(gateway, &minji.access_token).await;
        for text in texts {
            socket.text(text).await;
            let reply = socket.frame().await;
            assert_eq!(reply["problem"]["type"], "bad_frame", "{text:.80} {reply}");
        }
        socket.text("{").await;
        assert_eq!(socket.closed().await, 4400, "patience is over");
    }
    neighbour.say(json!({ "op": "ping" })).await;
    assert_eq!(neighbour.frame().await, json!({ "op": "pong" }));
    app.stop().await;
}

#[tokio::test]
async fn what_is_no_text_or_too_long_closes_at_once() {
    let app = TestApp::start().await;
    let minji = person(app.app(), "minji", &[Role::Customer]).await;
    let gateway = app.address(Service::Gateway);
    let open = || Socket::open(gateway, &minji.access_token);
    let mut binary = open().await;
    binary.binary(b"\x00\x01").await;
    assert_eq!(binary.closed().await, 4400);
    let mut not_utf8 = open().await;
    not_utf8.text_bytes(b"{\"op\":\"ping\",\"ref\":\"\xff\xfe\"}").await;
    assert_eq!(not_utf8.closed().await, 4400);
    let mut long = open().await;
    long.text(&format!(r#"{{"op":"ping","x":"{}"}}"#, "x".repeat(70_000))).await;
    assert_eq!(long.closed().await, 4405);
    app.stop().await;
}

#[tokio::test]
async fn only_a_good_token_in_time_and_from_a_known_origin_gets_in() {
    let mut settings = tests::settings();
    settings.sockets.auth_within = Duration::from_millis(300);
    let app = TestApp::start_with(settings).await;
    let minji = person(app.app(), "minji", &[Role::Customer]).await;
    let gateway = app.address(Service::Gateway);
    let bearer = format!("Bearer {}", minji.access_token);
    let parts: Vec<&str> = minji.access_token.split('.').collect();
    // {"alg":"none","typ":"at+jwt"}
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{}.", parts[1]);
    for bad in ["", "x", unsigned.as_str(), &format!("{}.{}.", parts[0], parts[1])] {
        let mut socket = Socket::dial(gateway, &[]).await.unwrap();
        socket.say(json!({ "op": "auth", "token": bad, "ref": "a" })).await;
        let reply = socket.frame().await;
        assert_eq!(
            (&reply["ref"], &reply["problem"]["title"]),
            (&json!("a"), &json!("Unauthorized")),
            "{bad}"
        );
        assert_eq!(socket.closed().await, 4401, "{bad}");
    }
    let mut silent = Socket::dial(gateway, &[]).await.unwrap();
    assert_eq!(silent.hear().await, Heard::Closed(4000));
    let mut hasty = Socket::dial(gateway, &[]).await.unwrap();
    hasty.say(json!({ "op": "ping" })).await;
    assert_eq!(hasty.closed().await, 4401);
    let evil = [("authorization", bearer.as_str()), ("origin", "https://evil.example")];
    assert_eq!(Socket::dial(gateway, &evil).await.unwrap().hear().await, Heard::Closed(4404));
    let own_page = format!("http://{gateway}");
    let own = [("authorization", bearer.as_str()), ("origin", own_page.as_str())];
    assert_eq!(Socket::dial(gateway, &own).await.unwrap().frame().await["op"], "ready");
    assert!(Socket::dial(gateway, &[("sec-websocket-protocol", "graphql-ws")]).await.is_err());
    let both = [("sec-websocket-protocol", "baedal.v1.bin, baedal.v1.json")];
    let mut page = Socket::dial(gateway, &both).await.unwrap();
    page.say(json!({ "op": "auth", "token": minji.access_token })).await;
    assert_eq!(page.frame().await["op"], "ready");
    app.stop().await;
}

#[tokio::test]
async fn nobody_follows_what_is_not_theirs() {
    let app = TestApp::start().await;
    let minji = person(app.app(), "minji", &[Role::Customer]).await;
    let junho = person(app.app(), "junho", &[Role::Customer]).await;
    let hers = conversation(app.app(), &minji).await;
    let mut socket = Socket::open(app.address(Service::Gateway), &junho.access_token).await;
    for channel in [format!("chat:{hers}"), format!("courier:{}", fresh()), "desk".into(), "inbox:x".into()] {
        let reply = socket.ask(json!({ "op": "subscribe", "channel": channel })).await;
        assert_eq!(reply["problem"]["title"], "Not Found", "{channel} {reply}");
    }
    let typing = json!({ "op": "chat_typing", "conversation_id": hers, "typing": true });
    assert_eq!(socket.ask(typing).await["problem"]["title"], "Not Found");
    // The order port has no chats, not even for those who may.
    let mut socket = Socket::open(app.address(Service::Order), &minji.access_token).await;
    let reply = socket.ask(json!({ "op": "subscribe", "channel": format!("chat:{hers}") })).await;
    assert_eq!(reply["problem"]["type"], "channel_unknown");
    app.stop().await;
}

#[tokio::test]
async fn who_comes_back_while_it_is_loud_misses_nothing() {
    const MESSAGES: u64 = 120;
    let mut settings = tests::settings();
    settings.sockets.sockets_per_user = 50;
    let app = TestApp::start_with(settings).await;
    let minji = person(app.app(), "minji", &[Role::Customer]).await;
    let chat = conversation(app.app(), &minji).await;
    let channel = format!("chat:{chat}");
    let support = app.address(Service::Support);
    let mut socket = Socket::open(support, &minji.access_token).await;
    let snapshot = socket.follow(&channel).await;
    let (epoch, start) = (snapshot["epoch"].clone(), snapshot["offset"].as_u64().unwrap());
    let speaker = tokio::spawn({
        let (app, minji) = (app.app().clone(), minji.clone());
        async move {
            for number in 0..MESSAGES {
                say(&app, &minji, chat, format!("{number}"), false).await;
            }
        }
    });
    let last = start + MESSAGES;
    let mut seen = start;
    while seen < last {
        let until = last.min(seen + 13);
        reads_on(&mut socket, seen, until).await;
        seen = until;
        socket = Socket::open(support, &minji.access_token).await;
        let since = json!({ "epoch": epoch, "offset": seen });
        let reply = socket.ask(json!({ "op": "subscribe", "channel": channel, "since": since })).await;
        assert_eq!(reply["ok"]["recovered"], true, "{reply}");
    }
    speaker.await.unwrap();
    let other = json!({ "epoch": "another", "offset": seen });
    let reply = socket.ask(json!({ "op": "subscribe", "channel": channel, "since": other })).await;
    assert_eq!(reply["ok"]["recovered"], false);
    let snapshot = socket.next("snapshot").await;
    assert_eq!((&snapshot["recovered"], &snapshot["offset"]), (&json!(false), &json!(last)));
    app.stop().await;
}

#[tokio::test]
async fn a_slow_reader_is_closed_and_goes_on_where_it_was() {
    let mut settings = tests::settings();
    settings.sockets.outbox_bytes = 32 * 1024;
    // The close waits for the reader to wake.
    settings.sockets.close_within = Duration::from_secs(60);
    let app = TestApp::start_with(settings).await;
    let minji = person(app.app(), "minji", &[Role::Customer]).await;
    let chat = conversation(app.app(), &minji).await;
    let channel = format!("chat:{chat}");
    let support = app.address(Service::Support);
    let mut socket = Socket::open(support, &minji.access_token).await;
    let snapshot = socket.follow(&channel).await;
    let (epoch, start) = (snapshot["epoch"].clone(), snapshot["offset"].as_u64().unwrap());
    for _ in 0..60 {
        say(app.app(), &minji, chat, "밥".repeat(3_000), false).await;
    }
    let mut seen = start;
    let code = loop {
        match socket.hear().await {
            Heard::Frame(event) => {
                seen += 1;
                assert_eq!(event["offset"], seen, "nothing is skipped before the close");
            }
            Heard::Closed(code) => break code,
        }
    };
    assert_eq!(code, 4001);
    assert!(seen < start + 60, "the reader was slow");
    // What was missed is more than may wait, and comes all the same.
    let mut socket = Socket::open(support, &minji.access_token).await;
    let since = json!({ "epoch": epoch, "offset": seen });
    let reply = socket.ask(json!({ "op": "subscribe", "channel": channel, "since": since })).await;
    assert_eq!(reply["ok"]["recovered"], true);
    reads_on(&mut socket, seen, start + 60).await;
    app.stop().await;
}

#[tokio::test]
async fn agents_see_private_notes_and_the_customer_sees_no_trace_of_them() {
    let app = TestApp::start().await;
    let minji = person(app.app(), "minji", &[Role::Customer]).await;
    let agent = person(app.app(), "sohee", &[Role::Agent]).await;
    let here = Presence { online: true, capacity: Some(3) };
    support::set_presence(app.app(), &agent.principal, here).await.unwrap();
    let chat = conversation(app.app(), &minji).await;
    let channel = format!("chat:{chat}");
    let address = app.address(Service::Support);
    let mut customer = Socket::open(address, &minji.access_token).await;
    let start = customer.follow(&channel).await["offset"].clone();
    let mut desk = Socket::open(address, &agent.access_token).await;
    desk.follow(&channel).await;
    let id = fresh();
    let send = |text: &str, note: bool, id: Uuid| json!({ "op": "chat_send", "conversation_id": chat, "client_message_id": id, "text": text, "private_note": note });
    let first = desk.ask(send("환불 대상입니다", true, fresh())).await;
    assert_eq!(first["ok"]["private_note"], true, "{first}");
    let sent = desk.ask(send("확인해 드릴게요", false, id)).await;
    let again = desk.ask(send("확인해 드릴게요", false, id)).await;
    assert_eq!(sent["ok"]["seq"], again["ok"]["seq"], "sent twice, said once");
    let heard = loop {
        let event = customer.next("event").await;
        if event["type"] == "chat.message" {
            break event;
        }
    };
    assert_eq!(heard["data"]["text"], "확인해 드릴게요");
    // From the snapshot on, once more: the note is stepped over.
    let since = json!({ "epoch": heard["epoch"], "offset": start });
    let reply = customer.ask(json!({ "op": "subscribe", "channel": channel, "since": since })).await;
    assert_eq!(reply["ok"]["recovered"], true);
    let replayed: Value = loop {
        let event = customer.next("event").await;
        if event["type"] == "chat.message" {
            break event;
        }
    };
    assert_eq!(replayed["offset"], heard["offset"]);
    app.stop().await;
}

#[tokio::test]
async fn a_session_that_is_signed_out_is_closed_and_another_one_stays() {
    let app = TestApp::start().await;
    let minji = person(app.app(), "minji", &[Role::Customer]).await;
    let phone = sign_in(app.app(), "minji@example.com".into()).await;
    let gateway = app.address(Service::Gateway);
    let mut page = Socket::open(gateway, &minji.access_token).await;
    let mut other = Socket::open(gateway, &phone.access_token).await;
    auth::sign_out(app.app(), &minji.principal, [127, 0, 0, 1].into()).await.unwrap();
    let closed = tokio::time::timeout(Duration::from_secs(2), page.hear()).await;
    assert_eq!(closed.expect("within 2 s"), Heard::Closed(4402));
    other.say(json!({ "op": "ping" })).await;
    assert_eq!(other.frame().await["op"], "pong");
    app.stop().await;
}

#[tokio::test]
async fn a_token_that_runs_out_is_asked_for_and_then_the_socket_closes() {
    let mut settings = tests::settings();
    settings.auth.access_life = TimeDelta::seconds(3);
    let app = TestApp::start_with(settings).await;
    let minji = person(app.app(), "minji", &[Role::Customer]).await;
    let gateway = app.address(Service::Gateway);
    let mut forgetful = Socket::open(gateway, &minji.access_token).await;
    let mut careful = Socket::open(gateway, &minji.access_token).await;
    careful.next("reauth").await;
    let renewed = sign_in(app.app(), "minji@example.com".into()).await;
    let reply = careful.ask(json!({ "op": "auth", "token": renewed.access_token })).await;
    assert!(reply["ok"]["expires_at"].is_string(), "{reply}");
    assert_eq!(forgetful.closed().await, 4005);
    careful.say(json!({ "op": "ping" })).await;
    careful.next("pong").await; // it lives on with the new one
    app.stop().await;
}

#[tokio::test]
async fn a_user_has_five_sockets_and_a_server_that_stops_says_goodbye() {
    let mut app = TestApp::start().await;
    let minji = person(app.app(), "minji", &[Role::Customer]).await;
    let gateway = app.address(Service::Gateway);
    let mut five = Vec::new();
    for _ in 0..5 {
        five.push(Socket::open(gateway, &minji.access_token).await);
    }
    let bearer = format!("Bearer {}", minji.access_token);
    let mut sixth = Socket::dial(gateway, &[("authorization", &bearer)]).await.unwrap();
    assert_eq!(sixth.hear().await, Heard::Closed(4406));
    let listening = futures::future::join_all(five.iter_mut().map(async |socket| {
        let goodbye = socket.next("goodbye").await;
        assert_eq!(goodbye["reason"], "going_away");
        assert!(goodbye["reconnect_after_ms"].as_u64().unwrap() <= 5_000);
        assert_eq!(socket.hear().await, Heard::Closed(1001));
    }));
    tokio::join!(app.restart(), listening);
    app.stop().await;
}

#[tokio::test]
async fn fixes_are_acknowledged_and_a_newer_socket_takes_over() {
    let app = TestApp::start().await;
    let jiho = person(app.app(), "jiho", &[Role::Courier]).await;
    let minji = person(app.app(), "minji", &[Role::Customer]).await;
    let tracking = app.address(Service::Tracking);
    let now = app.app().now();
    let fix = |seq: i64, lat: f64| {
        let at = now + TimeDelta::seconds(seq - 60);
        json!({ "seq": seq, "at": at, "lat": lat, "lon": 127.02758, "accuracy_m": 6.0 })
    };
    let mut phone = Socket::open(tracking, &jiho.access_token).await;
    phone.say(json!({ "op": "fixes", "track": 7, "fixes": [fix(1, 37.49794), fix(2, 37.49795)] })).await;
    let ack = phone.next("ack").await;
    assert_eq!((&ack["track"], &ack["seq"]), (&json!(7), &json!(2)));
    phone.say(json!({ "op": "fixes", "track": 7, "fixes": [fix(3, 91.0), fix(4, 37.49797)] })).await;
    let ack = phone.next("ack").await;
    assert_eq!((&ack["seq"], &ack["rejected"]["invalid_coordinates"]), (&json!(4), &json!(1)), "{ack}");
    let empty = phone.ask(json!({ "op": "fixes", "track": 7, "fixes": [] })).await;
    assert_eq!(empty["problem"]["type"], "tracking.batch_empty");
    // Another socket that only watches takes nothing over.
    let mut page = Socket::open(tracking, &jiho.access_token).await;
    page.follow(&format!("courier:{}", jiho.principal.user)).await;
    phone.say(json!({ "op": "ping" })).await;
    phone.next("pong").await;
    let on = page.ask(json!({ "op": "shift", "on": true })).await;
    assert_eq!(on["ok"]["on_shift"], true, "{on}");
    assert_eq!(phone.closed().await, 4403);
    let mut customer = Socket::open(tracking, &minji.access_token).await;
    let reply = customer.ask(json!({ "op": "fixes", "track": 1, "fixes": [fix(1, 37.5)] })).await;
    assert_eq!(reply["problem"]["type"], "forbidden");
    app.stop().await;
}

#[tokio::test]
async fn more_fixes_than_a_courier_may_send_are_refused_and_kept_when_sent_again() {
    let mut settings = tests::settings();
    settings.sockets.fixes_per_sec = 10;
    settings.sockets.fixes_burst = 3;
    settings.sockets.patience = u32::MAX;
    settings.sockets.patience_returns = Duration::from_nanos(1);
    let app = TestApp::start_with(settings).await;
    let jiho = person(app.app(), "jiho", &[Role::Courier]).await;
    let now = app.app().now();
    let fixes = |seqs: std::ops::RangeInclusive<i64>| {
        let fix =
            |seq| json!({ "seq": seq, "at": now + TimeDelta::seconds(seq - 60), "lat": 37.5, "lon": 127.0 });
        json!({ "op": "fixes", "track": 1, "fixes": seqs.map(fix).collect::<Vec<_>>() })
    };
    let mut phone = Socket::open(app.address(Service::Tracking), &jiho.access_token).await;
    phone.say(fixes(1..=3)).await;
    assert_eq!(phone.next("ack").await["seq"], 3);
    let refused = phone.ask(fixes(4..=6)).await;
    assert_eq!(refused["problem"]["type"], "tracking.too_many_fixes", "{refused}");
    loop {
        phone.say(fixes(4..=4)).await;
        let frame = phone.frame().await;
        if frame["op"] == "ack" {
            assert_eq!(frame["seq"], 4);
            break;
        }
    }
    app.stop().await;
}
