//! Finding restaurants: by place, kind, name and dish.

use chrono::Duration;
use domain::restaurant::{Category, Destination, Restaurant};
use domain::text::searchable;
use domain::{Failure, LatLon, Refused, RestaurantId, Timestamp, fault};
use serde::{Deserialize, Serialize};

use crate::restaurant::{Seen, see};
use crate::{App, menu, restaurant};

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

impl After {
    /// Goes on after this one.
    pub fn of(seen: &Seen) -> Self {
        Self {
            as_of: seen.as_of,
            closed: !seen.opening.is_open(),
            distance_m: seen.way.map_or(0, |way| way.distance_m),
            id: seen.restaurant.id,
        }
    }
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
    let mut around = restaurant::around(app, search.to).await?;
    around.retain(|one| search.category.is_none_or(|wanted| one.category == wanted) && one.delivers_to(to));
    if let Some(text) = search.text.as_deref().map(searchable).filter(|text| !text.is_empty()) {
        retain_named(app, &mut around, &text).await?;
    }
    let seen = around.into_iter().map(|restaurant| see(app, restaurant, Some(search.to), as_of));
    let mut seen = seen.collect::<Result<Vec<_>, Failure>>()?;
    seen.retain(|one| after.is_none_or(|after| After::of(one) > after));
    seen.sort_by_key(After::of);
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
    let serving = menu::serving(app, &others, text).await?;
    found.retain(|one| named(one) || serving.contains(&one.id));
    Ok(())
}
