//! Finding restaurants, and looking at one.

use std::collections::HashSet;

use chrono::Duration;
use domain::restaurant::{Category, Destination, Opening, Restaurant};
use domain::text::searchable;
use domain::{Failure, LatLon, Principal, Refused, RestaurantId, Role, Timestamp, Won, fault};
use serde::{Deserialize, Serialize};

use crate::App;

/// How long a list may be turned over page by page, in hours.
const LIST_LIFE_HOURS: i64 = 24;

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Search {
    /// Where the food is to be brought.
    pub to: LatLon,
    /// Only this kind of kitchen.
    pub category: Option<Category>,
    /// Only whose name, kind or dishes hold this text.
    pub text: Option<String>,
}

/// Where a page of the list ended. The list is ordered by what was open, and how
/// far away, at the moment it began, so that its pages fit together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct After {
    as_of: Timestamp,
    closed: bool,
    distance_m: u32,
    id: RestaurantId,
}

/// A restaurant as somebody sees it who wants food brought to a place.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The restaurant.
    pub restaurant: Restaurant,
    /// Whether it takes orders.
    pub opening: Opening,
    /// The way to the place, if there is one.
    pub way: Option<Way>,
    as_of: Timestamp,
}

/// The way from a restaurant to somebody hungry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// Metres in a straight line, rounded up.
    pub distance_m: u32,
    /// The tip for an order of exactly the minimum amount.
    pub tip: Won,
    /// Whether the restaurant delivers there.
    pub deliverable: bool,
}

impl Seen {
    /// Where the list goes on after this one.
    pub fn cursor(&self) -> After {
        After {
            as_of: self.as_of,
            closed: !self.opening.is_open(),
            distance_m: self.way.map_or(0, |way| way.distance_m),
            id: self.restaurant.id,
        }
    }
}

fn see(app: &App, restaurant: Restaurant, to: Option<LatLon>, as_of: Timestamp) -> Result<Seen, Failure> {
    let way = to.map(|position| {
        let to = Destination { position, dong: app.gazetteer.locate(position).map(|place| place.code) };
        way(&restaurant, to, as_of)
    });
    Ok(Seen { opening: restaurant.opening(as_of), way: way.transpose()?, restaurant, as_of })
}

fn way(restaurant: &Restaurant, to: Destination, as_of: Timestamp) -> Result<Way, Failure> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "no way is longer than u32 metres"
    )]
    let distance_m = restaurant.position.distance_m(to.position).ceil() as u32;
    let tip = restaurant.tip_for(restaurant.minimum_order, to, as_of).map_err(Failure::fault)?;
    Ok(Way { distance_m, tip, deliverable: restaurant.delivers_to(to) })
}

/// Restaurants that deliver to the place, open ones first, then the nearest: up
/// to `limit + 1`, so that the caller sees whether there are more.
pub async fn list(
    app: &App,
    search: &Search,
    after: Option<After>,
    limit: u32,
) -> Result<Vec<Seen>, Failure> {
    let as_of = as_of(app.now(), after)?;
    let dong = app.gazetteer.locate(search.to).map(|place| place.code);
    let to = Destination { position: search.to, dong };
    let mut around = store::restaurant::around(&app.store, search.to).await?;
    around.retain(|one| search.category.is_none_or(|wanted| one.category == wanted) && one.delivers_to(to));
    if let Some(text) = search.text.as_deref().map(searchable).filter(|text| !text.is_empty()) {
        retain_named(app, &mut around, &text).await?;
    }
    let seen = around.into_iter().map(|restaurant| {
        Ok(Seen {
            opening: restaurant.opening(as_of),
            way: Some(way(&restaurant, to, as_of)?),
            restaurant,
            as_of,
        })
    });
    let mut seen = seen.collect::<Result<Vec<_>, Failure>>()?;
    seen.retain(|one| after.is_none_or(|after| one.cursor() > after));
    seen.sort_by_key(Seen::cursor);
    seen.truncate(limit as usize + 1);
    Ok(seen)
}

/// The moment that the list began at.
fn as_of(now: Timestamp, after: Option<After>) -> Result<Timestamp, Refused> {
    let as_of = after.map_or(now, |after| after.as_of);
    if (now - as_of).abs() > Duration::hours(LIST_LIFE_HOURS) {
        return Err(Refused::field("/cursor", fault::EXPIRED, "The list is too old; begin it again."));
    }
    Ok(as_of)
}

async fn retain_named(app: &App, found: &mut Vec<Restaurant>, text: &str) -> Result<(), Failure> {
    let named =
        |one: &Restaurant| searchable(&one.name).contains(text) || one.category.korean().contains(text);
    let others: Vec<RestaurantId> = found.iter().filter(|one| !named(one)).map(|one| one.id).collect();
    let serving: HashSet<_> = store::menu::serving(&app.store, &others, text).await?.into_iter().collect();
    found.retain(|one| named(one) || serving.contains(&one.id));
    Ok(())
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
