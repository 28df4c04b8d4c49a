//! One trace covers a request and all its effects, across actors, commits, jobs and processes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use reqwest::Method;
use serde_json::{Value, json};
use server::Service;
use tests::TestApp;
use tests::people::People;
use tests::process::Logged;
use tests::wait::until;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// A customer who has paid for an order, and no server on the database.
async fn paid() -> (TestApp, String, Uuid) {
    let mut app = TestApp::start().await;
    let people = People::gather(app.app(), &app.url(Service::Gateway)).await;
    let order = people.placed().await;
    let token = people.customer.token().await.unwrap();
    app.run_due_jobs().await;
    app.halt().await;
    (app, token, order.id)
}

/// The customer cancels, as a client that has a trace of its own.
async fn cancel(at: &str, token: &str, order: Uuid, traceparents: &[&str]) {
    let mut request = reqwest::Client::new()
        .request(Method::POST, format!("{at}/v1/orders/{order}/cancel"))
        .bearer_auth(token)
        .json(&json!({ "reason": "주소를 잘못 적었어요" }));
    for one in traceparents {
        request = request.header("traceparent", *one);
    }
    assert_eq!(request.send().await.unwrap().status(), 200);
}

fn redis() -> String {
    std::env::var("REDIS_URL").expect("REDIS_URL names a Redis")
}

/// The span with that name that the line was logged in.
fn within<'a>(line: &'a Value, name: &str) -> Option<&'a Value> {
    line["spans"].as_array()?.iter().find(|span| span["name"] == name)
}

/// What the refund's subscriber logged of the order, and in which trace.
fn refund(lines: &[Value], order: Uuid) -> Option<String> {
    let of_order = format!("order:{order}");
    let mut done = lines.iter().filter_map(|line| {
        let span = within(line, "subscriber")?;
        let is_it = span["subscriber"] == "payment.refund" && span["channel"] == of_order;
        (is_it && line["fields"]["message"] == "a job is done").then_some(span)
    });
    done.next_back().map(|span| span["trace_id"].as_str().unwrap_or_default().to_owned())
}

/// The trace of the request to cancel, as its process logged it.
fn request(lines: &[Value], order: Uuid) -> String {
    let path = format!("/v1/orders/{order}/cancel");
    let line = lines.iter().find(|line| line["fields"]["path"] == path).expect("the request is logged");
    within(line, "request").unwrap()["trace_id"].as_str().unwrap_or_default().to_owned()
}

async fn end(mut app: TestApp, logged: Logged) {
    drop(logged);
    app.restart().await;
    app.stop().await;
}

#[tokio::test]
async fn a_refund_is_of_the_trace_in_which_the_customer_cancelled_over_two_processes() {
    let (app, token, order) = paid().await;
    let logged = Logged::start(&app, &redis(), &[]).await;
    cancel(&logged.url(), &token, order, &[TRACEPARENT]).await;
    let both = || [logged.of_gateway(), logged.of_behind()].concat();
    until("the refund is done", async || refund(&both(), order)).await;
    assert_eq!(request(&logged.of_gateway(), order), TRACE);
    assert_eq!(request(&logged.of_behind(), order), TRACE);
    assert_eq!(refund(&both(), order).unwrap(), TRACE);
    end(app, logged).await;
}

#[tokio::test]
async fn a_client_that_says_nonsense_of_its_trace_gets_one_of_ours() {
    let (app, token, order) = paid().await;
    let logged = Logged::start(&app, &redis(), &[]).await;
    cancel(&logged.url(), &token, order, &[TRACEPARENT, "00-evil"]).await;
    let both = || [logged.of_gateway(), logged.of_behind()].concat();
    until("the refund is done", async || refund(&both(), order)).await;
    let ours = request(&logged.of_gateway(), order);
    assert!(ours.len() == 32 && ours != TRACE, "{ours}");
    assert_eq!((request(&logged.of_behind(), order), refund(&both(), order)), (ours.clone(), Some(ours)));
    end(app, logged).await;
}

/// What a collector got, as it came: protobuf.
type Collected = Arc<Mutex<Vec<u8>>>;

/// A server that takes OTLP over HTTP.
async fn collector() -> (String, Collected) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (url, collected) = (format!("http://{}", listener.local_addr().unwrap()), Collected::default());
    let kept = Arc::clone(&collected);
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(take(connection, Arc::clone(&kept)));
        }
    });
    (url, collected)
}

/// Takes batch after batch from one connection.
async fn take(connection: TcpStream, kept: Collected) -> std::io::Result<()> {
    let mut connection = BufReader::new(connection);
    loop {
        let (mut line, mut length, mut is_first) = (String::new(), 0, true);
        loop {
            line.clear();
            if connection.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            if std::mem::take(&mut is_first) {
                assert_eq!(line.trim_end(), "POST /v1/traces HTTP/1.1");
            }
            match line.trim_end().to_ascii_lowercase().split_once(": ") {
                Some(("content-length", said)) => length = said.parse().unwrap(),
                Some(_) => {}
                None if line.trim_end().is_empty() => break,
                None => {}
            }
        }
        let mut body = vec![0; length];
        connection.read_exact(&mut body).await?;
        kept.lock().unwrap().extend_from_slice(&body);
        connection.get_mut().write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await?;
    }
}

/// The spans of a trace, as the fields of `opentelemetry.proto.trace.v1.Span` follow each
/// other: trace (1), span (2), perhaps state (3), parent (4), name (5). By span: name, parent.
fn spans(collected: &[u8], trace: &str) -> BTreeMap<Vec<u8>, (String, Vec<u8>)> {
    let trace = hex(trace);
    let head = [&[0x0a, 16][..], &trace].concat();
    let starts = collected.windows(head.len()).enumerate().filter(|(_, window)| *window == head);
    let read = starts.filter_map(|(at, _)| {
        let mut fields = Fields(&collected[at + head.len()..]);
        let mut found: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
        while let Some((number, bytes)) = fields.next().filter(|(number, _)| *number <= 5) {
            found.insert(number, bytes);
        }
        let name = String::from_utf8(found.remove(&5)?).ok()?;
        Some((found.remove(&2)?, (name, found.remove(&4).unwrap_or_default())))
    });
    read.collect()
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// Fields of bytes, each shorter than 128.
struct Fields<'a>(&'a [u8]);

impl Iterator for Fields<'_> {
    type Item = (u8, Vec<u8>);

    fn next(&mut self) -> Option<(u8, Vec<u8>)> {
        let [tag, length, rest @ ..] = self.0 else { return None };
        let bytes = rest.get(..usize::from(*length)).filter(|_| tag & 7 == 2)?;
        self.0 = &rest[bytes.len()..];
        Some((tag >> 3, bytes.to_vec()))
    }
}

#[tokio::test]
async fn a_collector_gets_every_step_of_a_trace_each_below_its_cause() {
    let (app, token, order) = paid().await;
    let (url, collected) = collector().await;
    let quick = ("OTEL_BSP_SCHEDULE_DELAY", "100".to_owned());
    let logged = Logged::start(&app, &redis(), &[("BAEDAL_OTLP_URL", url), quick]).await;
    cancel(&logged.url(), &token, order, &[TRACEPARENT]).await;
    let steps = ["request", "entity", "commit", "subscriber"];
    let given = hex("00f067aa0ba902b7");
    // A span may be collected before its cause, which ends later.
    let arrived = async || {
        let spans = spans(&collected.lock().unwrap(), TRACE);
        let names: BTreeSet<_> = spans.values().map(|(name, _)| name.as_str()).collect();
        let requests = spans.values().filter(|(name, _)| name == "request").count();
        let are_caused = spans.values().all(|(_, parent)| *parent == given || spans.contains_key(parent));
        let is_whole = requests == 2 && steps.iter().all(|step| names.contains(step)) && are_caused;
        is_whole.then_some(spans)
    };
    let spans = until("all steps are collected, each below its cause", arrived).await;
    let from_outside = spans.values().filter(|(_, parent)| *parent == given).count();
    assert_eq!(from_outside, 1, "only the gateway was asked from outside: {spans:?}");
    assert_eq!(refund(&[logged.of_gateway(), logged.of_behind()].concat(), order).unwrap(), TRACE);
    end(app, logged).await;
}
