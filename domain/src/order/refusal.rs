//! How an order says no.

use super::Status;
use crate::short_code::CodeLocked;
use crate::{Fault, Kind, Refusal, TextFlaw, Timestamp, Won};

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
    /// The same was ordered before, in another way or with other words.
    #[error("This was ordered with other wishes already.")]
    WishesDiffer,
    /// The request names another way or time than the quote.
    #[error("The quote is for another way or time; ask for a new one.")]
    NotAsQuoted,
    /// An older order of the customer is being paid.
    #[error("Another order is being paid; wait for its outcome.")]
    PaymentOpen,
    /// It was not paid in time.
    #[error("The time to pay this order is over.")]
    PaymentOverdue,
    /// The slot has passed.
    #[error("The time that this was ordered for is over.")]
    SlotOver,
    /// The restaurant closed or paused since the order was made.
    #[error("The restaurant takes no orders at that time any more; nothing was charged.")]
    RestaurantClosed {
        /// When it opens, where that is known.
        next_open_at: Option<Timestamp>,
    },
    /// Something that was ordered cannot be had any more.
    #[error("Something in this order is sold out; nothing was charged.")]
    SoldOut {
        /// Which lines, by their place in the order.
        lines: Vec<Fault>,
    },
    /// Nothing of it can be ordered again.
    #[error("Nothing of this order can be had any more.")]
    NothingToReorder {
        /// Why not, by the lines' places in the order.
        lines: Vec<Fault>,
    },
    /// Far more is called sold out than any order has.
    #[error("At most 50 dishes can be called sold out at once.")]
    TooManySoldOut,
    /// What is called sold out is not part of the order.
    #[error("The order has no such dish.")]
    NotInOrder {
        /// The places in the list that are at fault.
        at: Vec<usize>,
    },
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
    /// The code was tried too often.
    #[error("The code was wrong too often and is locked.")]
    CodeLocked,
    /// No courier has the delivery.
    #[error("You are not the courier of this order.")]
    NotItsCourier,
    /// The courier is not at the door.
    #[error("Only at the door can the customer be waited for.")]
    NotAtDoor,
    /// Nobody tried to reach the customer.
    #[error("The customer was not contacted from the door.")]
    NoContact,
    /// The customer was tried in too few ways.
    #[error("Try at least two ways first: a call, a message, or the door.")]
    ContactTooFew,
    /// The customer still has time to come.
    #[error("The customer is waited for until {}.", until.to_rfc3339())]
    ContactRunning {
        /// Until when.
        until: Timestamp,
    },
    /// More attempts or answers than anybody needs.
    #[error("At most 20 of these are recorded.")]
    TooManyContacts,
    /// The order is cancelled without asking; or one is open already.
    #[error("There is an open request to cancel already.")]
    CancelRequestOpen,
    /// There is none to decide on.
    #[error("There is no open request to cancel.")]
    NoCancelRequest,
    /// Text that is too long, or that a ticket printer or a screen would not show as it
    /// stands.
    #[error("{flaw}")]
    TextRefused {
        /// The field.
        pointer: &'static str,
        /// What is wrong with it.
        flaw: TextFlaw,
    },
}

impl Refusal for OrderRefusal {
    fn code(&self) -> &'static str {
        match self {
            OrderRefusal::Transition { .. } => "order.transition_refused",
            OrderRefusal::NotYours => "not_found",
            OrderRefusal::NotForYou => "forbidden",
            OrderRefusal::QuoteExpired => "order.quote_expired",
            OrderRefusal::NotOrderable => "order.not_orderable",
            OrderRefusal::WishesDiffer | OrderRefusal::NotAsQuoted => "order.wishes_differ",
            OrderRefusal::PaymentOpen => "order.payment_open",
            OrderRefusal::PaymentOverdue => "order.payment_overdue",
            OrderRefusal::SlotOver => "order.slot_over",
            OrderRefusal::RestaurantClosed { .. } => "order.restaurant_closed",
            OrderRefusal::SoldOut { .. } => "order.sold_out",
            OrderRefusal::NothingToReorder { .. } => "order.nothing_to_reorder",
            OrderRefusal::NotInOrder { .. } | OrderRefusal::TooManySoldOut => "invalid",
            OrderRefusal::PreparationOutOfRange => "order.preparation_out_of_range",
            OrderRefusal::AmountDiffers { .. } => "order.amount_differs",
            OrderRefusal::WrongCode => "order.wrong_code",
            OrderRefusal::CodeLocked => "order.code_locked",
            OrderRefusal::NotItsCourier => "order.not_its_courier",
            OrderRefusal::NotAtDoor => "order.not_at_door",
            OrderRefusal::NoContact => "order.no_contact",
            OrderRefusal::ContactTooFew => "order.contact_too_few",
            OrderRefusal::ContactRunning { .. } => "order.contact_running",
            OrderRefusal::TooManyContacts => "order.too_many_contacts",
            OrderRefusal::CancelRequestOpen => "order.cancel_request_open",
            OrderRefusal::NoCancelRequest => "order.no_cancel_request",
            OrderRefusal::TextRefused { flaw: TextFlaw::TooLong { .. }, .. } => "order.text_too_long",
            OrderRefusal::TextRefused { .. } => "order.text_refused",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            OrderRefusal::NotYours => Kind::NotFound,
            OrderRefusal::NotForYou | OrderRefusal::NotItsCourier => Kind::Forbidden,
            OrderRefusal::PreparationOutOfRange
            | OrderRefusal::TextRefused { .. }
            | OrderRefusal::TooManySoldOut
            | OrderRefusal::NotInOrder { .. } => Kind::Invalid,
            OrderRefusal::Transition { .. }
            | OrderRefusal::NotAtDoor
            | OrderRefusal::NoContact
            | OrderRefusal::ContactTooFew
            | OrderRefusal::ContactRunning { .. }
            | OrderRefusal::CancelRequestOpen
            | OrderRefusal::WishesDiffer
            | OrderRefusal::NotAsQuoted
            | OrderRefusal::PaymentOpen
            | OrderRefusal::PaymentOverdue
            | OrderRefusal::SlotOver
            | OrderRefusal::RestaurantClosed { .. }
            | OrderRefusal::SoldOut { .. }
            | OrderRefusal::NothingToReorder { .. } => Kind::Conflict,
            _ => Kind::Rule,
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            OrderRefusal::SoldOut { lines } | OrderRefusal::NothingToReorder { lines } => lines.clone(),
            OrderRefusal::TextRefused { pointer, flaw } => {
                vec![Fault { pointer: (*pointer).into(), code: flaw.code(), detail: flaw.to_string() }]
            }
            OrderRefusal::TooManySoldOut => vec![Fault {
                pointer: "/sold_out_menu_ids".into(),
                code: "out_of_range",
                detail: "At most 50.".into(),
            }],
            OrderRefusal::NotInOrder { at } => at.iter().map(|at| not_in_order(*at)).collect(),
            OrderRefusal::RestaurantClosed { next_open_at: Some(at) } => {
                let detail = format!("It opens at {}.", at.to_rfc3339());
                vec![Fault { pointer: "/slot".into(), code: "closed", detail }]
            }
            _ => Vec::new(),
        }
    }
}

fn not_in_order(at: usize) -> Fault {
    Fault {
        pointer: format!("/sold_out_menu_ids/{at}"),
        code: "not_in_order",
        detail: "The order has no such dish.".into(),
    }
}

impl From<CodeLocked> for OrderRefusal {
    fn from(_: CodeLocked) -> Self {
        OrderRefusal::CodeLocked
    }
}
