//! Back pressure: a client that asks too much slows only itself.

use domain::{Failure, Kind};
use futures::future::{join_all, select_all};
use reqwest::Method;
use store::scratch;
use tests::rest::answer;
use tests::shop::{Guest, card, kitchen, mild, open};

use super::*;

#[tokio::test]
async fn more_fixes_than_a_courier_may_send_are_refused_and_kept_when_sent_again() {
    let mut settings = tests::settings();
    settings.sockets.fixes_per_sec = 10;
    settings.sockets.fixes_burst = 3;
    settings.sockets.violation_budget = u32::MAX;
    settings.sockets.violation_returns = Duration::from_nanos(1);
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

#[tokio::test]
async fn a_courier_who_goes_on_above_the_rate_is_closed_and_another_one_is_not() {
    let mut settings = tests::settings();
    settings.sockets.fixes_burst = 3;
    let app = TestApp::start_with(settings).await;
    let now = app.app().now();
    let fix = |seq: i64| {
        let at = now + TimeDelta::seconds(seq - 600);
        json!({ "op": "fixes", "track": 1, "fixes": [{ "seq": seq, "at": at, "lat": 37.5, "lon": 127.0 }] })
    };
    let tracking = app.address(Service::Tracking);
    let jiho = person(app.app(), "jiho", &[Role::Courier]).await;
    let suho = person(app.app(), "suho", &[Role::Courier]).await;
    let mut hot = Socket::open(tracking, &jiho.access_token).await;
    let mut calm = Socket::open(tracking, &suho.access_token).await;
    for seq in 1..=100 {
        hot.say(fix(seq)).await;
    }
    // The calm one is served while all of that waits.
    calm.say(fix(1)).await;
    assert_eq!(calm.next("ack").await["seq"], 1);
    let refused = hot.next("reply").await;
    assert_eq!(refused["problem"]["type"], "tracking.too_many_fixes", "{refused}");
    assert!(refused["problem"]["retry_after_secs"].as_u64().unwrap() >= 1, "{refused}");
    assert_eq!(hot.closed().await, 4004);
    calm.say(fix(2)).await;
    assert_eq!(calm.next("ack").await["seq"], 2);
    app.stop().await;
}

#[tokio::test]
async fn a_hot_cart_is_refused_at_once_and_its_neighbour_is_served() {
    const ASKED: usize = 100;
    let app = TestApp::start().await;
    let owner = Guest::new(&app, Role::Owner).await;
    let kitchen = kitchen(owner.id, "역삼 치킨");
    let card = card(&kitchen, "후라이드");
    open(app.app(), &kitchen, &card).await;
    let (hot, calm) = (Guest::new(&app, Role::Customer).await, Guest::new(&app, Role::Customer).await);

    // Another transaction locks the row of the hot cart.
    let cart = format!("insert into cart.carts values ('{}', 1, null, '[]')", hot.id);
    let held = scratch::hold(app.database(), &cart).await.unwrap();
    let line = mild(&card, 1);
    let mut asked: Vec<_> = (0..ASKED)
        .map(|_| {
            let request = hot.request(Method::POST, "/v1/cart/lines").json(&line);
            tokio::spawn(answer(request))
        })
        .collect();
    for _ in 64..ASKED {
        let (refused, _, waiting) = select_all(asked).await;
        asked = waiting;
        let refused = refused.unwrap();
        assert_eq!(refused.headers["retry-after"], "1");
        refused.expect_problem(503, "overloaded");
    }
    // None of the hot one's was answered yet; somebody else's is.
    calm.post("/v1/cart/lines", line).await.expect(201);
    drop(held);
    for served in join_all(asked).await {
        served.unwrap().expect(201);
    }
    let cart = hot.get("/v1/cart").await.expect(200);
    assert_eq!(cart["lines"][0]["quantity"], 64, "what was admitted was done once");
    app.stop().await;
}

#[tokio::test]
async fn a_hot_conversation_keeps_what_it_took_and_says_no_to_the_rest() {
    const SAID: usize = 640;
    let app = TestApp::start().await;
    let minji = person(app.app(), "minji", &[Role::Customer]).await;
    let junho = person(app.app(), "junho", &[Role::Customer]).await;
    let (hot, calm) = (conversation(app.app(), &minji).await, conversation(app.app(), &junho).await);
    let send = |number: usize| {
        let saying =
            Saying { client_message_id: fresh().into(), text: format!("{number}"), private_note: false };
        support::send(app.app(), &minji.principal, hot, saying)
    };
    let crowd = async { join_all((0..SAID).map(send)).await };
    let neighbour = say(app.app(), &junho, calm, "여보세요".into(), false);
    let (crowd, ()) = tokio::join!(crowd, neighbour);
    let mut kept = Vec::new();
    for sent in crowd {
        match sent {
            Ok(message) => kept.push(message.seq),
            Err(Failure::Refused(refused)) => {
                assert_eq!((refused.kind, refused.retry_after_secs), (Kind::Unavailable, Some(1)));
            }
            Err(fault) => panic!("{fault}"),
        }
    }
    assert!((64..SAID).contains(&kept.len()), "{} were taken", kept.len());
    kept.sort_unstable();
    let first = kept[0];
    assert_eq!(kept, (first..).take(kept.len()).collect::<Vec<_>>(), "each once, without a hole");
    assert_eq!(app.app().chats.in_flight(), 0);
    app.stop().await;
}

#[tokio::test]
async fn more_channels_than_a_socket_may_follow_are_refused_and_then_it_is_closed() {
    let mut settings = tests::settings();
    settings.sockets.subscriptions = 1;
    settings.sockets.violation_budget = 3;
    let app = TestApp::start_with(settings).await;
    let minji = person(app.app(), "minji", &[Role::Customer]).await;
    let chat = conversation(app.app(), &minji).await;
    let mut socket = Socket::open(app.address(Service::Gateway), &minji.access_token).await;
    let channel = format!("chat:{chat}");
    socket.follow(&channel).await;
    socket.follow(&channel).await; // again is not another one
    for _ in 0..3 {
        let reply = socket.ask(json!({ "op": "subscribe", "channel": format!("order:{}", fresh()) })).await;
        assert_eq!(reply["problem"]["type"], "too_many_subscriptions", "{reply}");
    }
    socket.say(json!({ "op": "subscribe", "channel": format!("order:{}", fresh()) })).await;
    assert_eq!(socket.closed().await, 4004);
    app.stop().await;
}

#[tokio::test]
async fn frames_above_a_users_rate_are_answered_at_that_rate_on_whatever_socket_they_come() {
    let mut settings = tests::settings();
    settings.sockets.frames_per_sec = 20;
    settings.sockets.frames_burst = 5;
    let app = TestApp::start_with(settings).await;
    let minji = person(app.app(), "minji", &[Role::Customer]).await;
    let suho = person(app.app(), "suho", &[Role::Customer]).await;
    let gateway = app.address(Service::Gateway);
    let mut neighbour = Socket::open(gateway, &suho.access_token).await;
    let mut hot = Socket::open(gateway, &minji.access_token).await;
    let began = Instant::now();
    for _ in 0..30 {
        hot.say(json!({ "op": "ping" })).await;
    }
    // A few come at once, and one every 50 ms from then on.
    for answered in 1..=30 {
        assert_eq!(hot.frame().await["op"], "pong");
        assert!(
            began.elapsed() >= Duration::from_millis(50) * (answered - 6_u32.min(answered)),
            "{answered}"
        );
    }
    let (began, mut again) = (Instant::now(), Socket::open(gateway, &minji.access_token).await);
    again.say(json!({ "op": "ping" })).await;
    again.next("pong").await;
    assert!(began.elapsed() >= Duration::from_millis(50), "a new socket is none the faster");
    neighbour.say(json!({ "op": "ping" })).await;
    neighbour.next("pong").await;
    app.stop().await;
}
