//! The channels `chat:{conversation_id}` and `desk`.

use std::sync::Arc;

use async_trait::async_trait;
use domain::support::ChatEventKind;
use domain::{Audience, Channel, ConversationId, EventKind, Failure, Party, Principal, Role};
use hub::{ChannelRules, Snapshot};
use serde_json::json;
use store::journal::{self, Recorded};
use store::support;

use super::desk::desk;
use super::seen;
use crate::App;
use crate::channel_kind::ChannelKind;

/// The number of last messages in a snapshot; earlier ones are available by REST.
const SNAPSHOT_MESSAGES: u32 = 50;

/// How often the desk is read again because an event happened in between.
const SNAPSHOT_TRIES: usize = 5;

/// One conversation. It has a log of its own, not in the journal.
pub(crate) struct ChatChannel(pub(crate) ConversationId);

#[async_trait]
impl ChannelKind for ChatChannel {
    fn rules(&self) -> ChannelRules {
        ChannelRules { effect: ChatEventKind::effect_of, ..ChannelRules::LOG }
    }

    async fn authorise(&self, app: &App, who: &Principal) -> Result<Audience, Failure> {
        seen(app, who, self.0).await.map(|(_, side)| side.audience())
    }

    async fn snapshot(&self, app: &App, who: &Principal, _audience: Audience) -> Result<Snapshot, Failure> {
        let (view, side) = seen(app, who, self.0).await?;
        let last_seq = view.last_seq;
        // Entries are immutable, so those up to `last_seq` are consistent with it.
        let messages =
            support::messages_before(&app.store, self.0, side, last_seq + 1, SNAPSHOT_MESSAGES).await?;
        let mut data = json!(view);
        data["messages"] = json!(messages);
        Ok(Snapshot { offset: last_seq.unsigned_abs(), data, ended: None })
    }

    async fn history(
        &self,
        app: &App,
        _channel: &Channel,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Arc<Recorded>>, Failure> {
        Ok(support::since(&app.store, self.0, after, limit).await?)
    }
}

/// The last offset of each conversation.
pub(crate) async fn heads(app: &App, ids: &[ConversationId]) -> Result<Vec<(Channel, u64)>, Failure> {
    Ok(support::heads(&app.store, ids).await?)
}

/// The support desk: its queue, assignments and agents.
pub(crate) struct DeskChannel;

#[async_trait]
impl ChannelKind for DeskChannel {
    fn rules(&self) -> ChannelRules {
        ChannelRules::LOG
    }

    async fn authorise(&self, _app: &App, who: &Principal) -> Result<Audience, Failure> {
        if who.is(Role::Agent) { Ok(Party::Support.into()) } else { Err(Failure::not_found("channel")) }
    }

    async fn snapshot(&self, app: &App, who: &Principal, _audience: Audience) -> Result<Snapshot, Failure> {
        let mut before = desk_offset(app).await?;
        for _ in 0..SNAPSHOT_TRIES {
            let data = json!(desk(app, who).await?);
            let after = desk_offset(app).await?;
            if before == after {
                return Ok(Snapshot { offset: after, data, ended: None });
            }
            before = after;
        }
        // The state may be newer than the offset. Events in between then arrive again, which is
        // harmless: desk events are idempotent.
        Ok(Snapshot { offset: before, data: json!(desk(app, who).await?), ended: None })
    }
}

async fn desk_offset(app: &App) -> Result<u64, Failure> {
    Ok(journal::head(&app.store, Channel::Desk).await?)
}
