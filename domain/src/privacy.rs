//! Leaving the service, and a copy of what it knows: the rules.
//!
//! A withdrawal is one step for the person. The account is closed, its sessions end and what it
//! was recognised by is free in one transaction; a durable job then goes through the [`Step`]s.
//! What a step erases, and what the law demands to keep, stands in
//! [`crate::personal_data`].

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::personal_data::{self, AtWithdrawal, Content, document};
use crate::{Timestamp, UserId};

/// How long the link to a copy of one's data is good for.
pub const LINK_LIFE: TimeDelta = TimeDelta::minutes(10);

/// How long a copy that nobody fetched is kept.
pub const COPY_KEPT: TimeDelta = TimeDelta::hours(24);

/// How long a withdrawal waits for an order that was placed in the very moment of it.
pub const LOOK_AGAIN: TimeDelta = TimeDelta::minutes(10);

/// The name of somebody who left.
pub const NOBODY: &str = "탈퇴한 회원";

/// What stands in the place of a text of a conversation with somebody who left.
pub const GONE_TEXT: &str = "(탈퇴한 회원의 대화)";

/// A durable job for somebody's privacy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reminder", rename_all = "snake_case")]
pub enum PrivacyReminder {
    /// The steps of a withdrawal that are not done.
    WithdrawalGoesOn {
        /// Who left.
        user: UserId,
    },
    /// A copy of somebody's data is to be made.
    CopyAsked {
        /// The copy.
        copy: Uuid,
    },
}

/// What a withdrawal does after the account is closed. Each step may be done twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The profile, the addresses, and the consents.
    Profile,
    /// The cart and the quotes.
    Cart,
    /// Orders, with their deliveries and the events of both.
    Orders,
    /// The texts of conversations.
    Conversations,
    /// What they left as a courier.
    Courier,
    /// Answers that a repeated request would get again, and copies of their data.
    Answers,
    /// What tables of accounts and users have besides, by the registry of personal data.
    Rest,
    /// Saved means of payment, here and at the gateway.
    PaymentMethods,
    /// Unused coupons.
    Coupons,
    /// Points.
    Points,
}

impl Step {
    /// All steps in their order. The store keeps how many are done, so new ones are added at the end.
    pub const ALL: [Self; 10] = [
        Self::Profile,
        Self::Cart,
        Self::Orders,
        Self::Conversations,
        Self::Courier,
        Self::Answers,
        Self::Rest,
        Self::PaymentMethods,
        Self::Coupons,
        Self::Points,
    ];

    /// The next one when so many are done; none when all are.
    pub fn after(done: u16) -> Option<Self> {
        Self::ALL.get(usize::from(done)).copied()
    }
}

/// In which format a copy of one's data is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON document.
    Json,
    /// One table: section, row, field, value.
    Csv,
}

impl Format {
    /// The name in the store and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
        }
    }

    /// The format of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Json, Self::Csv].into_iter().find(|format| format.as_str() == name)
    }
}

/// Whose parts of a document are erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The customer's.
    Customer,
    /// The courier's.
    Courier,
}

/// The only part of an event that is its courier's: their name, as the customer is told it.
const NAME_OF_COURIER: &str = "/name";

/// Erases what is personal in a document of this column, and returns what of it the law demands to
/// keep, by pointer. A document that was erased before has nothing to keep.
pub fn erase(table: &str, column: &str, value: &mut Value) -> Map<String, Value> {
    let mut kept = Map::new();
    let Some(Content::Document(tagged)) = personal_data::column(table, column).map(|known| known.content)
    else {
        return kept;
    };
    for (pointer, personal) in tagged.personal {
        let mut found = Vec::new();
        document::change(value, pointer, |part| {
            let was = std::mem::replace(part, blank(part));
            if was != *part && personal.at_withdrawal == AtWithdrawal::Retain {
                found.push(was);
            }
        });
        if !found.is_empty() {
            kept.insert((*pointer).to_owned(), Value::Array(found));
        }
    }
    kept
}

/// Erases what an event of the journal has of somebody; whether there was anything.
pub fn erase_event(data: &mut Value, whose: Whose) -> bool {
    let Some(Content::Document(tagged)) =
        personal_data::column("journal.events", "data").map(|known| known.content)
    else {
        return false;
    };
    let mut changed = false;
    for (pointer, _) in tagged.personal {
        if (*pointer == NAME_OF_COURIER) == (whose == Whose::Courier) {
            document::change(data, pointer, |part| {
                let was = std::mem::replace(part, blank(part));
                changed |= was != *part;
            });
        }
    }
    changed
}

/// Nothing, of the same type, so that the document stays readable.
fn blank(value: &Value) -> Value {
    match value {
        Value::String(_) => Value::from(""),
        Value::Number(_) => Value::from(0.0),
        Value::Array(_) => Value::Array(Vec::new()),
        Value::Object(_) => Value::Object(Map::new()),
        Value::Null | Value::Bool(_) => Value::Null,
    }
}

/// When something of this purpose that is kept from `from` on is destroyed; none if its purpose
/// ends with the withdrawal.
pub fn destroy_at(purpose: &personal_data::Purpose, from: Timestamp) -> Option<Timestamp> {
    use personal_data::Kept::{Days, Months, UntilWithdrawal, Years};
    match purpose.kept {
        UntilWithdrawal => None,
        Days(days) => from.checked_add_signed(TimeDelta::days(i64::from(days))),
        Months(months) => from.checked_add_months(chrono::Months::new(u32::from(months))),
        Years(years) => from.checked_add_months(chrono::Months::new(u32::from(years) * 12)),
    }
}

crate::refusals! {
    pub live_orders(orders) => Conflict "user.live_orders":
        "진행 중인 주문({orders})이 끝난 뒤에 탈퇴할 수 있어요.",
        "You can leave once these orders are over: {orders}.";
    pub live_shops() => Conflict "user.live_shops":
        "운영 중인 가게를 먼저 폐업하거나 넘겨 주세요.", "Please give up or hand over your restaurants first.";
    pub copy_under_way() => Conflict "user.copy_under_way":
        "이미 자료를 준비하고 있어요. 잠시만 기다려 주세요.", "A copy is being prepared already. Please wait a moment.";
    pub copy_not_ready() => Conflict "user.copy_not_ready":
        "아직 자료를 준비하고 있어요.", "The copy is not ready yet.";
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::personal_data::{CONNECTION, CONSENTS, CONTRACT, DISPUTE};

    #[test]
    fn every_step_is_done_once_and_then_there_is_none() {
        let done: Vec<_> = (0..).map_while(Step::after).collect();
        assert_eq!(done, Step::ALL);
    }

    #[test]
    fn an_order_keeps_what_the_law_demands_and_nothing_a_second_time() {
        let mut order = json!({
            "note": "덜 맵게", "courier_note": "벨 누르지 마세요", "lines": [{ "name": "후라이드" }], "payable": 21000,
            "drop_off": { "road_address": "테헤란로 1", "detail": "", "position": { "lat": 37.5, "lon": 127.0 } },
            "contact": { "answers": [{ "text": "1층이에요" }] }, "ending": null,
        });
        let kept = erase("orders.orders", "state", &mut order);
        assert_eq!(
            Value::Object(kept),
            json!({
                "/note": ["덜 맵게"], "/drop_off/road_address": ["테헤란로 1"],
                "/contact/answers/*/text": ["1층이에요"],
            })
        );
        let blank = json!({
            "note": "", "courier_note": "", "lines": [{ "name": "후라이드" }], "payable": 21000,
            "drop_off": { "road_address": "", "detail": "", "position": { "lat": 0.0, "lon": 0.0 } },
            "contact": { "answers": [{ "text": "" }] }, "ending": null,
        });
        assert_eq!(order, blank);
        assert!(erase("orders.orders", "state", &mut order).is_empty());
        assert!(erase("nowhere", "at_all", &mut order).is_empty());
    }

    #[test]
    fn of_an_event_the_customers_part_and_the_couriers_are_apart() {
        let told = json!({ "name": "민지", "reason": "변심", "status": "cancelled",
            "card": { "note": "덜 맵게", "cancel_request": "늦어요", "code": "A1" } });
        let mut of_customer = told.clone();
        assert!(erase_event(&mut of_customer, Whose::Customer));
        assert_eq!(
            of_customer,
            json!({ "name": "민지", "reason": "", "status": "cancelled",
                "card": { "note": "", "cancel_request": "", "code": "A1" } })
        );
        assert!(!erase_event(&mut of_customer, Whose::Customer), "nothing is left");
        let mut of_courier = told;
        assert!(erase_event(&mut of_courier, Whose::Courier));
        assert_eq!((&of_courier["name"], &of_courier["reason"]), (&json!(""), &json!("변심")));
    }

    #[test]
    fn what_is_kept_ends_when_the_law_says() {
        let from: Timestamp = "2026-11-26T12:00:00Z".parse().unwrap();
        let ends = |purpose| destroy_at(purpose, from).unwrap().to_rfc3339();
        assert_eq!(ends(&CONTRACT), "2031-11-26T12:00:00+00:00");
        assert_eq!(ends(&DISPUTE), "2029-11-26T12:00:00+00:00");
        assert_eq!(ends(&CONSENTS), "2027-05-26T12:00:00+00:00");
        assert_eq!(ends(&CONNECTION), "2027-02-24T12:00:00+00:00");
    }
}
