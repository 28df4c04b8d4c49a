//! What was received on each channel, and whether the server kept its
//! guarantees: offsets of log channels have no gaps and no repetitions, and
//! positions never go back in time.

use std::collections::BTreeMap;

use crate::frame::{Event, Latest, Since, Snapshot};
use crate::responses::Moment;

/// A violation of a guarantee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Anomaly {
    /// Offsets between the last one received and this one are missing. Not reported for chats,
    /// where a customer legitimately does not receive private notes.
    Gap {
        /// The channel.
        channel: String,
        /// The offset that should have come.
        expected: i64,
        /// The offset that came.
        got: i64,
    },
    /// An offset came that is not above the last one received.
    Repeated {
        /// The channel.
        channel: String,
        /// The offset.
        offset: i64,
    },
    /// A position came that is older than an earlier one.
    Backwards {
        /// The channel.
        channel: String,
        /// The time of the position.
        at: Moment,
    },
    /// A frame came that this client cannot parse.
    Unreadable {
        /// The frame.
        text: String,
    },
}

#[derive(Clone, Debug, Default)]
struct Heard {
    epoch: Option<String>,
    offset: Option<i64>,
    latest_at: Option<Moment>,
}

/// What one client received, by channel.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    channels: BTreeMap<String, Heard>,
}

impl Ledger {
    /// Where to resume; none if no offset was received yet.
    pub fn since(&self, channel: &str) -> Option<Since> {
        let heard = self.channels.get(channel)?;
        Some(Since { epoch: heard.epoch.clone()?, offset: heard.offset?, latest_at: heard.latest_at })
    }

    /// Notes a snapshot: the channel's offsets continue from it.
    pub fn snapshot(&mut self, snapshot: &Snapshot) {
        let heard = self.channels.entry(snapshot.channel.clone()).or_default();
        heard.epoch.clone_from(&snapshot.epoch);
        heard.offset = snapshot.offset;
    }

    /// Notes an event. Ephemeral events have no offset and are ignored.
    pub fn event(&mut self, event: &Event) -> Option<Anomaly> {
        let offset = event.offset?;
        let heard = self.channels.entry(event.channel.clone()).or_default();
        if event.epoch.is_some() && event.epoch != heard.epoch {
            heard.epoch.clone_from(&event.epoch);
            heard.offset = None;
        }
        let expected = heard.offset.map(|last| last + 1);
        heard.offset = heard.offset.max(Some(offset));
        let expected = expected.filter(|expected| *expected != offset)?;
        let channel = event.channel.clone();
        Some(match offset < expected {
            true => Anomaly::Repeated { channel, offset },
            // The missing offsets are private notes between agents.
            false if channel.starts_with("chat:") => return None,
            false => Anomaly::Gap { channel, expected, got: offset },
        })
    }

    /// Notes a position. The same time again is no anomaly: the ETA may change
    /// alone, and a reconnect repeats the last position.
    pub fn latest(&mut self, latest: &Latest) -> Option<Anomaly> {
        let heard = self.channels.entry(latest.channel.clone()).or_default();
        let before = heard.latest_at.replace(latest.at)?;
        if latest.at >= before {
            return None;
        }
        heard.latest_at = Some(before);
        Some(Anomaly::Backwards { channel: latest.channel.clone(), at: latest.at })
    }

    /// Removes a channel whose subscription has ended.
    pub fn forget(&mut self, channel: &str) {
        self.channels.remove(channel);
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, TimeZone, Utc};
    use serde_json::Value;

    use super::*;

    fn moment(secs: i64) -> Moment {
        Utc.with_ymd_and_hms(2026, 11, 23, 3, 0, 0).unwrap() + TimeDelta::seconds(secs)
    }

    fn event(epoch: &str, offset: i64) -> Event {
        Event {
            channel: "desk".into(),
            epoch: Some(epoch.into()),
            offset: Some(offset),
            kind: "desk.queued".into(),
            at: moment(0),
            data: Value::Null,
            expires_at: None,
        }
    }

    fn snapshot(epoch: &str, offset: i64) -> Snapshot {
        Snapshot {
            channel: "desk".into(),
            epoch: Some(epoch.into()),
            offset: Some(offset),
            recovered: false,
            data: Value::Null,
        }
    }

    fn latest(secs: i64) -> Latest {
        Latest { channel: "delivery:1".into(), at: moment(secs), position: None, eta: None }
    }

    #[test]
    fn events_in_order_after_a_snapshot_are_no_anomaly() {
        let mut ledger = Ledger::default();
        ledger.snapshot(&snapshot("a", 3));
        assert!([4, 5, 6].into_iter().all(|offset| ledger.event(&event("a", offset)).is_none()));
        assert_eq!(ledger.since("desk"), Some(Since { epoch: "a".into(), offset: 6, latest_at: None }));
    }

    #[test]
    fn gaps_and_repetitions_are_told_apart() {
        let mut ledger = Ledger::default();
        ledger.snapshot(&snapshot("a", 3));
        let channel = "desk".to_owned();
        assert_eq!(
            ledger.event(&event("a", 6)),
            Some(Anomaly::Gap { channel: channel.clone(), expected: 4, got: 6 })
        );
        assert_eq!(
            ledger.event(&event("a", 5)),
            Some(Anomaly::Repeated { channel: channel.clone(), offset: 5 })
        );
        assert_eq!(ledger.event(&event("a", 6)), Some(Anomaly::Repeated { channel, offset: 6 }));
        assert_eq!(ledger.event(&event("a", 7)), None);
    }

    #[test]
    fn a_new_epoch_counts_anew() {
        let mut ledger = Ledger::default();
        ledger.snapshot(&snapshot("a", 30));
        assert_eq!(ledger.event(&event("b", 1)), None);
        assert_eq!(ledger.event(&event("b", 2)), None);
    }

    #[test]
    fn a_position_from_the_past_is_noticed_and_does_not_move_the_mark() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.latest(&latest(5)), None);
        assert_eq!(ledger.latest(&latest(5)), None);
        assert!(matches!(ledger.latest(&latest(3)), Some(Anomaly::Backwards { .. })));
        assert!(ledger.latest(&latest(4)).is_some());
        assert_eq!(ledger.latest(&latest(6)), None);
        ledger.snapshot(&Snapshot { channel: "delivery:1".into(), ..snapshot("a", 3) });
        let since = Since { epoch: "a".into(), offset: 3, latest_at: Some(moment(6)) };
        assert_eq!(ledger.since("delivery:1"), Some(since));
    }
}
