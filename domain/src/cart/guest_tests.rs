//! Guests' carts: priced like any cart, and merged in any order to the same.

use std::collections::BTreeMap;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::cart::state::tests::{cart, dish};
use crate::cart::{CartRefusal, Command};
use crate::menu::tests::{card, chicken};

fn guest(lines: Vec<GuestLine>) -> GuestCart {
    GuestCart { restaurant_id: Uuid::from_u128(1).into(), lines }
}

fn line(id: u128, menu_id: MenuId, picks: Vec<Pick>) -> GuestLine {
    GuestLine { id: Uuid::from_u128(id).into(), menu_id, quantity: 2, picks }
}

#[test]
fn what_cannot_be_had_is_left_out_with_its_reason_and_the_rest_has_todays_price_and_our_ids() {
    let menu = chicken();
    let [mild, unknown] = [12, 98].map(|id| Pick { option_id: Uuid::from_u128(id).into(), quantity: 1 });
    let guest = guest(vec![
        line(1, menu.id, vec![mild]),
        line(2, Uuid::from_u128(99).into(), vec![]),
        line(3, menu.id, vec![unknown]),
    ]);
    let noon = "2026-11-20T03:00:00Z".parse().unwrap();
    let price = menu.choose(&[mild], noon).unwrap().unit_price;
    let card = card(vec![menu]);
    let (lines, left_out) = guest.to_merge(&card, noon, || Uuid::from_u128(7).into()).unwrap();
    assert_eq!(lines.len(), 1);
    assert_eq!((lines[0].id.0.as_u128(), lines[0].quantity, lines[0].choice.unit_price), (7, 2, price));
    let told: Vec<_> = left_out.iter().map(|fault| (fault.pointer.as_str(), fault.words.code)).collect();
    let [second, third] = [2, 3].map(|id| format!("/lines/{}", Uuid::from_u128(id)));
    assert_eq!(told, [(second.as_str(), "gone"), (third.as_str(), "options_changed")]);
}

/// The dishes of a cart: restaurant, and the quantity for each dish and option.
type Dishes = (u128, BTreeMap<(u128, u128), u32>);

fn dishes(restaurants: std::ops::Range<u128>) -> impl Strategy<Value = Dishes> {
    (restaurants, proptest::collection::btree_map((0..4u128, 0..3u128), 1..=99u32, 1..6))
}

fn merge(id: u128, (restaurant, dishes): &Dishes) -> Command {
    let lines = (0..).zip(dishes).map(|(at, ((menu, option), quantity))| {
        dish(id * 1_000 + at, *restaurant, *menu, *option, *quantity)
    });
    Command::Merge { id: Uuid::from_u128(id).into(), lines: lines.collect(), replace: false }
}

fn held(cart: &Cart) -> BTreeMap<(u128, u128), u32> {
    let option = |line: &Line| line.options.first().map_or(0, |option| option.option_id.0.as_u128());
    cart.lines.iter().map(|line| ((line.menu_id.0.as_u128(), option(line)), line.quantity)).collect()
}

proptest! {
    #[test]
    fn carts_come_to_the_same_in_any_order_and_again_or_to_one_question(
        own in dishes(1..3), here in dishes(1..3), there in dishes(1..3),
    ) {
        let own = cart().apply(merge(1, &own)).unwrap();
        let merged = |order: &[(u128, &Dishes)]| {
            order.iter().try_fold(own.clone(), |cart, (id, dishes)| cart.apply(merge(*id, dishes)))
        };
        let one = merged(&[(2, &here), (3, &there)]);
        let other = merged(&[(3, &there), (2, &here), (2, &here), (4, &there)]);
        prop_assert_eq!(one.as_ref().map(held).ok(), other.as_ref().map(held).ok());
        let alike = here.0 == there.0 && Some(here.0) == own.restaurant_id.map(|id| id.0.as_u128());
        prop_assert_eq!(one.is_ok(), alike);
        prop_assert!(alike || (one == Err(CartRefusal::OtherRestaurant) && other == one));
        // No dish is more than somebody put into one of the carts.
        if let Ok(cart) = one {
            let most = |key: &(u128, u128)| {
                let of = |dishes: &BTreeMap<_, u32>| dishes.get(key).copied().unwrap_or(0);
                of(&held(&own)).max(of(&here.1)).max(of(&there.1))
            };
            prop_assert!(held(&cart).iter().all(|(key, quantity)| *quantity == most(key)));
        }
    }
}

#[test]
fn a_merge_that_is_repeated_does_not_bring_back_what_was_taken_out_since() {
    let theirs = (1, BTreeMap::from([((100, 0), 2)]));
    let once = cart().apply(merge(5, &theirs)).unwrap();
    let taken = once.clone().apply(Command::SetQuantity { line_id: once.lines[0].id, quantity: 1 }).unwrap();
    assert_eq!(taken.clone().apply(merge(5, &theirs)), Ok(taken));
}
