//! What reaches people outside the app: mail, text messages, push notifications. The words are
//! the caller's; who sends them is behind a port each.
//!
//! A message has a key of its own, which is kept over its repeats. Whether a repeat reaches the
//! person twice depends on the kind: a mail with a known key is not sent again (for 24 hours);
//! a push notification takes the place of the one with its key; a text message is sent again.
//! So [`SendError::Unknown`] is no reason to repeat a text message: let its reader ask for it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::auth::{Email, Phone, PushToken};
use domain::text::Text;
use domain::{Failure, Refused};
use uuid::Uuid;

/// A mail.
#[derive(Clone)]
pub struct Mail {
    /// Its key.
    pub key: Uuid,
    /// Who gets it.
    pub to: Email,
    /// One line.
    pub subject: Text,
    /// Its plain text.
    pub body: Text,
}

/// A text message. One of more than 90 bytes (45 Korean characters) goes as a long one and
/// costs about three times as much.
#[derive(Clone)]
pub struct Sms {
    /// Its key.
    pub key: Uuid,
    /// Who gets it: a Korean number.
    pub to: Phone,
    /// Its text.
    pub text: Text,
}

/// A push notification to one installation of the app.
#[derive(Clone)]
pub struct Push {
    /// Its key.
    pub key: Uuid,
    /// Where it goes.
    pub to: PushToken,
    /// One line.
    pub title: Text,
    /// What is shown below it.
    pub body: Text,
    /// What the app reads, such as the page to open; about 4,000 bytes with everything else.
    pub data: BTreeMap<String, String>,
}

/// A message was not sent, or nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Nobody sends messages of this kind: no setting says who.
    #[error("no sender of such messages is configured")]
    NotConfigured,
    /// It was not sent, and may be later.
    #[error("the sender of messages does not serve")]
    Unavailable,
    /// It was not sent, and will not be: its recipient or its content is not taken.
    #[error("the sender of messages refuses this one")]
    Refused,
    /// It was not sent, and nothing will be: this recipient is no more. Forget it.
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

/// Who sends mail. What was taken is on its way; whether it arrives, nobody knows.
#[async_trait]
pub trait MailSender: Send + Sync {
    /// Hands a mail over.
    async fn send(&self, mail: &Mail) -> Result<(), SendError>;
}

/// Who sends text messages.
#[async_trait]
pub trait SmsSender: Send + Sync {
    /// Hands a text message over.
    async fn send(&self, sms: &Sms) -> Result<(), SendError>;
}

/// Who sends push notifications.
#[async_trait]
pub trait PushSender: Send + Sync {
    /// Hands a push notification over.
    async fn send(&self, push: &Push) -> Result<(), SendError>;
}
