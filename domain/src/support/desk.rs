//! The desk: assigns queued conversations to agents.
//!
//! Each run decides over the whole desk. It is repeated after every change: a conversation
//! is queued or resolved, an agent comes online or changes capacity. The longest waiting
//! conversation comes first and goes to the agent with the fewest open conversations;
//! among equals, to the one whose last assignment is the oldest.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Conversation;
use crate::{ConversationId, Event, UserId};

/// An agent's default capacity: how many conversations they have at once.
pub const DEFAULT_CAPACITY: i32 = 5;

/// The highest capacity that an agent may set.
pub const MAX_CAPACITY: i32 = 50;

/// A reminder that the desk schedules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reminder", rename_all = "snake_case")]
pub enum SupportReminder {
    /// A support agent's last socket has closed, and no new one was opened since.
    AgentAway {
        /// The agent.
        agent: UserId,
    },
}

/// The desk's view of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// The agent's id.
    pub id: UserId,
    /// Whether they accept conversations now.
    pub online: bool,
    /// How many unresolved conversations they accept at once, 0..=[`MAX_CAPACITY`].
    pub capacity: i32,
    /// How many unresolved conversations they have, answered or not.
    pub open: i32,
    /// The number of their last assignment (see [`Assignment::turn`]); 0 before the first.
    pub last_turn: i64,
}

impl Agent {
    /// How many more conversations they can take now.
    pub fn free(&self) -> i32 {
        if self.online { (self.capacity - self.open).max(0) } else { 0 }
    }
}

/// A conversation in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The customer, to whom it is never assigned if they are also an agent.
    pub customer_id: UserId,
}

/// The assignment of a conversation to an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The agent.
    pub agent_id: UserId,
    /// The number of this assignment, rising over the whole desk.
    pub turn: i64,
}

/// Assigns the queue, which must be ordered by waiting time, as long as agents are free.
/// A conversation that no free agent may take stays queued and does not block the others.
pub fn assign(mut agents: Vec<Agent>, queue: &[Waiting]) -> Vec<Assignment> {
    let mut turn = agents.iter().map(|agent| agent.last_turn).max().unwrap_or(0);
    let mut assigned = Vec::new();
    for waiting in queue {
        let next = agents
            .iter_mut()
            .filter(|agent| agent.free() > 0 && agent.id != waiting.customer_id)
            .min_by_key(|agent| (agent.open, agent.last_turn, agent.id));
        if let Some(agent) = next {
            turn += 1;
            agent.open += 1;
            agent.last_turn = turn;
            assigned.push(Assignment { conversation_id: waiting.conversation_id, agent_id: agent.id, turn });
        }
    }
    assigned
}

/// The events on the channel `desk`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeskEvent {
    /// A new or reopened conversation is queued.
    Queued(Box<Conversation>),
    /// A conversation was assigned to an agent.
    Assigned {
        /// The conversation.
        conversation_id: ConversationId,
        /// The agent.
        agent_id: UserId,
    },
    /// A conversation was resolved.
    Resolved {
        /// The conversation.
        conversation_id: ConversationId,
    },
    /// An agent came online, went offline, or has a different load or capacity.
    Presence {
        /// The agent.
        agent_id: UserId,
        /// Whether they accept conversations.
        online: bool,
        /// How many unresolved conversations they have.
        open: i32,
    },
}

impl Event for DeskEvent {
    fn kind(&self) -> &'static str {
        match self {
            DeskEvent::Queued(_) => "desk.queued",
            DeskEvent::Assigned { .. } => "desk.assigned",
            DeskEvent::Resolved { .. } => "desk.resolved",
            DeskEvent::Presence { .. } => "desk.presence",
        }
    }

    fn data(&self) -> Value {
        match self {
            DeskEvent::Queued(conversation) => json!({ "conversation": conversation }),
            DeskEvent::Assigned { conversation_id, agent_id } => {
                json!({ "conversation_id": conversation_id, "agent_id": agent_id })
            }
            DeskEvent::Resolved { conversation_id } => json!({ "conversation_id": conversation_id }),
            DeskEvent::Presence { agent_id, online, open } => {
                json!({ "agent_id": agent_id, "online": online, "open": open })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn agent(n: u128, online: bool, capacity: i32, open: i32, last_turn: i64) -> Agent {
        Agent { id: Uuid::from_u128(n).into(), online, capacity, open, last_turn }
    }

    fn queue(customers: &[u128]) -> Vec<Waiting> {
        let waiting = |(n, customer): (usize, &u128)| Waiting {
            conversation_id: Uuid::from_u128(1_000 + n as u128).into(),
            customer_id: Uuid::from_u128(*customer).into(),
        };
        customers.iter().enumerate().map(waiting).collect()
    }

    fn given(agents: &[Agent], customers: &[u128]) -> Vec<(u128, u128)> {
        assign(agents.to_vec(), &queue(customers))
            .iter()
            .map(|one| (one.conversation_id.0.as_u128() - 1_000, one.agent_id.0.as_u128()))
            .collect()
    }

    #[test]
    fn whoever_has_least_to_do_is_next_and_equals_take_turns() {
        let agents = [agent(1, true, 5, 1, 7), agent(2, true, 5, 0, 9), agent(3, true, 5, 1, 4)];
        assert_eq!(given(&agents, &[100; 5]), [(0, 2), (1, 3), (2, 1), (3, 2), (4, 3)]);
    }

    #[test]
    fn nobody_offline_or_full_is_given_anything() {
        let agents = [agent(1, false, 5, 0, 0), agent(2, true, 1, 1, 0), agent(3, true, 0, 0, 0)];
        assert_eq!(given(&agents, &[100]), []);
    }

    #[test]
    fn an_agent_who_asks_is_helped_by_another_and_holds_nobody_up() {
        assert_eq!(given(&[agent(1, true, 1, 0, 0)], &[1, 100]), [(1, 1)]);
    }

    fn desks() -> impl Strategy<Value = (Vec<Agent>, Vec<u128>)> {
        let one = (any::<bool>(), 0..4i32, 0..4i32, 0..6i64);
        let agents = prop::collection::vec(one, 0..5).prop_map(|all| {
            let numbered = all.into_iter().enumerate();
            numbered.map(|(n, (on, cap, open, turn))| agent(n as u128, on, cap, open, turn)).collect()
        });
        (agents, prop::collection::vec(0u128..8, 0..12))
    }

    proptest! {
        #[test]
        fn every_run_is_fair_and_complete((agents, customers) in desks()) {
            // The model: one conversation at a time, with everything recalculated.
            let mut desk = agents.clone();
            let mut clock = desk.iter().map(|a| a.last_turn).max().unwrap_or(0);
            let mut expected = Vec::new();
            for (n, customer) in customers.iter().enumerate() {
                let free: Vec<&Agent> = desk
                    .iter()
                    .filter(|a| a.online && a.open < a.capacity && a.id.0.as_u128() != *customer)
                    .collect();
                let Some(least) = free.iter().map(|a| a.open).min() else { continue };
                let equals: Vec<_> = free.into_iter().filter(|a| a.open == least).collect();
                let longest = equals.iter().map(|a| a.last_turn).min().unwrap();
                let id = equals.iter().filter(|a| a.last_turn == longest).map(|a| a.id).min().unwrap();
                let chosen = desk.iter_mut().find(|a| a.id == id).unwrap();
                clock += 1;
                chosen.open += 1;
                chosen.last_turn = clock;
                expected.push((n as u128, id.0.as_u128()));
            }
            prop_assert_eq!(given(&agents, &customers), expected);
            // A second run over the remaining queue assigns nothing.
            let left: Vec<u128> = customers
                .iter()
                .enumerate()
                .filter(|(n, _)| !given(&agents, &customers).iter().any(|(given, _)| *given == *n as u128))
                .map(|(_, customer)| *customer)
                .collect();
            prop_assert_eq!(given(&desk, &left), []);
        }
    }
}
