//! Holds `docs/security.md` to the requirements that it has to speak of, and to the tests that it
//! names.

use std::collections::BTreeSet;
use std::fs;

use crate::promises::{is_test, root, sources};

/// The sections of OWASP ASVS 5.0.0, and how many requirements of levels 1 and 2 each has. Those
/// come first in every section.
const ASVS: [(&str, u8); 25] = [
    ("6.1", 3),
    ("6.2", 12),
    ("6.3", 4),
    ("6.4", 4),
    ("6.5", 5),
    ("6.6", 3),
    ("6.8", 4),
    ("7.1", 3),
    ("7.2", 4),
    ("7.3", 2),
    ("7.4", 5),
    ("7.5", 2),
    ("7.6", 2),
    ("8.1", 2),
    ("8.2", 3),
    ("8.3", 1),
    ("8.4", 1),
    ("9.1", 3),
    ("9.2", 4),
    ("10.1", 2),
    ("10.2", 2),
    ("10.5", 5),
    ("14.1", 2),
    ("14.2", 4),
    ("14.3", 3),
];

/// The OWASP API Security Top 10 of 2023.
const API: u8 = 10;

#[test]
fn every_requirement_is_shown_by_tests_or_says_why_not() {
    let asvs = ASVS
        .iter()
        .flat_map(|(section, count)| (1..=*count).map(move |number| format!("{section}.{number}")));
    let required: BTreeSet<String> = asvs.chain((1..=API).map(|number| format!("API{number}"))).collect();
    let sources = sources();
    let page = fs::read_to_string(root().join("docs/security.md")).unwrap();
    let mut told = BTreeSet::new();
    for row in page.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let Some(id) = required.get(cells[0]) else { continue };
        let [_, _, how, tests] = cells[..] else { panic!("four cells: {row}") };
        assert!(told.insert(id.clone()), "{id} stands there twice");
        let named: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        let is_open = how.starts_with("Not applicable: ") || how.starts_with("**Not met**: ");
        assert!(
            how.len() > 15 && (is_open || how.starts_with("Written above") || !named.is_empty()),
            "{row}"
        );
        for test in named {
            assert!(is_test(&sources, test), "there is no test {test}, which is to show {id}");
        }
    }
    assert_eq!(required.difference(&told).collect::<Vec<_>>(), Vec::<&String>::new());
}
