//! The checker accepts a correct history, and finds and names a single error in one.

use chrono::{TimeDelta, TimeZone, Utc};

use super::super::db_assertions::{Cart, Epoch, Fix};
use super::super::ledger::{Done, Said};
use super::*;

const A: Uuid = Uuid::from_u128(1);

fn entry(channel: &str, offset: i64, kind: &str, mark: Option<Uuid>) -> Entry {
    Entry { channel: channel.into(), offset, kind: kind.into(), mark, staff: false, committed: offset as f64 }
}

fn event(offset: i64, kind: &str, mark: Option<Uuid>) -> Shown {
    Shown::Event { offset, kind: kind.into(), mark }
}

fn latest(secs: i64) -> Shown {
    let noon = Utc.with_ymd_and_hms(2026, 11, 23, 12, 0, 0).unwrap();
    Shown::Latest { at: noon + TimeDelta::seconds(secs) }
}

fn snapshot(offset: i64) -> Shown {
    Shown::Snapshot { offset: Some(offset), recovered: true }
}

fn message(number: i64) -> Option<Uuid> {
    Some(Uuid::from_u64_pair(0, number.unsigned_abs()))
}

/// A correct history with some of everything.
fn flawless() -> (Notes, Facts) {
    let (order, chat) = (format!("order:{A}"), format!("chat:{A}"));
    let kinds = ["created", "placed", "accepted", "courier_assigned", "preparing", "picked_up", "delivered"];
    let steps =
        kinds.iter().zip(1..).map(|(kind, offset)| entry(&order, offset, &format!("order.{kind}"), None));
    let talk = (1..=4).map(|offset| entry(&chat, offset, "chat.message", message(100 + offset)));
    let facts = Facts {
        fixes: (1..=5).map(|seq| Fix { courier: A, track: 7, seq, committed: seq as f64 }).collect(),
        epochs: vec![Epoch { courier: A, epoch: 1, committed: 0.5 }],
        channels: [(order.clone(), steps.collect()), (chat.clone(), talk.collect())].into(),
        orders: vec![Order {
            id: A,
            version: 7,
            status: "delivered".into(),
            winners: 1,
            paid: 1,
            courier: Some(A),
        }],
        carts: vec![Cart { customer: A, version: 9 }],
        stuck_jobs: Vec::new(),
        wrong_coupons: Vec::new(),
        wrong_money: Vec::new(),
    };
    let heard = |from: i64| (from..=4).map(|offset| event(offset, "chat.message", message(100 + offset)));
    let notes = Notes {
        tracks: [((A, 7), Track { sent: 6, acked: 5 })].into(),
        shown: [
            (("agent".to_owned(), chat), [snapshot(1)].into_iter().chain(heard(2)).collect()),
            (("customer".to_owned(), format!("delivery:{A}")), vec![latest(1), latest(1), latest(3)]),
        ]
        .into(),
        said: vec![Said { conversation: A, id: Uuid::from_u128(102), seq: 2 }],
        done: vec![Done { order: A, kind: "order.accepted" }],
        carts: [(A, vec![carted(8, 1), carted(9, 2)])].into(),
        won: vec![(A, A)],
        lost: Vec::new(),
        odd: Vec::new(),
    };
    (notes, facts)
}

fn carted(version: i64, quantity: u32) -> Carted {
    Carted { version, quantity, expected: quantity }
}

fn breaches(flaw: impl FnOnce(&mut Notes, &mut Facts)) -> Vec<Breach> {
    let (mut notes, mut facts) = flawless();
    flaw(&mut notes, &mut facts);
    let found: BTreeSet<Breach> = check(&notes, &facts).iter().map(|finding| finding.breach).collect();
    found.into_iter().collect()
}

fn chat(notes: &mut Notes) -> &mut Vec<Shown> {
    notes.shown.get_mut(&("agent".to_owned(), format!("chat:{A}"))).unwrap()
}

fn log<'a>(facts: &'a mut Facts, noun: &str) -> &'a mut Vec<Entry> {
    facts.channels.get_mut(&format!("{noun}:{A}")).unwrap()
}

#[test]
fn a_flawless_history_is_passed() {
    assert_eq!(breaches(|_, _| {}), []);
}

#[test]
fn a_lost_fix_a_doubled_one_and_one_of_nobody_are_found() {
    assert_eq!(breaches(|_, facts| facts.fixes.retain(|fix| fix.seq != 3)), [Breach::Lost]);
    assert_eq!(breaches(|_, facts| facts.fixes.push(facts.fixes[1].clone())), [Breach::Duplicated]);
    assert_eq!(breaches(|notes, _| notes.tracks.get_mut(&(A, 7)).unwrap().sent = 4), [Breach::Illegal]);
    // A fix that was not acknowledged may be missing.
    assert_eq!(breaches(|_, facts| facts.fixes.truncate(5)), []);
}

#[test]
fn a_fix_that_an_older_phone_commits_after_a_newer_one_took_over_is_found() {
    let stale = breaches(|notes, facts| {
        notes.tracks.insert((A, 8), Track { sent: 2, acked: 2 });
        facts.epochs.push(Epoch { courier: A, epoch: 2, committed: 3.5 });
        facts.fixes[3].track = 8;
        facts.fixes[3].seq = 1;
        // The fix committed at 5.0 is of track 7, which track 8 superseded at 3.5.
        facts.fixes.push(Fix { courier: A, track: 8, seq: 2, committed: 6.0 });
        notes.tracks.get_mut(&(A, 7)).unwrap().acked = 3;
    });
    assert_eq!(stale, [Breach::Stale]);
}

#[test]
fn a_lost_a_doubled_a_reordered_and_a_false_event_are_found() {
    assert_eq!(breaches(|notes, _| drop(chat(notes).remove(2))), [Breach::Lost]);
    assert_eq!(breaches(|notes, _| drop(chat(notes).pop())), [Breach::Lost]);
    let again = |notes: &mut Notes| chat(notes).push(event(4, "chat.message", message(104)));
    assert_eq!(breaches(|notes, _| again(notes)), [Breach::Duplicated]);
    // Swapped: one event comes too early, the other too late.
    assert_eq!(breaches(|notes, _| chat(notes).swap(2, 3)), [Breach::Lost, Breach::Reordered]);
    let other = |notes: &mut Notes| chat(notes)[1] = event(2, "chat.message", message(999));
    assert_eq!(breaches(|notes, _| other(notes)), [Breach::Illegal]);
}

#[test]
fn a_snapshot_that_hides_what_was_missed_is_a_loss() {
    let hidden = breaches(|notes, _| {
        chat(notes).splice(2..3, [snapshot(3)]);
    });
    assert_eq!(hidden, [Breach::Lost]);
    assert_eq!(breaches(|notes, _| chat(notes).insert(3, snapshot(1))), [Breach::Lost, Breach::Reordered]);
}

#[test]
fn a_customer_does_not_miss_what_is_for_staff() {
    let private = |_: &mut Notes, facts: &mut Facts| log(facts, "chat")[2].staff = true;
    assert_eq!(breaches(private), []);
    let for_a_customer = breaches(|notes, facts| {
        log(facts, "chat")[2].staff = true;
        let mut heard = std::mem::take(chat(notes));
        heard.remove(2);
        notes.shown.insert(("customer".to_owned(), format!("chat:{A}")), heard);
        notes.shown.remove(&("agent".to_owned(), format!("chat:{A}")));
    });
    assert_eq!(for_a_customer, []);
}

#[test]
fn a_position_from_the_past_is_found() {
    let back = |notes: &mut Notes, _: &mut Facts| {
        notes.shown.get_mut(&("customer".to_owned(), format!("delivery:{A}"))).unwrap().push(latest(2));
    };
    assert_eq!(breaches(back), [Breach::Reordered]);
}

#[test]
fn a_hole_in_a_log_a_late_commit_and_a_version_ahead_of_its_log_are_found() {
    let hole = breaches(|notes, facts| {
        notes.shown.clear();
        notes.said.clear();
        log(facts, "chat").remove(1);
    });
    assert_eq!(hole, [Breach::Lost]);
    assert_eq!(breaches(|_, facts| log(facts, "order")[2].committed = 9.0), [Breach::Stale]);
    assert_eq!(breaches(|_, facts| facts.orders[0].version = 8), [Breach::Stale]);
}

#[test]
fn a_message_or_a_step_that_is_missing_or_there_twice_is_found() {
    assert_eq!(breaches(|notes, _| notes.said[0].id = Uuid::from_u128(55)), [Breach::Lost]);
    let twice = breaches(|notes, facts| {
        notes.shown.clear();
        log(facts, "chat")[2].mark = message(102);
    });
    assert_eq!(twice, [Breach::Duplicated]);
    assert_eq!(breaches(|notes, _| notes.done[0].kind = "order.ready"), [Breach::Lost]);
    let accepted_twice = breaches(|_, facts| log(facts, "order")[4].kind = "order.accepted".into());
    assert_eq!(accepted_twice, [Breach::Duplicated, Breach::Illegal]);
}

#[test]
fn two_winners_two_payments_and_a_broken_promise_to_a_courier_are_found() {
    assert_eq!(breaches(|_, facts| facts.orders[0].winners = 2), [Breach::Duplicated]);
    assert_eq!(breaches(|_, facts| facts.orders[0].paid = 2), [Breach::Duplicated]);
    assert_eq!(breaches(|_, facts| facts.orders[0].courier = None), [Breach::Lost]);
}

#[test]
fn a_cart_that_lost_doubled_or_forgot_a_change_is_found() {
    let change = |quantity| {
        move |notes: &mut Notes, _: &mut Facts| {
            notes.carts.get_mut(&A).unwrap()[1].quantity = quantity;
        }
    };
    assert_eq!(breaches(change(1)), [Breach::Lost]);
    assert_eq!(breaches(change(3)), [Breach::Duplicated]);
    assert_eq!(breaches(|_, facts| facts.carts[0].version = 8), [Breach::Lost]);
    assert_eq!(breaches(|notes, _| notes.carts.get_mut(&A).unwrap().reverse()), [Breach::Reordered]);
}

#[test]
fn orders_go_the_ways_of_the_table_and_no_others() {
    assert!(may_follow("order.ready", "order.picked_up"));
    assert!(!may_follow("order.placed", "order.picked_up"));
    assert!(!may_follow("order.delivered", "order.delivered"));
    assert!(!may_follow("", "order.unheard_of"));
}
