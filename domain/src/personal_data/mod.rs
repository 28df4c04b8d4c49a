//! What the database knows about people: one registry of its columns.
//!
//! The registry has an entry for each column that can hold text, documents, bytes or coordinates.
//! Each entry says either why the column has nothing of a person, or what it has of whom, what for,
//! how long, by which law, and what a withdrawal does to it. Masking, export, erasure and the tests
//! of the logs read it. A test compares it with the migrated database, so a migration with a column
//! that is not listed fails.
//!
//! - this file: the types, and the questions that the registry answers;
//! - `registry`: the entries;
//! - [`document`]: the parts of documents;
//! - [`mask`]: the short forms in which personal data is shown to those who may not see all of it.

pub mod document;
pub mod mask;
mod registry;

pub use document::Document;
pub use registry::{
    ATTEMPTS, CODES, CONNECTION, CONSENTS, CONTRACT, DISPUTE, INVITATION_DAYS, INVITATIONS, LOCATION,
    REGISTRY, REPEATS, REPEATS_DAYS, RIGHTS, STAFF_READS,
};

use chrono::{Months, TimeDelta};

use crate::Timestamp;

/// The entry of one column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its table, with the schema.
    pub table: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub content: Content,
}

/// What a column holds.
#[derive(Clone, Copy, Debug)]
pub enum Content {
    /// Nothing of a person, and why that is so.
    NotPersonal(&'static str),
    /// One kind of personal data.
    Personal(Personal),
    /// A document (JSON), of which each string and each coordinate is listed.
    Document(Document),
}

/// Personal data.
#[derive(Clone, Copy, Debug)]
pub struct Personal {
    /// What it is.
    pub what: What,
    /// Whose it is.
    pub subject: Subject,
    /// What it is for.
    pub purpose: Purpose,
    /// What a withdrawal does to it.
    pub at_withdrawal: AtWithdrawal,
}

/// A kind of personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A name.
    Name,
    /// A telephone number.
    Phone,
    /// An e-mail address.
    Email,
    /// What somebody signs in by: an e-mail address, a telephone number, or a provider's subject.
    SignInName,
    /// A road-name or lot address.
    Address,
    /// A part of an address that finds the door: building, floor, room.
    Door,
    /// How to get in: a door code, a bell.
    EntranceNote,
    /// A coordinate, or a part of a movement.
    Position,
    /// Text that somebody wrote freely.
    FreeText,
    /// A device's name.
    Device,
    /// A network address.
    NetworkAddress,
    /// What somebody chose: consents and settings.
    Choice,
    /// What somebody pays with, as they know it: an issuer, a masked number.
    PaymentMeans,
    /// A picture of somebody: which files it has, and its colour.
    Photo,
    /// An answer to a request, which repeats whatever the request concerned.
    Response,
    /// A secret, or what verifies one: a password's hash, a token's hash. Never shown, not even
    /// to its owner.
    Secret,
}

/// How the rows of a person are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// This column of the same table has the person's id.
    Column(&'static str),
    /// This column of the same table is the key of another table.
    Through {
        /// The column of this table.
        column: &'static str,
        /// The other table, with the schema.
        table: &'static str,
        /// Its key.
        key: &'static str,
        /// Its column with the person's id.
        person: &'static str,
    },
    /// This column of the same table has the person's e-mail address.
    Email(&'static str),
    /// The column has the name of the channel of an order, delivery or conversation of theirs, or
    /// of their own.
    Channel(&'static str),
}

/// Why something is kept, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purpose {
    /// What for, in Korean; shown to the person with their export.
    pub why: &'static str,
    /// How long.
    pub kept: Kept,
    /// The law that allows or demands it.
    pub law: &'static str,
}

/// How long something is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Until the person withdraws from the service.
    UntilWithdrawal,
    /// So many days after it was written.
    Days(u16),
    /// So many months after it was written, also when the person withdraws earlier.
    Months(u8),
    /// So many years after it was written, also when the person withdraws earlier.
    Years(u8),
}

/// What a withdrawal does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtWithdrawal {
    /// It is deleted, or overwritten with nothing.
    Erase,
    /// It is replaced by something that identifies nobody; the row stays.
    Pseudonymise,
    /// It moves to the schema of what the law demands to keep, with the purpose and the time of
    /// its destruction, and is erased here.
    Retain,
    /// It stays until the end of its own time.
    Expire,
}

impl Purpose {
    /// Whatever was written before this moment is out of its term at `now`.
    pub fn kept_since(&self, now: Timestamp) -> Timestamp {
        let since = match self.kept {
            Kept::UntilWithdrawal => None,
            Kept::Days(days) => now.checked_sub_signed(TimeDelta::days(i64::from(days))),
            Kept::Months(months) => now.checked_sub_months(Months::new(u32::from(months))),
            Kept::Years(years) => now.checked_sub_months(Months::new(u32::from(years) * 12)),
        };
        since.unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl Column {
    /// The full name, `schema.table.column`.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.table, self.name)
    }

    /// What it holds of people, with the pointer into the document if it is a part of one.
    pub fn personal(&self) -> impl Iterator<Item = (Option<&'static str>, Personal)> {
        let (whole, parts) = match self.content {
            Content::NotPersonal(_) => (None, &[][..]),
            Content::Personal(personal) => (Some((None, personal)), &[][..]),
            Content::Document(document) => (None, document.personal),
        };
        whole.into_iter().chain(parts.iter().map(|(pointer, personal)| (Some(*pointer), *personal)))
    }
}

impl What {
    /// Whether it is given to the person whom it concerns.
    pub fn is_exported(self) -> bool {
        !matches!(self, Self::Secret | Self::Response)
    }

    /// The short form that is shown to those who may know that there is something, and not what.
    pub fn masked(self, text: &str) -> String {
        match self {
            Self::Name => mask::name(text),
            Self::Phone => mask::phone(text),
            Self::Email => mask::email(text),
            Self::SignInName if text.contains('@') => mask::email(text),
            Self::SignInName => mask::phone(text),
            Self::Address => mask::address(text),
            _ => mask::everything(text),
        }
    }
}

/// The entry of a column.
pub fn column(table: &str, name: &str) -> Option<&'static Column> {
    REGISTRY.iter().find(|column| column.table == table && column.name == name)
}

/// The columns with personal data, in the order of the registry.
pub fn personal_columns() -> impl Iterator<Item = &'static Column> {
    REGISTRY.iter().filter(|column| column.personal().next().is_some())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_column_stands_once_in_the_registry_and_every_pointer_once_in_its_document() {
        let names: BTreeSet<_> = REGISTRY.iter().map(Column::full_name).collect();
        assert_eq!(names.len(), REGISTRY.len());
        for column in REGISTRY {
            assert_eq!(column.table.matches('.').count(), 1, "{} has a schema", column.table);
            let Content::Document(document) = column.content else { continue };
            let pointers: Vec<_> = document.pointers().collect();
            let different: BTreeSet<_> = pointers.iter().collect();
            assert_eq!(different.len(), pointers.len(), "{}", column.full_name());
            assert!(pointers.iter().all(|pointer| pointer.is_empty() || pointer.starts_with('/')));
        }
    }

    #[test]
    fn every_entry_says_why() {
        for column in REGISTRY {
            if let Content::NotPersonal(why) = column.content {
                assert!(!why.is_empty(), "{}", column.full_name());
            }
            for (_, personal) in column.personal() {
                let Purpose { why, law, .. } = personal.purpose;
                assert!(!why.is_empty() && law.contains('조'), "{}", column.full_name());
            }
        }
    }

    #[test]
    fn what_the_law_demands_to_keep_is_retained_and_nothing_else() {
        for (column, personal) in
            REGISTRY.iter().flat_map(|column| column.personal().map(move |(_, it)| (column, it)))
        {
            let kept_longer = matches!(personal.purpose.kept, Kept::Months(_) | Kept::Years(_));
            // What staff did stays where it is until its term ends.
            let is_kept = match personal.at_withdrawal {
                AtWithdrawal::Retain => true,
                AtWithdrawal::Expire => kept_longer,
                AtWithdrawal::Erase | AtWithdrawal::Pseudonymise => false,
            };
            assert_eq!(kept_longer, is_kept, "{}", column.full_name());
        }
    }

    #[test]
    fn a_term_ends_after_its_days_or_years_and_never_without_one() {
        let now: Timestamp = "2028-02-29T12:00:00Z".parse().unwrap();
        let since = |purpose: Purpose| purpose.kept_since(now).to_rfc3339();
        assert_eq!(since(REPEATS), "2028-02-14T12:00:00+00:00");
        assert_eq!(since(STAFF_READS), "2026-02-28T12:00:00+00:00");
        assert_eq!(since(Purpose { kept: Kept::UntilWithdrawal, ..CODES }), "1970-01-01T00:00:00+00:00");
    }

    #[test]
    fn a_secret_is_never_exported_and_never_shown() {
        assert!(!What::Secret.is_exported());
        assert_eq!(What::Secret.masked("$argon2id$v=19$m=19456"), "***");
        assert_eq!(column("users.profiles", "phone").unwrap().personal().count(), 1);
        assert!(column("users.profiles", "version").is_none());
    }
}
