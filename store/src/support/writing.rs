//! Writes decisions about conversations: state and entries of many in one statement, each
//! fenced by its last entry.

use std::sync::Arc;

use domain::support::{ChatEvent, Conversation, Message, Side};
use domain::{Channel, Event, Timestamp};
use sqlx::PgExecutor;
use sqlx::types::Uuid;

use crate::fabric::Notice;
use crate::journal::Recorded;
use crate::{StoreError, Tx};

/// A decision about a conversation.
#[derive(Clone, Debug)]
pub struct Step {
    /// The sequence number of the last entry that the decision is based on.
    pub before: i64,
    /// The conversation after it.
    pub after: Conversation,
    /// What happened.
    pub events: Vec<ChatEvent>,
    /// When.
    pub at: Timestamp,
}

impl Step {
    /// Whether it queues a conversation, or frees an agent.
    pub fn concerns_desk(&self) -> bool {
        self.resolves() || self.events.iter().any(|event| matches!(event, ChatEvent::Reopened))
    }

    pub(super) fn resolves(&self) -> bool {
        self.events.iter().any(|event| matches!(event, ChatEvent::Resolved { .. }))
    }

    /// The entries as events of the channel.
    pub(super) fn recorded(&self) -> impl Iterator<Item = Arc<Recorded>> + '_ {
        self.events.iter().zip(self.before.unsigned_abs() + 1..).map(|(event, offset)| {
            let (kind, data) = (event.kind().to_owned(), event.data());
            Arc::new(Recorded { offset, kind, at: self.at, data, audience: event.audience() })
        })
    }
}

/// Writes each step whose `before` is still the last entry; the others conflict.
pub(super) async fn write(
    executor: impl PgExecutor<'_>,
    steps: &[Step],
) -> Result<Vec<Result<(), StoreError>>, StoreError> {
    let entries: Vec<Entry<'_>> = (1..).zip(steps).flat_map(|(of, step)| Entry::all(of, step)).collect();
    let written = sqlx::query_scalar!(
        r#"with fenced as (
             update support.conversations as conversation
             set status = step.status, agent_id = step.agent_id, last_seq = step.last_seq,
                 queued_at = step.queued_at, resolved_at = step.resolved_at
             from unnest($1::uuid[], $2::bigint[], $3::text[], $4::uuid[], $5::bigint[], $6::timestamptz[],
                         $7::timestamptz[]) with ordinality
                 as step (id, before, status, agent_id, last_seq, queued_at, resolved_at, place)
             where conversation.id = step.id and conversation.last_seq = step.before
             returning conversation.id, step.place
         ), entered as (
             insert into support.entries
                 (conversation_id, seq, at, kind, person_id, side, message_id, client_message_id, text, private_note)
             select fenced.id, entry.seq, entry.at, entry.kind, entry.person_id, entry.side, entry.message_id,
                    entry.client_message_id, entry.text, entry.private_note
             from fenced join unnest($8::bigint[], $9::bigint[], $10::timestamptz[], $11::text[], $12::uuid[],
                                     $13::text[], $14::uuid[], $15::uuid[], $16::text[], $17::bool[])
                 as entry (place, seq, at, kind, person_id, side, message_id, client_message_id, text, private_note)
                 using (place)
         )
         select place as "place!" from fenced"#,
        &steps.iter().map(|step| step.after.id.0).collect::<Vec<_>>(),
        &steps.iter().map(|step| step.before).collect::<Vec<_>>(),
        &steps.iter().map(|step| step.after.status.as_str().to_owned()).collect::<Vec<_>>(),
        &steps.iter().map(|step| step.after.agent_id.map(|id| id.0)).collect::<Vec<_>>() as _,
        &steps.iter().map(|step| step.after.last_seq).collect::<Vec<_>>(),
        &steps.iter().map(|step| step.after.queued_at).collect::<Vec<_>>(),
        &steps.iter().map(|step| step.after.resolved_at).collect::<Vec<_>>() as _,
        &entries.iter().map(|entry| entry.of).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.at).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.kind.to_owned()).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.person).collect::<Vec<_>>() as _,
        &entries.iter().map(|entry| entry.side).collect::<Vec<_>>() as _,
        &entries.iter().map(|entry| entry.message.map(|m| m.message_id.0)).collect::<Vec<_>>() as _,
        &entries.iter().map(|entry| entry.message.map(|m| m.client_message_id.0)).collect::<Vec<_>>() as _,
        &entries.iter().map(|entry| entry.message.map(|m| m.text.as_str())).collect::<Vec<_>>() as _,
        &entries.iter().map(|entry| entry.message.is_some_and(|m| m.private_note)).collect::<Vec<_>>(),
    )
    .fetch_all(executor)
    .await?;
    Ok(outcomes(steps.len(), &written))
}

/// Writes one step.
pub(super) async fn write_one(executor: impl PgExecutor<'_>, step: &Step) -> Result<(), StoreError> {
    let outcomes = write(executor, std::slice::from_ref(step)).await?;
    outcomes.into_iter().next().unwrap_or(Err(StoreError::Conflict))
}

/// The outcomes of `count` writes, of which those at the positions `done` (from 1) succeeded.
pub(super) fn outcomes(count: usize, done: &[i64]) -> Vec<Result<(), StoreError>> {
    let is_done = |place: i64| if done.contains(&place) { Ok(()) } else { Err(StoreError::Conflict) };
    (1..).take(count).map(is_done).collect()
}

/// The outcomes of `count` writes whose common statement failed: the error belongs to a
/// single one, but of several it is unknown which caused it.
pub(super) fn unknown(count: usize, error: StoreError) -> Vec<Result<(), StoreError>> {
    if count == 1 {
        return vec![Err(error)];
    }
    tracing::warn!(%error, count, "what many conversations share could not be written");
    (0..count).map(|_| Err(StoreError::Unknown)).collect()
}

/// Publishes the entries once the transaction is committed.
pub(super) fn publish_after_commit(tx: &mut Tx, step: &Step) {
    step.recorded().for_each(|recorded| tx.publish_after_commit(Channel::Chat(step.after.id), recorded));
    let hands = |event: &ChatEvent| !matches!(event, ChatEvent::Message(_));
    if let Some(order) = step.after.order_id.filter(|_| step.events.iter().any(hands)) {
        tx.announce(Notice::OrderAccessChanged(order));
    }
}

/// An entry's columns.
struct Entry<'a> {
    /// The position of its step, from 1.
    of: i64,
    seq: i64,
    at: Timestamp,
    kind: &'static str,
    person: Option<Uuid>,
    side: Option<&'static str>,
    message: Option<&'a Message>,
}

impl<'a> Entry<'a> {
    fn all(of: i64, step: &'a Step) -> impl Iterator<Item = Self> + 'a {
        step.events.iter().zip(step.before + 1..).map(move |(event, seq)| {
            let (person, side, message) = match event {
                ChatEvent::Message(message) => {
                    (Some(message.author_id.0), Some(message.author_role), Some(message))
                }
                ChatEvent::Assigned { agent_id } => (Some(agent_id.0), None, None),
                ChatEvent::Resolved { by } => (None, Some(*by), None),
                ChatEvent::Reopened => (None, None, None),
            };
            Self { of, seq, at: step.at, kind: event.kind(), person, side: side.map(Side::as_str), message }
        })
    }
}
