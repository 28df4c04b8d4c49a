//! Who rides where: the couriers of each watched cell, about once a second.
//!
//! Nothing is published per fix. A process whose sockets watch cells looks these
//! up in the geo index, which all processes share, and hands each list to its own
//! hub as a newest value: a slow reader skips lists and never lags. Cells that
//! nobody watches cost nothing.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use domain::gazetteer::Gazetteer;
use domain::{Audience, Cell, Channel, CourierId, Failure, LatLon, Party, Principal, Role, Timestamp};
use hub::{ChannelRules, Hub, Snapshot};
use serde::Serialize;
use store::journal::Recorded;
use tokio::time::Instant;
use utoipa::ToSchema;

use crate::App;
use crate::channel_kind::ChannelKind;
use crate::module::{Module, Stopping};
use crate::tracking::courier;

/// The map's numbers.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How often watched cells are told. Default 1 s.
    pub every: Duration,
    /// Couriers that one list holds, the nearest to the cell's middle. Default 1,000.
    pub listed: usize,
    /// Couriers around a cell's middle that are looked at. Default 4,096.
    pub looked_at: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { every: Duration::from_secs(1), listed: 1_000, looked_at: 4_096 }
    }
}

/// The worker may be busy for one part in so many of the time.
const SHARE: u32 = 4;

/// A courier who moved less than this has no heading of their own: receivers waver.
const STEP_M: f64 = 5.0;

/// The couriers in one cell.
#[derive(Clone, Debug, Serialize)]
pub struct Area {
    /// When it was so.
    pub at: Timestamp,
    /// Who is there.
    pub couriers: Vec<MapCourier>,
    /// How many there are; more than are listed in a very full cell.
    pub total: usize,
}

/// A courier on the map.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct MapCourier {
    /// Who.
    #[schema(value_type = Uuid)]
    pub courier_id: CourierId,
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// Degrees clockwise from north, of the last steps; none for who stands still.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heading_deg: Option<u16>,
    /// When they were there.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Whether they have a delivery now.
    pub on_delivery: bool,
}

/// A cell, for operators; for everybody else there is no such channel.
pub(crate) struct MapChannel(pub(crate) Cell);

#[async_trait]
impl ChannelKind for MapChannel {
    fn rules(&self) -> ChannelRules {
        ChannelRules { has_log: false, ..ChannelRules::LOG }
    }

    async fn authorise(&self, _app: &App, who: &Principal) -> Result<Audience, Failure> {
        if who.is(Role::Admin) { Ok(Party::Operator.into()) } else { Err(Failure::not_found("channel")) }
    }

    /// The cell as it is now. It has no log, so its offset stays 0.
    async fn snapshot(&self, app: &App, _who: &Principal, _audience: Audience) -> Result<Snapshot, Failure> {
        let area = look(app, self.0, &mut Steps::default()).await?;
        Ok(Snapshot { offset: 0, data: serde_json::to_value(&area).map_err(Failure::fault)?, ended: None })
    }

    async fn history(
        &self,
        _app: &App,
        _channel: &Channel,
        _after: u64,
        _limit: u32,
    ) -> Result<Vec<Arc<Recorded>>, Failure> {
        Ok(Vec::new())
    }
}

/// The cells in which a city's neighbourhoods lie, and what is around them.
pub fn cover(city: &Gazetteer) -> Vec<Cell> {
    let around = [-1.0, 0.0, 1.0];
    let steps = around.iter().flat_map(|north| around.iter().map(move |east| (*north, *east)));
    let steps: Vec<(f64, f64)> = steps.collect();
    let mut cells = BTreeSet::new();
    for place in city.places() {
        for (north, east) in &steps {
            // About 1.7 km to each side.
            let (lat, lon) = (place.position.lat() + north * 0.015, place.position.lon() + east * 0.019);
            cells.extend(LatLon::new(lat, lon).map(Cell::district));
        }
    }
    cells.into_iter().collect()
}

/// Tells the watched cells for as long as the services live.
pub fn watch(app: &App, hub: &Arc<Hub>) {
    let hub = Arc::downgrade(hub);
    Module::default().worker("map", move |app, stopping| tell(app, Weak::clone(&hub), stopping)).start(app);
}

async fn tell(app: App, hub: Weak<Hub>, mut stopping: Stopping) -> Result<(), Failure> {
    let watched = |channel: &Channel| match channel {
        Channel::Map(cell) => Some(*cell),
        _ => None,
    };
    let mut steps = Steps::default();
    while let Some(hub) = hub.upgrade() {
        let began = Instant::now();
        for cell in hub.followed(watched) {
            match look(&app, cell, &mut steps).await {
                Ok(area) => {
                    let data = serde_json::to_value(&area).map_err(Failure::fault)?;
                    hub.show(&Channel::Map(cell), area.at, &data);
                }
                Err(error) => tracing::warn!(%cell, %error, "a cell could not be looked at"),
            }
        }
        steps.tidy(app.now());
        let pause = app.settings.map.every.max(began.elapsed() * SHARE);
        drop(hub);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = &mut stopping => break,
        }
    }
    Ok(())
}

async fn look(app: &App, cell: Cell, steps: &mut Steps) -> Result<Area, Failure> {
    let settings = &app.settings.map;
    let mut found = app.geo_index().near(cell.middle(), cell.reach_m(), settings.looked_at).await;
    found.retain(|spotted| cell.holds(spotted.position));
    let total = found.len();
    found.truncate(settings.listed);
    let ids: Vec<CourierId> = found.iter().map(|spotted| spotted.courier).collect();
    let busy = courier::busy(app, &ids).await?;
    let couriers = found.into_iter().map(|spotted| MapCourier {
        courier_id: spotted.courier,
        lat: spotted.position.lat(),
        lon: spotted.position.lon(),
        heading_deg: steps.heading(spotted.courier, spotted.position, spotted.at),
        at: spotted.at,
        on_delivery: busy.contains(&spotted.courier),
    });
    Ok(Area { at: app.now(), couriers: couriers.collect(), total })
}

/// Where couriers were when they last moved: the index knows no headings.
#[derive(Default)]
struct Steps(HashMap<CourierId, Step>);

struct Step {
    from: LatLon,
    at: Timestamp,
    heading_deg: Option<u16>,
}

impl Steps {
    fn heading(&mut self, courier: CourierId, here: LatLon, at: Timestamp) -> Option<u16> {
        let step = self.0.entry(courier).or_insert(Step { from: here, at, heading_deg: None });
        step.at = step.at.max(at);
        if step.from.distance_m(here) >= STEP_M {
            step.heading_deg = Some(step.from.bearing_deg(here));
            step.from = here;
        }
        step.heading_deg
    }

    /// Forgets who was not heard of for long.
    fn tidy(&mut self, now: Timestamp) {
        self.0.retain(|_, step| now - step.at < chrono::TimeDelta::minutes(5));
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn the_city_is_covered_by_fewer_cells_than_a_socket_may_watch() {
        let city = crate::gazetteer::seoul().unwrap();
        let cells = cover(&city);
        assert!(cells.len() <= hub::SocketLimits::default().subscriptions, "{}", cells.len());
        for place in city.places() {
            assert!(cells.iter().any(|cell| cell.holds(place.position)), "{}", place.dong);
        }
    }

    #[test]
    fn a_heading_is_that_of_the_last_steps_and_stays_while_one_stands() {
        let mut steps = Steps::default();
        let courier = CourierId(uuid::Uuid::nil());
        let mut at = |lat: f64, lon: f64| {
            let here = LatLon::new(lat, lon).unwrap();
            steps.heading(courier, here, DateTime::UNIX_EPOCH)
        };
        assert_eq!(at(37.5, 127.0), None);
        assert_eq!(at(37.50001, 127.0), None, "a metre is no step");
        assert_eq!(at(37.501, 127.0), Some(0));
        assert_eq!(at(37.501, 127.001), Some(90));
        assert_eq!(at(37.501, 127.00101), Some(90));
    }
}
