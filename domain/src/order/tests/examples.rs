//! Single rules of an order, each by an example.

use std::collections::HashSet;

use super::*;

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
fn a_cancel_request_that_is_over_leaves_no_timer() {
    for pickup in [false, true] {
        let ends = if pickup {
            (By::Owner(RESTAURANT), Command::Complete { code: Some("0420".into()) })
        } else {
            (By::Courier(COURIER), Command::PickUp)
        };
        let payable = placed(pickup).payable;
        let mut order = placed(pickup);
        if !pickup {
            order.courier = Some(COURIER);
        }
        let mut waiting = HashSet::new();
        for (by, command) in [
            (By::Payment, Command::Pay { amount: payable }),
            (By::Owner(RESTAURANT), Command::Accept { preparation_mins: 10 }),
            (By::Owner(RESTAURANT), Command::MarkReady),
            (By::Customer(CUSTOMER), Command::RequestCancel { reason: "late".into() }),
            ends,
        ] {
            let (next, events) = order.decide(by, &command, now()).unwrap();
            order = next;
            for timer in events.iter().flat_map(|event| event.timers(&Times::default(), now())) {
                match timer {
                    Timer::Set { key, .. } => waiting.insert(key),
                    Timer::Clear { key } => waiting.remove(&key),
                };
            }
            let lapses = waiting.iter().any(|key| key.ends_with("cancel"));
            assert_eq!(lapses, order.cancel_request.is_some(), "{:?}", order.status);
        }
    }
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
fn only_the_system_refuses_a_scheduled_order_and_only_because_the_restaurant_will_be_closed() {
    let mut later = placement(false);
    later.quote.slot = Some(now() + Duration::hours(3));
    let (order, _) = Order::place(later, now()).unwrap();
    let (order, _) = order.decide(By::Payment, &Command::Pay { amount: Won(21_000) }, now()).unwrap();
    let reject = |by, reason| order.decide(by, &Command::Reject { reason, sold_out: Vec::new() }, now());
    for reason in RejectReason::ALL {
        assert!(reject(By::Owner(RESTAURANT), reason).is_err());
        assert_eq!(reject(By::System, reason).is_ok(), reason == RejectReason::SlotClosed);
    }
    let (refused, events) = reject(By::System, RejectReason::SlotClosed).unwrap();
    assert_eq!((refused.status, refused.refund_due()), (Status::Rejected, Some(Won(21_000))));
    let slot = format!("order:{}:slot", order.id);
    let timers = events[0].timers(&Times::default(), now());
    assert!(timers.contains(&Timer::Clear { key: slot }), "it is not placed any more");
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
    assert_eq!(
        order.check_available(&restaurant, &card, now(), &crate::restaurant::Holidays::none()),
        Ok(())
    );
    let paused = crate::restaurant::Restaurant {
        paused_until: Some(now() + Duration::hours(1)),
        ..restaurant.clone()
    };
    let next_open_at = Some(now() + Duration::hours(1));
    assert_eq!(
        order.check_available(&paused, &card, now(), &crate::restaurant::Holidays::none()),
        Err(OrderRefusal::RestaurantClosed { next_open_at })
    );
    let sold_out =
        crate::menu::tests::card(vec![crate::menu::Menu { sold_out: crate::menu::SoldOut::ForGood, ..dish }]);
    let Err(OrderRefusal::SoldOut { lines }) =
        order.check_available(&restaurant, &sold_out, now(), &crate::restaurant::Holidays::none())
    else {
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
    // A refusal at the door needs no timer, nor does a failure not at the customer's cost.
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

/// How an order ended: code, who, and in whose words.
fn end_of(order: &Order) -> (&'static str, EndedBy, String) {
    let end = order.early_end().expect("it ended early");
    (end.reason.as_str(), end.reason.ended_by(), end.text)
}

fn after(order: &Order, by: By, command: &Command) -> Order {
    order.decide(by, command, now()).unwrap().0
}

fn paid() -> Order {
    after(&placed(false), By::Payment, &Command::Pay { amount: Won(21_000) })
}

#[test]
fn each_way_to_end_early_has_its_reason_and_who_did_it() {
    let (text, silent) = ("변심".to_owned(), String::new());
    let cancel = || Command::Cancel { reason: "변심".into() };
    let (unpaid, placed) = (placed(false), paid());
    let accepted = after(&placed, By::Owner(RESTAURANT), &Command::Accept { preparation_mins: 10 });
    let replaced = Command::Cancel { reason: REPLACED.into() };
    let asked = after(&accepted, By::Customer(CUSTOMER), &Command::RequestCancel { reason: text.clone() });
    let granted = after(&asked, By::Owner(RESTAURANT), &Command::DecideCancel { approve: true });
    let end = || Command::End { fault: Fault::Customer, reason: "변심".into() };
    for (order, expected) in [
        (after(&unpaid, By::System, &Command::Expire), ("payment_overdue", EndedBy::System, &silent)),
        (after(&unpaid, By::Customer(CUSTOMER), &replaced), ("replaced", EndedBy::Customer, &silent)),
        (after(&unpaid, By::Customer(CUSTOMER), &cancel()), ("customer_cancelled", EndedBy::Customer, &text)),
        (after(&placed, By::Customer(CUSTOMER), &cancel()), ("customer_cancelled", EndedBy::Customer, &text)),
        (granted, ("cancel_approved", EndedBy::Customer, &text)),
        (
            after(&accepted, By::Owner(RESTAURANT), &cancel()),
            ("restaurant_cancelled", EndedBy::Restaurant, &text),
        ),
        (after(&accepted, By::Admin(OPERATOR), &cancel()), ("operator_ended", EndedBy::Operator, &text)),
        (after(&accepted, By::Admin(OPERATOR), &end()), ("operator_ended", EndedBy::Operator, &text)),
        (after(&picked_up(), By::Admin(OPERATOR), &end()), ("operator_ended", EndedBy::Operator, &text)),
    ] {
        assert_eq!(end_of(&order), (expected.0, expected.1, expected.2.clone()));
    }
    for reason in RejectReason::ALL {
        let order = after(&placed, By::System, &Command::Reject { reason, sold_out: Vec::new() });
        let is_systems = matches!(reason, RejectReason::NoAnswer | RejectReason::SlotClosed);
        let by = if is_systems { EndedBy::System } else { EndedBy::Restaurant };
        let code = serde_json::to_value(reason).unwrap();
        let (said, ender, words) = end_of(&order);
        assert_eq!((said, ender, words.as_str()), (code.as_str().unwrap(), by, ""));
    }
    for reason in [FailReason::FoodDamaged, FailReason::RestaurantMistake, FailReason::Other] {
        let order = fail(&picked_up(), reason, now()).unwrap();
        let code = serde_json::to_value(reason).unwrap();
        let (said, by, words) = end_of(&order);
        assert_eq!((said, by, words.as_str()), (code.as_str().unwrap(), EndedBy::Courier, ""));
    }
}

#[test]
fn an_order_of_an_older_version_is_explained_too() {
    let old = |status: Status, ending: serde_json::Value| {
        let mut row = serde_json::to_value(paid()).unwrap();
        row["status"] = serde_json::json!(status);
        row["ending"] = ending;
        serde_json::from_value::<Order>(row).unwrap()
    };
    let ending = |fault: &str| serde_json::json!({ "fault": fault, "reason": "변심" });
    let code = |status, ending| end_of(&old(status, ending)).0;
    assert_eq!(code(Status::PaymentFailed, serde_json::Value::Null), "payment_failed");
    assert_eq!(code(Status::Cancelled, ending("customer")), "customer_cancelled");
    assert_eq!(code(Status::Cancelled, ending("platform")), "operator_ended");
    assert_eq!(code(Status::Rejected, ending("restaurant")), "other");
    assert_eq!(code(Status::DeliveryFailed, ending("courier")), "other");
    assert_eq!(paid().early_end(), None);
}

#[test]
fn a_code_names_one_reason_but_for_other() {
    let mut codes: Vec<&str> = EndReason::all().map(EndReason::as_str).collect();
    let all = codes.len();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), all - 1, "{codes:?}");
    assert_eq!(codes.len(), ENDINGS.len());
}
