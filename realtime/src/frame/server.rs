//! The frames that the server sends, and the encoding of publications.

use std::collections::BTreeMap;

use bytes::Bytes;
use domain::{Channel, Failure, Kind, Refused, Role, SessionId, Timestamp, UserId, words::Params};
use hub::Publication;
use serde::Serialize;
use serde_json::Value;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// A frame from the server.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum ServerFrame<'a> {
    /// The client is authenticated.
    Ready {
        /// The user.
        user_id: UserId,
        /// The session.
        session_id: SessionId,
        /// The user's roles.
        roles: &'a [Role],
        /// How often the server pings.
        heartbeat_secs: u64,
        /// The server's current time.
        server_time: Timestamp,
    },
    /// The answer to a frame: `ok`, or a `problem`.
    Reply {
        /// The frame's `ref`.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        /// The result, if it succeeded.
        #[serde(skip_serializing_if = "Option::is_none")]
        ok: Option<Value>,
        /// The problem, if it failed.
        #[serde(skip_serializing_if = "Option::is_none")]
        problem: Option<Problem>,
    },
    /// A channel's current state.
    Snapshot {
        /// The channel.
        channel: String,
        /// The epoch of `offset`.
        epoch: &'a str,
        /// The last event that `data` includes.
        offset: u64,
        /// False if the server could not resume at `since`: what came in between is not sent.
        recovered: bool,
        /// As in REST.
        data: &'a Value,
    },
    /// An event. Without `offset` it is ephemeral, and expires.
    Event {
        /// The channel.
        channel: String,
        /// The epoch of `offset`.
        #[serde(skip_serializing_if = "Option::is_none")]
        epoch: Option<&'a str>,
        /// Its offset in the channel.
        #[serde(skip_serializing_if = "Option::is_none")]
        offset: Option<u64>,
        /// The type, such as `order.accepted`.
        #[serde(rename = "type")]
        kind: &'a str,
        /// The time of the event.
        at: Timestamp,
        /// The event's fields.
        data: &'a Value,
        /// When an ephemeral event expires.
        #[serde(skip_serializing_if = "Option::is_none")]
        expires_at: Option<Timestamp>,
    },
    /// The latest position and estimate.
    Latest {
        /// The channel.
        channel: String,
        /// When it was measured.
        at: Timestamp,
        /// Where the courier is.
        position: Place,
        /// The estimated arrival.
        #[serde(skip_serializing_if = "Option::is_none")]
        eta: Option<Eta>,
    },
    /// A latest value of another form, such as the couriers of a map cell.
    #[serde(rename = "latest")]
    Value {
        /// The channel.
        channel: String,
        /// `at`, and the channel's fields.
        #[serde(flatten)]
        data: &'a Value,
    },
    /// All fixes of `track` up to `seq` are stored or rejected for good; the device may delete
    /// them.
    Ack {
        /// The device's run of sequence numbers.
        track: i64,
        /// The last one acknowledged.
        seq: i64,
        /// How many of the batch were rejected, by reason.
        rejected: BTreeMap<&'static str, u32>,
    },
    /// The token expires soon: send `auth` with a fresh one.
    Reauth {
        /// When it expires.
        expires_at: Timestamp,
    },
    /// The subscription has ended.
    Ended {
        /// The channel.
        channel: String,
        /// Why.
        reason: &'a str,
    },
    /// The server closes the socket now.
    Goodbye {
        /// The reason.
        reason: &'static str,
        /// The time after which to reconnect.
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

/// The estimated arrival of a courier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Eta {
    /// The time of arrival.
    pub arrive_at: Timestamp,
    /// Whether the estimate is old because no fix came for a while.
    pub stale: bool,
}

/// Why a frame failed, in the form of REST's problem documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// A stable code, such as `order.transition_refused`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The kind of the problem.
    pub title: &'static str,
    /// An explanation in English.
    pub detail: String,
    /// The parameters for translating the code.
    #[serde(skip_serializing_if = "Params::is_empty")]
    pub params: Params,
    /// The invalid fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemFault>,
    /// The seconds after which to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_secs: Option<u32>,
}

/// One invalid field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProblemFault {
    /// The field, as a JSON pointer.
    pub pointer: String,
    /// The error, as a stable code.
    pub code: &'static str,
    /// An explanation for people.
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
            code: fault.code(),
            pointer: fault.pointer,
            detail: fault.detail,
        });
        Self {
            kind: refused.code,
            title,
            detail: refused.detail,
            params: refused.params,
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
                    params: Params::new(),
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
        // Serialisation fails only for maps with keys that are not strings; there are none.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Encodes a publication, once for all subscribers.
pub fn write(channel: &Channel, publication: &Publication<'_>) -> Bytes {
    let channel = channel.to_string();
    let frame = match *publication {
        Publication::Snapshot { epoch, offset, recovered, data } => {
            ServerFrame::Snapshot { channel, epoch, offset, recovered, data }
        }
        Publication::Event { epoch, recorded } => ServerFrame::Event {
            channel,
            epoch: Some(epoch),
            offset: Some(recorded.offset),
            kind: &recorded.kind,
            at: recorded.at,
            data: &recorded.data,
            expires_at: None,
        },
        Publication::Ephemeral(passing) => ServerFrame::Event {
            channel,
            epoch: None,
            offset: None,
            kind: &passing.kind,
            at: passing.at,
            data: &passing.data,
            expires_at: Some(passing.expires_at),
        },
        Publication::Latest { latest, now } => ServerFrame::Latest {
            channel,
            at: latest.at,
            position: Place {
                lat: latest.position.lat(),
                lon: latest.position.lon(),
                heading_deg: latest.heading_deg,
                speed_mps: latest.speed_mps,
            },
            eta: latest.forecast.map(|forecast| {
                let eta = forecast.at(now);
                Eta { arrive_at: eta.arrive_at, stale: eta.stale }
            }),
        },
        Publication::Local { data, .. } => ServerFrame::Value { channel, data },
        Publication::Ended { reason } => ServerFrame::Ended { channel, reason },
    };
    frame.json().into()
}
