//! The interface of a kind of channel, implemented in its noun's module.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{Audience, Channel, Failure, Principal};
use hub::{ChannelRules, Snapshot};
use store::fabric::Latest;
use store::journal::{self, Recorded};

use crate::App;

/// One channel of a kind: who may follow it, and what they see.
#[async_trait]
pub(crate) trait ChannelKind: Send + Sync {
    /// The rules of all channels of the kind.
    fn rules(&self) -> ChannelRules;

    /// The audience as which `who` may follow it. Without permission the channel does not exist.
    async fn authorise(&self, app: &App, who: &Principal) -> Result<Audience, Failure>;

    /// The current state as REST shows it to `who`, with its offset. The state includes all
    /// events up to the offset; it may include later ones, which then arrive again as events.
    async fn snapshot(&self, app: &App, who: &Principal, audience: Audience) -> Result<Snapshot, Failure>;

    /// Events of `channel` (this one) after offset `after`, oldest first, at most `limit`.
    async fn history(
        &self,
        app: &App,
        channel: &Channel,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Arc<Recorded>>, Failure> {
        Ok(journal::since(&app.store, channel, after, limit).await?)
    }

    /// The latest value, if the kind has one and it is known.
    async fn latest(&self, _app: &App) -> Result<Option<Arc<Latest>>, Failure> {
        Ok(None)
    }
}
