//! A request that is sent again under the same key does its work once.

use chrono::TimeDelta;
use domain::{Failure, Kind, Refusal, Timestamp};
use store::idempotency;

use crate::App;

pub use store::idempotency::{Answer, Key};

/// A claim without an answer is abandoned after this: longer than any request lives.
const LEASE: TimeDelta = TimeDelta::seconds(60);

/// How long answers are kept (the payment rules ask for 15 days).
const KEPT: TimeDelta = TimeDelta::days(15);

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefusal {
    /// The first request is not done.
    #[error("A request with this Idempotency-Key is still in progress.")]
    InProgress,
    /// The key was used for something else.
    #[error("This Idempotency-Key was used for another request.")]
    Reused,
}

impl Refusal for KeyRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::InProgress => "idempotency.in_progress",
            Self::Reused => "idempotency.key_reused",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::InProgress => Kind::Conflict,
            Self::Reused => Kind::Invalid,
        }
    }
}

/// What to do with a request that carries a key.
#[derive(Debug)]
pub enum Claim {
    /// Do the work, then end the claim with [`answered`] or [`release`].
    Ours(Ticket),
    /// Give this answer again.
    Answered(Answer),
}

/// The right, and the duty, to do the work.
#[derive(Clone, Debug)]
pub struct Ticket {
    key: Key,
    claimed_at: Timestamp,
}

/// Looks the key up, and takes it if nobody has it.
pub async fn claim(app: &App, key: Key) -> Result<Claim, Failure> {
    let now = app.now();
    match idempotency::claim(&app.store, &key, now, now - LEASE).await? {
        idempotency::Claim::Ours => Ok(Claim::Ours(Ticket { key, claimed_at: now })),
        idempotency::Claim::Answered(answer) => Ok(Claim::Answered(answer)),
        idempotency::Claim::InProgress => Err(KeyRefusal::InProgress.into()),
        idempotency::Claim::Other => Err(KeyRefusal::Reused.into()),
    }
}

/// Keeps the answer for whoever sends the request again.
pub async fn answered(app: &App, ticket: &Ticket, answer: &Answer) -> Result<(), Failure> {
    Ok(idempotency::answered(&app.store, &ticket.key, ticket.claimed_at, answer).await?)
}

/// Gives the key back: nothing was done.
pub async fn release(app: &App, ticket: &Ticket) -> Result<(), Failure> {
    Ok(idempotency::release(&app.store, &ticket.key, ticket.claimed_at).await?)
}

/// Drops answers that nobody may ask for again.
pub(crate) async fn tidy(app: &App) -> Result<(), Failure> {
    let dropped = idempotency::drop_old(&app.store, app.now() - KEPT).await?;
    tracing::debug!(dropped, "old idempotency keys dropped");
    Ok(())
}
