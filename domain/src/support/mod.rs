//! Customer support (1:1 문의): conversations with agents, the desk that assigns them,
//! and frequently asked questions.

pub mod conversation;
pub mod desk;
pub mod faq;
pub mod message;
#[cfg(test)]
mod properties;

pub use conversation::{ChatEvent, ChatEventKind, ChatRefusal, Conversation, NewConversation, Status, Topic};
pub use desk::{Agent, Assignment, DeskEvent, SupportReminder, Waiting};
pub use faq::{Faq, SearchText, Wording};
pub use message::{Draft, Message, MessageText, Side};
