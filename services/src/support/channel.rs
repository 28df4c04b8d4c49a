//! The channels `chat:{id}` and `desk`.

use std::sync::Arc;

use domain::{Audience, Channel, ConversationId, Failure, Principal};
use serde_json::json;
use store::journal::{self, Recorded};
use store::support;

use super::desk::desk;
use super::seen;
use crate::App;
use crate::live::Snapshot;

/// The last messages that a snapshot brings along; REST has those before.
const SNAPSHOT_MESSAGES: u32 = 50;

/// How often the desk is read again because something happened meanwhile.
const SNAPSHOT_TRIES: usize = 5;

/// Whether the person may follow a conversation, and what of it they hear.
pub async fn authorise(app: &App, who: &Principal, id: ConversationId) -> Result<Audience, Failure> {
    seen(app, who, id).await.map(|(_, side)| side.audience())
}

/// The conversation as REST shows it to the person, with its last `messages`,
/// and the offset that this includes.
pub async fn snapshot(app: &App, who: &Principal, id: ConversationId) -> Result<Snapshot, Failure> {
    let (view, side) = seen(app, who, id).await?;
    let last_seq = view.last_seq;
    // Entries never change, so those up to the last are of one moment with it.
    let messages = support::messages_before(&app.store, id, side, last_seq + 1, SNAPSHOT_MESSAGES).await?;
    let mut data = json!(view);
    data["messages"] = json!(messages);
    Ok(Snapshot { offset: last_seq.unsigned_abs(), data, ended: None })
}

/// The conversation's entries after `offset`.
pub async fn history(
    app: &App,
    id: ConversationId,
    offset: u64,
    limit: u32,
) -> Result<Vec<Arc<Recorded>>, Failure> {
    Ok(support::since(&app.store, id, offset, limit).await?)
}

/// The last offsets of conversations.
pub async fn heads(app: &App, ids: &[ConversationId]) -> Result<Vec<(Channel, u64)>, Failure> {
    Ok(support::heads(&app.store, ids).await?)
}

/// The desk as REST shows it to the agent, and the offset that this includes.
pub async fn snapshot_desk(app: &App, who: &Principal) -> Result<Snapshot, Failure> {
    let mut before = desk_offset(app).await?;
    for _ in 0..SNAPSHOT_TRIES {
        let data = json!(desk(app, who).await?);
        let after = desk_offset(app).await?;
        if before == after {
            return Ok(Snapshot { offset: after, data, ended: None });
        }
        before = after;
    }
    // A desk this busy tells the rest as events; none of them does harm twice.
    Ok(Snapshot { offset: before, data: json!(desk(app, who).await?), ended: None })
}

async fn desk_offset(app: &App) -> Result<u64, Failure> {
    let heads = journal::heads(&app.store, &[Channel::Desk]).await?;
    Ok(heads.first().map_or(0, |(_, offset)| *offset))
}
