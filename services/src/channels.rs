//! The channels of realtime: who may follow which, what its present state is,
//! and when it is over. One arm for each kind of channel; the nouns answer.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{Audience, Channel, Failure, Principal, Role};
use store::fabric::Latest;
use store::journal::{self, Recorded};

use crate::App;
use crate::live::{Backend, Regard, Snapshot};

/// Whether `who` may follow `channel`, and as which audience. Somebody else's
/// channel looks like one that does not exist.
pub async fn authorise(_app: &App, who: &Principal, channel: &Channel) -> Result<Audience, Failure> {
    match channel {
        Channel::Courier(courier) if who.courier() == Some(*courier) => Ok(Audience::Staff),
        Channel::Desk if who.is(Role::Agent) => Ok(Audience::Staff),
        Channel::Delivery(_)
        | Channel::Order(_)
        | Channel::Merchant(_)
        | Channel::Courier(_)
        | Channel::Chat(_)
        | Channel::Desk
        | Channel::Inbox(_)
        | Channel::Alerts
        | Channel::Map(_) => Err(Failure::not_found("channel")),
    }
}

/// The present state of `channel` as REST shows it to `who`, with the offset of
/// the last event that it includes. The state and the offset are of one moment.
pub async fn snapshot(
    _app: &App,
    _who: &Principal,
    channel: &Channel,
    _audience: Audience,
) -> Result<Snapshot, Failure> {
    match channel {
        Channel::Delivery(_)
        | Channel::Order(_)
        | Channel::Merchant(_)
        | Channel::Courier(_)
        | Channel::Chat(_)
        | Channel::Desk
        | Channel::Inbox(_)
        | Channel::Alerts
        | Channel::Map(_) => Err(Failure::not_found("channel")),
    }
}

/// What an event does to those who follow its channel: the last one ends their
/// subscriptions, and a change of hands has each of them authorised again.
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
        (Channel::Delivery(_), "delivery.assigned" | "delivery.unassigned")
        | (Channel::Chat(_), "chat.assigned" | "chat.resolved" | "chat.reopened") => Regard::Recheck,
        _ => Regard::Goes,
    }
}

#[async_trait]
impl Backend for App {
    fn epoch(&self) -> Arc<str> {
        self.store.epoch().into()
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

    async fn history(
        &self,
        channel: &Channel,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Arc<Recorded>>, Failure> {
        Ok(journal::since(&self.store, channel, after, limit).await?)
    }

    async fn heads(&self, channels: &[Channel]) -> Result<Vec<(Channel, u64)>, Failure> {
        Ok(journal::heads(&self.store, channels).await?)
    }

    async fn latest(&self, channel: &Channel) -> Option<Arc<Latest>> {
        self.fabric().latest(channel).await
    }

    fn regard(&self) -> fn(&Channel, &str) -> Regard {
        regard
    }
}
