//! What each kind of channel says of itself, in its noun's file.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{Audience, Channel, Failure, Principal};
use hub::{ChannelRules, Snapshot};
use store::fabric::Latest;
use store::journal::{self, Recorded};

use crate::App;

/// One channel, of a kind: who may follow it, and what they are shown.
#[async_trait]
pub(crate) trait ChannelKind: Send + Sync {
    /// What holds for all channels of the kind.
    fn rules(&self) -> ChannelRules;

    /// Whether `who` may follow it, and as which audience. Somebody else's channel looks like
    /// one that does not exist.
    async fn authorise(&self, app: &App, who: &Principal) -> Result<Audience, Failure>;

    /// The present state as REST shows it to `who`, with the offset of the last event that it
    /// includes. The state and the offset are of one moment.
    async fn snapshot(&self, app: &App, who: &Principal, audience: Audience) -> Result<Snapshot, Failure>;

    /// Events of `channel`, which is this one, after `after`, oldest first, at most `limit`.
    async fn history(
        &self,
        app: &App,
        channel: &Channel,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Arc<Recorded>>, Failure> {
        Ok(journal::since(&app.store, channel, after, limit).await?)
    }

    /// The newest value, if the kind has one and it is known.
    async fn latest(&self, _app: &App) -> Result<Option<Arc<Latest>>, Failure> {
        Ok(None)
    }
}
