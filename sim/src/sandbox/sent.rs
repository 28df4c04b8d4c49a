//! What was sent through one party, kept where people and tests can read it, and how a party
//! misbehaves when the recipient's name asks for it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Now;
use super::book::Book;

/// Messages that are kept in memory; older ones stand in the file alone.
const KEPT_MAX: usize = 1_000;

/// How late the answer to `late` comes: nobody waits for it as long.
const LATE: Duration = Duration::from_secs(5);

/// A message that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// What the party calls it.
    pub id: String,
    /// What its sender calls it, if they said.
    pub key: Option<String>,
    /// The address, number or token that it goes to.
    pub to: String,
    /// Who it is from, where messages say that.
    pub from: Option<String>,
    /// The subject of a mail, the title of a push notification.
    pub subject: Option<String>,
    /// Its words.
    pub text: String,
    /// What a push notification carries for the app.
    #[serde(default)]
    pub data: BTreeMap<String, String>,
    /// When it was taken.
    pub at: DateTime<Utc>,
}

/// See the module.
pub struct SentLog {
    pub(super) now: Now,
    book: Mutex<(Book, Vec<Sent>)>,
}

/// What a recipient's name asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    /// It is taken.
    Good,
    /// `hangs`: nothing is taken, and nothing is said.
    Hangs,
    /// `late`: it is taken, and that is said when nobody listens any more.
    Late,
    /// `busy`: it is not taken now.
    Busy,
    /// `refused`: it is never taken.
    Refused,
    /// `gone`: there is no such recipient any more.
    Gone,
}

/// The mood of a recipient: the first word of their name.
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
    /// Holds up what comes before a message is taken.
    pub(super) async fn before(self) {
        if self == Self::Hangs {
            std::future::pending::<()>().await;
        }
    }

    /// Holds up the answer.
    pub(super) async fn after(self) {
        if self == Self::Late {
            tokio::time::sleep(LATE).await;
        }
    }
}

impl SentLog {
    pub(super) fn open(now: Now, folder: Option<&Path>, name: &str) -> std::io::Result<Self> {
        let (book, sent) = Book::open(folder, name)?;
        Ok(Self { now, book: Mutex::new((book, sent)) })
    }

    /// What was sent to this recipient, the oldest first.
    pub fn to(&self, recipient: &str) -> Vec<Sent> {
        self.book().1.iter().filter(|sent| sent.to == recipient).cloned().collect()
    }

    /// What was sent to anybody, the newest first.
    pub(super) fn newest(&self, to: Option<&str>, max: usize) -> Vec<Sent> {
        let book = self.book();
        let wanted = book.1.iter().rev().filter(|sent| to.is_none_or(|to| sent.to == to));
        wanted.take(max).cloned().collect()
    }

    /// Takes a message. One that `replaces` another takes its place.
    pub(super) fn take(&self, sent: &Sent, replaces: impl Fn(&Sent) -> bool) -> std::io::Result<()> {
        let mut book = self.book();
        book.0.write(sent)?;
        book.1.retain(|before| !replaces(before));
        book.1.push(sent.clone());
        let old = book.1.len().saturating_sub(KEPT_MAX);
        book.1.drain(..old);
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
