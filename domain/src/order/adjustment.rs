//! What an operator gives back of an order once its food has arrived, or the order is over, because
//! something was wrong with it; and who bears it.
//!
//! ```text
//! fault                bears food, or an amount    bears the tip
//! restaurant           restaurant                  restaurant
//! courier              platform                    courier
//! platform, customer   platform                    platform
//! ```
//! Nobody owes a customer anything for their own fault: what the platform gives all the same is goodwill.
//!
//! What goes back of a dish is what the customer paid for it, as with a [`Cancellation`]. A restaurant or a
//! courier that bears something loses all that it was given for it: what the platform gave by coupons is
//! the platform's again. Coupons stay used, and points that the order earned stay earned: the trouble was
//! not the customer's. Money goes back before points, and all of it together is never more than was paid.
//!
//! [`Cancellation`]: super::Cancellation

use serde::{Deserialize, Serialize};

use super::cancellation::{in_proportion, take_out, take_parts};
use super::{Back, Fault, LinePart, Order, OrderRefusal, Status};
use crate::cart::QuotedLine;
use crate::coupon::Funder;
use crate::{AdjustmentId, Timestamp, UserId, Won};

/// What is to be given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// What was paid for these dishes, and for bringing them.
    Parts {
        /// The dishes.
        lines: Vec<LinePart>,
        /// The delivery tip as well.
        tip: bool,
    },
    /// An amount, more than nothing.
    Amount(Won),
}

/// An operator's decision to give something back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdjustmentRequest {
    /// What.
    pub wanted: Wanted,
    /// Why.
    pub reason: AdjustmentReason,
    /// By whose fault.
    pub fault: Fault,
    /// Who decided it.
    pub operator: UserId,
}

/// Why something is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdjustmentReason {
    /// Something did not come.
    Missing,
    /// Something else came.
    Wrong,
    /// It was cold, spilled or spoiled.
    Quality,
    /// It came much too late.
    Late,
    /// Anything else.
    Other,
}

impl AdjustmentReason {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Missing, Self::Wrong, Self::Quality, Self::Late, Self::Other];

    /// The name in the store and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Wrong => "wrong",
            Self::Quality => "quality",
            Self::Late => "late",
            Self::Other => "other",
        }
    }
}

/// What was given back of an order at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    /// Its id, which is also that of the refund.
    pub id: AdjustmentId,
    /// The dishes: quantity, total and discounts of each. None of an amount.
    pub lines: Vec<QuotedLine>,
    /// Whether the delivery tip is part of it.
    pub tip: bool,
    /// What goes back.
    pub back: Back,
    /// Why.
    pub reason: AdjustmentReason,
    /// By whose fault.
    pub fault: Fault,
    /// The operator who decided it.
    pub operator: UserId,
    /// When.
    pub at: Timestamp,
}

/// What is left of an order that can be given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remainder {
    /// The dishes that the customer pays for.
    pub lines: Vec<QuotedLine>,
    /// What they pay for bringing it.
    pub tip: Won,
    /// What they pay for all of it: no more goes back, whatever for.
    pub paid: Back,
}

/// What each party bears of an [`Adjustment`]: zero or more. Together it is what goes back, and what comes
/// back to the platform of its coupons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Burden {
    /// What the restaurant has not sold after all.
    pub food: Won,
    /// What the restaurant pays for bringing it.
    pub restaurant_tip: Won,
    /// What the courier bears.
    pub courier: Won,
    /// What the platform bears.
    pub platform: Won,
    /// What comes back of the platform's coupons.
    pub coupons: Won,
}

impl Burden {
    /// What the restaurant bears.
    pub fn restaurant(&self) -> Won {
        Won(self.food.0 + self.restaurant_tip.0)
    }
}

impl Order {
    /// Whether it was delivered or collected, or is over: what was wrong with it can be made good.
    pub fn has_arrived(&self) -> bool {
        self.status.is_terminal() || self.status == Status::Delivered
    }

    /// What is left of it after these adjustments, oldest first. Nothing of an order that was not paid.
    pub fn remainder(&self, adjustments: &[Adjustment]) -> Remainder {
        let ended = self.back().unwrap_or_default();
        let (food, tip) = self.is_kept();
        let mut lines = if food { self.lines.clone() } else { Vec::new() };
        for taken in adjustments.iter().flat_map(|it| &it.lines) {
            if let Some(line) = lines.iter_mut().find(|line| line.line_id == taken.line_id) {
                take_out(line, taken.quantity);
            }
        }
        lines.retain(|line| line.quantity > 0);
        let left = |paid: Won, ended: Won, part: fn(&Back) -> Won| {
            Won(paid.0 - ended.0 - adjustments.iter().map(|it| part(&it.back).0).sum::<i64>()).or_zero()
        };
        let money = left(self.payable, ended.money, |back| back.money);
        let points = left(self.points, ended.points, |back| back.points);
        let tip_is_kept = tip && !adjustments.iter().any(|it| it.tip);
        Remainder {
            lines,
            tip: if tip_is_kept { self.price().paid_tip() } else { Won::ZERO },
            paid: if self.was_paid() { Back { money, points } } else { Back::default() },
        }
    }

    /// Gives back what is requested; `earlier` are the adjustments of before, oldest first.
    pub fn adjust(
        &self,
        earlier: &[Adjustment],
        id: AdjustmentId,
        request: &AdjustmentRequest,
        now: Timestamp,
    ) -> Result<Adjustment, OrderRefusal> {
        if !self.has_arrived() {
            return Err(OrderRefusal::Transition { status: self.status, command: "adjust" });
        }
        let mut left = self.remainder(earlier);
        let more_than_paid = OrderRefusal::MoreThanPaid { left: left.paid.total() };
        let (lines, tip, total) = match &request.wanted {
            Wanted::Amount(amount) => (Vec::new(), false, *amount),
            Wanted::Parts { tip: true, .. } if left.tip == Won::ZERO => return Err(more_than_paid),
            Wanted::Parts { lines, tip } => {
                let lines = take_parts(&mut left.lines, lines)?;
                let tip_paid = if *tip { left.tip } else { Won::ZERO };
                let food: i64 = lines.iter().map(|line| line.total.0 - line.discount.0).sum();
                (lines, *tip, Won(food + tip_paid.0))
            }
        };
        if total > left.paid.total() || total == Won::ZERO {
            return Err(more_than_paid);
        }
        let money = total.min(left.paid.money);
        let back = Back { money, points: Won(total.0 - money.0) };
        let AdjustmentRequest { reason, fault, operator, .. } = *request;
        Ok(Adjustment { id, lines, tip, back, reason, fault, operator, at: now })
    }

    /// Who bears an adjustment of it: the table of the module.
    pub fn burden(&self, adjustment: &Adjustment) -> Burden {
        let (back, price) = (adjustment.back.total(), self.price());
        let (tip, tip_paid) = if adjustment.tip { (price.tip, price.paid_tip()) } else { Default::default() };
        let by_parties = match adjustment.fault {
            Fault::Restaurant => {
                let sold: i64 = adjustment.lines.iter().map(|line| self.sold_for(line).0).sum();
                let food = if adjustment.is_of_an_amount() { back } else { Won(sold) };
                Burden { food, restaurant_tip: tip, ..Burden::default() }
            }
            Fault::Courier => {
                Burden { courier: tip, platform: Won(back.0 - tip_paid.0), ..Burden::default() }
            }
            Fault::Platform | Fault::Customer => Burden { platform: back, ..Burden::default() },
        };
        let borne = by_parties.restaurant().0 + by_parties.courier.0 + by_parties.platform.0;
        Burden { coupons: Won(borne - back.0), ..by_parties }
    }

    /// What its restaurant sold a line for: its price less what the restaurant takes off it itself. Of old
    /// lines that is not known, and what coupons take off them is divided in proportion.
    fn sold_for(&self, line: &QuotedLine) -> Won {
        if line.shares.is_empty() {
            let price = self.price();
            return Won(line.total.0 - in_proportion(line.discount, price.by_restaurant, price.off_food).0);
        }
        let by_restaurant =
            |coupon| self.discounts.iter().any(|it| it.coupon == coupon && it.funder == Funder::Restaurant);
        let given = line.shares.iter().filter(|share| by_restaurant(share.coupon));
        Won(line.total.0 - given.map(|share| share.amount.0).sum::<i64>())
    }
}

impl Adjustment {
    /// Whether it is of an amount, and not of dishes or the tip.
    pub fn is_of_an_amount(&self) -> bool {
        self.lines.is_empty() && !self.tip
    }
}

#[cfg(test)]
#[path = "adjustment_tests.rs"]
mod tests;
