//! What clients sent, what was acknowledged to them, and what they saw.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sim::responses::Moment;
use sim::{Heard, system};
use uuid::Uuid;

/// A run of a phone's fixes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Track {
    /// The newest number that was handed over.
    pub(crate) sent: i64,
    /// The newest number that was acknowledged.
    pub(crate) acked: i64,
}

/// What a client was shown on a channel, in the order of showing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shown {
    /// The state at an offset.
    Snapshot { offset: Option<i64>, recovered: bool },
    /// An event of the log; `mark` is a message's client id.
    Event { offset: i64, kind: String, mark: Option<Uuid> },
    /// A position.
    Latest { at: Moment },
    /// Nothing more comes.
    Ended { reason: String },
}

/// A message that was acknowledged.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Said {
    pub(crate) conversation: Uuid,
    pub(crate) id: Uuid,
    pub(crate) seq: i64,
}

/// A step of an order that was acknowledged.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Done {
    pub(crate) order: Uuid,
    /// The event that the order's history must contain.
    pub(crate) kind: &'static str,
}

/// A change of a cart that was acknowledged.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Carted {
    /// The version that the answer names.
    pub(crate) version: i64,
    /// How many were in the cart, and how many should have been.
    pub(crate) quantity: u32,
    pub(crate) expected: u32,
}

/// Everything that the clients noted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes {
    /// By courier and track.
    pub(crate) tracks: BTreeMap<(Uuid, i64), Track>,
    /// By client and channel.
    pub(crate) shown: BTreeMap<(String, String), Vec<Shown>>,
    pub(crate) said: Vec<Said>,
    pub(crate) done: Vec<Done>,
    /// By customer.
    pub(crate) carts: BTreeMap<Uuid, Vec<Carted>>,
    /// Offers whose acceptance was acknowledged: order and courier.
    pub(crate) won: Vec<(Uuid, Uuid)>,
    /// Connections that ended: when, whose, and why.
    pub(crate) lost: Vec<(Moment, String, String)>,
    /// Descriptions of what clients saw and must not see.
    pub(crate) odd: Vec<String>,
}

/// Notes that all clients write into.
#[derive(Default)]
pub(crate) struct Ledger(Mutex<Notes>);

impl Ledger {
    /// Locks the notes for writing.
    pub(crate) fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes whatever `who` was shown.
    pub(crate) fn heard(&self, who: &str, heard: &Heard) {
        let (channel, shown) = match heard {
            Heard::Snapshot(snapshot) => {
                let shown = Shown::Snapshot { offset: snapshot.offset, recovered: snapshot.recovered };
                (&snapshot.channel, shown)
            }
            Heard::Event(event) => {
                let Some(offset) = event.offset else { return };
                let mark = event.data["client_message_id"].as_str().and_then(|id| id.parse().ok());
                (&event.channel, Shown::Event { offset, kind: event.kind.clone(), mark })
            }
            Heard::Latest(latest) => (&latest.channel, Shown::Latest { at: latest.at }),
            Heard::Ended { channel, reason } => (channel, Shown::Ended { reason: reason.clone() }),
            Heard::Lost { code, reason } => {
                let why = code.map_or_else(|| reason.clone(), |code| format!("{code} {reason}"));
                self.notes().lost.push((system::now(), who.to_owned(), why));
                return;
            }
            Heard::Ready(_) | Heard::Acked(_) | Heard::Anomaly(_) => return,
        };
        let place = (who.to_owned(), channel.clone());
        self.notes().shown.entry(place).or_default().push(shown);
    }

    /// Why connections of `who` ended since then, and how much later that was.
    pub(crate) fn losses(&self, who: &str, since: Moment) -> Vec<String> {
        let notes = self.notes();
        let theirs =
            notes.lost.iter().filter(|(at, whose, _)| *at >= since && who.starts_with(whose.as_str()));
        theirs.map(|(at, _, why)| format!("{why} (+{} ms)", (*at - since).num_milliseconds())).collect()
    }

    /// Records something that must not happen.
    pub(crate) fn odd(&self, words: impl Into<String>) {
        self.notes().odd.push(words.into());
    }
}
