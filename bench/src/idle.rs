//! `idle`: what a socket costs that is signed in, listens to two channels and
//! hears nothing; beside it a bare echo's.
//!
//! The cost is the slope of resident memory between a quarter of the sockets
//! and all of them: what the first ones make the process set up once is in
//! neither end.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use sim::api::Api;
use sim::city;
use sim::dial::{Wire, dial_with};
use tokio_tungstenite::tungstenite::Message;

use crate::Outcome;
use crate::args::Idle;
use crate::crowd::{self, Ordered, Owners, SOCKETS_PER_USER};
use crate::load::source;
use crate::process::Process;
use crate::report::{self, Figures};
use crate::target::Target;

/// After opening sockets, before memory is read.
const SETTLE: Duration = Duration::from_secs(3);

/// Runs the scenario.
pub(crate) async fn run(args: &Idle) -> Outcome<()> {
    let sockets = args.sockets as usize;
    let server = Target::server(&args.server, 60).await?;
    report::say(&format!(
        "making {} customers with an order and a conversation each",
        sockets / SOCKETS_PER_USER
    ));
    let listeners = listeners(&server.url, sockets.div_ceil(SOCKETS_PER_USER)).await?;
    let ours = measure(sockets, server.process, async |number| {
        listen(&listeners[number / SOCKETS_PER_USER], number).await
    })
    .await?;
    let echo = Target::baseline("echo").await?;
    let url = format!("{}/", echo.url);
    let theirs =
        measure(sockets, echo.process, async |number| Ok(dial_with(&url, None, source(number)).await?))
            .await?;
    let title = format!("idle: {sockets} sockets");
    report::compare(&title, ("baedal", &[ours]), ("bare echo", &[theirs]), args.server.json.as_deref())
}

struct Listener {
    customer: Api,
    channels: [String; 2],
}

async fn listeners(url: &str, count: usize) -> Outcome<Vec<Listener>> {
    let owners = Owners::sign_in(url).await?;
    let mut listeners = Vec::with_capacity(count);
    for Ordered { customer, order } in crowd::order(url, &owners, count, 1, city::home(0)).await? {
        let conversation = customer.converse("order", Some(order), "안녕하세요").await?.id;
        let channels = [format!("order:{order}"), format!("chat:{conversation}")];
        listeners.push(Listener { customer, channels });
    }
    Ok(listeners)
}

async fn listen(listener: &Listener, number: usize) -> Outcome<Wire> {
    let token = listener.customer.token().await?;
    let mut wire = dial_with(&listener.customer.realtime_url(), Some(&token), source(number)).await?;
    for channel in &listener.channels {
        wire.send(Message::text(format!(r#"{{"op":"subscribe","channel":"{channel}","ref":"1"}}"#))).await?;
    }
    // Both replies and both snapshots, so that the server has done its part.
    let mut expected = 4;
    while expected > 0 {
        let Message::Text(text) = wire.next().await.ok_or("a socket ended")?? else { continue };
        if text.contains(r#""problem""#) {
            return Err(format!("refused: {text}").into());
        }
        if text.contains(r#""op":"reply""#) || text.contains(r#""op":"snapshot""#) {
            expected -= 1;
        }
    }
    Ok(wire)
}

async fn measure(
    sockets: usize,
    process: Process,
    open: impl AsyncFn(usize) -> Outcome<Wire>,
) -> Outcome<Figures> {
    let first = sockets / 4;
    let mut wires = Vec::with_capacity(sockets);
    for number in 0..first {
        wires.push(open(number).await?);
    }
    tokio::time::sleep(SETTLE).await;
    let (some_kb, cpu_secs) = (process.resident_kb()?, process.cpu_secs()?);
    for number in first..sockets {
        wires.push(open(number).await?);
    }
    tokio::time::sleep(SETTLE).await;
    let all_kb = process.resident_kb()?;
    let opened = (sockets - first) as f64;
    Ok(Figures::new([
        ("sockets", wires.len() as f64),
        ("resident KB per socket", (all_kb - some_kb) / opened),
        ("resident MB", all_kb / 1024.0),
        ("cpu ms per socket to open", (process.cpu_secs()? - cpu_secs) * 1e3 / opened),
    ]))
}
