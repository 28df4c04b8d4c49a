//! A customer and an agent who write to each other without a pause.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sim::frame::Say;
use sim::responses::{ChatMessage, Moment};
use sim::{Api, Heard, Line, system};
use uuid::Uuid;

use super::ledger::Said;
use super::people::{Phase, Yard, insist_on};
use crate::Outcome;

/// Between two messages of one person.
const PAUSE: Duration = Duration::from_millis(150);

/// When each message was written; its recipient looks the time up.
pub(crate) type Births = Arc<Mutex<HashMap<Uuid, Moment>>>;

/// One end of a conversation.
pub(crate) struct Talker {
    pub(crate) name: String,
    pub(crate) api: Api,
    pub(crate) conversation: Uuid,
    pub(crate) births: Births,
}

impl Talker {
    /// Writes until the run settles, and listens until it is over.
    pub(crate) async fn talk(self, yard: Arc<Yard>) -> Outcome<()> {
        let Self { name, api, conversation, births } = self;
        let mut socket = yard.socket(&api, &name);
        let line = socket.line();
        let probe = yard.probes.register(format!("{name} chat"));
        let mine: Births = Births::default();
        let writing = tokio::spawn(write(line, conversation, births.clone(), mine.clone(), yard.clone()));
        while let Some(heard) = socket.next().await {
            yard.ledger.heard(&name, &heard);
            match heard {
                Heard::Event(event) => {
                    let id = event.data["client_message_id"].as_str().and_then(|id| id.parse().ok());
                    let Some(id) = id else { continue };
                    let own = mine.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&id);
                    let born = births.lock().unwrap_or_else(PoisonError::into_inner).get(&id).copied();
                    if let Some(born) = born.filter(|_| !own) {
                        yard.probes.record(probe, born);
                    }
                }
                Heard::Ended { channel, reason } => {
                    yard.ledger.odd(format!("{name}: {channel} ended: {reason}"));
                }
                _ => {}
            }
        }
        writing.abort();
        yard.ledger.odd(format!("{name}: the socket ended"));
        Ok(())
    }
}

async fn write(line: Line, conversation_id: Uuid, births: Births, mine: Births, yard: Arc<Yard>) {
    // If the connection is lost, the socket itself subscribes again.
    let _ = line.subscribe(format!("chat:{conversation_id}")).await;
    while !yard.is(Phase::Settle) {
        let (id, now) = (system::fresh_id(), system::now());
        for born in [&births, &mine] {
            born.lock().unwrap_or_else(PoisonError::into_inner).insert(id, now);
        }
        let text = format!("{now} 곧 도착하나요?");
        let say = || Say::ChatSend {
            conversation_id,
            client_message_id: id,
            text: text.clone(),
            private_note: false,
        };
        let said = insist_on(&line, say).await.map(serde_json::from_value::<ChatMessage>);
        match said {
            Ok(Ok(message)) => {
                yard.ledger.notes().said.push(Said { conversation: conversation_id, id, seq: message.seq });
            }
            Ok(Err(unreadable)) => yard.ledger.odd(format!("a message's answer: {unreadable}")),
            Err(failure) => yard.ledger.odd(format!("a message was refused: {failure}")),
        }
        tokio::time::sleep(PAUSE).await;
    }
}
