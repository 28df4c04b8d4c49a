//! Reading restaurants, and their ownership. For searching see [`search`](crate::search).

use domain::restaurant::{Destination, Opening, Restaurant};
use domain::{Failure, LatLon, Principal, RestaurantId, Role, Timestamp, Won};

use crate::App;

/// A restaurant as seen by a customer at a place.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The restaurant.
    pub restaurant: Restaurant,
    /// Whether it takes orders.
    pub opening: Opening,
    /// The terms of delivery to the place, if one was given.
    pub way: Option<DeliveryTerms>,
}

/// The terms of delivery from a restaurant to a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryTerms {
    /// The straight-line distance in metres, rounded up.
    pub distance_m: u32,
    /// The tip for an order of exactly the minimum amount.
    pub tip: Won,
    /// Whether the restaurant delivers there.
    pub deliverable: bool,
}

/// The destination at a place.
pub(crate) fn destination(app: &App, position: LatLon) -> Destination {
    Destination { position, dong: app.gazetteer.locate(position).map(|place| place.code) }
}

/// The restaurant at time `as_of`, with the terms of delivery to `to`.
pub(crate) fn see(
    restaurant: Restaurant,
    to: Option<Destination>,
    as_of: Timestamp,
) -> Result<Seen, Failure> {
    let way = to.map(|to| way(&restaurant, to, as_of));
    Ok(Seen { opening: restaurant.opening(as_of), way: way.transpose()?, restaurant })
}

fn way(restaurant: &Restaurant, to: Destination, as_of: Timestamp) -> Result<DeliveryTerms, Failure> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "no way is longer than u32 metres"
    )]
    let distance_m = restaurant.position.distance_m(to.position).ceil() as u32;
    let tip = restaurant.tip_for(restaurant.minimum_order, to, as_of).map_err(Failure::fault)?;
    Ok(DeliveryTerms { distance_m, tip, deliverable: restaurant.delivers_to(to) })
}

/// One restaurant, with its terms of delivery if a place is given.
pub async fn show(app: &App, id: RestaurantId, to: Option<LatLon>) -> Result<Seen, Failure> {
    see(find(app, id).await?, to.map(|to| destination(app, to)), app.now())
}

/// The restaurants that the user owns.
pub async fn mine(app: &App, who: &Principal) -> Result<Vec<Seen>, Failure> {
    let owned = store::restaurant::of_owner(&app.store, who.user).await?;
    owned.into_iter().map(|restaurant| see(restaurant, None, app.now())).collect()
}

/// The restaurants whose name contains the text (`domain::lookup`), newest first.
pub(crate) async fn named(app: &App, text: &str, limit: u32) -> Result<Vec<Seen>, Failure> {
    let named = store::restaurant::named(&app.store, text, limit).await?;
    named.into_iter().map(|restaurant| see(restaurant, None, app.now())).collect()
}

/// The restaurant, or a refusal if there is none.
pub async fn find(app: &App, id: RestaurantId) -> Result<Restaurant, Failure> {
    store::restaurant::load(&app.store, id).await?.ok_or_else(|| Failure::not_found("restaurant"))
}

/// The restaurant, if this user owns it; for others it does not exist.
pub async fn owned(app: &App, who: &Principal, id: RestaurantId) -> Result<Restaurant, Failure> {
    owned_if_any(app, who, id).await?.ok_or_else(|| Failure::not_found("restaurant"))
}

/// The restaurant, if there is one and this user owns it. A failure to find out is not an absence.
pub(crate) async fn owned_if_any(
    app: &App,
    who: &Principal,
    id: RestaurantId,
) -> Result<Option<Restaurant>, Failure> {
    let found = store::restaurant::load(&app.store, id).await?;
    Ok(found.filter(|restaurant| restaurant.owner == who.user))
}

/// Whether `who` owns the restaurant.
pub async fn owns(app: &App, who: &Principal, restaurant: RestaurantId) -> Result<bool, Failure> {
    Ok(who.is(Role::Owner) && owned_if_any(app, who, restaurant).await?.is_some())
}

/// Restaurants whose delivery zones may include the place.
pub(crate) async fn around(app: &App, to: LatLon) -> Result<Vec<Restaurant>, Failure> {
    Ok(store::restaurant::around(&app.store, to).await?)
}

/// The numbers of all changes since a horizon (`store::changes`).
pub(crate) async fn changed_since(app: &App, horizon: u64) -> Result<Vec<(RestaurantId, u64)>, Failure> {
    Ok(store::restaurant::changed_since(&app.store, horizon).await?)
}

/// Those of these that there are, each with the number of its last change.
pub(crate) async fn several(app: &App, ids: &[RestaurantId]) -> Result<Vec<(Restaurant, u64)>, Failure> {
    Ok(store::restaurant::several(&app.store, ids).await?)
}
