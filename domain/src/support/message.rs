//! What people say in a conversation.

use serde::{Deserialize, Serialize};

use crate::{Audience, ClientMessageId, MessageId, Party, Refused, Timestamp, UserId};

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

/// Text that may be said: trimmed, 1..=4000 characters, and no control
/// characters but line breaks and tabs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct MessageText(String);

/// Why a text may not be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// Nothing but space.
    #[error("The text is empty.")]
    Blank,
    /// Over [`MAX_CHARS`].
    #[error("The text is longer than {MAX_CHARS} characters.")]
    TooLong,
    /// PostgreSQL keeps no NUL, and terminals and screen readers obey the rest.
    #[error("The text has control characters.")]
    ControlCharacter,
}

impl TextFault {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            TextFault::Blank => "blank",
            TextFault::TooLong => "too_long",
            TextFault::ControlCharacter => "control_character",
        }
    }

    /// The refusal of a request whose field at `pointer` holds the text.
    pub fn at(self, pointer: &str) -> Refused {
        Refused::field(pointer, self.code(), self.to_string())
    }
}

impl MessageText {
    /// Trims and checks. Line ends become `\n`.
    pub fn new(text: &str) -> Result<Self, TextFault> {
        let text = text.trim().replace("\r\n", "\n");
        if text.is_empty() {
            Err(TextFault::Blank)
        } else if text.chars().nth(MAX_CHARS).is_some() {
            Err(TextFault::TooLong)
        } else if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            Err(TextFault::ControlCharacter)
        } else {
            Ok(Self(text))
        }
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
        let text = MessageText::new("  주문이\r\n안 왔어요\t:(\n").unwrap();
        assert_eq!(text.as_str(), "주문이\n안 왔어요\t:(");
    }

    #[test]
    fn the_limit_counts_characters_not_bytes() {
        assert!(MessageText::new(&"밥".repeat(MAX_CHARS)).is_ok());
        assert_eq!(MessageText::new(&"밥".repeat(MAX_CHARS + 1)), Err(TextFault::TooLong));
        assert!(MessageText::new(&format!("{}a", " ".repeat(MAX_CHARS))).is_ok());
    }

    #[test]
    fn empty_text_and_control_characters_are_refused() {
        for text in ["", " \n\t ", "\u{3000}"] {
            assert_eq!(MessageText::new(text), Err(TextFault::Blank), "{text:?}");
        }
        for text in ["a\0b", "a\u{1b}[2Jb", "a\rb", "a\u{7f}b", "a\u{85}b"] {
            assert_eq!(MessageText::new(text), Err(TextFault::ControlCharacter), "{text:?}");
        }
    }
}
