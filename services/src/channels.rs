//! The channels of realtime: who may follow which, what its present state is,
//! and when it is over. One arm for each kind of channel; the nouns answer.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{Audience, Channel, ConversationId, Failure, Party, Principal, Role, Timestamp};
use store::fabric::Latest;
use store::journal::{self, Recorded};

use crate::live::{Backend, Regard, Snapshot};
use crate::{App, Services, map, order, restaurant, support, tracking};

/// Whether `who` may follow `channel`, and as which audience. Somebody else's
/// channel looks like one that does not exist.
pub async fn authorise(app: &App, who: &Principal, channel: &Channel) -> Result<Audience, Failure> {
    match channel {
        Channel::Courier(courier) if who.courier() == Some(*courier) => Ok(Party::Courier.into()),
        Channel::Chat(id) => support::authorise(app, who, *id).await,
        Channel::Desk if who.is(Role::Agent) => Ok(Party::Support.into()),
        Channel::Order(id) => Ok(order::authorise(app, who, *id).await?.1),
        Channel::Merchant(id) => restaurant::owned(app, who, *id).await.map(|_| Party::Restaurant.into()),
        Channel::Delivery(id) => Ok(tracking::authorise(app, who, *id).await?.1),
        Channel::Map(_) => map::authorise(who),
        Channel::Courier(_) | Channel::Desk | Channel::Inbox(_) | Channel::Alerts => {
            Err(Failure::not_found("channel"))
        }
    }
}

/// The present state of `channel` as REST shows it to `who`, with the offset of
/// the last event that it includes. The state and the offset are of one moment.
pub async fn snapshot(
    app: &App,
    who: &Principal,
    channel: &Channel,
    audience: Audience,
) -> Result<Snapshot, Failure> {
    match channel {
        Channel::Chat(id) => support::snapshot(app, who, *id).await,
        Channel::Desk => support::snapshot_desk(app, who).await,
        Channel::Order(id) => order::snapshot(app, who, *id).await,
        Channel::Merchant(id) => order::board(app, who, *id).await,
        Channel::Delivery(id) => tracking::snapshot(app, *id, audience).await,
        Channel::Courier(_) => tracking::courier::snapshot(app, who).await,
        Channel::Map(cell) => map::snapshot(app, *cell).await,
        Channel::Inbox(_) | Channel::Alerts => Err(Failure::not_found("channel")),
    }
}

/// What an event does to those who follow its channel: the last one ends their
/// subscriptions, and each that changes who may see something has all of them
/// authorised again. What changes that from elsewhere (a conversation about the order
/// that is given to another agent) is announced, see `Notice::OrderAccessChanged`.
pub fn regard(channel: &Channel, kind: &str) -> Regard {
    match (channel, kind) {
        (Channel::Order(_), "order.completed") => Regard::Ends("completed"),
        (Channel::Order(_), "order.rejected") => Regard::Ends("rejected"),
        (Channel::Order(_), "order.cancelled") => Regard::Ends("cancelled"),
        (Channel::Order(_), "order.expired") => Regard::Ends("expired"),
        (Channel::Order(_), "order.payment_failed") => Regard::Ends("payment_failed"),
        (Channel::Order(_), "order.delivery_failed") => Regard::Ends("delivery_failed"),
        (Channel::Delivery(_), "delivery.delivered") => Regard::Ends("delivered"),
        (Channel::Delivery(_), "delivery.cancelled") => Regard::Ends("cancelled"),
        (Channel::Delivery(_), "delivery.undeliverable") => Regard::Ends("undeliverable"),
        (Channel::Order(_), "order.courier_assigned" | "order.courier_unassigned" | "order.delivered")
        | (Channel::Delivery(_), "delivery.assigned" | "delivery.unassigned")
        | (Channel::Chat(_), "chat.assigned" | "chat.resolved" | "chat.reopened") => Regard::Recheck,
        _ => Regard::Goes,
    }
}

fn chats_and_others(channels: &[Channel]) -> (Vec<ConversationId>, Vec<Channel>) {
    let (mut chats, mut others) = (Vec::new(), Vec::new());
    for channel in channels {
        match channel {
            Channel::Chat(id) => chats.push(*id),
            other => others.push(other.clone()),
        }
    }
    (chats, others)
}

#[async_trait]
impl Backend for App {
    fn epoch(&self) -> Arc<str> {
        self.store.epoch().into()
    }

    fn now(&self) -> Timestamp {
        Services::now(self)
    }

    async fn authorise(&self, who: &Principal, channel: &Channel) -> Result<Audience, Failure> {
        authorise(self, who, channel).await
    }

    async fn snapshot(
        &self,
        who: &Principal,
        channel: &Channel,
        audience: Audience,
    ) -> Result<Snapshot, Failure> {
        snapshot(self, who, channel, audience).await
    }

    /// A delivery is what many watch. It looks the same to all of an audience, and
    /// the newest position, which a shared snapshot may lack, comes right after it.
    fn shares_snapshots(&self, channel: &Channel) -> bool {
        matches!(channel, Channel::Delivery(_))
    }

    async fn history(
        &self,
        channel: &Channel,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Arc<Recorded>>, Failure> {
        metrics::counter!("realtime_history_reads_total").increment(1);
        match channel {
            Channel::Chat(id) => support::history(self, *id, after, limit).await,
            Channel::Delivery(id) => tracking::history(self, *id, after, limit).await,
            // A map has no log.
            Channel::Map(_) => Ok(Vec::new()),
            _ => Ok(journal::since(&self.store, channel, after, limit).await?),
        }
    }

    async fn heads(&self, channels: &[Channel]) -> Result<Vec<(Channel, u64)>, Failure> {
        // A conversation's log is its own; all others stand in the journal.
        let (chats, others) = chats_and_others(channels);
        let mut heads = journal::heads(&self.store, &others).await?;
        if !chats.is_empty() {
            heads.extend(support::heads(self, &chats).await?);
        }
        Ok(heads)
    }

    async fn latest(&self, channel: &Channel) -> Result<Option<Arc<Latest>>, Failure> {
        match channel {
            Channel::Delivery(order) => tracking::latest(self, *order).await,
            _ => Ok(None),
        }
    }

    fn regard(&self) -> fn(&Channel, &str) -> Regard {
        regard
    }
}
