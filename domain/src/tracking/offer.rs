//! Offers: a delivery is offered to a few couriers, and one of them accepts it.
//!
//! ```text
//! pending ─▶ accepted
//!    ├─────▶ declined
//!    ├─────▶ expired
//!    └─────▶ revoked   another courier was first, or the delivery was cancelled
//! ```
//!
//! [`Offers`] are all offers of one delivery. At most one of them is accepted at any time;
//! accepting one revokes all pending ones in the same decision.

use serde::Serialize;
use serde_json::{Value, json};

use crate::{CourierId, Event, LatLon, OfferId, OrderId, Refusal, Refused, Timestamp, Won};

/// The state of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferStatus {
    /// The courier has not answered.
    Pending,
    /// The courier accepted it.
    Accepted,
    /// The courier declined it, or accepted it and dropped out later.
    Declined,
    /// The courier did not answer in time.
    Expired,
    /// Another courier was first, or the delivery was cancelled.
    Revoked,
}

impl OfferStatus {
    /// The name on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            OfferStatus::Pending => "pending",
            OfferStatus::Accepted => "accepted",
            OfferStatus::Declined => "declined",
            OfferStatus::Expired => "expired",
            OfferStatus::Revoked => "revoked",
        }
    }

    /// The status with that name.
    pub fn named(name: &str) -> Option<Self> {
        use OfferStatus::{Accepted, Declined, Expired, Pending, Revoked};
        [Pending, Accepted, Declined, Expired, Revoked].into_iter().find(|status| status.as_str() == name)
    }
}

/// A delivery offered to one courier.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// Its id.
    pub id: OfferId,
    /// The order to deliver.
    pub order: OrderId,
    /// The courier who is asked.
    pub courier: CourierId,
    /// Its state.
    pub status: OfferStatus,
    /// The round of dispatch, from 0.
    pub round: u32,
    /// The restaurant's name.
    pub restaurant_name: String,
    /// Where the food is picked up.
    pub pickup: LatLon,
    /// Where it is delivered.
    pub drop_off: LatLon,
    /// The neighbourhood of the drop-off, if known.
    pub dong: Option<String>,
    /// The courier's distance from the restaurant at the time of the offer, metres.
    pub distance_m: f64,
    /// The courier's fee.
    pub fee: Won,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// An event about an offer, on its courier's channel.
#[derive(Clone, Debug, PartialEq)]
pub enum OfferEvent {
    /// The offer was made.
    Made(Offer),
    /// The offer expired.
    Expired(OfferId),
    /// The offer was revoked.
    Revoked(OfferId),
    /// The courier accepted the offer.
    Accepted(OfferId, OrderId),
}

crate::words! {
    MADE(restaurant_name, fee_won, expires_at) = "offer.made":
        "{restaurant_name}의 배달 제안이 왔어요.", "{restaurant_name}: there is a delivery to take.";
    EXPIRED = "offer.expired": "배달 제안 시간이 지났어요.", "The offer ran out.";
    REVOKED = "offer.revoked": "다른 라이더에게 배정됐거나 취소된 배달이에요.", "It went to another courier, or was called off.";
    ACCEPTED = "offer.accepted": "배달을 맡았어요.", "The delivery is yours.";
}

impl Event for OfferEvent {
    fn kind(&self) -> &'static str {
        match self {
            OfferEvent::Made(_) => MADE.code,
            OfferEvent::Expired(_) => EXPIRED.code,
            OfferEvent::Revoked(_) => REVOKED.code,
            OfferEvent::Accepted(..) => ACCEPTED.code,
        }
    }

    fn data(&self) -> Value {
        match self {
            OfferEvent::Made(offer) => json!({
                "id": offer.id,
                "order_id": offer.order,
                "code": offer.order.code(),
                "restaurant_name": offer.restaurant_name,
                "pickup": offer.pickup,
                "drop_off": offer.drop_off,
                "dong": offer.dong,
                "distance_m": offer.distance_m.round(),
                "fee_won": offer.fee,
                "expires_at": offer.expires_at,
            }),
            OfferEvent::Expired(id) | OfferEvent::Revoked(id) => json!({ "offer_id": id }),
            OfferEvent::Accepted(id, order) => {
                json!({ "offer_id": id, "order_id": order, "code": order.code() })
            }
        }
    }
}

/// Why an answer to an offer is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferRefusal {
    /// No such offer was made to this courier.
    NotYours,
    /// Another courier was first, or the delivery was cancelled.
    Gone,
    /// The offer has expired.
    Expired,
    /// The courier is not on shift.
    OffShift,
    /// The courier has the maximum number of deliveries.
    AtCapacity,
    /// The courier has already given the opposite answer.
    Answered,
}

impl Refusal for OfferRefusal {
    fn refused(&self) -> Refused {
        match self {
            Self::NotYours => Refused::not_found("offer"),
            Self::Gone => gone(),
            Self::Expired => expired(),
            Self::OffShift => off_shift(),
            Self::AtCapacity => at_capacity(),
            Self::Answered => answered(),
        }
    }
}

crate::refusals! {
    gone() => Conflict "offer.gone":
        "다른 라이더에게 배정됐거나 취소된 배달이에요.", "It went to another courier, or was called off.";
    expired() => Conflict "offer.expired": "배달 제안 시간이 지났어요.", "The offer ran out.";
    off_shift() => Conflict "offer.off_shift":
        "근무를 시작하면 제안을 수락할 수 있어요.", "Start your shift to accept offers.";
    at_capacity() => Conflict "offer.at_capacity":
        "배달을 더 받을 수 없어요. 먼저 진행 중인 배달을 마쳐 주세요.",
        "You carry as much as you can. Finish a delivery first.";
    answered() => Conflict "offer.answered": "이미 답한 제안이에요.", "You answered this offer already.";
}

/// All offers of one delivery.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offers(pub Vec<Offer>);

/// The events of a change, each with the courier who receives it.
pub type OfferEvents = Vec<(CourierId, OfferEvent)>;

impl Offers {
    /// Accepts the offer for `by` and revokes all pending ones. Idempotent. Refused after
    /// `expires_at`, even if [`Offers::expire`] has not run yet.
    pub fn accept(
        mut self,
        id: OfferId,
        by: CourierId,
        now: Timestamp,
    ) -> Result<(Self, OfferEvents), OfferRefusal> {
        let offer = self.answerable(id, by)?;
        match offer.status {
            OfferStatus::Accepted => return Ok((self, Vec::new())),
            OfferStatus::Declined => return Err(OfferRefusal::Answered),
            OfferStatus::Revoked => return Err(OfferRefusal::Gone),
            OfferStatus::Expired => return Err(OfferRefusal::Expired),
            OfferStatus::Pending if now >= offer.expires_at => return Err(OfferRefusal::Expired),
            OfferStatus::Pending => {}
        }
        offer.status = OfferStatus::Accepted;
        let mut told = vec![(by, OfferEvent::Accepted(id, offer.order))];
        told.extend(self.revoke_pending());
        Ok((self, told))
    }

    /// Declines the offer for `by`. Makes no event, since only `by` would receive it.
    pub fn decline(mut self, id: OfferId, by: CourierId) -> Result<Self, OfferRefusal> {
        let offer = self.answerable(id, by)?;
        match offer.status {
            OfferStatus::Accepted => return Err(OfferRefusal::Answered),
            OfferStatus::Pending => offer.status = OfferStatus::Declined,
            // There is nothing left to decline, which is the wanted result.
            OfferStatus::Declined | OfferStatus::Expired | OfferStatus::Revoked => {}
        }
        Ok(self)
    }

    /// Expires the offers that were not answered in time.
    pub fn expire(mut self, now: Timestamp) -> (Self, OfferEvents) {
        let mut told = Vec::new();
        for offer in self.pending().filter(|offer| now >= offer.expires_at) {
            offer.status = OfferStatus::Expired;
            told.push((offer.courier, OfferEvent::Expired(offer.id)));
        }
        (self, told)
    }

    /// Revokes all pending offers, because the delivery was cancelled.
    pub fn revoke(mut self) -> (Self, OfferEvents) {
        let told = self.revoke_pending();
        (self, told)
    }

    /// Marks the accepted offer of a courier who dropped out as declined, so that they are
    /// not asked again.
    pub fn drop_out(mut self, courier: CourierId) -> Self {
        for offer in &mut self.0 {
            if offer.courier == courier && offer.status == OfferStatus::Accepted {
                offer.status = OfferStatus::Declined;
            }
        }
        self
    }

    /// Whether any offer can still be answered.
    pub fn any_pending(&self) -> bool {
        self.0.iter().any(|offer| offer.status == OfferStatus::Pending)
    }

    /// The number of rounds so far.
    pub fn rounds(&self) -> u32 {
        self.0.iter().map(|offer| offer.round + 1).max().unwrap_or(0)
    }

    fn answerable(&mut self, id: OfferId, by: CourierId) -> Result<&mut Offer, OfferRefusal> {
        self.0.iter_mut().find(|offer| offer.id == id && offer.courier == by).ok_or(OfferRefusal::NotYours)
    }

    fn pending(&mut self) -> impl Iterator<Item = &mut Offer> {
        self.0.iter_mut().filter(|offer| offer.status == OfferStatus::Pending)
    }

    fn revoke_pending(&mut self) -> OfferEvents {
        self.pending()
            .map(|offer| {
                offer.status = OfferStatus::Revoked;
                (offer.courier, OfferEvent::Revoked(offer.id))
            })
            .collect()
    }
}

#[cfg(test)]
#[path = "offer_tests.rs"]
mod tests;
