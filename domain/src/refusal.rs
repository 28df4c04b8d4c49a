//! Refusals: the result of a rule that does not permit a request.
//!
//! Every noun has an enum of its own refusals. Outside the noun they are converted to
//! [`Refused`]: a stable code, a kind, and a message for the caller.

use std::fmt;

use crate::words::Params;
use crate::{Fault, Words};

/// The kind of a refusal. One table in `http` maps each to a status, and the realtime
/// protocol uses the same names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request itself is malformed or out of range.
    Invalid,
    /// The caller is not signed in, or the credentials are not valid.
    Unauthenticated,
    /// Signed in, but not permitted to do this.
    Forbidden,
    /// It does not exist, or this person may not see it.
    NotFound,
    /// Another change happened first; read again and retry.
    Conflict,
    /// The caller stated the expected version, and it has changed since.
    Stale,
    /// The current state does not permit it.
    Rule,
    /// A rate limit or quota is exceeded.
    Limited,
    /// Temporarily not possible; the same request may succeed later.
    Unavailable,
}

/// A noun's own refusal.
pub trait Refusal {
    /// The refusal with its code, kind and words, as declared by
    /// [`refusals!`](crate::refusals).
    fn refused(&self) -> Refused;
}

/// Any noun's refusal, in the form that is sent to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The stable code.
    pub code: &'static str,
    /// The kind.
    pub kind: Kind,
    /// The message for people, in each language.
    pub words: &'static Words,
    /// The parameters of the words.
    pub params: Params,
    /// A sentence in English for developers of clients; must not reveal internals.
    pub detail: String,
    /// The invalid fields, or the other parts that the refusal is about.
    pub faults: Vec<Fault>,
    /// Seconds after which to retry, if known.
    pub retry_after_secs: Option<u32>,
}

impl Refused {
    /// A refusal without fields. Called by the functions that
    /// [`refusals!`](crate::refusals) declares.
    pub fn new(kind: Kind, words: &'static Words, params: Params) -> Self {
        let detail = words.in_english(&params);
        Self { code: words.code, kind, words, params, detail, faults: Vec::new(), retry_after_secs: None }
    }

    /// Adds the fields or parts that it is about.
    pub fn with_faults(self, faults: Vec<Fault>) -> Self {
        Self { faults, ..self }
    }

    /// Adds the number of seconds after which to retry.
    pub fn after(self, secs: u32) -> Self {
        Self { retry_after_secs: Some(secs), ..self }
    }

    /// Replaces the detail by a more specific English sentence for developers of clients.
    pub fn because(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    /// The same of a part of a request: the invalid fields are below `pointer`.
    #[must_use]
    pub fn within(mut self, pointer: &str) -> Self {
        for fault in &mut self.faults {
            fault.pointer.insert_str(0, pointer);
        }
        self
    }

    /// The `noun` does not exist, or this person may not see it: both give the same answer.
    pub fn not_found(noun: &str) -> Self {
        not_found(noun).because(format!("There is no such {noun}."))
    }

    /// Invalid input, with the invalid fields.
    pub fn invalid(faults: Vec<Fault>) -> Self {
        invalid().with_faults(faults)
    }

    /// The `noun` is no longer at the version that the caller expects.
    pub fn stale(noun: &str) -> Self {
        stale(noun).because(format!("The {noun} changed since you looked; look again."))
    }

    /// One field is invalid; `detail` states in English which rule it breaks.
    pub fn field(pointer: impl Into<String>, words: &'static Words, detail: impl Into<String>) -> Self {
        Self::invalid(vec![Fault::new(pointer, words, detail)])
    }

    /// Temporarily not possible; retry after `secs`.
    pub fn unavailable(secs: u32) -> Self {
        unavailable().after(secs)
    }

    /// Signed in, but without permission.
    pub fn forbidden() -> Self {
        forbidden()
    }
}

// The refusals that are common to all nouns.
crate::refusals! {
    not_found(noun) => NotFound "not_found": "찾을 수 없어요.", "There is no such thing.";
    invalid() => Invalid "invalid":
        "올바르지 않은 항목이 있어요. 확인해 주세요.", "Something is not right. Please check what you entered.";
    stale(noun) => Stale "stale":
        "그사이 내용이 바뀌었어요. 다시 확인해 주세요.", "It changed meanwhile. Please look again.";
    forbidden() => Forbidden "forbidden": "이 작업을 할 권한이 없어요.", "You may not do this.";
    unavailable() => Unavailable "unavailable":
        "지금은 처리할 수 없어요. 잠시 후 다시 시도해 주세요.", "Not possible just now. Please try again in a moment.";
    pub conflict() => Conflict "conflict":
        "다른 변경이 먼저 처리됐어요. 다시 확인해 주세요.", "Something else happened first. Please look again.";
    pub superseded() => Conflict "superseded":
        "다른 기기에서 이어서 쓰고 있어요.", "Another device has taken over.";
    pub unauthenticated() => Unauthenticated "unauthenticated": "먼저 로그인해 주세요.", "Please sign in first.";
    pub limited() => Limited "limited":
        "요청이 너무 잦아요. 잠시 후 다시 시도해 주세요.", "Too many requests. Please try again in a moment.";
    pub overloaded() => Unavailable "overloaded":
        "요청이 몰리고 있어요. 잠시 후 다시 시도해 주세요.", "Very busy just now. Please try again in a moment.";
    pub timeout() => Unavailable "timeout":
        "응답이 너무 오래 걸렸어요. 다시 시도해 주세요.", "The answer took too long. Please try again.";
    pub crashed() => Unavailable "crashed":
        "처리하다가 문제가 생겼어요. 처리됐는지 확인한 뒤 다시 시도해 주세요.",
        "Something failed while it was done. Look whether it was done, then try again.";
    pub quarantined() => Unavailable "quarantined":
        "문제가 반복돼 잠시 멈췄어요. 나중에 다시 시도해 주세요.",
        "It failed too often and rests for a while. Please try again later.";
    pub upstream_unavailable(service) => Unavailable "upstream_unavailable":
        "지금은 처리할 수 없어요. 잠시 후 다시 시도해 주세요.", "Not possible just now. Please try again in a moment.";
    pub connections_full() => Unavailable "connections_full":
        "접속이 몰리고 있어요. 잠시 후 다시 시도해 주세요.", "Too many connections just now. Please try again in a moment.";
    pub too_many_sockets() => Limited "too_many_sockets":
        "열려 있는 화면이 너무 많아요. 다른 화면을 닫아 주세요.", "Too many connections are open. Please close one first.";
    pub channel_unknown() => NotFound "channel_unknown": "찾을 수 없어요.", "There is no such thing.";
    pub too_many_subscriptions(max) => Limited "too_many_subscriptions":
        "한 번에 볼 수 있는 수를 넘었어요. 다른 화면을 닫아 주세요.",
        "Too much is open at once. Please close something.";
    pub bad_frame() => Invalid "bad_frame":
        "요청을 읽을 수 없어요. 새로고침한 뒤 다시 시도해 주세요.",
        "The request could not be read. Reload and try again.";
    pub idempotency_in_progress() => Conflict "idempotency.in_progress":
        "같은 요청을 처리하고 있어요.", "The same request is being done already.";
    pub idempotency_key_reused() => Invalid "idempotency.key_reused":
        "요청이 바뀌었어요. 다시 시도해 주세요.", "The request changed. Please try again.";
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl std::error::Error for Refused {}

impl<R: Refusal> From<R> for Refused {
    fn from(refusal: R) -> Self {
        refusal.refused()
    }
}

/// Why a request failed: a rule refused it, or an internal error occurred.
///
/// The two are kept apart: a refusal is shown to the caller, the cause of an internal
/// error is only logged.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A rule refused the request.
    #[error("{0}")]
    Refused(Refused),
    /// An internal error.
    #[error("internal fault: {0}")]
    Fault(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Failure {
    /// The failure with another refusal, if it is one.
    #[must_use]
    pub fn map_refused(self, to: impl FnOnce(Refused) -> Refused) -> Self {
        match self {
            Self::Refused(refused) => to(refused).into(),
            other => other,
        }
    }

    /// An internal error with its cause.
    pub fn fault(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Fault(cause.into())
    }

    /// The `noun` does not exist, or this person may not see it.
    pub fn not_found(noun: &str) -> Self {
        Self::Refused(Refused::not_found(noun))
    }

    /// Signed in, but without permission.
    pub fn forbidden() -> Self {
        Self::Refused(Refused::forbidden())
    }

    /// Whether something does not exist, or this person may not see it. What could not be read may
    /// exist: that is another failure.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused(refused) if refused.kind == Kind::NotFound)
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl<R: Refusal> From<R> for Failure {
    fn from(refusal: R) -> Self {
        Self::Refused(refusal.into())
    }
}
