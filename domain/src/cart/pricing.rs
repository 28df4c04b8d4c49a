//! Prices a cart by the current menu.

use chrono::Duration;

use super::quote::{DropOff, Method, Problem, Quote, QuotedLine, QuotedOption, SLOT_DAYS};
use super::state::{Cart, CartRefusal, Line};
use crate::gazetteer::DongCode;
use crate::menu::{Card, Choice, ChoiceRefusal, ChosenOption, Stock};
use crate::restaurant::{Destination, Holidays, Opening, Restaurant};
use crate::won::Overflow;
use crate::{QuoteId, Refusal, Timestamp, Won};

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
    fn few_left(&self) -> Option<Problem> {
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
        limited: false,
    })
}

/// The input of a quote other than the cart.
#[derive(Clone, Debug)]
pub struct Checkout<'a> {
    /// The restaurant.
    pub restaurant: &'a Restaurant,
    /// Its current menu.
    pub card: &'a Card,
    /// What is left of its limited dishes on the day of the order.
    pub stock: &'a Stock,
    /// The public holidays.
    pub holidays: &'a Holidays,
    /// When the customer wants it; `None` for as soon as possible.
    pub slot: Option<Timestamp>,
    /// Where it is delivered; `None` for pickup.
    pub drop_off: Option<DropOff>,
    /// The neighbourhood of the drop-off, if known.
    pub dong: Option<DongCode>,
    /// The travel time to the drop-off; zero for pickup.
    pub travel: Duration,
}

impl Checkout<'_> {
    /// Quotes the cart. Problems that prevent the order are listed in the quote; only an
    /// empty cart or an overflow is refused.
    pub fn quote(self, cart: &Cart, id: QuoteId, now: Timestamp) -> Result<Quote, CartRefusal> {
        self.quote_again(cart, id, now, now)
    }

    /// Repeats a quote that was made at `made_at`. Slot limits and time surcharges are
    /// evaluated for the slot or `made_at`, opening hours for `now`; menu and tip rules are
    /// the current ones.
    pub fn quote_again(
        self,
        cart: &Cart,
        id: QuoteId,
        made_at: Timestamp,
        now: Timestamp,
    ) -> Result<Quote, CartRefusal> {
        if cart.lines.is_empty() {
            return Err(CartRefusal::Empty);
        }
        let priced = price(&cart.lines, self.card, self.stock, now)?;
        let subtotal = subtotal(&priced)?;
        let (tip, away) = self.tip(subtotal, self.slot.unwrap_or(made_at))?;
        let minimum = self.restaurant.rules.minimum_order;
        let lead = self.lead(self.slot.unwrap_or(made_at));
        let closed = match self.restaurant.opening_for(self.slot, lead, now, self.holidays) {
            Opening::Open => None,
            Opening::Closed { next_open_at, .. } => Some(Problem::Closed { next_open_at }),
        };
        let shortfall = minimum.minus(subtotal)?.or_zero();
        let below = (shortfall > Won::ZERO).then_some(Problem::BelowMinimum { shortfall });
        let of_lines = priced.iter().flat_map(|line| line.problem.clone().into_iter().chain(line.few_left()));
        let of_slot = self.slot_problem(lead, made_at);
        let problems = of_lines.chain(closed).chain(of_slot).chain(away).chain(below).collect();
        Ok(Quote {
            id,
            customer: cart.customer,
            cart_version: cart.version,
            menu_version: self.card.version,
            restaurant_id: self.restaurant.id,
            restaurant_name: self.restaurant.name.clone(),
            method: if self.drop_off.is_some() { Method::Delivery } else { Method::Pickup },
            slot: self.slot,
            lead_mins: u32::try_from(lead.num_minutes()).unwrap_or(u32::MAX),
            lines: priced.into_iter().filter(PricedLine::counts).map(|line| line.line).collect(),
            subtotal,
            tip,
            payable: subtotal.plus(tip)?,
            minimum,
            pickup: self.restaurant.position,
            drop_off: self.drop_off,
            problems,
            made_at,
            expires_at: Quote::expiry(made_at),
        })
    }

    /// Preparation plus travel, rounded up to whole minutes, for an order that is wanted `at` that time.
    fn lead(&self, at: Timestamp) -> Duration {
        let travel_mins = (self.travel + Duration::seconds(59)).num_minutes();
        Duration::minutes(i64::from(self.restaurant.preparation_mins(at)) + travel_mins)
    }

    /// The delivery tip at `at`, or the problem that the address is not deliverable. Zero
    /// for pickup, which the restaurant must take.
    fn tip(&self, subtotal: Won, at: Timestamp) -> Result<(Won, Option<Problem>), Overflow> {
        let Some(drop_off) = &self.drop_off else {
            return Ok((Won::ZERO, (!self.restaurant.rules.takes_pickup).then_some(Problem::NoPickup)));
        };
        let to = Destination::of(drop_off, self.dong);
        if !self.restaurant.delivers_to(to) {
            return Ok((Won::ZERO, Some(Problem::NotDeliverable)));
        }
        Ok((self.restaurant.tip_for(subtotal, to, at, self.holidays)?, None))
    }

    fn slot_problem(&self, lead: Duration, made_at: Timestamp) -> Option<Problem> {
        let (earliest, latest) = (made_at + lead, made_at + Duration::days(SLOT_DAYS));
        let slot = self.slot?;
        (!(earliest..=latest).contains(&slot)).then_some(Problem::SlotOutOfRange { earliest, latest })
    }
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

impl Quote {
    /// The quoted cart, to be priced again, without the lines that were not available.
    pub fn cart(&self) -> Cart {
        Cart {
            customer: self.customer,
            version: self.cart_version,
            restaurant_id: Some(self.restaurant_id),
            lines: cart_lines(&self.lines),
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
    use crate::menu::{Menu, Pick, SoldOut};
    use crate::restaurant::tests::restaurant;
    use crate::restaurant::{Hours, Rules};
    use crate::tip::TimeSurcharge;
    use crate::week::Span;

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
            choice: menu.choose(&[pick], noon()).unwrap(),
        };
        cart().apply(Command::Add { line, replace: false }).unwrap()
    }

    fn home() -> DropOff {
        DropOff {
            position: LatLon::new(37.4979, 127.0276).unwrap(),
            road_address: "서울 강남구 강남대로 396".into(),
            detail: String::new(),
            entrance_note: String::new(),
        }
    }

    fn holidays() -> &'static Holidays {
        Box::leak(Box::default())
    }

    /// The restaurant of the tests, with other rules.
    fn with_rules(change: impl FnOnce(&mut Rules)) -> Restaurant {
        let mut restaurant = restaurant();
        change(&mut restaurant.rules);
        restaurant
    }

    /// A delivery as soon as possible.
    fn checkout<'a>(restaurant: &'a Restaurant, card: &'a Card) -> Checkout<'a> {
        let travel = Duration::minutes(10);
        let stock: &'static Stock = Box::leak(Box::default());
        let (holidays, drop_off) = (holidays(), Some(home()));
        Checkout { restaurant, card, stock, holidays, slot: None, drop_off, dong: None, travel }
    }

    fn quote(cart: &Cart, restaurant: &Restaurant, card: &Card) -> Quote {
        checkout(restaurant, card).quote(cart, Uuid::from_u128(9).into(), noon()).unwrap()
    }

    #[test]
    fn collecting_costs_no_tip_needs_no_address_and_knows_no_zone() {
        let restaurant = with_rules(|rules| rules.zones.clear());
        let card = card(vec![chicken()]);
        let collect = Checkout { drop_off: None, travel: Duration::zero(), ..checkout(&restaurant, &card) };
        let quote = collect.quote(&with(&chicken(), 1), Uuid::from_u128(9).into(), noon()).unwrap();
        assert!(quote.orderable(), "{:?}", quote.problems);
        assert_eq!((quote.tip, quote.payable, quote.lead_mins), (Won::ZERO, quote.subtotal, 20));
        let no_pickup = with_rules(|rules| rules.takes_pickup = false);
        let collect = Checkout { drop_off: None, travel: Duration::zero(), ..checkout(&no_pickup, &card) };
        let quote = collect.quote(&with(&chicken(), 1), Uuid::from_u128(9).into(), noon()).unwrap();
        assert_eq!(quote.problems, [Problem::NoPickup]);
    }

    #[test]
    fn a_slot_is_judged_by_its_own_time() {
        // Open from 12:00 to 22:00, with a break from 15:00 to 17:00.
        let hours = Hours {
            ranges: Span::daily(12 * 60, 22 * 60),
            breaks: Span::daily(15 * 60, 17 * 60),
            ..Hours::default()
        };
        let mut restaurant = with_rules(|rules| rules.hours = hours);
        restaurant.rules.tip.times =
            vec![TimeSurcharge { spans: Span::daily(20 * 60, 22 * 60), surcharge: Won(1_000) }];
        let card = card(vec![chicken()]);
        let at = |text: &str| format!("2026-11-20T{text}:00+09:00").parse::<Timestamp>().unwrap();
        let quoted = |made_at: &str, slot: &str| {
            let checkout = Checkout { slot: Some(at(slot)), ..checkout(&restaurant, &card) };
            checkout.quote(&with(&chicken(), 1), Uuid::from_u128(9).into(), at(made_at)).unwrap()
        };
        // Ordered before opening for a slot after it; preparation and travel take 30 minutes.
        assert!(quoted("09:00", "12:30").orderable());
        for (slot, why) in [
            ("12:20", "it is asked before it opens"),
            ("15:30", "it lies in the break"),
            ("17:20", "it is asked in the break"),
            ("22:00", "it has closed"),
        ] {
            let problems = quoted("09:00", slot).problems;
            assert!(matches!(problems[..], [Problem::Closed { .. }]), "{why}: {problems:?}");
        }
        assert_eq!(quoted("12:00", "14:00").tip, Won(3_000));
        assert_eq!(quoted("12:00", "21:00").tip, Won(4_000), "the surcharge is that of the slot");
        let problems = quoted("12:00", "12:29").problems;
        assert!(
            problems.contains(&Problem::SlotOutOfRange {
                earliest: at("12:30"),
                latest: at("12:00") + Duration::days(7)
            }),
            "{problems:?}"
        );
    }

    #[test]
    fn a_surcharge_that_begins_meanwhile_breaks_no_promise() {
        let mut restaurant = restaurant();
        let from_noon = Span::daily(12 * 60 + 1, 14 * 60);
        restaurant.rules.tip.times = vec![TimeSurcharge { spans: from_noon, surcharge: Won(1_000) }];
        let card = card(vec![chicken()]);
        let promise = quote(&with(&chicken(), 1), &restaurant, &card);
        let later = noon() + Duration::minutes(3);
        let again =
            checkout(&restaurant, &card).quote_again(&promise.cart(), promise.id, promise.made_at, later);
        assert_eq!(promise.clone().honour(again.unwrap(), later), Ok(promise));
    }

    #[test]
    fn a_refusal_carries_what_forbids_to_order() {
        let restaurant = with_rules(|rules| {
            rules.minimum_order = Won(50_000);
            rules.zones.clear();
        });
        let sold_out = Menu { sold_out: SoldOut::ForGood, ..chicken() };
        let quote = quote(&with(&chicken(), 1), &restaurant, &card(vec![sold_out]));
        let refused: crate::Refused = quote.clone().honour(quote, noon()).unwrap_err().into();
        let told: Vec<_> =
            refused.faults.iter().map(|fault| (fault.pointer.as_str(), fault.code())).collect();
        let line = format!("/lines/{}", crate::LineId(Uuid::from_u128(1)));
        assert_eq!(
            told,
            [(line.as_str(), "sold_out"), ("/address_id", "not_deliverable"), ("/lines", "below_minimum")]
        );
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
        let restaurant = with_rules(|rules| rules.minimum_order = Won(20_000));
        let quote = quote(&with(&chicken(), 1), &restaurant, &card(vec![chicken()]));
        assert_eq!(quote.problems, [Problem::BelowMinimum { shortfall: Won(1_000) }]);
        assert_eq!((quote.shortfall(), quote.orderable()), (Won(1_000), false));
    }

    #[test]
    fn what_cannot_be_had_is_told_and_not_charged() {
        let cart = with(&chicken(), 1);
        let sold_out = Menu { sold_out: SoldOut::ForGood, ..chicken() };
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
    fn what_is_left_of_a_limited_dish_is_told_and_more_cannot_be_ordered() {
        let limited = Menu { daily_limit: Some(10), ..chicken() };
        let card = card(vec![limited.clone()]);
        let quoted = |wanted, sold| {
            let stock = Stock::of(&card, &[(limited.id, sold)].into());
            let restaurant = restaurant();
            let checkout = Checkout { stock: &stock, ..checkout(&restaurant, &card) };
            checkout.quote(&with(&limited, wanted), Uuid::from_u128(9).into(), noon()).unwrap()
        };
        let quote = quoted(3, 7);
        assert!(quote.orderable() && quote.lines[0].limited);
        assert!(matches!(quote.problems[..], [Problem::OnlyLeft { left: 3, enough: true, .. }]));
        let quote = quoted(3, 8);
        assert!(!quote.orderable() && quote.lines.is_empty());
        assert!(matches!(quote.problems[..], [Problem::OnlyLeft { left: 2, enough: false, .. }, ..]));
        assert!(matches!(quoted(3, 10).problems[..], [Problem::SoldOut { .. }, ..]));
    }

    #[test]
    fn lines_of_one_dish_share_what_is_left() {
        let limited = Menu { daily_limit: Some(5), ..chicken() };
        let mut cart = with(&limited, 3);
        let other = Pick { option_id: Uuid::from_u128(11).into(), quantity: 1 };
        let line = NewLine {
            id: Uuid::from_u128(2).into(),
            restaurant_id: Uuid::from_u128(1).into(),
            menu_id: limited.id,
            name: limited.name.clone(),
            quantity: 3,
            choice: limited.choose(&[other], noon()).unwrap(),
        };
        cart = cart.apply(Command::Add { line, replace: false }).unwrap();
        let card = card(vec![limited]);
        let priced = price(&cart.lines, &card, &Stock::of(&card, &[].into()), noon()).unwrap();
        assert_eq!((priced[0].left, priced[0].counts()), (Some(5), true));
        assert!(matches!(priced[1].problem, Some(Problem::OnlyLeft { left: 2, enough: false, .. })));
    }

    #[test]
    fn closed_or_too_far_is_told() {
        let restaurant = with_rules(|rules| {
            rules.hours = Hours::default();
            rules.zones.clear();
        });
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
        let restaurant = with_rules(|rules| rules.hours = Hours::default());
        let quote = quote(&with(&chicken(), 1), &restaurant, &card(vec![chicken()]));
        let text = serde_json::to_string(&quote).unwrap();
        assert_eq!(serde_json::from_str::<Quote>(&text).unwrap(), quote);
    }

    proptest! {
        #[test]
        fn payable_is_the_lines_and_the_tip(quantity in 1..=99u32, price in 0..1_000_000i64, tip in 0..10_000i64) {
            let menu = Menu { price: Won(price), ..chicken() };
            let restaurant = with_rules(|rules| rules.tip = crate::tip::TipPlan::flat(Won(tip)));
            let quote = quote(&with(&menu, quantity), &restaurant, &card(vec![menu]));
            prop_assert_eq!(quote.payable.0, (price + 1_000) * i64::from(quantity) + tip);
            prop_assert_eq!(quote.orderable(), (price + 1_000) * i64::from(quantity) >= 15_000);
        }
    }
}
