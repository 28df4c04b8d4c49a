//! What the coupons of a campaign give, to whom and when.

use serde::{Deserialize, Serialize};

use super::CouponCode;
use crate::restaurant::Category;
use crate::{Fault, MenuId, Refused, RestaurantId, TextRule, Timestamp, Won, fault};

/// The highest amount of a coupon; anything above is taken for a mistake.
const AMOUNT_MAX: Won = Won(1_000_000);

/// The most coupons of one campaign for one customer.
const PER_CUSTOMER_MAX: u32 = 100;

/// The most coupons of one campaign.
const TOTAL_MAX: u32 = 100_000_000;

/// The most restaurants or dishes that a campaign names.
const NAMED_MAX: usize = 100;

/// The longest name, in characters.
const NAME_CHARS: usize = 40;

/// What a coupon takes something off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Certain dishes.
    Item,
    /// All of the food.
    Order,
    /// The delivery tip.
    Delivery,
}

impl Kind {
    /// All of them, in the order in which they are applied.
    pub const ALL: [Self; 3] = [Self::Item, Self::Order, Self::Delivery];
}

/// How much a coupon takes off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Benefit {
    /// A fixed amount.
    Amount {
        /// 1 to 1,000,000 won.
        won: Won,
    },
    /// A part, rounded down, up to an amount.
    Percent {
        /// 1 to 100.
        percent: u32,
        /// 1 to 1,000,000 won.
        at_most: Won,
    },
}

impl Benefit {
    /// What is taken off `base`: never more than it.
    pub fn of(self, base: Won) -> Won {
        let base = base.or_zero();
        match self {
            Self::Amount { won } => won.min(base),
            Self::Percent { percent, at_most } => {
                let part = i128::from(base.0) * i128::from(percent.min(100)) / 100;
                Won(i64::try_from(part).unwrap_or(i64::MAX)).min(at_most)
            }
        }
    }
}

/// Who pays for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Funder {
    /// The platform.
    #[default]
    Platform,
    /// The restaurant: it sells for less, and commission is taken of that.
    Restaurant,
}

/// The terms of a campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// What customers read, 1 to 40 characters.
    pub name: String,
    /// What it takes something off.
    pub kind: Kind,
    /// How much.
    pub benefit: Benefit,
    /// The smallest sum of dishes, before any discount, with which it can be used.
    pub minimum: Won,
    /// It is issued and used from this moment…
    pub from: Timestamp,
    /// … until before this one.
    pub until: Timestamp,
    /// Where it can be used; everywhere if none is named.
    pub restaurants: Vec<RestaurantId>,
    /// At which kinds of restaurants it can be used; at all if none is named.
    pub categories: Vec<Category>,
    /// Off which dishes an item coupon takes something.
    pub menus: Vec<MenuId>,
    /// Whether it is for who has not ordered yet.
    pub first_order: bool,
    /// Who pays for it.
    pub funder: Funder,
    /// The code to claim it; without one it is offered to everybody.
    pub code: Option<String>,
    /// How many one customer may claim, 1 to 100.
    pub per_customer: u32,
    /// How many there are in all.
    pub total: Option<u32>,
}

impl Terms {
    /// These terms with name and code as they are kept, if they are sound; otherwise all errors, one
    /// pointer for each. A campaign must not be over before it begins at `now`.
    pub fn checked(mut self, now: Timestamp) -> Result<Self, Refused> {
        let mut faults = self.faults(now);
        match TextRule::line(NAME_CHARS).read(&self.name) {
            Ok(name) => self.name = name.into_string(),
            Err(flaw) => faults.push(flaw.at("/name")),
        }
        match self.code.as_deref().map(CouponCode::read) {
            None => {}
            Some(Some(code)) => self.code = Some(code.as_str().to_owned()),
            Some(None) => faults.push(Fault::new(
                "/code",
                fault::NOT_A_COUPON_CODE,
                "4 to 20 letters, digits or Hangul syllables.",
            )),
        }
        if faults.is_empty() { Ok(self) } else { Err(Refused::invalid(faults)) }
    }

    fn faults(&self, now: Timestamp) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut out_of_range = |is_wrong: bool, pointer: &str, detail: &str| {
            if is_wrong {
                faults.push(Fault::new(pointer, fault::OUT_OF_RANGE, detail));
            }
        };
        let is_amount = |won: Won| (Won(1)..=AMOUNT_MAX).contains(&won);
        match self.benefit {
            Benefit::Amount { won } => out_of_range(!is_amount(won), "/benefit/won", "1 to 1000000"),
            Benefit::Percent { percent, at_most } => {
                out_of_range(!(1..=100).contains(&percent), "/benefit/percent", "1 to 100");
                out_of_range(!is_amount(at_most), "/benefit/at_most_won", "1 to 1000000");
            }
        }
        out_of_range(!(Won::ZERO..=AMOUNT_MAX).contains(&self.minimum), "/minimum_won", "0 to 1000000");
        out_of_range(!(1..=PER_CUSTOMER_MAX).contains(&self.per_customer), "/per_customer", "1 to 100");
        out_of_range(
            self.total.is_some_and(|total| !(1..=TOTAL_MAX).contains(&total)),
            "/total",
            "1 to 100000000",
        );
        out_of_range(self.until <= self.from.max(now), "/until", "After `from`, and in the future.");
        let mut wrong_length = |is_wrong: bool, pointer: &str, detail: &str| {
            if is_wrong {
                faults.push(Fault::new(pointer, fault::WRONG_LENGTH, detail));
            }
        };
        wrong_length(self.restaurants.len() > NAMED_MAX, "/restaurant_ids", "At most 100.");
        wrong_length(self.menus.len() > NAMED_MAX, "/menu_ids", "At most 100.");
        let is_item = self.kind == Kind::Item;
        wrong_length(is_item && self.menus.is_empty(), "/menu_ids", "An item coupon names its dishes.");
        wrong_length(!is_item && !self.menus.is_empty(), "/menu_ids", "Only an item coupon names dishes.");
        let is_of_one = self.restaurants.len() == 1;
        wrong_length(is_item && !is_of_one, "/restaurant_ids", "The dishes' restaurant.");
        let by_restaurant = self.funder == Funder::Restaurant;
        wrong_length(
            by_restaurant && !is_of_one && !is_item,
            "/restaurant_ids",
            "The restaurant that pays for it.",
        );
        if by_restaurant && self.kind == Kind::Delivery {
            let detail = "The tip is the courier's: the platform pays for what is taken off it.";
            faults.push(Fault::new("/funder", fault::UNKNOWN_VALUE, detail));
        }
        faults
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    pub(crate) fn noon() -> Timestamp {
        "2026-11-20T03:00:00Z".parse().unwrap()
    }

    /// 3,000 won off an order of 15,000 won, everywhere, once for each customer.
    pub(crate) fn terms() -> Terms {
        Terms {
            name: "첫 겨울 3,000원".into(),
            kind: Kind::Order,
            benefit: Benefit::Amount { won: Won(3_000) },
            minimum: Won(15_000),
            from: noon() - chrono::Duration::days(1),
            until: noon() + chrono::Duration::days(1),
            restaurants: vec![],
            categories: vec![],
            menus: vec![],
            first_order: false,
            funder: Funder::Platform,
            code: None,
            per_customer: 1,
            total: None,
        }
    }

    fn pointers(terms: Terms) -> Vec<String> {
        let refused = terms.checked(noon()).unwrap_err();
        refused.faults.into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn each_fault_of_terms_has_a_pointer() {
        assert!(terms().checked(noon()).is_ok());
        let code =
            |code: &str| Terms { code: Some(code.into()), ..terms() }.checked(noon()).map(|it| it.code);
        assert_eq!(code(" winter-26 "), Ok(Some("WINTER26".into())));
        let one = Uuid::from_u128(1);
        for (wrong, pointer) in [
            (Terms { name: "\u{200b}".into(), ..terms() }, "/name"),
            (Terms { code: Some("?".into()), ..terms() }, "/code"),
            (Terms { benefit: Benefit::Amount { won: Won(0) }, ..terms() }, "/benefit/won"),
            (
                Terms { benefit: Benefit::Percent { percent: 101, at_most: Won(1) }, ..terms() },
                "/benefit/percent",
            ),
            (
                Terms { benefit: Benefit::Percent { percent: 1, at_most: Won(0) }, ..terms() },
                "/benefit/at_most_won",
            ),
            (Terms { minimum: Won(-1), ..terms() }, "/minimum_won"),
            (Terms { per_customer: 0, ..terms() }, "/per_customer"),
            (Terms { total: Some(0), ..terms() }, "/total"),
            (Terms { until: noon(), ..terms() }, "/until"),
            (Terms { restaurants: vec![one.into(); 101], ..terms() }, "/restaurant_ids"),
            (Terms { kind: Kind::Item, restaurants: vec![one.into()], ..terms() }, "/menu_ids"),
            (Terms { menus: vec![one.into()], ..terms() }, "/menu_ids"),
            (Terms { funder: Funder::Restaurant, ..terms() }, "/restaurant_ids"),
        ] {
            assert_eq!(pointers(wrong), [pointer]);
        }
        let tip = Terms {
            kind: Kind::Delivery,
            funder: Funder::Restaurant,
            restaurants: vec![one.into()],
            ..terms()
        };
        assert_eq!(pointers(tip), ["/funder"]);
    }

    #[test]
    fn a_part_is_rounded_down_and_then_capped() {
        let tenth = Benefit::Percent { percent: 10, at_most: Won(2_000) };
        assert_eq!(tenth.of(Won(11_709)), Won(1_170));
        assert_eq!(tenth.of(Won(19_999)), Won(1_999));
        assert_eq!(tenth.of(Won(30_000)), Won(2_000));
        assert_eq!(Benefit::Amount { won: Won(3_000) }.of(Won(2_500)), Won(2_500));
    }

    proptest! {
        #[test]
        fn never_more_is_taken_off_than_there_is(base in 0..=i64::MAX, percent in 0..1_000_u32, won in 1..=i64::MAX) {
            for benefit in [Benefit::Amount { won: Won(won) }, Benefit::Percent { percent, at_most: Won(won) }] {
                let off = benefit.of(Won(base));
                prop_assert!((0..=base).contains(&off.0) && off.0 <= won);
            }
        }
    }
}
