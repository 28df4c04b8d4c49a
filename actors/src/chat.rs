//! The chat session: one conversation between a customer and an agent.
//!
//! It holds the conversation's state (participants, last entry, read marks,
//! assignment), not its messages. Invariants:
//! 1. A message is stored once: whatever comes of a send, a message that stands
//!    under its client id is the answer.
//! 2. What is refused, or found done already, was so when the store was last
//!    asked: the desk assigns conversations in the store, behind the session's
//!    back, so an old state may only propose, and the fence disposes.
//! 3. Nobody is left typing: without news it ends after its time to live.
//! 4. What many conversations commit at once shares a statement; each is answered
//!    after its own commit, and stands or falls for itself.
//!
//! ```text
//!  queued ──▶ open ◀──▶ pending ──▶ resolved ──▶ queued …   (domain::support)
//! ```
//! Supervised by the supervisor of its kind. A crash loses who was typing, and the
//! answers to commands that waited; sending those again is safe.

use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use domain::support::{ChatEvent, ChatRefusal, Conversation, Draft, Message, Side};
use domain::{Audience, Channel, Clock, ConversationId, Failure, Timestamp, UserId};
use serde_json::{Value, json};
use store::fabric::{Ephemeral, Signal};
use store::support::{Mark, Step};
use store::{Store, StoreError};
use tokio::task::AbortHandle;

use actor_kit::{Counter, Entity, Fenced, GroupCommit, Reply, conflicts, decide, handle};

/// How long a moved read mark is worth telling; who missed it sees it in the
/// conversation.
const READ_TTL: Duration = Duration::from_secs(60);

handle! {
    /// All chat sessions: one method for each message.
    Chats of ChatEntity
}

impl Chats {
    /// Says something, once: the stored message, new or as it stands under the client's id.
    pub async fn send(&self, id: ConversationId, by: UserId, draft: Draft) -> Result<Message, Failure> {
        self.0.call(id, |reply| ChatCommand::Send { by, draft, reply }).await
    }

    /// Moves `by`'s read mark forward, up to and including `seq`.
    pub async fn read(&self, id: ConversationId, by: UserId, seq: i64) -> Result<(), Failure> {
        self.0.call(id, |reply| ChatCommand::Read { by, seq, reply }).await
    }

    /// Settles the conversation.
    pub async fn resolve(&self, id: ConversationId, by: UserId) -> Result<(), Failure> {
        self.0.call(id, |reply| ChatCommand::Resolve { by, reply }).await
    }

    /// Tells the others that `by` types, or stopped.
    pub async fn set_typing(&self, id: ConversationId, by: UserId, typing: bool) -> Result<(), Failure> {
        self.0.call(id, |reply| ChatCommand::Typing { by, typing, reply }).await
    }

    /// What the session holds.
    pub async fn snapshot(&self, id: ConversationId) -> Result<Conversation, Failure> {
        self.0.call(id, |reply| ChatCommand::Look { reply }).await
    }
}

/// What a session can be asked.
#[derive(Debug)]
pub enum ChatCommand {
    /// Says something, once.
    Send {
        /// Who says it.
        by: UserId,
        /// What.
        draft: Draft,
        /// The stored message, new or as it stands under the client id.
        reply: Reply<Message>,
    },
    /// Moves a read mark forward.
    Read {
        /// Who has read.
        by: UserId,
        /// Up to and including which entry.
        seq: i64,
        /// Done.
        reply: Reply<()>,
    },
    /// Settles the conversation.
    Resolve {
        /// Who settles it.
        by: UserId,
        /// Done.
        reply: Reply<()>,
    },
    /// Tells the others that somebody types, or stopped.
    Typing {
        /// Who types.
        by: UserId,
        /// Whether they still do.
        typing: bool,
        /// Told.
        reply: Reply<()>,
    },
    /// Asks what the session holds.
    Look {
        /// The state as the session has it.
        reply: Reply<Conversation>,
    },
}

/// The chat session's entity; see the module.
pub struct ChatEntity {
    store: Store,
    clock: Arc<dyn Clock>,
    typing_ttl: Duration,
    /// Who is typing, each with the timer that ends it.
    typing: Arc<DashMap<(ConversationId, UserId), AbortHandle>>,
    conflicts: Counter,
    /// Of all conversations, on their way to the store.
    steps: GroupCommit<Step, Result<(), StoreError>>,
    marks: GroupCommit<Mark, Result<(), StoreError>>,
}

/// Steps or marks of one statement.
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
    /// Sessions on this store; typing ends `typing_ttl` after it was last heard of.
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
                if self.typing.contains_key(&(id, by)) {
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
        // The unique index refused it, or a rule does by now, or the commit's
        // answer was lost: what counts is whether it stands.
        match store::support::sent(&self.store, id, by, draft.client_message_id).await {
            Ok(Some(earlier)) if earlier.repeats(&draft) => Ok(earlier),
            Ok(Some(_)) => Err(ChatRefusal::ClientIdReused.into()),
            Ok(None) | Err(_) => Err(failure),
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
                // A mark that stands never goes back, so an old state knows it too.
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
        if let Some((_, timer)) = self.typing.remove(&(id, by)) {
            timer.abort();
        }
        let ttl = if typing { self.typing_ttl } else { Duration::ZERO };
        self.publish(id, "chat.typing", ttl, json!({ "user_id": by, "typing": typing }));
        if typing {
            let (all, store, clock) = (Arc::clone(&self.typing), self.store.clone(), Arc::clone(&self.clock));
            let timer = tokio::spawn(async move {
                tokio::time::sleep(ttl).await;
                all.remove(&(id, by));
                let data = json!({ "user_id": by, "typing": false });
                publish(&store, clock.now(), id, "chat.typing", Duration::ZERO, data);
            });
            self.typing.insert((id, by), timer.abort_handle());
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
