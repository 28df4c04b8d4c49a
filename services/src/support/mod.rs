//! The support desk: conversations, agents and frequently asked questions.

mod channels;
mod desk;
mod faqs;
mod view;

use std::sync::Arc;

use actor_kit::Entities;
use actors::chat::{ChatEntity, Chats};
use async_trait::async_trait;
use domain::support::{
    ChatRefusal, Conversation, Draft, Message, MessageText, NewConversation, Side, Status, Topic,
};
use domain::{ClientMessageId, ConversationId, Failure, OrderId, Principal, Refusal, Role, UserId};
use store::Store;
use store::support::{self, Viewed};

pub use store::support::Presence;

use crate::module::{Module, Parts};
use crate::order::{self, OpenCases};
use crate::{App, StartError, start_error};

pub(crate) use channels::{ChatChannel, DeskChannel, heads};
pub(crate) use desk::remind;
pub use desk::{agent_gone, agent_here, desk, set_presence};
pub use faqs::{faq, faqs};
pub(crate) use store::support::erase_conversation;
pub use view::{ConversationView, DeskView, StatusName, TopicName};

/// Starts the conversation entities.
pub(crate) async fn entities(parts: &Parts<'_>) -> Result<Chats, StartError> {
    let chat =
        ChatEntity::new(parts.store.clone(), Arc::clone(parts.clock), parts.settings.support.typing_ttl);
    let chats = Entities::start(chat, parts.settings.entities, parts.root).await;
    chats.map(Chats::from).map_err(start_error)
}

/// The worker that detects agents whose process died.
pub(crate) fn module() -> Module {
    Module::default().worker("presence", desk::watch_over)
}

/// A request to open a conversation.
#[derive(Clone, Debug)]
pub struct Question {
    /// Its topic.
    pub topic: Topic,
    /// The customer's order that it is about.
    pub order_id: Option<OrderId>,
    /// The text of the first message.
    pub text: String,
    /// The client's id of the message: a repeat with the same id returns the same conversation.
    pub client_message_id: ClientMessageId,
}

/// A message to send in a conversation.
#[derive(Clone, Debug)]
pub struct Saying {
    /// The client's id of the message: a repeat with the same id returns the same message.
    pub client_message_id: ClientMessageId,
    /// The text.
    pub text: String,
    /// Whether only agents may see it.
    pub private_note: bool,
}

/// A page of a conversation's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The first messages after this sequence number.
    After(i64),
    /// The last messages before this sequence number.
    Before(i64),
}

/// Opens a conversation with its first message, and queues it.
pub async fn open(app: &App, who: &Principal, question: Question) -> Result<ConversationView, Failure> {
    let Question { topic, order_id, text, client_message_id } = question;
    let draft = draft(app, client_message_id, &text, false)?;
    // A question may refer only to an order of the same user.
    if let Some(order) = order_id {
        order::theirs(app, who, order).await?;
    }
    let new = NewConversation { id: app.ids.uuid().into(), customer_id: who.user, topic, order_id };
    let now = app.now();
    let (conversation, events) = Conversation::open(new, draft.clone(), now);
    let opened = support::open(&app.store, client_message_id, &conversation, &events, now).await;
    let Err(failure) = opened else { return conversation_of(app, who.user, conversation.id).await };
    // After an error, check whether the conversation was stored, now or by an earlier request.
    match support::opened(&app.store, who.user, client_message_id).await? {
        Some((earlier, first)) if first.repeats(&draft) => conversation_of(app, who.user, earlier.id).await,
        Some(_) => Err(ChatRefusal::ClientIdReused.into()),
        None => Err(failure.into()),
    }
}

/// The user's conversations, newest first; for an agent also those that are assigned to them
/// or queued.
pub async fn conversations(
    app: &App,
    who: &Principal,
    status: Option<Status>,
    after: Option<ConversationId>,
    limit: u32,
) -> Result<Vec<ConversationView>, Failure> {
    let (is_agent, statuses) = (who.is(Role::Agent), status.as_slice());
    let viewed = support::conversations(&app.store, who.user, is_agent, statuses, after, limit).await?;
    Ok(viewed.into_iter().map(ConversationView::from).collect())
}

/// One conversation, if the user may see it.
pub async fn conversation(
    app: &App,
    who: &Principal,
    id: ConversationId,
) -> Result<ConversationView, Failure> {
    seen(app, who, id).await.map(|(view, _)| view)
}

/// Messages that the user may see, in order.
pub async fn messages(
    app: &App,
    who: &Principal,
    id: ConversationId,
    page: Page,
    limit: u32,
) -> Result<Vec<Message>, Failure> {
    let (_, side) = seen(app, who, id).await?;
    let messages = match page {
        Page::After(seq) => support::messages_after(&app.store, id, side, seq, limit).await?,
        Page::Before(seq) => support::messages_before(&app.store, id, side, seq, limit).await?,
    };
    Ok(messages)
}

/// Sends a message, once per client message id.
pub async fn send(
    app: &App,
    who: &Principal,
    id: ConversationId,
    saying: Saying,
) -> Result<Message, Failure> {
    let Saying { client_message_id, text, private_note } = saying;
    let draft = draft(app, client_message_id, &text, private_note)?;
    let sent = app.chats.send(id, who.user, draft).await;
    or_unseen(app, who, id, sent).await
}

/// Records that the user has read up to and including `seq`.
pub async fn read(app: &App, who: &Principal, id: ConversationId, seq: i64) -> Result<(), Failure> {
    let read = app.chats.read(id, who.user, seq).await;
    or_unseen(app, who, id, read).await
}

/// Records that the user is typing, or has stopped.
pub async fn typing(app: &App, who: &Principal, id: ConversationId, typing: bool) -> Result<(), Failure> {
    let told = app.chats.set_typing(id, who.user, typing).await;
    or_unseen(app, who, id, told).await
}

/// Resolves a conversation, which frees its agent for the next one.
pub async fn resolve(app: &App, who: &Principal, id: ConversationId) -> Result<ConversationView, Failure> {
    let resolved = app.chats.resolve(id, who.user).await;
    or_unseen(app, who, id, resolved).await?;
    conversation_of(app, who.user, id).await
}

/// [`OpenCases`] of this store.
pub(crate) struct Cases(pub(crate) Store);

#[async_trait]
impl OpenCases for Cases {
    async fn is_handled_by(&self, agent: UserId, order: OrderId) -> Result<bool, Failure> {
        Ok(support::has_conversation(&self.0, agent, order).await?)
    }
}

/// The side from which the user sees this conversation; none if they may not see it.
fn seat(who: &Principal, conversation: &ConversationView) -> Option<Side> {
    let at_desk = who.is(Role::Agent)
        && (conversation.agent_id == Some(who.user) || conversation.status == Status::Queued);
    match who.user {
        user if user == conversation.customer_id => Some(Side::Customer),
        _ => at_desk.then_some(Side::Agent),
    }
}

async fn seen(app: &App, who: &Principal, id: ConversationId) -> Result<(ConversationView, Side), Failure> {
    let view = conversation_of(app, who.user, id).await?;
    let side = seat(who, &view).ok_or_else(|| Failure::not_found("conversation"))?;
    Ok((view, side))
}

async fn conversation_of(app: &App, viewer: UserId, id: ConversationId) -> Result<ConversationView, Failure> {
    let viewed: Option<Viewed> = support::view(&app.store, viewer, id).await?;
    viewed.map(ConversationView::from).ok_or_else(|| Failure::not_found("conversation"))
}

/// The entity refuses users who do not take part with `NotAssigned`. For those who may not even
/// see the conversation this becomes "not found", so that its existence is not revealed.
async fn or_unseen<T>(
    app: &App,
    who: &Principal,
    id: ConversationId,
    outcome: Result<T, Failure>,
) -> Result<T, Failure> {
    if let Err(Failure::Refused(refused)) = &outcome
        && refused.code == ChatRefusal::NotAssigned.refused().code
    {
        seen(app, who, id).await?;
    }
    outcome
}

fn draft(app: &App, client_id: ClientMessageId, text: &str, private_note: bool) -> Result<Draft, Failure> {
    let text = MessageText::new(text, "/text")?;
    Ok(Draft { message_id: app.ids.uuid().into(), client_message_id: client_id, text, private_note })
}
