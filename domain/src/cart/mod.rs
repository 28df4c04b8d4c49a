//! What a customer means to order, and the price they are promised for it.

pub mod quote;

pub use quote::{DropOff, Problem, Quote, QuoteRefusal, QuotedLine, QuotedOption};
