//! How REST asks: one folder for each service's adapter, and the kit that all
//! of them are made of.
//!
//! A handler turns a request into one call of `services` and its answer into
//! JSON. It decides nothing: who may, and what may be done, is said further in.

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
