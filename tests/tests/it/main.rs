//! Whole-system tests: one module for each story, one binary for all.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says by a panic what went wrong, in its helpers too"
)]

mod adjustments;
mod architecture;
mod cancellations;
mod cart;
mod checkout;
mod compose;
mod compression;
mod connections;
mod coupons;
mod documents;
mod endings;
mod every_text;
mod fabric;
mod faults;
mod guest_carts;
mod handover;
mod identity;
mod kill;
mod ledger;
mod limits;
mod live_carts;
mod map;
mod menus;
mod money;
mod observe;
mod operators;
mod orders;
mod outages;
mod pages;
mod payment_methods;
mod payments;
mod people;
mod points;
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
mod search;
mod security;
mod sessions;
mod shop;
mod shopping;
mod slots;
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
mod timeline;
mod traces;
mod tracking;
mod versions;
mod window_payments;
mod words;
