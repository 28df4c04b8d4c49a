//! A conversation between a customer and the support desk.
//!
//! ```text
//!  opened ─▶ queued ──assigned──▶ open ──agent answers──▶ pending
//!              ▲                   │ ◀──customer writes──── │
//!              │                   └───── resolved ◀────────┘
//!              └── reopened: the customer writes within 72 h ┘
//! ```
//! The customer may also resolve a conversation that is still queued.
//!
//! Every event is an entry in one sequence, 1, 2, 3 … without gaps.
//! [`Conversation::last_seq`] is the number of the last entry, the version that commits
//! check, and the offset of the channel `chat:{id}`. Read marks are not entries: they only
//! grow, so concurrent ones need no order.

use std::str::FromStr;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::message::{Draft, Message, Side};
use crate::event::event_kinds;
use crate::{Audience, ConversationId, Event, EventKind, OrderId, Refusal, Refused, Timestamp, UserId};

/// How long after its resolution a customer's message reopens a conversation. After that
/// the customer must open a new one.
pub const REOPEN_WITHIN: TimeDelta = TimeDelta::hours(72);

/// The topic of a conversation or a frequently asked question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Placing, changing, cancelling.
    Order,
    /// Paying, refunds.
    Payment,
    /// The courier and the delivery.
    Delivery,
    /// Sign-in, personal data.
    Account,
    /// Anything else.
    Other,
}

/// The state of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for an agent.
    Queued,
    /// Waits for its agent's answer.
    Open,
    /// Waits for the customer's answer.
    Pending,
    /// Closed.
    Resolved,
}

macro_rules! names {
    ($type:ty: $($variant:ident = $name:literal),*) => {
        impl $type {
            /// The name on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
        }
        impl FromStr for $type {
            type Err = ();

            fn from_str(name: &str) -> Result<Self, ()> {
                match name { $($name => Ok(Self::$variant),)* _ => Err(()) }
            }
        }
    };
}

names!(Topic: Order = "order", Payment = "payment", Delivery = "delivery", Account = "account", Other = "other");
names!(Status: Queued = "queued", Open = "open", Pending = "pending", Resolved = "resolved");

/// The state of a conversation, without its entries (such as messages).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// Its customer.
    pub customer_id: UserId,
    /// Its topic.
    pub topic: Topic,
    /// The order that it concerns, one of the customer's.
    pub order_id: Option<OrderId>,
    /// Its state.
    pub status: Status,
    /// The assigned agent, or the last one after it was resolved. `None` only while it is
    /// queued, or if it was resolved in the queue.
    pub agent_id: Option<UserId>,
    /// The sequence number of the last entry; also the version.
    pub last_seq: i64,
    /// The last sequence number that the customer has read.
    pub customer_read_seq: i64,
    /// The last sequence number that the desk has read.
    pub agent_read_seq: i64,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it last entered the queue.
    pub queued_at: Timestamp,
    /// When it was resolved; `None` unless it is resolved now.
    pub resolved_at: Option<Timestamp>,
}

/// The input for opening a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewConversation {
    /// Its id.
    pub id: ConversationId,
    /// Its customer.
    pub customer_id: UserId,
    /// Its topic.
    pub topic: Topic,
    /// The order that it concerns, one of the customer's.
    pub order_id: Option<OrderId>,
}

/// An entry of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatEvent {
    /// A message was sent.
    Message(Message),
    /// It was assigned to an agent.
    Assigned {
        /// The agent.
        agent_id: UserId,
    },
    /// It was resolved.
    Resolved {
        /// The side that resolved it.
        by: Side,
    },
    /// A message of the customer returned it to the queue.
    Reopened,
}

event_kinds! {
    /// The kinds of a conversation's entries.
    ChatEventKind of Chat(ConversationId) {
        Message = "chat.message": "새 메시지가 왔어요.", "There is a new message.",
        Assigned = "chat.assigned": "상담원이 연결됐어요.", "An agent has joined." => Reauthorize,
        Resolved = "chat.resolved": "상담이 종료됐어요.", "The conversation was closed." => Reauthorize,
        Reopened = "chat.reopened": "상담이 다시 시작됐어요.", "The conversation was opened again." => Reauthorize,
    }
}

impl Event for ChatEvent {
    fn kind(&self) -> &'static str {
        let kind = match self {
            ChatEvent::Message(_) => ChatEventKind::Message,
            ChatEvent::Assigned { .. } => ChatEventKind::Assigned,
            ChatEvent::Resolved { .. } => ChatEventKind::Resolved,
            ChatEvent::Reopened => ChatEventKind::Reopened,
        };
        kind.as_str()
    }

    fn data(&self) -> Value {
        match self {
            ChatEvent::Message(message) => json!(message),
            ChatEvent::Assigned { agent_id } => json!({ "agent_id": agent_id }),
            ChatEvent::Resolved { by } => json!({ "by": by }),
            ChatEvent::Reopened => json!({}),
        }
    }

    fn audience(&self) -> Audience {
        match self {
            ChatEvent::Message(message) => message.audience(),
            _ => Audience::EVERYONE,
        }
    }
}

/// Why an action in a conversation is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChatRefusal {
    /// The caller is neither its customer nor its assigned agent.
    NotAssigned,
    /// Customers may not write private notes.
    NoteByCustomer,
    /// It is resolved. Only its customer can reopen it, within [`REOPEN_WITHIN`].
    Closed,
    /// It is not queued.
    NotQueued,
    /// The client reused the id of an earlier message for a different one.
    ClientIdReused,
    /// The read mark is beyond the last entry.
    ReadBeyondEnd,
}

impl Refusal for ChatRefusal {
    fn refused(&self) -> Refused {
        match self {
            Self::NotAssigned => not_assigned(),
            Self::NoteByCustomer => note_by_customer(),
            Self::Closed => closed(),
            Self::NotQueued => not_queued(),
            Self::ClientIdReused => client_message_id_reused(),
            Self::ReadBeyondEnd => read_beyond_end(),
        }
    }
}

crate::refusals! {
    not_assigned() => Forbidden "support.not_assigned":
        "나에게 배정된 상담이 아니에요.", "This conversation is not assigned to you.";
    note_by_customer() => Forbidden "support.note_by_customer":
        "내부 메모는 상담원만 쓸 수 있어요.", "Only agents write private notes.";
    closed() => Rule "support.closed":
        "종료된 상담이에요. 새로 문의해 주세요.", "This conversation is over. Please begin a new one.";
    not_queued() => Rule "support.not_queued":
        "이미 다른 상담원이 맡은 상담이에요.", "Another agent has this conversation.";
    client_message_id_reused() => Rule "support.client_message_id_reused":
        "메시지를 다시 보내 주세요.", "Please send the message again.";
    read_beyond_end() => Invalid "support.read_beyond_end":
        "대화를 다시 불러와 주세요.", "Please load the conversation again.";
}

type Decision = Result<(Conversation, Vec<ChatEvent>), ChatRefusal>;

impl Conversation {
    /// Opens a conversation, in the queue, with the customer's first message. That message
    /// is never a private note.
    pub fn open(new: NewConversation, first: Draft, now: Timestamp) -> (Self, Vec<ChatEvent>) {
        let NewConversation { id, customer_id, topic, order_id } = new;
        let mut opened = Self {
            id,
            customer_id,
            topic,
            order_id,
            status: Status::Queued,
            agent_id: None,
            last_seq: 0,
            customer_read_seq: 0,
            agent_read_seq: 0,
            created_at: now,
            queued_at: now,
            resolved_at: None,
        };
        let first = opened.say(customer_id, Side::Customer, Draft { private_note: false, ..first }, now);
        (opened, vec![first])
    }

    /// The side of `user`; `None` for anyone who is not a participant.
    pub fn side_of(&self, user: UserId) -> Option<Side> {
        if user == self.customer_id {
            Some(Side::Customer)
        } else if self.agent_id == Some(user) {
            Some(Side::Agent)
        } else {
            None
        }
    }

    /// Sends a participant's new message. The caller must detect a repeated send before,
    /// with [`Message::repeats`].
    pub fn send(mut self, by: UserId, draft: Draft, now: Timestamp) -> Decision {
        let side = self.side_of(by).ok_or(ChatRefusal::NotAssigned)?;
        let mut events = Vec::with_capacity(2);
        match side {
            Side::Customer if draft.private_note => return Err(ChatRefusal::NoteByCustomer),
            Side::Agent if draft.private_note => {}
            Side::Customer => match self.resolved_at {
                Some(then) if now - then > REOPEN_WITHIN => return Err(ChatRefusal::Closed),
                Some(_) => events.push(self.reopen(now)),
                None if self.status == Status::Pending => self.status = Status::Open,
                None => {}
            },
            Side::Agent if self.status == Status::Resolved => return Err(ChatRefusal::Closed),
            Side::Agent => self.status = Status::Pending,
        }
        events.push(self.say(by, side, draft, now));
        Ok((self, events))
    }

    /// Assigns it to an agent, who must not be its customer.
    pub fn assign(mut self, agent_id: UserId) -> Decision {
        if self.status != Status::Queued || agent_id == self.customer_id {
            return Err(ChatRefusal::NotQueued);
        }
        self.status = Status::Open;
        self.agent_id = Some(agent_id);
        self.last_seq += 1;
        Ok((self, vec![ChatEvent::Assigned { agent_id }]))
    }

    /// Resolves it for a participant; does nothing if it is already resolved.
    pub fn resolve(mut self, by: UserId, now: Timestamp) -> Decision {
        let by = self.side_of(by).ok_or(ChatRefusal::NotAssigned)?;
        if self.status == Status::Resolved {
            return Ok((self, Vec::new()));
        }
        self.status = Status::Resolved;
        self.resolved_at = Some(now);
        self.last_seq += 1;
        Ok((self, vec![ChatEvent::Resolved { by }]))
    }

    /// Sets a participant's read mark to `seq`. Marks never decrease: an older one changes
    /// nothing and returns `None`.
    pub fn read(&mut self, by: UserId, seq: i64) -> Result<Option<Side>, ChatRefusal> {
        let side = self.side_of(by).ok_or(ChatRefusal::NotAssigned)?;
        if seq > self.last_seq {
            return Err(ChatRefusal::ReadBeyondEnd);
        }
        let mark = match side {
            Side::Customer => &mut self.customer_read_seq,
            Side::Agent => &mut self.agent_read_seq,
        };
        if seq <= *mark {
            return Ok(None);
        }
        *mark = seq;
        Ok(Some(side))
    }

    /// The last sequence number that `side` has read.
    pub fn read_seq(&self, side: Side) -> i64 {
        match side {
            Side::Customer => self.customer_read_seq,
            Side::Agent => self.agent_read_seq,
        }
    }

    fn reopen(&mut self, now: Timestamp) -> ChatEvent {
        self.status = Status::Queued;
        self.agent_id = None;
        self.resolved_at = None;
        self.queued_at = now;
        self.last_seq += 1;
        ChatEvent::Reopened
    }

    fn say(&mut self, author_id: UserId, author_role: Side, draft: Draft, at: Timestamp) -> ChatEvent {
        self.last_seq += 1;
        ChatEvent::Message(Message {
            seq: self.last_seq,
            message_id: draft.message_id,
            client_message_id: draft.client_message_id,
            author_id,
            author_role,
            text: draft.text.into_string(),
            private_note: draft.private_note,
            at,
        })
    }
}
