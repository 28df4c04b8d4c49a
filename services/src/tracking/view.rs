//! A delivery as it is shown, the same by REST and in snapshots.

use actors::courier::Settings;
use domain::order::OrderCode;
use domain::personal_data::mask;
use domain::tracking::sight::{Precision, position_audience, sees_handover};
use domain::tracking::{Delivery, DeliveryStatus, DropOff, Eta, Fix, Handover, Vehicle, eta};
use domain::{Audience, CourierId, Event, LatLon, OrderId, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

use crate::gazetteer::Neighbourhood;

/// A delivery, as one audience may see it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct View {
    /// The order, whose id is also the delivery's.
    pub order_id: OrderId,
    /// The code by which everybody names it.
    pub code: OrderCode,
    /// The number of its events; the offset of its channel.
    pub version: u64,
    /// Its status.
    pub status: DeliveryStatus,
    /// The courier, once assigned.
    pub courier: Option<Courier>,
    /// Where the courier collects the food.
    pub pickup: Stop,
    /// The address that it goes to, as far as it is visible.
    pub drop_off: Door,
    /// What is in the bag and how to hand it over, for its courier while they have it.
    pub handover: Option<Handover>,
    /// When the restaurant plans to have it ready.
    pub ready_by: Timestamp,
    /// The arrival time promised to the customer.
    pub promised_at: Timestamp,
    /// The courier's position, if the audience may see it.
    pub position: Option<Position>,
    /// The estimated arrival.
    pub eta: Option<Eta>,
}

/// A courier, as their customers see them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Courier {
    /// Their id.
    pub id: CourierId,
    /// Their name; masked once the delivery is over.
    pub name: String,
    /// Their vehicle.
    pub vehicle: Vehicle,
}

/// The pickup point.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stop {
    /// The restaurant's name.
    pub name: String,
    /// Its coordinates.
    pub position: LatLon,
}

/// The drop-off address. Parts that the audience may not see are empty.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Door {
    /// Its coordinates, or those of the neighbourhood if the address is hidden.
    pub position: LatLon,
    /// The neighbourhood; none outside the city.
    pub dong: Option<String>,
    /// The road-name address.
    pub road_address: String,
    /// Building, floor and door.
    pub detail: String,
    /// How to get in.
    pub entrance_note: String,
}

impl Door {
    /// The parts of `place` that `sight` permits.
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

/// A courier's position.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Position {
    /// The coordinates.
    #[serde(flatten)]
    pub place: LatLon,
    /// Degrees clockwise from north.
    pub heading_deg: Option<f64>,
    /// Metres per second.
    pub speed_mps: Option<f64>,
    /// The time of the fix.
    pub at: Timestamp,
}

impl View {
    /// The delivery as `audience` may see it, by the rules of [`domain::tracking::sight`].
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
            code: delivery.order.code(),
            version: delivery.version,
            status: delivery.status,
            courier: delivery.carrier.map(|carrier| Courier {
                id: carrier.courier,
                name: if over { mask::name(&carrier.name) } else { carrier.name },
                vehicle: carrier.vehicle,
            }),
            pickup: Stop { name: delivery.pickup.name, position: delivery.pickup.position },
            handover: delivery.handover.filter(|_| sees_handover(audience, delivery.status.into())),
            drop_off: Door::of(delivery.drop_off, dong, sight),
            ready_by: delivery.ready_by,
            promised_at: delivery.promised_at,
            position,
            eta,
        }
    }
}

/// The event on a courier's own channel for each change of one of their deliveries.
pub(crate) struct AssignmentChanged {
    pub(crate) order: OrderId,
    pub(crate) status: DeliveryStatus,
}

impl Event for AssignmentChanged {
    fn kind(&self) -> &'static str {
        "assignment.changed"
    }

    fn data(&self) -> Value {
        json!({ "order_id": self.order, "code": self.order.code(), "status": self.status })
    }
}
