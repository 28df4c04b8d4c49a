//! What people say in a conversation.

use serde::{Deserialize, Serialize};

use crate::{Audience, ClientMessageId, MessageId, Party, Refused, TextFlaw, TextRule, Timestamp, UserId};

/// The longest text, in characters.
pub const MAX_CHARS: usize = 4_000;

/// For whom somebody speaks in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The customer whose conversation it is.
    Customer,
    /// The support desk.
    Agent,
}

impl Side {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Side::Customer => "customer",
            Side::Agent => "agent",
        }
    }

    /// What this side hears.
    pub fn audience(self) -> Audience {
        match self {
            Side::Customer => Party::Customer.into(),
            Side::Agent => Party::Support.into(),
        }
    }
}

/// Text that may be said: several lines of [`Text`](crate::Text), 1 to 4000 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct MessageText(String);

impl MessageText {
    /// Composes, trims and checks; a refusal is of the field at `pointer`.
    pub fn new(text: &str, pointer: &str) -> Result<Self, Refused> {
        Self::read(text).map_err(|flaw| Refused::invalid(vec![flaw.at(pointer)]))
    }

    fn read(text: &str) -> Result<Self, TextFlaw> {
        TextRule::lines(MAX_CHARS).read(text).map(|text| Self(text.into_string()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text itself.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// Something that a participant wants to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The id that the message gets if it is new.
    pub message_id: MessageId,
    /// The sender's own id of it; makes sending it again harmless.
    pub client_message_id: ClientMessageId,
    /// What is said.
    pub text: MessageText,
    /// Whether only the desk may see it.
    pub private_note: bool,
}

/// Something that was said, and stays said: messages never change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its place in the conversation's sequence of entries, from 1.
    pub seq: i64,
    /// Its id.
    pub message_id: MessageId,
    /// The sender's own id of it.
    pub client_message_id: ClientMessageId,
    /// Who said it.
    pub author_id: UserId,
    /// For which side.
    pub author_role: Side,
    /// What was said.
    pub text: String,
    /// Whether only the desk may see it.
    pub private_note: bool,
    /// When it was accepted.
    pub at: Timestamp,
}

impl Message {
    /// Who may hear it.
    pub fn audience(&self) -> Audience {
        if self.private_note { Party::Support.into() } else { Audience::EVERYONE }
    }

    /// Whether this is what `draft` wants to say: then the draft is a repeat,
    /// and this is its answer.
    pub fn repeats(&self, draft: &Draft) -> bool {
        self.text == draft.text.as_str() && self.private_note == draft.private_note
    }

    /// Whether `side` has it to read once its mark stands at `read_seq`: it is
    /// the other side's, not hidden, and after the mark.
    pub fn is_unread(&self, side: Side, read_seq: i64) -> bool {
        self.author_role != side && self.seq > read_seq && side.audience().hears(self.audience())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_trimmed_and_keeps_its_lines() {
        let text = MessageText::read("  주문이\r\n안 왔어요\t:(\n").unwrap();
        assert_eq!(text.as_str(), "주문이\n안 왔어요\t:(");
    }

    #[test]
    fn the_limit_counts_characters_not_bytes() {
        assert!(MessageText::read(&"밥".repeat(MAX_CHARS)).is_ok());
        assert_eq!(MessageText::read(&"밥".repeat(MAX_CHARS + 1)), Err(TextFlaw::TooLong { max: MAX_CHARS }));
        assert!(MessageText::read(&format!("{}a", " ".repeat(MAX_CHARS))).is_ok());
    }

    #[test]
    fn empty_text_and_control_characters_are_refused() {
        for text in ["", " \n\t ", "\u{3000}"] {
            assert_eq!(MessageText::read(text), Err(TextFlaw::Blank), "{text:?}");
        }
        for text in ["a\0b", "a\u{1b}[2Jb", "a\rb", "a\u{7f}b", "a\u{85}b"] {
            assert_eq!(MessageText::read(text), Err(TextFlaw::ControlCharacter), "{text:?}");
        }
    }
}
