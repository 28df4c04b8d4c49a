//! Request and response bodies of customer_support_service, except the views.

use domain::support::{Message, Side, Topic};
use domain::{ClientMessageId, MessageId, OrderId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use services::support::{Presence, Question, Saying, TopicName};
use utoipa::ToSchema;

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
    #[schema(value_type = TopicName)]
    topic: Topic,
    /// The order of yours that it is about.
    #[schema(value_type = Option<Uuid>)]
    order_id: Option<OrderId>,
    /// Trimmed; no control characters but line breaks and tabs.
    #[schema(format = "text", min_length = 1, max_length = 4000, example = "배달이 너무 늦어요.")]
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
    #[schema(format = "text", min_length = 1, max_length = 4000, example = "감사합니다.")]
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
