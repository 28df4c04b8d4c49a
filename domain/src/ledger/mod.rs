//! The ledger: where every won came from and went, in double entry.
//!
//! ```text
//! event                        debit                     credit
//! the gateway took money       gateway                   deposits
//! a refund is owed             deposits                  refunds
//! the gateway refunded it      refunds                   gateway
//! the order is over            deposits, amends          restaurant, courier, commission, VAT
//! ```
//! An [`Entry`] is written in the transaction of its event, is never changed, and its postings
//! add up to zero: neither an order, a day nor a restaurant can gain or lose a won. What customers
//! paid is a deposit until their order is over; then nothing of it is left.

mod check;
mod commission;
mod entries;
mod vat;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{CourierId, OrderId, RestaurantId, Won};

pub use check::{Discrepancy, Wrong, check};
pub use commission::CommissionRate;
pub use entries::{order_shared, payment_taken, refund_owed, refund_paid};
pub use vat::{Taxed, vat_on_top};

/// Whose money it is, or what it was spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "account", content = "party_id", rename_all = "snake_case")]
pub enum Account {
    /// What the payment gateway has taken and not given back.
    Gateway,
    /// What was paid for orders that are not over.
    Deposits,
    /// What customers get back as soon as the gateway has done it.
    Refunds,
    /// What a restaurant is owed; a debit balance is what it owes.
    Restaurant(RestaurantId),
    /// What a courier is owed.
    Courier(CourierId),
    /// What the platform earned by bringing restaurants and customers together, without VAT.
    Commission,
    /// The VAT of that, which is owed to the state.
    Vat,
    /// What the platform paid because of its own or a courier's fault.
    Amends,
}

impl Account {
    /// The name in the store and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Deposits => "deposits",
            Self::Refunds => "refunds",
            Self::Restaurant(_) => "restaurant",
            Self::Courier(_) => "courier",
            Self::Commission => "commission",
            Self::Vat => "vat",
            Self::Amends => "amends",
        }
    }

    /// Whose account it is, if there is one for each party.
    pub fn party(self) -> Option<Uuid> {
        match self {
            Self::Restaurant(id) => Some(id.0),
            Self::Courier(id) => Some(id.0),
            _ => None,
        }
    }

    /// The account of that name and party.
    pub fn parse(name: &str, party: Option<Uuid>) -> Option<Self> {
        Some(match (name, party) {
            ("gateway", None) => Self::Gateway,
            ("deposits", None) => Self::Deposits,
            ("refunds", None) => Self::Refunds,
            ("restaurant", Some(id)) => Self::Restaurant(RestaurantId(id)),
            ("courier", Some(id)) => Self::Courier(CourierId(id)),
            ("commission", None) => Self::Commission,
            ("vat", None) => Self::Vat,
            ("amends", None) => Self::Amends,
            _ => return None,
        })
    }
}

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// The gateway took money. Its reference is the payment.
    PaymentTaken,
    /// Money has to go back to the customer. Its reference is the refund.
    RefundOwed,
    /// The gateway gave it back. Its reference is the refund.
    RefundPaid,
    /// An order is over, and what was kept of its payment is shared. Its reference is the order.
    OrderShared,
}

impl EntryKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::PaymentTaken, Self::RefundOwed, Self::RefundPaid, Self::OrderShared];

    /// The name in the store and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PaymentTaken => "payment_taken",
            Self::RefundOwed => "refund_owed",
            Self::RefundPaid => "refund_paid",
            Self::OrderShared => "order_shared",
        }
    }

    /// The kind with that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A part of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// The account.
    #[serde(flatten)]
    pub account: Account,
    /// A debit if positive, a credit if negative; never zero.
    #[serde(rename = "amount_won")]
    pub amount: Won,
}

/// One event in the ledger. There is one of each kind and reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What happened.
    pub kind: EntryKind,
    /// To what: see [`EntryKind`].
    pub reference: Uuid,
    /// The order that it belongs to.
    pub order: OrderId,
    /// Its parts; together they are zero.
    pub postings: Vec<Posting>,
}

impl Entry {
    /// An entry of these parts, without those of zero won. `None` if nothing is left.
    fn of(
        (kind, reference): (EntryKind, Uuid),
        order: OrderId,
        parts: impl IntoIterator<Item = (Account, i64)>,
    ) -> Option<Self> {
        let parts = parts.into_iter().filter(|(_, amount)| *amount != 0);
        let postings: Vec<Posting> =
            parts.map(|(account, amount)| Posting { account, amount: Won(amount) }).collect();
        (!postings.is_empty()).then_some(Self { kind, reference, order, postings })
    }

    /// The sum of its postings, in more bits than they have: zero, or it must not be written.
    pub fn sum(&self) -> i128 {
        self.postings.iter().map(|posting| i128::from(posting.amount.0)).sum()
    }
}
