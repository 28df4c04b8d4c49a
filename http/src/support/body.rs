//! What customer_support_service takes and answers.

use domain::support::{Message, Side, Status, Topic};
use domain::{ClientMessageId, ConversationId, MessageId, OrderId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use services::support::{Desk, Presence, Question, Saying, Viewed};
use utoipa::ToSchema;

/// What a conversation, or a frequently asked question, is about.
#[derive(ToSchema)]
#[schema(as = Topic, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema; domain's Topic is what travels")]
pub(super) enum TopicBody {
    Order,
    Payment,
    Delivery,
    Account,
    Other,
}

/// Where a conversation stands.
#[derive(ToSchema)]
#[schema(as = ConversationStatus, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema; domain's Status is what travels")]
pub(super) enum StatusBody {
    /// Waits for an agent.
    Queued,
    /// Waits for its agent's answer.
    Open,
    /// Waits for the customer's answer.
    Pending,
    /// Settled.
    Resolved,
}

/// For which side somebody speaks.
#[derive(ToSchema)]
#[schema(as = Side, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema; domain's Side is what travels")]
enum SideBody {
    Customer,
    Agent,
}

/// A question for the support desk.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewConversation)]
#[serde(deny_unknown_fields)]
pub(super) struct QuestionBody {
    #[schema(value_type = TopicBody)]
    topic: Topic,
    /// The order of yours that it is about.
    #[schema(value_type = Option<Uuid>)]
    order_id: Option<OrderId>,
    /// Trimmed; no control characters but line breaks and tabs.
    #[schema(min_length = 1, max_length = 4000, example = "배달이 너무 늦어요.")]
    text: String,
    /// An id of your making, so that asking again is harmless.
    #[schema(value_type = Uuid)]
    client_message_id: ClientMessageId,
}

impl From<QuestionBody> for Question {
    fn from(body: QuestionBody) -> Self {
        let QuestionBody { topic, order_id, text, client_message_id } = body;
        Self { topic, order_id, text, client_message_id }
    }
}

/// Something to say.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewMessage)]
#[serde(deny_unknown_fields)]
pub(super) struct SayingBody {
    /// An id of your making, so that sending again is harmless.
    #[schema(value_type = Uuid)]
    client_message_id: ClientMessageId,
    /// Trimmed; no control characters but line breaks and tabs.
    #[schema(min_length = 1, max_length = 4000, example = "감사합니다.")]
    text: String,
    /// Whether only agents may see it; agents only.
    #[serde(default)]
    private_note: bool,
}

impl From<SayingBody> for Saying {
    fn from(body: SayingBody) -> Self {
        let SayingBody { client_message_id, text, private_note } = body;
        Self { client_message_id, text, private_note }
    }
}

/// A conversation with the support desk.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Conversation)]
pub(super) struct ConversationBody {
    #[schema(value_type = Uuid)]
    id: ConversationId,
    /// Grows with every entry; equals `last_seq`.
    #[schema(minimum = 1)]
    version: i64,
    #[schema(value_type = StatusBody)]
    status: Status,
    #[schema(value_type = TopicBody)]
    topic: Topic,
    #[schema(value_type = Option<Uuid>)]
    order_id: Option<OrderId>,
    #[schema(value_type = Uuid)]
    customer_id: UserId,
    /// Who answers it, or answered it last.
    #[schema(value_type = Option<Uuid>)]
    agent_id: Option<UserId>,
    /// The sequence number of its last entry.
    #[schema(minimum = 1)]
    last_seq: i64,
    /// Up to where the customer has read.
    #[schema(minimum = 0)]
    customer_read_seq: i64,
    /// Up to where the desk has read.
    #[schema(minimum = 0)]
    agent_read_seq: i64,
    /// How many messages of the other side you have not read.
    #[schema(minimum = 0)]
    unread: i64,
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    created_at: Timestamp,
    /// Since when it waits for an agent, or did when it last had to.
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    queued_at: Timestamp,
    /// When it was settled, while it is.
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    resolved_at: Option<Timestamp>,
}

impl ConversationBody {
    /// Changes with everything that is shown: each part of the sum only grows.
    pub(super) fn edition(&self) -> i64 {
        self.last_seq + self.customer_read_seq + self.agent_read_seq
    }
}

impl From<Viewed> for ConversationBody {
    fn from(Viewed { conversation, unread }: Viewed) -> Self {
        Self {
            id: conversation.id,
            version: conversation.last_seq,
            status: conversation.status,
            topic: conversation.topic,
            order_id: conversation.order_id,
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

/// Something that was said.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Message)]
pub(super) struct MessageBody {
    /// Its place in the conversation.
    #[schema(minimum = 1)]
    seq: i64,
    #[schema(value_type = Uuid)]
    message_id: MessageId,
    /// Its sender's own id of it.
    #[schema(value_type = Uuid)]
    client_message_id: ClientMessageId,
    #[schema(value_type = Uuid)]
    author_id: UserId,
    #[schema(value_type = SideBody)]
    author_role: Side,
    text: String,
    /// Whether only agents see it.
    private_note: bool,
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    at: Timestamp,
}

impl From<Message> for MessageBody {
    fn from(message: Message) -> Self {
        Self {
            seq: message.seq,
            message_id: message.message_id,
            client_message_id: message.client_message_id,
            author_id: message.author_id,
            author_role: message.author_role,
            text: message.text,
            private_note: message.private_note,
            at: message.at,
        }
    }
}

/// What an agent wants of the desk.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = Presence)]
#[serde(deny_unknown_fields)]
pub(super) struct PresenceBody {
    /// Whether you take conversations.
    online: bool,
    /// How many at once; as before if left out.
    #[schema(minimum = 0, maximum = 50)]
    capacity: Option<i32>,
}

impl From<PresenceBody> for Presence {
    fn from(body: PresenceBody) -> Self {
        Self { online: body.online, capacity: body.capacity }
    }
}

/// The desk as one agent sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Desk)]
pub(super) struct DeskBody {
    online: bool,
    #[schema(minimum = 0, maximum = 50)]
    capacity: i32,
    /// Your unresolved conversations, newest first.
    assigned: Vec<ConversationBody>,
    /// How many wait for anyone.
    #[schema(minimum = 0)]
    queued: i64,
}

impl From<Desk> for DeskBody {
    fn from(desk: Desk) -> Self {
        Self {
            online: desk.online,
            capacity: desk.capacity,
            assigned: desk.assigned.into_iter().map(ConversationBody::from).collect(),
            queued: desk.queued,
        }
    }
}
