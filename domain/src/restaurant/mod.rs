//! Restaurants: position, opening hours, delivery zones and delivery tip.

pub mod application;
mod category;
pub mod event;
pub mod holidays;
pub mod hours;
pub mod preparation;
mod rejection;
mod reminder;
pub mod rules;
pub mod seller;
pub mod slot;
pub mod staff;
pub mod zone;

use chrono::Duration;
use serde::{Deserialize, Serialize};

pub use application::{Application, ApplicationCommand, ApplicationRefusal, ApplicationStatus, Registration};
pub use category::Category;
pub use event::{LiveState, RestaurantEvent, RestaurantEventKind, RestaurantFact};
pub use holidays::{Holiday, Holidays};
pub use hours::{ClosedReason, Closing, DayRange, Hours, Opening, SpecialDay};
pub use preparation::{Busy, Preparation, PreparationTime};
pub use reminder::RestaurantReminder;
pub use rules::Rules;
pub use seller::{Bank, BusinessNumber, Seller, SettlementAccount};
pub use staff::{Duty, StaffRole, Standing};
pub use zone::Zone;

use crate::cart::DropOff;
use crate::gazetteer::DongCode;
use crate::text::searchable;
use crate::tip::{DeliveryLeg, TipPart};
use crate::won::Overflow;
use crate::{Fault, LatLon, Refusal, Refused, RestaurantId, TextRule, Timestamp, UserId, Won, fault};

/// The longest name, in characters.
pub const NAME_MAX: usize = 60;

/// The longest introduction, in characters.
pub const INTRODUCTION_MAX: usize = 1_000;

/// The longest notice, in characters.
pub const NOTICE_MAX: usize = 1_000;

/// The most tags.
pub const TAGS_MAX: usize = 10;

/// The longest tag, in characters.
pub const TAG_MAX: usize = 15;

/// Whether customers can find a restaurant and order from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Its owner still prepares it; nobody else sees it.
    Preparing,
    /// Customers find it.
    Published,
    /// It was given up, for good. It is shown to who ordered there.
    ClosedDown,
}

impl Status {
    /// All of them.
    pub const ALL: [Status; 3] = [Status::Preparing, Status::Published, Status::ClosedDown];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Preparing => "preparing",
            Status::Published => "published",
            Status::ClosedDown => "closed_down",
        }
    }
}

impl std::str::FromStr for Status {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Status::ALL.into_iter().find(|status| status.as_str() == name).ok_or(())
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
    /// Whether customers find it.
    pub status: Status,
    /// Its name, 1 to [`NAME_MAX`] characters.
    pub name: String,
    /// The kind of food it serves.
    pub category: Category,
    /// What else customers find it by, at most [`TAGS_MAX`] words.
    pub tags: Vec<String>,
    /// What it says of itself; may be empty.
    pub introduction: String,
    /// What customers should know these days; may be empty.
    pub notice: String,
    /// The telephone number for customers.
    pub phone: String,
    /// Where couriers pick up.
    pub position: LatLon,
    /// Its district.
    pub gu: String,
    /// Its neighbourhood.
    pub dong: String,
    /// Who sells. Rows that were written before sellers were known have none.
    pub seller: Option<Seller>,
    /// When, where to, for how much and how fast it sells.
    pub rules: Rules,
    /// It takes no orders until then.
    pub paused_until: Option<Timestamp>,
    /// It cooks more slowly for a while.
    pub busy: Option<Busy>,
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

/// Why a restaurant is not published, changed or given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RestaurantRefusal {
    /// It was given up for good.
    ClosedDown,
    /// Something is missing before customers may find it.
    Incomplete(Vec<Fault>),
    /// There are orders that are not done yet.
    OrdersOpen,
}

impl Refusal for RestaurantRefusal {
    fn refused(&self) -> Refused {
        match self {
            Self::ClosedDown => closed_down(),
            Self::Incomplete(faults) => Refused { faults: faults.clone(), ..incomplete() },
            Self::OrdersOpen => orders_open(),
        }
    }
}

crate::refusals! {
    closed_down() => Conflict "restaurant.closed_down": "폐업한 가게예요.", "This restaurant was given up.";
    incomplete() => Rule "restaurant.incomplete":
        "아직 공개할 수 없어요. 빠진 내용을 채워 주세요.", "It cannot be published yet. Something is missing.";
    orders_open() => Conflict "restaurant.orders_open":
        "아직 끝나지 않은 주문이 있어요.", "There are orders that are not done yet.";
}

impl Restaurant {
    /// A shop as an approved application opens it: without rules, seen by nobody else.
    pub fn opened(id: RestaurantId, owner: UserId, registration: Registration) -> Self {
        let Registration { name, category, phone, seller, position, gu, dong } = registration;
        Self {
            id,
            version: 0,
            owner,
            status: Status::Preparing,
            name,
            category,
            tags: Vec::new(),
            introduction: String::new(),
            notice: String::new(),
            phone,
            position,
            gu,
            dong,
            seller: Some(seller),
            rules: Rules::none(),
            paused_until: None,
            busy: None,
        }
    }

    /// The shop with what an approved application changes.
    #[must_use]
    pub fn registered_as(self, registration: Registration) -> Self {
        let Self {
            id, version, owner, status, tags, introduction, notice, rules, paused_until, busy, ..
        } = self;
        let changed = Self::opened(id, owner, registration);
        Self { version, status, tags, introduction, notice, rules, paused_until, busy, ..changed }
    }

    /// The shop as customers find it, which needs a dish, hours, and a way to get the food.
    pub fn published(self, dishes: usize) -> Result<Self, RestaurantRefusal> {
        self.live()?;
        let hours = &self.rules.hours;
        let opens = !hours.ranges.is_empty() || hours.special_days.iter().any(|day| !day.ranges.is_empty());
        let reaches = !self.rules.zones.is_empty() || self.rules.takes_pickup;
        let missing = [
            (opens, "/hours/ranges", "It is never open."),
            (reaches, "/zones", "It delivers nowhere, and orders cannot be collected."),
            (dishes > 0, "/menus", "It has no dish."),
            (self.seller.is_some(), "/seller", "Customers must see who sells."),
        ];
        let missing = missing.into_iter().filter(|(there, ..)| !there);
        let faults: Vec<_> =
            missing.map(|(_, pointer, detail)| Fault::new(pointer, fault::MISSING, detail)).collect();
        if !faults.is_empty() {
            return Err(RestaurantRefusal::Incomplete(faults));
        }
        Ok(Self { status: Status::Published, ..self })
    }

    /// The shop that takes no orders until then; `None`: that takes them again.
    pub fn paused(self, until: Option<Timestamp>, now: Timestamp) -> Result<Self, Refused> {
        match until.and_then(|until| preparation::check_until(until, now)) {
            Some(fault) => Err(Refused::invalid(vec![fault])),
            None => Ok(Self { paused_until: until, ..self }),
        }
    }

    /// The shop that cooks more slowly for a while; `None`: at its usual pace.
    pub fn rushed(self, busy: Option<Busy>, now: Timestamp) -> Result<Self, Refused> {
        let faults = busy.map(|busy| busy.check(now)).unwrap_or_default();
        if faults.is_empty() { Ok(Self { busy, ..self }) } else { Err(Refused::invalid(faults)) }
    }

    /// Refuses if it was given up.
    pub fn live(&self) -> Result<(), RestaurantRefusal> {
        if self.status == Status::ClosedDown { Err(RestaurantRefusal::ClosedDown) } else { Ok(()) }
    }

    /// Whether it takes orders now; if not, why and until when.
    pub fn opening(&self, now: Timestamp, holidays: &Holidays) -> Opening {
        let never = |reason| Opening::Closed { reason, next_open_at: None };
        match self.status {
            Status::Preparing => never(ClosedReason::NotPublished),
            Status::ClosedDown => never(ClosedReason::ClosedDown),
            Status::Published => self.rules.hours.opening(self.paused_until, now, holidays),
        }
    }

    /// Whether the owner paused it at that time.
    pub fn is_paused(&self, at: Timestamp) -> bool {
        self.paused_until.is_some_and(|until| until > at)
    }

    /// Whether it takes an order. An immediate order needs it open now; a scheduled order
    /// needs it open at the slot and `lead` before it, when the owner is asked to accept.
    pub fn opening_for(
        &self,
        slot: Option<Timestamp>,
        lead: Duration,
        now: Timestamp,
        holidays: &Holidays,
    ) -> Opening {
        let Some(slot) = slot else { return self.opening(now, holidays) };
        match self.opening(slot - lead, holidays) {
            Opening::Open => self.opening(slot, holidays),
            closed => closed,
        }
    }

    /// When its opening, or how long it cooks for being busy, next changes by itself after `now`;
    /// `None` if not within the next 40 days.
    pub fn next_change(&self, now: Timestamp, holidays: &Holidays) -> Option<Timestamp> {
        if self.status != Status::Published {
            return None;
        }
        let busy = self.busy.map(|busy| busy.until).filter(|until| *until > now);
        let opening = match self.paused_until.filter(|until| *until > now) {
            Some(until) => Some(until),
            None => self.rules.hours.next_change(now, holidays),
        };
        opening.into_iter().chain(busy).min()
    }

    /// The furthest reach of its zones in metres, rounded up.
    pub fn reach_m(&self) -> u32 {
        self.rules.reach_m(self.position)
    }

    /// Whether it delivers to the destination.
    pub fn delivers_to(&self, to: Destination) -> bool {
        self.rules.deliver_to(self.position, to)
    }

    /// The metres within which it delivers, if it delivers to everything within and to nothing else:
    /// [`delivers_to`](Self::delivers_to) in one comparison, for the catalogue.
    pub fn circle_m(&self) -> Option<u32> {
        let of_zone = |zone: &Zone| match zone {
            Zone::Radius { metres } => Some((*metres).min(zone::REACH_MAX_M)),
            Zone::Dongs { .. } | Zone::Polygon { .. } => None,
        };
        if !self.rules.exclusions.is_empty() {
            return None;
        }
        self.rules.zones.iter().map(of_zone).collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// Whether it has this tag, as people write it.
    pub fn has_tag(&self, tag: &str) -> bool {
        let wanted = searchable(tag);
        self.tags.iter().any(|own| searchable(own) == wanted)
    }

    /// The delivery tip for a subtotal.
    pub fn tip_for(
        &self,
        subtotal: Won,
        to: Destination,
        at: Timestamp,
        holidays: &Holidays,
    ) -> Result<Won, Overflow> {
        self.rules.tip.tip(subtotal, self.leg(to, at, holidays))
    }

    /// What that tip consists of.
    pub fn tip_parts_for(
        &self,
        subtotal: Won,
        to: Destination,
        at: Timestamp,
        holidays: &Holidays,
    ) -> Result<Vec<TipPart>, Overflow> {
        self.rules.tip.parts(subtotal, self.leg(to, at, holidays))
    }

    fn leg(&self, to: Destination, at: Timestamp, holidays: &Holidays) -> DeliveryLeg {
        let distance_m = self.position.distance_m(to.position);
        DeliveryLeg { distance_m, dong: to.dong, at, on_holiday: holidays.cover(at) }
    }

    /// How long an order takes that is cooked from `at` on, in minutes.
    pub fn preparation_mins(&self, at: Timestamp) -> u16 {
        self.rules.preparation.mins_at(at, self.busy)
    }

    /// Checks all fields and reports every invalid one; normalises the texts.
    pub fn checked(mut self) -> Result<Self, Refused> {
        let mut faults = self.rules.check();
        let mut read = |text: &mut String, rule: TextRule, pointer: String| match rule.read(text) {
            Ok(read) => *text = read.into_string(),
            Err(flaw) => faults.push(flaw.at(pointer)),
        };
        read(&mut self.name, TextRule::line(NAME_MAX), "/name".into());
        for (text, max, pointer) in [
            (&mut self.introduction, INTRODUCTION_MAX, "/introduction"),
            (&mut self.notice, NOTICE_MAX, "/notice"),
        ] {
            *text = text.trim().to_owned();
            if !text.is_empty() {
                read(text, TextRule::lines(max), pointer.into());
            }
        }
        for (place, tag) in self.tags.iter_mut().enumerate() {
            read(tag, TextRule::line(TAG_MAX), format!("/tags/{place}"));
        }
        if self.tags.len() > TAGS_MAX {
            faults.push(Fault::new("/tags", fault::WRONG_LENGTH, format!("At most {TAGS_MAX}.")));
        }
        if let Some(seller) = &mut self.seller {
            seller.check(&mut faults);
        }
        if faults.is_empty() { Ok(self) } else { Err(Refused::invalid(faults)) }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use uuid::Uuid;

    use super::rules::tests::rules;
    use super::*;

    /// A restaurant at Yeoksam that is always open and delivers within 3 km.
    pub(crate) fn restaurant() -> Restaurant {
        Restaurant {
            id: Uuid::from_u128(1).into(),
            version: 0,
            owner: Uuid::from_u128(2).into(),
            status: Status::Published,
            name: "역삼 할머니 치킨".into(),
            category: Category::Chicken,
            tags: vec!["1인분".into()],
            introduction: String::new(),
            notice: String::new(),
            phone: "02-555-0100".into(),
            position: LatLon::new(37.5006, 127.0364).unwrap(),
            gu: "강남구".into(),
            dong: "역삼동".into(),
            seller: None,
            rules: rules(),
            paused_until: None,
            busy: None,
        }
    }

    #[test]
    fn a_sound_restaurant_is_accepted_and_a_faulty_one_names_its_fields() {
        assert!(restaurant().checked().is_ok());
        let mut faulty = Restaurant {
            name: " ".into(),
            notice: "가".repeat(NOTICE_MAX + 1),
            tags: vec!["\u{200b}".into(); TAGS_MAX + 1],
            ..restaurant()
        };
        faulty.rules.minimum_order = Won(-1);
        assert_eq!(faulty.checked().unwrap_err().faults.len(), 3 + TAGS_MAX + 2);
    }

    #[test]
    fn only_what_is_published_takes_orders() {
        let now = "2026-11-20T03:00:00Z".parse().unwrap();
        let reason = |status| Restaurant { status, ..restaurant() }.opening(now, &Holidays::none()).reason();
        assert_eq!(reason(Status::Published), None);
        assert_eq!(reason(Status::Preparing), Some(ClosedReason::NotPublished));
        assert_eq!(reason(Status::ClosedDown), Some(ClosedReason::ClosedDown));
    }

    #[test]
    fn nothing_is_published_that_nobody_could_order_from() {
        let missing = |restaurant: Restaurant, dishes| match restaurant.published(dishes) {
            Err(RestaurantRefusal::Incomplete(faults)) => {
                faults.into_iter().map(|fault| fault.pointer).collect::<Vec<_>>()
            }
            other => panic!("{other:?}"),
        };
        let mut never = restaurant();
        never.rules = Rules { takes_pickup: false, ..Rules::none() };
        assert_eq!(missing(never, 0), ["/hours/ranges", "/zones", "/menus", "/seller"]);
        let seller = Some(seller::tests::seller());
        let published =
            Restaurant { seller, status: Status::Preparing, ..restaurant() }.published(1).unwrap();
        assert_eq!(published.status, Status::Published);
        let given_up = Restaurant { status: Status::ClosedDown, ..published };
        assert_eq!(given_up.published(1), Err(RestaurantRefusal::ClosedDown));
    }

    #[test]
    fn a_pause_and_a_rush_end_by_themselves() {
        let (now, soon, later) = ("03:00:00", "03:10:00", "04:00:00");
        let at = |time: &str| format!("2026-11-20T{time}Z").parse::<Timestamp>().unwrap();
        let busy = Some(Busy { extra_mins: 10, until: at(later) });
        let pausing = Restaurant { paused_until: Some(at(soon)), busy, ..restaurant() };
        let change = |time| pausing.next_change(at(time), &Holidays::none());
        assert_eq!([change(now), change(soon), change(later)], [Some(at(soon)), Some(at(later)), None]);
        assert_eq!((pausing.preparation_mins(at(soon)), pausing.preparation_mins(at(later))), (30, 20));
    }

    #[test]
    fn every_status_survives_being_written_and_read() {
        for status in Status::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }

    #[test]
    fn a_circle_is_all_that_is_delivered_to() {
        let radius = |metres| Zone::Radius { metres };
        let dongs = Zone::Dongs { dongs: vec![DongCode(11_680_101)] };
        let circle = |zones| {
            let mut shop = restaurant();
            shop.rules.zones = zones;
            shop.circle_m()
        };
        assert_eq!(circle(vec![radius(3_000), radius(1_000)]), Some(3_000));
        assert_eq!(circle(vec![radius(25_000)]), Some(zone::REACH_MAX_M));
        assert_eq!(circle(vec![radius(3_000), dongs]), None);
        assert_eq!(circle(vec![]), None);
        let mut ring = restaurant();
        ring.rules.exclusions = vec![radius(500)];
        assert_eq!(ring.circle_m(), None);
    }
}
