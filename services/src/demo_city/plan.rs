//! The plan of the demo city: the shops with their positions and menus.
//!
//! Every random number is derived from the seed and the name of its subject, so the same seed
//! gives the same city, and adding a draw does not change the others. The ids of dishes do
//! not depend on the seed: a database has one demo city.

use domain::gazetteer::{Gazetteer, Place};
use domain::menu::{Menu, MenuGroup, MenuOption, OptionGroup, SoldOut};
use domain::restaurant::seller::Bank;
use domain::restaurant::{Hours, Preparation, Registration, Rules, Seller, SettlementAccount, Zone};
use domain::tip::{DistanceSteps, Tier, TimeSurcharge, TipPlan};
use domain::week::Span;
use domain::{LatLon, UserId, Won};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::kitchens::{Answer, Choices, Dish, Group, Kitchen};

/// How many shops there are.
pub(super) const SHOPS: usize = 200;

/// The centres of the neighbourhoods that have half of the restaurants: the simulated people
/// live there.
pub(super) const BUSY: [(f64, f64); 12] = [
    (37.5006, 127.0365),
    (37.4912, 127.0150),
    (37.5117, 127.0859),
    (37.5446, 127.0557),
    (37.5545, 126.9206),
    (37.5650, 126.9387),
    (37.5399, 126.9918),
    (37.5219, 126.9245),
    (37.4826, 126.9518),
    (37.5859, 126.9987),
    (37.6609, 127.0679),
    (37.5411, 126.8401),
];

/// 2026-01-01T00:00:00Z, the timestamp in the demo's ids, in milliseconds.
const DATED_MS: u64 = 1_767_225_600_000;

/// An id of the demo city, derived from the name `thing`.
pub(super) fn id<T: From<Uuid>>(thing: &str) -> T {
    let digest = Sha256::digest(format!("demo city/{thing}"));
    let mut random = [0; 10];
    random.copy_from_slice(&digest[..10]);
    uuid::Builder::from_unix_timestamp_millis(DATED_MS, &random).into_uuid().into()
}

/// Derives random numbers from the seed.
#[derive(Clone, Copy)]
pub(super) struct Dice(pub(super) u64);

impl Dice {
    /// A number below `sides`, always the same for the same `about`.
    pub(super) fn roll(self, about: &str, sides: u32) -> u32 {
        let digest = Sha256::digest(format!("{}/{about}", self.0));
        u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]) % sides.max(1)
    }
}

/// A shop: what it is registered with, and what its owner says of it then.
#[derive(Debug, PartialEq)]
pub(super) struct Shop {
    pub(super) owner: UserId,
    pub(super) registration: Registration,
    pub(super) account: SettlementAccount,
    pub(super) rules: Rules,
    pub(super) menu: Vec<MenuGroup>,
}

/// The shop of that number, from 0.
pub(super) fn shop(
    dice: Dice,
    gazetteer: &Gazetteer,
    kitchens: &[Kitchen],
    owners: &[UserId],
    number: usize,
) -> Option<Shop> {
    // Each pair is one shop in a busy neighbourhood and one elsewhere. Each round through
    // the busy neighbourhoods shifts the kinds of kitchen by one.
    let pair = number / 2;
    let kitchen = kitchens.get((pair + pair / BUSY.len()) % kitchens.len().max(1))?;
    let name = format!("restaurant {number}");
    let position = position(dice, gazetteer, number)?;
    let place = gazetteer.locate(position)?;
    let names = kitchen.names.get(dice.roll(&format!("{name} name"), count(&kitchen.names)) as usize)?;
    let area = place.dong.strip_suffix('동').unwrap_or(&place.dong);
    let some = |what: &str, sides| dice.roll(&format!("{name} {what}"), sides);
    let whose = number % owners.len().max(1);
    let registration = Registration {
        name: format!("{area} {names}"),
        category: kitchen.category,
        // A number that is not assigned to anybody.
        phone: format!("02-0000-{number:04}"),
        seller: seller(whose, place)?,
        position,
        gu: place.gu.clone(),
        dong: place.dong.clone(),
    };
    let rules = Rules {
        minimum_order: Won(kitchen.minimum + i64::from(some("minimum", 3)) * 1_000),
        tip: tip(i64::from(some("tip", 3)), some("night", 3) == 0),
        hours: if number % 10 == 7 { evenings() } else { Hours::always() },
        zones: vec![Zone::Radius { metres: 3_500 + some("radius", 4) * 500 }],
        preparation: Preparation::always(kitchen.preparation_mins),
        ..Rules::none()
    };
    Some(Shop {
        owner: *owners.get(whose)?,
        registration,
        account: SettlementAccount {
            bank: Bank::Kookmin,
            number: format!("0000000000{whose:04}"),
            holder: called(whose),
        },
        rules,
        menu: kitchen.groups.iter().map(|group| menu_group(dice, kitchen, group, &name)).collect(),
    })
}

fn called(owner: usize) -> String {
    format!("사장님 {:02}", owner + 1)
}

/// What the law wants shown of the owner of that number, from 0.
fn seller(owner: usize, place: &Place) -> Option<Seller> {
    // Of ten numbers one has the right check digit.
    let mut numbers = (0..10).map(|check| format!("000-00-{:04}{check}", owner + 1));
    Some(Seller {
        business_name: format!("데모푸드 {}", owner + 1),
        representative: called(owner),
        business_number: numbers.find_map(|number| number.parse().ok())?,
        mail_order_number: Some(format!("2026-서울{}-{owner:05}", place.gu)),
        address: format!("서울 {} {} {}", place.gu, place.dong, owner + 1),
    })
}

fn count<T>(items: &[T]) -> u32 {
    u32::try_from(items.len()).unwrap_or(u32::MAX)
}

/// A position close to the middle of a neighbourhood.
fn position(dice: Dice, gazetteer: &Gazetteer, number: usize) -> Option<LatLon> {
    let pair = number / 2;
    let middle = if number.is_multiple_of(2) {
        let (lat, lon) = BUSY[pair % BUSY.len()];
        LatLon::new(lat, lon).ok()?
    } else {
        let mut districts: Vec<&str> = gazetteer.places().map(|place| place.gu.as_str()).collect();
        districts.dedup();
        let district = districts.get(pair % districts.len().max(1))?;
        let dongs: Vec<_> = gazetteer.places().filter(|place| place.gu == *district).collect();
        dongs.get(dice.roll(&format!("restaurant {number} dong"), count(&dongs)) as usize)?.position
    };
    // Up to about 300 m in each direction.
    let aside = |axis| f64::from(dice.roll(&format!("restaurant {number} {axis}"), 601)) - 300.0;
    let moved =
        LatLon::new(middle.lat() + aside("north") / 111_000.0, middle.lon() + aside("east") / 88_000.0);
    moved.ok().filter(|position| gazetteer.locate(*position).is_some()).or(Some(middle))
}

fn tip(step: i64, dearer_at_night: bool) -> TipPlan {
    let night = TimeSurcharge { spans: Span::daily(0, 6 * 60), surcharge: Won(1_000) };
    TipPlan {
        tiers: vec![
            Tier { from: Won(0), tip: Won(3_000 + step * 500) },
            Tier { from: Won(25_000), tip: Won(2_000 + step * 500) },
            Tier { from: Won(45_000), tip: Won(0) },
        ],
        distance: Some(DistanceSteps { base_m: 1_500, step_m: 500, step: Won(300) }),
        dongs: Vec::new(),
        times: dearer_at_night.then_some(night).into_iter().collect(),
        holiday: Won::ZERO,
    }
}

/// 11:00 to 02:00 with a break in the afternoon, closed on the second Monday.
fn evenings() -> Hours {
    Hours {
        ranges: Span::daily(11 * 60, 26 * 60),
        breaks: Span::daily(15 * 60, 17 * 60),
        closings: vec![domain::restaurant::Closing::Monthly { nth: 2, weekday: chrono::Weekday::Mon }],
        ..Hours::default()
    }
}

fn menu_group(dice: Dice, kitchen: &Kitchen, group: &Group, whose: &str) -> MenuGroup {
    let whose = format!("{whose} {}", group.name);
    let menus = group.dishes.iter().map(|dish| menu(dice, kitchen, dish, &whose)).collect();
    MenuGroup::new(id(&whose), &group.name, menus)
}

fn menu(dice: Dice, kitchen: &Kitchen, dish: &Dish, whose: &str) -> Menu {
    let whose = format!("{whose} {}", dish.name);
    let asked = dish.choices.iter().filter_map(|short| kitchen.choices.get(short));
    let price = Won(dish.price + i64::from(dice.roll(&format!("{whose} price"), 4)) * 500);
    let sold_out = dice.roll(&format!("{whose} sold out"), 40) == 0;
    Menu {
        description: dish.description.clone(),
        sold_out: if sold_out { SoldOut::ForGood } else { SoldOut::No },
        option_groups: asked.map(|choices| option_group(choices, &whose)).collect(),
        ..Menu::new(id(&whose), &dish.name, price)
    }
}

fn option_group(choices: &Choices, whose: &str) -> OptionGroup {
    let whose = format!("{whose} {}", choices.name);
    let option = |answer: &Answer| MenuOption {
        max_quantity: answer.max_quantity,
        ..MenuOption::new(id(&format!("{whose} {}", answer.name)), &answer.name, Won(answer.price))
    };
    OptionGroup {
        min: choices.min,
        max: choices.max,
        unique: choices.unique,
        options: choices.options.iter().map(option).collect(),
        ..OptionGroup::new(id(&whose), &choices.name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use domain::menu::Card;

    use super::super::kitchens::kitchens;
    use super::*;

    fn city(seed: u64) -> Vec<Shop> {
        let gazetteer = crate::gazetteer::seoul().unwrap();
        let owners: Vec<UserId> = (1..=20).map(|n| id(&format!("owner {n}"))).collect();
        let kitchens = kitchens().unwrap();
        let one = |number| shop(Dice(seed), &gazetteer, &kitchens, &owners, number).unwrap();
        (0..SHOPS).map(one).collect()
    }

    #[test]
    fn every_restaurant_and_menu_of_the_city_keeps_the_rules() {
        for Shop { registration, mut account, rules, menu, .. } in city(2026) {
            let card = Card { groups: menu, ..Card::empty(id("any")) };
            assert!(registration.checked(&mut account).is_ok());
            assert!(rules.checked().is_ok() && card.checked().is_ok());
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_city_and_no_id_twice() {
        let (one, other) = (city(7), city(7));
        assert_eq!(one, other);
        assert_ne!(one, city(8));
        let dishes =
            one.iter().flat_map(|shop| &shop.menu).flat_map(|group| &group.menus).map(|menu| menu.id);
        let all: Vec<_> = dishes.collect();
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    }

    #[test]
    fn people_everywhere_in_the_city_have_a_choice() {
        let city = city(2026);
        for (lat, lon) in BUSY {
            let to = domain::restaurant::Destination { position: LatLon::new(lat, lon).unwrap(), dong: None };
            let near = city.iter().filter(|shop| shop.rules.deliver_to(shop.registration.position, to));
            let kinds: HashSet<_> = near.map(|shop| shop.registration.category).collect();
            assert!(kinds.len() >= 8, "{lat} {lon} has {kinds:?}");
        }
        let districts: HashSet<_> = city.iter().map(|shop| shop.registration.gu.clone()).collect();
        assert_eq!(districts.len(), 25);
    }
}
