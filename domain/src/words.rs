//! The messages for people of refusals, invalid fields and events, in Korean and English.
//!
//! Each code is declared once, with its words and their parameters, next to the rule it
//! belongs to: refusals by [`refusals!`](crate::refusals), the kinds of events by
//! `event_kinds!`, everything else by [`words!`](crate::words!). The words are used in
//! responses (by `Accept-Language`) and, through the API document, in the pages. Korean
//! uses the polite 해요체.

use std::collections::BTreeMap;

pub use serde_json::Value;

/// A code and its words. `{name}` in the words is replaced by the parameter of that name.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    /// The stable code, noun first (`order.quote_expired`).
    pub code: &'static str,
    /// The names of the parameters. Some may be only for clients and not be in the words.
    pub params: &'static [&'static str],
    /// In Korean.
    pub ko: &'static str,
    /// In English.
    pub en: &'static str,
}

/// The parameters of one refusal, by name.
pub type Params = BTreeMap<&'static str, Value>;

impl Words {
    /// The words in Korean, with the parameters filled in.
    pub fn in_korean(&self, params: &Params) -> String {
        fill(self.ko, params)
    }

    /// The words in English, with the parameters filled in.
    pub fn in_english(&self, params: &Params) -> String {
        fill(self.en, params)
    }
}

/// Replaces the parameters in one pass: braces inside a parameter's value are kept.
fn fill(words: &str, params: &Params) -> String {
    let mut filled = String::with_capacity(words.len());
    let mut rest = words;
    while let Some((before, name, after)) = next_place(rest) {
        filled.push_str(before);
        match params.get(name) {
            Some(Value::String(text)) => filled.push_str(text),
            Some(value) => filled.push_str(&value.to_string()),
            None => {}
        }
        rest = after;
    }
    filled + rest
}

/// The text before the next `{name}`, the name, and the text after it.
fn next_place(words: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = words.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

/// Declares the refusals of a noun: each is a function of its parameters.
///
/// ```text
/// name(parameter, …) => Kind "noun.code": "Korean", "English";
/// ```
#[macro_export]
macro_rules! refusals {
    ($($vis:vis $name:ident($($param:ident),*) => $kind:ident $code:literal: $ko:literal, $en:literal;)+) => {
        $(
            #[doc = concat!("`", $code, "`: ", $en)]
            $vis fn $name($($param: impl Into<$crate::words::Value>),*) -> $crate::Refused {
                const WORDS: &$crate::Words = &$crate::Words {
                    code: $code, params: &[$(stringify!($param)),*], ko: $ko, en: $en,
                };
                $crate::Refused::new($crate::Kind::$kind, WORDS, [$((stringify!($param), $param.into())),*].into())
            }
        )+

        /// All refusals of this file.
        pub(crate) const REFUSALS: &[$crate::Words] = &[$(
            $crate::Words { code: $code, params: &[$(stringify!($param)),*], ko: $ko, en: $en },
        )+];
    };
}

/// Declares codes that are not refusals: of invalid fields, of events, of HTTP itself.
///
/// ```text
/// NAME(parameter, …) = "code": "Korean", "English";
/// ```
#[macro_export]
macro_rules! words {
    ($($vis:vis $name:ident$(($($param:ident),*))? = $code:literal: $ko:literal, $en:literal;)+) => {
        $(
            #[doc = concat!("`", $code, "`: ", $en)]
            $vis const $name: &$crate::Words = &$crate::Words {
                code: $code, params: &[$($(stringify!($param)),*)?], ko: $ko, en: $en,
            };
        )+

        /// All words of this declaration.
        pub(crate) const WORDS: &[&$crate::Words] = &[$($name),+];
    };
}

/// The words of every refusal.
pub fn refusals() -> impl Iterator<Item = &'static Words> {
    [
        crate::refusal::REFUSALS,
        crate::auth::refusal::REFUSALS,
        crate::auth::social::refusal::REFUSALS,
        crate::cart::quote::REFUSALS,
        crate::cart::state::REFUSALS,
        crate::coupon::REFUSALS,
        crate::image::REFUSALS,
        crate::menu::choice::REFUSALS,
        crate::order::REFUSALS,
        crate::payment::method::REFUSALS,
        crate::payment::request::REFUSALS,
        crate::payment::REFUSALS,
        crate::points::REFUSALS,
        crate::support::conversation::REFUSALS,
        crate::tracking::delivery::REFUSALS,
        crate::tracking::fix::REFUSALS,
        crate::tracking::offer::REFUSALS,
        crate::privacy::REFUSALS,
        crate::restaurant::REFUSALS,
        crate::restaurant::application::REFUSALS,
        crate::restaurant::staff::REFUSALS,
        crate::user::address::REFUSALS,
        crate::user::consent::REFUSALS,
    ]
    .into_iter()
    .flatten()
}

/// The words of all errors of single fields.
pub fn faults() -> impl Iterator<Item = &'static Words> {
    crate::fault::WORDS.iter().copied()
}

/// The words of every event shown to people. Their parameters are members of its data.
pub fn events() -> impl Iterator<Item = &'static Words> {
    let kinds = [
        crate::cart::CartEventKind::WORDS,
        crate::order::OrderEventKind::WORDS,
        crate::tracking::delivery::DeliveryEventKind::WORDS,
        crate::support::ChatEventKind::WORDS,
        crate::restaurant::RestaurantEventKind::WORDS,
    ];
    kinds.into_iter().flatten().chain(crate::tracking::offer::WORDS.iter().copied())
}

/// The words of every reason for which an order ends early.
pub fn endings() -> impl Iterator<Item = &'static Words> {
    crate::order::ENDINGS.iter().copied()
}

/// The words of every kind of line in the audit log of accounts.
pub fn audits() -> impl Iterator<Item = &'static Words> {
    crate::auth::AuditKind::WORDS.iter()
}

/// Whether the event's data has all parameters of its words.
#[cfg(test)]
pub(crate) fn fit(event: &impl crate::Event) -> bool {
    let words = events().find(|words| words.code == event.kind());
    let data = event.data();
    words.is_some_and(|words| words.params.iter().all(|name| data.get(name).is_some()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn each() -> impl Iterator<Item = &'static Words> {
        refusals().chain(faults()).chain(events()).chain(endings()).chain(audits())
    }

    fn places(mut words: &str) -> Vec<&str> {
        let mut names = Vec::new();
        while let Some((_, name, after)) = next_place(words) {
            names.push(name);
            words = after;
        }
        names
    }

    #[test]
    fn koreans_read_korean_and_the_others_do_not() {
        let hangul = |text: &str| text.chars().any(|c| matches!(c, '가'..='힣'));
        for Words { code, ko, en, .. } in each() {
            assert!(hangul(ko), "{code}: {ko}");
            assert!(!en.is_empty() && !hangul(en), "{code}: {en}");
        }
    }

    #[test]
    fn words_name_only_parameters_that_there_are() {
        for Words { code, params, ko, en } in each() {
            for name in places(ko).into_iter().chain(places(en)) {
                assert!(params.contains(&name), "{code} has no parameter {name}");
            }
            let mut in_both = [places(ko), places(en)];
            in_both.iter_mut().for_each(|names| names.sort_unstable());
            assert_eq!(in_both[0], in_both[1], "{code} tells one language more than the other");
        }
    }

    #[test]
    fn a_code_is_declared_once() {
        let kinds: [Vec<_>; 5] = [
            refusals().collect(),
            faults().collect(),
            events().collect(),
            endings().collect(),
            audits().collect(),
        ];
        for kind in kinds {
            let mut seen = HashSet::new();
            kind.into_iter().for_each(|words| assert!(seen.insert(words.code), "{} twice", words.code));
        }
    }

    #[test]
    fn a_parameter_is_put_in_its_place_and_read_no_further() {
        let words =
            Words {
                code: "x", params: &["name", "max"], ko: "{name}은 {max}개까지", en: "{name}: {max}"
            };
        let params = Params::from([("name", "{max} 김밥".into()), ("max", 3.into())]);
        assert_eq!(words.in_korean(&params), "{max} 김밥은 3개까지");
        assert_eq!(words.in_english(&params), "{max} 김밥: 3");
    }
}
