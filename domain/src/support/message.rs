//! The messages of a conversation.

use serde::{Deserialize, Serialize};

use crate::{Audience, ClientMessageId, MessageId, Party, Refused, TextFlaw, TextRule, Timestamp, UserId};

/// The longest text, in characters.
pub const MAX_CHARS: usize = 4_000;

/// A side of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The conversation's customer.
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

    /// The audience of which this side is a member.
    pub fn audience(self) -> Audience {
        match self {
            Side::Customer => Party::Customer.into(),
            Side::Agent => Party::Support.into(),
        }
    }
}

/// The text of a message: several lines of [`Text`](crate::Text), 1 to [`MAX_CHARS`]
/// characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct MessageText(String);

impl MessageText {
    /// Normalises to NFC, trims and checks; a refusal names the field at `pointer`.
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

    /// The text, owned.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// A message to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The id that the message gets if it is new.
    pub message_id: MessageId,
    /// The sender's id for it, which makes a repeated send idempotent.
    pub client_message_id: ClientMessageId,
    /// The text.
    pub text: MessageText,
    /// Whether only the desk may see it.
    pub private_note: bool,
}

/// A sent message; it never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its number in the conversation's sequence of entries, from 1.
    pub seq: i64,
    /// Its id.
    pub message_id: MessageId,
    /// The sender's id for it.
    pub client_message_id: ClientMessageId,
    /// The author.
    pub author_id: UserId,
    /// The author's side.
    pub author_role: Side,
    /// The text.
    pub text: String,
    /// Whether only the desk may see it.
    pub private_note: bool,
    /// When it was accepted.
    pub at: Timestamp,
}

impl Message {
    /// Who may see it.
    pub fn audience(&self) -> Audience {
        if self.private_note { Party::Support.into() } else { Audience::EVERYONE }
    }

    /// Whether it has the same content as `draft`. If the client's id is the same too, the
    /// draft is a repeated send, answered with this message.
    pub fn repeats(&self, draft: &Draft) -> bool {
        self.text == draft.text.as_str() && self.private_note == draft.private_note
    }

    /// Whether it is unread for `side` with the read mark `read_seq`: written by the other
    /// side, visible, and after the mark.
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
