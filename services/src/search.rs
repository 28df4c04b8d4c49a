//! Restaurant search by place, category, name and dish.

use std::collections::HashMap;

use chrono::Duration;
use domain::restaurant::{Category, Destination, Restaurant};
use domain::search::{Match, Name, Query};
use domain::{Failure, LatLon, Refused, RestaurantId, Timestamp, fault};
use serde::{Deserialize, Serialize};

use crate::restaurant::{Seen, see};
use crate::{App, menu, restaurant};

/// How long a list's cursor is valid, in hours.
const LIST_LIFE_HOURS: i64 = 24;

/// The search criteria.
#[derive(Clone, Debug)]
pub struct Search {
    /// The place to deliver to.
    pub to: LatLon,
    /// Only restaurants of this category.
    pub category: Option<Category>,
    /// Only restaurants whose name, category or dishes match this text (`domain::search`).
    pub text: Option<String>,
}

/// Where a page of the list ended. All pages are ordered by the opening state and distance at
/// `as_of`, the time of the first page, so that they are consistent with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct After {
    as_of: Timestamp,
    closed: bool,
    /// How what was searched for matches; `None` if nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    found: Option<Match>,
    distance_m: u32,
    id: RestaurantId,
}

impl After {
    /// The cursor after this restaurant.
    pub fn of(Found { seen, how }: &Found) -> Self {
        Self {
            found: *how,
            as_of: seen.as_of,
            closed: !seen.opening.is_open(),
            distance_m: seen.way.map_or(0, |way| way.distance_m),
            id: seen.restaurant.id,
        }
    }
}

/// A restaurant of the list, and how it matches what was searched for.
#[derive(Clone, Debug)]
pub struct Found {
    /// The restaurant.
    pub seen: Seen,
    how: Option<Match>,
}

/// Restaurants that deliver to the place: open ones first, then the best matches, then by
/// distance. Returns up to
/// `limit + 1`, so that the caller sees whether there are more.
pub async fn list(
    app: &App,
    search: &Search,
    after: Option<After>,
    limit: u32,
) -> Result<Vec<Found>, Failure> {
    let as_of = as_of(app.now(), after)?;
    let dong = app.gazetteer.locate(search.to).map(|place| place.code);
    let to = Destination { position: search.to, dong };
    let mut around = restaurant::around(app, search.to).await?;
    around.retain(|one| search.category.is_none_or(|wanted| one.category == wanted) && one.delivers_to(to));
    let query = search.text.as_deref().and_then(Query::read);
    let matches = match &query {
        Some(query) => Some(matches(app, query, &around).await?),
        None => None,
    };
    around.retain(|one| matches.as_ref().is_none_or(|matches| matches.contains_key(&one.id)));
    let found = around.into_iter().map(|restaurant| {
        let how = matches.as_ref().and_then(|matches| matches.get(&restaurant.id).copied());
        Ok(Found { seen: see(app, restaurant, Some(search.to), as_of)?, how })
    });
    let mut found = found.collect::<Result<Vec<_>, Failure>>()?;
    found.retain(|one| after.is_none_or(|after| After::of(one) > after));
    found.sort_by_key(After::of);
    found.truncate(limit as usize + 1);
    Ok(found)
}

/// The time of the first page of the list.
fn as_of(now: Timestamp, after: Option<After>) -> Result<Timestamp, Refused> {
    let as_of = after.map_or(now, |after| after.as_of);
    if (now - as_of).abs() > Duration::hours(LIST_LIFE_HOURS) {
        return Err(Refused::field("/cursor", fault::EXPIRED, "The list is too old; begin it again."));
    }
    Ok(as_of)
}

/// How restaurants match: by their names at best, otherwise by their kind or a dish.
async fn matches(
    app: &App,
    query: &Query,
    of: &[Restaurant],
) -> Result<HashMap<RestaurantId, Match>, Failure> {
    let mut best: HashMap<RestaurantId, Match> = HashMap::new();
    for one in of {
        let how = [query.matches(&Name::new(&one.name)), within(query, one.category.korean())];
        best.extend(how.into_iter().flatten().min().map(|how| (one.id, how)));
    }
    // A dish is never a better match than these.
    let is_sure = |id: &RestaurantId| best.get(id).is_some_and(|how| *how <= Match::Contains);
    let others: Vec<RestaurantId> = of.iter().map(|one| one.id).filter(|id| !is_sure(id)).collect();
    for (id, dish) in menu::names(app, &others).await? {
        if let Some(how) = within(query, &dish) {
            best.entry(id).and_modify(|best| *best = how.min(*best)).or_insert(how);
        }
    }
    Ok(best)
}

/// How something of a restaurant matches, which is never as good as the beginning of its name.
fn within(query: &Query, name: &str) -> Option<Match> {
    query.matches(&Name::new(name)).map(|how| how.max(Match::Contains))
}
