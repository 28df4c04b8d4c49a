//! The messages sent through one party, for people and tests to read, and the failures that a
//! recipient's name asks for.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Now;
use super::book::Book;

/// The most messages kept in memory; older ones are only in the file.
const KEPT_MAX: usize = 1_000;

/// The delay of the response to `late`: longer than any caller's timeout.
const LATE: Duration = Duration::from_secs(5);

/// An accepted message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The party's id of the message.
    pub id: String,
    /// The sender's key of the message, if it gave one.
    pub key: Option<String>,
    /// The recipient's address, number or token.
    pub to: String,
    /// The sender, for messages that have one.
    pub from: Option<String>,
    /// The subject of a mail, the title of a push notification.
    pub subject: Option<String>,
    /// The message's text.
    pub text: String,
    /// The data of a push notification for the app.
    #[serde(default)]
    pub data: BTreeMap<String, String>,
    /// When it was accepted.
    pub at: DateTime<Utc>,
}

/// Whether a message takes the place of an earlier one.
pub(super) type Replaces = fn(&Sent, &Sent) -> bool;

/// See the module.
pub struct SentLog {
    pub(super) now: Now,
    replaces: Replaces,
    book: Mutex<(Book, Vec<Sent>)>,
}

/// The behaviour that a recipient's name asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    /// The message is accepted.
    Good,
    /// `hangs`: the message is not accepted, and no response comes.
    Hangs,
    /// `late`: the message is accepted, but the response comes after the caller's timeout.
    Late,
    /// `busy`: the message is refused temporarily.
    Busy,
    /// `refused`: the message is refused for good.
    Refused,
    /// `gone`: the recipient no longer exists.
    Gone,
}

/// The mood of a recipient, from the first word of the name.
pub(super) fn mood(name: &str) -> Mood {
    match name.split(|it: char| !it.is_ascii_alphanumeric()).next() {
        Some("hangs") => Mood::Hangs,
        Some("late") => Mood::Late,
        Some("busy") => Mood::Busy,
        Some("refused") => Mood::Refused,
        Some("gone") => Mood::Gone,
        _ => Mood::Good,
    }
}

impl Mood {
    /// The delay before a message is accepted.
    pub(super) async fn before(self) {
        if self == Self::Hangs {
            std::future::pending::<()>().await;
        }
    }

    /// The delay before the response.
    pub(super) async fn after(self) {
        if self == Self::Late {
            tokio::time::sleep(LATE).await;
        }
    }
}

impl SentLog {
    pub(super) fn open(
        now: Now,
        folder: Option<&Path>,
        name: &str,
        replaces: Replaces,
    ) -> std::io::Result<Self> {
        let (book, all) = Book::open(folder, name)?;
        let mut kept = Vec::new();
        all.into_iter().for_each(|sent| keep(&mut kept, sent, replaces));
        Ok(Self { now, replaces, book: Mutex::new((book, kept)) })
    }

    /// The messages to this recipient, the oldest first.
    pub fn to(&self, recipient: &str) -> Vec<Sent> {
        self.book().1.iter().filter(|sent| sent.to == recipient).cloned().collect()
    }

    /// The newest messages to this recipient, or to all, the newest first.
    pub(super) fn newest(&self, to: Option<&str>, max: usize) -> Vec<Sent> {
        let book = self.book();
        let wanted = book.1.iter().rev().filter(|sent| to.is_none_or(|to| sent.to == to));
        wanted.take(max).cloned().collect()
    }

    /// Accepts a message, and removes from memory those that it replaces.
    pub(super) fn take(&self, sent: &Sent) -> std::io::Result<()> {
        let mut book = self.book();
        book.0.write(sent)?;
        keep(&mut book.1, sent.clone(), self.replaces);
        Ok(())
    }

    /// The message with this key.
    pub(super) fn by_key(&self, key: &str) -> Option<Sent> {
        self.book().1.iter().find(|sent| sent.key.as_deref() == Some(key)).cloned()
    }

    fn book(&self) -> MutexGuard<'_, (Book, Vec<Sent>)> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds a message, and removes those that it replaces, and the oldest beyond the limit.
fn keep(all: &mut Vec<Sent>, sent: Sent, replaces: Replaces) {
    all.retain(|before| !replaces(&sent, before));
    all.push(sent);
    let old = all.len().saturating_sub(KEPT_MAX);
    all.drain(..old);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn what_is_read_from_the_file_is_kept_as_it_was_kept_in_memory() {
        let folder = std::env::temp_dir().join(format!("baedal-sent-{}", crate::system::fresh_id().simple()));
        let now: Now = Arc::new(crate::system::now);
        let open = || {
            let same_tag: Replaces = |sent, before| sent.key.is_some() && sent.key == before.key;
            SentLog::open(Arc::clone(&now), Some(&folder), "push.jsonl", same_tag).unwrap()
        };
        let log = open();
        let say = |number: usize, key: Option<&str>| {
            let sent = Sent {
                id: number.to_string(),
                key: key.map(str::to_owned),
                to: "phone".to_owned(),
                from: None,
                subject: None,
                text: String::new(),
                data: BTreeMap::new(),
                at: now(),
            };
            log.take(&sent).unwrap();
        };
        for number in 0..KEPT_MAX {
            say(number, None);
        }
        say(KEPT_MAX, Some("order"));
        say(KEPT_MAX + 1, Some("order"));
        let ids = |log: &SentLog| log.to("phone").into_iter().map(|sent| sent.id).collect::<Vec<_>>();
        assert_eq!(ids(&log).len(), KEPT_MAX);
        assert_eq!(ids(&log).last(), Some(&(KEPT_MAX + 1).to_string()));
        assert_eq!(ids(&open()), ids(&log));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
