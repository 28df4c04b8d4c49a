//! The cart's lines, and the commands that change them.
//!
//! Invariants:
//! 1. All lines are of one restaurant; `restaurant_id` is set exactly while there are lines.
//! 2. No two lines have the same dish with the same options.
//! 3. At most [`LINES_MAX`] lines, each of 1 to [`QUANTITY_MAX`] dishes.
//! 4. The version rises by one with every command that changes something.
//! 5. Repeating one of the last `ADDED_KEPT` additions changes nothing, nor does taking out an order again.
//!
//! A cart has no events: only its customer sees it, and receives the new state in the
//! response.

use serde::{Deserialize, Serialize};

use crate::menu::{Choice, ChosenOption, Pick};
use crate::won::Overflow;
use crate::{ExpectedVersion, LineId, MenuId, OrderId, Refusal, Refused, RestaurantId, UserId, Won};

/// The highest quantity of a line.
pub const QUANTITY_MAX: u32 = 99;

/// The most lines in a cart.
pub const LINES_MAX: usize = 50;

/// How many past additions a cart recognises when they are repeated.
const ADDED_KEPT: usize = 16;

/// A dish with its options, as the customer saw it when they added it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its id.
    pub id: LineId,
    /// The dish.
    pub menu_id: MenuId,
    /// The dish's name as the customer saw it.
    pub name: String,
    /// The quantity, 1 to [`QUANTITY_MAX`].
    pub quantity: u32,
    /// The options chosen for each, ordered by option id, as the customer saw them.
    pub options: Vec<ChosenOption>,
    /// The price of one as the customer saw it.
    pub unit_price: Won,
}

/// A dish to be added, already checked against the menu's rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLine {
    /// The id of the new line, unless it is merged into an equal one. Also identifies the
    /// addition when it is repeated.
    pub id: LineId,
    /// The restaurant.
    pub restaurant_id: RestaurantId,
    /// The dish.
    pub menu_id: MenuId,
    /// Its name.
    pub name: String,
    /// The quantity, 1 to [`QUANTITY_MAX`].
    pub quantity: u32,
    /// The chosen options, with the price.
    pub choice: Choice,
}

/// A customer's cart (장바구니).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cart {
    /// The customer.
    pub customer: UserId,
    /// The number of commands that have changed it.
    pub version: u64,
    /// The restaurant of all lines; `None` if there are none.
    pub restaurant_id: Option<RestaurantId>,
    /// The lines, oldest first.
    pub lines: Vec<Line>,
    /// The ids of the last additions, and of orders that were taken out; newest last.
    pub added: Vec<LineId>,
}

/// A command to a cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Add a dish; if there is an equal line, raise its quantity.
    Add {
        /// The dish.
        line: NewLine,
        /// Consent to clear the cart first if it is of another restaurant.
        replace: bool,
    },
    /// Add several dishes of one restaurant, all or none.
    AddAll {
        /// Identifies the addition when it is repeated.
        id: LineId,
        /// The dishes.
        lines: Vec<NewLine>,
        /// Consent to clear the cart first if it is of another restaurant.
        replace: bool,
    },
    /// Change a line's quantity; 0 removes the line.
    SetQuantity {
        /// The line.
        line_id: LineId,
        /// The quantity, 0 to [`QUANTITY_MAX`].
        quantity: u32,
    },
    /// Remove a line.
    Remove {
        /// The line.
        line_id: LineId,
    },
    /// Remove all lines.
    Clear,
    /// Take out what was ordered: so many of each of these lines. What came into the cart later
    /// stays, and taking out the same order again changes nothing.
    TakeOrdered {
        /// Identifies the order.
        order: OrderId,
        /// The lines with their quantities.
        lines: Vec<(LineId, u32)>,
    },
}

/// Why a command is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CartRefusal {
    /// It holds dishes of another restaurant.
    OtherRestaurant,
    /// The cart is at a different version than the caller expects.
    Stale,
    /// There is no such line.
    NoSuchLine,
    /// The quantity is out of range.
    Quantity,
    /// It has the maximum number of lines.
    TooManyLines,
    /// It is empty, so it cannot be quoted.
    Empty,
    /// The sum overflows.
    Overflow,
}

impl Refusal for CartRefusal {
    fn refused(&self) -> Refused {
        match self {
            Self::OtherRestaurant => other_restaurant(),
            Self::Stale => Refused::stale("cart"),
            Self::NoSuchLine => no_such_line(),
            Self::Quantity => quantity_out_of_range(QUANTITY_MAX),
            Self::TooManyLines => too_many_lines(LINES_MAX),
            Self::Empty => empty(),
            Self::Overflow => amount_too_large(),
        }
    }
}

crate::refusals! {
    other_restaurant() => Conflict "cart.other_restaurant":
        "다른 가게의 메뉴가 장바구니에 있어요.", "The cart holds dishes of another restaurant.";
    no_such_line() => NotFound "cart.no_such_line":
        "장바구니에서 이미 빠진 메뉴예요.", "It is no longer in the cart.";
    quantity_out_of_range(max) => Rule "cart.quantity_out_of_range":
        "한 메뉴는 {max}개까지 담을 수 있어요.", "At most {max} of one dish can be had.";
    too_many_lines(max) => Rule "cart.too_many_lines":
        "장바구니가 가득 찼어요. 메뉴는 {max}가지까지 담을 수 있어요.", "The cart is full. It holds at most {max} dishes.";
    empty() => Rule "cart.empty": "장바구니가 비어 있어요.", "The cart is empty.";
    amount_too_large() => Rule "cart.amount_too_large": "금액이 너무 커요.", "The amount is too large.";
}

impl From<Overflow> for CartRefusal {
    fn from(_: Overflow) -> Self {
        Self::Overflow
    }
}

impl Line {
    /// The picks in their normal form.
    pub fn picks(&self) -> Vec<Pick> {
        picks(&self.options)
    }
}

fn picks(options: &[ChosenOption]) -> Vec<Pick> {
    options.iter().map(|o| Pick { option_id: o.option_id, quantity: o.quantity }).collect()
}

impl Cart {
    /// A new, empty cart.
    pub fn empty(customer: UserId) -> Self {
        Self { customer, version: 0, restaurant_id: None, lines: Vec::new(), added: Vec::new() }
    }

    /// Checks that the cart is at an `expected` version.
    pub fn check_version(&self, expected: &ExpectedVersion) -> Result<(), CartRefusal> {
        let is_expected = i64::try_from(self.version).is_ok_and(|version| expected.allows(version));
        if is_expected { Ok(()) } else { Err(CartRefusal::Stale) }
    }

    /// Applies the command; returns the cart unchanged if there was nothing to do.
    pub fn apply(self, command: Command) -> Result<Cart, CartRefusal> {
        let before = self.clone();
        let mut cart = match command {
            Command::Add { line, replace } => self.add(line, replace)?,
            Command::AddAll { id, lines, replace } => self.add_all(id, lines, replace)?,
            Command::SetQuantity { line_id, quantity } => self.set_quantity(line_id, quantity)?,
            Command::Remove { line_id } => self.set_quantity(line_id, 0)?,
            Command::Clear => self.clear(),
            Command::TakeOrdered { order, lines } => self.take_ordered(order, &lines),
        };
        if cart.lines.is_empty() {
            cart.restaurant_id = None;
        }
        if cart != before {
            cart.version += 1;
        }
        Ok(cart)
    }

    fn add(self, new: NewLine, replace: bool) -> Result<Cart, CartRefusal> {
        if self.added.contains(&new.id) {
            return Ok(self);
        }
        let mut cart = match self.restaurant_id {
            Some(other) if other != new.restaurant_id && replace => self.clear(),
            Some(other) if other != new.restaurant_id => return Err(CartRefusal::OtherRestaurant),
            _ => self,
        };
        cart.restaurant_id = Some(new.restaurant_id);
        let wanted = picks(&new.choice.options);
        let twin = cart.lines.iter().position(|line| line.menu_id == new.menu_id && line.picks() == wanted);
        let held = twin.map_or(0, |at| cart.lines[at].quantity);
        let quantity = held.checked_add(new.quantity).filter(|sum| *sum <= QUANTITY_MAX);
        let quantity = quantity.filter(|_| new.quantity > 0).ok_or(CartRefusal::Quantity)?;
        let line = Line {
            id: twin.map_or(new.id, |at| cart.lines[at].id),
            menu_id: new.menu_id,
            name: new.name,
            quantity,
            options: new.choice.options,
            unit_price: new.choice.unit_price,
        };
        match twin {
            // The customer has just seen the dish, so the new price replaces the old one.
            Some(at) => cart.lines[at] = line,
            None if cart.lines.len() >= LINES_MAX => return Err(CartRefusal::TooManyLines),
            None => cart.lines.push(line),
        }
        Ok(cart.remember(new.id))
    }

    fn add_all(self, id: LineId, lines: Vec<NewLine>, replace: bool) -> Result<Cart, CartRefusal> {
        if self.added.contains(&id) {
            return Ok(self);
        }
        let added = self.added.clone();
        let cart = lines.into_iter().try_fold(self, |cart, line| cart.add(line, replace))?;
        // Counts as one addition, regardless of the number of dishes.
        Ok(Cart { added, ..cart }.remember(id))
    }

    fn remember(mut self, addition: LineId) -> Cart {
        self.added.push(addition);
        let known = self.added.len().saturating_sub(ADDED_KEPT);
        self.added.drain(..known);
        self
    }

    fn set_quantity(mut self, line_id: LineId, quantity: u32) -> Result<Cart, CartRefusal> {
        let at = self.lines.iter().position(|line| line.id == line_id).ok_or(CartRefusal::NoSuchLine)?;
        match quantity {
            0 => drop(self.lines.remove(at)),
            1..=QUANTITY_MAX => self.lines[at].quantity = quantity,
            _ => return Err(CartRefusal::Quantity),
        }
        Ok(self)
    }

    fn take_ordered(mut self, order: OrderId, ordered: &[(LineId, u32)]) -> Cart {
        let done = LineId(order.0);
        let has_one = self.lines.iter().any(|line| ordered.iter().any(|(id, _)| *id == line.id));
        if self.added.contains(&done) || !has_one {
            return self;
        }
        self.lines.retain_mut(|line| {
            let taken = ordered.iter().filter(|(id, _)| *id == line.id).map(|(_, quantity)| quantity).sum();
            line.quantity = line.quantity.saturating_sub(taken);
            line.quantity > 0
        });
        self.remember(done)
    }

    fn clear(self) -> Cart {
        Cart { restaurant_id: None, lines: Vec::new(), ..self }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

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
        let take = Command::TakeOrdered { order: OrderId(Uuid::from_u128(9)), lines };
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
}
