//! The operators' map: the couriers of each watched cell, about once per second.
//!
//! Nothing is published per fix. Each process reads the cells that its own sockets watch from the
//! shared geo index, and passes each list to its hub as a latest value, so that a slow reader
//! skips lists instead of lagging. Cells that nobody watches cost nothing.

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

/// Settings of the map.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The interval between updates of watched cells. Default 1 s.
    pub every: Duration,
    /// The most couriers of one list, the nearest to the cell's centre. Default 1,000.
    pub listed: usize,
    /// The most couriers around a cell's centre that are read. Default 4,096.
    pub looked_at: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { every: Duration::from_secs(1), listed: 1_000, looked_at: 4_096 }
    }
}

/// The worker pauses at least this many times the duration of its last round.
const SHARE: u32 = 4;

/// Movements shorter than this, in metres, do not change the heading: they may be GPS noise.
const STEP_M: f64 = 5.0;

/// The couriers in one cell.
#[derive(Clone, Debug, Serialize)]
pub struct Area {
    /// The time of the list.
    pub at: Timestamp,
    /// The listed couriers.
    pub couriers: Vec<MapCourier>,
    /// How many couriers were found; in a very full cell, more than are listed.
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

/// The channel of a cell, for operators; for everybody else it does not exist.
pub(crate) struct MapChannel(pub(crate) Cell);

#[async_trait]
impl ChannelKind for MapChannel {
    fn rules(&self) -> ChannelRules {
        ChannelRules { has_log: false, ..ChannelRules::LOG }
    }

    async fn authorise(&self, _app: &App, who: &Principal) -> Result<Audience, Failure> {
        if who.is(Role::Admin) { Ok(Party::Operator.into()) } else { Err(Failure::not_found("channel")) }
    }

    /// The current state of the cell. It has no log, so its offset is always 0.
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

/// The cells that cover a city's neighbourhoods and their surroundings.
pub fn cover(city: &Gazetteer) -> Vec<Cell> {
    let around = [-1.0, 0.0, 1.0];
    let steps = around.iter().flat_map(|north| around.iter().map(move |east| (*north, *east)));
    let steps: Vec<(f64, f64)> = steps.collect();
    let mut cells = BTreeSet::new();
    for place in city.places() {
        for (north, east) in &steps {
            // About 1.7 km in each direction.
            let (lat, lon) = (place.position.lat() + north * 0.015, place.position.lon() + east * 0.019);
            cells.extend(LatLon::new(lat, lon).map(Cell::district));
        }
    }
    cells.into_iter().collect()
}

/// Starts the worker that updates the watched cells while the services and the hub exist.
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

/// Where couriers last moved, to compute headings: the geo index has none.
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

    /// Drops couriers without a fix in the last five minutes.
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
