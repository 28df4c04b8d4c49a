//! The identities of an account at providers, and their end: here at once, there by a job that
//! survives the process, because a provider may be away.

use std::net::IpAddr;

use domain::auth::AuditKind;
use domain::auth::social::{ProviderName, WaysIn, forget_again_after};
use domain::{Failure, IdentityId, Principal, Timestamp, UserId};
use store::Tx;
use store::auth::Audit;
use uuid::Uuid;

use super::provider::ProviderError;
use crate::App;
use crate::auth::session::{announce_ended, end_sessions, require_fresh_proof};

/// An identity at a provider, as its person sees it.
pub struct Link {
    /// The identity.
    pub id: IdentityId,
    /// The provider; none if it is not configured any more.
    pub provider: Option<ProviderName>,
    /// When they linked it.
    pub linked_at: Timestamp,
    /// Whether it may be unlinked: the last way in stays.
    pub may_go: bool,
}

/// The identities of a person at providers, oldest first.
pub async fn links(app: &App, who: &Principal) -> Result<Vec<Link>, Failure> {
    let mut tx = app.store.begin().await?;
    let links = store::auth::social::links(&mut tx, who.user).await?;
    let may_go = ways_in(&mut tx, who.user, links.len()).await?.may_lose_provider().is_ok();
    let link = |link: store::auth::social::Link| Link {
        id: link.id,
        provider: app.third_parties.providers.of_issuer(&link.issuer).map(|(name, _)| name.clone()),
        linked_at: link.linked_at,
        may_go,
    };
    Ok(links.into_iter().map(link).collect())
}

async fn ways_in(tx: &mut Tx, user: UserId, providers: usize) -> Result<WaysIn, Failure> {
    Ok(WaysIn { has_password: store::auth::social::has_password(tx, user).await?, providers })
}

/// Unlinks one of a person's identities, which takes a fresh proof. The sessions that began with
/// it end, and its provider hears of it.
pub async fn unlink(app: &App, who: &Principal, id: IdentityId, from: IpAddr) -> Result<(), Failure> {
    require_fresh_proof(app, who).await?;
    let mut tx = app.store.begin().await?;
    // Locked, so that two identities that are unlinked at once see each other.
    store::auth::lock_account(&mut tx, who.user).await?;
    let links = store::auth::social::links(&mut tx, who.user).await?;
    let link = links.iter().find(|link| link.id == id).ok_or_else(|| Failure::not_found("identity"))?;
    ways_in(&mut tx, who.user, links.len()).await?.may_lose_provider()?;
    let now = app.now();
    store::auth::social::end_link_later(&mut tx, app.ids.uuid(), link, now).await?;
    let ended = end_sessions(app, &mut tx, who.user, Some(id)).await?;
    store::auth::social::remove_identity(&mut tx, id).await?;
    let line = Audit { user: Some(who.user), from: Some(from), ..Audit::of(AuditKind::IdentityUnlinked) };
    store::auth::audit(&mut tx, &line, now).await?;
    tx.commit().await?;
    announce_ended(app, &ended);
    Ok(())
}

/// Ends the links of an account at all its providers, in the transaction of what is the reason for
/// it: its withdrawal. The identities themselves are the caller's to remove.
pub async fn forget_at_providers(app: &App, tx: &mut Tx, user: UserId) -> Result<(), Failure> {
    let now = app.now();
    for link in store::auth::social::links(tx, user).await? {
        store::auth::social::end_link_later(tx, app.ids.uuid(), &link, now).await?;
    }
    Ok(())
}

/// Asks a provider to end a link, again later if it does not serve.
pub(super) async fn end_at_provider(app: &App, id: Uuid) -> Result<(), Failure> {
    let Some(link) = store::auth::social::link_to_end(&app.store, id).await? else { return Ok(()) };
    let found = app.third_parties.providers.of_issuer(&link.issuer);
    let asked = match found {
        Some((_, configured)) => configured.provider.forget(&link.subject, link.token.as_deref()).await,
        // It may be configured again.
        None => Err(ProviderError::Unavailable),
    };
    match asked {
        Ok(()) => {}
        Err(ProviderError::Unavailable) => {
            if let Some(wait) = forget_again_after(link.tries) {
                let mut tx = app.store.begin().await?;
                store::auth::social::end_link_again(&mut tx, &link, app.now() + wait).await?;
                return Ok(tx.commit().await?);
            }
            tracing::error!(link = %id, "a provider was not reached to end a link");
        }
        Err(ProviderError::NotConfirmed) => {
            tracing::error!(link = %id, "a provider refuses to end a link");
        }
    }
    Ok(store::auth::social::link_ended(&app.store, id).await?)
}
