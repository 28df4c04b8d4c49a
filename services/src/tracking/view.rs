//! A delivery as it is shown, the same on REST and in the snapshots of channels.

use actors::courier::Settings;
use domain::tracking::sight::{Precision, masked, position_audience};
use domain::tracking::{Delivery, DeliveryStatus, DropOff, Eta, Fix, Vehicle, eta};
use domain::{Audience, CourierId, Event, LatLon, OrderId, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

use crate::gazetteer::Neighbourhood;

/// A delivery, as somebody may see it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct View {
    /// Whose delivery.
    pub order_id: OrderId,
    /// Count of its events; the offset of its channel.
    pub version: u64,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// Who brings it.
    pub courier: Option<Courier>,
    /// Where the food waits.
    pub pickup: Stop,
    /// Where it goes.
    pub drop_off: Door,
    /// When the restaurant means to have it ready.
    pub ready_by: Timestamp,
    /// When the customer was told to expect it.
    pub promised_at: Timestamp,
    /// Where the courier is, for who may know it.
    pub position: Option<Position>,
    /// When it arrives.
    pub eta: Option<Eta>,
}

/// A courier, as their customers know them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Courier {
    /// Who.
    pub id: CourierId,
    /// What they are called.
    pub name: String,
    /// What they ride.
    pub vehicle: Vehicle,
}

/// Where the food waits.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stop {
    /// What the sign says.
    pub name: String,
    /// Where.
    pub position: LatLon,
}

/// Where the food goes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Door {
    /// Where; the middle of the neighbourhood for whoever may know no more.
    pub position: LatLon,
    /// The neighbourhood; none outside the city.
    pub dong: Option<String>,
    /// The road-name address, or empty.
    pub road_address: String,
    /// Building, floor, door, or empty.
    pub detail: String,
    /// How to get in, or empty.
    pub entrance_note: String,
}

impl Door {
    /// As much of it as may be seen.
    fn of(place: DropOff, dong: Neighbourhood, sight: Precision) -> Self {
        let from = |least: Precision, text: String| if sight >= least { text } else { String::new() };
        Self {
            position: if sight >= Precision::Address { place.position } else { dong.position },
            dong: dong.name,
            road_address: from(Precision::Address, place.road_address),
            detail: from(Precision::Door, place.detail),
            entrance_note: from(Precision::Door, place.entrance_note),
        }
    }
}

/// Where a courier is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Position {
    /// Where.
    #[serde(flatten)]
    pub place: LatLon,
    /// Degrees clockwise from north.
    pub heading_deg: Option<f64>,
    /// Metres a second.
    pub speed_mps: Option<f64>,
    /// When that was.
    pub at: Timestamp,
}

impl View {
    /// What `audience` may see: [`domain::tracking::sight`] has the rules.
    pub fn new(
        settings: &Settings,
        delivery: Delivery,
        dong: Neighbourhood,
        seen: Option<Fix>,
        audience: Audience,
        now: Timestamp,
    ) -> Self {
        let entitled = audience.hears(position_audience(delivery.status, settings.shown_from_assignment));
        let sight = Precision::of(audience, delivery.status.into());
        let over = delivery.status.is_over();
        let eta = eta::estimate(&settings.eta, &delivery, seen.map(|fix| (fix.position, fix.at)), now);
        let position = seen.filter(|_| entitled).map(|fix| Position {
            place: fix.position,
            heading_deg: fix.heading_deg,
            speed_mps: fix.speed_mps,
            at: fix.at,
        });
        Self {
            order_id: delivery.order,
            version: delivery.version,
            status: delivery.status,
            courier: delivery.carrier.map(|carrier| Courier {
                id: carrier.courier,
                name: if over { masked(&carrier.name) } else { carrier.name },
                vehicle: carrier.vehicle,
            }),
            pickup: Stop { name: delivery.pickup.name, position: delivery.pickup.position },
            drop_off: Door::of(delivery.drop_off, dong, sight),
            ready_by: delivery.ready_by,
            promised_at: delivery.promised_at,
            position,
            eta,
        }
    }
}

/// A courier's own channel hears where their deliveries stand.
pub(crate) struct AssignmentChanged {
    pub(crate) order: OrderId,
    pub(crate) status: DeliveryStatus,
}

impl Event for AssignmentChanged {
    fn kind(&self) -> &'static str {
        "assignment.changed"
    }

    fn data(&self) -> Value {
        json!({ "order_id": self.order, "status": self.status })
    }
}
