use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn courier(n: u8) -> CourierId {
    CourierId(Uuid::from_u128(u128::from(n)))
}

fn carrier(n: u8) -> Carrier {
    Carrier { courier: courier(n), name: format!("라이더 {n}"), vehicle: Vehicle::Bicycle }
}

fn at(mins: i64) -> Timestamp {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap() + TimeDelta::minutes(mins)
}

fn requested() -> Delivery {
    let place = LatLon::new(37.5, 127.0).unwrap();
    let delivery = Delivery {
        order: OrderId(Uuid::from_u128(1)),
        version: 0,
        status: DeliveryStatus::Requested,
        customer: UserId(Uuid::from_u128(2)),
        pickup: Pickup {
            restaurant: RestaurantId(Uuid::from_u128(3)),
            name: "한 그릇".into(),
            position: place,
        },
        drop_off: DropOff {
            position: place,
            road_address: "테헤란로 1".into(),
            detail: "101호".into(),
            entrance_note: String::new(),
        },
        carrier: None,
        requested_at: at(0),
        ready_by: at(15),
        promised_at: at(40),
        handover: None,
        near_told: false,
        late_told: false,
    };
    delivery.request().0
}

#[test]
fn a_delivery_goes_its_way_and_each_step_is_told_once() {
    let mut delivery = requested();
    let mut told = vec!["delivery.requested"];
    let mut step = |decide: &dyn Fn(Delivery) -> Decision| {
        for _ in 0..2 {
            let (next, events) = decide(delivery.clone()).unwrap();
            told.extend(events.iter().map(Event::kind));
            delivery = next;
        }
    };
    step(&|d| d.offer());
    step(&|d| d.assign(carrier(1)));
    step(&|d| d.arrive_at_restaurant(courier(1)));
    step(&|d| d.follow(OrderFact::PickedUp));
    step(&|d| d.run_late(at(41)));
    step(&|d| d.come_near(courier(1)));
    step(&|d| d.arrive_at_dropoff(courier(1)));
    step(&|d| d.follow(OrderFact::Delivered));
    let names =
        ["requested", "offered", "assigned", "at_restaurant", "picked_up", "late", "near", "at_dropoff"];
    let mut expected: Vec<_> = names.iter().map(|name| format!("delivery.{name}")).collect();
    expected.push("delivery.delivered".into());
    assert_eq!(told, expected);
    assert_eq!(delivery.version, 9);
}

#[test]
fn an_event_says_whose_delivery_and_where_it_stands() {
    let (_, events) = requested().assign(carrier(1)).unwrap();
    let data = events[0].data();
    assert_eq!(data["status"], "assigned");
    assert_eq!(data["name"], "라이더 1");
    assert_eq!(data["vehicle"], "bicycle");
    assert_eq!(data["courier_id"], json!(courier(1)));
}

#[test]
fn another_courier_may_do_nothing_with_it() {
    let (delivery, _) = requested().assign(carrier(1)).unwrap();
    assert_eq!(delivery.clone().drop_out(courier(2)), Err(DeliveryRefusal::NotYours));
    assert_eq!(delivery.clone().arrive_at_restaurant(courier(2)), Err(DeliveryRefusal::NotYours));
    assert!(matches!(delivery.assign(carrier(2)), Err(DeliveryRefusal::Transition { .. })));
}

#[derive(Clone, Copy, Debug)]
enum Command {
    Offer,
    Assign(u8),
    DropOut(u8),
    AtRestaurant(u8),
    Near(u8),
    AtDropoff(u8),
    Late(i64),
    Follow(OrderFact),
    GiveBack,
    Dispose,
}

fn any_command() -> impl Strategy<Value = Command> {
    use OrderFact as F;
    let who = 1..=2_u8;
    prop_oneof![
        Just(Command::Offer),
        who.clone().prop_map(Command::Assign),
        who.clone().prop_map(Command::DropOut),
        who.clone().prop_map(Command::AtRestaurant),
        who.clone().prop_map(Command::Near),
        who.prop_map(Command::AtDropoff),
        (30..50_i64).prop_map(Command::Late),
        prop_oneof![Just(F::PickedUp), Just(F::Delivered), Just(F::Cancelled), Just(F::Failed)]
            .prop_map(Command::Follow),
        Just(Command::GiveBack),
        Just(Command::Dispose),
    ]
}

fn run(delivery: Delivery, command: Command) -> Decision {
    match command {
        Command::Offer => delivery.offer(),
        Command::Assign(n) => delivery.assign(carrier(n)),
        Command::DropOut(n) => delivery.drop_out(courier(n)),
        Command::AtRestaurant(n) => delivery.arrive_at_restaurant(courier(n)),
        Command::Near(n) => delivery.come_near(courier(n)),
        Command::AtDropoff(n) => delivery.arrive_at_dropoff(courier(n)),
        Command::Late(mins) => delivery.run_late(at(mins)),
        Command::Follow(fact) => delivery.follow(fact),
        Command::GiveBack => delivery.give_back(),
        Command::Dispose => delivery.dispose(),
    }
}

/// The reference: the transitions, written as a table.
#[derive(Clone, Debug, PartialEq)]
struct Model {
    status: &'static str,
    courier: Option<u8>,
    near: bool,
    late: bool,
}

impl Model {
    /// The next state, and whether there is an event; `None` is a refusal.
    fn run(&self, command: Command) -> Option<(Model, bool)> {
        let own = |n: u8| self.courier == Some(n);
        let to = |status| Some((Model { status, ..self.clone() }, true));
        let same = Some((self.clone(), false));
        match (command, self.status) {
            (Command::Offer, "requested") => to("offered"),
            (Command::Offer, "offered") => same,
            (Command::Assign(n), "requested" | "offered") => {
                Some((Model { status: "assigned", courier: Some(n), ..self.clone() }, true))
            }
            (Command::Assign(n), "assigned" | "at_restaurant") if own(n) => same,
            (Command::DropOut(n), "assigned" | "at_restaurant") if own(n) => {
                Some((Model { status: "requested", courier: None, ..self.clone() }, true))
            }
            (Command::AtRestaurant(n), "assigned") if own(n) => to("at_restaurant"),
            (Command::AtRestaurant(n), "at_restaurant") if own(n) => same,
            (Command::Near(n), "picked_up") if own(n) => {
                Some((Model { near: true, ..self.clone() }, !self.near))
            }
            (Command::Near(n), "at_dropoff") if own(n) => same,
            (Command::AtDropoff(n), "picked_up") if own(n) => to("at_dropoff"),
            (Command::AtDropoff(n), "at_dropoff") if own(n) => same,
            (
                Command::Late(mins),
                "requested" | "offered" | "assigned" | "at_restaurant" | "picked_up" | "at_dropoff",
            ) => {
                let news = mins > 40 && !self.late;
                Some((Model { late: self.late || news, ..self.clone() }, news))
            }
            (Command::Follow(OrderFact::PickedUp), "assigned" | "at_restaurant") => to("picked_up"),
            (
                Command::Follow(OrderFact::PickedUp),
                "picked_up" | "at_dropoff" | "delivered" | "undeliverable" | "returned" | "disposed",
            ) => same,
            (Command::Follow(OrderFact::Delivered), "picked_up" | "at_dropoff") => to("delivered"),
            (Command::Follow(OrderFact::Delivered), "delivered") => same,
            (Command::Follow(OrderFact::Failed), "picked_up" | "at_dropoff") => to("undeliverable"),
            (Command::Follow(OrderFact::Failed), "undeliverable" | "returned" | "disposed") => same,
            (
                Command::Follow(OrderFact::Cancelled),
                "requested" | "offered" | "assigned" | "at_restaurant",
            ) => to("cancelled"),
            (Command::Follow(OrderFact::Cancelled), "cancelled") => same,
            (Command::GiveBack, "undeliverable") => to("returned"),
            (Command::GiveBack, "returned") => same,
            (Command::Dispose, "undeliverable") => to("disposed"),
            (Command::Dispose, "disposed") => same,
            _ => None,
        }
    }
}

proptest! {
    #[test]
    fn a_delivery_agrees_with_the_table(commands in prop::collection::vec(any_command(), 0..40)) {
        let mut delivery = requested();
        let mut model = Model { status: "requested", courier: None, near: false, late: false };
        for command in commands {
            match (run(delivery.clone(), command), model.run(command)) {
                (Err(_), None) => {}
                (Ok((next, events)), Some((expected, news))) => {
                    prop_assert_eq!(events.len(), usize::from(news), "{:?} in {:?}", command, delivery);
                    prop_assert_eq!(next.version, delivery.version + u64::from(news));
                    prop_assert!(events.iter().all(crate::words::fit), "{:?}", events);
                    if !news {
                        prop_assert_eq!(&next, &delivery, "nothing happened, so nothing changed");
                    }
                    prop_assert_eq!(next.status.as_str(), expected.status);
                    prop_assert_eq!(next.carrier.as_ref().map(|c| c.courier), expected.courier.map(courier));
                    (delivery, model) = (next, expected);
                }
                (decided, expected) => {
                    prop_assert!(false, "{command:?} on {model:?}: {decided:?}, but {expected:?}");
                }
            }
        }
    }
}

#[test]
fn every_status_is_found_by_its_name() {
    for status in DeliveryStatus::ALL {
        assert_eq!(DeliveryStatus::named(status.as_str()), Some(status));
    }
}
