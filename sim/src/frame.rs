//! The realtime protocol's frames, as a client writes and reads them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::api::Problem;
use crate::responses::{Acked, Eta, Moment, Position};

/// One reading of a phone's GPS.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fix {
    /// The phone's running number, by which the server stores it once.
    pub seq: i64,
    /// When it was read, by the phone's clock.
    pub at: Moment,
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// Radius in metres within which the true place is, two times in three.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy_m: Option<f64>,
    /// Metres per second over ground.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed_mps: Option<f64>,
    /// Degrees clockwise from north.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heading_deg: Option<f64>,
}

/// Up to where a channel was heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Since {
    /// Which history the offset counts in.
    pub epoch: String,
    /// The last offset that was heard.
    pub offset: i64,
    /// Of when the newest position is that was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest_at: Option<Moment>,
}

/// What a client says.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are the protocol's, named as on the wire")]
pub enum Say {
    /// Who we are, again or for the first time.
    Auth { token: String },
    /// Listen to a channel, from where we left it if we had it before.
    Subscribe {
        channel: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        since: Option<Since>,
    },
    /// Listen no longer.
    Unsubscribe { channel: String },
    /// Positions of this courier.
    Fixes { track: i64, fixes: Vec<Fix> },
    /// Go on or off shift.
    Shift { on: bool },
    /// Take or leave an offer.
    OfferAnswer { offer_id: Uuid, accept: bool },
    /// Report a step of a delivery.
    DeliveryStep { order_id: Uuid, step: String },
    /// Say something in a conversation.
    ChatSend { conversation_id: Uuid, client_message_id: Uuid, text: String, private_note: bool },
    /// Everything up to `seq` has been read.
    ChatRead { conversation_id: Uuid, seq: i64 },
    /// Typing began or ended.
    ChatTyping { conversation_id: Uuid, typing: bool },
    /// Come to the desk or leave it.
    Presence {
        online: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        capacity: Option<u32>,
    },
    /// Are you there?
    Ping {},
}

/// A frame as it goes out, with the `ref` that its reply will carry.
#[derive(Serialize)]
pub(crate) struct Outgoing<'a> {
    #[serde(flatten)]
    pub(crate) say: &'a Say,
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<String>,
}

impl Say {
    /// The frame's text; `reference` comes back in the reply.
    pub fn to_text(&self, reference: Option<u64>) -> String {
        let reference = reference.map(|number| number.to_string());
        // Cannot fail: string keys, finite numbers (a NaN would become null).
        serde_json::to_string(&Outgoing { say: self, reference }).unwrap_or_default()
    }
}

/// The session stands.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are the protocol's, named as on the wire")]
pub struct Ready {
    pub user_id: Uuid,
    pub session_id: Uuid,
    #[serde(default)]
    pub roles: Vec<String>,
    /// How often the server pings.
    pub heartbeat_secs: u64,
}

/// A channel's state, from which its events go on.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are the protocol's, named as on the wire")]
pub struct Snapshot {
    pub channel: String,
    #[serde(default)]
    pub epoch: Option<String>,
    #[serde(default)]
    pub offset: Option<i64>,
    #[serde(default)]
    pub recovered: bool,
    #[serde(default)]
    pub data: Value,
}

/// Something happened. Without an offset it is ephemeral.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are the protocol's, named as on the wire")]
pub struct Event {
    pub channel: String,
    #[serde(default)]
    pub epoch: Option<String>,
    #[serde(default)]
    pub offset: Option<i64>,
    #[serde(rename = "type")]
    pub kind: String,
    pub at: Moment,
    #[serde(default)]
    pub data: Value,
    #[serde(default)]
    pub expires_at: Option<Moment>,
}

/// The newest position on a channel.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are the protocol's, named as on the wire")]
pub struct Latest {
    pub channel: String,
    pub at: Moment,
    #[serde(default)]
    pub position: Option<Position>,
    #[serde(default)]
    pub eta: Option<Eta>,
}

/// What the server says.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are the protocol's, named as on the wire")]
pub enum Hear {
    /// The session stands.
    Ready(Ready),
    /// The answer to one of our frames.
    Reply(Reply),
    /// A channel's state.
    Snapshot(Snapshot),
    /// Something happened.
    Event(Event),
    /// Something moved.
    Latest(Latest),
    /// Our fixes are safe.
    Ack(Acked),
    /// Our token runs out.
    Reauth { expires_at: Moment },
    /// A channel is over for us.
    Ended { channel: String, reason: String },
    /// The server is going away.
    Goodbye {
        reason: String,
        #[serde(default)]
        reconnect_after_ms: Option<u64>,
    },
    /// Yes, we are here.
    Pong {},
}

/// The answer to the frame with the same `ref`: either a result or a problem.
#[derive(Clone, Debug, Deserialize)]
pub struct Reply {
    /// Which frame.
    #[serde(rename = "ref", default)]
    pub reference: Option<String>,
    /// What came of it.
    #[serde(default)]
    pub ok: Option<Value>,
    /// Why nothing came of it.
    #[serde(default)]
    pub problem: Option<Problem>,
    /// Whatever else the reply says.
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_tagged_by_op_and_carries_its_ref() {
        let since = Since { epoch: "7f3a".into(), offset: 5, latest_at: None };
        let say = Say::Subscribe { channel: "desk".into(), since: Some(since) };
        assert_eq!(
            say.to_text(Some(7)),
            r#"{"op":"subscribe","channel":"desk","since":{"epoch":"7f3a","offset":5},"ref":"7"}"#
        );
        assert_eq!(Say::Ping {}.to_text(None), r#"{"op":"ping"}"#);
    }

    #[test]
    fn the_protocols_examples_are_understood() {
        let latest = r#"{"op":"latest","channel":"delivery:0192","at":"2026-11-23T03:20:11.250Z",
            "position":{"lat":37.49794,"lon":127.02758,"heading_deg":143,"speed_mps":7.2},
            "eta":{"arrive_at":"2026-11-23T03:30:00Z","stale":false}}"#;
        let Hear::Latest(latest) = serde_json::from_str(latest).unwrap() else { panic!("no latest") };
        assert_eq!(latest.position.unwrap().speed_mps, Some(7.2));

        let event = r#"{"op":"event","channel":"order:0192","epoch":"7f3a","offset":5,
            "type":"order.accepted","at":"2026-11-23T03:20:11Z","data":{"status":"accepted"}}"#;
        let Hear::Event(event) = serde_json::from_str(event).unwrap() else { panic!("no event") };
        assert_eq!((event.offset, event.kind.as_str()), (Some(5), "order.accepted"));

        let ack = r#"{"op":"ack","track":41,"seq":1207,"rejected":{"accuracy":1}}"#;
        let Hear::Ack(ack) = serde_json::from_str(ack).unwrap() else { panic!("no ack") };
        assert_eq!((ack.track, ack.seq, ack.rejected["accuracy"]), (41, 1207, 1));
    }
}
