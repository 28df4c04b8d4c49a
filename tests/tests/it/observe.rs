//! Prometheus and Grafana as docker-compose.yml starts them: each metric they query exists.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use server::Service;
use server::metrics::{ALL, Kind};

fn docker(file: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    std::fs::read_to_string(root.join("docker").join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn yaml(file: &str) -> Value {
    serde_saphyr::from_str(&docker(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// What of an expression may be the name of a metric: a word that is no function,
/// label or keyword.
fn metrics_of(expr: &str) -> BTreeSet<String> {
    // Labels stand in braces and behind `by`; what is matched stands in quotes.
    let mut bare = String::new();
    let (mut braces, mut brackets) = (0, 0);
    for c in expr.chars() {
        match c {
            '{' => braces += 1,
            '}' => braces -= 1,
            '[' => brackets += 1,
            ']' => brackets -= 1,
            _ if braces == 0 && brackets == 0 => bare.push(c),
            _ => {}
        }
    }
    let mut bare = bare.as_str();
    let mut without_grouping = String::new();
    while let Some((before, rest)) = bare.split_once(" by (") {
        without_grouping.push_str(before);
        bare = rest.split_once(')').unwrap().1;
    }
    without_grouping.push_str(bare);
    let words = without_grouping.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let own = words.filter(|word| word.contains('_') && !word.starts_with("histogram_"));
    own.map(str::to_owned).collect()
}

fn is_known(name: &str) -> bool {
    ALL.iter().any(|metric| match metric.kind {
        Kind::Histogram => {
            ["_bucket", "_sum", "_count"].iter().any(|part| name == format!("{}{part}", metric.name))
        }
        _ => name == metric.name,
    })
}

#[test]
fn every_panel_of_the_dashboard_asks_for_metrics_that_exist() {
    let board: Value = serde_json::from_str(&docker("grafana/dashboards/baedal.json")).unwrap();
    let panels = board["panels"].as_array().unwrap();
    let mut asked = BTreeSet::new();
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        assert_eq!(panel["datasource"]["uid"], "prometheus", "{}", panel["title"]);
        for target in panel["targets"].as_array().unwrap() {
            let found = metrics_of(target["expr"].as_str().unwrap());
            assert!(found.is_empty() == target["expr"].as_str().unwrap().contains("(jobs)"), "{target}");
            asked.extend(found);
        }
    }
    let unknown: Vec<_> = asked.iter().filter(|name| !is_known(name)).collect();
    assert!(unknown.is_empty(), "no such metrics: {unknown:?}");
    assert!(asked.len() > 30, "the dashboard shows most of what is measured: {asked:?}");
    let variable = board["templating"]["list"][0]["query"]["query"].as_str().unwrap();
    assert!(variable.contains("baedal_build_info"));
}

#[test]
fn every_alert_asks_for_metrics_that_exist_and_says_what_is_wrong() {
    let alerts = yaml("prometheus/alerts.yml");
    let rules = alerts["groups"][0]["rules"].as_array().unwrap();
    assert!(rules.len() >= 5);
    for rule in rules {
        let expr = rule["expr"].as_str().unwrap();
        let unknown: Vec<_> = metrics_of(expr).into_iter().filter(|name| !is_known(name)).collect();
        assert!(unknown.is_empty(), "{}: no such metrics: {unknown:?}", rule["alert"]);
        assert!(rule["annotations"]["summary"].is_string() && rule["labels"]["severity"].is_string());
    }
}

#[test]
fn prometheus_scrapes_all_thirteen_and_what_compose_mounts_is_there() {
    let prometheus = yaml("prometheus/prometheus.yml");
    let targets = prometheus["scrape_configs"][0]["static_configs"][0]["targets"].as_array().unwrap();
    let expected: Vec<Value> =
        Service::ALL.iter().map(|service| format!("{service}:{}", 9101 + service.offset()).into()).collect();
    assert_eq!(targets, &expected);
    assert_eq!(
        yaml("grafana/provisioning/datasources/prometheus.yml")["datasources"][0]["uid"],
        "prometheus"
    );
    yaml("grafana/provisioning/dashboards/baedal.yml");
    let compose = yaml("../docker-compose.yml");
    for service in ["prometheus", "grafana"] {
        let watcher = &compose["services"][service];
        assert_eq!(watcher["profiles"], serde_json::json!(["observe"]));
        let image = watcher["image"].as_str().unwrap();
        assert!(image.contains(':') && !image.ends_with(":latest"), "{image} is not pinned");
        for volume in watcher["volumes"].as_array().unwrap() {
            let from = volume.as_str().unwrap().split(':').next().unwrap();
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
            let path: PathBuf = root.join(from);
            assert!(!from.starts_with('.') || path.is_dir(), "{from}");
        }
    }
}
