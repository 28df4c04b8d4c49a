//! A support agent: goes online, reads the assigned conversations, answers
//! them, and resolves the settled ones.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use crate::frame::{Event, Say};
use crate::person::{Day, Person, PersonError};
use crate::responses::ChatMessage;
use crate::socket::{AskError, Heard, Line};
use crate::system;

/// Conversations that one agent takes at once.
const CAPACITY: u32 = 5;
/// A conversation counts as settled after so many answers.
const ANSWERS: u32 = 2;

/// The texts of agents' answers.
const REPLIES: [&str; 5] = [
    "안녕하세요, 배달 고객센터입니다. 바로 확인해 보겠습니다.",
    "라이더님이 이동 중이십니다. 지도에서 실시간 위치를 보실 수 있어요.",
    "가게에 확인했습니다. 곧 출발할 예정입니다.",
    "요청 사항을 라이더님께 전달했습니다.",
    "불편을 드려 죄송합니다. 조금만 기다려 주세요.",
];

/// An agent.
pub struct Agent {
    /// The person.
    pub person: Person,
}

#[derive(Default)]
struct Case {
    heard: i64,
    answers: u32,
    answer_at: Option<Instant>,
}

struct Desk {
    person: Person,
    me: Uuid,
    line: Line,
    cases: HashMap<Uuid, Case>,
}

impl Agent {
    /// Works until the socket closes and does not reconnect.
    pub async fn live(mut self) -> Day {
        let me = self.person.sign_in().await?.user_id;
        let mut socket = self.person.socket();
        let line = socket.line();
        line.subscribe("desk").await?;
        line.ask(Say::Presence { online: true, capacity: Some(CAPACITY) }).await?;
        let mut desk = Desk { person: self.person, me, line, cases: HashMap::new() };
        desk.look().await?;
        let mut glance = tokio::time::interval(Duration::from_millis(500));
        loop {
            tokio::select! {
                _ = glance.tick() => desk.answer_due().await?,
                heard = desk.person.hear(&mut socket) => match heard? {
                    Heard::Event(event) => desk.heard(&event).await?,
                    Heard::Ready(_) => {
                        desk.line.tell(Say::Presence { online: true, capacity: Some(CAPACITY) }).await;
                        desk.look().await?;
                    }
                    _ => {}
                },
            }
        }
    }
}

impl Desk {
    /// Takes the conversations that are assigned already.
    async fn look(&mut self) -> Result<(), PersonError> {
        for conversation in self.person.api.desk().await?.assigned {
            self.take(conversation.id).await?;
        }
        Ok(())
    }

    async fn take(&mut self, conversation: Uuid) -> Result<(), PersonError> {
        if self.cases.contains_key(&conversation) {
            return Ok(());
        }
        match self.line.subscribe(format!("chat:{conversation}")).await {
            Ok(_) => {}
            Err(AskError::Refused(problem)) => {
                tracing::info!(who = self.person.email, %problem, "not our conversation");
                return Ok(());
            }
            Err(failure) => return Err(failure.into()),
        }
        self.cases.insert(conversation, Case::default());
        self.person.tally.add("conversations taken");
        for message in self.person.api.messages(conversation, 0).await? {
            self.read(conversation, &message).await?;
        }
        Ok(())
    }

    async fn heard(&mut self, event: &Event) -> Result<(), PersonError> {
        match event.kind.as_str() {
            "desk.assigned" if id(&event.data["agent_id"]) == Some(self.me) => {
                if let Some(conversation) = id(&event.data["conversation_id"]) {
                    self.take(conversation).await?;
                }
            }
            "chat.message" => {
                let conversation = event.channel.strip_prefix("chat:").and_then(|id| id.parse().ok());
                let message = serde_json::from_value(event.data.clone());
                if let (Some(conversation), Ok(message)) = (conversation, message) {
                    self.read(conversation, &message).await?;
                }
            }
            "chat.resolved" => {
                if let Some(conversation) = event.channel.strip_prefix("chat:").and_then(|id| id.parse().ok())
                {
                    self.put_away(conversation).await;
                }
            }
            _ => {}
        }
        Ok(())
    }

    async fn read(&mut self, conversation: Uuid, message: &ChatMessage) -> Result<(), PersonError> {
        let Some(case) = self.cases.get_mut(&conversation) else { return Ok(()) };
        if message.seq <= case.heard {
            return Ok(());
        }
        case.heard = message.seq;
        if message.author_role == "customer" {
            case.answer_at = Some(Instant::now() + self.person.pacing.secs(3.0..10.0));
            self.line.tell(Say::ChatRead { conversation_id: conversation, seq: message.seq }).await;
            self.line.tell(Say::ChatTyping { conversation_id: conversation, typing: true }).await;
        } else {
            case.answer_at = None;
        }
        Ok(())
    }

    async fn answer_due(&mut self) -> Result<(), PersonError> {
        let now = Instant::now();
        let due: Vec<Uuid> = self
            .cases
            .iter()
            .filter(|(_, case)| case.answer_at.is_some_and(|at| at <= now))
            .map(|(conversation, _)| *conversation)
            .collect();
        for conversation in due {
            self.answer(conversation).await?;
        }
        Ok(())
    }

    async fn answer(&mut self, conversation: Uuid) -> Result<(), PersonError> {
        let Some(case) = self.cases.get_mut(&conversation) else { return Ok(()) };
        case.answer_at = None;
        case.answers += 1;
        let settled = case.answers >= ANSWERS;
        let said = Say::ChatSend {
            conversation_id: conversation,
            client_message_id: system::fresh_id(),
            text: self.person.pacing.pick(&REPLIES).copied().unwrap_or_default().to_owned(),
            private_note: false,
        };
        match self.line.ask(said).await {
            Ok(_) => self.person.tally.add("answers"),
            Err(AskError::Closed) => return Err(PersonError::HungUp),
            Err(failure) => tracing::info!(who = self.person.email, %failure, "not said"),
        }
        if settled {
            match self.person.api.resolve(conversation).await {
                Ok(()) => self.person.tally.add("conversations resolved"),
                Err(failure) => tracing::info!(who = self.person.email, %failure, "not resolved"),
            }
            self.put_away(conversation).await;
        }
        Ok(())
    }

    async fn put_away(&mut self, conversation: Uuid) {
        if self.cases.remove(&conversation).is_some() {
            // The server may have ended it already.
            let _ = self.line.unsubscribe(format!("chat:{conversation}")).await;
        }
    }
}

fn id(value: &serde_json::Value) -> Option<Uuid> {
    value.as_str()?.parse().ok()
}
