//! Tracking: from a courier's fixes to a delivered order.
//!
//! [`fix`] is what a device reports, with its [`speed`], and [`filter`] which of it may be shown;
//! [`delivery`] and [`offer`] are the two state machines, [`dispatch`] chooses
//! whom to ask, [`eta`] says when it arrives, [`geofence`] notices that it does,
//! and [`track`] writes down where it went; [`sight`] says who sees how much of it.

pub mod delivery;
pub mod dispatch;
pub mod eta;
pub mod filter;
pub mod fix;
pub mod geofence;
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
pub use offer::{Offer, OfferEvent, OfferRefusal, OfferStatus, Offers};
pub use speed::SpeedUnit;
pub use status::DeliveryStatus;
pub use vehicle::Vehicle;
