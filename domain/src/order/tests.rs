//! Applies random commands to an order and compares each result with a reference model:
//! the table of permitted transitions.

use chrono::{DateTime, Duration};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::cart::{Method, Quote, QuotedLine};
use crate::{Event, LineId, MenuId};

mod examples;

const CUSTOMER: UserId = UserId(Uuid::from_u128(1));
pub(crate) const RESTAURANT: RestaurantId = RestaurantId(Uuid::from_u128(2));
const COURIER: CourierId = CourierId(Uuid::from_u128(3));
const OPERATOR: UserId = UserId(Uuid::from_u128(4));
const WAIT: Duration = Duration::minutes(10);
const STRANGER: Uuid = Uuid::from_u128(9);

fn now() -> Timestamp {
    DateTime::from_timestamp(1_760_000_000, 0).unwrap()
}

fn quote() -> Quote {
    let place = LatLon::new(37.5, 127.03).unwrap();
    let line = QuotedLine {
        line_id: LineId(Uuid::from_u128(10)),
        menu_id: MenuId(Uuid::from_u128(11)),
        name: "후라이드".into(),
        quantity: 2,
        options: Vec::new(),
        unit_price: Won(9_000),
        total: Won(18_000),
        discount: Won::ZERO,
        shares: Vec::new(),
        limited: false,
    };
    Quote {
        tip_parts: Vec::new(),
        id: QuoteId(Uuid::from_u128(12)),
        customer: CUSTOMER,
        cart_version: 1,
        menu_version: 1,
        method: Method::Delivery,
        slot: None,
        lead_mins: 40,
        restaurant_id: RESTAURANT,
        restaurant_name: "치킨집".into(),
        lines: vec![line],
        subtotal: Won(18_000),
        tip: Won(3_000),
        discounts: Vec::new(),
        points: Won::ZERO,
        payable: Won(21_000),
        points_wanted: Won::ZERO,
        coupons: Vec::new(),
        minimum: Won(15_000),
        pickup: place,
        drop_off: Some(DropOff {
            position: place,
            road_address: "테헤란로 1".into(),
            detail: String::new(),
            entrance_note: String::new(),
        }),
        problems: Vec::new(),
        made_at: now(),
        expires_at: now() + Duration::minutes(5),
    }
}

fn pickup_quote() -> Quote {
    Quote { method: Method::Pickup, drop_off: None, tip: Won::ZERO, payable: Won(18_000), ..quote() }
}

fn placement(pickup: bool) -> Placement {
    Placement {
        id: OrderId(Uuid::from_u128(20)),
        quote: if pickup { pickup_quote() } else { quote() },
        note: String::new(),
        courier_note: String::new(),
        contactless: false,
        cutlery: false,
        pickup_code: "0420".to_owned(),
        terms: Terms::default(),
    }
}

pub(crate) fn placed(pickup: bool) -> Order {
    Order::place(placement(pickup), now()).unwrap().0
}

/// The permitted transitions: from, command, who (as letters), to.
/// C customer, O owner, R courier, A admin, S system, P payment.
const TABLE: &[(&str, &str, &str, &str)] = &[
    ("pending_payment", "pay", "P", "placed"),
    ("pending_payment", "decline_payment", "P", "same"),
    ("pending_payment", "expire", "S", "expired"),
    ("pending_payment", "cancel", "C", "cancelled"),
    ("scheduled", "release", "S", "placed"),
    ("scheduled", "cancel", "C", "cancelled"),
    ("placed", "accept", "OS", "accepted"),
    ("placed", "reject", "OS", "rejected"),
    ("placed", "cancel", "C", "cancelled"),
    ("accepted", "start_preparing", "O", "preparing"),
    ("accepted preparing", "mark_ready", "O", "ready"),
    ("accepted preparing ready", "assign_courier", "S", "same"),
    ("accepted preparing ready", "cancel", "OA", "cancelled"),
    ("placed accepted preparing ready", "cancel_lines", "OA", "same"),
    ("accepted preparing ready", "request_cancel", "C", "same"),
    ("accepted preparing ready", "decide_cancel", "O", "cancelled"),
    ("accepted preparing ready", "lapse_cancel_request", "S", "same"),
    ("preparing ready", "pick_up", "R", "picked_up"),
    ("picked_up", "deliver", "R", "delivered"),
    ("accepted preparing ready", "end", "A", "cancelled"),
    ("picked_up", "try_contact", "R", "same"),
    ("picked_up", "answer_contact", "C", "same"),
    ("picked_up", "fail_delivery", "R", "delivery_failed"),
    ("picked_up", "end", "A", "delivery_failed"),
    // The operator repeats the command.
    ("cancelled delivery_failed", "end", "A", "same"),
    ("delivered", "complete", "CS", "completed"),
];

fn letter(by: By) -> char {
    match by {
        By::Customer(_) => 'C',
        By::Owner(_) => 'O',
        By::Courier(_) => 'R',
        By::Admin(_) => 'A',
        By::System => 'S',
        By::Payment => 'P',
    }
}

fn try_contact(attempt: u128, way: ContactMethod) -> Command {
    Command::TryContact { attempt: Uuid::from_u128(attempt), way, wait: WAIT }
}

fn cancel_lines(id: u128, quantity: u32) -> Command {
    let parts = vec![LinePart { line: LineId(Uuid::from_u128(10)), quantity }];
    Command::CancelLines { id: Uuid::from_u128(id).into(), parts, sold_out: false }
}

fn in_table(status: Status, command: &Command, by: By) -> Option<&'static str> {
    TABLE
        .iter()
        .find(|(from, name, who, _)| {
            from.split(' ').any(|from| from == status.as_str())
                && *name == command.name()
                && who.contains(letter(by))
        })
        .map(|(.., to)| *to)
}

fn any_by() -> impl Strategy<Value = By> {
    prop_oneof![
        Just(By::Customer(CUSTOMER)),
        Just(By::Owner(RESTAURANT)),
        Just(By::Courier(COURIER)),
        Just(By::Admin(OPERATOR)),
        Just(By::System),
        Just(By::Payment),
        Just(By::Customer(UserId(STRANGER))),
        Just(By::Owner(RestaurantId(STRANGER))),
        Just(By::Courier(CourierId(STRANGER))),
    ]
}

fn any_command() -> impl Strategy<Value = Command> {
    let reason = "reason".to_owned();
    prop_oneof![
        Just(Command::Pay { amount: Won(21_000) }),
        Just(Command::DeclinePayment { payment: PaymentId(Uuid::from_u128(30)) }),
        Just(Command::Expire),
        Just(Command::Release),
        Just(Command::Accept { preparation_mins: 20 }),
        Just(Command::Reject { reason: RejectReason::TooBusy, sold_out: Vec::new() }),
        Just(Command::StartPreparing),
        Just(Command::MarkReady),
        prop_oneof![Just(None), Just(Some(COURIER))].prop_map(|courier| Command::AssignCourier { courier }),
        Just(Command::PickUp),
        Just(Command::Deliver),
        (
            1..5u128,
            prop::sample::select(vec![ContactMethod::Call, ContactMethod::Message, ContactMethod::Door])
        )
            .prop_map(|(id, way)| try_contact(id, way)),
        Just(Command::AnswerContact { text: "1분만요".into(), wait: WAIT }),
        prop::sample::select(FailReason::ALL.to_vec()).prop_map(|reason| Command::FailDelivery { reason }),
        Just(Command::End { fault: Fault::Restaurant, reason: reason.clone() }),
        Just(Command::Complete { code: None }),
        Just(Command::Cancel { reason: reason.clone() }),
        (1..3_u128, 1..3_u32).prop_map(|(id, quantity)| cancel_lines(id, quantity)),
        Just(Command::RequestCancel { reason }),
        any::<bool>().prop_map(|approve| Command::DecideCancel { approve }),
        Just(Command::LapseCancelRequest),
    ]
}

/// A command that advances the order, so that random sequences reach late states.
fn forward(order: &Order) -> (By, Command) {
    match order.status {
        Status::PendingPayment => (By::Payment, Command::Pay { amount: order.payable }),
        Status::Placed => (By::Owner(RESTAURANT), Command::Accept { preparation_mins: 15 }),
        Status::Accepted => (By::Owner(RESTAURANT), Command::MarkReady),
        Status::Ready if order.courier.is_none() => {
            (By::System, Command::AssignCourier { courier: Some(COURIER) })
        }
        Status::Preparing | Status::Ready => (By::Courier(COURIER), Command::PickUp),
        Status::PickedUp => (By::Courier(COURIER), Command::Deliver),
        _ => (By::System, Command::Complete { code: None }),
    }
}

proptest! {
    #[test]
    fn an_order_does_what_the_table_says_and_nothing_else(
        steps in prop::collection::vec((any_by(), any_command(), prop::bool::weighted(0.4)), 1..60)
    ) {
        let mut order = placed(false);
        for (by, command, onwards) in steps {
            let (by, command) = if onwards { forward(&order) } else { (by, command) };
            let expected = in_table(order.status, &command, by);
            match order.decide(by, &command, now()) {
                Ok((next, events)) => {
                    let to = expected.expect("accepted, though the table does not list it");
                    let stays = to == "same" || command == Command::DecideCancel { approve: false };
                    let to = if stays { order.status.as_str() } else { to };
                    prop_assert_eq!(next.status.as_str(), to);
                    // Offsets have no gaps: each event raises the version by one.
                    prop_assert_eq!(next.version, order.version + events.len() as u64);
                    for event in &events {
                        prop_assert!(event.kind().starts_with("order."));
                        let data = event.data();
                        prop_assert_eq!(&data["order_id"], &serde_json::json!(order.id));
                        prop_assert!(crate::words::fit(event), "{data} of {}", event.kind());
                    }
                    prop_assert!(!order.status.is_terminal() || events.is_empty(), "nothing follows an end");
                    // No refund before an early end, and never more than was paid.
                    prop_assert_eq!(next.refund_due().is_some(), next.is_dead() || next.status == Status::DeliveryFailed);
                    prop_assert!(next.refund_due().is_none_or(|back| (Won::ZERO..=next.payable).contains(&back)));
                    // What is paid never changes after the order was created, but for what is taken out of it.
                    prop_assert_eq!(next.payable.0 + next.cancelled().money.0, 21_000);
                    order = next;
                }
                Err(refusal) => {
                    // A transition in the table may still be refused, but only by its guard.
                    if expected.is_some() {
                        let guarded = matches!(
                            refusal,
                            OrderRefusal::NotYours
                                | OrderRefusal::NotItsCourier
                                | OrderRefusal::CancelRequestOpen
                                | OrderRefusal::NoCancelRequest
                                | OrderRefusal::NoContact
                                | OrderRefusal::NotSoMany { .. }
                                | OrderRefusal::NothingLeft
                                | OrderRefusal::ContactTooFew
                                | OrderRefusal::ContactRunning { .. }
                                // It was ended with another fault, reason or operator.
                                | OrderRefusal::Transition { status: Status::Cancelled | Status::DeliveryFailed, command: "end" }
                        );
                        prop_assert!(guarded, "{:?} of {:?} by {:?}: {:?}", command, order.status, by, refusal);
                    }
                }
            }
        }
    }

    #[test]
    fn a_stranger_can_do_nothing(command in any_command(), steps in 0usize..7) {
        let mut order = placed(false);
        for _ in 0..steps {
            let (by, command) = forward(&order);
            order = order.decide(by, &command, now()).unwrap().0;
        }
        for by in [
            By::Customer(UserId(STRANGER)),
            By::Owner(RestaurantId(STRANGER)),
            By::Courier(CourierId(STRANGER)),
        ] {
            let refusal = order.decide(by, &command, now()).unwrap_err();
            prop_assert!(matches!(refusal, OrderRefusal::NotYours | OrderRefusal::NotItsCourier));
        }
    }
}
