//! The rules and types of food delivery.
//!
//! Nothing here does I/O, waits, or reads a clock: the time, random numbers and new
//! ids come in as arguments, so that every rule is deterministic and can be tested and
//! replayed. There is one folder for each noun; the files beside the folders hold the
//! types that all nouns share.

pub mod audience;
pub mod auth;
pub mod cart;
pub mod catalogue;
pub mod cell;
pub mod channel;
pub mod clock;
pub mod coupon;
pub mod event;
pub mod fault;
pub mod gazetteer;
pub mod gcra;
pub mod geo;
mod hangul;
pub mod ids;
pub mod image;
pub mod ledger;
pub mod lookup;
pub mod menu;
pub mod network;
pub mod objects;
pub mod order;
pub mod payment;
mod percentage;
pub mod personal_data;
pub mod points;
pub mod privacy;
mod reason;
pub mod refusal;
pub mod reminder;
pub mod restaurant;
pub mod role;
pub mod search;
pub mod short_code;
pub mod support;
pub mod text;
pub mod tip;
pub mod tracking;
pub mod user;
mod version;
pub mod week;
pub mod won;
pub mod words;

pub use audience::{Audience, Party};
pub use cell::Cell;
pub use channel::Channel;
pub use clock::{Clock, Ids, Timestamp};
pub use event::{ChannelEffect, Event, EventKind};
pub use fault::Fault;
pub use geo::LatLon;
pub use ids::*;
pub use network::ClientNetwork;
pub use percentage::Percentage;
pub use reason::Reason;
pub use refusal::{Failure, Kind, Refusal, Refused};
pub use reminder::Reminder;
pub use role::{Principal, Role};
pub use text::{Text, TextFlaw, TextRule};
pub use version::ExpectedVersion;
pub use won::Won;
pub use words::Words;
