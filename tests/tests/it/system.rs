//! What operators see: the actor system over REST, and the metrics.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use domain::Role;
use server::Service;
use server::metrics::{ALL, Kind};
use tests::TestApp;
use tests::people::{People, acked, eventually, socket};
use tests::process::Process;

#[tokio::test]
async fn operators_see_what_lives_in_the_process_and_nobody_else_does() {
    let app = TestApp::start().await;
    let people = People::gather(app.app(), &app.url(Service::Gateway)).await;
    let admin = app.person("operator", &[Role::Admin]).await;
    let order = people.placed().await;
    let watch = socket(&people.customer);
    watch.line().subscribe(format!("order:{}", order.id)).await.unwrap();
    for service in [Service::Alert, Service::Gateway] {
        let rest = app.rest_as(service, &admin);
        let seen = rest.get("/v1/system/actors").await.expect(200);
        let kind = |name: &str| {
            let all = seen["entities"].as_array().unwrap();
            all.iter().find(|kind| kind["kind"] == name).unwrap().clone()
        };
        assert_eq!((&kind("order")["active"], &kind("order")["activations"]), (&1.into(), &1.into()));
        assert_eq!(kind("cart")["crashes"], 0);
        assert_eq!((&seen["hub"]["sockets"], &seen["hub"]["subscriptions"]), (&1.into(), &1.into()));
        assert!(seen["process"]["resident_bytes"].as_u64().unwrap() > 1_000_000, "{}", seen["process"]);
        assert_eq!(seen["process"]["services"].as_array().unwrap().len(), 13);
        let workers = seen["workers"].as_array().unwrap();
        for name in ["jobs", "position log", "sampler"] {
            let worker = workers.iter().find(|worker| worker["name"] == name).unwrap();
            assert_eq!((&worker["state"], &worker["restarts"]), (&"running".into(), &0.into()), "{name}");
        }
        assert!(seen["database"]["max"].as_u64().unwrap() > 0);
    }
    let actors = "/v1/system/actors";
    let customer = app.person("somebody", &[Role::Customer, Role::Agent, Role::Owner]).await;
    app.rest_as(Service::Alert, &customer).get(actors).await.expect_problem(403, "forbidden");
    app.rest(Service::Alert).get(actors).await.expect_problem(401, "unauthenticated");
    app.stop().await;
}

#[tokio::test]
async fn after_a_story_the_server_exposes_what_the_page_of_metrics_lists() {
    let mut app = TestApp::start().await;
    let line = People::hire(app.app()).await;
    app.halt().await;
    let process = Process::start(&app).await;
    let people = People::enter(line, &process.gateway()).await;
    let order = people.placed().await;
    let mut courier = socket(&people.courier);
    let began = sim::system::now() - chrono::TimeDelta::seconds(60);
    people.assigned(order.id, &mut courier, began).await;
    people.picked_up(order.id, &courier.line()).await;
    acked(&mut courier).await;
    let scrape = || async {
        let answer = reqwest::get(format!("{}/metrics", process.gateway())).await.unwrap();
        answer.text().await.unwrap()
    };
    // The sampler has looked since.
    eventually(|| async { value(&scrape().await, "entities_active{kind=\"order\"}") == Some(1.0) }).await;
    let text = scrape().await;
    let exposed = families(&text);
    let known: BTreeMap<&str, &str> = ALL.iter().map(|metric| (metric.name, metric.kind.as_str())).collect();
    for (name, kind) in &exposed {
        assert_eq!(known.get(name.as_str()), Some(&kind.as_str()), "{name} is not described");
        assert!(text.contains(&format!("# HELP {name} ")), "{name} has no help");
    }
    for metric in ALL.iter().filter(|metric| metric.always) {
        assert!(exposed.contains_key(metric.name), "{} is described and not exposed", metric.name);
        let of = |label: &str| text.contains(&format!("{label}=\""));
        assert!(metric.labels.split(", ").all(|label| label.is_empty() || of(label)), "{}", metric.labels);
    }
    for counted in ["positions_written_total", "position_ack_seconds_count", "realtime_deliveries_total"] {
        assert!(value(&text, counted).unwrap() > 0.0, "{counted}");
    }
    drop(process);
    app.restart().await;
    app.stop().await;
}

#[tokio::test]
async fn a_thousand_ids_make_one_series() {
    let app = TestApp::start().await;
    let process = Process::start(&app).await;
    let client = reqwest::Client::new();
    for number in 0..1_000 {
        let path = format!("/v1/orders/01920000-0000-7000-8000-{number:012}");
        assert_eq!(client.get(format!("{}{path}", process.gateway())).send().await.unwrap().status(), 401);
    }
    let text = reqwest::get(format!("{}/metrics", process.gateway())).await.unwrap().text().await.unwrap();
    let series: Vec<_> = text.lines().filter(|line| line.starts_with("http_requests_total{")).collect();
    let orders: Vec<_> = series.iter().filter(|line| line.contains("/v1/orders")).collect();
    let [only] = orders.as_slice() else { panic!("{orders:?}") };
    assert!(only.contains("status=\"4xx\"") && only.ends_with(" 1000"), "{only}");
    assert!(!text.contains("01920000-"), "an id became a label");
    drop(process);
    app.stop().await;
}

#[test]
fn the_page_of_metrics_lists_what_is_described() {
    let page = std::fs::read_to_string(root().join("docs/metrics.md")).unwrap();
    let listed: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let described: Vec<String> = ALL
        .iter()
        .map(|metric| {
            let labels = metric.labels.split(", ").filter(|label| !label.is_empty());
            let labels: Vec<String> = labels.map(|label| format!("`{label}`")).collect();
            format!(
                "| `{}` | {} | {} | {} |",
                metric.name,
                metric.kind.as_str(),
                labels.join(", "),
                metric.help
            )
        })
        .collect();
    for row in &described {
        assert!(listed.contains(&row.as_str()), "docs/metrics.md lacks\n{row}");
    }
    assert_eq!(listed.len(), described.len(), "docs/metrics.md lists what is not described");
}

#[test]
fn every_metric_that_is_measured_is_described_and_named_by_convention() {
    let names: BTreeSet<&str> = ALL.iter().map(|metric| metric.name).collect();
    assert_eq!(names.len(), ALL.len(), "two metrics have one name");
    assert!(ALL.is_sorted_by_key(|metric| metric.name));
    for metric in ALL.iter().filter(|metric| metric.name != "process_cpu_seconds_total") {
        assert_eq!(metric.kind == Kind::Counter, metric.name.ends_with("_total"), "{}", metric.name);
    }
    for room in ["store", "actors", "services", "http", "realtime", "server"] {
        let mut folders = vec![root().join(room).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap();
                for measured in measured(&text) {
                    assert!(
                        names.contains(measured),
                        "{} measures {measured}, which server/src/metrics.rs does not describe",
                        path.display()
                    );
                }
            }
        }
    }
}

/// The names in calls of the macros that measure.
fn measured(source: &str) -> impl Iterator<Item = &str> {
    let calls = ["counter!(", "gauge!(", "histogram!("];
    calls.into_iter().flat_map(move |call| {
        source.match_indices(call).filter_map(move |(at, _)| {
            let rest = source[at + call.len()..].trim_start();
            rest.strip_prefix('"')?.split('"').next()
        })
    })
}

fn families(text: &str) -> BTreeMap<String, String> {
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    types.filter_map(|line| line.split_once(' ')).map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
}

fn value(text: &str, series: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
