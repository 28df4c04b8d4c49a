//! Hostile input: each kind of error has its code and its exact pointer.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its reading is of interest")]
struct Order {
    lines: Vec<Line>,
    #[serde(default)]
    note: Option<String>,
    #[serde(default)]
    corner: Option<[f64; 2]>,
    #[serde(default)]
    by_name: BTreeMap<String, u8>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only its reading is of interest")]
struct Line {
    quantity: u8,
    size: Option<Size>,
    id: Option<uuid::Uuid>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Size {
    Large,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only its reading is of interest")]
struct Wanted {
    lat: f64,
    limit: Option<u32>,
    size: Option<Size>,
    open: Option<bool>,
}

fn found(read: Result<impl std::fmt::Debug, Fault>) -> (String, &'static str) {
    let fault = read.unwrap_err();
    (fault.pointer.clone(), fault.code())
}

#[test]
fn every_way_to_get_a_body_wrong_has_its_code_and_its_place() {
    for (body, pointer, code) in [
        ("[[]]", "", "wrong_type"),
        ("null", "", "wrong_type"),
        ("{}", "/lines", "missing"),
        (r#"{"lines":null}"#, "/lines", "wrong_type"),
        (r#"{"lines":{}}"#, "/lines", "wrong_type"),
        (r#"{"lines":[{}]}"#, "/lines/0/quantity", "missing"),
        (r#"{"lines":[{"quantity":1},[]]}"#, "/lines/1", "wrong_type"),
        (r#"{"lines":[{"quantity":"1"}]}"#, "/lines/0/quantity", "wrong_type"),
        (r#"{"lines":[{"quantity":1.5}]}"#, "/lines/0/quantity", "wrong_type"),
        (r#"{"lines":[{"quantity":-1}]}"#, "/lines/0/quantity", "out_of_range"),
        (r#"{"lines":[{"quantity":256}]}"#, "/lines/0/quantity", "out_of_range"),
        (r#"{"lines":[{"quantity":99999999999999999999999}]}"#, "/lines/0/quantity", "out_of_range"),
        (r#"{"lines":[{"quantity":1e300}]}"#, "/lines/0/quantity", "out_of_range"),
        (r#"{"lines":[{"quantity":1,"size":7}]}"#, "/lines/0/size", "wrong_type"),
        (r#"{"lines":[{"quantity":1,"size":"huge"}]}"#, "/lines/0/size", "unknown_value"),
        (r#"{"lines":[{"quantity":1,"id":"x"}]}"#, "/lines/0/id", "invalid"),
        (r#"{"lines":[{"quantity":1,"quantity":1}]}"#, "/lines/0/quantity", "duplicate"),
        (r#"{"lines":[],"lines":[]}"#, "/lines", "duplicate"),
        (r#"{"lines":[],"note":["a"]}"#, "/note", "wrong_type"),
        (r#"{"lines":[],"corner":[1]}"#, "/corner", "wrong_length"),
        (r#"{"lines":[],"corner":[1,2,3]}"#, "/corner", "wrong_length"),
        (r#"{"lines":[],"by_name":{"a":300}}"#, "/by_name/a", "out_of_range"),
        (r#"{"lines":[],"a/b":1}"#, "/a~1b", "unknown_field"),
        (r#"{"lines":[],"a~b":1}"#, "/a~0b", "unknown_field"),
        // A name in decomposed letters, or with an invisible character, is another name.
        (r#"{"lines":[],"note\u200b":"x"}"#, "/note\u{200b}", "unknown_field"),
        (r#"{"lines":[],"no\u0301te":"x"}"#, "/no\u{301}te", "unknown_field"),
        (r#"{"lines":[],"":1}"#, "/", "unknown_field"),
    ] {
        assert_eq!(found(Input::json(body).unwrap().read::<Order>()), (pointer.into(), code), "{body}");
    }
}

#[test]
fn every_way_to_get_a_query_wrong_has_its_code_and_its_place() {
    for (query, pointer, code) in [
        ("", "/lat", "missing"),
        ("lat=", "/lat", "wrong_type"),
        ("lat=north", "/lat", "wrong_type"),
        ("lat=NaN", "/lat", "wrong_type"),
        ("lat=1e999", "/lat", "out_of_range"),
        ("lat=1&lat=2", "/lat", "duplicate"),
        ("lat=1&limit=x", "/limit", "wrong_type"),
        ("lat=1&limit=1.5", "/limit", "wrong_type"),
        ("lat=1&limit=-1", "/limit", "out_of_range"),
        ("lat=1&limit=4294967296", "/limit", "out_of_range"),
        ("lat=1&limit=99999999999999999999999999999999999999999", "/limit", "out_of_range"),
        // Digits of other scripts are not numbers here.
        ("lat=1&limit=%D9%A3", "/limit", "wrong_type"),
        ("lat=1&size=huge", "/size", "unknown_value"),
        ("lat=1&open=yes", "/open", "wrong_type"),
    ] {
        assert_eq!(found(Input::query(query).read::<Wanted>()), (pointer.into(), code), "{query}");
    }
    let good: Wanted = Input::query("lat=37.5&limit=20&size=large&open=true&more=1").read().unwrap();
    assert_eq!((good.lat, good.limit, good.open), (37.5, Some(20), Some(true)));
}

#[test]
fn what_is_right_is_read_as_serde_json_reads_it() {
    let body =
        r#"{"lines":[{"quantity":2.0,"size":"large","id":null}],"note":"\u1100\u1161","corner":[1,2.5]}"#;
    let order: Order = Input::json(body).unwrap().read().unwrap();
    assert_eq!((order.lines[0].quantity, order.note.as_deref()), (2, Some("\u{1100}\u{1161}")));
    let any: serde_json::Value = Input::json(body).unwrap().read().unwrap();
    let same = body.replace("2.0", "2");
    assert_eq!(any, serde_json::from_str::<serde_json::Value>(&same).unwrap());
}

#[test]
fn whole_numbers_are_read_alike_in_every_kind_of_body() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
    enum Wanted {
        Amount { amount_won: i64, factor: f64 },
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct Body {
        what: Wanted,
    }
    let read = |amount: &str| {
        let body = format!(r#"{{"what":{{"by":"amount","factor":3.0,"amount_won":{amount}}}}}"#);
        Input::json(&body).unwrap().read::<Body>()
    };
    for amount in ["49115772", "49115772.0", "4.9115772e7"] {
        let what = Wanted::Amount { amount_won: 49_115_772, factor: 3.0 };
        assert_eq!(read(amount).unwrap(), Body { what }, "{amount}");
    }
    assert_eq!(found(read("1.5")), ("/what".into(), "wrong_type"));
}

#[test]
fn what_nests_too_deep_is_not_looked_at_further() {
    let deep = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    assert!(Input::json(&deep(DEEPEST)).is_ok());
    assert!(matches!(Input::json(&deep(DEEPEST + 1)), Err(Unreadable::TooDeep)));
    assert!(matches!(Input::json(&"[".repeat(100_000)), Err(Unreadable::TooDeep)));
    assert!(matches!(Input::json("{"), Err(Unreadable::Syntax(_))));
}
