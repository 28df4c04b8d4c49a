//! What clients send, and how it is read.

use std::borrow::Cow;

use domain::order::FailReason;
use domain::{ConversationId, OfferId, OrderId, Refused, Timestamp, refusal};
use hub::Since;
use serde::{Deserialize, Serialize};
use services::tracking::Step;
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
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "domain::objects::read"
        )]
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
        #[serde(deserialize_with = "domain::objects::read")]
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
        /// Why it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<FailReason>,
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
