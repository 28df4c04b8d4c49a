//! Conversations and the desk as they are shown, the same by REST and in snapshots.

use chrono::{DateTime, Utc};
use domain::order::OrderCode;
use domain::support::{Status, Topic};
use domain::{ConversationId, OrderId, UserId};
use serde::Serialize;
use store::support::Viewed;
use utoipa::ToSchema;

/// What a conversation, or a frequently asked question, is about.
#[derive(ToSchema)]
#[schema(as = Topic, rename_all = "snake_case")]
#[expect(missing_docs, reason = "it exists for its schema; domain's Topic is what travels")]
pub enum TopicName {
    Order,
    Payment,
    Delivery,
    Account,
    Other,
}

/// Where a conversation stands. It exists for its schema; domain's Status is
/// what travels.
#[derive(ToSchema)]
#[schema(as = ConversationStatus, rename_all = "snake_case")]
pub enum StatusName {
    /// Waits for an agent.
    Queued,
    /// Waits for its agent's answer.
    Open,
    /// Waits for the customer's answer.
    Pending,
    /// Settled.
    Resolved,
}

/// A conversation with the support desk, as one of its participants sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Conversation)]
pub struct ConversationView {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: ConversationId,
    /// Grows with every entry; equals `last_seq`.
    #[schema(minimum = 1)]
    pub version: i64,
    /// Where it stands.
    #[schema(value_type = StatusName)]
    pub status: Status,
    /// What it is about.
    #[schema(value_type = TopicName)]
    pub topic: Topic,
    /// The order that it is about.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub order_id: Option<OrderId>,
    /// The hand-over code of that order.
    #[schema(value_type = Option<String>, example = "K7VX")]
    pub order_code: Option<OrderCode>,
    /// Whose it is.
    #[schema(value_type = uuid::Uuid)]
    pub customer_id: UserId,
    /// Who answers it, or answered it last.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub agent_id: Option<UserId>,
    /// The sequence number of its last entry.
    #[schema(minimum = 1)]
    pub last_seq: i64,
    /// Up to where the customer has read.
    #[schema(minimum = 0)]
    pub customer_read_seq: i64,
    /// Up to where the desk has read.
    #[schema(minimum = 0)]
    pub agent_read_seq: i64,
    /// How many messages of the other side you have not read.
    #[schema(minimum = 0)]
    pub unread: i64,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// Since when it waits for an agent, or did when it last had to.
    pub queued_at: DateTime<Utc>,
    /// When it was settled, while it is.
    pub resolved_at: Option<DateTime<Utc>>,
}

impl ConversationView {
    /// Changes whenever the view changes: each part of the sum only increases.
    pub fn edition(&self) -> i64 {
        self.last_seq + self.customer_read_seq + self.agent_read_seq
    }
}

impl From<Viewed> for ConversationView {
    fn from(Viewed { conversation, unread }: Viewed) -> Self {
        Self {
            id: conversation.id,
            version: conversation.last_seq,
            status: conversation.status,
            topic: conversation.topic,
            order_id: conversation.order_id,
            order_code: conversation.order_id.map(OrderId::code),
            customer_id: conversation.customer_id,
            agent_id: conversation.agent_id,
            last_seq: conversation.last_seq,
            customer_read_seq: conversation.customer_read_seq,
            agent_read_seq: conversation.agent_read_seq,
            unread,
            created_at: conversation.created_at,
            queued_at: conversation.queued_at,
            resolved_at: conversation.resolved_at,
        }
    }
}

/// The desk as one agent sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Desk)]
pub struct DeskView {
    /// Whether they take conversations.
    pub online: bool,
    /// How many at once.
    #[schema(minimum = 0, maximum = 50)]
    pub capacity: i32,
    /// Their unresolved conversations, newest first.
    pub assigned: Vec<ConversationView>,
    /// How many wait for anyone.
    #[schema(minimum = 0)]
    pub queued: i64,
}
