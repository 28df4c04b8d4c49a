//! The encoding of signals and notices between processes.
//!
//! ```text
//! version 2 │ node 8 │ published at, µs 8 │ rank, hex 16 │ the body (postcard)
//! ```
//! The rank orders the values of one channel: a script in Redis compares it as text,
//! so that a process that was suspended cannot replace a newer value with an old one.

use chrono::TimeDelta;
use domain::tracking::Forecast;
use domain::{Audience, CourierId, LatLon, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::fabric::{Ephemeral, Latest, Notice, Signal};
use crate::journal::Recorded;

/// Changes with every change of the format below: a process of another version
/// discards the message and reads from the journal instead.
const VERSION: u8 = 2;

/// Offset of the rank.
pub(super) const RANK_AT: usize = 17;

/// Offset of the body.
const BODY_AT: usize = RANK_AT + 16;

/// Who published it, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) node: u64,
    pub(super) at_us: i64,
}

/// The bytes are not a signal of this version.
#[derive(Debug, thiserror::Error)]
#[error("not a signal of this version")]
pub(super) struct Unreadable;

#[derive(Serialize, Deserialize)]
enum Body<'a> {
    Log {
        offset: u64,
        at_us: i64,
        audience: Audience,
        kind: &'a str,
        /// JSON: this crate does not know the types of payloads.
        data: &'a str,
    },
    Latest {
        at_us: i64,
        lat: f64,
        lon: f64,
        heading_deg: Option<f32>,
        speed_mps: Option<f32>,
        forecast: Option<Parts>,
        audience: Audience,
        courier: CourierId,
        version: u64,
    },
    Ephemeral {
        kind: &'a str,
        at_us: i64,
        expires_us: i64,
        data: &'a str,
        audience: Audience,
    },
}

/// The parts of a [`Forecast`]: moments in microseconds, durations in milliseconds.
#[derive(Serialize, Deserialize)]
struct Parts {
    ready_by_us: Option<i64>,
    to_pickup_ms: i64,
    to_door_ms: i64,
    fresh_until_us: Option<i64>,
}

impl From<Forecast> for Parts {
    fn from(forecast: Forecast) -> Self {
        Self {
            ready_by_us: forecast.ready_by.map(|at| at.timestamp_micros()),
            to_pickup_ms: forecast.to_pickup.num_milliseconds(),
            to_door_ms: forecast.to_door.num_milliseconds(),
            fresh_until_us: forecast.fresh_until.map(|at| at.timestamp_micros()),
        }
    }
}

impl TryFrom<Parts> for Forecast {
    type Error = Unreadable;

    fn try_from(parts: Parts) -> Result<Self, Unreadable> {
        let way = |ms: i64| TimeDelta::try_milliseconds(ms).ok_or(Unreadable);
        Ok(Self {
            ready_by: parts.ready_by_us.map(moment).transpose()?,
            to_pickup: way(parts.to_pickup_ms)?,
            to_door: way(parts.to_door_ms)?,
            fresh_until: parts.fresh_until_us.map(moment).transpose()?,
        })
    }
}

/// Encodes a signal. `None` if it cannot be encoded, which does not occur.
pub(super) fn write(head: Head, signal: &Signal) -> Option<Vec<u8>> {
    let (rank, data) = match signal {
        Signal::Log(recorded) => (recorded.offset, serde_json::to_string(&recorded.data).ok()?),
        Signal::Latest(latest) => (u64::try_from(latest.at.timestamp_micros()).unwrap_or(0), String::new()),
        Signal::Ephemeral(passing) => (0, serde_json::to_string(&passing.data).ok()?),
    };
    let body = match signal {
        Signal::Log(recorded) => Body::Log {
            offset: recorded.offset,
            at_us: recorded.at.timestamp_micros(),
            audience: recorded.audience,
            kind: &recorded.kind,
            data: &data,
        },
        Signal::Latest(latest) => Body::Latest {
            at_us: latest.at.timestamp_micros(),
            lat: latest.position.lat(),
            lon: latest.position.lon(),
            heading_deg: latest.heading_deg,
            speed_mps: latest.speed_mps,
            forecast: latest.forecast.map(Parts::from),
            audience: latest.audience,
            courier: latest.courier,
            version: latest.version,
        },
        Signal::Ephemeral(passing) => Body::Ephemeral {
            kind: &passing.kind,
            at_us: passing.at.timestamp_micros(),
            expires_us: passing.expires_at.timestamp_micros(),
            data: &data,
            audience: passing.audience,
        },
    };
    postcard::to_extend(&body, begin(head, rank)).ok()
}

/// Encodes a notice.
pub(super) fn write_notice(head: Head, notice: &Notice) -> Option<Vec<u8>> {
    postcard::to_extend(notice, begin(head, 0)).ok()
}

/// Reads the publisher and the time of publication.
pub(super) fn head(bytes: &[u8]) -> Result<Head, Unreadable> {
    let (version, rest) = bytes.split_first().ok_or(Unreadable)?;
    let (node, rest) = rest.split_first_chunk().ok_or(Unreadable)?;
    let (at, _) = rest.split_first_chunk().ok_or(Unreadable)?;
    let head = Head { node: u64::from_be_bytes(*node), at_us: i64::from_be_bytes(*at) };
    if *version == VERSION { Ok(head) } else { Err(Unreadable) }
}

/// Decodes the signal after the head.
pub(super) fn read(bytes: &[u8]) -> Result<Signal, Unreadable> {
    let body: Body<'_> = body(bytes)?;
    Ok(match body {
        Body::Log { offset, at_us, audience, kind, data } => Signal::Log(
            Recorded { offset, kind: kind.to_owned(), at: moment(at_us)?, data: json(data)?, audience }
                .into(),
        ),
        Body::Latest { at_us, lat, lon, heading_deg, speed_mps, forecast, audience, courier, version } => {
            let position = LatLon::new(lat, lon).map_err(|_| Unreadable)?;
            let forecast = forecast.map(Forecast::try_from).transpose()?;
            let at = moment(at_us)?;
            let latest =
                Latest { at, position, heading_deg, speed_mps, forecast, audience, courier, version };
            Signal::Latest(latest.into())
        }
        Body::Ephemeral { kind, at_us, expires_us, data, audience } => {
            let (kind, data) = (kind.to_owned().into(), json(data)?);
            let (at, expires_at) = (moment(at_us)?, moment(expires_us)?);
            Signal::Ephemeral(Ephemeral { kind, at, expires_at, data, audience }.into())
        }
    })
}

/// Decodes the notice after the head.
pub(super) fn read_notice(bytes: &[u8]) -> Result<Notice, Unreadable> {
    body(bytes)
}

fn begin(head: Head, rank: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128);
    bytes.push(VERSION);
    bytes.extend(head.node.to_be_bytes());
    bytes.extend(head.at_us.to_be_bytes());
    bytes.extend(format!("{rank:016x}").into_bytes());
    bytes
}

fn body<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Unreadable> {
    postcard::from_bytes(bytes.get(BODY_AT..).ok_or(Unreadable)?).map_err(|_| Unreadable)
}

fn moment(us: i64) -> Result<Timestamp, Unreadable> {
    Timestamp::from_timestamp_micros(us).ok_or(Unreadable)
}

fn json(text: &str) -> Result<Value, Unreadable> {
    serde_json::from_str(text).map_err(|_| Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{RestaurantId, SessionId, UserId};
    use serde_json::json;
    use std::sync::Arc;
    use uuid::Uuid;

    const HEAD: Head = Head { node: 7, at_us: 1_795_000_000_000_001 };

    fn at(us: i64) -> Timestamp {
        moment(us).unwrap()
    }

    fn signals() -> [Signal; 3] {
        let audience = Audience::STAFF;
        let data = json!({ "text": "따뜻하게", "n": [1, 2.5, null] });
        let position = LatLon::new(37.5, 127.03).unwrap();
        let forecast = Some(Forecast {
            ready_by: None,
            to_pickup: TimeDelta::zero(),
            to_door: TimeDelta::seconds(420),
            fresh_until: Some(at(66_000_001)),
        });
        [
            Signal::Log(Arc::new(Recorded {
                offset: 41,
                kind: "chat.message".into(),
                at: at(5_000_001),
                data: data.clone(),
                audience,
            })),
            Signal::Latest(Arc::new(Latest {
                at: at(6_000_001),
                position,
                heading_deg: Some(1.5),
                speed_mps: None,
                forecast,
                audience,
                courier: CourierId(Uuid::from_u128(u128::MAX)),
                version: 3,
            })),
            Signal::Ephemeral(Arc::new(Ephemeral {
                kind: "chat.typing".into(),
                at: at(7),
                expires_at: at(9),
                data,
                audience,
            })),
        ]
    }

    #[test]
    fn a_signal_is_heard_as_it_was_said() {
        for signal in signals() {
            let bytes = write(HEAD, &signal).unwrap();
            assert_eq!(head(&bytes).unwrap(), HEAD);
            assert_eq!(format!("{:?}", read(&bytes).unwrap()), format!("{signal:?}"));
        }
        let notices = [
            Notice::SessionRevoked(SessionId(Uuid::from_u128(3))),
            Notice::CourierSuperseded { courier: CourierId(Uuid::from_u128(4)), epoch: 9 },
            Notice::AssignmentsChanged(CourierId(Uuid::from_u128(5))),
            Notice::RestaurantChanged(RestaurantId(Uuid::from_u128(6))),
            Notice::PersonAccessChanged(UserId(Uuid::from_u128(6))),
        ];
        for notice in notices {
            assert_eq!(read_notice(&write_notice(HEAD, &notice).unwrap()).unwrap(), notice);
        }
    }

    #[test]
    fn a_position_takes_few_bytes_and_ranks_by_its_moment() {
        let bytes = write(HEAD, &signals()[1]).unwrap();
        assert!(bytes.len() <= 112, "{} bytes", bytes.len());
        assert_eq!(&bytes[RANK_AT..BODY_AT], format!("{:016x}", 6_000_001).as_bytes());
    }

    #[test]
    fn torn_and_foreign_bytes_are_refused() {
        for signal in signals() {
            let bytes = write(HEAD, &signal).unwrap();
            for end in 0..bytes.len() {
                assert!(head(&bytes[..end]).is_err() || read(&bytes[..end]).is_err(), "{end}");
            }
            let mut newer = bytes.clone();
            newer[0] = VERSION + 1;
            assert!(head(&newer).is_err());
        }
        assert!(read(&[0xff; 200]).is_err());
    }
}
