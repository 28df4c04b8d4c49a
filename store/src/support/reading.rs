//! Reads conversations: for actors, for people, and for channels.

use std::sync::Arc;

use domain::support::{ChatEvent, ChatEventKind, Conversation, Message, Side, Status};
use domain::{
    Channel, ClientMessageId, ConversationId, Event, EventKind, MessageId, OrderId, Timestamp, UserId,
};
use sqlx::types::Uuid;
use sqlx::{PgExecutor, query, query_as, query_scalar};

use crate::journal::{Recorded, signed};
use crate::{Store, StoreError};

/// A conversation as one of its participants sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewed {
    /// The conversation.
    pub conversation: Conversation,
    /// How many messages of the other side the viewer's side has not read.
    pub unread: i64,
}

/// The conversation, if there is one.
pub async fn load(store: &Store, id: ConversationId) -> Result<Option<Conversation>, StoreError> {
    find(store.pool(), id).await
}

/// The conversation as `viewer` sees it, without a check of access.
pub async fn view(store: &Store, viewer: UserId, id: ConversationId) -> Result<Option<Viewed>, StoreError> {
    row(store.pool(), id, Some(viewer)).await
}

/// Whether the agent has an open conversation about the order.
pub async fn has_conversation(store: &Store, agent: UserId, order: OrderId) -> Result<bool, StoreError> {
    let found = query_scalar!(
        r#"select exists (
               select from support.conversations
               where order_id = $1 and agent_id = $2 and status <> 'resolved'
           ) as "exists!""#,
        order.0,
        agent.0
    )
    .fetch_one(store.pool())
    .await?;
    Ok(found)
}

/// The viewer's conversations of these `statuses` (all, if empty), newest first, after
/// `after` in that order: their own questions and, for an agent, those assigned to them
/// or queued.
pub async fn conversations(
    store: &Store,
    viewer: UserId,
    is_agent: bool,
    statuses: &[Status],
    after: Option<ConversationId>,
    limit: u32,
) -> Result<Vec<Viewed>, StoreError> {
    let rows = query_as!(
        Row,
        r#"select id, customer_id, topic, order_id, status, agent_id, last_seq, customer_read_seq, agent_read_seq,
                  created_at, queued_at, resolved_at, case when customer_id = $1 then (
                      select count(*) from support.entries e where e.conversation_id = c.id
                          and e.seq > customer_read_seq and e.side = 'agent' and e.client_message_id is not null
                          and not e.private_note
                  ) else (
                      select count(*) from support.entries e where e.conversation_id = c.id
                          and e.seq > agent_read_seq and e.side = 'customer' and e.client_message_id is not null
                  ) end as "unread!"
           from support.conversations c
           where (customer_id = $1 or ($2 and (agent_id = $1 or status = 'queued')))
               and (status = any($3) or cardinality($3) = 0) and id < $4
           order by id desc limit $5"#,
        viewer.0,
        is_agent,
        &statuses.iter().map(|status| status.as_str().to_owned()).collect::<Vec<_>>(),
        after.map_or(Uuid::max(), |id| id.0),
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter().map(Viewed::try_from).collect()
}

/// The conversation that `customer` opened under this client id, and its first message.
pub async fn opened(
    store: &Store,
    customer: UserId,
    opening: ClientMessageId,
) -> Result<Option<(Conversation, Message)>, StoreError> {
    let id = query_scalar!(
        "select id from support.conversations where customer_id = $1 and opening_id = $2",
        customer.0,
        opening.0
    )
    .fetch_optional(store.pool())
    .await?;
    let Some(id) = id.map(ConversationId) else { return Ok(None) };
    let conversation = load(store, id).await?;
    let message = sent(store, id, customer, opening).await?;
    Ok(conversation.zip(message))
}

/// The message that `author` sent under this client id.
pub async fn sent(
    store: &Store,
    id: ConversationId,
    author: UserId,
    client_id: ClientMessageId,
) -> Result<Option<Message>, StoreError> {
    let row = query_as!(
        EntryRow,
        "select seq, at, kind, person_id, side, message_id, client_message_id, text, private_note
         from support.entries where conversation_id = $1 and person_id = $2 and client_message_id = $3",
        id.0,
        author.0,
        client_id.0
    )
    .fetch_optional(store.pool())
    .await?;
    row.map(EntryRow::message).transpose()
}

/// The first messages after `seq` that `side` may see, in order.
pub async fn messages_after(
    store: &Store,
    id: ConversationId,
    side: Side,
    seq: i64,
    limit: u32,
) -> Result<Vec<Message>, StoreError> {
    let rows = query_as!(
        EntryRow,
        "select seq, at, kind, person_id, side, message_id, client_message_id, text, private_note
         from support.entries
         where conversation_id = $1 and seq > $2 and kind = 'chat.message' and (not private_note or $3)
         order by seq limit $4",
        id.0,
        seq,
        side == Side::Agent,
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter().map(EntryRow::message).collect()
}

/// The last messages before `seq` that `side` may see, in order.
pub async fn messages_before(
    store: &Store,
    id: ConversationId,
    side: Side,
    seq: i64,
    limit: u32,
) -> Result<Vec<Message>, StoreError> {
    let rows = query_as!(
        EntryRow,
        "select seq, at, kind, person_id, side, message_id, client_message_id, text, private_note
         from support.entries
         where conversation_id = $1 and seq < $2 and kind = 'chat.message' and (not private_note or $3)
         order by seq desc limit $4",
        id.0,
        seq,
        side == Side::Agent,
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter().rev().map(EntryRow::message).collect()
}

/// The entries after `offset` as events of the conversation's channel, oldest first, at
/// most `limit`.
pub async fn since(
    store: &Store,
    id: ConversationId,
    offset: u64,
    limit: u32,
) -> Result<Vec<Arc<Recorded>>, StoreError> {
    let rows = query_as!(
        EntryRow,
        "select seq, at, kind, person_id, side, message_id, client_message_id, text, private_note
         from support.entries where conversation_id = $1 and seq > $2 order by seq limit $3",
        id.0,
        signed(offset)?,
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter().map(EntryRow::recorded).collect()
}

/// The last offset of each of these conversations' channels.
pub async fn heads(store: &Store, ids: &[ConversationId]) -> Result<Vec<(Channel, u64)>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = query!("select id, last_seq from support.conversations where id = any($1)", &ids)
        .fetch_all(store.pool())
        .await?;
    let head = |id: Uuid, seq: i64| (Channel::Chat(ConversationId(id)), seq.unsigned_abs());
    Ok(rows.into_iter().map(|row| head(row.id, row.last_seq)).collect())
}

pub(super) async fn find(
    executor: impl PgExecutor<'_>,
    id: ConversationId,
) -> Result<Option<Conversation>, StoreError> {
    Ok(row(executor, id, None).await?.map(|viewed| viewed.conversation))
}

async fn row(
    executor: impl PgExecutor<'_>,
    id: ConversationId,
    viewer: Option<UserId>,
) -> Result<Option<Viewed>, StoreError> {
    let row = query_as!(
        Row,
        r#"select id, customer_id, topic, order_id, status, agent_id, last_seq, customer_read_seq, agent_read_seq,
                  created_at, queued_at, resolved_at, case when $2::uuid is null then 0 when customer_id = $2 then (
                      select count(*) from support.entries e where e.conversation_id = c.id
                          and e.seq > customer_read_seq and e.side = 'agent' and e.client_message_id is not null
                          and not e.private_note
                  ) else (
                      select count(*) from support.entries e where e.conversation_id = c.id
                          and e.seq > agent_read_seq and e.side = 'customer' and e.client_message_id is not null
                  ) end as "unread!"
           from support.conversations c where id = $1"#,
        id.0,
        viewer.map(|viewer| viewer.0)
    )
    .fetch_optional(executor)
    .await?;
    row.map(Viewed::try_from).transpose()
}

struct Row {
    id: Uuid,
    customer_id: Uuid,
    topic: String,
    order_id: Option<Uuid>,
    status: String,
    agent_id: Option<Uuid>,
    last_seq: i64,
    customer_read_seq: i64,
    agent_read_seq: i64,
    created_at: Timestamp,
    queued_at: Timestamp,
    resolved_at: Option<Timestamp>,
    unread: i64,
}

impl TryFrom<Row> for Viewed {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let conversation = Conversation {
            id: ConversationId(row.id),
            customer_id: UserId(row.customer_id),
            topic: row.topic.parse().map_err(|()| unknown(&row.topic))?,
            order_id: row.order_id.map(OrderId),
            status: row.status.parse().map_err(|()| unknown(&row.status))?,
            agent_id: row.agent_id.map(UserId),
            last_seq: row.last_seq,
            customer_read_seq: row.customer_read_seq,
            agent_read_seq: row.agent_read_seq,
            created_at: row.created_at,
            queued_at: row.queued_at,
            resolved_at: row.resolved_at,
        };
        Ok(Self { conversation, unread: row.unread })
    }
}

struct EntryRow {
    seq: i64,
    at: Timestamp,
    kind: String,
    person_id: Option<Uuid>,
    side: Option<String>,
    message_id: Option<Uuid>,
    client_message_id: Option<Uuid>,
    text: Option<String>,
    private_note: bool,
}

impl EntryRow {
    fn side(&self) -> Result<Side, StoreError> {
        match self.side.as_deref() {
            Some("customer") => Ok(Side::Customer),
            Some("agent") => Ok(Side::Agent),
            other => Err(unknown(other.unwrap_or("no side"))),
        }
    }

    fn event(self) -> Result<ChatEvent, StoreError> {
        match ChatEventKind::parse(&self.kind) {
            Some(ChatEventKind::Assigned) => {
                let agent = self.person_id.ok_or_else(|| unknown("no agent"))?;
                Ok(ChatEvent::Assigned { agent_id: UserId(agent) })
            }
            Some(ChatEventKind::Resolved) => Ok(ChatEvent::Resolved { by: self.side()? }),
            Some(ChatEventKind::Reopened) => Ok(ChatEvent::Reopened),
            Some(ChatEventKind::Message) => self.message().map(ChatEvent::Message),
            None => Err(unknown(&self.kind)),
        }
    }

    fn message(self) -> Result<Message, StoreError> {
        let author_role = self.side()?;
        let parts = (self.message_id, self.client_message_id, self.person_id, self.text);
        let (Some(id), Some(client_id), Some(author), Some(text)) = parts else {
            return Err(unknown(&self.kind));
        };
        Ok(Message {
            seq: self.seq,
            message_id: MessageId(id),
            client_message_id: ClientMessageId(client_id),
            author_id: UserId(author),
            author_role,
            text,
            private_note: self.private_note,
            at: self.at,
        })
    }

    fn recorded(self) -> Result<Arc<Recorded>, StoreError> {
        let (offset, at) = (self.seq.unsigned_abs(), self.at);
        let event = self.event()?;
        let (kind, data) = (event.kind().to_owned(), event.data());
        Ok(Arc::new(Recorded { offset, kind, at, data, audience: event.audience() }))
    }
}

fn unknown(what: &str) -> StoreError {
    StoreError::Fault(format!("a conversation's row holds what nobody wrote: {what}").into())
}
