//! The directions that must never be broken, held by the manifests and sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const ROOMS: [&str; 8] =
    ["domain", "store", "actors", "services", "integrations", "http-adapters", "realtime", "server"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The direct dependencies of every workspace member, without those of its tests.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let mut cargo = Command::new(env!("CARGO"));
    let told = cargo.args(["metadata", "--format-version=1", "--no-deps", "--offline"]).current_dir(root());
    let metadata: Value = serde_json::from_slice(&told.output().unwrap().stdout).unwrap();
    let name = |of: &Value| of["name"].as_str().unwrap().to_owned();
    let direct = |package: &Value| {
        let all = package["dependencies"].as_array().unwrap().iter();
        all.filter(|each| each["kind"].is_null()).map(name).collect()
    };
    let packages = metadata["packages"].as_array().unwrap();
    packages.iter().map(|package| (name(package), direct(package))).collect()
}

fn sources(room: &str) -> Vec<(PathBuf, String)> {
    sources_in(&[root().join(room).join("src")])
}

fn sources_in(folders: &[PathBuf]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = folders.to_vec();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found
}

#[test]
fn rooms_depend_on_each_other_in_one_direction() {
    let may_see: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("domain", &[][..]),
        ("store", &["domain"]),
        ("actors", &["domain", "store"]),
        ("services", &["domain", "store", "actors"]),
        ("integrations", &["domain", "services"]),
        ("http-adapters", &["domain", "services"]),
        ("realtime", &["domain", "services"]),
    ]);
    let dependencies = dependencies();
    for (room, allowed) in may_see {
        for other in ROOMS.iter().filter(|other| dependencies[room].contains(**other)) {
            assert!(allowed.contains(other), "{room} must not depend on {other}");
        }
    }
}

#[test]
fn simulated_people_and_the_bench_know_the_public_api_alone() {
    let dependencies = dependencies();
    for client in ["sim", "bench"] {
        for room in ROOMS {
            assert!(!dependencies[client].contains(room), "{client} must not depend on {room}");
        }
    }
}

#[test]
fn libraries_of_the_outside_stay_in_their_rooms() {
    let only: [(&[&str], &[&str]); 5] = [
        (&["sqlx", "redis", "graphile_worker"], &["store"]),
        // In `sim` it is third parties that serve.
        (&["axum"], &["http-adapters", "realtime", "server", "sim"]),
        (&["reqwest"], &["integrations", "sim", "tests"]),
        (&["ractor"], &["actors"]),
        (
            &["tokio"],
            &[
                "store",
                "actors",
                "services",
                "integrations",
                "http-adapters",
                "realtime",
                "server",
                "sim",
                "bench",
                "tests",
            ],
        ),
    ];
    for (room, uses) in dependencies() {
        for (libraries, rooms) in only {
            for library in libraries.iter().filter(|library| uses.contains(**library)) {
                assert!(rooms.contains(&room.as_str()), "{room} must not depend on {library}");
            }
        }
    }
}

#[test]
fn a_nouns_tables_are_named_in_its_own_file_alone() {
    // The schema, and where in store/src it may be named.
    let owners = BTreeMap::from([
        ("journal", "journal"),
        ("auth", "auth"),
        ("users", "user"),
        ("restaurant", "restaurant"),
        ("menu", "menu"),
        ("cart", "cart"),
        ("orders", "order"),
        ("codes", "code_tries"),
        ("payment", "payment"),
        ("tracking", "tracking"),
        ("support", "support"),
        ("idempotency", "idempotency"),
        ("gateway", "idempotency"),
        ("schema", "schema"),
        ("graphile_worker", "jobs"),
    ]);
    let home = root().join("store/src");
    for (path, text) in sources("store") {
        let file = path.strip_prefix(&home).unwrap().to_str().unwrap().to_owned();
        for verb in ["from", "join", "into", "update", "delete from", "select"] {
            for (at, _) in text.match_indices(&format!("{verb} ")) {
                let rest = &text[at + verb.len() + 1..];
                let Some((schema, _)) = rest.split_once('.') else { continue };
                let Some(owner) = owners.get(schema) else { continue };
                let own = file.starts_with(&format!("{owner}.rs")) || file.starts_with(&format!("{owner}/"));
                assert!(own, "store/src/{file} names the schema {schema}");
            }
        }
    }
}

#[test]
fn there_are_no_statics_for_lifecycle_or_configuration() {
    // What the language or a library wants to be static, and holds no state of ours.
    let allowed = ["static ALLOCATOR", "static MIGRATOR"];
    for room in ["domain", "store", "actors", "services", "integrations", "http", "realtime", "server"] {
        for (path, text) in sources(room) {
            for line in text.lines().map(str::trim_start) {
                let is_static = ["static ", "pub static ", "pub(crate) static ", "thread_local!"]
                    .iter()
                    .any(|start| line.starts_with(start));
                let known = allowed.iter().any(|name| line.contains(name));
                assert!(!is_static || known, "{}: {line}", path.display());
            }
        }
    }
}

/// What of a source runs in production: no comments, and no tests at its end.
fn runs(text: &str) -> impl Iterator<Item = &str> {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().map(|line| line.split("//").next().unwrap_or_default().trim())
}

#[test]
fn what_tests_do_to_a_database_is_named_by_nothing_that_runs_in_production() {
    for room in ["domain", "store", "actors", "services", "http", "realtime", "server", "sim", "bench"] {
        let own = |path: &Path| path.ends_with("store/src/scratch.rs");
        for (path, text) in sources(room).into_iter().filter(|(path, _)| !own(path)) {
            for line in runs(&text).filter(|line| *line != "pub mod scratch;") {
                // `jobs::moved` is what only `scratch` calls.
                let named = line.contains("scratch") || line.contains("moved::");
                assert!(!named, "{}: {line}", path.display());
            }
        }
    }
}

#[test]
fn what_surrounds_requests_knows_no_path_of_the_api() {
    // Routes state their policies; a path that decides something elsewhere would be forgotten
    // when the route moves.
    let rooms = ["http/src/kit", "http/src/gateway", "services/src/limits.rs", "services/src/idempotency.rs"];
    let mut read = 0;
    for (path, text) in sources("http").into_iter().chain(sources("services")) {
        let file = path.strip_prefix(root()).unwrap();
        if !rooms.iter().any(|room| file.starts_with(room)) || file.ends_with("tests.rs") {
            continue;
        }
        read += 1;
        for line in runs(&text) {
            let is_words = line.starts_with("#[schema(example = ");
            let names_one =
                ["v1/", ".well-known", "\"orders", "\"deliveries"].iter().any(|part| line.contains(part));
            assert!(is_words || !names_one, "{}: {line}", file.display());
        }
    }
    assert!(read > 25, "{read} files");
}

/// Where real time passes in whole-system tests, each with why it cannot be moved.
const REAL_TIME: [(&str, &str); 6] = [
    ("src/process.rs", "another process takes a while to start"),
    ("tests/it/limits.rs", "rates are counted by Redis' and the runtime's clocks"),
    ("tests/it/realtime/frames.rs", "a slow radio takes real time"),
    ("tests/it/sessions.rs", "a client that is told to come back later waits"),
    ("tests/it/subscribers.rs", "work that takes a while, so that others could overtake it"),
    ("tests/it/tracking/backlog.rs", "the rate of a socket is counted by the runtime's clock"),
];

#[test]
fn whole_system_tests_move_the_clock_and_do_not_sleep() {
    let home = root().join("tests");
    let mut passing = BTreeSet::new();
    for (path, text) in sources_in(&[home.join("src"), home.join("tests")]) {
        let file = path.strip_prefix(&home).unwrap().to_str().unwrap().to_owned();
        if matches!(file.as_str(), "src/wait.rs" | "tests/it/architecture.rs") {
            continue;
        }
        for banned in ["sleep(", "sleep_until(", "::sleep"] {
            assert!(!text.contains(banned), "{file} sleeps: move the clock, or await what follows");
        }
        if text.contains("real_time_passes(") {
            passing.insert(file);
        }
    }
    assert_eq!(passing, REAL_TIME.map(|(file, _)| file.to_owned()).into());
}

/// Crates that must not come back, each with why.
const BANNED: [(&str, &str); 1] = [("rsa", "RUSTSEC-2023-0071, which no version mends")];

#[test]
fn crates_with_known_faults_are_not_in_the_tree() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    for (name, why) in BANNED {
        assert!(!lock.contains(&format!("name = \"{name}\"\n")), "{name}: {why}");
    }
}
