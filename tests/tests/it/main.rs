//! Whole-system tests: one module for each story, one binary for all.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says by a panic what went wrong, in its helpers too"
)]

mod architecture;
mod cart;
mod checkout;
mod compose;
mod connections;
mod documents;
mod every_text;
mod fabric;
mod faults;
mod kill;
mod limits;
mod map;
mod observe;
mod orders;
mod pages;
mod payments;
mod people;
mod policies;
mod ports;
mod privacy;
mod problems;
mod processes;
mod promises;
mod realtime;
mod release;
mod repeats;
mod replicas;
mod restaurants;
mod sessions;
mod start;
mod storm;
mod story;
mod subscribers;
mod support;
mod support_wire;
mod system;
mod text;
mod third_parties;
mod time;
mod traces;
mod tracking;
mod versions;
mod words;
