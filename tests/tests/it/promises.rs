//! Holds `docs/promises.md` to the tests that it names.

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Everything that tests are written in.
pub(crate) fn sources() -> String {
    let mut text = String::new();
    let rooms = [
        "domain",
        "images",
        "store",
        "actors",
        "actors/kit",
        "hub",
        "services",
        "integrations",
        "http",
        "realtime",
        "server",
        "sim",
        "bench",
        "tests",
    ];
    let mut folders: Vec<PathBuf> = rooms.iter().map(|room| root().join(room)).collect();
    folders.extend([root().join("web/src"), root().join("web/e2e")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy();
            if path.is_dir() && name != "target" && name != "node_modules" {
                folders.push(path);
            } else if [".rs", ".test.ts", ".mjs"].iter().any(|end| name.ends_with(end)) {
                text.push_str(&fs::read_to_string(&path).unwrap());
            }
        }
    }
    text
}

/// Whether there is a test of this name in the sources, in Rust or in the pages.
pub(crate) fn is_test(sources: &str, name: &str) -> bool {
    let written =
        [format!("fn {name}("), format!("fn {name}<"), format!("it('{name}'"), format!("tell('{name}'")];
    written.iter().any(|written| sources.contains(written))
}

#[test]
fn every_promise_names_tests_that_exist() {
    let sources = sources();
    let page = fs::read_to_string(root().join("docs/promises.md")).unwrap();
    let rows: Vec<&str> =
        page.lines().filter(|line| line.starts_with("| ") && !line.contains("---")).collect();
    let mut promises = 0;
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let [promise, tests] = cells[..] else { panic!("two cells: {row}") };
        if promise.trim() == "promise" {
            continue;
        }
        let named: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "nothing shows this: {promise}");
        for test in named {
            assert!(is_test(&sources, test), "there is no test {test}, which is to show: {promise}");
        }
        promises += 1;
    }
    assert!(promises > 60, "{promises}");
}
