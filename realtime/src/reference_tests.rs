//! Compares `PROTOCOL.md` and `asyncapi.json` with the types.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use domain::{Role, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::ASYNCAPI;
use crate::close::Close;
use crate::frame::{ClientFrame, Eta, Place, Problem, Request, ServerFrame};
use hub::SocketLimits as Limits;
use services::map::MapCourier;

const PROTOCOL: &str = include_str!("../PROTOCOL.md");

fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x01920000_0000_7000_8000_000000000000 + number)
}

fn at(time: &str) -> Timestamp {
    DateTime::parse_from_rfc3339(&format!("2026-11-23T{time}Z")).unwrap().to_utc()
}

/// The examples of one section.
fn examples(section: &str) -> Vec<&'static str> {
    let (_, rest) = PROTOCOL.split_once(&format!("## {section}\n")).unwrap();
    rest.split("\n## ").next().unwrap().lines().filter(|line| line.starts_with("{\"op\"")).collect()
}

/// The first cells of one section's table.
fn names(section: &str) -> BTreeSet<&'static str> {
    let (_, rest) = PROTOCOL.split_once(&format!("## {section}\n")).unwrap();
    let lines = rest.split("\n## ").next().unwrap().lines();
    lines.filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect()
}

/// A new variant must be added here, and to the reference.
fn client_op(frame: &ClientFrame) -> &'static str {
    match frame {
        ClientFrame::Auth { .. } => "auth",
        ClientFrame::Subscribe { .. } => "subscribe",
        ClientFrame::Unsubscribe { .. } => "unsubscribe",
        ClientFrame::Fixes { .. } => "fixes",
        ClientFrame::Shift { .. } => "shift",
        ClientFrame::OfferAnswer { .. } => "offer_answer",
        ClientFrame::DeliveryStep { .. } => "delivery_step",
        ClientFrame::ChatSend { .. } => "chat_send",
        ClientFrame::ChatRead { .. } => "chat_read",
        ClientFrame::ChatTyping { .. } => "chat_typing",
        ClientFrame::Presence { .. } => "presence",
        ClientFrame::Ping {} => "ping",
    }
}

const CLIENT_OPS: [&str; 12] = [
    "auth",
    "subscribe",
    "unsubscribe",
    "fixes",
    "shift",
    "offer_answer",
    "delivery_step",
    "chat_send",
    "chat_read",
    "chat_typing",
    "presence",
    "ping",
];

fn server_op(frame: &ServerFrame<'_>) -> &'static str {
    match frame {
        ServerFrame::Ready { .. } => "ready",
        ServerFrame::Reply { .. } => "reply",
        ServerFrame::Snapshot { .. } => "snapshot",
        ServerFrame::Event { .. } => "event",
        ServerFrame::Latest { .. } | ServerFrame::Value { .. } => "latest",
        ServerFrame::Ack { .. } => "ack",
        ServerFrame::Reauth { .. } => "reauth",
        ServerFrame::Ended { .. } => "ended",
        ServerFrame::Goodbye { .. } => "goodbye",
        ServerFrame::Pong {} => "pong",
    }
}

const SERVER_OPS: [&str; 10] =
    ["ready", "reply", "snapshot", "event", "latest", "ack", "reauth", "ended", "goodbye", "pong"];

/// One of each, in the order of the reference.
fn server_frames(check: impl Fn(&[ServerFrame<'_>])) {
    let (order, delivery) = (format!("order:{}", id(1)), format!("delivery:{}", id(1)));
    let [placed, accepted, typing] =
        [json!({"status": "placed"}), json!({"status": "accepted"}), json!({"typing": true})];
    let epoch = "7f3a21bc";
    let problem = Problem {
        kind: "order.transition_refused",
        title: "Conflict",
        detail: "The order has moved on; this cannot be done now.".into(),
        params: [("command", "pick_up".into()), ("status", "delivered".into())].into(),
        errors: Vec::new(),
        retry_after_secs: None,
    };
    let now = at("03:20:11");
    let courier = MapCourier {
        courier_id: id(7).into(),
        lat: 37.49794,
        lon: 127.02758,
        heading_deg: Some(143),
        at: at("03:20:10"),
        on_delivery: true,
    };
    let cell = json!({ "at": now, "couriers": [courier], "total": 1 });
    check(&[
        ServerFrame::Ready {
            user_id: id(5).into(),
            session_id: id(6).into(),
            roles: &[Role::Customer],
            heartbeat_secs: 25,
            server_time: now,
        },
        ServerFrame::Reply { reference: Some("1"), ok: Some(json!({"recovered": true})), problem: None },
        ServerFrame::Reply { reference: Some("3"), ok: None, problem: Some(problem) },
        ServerFrame::Snapshot { channel: order.clone(), epoch, offset: 4, recovered: true, data: &placed },
        ServerFrame::Event {
            channel: order,
            epoch: Some(epoch),
            offset: Some(5),
            kind: "order.accepted",
            at: now,
            data: &accepted,
            expires_at: None,
        },
        ServerFrame::Event {
            channel: format!("chat:{}", id(3)),
            epoch: None,
            offset: None,
            kind: "chat.typing",
            at: now,
            data: &typing,
            expires_at: Some(at("03:20:17")),
        },
        ServerFrame::Latest {
            channel: delivery.clone(),
            at: now,
            position: Place { lat: 37.49794, lon: 127.02758, heading_deg: Some(143.0), speed_mps: Some(7.2) },
            eta: Some(Eta { arrive_at: at("03:32:00"), stale: false }),
        },
        ServerFrame::Value { channel: "map:8630e0347ffffff".into(), data: &cell },
        ServerFrame::Ack { track: 41, seq: 1207, rejected: BTreeMap::from([("accuracy", 1)]) },
        ServerFrame::Reauth { expires_at: at("03:21:11") },
        ServerFrame::Ended { channel: delivery, reason: "delivered" },
        ServerFrame::Goodbye { reason: "going_away", reconnect_after_ms: 2310 },
        ServerFrame::Pong {},
    ]);
}

#[test]
fn every_client_frame_stands_in_the_reference_as_it_is_read() {
    let examples = examples("Client frames");
    let read: Vec<Request> = examples.iter().map(|text| Request::read(text).unwrap()).collect();
    for (text, request) in examples.iter().zip(&read) {
        let mut written = serde_json::to_value(&request.frame).unwrap();
        if let Some(reference) = &request.reference {
            written["ref"] = json!(reference);
        }
        assert_eq!(written, serde_json::from_str::<Value>(text).unwrap(), "nothing is left out of {text}");
    }
    let shown: BTreeSet<_> = read.iter().map(|request| client_op(&request.frame)).collect();
    assert_eq!(shown, BTreeSet::from(CLIENT_OPS));
    assert_eq!(names("Client frames"), BTreeSet::from(CLIENT_OPS));
    insta::assert_debug_snapshot!("client_frames", read);
}

#[test]
fn every_server_frame_stands_in_the_reference_as_it_is_written() {
    server_frames(|frames| {
        let texts: Vec<String> = frames.iter().map(|frame| frame.text().to_string()).collect();
        assert_eq!(texts, examples("Server frames"));
        let shown: BTreeSet<_> = frames.iter().map(server_op).collect();
        assert_eq!(shown, BTreeSet::from(SERVER_OPS));
        insta::assert_snapshot!("server_frames", texts.join("\n"));
    });
    assert_eq!(names("Server frames"), BTreeSet::from(SERVER_OPS));
}

#[test]
fn the_close_codes_of_the_reference_are_the_table() {
    let (_, section) = PROTOCOL.split_once("## Close codes\n").unwrap();
    let rows: Vec<&str> =
        section.lines().filter(|line| line.starts_with("| 1") || line.starts_with("| 4")).collect();
    let table: Vec<String> = Close::ALL
        .iter()
        .map(|close| {
            let again = if close.reconnect() { "yes" } else { "no" };
            format!("| {} | `{}` | {again} | {} |", close.code(), close.name(), close.why())
        })
        .collect();
    assert_eq!(rows, table);
}

#[test]
fn the_limits_of_the_reference_are_the_defaults() {
    let limits = Limits::default();
    for (what, number) in [
        ("bytes of a client frame", limits.frame_bytes as u64),
        ("channels per socket", limits.subscriptions as u64),
        ("sockets per user", limits.sockets_per_user as u64),
        ("sockets per network address", limits.sockets_per_address as u64),
        ("sockets a second from one address, sustained", limits.upgrades_per_sec.into()),
        ("sockets at once from one address", limits.upgrades_burst.into()),
        ("fixes a second, sustained", limits.fixes_per_sec.into()),
        ("fixes older than 60 s a second, beside these", limits.old_fixes_per_sec.into()),
        ("fixes at once", limits.fixes_burst.into()),
        ("frames a second, sustained", limits.frames_per_sec.into()),
        ("frames at once", limits.frames_burst.into()),
        ("malformed frames in a row", limits.violation_budget.into()),
        ("bytes that wait to be written", limits.outbox_bytes as u64),
        ("seconds until `auth`", limits.auth_within.as_secs()),
        ("seconds between pings", limits.heartbeat.as_secs()),
        ("events replayed after `since`", hub::Limits::default().replay_max.into()),
    ] {
        assert!(PROTOCOL.contains(&format!("| {what} | {number} |")), "{what} is {number}");
    }
}

#[test]
fn the_asyncapi_document_has_every_frame_and_no_other() {
    let document: Value = serde_json::from_str(ASYNCAPI).unwrap();
    let messages = document["components"]["messages"].as_object().unwrap();
    let described: BTreeSet<_> = messages.keys().map(String::as_str).collect();
    assert_eq!(described, CLIENT_OPS.into_iter().chain(SERVER_OPS).collect());
    // Every field of every example is described, and every required one is there.
    for text in examples("Client frames").into_iter().chain(examples("Server frames")) {
        let frame: Value = serde_json::from_str(text).unwrap();
        let frame = frame.as_object().unwrap();
        let payload = &messages[frame["op"].as_str().unwrap()]["payload"];
        for field in frame.keys() {
            assert!(payload["properties"].get(field).is_some(), "{field} of {text}");
        }
        for field in payload["required"].as_array().unwrap() {
            assert!(frame.contains_key(field.as_str().unwrap()), "{field} of {text}");
        }
    }
}

#[test]
fn what_is_no_frame_is_a_bad_frame_and_keeps_its_ref_where_it_has_one() {
    let deep = format!(r#"{{"op":"ping","ref":"r","x":{}1{}}}"#, "[".repeat(60_000), "]");
    let nested = format!(r#"{{"op":"ping","ref":"r","x":{}1{}}}"#, "[".repeat(500), "]".repeat(500));
    let long = format!(r#"{{"op":"ping","ref":"{}"}}"#, "x".repeat(65));
    for (text, reference) in [
        ("", None),
        ("{", None),
        ("[]", None),
        ("null", None),
        ("\"ping\"", None),
        ("{}", None),
        (r#"{"op":"ping","ref":7}"#, None),
        (r#"{"ref":"r"}"#, Some("r")),
        (r#"{"op":"fly","ref":"r"}"#, Some("r")),
        (r#"{"op":7,"ref":"r"}"#, Some("r")),
        (r#"{"op":"subscribe","ref":"r"}"#, Some("r")),
        (r#"{"op":"subscribe","ref":"r","channel":7}"#, Some("r")),
        (r#"{"op":"subscribe","ref":"r","channel":"desk","since":{"epoch":"e","offset":-1}}"#, Some("r")),
        (r#"{"op":"subscribe","ref":"r","channel":"desk","since":{"epoch":"e","offset":1e30}}"#, Some("r")),
        (r#"{"op":"shift","ref":"r","on":"yes"}"#, Some("r")),
        (r#"{"op":"offer_answer","ref":"r","offer_id":"1","accept":true}"#, Some("r")),
        (
            r#"{"op":"delivery_step","ref":"r","order_id":"01920000-0000-7000-8000-000000000001","step":"x"}"#,
            Some("r"),
        ),
        (
            r#"{"op":"fixes","track":1,"fixes":[{"seq":1,"at":"2026-11-23T03:20:11Z","lat":1e999,"lon":1}]}"#,
            None,
        ),
        (
            r#"{"op":"fixes","track":1,"fixes":[{"seq":1,"at":"2026-11-23T03:20:11Z","lat":NaN,"lon":1}]}"#,
            None,
        ),
        (r#"{"op":"fixes","track":1,"fixes":[{"seq":1,"at":"yesterday","lat":1,"lon":1}]}"#, None),
        (r#"{"op":"fixes","track":1,"fixes":[{"seq":1,"lat":1,"lon":1}]}"#, None),
        (r#"{"op":"fixes","track":1,"fixes":{}}"#, None),
        (deep.as_str(), None),
        (nested.as_str(), Some("r")),
        (long.as_str(), None),
    ] {
        let bad = Request::read(text).expect_err(text);
        assert_eq!(bad.reference.as_deref(), reference, "{:.80}", text);
        assert_eq!(bad.refused.code, "bad_frame");
    }
}

#[test]
fn fields_of_a_newer_client_are_ignored() {
    let request = Request::read(r#"{"op":"ping","later":{"a":[1]}}"#).unwrap();
    assert_eq!(request.frame, ClientFrame::Ping {});
}
