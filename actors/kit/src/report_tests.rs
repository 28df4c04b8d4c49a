//! Reports on entities and workers that fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use super::*;

/// Fails or waits on command.
struct Puppet;

enum Order {
    Answer(Reply<()>),
    Wait(Arc<Notify>, Reply<()>),
    Crash,
}

impl Entity for Puppet {
    const KIND: &'static str = "puppet";
    type Id = u32;
    type Command = Order;
    type State = ();

    async fn handle(&self, _: u32, _: &mut Option<()>, command: Order) {
        match command {
            Order::Answer(reply) => reply.send(Ok(())),
            Order::Wait(until, reply) => {
                until.notified().await;
                reply.send(Ok(()));
            }
            Order::Crash => panic!("the strings are cut"),
        }
    }
}

async fn stage() -> (Entities<Puppet>, Root) {
    let (root, _reports) = Root::start().await.unwrap();
    let limits = Limits { crashes: 2, ..Limits::default() };
    (Entities::start(Puppet, limits, &root).await.unwrap(), root)
}

async fn eventually(mut done: impl FnMut() -> bool) {
    let asking = async {
        while !done() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), asking).await.unwrap();
}

#[tokio::test]
async fn who_crashes_again_and_again_is_reported_with_its_cause_and_for_how_long() {
    let (puppets, root) = stage().await;
    for crashes in 1..=2 {
        puppets.cast(7, Order::Crash).unwrap();
        eventually(|| puppets.report().crashes == crashes && puppets.active() == 0).await;
    }
    let report = puppets.report();
    assert_eq!((report.kind, report.activations, report.active), ("puppet", 2, 0));
    let [only] = report.quarantined.as_slice() else { panic!("{report:?}") };
    assert_eq!(only.id, "7");
    assert!(only.cause.contains("the strings are cut"), "{}", only.cause);
    assert!(only.remaining > Duration::from_secs(20) && only.remaining <= Duration::from_secs(30));
    puppets.call(8, Order::Answer).await.unwrap();
    root.stop(Duration::from_secs(1)).await;
}

#[tokio::test]
async fn what_is_in_flight_is_counted_and_the_most_is_remembered() {
    let (puppets, root) = stage().await;
    let gate = Arc::new(Notify::new());
    let waiting: Vec<_> = (0..5)
        .map(|id| {
            let (puppets, gate) = (puppets.clone(), Arc::clone(&gate));
            tokio::spawn(async move { puppets.call(id, |reply| Order::Wait(gate, reply)).await })
        })
        .collect();
    eventually(|| puppets.in_flight() == 5).await;
    for each in waiting {
        gate.notify_one();
        each.await.unwrap().unwrap();
    }
    eventually(|| puppets.in_flight() == 0).await;
    puppets.sample();
    assert_eq!((puppets.report().in_flight, puppets.report().in_flight_peak), (0, 5));
    puppets.passivate(Duration::ZERO);
    let report = puppets.report();
    assert_eq!((report.active, report.passivations, report.activations), (0, 5, 5));
    root.stop(Duration::from_secs(1)).await;
}

#[tokio::test]
async fn a_worker_that_fails_says_why_and_is_started_again() {
    let workers = Arc::new(Workers::default());
    let (starts, mended) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let (counted, flag, known) = (Arc::clone(&starts), Arc::clone(&mended), Arc::downgrade(&workers));
    workers.spawn("mender", move || {
        counted.fetch_add(1, Ordering::Relaxed);
        let stopping = known.upgrade().map(|workers| workers.stopping());
        let works = flag.load(Ordering::Relaxed);
        async move {
            match stopping {
                Some(stopping) if works => {
                    stopping.await;
                    Ok(())
                }
                _ => Err("the thread tore"),
            }
        }
    });
    let of = |workers: &Workers| workers.report().remove(0);
    eventually(|| of(&workers).state == WorkerState::Pausing).await;
    let (cause, _) = of(&workers).last_failure.unwrap();
    assert_eq!((of(&workers).name, cause.as_str()), ("mender", "the thread tore"));
    mended.store(true, Ordering::Relaxed);
    eventually(|| of(&workers).state == WorkerState::Running).await;
    assert_eq!(of(&workers).restarts + 1, starts.load(Ordering::Relaxed));
    workers.stop(Duration::from_secs(1)).await;
    assert_eq!(of(&workers).state, WorkerState::Ended);
}
