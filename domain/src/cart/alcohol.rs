//! Alcohol goes with a meal: never alone, and for less than the food that it goes with, before any
//! discount. That is how the partners of delivery platforms state what the tax office allows of
//! restaurants that deliver packaged alcohol; other countries' rules differ.

use super::{PricedLine, Problem, QuotedLine};
use crate::Won;
use crate::menu::{Card, Kind};
use crate::won::Overflow;

/// The problem of a cart with too much of it.
pub(super) fn check(lines: &[PricedLine], card: &Card) -> Result<Option<Problem>, Overflow> {
    let available: Vec<&QuotedLine> =
        lines.iter().filter(|line| line.counts()).map(|line| &line.line).collect();
    Ok(missing_food(&available, card)?.map(|shortfall| Problem::TooMuchAlcohol { shortfall }))
}

/// For how much food is missing beside the alcohol among these lines, if any is. Disposables are no food.
pub fn missing_food(lines: &[&QuotedLine], card: &Card) -> Result<Option<Won>, Overflow> {
    let sum = |kind: Kind| {
        let is_kind = |line: &&&QuotedLine| card.menu(line.menu_id).is_some_and(|menu| menu.kind == kind);
        Won::sum(lines.iter().filter(is_kind).map(|line| line.total))
    };
    let (food, alcohol) = (sum(Kind::Food)?, sum(Kind::Alcohol)?);
    if alcohol == Won::ZERO || alcohol < food {
        return Ok(None);
    }
    Ok(Some(alcohol.minus(food)?.plus(Won(1))?))
}
