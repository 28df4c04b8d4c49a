//! Durable timers: reminders that an entity receives later, even if every process has
//! been restarted in between.

use serde::{Deserialize, Serialize};

use crate::auth::CodeReminder;
use crate::auth::social::SocialReminder;
use crate::menu::MenuReminder;
use crate::order::OrderReminder;
use crate::payment::PaymentReminder;
use crate::privacy::PrivacyReminder;
use crate::restaurant::RestaurantReminder;
use crate::support::SupportReminder;
use crate::tracking::DispatchReminder;
use crate::user::UserReminder;

/// A reminder of any noun. When it is due, the entity receives it as a command and decides:
/// it may be too late or no longer needed.
///
/// Stored under the name of the inner variant only, so these names must be unique over all
/// nouns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Reminder {
    /// For an order.
    Order(OrderReminder),
    /// For a payment or a refund.
    Payment(PaymentReminder),
    /// For the search for a courier.
    Dispatch(DispatchReminder),
    /// For the support desk.
    Support(SupportReminder),
    /// For a person.
    User(UserReminder),
    /// For identities at providers.
    Social(SocialReminder),
    /// For codes, and for what people are told of their accounts.
    Code(CodeReminder),
    /// For a menu.
    Menu(MenuReminder),
    /// For somebody's privacy.
    Privacy(PrivacyReminder),
    /// For a restaurant.
    Restaurant(RestaurantReminder),
}

impl Reminder {
    /// The noun that receives it. Each noun has its own queues.
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Order(_) => "order",
            Self::Payment(_) => "payment",
            Self::Dispatch(_) => "dispatch",
            Self::Support(_) => "support",
            Self::Social(_) | Self::Code(_) => "auth",
            Self::User(_) => "user",
            Self::Privacy(_) => "privacy",
            Self::Menu(_) => "menu",
            Self::Restaurant(_) => "restaurant",
        }
    }
}

impl From<OrderReminder> for Reminder {
    fn from(reminder: OrderReminder) -> Self {
        Self::Order(reminder)
    }
}

impl From<PaymentReminder> for Reminder {
    fn from(reminder: PaymentReminder) -> Self {
        Self::Payment(reminder)
    }
}

impl From<DispatchReminder> for Reminder {
    fn from(reminder: DispatchReminder) -> Self {
        Self::Dispatch(reminder)
    }
}

impl From<SupportReminder> for Reminder {
    fn from(reminder: SupportReminder) -> Self {
        Self::Support(reminder)
    }
}

impl From<UserReminder> for Reminder {
    fn from(reminder: UserReminder) -> Self {
        Self::User(reminder)
    }
}

impl From<SocialReminder> for Reminder {
    fn from(reminder: SocialReminder) -> Self {
        Self::Social(reminder)
    }
}

impl From<CodeReminder> for Reminder {
    fn from(reminder: CodeReminder) -> Self {
        Self::Code(reminder)
    }
}

impl From<MenuReminder> for Reminder {
    fn from(reminder: MenuReminder) -> Self {
        Self::Menu(reminder)
    }
}

impl From<RestaurantReminder> for Reminder {
    fn from(reminder: RestaurantReminder) -> Self {
        Self::Restaurant(reminder)
    }
}

impl From<PrivacyReminder> for Reminder {
    fn from(reminder: PrivacyReminder) -> Self {
        Self::Privacy(reminder)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;

    /// Jobs that an earlier version has stored may still be waiting.
    #[test]
    fn reminders_are_read_as_they_were_written_before_and_belong_to_one_noun() {
        let id = Uuid::nil();
        let stored = [
            ("order", json!({ "reminder": "payment_overdue", "order": id })),
            ("order", json!({ "reminder": "slot_near", "order": id })),
            ("order", json!({ "reminder": "accept_nudge", "order": id })),
            ("order", json!({ "reminder": "accept_overdue", "order": id })),
            ("order", json!({ "reminder": "cancel_request_lapsed", "order": id })),
            ("order", json!({ "reminder": "completion_due", "order": id })),
            ("payment", json!({ "reminder": "payment_unknown", "order": id })),
            ("payment", json!({ "reminder": "payment_late", "payment": id, "looks": 2 })),
            ("payment", json!({ "reminder": "refund_due", "refund": id })),
            ("dispatch", json!({ "reminder": "look_for_courier", "order": id })),
            ("dispatch", json!({ "reminder": "no_courier_found", "order": id })),
            ("dispatch", json!({ "reminder": "courier_stopped", "courier": id })),
            ("support", json!({ "reminder": "agent_away", "agent": id })),
            ("user", json!({ "reminder": "consent_result", "user": id, "message": id })),
            ("user", json!({ "reminder": "consent_confirmation", "user": id, "message": id })),
            ("user", json!({ "reminder": "photo_unused", "photo": id, "files": ["profile_photo/00/00"] })),
            ("auth", json!({ "reminder": "provider_event", "event": id })),
            ("auth", json!({ "reminder": "forget_due", "link": id })),
            ("auth", json!({ "reminder": "password_forgotten", "request": id })),
            ("auth", json!({ "reminder": "code_to_send", "code": id })),
            ("auth", json!({ "reminder": "notice_due", "notice": id })),
            ("privacy", json!({ "reminder": "withdrawal_goes_on", "user": id })),
            ("menu", json!({ "reminder": "menu_restocked", "restaurant": id })),
            (
                "menu",
                json!({ "reminder": "menu_picture_unused", "picture": id, "files": ["menu_image/00/00"] }),
            ),
            ("privacy", json!({ "reminder": "copy_asked", "copy": id })),
            (
                "restaurant",
                json!({ "reminder": "pause_over", "restaurant": id, "until": "2026-11-20T03:00:00Z" }),
            ),
            (
                "restaurant",
                json!({ "reminder": "busy_over", "restaurant": id, "until": "2026-11-20T03:00:00Z" }),
            ),
        ];
        for (noun, json) in stored {
            let reminder: Reminder = serde_json::from_value(json.clone()).unwrap();
            assert_eq!(reminder.noun(), noun, "{json}");
            assert_eq!(serde_json::to_value(reminder).unwrap(), json);
        }
        let unknown = json!({ "reminder": "something_newer", "order": id });
        assert!(serde_json::from_value::<Reminder>(unknown).is_err());
        assert!(serde_json::from_value::<Reminder>(Value::Null).is_err());
    }
}
