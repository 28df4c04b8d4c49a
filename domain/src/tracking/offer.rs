//! Offers: a delivery is shown to a few couriers, and one of them takes it.
//!
//! ```text
//! pending ─▶ accepted
//!    ├─────▶ declined
//!    ├─────▶ expired
//!    └─────▶ revoked   another courier was first, or the order is gone
//! ```
//!
//! [`Offers`] are all offers of one delivery. At most one of them is ever
//! accepted while the delivery has its courier; accepting one revokes the rest
//! in the same decision.

use serde::Serialize;
use serde_json::{Value, json};

use crate::{CourierId, Event, LatLon, OfferId, OrderId, Refusal, Refused, Timestamp, Won};

/// What became of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferStatus {
    /// The courier has not answered.
    Pending,
    /// The courier took it.
    Accepted,
    /// The courier does not want it.
    Declined,
    /// The courier did not answer in time.
    Expired,
    /// There is nothing to take any more.
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

    /// The status of that name.
    pub fn named(name: &str) -> Option<Self> {
        use OfferStatus::{Accepted, Declined, Expired, Pending, Revoked};
        [Pending, Accepted, Declined, Expired, Revoked].into_iter().find(|status| status.as_str() == name)
    }
}

/// A delivery offered to one courier.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// Which offer.
    pub id: OfferId,
    /// What is to be delivered.
    pub order: OrderId,
    /// Who is asked.
    pub courier: CourierId,
    /// What became of it.
    pub status: OfferStatus,
    /// How many rounds of asking went before.
    pub round: u32,
    /// The restaurant's name.
    pub restaurant_name: String,
    /// Where the food waits.
    pub pickup: LatLon,
    /// Where it goes.
    pub drop_off: LatLon,
    /// The neighbourhood that this is in, where it was looked up.
    pub dong: Option<String>,
    /// How far the courier was from the restaurant, metres.
    pub distance_m: f64,
    /// What the courier earns.
    pub fee: Won,
    /// Until when an answer counts.
    pub expires_at: Timestamp,
}

/// What a courier hears about offers, on their own channel.
#[derive(Clone, Debug, PartialEq)]
pub enum OfferEvent {
    /// They are asked.
    Made(Offer),
    /// Their time is over.
    Expired(OfferId),
    /// It is gone.
    Revoked(OfferId),
    /// It is theirs.
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
                "restaurant_name": offer.restaurant_name,
                "pickup": offer.pickup,
                "drop_off": offer.drop_off,
                "dong": offer.dong,
                "distance_m": offer.distance_m.round(),
                "fee_won": offer.fee,
                "expires_at": offer.expires_at,
            }),
            OfferEvent::Expired(id) | OfferEvent::Revoked(id) => json!({ "offer_id": id }),
            OfferEvent::Accepted(id, order) => json!({ "offer_id": id, "order_id": order }),
        }
    }
}

/// Why an offer cannot be answered like that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferRefusal {
    /// No such offer was made to this courier.
    NotYours,
    /// Another courier was first, or the order is gone.
    Gone,
    /// The time to answer is over.
    Expired,
    /// Who works no shift takes nothing on.
    OffShift,
    /// The courier carries as much as one may.
    AtCapacity,
    /// The other answer was given before.
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

/// Offers that changed, each with what its courier hears.
pub type Told = Vec<(CourierId, OfferEvent)>;

impl Offers {
    /// `by` takes the offer; everyone else's is revoked. Saying it twice is
    /// fine, saying it late is not, whether or not the expiry was noticed yet.
    pub fn accept(
        mut self,
        id: OfferId,
        by: CourierId,
        now: Timestamp,
    ) -> Result<(Self, Told), OfferRefusal> {
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

    /// `by` does not want it. No news for anybody: they know it themselves.
    pub fn decline(mut self, id: OfferId, by: CourierId) -> Result<Self, OfferRefusal> {
        let offer = self.answerable(id, by)?;
        match offer.status {
            OfferStatus::Accepted => return Err(OfferRefusal::Answered),
            OfferStatus::Pending => offer.status = OfferStatus::Declined,
            // Nothing is left to decline, which is what they want.
            OfferStatus::Declined | OfferStatus::Expired | OfferStatus::Revoked => {}
        }
        Ok(self)
    }

    /// Ends what was not answered in time.
    pub fn expire(mut self, now: Timestamp) -> (Self, Told) {
        let mut told = Vec::new();
        for offer in self.pending().filter(|offer| now >= offer.expires_at) {
            offer.status = OfferStatus::Expired;
            told.push((offer.courier, OfferEvent::Expired(offer.id)));
        }
        (self, told)
    }

    /// Takes back what is still open: the order is gone.
    pub fn revoke(mut self) -> (Self, Told) {
        let told = self.revoke_pending();
        (self, told)
    }

    /// The courier who took it dropped out: the offer counts as declined, so
    /// that they are not asked again.
    pub fn drop_out(mut self, courier: CourierId) -> Self {
        for offer in &mut self.0 {
            if offer.courier == courier && offer.status == OfferStatus::Accepted {
                offer.status = OfferStatus::Declined;
            }
        }
        self
    }

    /// Whether somebody may still answer.
    pub fn any_pending(&self) -> bool {
        self.0.iter().any(|offer| offer.status == OfferStatus::Pending)
    }

    /// How many rounds of asking there were.
    pub fn rounds(&self) -> u32 {
        self.0.iter().map(|offer| offer.round + 1).max().unwrap_or(0)
    }

    fn answerable(&mut self, id: OfferId, by: CourierId) -> Result<&mut Offer, OfferRefusal> {
        self.0.iter_mut().find(|offer| offer.id == id && offer.courier == by).ok_or(OfferRefusal::NotYours)
    }

    fn pending(&mut self) -> impl Iterator<Item = &mut Offer> {
        self.0.iter_mut().filter(|offer| offer.status == OfferStatus::Pending)
    }

    fn revoke_pending(&mut self) -> Told {
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
