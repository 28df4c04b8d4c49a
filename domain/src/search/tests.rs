use proptest::prelude::*;

use super::*;

fn found(typed: &str, name: &str) -> Option<Match> {
    matched(&Query::read(typed).unwrap(), &Name::new(name))
}

/// How it matches; what does is never excluded by its signature.
fn matched(query: &Query, name: &Name) -> Option<Match> {
    let how = query.matches(name.view());
    assert!(
        how.is_none() || query.sieves().any(|sieve| sieve.lets_through(Signature::of(name.view()))),
        "{query:?} {name:?}"
    );
    assert_eq!(query.strict().matches(name.view()), how.filter(|how| *how < Match::Typo));
    how
}

#[test]
fn names_are_found_as_people_type() {
    use Match::{Begins, Contains, Initials, Typo};
    for (typed, name, how) in [
        ("치킨", "치킨", Some(Begins)),
        ("치킨", "교촌 치킨 역삼점", Some(Contains)),
        ("촌치", "교촌 치킨", Some(Contains)),
        // While it is composed.
        ("ㅊ", "치킨", Some(Begins)),
        ("치ㅋ", "치킨", Some(Begins)),
        ("칰", "치킨", Some(Begins)),
        ("고", "과일", Some(Begins)),
        ("달", "닭갈비", Some(Begins)),
        ("조", "족발", Some(Begins)),
        ("조발", "족발", Some(Typo)),
        // Initial consonants.
        ("ㅊㅋ", "교촌 치킨", Some(Initials)),
        ("ㄱㅊㅊㅋ", "교촌치킨", Some(Initials)),
        ("ㅈㅁ있ㄴ", "정말 있네", Some(Initials)),
        ("ㅈㅂㄱㄴ", "장바구니", Some(Initials)),
        ("장바ㄱ", "장바구니", Some(Begins)),
        ("간ㄷㄹ", "가나다라", Some(Initials)),
        ("ㄳ", "교세라", Some(Initials)),
        ("ㅊㅋ", "킨치", None),
        // On the wrong keyboard, either way.
        ("clzls", "교촌 치킨", Some(Contains)),
        ("vlwk", "피자나라", Some(Begins)),
        ("EjrqhRdl", "떡볶이", Some(Begins)),
        ("ejrqhrdl", "떡볶이", None),
        ("EjRqhRdl", "떡볶이", Some(Typo)),
        ("CLZLS", "치킨", Some(Begins)),
        ("cz", "치킨", Some(Initials)),
        ("ㅠㅗㅊ", "BHC 치킨", Some(Begins)),
        ("bhc", "BHC 치킨", Some(Begins)),
        // One letter.
        ("교촌치긴", "교촌치킨", Some(Typo)),
        ("교천치킨", "교촌치킨", Some(Typo)),
        ("교촌킨", "교촌치킨", None),
        ("피지", "피자", Some(Typo)),
        ("피", "파", None),
        ("엽기덕볶이", "엽기떡볶이", Some(Typo)),
        // However it is encoded.
        ("\u{110E}\u{1175}\u{110F}\u{1175}\u{11AB}", "치킨", Some(Begins)),
        ("치킨", "\u{110E}\u{1175}\u{110F}\u{1175}\u{11AB}", Some(Begins)),
        (" 치 킨\u{200B}", "치킨", Some(Begins)),
    ] {
        assert_eq!(found(typed, name), how, "{typed} in {name}");
    }
    assert_eq!(Query::read(" \u{200B}"), None);
}

#[test]
fn every_keystroke_of_a_name_narrows() {
    // Each of these is typed on the way to the next one.
    let steps = ["ㄱ", "고", "과", "관", "관ㅇ", "관아", "관악", "관악ㄱ", "관악구"];
    for step in steps {
        assert_eq!(found(step, "관악구"), Some(Match::Begins), "{step}");
        assert_eq!(found(step, "서울특별시 관악구"), Some(Match::Contains), "{step}");
    }
    assert_eq!(found("관악", "관광호텔"), None);
}

#[test]
fn a_name_without_anything_visible_is_found_by_nothing() {
    assert_eq!(found("ㄱ", ""), None);
    assert_eq!(found("ㄱ", " \u{200B}"), None);
}

/// Words of a menu, and what stands between them.
fn name() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof![
            4 => prop::char::range('가', '힣').prop_map(String::from),
            2 => prop::sample::select(vec!["치킨", "닭", "떡볶이", "곱창", "값", "BHC", "과일", " "]).prop_map(String::from),
            1 => any::<char>().prop_map(String::from),
        ],
        1..8,
    )
    .prop_map(|parts| parts.concat())
}

proptest! {
    /// What a keyboard shows after each key on the way to a name finds that name.
    #[test]
    fn a_name_is_found_from_its_first_key_to_its_last(name in "[가-힣]{1,6}") {
        let all = keys(&name);
        for end in 1..=all.len() {
            prop_assert_eq!(found(&composed(&all[..end]), &name), Some(Match::Begins));
            let within = found(&composed(&all[..end]), &format!("새 {name}"));
            prop_assert!(matches!(within, Some(Match::Begins | Match::Contains)));
        }
    }

    /// The next key finds nothing that was not found before it, but with one wrong letter.
    #[test]
    fn another_key_finds_no_other_name(name in name(), typed in "[rstfagkhlnjmREOd]{1,8}") {
        let found = |keys: &str| found(&composed(keys), &name).filter(|how| *how != Match::Typo);
        if found(&typed).is_some() {
            for end in 1..typed.len() {
                prop_assert!(found(&typed[..end]).is_some(), "{} but not {}", composed(&typed), composed(&typed[..end]));
            }
        }
    }

    #[test]
    fn initial_consonants_find_a_name(name in "[가-힣]{2,8}", from in 0_usize..4) {
        let initials: String = name
            .chars()
            .skip(from.min(name.chars().count() - 2))
            .filter_map(|letter| match Letter::of(letter) {
                Letter::Syllable(initial, ..) => composed(initial).chars().next(),
                _ => None,
            })
            .collect();
        prop_assert!(matches!(found(&initials, &name), Some(Match::Initials)));
    }

    #[test]
    fn one_wrong_letter_is_forgiven(name in "[가-힣]{3,6}", at in 0_usize..6, other in "[가-힣]") {
        let (mut all, keys_of_other) = (keys(&name).into_bytes(), keys(&other));
        let at = at % all.len();
        all[at] = keys_of_other.as_bytes()[0];
        let wrong = String::from_utf8(all).unwrap();
        let literal = Signature::of_keys(&wrong);
        let initials = Signature::default();
        let wrong = Reading { keys: wrong, parts: Vec::new(), has_initials: false, literal, initials };
        let name = Name::new(&name);
        let signature = Signature::of(name.view());
        prop_assert!(wrong.matches(name.view(), true).is_some() && wrong.sieves(true).any(|sieve| sieve.lets_through(signature)));
    }

    #[test]
    fn anything_can_be_typed_for_any_name(typed in any::<String>(), name in any::<String>()) {
        if let Some(query) = Query::read(&typed) {
            let _ = matched(&query, &Name::new(&name));
            let itself = matched(&query, &Name::new(&typed));
            prop_assert_eq!(itself, Some(Match::Begins));
        }
    }
}

/// The recall beside es-hangul, a library that many shops in Korea search with: `oracle/make.mjs`.
#[test]
fn what_another_library_finds_is_found() {
    let mut lines = include_str!("oracle/queries.tsv").lines().map(|line| line.split('\t'));
    let names: Vec<Name> = lines.next().unwrap().nth(1).unwrap().split(',').map(Name::new).collect();
    let mut wrong = (0, 0);
    for mut line in lines {
        let [kind, typed, expected] = [(); 3].map(|()| line.next().unwrap());
        let query = Query::read(typed).unwrap();
        for index in expected.split(',') {
            let name: &Name = &names[index.parse::<usize>().unwrap()];
            let found = matched(&query, name);
            match kind {
                "typed" | "keyboard" => {
                    assert!(
                        matches!(found, Some(Match::Begins | Match::Contains)),
                        "{typed} finds {found:?}"
                    );
                }
                "initials" => assert!(found.is_some_and(|how| how != Match::Typo), "{typed} finds {found:?}"),
                _ => wrong = (wrong.0 + usize::from(found.is_some()), wrong.1 + 1),
            }
        }
    }
    assert!(wrong.1 >= 2_000 && wrong.0 * 100 >= wrong.1 * 95, "of one wrong letter: {wrong:?}");
}
