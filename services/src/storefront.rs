//! A restaurant with its menu: what customers see in one piece, and what needs both of them.

use std::sync::Arc;

use async_trait::async_trait;
use domain::catalogue::Catalogue;
use domain::menu::Card;
use domain::restaurant::{LiveState, Restaurant, RestaurantEventKind, Status};
use domain::{Audience, Channel, EventKind, Failure, LatLon, Principal, RestaurantId};
use hub::{ChannelRules, Snapshot};
use serde_json::json;

use crate::channel_kind::ChannelKind;
use crate::restaurant::{Ownership, Seen, destination, see};
use crate::{App, catalogue, menu, order, restaurant};

/// A restaurant with its menu, as customers see them.
#[derive(Clone, Debug)]
pub struct Storefront {
    /// The restaurant.
    pub seen: Seen,
    /// Its menu, with what customers do not see.
    pub card: Arc<Card>,
}

/// A restaurant with its menu, and its terms of delivery if a place is given. One that is not published
/// yet does not exist. What the catalogue and the cards of this process have costs no query.
pub async fn show(app: &App, id: RestaurantId, to: Option<LatLon>) -> Result<Storefront, Failure> {
    let known = catalogue::read(app, |all| {
        all.find(id).map(|(restaurant, stamp)| (Arc::clone(restaurant), stamp.menu_version))
    });
    let (restaurant, card) = match known.await.flatten() {
        Some((restaurant, version)) if restaurant.status != Status::Preparing => {
            (restaurant, menu::card_at(app, id, version).await?)
        }
        _ => (Arc::new(restaurant::shown(app, id).await?), menu::card(app, id).await?),
    };
    let to = to.map(|to| destination(app, to));
    Ok(Storefront { seen: see(app, restaurant, to, app.now())?, card })
}

/// Lets customers find a shop, if nothing is missing.
pub async fn publish(app: &App, who: &Principal, id: RestaurantId) -> Result<Ownership, Failure> {
    restaurant::for_duty(app, who, id, domain::restaurant::Duty::Business).await?;
    let dishes = menu::card(app, id).await?.offered().map(|(_, menus)| menus.count()).sum();
    restaurant::publish(app, who, id, dishes).await
}

/// Gives a shop up for good. Refused while orders are not done.
pub async fn close_down(app: &App, who: &Principal, id: RestaurantId) -> Result<Restaurant, Failure> {
    let open = order::open_at(app, id).await?;
    restaurant::close_down(app, who, id, open).await
}

/// What customers see change of a restaurant: `restaurant:{id}`.
pub(crate) struct StorefrontChannel(pub(crate) RestaurantId);

#[async_trait]
impl ChannelKind for StorefrontChannel {
    fn rules(&self) -> ChannelRules {
        ChannelRules { effect: RestaurantEventKind::effect_of, ..ChannelRules::LOG }
    }

    /// Everybody may follow a shop that customers find; one that is prepared, its people alone.
    async fn authorise(&self, app: &App, who: &Principal) -> Result<Audience, Failure> {
        let is_known =
            |all: &Catalogue| all.find(self.0).is_some_and(|(one, _)| one.status == Status::Published);
        // Lists follow many: what is published, as far as this process knows, costs no query.
        if catalogue::read(app, is_known).await == Some(true) {
            return Ok(Audience::EVERYONE);
        }
        let restaurant = restaurant::find(app, self.0).await?;
        if restaurant.status == Status::Preparing && !restaurant::owns(app, who, self.0).await? {
            return Err(Failure::not_found("channel"));
        }
        Ok(Audience::EVERYONE)
    }

    async fn snapshot(&self, app: &App, _who: &Principal, _audience: Audience) -> Result<Snapshot, Failure> {
        // The offset is read first: an event in between is delivered twice rather than missed.
        let offset = store::journal::head(&app.store, Channel::Restaurant(self.0)).await?;
        let known = catalogue::read(app, |all| {
            all.find(self.0).map(|(restaurant, stamp)| (Arc::clone(restaurant), stamp))
        });
        let (restaurant, menu) = match known.await.flatten() {
            Some((restaurant, stamp)) if stamp.offset == offset => {
                (restaurant, menu::card_at(app, self.0, stamp.menu_version).await?)
            }
            other => {
                if other.is_some() {
                    catalogue::read_soon(app, self.0);
                }
                (Arc::new(restaurant::find(app, self.0).await?), menu::card(app, self.0).await?)
            }
        };
        let mut data = LiveState::of(&restaurant, app.now(), &app.holidays()).json();
        data["menu_version"] = json!(menu.version);
        let now = app.now();
        let sold_out = menu.menus().filter(|menu| menu.sold_out.at(now)).map(|menu| menu.id);
        let sold_out: Vec<_> = sold_out.collect();
        data["sold_out"] = json!(sold_out);
        let ended = (restaurant.status == Status::ClosedDown).then_some(Status::ClosedDown.as_str());
        Ok(Snapshot { offset, data, ended })
    }
}
