//! `chat`: conversations in which customer and agent write in turns; each message
//! is durable, delivered to the peer, and marked as read. Beside it `pgbench`, which
//! sends PostgreSQL the same insert and nothing else.

use std::time::Duration;

use crate::Outcome;
use crate::args::Options;
use crate::chat_load::{self, Order, Round, Talk};
use crate::city::City;
use crate::database::{self, Measured, psql};
use crate::process::Cost;
use crate::report::{Column, Figures, Report, say};
use crate::target::Target;
use crate::worker::{Hand, Job};

const TALKS: u32 = 2_000;
/// Conversations of one agent: what their one socket may send and follow.
const EACH: u32 = 20;
const WARM_UP_SECS: f64 = 3.0;

/// Runs the scenario.
pub(crate) async fn run(options: &Options) -> Outcome<Report> {
    let talks = options.scaled(TALKS);
    let city = City::make(options, &[("talks", talks), ("talks-each", EACH)]).await?;
    let server = Target::server(options).await?;
    let of = |talk: &crate::city::Talk| Talk {
        conversation: talk.conversation.to_string(),
        customer: Some(talk.customer.clone()),
        agent: Some((talk.agent_number, talk.agent.clone())),
    };
    let job = chat_load::Job {
        address: server.address,
        source: 40,
        talks: city.talks.iter().map(of).collect(),
        stubborn: false,
    };
    let mut hand = Hand::start(&Job::Talk(job)).await?;
    let title = format!("{talks} conversations, one message a second each, all read");
    let mut report = Report::new("chat", &title, options);
    let [mut ours, mut theirs] = ["baedal", "pgbench, the insert alone"].map(Column::new);
    for number in 1..=options.rounds {
        say(&format!("round {number} of {}", options.rounds));
        pgbench(f64::from(talks), options, &mut theirs).await?;
        round(&server, &mut hand, options, &mut ours).await?;
    }
    report.at_most("send-to-peer p99, ms", 15.0, ours.median("p99 ms"));
    report.at_least("messages heard/s", f64::from(talks) * 0.999, ours.median("heard/s"));
    report.at_least("messages read/s", f64::from(talks) * 0.999, ours.median("read/s"));
    report.at_most("lost or out of order", 0.0, ours.most("unheard") + ours.most("out of order"));
    report.columns = vec![ours, theirs];
    Ok(report)
}

async fn round(server: &Target, hand: &mut Hand, options: &Options, column: &mut Column) -> Outcome<()> {
    let secs = options.secs();
    server.process.forget_peak();
    hand.tell(&Order { rate: 1.0, warm_up_secs: WARM_UP_SECS, secs, read: true }).await?;
    tokio::time::sleep(Duration::from_secs_f64(WARM_UP_SECS)).await;
    let before = Cost::of(server.process)?;
    tokio::time::sleep(Duration::from_secs_f64(secs)).await;
    let cost = Cost::of(server.process)?.since(before);
    let round: Round = hand.answer().await?;
    round.failures.iter().take(3).for_each(|failure| say(failure));
    let mut figures = Figures::default();
    figures.add("messages/s", round.sent as f64 / secs);
    figures.add("heard/s", round.heard as f64 / secs);
    figures.add("read/s", round.read.count() as f64 / secs);
    figures.add("p50 ms", round.latency.ms(0.5));
    figures.add("p99 ms", round.latency.ms(0.99));
    figures.add("p99.9 ms", round.latency.ms(0.999));
    figures.add("stored p50 ms", round.stored.ms(0.5));
    figures.add("stored p99 ms", round.stored.ms(0.99));
    figures.add("read p99 ms", round.read.ms(0.99));
    figures.add("refused", round.refused as f64);
    figures.add("unheard", round.unheard as f64);
    figures.add("out of order", round.out_of_order as f64);
    figures.add("server cores", cost.cpu_secs / secs);
    figures.add("machine cores", cost.machine_secs / secs);
    figures.add("client late p99 ms", round.lateness.ms(0.99));
    figures.add("peak MB", server.process.peak_kb()? / 1024.0);
    column.add(figures, &round.latency);
    Ok(())
}

/// The statement that keeps a message, for a conversation drawn at random.
const INSERT: &str = "\
\\set place random(0, :talks - 1)
with fenced as (
    update support.conversations set status = 'open', last_seq = last_seq + 1
    where id = ('00000000-0000-4000-8000-' || lpad(:place::text, 12, '0'))::uuid returning id, last_seq, customer_id
)
insert into support.entries
    (conversation_id, seq, at, kind, person_id, side, message_id, client_message_id, text, private_note)
select id, last_seq, now(), 'chat.message', customer_id, 'customer', gen_random_uuid(), gen_random_uuid(),
       'where is the courier? the time that you told me is over, and nobody is here', false
from fenced;
";

/// Conversations that only pgbench writes to.
const PLACES: &str = "\
insert into support.conversations
    (id, customer_id, opening_id, topic, status, agent_id, last_seq, created_at, queued_at)
select ('00000000-0000-4000-8000-' || lpad(place::text, 12, '0'))::uuid, gen_random_uuid(), gen_random_uuid(),
       'delivery', 'open', gen_random_uuid(), 0, now(), now()
from generate_series(0, 9999) as place on conflict do nothing";

/// The same rate, for as long.
async fn pgbench(rate: f64, options: &Options, column: &mut Column) -> Outcome<()> {
    psql(PLACES).await?;
    let (talks, rate) = (format!("talks={rate}"), rate.to_string());
    let arguments = ["-c", "16", "-D", &talks, "-R", &rate];
    let Measured { latency, machine_secs } = database::pgbench(INSERT, &arguments, options).await?;
    let mut figures = Figures::default();
    figures.add("messages/s", latency.count() as f64 / options.secs());
    figures.add("p50 ms", latency.ms(0.5));
    figures.add("p99 ms", latency.ms(0.99));
    figures.add("p99.9 ms", latency.ms(0.999));
    figures.add("machine cores", machine_secs / options.secs());
    column.add(figures, &latency);
    Ok(())
}
