//! All frames of the protocol, one closed enum for each direction. `PROTOCOL.md` is the reference
//! for clients, and a test compares it with these types.

mod client;
mod server;

pub use client::{BadFrame, ClientFrame, Fix, Position, REF_CHARS, Request};
pub use server::{Eta, Place, Problem, ProblemFault, ServerFrame, write};
