//! `live-map`: couriers push fixes, each is filtered, stored, acknowledged and
//! shown to one watcher; beside it a bare relay that only hands frames on.

use std::time::Duration;

use sim::city;

use crate::Outcome;
use crate::args::LiveMap;
use crate::crowd::{self, Carried, Fleet, Owners};
use crate::load::{self, Pair, Round};
use crate::report::{self, Figures};
use crate::target::Target;

/// Runs the scenario.
pub(crate) async fn run(args: &LiveMap) -> Outcome<()> {
    let couriers = args.couriers as usize;
    let server = Target::server(&args.server, args.couriers).await?;
    report::say(&format!("making {couriers} couriers with an order each"));
    let carried = crowd(&server.url, couriers).await?;
    let relay = Target::baseline("relay").await?;
    let lasts = Duration::from_secs(args.seconds);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for number in 1..=args.rounds {
        report::say(&format!("round {number} of {}", args.rounds));
        let pairs = relay_pairs(&relay.url, &carried);
        theirs.push(figures(&load::round(&pairs, args.rate, lasts, relay.process).await?, args.seconds));
        let pairs = pairs_of(&carried).await?;
        ours.push(figures(&load::round(&pairs, args.rate, lasts, server.process).await?, args.seconds));
    }
    for one in &carried {
        crowd::deliver(&one.courier).await?;
    }
    let title = format!(
        "live-map: {couriers} couriers at {} Hz, {} rounds of {} s",
        args.rate, args.rounds, args.seconds
    );
    report::compare(&title, ("baedal", &ours), ("bare relay", &theirs), args.server.json.as_deref())
}

async fn crowd(url: &str, count: usize) -> Outcome<Vec<Carried>> {
    let near = city::home(0);
    let couriers = crowd::couriers(url, count).await?;
    let fleet = Fleet::around(&couriers, near);
    let owners = Owners::sign_in(url).await?;
    fleet.carry(crowd::order(url, &owners, count, crowd::SOCKETS_PER_USER, near).await?).await
}

async fn pairs_of(carried: &[Carried]) -> Outcome<Vec<Pair>> {
    let mut pairs = Vec::with_capacity(carried.len());
    for one in carried {
        let url = one.courier.realtime_url();
        pairs.push(Pair {
            courier_url: url.clone(),
            courier_token: Some(one.courier.token().await?),
            watcher_url: url,
            watcher_token: Some(one.ordered.customer.token().await?),
            channel: Some(format!("delivery:{}", one.ordered.order)),
            start: one.at,
        });
    }
    Ok(pairs)
}

fn relay_pairs(url: &str, carried: &[Carried]) -> Vec<Pair> {
    let pair = |(number, one): (usize, &Carried)| Pair {
        courier_url: format!("{url}/courier/{number}"),
        courier_token: None,
        watcher_url: format!("{url}/watcher/{number}"),
        watcher_token: None,
        channel: None,
        start: one.at,
    };
    carried.iter().enumerate().map(pair).collect()
}

fn figures(round: &Round, seconds: u64) -> Figures {
    for failure in round.failures.iter().take(3) {
        report::say(failure);
    }
    let secs = seconds as f64;
    let millis = |micros: &load::Micros, quantile| micros.0.value_at_quantile(quantile) as f64 / 1e3;
    Figures::new([
        ("fixes in /s", round.sent as f64 / secs),
        ("deliveries out /s", round.delivered as f64 / secs),
        ("not delivered", round.sent.saturating_sub(round.delivered) as f64),
        ("socket to socket p50 ms", millis(&round.latency, 0.5)),
        ("socket to socket p99 ms", millis(&round.latency, 0.99)),
        ("socket to socket p99.9 ms", millis(&round.latency, 0.999)),
        ("acknowledged /s", round.acknowledged as f64 / secs),
        ("rejected", round.rejected as f64),
        ("ack p50 ms", millis(&round.ack_latency, 0.5)),
        ("ack p99 ms", millis(&round.ack_latency, 0.99)),
        ("cpu s", round.cpu_secs),
        ("cores", round.cpu_secs / secs),
        ("resident MB", round.resident_kb / 1024.0),
        ("sockets failed", round.failures.len() as f64),
    ])
}
