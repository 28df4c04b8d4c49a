//! The chat session: one conversation between a customer and an agent.
//!
//! It holds the conversation's state (participants, last entry, read marks, assignment), not its
//! messages. Invariants:
//! 1. A message is stored once: if a send fails in any way but a message with its client id exists,
//!    that message is the answer.
//! 2. A refusal, or "nothing to do", is decided only on state fresh from the store: the desk
//!    assigns conversations directly in the store, so the state held here may be outdated. Commits
//!    are fenced. Read marks are exempt, as they never move back.
//! 3. Typing ends by itself after its time to live unless it is renewed.
//! 4. Commits of many conversations share one statement; each is answered after its own commit, and
//!    succeeds or fails on its own.
//!
//! ```text
//!  queued ──▶ open ◀──▶ pending ──▶ resolved ──▶ queued …   (domain::support)
//! ```
//! Supervised by the supervisor of its kind. A crash loses who was typing, and the answers to
//! queued commands; sending those again is safe.

mod typing;

use std::sync::Arc;
use std::time::Duration;

use domain::support::{ChatEvent, ChatRefusal, Conversation, Draft, Message, Side};
use domain::{Audience, Channel, Clock, ConversationId, Failure, Timestamp, UserId};
use serde_json::{Value, json};
use store::fabric::{Ephemeral, Signal};
use store::support::{Mark, Step};
use store::{Store, StoreError};

use actor_kit::{Counter, Entity, Fenced, GroupCommit, Reply, conflicts, decide, handle};

use typing::Typing;

/// How long a moved read mark is worth delivering; a client that missed it finds it in the
/// conversation.
const READ_TTL: Duration = Duration::from_secs(60);

handle! {
    /// All chat sessions: one method for each message.
    Chats of ChatEntity
}

impl Chats {
    /// Sends a message, once: returns the stored message, new or already stored under the client
    /// id.
    pub async fn send(&self, id: ConversationId, by: UserId, draft: Draft) -> Result<Message, Failure> {
        self.0.call(id, |reply| ChatCommand::Send { by, draft, reply }).await
    }

    /// Moves `by`'s read mark forward, up to and including `seq`.
    pub async fn read(&self, id: ConversationId, by: UserId, seq: i64) -> Result<(), Failure> {
        self.0.call(id, |reply| ChatCommand::Read { by, seq, reply }).await
    }

    /// Resolves the conversation.
    pub async fn resolve(&self, id: ConversationId, by: UserId) -> Result<(), Failure> {
        self.0.call(id, |reply| ChatCommand::Resolve { by, reply }).await
    }

    /// Notifies the others that `by` is typing, or stopped.
    pub async fn set_typing(&self, id: ConversationId, by: UserId, typing: bool) -> Result<(), Failure> {
        self.0.call(id, |reply| ChatCommand::Typing { by, typing, reply }).await
    }

    /// The session's state.
    pub async fn snapshot(&self, id: ConversationId) -> Result<Conversation, Failure> {
        self.0.call(id, |reply| ChatCommand::Look { reply }).await
    }
}

/// The messages of a chat session.
#[derive(Debug)]
pub enum ChatCommand {
    /// Sends a message, once.
    Send {
        /// The sender.
        by: UserId,
        /// The message.
        draft: Draft,
        /// The stored message, new or already stored under the client id.
        reply: Reply<Message>,
    },
    /// Moves a read mark forward.
    Read {
        /// The reader.
        by: UserId,
        /// The last entry that was read.
        seq: i64,
        /// Sent after the commit.
        reply: Reply<()>,
    },
    /// Resolves the conversation.
    Resolve {
        /// Who resolves it.
        by: UserId,
        /// Sent after the commit.
        reply: Reply<()>,
    },
    /// Notifies the others that somebody is typing, or stopped.
    Typing {
        /// Who is typing.
        by: UserId,
        /// False once they stopped.
        typing: bool,
        /// Sent after publishing.
        reply: Reply<()>,
    },
    /// Reads the session's state.
    Look {
        /// The state as held here; it may be outdated.
        reply: Reply<Conversation>,
    },
}

/// The chat session entity; see the module.
pub struct ChatEntity {
    store: Store,
    clock: Arc<dyn Clock>,
    typing_ttl: Duration,
    typing: Arc<Typing>,
    conflicts: Counter,
    /// Group commits of all conversations.
    steps: GroupCommit<Step, Result<(), StoreError>>,
    marks: GroupCommit<Mark, Result<(), StoreError>>,
}

/// The most steps or marks in one statement.
const GROUP: usize = 64;

type Slot = Option<Conversation>;

impl Entity for ChatEntity {
    const KIND: &'static str = "chat";
    type Id = ConversationId;
    type Command = ChatCommand;
    type State = Conversation;

    async fn handle(&self, id: ConversationId, slot: &mut Slot, command: ChatCommand) {
        match command {
            ChatCommand::Send { by, draft, reply } => reply.send(self.send(id, slot, by, draft).await),
            ChatCommand::Read { by, seq, reply } => reply.send(self.read(id, slot, by, seq).await),
            ChatCommand::Resolve { by, reply } => reply.send(self.resolve(id, slot, by).await),
            ChatCommand::Typing { by, typing, reply } => {
                reply.send(self.participant(id, slot, by).await.map(|_| self.types(id, by, typing)));
            }
            ChatCommand::Look { reply } => reply.send(self.current(id, slot).await),
        }
    }

    fn conflicts(&self) -> Option<&Counter> {
        Some(&self.conflicts)
    }
}

impl Fenced for ChatEntity {
    type Event = ChatEvent;

    async fn load(&self, id: ConversationId) -> Result<Conversation, Failure> {
        store::support::load(&self.store, id).await?.ok_or_else(|| Failure::not_found("conversation"))
    }

    async fn commit(
        &self,
        before: &Conversation,
        after: &Conversation,
        events: &[ChatEvent],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let step = Step { before: before.last_seq, after: after.clone(), events: events.to_vec(), at: now };
        if step.concerns_desk() {
            return store::support::commit(&self.store, &step).await;
        }
        let write = async |steps: Vec<Step>| store::support::commit_all(&self.store, &steps).await;
        self.steps.join(step, write).await.unwrap_or(Err(StoreError::Unknown))
    }
}

impl ChatEntity {
    /// Sessions on `store`; typing ends `typing_ttl` after its last renewal.
    pub fn new(store: Store, clock: Arc<dyn Clock>, typing_ttl: Duration) -> Self {
        Self {
            store,
            clock,
            typing_ttl,
            typing: Arc::default(),
            conflicts: conflicts(Self::KIND),
            steps: GroupCommit::of(GROUP),
            marks: GroupCommit::of(GROUP),
        }
    }

    async fn send(
        &self,
        id: ConversationId,
        slot: &mut Slot,
        by: UserId,
        draft: Draft,
    ) -> Result<Message, Failure> {
        let now = self.now();
        let decided =
            decide(self, id, slot, now, |state| Ok(state.clone().send(by, draft.clone(), now)?)).await;
        let failure = match decided {
            Ok((_, events)) => {
                if self.typing.is_typing(id, by) {
                    self.types(id, by, false);
                }
                let said = events.into_iter().find_map(|event| match event {
                    ChatEvent::Message(message) => Some(message),
                    _ => None,
                });
                return said.ok_or_else(|| Failure::fault("a send left no message"));
            }
            Err(failure) => failure,
        };
        // The unique index refused it, or a rule refuses it by now, or the commit's answer was
        // lost: what counts is whether the message is stored.
        match store::support::sent(&self.store, id, by, draft.client_message_id).await {
            Ok(Some(earlier)) if earlier.repeats(&draft) => Ok(earlier),
            Ok(Some(_)) => Err(ChatRefusal::ClientIdReused.into()),
            Ok(None) => Err(failure),
            // It may be stored: a refusal would say that it is not.
            Err(error) => Err(error.into()),
        }
    }

    async fn resolve(&self, id: ConversationId, slot: &mut Slot, by: UserId) -> Result<(), Failure> {
        let now = self.now();
        decide(self, id, slot, now, |state| Ok(state.clone().resolve(by, now)?)).await?;
        Ok(())
    }

    async fn read(&self, id: ConversationId, slot: &mut Slot, by: UserId, seq: i64) -> Result<(), Failure> {
        loop {
            let fresh = slot.is_none();
            let mut state = self.current(id, slot).await?;
            *slot = None;
            match state.read(by, seq) {
                // A stored mark never moves back, so outdated state suffices here.
                Ok(None) => break *slot = Some(state),
                Ok(Some(side)) => match self.mark(Mark { conversation: id, by, side, seq }).await {
                    Ok(()) => {
                        *slot = Some(state);
                        break self.publish(id, "chat.read", READ_TTL, json!({ "by": side, "seq": seq }));
                    }
                    Err(StoreError::Conflict) if !fresh => {}
                    Err(error) => return Err(error.into()),
                },
                Err(_) if !fresh => {}
                Err(refusal) => return Err(refusal.into()),
            }
        }
        Ok(())
    }

    async fn mark(&self, mark: Mark) -> Result<(), StoreError> {
        let write = async |marks: Vec<Mark>| store::support::mark_read(&self.store, &marks).await;
        self.marks.join(mark, write).await.unwrap_or(Err(StoreError::Unknown))
    }

    async fn participant(&self, id: ConversationId, slot: &mut Slot, by: UserId) -> Result<Side, Failure> {
        if let Some(side) = slot.as_ref().and_then(|state| state.side_of(by)) {
            return Ok(side);
        }
        *slot = None;
        Ok(self.current(id, slot).await?.side_of(by).ok_or(ChatRefusal::NotAssigned)?)
    }

    async fn current(&self, id: ConversationId, slot: &mut Slot) -> Result<Conversation, Failure> {
        match slot {
            Some(state) => Ok(state.clone()),
            None => Ok(slot.insert(self.load(id).await?).clone()),
        }
    }

    fn types(&self, id: ConversationId, by: UserId, typing: bool) {
        let (store, clock) = (self.store.clone(), Arc::clone(&self.clock));
        let tell = move |typing: bool, ttl: Duration| {
            let data = json!({ "user_id": by, "typing": typing });
            publish(&store, clock.now(), id, "chat.typing", ttl, data);
        };
        if typing {
            self.typing.begin((id, by), self.typing_ttl, tell);
        } else {
            self.typing.end((id, by), &tell);
        }
    }

    fn publish(&self, id: ConversationId, kind: &'static str, ttl: Duration, data: Value) {
        publish(&self.store, self.clock.now(), id, kind, ttl, data);
    }

    fn now(&self) -> Timestamp {
        domain::clock::to_micros(self.clock.now())
    }
}

fn publish(store: &Store, at: Timestamp, id: ConversationId, kind: &'static str, ttl: Duration, data: Value) {
    let kind = kind.into();
    let ephemeral = Ephemeral { kind, at, expires_at: at + ttl, data, audience: Audience::EVERYONE };
    store.fabric().publish(&Channel::Chat(id), Signal::Ephemeral(Arc::new(ephemeral)));
}
