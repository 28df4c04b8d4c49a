//! Durable timers: what an entity asks to be told later, even if every process
//! dies in between.

use serde::{Deserialize, Serialize};

use crate::order::OrderReminder;
use crate::payment::PaymentReminder;
use crate::support::SupportReminder;
use crate::tracking::DispatchReminder;

/// What is due, of whichever noun. Firing one is a command like any other: by then it may
/// be too late or not needed any more, and the entity decides.
///
/// Stored under the name of the noun's variant alone, so these differ in all nouns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Reminder {
    /// Of an order.
    Order(OrderReminder),
    /// Of a payment or a refund.
    Payment(PaymentReminder),
    /// Of the search for a courier.
    Dispatch(DispatchReminder),
    /// Of the support desk.
    Support(SupportReminder),
}

impl Reminder {
    /// The noun that is reminded. Each one's reminders wait in its own queues.
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Order(_) => "order",
            Self::Payment(_) => "payment",
            Self::Dispatch(_) => "dispatch",
            Self::Support(_) => "support",
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;

    /// Jobs of every earlier version may still wait.
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
            ("support", json!({ "reminder": "agent_away", "agent": id })),
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
