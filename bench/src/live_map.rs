//! `live-map`: couriers push fixes. The server filters, stores and acknowledges
//! each fix and sends it to one watcher. The baseline is a bare relay that only
//! forwards frames.
//!
//! There are two loads: 10,000 fixes a second, which two cores must handle
//! easily, and 25,000, which they must sustain.

use std::time::Duration;

use crate::Outcome;
use crate::args::Options;
use crate::city::{City, Ride};
use crate::live_map_load::{self, Order, Pair, Round};
use crate::process::Cost;
use crate::report::{Column, Figures, Report, say};
use crate::target::{self, Target};
use crate::worker::{Hand, Job};

const COURIERS: u32 = 5_000;
const WARM_UP_SECS: f64 = 3.0;

/// Runs the scenario.
pub(crate) async fn run(options: &Options) -> Outcome<Report> {
    let couriers = options.scaled(COURIERS);
    let city = City::make(options, &[("rides", couriers)]).await?;
    let server = Target::server(options).await?;
    let relay = Target::baseline("relay").await?;
    say("connecting");
    let mut riders = hand(&server, 1, city.rides.iter().map(of_server).collect()).await?;
    let mut bare = hand(&relay, 2, city.rides.iter().map(of_relay).collect()).await?;

    let mut report = Report::new("live-map", &format!("{couriers} couriers, each with one watcher"), options);
    let rate = f64::from(couriers);
    let [mut ours, mut theirs] = ["baedal 2 Hz", "bare relay 2 Hz"].map(Column::new);
    for number in 1..=options.rounds {
        say(&format!("round {number} of {}: {:.0} fixes/s", options.rounds, rate * 2.0));
        play(&mut bare, &relay, 2.0, options, &mut theirs).await?;
        play(&mut riders, &server, 2.0, options, &mut ours).await?;
    }
    let [mut much, mut much_bare] = ["baedal 5 Hz", "bare relay 5 Hz"].map(Column::new);
    for number in 1..=options.rounds {
        say(&format!("round {number} of {}: {:.0} fixes/s", options.rounds, rate * 5.0));
        play(&mut bare, &relay, 5.0, options, &mut much_bare).await?;
        play(&mut riders, &server, 5.0, options, &mut much).await?;
    }
    let p99 = ours.median("p99 ms");
    report.at_most("p99 at 10,000 fixes/s, ms", 3.0, p99);
    report.at_most("p99 in relay's p99", 2.0, p99 / theirs.median("p99 ms"));
    report.at_most("server cores at 10,000 fixes/s", 0.6, ours.median("server cores"));
    report.at_most("p99 at 25,000 fixes/s, ms", 15.0, much.median("p99 ms"));
    report.at_least("fixes/s sustained", rate * 5.0 * 0.999, much.median("acknowledged/s"));
    let lost = [&ours, &much].map(|column| column.most("not stored") + column.most("last unseen"));
    report.at_most("lost", 0.0, lost.into_iter().sum());
    report.columns = vec![ours, theirs, much, much_bare];
    Ok(report)
}

async fn hand(target: &Target, source: u8, pairs: Vec<Pair>) -> Outcome<Hand> {
    Hand::start(&Job::Ride(live_map_load::Job { address: target.address, source, pairs, stubborn: false }))
        .await
}

pub(crate) fn of_server(ride: &Ride) -> Pair {
    Pair {
        courier: Some(ride.courier.clone()),
        watcher: Some(ride.customer.clone()),
        channel: Some(format!("delivery:{}", ride.order)),
        start: ride.start,
    }
}

fn of_relay(ride: &Ride) -> Pair {
    Pair { courier: None, watcher: None, channel: None, start: ride.start }
}

/// Runs one round and adds its figures to the column.
async fn play(
    hand: &mut Hand,
    target: &Target,
    hz: f64,
    options: &Options,
    column: &mut Column,
) -> Outcome<()> {
    let is_relay = column.name.contains("relay");
    let stored = if is_relay { 0.0 } else { target::count(STORED).await? };
    target.process.forget_peak();
    hand.tell(&Order { hz, warm_up_secs: WARM_UP_SECS, secs: options.secs(), stalls: false }).await?;
    tokio::time::sleep(Duration::from_secs_f64(WARM_UP_SECS)).await;
    let (before, client) = (Cost::of(target.process)?, hand.process.cpu_secs()?);
    tokio::time::sleep(Duration::from_secs_f64(options.secs())).await;
    let (cost, client) = (Cost::of(target.process)?.since(before), hand.process.cpu_secs()? - client);
    let round: Round = hand.answer().await?;
    for failure in round.failures.iter().take(3) {
        say(failure);
    }
    let secs = options.secs();
    let mut figures = Figures::default();
    figures.add("fixes in/s", round.sent as f64 / secs);
    figures.add("shown/s", round.delivered as f64 / secs);
    figures.add("conflated", round.sent.saturating_sub(round.delivered) as f64);
    figures.add("p50 ms", round.latency.ms(0.5));
    figures.add("p99 ms", round.latency.ms(0.99));
    figures.add("p99.9 ms", round.latency.ms(0.999));
    if !is_relay {
        let stored = target::count(STORED).await? - stored;
        figures.add("acknowledged/s", round.ack_latency.count() as f64 / secs);
        figures.add("ack p50 ms", round.ack_latency.ms(0.5));
        figures.add("ack p99 ms", round.ack_latency.ms(0.99));
        figures.add("rejected", round.rejected as f64);
        // `not stored` counts acknowledged fixes that are not in the database.
        figures.add("not acknowledged", round.sent_in_all.saturating_sub(round.acknowledged_in_all) as f64);
        figures
            .add("not stored", (round.acknowledged_in_all as f64 - round.rejected as f64 - stored).max(0.0));
    }
    figures.add("last unseen", round.last_unseen as f64);
    figures.add("server cpu s", cost.cpu_secs);
    figures.add("server cores", cost.cpu_secs / secs);
    figures.add("client cores", client / secs);
    figures.add("machine cores", cost.machine_secs / secs);
    figures.add("client late p99 ms", round.lateness.ms(0.99));
    figures.add("peak MB", target.process.peak_kb()? / 1024.0);
    figures.add("failures", round.failures.len() as f64);
    column.add(figures, &round.latency);
    Ok(())
}

const STORED: &str = "select count(*) from tracking.positions";
