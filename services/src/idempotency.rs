//! A request that is sent again under the same key does its work once.

use std::time::Duration;

use chrono::TimeDelta;
use domain::{Failure, Timestamp, refusal};
use sha2::{Digest as _, Sha256};
use store::{StoreError, idempotency};
use uuid::{Builder, Uuid};

use crate::App;
use crate::module::{Module, Stopping};

pub use store::idempotency::{Answer, Key, LeaseHolder};

/// A claim without an answer is abandoned after this: longer than any request lives.
const LEASE: TimeDelta = TimeDelta::seconds(60);

/// How long a process that seems to be gone is given to show itself: its
/// connection may have been cut, and it is about to stand again.
const SECOND_LOOK: Duration = Duration::from_millis(250);

/// Between two tries to end a claim while the database is away.
const PAUSE: Duration = Duration::from_millis(100);

/// How long answers are kept (the payment rules ask for 15 days).
const KEPT: TimeDelta = TimeDelta::days(15);

/// The worker that shows this process to those who wait for its work.
pub(crate) fn module() -> Module {
    Module::default().worker("owner", hold_lease)
}

async fn hold_lease(app: App, stopping: Stopping) -> Result<(), StoreError> {
    tokio::select! {
        stood = idempotency::hold_lease(&app.store, app.lease_holder) => stood.map(|never| match never {}),
        () = stopping => Ok(()),
    }
}

/// The id of what is done under `key` for `whom`: the same whenever it is asked again, also
/// where the answer to the first was never kept.
pub(crate) fn known_id(whom: Uuid, key: &str) -> Uuid {
    let digest = Sha256::new_with_prefix(whom).chain_update(key).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Builder::from_custom_bytes(bytes).into_uuid()
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

/// Looks the key up, and takes it if nobody has it, or who has it is gone.
pub async fn claim(app: &App, key: Key) -> Result<Claim, Failure> {
    let now = app.now();
    let claimed = idempotency::claim(&app.store, &key, app.lease_holder, now, now - LEASE).await;
    let claim = match claimed {
        Ok(claim) => claim,
        Err(error) => {
            // The claim may stand although its answer was lost.
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

/// Keeps the answer for whoever sends the request again.
pub async fn answered(app: &App, ticket: &Ticket, answer: &Answer) {
    end(app, ticket, Some(answer)).await;
}

/// Gives the key back: nothing was done.
pub async fn release(app: &App, ticket: &Ticket) {
    end(app, ticket, None).await;
}

/// Ends a claim. While the database is away that is tried again beside the
/// answer to the client: a claim that nobody ends bars its key for the lease.
async fn end(app: &App, ticket: &Ticket, answer: Option<&Answer>) {
    let Err(error) = try_end(app, ticket, answer).await else { return };
    tracing::warn!(%error, "a claim could not be ended; trying again");
    end_later(app, ticket, answer);
}

/// Ends a claim as soon as the database is there again.
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

/// Drops answers that nobody may ask for again.
pub(crate) async fn tidy(app: &App) -> Result<(), Failure> {
    let dropped = idempotency::drop_old(&app.store, app.now() - KEPT).await?;
    tracing::debug!(dropped, "old idempotency keys dropped");
    Ok(())
}
