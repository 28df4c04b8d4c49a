//! From what was put in the cart to what it costs now.

use super::quote::{DropOff, Problem, Quote, QuotedLine, QuotedOption};
use super::state::{Cart, CartRefusal, Line};
use crate::gazetteer::DongCode;
use crate::menu::{Card, Choice, ChoiceRefusal, ChosenOption};
use crate::restaurant::{Destination, Opening, Restaurant};
use crate::won::Overflow;
use crate::{QuoteId, Timestamp, Won};

/// A line at today's price, or as it was last seen where it can't be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricedLine {
    /// The dish and its price.
    pub line: QuotedLine,
    /// What the customer should know about it.
    pub problem: Option<Problem>,
}

impl PricedLine {
    /// Whether the line can be had and is part of the sum.
    pub fn counts(&self) -> bool {
        !self.problem.as_ref().is_some_and(Problem::blocks)
    }
}

/// Prices the lines by the menu as it is now.
pub fn price(lines: &[Line], card: &Card) -> Result<Vec<PricedLine>, Overflow> {
    lines.iter().map(|line| price_line(line, card)).collect()
}

/// The sum of the lines that can be had.
pub fn subtotal(lines: &[PricedLine]) -> Result<Won, Overflow> {
    Won::sum(lines.iter().filter(|line| line.counts()).map(|line| line.line.total))
}

fn price_line(line: &Line, card: &Card) -> Result<PricedLine, Overflow> {
    let (line_id, name) = (line.id, line.name.clone());
    let Some(menu) = card.menu(line.menu_id) else {
        return as_seen(line, Problem::Gone { line_id, name });
    };
    match menu.choose(&line.picks()) {
        Ok(choice) => {
            let name = menu.name.clone();
            let problem = (choice.unit_price != line.unit_price).then(|| Problem::PriceChanged {
                line_id,
                name: name.clone(),
                was: line.unit_price,
                now: choice.unit_price,
            });
            Ok(PricedLine { line: quoted(line, name, choice)?, problem })
        }
        Err(ChoiceRefusal::Overflow(overflow)) => Err(overflow),
        Err(ChoiceRefusal::SoldOut(name)) => as_seen(line, Problem::SoldOut { line_id, name }),
        Err(refusal) => as_seen(line, Problem::OptionsChanged { line_id, name, detail: refusal.to_string() }),
    }
}

fn as_seen(line: &Line, problem: Problem) -> Result<PricedLine, Overflow> {
    let choice = Choice { options: line.options.clone(), unit_price: line.unit_price };
    Ok(PricedLine { line: quoted(line, line.name.clone(), choice)?, problem: Some(problem) })
}

fn quoted(line: &Line, name: String, choice: Choice) -> Result<QuotedLine, Overflow> {
    let option = |o: ChosenOption| QuotedOption {
        option_id: o.option_id,
        name: o.name,
        quantity: o.quantity,
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
    })
}

/// All that a quote is made of, beside the cart.
#[derive(Clone, Debug)]
pub struct Checkout<'a> {
    /// Who cooks.
    pub restaurant: &'a Restaurant,
    /// What they offer now.
    pub card: &'a Card,
    /// Where it goes.
    pub drop_off: DropOff,
    /// In which neighbourhood that is, where known.
    pub dong: Option<DongCode>,
}

impl Checkout<'_> {
    /// Promises a price for the cart. What hinders the order is told, not refused:
    /// only an empty cart has nothing to quote.
    pub fn quote(self, cart: &Cart, id: QuoteId, now: Timestamp) -> Result<Quote, CartRefusal> {
        if cart.lines.is_empty() {
            return Err(CartRefusal::Empty);
        }
        let priced = price(&cart.lines, self.card)?;
        let subtotal = subtotal(&priced)?;
        let to = Destination::of(&self.drop_off, self.dong);
        let deliverable = self.restaurant.delivers_to(to);
        let tip = if deliverable { self.restaurant.tip_for(subtotal, to, now)? } else { Won::ZERO };
        let minimum = self.restaurant.minimum_order;
        let closed = match self.restaurant.opening(now) {
            Opening::Open => None,
            Opening::Closed { next_open_at, .. } => Some(Problem::Closed { next_open_at }),
        };
        let shortfall = minimum.minus(subtotal)?.or_zero();
        let below = (shortfall > Won::ZERO).then_some(Problem::BelowMinimum { shortfall });
        let away = (!deliverable).then_some(Problem::NotDeliverable);
        let of_lines = priced.iter().filter_map(|line| line.problem.clone());
        let problems = of_lines.chain(closed).chain(away).chain(below).collect();
        Ok(Quote {
            id,
            customer: cart.customer,
            cart_version: cart.version,
            restaurant_id: self.restaurant.id,
            restaurant_name: self.restaurant.name.clone(),
            lines: priced.into_iter().filter(PricedLine::counts).map(|line| line.line).collect(),
            subtotal,
            tip,
            payable: subtotal.plus(tip)?,
            minimum,
            pickup: self.restaurant.position,
            drop_off: self.drop_off,
            problems,
            made_at: now,
            expires_at: Quote::expiry(now),
        })
    }
}

impl Quote {
    /// The cart that was quoted, to be priced again: lines that could not be had
    /// then are not in it.
    pub fn cart(&self) -> Cart {
        let option = |o: &QuotedOption| ChosenOption {
            option_id: o.option_id,
            name: o.name.clone(),
            quantity: o.quantity,
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
        Cart {
            customer: self.customer,
            version: self.cart_version,
            restaurant_id: Some(self.restaurant_id),
            lines: self.lines.iter().map(line).collect(),
            added: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::LatLon;
    use crate::cart::state::tests::cart;
    use crate::cart::{Command, NewLine, QuoteRefusal};
    use crate::menu::tests::{card, chicken};
    use crate::menu::{Menu, Pick};
    use crate::restaurant::Hours;
    use crate::restaurant::tests::restaurant;

    fn noon() -> Timestamp {
        "2026-11-20T03:00:00Z".parse().unwrap()
    }

    fn with(menu: &Menu, quantity: u32) -> Cart {
        let pick = Pick { option_id: Uuid::from_u128(12).into(), quantity: 1 };
        let line = NewLine {
            id: Uuid::from_u128(1).into(),
            restaurant_id: Uuid::from_u128(1).into(),
            menu_id: menu.id,
            name: menu.name.clone(),
            quantity,
            choice: menu.choose(&[pick]).unwrap(),
        };
        cart().apply(Command::Add { line, replace: false }).unwrap()
    }

    fn quote(cart: &Cart, restaurant: &Restaurant, card: &Card) -> Quote {
        let drop_off = DropOff {
            position: LatLon::new(37.4979, 127.0276).unwrap(),
            road_address: "서울 강남구 강남대로 396".into(),
            detail: String::new(),
            entrance_note: String::new(),
        };
        let checkout = Checkout { restaurant, card, drop_off, dong: None };
        checkout.quote(cart, Uuid::from_u128(9).into(), noon()).unwrap()
    }

    #[test]
    fn a_quote_adds_up() {
        let quote = quote(&with(&chicken(), 2), &restaurant(), &card(vec![chicken()]));
        assert_eq!((quote.subtotal, quote.tip, quote.payable), (Won(38_000), Won(3_000), Won(41_000)));
        assert!(quote.orderable() && quote.problems.is_empty());
        assert_eq!(quote.expires_at, noon() + Duration::minutes(5));
    }

    #[test]
    fn below_the_minimum_one_may_not_check_out() {
        let restaurant = Restaurant { minimum_order: Won(20_000), ..restaurant() };
        let quote = quote(&with(&chicken(), 1), &restaurant, &card(vec![chicken()]));
        assert_eq!(quote.problems, [Problem::BelowMinimum { shortfall: Won(1_000) }]);
        assert_eq!((quote.shortfall(), quote.orderable()), (Won(1_000), false));
    }

    #[test]
    fn what_cannot_be_had_is_told_and_not_charged() {
        let cart = with(&chicken(), 1);
        let sold_out = Menu { sold_out: true, ..chicken() };
        let mut options = chicken();
        options.option_groups[0].options.remove(1);
        for (card, code) in [
            (card(vec![sold_out]), "sold_out"),
            (card(vec![]), "gone"),
            (card(vec![options]), "options_changed"),
        ] {
            let quote = quote(&cart, &restaurant(), &card);
            assert!(quote.lines.is_empty() && !quote.orderable());
            assert_eq!(quote.subtotal, Won::ZERO);
            assert_eq!(serde_json::to_value(&quote.problems[0]).unwrap()["code"], code);
        }
    }

    #[test]
    fn closed_or_too_far_is_told() {
        let restaurant = Restaurant { hours: Hours::default(), zones: vec![], ..restaurant() };
        let quote = quote(&with(&chicken(), 1), &restaurant, &card(vec![chicken()]));
        assert_eq!(quote.problems, [Problem::Closed { next_open_at: None }, Problem::NotDeliverable]);
        assert_eq!(quote.tip, Won::ZERO);
    }

    #[test]
    fn a_new_price_is_told_and_charged() {
        let dearer = Menu { price: Won(19_000), ..chicken() };
        let quote = quote(&with(&chicken(), 1), &restaurant(), &card(vec![dearer]));
        assert!(quote.orderable());
        assert_eq!(quote.subtotal, Won(20_000));
        assert!(matches!(
            quote.problems[..],
            [Problem::PriceChanged { was: Won(19_000), now: Won(20_000), .. }]
        ));
    }

    #[test]
    fn a_promise_is_kept_for_five_minutes_a_rise_needs_consent_and_a_fall_passes_on() {
        let promise = quote(&with(&chicken(), 1), &restaurant(), &card(vec![chicken()]));
        let at_price = |price| {
            let menu = Menu { price: Won(price), ..chicken() };
            quote(&promise.cart(), &restaurant(), &card(vec![menu]))
        };
        let soon = noon() + Duration::minutes(4);
        let honoured = |price| promise.clone().honour(at_price(price), soon).map(|quote| quote.payable);
        assert_eq!(honoured(18_000), Ok(Won(22_000)));
        assert_eq!(honoured(17_000), Ok(Won(21_000)));
        assert_eq!(honoured(18_001), Err(QuoteRefusal::PriceRose { was: Won(22_000), now: Won(22_001) }));
        let late = promise.clone().honour(at_price(18_000), noon() + Duration::minutes(5));
        assert_eq!(late, Err(QuoteRefusal::Expired));
    }

    #[test]
    fn a_quote_survives_being_written_and_read() {
        let restaurant = Restaurant { hours: Hours::default(), ..restaurant() };
        let quote = quote(&with(&chicken(), 1), &restaurant, &card(vec![chicken()]));
        let text = serde_json::to_string(&quote).unwrap();
        assert_eq!(serde_json::from_str::<Quote>(&text).unwrap(), quote);
    }

    proptest! {
        #[test]
        fn payable_is_the_lines_and_the_tip(quantity in 1..=99u32, price in 0..1_000_000i64, tip in 0..10_000i64) {
            let menu = Menu { price: Won(price), ..chicken() };
            let restaurant = Restaurant { tip: crate::tip::TipPlan::flat(Won(tip)), ..restaurant() };
            let quote = quote(&with(&menu, quantity), &restaurant, &card(vec![menu]));
            prop_assert_eq!(quote.payable.0, (price + 1_000) * i64::from(quantity) + tip);
            prop_assert_eq!(quote.orderable(), (price + 1_000) * i64::from(quantity) >= 15_000);
        }
    }
}
