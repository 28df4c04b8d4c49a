//! Conversations, the desk and frequently asked questions.
//!
//! A conversation's entries are the log of its channel: they are stored once,
//! here, and [`since`] and [`heads`] replay them as the journal does for others.
//! A message is one statement (fence and insert), and no job.

mod desk;
mod faqs;
mod reading;

use std::sync::Arc;

use domain::support::{ChatEvent, Conversation, DeskEvent, Message, Side};
use domain::{Channel, ClientMessageId, ConversationId, Event, Timestamp, UserId};
use sqlx::types::Uuid;
use sqlx::{PgExecutor, query};

use crate::fabric::Signal;
use crate::journal::{self, Recorded};
use crate::{Store, StoreError, Tx};

pub use desk::{Presence, agent, expect_back, is_back, online_agents, queued, set_presence};
pub use faqs::{faq, faqs};
pub use reading::{
    Viewed, conversations, heads, load, messages_after, messages_before, opened, sent, since, view,
};

/// Commits a new conversation, and gives it to an agent if one is free. A
/// customer who opens with the same client id again breaks a constraint; what
/// they [`opened`] before is the answer.
pub async fn open(
    store: &Store,
    opening: ClientMessageId,
    conversation: &Conversation,
    events: &[ChatEvent],
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    desk::lock(&mut tx).await?;
    query!(
        "insert into support.conversations
             (id, customer_id, opening_id, topic, order_id, status, last_seq, created_at, queued_at)
         values ($1, $2, $3, $4, $5, $6, 0, $7, $8)",
        conversation.id.0,
        conversation.customer_id.0,
        opening.0,
        conversation.topic.as_str(),
        conversation.order_id.map(|id| id.0),
        conversation.status.as_str(),
        conversation.created_at,
        conversation.queued_at,
    )
    .execute(&mut *tx)
    .await?;
    write(&mut *tx, 0, conversation, events, now).await?;
    tell(&mut tx, conversation, 0, events, now);
    queue(&mut tx, conversation, now).await?;
    tx.commit().await
}

/// Commits a decision about a conversation, fenced by its last entry. What
/// queues or frees somebody has the desk hand out the queue in the same
/// transaction; anything else is one statement.
pub async fn commit(
    store: &Store,
    before: &Conversation,
    after: &Conversation,
    events: &[ChatEvent],
    now: Timestamp,
) -> Result<(), StoreError> {
    let resolved = events.iter().any(|event| matches!(event, ChatEvent::Resolved { .. }));
    let reopened = events.iter().any(|event| matches!(event, ChatEvent::Reopened));
    if !resolved && !reopened {
        write(store.pool(), before.last_seq, after, events, now).await?;
        let channel = Channel::Chat(after.id);
        for recorded in recorded(before.last_seq, events, now) {
            store.fabric().publish(&channel, Signal::Log(recorded));
        }
        return Ok(());
    }
    let mut tx = store.begin().await?;
    desk::lock(&mut tx).await?;
    write(&mut *tx, before.last_seq, after, events, now).await?;
    tell(&mut tx, after, before.last_seq, events, now);
    if resolved {
        let event = DeskEvent::Resolved { conversation_id: after.id };
        journal::append_feed(&mut tx, &Channel::Desk, &[event], now).await?;
        desk::run(&mut tx, now).await?;
    } else {
        queue(&mut tx, after, now).await?;
    }
    tx.commit().await
}

/// Moves a read mark forward. Marks need no order among themselves, so this is
/// not fenced by the version, only by what the mark's reason was: `by` still
/// speaks for that side, and the entry is there.
pub async fn mark_read(
    store: &Store,
    id: ConversationId,
    by: UserId,
    side: Side,
    seq: i64,
) -> Result<(), StoreError> {
    let customer = side == Side::Customer;
    let moved = query!(
        "update support.conversations set
             customer_read_seq = case when $3 then greatest(customer_read_seq, $4) else customer_read_seq end,
             agent_read_seq = case when $3 then agent_read_seq else greatest(agent_read_seq, $4) end
         where id = $1 and last_seq >= $4 and case when $3 then customer_id else agent_id end = $2",
        id.0,
        by.0,
        customer,
        seq
    )
    .execute(store.pool())
    .await?;
    if moved.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

/// Says that a conversation waits, and hands out the queue.
async fn queue(tx: &mut Tx, conversation: &Conversation, now: Timestamp) -> Result<(), StoreError> {
    let event = DeskEvent::Queued(Box::new(conversation.clone()));
    journal::append_feed(tx, &Channel::Desk, &[event], now).await?;
    desk::run(tx, now).await
}

/// Writes state and entries in one statement, if `before` is still the last entry.
async fn write(
    executor: impl PgExecutor<'_>,
    before: i64,
    after: &Conversation,
    events: &[ChatEvent],
    now: Timestamp,
) -> Result<(), StoreError> {
    let rows: Vec<Row<'_>> = events.iter().map(Row::of).collect();
    let kinds: Vec<String> = events.iter().map(|event| event.kind().to_owned()).collect();
    let written = query!(
        "with fenced as (
             update support.conversations
             set status = $3, agent_id = $4, last_seq = $5, queued_at = $6, resolved_at = $7
             where id = $1 and last_seq = $2
             returning id
         )
         insert into support.entries
             (conversation_id, seq, at, kind, person_id, side, message_id, client_message_id, text, private_note)
         select fenced.id, $2 + entry.place, $8, entry.kind, entry.person_id, entry.side, entry.message_id,
                entry.client_message_id, entry.text, entry.private_note
         from fenced, unnest($9::text[], $10::uuid[], $11::text[], $12::uuid[], $13::uuid[], $14::text[], $15::bool[])
             with ordinality
             as entry (kind, person_id, side, message_id, client_message_id, text, private_note, place)",
        after.id.0,
        before,
        after.status.as_str(),
        after.agent_id.map(|id| id.0),
        after.last_seq,
        after.queued_at,
        after.resolved_at,
        now,
        &kinds,
        &rows.iter().map(|row| row.person).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.side).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.message.map(|m| m.message_id.0)).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.message.map(|m| m.client_message_id.0)).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.message.map(|m| m.text.as_str())).collect::<Vec<_>>() as _,
        &rows.iter().map(|row| row.message.is_some_and(|m| m.private_note)).collect::<Vec<_>>(),
    )
    .execute(executor)
    .await?;
    if written.rows_affected() == events.len() as u64 { Ok(()) } else { Err(StoreError::Conflict) }
}

/// An entry's columns.
struct Row<'a> {
    person: Option<Uuid>,
    side: Option<&'static str>,
    message: Option<&'a Message>,
}

impl<'a> Row<'a> {
    fn of(event: &'a ChatEvent) -> Self {
        let (person, side, message) = match event {
            ChatEvent::Message(message) => {
                (Some(message.author_id.0), Some(message.author_role), Some(message))
            }
            ChatEvent::Assigned { agent_id } => (Some(agent_id.0), None, None),
            ChatEvent::Resolved { by } => (None, Some(*by), None),
            ChatEvent::Reopened => (None, None, None),
        };
        Self { person, side: side.map(Side::as_str), message }
    }
}

/// The entries after `before` as the channel tells them.
fn recorded(before: i64, events: &[ChatEvent], at: Timestamp) -> impl Iterator<Item = Arc<Recorded>> + '_ {
    events.iter().zip(before.unsigned_abs() + 1..).map(move |(event, offset)| {
        let (kind, data) = (event.kind().to_owned(), event.data());
        Arc::new(Recorded { offset, kind, at, data, audience: event.audience() })
    })
}

fn tell(tx: &mut Tx, conversation: &Conversation, before: i64, events: &[ChatEvent], at: Timestamp) {
    for recorded in recorded(before, events, at) {
        tx.tell(Channel::Chat(conversation.id), recorded);
    }
}

/// Inserts many conversations without entries in one statement; nobody is told.
pub async fn insert_many(store: &Store, conversations: &[Conversation]) -> Result<(), StoreError> {
    let (mut ids, mut customers, mut agents, mut statuses) = (vec![], vec![], vec![], vec![]);
    for conversation in conversations {
        ids.push(conversation.id.0);
        customers.push(conversation.customer_id.0);
        agents.push(conversation.agent_id.map(|agent| agent.0));
        statuses.push(conversation.status.as_str().to_owned());
    }
    let at = conversations.first().map_or(Timestamp::UNIX_EPOCH, |first| first.created_at);
    query!(
        "insert into support.conversations
             (id, customer_id, opening_id, topic, status, agent_id, last_seq, created_at, queued_at)
         select id, customer_id, id, 'delivery', status, agent_id, 0, $5, $5
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[])
             as wanted (id, customer_id, agent_id, status)",
        &ids,
        &customers,
        &agents as &[Option<Uuid>],
        &statuses,
        at
    )
    .execute(store.pool())
    .await?;
    Ok(())
}
