//! `fan-out`: one channel, thousands of watchers, events as fast as they can be
//! committed; beside it a bare loop that hands a frame to as many sockets.
//!
//! The channel is a conversation that waits in the desk's queue, which every agent
//! may look at: a log channel, so nothing may be left out.

use std::time::{Duration, Instant};

use crate::Outcome;
use crate::args::Options;
use crate::chat_load;
use crate::city::City;
use crate::idle_load::{self, Order, Person, Received};
use crate::latency::Latency;
use crate::process::Cost;
use crate::report::{Column, Figures, Report, say};
use crate::target::Target;
use crate::worker::{Hand, Job};

const WATCHERS: u32 = 5_000;
/// Sockets of one agent.
const EACH: usize = 5;
/// Messages that the customer may send before the server's limit bites, a second.
const RATE: f64 = 45.0;

/// Runs the scenario.
pub(crate) async fn run(options: &Options) -> Outcome<Report> {
    let watchers = options.scaled(WATCHERS) as usize;
    let agents = u32::try_from(watchers.div_ceil(EACH))?;
    let city = City::make(options, &[("crowd", agents)]).await?;
    let crowd = city.crowd.ok_or("the city has no crowd")?;
    let channel = format!("chat:{}", crowd.conversation);
    let mut report = Report::new("fan-out", &format!("one channel, {watchers} watchers"), options);
    let [mut ours, mut theirs] = ["baedal", "bare loop"].map(Column::new);

    let server = Target::server(options).await?;
    let bare = Target::baseline("shout").await?;
    let watch = |token: &String| Person { token: Some(token.clone()), channels: vec![channel.clone()] };
    let people: Vec<Person> =
        crowd.agents.iter().flat_map(|token| vec![watch(token); EACH]).take(watchers).collect();
    let nobody = vec![Person { token: None, channels: Vec::new() }; watchers];
    let mut hand = start_watchers(&server, 30, people).await?;
    let mut bare_hand = start_watchers(&bare, 31, nobody).await?;
    let talk = |target: &Target, source, speaker| {
        Job::Talk(chat_load::Job { address: target.address, source, talks: vec![speaker], stubborn: false })
    };
    let speaker = chat_load::Talk::alone(&crowd.conversation.to_string(), Some(&crowd.customer));
    let mut speaking = Hand::start(&talk(&server, 32, speaker)).await?;
    let mut shouting = Hand::start(&talk(&bare, 33, chat_load::Talk::alone("bare", None))).await?;
    for number in 1..=options.rounds {
        say(&format!("round {number} of {}", options.rounds));
        round(&bare, &mut bare_hand, &mut shouting, watchers, options, &mut theirs).await?;
        round(&server, &mut hand, &mut speaking, watchers, options, &mut ours).await?;
    }
    let each = ours.median("deliveries per cpu s");
    report.at_least("deliveries per server CPU second", 150_000.0, each);
    report.at_least("deliveries in the bare loop's", 0.9, each / theirs.median("deliveries per cpu s"));
    report.at_most("skipped or told twice", 0.0, ours.most("out of order"));
    report.columns = vec![ours, theirs];
    Ok(report)
}

async fn start_watchers(target: &Target, source: u8, people: Vec<Person>) -> Outcome<Hand> {
    let first = people.len();
    Hand::start(&Job::Idle(idle_load::Job { address: target.address, source, people, first })).await
}

async fn round(
    target: &Target,
    watchers: &mut Hand,
    speaker: &mut Hand,
    count: usize,
    options: &Options,
    column: &mut Column,
) -> Outcome<()> {
    let secs = options.secs();
    target.process.forget_peak();
    let (before, begun) = (Cost::of(target.process)?, Instant::now());
    watchers.tell(&Order::Listen { secs: secs + 2.0 }).await?;
    let said: chat_load::Round =
        speaker.ask(&chat_load::Order { rate: RATE, warm_up_secs: 0.0, secs, read: false }).await?;
    let received: Received = watchers.answer().await?;
    let cost = Cost::of(target.process)?.since(before);
    let took = begun.elapsed();
    let mut figures = Figures::default();
    figures.add("events", said.sent as f64);
    figures.add("deliveries", received.events as f64);
    figures.add("deliveries/s", received.events as f64 / secs);
    figures.add("deliveries per cpu s", received.events as f64 / cost.cpu_secs);
    figures.add("not told", said.sent as f64 * count as f64 - received.events as f64);
    figures.add("out of order", received.out_of_order as f64);
    figures.add("server cpu s", cost.cpu_secs);
    figures.add("machine cores", cost.machine_secs / took.as_secs_f64());
    figures.add("peak MB", target.process.peak_kb()? / 1024.0);
    column.add(figures, &Latency::default());
    tokio::time::sleep(Duration::from_millis(500)).await;
    Ok(())
}
