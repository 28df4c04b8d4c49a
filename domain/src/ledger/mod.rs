//! The ledger: where every won came from and went, in double entry.
//!
//! ```text
//! event                        debit                     credit
//! the gateway took money       gateway                   deposits
//! a refund is owed             deposits                  refunds
//! the gateway refunded it      refunds                   gateway
//! the order is over            deposits, coupons,        restaurant, courier, commission, VAT
//!                              amends
//! something of it is given      restaurant, courier,      deposits, coupons
//! back after all                amends, commission, VAT
//! points are earned or given   rewards                   points
//! points pay for an order      points                    deposits
//! they go back                 deposits                  points
//! they expire                  points                    rewards
//! ```
//! An [`Entry`] is written in the transaction of its event, is never changed, and its postings
//! add up to zero: neither an order, a day nor a restaurant can gain or lose a won. What customers
//! paid is a deposit until their order is over; then nothing of it is left.

mod check;
mod entries;
mod vat;

use uuid::Uuid;

use crate::{CourierId, OrderId, RestaurantId, UserId, Won};

pub use check::{Discrepancy, Facts, Wrong, check};
pub use entries::{
    order_adjusted, order_shared, payment_taken, points_earned, points_expired, points_given,
    points_returned, points_used, refund_owed, refund_paid,
};
pub use vat::{Taxed, vat_on_top};

/// Whose money it is, or what it was spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
    /// What the platform gave by coupons.
    Coupons,
    /// The points that a customer has.
    Points(UserId),
    /// What the platform gave by points.
    Rewards,
}

impl Account {
    /// The names of all accounts.
    pub const NAMES: [&str; 11] = [
        "gateway",
        "deposits",
        "refunds",
        "restaurant",
        "courier",
        "commission",
        "vat",
        "amends",
        "coupons",
        "points",
        "rewards",
    ];

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
            Self::Coupons => "coupons",
            Self::Points(_) => "points",
            Self::Rewards => "rewards",
        }
    }

    /// Whose account it is, if there is one for each party.
    pub fn party(self) -> Option<Uuid> {
        match self {
            Self::Restaurant(id) => Some(id.0),
            Self::Courier(id) => Some(id.0),
            Self::Points(id) => Some(id.0),
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
            ("coupons", None) => Self::Coupons,
            ("points", Some(id)) => Self::Points(UserId(id)),
            ("rewards", None) => Self::Rewards,
            _ => return None,
        })
    }
}

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntryKind {
    /// The gateway took money. Its reference is the payment.
    PaymentTaken,
    /// Money has to go back to the customer. Its reference is the refund.
    RefundOwed,
    /// The gateway gave it back. Its reference is the refund.
    RefundPaid,
    /// An order is over, and what was kept of its payment is shared. Its reference is the order.
    OrderShared,
    /// Something of an order was given back once it had arrived. Its reference is the adjustment.
    OrderAdjusted,
    /// A completed order earned points. Its reference is their lot.
    PointsEarned,
    /// An operator gave points. Its reference is their lot.
    PointsGiven,
    /// Points paid for an order. Its reference is the order.
    PointsUsed,
    /// Points went back from an order. Its reference is the order if it ended, or what was taken out of it or
    /// given back later.
    PointsReturned,
    /// What was left of a lot expired. Its reference is of its own.
    PointsExpired,
}

impl EntryKind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::PaymentTaken,
        Self::RefundOwed,
        Self::RefundPaid,
        Self::OrderShared,
        Self::OrderAdjusted,
        Self::PointsEarned,
        Self::PointsGiven,
        Self::PointsUsed,
        Self::PointsReturned,
        Self::PointsExpired,
    ];

    /// The name in the store and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PaymentTaken => "payment_taken",
            Self::RefundOwed => "refund_owed",
            Self::RefundPaid => "refund_paid",
            Self::OrderShared => "order_shared",
            Self::OrderAdjusted => "order_adjusted",
            Self::PointsEarned => "points_earned",
            Self::PointsGiven => "points_given",
            Self::PointsUsed => "points_used",
            Self::PointsReturned => "points_returned",
            Self::PointsExpired => "points_expired",
        }
    }

    /// The kind with that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A part of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The account.
    pub account: Account,
    /// A debit if positive, a credit if negative; never zero.
    pub amount: Won,
}

/// One event in the ledger. There is one of each kind and reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What happened.
    pub kind: EntryKind,
    /// To what: see [`EntryKind`].
    pub reference: Uuid,
    /// The order that it belongs to; none of points that are given and that expire.
    pub order: Option<OrderId>,
    /// Its parts; together they are zero.
    pub postings: Vec<Posting>,
}

impl Entry {
    /// An entry of these parts, without those of zero won. `None` if nothing is left.
    fn of(
        (kind, reference): (EntryKind, Uuid),
        order: Option<OrderId>,
        parts: impl IntoIterator<Item = (Account, i64)>,
    ) -> Option<Self> {
        let parts = parts.into_iter().filter(|(_, amount)| *amount != 0);
        let postings: Vec<Posting> =
            parts.map(|(account, amount)| Posting { account, amount: Won(amount) }).collect();
        (!postings.is_empty()).then_some(Self { kind, reference, order, postings })
    }

    /// What it posts on an account.
    pub fn on(&self, account: Account) -> Won {
        Won(self.postings.iter().filter(|it| it.account == account).map(|it| it.amount.0).sum())
    }

    /// The sum of its postings, in more bits than they have: zero, or it must not be written.
    pub fn sum(&self) -> i128 {
        self.postings.iter().map(|posting| i128::from(posting.amount.0)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_account_is_found_by_its_name_and_party() {
        let (one, nobody) = (Some(Uuid::from_u128(1)), None);
        for name in Account::NAMES {
            let found = [one, nobody].map(|party| Account::parse(name, party));
            let account = found.into_iter().flatten().collect::<Vec<_>>();
            assert_eq!(account.len(), 1, "{name} has a party, or none");
            assert_eq!(account[0].as_str(), name);
            assert_eq!(Account::parse(name, account[0].party()), Some(account[0]));
        }
        assert_eq!(Account::parse("nobody", None), None);
    }
}
