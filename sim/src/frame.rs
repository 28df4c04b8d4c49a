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
    /// The phone's sequence number, by which the server stores the fix only once.
    pub seq: i64,
    /// The time of the reading, by the phone's clock.
    pub at: Moment,
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// Radius in metres that contains the true position with 68 % probability.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy_m: Option<f64>,
    /// Metres per second over ground.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed_mps: Option<f64>,
    /// Degrees clockwise from north.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heading_deg: Option<f64>,
}

/// The position up to which a client has received a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Since {
    /// The epoch in which the offset counts.
    pub epoch: String,
    /// The last offset received.
    pub offset: i64,
    /// The time of the newest position received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest_at: Option<Moment>,
}

/// A frame that a client sends.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are the protocol's, named as on the wire")]
pub enum Say {
    /// Authenticates, or replaces the token of the session.
    Auth { token: String },
    /// Subscribes to a channel, from `since` if the client received it before.
    Subscribe {
        channel: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        since: Option<Since>,
    },
    /// Ends a subscription.
    Unsubscribe { channel: String },
    /// Positions of this courier's phone.
    Fixes { track: i64, fixes: Vec<Fix> },
    /// Goes on or off shift.
    Shift { on: bool },
    /// Accepts or declines an offer.
    OfferAnswer { offer_id: Uuid, accept: bool },
    /// Reports a step of a delivery.
    DeliveryStep { order_id: Uuid, step: String },
    /// Sends a message to a conversation.
    ChatSend { conversation_id: Uuid, client_message_id: Uuid, text: String, private_note: bool },
    /// Marks everything up to `seq` as read.
    ChatRead { conversation_id: Uuid, seq: i64 },
    /// Reports that typing began or ended.
    ChatTyping { conversation_id: Uuid, typing: bool },
    /// Puts the agent online or offline.
    Presence {
        online: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        capacity: Option<u32>,
    },
    /// Asks for a [`Hear::Pong`].
    Ping {},
}

/// A frame as it is sent, with the `ref` that its reply carries.
#[derive(Serialize)]
pub(crate) struct Outgoing<'a> {
    #[serde(flatten)]
    pub(crate) say: &'a Say,
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<String>,
}

impl Say {
    /// The frame's text. The reply carries the same `reference`.
    pub fn to_text(&self, reference: Option<u64>) -> String {
        let reference = reference.map(|number| number.to_string());
        // Cannot fail: string keys, finite numbers (a NaN would become null).
        serde_json::to_string(&Outgoing { say: self, reference }).unwrap_or_default()
    }
}

/// The session is established.
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

/// A channel's state at `offset`; the events after it follow.
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

/// An event on a channel. An event without an offset is ephemeral.
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

/// A frame that the server sends.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are the protocol's, named as on the wire")]
pub enum Hear {
    /// The session is established.
    Ready(Ready),
    /// The answer to a frame of the client.
    Reply(Reply),
    /// A channel's state.
    Snapshot(Snapshot),
    /// An event on a channel.
    Event(Event),
    /// The newest position on a channel.
    Latest(Latest),
    /// The server has stored the client's fixes.
    Ack(Acked),
    /// The client's token is about to expire.
    Reauth { expires_at: Moment },
    /// The server has ended a subscription of the client.
    Ended { channel: String, reason: String },
    /// The server is about to close the connection.
    Goodbye {
        reason: String,
        #[serde(default)]
        reconnect_after_ms: Option<u64>,
    },
    /// The answer to [`Say::Ping`].
    Pong {},
}

/// The answer to the frame with the same `ref`: a result or a problem.
#[derive(Clone, Debug, Deserialize)]
pub struct Reply {
    /// The `ref` of the frame that is answered.
    #[serde(rename = "ref", default)]
    pub reference: Option<String>,
    /// The result.
    #[serde(default)]
    pub ok: Option<Value>,
    /// Why the frame was refused.
    #[serde(default)]
    pub problem: Option<Problem>,
    /// Further fields of the reply.
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
