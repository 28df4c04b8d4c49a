//! Documents (JSON), part by part.

use std::collections::BTreeSet;

use serde_json::Value;
use uuid::Uuid;

use super::Personal;
use crate::Timestamp;

/// A document's parts. A pointer is a JSON pointer (RFC 6901) in which `*` is any element of an
/// array.
#[derive(Clone, Copy, Debug)]
pub struct Document {
    /// The parts that are personal.
    pub personal: &'static [(&'static str, Personal)],
    /// The parts that are not: words of the program, names of dishes and restaurants.
    pub not_personal: &'static [&'static str],
}

impl Document {
    /// All tagged parts.
    pub fn pointers(&self) -> impl Iterator<Item = &'static str> {
        self.personal.iter().map(|(pointer, _)| *pointer).chain(self.not_personal.iter().copied())
    }
}

/// The parts of a document that can hold something of a person: texts that are neither ids nor
/// times, and fractions, as coordinates are.
pub fn parts(document: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(document, "", &mut found);
    found
}

fn collect(value: &Value, pointer: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                collect(field, &format!("{pointer}/{name}"), found);
            }
        }
        Value::Array(elements) => {
            for element in elements {
                collect(element, &format!("{pointer}/*"), found);
            }
        }
        Value::String(text) if text.parse::<Uuid>().is_ok() || text.parse::<Timestamp>().is_ok() => {}
        Value::Number(number) if !number.is_f64() => {}
        Value::String(_) | Value::Number(_) => {
            found.insert(pointer.to_owned());
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// Calls `change` with each part of the document at the pointer that there is.
pub fn change(document: &mut Value, pointer: &str, mut change: impl FnMut(&mut Value)) {
    let mut here = vec![document];
    for step in pointer.split('/').skip(1) {
        here = here
            .into_iter()
            .flat_map(|value| -> Vec<&mut Value> {
                match value {
                    Value::Object(fields) => fields.get_mut(step).into_iter().collect(),
                    Value::Array(elements) if step == "*" => elements.iter_mut().collect(),
                    _ => Vec::new(),
                }
            })
            .collect();
    }
    here.into_iter().filter(|value| !value.is_null()).for_each(&mut change);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_and_fractions_are_found_and_ids_times_and_counts_are_not() {
        let document = json!({
            "id": "01920000-0000-7000-8000-000000000001", "at": "2026-11-23T03:00:00.110267Z",
            "version": 3, "contactless": true, "courier": null, "note": "덜 맵게", "lat": 37.5,
            "answers": [{ "text": "1층이에요" }, { "text": "네" }],
        });
        assert_eq!(parts(&document), BTreeSet::from(["/note", "/lat", "/answers/*/text"].map(String::from)));
    }

    #[test]
    fn each_part_at_a_pointer_is_changed_and_nothing_else() {
        let mut document =
            json!({ "note": "a", "none": null, "answers": [{ "text": "b" }, {}, { "text": "c" }] });
        for pointer in ["/answers/*/text", "/none", "/gone/far", "/note/deeper"] {
            change(&mut document, pointer, |part| *part = json!("***"));
        }
        let changed =
            json!({ "note": "a", "none": null, "answers": [{ "text": "***" }, {}, { "text": "***" }] });
        assert_eq!(document, changed);
    }
}
