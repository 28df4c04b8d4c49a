//! The REST adapters: one folder for each service, and the kit that all of them use.
//!
//! A handler turns a request into one call of `services` and the result into JSON. It decides
//! nothing: permissions and rules are checked in `services` and `domain`.

pub mod auth;
pub mod cart;
pub mod gateway;
pub mod kit;
pub mod menu;
pub mod order;
pub mod payment;
pub mod restaurant;
pub mod support;
pub mod system;
pub mod tracking;
pub mod user;
