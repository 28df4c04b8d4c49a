//! `hot`: one chat and one courier at ten times their limits, who come back whenever
//! they are sent away, while everybody else rides on. Beside it the same round
//! without the two.

use std::time::Duration;

use crate::Outcome;
use crate::args::Options;
use crate::chat_load;
use crate::city::City;
use crate::live_map::of_server;
use crate::live_map_load::{self, Order, Round};
use crate::process::Cost;
use crate::report::{Column, Figures, Report, say};
use crate::target::Target;
use crate::worker::{Hand, Job};

const COURIERS: u32 = 1_000;
const HZ: f64 = 2.0;
/// Ten times the fixes that a courier may send, and ten times a session's frames.
const HOT_HZ: f64 = 100.0;
const HOT_MESSAGES: f64 = 500.0;
const WARM_UP_SECS: f64 = 3.0;

/// Runs the scenario.
pub(crate) async fn run(options: &Options) -> Outcome<Report> {
    let couriers = options.scaled(COURIERS);
    let city = City::make(options, &[("rides", couriers + 1), ("talks", 1)]).await?;
    let server = Target::server(options).await?;
    let address = server.address;
    let mut pairs: Vec<_> = city.rides.iter().map(of_server).collect();
    let hot = pairs.pop().into_iter().collect();
    let job = |source, pairs, stubborn| Job::Ride(live_map_load::Job { address, source, pairs, stubborn });
    let mut healthy = Hand::start(&job(60, pairs, false)).await?;
    let mut courier = Hand::start(&job(61, hot, true)).await?;
    let talk = city.talks.first().ok_or("the city has no conversation")?;
    let talks = vec![chat_load::Talk::alone(&talk.conversation.to_string(), Some(&talk.customer))];
    let mut chat =
        Hand::start(&Job::Talk(chat_load::Job { address, source: 62, talks, stubborn: true })).await?;
    let title =
        format!("{couriers} couriers at {HZ} Hz beside one at {HOT_HZ} Hz and a chat at {HOT_MESSAGES}/s");
    let mut report = Report::new("hot", &title, options);
    let [mut beside, mut alone] = ["beside the hot", "without them"].map(Column::new);
    for number in 1..=options.rounds {
        say(&format!("round {number} of {}", options.rounds));
        round(&mut healthy, None, &server, options, &mut alone).await?;
        round(&mut healthy, Some((&mut courier, &mut chat)), &server, options, &mut beside).await?;
    }
    let more_mb = beside.median("peak MB") - alone.median("peak MB");
    report.at_most("memory more, MB", 50.0, more_mb);
    report.at_most("others' p99 in that without", 1.1, beside.median("p99 ms") / alone.median("p99 ms"));
    report.columns = vec![beside, alone];
    Ok(report)
}

async fn round(
    healthy: &mut Hand,
    mut hot: Option<(&mut Hand, &mut Hand)>,
    server: &Target,
    options: &Options,
    column: &mut Column,
) -> Outcome<()> {
    let secs = options.secs();
    server.process.forget_peak();
    let order = Order { hz: HZ, warm_up_secs: WARM_UP_SECS, secs, stalls: false };
    healthy.tell(&order).await?;
    if let Some((courier, chat)) = &mut hot {
        courier.tell(&Order { hz: HOT_HZ, ..order }).await?;
        let rate = HOT_MESSAGES;
        chat.tell(&chat_load::Order { rate, warm_up_secs: WARM_UP_SECS, secs, read: false }).await?;
    }
    tokio::time::sleep(Duration::from_secs_f64(WARM_UP_SECS)).await;
    let before = Cost::of(server.process)?;
    tokio::time::sleep(Duration::from_secs_f64(secs)).await;
    let cost = Cost::of(server.process)?.since(before);
    let round: Round = healthy.answer().await?;
    round.failures.iter().take(3).for_each(|failure| say(failure));
    let mut figures = Figures::default();
    figures.add("fixes in/s", round.sent as f64 / secs);
    figures.add("shown/s", round.delivered as f64 / secs);
    figures.add("p50 ms", round.latency.ms(0.5));
    figures.add("p99 ms", round.latency.ms(0.99));
    figures.add("p99.9 ms", round.latency.ms(0.999));
    if let Some((courier, chat)) = hot {
        let (fixes, said): (Round, chat_load::Round) = (courier.answer().await?, chat.answer().await?);
        figures.add("hot fixes kept/s", fixes.ack_latency.count() as f64 / secs);
        figures.add("hot messages kept/s", said.kept as f64 / secs);
        figures.add("hot refused", (fixes.failures.len() + said.failures.len()) as f64);
    }
    figures.add("server cores", cost.cpu_secs / secs);
    figures.add("machine cores", cost.machine_secs / secs);
    figures.add("peak MB", server.process.peak_kb()? / 1024.0);
    figures.add("failures", round.failures.len() as f64);
    column.add(figures, &round.latency);
    Ok(())
}
