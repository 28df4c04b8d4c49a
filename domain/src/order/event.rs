//! The events of orders, and their form on the restaurant's board.

use serde_json::{Value, json};

use super::{ContactMethod, FailReason, Fault, Order, RejectReason, Status};
use crate::event::event_kinds;
use crate::{Audience, CancellationId, CourierId, Event, EventKind, MenuId, OrderId, Party, Timestamp, Won};

/// A fact, with the order's state after it.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderEvent {
    /// The order.
    pub order: OrderId,
    /// Its state after the event.
    pub status: Status,
    /// What happened.
    pub fact: Fact,
}

/// What happened to an order.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// It was created and waits for the payment.
    Created,
    /// It is paid and waits for its slot.
    Scheduled {
        /// When the customer wants it.
        slot: Timestamp,
        /// When it will be placed at the restaurant.
        release_at: Timestamp,
    },
    /// It was placed at the restaurant, which must answer.
    Placed,
    /// A payment was declined; the customer may try again.
    PaymentDeclined,
    /// It was not paid in time.
    Expired,
    /// The restaurant accepted it.
    Accepted {
        /// When it should be ready.
        ready_by: Timestamp,
    },
    /// The restaurant rejected it, or did not answer in time.
    Rejected {
        /// Why.
        reason: RejectReason,
        /// The dishes that are sold out.
        sold_out: Vec<MenuId>,
    },
    /// Cooking has begun.
    Preparing,
    /// It is ready for pickup.
    Ready,
    /// A courier was assigned.
    CourierAssigned {
        /// The courier.
        courier: CourierId,
    },
    /// The courier was unassigned.
    CourierUnassigned,
    /// The courier has it.
    PickedUp,
    /// The customer has it.
    Delivered,
    /// The courier at the door tried to reach the customer.
    ContactTried {
        /// The way of contact.
        way: ContactMethod,
        /// Until when the courier must wait.
        ends_at: Timestamp,
    },
    /// The customer answered the courier at the door.
    ContactAnswered {
        /// The customer's text.
        text: String,
        /// Until when the courier must wait.
        ends_at: Timestamp,
    },
    /// It could not be handed over.
    DeliveryFailed {
        /// Who bears the cost.
        fault: Fault,
        /// Why.
        reason: String,
        /// The reason code, if the courier reported the failure.
        code: Option<FailReason>,
        /// What goes back, by whatever was paid.
        refund: Won,
    },
    /// It ended successfully.
    Completed,
    /// It was cancelled.
    Cancelled {
        /// Who bears the cost.
        fault: Fault,
        /// Why.
        reason: String,
        /// What goes back, by whatever was paid; it may still be on its way.
        refund: Won,
    },
    /// Dishes were taken out of it.
    LinesCancelled {
        /// Which cancellation.
        id: CancellationId,
        /// The dishes that are sold out.
        sold_out: Vec<MenuId>,
        /// What goes back, by whatever was paid.
        refund: Won,
    },
    /// The customer asks for a cancellation.
    CancelRequested {
        /// Why.
        reason: String,
    },
    /// The restaurant refused the request, or did not decide in time.
    CancelRefused,
}

event_kinds! {
    /// The kinds of order events.
    OrderEventKind of Order(OrderId) {
        Created = "order.created": "주문서 작성", "Order written",
        Scheduled(slot) = "order.scheduled": "결제 완료, 예약됐어요", "Paid, scheduled",
        Placed = "order.placed": "결제 완료, 가게 확인 중", "Paid, waiting for the restaurant",
        PaymentDeclined = "order.payment_declined": "카드 결제가 승인되지 않았어요", "The card was declined",
        // Exists only in old journals.
        PaymentFailed = "order.payment_failed": "결제가 승인되지 않았어요", "The payment was not approved" => Close("payment_failed"),
        Expired = "order.expired": "결제 시간이 지났어요", "The time to pay ran out" => Close("expired"),
        Accepted(ready_by) = "order.accepted": "가게가 주문을 수락했어요", "The restaurant accepted",
        Rejected(reason) = "order.rejected":
            "가게가 주문을 거절했어요", "The restaurant declined" => Close("rejected"),
        Preparing = "order.preparing": "조리를 시작했어요", "Cooking has begun",
        Ready = "order.ready": "음식이 준비됐어요", "The food is ready",
        CourierAssigned = "order.courier_assigned":
            "라이더가 배정됐어요", "A courier was assigned" => Reauthorize,
        CourierUnassigned = "order.courier_unassigned":
            "다른 라이더를 찾고 있어요", "Another courier is looked for" => Reauthorize,
        PickedUp = "order.picked_up": "라이더가 출발했어요", "The courier set off",
        Delivered = "order.delivered": "배달이 완료됐어요", "Delivered" => Reauthorize,
        ContactTried(way, ends_at) = "order.contact_tried":
            "라이더가 문 앞에서 연락했어요", "The courier tried to reach you from the door",
        ContactAnswered(text, ends_at) = "order.contact_answered":
            "라이더에게 답했어요", "You answered the courier",
        DeliveryFailed(reason, refund_won) = "order.delivery_failed":
            "배달하지 못했어요", "It could not be delivered" => Close("delivery_failed"),
        Completed = "order.completed": "주문이 완료됐어요", "The order is complete" => Close("completed"),
        Cancelled(reason, refund_won) = "order.cancelled":
            "주문이 취소됐어요", "The order was cancelled" => Close("cancelled"),
        LinesCancelled(refund_won) = "order.lines_cancelled":
            "메뉴 일부가 취소됐어요", "A part of the order was cancelled",
        CancelRequested(reason) = "order.cancel_requested": "취소를 요청했어요", "Cancellation requested",
        CancelRefused = "order.cancel_refused": "취소 요청이 거절됐어요", "The cancellation was refused",
    }
}

impl Fact {
    fn kind(&self) -> OrderEventKind {
        use OrderEventKind as Kind;
        match self {
            Fact::Created => Kind::Created,
            Fact::Scheduled { .. } => Kind::Scheduled,
            Fact::Placed => Kind::Placed,
            Fact::PaymentDeclined => Kind::PaymentDeclined,
            Fact::Expired => Kind::Expired,
            Fact::Accepted { .. } => Kind::Accepted,
            Fact::Rejected { .. } => Kind::Rejected,
            Fact::Preparing => Kind::Preparing,
            Fact::Ready => Kind::Ready,
            Fact::CourierAssigned { .. } => Kind::CourierAssigned,
            Fact::CourierUnassigned => Kind::CourierUnassigned,
            Fact::PickedUp => Kind::PickedUp,
            Fact::Delivered => Kind::Delivered,
            Fact::ContactTried { .. } => Kind::ContactTried,
            Fact::ContactAnswered { .. } => Kind::ContactAnswered,
            Fact::DeliveryFailed { .. } => Kind::DeliveryFailed,
            Fact::Completed => Kind::Completed,
            Fact::Cancelled { .. } => Kind::Cancelled,
            Fact::LinesCancelled { .. } => Kind::LinesCancelled,
            Fact::CancelRequested { .. } => Kind::CancelRequested,
            Fact::CancelRefused => Kind::CancelRefused,
        }
    }
}

impl Event for OrderEvent {
    fn kind(&self) -> &'static str {
        self.fact.kind().as_str()
    }

    fn data(&self) -> Value {
        let mut data = match &self.fact {
            Fact::Scheduled { slot, release_at } => json!({ "slot": slot, "release_at": release_at }),
            Fact::Accepted { ready_by } => json!({ "ready_by": ready_by }),
            Fact::Rejected { reason, sold_out } => json!({ "reason": reason, "sold_out_menu_ids": sold_out }),
            Fact::CourierAssigned { courier } => json!({ "courier_id": courier }),
            Fact::ContactTried { way, ends_at } => json!({ "way": way, "ends_at": ends_at }),
            Fact::ContactAnswered { text, ends_at } => json!({ "text": text, "ends_at": ends_at }),
            Fact::DeliveryFailed { fault, reason, code, refund } => {
                json!({ "by": fault, "reason": reason, "code": code, "refund_won": refund })
            }
            Fact::Cancelled { fault, reason, refund } => {
                json!({ "by": fault, "reason": reason, "refund_won": refund })
            }
            Fact::LinesCancelled { id, sold_out, refund } => {
                json!({ "cancellation_id": id, "sold_out_menu_ids": sold_out, "refund_won": refund })
            }
            Fact::CancelRequested { reason } => json!({ "reason": reason }),
            _ => json!({}),
        };
        data["order_id"] = json!(self.order);
        data["status"] = json!(self.status);
        data
    }

    /// The restaurant must not see the exchange between courier and customer at the door.
    fn audience(&self) -> Audience {
        match self.fact {
            Fact::ContactTried { .. } | Fact::ContactAnswered { .. } => {
                Audience::EVERYONE.without(Party::Restaurant)
            }
            _ => Audience::EVERYONE,
        }
    }
}

/// The same event for the restaurant's board: with the order's card, and without the
/// customer's address.
#[derive(Clone, Copy, Debug)]
pub struct BoardEvent<'a> {
    /// What happened.
    pub event: &'a OrderEvent,
    /// The order after the event.
    pub order: &'a Order,
}

impl<'a> BoardEvent<'a> {
    /// `None` for events before the order is placed, and for events that the restaurant must
    /// not see.
    pub fn of(event: &'a OrderEvent, order: &'a Order) -> Option<Self> {
        let before_payment = matches!(
            event.fact,
            Fact::Created | Fact::PaymentDeclined | Fact::Expired | Fact::Scheduled { .. }
        );
        (!before_payment && order.placed_at.is_some() && event.audience().has(Party::Restaurant))
            .then_some(Self { event, order })
    }
}

impl Event for BoardEvent<'_> {
    fn kind(&self) -> &'static str {
        self.event.kind()
    }

    fn data(&self) -> Value {
        let mut data = self.event.data();
        data["card"] = self.order.card();
        data
    }
}

impl Order {
    /// The fields of an order that the board shows.
    pub fn card(&self) -> Value {
        let lines: Vec<Value> = self
            .lines
            .iter()
            .map(|line| {
                let options: Vec<&str> = line.options.iter().map(|option| option.name.as_str()).collect();
                json!({ "line_id": line.line_id, "name": line.name, "quantity": line.quantity, "options": options })
            })
            .collect();
        json!({
            "order_id": self.id, "code": self.id.code(), "version": self.version, "status": self.status, "lines": lines,
            "payable_won": self.paid_by_all_means(), "note": self.note, "placed_at": self.placed_at,
            "ready_by": self.ready_by, "courier_id": self.courier,
            "cancel_request": self.cancel_request.as_ref().map(|request| &request.reason),
        })
    }
}
