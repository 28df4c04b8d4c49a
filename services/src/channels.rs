//! The realtime channels: maps each to its noun, and implements the hub's [`Backend`].

use std::sync::Arc;

use async_trait::async_trait;
use domain::{Audience, Channel, Failure, Principal, Timestamp, UserId};
use hub::{Backend, ChannelRules, NoticeEffect, Snapshot};
use store::fabric::{Latest, Notice};
use store::journal::{self, Recorded};

use crate::cart::CartChannel;
use crate::channel_kind::ChannelKind;
use crate::order::{MerchantChannel, OrderChannel};
use crate::storefront::StorefrontChannel;
use crate::support::{ChatChannel, DeskChannel};
use crate::tracking::{CourierChannel, DeliveryChannel};
use crate::{App, cart, map, support};

/// The implementation of `channel` in its noun.
fn kind(channel: &Channel) -> Box<dyn ChannelKind> {
    match *channel {
        Channel::Delivery(order) => Box::new(DeliveryChannel(order)),
        Channel::Order(order) => Box::new(OrderChannel(order)),
        Channel::Merchant(restaurant) => Box::new(MerchantChannel(restaurant)),
        Channel::Restaurant(restaurant) => Box::new(StorefrontChannel(restaurant)),
        Channel::Courier(courier) => Box::new(CourierChannel(courier)),
        Channel::Cart(customer) => Box::new(CartChannel(customer)),
        Channel::Chat(conversation) => Box::new(ChatChannel(conversation)),
        Channel::Desk => Box::new(DeskChannel),
        Channel::Map(cell) => Box::new(map::MapChannel(cell)),
        Channel::Inbox(_) | Channel::Alerts => Box::new(NotServed),
    }
}

/// A channel that is named but not implemented yet.
struct NotServed;

#[async_trait]
impl ChannelKind for NotServed {
    fn rules(&self) -> ChannelRules {
        ChannelRules::LOG
    }

    async fn authorise(&self, _app: &App, _who: &Principal) -> Result<Audience, Failure> {
        Err(Failure::not_found("channel"))
    }

    async fn snapshot(&self, _app: &App, _who: &Principal, _audience: Audience) -> Result<Snapshot, Failure> {
        Err(Failure::not_found("channel"))
    }
}

/// The services as the hub's backend.
pub struct HubBackend(pub App);

#[async_trait]
impl Backend for HubBackend {
    fn epoch(&self) -> Arc<str> {
        self.0.store.epoch().into()
    }

    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn rules(&self, channel: &Channel) -> ChannelRules {
        kind(channel).rules()
    }

    fn notice_effect(&self, notice: &Notice) -> NoticeEffect {
        match *notice {
            Notice::SessionRevoked(session) => NoticeEffect::EndSession(session),
            Notice::CourierSuperseded { courier, epoch } => {
                NoticeEffect::Supersede { user: UserId::from(courier), epoch }
            }
            Notice::OrderAccessChanged(order) => {
                NoticeEffect::Reauthorize(vec![Channel::Order(order), Channel::Delivery(order)])
            }
            Notice::PersonAccessChanged(person) => NoticeEffect::ReauthorizePerson(person),
            Notice::AssignmentsChanged(_) | Notice::RestaurantChanged(_) => NoticeEffect::Ignore,
        }
    }

    async fn authorise(&self, who: &Principal, channel: &Channel) -> Result<Audience, Failure> {
        kind(channel).authorise(&self.0, who).await
    }

    async fn snapshot(
        &self,
        who: &Principal,
        channel: &Channel,
        audience: Audience,
    ) -> Result<Snapshot, Failure> {
        kind(channel).snapshot(&self.0, who, audience).await
    }

    async fn history(
        &self,
        channel: &Channel,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Arc<Recorded>>, Failure> {
        metrics::counter!("realtime_history_reads_total").increment(1);
        kind(channel).history(&self.0, channel, after, limit).await
    }

    async fn heads(&self, channels: &[Channel]) -> Result<Vec<(Channel, u64)>, Failure> {
        // Conversations and carts have logs of their own; all other channels use the journal.
        let (mut chats, mut carts, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for channel in channels {
            match channel {
                Channel::Chat(id) => chats.push(*id),
                Channel::Cart(customer) => carts.push(*customer),
                other => others.push(other.clone()),
            }
        }
        let mut heads = journal::heads(&self.0.store, &others).await?;
        if !chats.is_empty() {
            heads.extend(support::heads(&self.0, &chats).await?);
        }
        if !carts.is_empty() {
            heads.extend(cart::heads(&self.0, &carts).await?);
        }
        Ok(heads)
    }

    async fn latest(&self, channel: &Channel) -> Result<Option<Arc<Latest>>, Failure> {
        kind(channel).latest(&self.0).await
    }
}
