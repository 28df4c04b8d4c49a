//! Tracking of couriers and deliveries.
//!
//! [`fix`] is a position reported by a device, with its [`speed`]; [`filter`] decides which
//! fixes are shown. [`delivery`] and [`offer`] are the two state machines. [`handover`] is what
//! the courier must know about the food. [`dispatch`] chooses the couriers to ask, [`eta`]
//! estimates the arrival, [`geofence`] detects it, and [`track`] exports the route. [`sight`]
//! decides who may see which details.

pub mod delivery;
pub mod dispatch;
pub mod eta;
pub mod filter;
pub mod fix;
pub mod geofence;
pub mod handover;
pub mod offer;
pub mod sight;
pub mod speed;
pub mod status;
pub mod track;
pub mod vehicle;

pub use delivery::{
    Carrier, Delivery, DeliveryEvent, DeliveryEventKind, DeliveryRefusal, DropOff, OrderFact, Pickup,
};
pub use dispatch::DispatchReminder;
pub use eta::{Eta, Forecast};
pub use filter::{Filter, Reason, Rejected, Verdict};
pub use fix::{Batch, BatchRefusal, Fix, RawFix};
pub use geofence::{Crossing, Fence, Zone};
pub use handover::Handover;
pub use offer::{Offer, OfferEvent, OfferRefusal, OfferStatus, Offers};
pub use speed::SpeedUnit;
pub use status::DeliveryStatus;
pub use vehicle::Vehicle;
