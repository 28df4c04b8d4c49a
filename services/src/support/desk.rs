//! The desk: the presence of agents and their conversations.

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
    who.require(Role::Agent)?;
    let agent = support::agent(&app.store, who.user).await?;
    let live = [Status::Open, Status::Pending];
    // Twice the largest capacity: the agent's capacity may have been lowered, and the query
    // also returns conversations in which the agent is the customer.
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

/// Sets whether the agent is online, and their capacity. An agent who goes offline gets no new
/// conversations, and keeps those that they have.
pub async fn set_presence(app: &App, who: &Principal, wanted: Presence) -> Result<DeskView, Failure> {
    who.require(Role::Agent)?;
    if wanted.capacity.is_some_and(|capacity| !(0..=MAX_CAPACITY).contains(&capacity)) {
        return Err(Refused::field("/capacity", fault::OUT_OF_RANGE, format!("0 to {MAX_CAPACITY}")).into());
    }
    if wanted.online {
        app.presence().vouch(&lease_of(who.user), app.settings.support.agent_word);
    }
    support::set_presence(&app.store, who.user, wanted, app.now()).await?;
    desk(app, who).await
}

/// A socket of the agent opened.
pub async fn agent_here(app: &App, agent: UserId) -> Result<(), Failure> {
    app.presence().enter(&lease_of(agent));
    Ok(support::is_back(&app.store, agent).await?)
}

/// A socket of the agent closed. If it was the last one in this process, and within the grace
/// period there is none in any process, the agent goes offline.
pub async fn agent_gone(app: &App, agent: UserId) -> Result<(), Failure> {
    if !app.presence().leave(&lease_of(agent)) {
        return Ok(());
    }
    let online = support::agent(&app.store, agent).await?.is_some_and(|agent| agent.online);
    if online { expect_back(app, agent).await } else { Ok(()) }
}

/// Handles a due reminder of the desk.
pub(crate) async fn remind(app: &App, reminder: SupportReminder) -> Result<(), Failure> {
    match reminder {
        SupportReminder::AgentAway { agent } => agent_away(app, agent).await,
    }
}

/// The grace period is over: an agent without a socket goes offline.
async fn agent_away(app: &App, agent: UserId) -> Result<(), Failure> {
    if !support::agent(&app.store, agent).await?.is_some_and(|agent| agent.online) {
        return Ok(());
    }
    match app.presence().absent(&[lease_of(agent)]).await {
        Some(absent) if absent.is_empty() => Ok(()), // connected to some process
        Some(_) => {
            let away = Presence { online: false, capacity: None };
            Ok(support::set_presence(&app.store, agent, away, app.now()).await?)
        }
        None => expect_back(app, agent).await, // presence is unknown now: wait again
    }
}

/// Looks periodically, until `stopping`, for agents whose process died without closing their
/// sockets. They get the same grace period as after a closed socket.
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

/// The agents who are online but present nowhere. The grace period starts for those who were not
/// `missed` before.
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
