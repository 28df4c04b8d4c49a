//! The desk: who works there, and what they have.

use domain::support::Status;
use domain::support::desk::{DEFAULT_CAPACITY, MAX_CAPACITY};
use domain::{Failure, Principal, Refused, Role, UserId};
use store::support::{self, Presence};

use super::DeskView;
use crate::App;

/// The desk as the agent sees it.
pub async fn desk(app: &App, who: &Principal) -> Result<DeskView, Failure> {
    check_agent(who)?;
    let agent = support::agent(&app.store, who.user).await?;
    let live = [Status::Open, Status::Pending];
    // Twice the most that they can have: capacity may have been lowered, and
    // their own questions to other agents are among these.
    let most = 2 * MAX_CAPACITY.unsigned_abs();
    let mut assigned = support::conversations(&app.store, who.user, true, &live, None, most).await?;
    assigned.retain(|viewed| viewed.conversation.agent_id == Some(who.user));
    Ok(DeskView {
        online: agent.as_ref().is_some_and(|agent| agent.online),
        capacity: agent.map_or(DEFAULT_CAPACITY, |agent| agent.capacity),
        assigned: assigned.into_iter().map(Into::into).collect(),
        queued: support::queued(&app.store).await?,
    })
}

/// The agent comes or goes, or takes more or fewer conversations at once.
/// Going offline stops new ones; those that they have stay theirs.
pub async fn set_presence(app: &App, who: &Principal, wanted: Presence) -> Result<DeskView, Failure> {
    check_agent(who)?;
    if wanted.capacity.is_some_and(|capacity| !(0..=MAX_CAPACITY).contains(&capacity)) {
        return Err(Refused::field("/capacity", "out_of_range", format!("0 to {MAX_CAPACITY}")).into());
    }
    support::set_presence(&app.store, who.user, wanted, app.now()).await?;
    desk(app, who).await
}

/// The agent's last socket went: unless one comes back within the grace, they
/// go offline.
pub async fn agent_gone(app: &App, agent: UserId) -> Result<(), Failure> {
    let online = support::agent(&app.store, agent).await?.is_some_and(|agent| agent.online);
    if online {
        let back_by = app.now() + app.settings.support.agent_grace;
        support::expect_back(&app.store, agent, back_by).await?;
    }
    Ok(())
}

/// A socket of the agent is there (again).
pub async fn agent_here(app: &App, agent: UserId) -> Result<(), Failure> {
    Ok(support::is_back(&app.store, agent).await?)
}

/// The grace is over.
pub async fn agent_away(app: &App, agent: UserId) -> Result<(), Failure> {
    if support::agent(&app.store, agent).await?.is_some_and(|agent| agent.online) {
        let away = Presence { online: false, capacity: None };
        support::set_presence(&app.store, agent, away, app.now()).await?;
    }
    Ok(())
}

fn check_agent(who: &Principal) -> Result<(), Failure> {
    if who.is(Role::Agent) { Ok(()) } else { Err(Failure::forbidden()) }
}
