//! Compares random conversations with a reference model: a plain log, from which every
//! state is derived anew.

use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;
use uuid::Uuid;

use super::conversation::REOPEN_WITHIN;
use super::*;
use crate::{Audience, ClientMessageId, Event, MessageId, Party, Timestamp, UserId};

/// The customer; the others are agents, who take no part until they are assigned.
const CUSTOMER: u128 = 1;
const PEOPLE: std::ops::RangeInclusive<u128> = 1..=4;

#[derive(Clone, Debug)]
enum Step {
    Send { by: u128, client_id: u128, text: u8, note: bool },
    Assign { agent: u128 },
    Resolve { by: u128 },
    Read { by: u128, seq: i64 },
    Wait { hours: i64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let send = (PEOPLE, 0u128..6, 0u8..3, prop::bool::weighted(0.2))
        .prop_map(|(by, client_id, text, note)| Step::Send { by, client_id, text, note });
    let step = prop_oneof![
        6 => send,
        3 => PEOPLE.prop_map(|agent| Step::Assign { agent }),
        2 => PEOPLE.prop_map(|by| Step::Resolve { by }),
        3 => (PEOPLE, -1..14i64).prop_map(|(by, seq)| Step::Read { by, seq }),
        1 => (0i64..100).prop_map(|hours| Step::Wait { hours }),
    ];
    prop::collection::vec(step, 0..40)
}

fn user(n: u128) -> UserId {
    Uuid::from_u128(n).into()
}

fn draft(client_id: u128, text: u8, private_note: bool) -> Draft {
    Draft {
        message_id: MessageId(Uuid::from_u128(1_000 + client_id)),
        client_message_id: ClientMessageId(Uuid::from_u128(client_id)),
        text: MessageText::new(&format!("말 {text}"), "/text").unwrap(),
        private_note,
    }
}

/// The model: the log and the read marks; everything else is derived from them.
struct Log {
    entries: Vec<(Timestamp, ChatEvent)>,
    read: [i64; 2],
}

impl Log {
    /// The state, derived from the last entry that changes it.
    fn status(&self) -> Status {
        let turning = |(_, event): &(Timestamp, ChatEvent)| match event {
            ChatEvent::Message(message) if message.private_note => None,
            ChatEvent::Message(message) => Some(match message.author_role {
                Side::Agent => Status::Pending,
                Side::Customer if self.agent().is_some() => Status::Open,
                Side::Customer => Status::Queued,
            }),
            ChatEvent::Assigned { .. } => Some(Status::Open),
            ChatEvent::Resolved { .. } => Some(Status::Resolved),
            ChatEvent::Reopened => Some(Status::Queued),
        };
        self.entries.iter().rev().find_map(turning).unwrap()
    }

    fn agent(&self) -> Option<UserId> {
        let last = |(_, event): &(Timestamp, ChatEvent)| match event {
            ChatEvent::Assigned { agent_id } => Some(Some(*agent_id)),
            ChatEvent::Reopened => Some(None),
            _ => None,
        };
        self.entries.iter().rev().find_map(last).flatten()
    }

    fn side_of(&self, who: UserId) -> Option<Side> {
        match who {
            who if who == user(CUSTOMER) => Some(Side::Customer),
            who if self.agent() == Some(who) => Some(Side::Agent),
            _ => None,
        }
    }

    fn resolved_at(&self) -> Option<Timestamp> {
        let resolved =
            |(at, event): &(Timestamp, ChatEvent)| matches!(event, ChatEvent::Resolved { .. }).then_some(*at);
        (self.status() == Status::Resolved).then(|| self.entries.iter().rev().find_map(resolved)).flatten()
    }

    fn messages(&self) -> impl Iterator<Item = &Message> {
        self.entries.iter().filter_map(|(_, event)| match event {
            ChatEvent::Message(message) => Some(message),
            _ => None,
        })
    }

    fn said(&self, by: UserId, draft: &Draft) -> Option<&Message> {
        self.messages().find(|m| m.author_id == by && m.client_message_id == draft.client_message_id)
    }

    /// The expected result of a send: the kinds of its entries, or a refusal.
    fn expect_send(
        &self,
        by: UserId,
        draft: &Draft,
        now: Timestamp,
    ) -> Result<Vec<&'static str>, ChatRefusal> {
        let resolved = self.status() == Status::Resolved;
        let late = self.resolved_at().is_some_and(|then| now - then > REOPEN_WITHIN);
        match self.side_of(by) {
            None => Err(ChatRefusal::NotAssigned),
            Some(Side::Customer) if draft.private_note => Err(ChatRefusal::NoteByCustomer),
            Some(Side::Customer) if late => Err(ChatRefusal::Closed),
            Some(Side::Customer) if resolved => Ok(vec!["chat.reopened", "chat.message"]),
            Some(Side::Agent) if resolved && !draft.private_note => Err(ChatRefusal::Closed),
            Some(_) => Ok(vec!["chat.message"]),
        }
    }
}

fn kinds(events: &[ChatEvent]) -> Vec<&'static str> {
    events.iter().map(Event::kind).collect()
}

proptest! {
    #[test]
    fn a_conversation_is_what_its_log_says(steps in steps()) {
        let mut now: Timestamp = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let new = NewConversation {
            id: Uuid::from_u128(9).into(),
            customer_id: user(CUSTOMER),
            topic: Topic::Delivery,
            order_id: None,
        };
        let (mut state, events) = Conversation::open(new, draft(100, 0, false), now);
        let mut log = Log { entries: events.into_iter().map(|event| (now, event)).collect(), read: [0, 0] };

        for step in steps {
            now += TimeDelta::seconds(1);
            match step {
                Step::Wait { hours } => now += TimeDelta::hours(hours),
                Step::Send { by, client_id, text, note } => {
                    let (by, draft) = (user(by), draft(client_id, text, note));
                    // Like the store, the test does not send the same message twice.
                    if let Some(earlier) = log.said(by, &draft) {
                        prop_assert_eq!(
                            earlier.repeats(&draft),
                            earlier.text == draft.text.as_str() && earlier.private_note == note
                        );
                        continue;
                    }
                    let expected = log.expect_send(by, &draft, now);
                    let decided = state.clone().send(by, draft, now);
                    prop_assert_eq!(decided.as_ref().map(|(_, events)| kinds(events)).map_err(|r| *r), expected);
                    if let Ok((next, events)) = decided {
                        state = next;
                        log.entries.extend(events.into_iter().map(|event| (now, event)));
                    }
                }
                Step::Assign { agent } => {
                    let may = log.status() == Status::Queued && agent != CUSTOMER;
                    let decided = state.clone().assign(user(agent));
                    prop_assert_eq!(decided.is_ok(), may);
                    if let Ok((next, events)) = decided {
                        state = next;
                        log.entries.extend(events.into_iter().map(|event| (now, event)));
                    }
                }
                Step::Resolve { by } => {
                    let decided = state.clone().resolve(user(by), now);
                    prop_assert_eq!(decided.is_ok(), log.side_of(user(by)).is_some());
                    if let Ok((next, events)) = decided {
                        prop_assert_eq!(events.is_empty(), log.status() == Status::Resolved);
                        state = next;
                        log.entries.extend(events.into_iter().map(|event| (now, event)));
                    }
                }
                Step::Read { by, seq } => {
                    let marked = state.read(user(by), seq);
                    match log.side_of(user(by)) {
                        None => prop_assert_eq!(marked, Err(ChatRefusal::NotAssigned)),
                        Some(_) if seq > log.entries.len() as i64 => {
                            prop_assert_eq!(marked, Err(ChatRefusal::ReadBeyondEnd));
                        }
                        Some(side) => {
                            let mark = &mut log.read[side as usize];
                            prop_assert_eq!(marked, Ok((seq > *mark).then_some(side)));
                            *mark = seq.max(*mark);
                        }
                    }
                }
            }

            // The state agrees with the log, and the sequence has no gaps.
            prop_assert_eq!(state.status, log.status());
            prop_assert_eq!(state.agent_id, log.agent());
            prop_assert_eq!(state.resolved_at, log.resolved_at());
            prop_assert_eq!(state.last_seq, log.entries.len() as i64);
            for (n, (_, event)) in log.entries.iter().enumerate() {
                if let ChatEvent::Message(message) = event {
                    prop_assert_eq!(message.seq, n as i64 + 1);
                }
            }
            // Marks only grow, and never exceed the last entry.
            for side in [Side::Customer, Side::Agent] {
                prop_assert_eq!(state.read_seq(side), log.read[side as usize]);
                prop_assert!(state.read_seq(side) <= state.last_seq);
                for message in log.messages() {
                    let mine = message.author_role == side;
                    let hidden = side == Side::Customer && message.private_note;
                    let read = message.seq <= log.read[side as usize];
                    prop_assert_eq!(message.is_unread(side, state.read_seq(side)), !(mine || hidden || read));
                }
            }
            // No entry that the customer may see is a private note.
            for (_, event) in &log.entries {
                if Audience::from(Party::Customer).hears(event.audience()) {
                    prop_assert!(!event.data()["private_note"].as_bool().unwrap_or(false));
                }
            }
        }
    }
}

#[test]
fn the_customer_reopens_until_the_window_closes() {
    let start: Timestamp = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let new = NewConversation {
        id: Uuid::from_u128(9).into(),
        customer_id: user(CUSTOMER),
        topic: Topic::Order,
        order_id: None,
    };
    let (queued, _) = Conversation::open(new, draft(1, 0, false), start);
    let (open, _) = queued.assign(user(2)).unwrap();
    let (resolved, _) = open.resolve(user(2), start).unwrap();

    let (back, events) =
        resolved.clone().send(user(CUSTOMER), draft(2, 0, false), start + REOPEN_WITHIN).unwrap();
    assert_eq!(kinds(&events), ["chat.reopened", "chat.message"]);
    assert_eq!((back.status, back.agent_id, back.last_seq), (Status::Queued, None, 5));

    let late = start + REOPEN_WITHIN + TimeDelta::microseconds(1);
    assert_eq!(resolved.send(user(CUSTOMER), draft(2, 0, false), late), Err(ChatRefusal::Closed));
}
