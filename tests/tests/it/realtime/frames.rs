//! What sockets answer to frames that no well-made client sends.

use super::*;

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
async fn a_frame_and_what_it_holds_are_objects() {
    let app = TestApp::start().await;
    let minji = person(app.app(), "minji", &[Role::Customer]).await;
    let mut socket = Socket::open(app.address(Service::Gateway), &minji.access_token).await;
    for text in [
        r#"["ping"]"#,
        r#"[null,"ping"]"#,
        r#"{"op":"subscribe","channel":"desk","since":["e",1,null]}"#,
        r#"{"op":"fixes","track":1,"fixes":[[1,"2026-11-23T03:20:11Z",37.5,127.0,null,null,null]]}"#,
    ] {
        socket.text(text).await;
        let reply = socket.frame().await;
        assert_eq!(reply["problem"]["type"], "bad_frame", "{text} {reply}");
        let detail = reply["problem"]["detail"].as_str().unwrap();
        assert!(detail.contains("expected an object"), "{text} {reply}");
    }
    app.stop().await;
}

#[tokio::test]
async fn only_malformed_frames_in_a_row_close_and_a_good_one_forgives() {
    let app = TestApp::start().await;
    let minji = person(app.app(), "minji", &[Role::Customer]).await;
    let mut socket = Socket::open(app.address(Service::Gateway), &minji.access_token).await;
    for _ in 0..3 {
        for _ in 0..8 {
            socket.text("{").await;
            assert_eq!(socket.frame().await["problem"]["type"], "bad_frame");
        }
        socket.say(json!({ "op": "ping" })).await;
        assert_eq!(socket.frame().await, json!({ "op": "pong" }));
    }
    for _ in 0..20 {
        socket.say(json!({ "op": "subscribe", "channel": "nowhere" })).await;
        assert_eq!(socket.frame().await["problem"]["type"], "channel_unknown");
    }
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
    long.text(&format!(r#"{{"op":"ping","x":"{}"}}"#, "x".repeat(140_000))).await;
    assert_eq!(long.closed().await, 4405);
    app.stop().await;
}
