//! `entities`: orders that are all active at once. Each is woken by a command that
//! its rules refuse, over HTTP, so that loading it is measured and not a commit.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::Outcome;
use crate::args::Options;
use crate::city::{City, Waiting};
use crate::http::Caller;
use crate::latency::Latency;
use crate::report::{Column, Figures, Report, say};
use crate::target::Target;

const ORDERS: u32 = 100_000;
/// Connections that wake orders side by side.
const AT_ONCE: usize = 2;
const SETTLE: Duration = Duration::from_secs(3);

/// Runs the scenario; each round in a server of its own.
pub(crate) async fn run(options: &Options) -> Outcome<Report> {
    let orders = options.scaled(ORDERS);
    let city = City::make(options, &[("orders", orders)]).await?;
    let mut report = Report::new("entities", &format!("{orders} orders active"), options);
    let mut column = Column::new("baedal");
    for number in 1..=options.rounds {
        say(&format!("round {number} of {}", options.rounds));
        round(options, &city, &mut column).await?;
    }
    report.at_most("resident KB per order", 9.0, column.median("KB per order"));
    report.at_most("activation p99, ms", 5.0, column.median("p99 ms"));
    report.columns = vec![column];
    Ok(report)
}

async fn round(options: &Options, city: &City, column: &mut Column) -> Outcome<()> {
    let server = Target::server(options).await?;
    // The first twentieth makes the process set up what it needs once.
    let (warm, rest) = city.waiting.split_at(city.waiting.len() / 20);
    wake(&server, warm).await?;
    tokio::time::sleep(SETTLE).await;
    let (some_kb, cpu_secs) = (server.process.resident_kb()?, server.process.cpu_secs()?);
    let begun = Instant::now();
    let latency = wake(&server, rest).await?;
    let took = begun.elapsed().as_secs_f64();
    let cpu_secs = server.process.cpu_secs()? - cpu_secs;
    tokio::time::sleep(SETTLE).await;
    let woken = latency.count() as f64;
    let mut figures = Figures::default();
    figures.add("activations", woken);
    figures.add("activations/s", woken / took);
    figures.add("p50 ms", latency.ms(0.5));
    figures.add("p99 ms", latency.ms(0.99));
    figures.add("p99.9 ms", latency.ms(0.999));
    figures.add("KB per order", (server.process.resident_kb()? - some_kb) / woken);
    figures.add("cpu µs each", cpu_secs * 1e6 / woken);
    figures.add("active", server.metric("entity_activations_total").await?);
    figures.add("peak MB", server.process.peak_kb()? / 1024.0);
    column.add(figures, &latency);
    Ok(())
}

async fn wake(server: &Target, waiting: &[Waiting]) -> Outcome<Latency> {
    let all = waiting.iter().flat_map(|one| one.orders.iter().map(|order| (one.customer.clone(), *order)));
    let left: Arc<Mutex<Vec<(String, Uuid)>>> = Arc::new(Mutex::new(all.collect()));
    let mut tasks = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (left, mut caller) = (Arc::clone(&left), Caller::connect(server.address).await?);
        tasks.spawn(async move {
            let mut latency = Latency::default();
            loop {
                let Some((customer, order)) = left.lock().await.pop() else { return Outcome::Ok(latency) };
                let begun = Instant::now();
                let path = format!("/v1/orders/{order}/cancel");
                let status = caller.post(&path, &customer, r#"{"reason":"bench"}"#).await?;
                latency.note(begun.elapsed());
                if status != 409 {
                    return Err(format!("not refused as it should: {}", caller.last()).into());
                }
            }
        });
    }
    let mut latency = Latency::default();
    while let Some(ended) = tasks.join_next().await {
        latency.add(&ended??);
    }
    Ok(latency)
}
