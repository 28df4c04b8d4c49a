//! Looking at a restaurant, and whose it is. Finding one is [`search`](crate::search)'s.

use domain::restaurant::{Destination, Opening, Restaurant};
use domain::{Failure, LatLon, Principal, RestaurantId, Role, Timestamp, Won};

use crate::App;

/// A restaurant as somebody sees it who wants food brought to a place.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The restaurant.
    pub restaurant: Restaurant,
    /// Whether it takes orders.
    pub opening: Opening,
    /// The way to the place, if there is one.
    pub way: Option<DeliveryTerms>,
    /// When it was so.
    pub(crate) as_of: Timestamp,
}

/// The way from a restaurant to somebody hungry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryTerms {
    /// Metres in a straight line, rounded up.
    pub distance_m: u32,
    /// The tip for an order of exactly the minimum amount.
    pub tip: Won,
    /// Whether the restaurant delivers there.
    pub deliverable: bool,
}

/// The restaurant as it is at `as_of`, and the way to `to`.
pub(crate) fn see(
    app: &App,
    restaurant: Restaurant,
    to: Option<LatLon>,
    as_of: Timestamp,
) -> Result<Seen, Failure> {
    let way = to.map(|position| {
        let to = Destination { position, dong: app.gazetteer.locate(position).map(|place| place.code) };
        way(&restaurant, to, as_of)
    });
    Ok(Seen { opening: restaurant.opening(as_of), way: way.transpose()?, restaurant, as_of })
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

/// One restaurant, as seen from a place if one is given.
pub async fn show(app: &App, id: RestaurantId, to: Option<LatLon>) -> Result<Seen, Failure> {
    see(app, find(app, id).await?, to, app.now())
}

/// The restaurants that the person owns.
pub async fn mine(app: &App, who: &Principal) -> Result<Vec<Seen>, Failure> {
    let owned = store::restaurant::of_owner(&app.store, who.user).await?;
    owned.into_iter().map(|restaurant| see(app, restaurant, None, app.now())).collect()
}

/// The restaurant.
pub async fn find(app: &App, id: RestaurantId) -> Result<Restaurant, Failure> {
    store::restaurant::load(&app.store, id).await?.ok_or_else(|| Failure::not_found("restaurant"))
}

/// The restaurant, if it is this person's: for others there is none.
pub async fn owned(app: &App, who: &Principal, id: RestaurantId) -> Result<Restaurant, Failure> {
    let restaurant = find(app, id).await?;
    if restaurant.owner == who.user { Ok(restaurant) } else { Err(Failure::not_found("restaurant")) }
}

/// Whether `who` runs the restaurant.
pub async fn owns(app: &App, who: &Principal, restaurant: RestaurantId) -> Result<bool, Failure> {
    if !who.is(Role::Owner) {
        return Ok(false);
    }
    match owned(app, who, restaurant).await {
        Ok(_) => Ok(true),
        Err(Failure::Refused(_)) => Ok(false),
        Err(fault) => Err(fault),
    }
}

/// Restaurants whose zones may reach the place.
pub(crate) async fn around(app: &App, to: LatLon) -> Result<Vec<Restaurant>, Failure> {
    Ok(store::restaurant::around(&app.store, to).await?)
}
