//! `storm`: the server's process is killed, so that all sockets are lost at once. All
//! reconnect with their last offset. Meanwhile, events happened on some of the channels:
//! every subscriber must receive each of them exactly once.

use std::time::{Duration, Instant};

use crate::Outcome;
use crate::args::Options;
use crate::city::{City, Ride};
use crate::http::Caller;
use crate::idle::follower;
use crate::idle_load::{self, Order, Person, Received};
use crate::report::{Column, Figures, Report, say};
use crate::target::Target;
use crate::worker::{Hand, Job};

const SOCKETS: u32 = 15_000;
/// Sockets per person: phone, tablet, browser.
const EACH: usize = 3;
/// One in so many deliveries has an event while the server is down.
const ONE_IN: usize = 10;

/// Runs the scenario.
pub(crate) async fn run(options: &Options) -> Outcome<Report> {
    let sockets = options.scaled(SOCKETS) as usize;
    let people = u32::try_from(sockets.div_ceil(EACH))?;
    let title = format!("{sockets} sockets of {people} people, two subscriptions each, lost at once");
    let mut report = Report::new("storm", &title, options);
    let mut column = Column::new("baedal");
    for number in 1..=options.rounds {
        say(&format!("round {number} of {}", options.rounds));
        let city = City::make(options, &[("rides", people)]).await?;
        let all: Vec<Person> =
            city.rides.iter().flat_map(|ride| vec![follower(ride); EACH]).take(sockets).collect();
        round(options, &city.rides, all, &mut column).await?;
    }
    report.at_most("all recovered, s", 7.0, column.most("recovered s"));
    report.at_most("history reads per channel", 1.0, column.most("history reads per channel"));
    report.at_most("missed", 0.0, column.most("missed"));
    report.at_most("told twice or out of order", 0.0, column.most("out of order"));
    report.columns = vec![column];
    Ok(report)
}

async fn round(options: &Options, rides: &[Ride], people: Vec<Person>, column: &mut Column) -> Outcome<()> {
    let count = people.len();
    let server = Target::server(options).await?;
    let address = server.address;
    let job = idle_load::Job { address, source: 20, people, first: count };
    let mut hand = Hand::start(&Job::Idle(job)).await?;
    // Another process, like another replica, commits the events while the server is down.
    let other = Target::server(&Options { first_port: options.first_port + 20, ..options.clone() }).await?;
    say("killing the server");
    let killed = Instant::now();
    drop(server);
    hand.ask::<(), _>(&Order::Vanish).await?;
    let moved: Vec<&Ride> = rides.iter().step_by(ONE_IN).collect();
    let mut caller = Caller::connect(other.address).await?;
    for ride in &moved {
        let path = format!("/v1/deliveries/{}/steps", ride.order);
        let status = caller.post(&path, &ride.courier, r#"{"step":"at_dropoff"}"#).await?;
        if status != 200 {
            return Err(format!("a step was refused: {}", caller.last()).into());
        }
    }
    drop((caller, other));
    let server = Target::server(options).await?;
    let up = Instant::now();
    // One event per delivery channel, sent to each socket of its customer.
    let events = (moved.len() * EACH).min(count) as u64;
    let received: Received = hand.ask(&Order::Return { events }).await?;
    let mut figures = Figures::default();
    figures.add("sockets", count as f64);
    figures.add("recovered s", received.secs);
    figures.add("sockets/s", count as f64 / received.secs);
    figures.add("server away s", (up - killed).as_secs_f64());
    figures.add("each p99 ms", received.each.ms(0.99));
    figures.add("missed", events.saturating_sub(received.events) as f64);
    figures.add("out of order", received.out_of_order as f64);
    figures.add("snapshots instead", received.not_recovered as f64);
    let reads = server.metric("realtime_history_reads_total").await?;
    figures.add("history reads per channel", reads / (rides.len() * 2) as f64);
    figures.add("server cpu s", server.process.cpu_secs()?);
    figures.add("peak MB", server.process.peak_kb()? / 1024.0);
    figures.add("failures", received.failures.len() as f64);
    column.add(figures, &received.each);
    tokio::time::sleep(Duration::from_millis(200)).await;
    Ok(())
}
