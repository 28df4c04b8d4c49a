//! Dishes are taken out of an order that is paid, because they cannot be had after all.
//!
//! What goes back is what the customer paid for them: their price less their part of each coupon, as it
//! was divided when the order was quoted. The last of a line takes what is left of its parts. Money goes
//! back before points. Coupons stay used, and the tip stays as it is. An order of which nothing would be
//! left is cancelled as a whole instead.

use serde::{Deserialize, Serialize};

use super::state::Decision;
use super::{Back, Fact, Order, OrderRefusal};
use crate::cart::QuotedLine;
use crate::coupon::{Kind, allocate};
use crate::points::rewarded;
use crate::{CancellationId, LineId, Timestamp, UserId, Won};

/// So many of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinePart {
    /// The line.
    pub line: LineId,
    /// How many, at least 1.
    pub quantity: u32,
}

/// What was taken out of an order at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancellation {
    /// Its id, which is also that of the refund.
    pub id: CancellationId,
    /// The dishes, with what was taken out of each line: quantity, total and discounts.
    pub lines: Vec<QuotedLine>,
    /// What goes back.
    pub back: Back,
    /// The operator who did it; none if the restaurant did.
    pub operator: Option<UserId>,
    /// When.
    pub at: Timestamp,
}

impl Order {
    /// Everything that was ordered, also what was taken out of it.
    pub fn ordered_lines(&self) -> impl Iterator<Item = &QuotedLine> {
        self.lines.iter().chain(self.cancellations.iter().flat_map(|it| &it.lines))
    }

    /// What went back by [`Cancellation`]s.
    pub fn cancelled(&self) -> Back {
        let sum = |part: fn(&Back) -> Won| Won(self.cancellations.iter().map(|it| part(&it.back).0).sum());
        Back { money: sum(|back| back.money), points: sum(|back| back.points) }
    }

    /// Takes these parts out. Idempotent: the same cancellation again makes no event. `sold_out`: the dishes
    /// are to be marked as sold out.
    pub(super) fn cancel_lines(
        mut self,
        id: CancellationId,
        parts: &[LinePart],
        sold_out: bool,
        operator: Option<UserId>,
        now: Timestamp,
    ) -> Decision {
        if self.cancellations.iter().any(|known| known.id == id) {
            return Ok((self, Vec::new()));
        }
        let rewarded_before = rewarded(self.payable, &self.lines);
        let lines = take_parts(&mut self.lines, parts)?;
        if lines.is_empty() || self.lines.iter().all(|line| line.quantity == 0) {
            return Err(OrderRefusal::NothingLeft);
        }
        self.lines.retain(|line| line.quantity > 0);
        let total: i64 = lines.iter().map(|line| line.total.0).sum();
        let discount: i64 = lines.iter().map(|line| line.discount.0).sum();
        let money = Won(total - discount).min(self.payable);
        let back = Back { money, points: Won(total - discount - money.0) };
        self.subtotal.0 -= total;
        self.payable.0 -= back.money.0;
        self.points.0 -= back.points.0;
        self.take_off_discounts(&lines);
        self.reward = in_proportion(self.reward, rewarded(self.payable, &self.lines), rewarded_before);
        let menus = lines.iter().map(|line| line.menu_id);
        let sold_out = if sold_out { menus.collect() } else { Vec::new() };
        self.cancellations.push(Cancellation { id, lines, back, operator, at: now });
        let status = self.status;
        self.to(status, Fact::LinesCancelled { id, sold_out, refund: back.total() })
    }

    /// Takes the discounts of these lines off those of the order, each off its coupon. Which coupon gave
    /// how much is not known of old lines: that is divided in proportion.
    fn take_off_discounts(&mut self, lines: &[QuotedLine]) {
        let mut unknown = 0;
        for line in lines {
            unknown += line.discount.0;
            for share in &line.shares {
                if let Some(discount) = self.discounts.iter_mut().find(|it| it.coupon == share.coupon) {
                    discount.amount.0 -= share.amount.0;
                    unknown -= share.amount.0;
                }
            }
        }
        let off_food = |kind: Kind, amount: Won| if kind == Kind::Delivery { Won::ZERO } else { amount };
        let weights: Vec<Won> = self.discounts.iter().map(|it| off_food(it.kind, it.amount)).collect();
        for (discount, part) in self.discounts.iter_mut().zip(allocate(Won(unknown), &weights)) {
            discount.amount.0 -= part.0;
        }
    }
}

/// Takes these parts out of lines; a line of which nothing is left stays with none.
pub(super) fn take_parts(
    lines: &mut [QuotedLine],
    parts: &[LinePart],
) -> Result<Vec<QuotedLine>, OrderRefusal> {
    let mut taken = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        if parts[..at].iter().any(|other| other.line == part.line) {
            return Err(OrderRefusal::LineTwice { at });
        }
        let found = lines.iter_mut().find(|line| line.line_id == part.line);
        let line = found.filter(|line| (1..=line.quantity).contains(&part.quantity));
        taken.push(take_out(line.ok_or(OrderRefusal::NotSoMany { at })?, part.quantity));
    }
    Ok(taken)
}

/// Takes so many out of a line; what is taken out is a line of its own. The discount is divided as a whole,
/// and what of it is taken out among its coupons: if each were rounded by itself, what is left of a line that
/// costs nothing would cost less than nothing.
pub(super) fn take_out(line: &mut QuotedLine, quantity: u32) -> QuotedLine {
    let of = line.quantity;
    let part = |amount: &mut Won| {
        let taken = in_proportion(*amount, Won(quantity.into()), Won(of.into()));
        amount.0 -= taken.0;
        taken
    };
    let mut taken = line.clone();
    taken.quantity = quantity;
    taken.total = part(&mut line.total);
    taken.discount = part(&mut line.discount);
    let shares: Vec<Won> = line.shares.iter().map(|share| share.amount).collect();
    let parts = allocate(taken.discount, &shares);
    for ((taken, left), part) in taken.shares.iter_mut().zip(&mut line.shares).zip(parts) {
        taken.amount = part;
        left.amount.0 -= part.0;
    }
    line.quantity -= quantity;
    taken
}

/// `amount` × `part` / `of`, rounded down; nothing of nothing.
pub(super) fn in_proportion(amount: Won, part: Won, of: Won) -> Won {
    if of <= Won::ZERO {
        return Won::ZERO;
    }
    let exact = i128::from(amount.0) * i128::from(part.0) / i128::from(of.0);
    Won(i64::try_from(exact).unwrap_or(i64::MAX))
}

#[cfg(test)]
#[path = "cancellation_tests.rs"]
pub(super) mod tests;
