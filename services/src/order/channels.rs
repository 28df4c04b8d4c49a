//! The channels `order:{id}` and `merchant:{restaurant_id}`.

use async_trait::async_trait;
use domain::order::{Order, OrderEventKind};
use domain::restaurant::Duty;
use domain::{Audience, Channel, EventKind, Failure, OrderId, Party, Principal, RestaurantId};
use hub::{ChannelRules, Snapshot};
use serde_json::json;

use super::{authorise, show, view};
use crate::channel_kind::ChannelKind;
use crate::{App, restaurant};

/// One order's events.
pub(crate) struct OrderChannel(pub(crate) OrderId);

#[async_trait]
impl ChannelKind for OrderChannel {
    fn rules(&self) -> ChannelRules {
        ChannelRules {
            effect: OrderEventKind::effect_of,
            access_by_notice: Audience::of(&[Party::Support, Party::Restaurant]),
            ..ChannelRules::LOG
        }
    }

    async fn authorise(&self, app: &App, who: &Principal) -> Result<Audience, Failure> {
        Ok(authorise(app, who, self.0).await?.1)
    }

    async fn snapshot(&self, app: &App, who: &Principal, _audience: Audience) -> Result<Snapshot, Failure> {
        let order = show(app, who, self.0).await?;
        let (offset, ended) = (order.version, order.status.is_terminal().then_some(order.status.as_str()));
        let data = serde_json::to_value(view(app, who, order).await?).map_err(Failure::fault)?;
        Ok(Snapshot { offset, data, ended })
    }
}

/// A restaurant's board: its open orders.
pub(crate) struct MerchantChannel(pub(crate) RestaurantId);

#[async_trait]
impl ChannelKind for MerchantChannel {
    fn rules(&self) -> ChannelRules {
        ChannelRules { access_by_notice: Party::Restaurant.into(), ..ChannelRules::LOG }
    }

    async fn authorise(&self, app: &App, who: &Principal) -> Result<Audience, Failure> {
        restaurant::for_duty(app, who, self.0, Duty::Kitchen).await.map(|_| Party::Restaurant.into())
    }

    async fn snapshot(&self, app: &App, who: &Principal, _audience: Audience) -> Result<Snapshot, Failure> {
        let restaurant = restaurant::for_duty(app, who, self.0, Duty::Kitchen).await?;
        // The offset is read first: an event in between is delivered twice rather than missed.
        let offset = store::journal::head(&app.store, Channel::Merchant(restaurant.id)).await?;
        let cards: Vec<_> =
            store::order::open(&app.store, restaurant.id).await?.iter().map(Order::card).collect();
        Ok(Snapshot { offset, data: json!({ "orders": cards }), ended: None })
    }
}
