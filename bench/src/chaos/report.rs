//! What the run showed, in a table and in one sentence.

use std::collections::BTreeMap;
use std::time::Duration;

use super::checker::{Breach, Finding};
use super::faults::Fault;
use super::recovery_probe::Resumed;
use crate::report::say;

/// Findings of one kind that are printed one by one.
const PRINTED: usize = 8;

/// How long clients took to be live again, by fault.
#[derive(Default)]
pub(crate) struct Resumes(BTreeMap<Fault, Vec<Duration>>);

impl Resumes {
    pub(crate) fn note(&mut self, fault: Fault, resumed: &[Resumed]) {
        let took = resumed.iter().map(|one| one.after.unwrap_or(super::LIVE_WITHIN));
        self.0.entry(fault).or_default().extend(took);
    }

    fn all(&self) -> Vec<Duration> {
        self.0.values().flatten().copied().collect()
    }

    pub(crate) fn p99(&self) -> Duration {
        quantile(self.all(), 0.99)
    }
}

/// The smallest value that so large a share does not exceed; zero of none.
fn quantile(mut values: Vec<Duration>, share: f64) -> Duration {
    values.sort();
    let count = values.len();
    (0..count)
        .find(|place| (place + 1) as f64 >= share * count as f64)
        .and_then(|place| values.get(place).copied())
        .unwrap_or_default()
}

/// Prints it all.
pub(crate) fn print(resumes: &Resumes, findings: &[Finding], counts: &[(&str, usize)]) {
    say(&format!("{:<22}{:>8}{:>10}{:>10}{:>10}", "resumed after, ms", "times", "p50", "p99", "max"));
    let line = |name: &str, values: &[Duration]| {
        let at = |share| quantile(values.to_vec(), share).as_millis();
        say(&format!("{name:<22}{:>8}{:>10}{:>10}{:>10}", values.len(), at(0.5), at(0.99), at(1.0)));
    };
    for (fault, values) in &resumes.0 {
        line(&fault.to_string(), values);
    }
    line("all", &resumes.all());
    let counted: Vec<String> = counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
    say(&format!("checked: {}", counted.join(", ")));
    for breach in Breach::ALL {
        let of_it: Vec<&Finding> = findings.iter().filter(|finding| finding.breach == breach).collect();
        of_it.iter().take(PRINTED).for_each(|finding| say(&finding.to_string()));
        if of_it.len() > PRINTED {
            say(&format!("{breach:?}: and {} more", of_it.len() - PRINTED));
        }
    }
    let found: Vec<String> = Breach::ALL
        .iter()
        .map(|breach| {
            let count = findings.iter().filter(|finding| finding.breach == *breach).count();
            format!("{} {count}", format!("{breach:?}").to_lowercase())
        })
        .collect();
    say(&found.join(", "));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ninety_ninth_of_a_hundred_is_the_p99() {
        let values: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(quantile(values.clone(), 0.99), Duration::from_millis(99));
        assert_eq!(quantile(values, 1.0), Duration::from_millis(100));
        assert_eq!(quantile(Vec::new(), 0.5), Duration::ZERO);
    }
}
