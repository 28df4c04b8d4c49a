//! The WebSocket protocol `baedal.v1.json`.
//!
//! `PROTOCOL.md` is the reference for clients. This crate has the frames ([`frame`]), the close
//! codes ([`close`]), and the task that serves one socket. The publications come from [`hub`],
//! which the event streams over HTTP share; the limits are [`hub::SocketLimits`].

pub mod close;
mod commands;
mod courier;
pub mod frame;
mod handshake;
mod routes;
mod session;
mod wire;

pub use routes::{SUBPROTOCOL, routes};

/// The AsyncAPI 3 document of the protocol, served beside the OpenAPI one.
pub const ASYNCAPI: &str = include_str!("../asyncapi.json");

#[cfg(test)]
mod reference_tests;
