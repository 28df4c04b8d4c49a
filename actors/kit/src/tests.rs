//! Admission, crashes and passivation, with an entity that crashes or blocks on command.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use domain::{Failure, Kind, Refused};
use futures::future::join_all;
use tokio::sync::Semaphore;

use super::{Entities, Entity, Limits, Reply, Root};

/// A counter behind a gate.
#[derive(Default)]
struct Toy {
    /// Commands to entity 1 wait here for a permit.
    gate: Option<Semaphore>,
    loaded: AtomicUsize,
    done: Mutex<Vec<u64>>,
}

enum Ask {
    Count(Reply<u64>),
    Crash(Reply<u64>),
}

impl Entity for Toy {
    const KIND: &'static str = "toy";
    type Id = u64;
    type Command = Ask;
    type State = u64;

    async fn handle(&self, id: u64, state: &mut Option<u64>, command: Ask) {
        let count = state.get_or_insert_with(|| {
            self.loaded.fetch_add(1, Ordering::Relaxed);
            0
        });
        match command {
            Ask::Count(reply) => {
                *count += 1;
                if let Some(gate) = self.gate.as_ref().filter(|_| id == 1) {
                    gate.acquire().await.unwrap().forget();
                }
                self.done.lock().unwrap().push(id);
                reply.send(Ok(*count));
            }
            Ask::Crash(_reply) => panic!("as it was told"),
        }
    }
}

async fn toys(toy: Toy, limits: Limits) -> (Root, Entities<Toy>) {
    let (root, _reports) = Root::start().await.unwrap();
    let toys = Entities::start(toy, limits, &root).await.unwrap();
    (root, toys)
}

fn refused(answer: Result<u64, Failure>) -> Option<Refused> {
    match answer {
        Err(Failure::Refused(refused)) => Some(refused),
        _ => None,
    }
}

#[tokio::test]
async fn a_hot_entity_refuses_the_rest_at_once_and_its_neighbour_answers() {
    let gated = Toy { gate: Some(Semaphore::new(0)), ..Toy::default() };
    let (_root, toys) = toys(gated, Limits::default()).await;
    let hot: Vec<_> = (0..640)
        .map(|_| {
            let toys = toys.clone();
            tokio::spawn(async move { toys.call(1, Ask::Count).await })
        })
        .collect();
    // All commands beyond the 64 are refused before the hot entity has answered any.
    let (mut waiting, mut turned_away) = (Vec::new(), 0);
    while turned_away < 640 - 64 {
        tokio::task::yield_now().await;
        turned_away = hot.iter().filter(|each| each.is_finished()).count();
    }
    assert_eq!((toys.in_flight(), toys.0.entity.done.lock().unwrap().len()), (64, 0));
    assert_eq!(toys.call(2, Ask::Count).await.unwrap(), 1, "the neighbour does not notice");
    assert_eq!(*toys.0.entity.done.lock().unwrap(), [2]);
    toys.0.entity.gate.as_ref().unwrap().add_permits(65);
    for each in join_all(hot).await {
        match each.unwrap() {
            Ok(count) => waiting.push(count),
            refusal => {
                let refusal = refused(refusal).unwrap();
                assert_eq!((refusal.code, refusal.kind), ("overloaded", Kind::Unavailable));
                assert_eq!(refusal.retry_after_secs, Some(1));
            }
        }
    }
    assert_eq!(waiting, (1..=64).collect::<Vec<_>>(), "what was admitted is done, in order");
    assert_eq!(toys.in_flight(), 0);
    assert_eq!(toys.call(1, Ask::Count).await.unwrap(), 65);
}

#[tokio::test]
async fn all_entities_together_have_a_limit_as_well() {
    let gated = Toy { gate: Some(Semaphore::new(0)), ..Toy::default() };
    let limits = Limits { in_flight: 3, in_flight_per_entity: 2, ..Limits::default() };
    let (_root, toys) = toys(gated, limits).await;
    let ask = |id| {
        let toys = toys.clone();
        tokio::spawn(async move { toys.call(id, Ask::Count).await })
    };
    let (first, second) = (ask(1), ask(1));
    while toys.in_flight() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(refused(toys.call(1, Ask::Count).await).unwrap().code, "overloaded");
    assert_eq!(toys.in_flight(), 2, "what was refused takes no place");
    assert_eq!(toys.call(2, Ask::Count).await.unwrap(), 1, "one place is left, and is given back");
    toys.0.entity.gate.as_ref().unwrap().add_permits(2);
    assert_eq!((first.await.unwrap().unwrap(), second.await.unwrap().unwrap()), (1, 2));
}

#[tokio::test]
async fn who_asks_something_that_never_answers_is_told_in_time() {
    let gated = Toy { gate: Some(Semaphore::new(0)), ..Toy::default() };
    let limits = Limits { call_timeout: Duration::from_millis(20), ..Limits::default() };
    let (_root, toys) = toys(gated, limits).await;
    let late = refused(toys.call(1, Ask::Count).await).unwrap();
    assert_eq!((late.code, late.kind), ("timeout", Kind::Unavailable));
}

#[tokio::test]
async fn a_crash_disturbs_nobody_else_and_the_next_command_finds_it_loaded_anew() {
    let (_root, toys) = toys(Toy::default(), Limits::default()).await;
    assert_eq!(toys.call(1, Ask::Count).await.unwrap(), 1);
    assert_eq!(toys.call(2, Ask::Count).await.unwrap(), 1);
    let crashed = refused(toys.call(1, Ask::Crash).await).unwrap();
    assert_eq!((crashed.code, crashed.kind), ("crashed", Kind::Unavailable));
    assert_eq!(toys.call(2, Ask::Count).await.unwrap(), 2);
    // Until the supervisor has removed it, the answer is `crashed`.
    let again = loop {
        match toys.call(1, Ask::Count).await {
            Ok(count) => break count,
            failed => assert_eq!(refused(failed).unwrap().code, "crashed"),
        }
    };
    assert_eq!(again, 1, "it remembers nothing that was not committed");
    assert_eq!(toys.0.entity.loaded.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn one_that_crashes_again_and_again_is_left_alone_and_reported() {
    let (root, mut reports) = Root::start().await.unwrap();
    let limits = Limits { quarantine: Duration::from_secs(30), ..Limits::default() };
    let toys = Entities::start(Toy::default(), limits, &root).await.unwrap();
    let report = loop {
        let _crash = toys.call(1, Ask::Crash).await;
        if let Ok(report) = reports.try_recv() {
            break report;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((report.kind, report.id.as_str()), ("toy", "1"));
    let quarantined = refused(toys.call(1, Ask::Count).await).unwrap();
    assert_eq!((quarantined.code, quarantined.retry_after_secs), ("quarantined", Some(1)));
    assert_eq!(toys.call(2, Ask::Count).await.unwrap(), 1);
}

#[tokio::test]
async fn one_that_rests_is_let_go_and_one_that_works_is_not() {
    let gated = Toy { gate: Some(Semaphore::new(0)), ..Toy::default() };
    let (_root, toys) = toys(gated, Limits::default()).await;
    toys.call(2, Ask::Count).await.unwrap();
    let working = tokio::spawn({
        let toys = toys.clone();
        async move { toys.call(1, Ask::Count).await }
    });
    while toys.active() < 2 {
        tokio::task::yield_now().await;
    }
    toys.passivate(Duration::ZERO);
    assert_eq!(toys.active(), 1);
    toys.0.entity.gate.as_ref().unwrap().add_permits(1);
    assert_eq!(working.await.unwrap().unwrap(), 1);
    assert_eq!(toys.call(2, Ask::Count).await.unwrap(), 1, "it was loaded anew");
}
