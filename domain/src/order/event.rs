//! What happens to orders, and how the restaurant's board hears of it.

use serde_json::{Value, json};

use super::{ContactMethod, FailReason, Fault, Order, RejectReason, Status};
use crate::event::event_kinds;
use crate::{Audience, CourierId, Event, EventKind, MenuId, OrderId, Party, Timestamp, Won};

/// A fact, with where the order stands after it.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderEvent {
    /// Which order.
    pub order: OrderId,
    /// Where it stands now.
    pub status: Status,
    /// What happened.
    pub fact: Fact,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// It was ordered; the money is awaited.
    Created,
    /// It is paid and waits for its slot.
    Scheduled {
        /// When it should be there.
        slot: Timestamp,
        /// When the restaurant is asked.
        release_at: Timestamp,
    },
    /// The restaurant is asked.
    Placed,
    /// A try to pay was declined; another one may be made.
    PaymentDeclined,
    /// It was not paid in time.
    Expired,
    /// The restaurant will cook it.
    Accepted {
        /// When it should be ready.
        ready_by: Timestamp,
    },
    /// The restaurant will not.
    Rejected {
        /// Why.
        reason: RejectReason,
        /// What is sold out.
        sold_out: Vec<MenuId>,
    },
    /// Cooking has begun.
    Preparing,
    /// It can be collected.
    Ready,
    /// A courier will bring it.
    CourierAssigned {
        /// Who.
        courier: CourierId,
    },
    /// The courier dropped out.
    CourierUnassigned,
    /// The courier has it.
    PickedUp,
    /// The customer has it.
    Delivered,
    /// The courier at the door tried to reach the customer.
    ContactTried {
        /// How.
        way: ContactMethod,
        /// Until when is waited.
        ends_at: Timestamp,
    },
    /// The customer answered the courier at the door.
    ContactAnswered {
        /// In their words.
        text: String,
        /// Until when is waited.
        ends_at: Timestamp,
    },
    /// It could not be handed over.
    DeliveryFailed {
        /// At whose cost.
        fault: Fault,
        /// Why.
        reason: String,
        /// Why, where its courier says so.
        code: Option<FailReason>,
        /// What goes back.
        refund: Won,
    },
    /// It went well.
    Completed,
    /// It was called off.
    Cancelled {
        /// At whose cost.
        fault: Fault,
        /// Why.
        reason: String,
        /// What goes back of what was paid, or still comes.
        refund: Won,
    },
    /// The customer asks for a cancellation.
    CancelRequested {
        /// Why.
        reason: String,
    },
    /// The restaurant goes on.
    CancelRefused,
}

event_kinds! {
    /// The names of what can happen.
    OrderEventKind of Order(OrderId) {
        Created = "order.created": "주문서 작성", "Order written",
        Scheduled(slot) = "order.scheduled": "결제 완료, 예약됐어요", "Paid, scheduled",
        Placed = "order.placed": "결제 완료, 가게 확인 중", "Paid, waiting for the restaurant",
        PaymentDeclined = "order.payment_declined": "카드 결제가 승인되지 않았어요", "The card was declined",
        // Stands in old journals only.
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
            Fact::CancelRequested { reason } => json!({ "reason": reason }),
            _ => json!({}),
        };
        data["order_id"] = json!(self.order);
        data["status"] = json!(self.status);
        data
    }

    /// What courier and customer say to each other at the door is not the restaurant's.
    fn audience(&self) -> Audience {
        match self.fact {
            Fact::ContactTried { .. } | Fact::ContactAnswered { .. } => {
                Audience::EVERYONE.without(Party::Restaurant)
            }
            _ => Audience::EVERYONE,
        }
    }
}

/// The same event as the restaurant's board shows it: with the card of the
/// order, and without where the customer lives.
#[derive(Clone, Copy, Debug)]
pub struct BoardEvent<'a> {
    /// What happened.
    pub event: &'a OrderEvent,
    /// The order after it.
    pub order: &'a Order,
}

impl<'a> BoardEvent<'a> {
    /// The board hears of orders that are paid for, of nothing before, and of nothing that
    /// is not for the restaurant.
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
    /// What the board shows of an order.
    pub fn card(&self) -> Value {
        let lines: Vec<Value> = self
            .lines
            .iter()
            .map(|line| {
                let options: Vec<&str> = line.options.iter().map(|option| option.name.as_str()).collect();
                json!({ "name": line.name, "quantity": line.quantity, "options": options })
            })
            .collect();
        json!({
            "order_id": self.id, "version": self.version, "status": self.status, "lines": lines,
            "payable_won": self.payable, "note": self.note, "placed_at": self.placed_at,
            "ready_by": self.ready_by, "courier_id": self.courier,
            "cancel_request": self.cancel_request.as_ref().map(|request| &request.reason),
        })
    }
}
