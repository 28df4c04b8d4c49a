//! A channel as its listeners meet it, without a socket.

use std::sync::Arc;

use domain::{Audience, Channel, Failure, Principal};
use hub::{Backend, Snapshot};
use services::{App, HubBackend};
use store::journal::Recorded;

/// Whether, and as whom, `who` may follow.
pub async fn authorise(app: &App, who: &Principal, channel: Channel) -> Result<Audience, Failure> {
    HubBackend(app.clone()).authorise(who, &channel).await
}

/// What `who` is shown first.
pub async fn snapshot(app: &App, who: &Principal, channel: Channel) -> Result<Snapshot, Failure> {
    let audience = authorise(app, who, channel.clone()).await?;
    HubBackend(app.clone()).snapshot(who, &channel, audience).await
}

/// What was told after `after`.
pub async fn history(
    app: &App,
    channel: Channel,
    after: u64,
    limit: u32,
) -> Result<Vec<Arc<Recorded>>, Failure> {
    HubBackend(app.clone()).history(&channel, after, limit).await
}

/// The last offsets of those that have any.
pub async fn heads(app: &App, channels: &[Channel]) -> Result<Vec<(Channel, u64)>, Failure> {
    HubBackend(app.clone()).heads(channels).await
}
