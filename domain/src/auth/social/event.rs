//! What providers tell of their accounts without being asked: security event tokens (RFC 8417, as
//! Kakao and Google send them), Apple's notifications, and Kakao's call when somebody unlinks.

use serde::{Deserialize, Serialize};

/// What happened to an account at its provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Its password changed, it was attacked or closed for a time: sessions that began with it end.
    SessionsEnd,
    /// Its person took our access back, or it is gone: the identity goes, too.
    Unlinked,
    /// Anything else: kept for investigations, and without effect.
    Other,
}

/// An event of one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderEvent {
    /// The provider (`iss`).
    pub issuer: String,
    /// Its id of the event (`jti`): the same again is the same event.
    pub id: String,
    /// The person (`sub`).
    pub subject: String,
    /// What happened.
    pub kind: EventKind,
}

impl EventKind {
    const ALL: [Self; 3] = [Self::SessionsEnd, Self::Unlinked, Self::Other];

    /// Reads the name of an event: the last part of its URI (RISC, CAEP, OAuth, Kakao), or
    /// Apple's word.
    pub fn of(name: &str) -> Self {
        match name.rsplit('/').next().unwrap_or_default() {
            "sessions-revoked"
            | "session-revoked"
            | "tokens-revoked"
            | "token-revoked"
            | "credential-change"
            | "account-credential-change-required"
            | "credential-compromise"
            | "account-disabled" => Self::SessionsEnd,
            "account-purged" | "user-unlinked" | "consent-revoked" | "account-delete" | "account-deleted" => {
                Self::Unlinked
            }
            _ => Self::Other,
        }
    }

    /// The name in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SessionsEnd => "sessions_end",
            Self::Unlinked => "unlinked",
            Self::Other => "other",
        }
    }

    /// Reads the name in the store.
    pub fn from_store(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_known_by_the_end_of_their_uri() {
        let risc = "https://schemas.openid.net/secevent/risc/event-type/";
        for (name, kind) in [
            (format!("{risc}sessions-revoked"), EventKind::SessionsEnd),
            (format!("{risc}account-purged"), EventKind::Unlinked),
            (format!("{risc}verification"), EventKind::Other),
            (
                "https://schemas.openid.net/secevent/caep/event-type/credential-change".into(),
                EventKind::SessionsEnd,
            ),
            ("https://schemas.kakao.com/events/oauth/user-unlinked".into(), EventKind::Unlinked),
            ("consent-revoked".into(), EventKind::Unlinked),
            ("account-delete".into(), EventKind::Unlinked),
            ("email-disabled".into(), EventKind::Other),
            (String::new(), EventKind::Other),
        ] {
            assert_eq!(EventKind::of(&name), kind, "{name}");
            assert_eq!(EventKind::from_store(kind.as_str()), Some(kind));
        }
    }
}
