//! Every frame of the protocol, one closed enum for each direction. `PROTOCOL.md`
//! is the reference for clients, and a test holds it to these types.

use std::borrow::Cow;
use std::collections::BTreeMap;

use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;
use domain::{
    Channel, ConversationId, Failure, Kind, OfferId, OrderId, Refused, Role, SessionId, Timestamp, UserId,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use services::live::{Since, Telling};
use services::map::MapCourier;
use uuid::Uuid;

/// Characters of a `ref`.
pub const REF_CHARS: usize = 64;

/// What clients send.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Proves who connects, first; later, a fresh token for the same user.
    Auth {
        /// The access token.
        token: String,
    },
    /// Follows a channel.
    Subscribe {
        /// As `order:{id}`.
        channel: String,
        /// From where to go on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Position>,
    },
    /// Follows it no more.
    Unsubscribe {
        /// The channel.
        channel: String,
    },
    /// Where the courier was.
    Fixes {
        /// The device's own id of this run of sequence numbers.
        track: i64,
        /// In rising `seq`, at most 500.
        fixes: Vec<Fix>,
    },
    /// The courier's shift begins or ends.
    Shift {
        /// Whether offers are welcome.
        on: bool,
    },
    /// The courier answers an offer.
    OfferAnswer {
        /// The offer.
        offer_id: OfferId,
        /// Yes or no.
        accept: bool,
    },
    /// The courier reports a step.
    DeliveryStep {
        /// The order.
        order_id: OrderId,
        /// The step.
        step: Step,
    },
    /// Says something in a conversation, exactly once per `client_message_id`.
    ChatSend {
        /// The conversation.
        conversation_id: ConversationId,
        /// The client's own id of the message.
        client_message_id: Uuid,
        /// What is said.
        text: String,
        /// For agents' eyes only.
        #[serde(default)]
        private_note: bool,
    },
    /// Everything up to `seq` was read.
    ChatRead {
        /// The conversation.
        conversation_id: ConversationId,
        /// The last message that was read.
        seq: u64,
    },
    /// Somebody types, or stopped.
    ChatTyping {
        /// The conversation.
        conversation_id: ConversationId,
        /// Whether.
        typing: bool,
    },
    /// An agent comes or goes.
    Presence {
        /// Whether conversations are welcome.
        online: bool,
        /// How many at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        capacity: Option<u32>,
    },
    /// Asks for a `pong`, where WebSocket pings can't be sent.
    Ping {},
}

/// How far the client has heard a channel.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Position {
    /// The history, as the server named it.
    pub epoch: String,
    /// The last event that it has.
    pub offset: u64,
    /// The `at` of the last `latest` that it was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest_at: Option<Timestamp>,
}

impl From<Position> for Since {
    fn from(position: Position) -> Self {
        let Position { epoch, offset, latest_at } = position;
        Self { epoch, offset, latest_at }
    }
}

/// One position as the device measured it. Numbers out of range are not
/// malformed: the fix is counted as rejected.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct Fix {
    /// Counts up within the track.
    pub seq: i64,
    /// When it was measured.
    pub at: Timestamp,
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// Radius of 68 % confidence, metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy_m: Option<f64>,
    /// Metres per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed_mps: Option<f64>,
    /// Degrees clockwise from north.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading_deg: Option<f64>,
}

/// What a courier reports about a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Waits at the restaurant.
    AtRestaurant,
    /// Has the food.
    PickedUp,
    /// Stands at the door.
    AtDropoff,
    /// Handed it over.
    Delivered,
    /// Could not hand it over.
    Failed,
    /// Gives the delivery back, before pickup.
    DropOut,
}

/// A client frame with its `ref`.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Comes back with the reply.
    pub reference: Option<String>,
    /// The frame.
    pub frame: ClientFrame,
}

/// The frame can't be read; the `ref` could, perhaps.
#[derive(Clone, Debug, PartialEq)]
pub struct BadFrame {
    /// The frame's `ref`.
    pub reference: Option<String>,
    /// What is wrong with it.
    pub refused: Refused,
}

impl Request {
    /// Reads a text frame.
    pub fn read(text: &str) -> Result<Self, BadFrame> {
        if let Some(request) = Self::fixes(text) {
            return Ok(request);
        }
        #[derive(Deserialize)]
        struct Envelope<'a> {
            #[serde(borrow, default, rename = "ref")]
            reference: Option<Cow<'a, str>>,
        }
        let bad = |reference: Option<String>, detail: String| BadFrame {
            reference,
            refused: Refused::new("bad_frame", Kind::Invalid, detail),
        };
        let envelope: Envelope<'_> =
            serde_json::from_str(text).map_err(|error| bad(None, format!("Not a frame: {error}.")))?;
        let reference = envelope.reference.map(Cow::into_owned);
        if reference.as_ref().is_some_and(|text| text.chars().count() > REF_CHARS) {
            return Err(bad(None, format!("A ref has at most {REF_CHARS} characters.")));
        }
        match serde_json::from_str(text) {
            Ok(frame) => Ok(Self { reference, frame }),
            Err(error) => Err(bad(reference, format!("Not a frame: {error}."))),
        }
    }

    /// The frame that comes ten thousand times a second, in one pass: a tagged enum is
    /// read into a tree first. Whatever is not quite it goes the long way, which also
    /// says what is wrong.
    fn fixes(text: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Fixes<'a> {
            #[serde(borrow, default, rename = "ref")]
            reference: Option<Cow<'a, str>>,
            op: &'a str,
            track: i64,
            fixes: Vec<Fix>,
        }
        if !text.starts_with(r#"{"op":"fixes""#) {
            return None;
        }
        let Fixes { reference, op, track, fixes } = serde_json::from_str(text).ok()?;
        let fits = reference.as_ref().is_none_or(|text| text.chars().count() <= REF_CHARS);
        let frame = (op == "fixes" && fits).then_some(ClientFrame::Fixes { track, fixes })?;
        Some(Self { reference: reference.map(Cow::into_owned), frame })
    }
}

/// What the server sends.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum ServerFrame<'a> {
    /// The client is known; it may go on.
    Ready {
        /// Who.
        user_id: UserId,
        /// On which device.
        session_id: SessionId,
        /// As what.
        roles: &'a [Role],
        /// How often the server pings.
        heartbeat_secs: u64,
        /// What time it is here.
        server_time: Timestamp,
    },
    /// The answer to a frame: `ok`, or a `problem`.
    Reply {
        /// The frame's own.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        /// It was done; here is what came of it.
        #[serde(skip_serializing_if = "Option::is_none")]
        ok: Option<Value>,
        /// It was not done.
        #[serde(skip_serializing_if = "Option::is_none")]
        problem: Option<Problem>,
    },
    /// A channel's present state.
    Snapshot {
        /// The channel.
        channel: String,
        /// The history of `offset`.
        epoch: &'a str,
        /// The last event that `data` includes.
        offset: u64,
        /// False where `since` could not be reached: what came between is not told.
        recovered: bool,
        /// As in REST.
        data: &'a Value,
    },
    /// Something happened. Without `offset` it is passing, and expires.
    Event {
        /// The channel.
        channel: String,
        /// The history of `offset`.
        #[serde(skip_serializing_if = "Option::is_none")]
        epoch: Option<&'a str>,
        /// Its place in the channel.
        #[serde(skip_serializing_if = "Option::is_none")]
        offset: Option<u64>,
        /// What, as `order.accepted`.
        #[serde(rename = "type")]
        kind: &'a str,
        /// When.
        at: Timestamp,
        /// The particulars.
        data: &'a Value,
        /// When a passing event stops being true.
        #[serde(skip_serializing_if = "Option::is_none")]
        expires_at: Option<Timestamp>,
    },
    /// The newest position and estimate.
    Latest {
        /// The channel.
        channel: String,
        /// When it was measured.
        at: Timestamp,
        /// Where the courier is.
        position: Place,
        /// When they will be there.
        #[serde(skip_serializing_if = "Option::is_none")]
        eta: Option<Eta>,
    },
    /// The newest couriers of a map's cell.
    #[serde(rename = "latest")]
    Area {
        /// The channel.
        channel: String,
        /// When it was so.
        at: Timestamp,
        /// Who is there.
        couriers: &'a [MapCourier],
        /// How many there are; more than are listed in a very full cell.
        total: usize,
    },
    /// All fixes of `track` up to `seq` are kept; the device may forget them.
    Ack {
        /// The device's run of sequence numbers.
        track: i64,
        /// The last one kept.
        seq: i64,
        /// How many of the batch are not shown, by reason.
        rejected: BTreeMap<&'static str, u32>,
    },
    /// The token expires soon: send `auth` with a fresh one.
    Reauth {
        /// When.
        expires_at: Timestamp,
    },
    /// The subscription is over.
    Ended {
        /// The channel.
        channel: String,
        /// Why.
        reason: &'a str,
    },
    /// The server closes the socket now.
    Goodbye {
        /// Why.
        reason: &'static str,
        /// When to come back.
        reconnect_after_ms: u64,
    },
    /// The answer to `ping`.
    Pong {},
}

/// Where a courier is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Place {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// Degrees clockwise from north.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heading_deg: Option<f32>,
    /// Metres per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed_mps: Option<f32>,
}

/// When a courier will be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Eta {
    /// The estimate.
    pub arrive_at: Timestamp,
    /// The courier was not heard of for a while.
    pub stale: bool,
}

/// Why a frame was not done: the same words as REST's problem documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// A stable code, as `order.transition_refused`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What sort of no it is.
    pub title: &'static str,
    /// For a person.
    pub detail: String,
    /// The fields at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemFault>,
    /// When to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_secs: Option<u32>,
}

/// One field at fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProblemFault {
    /// Where, a JSON pointer.
    pub pointer: String,
    /// What, a stable code.
    pub code: &'static str,
    /// For a person.
    pub detail: String,
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let title = match refused.kind {
            Kind::Invalid => "Unprocessable Entity",
            Kind::Unauthenticated => "Unauthorized",
            Kind::Forbidden => "Forbidden",
            Kind::NotFound => "Not Found",
            Kind::Conflict | Kind::Rule => "Conflict",
            Kind::Stale => "Precondition Failed",
            Kind::Limited => "Too Many Requests",
            Kind::Unavailable => "Service Unavailable",
        };
        let errors = refused.faults.into_iter().map(|fault| ProblemFault {
            pointer: fault.pointer,
            code: fault.code,
            detail: fault.detail,
        });
        Self {
            kind: refused.code,
            title,
            detail: refused.detail,
            errors: errors.collect(),
            retry_after_secs: refused.retry_after_secs,
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refused) => refused.into(),
            Failure::Fault(cause) => {
                tracing::error!(%cause, "a frame could not be handled");
                Self {
                    kind: "internal",
                    title: "Internal Server Error",
                    detail: "Something went wrong on our side.".to_owned(),
                    errors: Vec::new(),
                    retry_after_secs: None,
                }
            }
        }
    }
}

impl ServerFrame<'_> {
    /// The frame as text.
    pub fn text(&self) -> Utf8Bytes {
        Utf8Bytes::from(self.json())
    }

    fn json(&self) -> String {
        // Only maps with keys that are no strings fail, and there are none.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Writes what the hub tells: once for all who hear it.
pub fn write(channel: &Channel, telling: &Telling<'_>) -> Bytes {
    let channel = channel.to_string();
    let frame = match *telling {
        Telling::Snapshot { epoch, offset, recovered, data } => {
            ServerFrame::Snapshot { channel, epoch, offset, recovered, data }
        }
        Telling::Event { epoch, recorded } => ServerFrame::Event {
            channel,
            epoch: Some(epoch),
            offset: Some(recorded.offset),
            kind: &recorded.kind,
            at: recorded.at,
            data: &recorded.data,
            expires_at: None,
        },
        Telling::Ephemeral(passing) => ServerFrame::Event {
            channel,
            epoch: None,
            offset: None,
            kind: &passing.kind,
            at: passing.at,
            data: &passing.data,
            expires_at: Some(passing.expires_at),
        },
        Telling::Latest(latest) => ServerFrame::Latest {
            channel,
            at: latest.at,
            position: Place {
                lat: latest.position.lat(),
                lon: latest.position.lon(),
                heading_deg: latest.heading_deg,
                speed_mps: latest.speed_mps,
            },
            eta: latest.eta.map(|eta| Eta { arrive_at: eta.arrive_at, stale: eta.stale }),
        },
        Telling::Area(area) => {
            ServerFrame::Area { channel, at: area.at, couriers: &area.couriers, total: area.total }
        }
        Telling::Ended { reason } => ServerFrame::Ended { channel, reason },
    };
    frame.json().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixes_are_read_alike_the_short_way_and_the_long_way() {
        let fix =
            r#"{"seq":7,"at":"2026-11-23T03:20:11.250Z","lat":37.5,"lon":127.0,"accuracy_m":6.0,"more":[1]}"#;
        let texts = [
            format!(r#"{{"op":"fixes","track":41,"fixes":[{fix},{fix}],"ref":"a\"b","more":{{}}}}"#),
            format!(r#"{{"op":"fixes","fixes":[{fix}],"track":-1}}"#),
            r#"{"op":"fixes","track":41,"fixes":[]}"#.to_owned(),
        ];
        for text in texts {
            let short = Request::fixes(&text).unwrap();
            // A blank more, and it is not recognised.
            assert_eq!(Request::fixes(&text.replacen(':', " :", 1)), None);
            assert_eq!(Request::read(&text.replacen(':', " :", 1)), Ok(short));
        }
    }

    #[test]
    fn what_is_not_quite_fixes_goes_the_long_way() {
        let long = format!(r#"{{"op":"fixes","track":1,"fixes":[],"ref":"{}"}}"#, "x".repeat(REF_CHARS + 1));
        for text in
            [&long, r#"{"op":"fixes","track":1}"#, r#"{"op":"fixes","op":"ping","track":1,"fixes":[]}"#]
        {
            assert_eq!(Request::fixes(text), None, "{text}");
            assert!(Request::read(text).is_err(), "{text}");
        }
    }
}
