//! The settlement of an order that ended early: the refund to the customer, the shares of
//! restaurant and courier, and who bears the cost.
//!
//! ```text
//!                      unpaid, waiting,   preparing,   picked up,
//! fault                accepted           ready        arrived
//! customer             –                  food         food, tip     is kept
//! restaurant           –                  –            –             (it bears food and tip)
//! courier, platform    –                  –            –             (the platform bears them)
//! ```
//! The restaurant is owed the food once it cooks, the courier the tip once they have the
//! food (unless the courier is at fault). All that is not kept is refunded. What is kept of
//! food and tip is what the customer paid for them: a coupon stays used with it, and who
//! gave it pays for it. If nothing is kept, the coupons go back too. Money goes back before
//! points do, each to where it came from. The sum of all shares equals the paid amount.

use serde::{Deserialize, Serialize};

use super::{Ending, Fault, Order, Status};
use crate::Won;
use crate::coupon::{Discount, Funder, Kind};

/// Why a courier could not hand it over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailReason {
    /// The customer did not come; permitted only after the contact timer.
    CustomerUnreachable,
    /// The customer refused to take it; permitted only at the door.
    CustomerRefused,
    /// The customer is not at the address; permitted only at the door.
    WrongAddress,
    /// The restaurant gave the wrong food, or not all of it.
    RestaurantMistake,
    /// It was spoiled on the way.
    FoodDamaged,
    /// The courier had an accident.
    CourierAccident,
    /// Anything else; counts as the platform's fault.
    Other,
}

impl FailReason {
    /// All of them.
    pub const ALL: [FailReason; 7] = [
        FailReason::CustomerUnreachable,
        FailReason::CustomerRefused,
        FailReason::WrongAddress,
        FailReason::RestaurantMistake,
        FailReason::FoodDamaged,
        FailReason::CourierAccident,
        FailReason::Other,
    ];

    /// Who is at fault.
    pub fn fault(self) -> Fault {
        match self {
            FailReason::CustomerUnreachable | FailReason::CustomerRefused | FailReason::WrongAddress => {
                Fault::Customer
            }
            FailReason::RestaurantMistake => Fault::Restaurant,
            FailReason::FoodDamaged => Fault::Courier,
            FailReason::CourierAccident | FailReason::Other => Fault::Platform,
        }
    }

    /// A description in English.
    pub fn words(self) -> &'static str {
        match self {
            FailReason::CustomerUnreachable => "the customer could not be reached",
            FailReason::CustomerRefused => "the customer did not take it",
            FailReason::WrongAddress => "the customer is not at the address",
            FailReason::RestaurantMistake => "the restaurant made a mistake",
            FailReason::FoodDamaged => "the food was damaged on the way",
            FailReason::CourierAccident => "the courier had an accident",
            FailReason::Other => "the courier could not hand it over",
        }
    }
}

/// The progress of an order when it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// It was not paid for.
    Unpaid,
    /// It was paid for, but not accepted.
    Waiting,
    /// The restaurant had accepted it.
    Accepted,
    /// It was being cooked.
    Preparing,
    /// It was ready for pickup.
    Ready,
    /// The courier had it.
    PickedUp,
    /// The courier had tried to reach the customer from the door.
    Arrived,
}

impl Progress {
    /// All of them, in their order.
    pub const ALL: [Progress; 7] = [
        Progress::Unpaid,
        Progress::Waiting,
        Progress::Accepted,
        Progress::Preparing,
        Progress::Ready,
        Progress::PickedUp,
        Progress::Arrived,
    ];

    /// Whether at this progress the restaurant is owed the food, and the courier the tip.
    fn owed(self) -> (bool, bool) {
        match self {
            Progress::Unpaid | Progress::Waiting | Progress::Accepted => (false, false),
            Progress::Preparing | Progress::Ready => (true, false),
            Progress::PickedUp | Progress::Arrived => (true, true),
        }
    }

    /// Whether the customer keeps paying for the food, and for the tip: for what is owed, if it ended by
    /// their fault.
    fn kept(self, fault: Fault) -> (bool, bool) {
        if fault == Fault::Customer { self.owed() } else { (false, false) }
    }
}

/// What an order costs, and what coupons take off it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Price {
    /// Σ line totals.
    pub food: Won,
    /// The delivery tip.
    pub tip: Won,
    /// What coupons take off the food.
    pub off_food: Won,
    /// The part of that which the restaurant gives. The platform gives the rest.
    pub by_restaurant: Won,
    /// What coupons take off the tip. The platform gives it.
    pub off_tip: Won,
}

impl Price {
    /// What the customer pays, by whatever.
    pub fn total(&self) -> Won {
        Won(self.food.0 + self.tip.0 - self.off_food.0 - self.off_tip.0)
    }

    /// The parts of it that concern the food, the tip, or both.
    fn of(&self, food: bool, tip: bool) -> Self {
        let only = |is_wanted: bool, won: Won| if is_wanted { won } else { Won::ZERO };
        Self {
            food: only(food, self.food),
            off_food: only(food, self.off_food),
            by_restaurant: only(food, self.by_restaurant),
            tip: only(tip, self.tip),
            off_tip: only(tip, self.off_tip),
        }
    }

    /// What the customer pays for the tip.
    pub(super) fn paid_tip(&self) -> Won {
        Won(self.tip.0 - self.off_tip.0)
    }

    /// What the restaurant sells the food for.
    pub(crate) fn sold_for(&self) -> Won {
        Won(self.food.0 - self.by_restaurant.0)
    }

    /// What the platform gives by coupons.
    fn by_platform(&self) -> Won {
        Won(self.off_food.0 - self.by_restaurant.0 + self.off_tip.0)
    }
}

/// What goes back to a customer, by what they paid: money first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Back {
    /// By the payment gateway.
    pub money: Won,
    /// To the lots that they came from.
    pub points: Won,
}

impl Back {
    /// All of it: who has no business with how an order is paid sees this.
    pub fn total(&self) -> Won {
        Won(self.money.0 + self.points.0)
    }
}

/// Each party's share of the payment of an order that is over. A party with a negative share has to
/// pay that amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reckoning {
    /// What the customer gets back, by whatever they paid: from zero to the paid amount.
    pub back: Won,
    /// The restaurant's share.
    pub restaurant: Won,
    /// The courier's share.
    pub courier: Won,
    /// The platform's share, without what it gives by coupons.
    pub platform: Won,
    /// What the platform gives by coupons, zero or more. It adds to the other shares.
    pub coupons: Won,
}

impl Reckoning {
    /// Of an order that ended well: nothing goes back.
    pub fn completed(price: &Price) -> Self {
        let (back, platform) = (Won::ZERO, Won::ZERO);
        Self {
            back,
            restaurant: price.sold_for(),
            courier: price.tip,
            platform,
            coupons: price.by_platform(),
        }
    }

    /// Of an order that ended early: applies the table of the module.
    pub fn of(fault: Fault, progress: Progress, price: &Price) -> Self {
        let (food, tip) = progress.owed();
        // A courier at fault is not paid for the delivery.
        let owed = price.of(food, tip && fault != Fault::Courier);
        let (food, tip) = progress.kept(fault);
        let kept = price.of(food, tip);
        let restaurant = if fault == Fault::Restaurant { Won(-owed.tip.0) } else { owed.sold_for() };
        let coupons = kept.by_platform();
        Self {
            back: Won(price.total().0 - kept.total().0),
            restaurant,
            courier: owed.tip,
            platform: Won(kept.total().0 + coupons.0 - restaurant.0 - owed.tip.0),
            coupons,
        }
    }
}

impl Order {
    /// Its progress.
    pub fn progress(&self) -> Progress {
        match self.status {
            Status::PendingPayment | Status::Expired | Status::PaymentFailed => Progress::Unpaid,
            Status::Accepted => Progress::Accepted,
            Status::Preparing => Progress::Preparing,
            Status::Ready => Progress::Ready,
            Status::PickedUp if self.contact.is_some() => Progress::Arrived,
            Status::PickedUp => Progress::PickedUp,
            _ => Progress::Waiting,
        }
    }

    /// Its price.
    pub fn price(&self) -> Price {
        let sum = |is_part: &dyn Fn(&Discount) -> bool| {
            Won(self.discounts.iter().filter(|it| is_part(it)).map(|it| it.amount.0).sum())
        };
        let is_off_food = |it: &Discount| it.kind != Kind::Delivery;
        Price {
            food: self.subtotal,
            tip: self.tip,
            off_food: sum(&is_off_food),
            by_restaurant: sum(&|it| is_off_food(it) && it.funder == Funder::Restaurant),
            off_tip: sum(&|it| !is_off_food(it)),
        }
    }

    /// Whether its customer pays, or goes on paying after an early end, for the food, and for the tip.
    pub(super) fn is_kept(&self) -> (bool, bool) {
        match (self.status, &self.ending) {
            (Status::Expired | Status::PaymentFailed, _) => (false, false),
            (_, Some(Ending { fault, reached, .. })) => {
                reached.map_or((false, false), |reached| reached.kept(*fault))
            }
            _ => (true, true),
        }
    }

    /// Whether it ended early and its customer bears nothing of it: then its coupons go back.
    pub fn is_undone(&self) -> bool {
        self.is_kept() == (false, false)
    }

    /// What goes back to its customer; `None` while the order has not ended early. Old orders
    /// without a recorded progress are refunded in full.
    pub fn back(&self) -> Option<Back> {
        let total = match (self.status, &self.ending) {
            (Status::Expired | Status::PaymentFailed, _) => None,
            (_, Some(ending)) => {
                ending.reached.map(|reached| Reckoning::of(ending.fault, reached, &self.price()).back)
            }
            _ => return None,
        };
        let total = total.unwrap_or(self.paid_by_all_means());
        let money = total.min(self.payable);
        Some(Back { money, points: Won(total.0 - money.0) })
    }

    /// The refund of the payment, which may still be in progress; `None` while the order has not
    /// ended early.
    pub fn refund_due(&self) -> Option<Won> {
        Some(self.back()?.money)
    }

    /// Whether it was paid for. Orders that ended in old rows count as paid.
    pub fn was_paid(&self) -> bool {
        match (self.status, &self.ending) {
            (Status::PendingPayment | Status::Expired | Status::PaymentFailed, _) => false,
            (_, Some(ending)) => ending.reached != Some(Progress::Unpaid),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::order::tests::placed;

    /// Whether food and tip are refunded, for each cell of the table.
    const GOES_BACK: [(Progress, [(bool, bool); 4]); 7] = {
        const ALL: (bool, bool) = (true, true);
        const TIP: (bool, bool) = (false, true);
        const NOTHING: (bool, bool) = (false, false);
        // customer, restaurant, courier, platform
        [
            (Progress::Unpaid, [ALL, ALL, ALL, ALL]),
            (Progress::Waiting, [ALL, ALL, ALL, ALL]),
            (Progress::Accepted, [ALL, ALL, ALL, ALL]),
            (Progress::Preparing, [TIP, ALL, ALL, ALL]),
            (Progress::Ready, [TIP, ALL, ALL, ALL]),
            (Progress::PickedUp, [NOTHING, ALL, ALL, ALL]),
            (Progress::Arrived, [NOTHING, ALL, ALL, ALL]),
        ]
    };
    const FAULTS: [Fault; 4] = [Fault::Customer, Fault::Restaurant, Fault::Courier, Fault::Platform];

    #[test]
    fn an_order_is_undone_exactly_where_all_of_it_goes_back() {
        for (reached, cells) in GOES_BACK {
            for (fault, goes_back) in FAULTS.into_iter().zip(cells) {
                let (reason, code, operator) = (String::new(), None, None);
                let ending = Some(Ending { fault, reason, code, reached: Some(reached), operator });
                let order = Order { status: Status::Cancelled, ending, ..placed(false) };
                assert_eq!(order.is_undone(), goes_back == (true, true), "{fault:?} {reached:?}");
            }
        }
        let with = |status| Order { status, ending: None, ..placed(false) };
        assert!(with(Status::Expired).is_undone());
        for status in [Status::Placed, Status::PickedUp, Status::Delivered, Status::Completed] {
            assert!(!with(status).is_undone(), "{status:?}");
        }
    }

    fn price(food: i64, tip: i64) -> Price {
        Price { food: Won(food), tip: Won(tip), ..Price::default() }
    }

    #[test]
    fn every_cell_of_fault_and_progress_gives_back_what_the_table_says() {
        assert_eq!(GOES_BACK.map(|(progress, _)| progress), Progress::ALL);
        for (progress, cells) in GOES_BACK {
            for (fault, (food, tip)) in FAULTS.into_iter().zip(cells) {
                let back = Won(if food { 18_000 } else { 0 } + if tip { 3_000 } else { 0 });
                let reckoning = Reckoning::of(fault, progress, &price(18_000, 3_000));
                assert_eq!(reckoning.back, back, "{fault:?} {progress:?}");
            }
        }
    }

    fn shares(reckoning: Reckoning) -> [i64; 5] {
        let Reckoning { back, restaurant, courier, platform, coupons } = reckoning;
        [back, restaurant, courier, platform, coupons].map(|share| share.0)
    }

    #[test]
    fn who_is_at_fault_bears_what_the_others_are_owed() {
        let shares = |fault| shares(Reckoning::of(fault, Progress::Arrived, &price(18_000, 3_000)));
        assert_eq!(shares(Fault::Customer), [0, 18_000, 3_000, 0, 0]);
        assert_eq!(shares(Fault::Restaurant), [21_000, -3_000, 3_000, 0, 0]);
        assert_eq!(shares(Fault::Courier), [21_000, 18_000, 0, -18_000, 0]);
        assert_eq!(shares(Fault::Platform), [21_000, 18_000, 3_000, -21_000, 0]);
    }

    #[test]
    fn who_gave_a_coupon_pays_for_it_and_what_is_kept_is_what_the_customer_paid() {
        // Off the food 1,000 won by the restaurant and 2,000 by the platform, off the tip 500.
        let price = Price {
            off_food: Won(3_000),
            by_restaurant: Won(1_000),
            off_tip: Won(500),
            ..price(18_000, 3_000)
        };
        assert_eq!(price.total(), Won(17_500));
        assert_eq!(shares(Reckoning::completed(&price)), [0, 17_000, 3_000, 0, 2_500]);
        let at = |fault, progress| shares(Reckoning::of(fault, progress, &price));
        assert_eq!(at(Fault::Customer, Progress::Waiting), [17_500, 0, 0, 0, 0]);
        assert_eq!(at(Fault::Customer, Progress::Preparing), [2_500, 17_000, 0, 0, 2_000]);
        assert_eq!(at(Fault::Customer, Progress::PickedUp), [0, 17_000, 3_000, 0, 2_500]);
        assert_eq!(at(Fault::Restaurant, Progress::PickedUp), [17_500, -3_000, 3_000, 0, 0]);
        assert_eq!(at(Fault::Courier, Progress::PickedUp), [17_500, 17_000, 0, -17_000, 0]);
        assert_eq!(at(Fault::Platform, Progress::PickedUp), [17_500, 17_000, 3_000, -20_000, 0]);
    }

    #[test]
    fn money_goes_back_before_points() {
        // 18,000 won of food and a tip of 3,000, of which points paid 20,000.
        let paid = Order {
            subtotal: Won(18_000),
            tip: Won(3_000),
            points: Won(20_000),
            payable: Won(1_000),
            ..placed(false)
        };
        let back = |fault, reached| {
            let (reason, code, operator) = (String::new(), None, None);
            let ending = Some(Ending { fault, reason, code, reached: Some(reached), operator });
            let order = Order { status: Status::Cancelled, ending, ..paid.clone() };
            let back = order.back().unwrap();
            assert_eq!(order.refund_due(), Some(back.money));
            (back.money.0, back.points.0)
        };
        assert_eq!(back(Fault::Restaurant, Progress::Preparing), (1_000, 20_000));
        assert_eq!(back(Fault::Customer, Progress::Preparing), (1_000, 2_000), "the tip");
        assert_eq!(back(Fault::Customer, Progress::PickedUp), (0, 0));
        let expired = Order { status: Status::Expired, ..paid };
        assert_eq!(expired.back(), Some(Back { money: Won(1_000), points: Won(20_000) }));
        assert!(!expired.was_paid());
    }

    proptest! {
        #[test]
        fn the_shares_are_together_what_was_paid_and_no_more_goes_back(
            fault in prop::sample::select(FAULTS.to_vec()),
            progress in prop::sample::select(Progress::ALL.to_vec()),
            food in 0..10_000_000_i64,
            tip in 0..30_000_i64,
            (off_food, by_restaurant, off_tip) in (0..=100_i64, 0..=100_i64, 0..=100_i64),
        ) {
            let off_food = food * off_food / 100;
            let price = Price {
                off_food: Won(off_food),
                by_restaurant: Won(off_food * by_restaurant / 100),
                off_tip: Won(tip * off_tip / 100),
                ..price(food, tip)
            };
            let paid = price.total().0;
            let reckoning = Reckoning::of(fault, progress, &price);
            let [back, restaurant, courier, platform, coupons] = shares(reckoning);
            prop_assert_eq!(back + restaurant + courier + platform, paid + coupons);
            prop_assert!((0..=paid).contains(&back) && coupons >= 0);
            prop_assert!(courier >= 0 && courier <= tip);
            // The reference: what the customer paid for the parts that the table keeps.
            let at = FAULTS.iter().position(|it| *it == fault).unwrap();
            let (food_back, tip_back) =
                GOES_BACK.iter().find(|(it, _)| *it == progress).unwrap().1[at];
            let of_food = if food_back { food - price.off_food.0 } else { 0 };
            let of_tip = if tip_back { tip - price.off_tip.0 } else { 0 };
            prop_assert_eq!(back, of_food + of_tip);
            let [back, restaurant, courier, platform, coupons] = shares(Reckoning::completed(&price));
            prop_assert_eq!((back, restaurant + courier + platform), (0, paid + coupons));
        }

        #[test]
        fn nobody_but_the_customer_costs_the_customer_anything(
            reason in prop::sample::select(FailReason::ALL.to_vec()),
            progress in prop::sample::select(Progress::ALL.to_vec()),
        ) {
            let reckoning = Reckoning::of(reason.fault(), progress, &price(9_000, 2_000));
            prop_assert!(reason.fault() == Fault::Customer || reckoning.back == Won(11_000));
        }
    }
}
