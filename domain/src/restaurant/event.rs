//! The events of a restaurant, which everybody who looks at it follows.

use serde_json::{Value, json};

use super::{Holidays, Restaurant};
use crate::event::event_kinds;
use crate::{Event, EventKind, MenuId, OptionId, RestaurantId, Timestamp};

/// A fact, with what customers see of the restaurant after it.
#[derive(Clone, Debug, PartialEq)]
pub struct RestaurantEvent {
    /// The state after the event.
    pub now: LiveState,
    /// What happened.
    pub fact: RestaurantFact,
}

/// What happened to a restaurant.
#[derive(Clone, Debug, PartialEq)]
pub enum RestaurantFact {
    /// Customers find it now.
    Published,
    /// Its rules, or what is written about it, changed.
    Changed,
    /// It takes no orders for a while.
    Paused,
    /// It takes orders again.
    Resumed,
    /// It cooks more slowly for a while.
    Busy,
    /// It cooks at its usual pace again.
    Calm,
    /// It was given up.
    ClosedDown,
    /// Its menu has another version.
    MenuChanged {
        /// The version.
        menu_version: u64,
    },
    /// Dishes or options cannot be had.
    SoldOut {
        /// The version of the menu.
        menu_version: u64,
        /// The dishes.
        menus: Vec<MenuId>,
        /// The options.
        options: Vec<OptionId>,
    },
    /// Dishes or options can be had again.
    Available {
        /// The version of the menu.
        menu_version: u64,
        /// The dishes.
        menus: Vec<MenuId>,
        /// The options.
        options: Vec<OptionId>,
    },
}

/// What customers see change of a restaurant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveState {
    /// The version of the restaurant.
    pub version: u64,
    /// Whether it takes orders.
    pub open_now: bool,
    /// Why not.
    pub closed_reason: Option<super::ClosedReason>,
    /// When it takes orders again, if that is known.
    pub next_open_at: Option<Timestamp>,
    /// Until when it pauses.
    pub paused_until: Option<Timestamp>,
    /// How long an order takes that is cooked now, in minutes.
    pub preparation_mins: u16,
    /// Until when it cooks more slowly.
    pub busy_until: Option<Timestamp>,
    /// When any of this changes by itself; not known beyond 40 days.
    pub changes_at: Option<Timestamp>,
}

impl LiveState {
    /// The state of a restaurant at `now`.
    pub fn of(restaurant: &Restaurant, now: Timestamp, holidays: &Holidays) -> Self {
        let opening = restaurant.opening(now, holidays);
        Self {
            version: restaurant.version,
            open_now: opening.is_open(),
            closed_reason: opening.reason(),
            next_open_at: opening.next_open_at(),
            paused_until: restaurant.paused_until.filter(|until| *until > now),
            preparation_mins: restaurant.preparation_mins(now),
            busy_until: restaurant.busy.map(|busy| busy.until).filter(|until| *until > now),
            changes_at: restaurant.next_change(now, holidays),
        }
    }

    /// It in JSON, as events and snapshots show it. What is not known is left out.
    pub fn json(&self) -> Value {
        let mut data = json!({
            "version": self.version,
            "open_now": self.open_now,
            "preparation_mins": self.preparation_mins,
        });
        if let Some(reason) = self.closed_reason {
            data["closed_reason"] = json!(reason);
        }
        let moments = [
            ("next_open_at", self.next_open_at),
            ("paused_until", self.paused_until),
            ("busy_until", self.busy_until),
            ("changes_at", self.changes_at),
        ];
        for (name, moment) in moments.into_iter().filter_map(|(name, moment)| Some((name, moment?))) {
            data[name] = json!(moment);
        }
        data
    }
}

event_kinds! {
    /// The kinds of a restaurant's events.
    RestaurantEventKind of Restaurant(RestaurantId) {
        Published = "restaurant.published": "가게가 문을 열었어요", "The restaurant has opened",
        Changed = "restaurant.changed": "가게 정보가 바뀌었어요", "The restaurant has changed",
        Paused(paused_until) = "restaurant.paused": "가게가 잠시 주문을 멈췄어요", "The restaurant pauses",
        Resumed = "restaurant.resumed": "가게가 다시 주문을 받아요", "The restaurant takes orders again",
        Busy(busy_until) = "restaurant.busy": "가게가 바빠서 조금 더 걸려요", "The restaurant is busy",
        Calm = "restaurant.calm": "조리 시간이 평소로 돌아왔어요", "The restaurant is as fast as usual again",
        ClosedDown = "restaurant.closed_down":
            "가게가 폐업했어요", "The restaurant has closed for good" => Close("closed_down"),
        MenuChanged(menu_version) = "restaurant.menu_changed": "메뉴가 바뀌었어요", "The menu has changed",
        SoldOut(menu_version, menus, options) = "restaurant.sold_out": "품절된 메뉴가 있어요", "Something is sold out",
        Available(menu_version, menus, options) = "restaurant.available":
            "품절이 풀린 메뉴가 있어요", "Something can be had again",
    }
}

impl Event for RestaurantEvent {
    fn kind(&self) -> &'static str {
        let kind = match &self.fact {
            RestaurantFact::Published => RestaurantEventKind::Published,
            RestaurantFact::Changed => RestaurantEventKind::Changed,
            RestaurantFact::Paused => RestaurantEventKind::Paused,
            RestaurantFact::Resumed => RestaurantEventKind::Resumed,
            RestaurantFact::Busy => RestaurantEventKind::Busy,
            RestaurantFact::Calm => RestaurantEventKind::Calm,
            RestaurantFact::ClosedDown => RestaurantEventKind::ClosedDown,
            RestaurantFact::MenuChanged { .. } => RestaurantEventKind::MenuChanged,
            RestaurantFact::SoldOut { .. } => RestaurantEventKind::SoldOut,
            RestaurantFact::Available { .. } => RestaurantEventKind::Available,
        };
        kind.as_str()
    }

    fn data(&self) -> Value {
        let mut data = self.now.json();
        match &self.fact {
            RestaurantFact::MenuChanged { menu_version } => data["menu_version"] = json!(menu_version),
            RestaurantFact::SoldOut { menu_version, menus, options }
            | RestaurantFact::Available { menu_version, menus, options } => {
                data["menu_version"] = json!(menu_version);
                data["menus"] = json!(menus);
                data["options"] = json!(options);
            }
            _ => {}
        }
        data
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::restaurant;
    use super::*;

    #[test]
    fn an_event_says_what_customers_see_from_now_on() {
        let now: Timestamp = "2026-11-20T03:00:00Z".parse().unwrap();
        let until: Timestamp = "2026-11-20T03:30:00Z".parse().unwrap();
        let pausing = Restaurant { paused_until: Some(until), version: 7, ..restaurant() };
        let state = LiveState::of(&pausing, now, &Holidays::none());
        let paused = RestaurantEvent { now: state, fact: RestaurantFact::Paused };
        let expected = json!({
            "version": 7, "open_now": false, "preparation_mins": 20,
            "closed_reason": "paused", "next_open_at": until, "paused_until": until, "changes_at": until,
        });
        assert_eq!((paused.kind(), paused.data()), ("restaurant.paused", expected));
    }
}
