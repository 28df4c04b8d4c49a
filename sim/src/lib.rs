//! Simulated users of Baedal: customers, couriers, owners and agents as programs.
//!
//! They use only what a phone uses: the REST interface ([`api`]) and the
//! realtime socket ([`socket`]). The demo city, the replay of recorded tracks,
//! whole-system tests and the bench are built on them, so what works here
//! works for a real client.
//!
//! [`sandbox`] stands in for the third parties that tests cannot reach.
//!
//! Behaviour is drawn from a seed; only [`system`] reads the machine's clock
//! and entropy.

pub mod agent;
pub mod api;
pub mod calls;
pub mod card;
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
pub mod window;
mod worker;

pub use api::{Api, ApiError};
pub use socket::{Heard, Line, Socket};
