//! Restaurants: position, opening hours, delivery zones and delivery tip.

pub mod hours;
pub mod zone;

use chrono::Duration;
use serde::{Deserialize, Serialize};

pub use hours::{ClosedReason, Closing, Hours, Opening};
pub use zone::Zone;

use crate::cart::DropOff;
use crate::gazetteer::DongCode;
use crate::tip::{DeliveryLeg, TipPlan};
use crate::won::Overflow;
use crate::{Fault, LatLon, Refused, RestaurantId, TextRule, Timestamp, UserId, Won, fault};

/// The longest name, in characters.
pub const NAME_MAX: usize = 60;

/// The kind of food it serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// 치킨
    Chicken,
    /// 피자
    Pizza,
    /// 중식
    Chinese,
    /// 한식
    Korean,
    /// 일식·돈까스
    Japanese,
    /// 분식
    Snack,
    /// 버거
    Burger,
    /// 족발·보쌈
    Jokbal,
    /// 양식
    Western,
    /// 아시안
    Asian,
    /// 카페·디저트
    Cafe,
    /// 야식
    LateNight,
}

impl Category {
    /// All of them, in display order.
    pub const ALL: [Category; 12] = [
        Category::Chicken,
        Category::Pizza,
        Category::Chinese,
        Category::Korean,
        Category::Japanese,
        Category::Snack,
        Category::Burger,
        Category::Jokbal,
        Category::Western,
        Category::Asian,
        Category::Cafe,
        Category::LateNight,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Category::Chicken => "chicken",
            Category::Pizza => "pizza",
            Category::Chinese => "chinese",
            Category::Korean => "korean",
            Category::Japanese => "japanese",
            Category::Snack => "snack",
            Category::Burger => "burger",
            Category::Jokbal => "jokbal",
            Category::Western => "western",
            Category::Asian => "asian",
            Category::Cafe => "cafe",
            Category::LateNight => "late_night",
        }
    }

    /// The name in Korean, which search matches too.
    pub fn korean(self) -> &'static str {
        match self {
            Category::Chicken => "치킨",
            Category::Pizza => "피자",
            Category::Chinese => "중식",
            Category::Korean => "한식",
            Category::Japanese => "일식·돈까스",
            Category::Snack => "분식",
            Category::Burger => "버거",
            Category::Jokbal => "족발·보쌈",
            Category::Western => "양식",
            Category::Asian => "아시안",
            Category::Cafe => "카페·디저트",
            Category::LateNight => "야식",
        }
    }
}

impl std::str::FromStr for Category {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Category::ALL.into_iter().find(|category| category.as_str() == name).ok_or(())
    }
}

/// A restaurant (음식점).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Restaurant {
    /// Its id.
    pub id: RestaurantId,
    /// Rises with each change; 0 until it is stored.
    pub version: u64,
    /// Its owner.
    pub owner: UserId,
    /// Its name, 1 to [`NAME_MAX`] characters.
    pub name: String,
    /// The kind of food it serves.
    pub category: Category,
    /// The telephone number for customers.
    pub phone: String,
    /// Where couriers pick up.
    pub position: LatLon,
    /// Its district.
    pub gu: String,
    /// Its neighbourhood.
    pub dong: String,
    /// The smallest subtotal that can be ordered.
    pub minimum_order: Won,
    /// The delivery tip rules.
    pub tip: TipPlan,
    /// When it is open.
    pub hours: Hours,
    /// It delivers to any destination that one of these covers.
    pub zones: Vec<Zone>,
    /// The usual preparation time, 5 to 90 minutes.
    pub preparation_mins: u16,
    /// It takes no orders until then.
    pub paused_until: Option<Timestamp>,
}

/// Where an order is to be delivered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Destination {
    /// The coordinate.
    pub position: LatLon,
    /// The neighbourhood, if known.
    pub dong: Option<DongCode>,
}

impl Destination {
    /// The destination of a drop-off.
    pub fn of(drop_off: &DropOff, dong: Option<DongCode>) -> Self {
        Self { position: drop_off.position, dong }
    }
}

impl Restaurant {
    /// Whether it takes orders now; if not, why and until when.
    pub fn opening(&self, now: Timestamp) -> Opening {
        self.hours.opening(self.paused_until, now)
    }

    /// Whether the owner paused it at that time.
    pub fn is_paused(&self, at: Timestamp) -> bool {
        self.paused_until.is_some_and(|until| until > at)
    }

    /// Whether it takes an order. An immediate order needs it open now; a scheduled order
    /// needs it open at the slot and `lead` before it, when the owner is asked to accept.
    pub fn opening_for(&self, slot: Option<Timestamp>, lead: Duration, now: Timestamp) -> Opening {
        let Some(slot) = slot else { return self.opening(now) };
        match self.opening(slot - lead) {
            Opening::Open => self.opening(slot),
            closed => closed,
        }
    }

    /// The furthest reach of its zones in metres, rounded up.
    pub fn reach_m(&self) -> u32 {
        self.zones.iter().map(|zone| zone.reach_m(self.position)).max().unwrap_or(0)
    }

    /// Whether it delivers to the destination.
    pub fn delivers_to(&self, to: Destination) -> bool {
        self.zones.iter().any(|zone| zone.covers(self.position, to))
    }

    /// The metres within which it delivers, if it delivers to everything within and to nothing else:
    /// [`delivers_to`](Self::delivers_to) in one comparison, for the catalogue.
    pub fn circle_m(&self) -> Option<u32> {
        let of_zone = |zone: &Zone| match zone {
            Zone::Radius { metres } => Some((*metres).min(zone::REACH_MAX_M)),
            Zone::Dongs { .. } | Zone::Polygon { .. } => None,
        };
        self.zones.iter().map(of_zone).collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// The delivery tip for a subtotal.
    pub fn tip_for(&self, subtotal: Won, to: Destination, now: Timestamp) -> Result<Won, Overflow> {
        let way = DeliveryLeg { distance_m: self.position.distance_m(to.position), dong: to.dong, at: now };
        self.tip.tip(subtotal, way)
    }

    /// Checks all fields and reports every invalid one; normalises the name.
    pub fn checked(mut self) -> Result<Self, Refused> {
        let wrong = |pointer: &str, detail: &str| Fault::new(pointer, fault::OUT_OF_RANGE, detail);
        let mut faults = self.tip.check();
        faults.extend(self.hours.check());
        faults.extend(self.zones.iter().filter_map(Zone::check));
        match TextRule::line(NAME_MAX).read(&self.name) {
            Ok(name) => self.name = name.into_string(),
            Err(_) => faults.push(wrong("/name", "A name is one line of 1 to 60 characters.")),
        }
        if self.minimum_order < Won::ZERO {
            faults.push(wrong("/minimum_order_won", "The minimum is not negative."));
        }
        if !(5..=90).contains(&self.preparation_mins) {
            faults.push(wrong("/preparation_mins", "Cooking takes 5 to 90 minutes."));
        }
        if faults.is_empty() { Ok(self) } else { Err(Refused::invalid(faults)) }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use uuid::Uuid;

    use super::*;

    /// A restaurant at Yeoksam that is always open and delivers within 3 km.
    pub(crate) fn restaurant() -> Restaurant {
        Restaurant {
            id: Uuid::from_u128(1).into(),
            version: 0,
            owner: Uuid::from_u128(2).into(),
            name: "역삼 할머니 치킨".into(),
            category: Category::Chicken,
            phone: "02-555-0100".into(),
            position: LatLon::new(37.5006, 127.0364).unwrap(),
            gu: "강남구".into(),
            dong: "역삼동".into(),
            minimum_order: Won(15_000),
            tip: TipPlan::flat(Won(3_000)),
            hours: Hours::always(),
            zones: vec![Zone::Radius { metres: 3_000 }],
            preparation_mins: 20,
            paused_until: None,
        }
    }

    #[test]
    fn a_sound_restaurant_is_accepted_and_a_faulty_one_names_its_fields() {
        assert!(restaurant().checked().is_ok());
        let faulty = Restaurant {
            name: " ".into(),
            minimum_order: Won(-1),
            preparation_mins: 4,
            zones: vec![Zone::Radius { metres: 0 }],
            ..restaurant()
        };
        assert_eq!(faulty.checked().unwrap_err().faults.len(), 4);
    }

    #[test]
    fn outside_every_zone_nothing_is_delivered() {
        let to = |lat, lon| Destination { position: LatLon::new(lat, lon).unwrap(), dong: None };
        assert!(restaurant().delivers_to(to(37.51, 127.04)));
        assert!(!restaurant().delivers_to(to(37.56, 126.97)));
        assert!(!Restaurant { zones: vec![], ..restaurant() }.delivers_to(to(37.5006, 127.0364)));
    }

    #[test]
    fn a_circle_is_all_that_is_delivered_to() {
        let radius = |metres| Zone::Radius { metres };
        let dongs = Zone::Dongs { dongs: vec![DongCode(11_680_101)] };
        let circle = |zones| Restaurant { zones, ..restaurant() }.circle_m();
        assert_eq!(circle(vec![radius(3_000), radius(1_000)]), Some(3_000));
        assert_eq!(circle(vec![radius(25_000)]), Some(zone::REACH_MAX_M));
        assert_eq!(circle(vec![radius(3_000), dongs]), None);
        assert_eq!(circle(vec![]), None);
    }

    #[test]
    fn every_category_survives_being_written_and_read() {
        for category in Category::ALL {
            assert_eq!(category.as_str().parse(), Ok(category));
            assert_eq!(serde_json::to_value(category).unwrap(), category.as_str());
        }
    }
}
