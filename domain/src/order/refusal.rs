//! How an order says no.

use super::Status;
use crate::{Kind, Refusal, Won};

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderRefusal {
    /// The table has no such line.
    #[error("An order that is {} can't be asked to {command}.", .status.as_str())]
    Transition {
        /// Where it stands.
        status: Status,
        /// What was asked.
        command: &'static str,
    },
    /// Not somebody whose order it is.
    #[error("There is no such order.")]
    NotYours,
    /// Its own people, but not for this.
    #[error("You may not do this to the order.")]
    NotForYou,
    /// The quote can't be ordered from any more.
    #[error("The price promise has expired; please look at the price again.")]
    QuoteExpired,
    /// The quote has problems that forbid to order.
    #[error("This can't be ordered as it is.")]
    NotOrderable,
    /// The slot is too near or too far.
    #[error("An order can be scheduled for 45 minutes to 7 days from now.")]
    SlotOutOfRange,
    /// Preparation takes 5 to 90 minutes.
    #[error("Preparation takes 5 to 90 minutes.")]
    PreparationOutOfRange,
    /// The paid amount is not what the order costs.
    #[error("The paid amount is not the payable one, {payable}.")]
    AmountDiffers {
        /// What it costs.
        payable: Won,
    },
    /// The customer's code is another one.
    #[error("The code is not the customer's.")]
    WrongCode,
    /// No courier has the delivery.
    #[error("You are not the courier of this order.")]
    NotItsCourier,
    /// The order is cancelled without asking; or one is open already.
    #[error("There is an open request to cancel already.")]
    CancelRequestOpen,
    /// There is none to decide on.
    #[error("There is no open request to cancel.")]
    NoCancelRequest,
    /// Too long a text.
    #[error("A text has at most 200 characters.")]
    TextTooLong,
}

impl Refusal for OrderRefusal {
    fn code(&self) -> &'static str {
        match self {
            OrderRefusal::Transition { .. } => "order.transition_refused",
            OrderRefusal::NotYours => "not_found",
            OrderRefusal::NotForYou => "forbidden",
            OrderRefusal::QuoteExpired => "order.quote_expired",
            OrderRefusal::NotOrderable => "order.not_orderable",
            OrderRefusal::SlotOutOfRange => "order.slot_out_of_range",
            OrderRefusal::PreparationOutOfRange => "order.preparation_out_of_range",
            OrderRefusal::AmountDiffers { .. } => "order.amount_differs",
            OrderRefusal::WrongCode => "order.wrong_code",
            OrderRefusal::NotItsCourier => "order.not_its_courier",
            OrderRefusal::CancelRequestOpen => "order.cancel_request_open",
            OrderRefusal::NoCancelRequest => "order.no_cancel_request",
            OrderRefusal::TextTooLong => "order.text_too_long",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            OrderRefusal::NotYours => Kind::NotFound,
            OrderRefusal::NotForYou | OrderRefusal::NotItsCourier => Kind::Forbidden,
            OrderRefusal::SlotOutOfRange
            | OrderRefusal::PreparationOutOfRange
            | OrderRefusal::TextTooLong => Kind::Invalid,
            OrderRefusal::Transition { .. } | OrderRefusal::CancelRequestOpen => Kind::Conflict,
            _ => Kind::Rule,
        }
    }
}
