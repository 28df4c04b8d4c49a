//! The report: medians over the rounds, of Baedal and of the baselines, and the verdict.

use std::path::Path;

use serde::Serialize;
use sim::system;

use crate::args::Options;
use crate::latency::Latency;
use crate::{Outcome, html};

/// The figures of one round, in the order in which they are printed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Figures(Vec<(&'static str, f64)>);

impl Figures {
    pub(crate) fn add(&mut self, name: &'static str, value: f64) {
        self.0.push((name, value));
    }
}

/// The measurements of Baedal or of a baseline.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) rounds: Vec<Figures>,
    /// Quantiles and latencies in milliseconds, over all rounds.
    pub(crate) curve: Vec<(f64, f64)>,
    #[serde(skip)]
    latency: Latency,
}

impl Column {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), rounds: Vec::new(), curve: Vec::new(), latency: Latency::default() }
    }

    /// Adds a round.
    pub(crate) fn add(&mut self, figures: Figures, latency: &Latency) {
        self.rounds.push(figures);
        self.latency.add(latency);
        if self.latency.count() > 0 {
            self.curve = self.latency.curve();
        }
    }

    /// The values of a figure in ascending order.
    pub(crate) fn sorted(&self, name: &str) -> Vec<f64> {
        let own = |round: &Figures| round.0.iter().find(|(each, _)| *each == name).map(|(_, value)| *value);
        let mut values: Vec<f64> = self.rounds.iter().filter_map(own).collect();
        values.sort_by(f64::total_cmp);
        values
    }

    pub(crate) fn median(&self, name: &str) -> f64 {
        let values = self.sorted(name);
        values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
    }

    pub(crate) fn most(&self, name: &str) -> f64 {
        self.sorted(name).last().copied().unwrap_or(f64::NAN)
    }

    fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.rounds.iter().take(1).flat_map(|round| round.0.iter().map(|(name, _)| *name))
    }

    /// `median (least … most)`.
    pub(crate) fn summary(&self, name: &str) -> String {
        let values = self.sorted(name);
        match (values.first(), values.last()) {
            (Some(least), Some(most)) if values.len() > 1 => {
                format!("{} ({} … {})", short(self.median(name)), short(*least), short(*most))
            }
            (Some(only), _) => short(*only),
            _ => "–".to_owned(),
        }
    }
}

/// Formats a number with about three significant digits.
pub(crate) fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.095 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

/// Whether a target was reached.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Verdict {
    pub(crate) what: String,
    pub(crate) target: String,
    pub(crate) figure: f64,
    pub(crate) reached: bool,
}

/// One scenario's run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) scenario: &'static str,
    pub(crate) title: String,
    pub(crate) begun_at: String,
    /// The commit that was measured; `+` is appended if files differ from it.
    pub(crate) commit: String,
    pub(crate) rounds: u32,
    pub(crate) seconds: u32,
    pub(crate) scale: f64,
    pub(crate) columns: Vec<Column>,
    pub(crate) verdicts: Vec<Verdict>,
}

impl Report {
    pub(crate) fn new(scenario: &'static str, title: &str, options: &Options) -> Self {
        Self {
            scenario,
            title: title.to_owned(),
            begun_at: system::now().format("%Y-%m-%d %H:%M:%S UTC").to_string(),
            commit: commit(),
            rounds: options.rounds,
            seconds: options.seconds,
            scale: options.scale,
            columns: Vec::new(),
            verdicts: Vec::new(),
        }
    }

    pub(crate) fn at_most(&mut self, what: &str, target: f64, figure: f64) {
        self.verdict(what, format!("≤ {}", short(target)), figure, figure <= target);
    }

    pub(crate) fn at_least(&mut self, what: &str, target: f64, figure: f64) {
        self.verdict(what, format!("≥ {}", short(target)), figure, figure >= target);
    }

    fn verdict(&mut self, what: &str, target: String, figure: f64, reached: bool) {
        self.verdicts.push(Verdict { what: what.to_owned(), target, figure, reached });
    }

    /// The names of all figures, in the order of the first column that has them.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        let mut names: Vec<&'static str> = Vec::new();
        for name in self.columns.iter().flat_map(Column::names) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Prints the figures and the verdict.
    #[expect(clippy::print_stdout, reason = "a command-line tool's result")]
    pub(crate) fn print(&self) {
        println!("\n{}: {}; {} rounds of {} s", self.scenario, self.title, self.rounds, self.seconds);
        println!("begun {}, commit {}", self.begun_at, self.commit);
        print!("{:<22}", "median (least … most)");
        self.columns.iter().for_each(|column| print!("{:>28}", column.name));
        println!();
        for name in self.names() {
            print!("{name:<22}");
            self.columns.iter().for_each(|column| print!("{:>28}", column.summary(name)));
            println!();
        }
        for Verdict { what, target, figure, reached } in &self.verdicts {
            let word = if *reached { "reached" } else { "NOT reached" };
            println!("{what:<36}{target:>12}{:>12}  {word}", short(*figure));
        }
    }

    /// Writes the report as JSON and as a page.
    pub(crate) fn write(&self, folder: &Path) -> Outcome<()> {
        std::fs::create_dir_all(folder)?;
        let name = format!("{}-{}", self.scenario, system::now().format("%Y%m%d-%H%M%S"));
        std::fs::write(folder.join(format!("{name}.json")), serde_json::to_vec_pretty(self)?)?;
        let page = folder.join(format!("{name}.html"));
        std::fs::write(&page, html::page(self))?;
        say(&format!("report: {}", page.display()));
        Ok(())
    }
}

/// The commit of the current folder.
fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = std::process::Command::new("git").args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let changed = git(&["status", "--porcelain"]).is_some_and(|files| !files.is_empty());
    let commit = git(&["rev-parse", "--short", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    if changed { commit + "+" } else { commit }
}

/// Prints a line of progress.
#[expect(clippy::print_stderr, reason = "a command-line tool's progress")]
pub(crate) fn say(words: &str) {
    eprintln!("{words}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_the_rounds_is_told_with_its_spread() {
        let mut column = Column::new("us");
        for value in [3.0, 1.0, 9.0] {
            column.add(Figures(vec![("p99", value)]), &Latency::default());
        }
        assert_eq!(column.summary("p99"), "3.00 (1.00 … 9.00)");
        assert_eq!(column.summary("absent"), "–");
    }
}
