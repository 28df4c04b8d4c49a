//! A cart against examples, and against a table of dishes.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::coupon::Kind;

pub(crate) fn cart() -> Cart {
    Cart::empty(Uuid::from_u128(7).into())
}

/// One dish of a restaurant, with the option `option` chosen once if not 0.
pub(crate) fn dish(line: u128, restaurant: u128, menu: u128, option: u128, quantity: u32) -> NewLine {
    let option = (option > 0).then(|| ChosenOption {
        option_id: Uuid::from_u128(option).into(),
        name: "옵션".into(),
        quantity: 1,
        free_quantity: 0,
        price: Won(500),
    });
    NewLine {
        id: Uuid::from_u128(line).into(),
        restaurant_id: Uuid::from_u128(restaurant).into(),
        menu_id: Uuid::from_u128(menu).into(),
        name: "메뉴".into(),
        quantity,
        choice: Choice { unit_price: Won(10_000), options: option.into_iter().collect() },
    }
}

fn add(line: NewLine) -> Command {
    Command::Add { line, replace: false }
}

#[test]
fn equal_option_sets_merge_and_different_ones_do_not() {
    let cart = cart().apply(add(dish(1, 1, 100, 11, 1))).unwrap();
    let cart = cart.apply(add(dish(2, 1, 100, 11, 2))).unwrap();
    let cart = cart.apply(add(dish(3, 1, 100, 12, 1))).unwrap();
    assert_eq!(cart.lines.iter().map(|line| line.quantity).collect::<Vec<_>>(), [3, 1]);
    assert_eq!((cart.lines[0].id, cart.version), (Uuid::from_u128(1).into(), 3));
}

#[test]
fn an_addition_that_is_repeated_adds_once() {
    let once = cart().apply(add(dish(1, 1, 100, 0, 2))).unwrap();
    let twice = once.clone().apply(add(dish(1, 1, 100, 0, 2))).unwrap();
    assert_eq!(twice, once);
    // Also when the addition was merged into another line, or the line was removed.
    let joined = once.apply(add(dish(2, 1, 100, 0, 1))).unwrap();
    assert_eq!(joined.clone().apply(add(dish(2, 1, 100, 0, 1))), Ok(joined.clone()));
    let cleared = joined.apply(Command::Clear).unwrap();
    assert_eq!(cleared.clone().apply(add(dish(1, 1, 100, 0, 2))), Ok(cleared));
}

#[test]
fn another_restaurant_needs_an_explicit_replace() {
    let cart = cart().apply(add(dish(1, 1, 100, 0, 1))).unwrap();
    let other = dish(2, 2, 200, 0, 1);
    assert_eq!(cart.clone().apply(add(other.clone())), Err(CartRefusal::OtherRestaurant));
    let cart = cart.apply(Command::Add { line: other, replace: true }).unwrap();
    assert_eq!((cart.lines.len(), cart.restaurant_id), (1, Some(Uuid::from_u128(2).into())));
}

#[test]
fn consent_to_replace_keeps_lines_of_the_same_restaurant() {
    let cart = cart().apply(add(dish(1, 1, 100, 0, 1))).unwrap();
    let cart = cart.apply(Command::Add { line: dish(2, 1, 200, 0, 1), replace: true }).unwrap();
    assert_eq!(cart.lines.len(), 2);
}

#[test]
fn removing_the_last_line_forgets_the_restaurant() {
    let cart = cart().apply(add(dish(1, 1, 100, 0, 1))).unwrap();
    let line_id = cart.lines[0].id;
    let cart = cart.apply(Command::SetQuantity { line_id, quantity: 0 }).unwrap();
    assert_eq!((cart.restaurant_id, cart.version), (None, 2));
    assert_eq!(cart.apply(Command::Remove { line_id }), Err(CartRefusal::NoSuchLine));
}

#[test]
fn limits_hold_also_when_lines_merge() {
    let full = cart().apply(add(dish(1, 1, 100, 0, 99))).unwrap();
    assert_eq!(full.clone().apply(add(dish(2, 1, 100, 0, 1))), Err(CartRefusal::Quantity));
    assert_eq!(full.apply(add(dish(2, 1, 100, 0, u32::MAX))), Err(CartRefusal::Quantity));
    assert_eq!(cart().apply(add(dish(1, 1, 100, 0, 0))), Err(CartRefusal::Quantity));
    let many = (0..50).try_fold(cart(), |cart, n| cart.apply(add(dish(n, 1, 100 + n, 0, 1)))).unwrap();
    assert_eq!(many.apply(add(dish(60, 1, 200, 0, 1))), Err(CartRefusal::TooManyLines));
}

#[test]
fn what_was_ordered_leaves_once_and_what_came_later_stays() {
    let ordered = cart().apply(add(dish(1, 1, 100, 0, 2))).unwrap();
    let ordered = ordered.apply(add(dish(2, 1, 200, 0, 1))).unwrap();
    let lines = ordered.lines.iter().map(|line| (line.id, line.quantity)).collect();
    let take = Command::TakeOrdered { order: OrderId(Uuid::from_u128(9)), lines, coupons: vec![] };
    let empty = ordered.clone().apply(take.clone()).unwrap();
    assert_eq!((empty.lines.len(), empty.restaurant_id), (0, None));
    assert_eq!(empty.clone().apply(take.clone()), Ok(empty.clone()));
    // Between paying and that moment one more of a dish was added, and another dish.
    let went_on = ordered.apply(add(dish(3, 1, 100, 0, 1))).unwrap();
    let went_on = went_on.apply(add(dish(4, 1, 300, 0, 1))).unwrap();
    let rest = went_on.apply(take.clone()).unwrap();
    let left: Vec<_> = rest.lines.iter().map(|line| (line.menu_id.0.as_u128(), line.quantity)).collect();
    assert_eq!(left, [(100, 1), (300, 1)]);
    assert_eq!(rest.clone().apply(take.clone()), Ok(rest));
    // The same dish, put into the empty cart again, is another line.
    let again = empty.apply(add(dish(5, 1, 100, 0, 1))).unwrap();
    assert_eq!(again.clone().apply(take), Ok(again));
}

fn coupon(id: u128, kind: Kind) -> Chosen {
    Chosen { coupon: Uuid::from_u128(id).into(), kind }
}

#[test]
fn points_are_used_for_a_cart_with_dishes_until_it_is_ordered_or_emptied() {
    let points = Won(5_000);
    let refused = cart().apply(Command::UsePoints { points });
    assert_eq!(refused, Err(CartRefusal::Empty));
    assert_eq!(cart().apply(Command::UsePoints { points: Won::ZERO }), Ok(cart()));
    let filled = cart().apply(add(dish(1, 1, 100, 0, 2))).unwrap();
    let with = filled.clone().apply(Command::UsePoints { points }).unwrap();
    assert_eq!((with.points, with.version), (points, filled.version + 1));
    assert_eq!(with.clone().apply(Command::UsePoints { points }), Ok(with.clone()), "once");
    let lines = vec![(with.lines[0].id, 1)];
    let take = Command::TakeOrdered { order: OrderId(Uuid::from_u128(9)), lines, coupons: vec![] };
    let rest = with.clone().apply(take).unwrap();
    assert_eq!((rest.lines[0].quantity, rest.points), (1, Won::ZERO));
    assert_eq!(with.apply(Command::Clear).unwrap().points, Won::ZERO);
}

#[test]
fn one_coupon_of_each_kind_is_chosen_and_leaves_with_the_order_or_with_the_last_dish() {
    let choose = |cart: Cart, coupon| cart.apply(Command::Choose { coupon });
    assert_eq!(choose(cart(), coupon(1, Kind::Order)), Err(CartRefusal::Empty));
    let filled = cart().apply(add(dish(1, 1, 100, 0, 2))).unwrap();
    let chosen = choose(filled, coupon(1, Kind::Delivery)).unwrap();
    let chosen = choose(chosen, coupon(2, Kind::Order)).unwrap();
    let other = choose(chosen, coupon(3, Kind::Order)).unwrap();
    assert_eq!(other.coupons, [coupon(3, Kind::Order), coupon(1, Kind::Delivery)]);
    assert_eq!(choose(other.clone(), coupon(3, Kind::Order)).unwrap().version, other.version);
    let without = other.clone().apply(Command::Unchoose { coupon: coupon(3, Kind::Order).coupon }).unwrap();
    assert_eq!(without.coupons, [coupon(1, Kind::Delivery)]);
    // One dish was ordered with a coupon; another coupon was chosen meanwhile for the rest.
    let take = Command::TakeOrdered {
        order: OrderId(Uuid::from_u128(9)),
        lines: vec![(other.lines[0].id, 1)],
        coupons: vec![coupon(1, Kind::Delivery).coupon],
    };
    let rest = other.clone().apply(take).unwrap();
    assert_eq!((rest.lines[0].quantity, rest.coupons), (1, vec![coupon(3, Kind::Order)]));
    assert_eq!(other.clone().apply(Command::Clear).unwrap().coupons, []);
    let line_id = other.lines[0].id;
    assert_eq!(other.clone().apply(Command::Remove { line_id }).unwrap().coupons, []);
    let elsewhere = Command::Add { line: dish(2, 2, 100, 0, 1), replace: true };
    assert_eq!(other.apply(elsewhere).unwrap().coupons, []);
}

/// The reference: the restaurant, and the quantity for each dish and option.
#[derive(Default, Clone)]
struct Model {
    restaurant: Option<u128>,
    dishes: std::collections::BTreeMap<(u128, u128), u32>,
}

#[derive(Clone, Debug)]
enum Move {
    Add { restaurant: u128, menu: u128, option: u128, quantity: u32, replace: bool },
    Set { nth: usize, quantity: u32 },
    Remove { nth: usize },
    Clear,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let quantity = prop_oneof![0..4u32, 90..102u32];
    let one = prop_oneof![
        4 => (1..3u128, 0..4u128, 0..3u128, quantity.clone(), any::<bool>()).prop_map(
            |(restaurant, menu, option, quantity, replace)| Move::Add { restaurant, menu, option, quantity, replace }
        ),
        2 => (0..6usize, quantity).prop_map(|(nth, quantity)| Move::Set { nth, quantity }),
        1 => (0..6usize).prop_map(|nth| Move::Remove { nth }),
        1 => Just(Move::Clear),
    ];
    proptest::collection::vec(one, 1..40)
}

impl Model {
    fn add(&mut self, restaurant: u128, dish: (u128, u128), quantity: u32, replace: bool) -> bool {
        let other = self.restaurant.is_some_and(|r| r != restaurant);
        let held = if other { 0 } else { self.dishes.get(&dish).copied().unwrap_or(0) };
        if (other && !replace) || quantity == 0 || held + quantity > 99 {
            return false;
        }
        if other {
            self.dishes.clear();
        }
        self.restaurant = Some(restaurant);
        self.dishes.insert(dish, held + quantity);
        true
    }
}

fn key(line: &Line) -> (u128, u128) {
    let option = line.options.first().map_or(0, |option| option.option_id.0.as_u128());
    (line.menu_id.0.as_u128(), option)
}

proptest! {
    #[test]
    fn a_cart_agrees_with_a_table_of_dishes(moves in moves()) {
        let (mut real, mut model) = (cart(), Model::default());
        for (at, step) in moves.into_iter().enumerate() {
            let nth = |cart: &Cart, n: usize| cart.lines.get(n).map(|line| (line.id, key(line)));
            let missing = Uuid::from_u128(u128::MAX).into();
            let (command, possible) = match step {
                Move::Add { restaurant, menu, option, quantity, replace } => (
                    Command::Add { line: dish(at as u128, restaurant, menu, option, quantity), replace },
                    model.add(restaurant, (menu, option), quantity, replace),
                ),
                Move::Set { nth: n, quantity } => {
                    let line = nth(&real, n);
                    let possible = line.is_some() && quantity <= 99;
                    if let Some((_, key)) = line.filter(|_| possible) {
                        model.dishes.insert(key, quantity);
                    }
                    (Command::SetQuantity { line_id: line.map_or(missing, |l| l.0), quantity }, possible)
                }
                Move::Remove { nth: n } => {
                    let line = nth(&real, n);
                    line.map(|(_, key)| model.dishes.remove(&key));
                    (Command::Remove { line_id: line.map_or(missing, |l| l.0) }, line.is_some())
                }
                Move::Clear => {
                    model.dishes.clear();
                    (Command::Clear, true)
                }
            };
            model.dishes.retain(|_, quantity| *quantity > 0);
            if model.dishes.is_empty() {
                model.restaurant = None;
            }
            let next = real.clone().apply(command);
            prop_assert_eq!(next.is_ok(), possible);
            let next = next.unwrap_or_else(|_| real.clone());
            prop_assert_eq!(next.version, real.version + u64::from(Cart { version: real.version, ..next.clone() } != real));
            let lines: std::collections::BTreeMap<_, _> = next.lines.iter().map(|l| (key(l), l.quantity)).collect();
            prop_assert_eq!(lines.len(), next.lines.len());
            prop_assert_eq!(&lines, &model.dishes);
            prop_assert_eq!(next.restaurant_id.map(|id| id.0.as_u128()), model.restaurant);
            real = next;
        }
    }
}
