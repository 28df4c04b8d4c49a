//! The cart, and the quote with its guaranteed price.

pub mod alcohol;
mod checkout;
mod event;
mod guest;
pub mod pricing;
pub mod quote;
pub mod state;

pub use checkout::Checkout;
pub use event::{CartChanged, CartEventKind};
pub use guest::{GuestCart, GuestLine};
pub use pricing::{PricedLine, price};
pub use quote::{
    DropOff, LineShare, Method, Problem, PromisedWindow, Quote, QuoteRefusal, QuotedLine, QuotedOption,
};
pub use state::{Cart, CartRefusal, Command, Line, NewLine};
