//! Who gets in, for how long, and how a session ends.

use super::*;

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
    // A token in the URL would stand in logs: nobody looks at it.
    for name in ["token", "access_token", "authorization"] {
        let path = format!("/v1/realtime?{name}={}", minji.access_token);
        let mut careless = Socket::dial_at(&path, [127, 0, 0, 1].into(), gateway, &[]).await.unwrap();
        assert_eq!(careless.hear().await, Heard::Closed(4000));
    }
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
    let from = [127, 0, 0, 1].into();
    let renewed = auth::refresh(app.app(), &minji.refresh_token, from).await.unwrap();
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
    for _ in 0..6 {
        five.push(Socket::open(gateway, &minji.access_token).await);
    }
    // The oldest may have vanished unnoticed: it goes, and does not keep the newest out.
    assert_eq!(five.remove(0).hear().await, Heard::Closed(4406));
    let listening = futures::future::join_all(five.iter_mut().map(async |socket| {
        let goodbye = socket.next("goodbye").await;
        assert_eq!(goodbye["reason"], "going_away");
        assert_eq!(socket.hear().await, Heard::Closed(1001));
        goodbye["reconnect_after_ms"].as_u64().unwrap()
    }));
    let ((), delays) = tokio::join!(app.restart(), listening);
    assert!(delays.iter().all(|delay| *delay <= 5_000), "{delays:?}");
    assert!(delays.iter().any(|delay| *delay != delays[0]), "each comes back at its own time: {delays:?}");
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
async fn an_expired_token_gets_nobody_in_and_says_so() {
    let mut settings = tests::settings();
    settings.auth.access_life = TimeDelta::seconds(-1);
    let app = TestApp::start_with(settings).await;
    let minji = person(app.app(), "minji", &[Role::Customer]).await;
    let gateway = app.address(Service::Gateway);
    let bearer = format!("Bearer {}", minji.access_token);
    let mut header = Socket::dial(gateway, &[("authorization", &bearer)]).await.unwrap();
    let mut frame = Socket::dial(gateway, &[]).await.unwrap();
    frame.say(json!({ "op": "auth", "token": minji.access_token })).await;
    for socket in [&mut header, &mut frame] {
        assert_eq!(socket.frame().await["problem"]["type"], "auth.token_expired");
        assert_eq!(socket.hear().await, Heard::Closed(4401));
    }
    app.stop().await;
}

#[tokio::test]
async fn a_socket_that_leaves_two_pings_unanswered_is_closed() {
    let mut settings = tests::settings();
    settings.sockets.heartbeat = Duration::from_millis(200);
    let app = TestApp::start_with(settings).await;
    let minji = person(app.app(), "minji", &[Role::Customer]).await;
    let gateway = app.address(Service::Gateway);
    let mut lively = Socket::open(gateway, &minji.access_token).await;
    let half_open = Socket::open(gateway, &minji.access_token).await;
    // The one reads what comes, and says nothing any more; the other one's library
    // answers by itself while it listens.
    let closed = tokio::select! {
        closed = half_open.plays_dead() => closed,
        heard = lively.hear() => panic!("{heard:?}"),
    };
    assert_eq!(closed, [Dead::Ping, Dead::Ping, Dead::Close(4002)]);
    lively.say(json!({ "op": "ping" })).await;
    lively.next("pong").await;
    app.stop().await;
}

#[tokio::test]
async fn the_socket_of_another_address_is_let_in_while_one_has_too_many() {
    let mut settings = tests::settings();
    settings.sockets.unlimited_networks = Vec::new();
    settings.sockets.sockets_per_address = 3;
    settings.sockets.sockets_per_user = 100;
    settings.sockets.upgrades_per_sec = 1;
    settings.sockets.upgrades_burst = 6;
    let app = TestApp::start_with(settings).await;
    let minji = person(app.app(), "minji", &[Role::Customer]).await;
    let gateway = app.address(Service::Gateway);
    // Nobody has said yet who they are: sockets count from the first moment.
    let mut crowd = Vec::new();
    for _ in 0..3 {
        crowd.push(Socket::dial(gateway, &[]).await.unwrap());
    }
    let mut fourth = Socket::dial(gateway, &[]).await.unwrap();
    assert_eq!(fourth.hear().await, Heard::Closed(4003));
    let bearer = format!("Bearer {}", minji.access_token);
    let elsewhere = [127, 0, 0, 2].into();
    let mut other = Socket::dial_from(elsewhere, gateway, &[("authorization", &bearer)]).await.unwrap();
    assert_eq!(other.frame().await["op"], "ready");
    // One leaves: there is room, until the address has come too often.
    drop(crowd.pop());
    let mut turned_away = 0;
    let last = loop {
        let mut again = Socket::dial(gateway, &[("authorization", &bearer)]).await.unwrap();
        match again.hear().await {
            Heard::Frame(ready) => break ready,
            Heard::Closed(code) => assert_eq!(code, 4003),
        }
        turned_away += 1;
        assert!(turned_away < 1_000, "there is no room");
    };
    assert_eq!(last["op"], "ready");
    app.stop().await;
}

#[tokio::test]
async fn a_session_that_was_ended_loses_its_sockets_in_every_process_within_two_seconds() {
    let app = TestApp::start().await;
    let second = app.second_server().await;
    let minji = person(app.app(), "minji", &[Role::Customer]).await;
    let there = second.address(Service::Gateway).unwrap();
    let mut socket = Socket::open(there, &minji.access_token).await;
    auth::sign_out(app.app(), &minji.principal, [127, 0, 0, 1].into()).await.unwrap();
    let closed = tokio::time::timeout(Duration::from_secs(2), socket.hear()).await;
    assert_eq!(closed.expect("within 2 s"), Heard::Closed(4402));
    second.stop(Duration::from_secs(5)).await;
    app.stop().await;
}

#[tokio::test]
async fn a_refusal_reads_the_same_over_the_socket_as_over_rest() {
    let app = TestApp::start().await;
    let minji = app.person("minji", &[Role::Customer]).await;
    let mut socket = Socket::open(app.address(Service::Gateway), &minji.access_token).await;
    let rest = app.rest_as(Service::Gateway, &minji);
    let (nowhere, message) = (fresh(), fresh());
    let said = json!({ "client_message_id": message, "text": "여보세요" });
    let over_rest = rest.post(&format!("/v1/conversations/{nowhere}/messages"), said).await;
    let over_rest = over_rest.expect_problem(404, "not_found");
    let frame = json!({ "op": "chat_send", "conversation_id": nowhere, "client_message_id": message,
        "text": "여보세요", "private_note": false });
    let problem = socket.ask(frame).await["problem"].take();
    for member in ["type", "title", "detail"] {
        assert_eq!(problem[member], over_rest[member], "{problem} {over_rest}");
    }
    app.stop().await;
}
