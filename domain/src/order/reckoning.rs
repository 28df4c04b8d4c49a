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
//! food (unless the courier is at fault). All that is not kept is refunded. The platform
//! pays for discounts: it bears what the customer's payment does not cover. The sum of all
//! shares equals the paid amount.

use serde::{Deserialize, Serialize};

use super::{Fault, Order, Status};
use crate::Won;

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

    /// The amounts owed at this progress: to the restaurant for the food, to the courier
    /// for the delivery.
    fn owed(self, food: Won, tip: Won) -> (Won, Won) {
        match self {
            Progress::Unpaid | Progress::Waiting | Progress::Accepted => (Won::ZERO, Won::ZERO),
            Progress::Preparing | Progress::Ready => (food, Won::ZERO),
            Progress::PickedUp | Progress::Arrived => (food, tip),
        }
    }
}

/// Each party's share of the payment of an order that ended early. A party with a
/// negative share has to pay that amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reckoning {
    /// The refund to the customer: from zero to the paid amount.
    pub back: Won,
    /// The restaurant's share.
    pub restaurant: Won,
    /// The courier's share.
    pub courier: Won,
    /// The platform's share.
    pub platform: Won,
}

impl Reckoning {
    /// Applies the table of the module. `paid` is `food` plus `tip` minus a discount.
    pub fn of(fault: Fault, progress: Progress, food: Won, tip: Won, paid: Won) -> Self {
        let (food, tip) = progress.owed(food, tip);
        // A courier at fault is not paid for the delivery.
        let tip = if fault == Fault::Courier { Won::ZERO } else { tip };
        let owed = food.0 + tip.0;
        let kept = if fault == Fault::Customer { owed.min(paid.0) } else { 0 };
        let restaurant = if fault == Fault::Restaurant { -tip.0 } else { food.0 };
        Self {
            back: Won(paid.0 - kept),
            restaurant: Won(restaurant),
            courier: tip,
            platform: Won(kept - restaurant - tip.0),
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

    /// The refund of the payment, which may still be in progress; `None` while the order has
    /// not ended early. Old orders without a recorded progress are refunded in full.
    pub fn refund_due(&self) -> Option<Won> {
        match (self.status, &self.ending) {
            (Status::Expired | Status::PaymentFailed, _) => Some(self.payable),
            (_, Some(ending)) => Some(ending.reached.map_or(self.payable, |reached| {
                Reckoning::of(ending.fault, reached, self.subtotal, self.tip, self.payable).back
            })),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
    fn every_cell_of_fault_and_progress_gives_back_what_the_table_says() {
        assert_eq!(GOES_BACK.map(|(progress, _)| progress), Progress::ALL);
        for (progress, cells) in GOES_BACK {
            for (fault, (food, tip)) in FAULTS.into_iter().zip(cells) {
                let back = Won(if food { 18_000 } else { 0 } + if tip { 3_000 } else { 0 });
                let reckoning = Reckoning::of(fault, progress, Won(18_000), Won(3_000), Won(21_000));
                assert_eq!(reckoning.back, back, "{fault:?} {progress:?}");
            }
        }
    }

    #[test]
    fn who_is_at_fault_bears_what_the_others_are_owed() {
        let shares = |fault| {
            let Reckoning { back, restaurant, courier, platform } =
                Reckoning::of(fault, Progress::Arrived, Won(18_000), Won(3_000), Won(21_000));
            [back, restaurant, courier, platform].map(|share| share.0)
        };
        assert_eq!(shares(Fault::Customer), [0, 18_000, 3_000, 0]);
        assert_eq!(shares(Fault::Restaurant), [21_000, -3_000, 3_000, 0]);
        assert_eq!(shares(Fault::Courier), [21_000, 18_000, 0, -18_000]);
        assert_eq!(shares(Fault::Platform), [21_000, 18_000, 3_000, -21_000]);
    }

    proptest! {
        #[test]
        fn the_shares_are_together_what_was_paid_and_no_more_goes_back(
            fault in prop::sample::select(FAULTS.to_vec()),
            progress in prop::sample::select(Progress::ALL.to_vec()),
            food in 0..10_000_000_i64,
            tip in 0..30_000_i64,
            discount in 0..10_030_000_i64,
        ) {
            let paid = (food + tip - discount).max(0);
            let reckoning = Reckoning::of(fault, progress, Won(food), Won(tip), Won(paid));
            let Reckoning { back, restaurant, courier, platform } = reckoning;
            prop_assert_eq!(back.0 + restaurant.0 + courier.0 + platform.0, paid);
            prop_assert!((0..=paid).contains(&back.0));
            prop_assert!(courier.0 >= 0 && courier.0 <= tip);
            // The reference: the parts that the table keeps, limited to the paid amount.
            let at = FAULTS.iter().position(|it| *it == fault).unwrap();
            let (food_back, tip_back) =
                GOES_BACK.iter().find(|(it, _)| *it == progress).unwrap().1[at];
            let kept = if food_back { 0 } else { food } + if tip_back { 0 } else { tip };
            prop_assert_eq!(back.0, (paid - kept).max(0));
        }

        #[test]
        fn nobody_but_the_customer_costs_the_customer_anything(
            reason in prop::sample::select(FailReason::ALL.to_vec()),
            progress in prop::sample::select(Progress::ALL.to_vec()),
        ) {
            let reckoning = Reckoning::of(reason.fault(), progress, Won(9_000), Won(2_000), Won(11_000));
            prop_assert!(reason.fault() == Fault::Customer || reckoning.back == Won(11_000));
        }
    }
}
