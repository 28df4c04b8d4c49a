//! Messages to people outside the app: mail, text messages, push notifications. The caller
//! supplies the text; each kind has a port for its sender.
//!
//! A message has a key, which stays the same when it is repeated. Whether a repeat reaches the
//! person twice depends on the kind: a mail with a known key is not sent again (for 24 hours);
//! a push notification replaces the one with the same key; a text message is sent again. So a
//! text message must not be repeated after [`SendError::Unknown`]: let its reader request it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::auth::{Email, Phone, PushToken};
use domain::text::Text;
use domain::{Failure, Refused};
use uuid::Uuid;

/// A mail.
#[derive(Clone)]
pub struct Mail {
    /// The message's key.
    pub key: Uuid,
    /// The recipient.
    pub to: Email,
    /// One line.
    pub subject: Text,
    /// The plain text.
    pub body: Text,
}

/// A text message. One of more than 90 bytes (45 Korean characters) is sent as a long message
/// and costs about three times as much.
#[derive(Clone)]
pub struct Sms {
    /// The message's key.
    pub key: Uuid,
    /// The recipient: a Korean number.
    pub to: Phone,
    /// The text.
    pub text: Text,
}

/// A push notification to one installation of the app.
#[derive(Clone)]
pub struct Push {
    /// The message's key.
    pub key: Uuid,
    /// The installation that receives it.
    pub to: PushToken,
    /// One line.
    pub title: Text,
    /// The text below the title.
    pub body: Text,
    /// Data for the app, such as the page to open. The whole message has about 4,000 bytes at most.
    pub data: BTreeMap<String, String>,
}

/// A message was not sent, or the outcome is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// No sender of this kind of message is configured.
    #[error("no sender of such messages is configured")]
    NotConfigured,
    /// It was not sent; a later attempt may succeed.
    #[error("the sender of messages does not serve")]
    Unavailable,
    /// It was not sent, and cannot be: its recipient or its content is not accepted.
    #[error("the sender of messages refuses this one")]
    Refused,
    /// It was not sent: the recipient no longer exists and should be deleted.
    #[error("there is no such recipient any more")]
    Gone,
    /// It may have been sent.
    #[error("whether the message was sent is not known")]
    Unknown,
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        match error {
            SendError::NotConfigured | SendError::Unavailable => {
                Refused::unavailable(30).because("Messages can't be sent right now.").into()
            }
            SendError::Refused | SendError::Gone | SendError::Unknown => Self::fault(error),
        }
    }
}

/// Sends mail. `Ok` means accepted for delivery, not delivered.
#[async_trait]
pub trait MailSender: Send + Sync {
    /// Sends a mail.
    async fn send(&self, mail: &Mail) -> Result<(), SendError>;
}

/// Sends text messages.
#[async_trait]
pub trait SmsSender: Send + Sync {
    /// Sends a text message.
    async fn send(&self, sms: &Sms) -> Result<(), SendError>;
}

/// Sends push notifications.
#[async_trait]
pub trait PushSender: Send + Sync {
    /// Sends a push notification.
    async fn send(&self, push: &Push) -> Result<(), SendError>;
}
