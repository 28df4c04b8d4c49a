//! What the server sends, and how what the hub tells is written.

use std::collections::BTreeMap;

use bytes::Bytes;
use domain::{Channel, Failure, Kind, Refused, Role, SessionId, Timestamp, UserId, words::Params};
use hub::Publication;
use serde::Serialize;
use serde_json::Value;
use tokio_tungstenite::tungstenite::Utf8Bytes;

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
    /// A newest value that has a shape of its own, as the couriers of a map's cell.
    #[serde(rename = "latest")]
    Value {
        /// The channel.
        channel: String,
        /// `at`, and what the channel adds.
        #[serde(flatten)]
        data: &'a Value,
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
    /// In English.
    pub detail: String,
    /// What the words of its code are filled with.
    #[serde(skip_serializing_if = "Params::is_empty")]
    pub params: Params,
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
        // Only maps with keys that are no strings fail, and there are none.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Writes what the hub tells: once for all who hear it.
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
