//! The responses of the REST interface, as a client parses them.
//!
//! Every field that a client can do without is optional or defaulted, and
//! unknown fields are ignored: the server may add some at any time.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// A point in time, as RFC 3339 on the wire.
pub type Moment = DateTime<Utc>;

/// A point in degrees, WGS84.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
}

/// One page of a list.
#[derive(Clone, Debug, Deserialize)]
pub struct Page<T> {
    /// The page's items, in the list's order.
    pub items: Vec<T>,
    /// Where the next page starts; absent on the last.
    #[serde(default)]
    pub next_cursor: Option<String>,
}

/// The response to signing in or refreshing.
#[derive(Clone, Debug, Deserialize)]
pub struct Tokens {
    /// The bearer token.
    pub access_token: String,
    /// Seconds until the access token expires.
    pub expires_in: i64,
    /// The refresh token, valid for one refresh.
    pub refresh_token: String,
    /// The account.
    pub user_id: Uuid,
    /// The session.
    pub session_id: Uuid,
    /// The account's roles: `customer`, `courier`, `owner`, `agent`, `admin`.
    #[serde(default)]
    pub roles: Vec<String>,
}

/// A person's profile.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are the contract's, named as on the wire")]
pub struct User {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    #[serde(default)]
    pub phone: Option<String>,
    #[serde(default)]
    pub roles: Vec<String>,
}

/// A customer's saved address.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are the contract's, named as on the wire")]
pub struct Address {
    pub id: Uuid,
    pub label: String,
    pub road_address: String,
    pub position: Place,
    #[serde(default)]
    pub is_default: bool,
}

/// An address to save.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the contract's, named as on the wire")]
pub struct NewAddress {
    pub label: String,
    pub road_address: String,
    pub detail: String,
    pub entrance_note: String,
    pub position: Place,
    pub is_default: bool,
}

/// A neighbourhood of the gazetteer.
#[derive(Clone, Debug, Deserialize)]
pub struct Neighbourhood {
    /// The district (구).
    pub gu: String,
    /// The legal neighbourhood (동).
    pub dong: String,
    /// Its centre.
    pub position: Place,
}

/// A restaurant in a list.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are the contract's, named as on the wire")]
pub struct Restaurant {
    pub id: Uuid,
    pub name: String,
    #[serde(default)]
    pub category: String,
    pub position: Place,
    #[serde(default)]
    pub minimum_order_won: i64,
    #[serde(default)]
    pub tip_won: Option<i64>,
    #[serde(default)]
    pub open_now: bool,
    #[serde(default)]
    pub deliverable: Option<bool>,
}

/// A restaurant's menus.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are the contract's, named as on the wire")]
pub struct Menus {
    pub restaurant_id: Uuid,
    pub groups: Vec<MenuGroup>,
}

/// A named group of dishes on a menu.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are the contract's, named as on the wire")]
pub struct MenuGroup {
    pub id: Uuid,
    pub name: String,
    pub menus: Vec<Menu>,
}

/// One dish.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are the contract's, named as on the wire")]
pub struct Menu {
    pub id: Uuid,
    pub name: String,
    pub price_won: i64,
    #[serde(default)]
    pub sold_out: bool,
    #[serde(default)]
    pub option_groups: Vec<OptionGroup>,
}

/// A choice that a dish offers: take `min` to `max` of the options.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are the contract's, named as on the wire")]
pub struct OptionGroup {
    pub id: Uuid,
    pub name: String,
    #[serde(default)]
    pub min: u32,
    #[serde(default)]
    pub max: Option<u32>,
    pub options: Vec<MenuOption>,
}

/// One option of a group.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are the contract's, named as on the wire")]
pub struct MenuOption {
    pub id: Uuid,
    pub name: String,
    pub price_won: i64,
    #[serde(default)]
    pub sold_out: bool,
}

/// A dish to put into the cart.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the contract's, named as on the wire")]
pub struct NewLine {
    pub restaurant_id: Uuid,
    pub menu_id: Uuid,
    pub quantity: u32,
    pub options: Vec<ChosenOption>,
    pub replace: bool,
}

/// An option and its quantity per dish.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the contract's, named as on the wire")]
pub struct ChosenOption {
    pub option_id: Uuid,
    pub quantity: u32,
}

/// The cart.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are the contract's, named as on the wire")]
pub struct Cart {
    pub version: i64,
    #[serde(default)]
    pub restaurant_id: Option<Uuid>,
    pub lines: Vec<CartLine>,
    pub subtotal_won: i64,
    #[serde(default)]
    pub shortfall_won: i64,
}

/// One line of the cart.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are the contract's, named as on the wire")]
pub struct CartLine {
    pub id: Uuid,
    pub menu_id: Uuid,
    pub name: String,
    pub quantity: u32,
    pub total_won: i64,
}

/// The price of the cart, delivered to an address.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are the contract's, named as on the wire")]
pub struct Quote {
    pub quote_id: Uuid,
    pub restaurant_id: Uuid,
    pub subtotal_won: i64,
    pub tip_won: i64,
    pub payable_won: i64,
    #[serde(default)]
    pub shortfall_won: i64,
    pub orderable: bool,
    #[serde(default)]
    pub problems: Vec<Value>,
}

/// A dish of an order.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are the contract's, named as on the wire")]
pub struct OrderLine {
    pub line_id: Uuid,
}

/// An order.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are the contract's, named as on the wire")]
pub struct Order {
    pub id: Uuid,
    pub version: i64,
    pub status: String,
    pub customer_id: Uuid,
    pub restaurant_id: Uuid,
    #[serde(default)]
    pub restaurant_name: String,
    #[serde(default)]
    pub courier_id: Option<Uuid>,
    #[serde(default)]
    pub lines: Vec<OrderLine>,
    pub payable_won: i64,
    #[serde(default)]
    pub placed_at: Option<Moment>,
    #[serde(default)]
    pub ready_by: Option<Moment>,
    #[serde(default)]
    pub cancel_request: Option<Value>,
}

impl Order {
    /// Whether nothing more than a refund can happen.
    pub fn is_over(&self) -> bool {
        is_over(&self.status)
    }
}

/// Whether an order of this status has ended from the customer's point of view.
pub fn is_over(status: &str) -> bool {
    matches!(
        status,
        "delivered"
            | "completed"
            | "rejected"
            | "cancelled"
            | "expired"
            | "payment_failed"
            | "delivery_failed"
    )
}

/// One event of an order's history.
#[derive(Clone, Debug, Deserialize)]
pub struct Happened {
    /// `order:{id}`, or `delivery:{id}` for an event of its delivery.
    pub channel: String,
    /// The offset on that channel.
    pub version: i64,
    /// `order.accepted` and the like.
    #[serde(rename = "type")]
    pub kind: String,
    /// The time of the event.
    pub at: Moment,
    /// The event's data.
    #[serde(default)]
    pub data: Value,
}

/// A delivery.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are the contract's, named as on the wire")]
pub struct Delivery {
    pub order_id: Uuid,
    #[serde(default)]
    pub version: i64,
    pub status: String,
    pub pickup: Stop,
    pub drop_off: Stop,
    #[serde(default)]
    pub position: Option<Position>,
    #[serde(default)]
    pub eta: Option<Eta>,
}

/// Where a delivery starts or ends: a bare point, or one with an address.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
pub enum Stop {
    /// With an address beside the position.
    Described {
        /// The point.
        position: Place,
    },
    /// Only the point.
    Bare(Place),
}

impl Stop {
    /// The stop's point.
    pub fn place(self) -> Place {
        match self {
            Stop::Described { position } | Stop::Bare(position) => position,
        }
    }
}

/// A courier's position.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Position {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// Degrees clockwise from north.
    #[serde(default)]
    pub heading_deg: Option<f64>,
    /// Metres per second.
    #[serde(default)]
    pub speed_mps: Option<f64>,
}

/// When the food is expected.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Eta {
    /// The estimate.
    pub arrive_at: Moment,
    /// Whether the estimate is old because the courier's phone has sent nothing for long.
    #[serde(default)]
    pub stale: bool,
}

/// A courier's own view.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are the contract's, named as on the wire")]
pub struct CourierSelf {
    pub id: Uuid,
    pub on_shift: bool,
    #[serde(default)]
    pub assignments: Vec<Delivery>,
    #[serde(default)]
    pub offers: Vec<Offer>,
}

/// A delivery offered to a courier.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are the contract's, named as on the wire")]
pub struct Offer {
    #[serde(alias = "offer_id")]
    pub id: Uuid,
    pub order_id: Uuid,
    #[serde(default)]
    pub expires_at: Option<Moment>,
}

/// The acknowledgement of a batch of fixes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Acked {
    /// The id of the device's run of sequence numbers.
    pub track: i64,
    /// The newest sequence number that is stored.
    pub seq: i64,
    /// How many fixes were rejected, by reason.
    #[serde(default)]
    pub rejected: BTreeMap<String, i64>,
}

/// A personal tracker's credentials, for OsmAnd or OwnTracks.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are the contract's, named as on the wire")]
pub struct Device {
    pub device_id: Uuid,
    pub device_token: String,
}

/// A support conversation.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are the contract's, named as on the wire")]
pub struct Conversation {
    pub id: Uuid,
    pub status: String,
    #[serde(default)]
    pub order_id: Option<Uuid>,
    pub customer_id: Uuid,
    #[serde(default)]
    pub agent_id: Option<Uuid>,
    #[serde(default)]
    pub last_seq: i64,
    #[serde(default)]
    pub unread: i64,
}

/// A chat message.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[expect(missing_docs, reason = "the fields are the contract's, named as on the wire")]
pub struct ChatMessage {
    pub seq: i64,
    pub message_id: Uuid,
    #[serde(default)]
    pub client_message_id: Option<Uuid>,
    #[serde(default)]
    pub author_id: Option<Uuid>,
    pub author_role: String,
    pub text: String,
    #[serde(default)]
    pub private_note: bool,
}

/// An agent's desk.
#[derive(Clone, Debug, Deserialize)]
pub struct Desk {
    /// Whether conversations may be assigned to the agent.
    pub online: bool,
    /// How many conversations the agent takes at once.
    #[serde(default)]
    pub capacity: i64,
    /// The conversations assigned to the agent.
    #[serde(default)]
    pub assigned: Vec<Conversation>,
    /// How many conversations wait for an agent.
    #[serde(default)]
    pub queued: i64,
}

/// A saved means of payment.
#[derive(Clone, Debug, Deserialize)]
pub struct PaymentMethod {
    /// Its id.
    pub id: Uuid,
    /// The masked number.
    pub number: String,
}

/// What opens the payment window.
#[derive(Clone, Debug, Deserialize)]
pub struct MethodRegistration {
    /// Its id.
    pub id: Uuid,
    /// The script that opens it.
    pub script_url: String,
    /// As whom the gateway knows the customer.
    pub customer_key: Uuid,
}
