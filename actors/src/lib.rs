//! The entities (couriers, orders, chat sessions, carts) and the position log, under supervision.
//!
//! ```text
//! root
//! ├── orders   ── order …      one supervisor per kind: directory, activation,
//! ├── couriers ── courier …    passivation, crash limit and quarantine
//! ├── chats    ── chat …
//! ├── carts    ── cart …
//! └── workers  ── position log, reactions and reminders, partition keeper
//! ```
//! Actors deal in domain events; they know nothing of frames or status codes.
//! Actors deal in domain events: they never see a frame or a status code.

pub mod cart;
pub mod chat;
pub mod courier;
pub mod order;
pub mod position_log;
