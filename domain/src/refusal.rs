//! How a rule says no.
//!
//! Every noun has an enum of its own refusals. Outside the noun they travel as
//! [`Refused`]: a stable code, a kind, and a sentence for the person who asked.

use std::fmt;

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
pub trait Refusal: fmt::Display {
    /// The stable code, noun first (`order.transition_refused`).
    fn code(&self) -> &'static str;

    /// What sort of no it is.
    fn kind(&self) -> Kind;

    /// What it is about, part by part, where it can be named.
    fn faults(&self) -> Vec<Fault> {
        Vec::new()
    }
}

/// One field that is wrong, by its JSON pointer (`/lines/0/quantity`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where: a JSON pointer into the request.
    pub pointer: String,
    /// What: a stable code (`out_of_range`).
    pub code: &'static str,
    /// For a person.
    pub detail: String,
}

/// Any noun's refusal, on its way to whoever asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The stable code.
    pub code: &'static str,
    /// What sort of no it is.
    pub kind: Kind,
    /// For a person; tells nothing of the inside.
    pub detail: String,
    /// The fields at fault, for invalid input; what else a refusal is about.
    pub faults: Vec<Fault>,
    /// Seconds after which to try again, where that is known.
    pub retry_after_secs: Option<u32>,
}

impl Refused {
    /// A refusal without faults.
    pub fn new(code: &'static str, kind: Kind, detail: impl Into<String>) -> Self {
        Self { code, kind, detail: detail.into(), faults: Vec::new(), retry_after_secs: None }
    }

    /// There is no such `noun`, or not for this person: both look alike.
    pub fn not_found(noun: &str) -> Self {
        Self::new("not_found", Kind::NotFound, format!("There is no such {noun}."))
    }

    /// Invalid input, with the fields at fault.
    pub fn invalid(faults: Vec<Fault>) -> Self {
        Self { faults, ..Self::new("invalid", Kind::Invalid, "The request has invalid fields.") }
    }

    /// The `noun` is no longer at the version that the caller means to change.
    pub fn stale(noun: &str) -> Self {
        Self::new("stale", Kind::Stale, format!("The {noun} changed since you looked; look again."))
    }

    /// One field is wrong.
    pub fn field(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self::invalid(vec![Fault { pointer: pointer.into(), code, detail: detail.into() }])
    }

    /// Not now; try again after `secs`.
    pub fn unavailable(detail: impl Into<String>, secs: u32) -> Self {
        Self { retry_after_secs: Some(secs), ..Self::new("unavailable", Kind::Unavailable, detail) }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl std::error::Error for Refused {}

impl<R: Refusal> From<R> for Refused {
    fn from(refusal: R) -> Self {
        let faults = refusal.faults();
        Self { faults, ..Self::new(refusal.code(), refusal.kind(), refusal.to_string()) }
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
        Self::Refused(Refused::new("forbidden", Kind::Forbidden, "You may not do this."))
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
