//! Who sees how much of where an order goes, and of who brings it.
//!
//! | | before a courier has it | assigned | with the food | over |
//! |---|---|---|---|---|
//! | its customer | door | door | door | door |
//! | its courier | neighbourhood (in an offer) | address | door | neighbourhood |
//! | its restaurant, support, operators | neighbourhood | neighbourhood | neighbourhood | neighbourhood |
//!
//! Somebody who is several parties sees what the best informed of them sees. Once it
//! is over, names are masked for all.

use super::DeliveryStatus;
use crate::order::Status;
use crate::{Audience, LatLon, Party};

/// How near to the door a track goes for those who may not see the address, metres.
const DOOR_HIDDEN_M: f64 = 300.0;

/// How far a delivery is, as far as privacy cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// No courier has it.
    Open,
    /// A courier has it, but not the food.
    Assigned,
    /// The food is on the way.
    UnderWay,
    /// Nothing more will happen.
    Over,
}

impl From<DeliveryStatus> for Stage {
    fn from(status: DeliveryStatus) -> Self {
        match status {
            status if status.is_open() => Stage::Open,
            status if status.is_before_pickup() => Stage::Assigned,
            status if status.is_under_way() => Stage::UnderWay,
            _ => Stage::Over,
        }
    }
}

impl From<Status> for Stage {
    fn from(status: Status) -> Self {
        match status {
            Status::PendingPayment | Status::Scheduled | Status::Placed => Stage::Open,
            Status::Accepted | Status::Preparing | Status::Ready => Stage::Assigned,
            Status::PickedUp => Stage::UnderWay,
            _ => Stage::Over,
        }
    }
}

impl Stage {
    /// Whether its courier works on it: after that they have no business with the order.
    pub fn is_with_courier(self) -> bool {
        matches!(self, Stage::Assigned | Stage::UnderWay)
    }
}

/// How much of an address is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precision {
    /// The neighbourhood (동) and nothing finer.
    Dong,
    /// The building: its road-name address and its place on the map.
    Address,
    /// The door, and how to get in.
    Door,
}

impl Precision {
    /// What `audience` may see of it at this stage.
    pub fn of(audience: Audience, stage: Stage) -> Self {
        if audience.has(Party::Customer) {
            return Precision::Door;
        }
        match stage {
            Stage::UnderWay if audience.has(Party::Courier) => Precision::Door,
            Stage::Assigned if audience.has(Party::Courier) => Precision::Address,
            _ => Precision::Dong,
        }
    }

    /// Whether somebody with this sight may see a point of the way to `door`: who may
    /// not know the address must not read it off the courier's last steps.
    pub fn shows(self, point: LatLon, door: LatLon) -> bool {
        self > Precision::Dong || point.distance_m(door) > DOOR_HIDDEN_M
    }
}

/// Who is shown where the courier is. Before pickup that is the courier's affair and the
/// restaurant's, and the customer's only if so configured; afterwards it leads to the
/// customer's door, which is none of the restaurant's.
pub fn position_audience(status: DeliveryStatus, shown_from_assignment: bool) -> Audience {
    match Stage::from(status) {
        Stage::Assigned if shown_from_assignment => Audience::EVERYONE,
        Stage::Assigned => Audience::STAFF,
        Stage::UnderWay => Audience::EVERYONE.without(Party::Restaurant),
        Stage::Open | Stage::Over => Audience::NOBODY,
    }
}

/// A name of which only the first letter can be read.
pub fn masked(name: &str) -> String {
    name.chars().take(1).chain(['*']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_above_is_what_the_rule_says() {
        use Precision::{Address, Dong, Door};
        use Stage::{Assigned, Open, Over, UnderWay};
        for (party, seen) in [
            (Party::Customer, [Door, Door, Door, Door]),
            (Party::Courier, [Dong, Address, Door, Dong]),
            (Party::Restaurant, [Dong; 4]),
            (Party::Support, [Dong; 4]),
            (Party::Operator, [Dong; 4]),
        ] {
            for (stage, seen) in [Open, Assigned, UnderWay, Over].into_iter().zip(seen) {
                assert_eq!(Precision::of(party.into(), stage), seen, "{party:?} {stage:?}");
            }
        }
    }

    #[test]
    fn order_and_delivery_are_at_the_same_stage() {
        assert_eq!(Stage::from(Status::Ready), Stage::from(DeliveryStatus::AtRestaurant));
        assert_eq!(Stage::from(Status::PickedUp), Stage::from(DeliveryStatus::AtDropoff));
        assert_eq!(Stage::from(Status::Delivered), Stage::from(DeliveryStatus::Delivered));
        assert_eq!(Stage::from(Status::DeliveryFailed), Stage::from(DeliveryStatus::Returned));
    }

    #[test]
    fn with_the_food_the_courier_is_shown_to_all_but_the_restaurant() {
        for status in DeliveryStatus::ALL {
            let to = position_audience(status, false);
            assert_eq!(to.has(Party::Restaurant), status.is_before_pickup(), "{status:?}");
            assert_eq!(to.has(Party::Customer), status.is_under_way(), "{status:?}");
            assert_eq!(to.has(Party::Courier), status.is_live(), "{status:?}");
        }
        assert!(position_audience(DeliveryStatus::Assigned, true).has(Party::Customer));
    }

    #[test]
    fn a_masked_name_keeps_its_first_letter() {
        assert_eq!(masked("김라이더"), "김*");
        assert_eq!(masked(""), "*");
    }
}
