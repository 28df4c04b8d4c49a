//! Quotes of one cart after another.

use chrono::Duration;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::LatLon;
use crate::cart::state::tests::cart;
use crate::cart::{Command, NewLine, QuoteRefusal};
use crate::menu::tests::{card, chicken};
use crate::menu::{Kind, Menu, Pick, SoldOut};
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
    Checkout {
        restaurant,
        card,
        stock,
        holidays,
        slot: None,
        scheduled: 0,
        drop_off,
        dong: None,
        travel,
        coupons: &[],
        has_ordered: false,
        points: Won::ZERO,
    }
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
    let again = checkout(&restaurant, &card).quote_again(&promise.cart(), promise.id, promise.made_at, later);
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
    let told: Vec<_> = refused.faults.iter().map(|fault| (fault.pointer.as_str(), fault.code())).collect();
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
    for (card, code) in
        [(card(vec![sold_out]), "sold_out"), (card(vec![]), "gone"), (card(vec![options]), "options_changed")]
    {
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
fn alcohol_goes_with_food_for_more_and_never_alone() {
    let beer = Menu {
        id: Uuid::from_u128(200).into(),
        kind: Kind::Alcohol,
        price: Won(19_000),
        option_groups: Vec::new(),
        ..chicken()
    };
    let fork = Menu { id: Uuid::from_u128(201).into(), kind: Kind::Disposable, ..beer.clone() };
    let restaurant = with_rules(|rules| rules.minimum_order = Won::ZERO);
    let quoted = |chicken_won: i64, dishes: &[&Menu]| {
        // A topping of 1,000 won comes with it.
        let chicken = Menu { price: Won(chicken_won - 1_000), ..chicken() };
        let mut cart = if chicken_won > 0 { with(&chicken, 1) } else { cart() };
        for (number, dish) in (50..).zip(dishes) {
            let line = NewLine {
                id: Uuid::from_u128(number).into(),
                restaurant_id: Uuid::from_u128(1).into(),
                menu_id: dish.id,
                name: dish.name.clone(),
                quantity: 1,
                choice: dish.choose(&[], noon()).unwrap(),
            };
            cart = cart.apply(Command::Add { line, replace: false }).unwrap();
        }
        quote(&cart, &restaurant, &card(vec![chicken, beer.clone(), fork.clone()])).problems
    };
    let lacks = |shortfall| vec![Problem::TooMuchAlcohol { shortfall: Won(shortfall) }];
    assert_eq!(quoted(0, &[&beer]), lacks(19_001));
    assert_eq!(quoted(19_000, &[&beer]), lacks(1));
    assert_eq!(quoted(19_001, &[&beer]), []);
    assert_eq!(quoted(19_000, &[&beer, &fork]), lacks(1), "a fork is no food");
    assert_eq!(quoted(19_000, &[]), []);
    assert_eq!(quoted(0, &[&fork]), []);
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
    assert!(matches!(quote.problems[..], [Problem::PriceChanged { was: Won(19_000), now: Won(20_000), .. }]));
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

#[test]
fn points_pay_for_what_coupons_leave_and_the_rest_is_charged() {
    let (restaurant, card) = (restaurant(), card(vec![chicken()]));
    let priced = |wanted, there| {
        let cart = with(&chicken(), 1).apply(Command::UsePoints { points: Won(wanted) }).unwrap();
        let checkout = Checkout { points: Won(there), ..checkout(&restaurant, &card) };
        checkout.quote(&cart, Uuid::from_u128(9).into(), noon()).unwrap()
    };
    let without = priced(0, 50_000);
    let price = without.payable;
    assert_eq!((without.points, price), (Won::ZERO, without.subtotal.plus(without.tip).unwrap()));
    let some = priced(5_000, 50_000);
    assert_eq!((some.points, some.payable), (Won(5_000), price.minus(Won(5_000)).unwrap()));
    assert!(some.orderable() && some.problems.is_empty());
    // Somebody who has fewer than they wanted is told, and can order all the same.
    let fewer = priced(5_000, 2_000);
    assert_eq!((fewer.points, fewer.payable), (Won(2_000), price.minus(Won(2_000)).unwrap()));
    assert_eq!(fewer.problems, [Problem::FewerPoints { wanted: Won(5_000), used: Won(2_000) }]);
    assert!(fewer.orderable());
    assert_eq!(priced(price.0, price.0).payable, Won::ZERO);
    // What is ordered again from the quote is paid with the same points.
    assert_eq!(some.cart().points, Won(5_000));
    // Whose points are gone meanwhile is asked before the card is charged with more.
    let refused = some.clone().honour(priced(5_000, 2_000), noon());
    assert_eq!(refused, Err(QuoteRefusal::PriceRose { was: some.payable, now: fewer.payable }));
}
