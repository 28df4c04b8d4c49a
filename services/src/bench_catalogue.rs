//! Restaurants all over the country with menus, as many as a load wants, always the same ones: for
//! `./dev bench catalogue`.
//!
//! Half of them stand around Seoul, the others around ten more cities, denser towards the middle of each.
//! Names are put together from parts, so that most dishes are those of many restaurants, and some
//! of one alone.

use domain::menu::{Card, Menu, MenuGroup};
use domain::restaurant::{Category, Hours, Restaurant, Rules, Status, Zone};
use domain::tip::{DistanceSteps, Tier, TipPlan};
use domain::week::Span;
use domain::{Failure, LatLon, UserId, Won};
use uuid::Uuid;

use crate::App;

/// How many are committed at once.
const AT_ONCE: usize = 200;

/// Groups of a menu, and dishes of each.
const GROUPS: usize = 4;
const DISHES_EACH: usize = 5;

/// The share of all in a hundred, the middle, and how far most of them are from it in degrees.
const CITIES: [(u64, f64, f64, f64); 11] = [
    (50, 37.53, 127.0, 0.14),
    (9, 35.16, 129.06, 0.08),
    (8, 37.45, 126.70, 0.06),
    (7, 35.87, 128.60, 0.07),
    (6, 36.35, 127.38, 0.06),
    (5, 35.16, 126.85, 0.06),
    (4, 35.54, 129.31, 0.06),
    (4, 35.82, 127.15, 0.05),
    (3, 37.88, 127.73, 0.05),
    (2, 36.01, 129.36, 0.05),
    (2, 33.50, 126.53, 0.05),
];

const BRANDS: [&str; 24] = [
    "할머니",
    "교촌",
    "행복한",
    "청춘",
    "마포",
    "전주",
    "황금",
    "엄마손",
    "미스터",
    "왕",
    "신당동",
    "대박",
    "BHC",
    "오늘은",
    "산골",
    "바다",
    "명동",
    "김가네",
    "옛날",
    "불타는",
    "Hello",
    "소문난",
    "원조",
    "우리동네",
];
const KINDS: [&str; 16] = [
    "치킨",
    "피자",
    "짬뽕",
    "국밥",
    "돈까스",
    "떡볶이",
    "버거",
    "족발",
    "파스타",
    "쌀국수",
    "카페",
    "곱창",
    "찜닭",
    "김밥",
    "초밥",
    "보쌈",
];
const PLACES: [&str; 20] = [
    "역삼",
    "서초",
    "신촌",
    "홍대",
    "잠실",
    "수원",
    "일산",
    "분당",
    "해운대",
    "서면",
    "동성로",
    "둔산",
    "상무",
    "전포",
    "연동",
    "효자",
    "중앙",
    "시청",
    "대학",
    "터미널",
];
const TASTES: [&str; 36] = [
    "후라이드",
    "양념",
    "간장",
    "마늘",
    "매운",
    "순살",
    "반반",
    "허니",
    "크림",
    "로제",
    "불고기",
    "고구마",
    "치즈",
    "김치",
    "해물",
    "차돌",
    "얼큰",
    "참치",
    "새우",
    "통",
    "눈꽃",
    "옛날",
    "수제",
    "특제",
    "직화",
    "숯불",
    "바삭",
    "달콤",
    "깐풍",
    "유린",
    "들깨",
    "묵은지",
    "명란",
    "트러플",
    "바질",
    "와사비",
];
const FOODS: [&str; 48] = [
    "치킨",
    "피자",
    "짜장면",
    "짬뽕",
    "탕수육",
    "김치찌개",
    "된장찌개",
    "비빔밥",
    "국밥",
    "돈까스",
    "우동",
    "초밥",
    "떡볶이",
    "순대",
    "김밥",
    "라면",
    "버거",
    "감자튀김",
    "족발",
    "보쌈",
    "막국수",
    "파스타",
    "리조또",
    "스테이크",
    "쌀국수",
    "팟타이",
    "볶음밥",
    "커리",
    "케이크",
    "와플",
    "커피",
    "에이드",
    "곱창",
    "막창",
    "닭발",
    "오돌뼈",
    "찜닭",
    "닭갈비",
    "삼계탕",
    "갈비탕",
    "냉면",
    "만두",
    "튀김",
    "핫도그",
    "샐러드",
    "샌드위치",
    "타코",
    "덮밥",
];
const SIZES: [&str; 10] = ["", "", "", "", " (소)", " (중)", " (대)", " 세트", " 1인분", " 한마리"];

/// Draws numbers: SplitMix64, so that the same city is made on every machine.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        of.get(usize::try_from(self.below(of.len() as u64)).unwrap_or_default()).copied()
    }

    /// From -1 to 1, mostly near 0.
    fn bell(&mut self) -> f64 {
        let mut one = || self.below(1 << 20) as f64 / f64::from(1 << 20);
        (one() + one() + one()) / 1.5 - 1.0
    }

    fn uuid(&mut self) -> Uuid {
        Uuid::from_u64_pair(self.next(), self.next())
    }

    fn word(&mut self, of: &[&'static str]) -> &'static str {
        self.one_of(of).unwrap_or_default()
    }
}

/// Adds restaurants with `GROUPS` × `DISHES_EACH` dishes each.
pub async fn make(app: &App, restaurants: usize) -> Result<(), Failure> {
    let mut draw = Draw(2026);
    let mut left = restaurants;
    while left > 0 {
        let count = AT_ONCE.min(left);
        let mut tx = app.store.begin().await?;
        for _ in 0..count {
            let restaurant = restaurant(app, &mut draw)?;
            let card = card(&restaurant, &mut draw);
            store::restaurant::save(&mut tx, &restaurant).await?;
            store::menu::replace(&mut tx, &card).await?;
        }
        tx.commit().await?;
        left -= count;
    }
    Ok(())
}

/// One restaurant more, with an id of its own.
pub(crate) fn restaurant_of(app: &App, owner: UserId, number: usize) -> Result<Restaurant, Failure> {
    let restaurant = restaurant(app, &mut Draw(number as u64))?;
    Ok(Restaurant { id: app.ids.uuid().into(), owner, ..restaurant })
}

fn position(draw: &mut Draw) -> Result<LatLon, Failure> {
    let mut share = draw.below(100);
    let mut city = CITIES[0];
    for each in CITIES {
        city = each;
        if share < each.0 {
            break;
        }
        share -= each.0;
    }
    let (_, lat, lon, spread) = city;
    LatLon::new(lat + draw.bell() * 1.5 * spread, lon + draw.bell() * 1.9 * spread).map_err(Failure::fault)
}

fn restaurant(app: &App, draw: &mut Draw) -> Result<Restaurant, Failure> {
    let position = position(draw)?;
    let dong = app.gazetteer.locate(position);
    let category = draw.one_of(&Category::ALL).unwrap_or(Category::Korean);
    let name = format!("{} {} {}점", draw.word(&BRANDS), draw.word(&KINDS), draw.word(&PLACES));
    let metres = 1_500 + 100 * u32::try_from(draw.below(26)).unwrap_or_default();
    let zone = match (draw.below(10), dong) {
        (0, _) => Zone::Polygon { outline: around(position, 0.02)? },
        (1, Some(dong)) => Zone::Dongs { dongs: vec![dong.code] },
        _ => Zone::Radius { metres },
    };
    let opens = u16::try_from(9 + draw.below(3)).unwrap_or_default() * 60;
    let hours = match draw.below(4) {
        0 => Hours::always(),
        1 => Hours { ranges: Span::daily(17 * 60, 27 * 60), ..Hours::default() },
        _ => Hours { ranges: Span::daily(opens, 22 * 60), ..Hours::default() },
    };
    let tip = TipPlan {
        tiers: vec![Tier { from: Won(0), tip: Won(3_500) }, Tier { from: Won(25_000), tip: Won(1_000) }],
        distance: Some(DistanceSteps { base_m: 1_500, step_m: 500, step: Won(500) }),
        ..TipPlan::flat(Won::ZERO)
    };
    Ok(Restaurant {
        id: draw.uuid().into(),
        version: 0,
        owner: UserId(draw.uuid()),
        status: Status::Published,
        name,
        category,
        tags: Vec::new(),
        introduction: String::new(),
        notice: String::new(),
        phone: "02-0000-0000".to_owned(),
        position,
        gu: dong.map_or("중구", |dong| dong.gu.as_str()).to_owned(),
        dong: dong.map_or("중앙동", |dong| dong.dong.as_str()).to_owned(),
        seller: None,
        rules: Rules { minimum_order: Won(12_000), tip, hours, zones: vec![zone], ..Rules::none() },
        paused_until: None,
        busy: None,
    })
}

/// A square.
fn around(at: LatLon, degrees: f64) -> Result<Vec<LatLon>, Failure> {
    let corners = [(-1.0, -1.0), (-1.0, 1.0), (1.0, 1.0), (1.0, -1.0)];
    let corner = |(north, east)| LatLon::new(at.lat() + north * degrees, at.lon() + east * degrees);
    corners.into_iter().map(|way| corner(way).map_err(Failure::fault)).collect()
}

fn card(restaurant: &Restaurant, draw: &mut Draw) -> Card {
    let mut dish = || {
        let mut name = format!("{} {}{}", draw.word(&TASTES), draw.word(&FOODS), draw.word(&SIZES));
        if draw.below(8) == 0 {
            name = format!("{} {name}", restaurant.name);
        }
        Menu::new(draw.uuid().into(), name, Won(9_000))
    };
    let menus: Vec<Vec<Menu>> =
        (0..GROUPS).map(|_| std::iter::repeat_with(&mut dish).take(DISHES_EACH).collect()).collect();
    let groups = menus.into_iter().map(|menus| MenuGroup::new(draw.uuid().into(), "메뉴", menus));
    Card { restaurant_id: restaurant.id, version: 1, groups: groups.collect() }
}
