//! What sockets answer to malformed frames.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;
use tests::wait::real_time_passes;

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

/// Sends `bytes`, then reads all that the server sends until the connection ends. An error
/// at the end is returned.
async fn heard_after(address: SocketAddr, token: Option<&str>, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    let token = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    let upgrade = format!(
        "GET /v1/realtime HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: AAECAwQFBgcICQoLDA0ODw==\r\n{token}\r\n"
    );
    stream.write_all(upgrade.as_bytes()).await?;
    let mut switched = Vec::new();
    while !switched.ends_with(b"\r\n\r\n") {
        switched.push(stream.read_u8().await?);
    }
    for part in bytes.chunks(16 * 1024) {
        stream.write_all(part).await?;
        // A radio is slow: the server has closed long before the last part comes.
        real_time_passes(Duration::from_millis(5)).await;
    }
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).await?;
    Ok(heard)
}

/// A masked text frame, as a client sends it.
fn text_frame(text: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x81, 0x80 | 127];
    frame.extend(u64::try_from(text.len()).unwrap().to_be_bytes());
    frame.extend([0; 4]); // masked with nothing
    frame.extend(text);
    frame
}

#[tokio::test]
async fn who_goes_on_sending_still_reads_why_the_socket_was_closed() {
    let app = TestApp::start().await;
    let minji = person(app.app(), "minji", &[Role::Customer]).await;
    let gateway = app.address(Service::Gateway);
    let large = text_frame(&vec![b' '; 300 * 1024]);
    let mut not_utf8 = text_frame(b"\xff\xfe");
    not_utf8.extend(&large);
    let binary = [&[0x82, 0x80, 0, 0, 0, 0][..], &large].concat();
    let anonymous = [&text_frame(br#"{"op":"ping"}"#)[..], &large].concat();
    let token = Some(minji.access_token.as_str());
    for (token, mut bytes, code) in [
        (token, large.clone(), 4405_u16),
        (token, not_utf8, 4400),
        (token, binary, 4400),
        (None, anonymous, 4401),
    ] {
        // And more of the same, which the server did not ask for.
        bytes.extend(large.repeat(3));
        let heard = heard_after(gateway, token, &bytes).await.expect("the connection ends without a reset");
        let close = heard.windows(4).rev().find(|window| window[0] == 0x88).expect("a close frame");
        assert_eq!(u16::from_be_bytes([close[2], close[3]]), code);
    }
    app.stop().await;
}
