//! The cart's lines, and the commands that change them.
//!
//! Invariants:
//! 1. All lines are of one restaurant; `restaurant_id` is set exactly while there are lines.
//! 2. No two lines have the same dish with the same options.
//! 3. At most [`LINES_MAX`] lines, each of 1 to [`QUANTITY_MAX`] dishes.
//! 4. At most one coupon of each kind is chosen. No coupons and no points are in an empty cart.
//! 5. The version rises by one with every command that changes something.
//! 6. Repeating one of the last `ADDED_KEPT` additions changes nothing, nor does taking out an order again.
//!
//! A cart has no events: only its customer sees it, and receives the new state in the
//! response.

use serde::{Deserialize, Serialize};

use crate::coupon::Chosen;
use crate::menu::{Choice, ChosenOption, Pick};
use crate::won::Overflow;
use crate::{
    CouponId, ExpectedVersion, LineId, MenuId, OrderId, Refusal, Refused, RestaurantId, UserId, Won,
};

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
    /// The coupons that are chosen, in the order of their kinds.
    pub coupons: Vec<Chosen>,
    /// How many points it is to be paid with, if so many can be used.
    pub points: Won,
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
    /// Merge another cart of the same customer into it, all or nothing. Of equal lines the larger quantity
    /// counts: merged in any order, or again, carts come to the same.
    Merge {
        /// Identifies the merge when it is repeated.
        id: LineId,
        /// The dishes of the other cart, of one restaurant.
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
    /// Choose a coupon, in place of another one of its kind.
    Choose {
        /// The coupon.
        coupon: Chosen,
    },
    /// Choose a coupon no more.
    Unchoose {
        /// The coupon.
        coupon: CouponId,
    },
    /// Pay with so many points.
    UsePoints {
        /// How many; zero for none.
        points: Won,
    },
    /// Take out what was ordered: so many of each of these lines, the coupons and the points. What came into the
    /// cart later stays, and taking out the same order again changes nothing.
    TakeOrdered {
        /// Identifies the order.
        order: OrderId,
        /// The lines with their quantities.
        lines: Vec<(LineId, u32)>,
        /// The coupons that the order has.
        coupons: Vec<CouponId>,
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

    /// The same dish, to be put in a cart.
    pub(super) fn into_new(self, restaurant_id: RestaurantId) -> NewLine {
        NewLine {
            id: self.id,
            restaurant_id,
            menu_id: self.menu_id,
            name: self.name,
            quantity: self.quantity,
            choice: Choice { options: self.options, unit_price: self.unit_price },
        }
    }
}

/// The quantity of a line that grows; too many of them are refused.
fn sum(held: u32, new: u32) -> u32 {
    held.saturating_add(new)
}

fn picks(options: &[ChosenOption]) -> Vec<Pick> {
    options.iter().map(|o| Pick { option_id: o.option_id, quantity: o.quantity }).collect()
}

impl Cart {
    /// A new, empty cart.
    pub fn empty(customer: UserId) -> Self {
        let (lines, coupons, added) = (Vec::new(), Vec::new(), Vec::new());
        Self { customer, version: 0, restaurant_id: None, lines, coupons, points: Won::ZERO, added }
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
            Command::Add { line, replace } => self.put(line, replace, sum)?,
            Command::AddAll { id, lines, replace } => self.put_all(id, lines, replace, sum)?,
            Command::Merge { id, lines, replace } => self.put_all(id, lines, replace, u32::max)?,
            Command::SetQuantity { line_id, quantity } => self.set_quantity(line_id, quantity)?,
            Command::Remove { line_id } => self.set_quantity(line_id, 0)?,
            Command::Clear => self.clear(),
            Command::Choose { coupon } => self.choose(coupon)?,
            Command::Unchoose { coupon } => self.unchoose(&[coupon]),
            Command::UsePoints { points } => self.use_points(points)?,
            Command::TakeOrdered { order, lines, coupons } => self.take_ordered(order, &lines, &coupons),
        };
        if cart.lines.is_empty() {
            cart.restaurant_id = None;
            cart.coupons.clear();
            cart.points = Won::ZERO;
        }
        if cart != before {
            cart.version += 1;
        }
        Ok(cart)
    }

    /// Puts a dish in. If an equal line is there, `join` makes one quantity of the two.
    fn put(
        self,
        new: NewLine,
        replace: bool,
        join: impl FnOnce(u32, u32) -> u32,
    ) -> Result<Cart, CartRefusal> {
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
        let quantity = join(held, new.quantity);
        if new.quantity == 0 || quantity > QUANTITY_MAX {
            return Err(CartRefusal::Quantity);
        }
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

    fn put_all(
        self,
        id: LineId,
        lines: Vec<NewLine>,
        replace: bool,
        join: impl Fn(u32, u32) -> u32,
    ) -> Result<Cart, CartRefusal> {
        if self.added.contains(&id) || lines.is_empty() {
            return Ok(self);
        }
        let added = self.added.clone();
        let cart = lines.into_iter().try_fold(self, |cart, line| cart.put(line, replace, &join))?;
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

    fn choose(mut self, coupon: Chosen) -> Result<Cart, CartRefusal> {
        if self.lines.is_empty() {
            return Err(CartRefusal::Empty);
        }
        self.coupons.retain(|other| other.kind != coupon.kind);
        self.coupons.push(coupon);
        self.coupons.sort_by_key(|coupon| coupon.kind);
        Ok(self)
    }

    fn unchoose(mut self, coupons: &[CouponId]) -> Cart {
        self.coupons.retain(|chosen| !coupons.contains(&chosen.coupon));
        self
    }

    fn use_points(self, points: Won) -> Result<Cart, CartRefusal> {
        if self.lines.is_empty() && points > Won::ZERO {
            return Err(CartRefusal::Empty);
        }
        Ok(Cart { points, ..self })
    }

    fn take_ordered(mut self, order: OrderId, ordered: &[(LineId, u32)], coupons: &[CouponId]) -> Cart {
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
        Cart { points: Won::ZERO, ..self }.unchoose(coupons).remember(done)
    }

    fn clear(self) -> Cart {
        let (lines, coupons) = (Vec::new(), Vec::new());
        Cart { restaurant_id: None, lines, coupons, points: Won::ZERO, ..self }
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
pub(crate) mod tests;
