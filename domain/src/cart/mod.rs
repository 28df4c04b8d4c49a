//! The cart, and the quote with its guaranteed price.

pub mod pricing;
pub mod quote;
pub mod state;

pub use pricing::{Checkout, PricedLine, price};
pub use quote::{DropOff, Method, Problem, Quote, QuoteRefusal, QuotedLine, QuotedOption};
pub use state::{Cart, CartRefusal, Command, Line, NewLine};
