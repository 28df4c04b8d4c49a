//! `idle`: what a socket costs that is signed in, follows two channels of its own
//! and receives nothing, compared with a socket of the bare echo server.
//!
//! The cost is the slope of resident memory between a tenth of the sockets and all
//! of them: what the first ones make the process set up once is in neither end.

use std::time::Duration;

use crate::Outcome;
use crate::args::Options;
use crate::city::{City, Ride};
use crate::idle_load::{self, Order, Person};
use crate::latency::Latency;
use crate::report::{Column, Figures, Report, say};
use crate::target::Target;
use crate::worker::{Hand, Job};

const SOCKETS: u32 = 15_000;
/// After opening sockets, before memory is read.
/// What was needed to connect is given back within this: the allocator waits ten seconds.
const SETTLE: Duration = Duration::from_secs(15);

/// Runs the scenario. Each round has processes of its own: memory does not come back.
pub(crate) async fn run(options: &Options) -> Outcome<Report> {
    let sockets = options.scaled(SOCKETS);
    let city = City::make(options, &[("rides", sockets)]).await?;
    let mut report = Report::new("idle", &format!("{sockets} sockets with two subscriptions each"), options);
    let [mut ours, mut theirs] = ["baedal", "bare echo"].map(Column::new);
    for number in 1..=options.rounds {
        say(&format!("round {number} of {}", options.rounds));
        let echo = Target::baseline("echo").await?;
        let nobody = Person { token: None, channels: Vec::new() };
        measure(&echo, vec![nobody; city.rides.len()], &mut theirs).await?;
        drop(echo);
        let server = Target::server(options).await?;
        measure(&server, city.rides.iter().map(follower).collect(), &mut ours).await?;
    }
    report.at_most("resident KB per socket", 8.0, ours.median("KB per socket"));
    report.at_least("sockets in one process", f64::from(SOCKETS), ours.median("sockets"));
    report.columns = vec![ours, theirs];
    Ok(report)
}

/// A customer who follows the order and its delivery.
pub(crate) fn follower(ride: &Ride) -> Person {
    let channels = vec![format!("order:{}", ride.order), format!("delivery:{}", ride.order)];
    Person { token: Some(ride.customer.clone()), channels }
}

async fn measure(target: &Target, people: Vec<Person>, column: &mut Column) -> Outcome<()> {
    let (all, first) = (people.len(), people.len() / 10);
    let job = idle_load::Job { address: target.address, source: 10, people, first };
    let mut hand = Hand::start(&Job::Idle(job)).await?;
    tokio::time::sleep(SETTLE).await;
    let (some_kb, cpu_secs) = (target.process.resident_kb()?, target.process.cpu_secs()?);
    hand.ask::<(), _>(&Order::ComeAll).await?;
    tokio::time::sleep(SETTLE).await;
    let (all_kb, come) = (target.process.resident_kb()?, (all - first) as f64);
    let mut figures = Figures::default();
    figures.add("sockets", all as f64);
    figures.add("KB per socket", (all_kb - some_kb) / come);
    figures.add("resident MB", all_kb / 1024.0);
    figures.add("cpu ms per socket", (target.process.cpu_secs()? - cpu_secs) * 1e3 / come);
    let idle_secs = target.process.cpu_secs()?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    figures.add("cores while idle", (target.process.cpu_secs()? - idle_secs) / 5.0);
    figures.add("peak MB", target.process.peak_kb()? / 1024.0);
    column.add(figures, &Latency::default());
    Ok(())
}
