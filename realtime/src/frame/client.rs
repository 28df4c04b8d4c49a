//! The frames that clients send, and their parser.

use std::borrow::Cow;

use domain::order::FailReason;
use domain::{ConversationId, OfferId, OrderId, Refused, Timestamp, refusal};
use hub::Since;
use serde::{Deserialize, Serialize};
use services::tracking::Step;
use uuid::Uuid;

/// The most characters of a `ref`.
pub const REF_CHARS: usize = 64;

/// A frame from a client.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Authenticates, as the first frame; later, renews the token for the same user.
    Auth {
        /// The access token.
        token: String,
    },
    /// Subscribes to a channel.
    Subscribe {
        /// Such as `order:{id}`.
        channel: String,
        /// The position to resume from.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "domain::objects::read"
        )]
        since: Option<Position>,
    },
    /// Unsubscribes from a channel.
    Unsubscribe {
        /// The channel.
        channel: String,
    },
    /// The courier's positions.
    Fixes {
        /// The device's id of this run of sequence numbers.
        track: i64,
        /// In rising `seq`, at most 500.
        #[serde(deserialize_with = "domain::objects::read")]
        fixes: Vec<Fix>,
    },
    /// Starts or ends the courier's shift.
    Shift {
        /// Whether the courier takes offers.
        on: bool,
    },
    /// Answers an offer to the courier.
    OfferAnswer {
        /// The offer.
        offer_id: OfferId,
        /// Whether the courier accepts.
        accept: bool,
    },
    /// Reports a step of a delivery.
    DeliveryStep {
        /// The order.
        order_id: OrderId,
        /// The step.
        step: Step,
        /// Why the delivery failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<FailReason>,
    },
    /// Sends a message in a conversation, exactly once per `client_message_id`.
    ChatSend {
        /// The conversation.
        conversation_id: ConversationId,
        /// The client's id of the message.
        client_message_id: Uuid,
        /// The message.
        text: String,
        /// Whether only agents can read it.
        #[serde(default)]
        private_note: bool,
    },
    /// Marks everything up to `seq` as read.
    ChatRead {
        /// The conversation.
        conversation_id: ConversationId,
        /// The last message that was read.
        seq: u64,
    },
    /// Somebody is typing, or stopped.
    ChatTyping {
        /// The conversation.
        conversation_id: ConversationId,
        /// False once they stopped.
        typing: bool,
    },
    /// Sets an agent's presence.
    Presence {
        /// Whether the agent takes conversations.
        online: bool,
        /// How many at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        capacity: Option<u32>,
    },
    /// Asks for a `pong`, for clients that can't send WebSocket pings.
    Ping {},
}

/// How much of a channel the client has.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Position {
    /// The epoch, as the server named it.
    pub epoch: String,
    /// The last event that the client has.
    pub offset: u64,
    /// The `at` of the last `latest` that the client has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest_at: Option<Timestamp>,
}

impl From<Position> for Since {
    fn from(position: Position) -> Self {
        let Position { epoch, offset, latest_at } = position;
        Self { epoch, offset, latest_at }
    }
}

/// One position as the device measured it. A number out of range does not make the frame malformed:
/// the fix is counted as rejected.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct Fix {
    /// Increases within the track.
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

/// A client frame with its `ref`.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Repeated in the reply.
    pub reference: Option<String>,
    /// The frame.
    pub frame: ClientFrame,
}

/// A frame that can't be parsed; its `ref` perhaps could.
#[derive(Clone, Debug, PartialEq)]
pub struct BadFrame {
    /// The frame's `ref`, if it could be parsed.
    pub reference: Option<String>,
    /// What is wrong with the frame.
    pub refused: Box<Refused>,
}

impl ClientFrame {
    /// Its name on the wire.
    pub(crate) fn op(&self) -> &'static str {
        match self {
            Self::Auth { .. } => "auth",
            Self::Subscribe { .. } => "subscribe",
            Self::Unsubscribe { .. } => "unsubscribe",
            Self::Fixes { .. } => "fixes",
            Self::ChatSend { .. } => "chat_send",
            Self::ChatRead { .. } => "chat_read",
            Self::ChatTyping { .. } => "chat_typing",
            Self::Presence { .. } => "presence",
            Self::Shift { .. } => "shift",
            Self::OfferAnswer { .. } => "offer_answer",
            Self::DeliveryStep { .. } => "delivery_step",
            Self::Ping {} => "ping",
        }
    }
}

impl Request {
    /// Parses a text frame.
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
            refused: Box::new(refusal::bad_frame().because(detail)),
        };
        let envelope: Envelope<'_> = domain::objects::read(&mut serde_json::Deserializer::from_str(text))
            .map_err(|error| bad(None, format!("Not a frame: {error}.")))?;
        let reference = envelope.reference.map(Cow::into_owned);
        if reference.as_ref().is_some_and(|text| text.chars().count() > REF_CHARS) {
            return Err(bad(None, format!("A ref has at most {REF_CHARS} characters.")));
        }
        match serde_json::from_str(text) {
            Ok(frame) => Ok(Self { reference, frame }),
            Err(error) => Err(bad(reference, format!("Not a frame: {error}."))),
        }
    }

    /// Parses the frame that comes ten thousand times a second in one pass: serde buffers a tagged
    /// enum first. `None` for anything unusual: the general parser then reads it, and reports
    /// errors.
    fn fixes(text: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Fixes<'a> {
            #[serde(borrow, default, rename = "ref")]
            reference: Option<Cow<'a, str>>,
            op: &'a str,
            track: i64,
            #[serde(deserialize_with = "domain::objects::read")]
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
            // With another blank the fast path does not recognise it.
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
