//! What is true: the rules and types of food delivery.
//!
//! Nothing here does I/O, waits, or looks at a clock: the time, random numbers
//! and new ids come in as arguments, so that every rule can be read, tested and
//! replayed. One folder for each noun; the files beside them are the words that
//! all nouns share.

pub mod audience;
pub mod auth;
pub mod cart;
pub mod cell;
pub mod channel;
pub mod clock;
pub mod event;
pub mod fault;
pub mod gazetteer;
pub mod gcra;
pub mod geo;
pub mod ids;
pub mod menu;
pub mod network;
pub mod objects;
pub mod order;
pub mod payment;
pub mod refusal;
pub mod reminder;
pub mod restaurant;
pub mod role;
pub mod short_code;
pub mod support;
pub mod text;
pub mod tip;
pub mod tracking;
pub mod user;
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
pub use refusal::{Failure, Kind, Refusal, Refused};
pub use reminder::Reminder;
pub use role::{Principal, Role};
pub use text::{Text, TextFlaw, TextRule};
pub use won::Won;
pub use words::Words;
