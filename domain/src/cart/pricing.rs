//! Prices the lines of a cart by the current menu.

use super::quote::{Problem, QuotedLine, QuotedOption};
use super::state::Line;
use crate::menu::{Card, Choice, ChoiceRefusal, ChosenOption, Stock};
use crate::won::Overflow;
use crate::{Refusal, Timestamp, Won};

/// A line at the current price, or as the customer last saw it if it is not available.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricedLine {
    /// The dish and its price.
    pub line: QuotedLine,
    /// What the customer must know about it.
    pub problem: Option<Problem>,
    /// How many of the dish are left for this line, if it has a daily limit.
    pub left: Option<u32>,
}

impl PricedLine {
    /// Whether the line is available and part of the subtotal.
    pub fn counts(&self) -> bool {
        !self.problem.as_ref().is_some_and(Problem::blocks)
    }

    /// That only so many are left, although these are enough.
    pub(super) fn few_left(&self) -> Option<Problem> {
        let left = self.left.filter(|_| self.counts())?;
        let (line_id, name) = (self.line.line_id, self.line.name.clone());
        Some(Problem::OnlyLeft { line_id, name, left, enough: true })
    }
}

/// Prices the lines by the current menu at `now`. Lines of the same dish share what is left of it,
/// the oldest first.
pub fn price(
    lines: &[Line],
    card: &Card,
    stock: &Stock,
    now: Timestamp,
) -> Result<Vec<PricedLine>, Overflow> {
    let mut stock = stock.clone();
    lines.iter().map(|line| price_line(line, card, &mut stock, now)).collect()
}

/// The sum of the available lines.
pub fn subtotal(lines: &[PricedLine]) -> Result<Won, Overflow> {
    Won::sum(lines.iter().filter(|line| line.counts()).map(|line| line.line.total))
}

fn price_line(line: &Line, card: &Card, stock: &mut Stock, now: Timestamp) -> Result<PricedLine, Overflow> {
    let (line_id, name) = (line.id, line.name.clone());
    let Some(menu) = card.menu(line.menu_id) else {
        return as_seen(line, Problem::Gone { line_id, name });
    };
    match menu.choose(&line.picks(), now) {
        Ok(choice) => {
            let name = menu.name.clone();
            let left = stock.left(menu.id);
            match left.filter(|left| *left < line.quantity) {
                Some(0) => return as_seen(line, Problem::SoldOut { line_id, name }),
                Some(left) => {
                    let short = Problem::OnlyLeft { line_id, name, left, enough: false };
                    return Ok(PricedLine { left: Some(left), ..as_seen(line, short)? });
                }
                None => stock.take(menu.id, line.quantity),
            }
            let problem = (choice.unit_price != line.unit_price).then(|| Problem::PriceChanged {
                line_id,
                name: name.clone(),
                was: line.unit_price,
                now: choice.unit_price,
            });
            let limited = menu.daily_limit.is_some();
            let line = QuotedLine { limited, ..quoted(line, name, choice)? };
            Ok(PricedLine { line, problem, left })
        }
        Err(ChoiceRefusal::Overflow) => Err(Overflow),
        Err(ChoiceRefusal::SoldOut(name)) => as_seen(line, Problem::SoldOut { line_id, name }),
        Err(refusal) => {
            as_seen(line, Problem::OptionsChanged { line_id, name, detail: refusal.refused().detail })
        }
    }
}

fn as_seen(line: &Line, problem: Problem) -> Result<PricedLine, Overflow> {
    let choice = Choice { options: line.options.clone(), unit_price: line.unit_price };
    let line = quoted(line, line.name.clone(), choice)?;
    Ok(PricedLine { line, problem: Some(problem), left: None })
}

fn quoted(line: &Line, name: String, choice: Choice) -> Result<QuotedLine, Overflow> {
    let option = |o: ChosenOption| QuotedOption {
        option_id: o.option_id,
        name: o.name,
        quantity: o.quantity,
        free_quantity: o.free_quantity,
        price: o.price,
    };
    Ok(QuotedLine {
        line_id: line.id,
        menu_id: line.menu_id,
        name,
        quantity: line.quantity,
        options: choice.options.into_iter().map(option).collect(),
        unit_price: choice.unit_price,
        total: choice.unit_price.times(line.quantity)?,
        discount: Won::ZERO,
        shares: Vec::new(),
        limited: false,
    })
}

/// Converts quoted lines back to cart lines, to be priced again.
pub(crate) fn cart_lines(lines: &[QuotedLine]) -> Vec<Line> {
    let option = |o: &QuotedOption| ChosenOption {
        option_id: o.option_id,
        name: o.name.clone(),
        quantity: o.quantity,
        free_quantity: o.free_quantity,
        price: o.price,
    };
    let line = |line: &QuotedLine| Line {
        id: line.line_id,
        menu_id: line.menu_id,
        name: line.name.clone(),
        quantity: line.quantity,
        options: line.options.iter().map(option).collect(),
        unit_price: line.unit_price,
    };
    lines.iter().map(line).collect()
}
