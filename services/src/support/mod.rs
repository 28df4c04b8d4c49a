//! Talking to the support desk: conversations, who works at it, and what
//! customers ask most.

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
pub use view::{ConversationView, DeskView, StatusName, TopicName};

/// The conversations that are in use.
pub(crate) async fn entities(parts: &Parts<'_>) -> Result<Chats, StartError> {
    let chat =
        ChatEntity::new(parts.store.clone(), Arc::clone(parts.clock), parts.settings.support.typing_ttl);
    let chats = Entities::start(chat, parts.settings.entities, parts.root).await;
    chats.map(Chats::from).map_err(start_error)
}

/// The worker that looks for agents whose process died.
pub(crate) fn module() -> Module {
    Module::default().worker("presence", desk::watch_over)
}

/// What somebody turns to the desk with.
#[derive(Clone, Debug)]
pub struct Question {
    /// What it is about.
    pub topic: Topic,
    /// Which of their orders it is about.
    pub order_id: Option<OrderId>,
    /// The question itself.
    pub text: String,
    /// Their own id of it: asking again with the same finds the same conversation.
    pub client_message_id: ClientMessageId,
}

/// What somebody says in a conversation.
#[derive(Clone, Debug)]
pub struct Saying {
    /// Their own id of it: sending again with the same finds the same message.
    pub client_message_id: ClientMessageId,
    /// What.
    pub text: String,
    /// Whether only the desk may see it.
    pub private_note: bool,
}

/// Which of a conversation's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The first ones after this sequence number.
    After(i64),
    /// The last ones before this sequence number.
    Before(i64),
}

/// Opens a conversation with its first message, and queues it.
pub async fn open(app: &App, who: &Principal, question: Question) -> Result<ConversationView, Failure> {
    let Question { topic, order_id, text, client_message_id } = question;
    let draft = draft(app, client_message_id, &text, false)?;
    // A question may name an order of the person's own, and no other.
    if let Some(order) = order_id {
        order::theirs(app, who, order).await?;
    }
    let new = NewConversation { id: app.ids.uuid().into(), customer_id: who.user, topic, order_id };
    let now = app.now();
    let (conversation, events) = Conversation::open(new, draft.clone(), now);
    let opened = support::open(&app.store, client_message_id, &conversation, &events, now).await;
    let Err(failure) = opened else { return conversation_of(app, who.user, conversation.id).await };
    // As with a message: what counts is whether it stands.
    match support::opened(&app.store, who.user, client_message_id).await? {
        Some((earlier, first)) if first.repeats(&draft) => conversation_of(app, who.user, earlier.id).await,
        Some(_) => Err(ChatRefusal::ClientIdReused.into()),
        None => Err(failure.into()),
    }
}

/// The person's conversations, newest first; for an agent also those that are
/// assigned to them, or queued.
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

/// One conversation, if the person may see it.
pub async fn conversation(
    app: &App,
    who: &Principal,
    id: ConversationId,
) -> Result<ConversationView, Failure> {
    seen(app, who, id).await.map(|(view, _)| view)
}

/// Messages that the person may see, in order.
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

/// Says something, exactly once.
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

/// The person has read up to and including `seq`.
pub async fn read(app: &App, who: &Principal, id: ConversationId, seq: i64) -> Result<(), Failure> {
    let read = app.chats.read(id, who.user, seq).await;
    or_unseen(app, who, id, read).await
}

/// The person types, or stopped.
pub async fn typing(app: &App, who: &Principal, id: ConversationId, typing: bool) -> Result<(), Failure> {
    let told = app.chats.set_typing(id, who.user, typing).await;
    or_unseen(app, who, id, told).await
}

/// Settles a conversation; the agent is free for the next.
pub async fn resolve(app: &App, who: &Principal, id: ConversationId) -> Result<ConversationView, Failure> {
    let resolved = app.chats.resolve(id, who.user).await;
    or_unseen(app, who, id, resolved).await?;
    conversation_of(app, who.user, id).await
}

/// What the conversations of this store say of their orders.
pub(crate) struct Cases(pub(crate) Store);

#[async_trait]
impl OpenCases for Cases {
    async fn is_handled_by(&self, agent: UserId, order: OrderId) -> Result<bool, Failure> {
        Ok(support::has_conversation(&self.0, agent, order).await?)
    }
}

/// For whom the person sees this conversation; none if they may not.
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

/// The session refuses whoever takes no part. To those who may not even see the
/// conversation it must look as if there were none.
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
