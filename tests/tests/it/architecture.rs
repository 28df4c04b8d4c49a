//! The directions that must never be broken, held by the manifests and sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const ROOMS: [&str; 12] = [
    "domain",
    "trace",
    "images",
    "store",
    "actor-kit",
    "actors",
    "hub",
    "services",
    "integrations",
    "http-adapters",
    "realtime",
    "server",
];

/// Where the room's sources stand.
fn folder(room: &str) -> PathBuf {
    match room {
        "actor-kit" => root().join("actors/kit"),
        "http-adapters" => root().join("http"),
        room => root().join(room),
    }
}

pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The members of the workspace, as Cargo knows them.
fn members() -> Vec<Value> {
    let mut cargo = Command::new(env!("CARGO"));
    let told = cargo.args(["metadata", "--format-version=1", "--no-deps", "--offline"]).current_dir(root());
    let metadata: Value = serde_json::from_slice(&told.output().unwrap().stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn name(of: &Value) -> String {
    of["name"].as_str().unwrap().to_owned()
}

/// The direct dependencies of every workspace member, without those of its tests.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let direct = |package: &Value| {
        let all = package["dependencies"].as_array().unwrap().iter();
        all.filter(|each| each["kind"].is_null()).map(name).collect()
    };
    members().iter().map(|package| (name(package), direct(package))).collect()
}

/// Whether a text names a crate: `sqlx` in `use sqlx::Row`, and not in `crate::sqlx::x`.
fn names_crate(text: &str, name: &str) -> bool {
    let is_word = |it: char| it.is_alphanumeric() || it == '_' || it == ':';
    text.match_indices(name).any(|(at, _)| {
        let rest = &text[at + name.len()..];
        let follows = ["::", ";", " as "].iter().any(|end| rest.starts_with(end));
        follows && !text[..at].ends_with(is_word)
    })
}

#[test]
fn every_dependency_is_named_by_the_room_that_has_it() {
    for member in members() {
        let home = Path::new(member["manifest_path"].as_str().unwrap()).parent().unwrap().to_owned();
        let build = fs::read_to_string(home.join("build.rs")).unwrap_or_default();
        let (mut production, mut all) = (build.clone(), build);
        let folders: Vec<_> = ["src", "tests"].map(|folder| home.join(folder)).into();
        for (path, text) in sources_in(&folders.into_iter().filter(|it| it.exists()).collect::<Vec<_>>()) {
            let file = path.strip_prefix(&home).unwrap();
            if file.starts_with("src") && !file.to_str().unwrap().ends_with("tests.rs") {
                production.extend(runs(&text).flat_map(|line| [line, "\n"]));
            }
            all.push_str(&text);
        }
        for dependency in member["dependencies"].as_array().unwrap() {
            let text = if dependency["kind"] == "dev" { &all } else { &production };
            let used = names_crate(text, &name(dependency).replace('-', "_"));
            assert!(used, "{} has {} and does not name it", name(&member), name(dependency));
        }
    }
}

#[test]
fn every_dependency_of_the_workspace_is_some_members() {
    let members = members();
    let all = members.iter().flat_map(|member| member["dependencies"].as_array().unwrap()).map(name);
    let used: BTreeSet<_> = all.collect();
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let listed = manifest.split("[workspace.dependencies]\n").nth(1).unwrap();
    for line in listed.lines().take_while(|line| !line.starts_with('[')) {
        let Some((listed, _)) = line.split_once(" = ") else { continue };
        assert!(used.contains(listed), "nobody uses {listed}");
    }
}

pub(super) fn sources(room: &str) -> Vec<(PathBuf, String)> {
    sources_in(&[folder(room).join("src")])
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
        ("trace", &[]),
        // Computation on hostile files: no I/O, and no runtime.
        ("images", &["domain"]),
        ("store", &["domain", "trace"]),
        ("actor-kit", &["domain", "store"]),
        ("actors", &["domain", "store", "actor-kit"]),
        // Of the kit it is the counters alone.
        ("hub", &["domain", "store", "actor-kit"]),
        ("services", &["domain", "images", "store", "actor-kit", "actors", "hub"]),
        ("integrations", &["domain", "services"]),
        ("http-adapters", &["domain", "hub", "services", "trace"]),
        ("realtime", &["domain", "hub", "services", "trace"]),
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
    let only: [(&[&str], &[&str]); 8] = [
        (&["sqlx", "redis", "graphile_worker"], &["store"]),
        (&["chacha20poly1305"], &["store"]),
        // In `sim` it is third parties that serve.
        (&["axum"], &["http-adapters", "realtime", "server", "sim"]),
        (&["reqwest"], &["integrations", "sim", "tests"]),
        (&["object_store"], &["integrations"]),
        (&["image", "webp", "fast_image_resize"], &["images"]),
        (&["ractor"], &["actor-kit"]),
        (
            &["tokio"],
            &[
                "store",
                "actor-kit",
                "actors",
                "hub",
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
        ("coupon", "coupon"),
        ("points", "points"),
        ("orders", "order"),
        ("codes", "code_tries"),
        ("payment", "payment"),
        ("tracking", "tracking"),
        ("support", "support"),
        ("idempotency", "idempotency"),
        ("gateway", "idempotency"),
        ("privacy", "privacy"),
        ("retained", "privacy"),
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
    for room in ROOMS {
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
    for room in ROOMS.into_iter().chain(["sim", "bench"]) {
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

/// The production sources of each module of `services`, in one text each.
fn modules_of_services() -> BTreeMap<String, Vec<(PathBuf, String)>> {
    let home = root().join("services/src");
    let mut modules: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (path, text) in sources("services") {
        let file = path.strip_prefix(&home).unwrap().to_owned();
        let is_test = file.components().any(|part| part.as_os_str() == "tests") || file.ends_with("tests.rs");
        if !is_test {
            let module = file.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
            let code = runs(&text).collect::<Vec<_>>().join("\n");
            modules.entry(module).or_default().push((file, code));
        }
    }
    modules
}

/// What a text names directly below `path`: `a` and `b` of `path::a::c` and `path::{a::d, b}`.
fn named_below<'a>(text: &'a str, path: &str) -> BTreeSet<&'a str> {
    let is_word = |it: char| it.is_alphanumeric() || it == '_';
    let word = |text: &'a str| text.split(|it| !is_word(it)).next().unwrap_or_default();
    let mut names = BTreeSet::new();
    for (at, found) in text.match_indices(&format!("{path}::")) {
        if text[..at].ends_with(|it| is_word(it) || it == ':') {
            continue;
        }
        let rest = &text[at + found.len()..];
        let Some(list) = rest.strip_prefix('{') else {
            names.insert(word(rest));
            continue;
        };
        let (mut depth, mut starts) = (1, true);
        for (at, it) in list.char_indices() {
            match it {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => starts = true,
                it if starts && is_word(it) => {
                    names.insert(word(&list[at..]));
                    starts = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    names
}

#[test]
fn what_is_named_below_a_path_is_found() {
    let text =
        "use store::{StoreError, Tx, journal::{self, Recorded},\n user};\n store::auth::login(app.store)";
    let expected = BTreeSet::from(["StoreError", "Tx", "auth", "journal", "user"]);
    assert_eq!(named_below(text, "store"), expected);
    assert_eq!(named_below("crate::order::find; domain::crate_::x", "crate"), BTreeSet::from(["order"]));
}

#[test]
fn a_noun_of_the_store_is_named_in_the_same_noun_of_services_alone() {
    // Not of a noun: what all nouns share.
    let shared = [
        "changes",
        "code_tries",
        "fabric",
        "geo_index",
        "jobs",
        "journal",
        "picture",
        "presence",
        "rate_limits",
        "schema",
        "shared",
        "vault",
    ];
    // These fill the tables of many nouns at once.
    let fills = ["bench_catalogue", "bench_city", "demo_city"];
    let home = root().join("store/src");
    let modules = sources("store").into_iter().map(|(path, _)| {
        let first = path.strip_prefix(&home).unwrap().iter().next().unwrap();
        first.to_str().unwrap().trim_end_matches(".rs").to_owned()
    });
    let nouns: BTreeSet<_> = modules.filter(|module| !shared.contains(&module.as_str())).collect();
    for (module, files) in modules_of_services() {
        for (file, text) in files.into_iter().filter(|_| !fills.contains(&module.as_str())) {
            let foreign =
                named_below(&text, "store").into_iter().find(|name| nouns.contains(*name) && *name != module);
            assert_eq!(foreign, None, "services/src/{}: ask the noun instead of its tables", file.display());
        }
    }
}

#[test]
fn the_modules_of_services_import_each_other_in_no_circle() {
    let modules = modules_of_services();
    let mut imports: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (module, files) in &modules {
        let mut names = BTreeSet::new();
        for (file, text) in files {
            names.extend(named_below(text, "crate"));
            // From a module's own file, this is the crate as well.
            if file.iter().count() == 1 || (file.iter().count() == 2 && file.ends_with("mod.rs")) {
                names.extend(named_below(text, "super"));
            }
        }
        names.retain(|name| *name != module && modules.contains_key(*name));
        imports.insert(module, names);
    }
    imports.remove("lib");
    // A module without imports from, or importers among, the remaining modules is in no cycle.
    let mut left = imports;
    loop {
        let imported: BTreeSet<_> = left.values().flatten().copied().collect();
        let is_free = |(module, names): (&&str, &BTreeSet<_>)| names.is_empty() || !imported.contains(module);
        let free: Vec<_> = left.iter().filter(|one| is_free(*one)).map(|(module, _)| *module).collect();
        if free.is_empty() {
            break;
        }
        for module in free {
            left.remove(module);
            for names in left.values_mut() {
                names.remove(module);
            }
        }
    }
    assert!(left.is_empty(), "imports in a circle: {left:?}");
}

#[test]
fn the_files_of_tracking_know_those_to_their_right_alone() {
    let order = ["steps", "dispatch", "delivery", "view"];
    let files = modules_of_services().remove("tracking").unwrap();
    for (place, name) in order.iter().enumerate() {
        let (_, text) = files.iter().find(|(file, _)| file.ends_with(format!("{name}.rs"))).unwrap();
        for earlier in &order[..place] {
            let named =
                named_below(text, "super").contains(earlier) || text.contains(&format!("{earlier}::"));
            assert!(!named, "tracking/{name}.rs names {earlier}");
        }
    }
}

#[test]
fn the_hub_knows_no_noun() {
    // Whose channels, parties and notices there are is said by `services`.
    for (path, text) in
        sources("hub").into_iter().filter(|(path, _)| !path.to_str().unwrap().contains("tests"))
    {
        for line in runs(&text) {
            for noun in ["Channel", "Party", "Notice", "Role"] {
                assert!(named_below(line, noun).is_empty(), "{}: {line}", path.display());
            }
        }
    }
}
