//! Restaurant search by place, category, name and dish.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::Duration;
use domain::catalogue::{Rank, Suggestion, Wanted, found_at};
use domain::restaurant::{Category, Restaurant};
use domain::search::Query;
use domain::{Failure, LatLon, Refused, RestaurantId, Timestamp, fault};
use serde::{Deserialize, Serialize};

use crate::restaurant::{Seen, destination, see};
use crate::{App, catalogue, geocoding, menu, restaurant};

/// How long a list's cursor is valid, in hours.
const LIST_LIFE_HOURS: i64 = 24;

/// The search criteria.
#[derive(Clone, Debug)]
pub struct Search {
    /// The place to deliver to.
    pub to: Place,
    /// Only restaurants of this category.
    pub category: Option<Category>,
    /// Only restaurants within so many metres.
    pub radius_m: Option<u32>,
    /// Only restaurants with this tag.
    pub tag: Option<String>,
    /// Only restaurants whose name, category or dishes match this text (`domain::search`).
    pub text: Option<String>,
}

/// A place to deliver to.
#[derive(Clone, Debug)]
pub enum Place {
    /// A position.
    At(LatLon),
    /// Where an address is, or a neighbourhood.
    Address(String),
}

/// Where a page of the list ended. All pages are ordered by the opening state and distance at
/// `as_of`, the time of the first page, so that they are consistent with each other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct After {
    as_of: Timestamp,
    /// Where the address was found for the first page; `None` if it was searched by position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<LatLon>,
    #[serde(flatten)]
    rank: Rank,
}

/// A restaurant of the list.
#[derive(Clone, Debug)]
pub struct Found {
    /// The restaurant.
    pub seen: Seen,
    after: After,
}

impl After {
    /// The cursor after this restaurant.
    pub fn of(found: &Found) -> Self {
        found.after
    }
}

/// Restaurants that deliver to the place: open ones first, then the best matches, then by
/// distance. Returns up to `limit + 1`, so that the caller sees whether there are more.
pub async fn list(
    app: &App,
    search: &Search,
    after: Option<After>,
    limit: u32,
) -> Result<Vec<Found>, Failure> {
    let as_of = as_of(app.now(), after)?;
    let position = match (&search.to, after.and_then(|after| after.to)) {
        (Place::At(position), _) => *position,
        (Place::Address(_), Some(found)) => found,
        (Place::Address(address), None) => geocoding::locate(app, address).await?,
    };
    let query = search.text.as_deref().and_then(Query::read);
    let holidays = app.holidays();
    let wanted = Wanted {
        to: destination(app, position),
        at: as_of,
        category: search.category,
        radius_m: search.radius_m,
        tag: search.tag.as_deref(),
        query: query.as_ref(),
        holidays: &holidays,
    };
    let rank = after.map(|after| after.rank);
    let count = limit as usize + 1;
    let found = match by_catalogue(app, &wanted, rank, count).await {
        Some(found) => found,
        None => by_database(app, &wanted, rank, count).await?,
    };
    let to = matches!(search.to, Place::Address(_)).then_some(position);
    let seen = found.into_iter().map(|(rank, restaurant)| {
        Ok(Found { seen: see(app, restaurant, Some(wanted.to), as_of)?, after: After { as_of, to, rank } })
    });
    seen.collect()
}

/// The time of the first page of the list.
fn as_of(now: Timestamp, after: Option<After>) -> Result<Timestamp, Refused> {
    let as_of = after.map_or(now, |after| after.as_of);
    if (now - as_of).abs() > Duration::hours(LIST_LIFE_HOURS) {
        return Err(Refused::field("/cursor", fault::EXPIRED, "The list is too old; begin it again."));
    }
    Ok(as_of)
}

/// What is found after a rank, at most `limit`, by the catalogue of this process; `None` while it is not
/// whole.
pub async fn by_catalogue(
    app: &App,
    wanted: &Wanted<'_>,
    after: Option<Rank>,
    limit: usize,
) -> Option<Vec<(Rank, Arc<Restaurant>)>> {
    catalogue::read(app, |all| all.list(wanted, after, limit)).await
}

/// What the catalogue would answer, from the database: while the catalogue is not whole, and to compare.
pub async fn by_database(
    app: &App,
    wanted: &Wanted<'_>,
    after: Option<Rank>,
    limit: usize,
) -> Result<Vec<(Rank, Arc<Restaurant>)>, Failure> {
    let around = restaurant::around(app, wanted.to.position).await?;
    let mut dishes: HashMap<RestaurantId, Vec<String>> = HashMap::new();
    if wanted.query.is_some() {
        let ids: Vec<RestaurantId> = around.iter().map(|one| one.id).collect();
        for (id, dish) in menu::names(app, &ids).await? {
            dishes.entry(id).or_default().push(dish);
        }
    }
    let found = around.into_iter().filter_map(|one| {
        let dishes = dishes.get(&one.id).into_iter().flatten().map(String::as_str);
        Some((found_at(wanted, &one, dishes)?, Arc::new(one)))
    });
    let mut found: Vec<_> = found.filter(|(rank, _)| after.is_none_or(|after| *rank > after)).collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.truncate(limit);
    Ok(found)
}

/// What the text may become near the place: categories, restaurants and dishes, the best first. None for
/// a moment after the start of the process.
pub async fn suggest(app: &App, to: LatLon, text: &str) -> Vec<Suggestion> {
    let Some(query) = Query::read(text) else { return Vec::new() };
    let (to, at, holidays) = (destination(app, to), app.now(), app.holidays());
    let wanted =
        Wanted { to, at, category: None, radius_m: None, tag: None, query: None, holidays: &holidays };
    catalogue::read(app, |all| all.suggest(&wanted, &query)).await.unwrap_or_default()
}
