//! `stalled`: one in twenty watchers stops reading while couriers continue to send fixes. The
//! latency of the others must not grow, and a stalled watcher who reads again must get the
//! newest position soon, not all older ones first. The baseline is the same round without
//! stalled watchers.

use std::time::Duration;

use crate::Outcome;
use crate::args::Options;
use crate::city::City;
use crate::live_map::of_server;
use crate::live_map_load::{self, ONE_IN, Order, Round};
use crate::process::Cost;
use crate::report::{Column, Figures, Report, say};
use crate::target::Target;
use crate::worker::{Hand, Job};

const COURIERS: u32 = 1_000;
/// Near the rate limit of a courier, so that the kernel's buffers are soon full.
const HZ: f64 = 8.0;
const WARM_UP_SECS: f64 = 3.0;

/// Runs the scenario.
pub(crate) async fn run(options: &Options) -> Outcome<Report> {
    let couriers = options.scaled(COURIERS);
    let city = City::make(options, &[("rides", couriers)]).await?;
    let server = Target::server(options).await?;
    let pairs = city.rides.iter().map(of_server).collect();
    let job = live_map_load::Job { address: server.address, source: 50, pairs, stubborn: false };
    let mut hand = Hand::start(&Job::Ride(job)).await?;
    let title = format!("{couriers} couriers at {HZ} Hz, one watcher in {ONE_IN} stalls");
    let mut report = Report::new("stalled", &title, options);
    let [mut some, mut all] = ["some stall", "all read"].map(Column::new);
    for number in 1..=options.rounds {
        say(&format!("round {number} of {}", options.rounds));
        round(&mut hand, &server, options, f64::from(couriers), false, &mut all).await?;
        round(&mut hand, &server, options, f64::from(couriers), true, &mut some).await?;
    }
    report.at_most("healthy p99 in that of all", 1.1, some.median("p99 ms") / all.median("p99 ms"));
    report.at_most("KB held per stalled socket", 64.0, some.median("KB per stalled"));
    report.at_most("newest after waking p99, ms", 100.0, some.median("newest p99 ms"));
    report.columns = vec![some, all];
    Ok(report)
}

async fn round(
    hand: &mut Hand,
    server: &Target,
    options: &Options,
    couriers: f64,
    stalls: bool,
    column: &mut Column,
) -> Outcome<()> {
    let secs = options.secs();
    server.process.forget_peak();
    hand.tell(&Order { hz: HZ, warm_up_secs: WARM_UP_SECS, secs, stalls }).await?;
    tokio::time::sleep(Duration::from_secs_f64(WARM_UP_SECS)).await;
    let (before, resident_kb) = (Cost::of(server.process)?, server.process.resident_kb()?);
    tokio::time::sleep(Duration::from_secs_f64(secs - 0.5)).await;
    let cost = Cost::of(server.process)?.since(before);
    let held_kb = server.process.resident_kb()? - resident_kb;
    let round: Round = hand.answer().await?;
    round.failures.iter().take(3).for_each(|failure| say(failure));
    let mut figures = Figures::default();
    figures.add("fixes in/s", round.sent as f64 / secs);
    figures.add("shown/s", round.delivered as f64 / secs);
    figures.add("p50 ms", round.latency.ms(0.5));
    figures.add("p99 ms", round.latency.ms(0.99));
    figures.add("p99.9 ms", round.latency.ms(0.999));
    if stalls {
        let stalled = (couriers / ONE_IN as f64).ceil();
        figures.add("stalled", stalled);
        figures.add("KB per stalled", (held_kb / stalled).max(0.0));
        figures.add("newest p99 ms", round.woken.ms(0.99));
        figures.add("older ones before it", round.stale as f64 / stalled);
    }
    figures.add("last unseen", round.last_unseen as f64);
    figures.add("server cores", cost.cpu_secs / (secs - 0.5));
    figures.add("machine cores", cost.machine_secs / (secs - 0.5));
    figures.add("peak MB", server.process.peak_kb()? / 1024.0);
    figures.add("failures", round.failures.len() as f64);
    column.add(figures, &round.latency);
    Ok(())
}
