//! Who uses Baedal: customers, couriers, owners and agents as programs.
//!
//! They see only what a phone sees: the REST interface ([`api`]) and the
//! realtime socket ([`socket`]). The demo city, recorded tracks, whole-system
//! tests and the bench are all built of them, so whatever works here works for
//! a real client.
//!
//! Beside them stand the third parties that nobody can reach from here: [`sandbox`].
//!
//! Behaviour is drawn from a seed; the machine's clock and entropy are asked
//! in [`system`] only.

pub mod agent;
pub mod api;
pub mod calls;
pub mod city;
pub mod courier;
pub mod customer;
pub mod demo;
pub mod dial;
pub mod frame;
pub mod gpx;
pub mod ledger;
pub mod movement;
pub mod outbox;
pub mod owner;
pub mod person;
pub mod replay;
pub mod responses;
pub mod sandbox;
pub mod socket;
pub mod system;
mod worker;

pub use api::{Api, ApiError};
pub use socket::{Heard, Line, Socket};
