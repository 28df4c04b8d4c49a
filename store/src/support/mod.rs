//! Conversations, the desk and frequently asked questions.
//!
//! A conversation's entries are the log of its channel: they are stored once,
//! here, and [`since`] and [`heads`] replay them as the journal does for other channels.
//! Messages of many conversations are written by one statement (fence and insert), without jobs.

mod desk;
mod erasure;
mod faqs;
mod reading;
mod writing;

use domain::support::{ChatEvent, Conversation, DeskEvent, Side};
use domain::{Channel, ClientMessageId, ConversationId, Timestamp, UserId};
use sqlx::query;
use sqlx::types::Uuid;

use crate::fabric::Signal;
use crate::journal;
use crate::{Store, StoreError, Tx};

pub use desk::{Presence, agent, expect_back, is_back, online_agents, queued, set_presence};
pub use erasure::erase_conversation;
pub use faqs::{faq, faqs};
pub use reading::{
    Viewed, conversations, has_conversation, heads, load, messages_after, messages_before, opened, sent,
    since, view,
};
pub use writing::Step;
use writing::{outcomes, publish_after_commit, unknown, write, write_one};

/// Commits a new conversation, and assigns it to an agent if one is free. If a
/// customer opens twice with the same client id, the second violates a constraint, and
/// the conversation that they [`opened`] before is the answer.
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
    let step = Step { before: 0, after: conversation.clone(), events: events.to_vec(), at: now };
    write_one(&mut *tx, &step).await?;
    publish_after_commit(&mut tx, &step);
    queue(&mut tx, conversation, now).await?;
    tx.commit().await
}

/// Commits a decision that queues a conversation or frees an agent: the desk assigns
/// the queue in the same transaction.
pub async fn commit(store: &Store, step: &Step) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    desk::lock(&mut tx).await?;
    write_one(&mut *tx, step).await?;
    publish_after_commit(&mut tx, step);
    if step.resolves() {
        let event = DeskEvent::Resolved { conversation_id: step.after.id };
        journal::append_feed(&mut tx, &Channel::Desk, &[event], step.at);
        desk::run(&mut tx, step.at).await?;
    } else {
        queue(&mut tx, &step.after, step.at).await?;
    }
    tx.commit().await
}

/// Commits decisions about different conversations that do not concern the desk, in one
/// statement; each succeeds or fails by itself.
pub async fn commit_all(store: &Store, steps: &[Step]) -> Vec<Result<(), StoreError>> {
    let outcomes = match write(store.pool(), steps).await {
        Ok(outcomes) => outcomes,
        Err(error) if steps.len() == 1 || matches!(error, StoreError::Unavailable(_)) => {
            unknown(steps.len(), error)
        }
        // One of them violates a constraint: write each alone, so that the others succeed.
        Err(_) => {
            let mut outcomes = Vec::with_capacity(steps.len());
            for step in steps {
                outcomes.push(write_one(store.pool(), step).await);
            }
            outcomes
        }
    };
    for (step, outcome) in steps.iter().zip(&outcomes) {
        if outcome.is_ok() {
            let channel = Channel::Chat(step.after.id);
            step.recorded().for_each(|recorded| store.fabric().publish(&channel, Signal::Log(recorded)));
        }
    }
    outcomes
}

/// A read mark: somebody has read a conversation up to an entry.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// The conversation.
    pub conversation: ConversationId,
    /// The reader.
    pub by: UserId,
    /// The side that they read for.
    pub side: Side,
    /// The last entry read.
    pub seq: i64,
}

/// Moves read marks forward, in one statement. Marks need no order among themselves, so
/// this is not fenced by the version, but only by the mark's preconditions: the reader still
/// represents that side, and the entry exists.
pub async fn mark_read(store: &Store, marks: &[Mark]) -> Vec<Result<(), StoreError>> {
    let moved = sqlx::query_scalar!(
        r#"with asked as (
             select place, id, person, customer, seq
             from unnest($1::uuid[], $2::uuid[], $3::bool[], $4::bigint[]) with ordinality
                 as asked (id, person, customer, seq, place)
         ), holds as materialized (
             select place, conversation.id, customer, seq
             from asked join support.conversations as conversation using (id)
             where last_seq >= seq and case when customer then customer_id else agent_id end = person
             -- In the order of their keys, so that two processes never wait for each other.
             order by conversation.id for update of conversation
         ), moved as (
             update support.conversations as conversation set
                 customer_read_seq = greatest(customer_read_seq, newest.customer),
                 agent_read_seq = greatest(agent_read_seq, newest.agent)
             from (
                 select id, max(seq) filter (where customer) as customer,
                        max(seq) filter (where not customer) as agent
                 from holds group by id
             ) as newest
             where conversation.id = newest.id
         )
         select place as "place!" from holds"#,
        &marks.iter().map(|mark| mark.conversation.0).collect::<Vec<_>>(),
        &marks.iter().map(|mark| mark.by.0).collect::<Vec<_>>(),
        &marks.iter().map(|mark| mark.side == Side::Customer).collect::<Vec<_>>(),
        &marks.iter().map(|mark| mark.seq).collect::<Vec<_>>(),
    )
    .fetch_all(store.pool())
    .await;
    match moved {
        Ok(moved) => outcomes(marks.len(), &moved),
        Err(error) => unknown(marks.len(), error.into()),
    }
}

/// Publishes that a conversation is queued, and assigns the queue.
async fn queue(tx: &mut Tx, conversation: &Conversation, now: Timestamp) -> Result<(), StoreError> {
    let event = DeskEvent::Queued(Box::new(conversation.clone()));
    journal::append_feed(tx, &Channel::Desk, &[event], now);
    desk::run(tx, now).await
}

/// Inserts many conversations without entries in one statement; publishes nothing.
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
