//! Random commands, walked beside a reference model that is the table of the
//! rules, line by line.

use chrono::{DateTime, Duration};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::cart::{Method, Quote, QuotedLine};
use crate::{Event, LineId, MenuId};

const CUSTOMER: UserId = UserId(Uuid::from_u128(1));
const RESTAURANT: RestaurantId = RestaurantId(Uuid::from_u128(2));
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
    };
    Quote {
        id: QuoteId(Uuid::from_u128(12)),
        customer: CUSTOMER,
        cart_version: 1,
        method: Method::Delivery,
        slot: None,
        lead_mins: 40,
        restaurant_id: RESTAURANT,
        restaurant_name: "치킨집".into(),
        lines: vec![line],
        subtotal: Won(18_000),
        tip: Won(3_000),
        payable: Won(21_000),
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
        contactless: false,
        pickup_code: "0420".to_owned(),
    }
}

fn placed(pickup: bool) -> Order {
    Order::place(placement(pickup), now()).unwrap().0
}

/// The table of the rules: from, command, who (as a letter), to.
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
    // An operator says the same again.
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
        Just(Command::RequestCancel { reason }),
        any::<bool>().prop_map(|approve| Command::DecideCancel { approve }),
        Just(Command::LapseCancelRequest),
    ]
}

/// The command that most often moves an order on, so that walks get far.
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
                    // Offsets have no holes: one version for each event.
                    prop_assert_eq!(next.version, order.version + events.len() as u64);
                    for event in &events {
                        prop_assert!(event.kind().starts_with("order."));
                        let data = event.data();
                        prop_assert_eq!(&data["order_id"], &serde_json::json!(order.id));
                        prop_assert!(crate::words::fit(event), "{data} of {}", event.kind());
                    }
                    prop_assert!(!order.status.is_terminal() || events.is_empty(), "nothing follows an end");
                    // Nothing goes back while it stands, and never more than was paid.
                    prop_assert_eq!(next.refund_due().is_some(), next.is_dead() || next.status == Status::DeliveryFailed);
                    prop_assert!(next.refund_due().is_none_or(|back| (Won::ZERO..=next.payable).contains(&back)));
                    // Money never changes after the order was made.
                    prop_assert_eq!(next.payable, order.payable);
                    order = next;
                }
                Err(refusal) => {
                    // What the table lists may still be refused, but only by a guard of its own.
                    if expected.is_some() {
                        let guarded = matches!(
                            refusal,
                            OrderRefusal::NotYours
                                | OrderRefusal::NotItsCourier
                                | OrderRefusal::CancelRequestOpen
                                | OrderRefusal::NoCancelRequest
                                | OrderRefusal::NoContact
                                | OrderRefusal::ContactTooFew
                                | OrderRefusal::ContactRunning { .. }
                                // Ended otherwise than the operator says now.
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

#[test]
fn the_paid_amount_must_be_the_payable_one() {
    let short = Command::Pay { amount: Won(20_999) };
    let refusal = placed(false).decide(By::Payment, &short, now()).unwrap_err();
    assert_eq!(refusal, OrderRefusal::AmountDiffers { payable: Won(21_000) });
}

#[test]
fn an_expired_quote_cannot_be_ordered() {
    let late = now() + Duration::minutes(6);
    let refusal = Order::place(placement(false), late).unwrap_err();
    assert_eq!(refusal, OrderRefusal::QuoteExpired);
}

#[test]
fn an_order_for_nothing_needs_no_payment() {
    let mut free = placement(false);
    free.quote.payable = Won::ZERO;
    let (order, events) = Order::place(free, now()).unwrap();
    assert_eq!(order.status, Status::Placed);
    assert_eq!(order.version, 2);
    assert_eq!(events.len(), 2);
}

#[test]
fn a_pickup_order_is_handed_over_for_its_code_alone_and_pays_no_tip() {
    let mut order = placed(true);
    assert_eq!((order.tip, order.payable), (Won::ZERO, Won(18_000)));
    for (by, command) in [
        (By::Payment, Command::Pay { amount: Won(18_000) }),
        (By::Owner(RESTAURANT), Command::Accept { preparation_mins: 10 }),
        (By::Owner(RESTAURANT), Command::MarkReady),
    ] {
        order = order.decide(by, &command, now()).unwrap().0;
    }
    let wrong = Command::Complete { code: Some("1234".into()) };
    assert_eq!(order.decide(By::Owner(RESTAURANT), &wrong, now()).unwrap_err(), OrderRefusal::WrongCode);
    let right = Command::Complete { code: Some("0420".into()) };
    let (order, _) = order.decide(By::Owner(RESTAURANT), &right, now()).unwrap();
    assert_eq!(order.status, Status::Completed);
}

#[test]
fn a_scheduled_order_waits_for_its_slot() {
    let times = Times::default();
    let slot = now() + Duration::hours(3);
    let mut later = placement(false);
    later.quote.slot = Some(slot);
    let (order, _) = Order::place(later, now()).unwrap();
    let (order, events) = order.decide(By::Payment, &Command::Pay { amount: Won(21_000) }, now()).unwrap();
    assert_eq!(order.status, Status::Scheduled);
    let due = slot - Duration::minutes(40);
    assert!(
        events[0]
            .timers(&times, now())
            .iter()
            .any(|timer| matches!(timer, Timer::Set { at, .. } if *at == due)),
        "the restaurant is asked when preparation and travel must begin"
    );
}

#[test]
fn preparation_takes_five_to_ninety_minutes() {
    let (order, _) = placed(false).decide(By::Payment, &Command::Pay { amount: Won(21_000) }, now()).unwrap();
    for (preparation_mins, fine) in [(4, false), (5, true), (90, true), (91, false), (u32::MAX, false)] {
        let answer = order.decide(By::Owner(RESTAURANT), &Command::Accept { preparation_mins }, now());
        assert_eq!(answer.is_ok(), fine, "{preparation_mins}");
    }
}

#[test]
fn the_board_never_learns_where_the_customer_lives() {
    let (order, events) =
        placed(false).decide(By::Payment, &Command::Pay { amount: Won(21_000) }, now()).unwrap();
    let told = BoardEvent::of(&events[0], &order).unwrap().data().to_string();
    assert!(told.contains("후라이드") && !told.contains("테헤란로"));
}

#[test]
fn a_declined_try_is_told_once_and_ends_nothing() {
    let order = placed(false);
    let decline = |number| Command::DeclinePayment { payment: PaymentId(Uuid::from_u128(number)) };
    let (order, events) = order.decide(By::Payment, &decline(1), now()).unwrap();
    assert_eq!((order.status, events[0].kind()), (Status::PendingPayment, "order.payment_declined"));
    let (order, events) = order.decide(By::Payment, &decline(1), now()).unwrap();
    assert!(events.is_empty(), "the same try again");
    let (order, events) = order.decide(By::Payment, &decline(2), now()).unwrap();
    assert_eq!(events.len(), 1, "another try");
    let (order, _) = order.decide(By::Payment, &Command::Pay { amount: Won(21_000) }, now()).unwrap();
    assert_eq!(order.status, Status::Placed);
}

#[test]
fn only_what_was_ordered_can_be_called_sold_out() {
    let (order, _) = placed(false).decide(By::Payment, &Command::Pay { amount: Won(21_000) }, now()).unwrap();
    let reject = |ids: &[u128]| Command::Reject {
        reason: RejectReason::SoldOut,
        sold_out: ids.iter().map(|id| MenuId(Uuid::from_u128(*id))).collect(),
    };
    let refusal = order.decide(By::Owner(RESTAURANT), &reject(&[11, 99]), now()).unwrap_err();
    assert_eq!(refusal, OrderRefusal::NotInOrder { at: vec![1] });
    assert!(order.decide(By::Owner(RESTAURANT), &reject(&[11]), now()).is_ok());
}

#[test]
fn an_order_is_asked_again_before_money_is_taken() {
    let dish = crate::menu::Menu {
        id: MenuId(Uuid::from_u128(11)),
        option_groups: vec![],
        ..crate::menu::tests::chicken()
    };
    let card = crate::menu::tests::card(vec![dish.clone()]);
    let restaurant = crate::restaurant::tests::restaurant();
    let order = placed(false);
    assert_eq!(order.check_available(&restaurant, &card, now()), Ok(()));
    let paused = crate::restaurant::Restaurant {
        paused_until: Some(now() + Duration::hours(1)),
        ..restaurant.clone()
    };
    let next_open_at = Some(now() + Duration::hours(1));
    assert_eq!(
        order.check_available(&paused, &card, now()),
        Err(OrderRefusal::RestaurantClosed { next_open_at })
    );
    let sold_out = crate::menu::tests::card(vec![crate::menu::Menu { sold_out: true, ..dish }]);
    let Err(OrderRefusal::SoldOut { lines }) = order.check_available(&restaurant, &sold_out, now()) else {
        panic!("a dish that is sold out is not charged");
    };
    assert_eq!((lines[0].pointer.as_str(), lines[0].code()), ("/lines/0", "sold_out"));
}

/// An order whose courier has the food.
fn picked_up() -> Order {
    let mut order = placed(false);
    while order.status != Status::PickedUp {
        let (by, command) = forward(&order);
        order = order.decide(by, &command, now()).unwrap().0;
    }
    order
}

fn fail(order: &Order, reason: FailReason, at: Timestamp) -> Result<Order, OrderRefusal> {
    order.decide(By::Courier(COURIER), &Command::FailDelivery { reason }, at).map(|(order, _)| order)
}

#[test]
fn nobody_is_unreachable_before_the_timer_has_run_and_two_ways_were_tried() {
    const UNREACHABLE: FailReason = FailReason::CustomerUnreachable;
    let order = picked_up();
    for reason in [UNREACHABLE, FailReason::CustomerRefused, FailReason::WrongAddress] {
        assert_eq!(fail(&order, reason, now() + WAIT), Err(OrderRefusal::NoContact), "{reason:?}");
    }
    let (order, _) = order.decide(By::Courier(COURIER), &try_contact(1, ContactMethod::Call), now()).unwrap();
    let later = now() + Duration::minutes(4);
    let (order, again) =
        order.decide(By::Courier(COURIER), &try_contact(1, ContactMethod::Call), later).unwrap();
    assert!(again.is_empty(), "the same attempt");
    let (order, _) = order.decide(By::Courier(COURIER), &try_contact(2, ContactMethod::Call), later).unwrap();
    assert_eq!(fail(&order, UNREACHABLE, now() + WAIT), Err(OrderRefusal::ContactTooFew));
    let (order, _) = order.decide(By::Courier(COURIER), &try_contact(3, ContactMethod::Door), later).unwrap();
    let until = now() + WAIT;
    let early = fail(&order, UNREACHABLE, until - Duration::milliseconds(1));
    assert_eq!(early, Err(OrderRefusal::ContactRunning { until }));
    let failed = fail(&order, UNREACHABLE, until).unwrap();
    assert_eq!((failed.status, failed.refund_due()), (Status::DeliveryFailed, Some(Won::ZERO)));
    // Who does not take it at the door needs no timer; nor does what is not their fault.
    assert!(fail(&order, FailReason::CustomerRefused, later).is_ok());
    assert_eq!(
        fail(&picked_up(), FailReason::CourierAccident, now()).unwrap().refund_due(),
        Some(Won(21_000))
    );
}

#[test]
fn the_first_answer_gives_the_customer_the_whole_time_once_more_and_no_other_does() {
    let (order, _) =
        picked_up().decide(By::Courier(COURIER), &try_contact(1, ContactMethod::Call), now()).unwrap();
    let (order, _) = order.decide(By::Courier(COURIER), &try_contact(2, ContactMethod::Door), now()).unwrap();
    let answer = |text: &str| Command::AnswerContact { text: text.into(), wait: WAIT };
    let at = now() + Duration::minutes(9);
    let (order, events) = order.decide(By::Customer(CUSTOMER), &answer("내려가요"), at).unwrap();
    assert_eq!(events[0].kind(), "order.contact_answered");
    let (order, again) = order.decide(By::Customer(CUSTOMER), &answer(" 내려가요 "), at).unwrap();
    assert!(again.is_empty());
    let (order, _) = order.decide(By::Customer(CUSTOMER), &answer("거의 다 왔어요"), at + WAIT).unwrap();
    let contact = order.contact.clone().unwrap();
    assert_eq!((contact.ends_at, contact.answers.len()), (at + WAIT, 2));
    assert!(fail(&order, FailReason::CustomerUnreachable, at + WAIT).is_ok());
}

#[test]
fn what_courier_and_customer_say_at_the_door_is_not_for_the_restaurant() {
    let (order, events) =
        picked_up().decide(By::Courier(COURIER), &try_contact(1, ContactMethod::Call), now()).unwrap();
    assert!(
        !events[0].audience().has(crate::Party::Restaurant)
            && events[0].audience().has(crate::Party::Support)
    );
    assert!(BoardEvent::of(&events[0], &order).is_none());
}

#[test]
fn the_restaurants_consent_to_a_cancellation_gives_the_food_back_only_until_it_is_cooked() {
    let (order, _) = placed(false).decide(By::Payment, &Command::Pay { amount: Won(21_000) }, now()).unwrap();
    let cancelled = |order: &Order| {
        let reason = "변심".to_owned();
        let (order, _) =
            order.decide(By::Customer(CUSTOMER), &Command::RequestCancel { reason }, now()).unwrap();
        order.decide(By::Owner(RESTAURANT), &Command::DecideCancel { approve: true }, now()).unwrap().0
    };
    let accept = Command::Accept { preparation_mins: 10 };
    let (accepted, _) = order.decide(By::Owner(RESTAURANT), &accept, now()).unwrap();
    assert_eq!(cancelled(&accepted).refund_due(), Some(Won(21_000)));
    let (cooking, _) = accepted.decide(By::Owner(RESTAURANT), &Command::StartPreparing, now()).unwrap();
    assert_eq!(cancelled(&cooking).refund_due(), Some(Won(3_000)), "the tip alone");
}

#[test]
fn an_order_that_ended_before_faults_were_reckoned_gives_everything_back() {
    let order = fail(&picked_up(), FailReason::Other, now()).unwrap();
    let mut row = serde_json::to_value(&order).unwrap();
    row.as_object_mut().unwrap().remove("contact");
    row["ending"] = serde_json::json!({ "fault": "customer", "reason": "old" });
    let old: Order = serde_json::from_value(row).unwrap();
    assert_eq!(old.refund_due(), Some(Won(21_000)));
}
