//! How an account's person is recognised.

use super::{Email, Phone};
use crate::{IdentityId, Timestamp, UserId};

/// An account, as far as it decides on a sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user.
    pub user: UserId,
    /// Their roles.
    pub roles: Vec<crate::Role>,
    /// Whether anybody may act for it.
    pub status: AccountStatus,
}

/// Whether anybody may act for an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccountStatus {
    /// Its person may.
    #[default]
    Open,
    /// Nobody may until an admin lifts the ban.
    Banned,
    /// Its person has left for ever.
    Withdrawn,
}

/// What an account's person is recognised by. No two accounts have the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Recognition {
    /// An e-mail address.
    Email(Email),
    /// A telephone number, proven by a code.
    Phone(Phone),
    /// A person at an OpenID provider: its issuer, and the subject that it never gives to another.
    OpenId {
        /// The provider, as its ID tokens name it (`iss`).
        issuer: String,
        /// The person, as the provider names them (`sub`).
        subject: String,
    },
}

/// One of the identities of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its id.
    pub id: IdentityId,
    /// The account.
    pub user: UserId,
    /// What the person is recognised by.
    pub by: Recognition,
    /// When they proved that it is theirs; an e-mail address may be unproven.
    pub verified_at: Option<Timestamp>,
}

impl Recognition {
    /// The kind in the store.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Email(_) => "email",
            Self::Phone(_) => "phone",
            Self::OpenId { .. } => "openid",
        }
    }

    /// The issuer in the store; empty for addresses.
    pub fn issuer(&self) -> &str {
        match self {
            Self::Email(_) | Self::Phone(_) => "",
            Self::OpenId { issuer, .. } => issuer,
        }
    }

    /// The address, the number or the subject.
    pub fn subject(&self) -> &str {
        match self {
            Self::Email(email) => email.as_str(),
            Self::Phone(phone) => phone.as_str(),
            Self::OpenId { subject, .. } => subject,
        }
    }

    /// Reads what the store wrote.
    pub fn of(kind: &str, issuer: String, subject: String) -> Option<Self> {
        match kind {
            "email" => subject.parse().ok().map(Self::Email),
            "phone" => subject.parse().ok().map(Self::Phone),
            "openid" => Some(Self::OpenId { issuer, subject }),
            _ => None,
        }
    }
}
