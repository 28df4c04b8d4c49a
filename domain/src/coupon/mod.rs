//! Coupons (쿠폰): a campaign issues them, a customer claims one, an order uses it.
//!
//! ```text
//! claimed ─ an order is placed with it ─▶ reserved ─ it is paid ─▶ redeemed
//!    ▲                                       │                       │
//!    └──────── released: the order ended, and its customer bears nothing of it
//! ```
//! A campaign issues at most so many, and at most so many to one customer. A cart has one of each
//! [`Kind`] at most. What a coupon gives is worked out anew with every quote ([`discount`]), and is
//! written down with the order, line by line.

mod code;
mod discount;
mod terms;

use serde::{Deserialize, Serialize};

use crate::{CampaignId, CouponId, OrderId, Refusal, Refused, Timestamp, UserId};

pub use code::CouponCode;
pub(crate) use discount::off;
pub use discount::{Basket, Discount, Discounts, Inapplicable, allocate, discount};
pub use terms::{Benefit, Funder, Kind, Terms};

/// The most coupons that one customer holds unused.
pub const UNUSED_MAX: u32 = 200;

/// An issue of coupons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Campaign {
    /// Its id.
    pub id: CampaignId,
    /// What its coupons give, to whom and when; never changed.
    pub terms: Terms,
    /// How many of its coupons were claimed.
    pub issued: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was withdrawn: nothing is issued any more, and no coupon of it can be used. Orders that
    /// have one keep it.
    pub withdrawn_at: Option<Timestamp>,
}

impl Campaign {
    /// Refuses to issue a coupon at `now` to somebody who has had `had` of them.
    pub fn check_claim(&self, had: u32, now: Timestamp) -> Result<(), CouponRefusal> {
        let terms = &self.terms;
        if had >= terms.per_customer {
            return Err(CouponRefusal::AlreadyClaimed);
        }
        if self.withdrawn_at.is_some() || now >= terms.until {
            return Err(CouponRefusal::Over);
        }
        if now < terms.from {
            return Err(CouponRefusal::NotYet { from: terms.from });
        }
        if self.is_exhausted() {
            return Err(CouponRefusal::Exhausted);
        }
        Ok(())
    }

    /// Whether all of its coupons are issued.
    pub fn is_exhausted(&self) -> bool {
        self.terms.total.is_some_and(|total| self.issued >= total)
    }
}

/// How far a coupon is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CouponState {
    /// It can be used.
    Claimed,
    /// An order that is not paid yet holds it. Another order of its customer would take that one's place.
    Reserved(OrderId),
    /// An order has used it.
    Redeemed(OrderId),
}

impl CouponState {
    /// The name in the store and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Reserved(_) => "reserved",
            Self::Redeemed(_) => "redeemed",
        }
    }

    /// The state of that name and order.
    pub fn parse(name: &str, order: Option<OrderId>) -> Option<Self> {
        match (name, order) {
            ("claimed", None) => Some(Self::Claimed),
            ("reserved", Some(order)) => Some(Self::Reserved(order)),
            ("redeemed", Some(order)) => Some(Self::Redeemed(order)),
            _ => None,
        }
    }

    /// The order that has it.
    pub fn order(self) -> Option<OrderId> {
        match self {
            Self::Claimed => None,
            Self::Reserved(order) | Self::Redeemed(order) => Some(order),
        }
    }
}

/// A customer's coupon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coupon {
    /// Its id.
    pub id: CouponId,
    /// The campaign that issued it.
    pub campaign: CampaignId,
    /// Whose it is.
    pub customer: UserId,
    /// What it gives.
    pub terms: Terms,
    /// Whether its campaign was withdrawn.
    pub is_withdrawn: bool,
    /// How far it is.
    pub state: CouponState,
    /// When it was claimed.
    pub claimed_at: Timestamp,
}

/// A coupon that is chosen in a cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    /// The coupon.
    pub coupon: CouponId,
    /// What it takes something off; a cart has one of each kind at most.
    pub kind: Kind,
}

/// Why no coupon is issued, or none chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CouponRefusal {
    /// No campaign has this code.
    UnknownCode,
    /// They have had as many as there are for one customer.
    AlreadyClaimed,
    /// The campaign has not begun.
    NotYet {
        /// When it begins.
        from: Timestamp,
    },
    /// The campaign is over.
    Over,
    /// All coupons are issued.
    Exhausted,
    /// They hold [`UNUSED_MAX`] unused ones.
    TooMany,
    /// An order has used it.
    Used,
    /// Another campaign has this code.
    CodeTaken,
}

impl Refusal for CouponRefusal {
    fn refused(&self) -> Refused {
        match self {
            Self::UnknownCode => unknown_code(),
            Self::AlreadyClaimed => already_claimed(),
            Self::NotYet { from } => not_yet(from.to_rfc3339()),
            Self::Over => over(),
            Self::Exhausted => exhausted(),
            Self::TooMany => too_many(UNUSED_MAX),
            Self::Used => used(),
            Self::CodeTaken => code_taken(),
        }
    }
}

crate::refusals! {
    unknown_code() => NotFound "coupon.unknown_code":
        "쿠폰 코드를 다시 확인해 주세요.", "There is no coupon with this code. Please check it.";
    already_claimed() => Conflict "coupon.already_claimed": "이미 받은 쿠폰이에요.", "You have had this coupon already.";
    not_yet(from) => Rule "coupon.not_yet": "아직 받을 수 없는 쿠폰이에요.", "This coupon cannot be had yet.";
    over() => Rule "coupon.over": "끝난 쿠폰이에요.", "This coupon is over.";
    exhausted() => Rule "coupon.exhausted": "쿠폰이 모두 소진됐어요.", "All of these coupons are gone.";
    too_many(max) => Rule "coupon.too_many":
        "쿠폰은 {max}장까지 가질 수 있어요. 가진 쿠폰을 먼저 써 주세요.",
        "At most {max} coupons can be held. Please use some of them first.";
    code_taken() => Conflict "coupon.code_taken":
        "다른 쿠폰이 쓰는 코드예요.", "Another campaign has this code.";
    used() => Rule "coupon.used": "이미 사용한 쿠폰이에요.", "This coupon was used already.";
}

#[cfg(test)]
mod tests {
    use chrono::Duration;
    use uuid::Uuid;

    use super::terms::tests::{noon, terms};
    use super::*;

    fn campaign(terms: Terms) -> Campaign {
        let id = Uuid::from_u128(1).into();
        Campaign { id, terms, issued: 0, created_at: noon(), withdrawn_at: None }
    }

    #[test]
    fn a_campaign_issues_from_its_first_moment_until_before_its_last() {
        let campaign = campaign(terms());
        let (from, until) = (campaign.terms.from, campaign.terms.until);
        let early = from - Duration::milliseconds(1);
        assert_eq!(campaign.check_claim(0, early), Err(CouponRefusal::NotYet { from }));
        assert_eq!(campaign.check_claim(0, from), Ok(()));
        assert_eq!(campaign.check_claim(0, until - Duration::milliseconds(1)), Ok(()));
        assert_eq!(campaign.check_claim(0, until), Err(CouponRefusal::Over));
        let withdrawn = Campaign { withdrawn_at: Some(from), ..campaign };
        assert_eq!(withdrawn.check_claim(0, from), Err(CouponRefusal::Over));
    }

    #[test]
    fn no_more_is_issued_than_there_is_in_all_and_for_one_customer() {
        let ten = campaign(Terms { total: Some(10), per_customer: 2, ..terms() });
        assert_eq!(ten.check_claim(1, noon()), Ok(()));
        assert_eq!(ten.check_claim(2, noon()), Err(CouponRefusal::AlreadyClaimed));
        let last = Campaign { issued: 9, ..ten.clone() };
        assert_eq!(last.check_claim(0, noon()), Ok(()));
        let gone = Campaign { issued: 10, ..ten };
        assert_eq!(gone.check_claim(0, noon()), Err(CouponRefusal::Exhausted));
        // Who has one is told so, rather than that there are no more.
        assert_eq!(gone.check_claim(2, noon()), Err(CouponRefusal::AlreadyClaimed));
    }

    #[test]
    fn each_state_is_found_by_its_name_and_order() {
        let order = OrderId(Uuid::from_u128(9));
        for state in [CouponState::Claimed, CouponState::Reserved(order), CouponState::Redeemed(order)] {
            assert_eq!(CouponState::parse(state.as_str(), state.order()), Some(state));
        }
        assert_eq!(CouponState::parse("claimed", Some(order)), None);
        assert_eq!(CouponState::parse("redeemed", None), None);
    }
}
