//! `chaos`: injects faults under load; a checker then compares what clients received with
//! what the store contains.

mod checker;
mod child;
mod cluster;
mod db_assertions;
mod diners;
mod faults;
mod ledger;
mod people;
mod postgres;
mod proxy;
mod recovery_probe;
mod redis;
mod report;
mod riders;
mod shoppers;
mod talkers;
mod watchers;
mod workload;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use rand::SeedableRng;
use rand::rngs::StdRng;
use sim::system;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::checker::Finding;
use self::cluster::Cluster;
use self::db_assertions::Facts;
use self::faults::Fault;
use self::ledger::Ledger;
use self::people::{Phase, Yard};
use self::recovery_probe::{RecoveryProbes, Resumed};
use self::report::Resumes;
use crate::Outcome;
use crate::report::say;

/// How long clients may take to be live again before they are given up.
const LIVE_WITHIN: Duration = Duration::from_secs(40);
/// How long what was begun may take to come to its end: longer than a stage of an order.
const SETTLE_WITHIN: Duration = Duration::from_secs(240);
/// How long the last events may take to be shown.
const SHOWN_WITHIN: Duration = Duration::from_secs(15);

/// The command line.
#[derive(Debug, Args)]
pub(crate) struct Chaos {
    /// The server's binary. It gets a PostgreSQL of its own.
    #[arg(long, default_value = "target/debug/baedal")]
    server: PathBuf,

    /// How many faults, one after another.
    #[arg(long, default_value_t = 100)]
    rounds: usize,

    /// What the faults are drawn from; printed, to be given again.
    #[arg(long)]
    seed: Option<u64>,

    /// Only these faults.
    #[arg(long, value_enum, value_delimiter = ',')]
    fault: Vec<Fault>,

    /// What 99 of 100 clients may take to be live again, milliseconds. A machine that is
    /// busy with other things is no measure: give it more, where only the promises count.
    #[arg(long, default_value_t = 1_000)]
    resume_ms: u64,

    /// Replicas behind a gateway of its own, joined by Redis; none: one process serves all.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=8))]
    replicas: u8,

    /// Leave the logs and the database's files behind.
    #[arg(long)]
    keep: bool,
}

/// Runs it; an error says that a promise was broken.
pub(crate) async fn run(args: &Chaos) -> Outcome<()> {
    let seed = args.seed.unwrap_or_else(system::luck);
    say(&format!("chaos: {} rounds, seed {seed}", args.rounds));
    let mut cluster = Cluster::start(&args.server, seed, args.replicas.into()).await?;
    cluster.dir.keep = args.keep;
    // What is started here ends here, also when somebody gets impatient.
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        outcome = suffer(args, seed, &mut cluster) => outcome,
        _ = tokio::signal::ctrl_c() => Err("interrupted".into()),
        _ = terminated.recv() => Err("terminated".into()),
    }
}

async fn suffer(args: &Chaos, seed: u64, cluster: &mut Cluster) -> Outcome<()> {
    let (phase, phones) = (watch::Sender::new(Phase::Load), watch::Sender::new(0));
    let yard = Arc::new(Yard {
        ledger: Ledger::default(),
        probes: RecoveryProbes::default(),
        phase: phase.subscribe(),
        phones: phones.subscribe(),
        seed,
    });
    let mut workload = workload::hire(&cluster.url(), &yard).await?;
    say("everybody is busy");
    let calm = yard.probes.all_live(system::now(), LIVE_WITHIN).await;
    if let Some(words) = missing(&calm) {
        return Err(format!("before any fault: {words}").into());
    }

    let asked = if args.fault.is_empty() { Fault::value_variants() } else { &args.fault };
    let among: Vec<Fault> = asked.iter().copied().filter(|fault| fault.fits(args.replicas.into())).collect();
    if among.is_empty() {
        return Err("none of these faults can happen without --replicas".into());
    }
    let mut dice = StdRng::seed_from_u64(seed);
    let mut resumes = Resumes::default();
    for (number, fault) in (1..).zip(faults::draw(&mut dice, &among, args.rounds)) {
        let began = system::now();
        let over = faults::happen(fault, cluster, &phones, &mut dice).await?;
        let resumed = yard.probes.all_live(over, LIVE_WITHIN).await;
        tell_round(number, fault, &resumed);
        for lost in resumed.iter().filter(|one| one.after.is_none()) {
            let losses = yard.ledger.losses(&lost.who, began);
            say(&format!("           {}: {}", lost.who, losses.join(", ")));
        }
        if let Some(words) = missing(&resumed) {
            yard.ledger.odd(format!("round {number}: {fault}: {words}"));
        }
        resumes.note(fault, &resumed);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }

    say("settling");
    settle(&mut workload, &phase, &yard).await;
    let (findings, facts) = verdict(&yard, cluster).await?;
    drop(workload);
    report::print(&resumes, &findings, &counts(&yard, &facts));
    judge(&findings, resumes.p99() > Duration::from_millis(args.resume_ms), seed, cluster)
}

/// Brings what was begun to its end: customers first, then their couriers.
async fn settle(workload: &mut workload::Workload, phase: &watch::Sender<Phase>, yard: &Yard) {
    for (next, people) in [(Phase::Settle, &mut workload.busy), (Phase::Close, &mut workload.couriers)] {
        phase.send_replace(next);
        let ended = async {
            while let Some(ended) = people.join_next().await {
                if let Err(failure) = ended.map_err(Into::into).flatten() {
                    yard.ledger.odd(format!("somebody gave up: {failure}"));
                }
            }
        };
        if tokio::time::timeout(SETTLE_WITHIN, ended).await.is_err() {
            yard.ledger.odd(format!("{} people never came to an end", people.len()));
        }
    }
}

/// Checks until nothing is missing, or it is too late for what is.
async fn verdict(yard: &Yard, cluster: &Cluster) -> Outcome<(Vec<Finding>, Facts)> {
    let deadline = tokio::time::Instant::now() + SHOWN_WITHIN;
    loop {
        let facts = Facts::read(&cluster.postgres).await?;
        let notes = yard.ledger.notes().clone();
        let findings = checker::check(&notes, &facts);
        if findings.is_empty() || tokio::time::Instant::now() >= deadline {
            return Ok((findings, facts));
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn counts(yard: &Yard, facts: &Facts) -> Vec<(&'static str, usize)> {
    let notes = yard.ledger.notes();
    vec![
        ("fixes", facts.fixes.len()),
        ("log entries", facts.channels.values().map(Vec::len).sum()),
        ("things shown", notes.shown.values().map(Vec::len).sum()),
        ("messages", notes.said.len()),
        ("orders", facts.orders.len()),
        ("steps of orders", notes.done.len()),
        ("changes of carts", notes.carts.values().map(Vec::len).sum()),
    ]
}

fn judge(findings: &[Finding], slow: bool, seed: u64, cluster: &mut Cluster) -> Outcome<()> {
    if findings.is_empty() && !slow {
        say("every promise was kept");
        return Ok(());
    }
    cluster.dir.keep = true;
    let logs = cluster.dir.path.display();
    let why = if findings.is_empty() { "clients came back too late" } else { "promises were broken" };
    Err(format!("{why}; --seed {seed} draws the same faults again; logs: {logs}").into())
}

fn tell_round(number: usize, fault: Fault, resumed: &[Resumed]) {
    let slowest = resumed.iter().max_by_key(|one| one.after.unwrap_or(Duration::MAX));
    let words = slowest.map_or_else(String::new, |one| match one.after {
        Some(after) => format!("all live after {} ms, {} last", after.as_millis(), one.who),
        None => format!("{} is not live", one.who),
    });
    say(&format!("round {number:>3}: {fault:<20} {words}"));
}

fn missing(resumed: &[Resumed]) -> Option<String> {
    let missing: Vec<&str> =
        resumed.iter().filter(|one| one.after.is_none()).map(|one| one.who.as_str()).collect();
    let words = || format!("not live within {} s: {}", LIVE_WITHIN.as_secs(), missing.join(", "));
    (!missing.is_empty()).then(words)
}

/// Tasks that end with their set.
type People = JoinSet<Outcome<()>>;
