//! Authorisation, snapshot and history of a channel, read without a socket.

use std::sync::Arc;

use domain::{Audience, Channel, Failure, Principal};
use hub::{Backend, Snapshot};
use services::{App, HubBackend};
use store::journal::Recorded;

/// The audience as which `who` may subscribe to `channel`, or the refusal.
pub async fn authorise(app: &App, who: &Principal, channel: Channel) -> Result<Audience, Failure> {
    HubBackend(app.clone()).authorise(who, &channel).await
}

/// The snapshot with which a subscription of `who` starts.
pub async fn snapshot(app: &App, who: &Principal, channel: Channel) -> Result<Snapshot, Failure> {
    let audience = authorise(app, who, channel.clone()).await?;
    HubBackend(app.clone()).snapshot(who, &channel, audience).await
}

/// At most `limit` events of `channel` after offset `after`.
pub async fn history(
    app: &App,
    channel: Channel,
    after: u64,
    limit: u32,
) -> Result<Vec<Arc<Recorded>>, Failure> {
    HubBackend(app.clone()).history(&channel, after, limit).await
}

/// The last offset of each of `channels` that has events.
pub async fn heads(app: &App, channels: &[Channel]) -> Result<Vec<(Channel, u64)>, Failure> {
    HubBackend(app.clone()).heads(channels).await
}
