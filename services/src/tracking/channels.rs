//! The channels `delivery:{order_id}` and `courier:{id}`.

use std::sync::Arc;

use async_trait::async_trait;
use domain::tracking::{DeliveryEventKind, OfferEvent};
use domain::{Audience, Channel, CourierId, Event, EventKind, Failure, OrderId, Party, Principal};
use hub::{ChannelRules, Snapshot};
use serde_json::{Value, json};
use store::fabric::Latest;
use store::journal::{self, Recorded};

use super::{courier, delivery};
use crate::App;
use crate::channel_kind::ChannelKind;

/// A delivery: its events, and its courier's position.
pub(crate) struct DeliveryChannel(pub(crate) OrderId);

#[async_trait]
impl ChannelKind for DeliveryChannel {
    /// All followers of one audience see the same, so they share a snapshot. It may lack the
    /// newest position, which is sent right after it.
    fn rules(&self) -> ChannelRules {
        ChannelRules {
            has_latest: true,
            shares_snapshots: true,
            effect: DeliveryEventKind::effect_of,
            access_by_notice: Party::Support.into(),
            ..ChannelRules::LOG
        }
    }

    async fn authorise(&self, app: &App, who: &Principal) -> Result<Audience, Failure> {
        Ok(delivery::authorise(app, who, self.0).await?.1)
    }

    async fn snapshot(&self, app: &App, _who: &Principal, audience: Audience) -> Result<Snapshot, Failure> {
        let (delivery, _) = delivery::find(app, self.0).await?;
        let (offset, status) = (delivery.version, delivery.status);
        let view = delivery::view(app, delivery, audience).await?;
        let data = serde_json::to_value(&view).map_err(Failure::fault)?;
        Ok(Snapshot { offset, data, ended: status.is_over().then(|| status.as_str()) })
    }

    async fn history(
        &self,
        app: &App,
        _channel: &Channel,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Arc<Recorded>>, Failure> {
        delivery::history(app, self.0, after, limit).await
    }

    async fn latest(&self, app: &App) -> Result<Option<Arc<Latest>>, Failure> {
        delivery::latest(app, self.0).await
    }
}

/// A courier's own offers and deliveries.
pub(crate) struct CourierChannel(pub(crate) CourierId);

#[async_trait]
impl ChannelKind for CourierChannel {
    fn rules(&self) -> ChannelRules {
        ChannelRules::LOG
    }

    async fn authorise(&self, _app: &App, who: &Principal) -> Result<Audience, Failure> {
        if who.courier() == Some(self.0) {
            Ok(Party::Courier.into())
        } else {
            Err(Failure::not_found("channel"))
        }
    }

    async fn snapshot(&self, app: &App, who: &Principal, _audience: Audience) -> Result<Snapshot, Failure> {
        // The offset is read first. An event in between is then delivered again, for an offer or a
        // delivery that the state already contains.
        let offset = journal::head(&app.store, Channel::Courier(self.0)).await?;
        let me = courier::me(app, who).await?;
        let offers: Vec<Value> = me.offers.into_iter().map(|offer| OfferEvent::Made(offer).data()).collect();
        let data = json!({
            "id": me.courier.id,
            "name": me.courier.name,
            "vehicle": me.courier.vehicle,
            "on_shift": me.courier.on_shift,
            "assignments": me.assignments,
            "offers": offers,
        });
        Ok(Snapshot { offset, data, ended: None })
    }
}
