//! PostgreSQL by its own programs, `psql` and `pgbench`: the bench has no database driver.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::Outcome;
use crate::args::Options;
use crate::latency::Latency;
use crate::process::machine_cpu_secs;

fn script() -> PathBuf {
    std::env::temp_dir().join(format!("baedal-bench-{}.sql", std::process::id()))
}

/// Runs SQL of any length.
pub(crate) async fn psql(sql: &str) -> Outcome<()> {
    let path = script();
    std::fs::write(&path, sql)?;
    let url = std::env::var("DATABASE_URL")?;
    let done = Command::new("psql")
        .arg(&url)
        .args(["-qX", "-v", "ON_ERROR_STOP=1", "-f"])
        .arg(&path)
        .env("PGOPTIONS", "-c client_min_messages=warning")
        .stdout(Stdio::null())
        .status()
        .await?;
    let _ = std::fs::remove_file(&path);
    if done.success() { Ok(()) } else { Err("psql failed".into()) }
}

/// The rows of a query, their columns separated by `|`.
pub(crate) async fn rows(sql: &str) -> Outcome<String> {
    let url = std::env::var("DATABASE_URL")?;
    let output = Command::new("psql").args([&url, "-AtXc", sql]).output().await?;
    if !output.status.success() {
        return Err(format!("psql: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What `pgbench` measured.
pub(crate) struct Measured {
    pub(crate) latency: Latency,
    /// CPU seconds of the machine.
    pub(crate) machine_secs: f64,
}

/// Runs a script with these arguments for as long as a round.
pub(crate) async fn pgbench(sql: &str, arguments: &[&str], options: &Options) -> Outcome<Measured> {
    let url = std::env::var("DATABASE_URL")?;
    let script = script();
    std::fs::write(&script, sql)?;
    let before = machine_cpu_secs()?;
    let output = Command::new("pgbench")
        .args(["-n", "-M", "prepared", "-j", "1", "-l", "--log-prefix"])
        .arg(script.with_extension("log"))
        .args(["-T", &options.seconds.to_string()])
        .args(arguments)
        .arg("-f")
        .arg(&script)
        .arg(&url)
        .output()
        .await?;
    let machine_secs = machine_cpu_secs()? - before;
    let _ = std::fs::remove_file(&script);
    if !output.status.success() {
        return Err(format!("pgbench: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    // client, transaction, latency in µs with the schedule's lag, …
    let mut latency = Latency::default();
    for entry in std::fs::read_dir(std::env::temp_dir())?.filter_map(Result::ok) {
        let own = format!("baedal-bench-{}.log", std::process::id());
        if !entry.file_name().to_string_lossy().starts_with(&own) {
            continue;
        }
        for line in std::fs::read_to_string(entry.path())?.lines() {
            if let Some(micros) = line.split(' ').nth(2).and_then(|micros| micros.parse().ok()) {
                latency.note(Duration::from_micros(micros));
            }
        }
        let _ = std::fs::remove_file(entry.path());
    }
    Ok(Measured { latency, machine_secs })
}
