//! Idempotency keys: a request that is repeated with the same key is carried out once.

use std::time::Duration;

use chrono::TimeDelta;
use domain::personal_data::REPEATS;
use domain::{Failure, Timestamp, refusal};
use sha2::{Digest as _, Sha256};
use store::{StoreError, idempotency};
use uuid::{Builder, Uuid};

use crate::App;
use crate::module::{Module, Stopping};

pub(crate) use store::idempotency::erase;

pub use store::idempotency::{Answer, Key, LeaseHolder};

/// A claim without an answer counts as abandoned after this; no request lasts longer.
const LEASE: TimeDelta = TimeDelta::seconds(60);

/// The delay before a seemingly dead process is checked again: it may have lost its connection
/// and be about to reacquire its lock.
const SECOND_LOOK: Duration = Duration::from_millis(250);

/// The pause between attempts to end a claim while the database is unavailable.
const PAUSE: Duration = Duration::from_millis(100);

/// The worker that holds this process's advisory lock, which shows that its claims are alive.
pub(crate) fn module() -> Module {
    Module::default().worker("owner", hold_lease)
}

async fn hold_lease(app: App, stopping: Stopping) -> Result<(), StoreError> {
    tokio::select! {
        stood = idempotency::hold_lease(&app.store, app.lease_holder) => stood.map(|never| match never {}),
        () = stopping => Ok(()),
    }
}

/// An id derived from `whom` and `key`: the same for a repeated request, even if the answer to
/// the first was never stored.
pub(crate) fn known_id(whom: Uuid, key: &str) -> Uuid {
    let digest = Sha256::new_with_prefix(whom).chain_update(key).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Builder::from_custom_bytes(bytes).into_uuid()
}

/// How to handle a request with a key.
#[derive(Debug)]
pub enum Claim {
    /// Carry it out, then end the claim with [`answered`] or [`release`].
    Ours(Ticket),
    /// Repeat this answer.
    Answered(Answer),
}

/// A claim of this process, which it must end.
#[derive(Clone, Debug)]
pub struct Ticket {
    key: Key,
    claimed_at: Timestamp,
}

/// Claims the key, if it is free or the process that claimed it is dead.
pub async fn claim(app: &App, key: Key) -> Result<Claim, Failure> {
    let now = app.now();
    let claimed = idempotency::claim(&app.store, &key, app.lease_holder, now, now - LEASE).await;
    let claim = match claimed {
        Ok(claim) => claim,
        Err(error) => {
            // The claim may have been committed although the response was lost.
            end_later(app, &Ticket { key, claimed_at: now }, None);
            return Err(error.into());
        }
    };
    match claim {
        idempotency::Claim::Ours => Ok(Claim::Ours(Ticket { key, claimed_at: now })),
        idempotency::Claim::Answered(answer) => Ok(Claim::Answered(answer)),
        idempotency::Claim::InProgress(Some(held)) if is_orphaned(app, held).await? => {
            let now = app.now();
            if idempotency::take_over(&app.store, &key, held, app.lease_holder, now).await? {
                metrics::counter!("idempotency_taken_over_total").increment(1);
                return Ok(Claim::Ours(Ticket { key, claimed_at: now }));
            }
            Err(refusal::idempotency_in_progress().into())
        }
        idempotency::Claim::InProgress(_) => Err(refusal::idempotency_in_progress().into()),
        idempotency::Claim::Other => Err(refusal::idempotency_key_reused().into()),
    }
}

async fn is_orphaned(app: &App, held: idempotency::PendingClaim) -> Result<bool, StoreError> {
    if !idempotency::is_orphaned(&app.store, held, app.lease_holder).await? {
        return Ok(false);
    }
    tokio::time::sleep(SECOND_LOOK).await;
    idempotency::is_orphaned(&app.store, held, app.lease_holder).await
}

/// Stores the answer for repeats of the request.
pub async fn answered(app: &App, ticket: &Ticket, answer: &Answer) {
    end(app, ticket, Some(answer)).await;
}

/// Releases the key, because the request had no effect.
pub async fn release(app: &App, ticket: &Ticket) {
    end(app, ticket, None).await;
}

/// Ends a claim. If the database is unavailable, it is retried in the background without delaying
/// the response: a claim that is not ended blocks its key for the lease.
async fn end(app: &App, ticket: &Ticket, answer: Option<&Answer>) {
    let Err(error) = try_end(app, ticket, answer).await else { return };
    tracing::warn!(%error, "a claim could not be ended; trying again");
    end_later(app, ticket, answer);
}

/// Ends a claim in the background once the database is available again.
fn end_later(app: &App, ticket: &Ticket, answer: Option<&Answer>) {
    let (app, ticket, answer) = (App::clone(app), ticket.clone(), answer.cloned());
    tokio::spawn(async move {
        while app.now() < ticket.claimed_at + LEASE {
            tokio::time::sleep(PAUSE).await;
            if try_end(&app, &ticket, answer.as_ref()).await.is_ok() {
                return;
            }
        }
    });
}

async fn try_end(app: &App, ticket: &Ticket, answer: Option<&Answer>) -> Result<(), StoreError> {
    match answer {
        Some(answer) => idempotency::answered(&app.store, &ticket.key, ticket.claimed_at, answer).await,
        None => idempotency::release(&app.store, &ticket.key, ticket.claimed_at).await,
    }
}

/// Drops answers that are out of retention.
pub(crate) async fn tidy(app: &App) -> Result<(), Failure> {
    let dropped = idempotency::drop_old(&app.store, REPEATS.kept_since(app.now())).await?;
    tracing::debug!(dropped, "old idempotency keys dropped");
    Ok(())
}
