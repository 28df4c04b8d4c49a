//! Request and response bodies of deliveries, offers and couriers.

use domain::order::{FailReason, OrderCode};
use domain::tracking::handover::{Dish, DishOption, Handover};
use domain::tracking::{DeliveryStatus, Offer, Vehicle};
use domain::{CourierId, LatLon, OfferId, OrderId, Timestamp, Won};
use serde::{Deserialize, Serialize};
use services::tracking::courier::Me;
use services::tracking::{Step, View, view};
use utoipa::ToSchema;

use crate::kit::Position;

/// Where a delivery stands.
#[derive(ToSchema)]
#[schema(as = DeliveryStatus, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema; domain's is what travels")]
pub(super) enum StatusWords {
    Requested,
    Offered,
    Assigned,
    AtRestaurant,
    PickedUp,
    AtDropoff,
    Delivered,
    Cancelled,
    Undeliverable,
    Returned,
    Disposed,
}

/// What a courier rides.
#[derive(ToSchema)]
#[schema(as = Vehicle, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema; domain's is what travels")]
pub(super) enum VehicleWords {
    Walk,
    Bicycle,
    Motorbike,
    Car,
}

/// A delivery.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub(super) struct DeliveryBody {
    /// The order that is delivered.
    #[schema(value_type = Uuid)]
    order_id: OrderId,
    /// The code by which everybody names the order.
    #[schema(value_type = String, example = "K7VX")]
    code: OrderCode,
    /// Count of its events: the offset of its channel. 0 before a courier is wanted.
    #[schema(minimum = 0)]
    version: u64,
    /// Where it stands.
    #[schema(value_type = StatusWords)]
    status: DeliveryStatus,
    /// Who brings it.
    courier: Option<CarrierBody>,
    /// Where the food waits.
    pickup: PickupBody,
    /// Where it goes.
    drop_off: DropOffBody,
    /// What is in the bag and how to hand it over, for its courier from the assignment until
    /// it is over; null for everybody else.
    handover: Option<HandoverBody>,
    /// When the restaurant means to have it ready.
    #[schema(value_type = String, format = DateTime)]
    ready_by: Timestamp,
    /// When the customer was told to expect it.
    #[schema(value_type = String, format = DateTime)]
    promised_at: Timestamp,
    /// Where the courier is; for the customer from pickup until delivery.
    position: Option<PositionBody>,
    /// When it arrives.
    eta: Option<EtaBody>,
}

/// A courier, as their customers know them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeliveryCourier)]
pub(super) struct CarrierBody {
    /// Who.
    #[schema(value_type = Uuid)]
    id: CourierId,
    /// What they are called.
    name: String,
    /// What they ride.
    #[schema(value_type = VehicleWords)]
    vehicle: Vehicle,
}

/// Where the food waits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeliveryPickup)]
pub(super) struct PickupBody {
    /// The restaurant.
    name: String,
    /// Where.
    #[schema(value_type = Position)]
    position: LatLon,
}

/// Where the food goes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeliveryDropOff)]
pub(super) struct DropOffBody {
    /// Where; the middle of the neighbourhood for whoever may know no more.
    #[schema(value_type = Position)]
    position: LatLon,
    /// The neighbourhood; none outside the city.
    dong: Option<String>,
    /// The road-name address, for the customer, and for the courier while they bring it.
    road_address: String,
    /// Building, floor, door; for the courier only with the food.
    detail: String,
    /// How to get in; for the courier only with the food.
    entrance_note: String,
}

/// What a courier needs to know to take the right bag and to hand it over.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Handover)]
pub(super) struct HandoverBody {
    /// Put it down at the door.
    contactless: bool,
    /// What is in the bag.
    dishes: Vec<DishBody>,
    /// The customer's words to the courier; may be empty.
    note: String,
}

/// A dish in the bag.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HandoverDish)]
pub(super) struct DishBody {
    /// Its name when ordered.
    name: String,
    /// How many.
    #[schema(minimum = 1)]
    quantity: u32,
    /// What was chosen for each.
    options: Vec<DishOptionBody>,
}

/// What was chosen for a dish.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HandoverOption)]
pub(super) struct DishOptionBody {
    /// Its name when ordered.
    name: String,
    /// How often for one dish.
    #[schema(minimum = 1)]
    quantity: u32,
}

impl From<Handover> for HandoverBody {
    fn from(handover: Handover) -> Self {
        let option = |it: DishOption| DishOptionBody { name: it.name, quantity: it.quantity };
        let dish = |it: Dish| DishBody {
            name: it.name,
            quantity: it.quantity,
            options: it.options.into_iter().map(option).collect(),
        };
        Self {
            contactless: handover.contactless,
            dishes: handover.dishes.into_iter().map(dish).collect(),
            note: handover.note,
        }
    }
}

/// Where a courier is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CourierPosition)]
pub(super) struct PositionBody {
    /// Degrees north.
    #[schema(minimum = -90.0, maximum = 90.0)]
    lat: f64,
    /// Degrees east.
    #[schema(minimum = -180.0, maximum = 180.0)]
    lon: f64,
    /// Degrees clockwise from north.
    heading_deg: Option<f64>,
    /// Metres a second.
    speed_mps: Option<f64>,
    /// When that was.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// When it arrives.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Eta)]
pub(super) struct EtaBody {
    /// The expected moment.
    #[schema(value_type = String, format = DateTime)]
    arrive_at: Timestamp,
    /// Whether the courier was silent for long.
    stale: bool,
}

impl From<View> for DeliveryBody {
    fn from(view: View) -> Self {
        Self {
            order_id: view.order_id,
            code: view.code,
            version: view.version,
            status: view.status,
            courier: view.courier.map(|courier| CarrierBody {
                id: courier.id,
                name: courier.name,
                vehicle: courier.vehicle,
            }),
            pickup: PickupBody { name: view.pickup.name, position: view.pickup.position },
            drop_off: DropOffBody {
                position: view.drop_off.position,
                dong: view.drop_off.dong,
                road_address: view.drop_off.road_address,
                detail: view.drop_off.detail,
                entrance_note: view.drop_off.entrance_note,
            },
            handover: view.handover.map(HandoverBody::from),
            ready_by: view.ready_by,
            promised_at: view.promised_at,
            position: view.position.map(|view::Position { place, heading_deg, speed_mps, at }| {
                PositionBody { lat: place.lat(), lon: place.lon(), heading_deg, speed_mps, at }
            }),
            eta: view.eta.map(|eta| EtaBody { arrive_at: eta.arrive_at, stale: eta.stale }),
        }
    }
}

/// A delivery offered to a courier.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Offer)]
pub(super) struct OfferBody {
    /// Which offer.
    #[schema(value_type = Uuid)]
    id: OfferId,
    /// What is to be delivered.
    #[schema(value_type = Uuid)]
    order_id: OrderId,
    /// The code by which everybody names the order.
    #[schema(value_type = String, example = "K7VX")]
    code: OrderCode,
    /// The restaurant.
    restaurant_name: String,
    /// Where the food waits.
    #[schema(value_type = Position)]
    pickup: LatLon,
    /// Where it goes: the middle of the neighbourhood.
    #[schema(value_type = Position)]
    drop_off: LatLon,
    /// The neighbourhood that it goes to; none outside the city.
    dong: Option<String>,
    /// How far the courier was from the restaurant, whole metres.
    #[schema(minimum = 0.0)]
    distance_m: f64,
    /// What the courier earns.
    #[schema(value_type = i64, minimum = 0)]
    fee_won: Won,
    /// Until when an answer counts.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl From<Offer> for OfferBody {
    fn from(offer: Offer) -> Self {
        Self {
            id: offer.id,
            order_id: offer.order,
            code: offer.order.code(),
            restaurant_name: offer.restaurant_name,
            pickup: offer.pickup,
            drop_off: offer.drop_off,
            dong: offer.dong,
            distance_m: offer.distance_m.round(),
            fee_won: offer.fee,
            expires_at: offer.expires_at,
        }
    }
}

/// A courier's own view.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Courier)]
pub(super) struct CourierBody {
    /// Who.
    #[schema(value_type = Uuid)]
    id: CourierId,
    /// What customers call them.
    name: String,
    /// What they ride.
    #[schema(value_type = VehicleWords)]
    vehicle: Vehicle,
    /// Whether they take offers.
    on_shift: bool,
    /// What they carry, the oldest first.
    assignments: Vec<DeliveryBody>,
    /// What they are asked.
    offers: Vec<OfferBody>,
}

impl From<Me> for CourierBody {
    fn from(me: Me) -> Self {
        Self {
            id: me.courier.id,
            name: me.courier.name,
            vehicle: me.courier.vehicle,
            on_shift: me.courier.on_shift,
            assignments: me.assignments.into_iter().map(DeliveryBody::from).collect(),
            offers: me.offers.into_iter().map(OfferBody::from).collect(),
        }
    }
}

/// How customers see the courier.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Description {
    /// What customers call them.
    #[schema(format = "text", min_length = 1, max_length = 60)]
    pub(super) name: String,
    /// What they ride.
    #[schema(value_type = VehicleWords)]
    pub(super) vehicle: Vehicle,
}

/// Whether offers are welcome.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Shift {
    /// On shift or not.
    pub(super) on: bool,
}

/// A courier's step.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StepBody {
    /// Which.
    pub(super) step: Step,
    /// Why it `failed`, which says at whose cost; `other` if nothing is said. That the
    /// customer is at fault can be said only at the door, that they cannot be reached only
    /// after the contact timer.
    #[schema(value_type = Option<FailWords>)]
    #[serde(default)]
    pub(super) reason: Option<FailReason>,
}

/// Why a courier could not hand it over.
#[derive(ToSchema)]
#[schema(as = FailReason, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema; domain's is what travels")]
pub(super) enum FailWords {
    CustomerUnreachable,
    CustomerRefused,
    WrongAddress,
    RestaurantMistake,
    FoodDamaged,
    CourierAccident,
    Other,
}
