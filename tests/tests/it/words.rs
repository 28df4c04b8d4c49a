//! Each code that a client may meet has words, and all words belong to a code.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use server::Service;

use super::architecture::{root, sources};

/// Every code that an answer of the document names, in `answers` and in all that it holds.
fn codes(answers: &Value, found: &mut BTreeSet<String>) {
    let problem = &answers["content"]["application/problem+json"]["schema"]["allOf"][1];
    if let Some(codes) = problem["properties"]["type"]["enum"].as_array() {
        found.extend(codes.iter().map(|code| code.as_str().unwrap().to_owned()));
    }
    match answers {
        Value::Object(members) => members.values().for_each(|member| codes(member, found)),
        Value::Array(items) => items.iter().for_each(|item| codes(item, found)),
        _ => {}
    }
}

#[test]
fn every_code_that_an_operation_answers_has_words() {
    let api = serde_json::to_value(Service::Gateway.document()).unwrap();
    let words = api["x-baedal-words"]["problems"].as_object().unwrap();
    let mut answered = BTreeSet::new();
    codes(&api, &mut answered);
    assert!(answered.len() > 60, "{answered:?}");
    let without: Vec<_> = answered.iter().filter(|code| !words.contains_key(*code)).collect();
    assert!(without.is_empty(), "{without:?}");
}

/// What [`domain::refusals!`] and [`domain::words!`] declare: a name, then its code.
fn declared(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let heads = text.lines().filter_map(|line| {
        let line = line.strip_prefix("    ")?;
        let (head, code) = line.split_once('"')?;
        let head = head.trim_end();
        let is_head = head.ends_with('=') || (head.contains(") => ") && head.ends_with(char::is_alphabetic));
        let (code, after) = code.split_once('"')?;
        let name = head.split(['(', '=']).next()?.split_whitespace().last()?;
        (is_head && after.starts_with(':')).then_some((name, code))
    });
    heads.collect::<Vec<_>>().into_iter()
}

#[test]
fn no_words_are_left_whose_code_nobody_says() {
    let rooms = ["domain", "store", "actors", "services", "http", "realtime", "server"];
    let all: Vec<_> = rooms.into_iter().filter(|room| root().join(room).exists()).flat_map(sources).collect();
    let mut found = 0;
    for (path, text) in &all {
        for (name, code) in declared(text) {
            found += 1;
            let uses = |text: &str| {
                let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
                text.match_indices(name)
                    .filter(|(at, _)| {
                        ends(&text[at + name.len()..])
                            && !text[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
                    })
                    .count()
            };
            let here = uses(text) > 1;
            let elsewhere = || {
                all.iter().any(|(other, text)| {
                    other != path && (uses(text) > 0 && declared(text).all(|(same, _)| same != name))
                })
            };
            assert!(here || elsewhere(), "{code} of {} is said by nobody", path.display());
        }
    }
    assert!(found > 120, "only {found} declarations were found");
}

#[test]
fn the_pages_take_their_words_from_the_document() {
    let pages = fs::read_to_string(root().join("web/src/lib/api/words.ts")).unwrap();
    let api = serde_json::to_value(Service::Gateway.document()).unwrap();
    for table in ["problems", "faults", "events", "endings", "audits"] {
        for (code, words) in api["x-baedal-words"][table].as_object().unwrap() {
            let row = format!("{}: [{}, {}],", serde_json::json!(code), words["ko"], words["en"]);
            assert!(pages.contains(&row), "run ./dev types: {row}");
        }
    }
}
