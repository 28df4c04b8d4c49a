//! How an order that ended early is explained: why, who ended it, and in whose words.
//!
//! All of it follows from what the order stores, so that it is the same for orders of every
//! version.

use super::state::reject_reason;
use super::{FailReason, Fault, Order, Progress, RejectReason, Status};
use crate::Words;

/// The reason of an order that a newer one of the same customer replaced.
pub const REPLACED: &str = "replaced by a newer order";

/// Why an order ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// It was not paid in time.
    PaymentOverdue,
    /// Its payment was declined; in old rows only.
    PaymentFailed,
    /// The restaurant rejected it.
    Rejected(RejectReason),
    /// The customer cancelled it before it was accepted.
    CustomerCancelled,
    /// The customer placed a newer order before they paid this one.
    Replaced,
    /// The customer asked for the cancellation, and the restaurant agreed.
    CancelApproved,
    /// The restaurant cancelled it after it had accepted it.
    RestaurantCancelled,
    /// The courier could not hand it over.
    Failed(FailReason),
    /// An operator ended it.
    OperatorEnded,
}

/// Who ended an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedBy {
    /// Its customer.
    Customer,
    /// Its restaurant.
    Restaurant,
    /// Its courier.
    Courier,
    /// An operator.
    Operator,
    /// A time limit.
    System,
}

/// An early end, as it is explained to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlyEnd {
    /// Why.
    pub reason: EndReason,
    /// The party at whose cost.
    pub fault: Fault,
    /// What a person wrote about it; empty if nobody wrote anything.
    pub text: String,
    /// Whether nothing had been paid by then.
    pub is_unpaid: bool,
}

crate::words! {
    PAYMENT_OVERDUE = "payment_overdue": "결제 시간이 지나 주문이 취소됐어요.", "It was not paid in time.";
    PAYMENT_FAILED = "payment_failed": "결제가 승인되지 않았어요.", "The payment was not approved.";
    SOLD_OUT = "sold_out": "주문한 메뉴가 품절됐어요.", "Something that was ordered is sold out.";
    TOO_BUSY = "too_busy": "가게에 주문이 너무 많아요.", "The restaurant has too many orders.";
    CLOSING = "closing": "가게가 영업을 마쳤거나 곧 마쳐요.", "The restaurant is closing, or has closed.";
    UNREACHABLE = "unreachable": "가게가 배달할 수 없는 주소예요.", "The restaurant cannot deliver to the address.";
    NO_ANSWER = "no_answer": "가게가 시간 안에 답하지 않았어요.", "The restaurant did not answer in time.";
    SLOT_CLOSED = "slot_closed":
        "예약한 시간에 가게가 문을 열지 않게 됐어요.", "The restaurant no longer opens for the time that was chosen.";
    CUSTOMER_CANCELLED = "customer_cancelled": "고객이 주문을 취소했어요.", "The customer cancelled.";
    REPLACED_BY_NEWER = "replaced": "결제하지 않은 주문이라 새 주문으로 바뀌었어요.", "It was not paid, and a newer order took its place.";
    CANCEL_APPROVED = "cancel_approved":
        "고객의 취소 요청을 가게가 받아들였어요.", "The customer asked to cancel, and the restaurant agreed.";
    RESTAURANT_CANCELLED = "restaurant_cancelled": "가게가 주문을 취소했어요.", "The restaurant cancelled.";
    OPERATOR_ENDED = "operator_ended": "운영팀이 주문을 끝냈어요.", "The operations team ended the order.";
    CUSTOMER_UNREACHABLE = "customer_unreachable":
        "라이더가 문 앞에서 고객과 연락하지 못했어요.", "The courier could not reach the customer at the door.";
    CUSTOMER_REFUSED = "customer_refused": "고객이 음식을 받지 않았어요.", "The customer did not take the food.";
    WRONG_ADDRESS = "wrong_address": "배달 주소에 고객이 없었어요.", "The customer was not at the address.";
    RESTAURANT_MISTAKE = "restaurant_mistake":
        "가게가 음식을 잘못 준비했어요.", "The restaurant made a mistake with the food.";
    FOOD_DAMAGED = "food_damaged": "오는 길에 음식이 상했어요.", "The food was damaged on the way.";
    COURIER_ACCIDENT = "courier_accident": "라이더에게 사고가 있었어요.", "The courier had an accident.";
    OTHER = "other": "그 밖의 사정이 있었어요.", "There was another reason.";
}

impl EndReason {
    /// Every reason.
    pub fn all() -> impl Iterator<Item = Self> {
        use EndReason as Why;
        [
            Why::PaymentOverdue,
            Why::PaymentFailed,
            Why::CustomerCancelled,
            Why::Replaced,
            Why::CancelApproved,
            Why::RestaurantCancelled,
            Why::OperatorEnded,
        ]
        .into_iter()
        .chain(RejectReason::ALL.map(Why::Rejected))
        .chain(FailReason::ALL.map(Why::Failed))
    }

    /// What it says to people. The code is the name on the wire.
    pub fn words(self) -> &'static Words {
        match self {
            Self::PaymentOverdue => PAYMENT_OVERDUE,
            Self::PaymentFailed => PAYMENT_FAILED,
            Self::Rejected(RejectReason::SoldOut) => SOLD_OUT,
            Self::Rejected(RejectReason::TooBusy) => TOO_BUSY,
            Self::Rejected(RejectReason::Closing) => CLOSING,
            Self::Rejected(RejectReason::Unreachable) => UNREACHABLE,
            Self::Rejected(RejectReason::NoAnswer) => NO_ANSWER,
            Self::Rejected(RejectReason::SlotClosed) => SLOT_CLOSED,
            Self::CustomerCancelled => CUSTOMER_CANCELLED,
            Self::Replaced => REPLACED_BY_NEWER,
            Self::CancelApproved => CANCEL_APPROVED,
            Self::RestaurantCancelled => RESTAURANT_CANCELLED,
            Self::OperatorEnded => OPERATOR_ENDED,
            Self::Failed(FailReason::CustomerUnreachable) => CUSTOMER_UNREACHABLE,
            Self::Failed(FailReason::CustomerRefused) => CUSTOMER_REFUSED,
            Self::Failed(FailReason::WrongAddress) => WRONG_ADDRESS,
            Self::Failed(FailReason::RestaurantMistake) => RESTAURANT_MISTAKE,
            Self::Failed(FailReason::FoodDamaged) => FOOD_DAMAGED,
            Self::Failed(FailReason::CourierAccident) => COURIER_ACCIDENT,
            Self::Rejected(RejectReason::Other) | Self::Failed(FailReason::Other) => OTHER,
        }
    }

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        self.words().code
    }

    /// Who ended an order for this reason. A cancellation that the restaurant agreed to is the
    /// customer's.
    pub fn ended_by(self) -> EndedBy {
        match self {
            Self::PaymentOverdue
            | Self::PaymentFailed
            | Self::Rejected(RejectReason::NoAnswer | RejectReason::SlotClosed) => EndedBy::System,
            Self::CustomerCancelled | Self::Replaced | Self::CancelApproved => EndedBy::Customer,
            Self::Rejected(_) | Self::RestaurantCancelled => EndedBy::Restaurant,
            Self::Failed(_) => EndedBy::Courier,
            Self::OperatorEnded => EndedBy::Operator,
        }
    }

    /// Whether the stored text was written by a person. Otherwise it is the reason in English.
    fn is_written(self) -> bool {
        matches!(
            self,
            Self::CustomerCancelled | Self::CancelApproved | Self::RestaurantCancelled | Self::OperatorEnded
        )
    }
}

impl EndedBy {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Restaurant => "restaurant",
            Self::Courier => "courier",
            Self::Operator => "operator",
            Self::System => "system",
        }
    }
}

impl Order {
    /// How it ended early; `None` while it lives, and if it ended well.
    pub fn early_end(&self) -> Option<EarlyEnd> {
        let reason = self.end_reason()?;
        let Some(ending) = &self.ending else {
            return Some(EarlyEnd { reason, fault: Fault::Customer, text: String::new(), is_unpaid: true });
        };
        let text = if reason.is_written() { ending.reason.clone() } else { String::new() };
        let is_unpaid = match ending.reached {
            Some(reached) => reached == Progress::Unpaid,
            None => self.placed_at.is_none() && self.slot.is_none(),
        };
        Some(EarlyEnd { reason, fault: ending.fault, text, is_unpaid })
    }

    fn end_reason(&self) -> Option<EndReason> {
        let ending = self.ending.as_ref();
        let is_operator = ending.is_some_and(|ending| ending.operator.is_some());
        Some(match self.status {
            Status::Expired => EndReason::PaymentOverdue,
            Status::PaymentFailed => EndReason::PaymentFailed,
            Status::Rejected => EndReason::Rejected(reject_reason(&ending?.reason)),
            Status::Cancelled | Status::DeliveryFailed if is_operator => EndReason::OperatorEnded,
            Status::DeliveryFailed => EndReason::Failed(ending?.code.unwrap_or(FailReason::Other)),
            Status::Cancelled => match (ending?.fault, ending?.reached) {
                (Fault::Customer, _) if ending?.reason == REPLACED => EndReason::Replaced,
                // Old rows do not know how far the order had come.
                (Fault::Customer, None | Some(Progress::Unpaid | Progress::Waiting)) => {
                    EndReason::CustomerCancelled
                }
                (Fault::Customer, _) => EndReason::CancelApproved,
                (Fault::Restaurant, _) => EndReason::RestaurantCancelled,
                (Fault::Courier | Fault::Platform, _) => EndReason::OperatorEnded,
            },
            _ => return None,
        })
    }
}
