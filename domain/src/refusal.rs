//! How a rule says no.
//!
//! Every noun has an enum of its own refusals. Outside the noun they travel as
//! [`Refused`]: a stable code, a kind, and words for the person who asked.

use std::fmt;

use crate::words::Params;
use crate::{Fault, Words};

/// What sort of no it is. One table in `http` maps each to a status, and the
/// realtime protocol carries the same names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request itself is malformed or out of range.
    Invalid,
    /// Nobody is signed in, or the proof is not good.
    Unauthenticated,
    /// Signed in, but not for this.
    Forbidden,
    /// There is no such thing, or not for this person.
    NotFound,
    /// Something else happened first; look again and retry.
    Conflict,
    /// It changed since it was looked at, and the caller had said which version
    /// it means.
    Stale,
    /// The state of things does not permit it.
    Rule,
    /// Too much in too short a time.
    Limited,
    /// Not now; the same request may work later.
    Unavailable,
}

/// A noun's own refusal.
pub trait Refusal {
    /// The same with its code, its kind and its words, as [`refusals!`](crate::refusals)
    /// declares them.
    fn refused(&self) -> Refused;
}

/// Any noun's refusal, on its way to whoever asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The stable code.
    pub code: &'static str,
    /// What sort of no it is.
    pub kind: Kind,
    /// What it says to people.
    pub words: &'static Words,
    /// The parameters of the words.
    pub params: Params,
    /// In English; tells nothing of the inside.
    pub detail: String,
    /// The fields at fault, for invalid input; what else a refusal is about.
    pub faults: Vec<Fault>,
    /// Seconds after which to try again, where that is known.
    pub retry_after_secs: Option<u32>,
}

impl Refused {
    /// A refusal without faults. Made by what [`refusals!`](crate::refusals) declares.
    pub fn new(kind: Kind, words: &'static Words, params: Params) -> Self {
        let detail = words.in_english(&params);
        Self { code: words.code, kind, words, params, detail, faults: Vec::new(), retry_after_secs: None }
    }

    /// The same, with what it is about, part by part.
    pub fn with_faults(self, faults: Vec<Fault>) -> Self {
        Self { faults, ..self }
    }

    /// The same, after which to try again in `secs`.
    pub fn after(self, secs: u32) -> Self {
        Self { retry_after_secs: Some(secs), ..self }
    }

    /// The same, with an English sentence that says more exactly to whoever writes a client
    /// what is not right about it.
    pub fn because(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    /// There is no such `noun`, or not for this person: both look alike.
    pub fn not_found(noun: &str) -> Self {
        not_found(noun).because(format!("There is no such {noun}."))
    }

    /// Invalid input, with the fields at fault.
    pub fn invalid(faults: Vec<Fault>) -> Self {
        invalid().with_faults(faults)
    }

    /// The `noun` is no longer at the version that the caller means to change.
    pub fn stale(noun: &str) -> Self {
        stale(noun).because(format!("The {noun} changed since you looked; look again."))
    }

    /// One field is wrong; `detail` says, in English, which rule it breaks.
    pub fn field(pointer: impl Into<String>, words: &'static Words, detail: impl Into<String>) -> Self {
        Self::invalid(vec![Fault::new(pointer, words, detail)])
    }

    /// Not now; try again after `secs`.
    pub fn unavailable(secs: u32) -> Self {
        unavailable().after(secs)
    }

    /// Signed in, but not as somebody who may.
    pub fn forbidden() -> Self {
        forbidden()
    }
}

// What any noun, or none, says.
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

/// Why something could not be done: a rule said no, or the inside broke.
///
/// The two never mix: a refusal is for whoever asked, a fault's cause is for
/// the log alone.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A rule said no.
    #[error("{0}")]
    Refused(Refused),
    /// Something broke inside.
    #[error("internal fault: {0}")]
    Fault(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Failure {
    /// A fault with its cause.
    pub fn fault(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Fault(cause.into())
    }

    /// There is no such `noun`, or not for this person.
    pub fn not_found(noun: &str) -> Self {
        Self::Refused(Refused::not_found(noun))
    }

    /// Signed in, but not as somebody who may.
    pub fn forbidden() -> Self {
        Self::Refused(Refused::forbidden())
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
