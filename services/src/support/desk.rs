//! The desk: who works there, and what they have.

use std::collections::HashSet;

use domain::support::desk::{DEFAULT_CAPACITY, MAX_CAPACITY};
use domain::support::{Status, SupportReminder};
use domain::{Failure, Principal, Refused, Role, UserId, fault};
use store::support::{self, Presence};

use super::DeskView;
use crate::App;
use crate::module::Stopping;

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
        return Err(Refused::field("/capacity", fault::OUT_OF_RANGE, format!("0 to {MAX_CAPACITY}")).into());
    }
    if wanted.online {
        app.presence().vouch(&lease_of(who.user), app.settings.support.agent_word);
    }
    support::set_presence(&app.store, who.user, wanted, app.now()).await?;
    desk(app, who).await
}

/// A socket of the agent is there.
pub async fn agent_here(app: &App, agent: UserId) -> Result<(), Failure> {
    app.presence().enter(&lease_of(agent));
    Ok(support::is_back(&app.store, agent).await?)
}

/// A socket of the agent went. If it was the last one in this process, and none
/// is elsewhere or comes back within the grace, they go offline.
pub async fn agent_gone(app: &App, agent: UserId) -> Result<(), Failure> {
    if !app.presence().leave(&lease_of(agent)) {
        return Ok(());
    }
    let online = support::agent(&app.store, agent).await?.is_some_and(|agent| agent.online);
    if online { expect_back(app, agent).await } else { Ok(()) }
}

/// A reminder of the desk is due.
pub(crate) async fn remind(app: &App, reminder: SupportReminder) -> Result<(), Failure> {
    match reminder {
        SupportReminder::AgentAway { agent } => agent_away(app, agent).await,
    }
}

/// The grace is over.
async fn agent_away(app: &App, agent: UserId) -> Result<(), Failure> {
    if !support::agent(&app.store, agent).await?.is_some_and(|agent| agent.online) {
        return Ok(());
    }
    match app.presence().absent(&[lease_of(agent)]).await {
        Some(absent) if absent.is_empty() => Ok(()), // another process has them
        Some(_) => {
            let away = Presence { online: false, capacity: None };
            Ok(support::set_presence(&app.store, agent, away, app.now()).await?)
        }
        None => expect_back(app, agent).await, // nobody can tell now
    }
}

/// Looks, until `stopping`, for agents whose process died without a goodbye: they
/// get the grace that a closed socket gives.
pub(super) async fn watch_over(app: App, mut stopping: Stopping) -> Result<(), Failure> {
    let mut missed = HashSet::new();
    loop {
        tokio::select! {
            () = tokio::time::sleep(app.settings.support.agent_sweep) => {}
            () = &mut stopping => return Ok(()),
        }
        missed = sweep(&app, &missed).await?;
    }
}

/// Who is online and present nowhere; those who are not among the `missed` begin their grace.
async fn sweep(app: &App, missed: &HashSet<UserId>) -> Result<HashSet<UserId>, Failure> {
    let online = support::online_agents(&app.store).await?;
    let leases: Vec<String> = online.iter().map(|agent| lease_of(*agent)).collect();
    let Some(absent) = app.presence().absent(&leases).await else { return Ok(missed.clone()) };
    let absent: HashSet<UserId> =
        online.into_iter().filter(|agent| absent.contains(&lease_of(*agent))).collect();
    for agent in absent.difference(missed) {
        expect_back(app, *agent).await?;
    }
    Ok(absent)
}

async fn expect_back(app: &App, agent: UserId) -> Result<(), Failure> {
    let back_by = app.now() + app.settings.support.agent_grace;
    Ok(support::expect_back(&app.store, agent, back_by).await?)
}

fn lease_of(agent: UserId) -> String {
    format!("agent:{agent}")
}

fn check_agent(who: &Principal) -> Result<(), Failure> {
    if who.is(Role::Agent) { Ok(()) } else { Err(Failure::forbidden()) }
}
