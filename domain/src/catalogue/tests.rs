use std::collections::HashSet;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::LatLon;
use crate::restaurant::tests::restaurant;
use crate::restaurant::{Holiday, Hours};
use crate::week::Span;

fn noon() -> Timestamp {
    "2026-11-20T03:00:00Z".parse().unwrap()
}

/// A shop and its dishes.
type Shop = (Restaurant, Vec<&'static str>);

fn catalogue(shops: &[Shop]) -> Catalogue {
    let mut catalogue = Catalogue::default();
    for (restaurant, dishes) in shops {
        catalogue.put(restaurant.clone(), dishes.iter().copied(), Stamp::default());
    }
    catalogue
}

/// What the definition finds, one by one.
fn one_by_one(shops: &[Shop], wanted: &Wanted<'_>, after: Option<Rank>, limit: usize) -> Vec<Rank> {
    let found = shops.iter().filter_map(|(shop, dishes)| found_at(wanted, shop, dishes.iter().copied()));
    let mut found: Vec<_> = found.filter(|rank| after.is_none_or(|after| *rank > after)).collect();
    found.sort();
    found.truncate(limit);
    found
}

fn holidays() -> &'static Holidays {
    let today = Holiday { date: "2026-11-20".parse().unwrap(), name: "임시공휴일".into() };
    Box::leak(Box::new(Holidays::none().and(today)))
}

fn place() -> impl Strategy<Value = LatLon> {
    (37.45..37.55_f64, 126.95..127.1_f64).prop_map(|(lat, lon)| LatLon::new(lat, lon).unwrap())
}

fn dong() -> impl Strategy<Value = DongCode> {
    (11_680_101..11_680_104_u32).prop_map(DongCode)
}

fn zone() -> impl Strategy<Value = Zone> {
    prop_oneof![
        (1..=20_000_u32).prop_map(|metres| Zone::Radius { metres }),
        prop::collection::vec(dong(), 1..3).prop_map(|dongs| Zone::Dongs { dongs }),
        prop::collection::vec(place(), 3..6).prop_map(|outline| Zone::Polygon { outline }),
    ]
}

fn hours() -> impl Strategy<Value = Hours> {
    (0..1440_u16, 1..=1440_u16, 0..1440_u16, 1..=240_u16).prop_map(|(from, long, break_from, break_long)| {
        Hours {
            ranges: Span::daily(from, from + long),
            breaks: Span::daily(break_from, break_from + break_long),
            ..Hours::default()
        }
    })
}

/// Where it does not deliver, its tags, whether it is published, and whether it follows the calendar.
fn shape() -> impl Strategy<Value = (Vec<Zone>, Vec<String>, Status, bool)> {
    let tags = prop::sample::select([vec![], vec!["1인분".to_owned()], vec!["콜라".to_owned()]].to_vec());
    let status = prop_oneof![
        4 => Just(Status::Published),
        1 => Just(Status::Preparing),
        1 => Just(Status::ClosedDown),
    ];
    (prop::collection::vec(zone(), 0..2), tags, status, any::<bool>())
}

fn shop() -> impl Strategy<Value = Shop> {
    const NAMES: &[&str] =
        &["역삼 치킨", "교촌치킨", "치킨나라", "피자 나라", "BHC", "나라 분식", "족발야시장"];
    const DISHES: &[&str] =
        &["후라이드 치킨", "양념치킨", "치즈피자", "떡볶이", "족발 중", "콜라", "김치찌개"];
    let parts = (
        any::<u128>(),
        prop::sample::select(NAMES),
        prop::collection::vec(prop::sample::select(DISHES), 0..5),
        prop::sample::select(Category::ALL.as_slice()),
        place(),
        prop::collection::vec(zone(), 0..3),
        hours(),
        prop::option::of(-60..60_i64),
        shape(),
    );
    parts.prop_map(|(id, name, dishes, category, position, zones, hours, paused, shape)| {
        let paused_until = paused.map(|mins| noon() + chrono::Duration::minutes(mins));
        let id = Uuid::from_u128(id).into();
        let name = name.to_owned();
        let mut shop = Restaurant { id, name, category, position, paused_until, ..restaurant() };
        (shop.rules.zones, shop.rules.hours) = (zones, hours);
        (shop.rules.exclusions, shop.tags, shop.status, shop.rules.hours.closed_on_holidays) = shape;
        (shop, dishes)
    })
}

/// Those who deliver to the place, one by one.
fn delivering<'a>(shops: &'a [Shop], wanted: &Wanted<'_>) -> Vec<&'a Shop> {
    shops.iter().filter(|(shop, _)| place_of(wanted, shop).is_some()).collect()
}

/// The dishes and tags that match, and how many of the shops have each.
fn dishes_one_by_one<'a>(shops: &[&'a Shop], query: &Query) -> HashMap<&'a str, u32> {
    let mut dishes = HashMap::new();
    for (shop, of_shop) in shops {
        let all: HashSet<&str> =
            of_shop.iter().copied().chain(shop.tags.iter().map(String::as_str)).collect();
        let matching = all.into_iter().filter(|dish| query.matches(Name::new(dish).view()).is_some());
        matching.for_each(|dish| *dishes.entry(dish).or_default() += 1);
    }
    dishes
}

fn typed() -> impl Strategy<Value = &'static str> {
    prop::sample::select(
        [
            "ㅊ",
            "치",
            "치ㅋ",
            "치킨",
            "ㅊㅋ",
            "clzls",
            "나라",
            "교촌치긴",
            "한식",
            "ㅍㅈ",
            "떡볶",
            "없는것",
            "콜라",
        ]
        .as_slice(),
    )
}

proptest! {
    #[test]
    fn the_catalogue_finds_what_the_definition_finds_one_by_one(
        shops in prop::collection::vec(shop(), 0..30),
        gone in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        to in place(), dong in prop::option::of(dong()), mins in -1_500..1_500_i64,
        category in prop::option::weighted(0.3, prop::sample::select(Category::ALL.as_slice())),
        radius_m in prop::option::weighted(0.3, 1..5_000_u32),
        tag in prop::option::weighted(0.2, prop::sample::select(vec!["1인분", "콜 라"])),
        typed in prop::option::of(typed()), limit in 1..10_usize,
    ) {
        let mut shops = shops;
        let mut catalogue = catalogue(&shops);
        for one in gone {
            if !shops.is_empty() {
                let (shop, _) = shops.remove(one.index(shops.len()));
                catalogue.remove(shop.id);
            }
        }
        let query = typed.and_then(Query::read);
        let at = noon() + chrono::Duration::minutes(mins);
        let to = Destination { position: to, dong };
        let wanted = Wanted { to, at, category, radius_m, tag, query: query.as_ref(), holidays: holidays() };
        // Page after page, to the end.
        let mut after = None;
        loop {
            let page: Vec<Rank> = catalogue.list(&wanted, after, limit).into_iter().map(|(rank, _)| rank).collect();
            prop_assert_eq!(&page, &one_by_one(&shops, &wanted, after, limit));
            match page.last() {
                Some(last) if page.len() == limit => after = Some(*last),
                _ => break,
            }
        }
    }

    #[test]
    fn a_changed_restaurant_is_found_as_it_is_now(
        first in shop(), then in shop(), beside in shop(), to in place(), dong in prop::option::of(dong()),
        typed in typed(), stays in any::<bool>(),
    ) {
        const STAMP: Stamp = Stamp { restaurant: 2, menu: 3, menu_version: 4, offset: 5 };
        let mut then = (Restaurant { id: first.0.id, ..then.0 }, then.1);
        if stays {
            (then.0.position, then.0.rules.zones) = (first.0.position, first.0.rules.zones.clone());
        }
        // Another one, which stays, keeps the areas.
        let mut beside = beside;
        (beside.0.position, beside.0.rules.zones) = (first.0.position, first.0.rules.zones.clone());
        let mut catalogue = catalogue(&[first, beside.clone()]);
        let query = Query::read(typed);
        let to = Destination { position: to, dong };
        // All indices are there, or those of the areas where somebody searched.
        while stays && catalogue.index_one() {}
        let before = Wanted { to, at: noon(), category: None, radius_m: None, tag: None, query: query.as_ref(), holidays: holidays() };
        catalogue.list(&before, None, 9);
        catalogue.put(then.0.clone(), then.1.iter().copied(), STAMP);
        prop_assert_eq!(catalogue.find(then.0.id).map(|(_, stamp)| stamp), Some(STAMP));
        let wanted = Wanted { to, at: noon(), category: None, radius_m: None, tag: None, query: query.as_ref(), holidays: holidays() };
        let found: Vec<Rank> = catalogue.list(&wanted, None, 9).into_iter().map(|(rank, _)| rank).collect();
        prop_assert_eq!(found, one_by_one(&[then, beside], &wanted, None, 9));
    }

    #[test]
    fn what_is_suggested_is_all_that_matches_where_it_is_delivered_and_counts_once(
        shops in prop::collection::vec(shop(), 0..20), to in place(), dong in prop::option::of(dong()), typed in typed(),
    ) {
        let catalogue = catalogue(&shops);
        let query = Query::read(typed).unwrap();
        let to = Destination { position: to, dong };
        let wanted = Wanted { to, at: noon(), category: None, radius_m: None, tag: None, query: None, holidays: holidays() };
        let near = delivering(&shops, &wanted);
        let matches = |text: &str| query.matches(Name::new(text).view());
        let dishes = dishes_one_by_one(&near, &query);
        let mut ids: Vec<_> = near.iter().filter(|(shop, _)| matches(&shop.name).is_some()).map(|(shop, _)| shop.id).collect();
        let found = catalogue.suggestible(&wanted, &query, usize::MAX);
        let found_dishes: HashMap<&str, u32> = found.dishes.iter().map(|(_, count, name)| (catalogue.names.text(*name), count.0)).collect();
        prop_assert_eq!((found_dishes, found.dishes.len()), (dishes.clone(), dishes.len()));
        let mut found_ids: Vec<_> = found.restaurants.iter().map(|(rank, _)| rank.id).collect();
        ids.sort();
        found_ids.sort();
        prop_assert_eq!(found_ids, ids);
    }

    #[test]
    fn the_few_that_are_suggested_are_the_first_of_all(
        shops in prop::collection::vec(shop(), 0..30), to in place(), dong in prop::option::of(dong()),
        mins in -1_500..1_500_i64, typed in typed(), most in 1..5_usize,
    ) {
        let mut shops = shops;
        // Dishes that are written in several ways.
        for (number, (_, dishes)) in shops.iter_mut().enumerate() {
            dishes.push(["양념 치킨", "양 념치킨", "치킨", "치 킨", "콜 라"][number % 5]);
        }
        let catalogue = catalogue(&shops);
        let query = Query::read(typed).unwrap();
        let (to, at) = (Destination { position: to, dong }, noon() + chrono::Duration::minutes(mins));
        let wanted = Wanted { to, at, category: None, radius_m: None, tag: None, query: None, holidays: holidays() };
        let mut all = catalogue.suggestible(&wanted, &query, usize::MAX);
        prop_assert!(all.dishes.is_sorted() && all.restaurants.is_sorted_by_key(|(rank, _)| (rank.found, *rank)));
        let open = |id| shops.iter().any(|(shop, _)| shop.id == id && shop.opening(at, holidays()).is_open());
        prop_assert!(all.restaurants.iter().all(|(rank, _)| rank.closed != open(rank.id)));
        let without_spaces = |text: &str| text.replace(' ', "");
        // Of each dish the way of writing it that most restaurants have.
        let mut counts: HashMap<String, u32> = HashMap::new();
        for (dish, count) in dishes_one_by_one(&delivering(&shops, &wanted), &query) {
            let most = counts.entry(without_spaces(dish)).or_default();
            *most = count.max(*most);
        }
        let found: HashMap<String, u32> = all.dishes.iter().map(|(_, count, name)| (without_spaces(catalogue.names.text(*name)), count.0)).collect();
        prop_assert_eq!((found, all.dishes.len()), (counts.clone(), counts.len()));
        let few = catalogue.suggestible(&wanted, &query, most);
        all.dishes.truncate(most);
        all.restaurants.truncate(most);
        prop_assert_eq!((few.dishes, few.restaurants), (all.dishes, all.restaurants));
    }

    #[test]
    fn each_key_suggests_nothing_new_but_for_wrong_letters(shops in prop::collection::vec(shop(), 0..6), word in "[치킨피자나라교촌]{2,4}") {
        let catalogue = catalogue(&shops);
        let to = Destination { position: LatLon::new(37.5, 127.0).unwrap(), dong: None };
        let suggested = |typed: &str| {
            let query = Query::read(typed).unwrap();
            let wanted = Wanted { to, at: noon(), category: None, radius_m: None, tag: None, query: None, holidays: holidays() };
            let mut found = catalogue.suggestible(&wanted, &query, usize::MAX);
            found.dishes.retain(|found| found.0 < Match::Typo);
            found.restaurants.retain(|found| found.0.found < Some(Match::Typo));
            (found.dishes.into_iter().map(|found| found.2).collect::<Vec<_>>(), found.restaurants.into_iter().map(|found| found.0.id).collect::<Vec<_>>())
        };
        let all = crate::hangul::keys(&word);
        for end in 2..=all.len() {
            let [(dishes, restaurants), before] = [end, end - 1].map(|end| suggested(&crate::hangul::composed(&all[..end])));
            prop_assert!(dishes.iter().all(|dish| before.0.contains(dish)));
            prop_assert!(restaurants.iter().all(|id| before.1.contains(id)));
        }
    }
}

fn at_yeoksam(id: u128, name: &str) -> Restaurant {
    Restaurant { id: Uuid::from_u128(id).into(), name: name.to_owned(), ..restaurant() }
}

fn wanted(query: Option<&Query>) -> Wanted<'_> {
    let to = Destination { position: LatLon::new(37.5006, 127.0364).unwrap(), dong: None };
    Wanted { to, at: noon(), category: None, radius_m: None, tag: None, query, holidays: holidays() }
}

#[test]
fn a_pause_counts_from_its_first_moment_to_its_last() {
    let until = noon() + chrono::Duration::microseconds(30_500_000);
    let paused = Restaurant { paused_until: Some(until), ..at_yeoksam(1, "쉬는 집") };
    let catalogue = catalogue(&[(paused, vec![])]);
    let closed = |at| catalogue.list(&Wanted { at, ..wanted(None) }, None, 1)[0].0.closed;
    assert!(closed(noon()) && closed(until - chrono::Duration::microseconds(1)));
    assert!(!closed(until));
}

#[test]
fn suggestions_are_of_each_kind_and_ten_at_most() {
    let mut shops: Vec<Shop> = (1..20)
        .map(|id| (at_yeoksam(id, &format!("치킨 {id}호")), vec!["치즈볼", "치즈 볼", "콜라"]))
        .collect();
    shops[0].1.push("치킨무");
    let catalogue = catalogue(&shops);
    let suggest = |typed: &str| {
        let query = Query::read(typed).unwrap();
        catalogue.suggest(&wanted(Some(&query)), &query)
    };
    let found = suggest("치");
    assert_eq!(found.len(), SUGGESTIONS_MAX);
    assert_eq!(found[0], Suggestion::Category { category: Category::Chicken, restaurants: 19 });
    let dishes: Vec<_> = found.iter().filter(|found| matches!(found, Suggestion::Dish { .. })).collect();
    let of = |name: &str, restaurants| Suggestion::Dish { name: name.to_owned(), restaurants };
    // One dish that is written in two ways is suggested once.
    assert!(
        matches!(dishes[0], Suggestion::Dish { restaurants: 19, .. }) && dishes[1] == &of("치킨무", 1),
        "{dishes:?}"
    );
    assert_eq!(suggest("콜ㄹ"), [of("콜라", 19)]);
    assert_eq!(suggest("콜러"), [of("콜라", 19)], "a wrong letter, as there is nothing else");
    assert_eq!(suggest("없음"), []);
}
