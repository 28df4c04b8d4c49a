//! What goes wrong, drawn from the seed. Every fault says when it ended: from
//! then on the clients' way back is timed.

use std::fmt;
use std::time::Duration;

use clap::ValueEnum;
use rand::RngExt;
use rand::rngs::StdRng;
use rustix::process::Signal;
use sim::responses::Moment;
use sim::system;
use tokio::sync::watch;

use super::cluster::Cluster;
use super::proxy::{Proxy, Sky};
use crate::Outcome;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Fault {
    /// kill -9 of any server process, and a new start.
    Kill,
    /// SIGSTOP of any server process past every timeout, and SIGCONT.
    Stop,
    /// PostgreSQL is shut down (fast) and started.
    PostgresRestart,
    /// PostgreSQL is shut down without a checkpoint (immediate) and started.
    PostgresCrash,
    /// All connections to PostgreSQL are ended by pg_terminate_backend.
    PostgresTerminate,
    /// Connections to PostgreSQL are cut mid-frame.
    PostgresCut,
    /// What PostgreSQL and the server say to each other comes late, and in pieces.
    PostgresSlow,
    /// Redis is killed and started. Only where it joins replicas.
    RedisRestart,
    /// Redis loses everything. Only where it joins replicas.
    RedisFlush,
    /// Clients' connections are cut mid-frame.
    Cut,
    /// Clients vanish without a word: the server's ends stay half open.
    Vanish,
    /// What clients and server say comes late.
    Late,
    /// What they say comes in pieces.
    Torn,
    /// What they say is swallowed, and nobody is told, for longer than a client is patient.
    Swallowed,
    /// Couriers take a second phone while the first still sends.
    SecondPhone,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().as_ref().map_or("", |value| value.get_name()))
    }
}

impl Fault {
    /// Whether it can happen to a cluster with so many replicas.
    pub(crate) fn fits(self, replicas: usize) -> bool {
        replicas > 0 || !matches!(self, Fault::RedisRestart | Fault::RedisFlush)
    }
}

/// All faults, each as often as any other, in an order drawn from the seed.
pub(crate) fn draw(dice: &mut StdRng, among: &[Fault], rounds: usize) -> Vec<Fault> {
    let mut drawn = Vec::with_capacity(rounds);
    while drawn.len() < rounds {
        let mut all = among.to_vec();
        while !all.is_empty() && drawn.len() < rounds {
            drawn.push(all.swap_remove(dice.random_range(0..all.len())));
        }
    }
    drawn
}

/// Lets it happen, and returns when it was over.
pub(crate) async fn happen(
    fault: Fault,
    cluster: &mut Cluster,
    phones: &watch::Sender<u64>,
    dice: &mut StdRng,
) -> Outcome<Moment> {
    let mut between = |from: u64, until: u64| Duration::from_millis(dice.random_range(from..until));
    match fault {
        Fault::Kill => {
            let pause = between(0, 500);
            let victim = cluster.any(dice);
            victim.kill().await?;
            tokio::time::sleep(pause).await;
            victim.spawn_again()?;
            victim.ready().await?;
        }
        Fault::Stop => {
            let lasts = between(6_000, 12_500);
            let victim = cluster.any(dice);
            victim.signal(Signal::STOP)?;
            tokio::time::sleep(lasts).await;
            victim.signal(Signal::CONT)?;
        }
        Fault::PostgresRestart => cluster.postgres.restart(Signal::INT).await?,
        Fault::PostgresCrash => cluster.postgres.restart(Signal::QUIT).await?,
        Fault::PostgresTerminate => drop(cluster.postgres.terminate_all().await?),
        Fault::PostgresCut => cluster.back.cut(),
        Fault::PostgresSlow => weather(&cluster.back, Sky::Late(between(5, 80)), between(1_000, 3_000)).await,
        Fault::RedisRestart => cluster.redis()?.restart().await?,
        Fault::RedisFlush => cluster.redis()?.flush().await?,
        Fault::Cut => cluster.front.cut(),
        Fault::Vanish => cluster.front.leave(),
        Fault::Late => weather(&cluster.front, Sky::Late(between(20, 400)), between(1_000, 4_000)).await,
        Fault::Torn => weather(&cluster.front, Sky::Torn, between(1_000, 3_000)).await,
        Fault::Swallowed => weather(&cluster.front, Sky::Swallowed, between(3_000, 5_000)).await,
        Fault::SecondPhone => phones.send_modify(|taken| *taken += 1),
    }
    Ok(system::now())
}

async fn weather(proxy: &Proxy, sky: Sky, lasts: Duration) {
    proxy.set(sky);
    tokio::time::sleep(lasts).await;
    proxy.set(Sky::Calm);
}
