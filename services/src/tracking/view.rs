//! A delivery as it is shown, the same on REST and in the snapshots of channels.

use actors::courier::Settings;
use domain::tracking::{Delivery, DeliveryStatus, Eta, Fix, Vehicle, eta};
use domain::{Audience, CourierId, Event, LatLon, OrderId, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

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
    /// Where.
    pub position: LatLon,
    /// The road-name address.
    pub road_address: String,
    /// Building, floor, door.
    pub detail: String,
    /// How to get in.
    pub entrance_note: String,
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
    /// What `audience` may see. The customer sees the courier once the food is
    /// on the way (or from the assignment, if so configured).
    pub fn new(
        settings: &Settings,
        delivery: Delivery,
        seen: Option<Fix>,
        audience: Audience,
        now: Timestamp,
    ) -> Self {
        let live = delivery.status.is_live();
        let entitled = audience == Audience::Staff
            || delivery.status.is_under_way()
            || settings.shown_from_assignment && live;
        let eta = eta::estimate(&settings.eta, &delivery, seen.map(|fix| (fix.position, fix.at)), now);
        let position = seen.filter(|_| live && entitled).map(|fix| Position {
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
                name: carrier.name,
                vehicle: carrier.vehicle,
            }),
            pickup: Stop { name: delivery.pickup.name, position: delivery.pickup.position },
            drop_off: Door {
                position: delivery.drop_off.position,
                road_address: delivery.drop_off.road_address,
                detail: delivery.drop_off.detail,
                entrance_note: delivery.drop_off.entrance_note,
            },
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
