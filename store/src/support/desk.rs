//! The desk in the store: assigning all agents and the queue under one lock.

use domain::support::desk::{self, DEFAULT_CAPACITY};
use domain::support::{Agent, Assignment, DeskEvent, SupportReminder, Waiting};
use domain::{Channel, ConversationId, Refused, Timestamp, UserId};
use sqlx::{query, query_scalar};

use super::{Step, publish_after_commit, reading, write_one};
use crate::{Store, StoreError, Tx, jobs, journal};

/// An agent's chosen availability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presence {
    /// Whether they take conversations.
    pub online: bool,
    /// How many at once, 0..=50; `None` keeps the previous number, or the default.
    pub capacity: Option<i32>,
}

/// Locks the desk until the transaction ends. Every transaction that queues, frees or
/// assigns locks it before any conversation's row, so that no two can deadlock.
pub(super) async fn lock(tx: &mut Tx) -> Result<(), StoreError> {
    query!("select pg_advisory_xact_lock(hashtextextended('support.desk', 0))").fetch_one(&mut **tx).await?;
    Ok(())
}

/// Stores an agent's availability, publishes it on the desk if it changed, and assigns the queue.
pub async fn set_presence(
    store: &Store,
    agent_id: UserId,
    wanted: Presence,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    jobs::forget(&mut tx, &away_key(agent_id));
    lock(&mut tx).await?;
    let changed = query!(
        "insert into support.agents as known (agent_id, online, capacity) values ($1, $2, coalesce($3::int, $4::int))
         on conflict (agent_id) do update set online = $2, capacity = coalesce($3::int, known.capacity)
         where (known.online, known.capacity) <> ($2, coalesce($3::int, known.capacity))",
        agent_id.0,
        wanted.online,
        wanted.capacity,
        DEFAULT_CAPACITY
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if changed > 0 {
        let open = query_scalar!(
            r#"select count(*)::int as "open!" from support.conversations
               where agent_id = $1 and status in ('open', 'pending')"#,
            agent_id.0
        )
        .fetch_one(&mut *tx)
        .await?;
        let event = DeskEvent::Presence { agent_id, online: wanted.online, open };
        journal::append_feed(&mut tx, &Channel::Desk, &[event], now);
        run(&mut tx, now).await?;
    }
    tx.commit().await
}

/// Schedules [`SupportReminder::AgentAway`] for `at`, unless the agent returns before.
pub async fn expect_back(store: &Store, agent: UserId, at: Timestamp) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    jobs::remind(&mut tx, &away_key(agent), at, SupportReminder::AgentAway { agent });
    tx.commit().await
}

/// The agent has returned: cancels the reminder.
pub async fn is_back(store: &Store, agent: UserId) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    jobs::forget(&mut tx, &away_key(agent));
    tx.commit().await
}

fn away_key(agent: UserId) -> String {
    format!("agent-away:{agent}")
}

/// An agent as the desk sees them; `None` if they never set their availability.
pub async fn agent(store: &Store, agent_id: UserId) -> Result<Option<Agent>, StoreError> {
    let row = query!(
        r#"select online, capacity, last_turn, (
               select count(*)::int from support.conversations c
               where c.agent_id = a.agent_id and c.status in ('open', 'pending')
           ) as "open!"
           from support.agents a where agent_id = $1"#,
        agent_id.0
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row.map(|row| Agent {
        id: agent_id,
        online: row.online,
        capacity: row.capacity,
        open: row.open,
        last_turn: row.last_turn,
    }))
}

/// The agents who are online.
pub async fn online_agents(store: &Store) -> Result<Vec<UserId>, StoreError> {
    let ids: Vec<uuid::Uuid> = sqlx::query_scalar("select agent_id from support.agents where online")
        .fetch_all(store.pool())
        .await?;
    Ok(ids.into_iter().map(UserId).collect())
}

/// The number of queued conversations.
pub async fn queued(store: &Store) -> Result<i64, StoreError> {
    let count =
        query_scalar!(r#"select count(*) as "count!" from support.conversations where status = 'queued'"#)
            .fetch_one(store.pool())
            .await?;
    Ok(count)
}

/// Assigns the queue until no free agent may take any of the rest. The desk must be locked.
pub(super) async fn run(tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
    loop {
        let agents = online(tx).await?;
        let free: i32 = agents.iter().map(Agent::free).sum();
        if free == 0 {
            return Ok(());
        }
        let waiting = waiting(tx, &agents, free).await?;
        let assigned = desk::assign(agents, &waiting);
        for one in &assigned {
            give(tx, one, now).await?;
        }
        // Fewer are assigned than were read only if the rest are the free agents' own questions;
        // then there may be others behind these in the queue.
        if assigned.is_empty() || assigned.len() == waiting.len() {
            return Ok(());
        }
    }
}

async fn online(tx: &mut Tx) -> Result<Vec<Agent>, StoreError> {
    let rows = query!(
        r#"select a.agent_id, a.capacity, a.last_turn, count(c.id)::int as "open!"
           from support.agents a
           left join support.conversations c on c.agent_id = a.agent_id and c.status in ('open', 'pending')
           where a.online
           group by a.agent_id"#
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Agent {
            id: UserId(row.agent_id),
            online: true,
            capacity: row.capacity,
            open: row.open,
            last_turn: row.last_turn,
        })
        .collect())
}

/// The conversations queued longest that some free agent may take. Their rows are locked,
/// so that no message can be written until the commit.
async fn waiting(tx: &mut Tx, agents: &[Agent], free: i32) -> Result<Vec<Waiting>, StoreError> {
    let takers: Vec<_> = agents.iter().filter(|agent| agent.free() > 0).map(|agent| agent.id.0).collect();
    let rows = query!(
        "select id, customer_id from support.conversations
         where status = 'queued' and exists (select from unnest($1::uuid[]) as taker where taker <> customer_id)
         order by queued_at, id limit $2
         for no key update",
        &takers,
        i64::from(free)
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Waiting { conversation_id: ConversationId(row.id), customer_id: UserId(row.customer_id) })
        .collect())
}

async fn give(tx: &mut Tx, one: &Assignment, now: Timestamp) -> Result<(), StoreError> {
    let unassignable = |error: &dyn std::fmt::Display| StoreError::Fault(error.to_string().into());
    let before = reading::find(&mut **tx, one.conversation_id).await?;
    let before = before.ok_or_else(|| unassignable(&"a queued conversation is not there"))?;
    let last_seq = before.last_seq;
    let (after, events) =
        before.assign(one.agent_id).map_err(|refusal| unassignable(&Refused::from(refusal)))?;
    let step = Step { before: last_seq, after, events, at: now };
    write_one(&mut **tx, &step).await?;
    publish_after_commit(tx, &step);
    query!("update support.agents set last_turn = $2 where agent_id = $1", one.agent_id.0, one.turn)
        .execute(&mut **tx)
        .await?;
    let event = DeskEvent::Assigned { conversation_id: one.conversation_id, agent_id: one.agent_id };
    journal::append_feed(tx, &Channel::Desk, &[event], now);
    Ok(())
}
