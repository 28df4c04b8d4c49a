//! The figures: medians over the rounds, ours beside the baseline's.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::Outcome;

/// What one round gave, in the order in which it is printed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Figures(Vec<(&'static str, f64)>);

impl Figures {
    pub(crate) fn new(figures: impl IntoIterator<Item = (&'static str, f64)>) -> Self {
        Self(figures.into_iter().collect())
    }
}

/// One figure over all rounds.
#[derive(Debug, PartialEq)]
struct Spread {
    median: f64,
    least: f64,
    most: f64,
}

fn spread(rounds: &[Figures], name: &str) -> Spread {
    let mut values: Vec<f64> = rounds
        .iter()
        .flat_map(|round| round.0.iter().filter(|(own, _)| *own == name).map(|(_, value)| *value))
        .collect();
    values.sort_by(f64::total_cmp);
    let at = |place: usize| values.get(place).copied().unwrap_or(f64::NAN);
    Spread { median: at(values.len() / 2), least: at(0), most: at(values.len().saturating_sub(1)) }
}

/// Says something to whoever waits.
#[expect(clippy::print_stderr, reason = "a command-line tool's progress")]
pub(crate) fn say(words: &str) {
    eprintln!("{words}");
}

/// Prints both columns, and writes them as JSON where asked.
#[expect(clippy::print_stdout, reason = "a command-line tool's result")]
pub(crate) fn compare(
    title: &str,
    (us, ours): (&str, &[Figures]),
    (them, theirs): (&str, &[Figures]),
    json_file: Option<&Path>,
) -> Outcome<()> {
    println!("{title}");
    println!("{:<28}{us:>12}  {:<20}{them:>12}", "median", "(least … most)");
    let names: Vec<&str> =
        ours.iter().take(1).flat_map(|round| round.0.iter().map(|(name, _)| *name)).collect();
    for name in &names {
        let (own, other) = (spread(ours, name), spread(theirs, name));
        let range = format!("({:.2} … {:.2})", own.least, own.most);
        println!("{name:<28}{:>12.2}  {range:<20}{:>12.2}", own.median, other.median);
    }
    if let Some(file) = json_file {
        let column = |rounds: &[Figures]| -> Value {
            let figures = names.iter().map(|name| {
                let own = spread(rounds, name);
                (name.to_string(), json!({ "median": own.median, "least": own.least, "most": own.most }))
            });
            figures.collect::<Map<_, _>>().into()
        };
        let report = json!({ "title": title, us: column(ours), them: column(theirs) });
        std::fs::write(file, serde_json::to_vec_pretty(&report)?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_the_rounds_is_told_with_its_spread() {
        let rounds: Vec<Figures> = [3.0, 1.0, 9.0].map(|value| Figures::new([("p99", value)])).into();
        assert_eq!(spread(&rounds, "p99"), Spread { median: 3.0, least: 1.0, most: 9.0 });
        assert!(spread(&rounds, "absent").median.is_nan());
    }
}
