//! How a socket recovers the events that it missed.

use serde_json::Value;

use super::*;

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
        assert!(socket.resume(&channel, &epoch, seen).await);
    }
    speaker.await.unwrap();
    assert!(!socket.resume(&channel, &json!("another"), seen).await);
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
    assert!(socket.resume(&channel, &epoch, seen).await);
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
    let heard = customer.event("chat.message").await;
    assert_eq!(heard["data"]["text"], "확인해 드릴게요");
    // From the snapshot on, once more: the note is stepped over.
    assert!(customer.resume(&channel, &heard["epoch"], start.as_u64().unwrap()).await);
    let replayed = customer.event("chat.message").await;
    assert_eq!(replayed["offset"], heard["offset"]);
    app.stop().await;
}

#[tokio::test]
async fn who_comes_back_for_what_is_not_kept_any_more_gets_a_snapshot_that_says_so() {
    struct Noted;
    impl domain::Event for Noted {
        fn kind(&self) -> &'static str {
            "desk.noted"
        }

        fn data(&self) -> Value {
            json!({})
        }
    }
    let mut app = TestApp::start().await;
    let soyeon = person(app.app(), "soyeon", &[Role::Agent]).await;
    let note = async |app: &TestApp, times: usize| {
        let mut tx = app.app().store.begin().await.unwrap();
        for _ in 0..times {
            store::journal::append_feed(&mut tx, &domain::Channel::Desk, &[Noted], app.app().now());
        }
        tx.commit().await.unwrap();
    };
    note(&app, 5).await;
    let epoch = json!(app.app().store.epoch());
    let later = app.app().now() + TimeDelta::days(100);
    for (seen, head) in [(0, 5), (3, 6)] {
        let store = &app.app().store;
        assert!(store::journal::drop_partitions(store, later).await.unwrap() > 0);
        assert!(store::journal::since(store, &domain::Channel::Desk, 0, 10).await.unwrap().is_empty());
        // A process that has nothing of it in memory.
        app.restart().await;
        let mut socket = Socket::open(app.address(Service::Support), &soyeon.access_token).await;
        assert!(!socket.resume("desk", &epoch, seen).await, "after {seen} nothing was missed");
        let snapshot = socket.next("snapshot").await;
        assert_eq!((&snapshot["recovered"], &snapshot["offset"]), (&json!(false), &json!(head)));
        note(&app, 1).await;
        assert_eq!(socket.event("desk.noted").await["offset"], head + 1, "it goes on where it was");
    }
    app.stop().await;
}
