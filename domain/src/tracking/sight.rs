//! Privacy: which details of an order's address and courier each party may see.
//!
//! | | before a courier has it | assigned | with the food | over |
//! |---|---|---|---|---|
//! | its customer | door | door | door | door |
//! | its courier | neighbourhood (in an offer) | address | door | neighbourhood |
//! | its restaurant, support, operators | neighbourhood | neighbourhood | neighbourhood | neighbourhood |
//!
//! The courier sees the dishes, the customer's note and whether to leave the food at the door
//! from the assignment until the order is over; nobody else does, except that the customer sees
//! their own note. The door code belongs to the address, which is shown later than the note.
//!
//! A person with several parties sees the most precise of their levels. When the order is
//! over, names are masked for everyone.

use super::DeliveryStatus;
use crate::order::Status;
use crate::{Audience, LatLon, Party};

/// Points within this distance of the door are hidden from those who may not see the
/// address, in metres.
const DOOR_HIDDEN_M: f64 = 300.0;

/// The stage of a delivery, as far as privacy depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// No courier is assigned.
    Open,
    /// A courier is assigned but does not have the food.
    Assigned,
    /// The courier has the food.
    UnderWay,
    /// It has ended.
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
    /// Whether its courier works on it. Otherwise the courier has no access to the order.
    pub fn is_with_courier(self) -> bool {
        matches!(self, Stage::Assigned | Stage::UnderWay)
    }
}

/// How precisely an address is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precision {
    /// The neighbourhood (동) only.
    Dong,
    /// The building: its road-name address and its coordinate.
    Address,
    /// The door, and how to get in.
    Door,
}

impl Precision {
    /// The precision for `audience` at this stage.
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

    /// Whether someone with this precision may see a point of the route to `door`. Without
    /// the address they must not be able to infer it from the end of the route.
    pub fn shows(self, point: LatLon, door: LatLon) -> bool {
        self > Precision::Dong || point.distance_m(door) > DOOR_HIDDEN_M
    }
}

/// Whether `audience` sees the handover: the dishes, the customer's note to the courier, and
/// whether to leave the food at the door.
pub fn sees_handover(audience: Audience, stage: Stage) -> bool {
    audience.has(Party::Courier) && stage.is_with_courier()
}

/// Whether `audience` sees the customer's note to the courier.
pub fn sees_courier_note(audience: Audience, stage: Stage) -> bool {
    audience.has(Party::Customer) || sees_handover(audience, stage)
}

/// Who may see the courier's position. Before pickup all parties except the customer, who
/// is included only if so configured; after pickup all except the restaurant, because the
/// route leads to the customer's door.
pub fn position_audience(status: DeliveryStatus, shown_from_assignment: bool) -> Audience {
    match Stage::from(status) {
        Stage::Assigned if shown_from_assignment => Audience::EVERYONE,
        Stage::Assigned => Audience::STAFF,
        Stage::UnderWay => Audience::EVERYONE.without(Party::Restaurant),
        Stage::Open | Stage::Over => Audience::NOBODY,
    }
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
    fn the_courier_is_told_of_the_food_while_they_have_it_and_nobody_else_ever() {
        for party in [Party::Customer, Party::Courier, Party::Restaurant, Party::Support, Party::Operator] {
            for stage in [Stage::Open, Stage::Assigned, Stage::UnderWay, Stage::Over] {
                let brings = party == Party::Courier && matches!(stage, Stage::Assigned | Stage::UnderWay);
                assert_eq!(sees_handover(party.into(), stage), brings, "{party:?} {stage:?}");
                let reads = brings || party == Party::Customer;
                assert_eq!(sees_courier_note(party.into(), stage), reads, "{party:?} {stage:?}");
            }
        }
        assert!(!sees_courier_note(Audience::STAFF.without(Party::Courier), Stage::UnderWay));
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
}
