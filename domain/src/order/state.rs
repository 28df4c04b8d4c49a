//! The state machine: every permitted transition is a match arm in [`Order::decide`].

use chrono::Duration;

use super::wishes::courier_note_for;
use super::{
    Answer, Attempt, By, CONTACTS_MAX, CancelRequest, Command, Contact, Ending, Fact, FailReason, Fault,
    Fulfilment, Order, OrderEvent, OrderRefusal, Placement, RejectReason, Status,
};
use crate::cart::Method;
use crate::{CourierId, MenuId, PaymentId, TextFlaw, TextRule, Timestamp, UserId, Won, points};

/// Permitted preparation time in minutes.
const PREPARATION_MINS: std::ops::RangeInclusive<u32> = 5..=90;

/// The most dishes that one rejection may report as sold out.
const SOLD_OUT_MAX: usize = 50;

/// The longest note or reason, in characters.
const TEXT_CHARS: usize = 200;

pub(super) type Decision = Result<(Order, Vec<OrderEvent>), OrderRefusal>;

impl Order {
    /// Creates an order from a valid quote. If nothing is payable, it counts as paid at once.
    pub fn place(placement: Placement, now: Timestamp) -> Decision {
        let Placement { id, quote, note, courier_note, contactless, cutlery, pickup_code, terms } = placement;
        let note = read_note(&note)?;
        let courier_note = courier_note_for(quote.method, &read_courier_note(&courier_note)?);
        if !quote.is_alive(now) {
            return Err(OrderRefusal::QuoteExpired);
        }
        if !quote.orderable() {
            return Err(OrderRefusal::NotOrderable);
        }
        let fulfilment = match quote.method {
            Method::Pickup => Fulfilment::Pickup { code: pickup_code },
            Method::Delivery => Fulfilment::Delivery { contactless },
        };
        let payable = quote.payable;
        let reward = points::reward(terms.reward, &quote);
        let order = Order {
            id,
            version: 0,
            status: Status::PendingPayment,
            quote: quote.id,
            cart_version: Some(quote.cart_version),
            customer: quote.customer,
            restaurant: quote.restaurant_id,
            restaurant_name: quote.restaurant_name,
            courier: None,
            fulfilment,
            lines: quote.lines,
            cancellations: Vec::new(),
            subtotal: quote.subtotal,
            tip: quote.tip,
            discounts: quote.discounts,
            points: quote.points,
            payable,
            commission: terms.commission,
            reward,
            pickup: quote.pickup,
            drop_off: quote.drop_off,
            note,
            courier_note,
            cutlery,
            slot: quote.slot,
            lead_mins: quote.lead_mins,
            declined: None,
            created_at: now,
            placed_at: None,
            ready_by: None,
            picked_up_at: None,
            delivered_at: None,
            cancel_request: None,
            contact: None,
            ending: None,
            ended_at: None,
        };
        let created = order.to(Status::PendingPayment, Fact::Created);
        if payable > Won::ZERO {
            return created;
        }
        let (order, mut events) = created?;
        let (order, paid) = order.paid(now)?;
        events.extend(paid);
        Ok((order, events))
    }

    /// Applies `command` from `by`, if the order is theirs.
    pub fn decide(&self, by: By, command: &Command, now: Timestamp) -> Decision {
        self.check_is_theirs(by)?;
        let (mut order, events) = self.transition(by, command, now)?;
        if order.status.is_terminal() && !self.status.is_terminal() {
            order.ended_at = Some(now);
        }
        Ok((order, events))
    }

    /// Every combination that is not listed is refused.
    fn transition(&self, by: By, command: &Command, now: Timestamp) -> Decision {
        use Status::{Accepted, Delivered, PendingPayment, PickedUp, Placed, Preparing, Ready, Scheduled};
        let order = self.clone();
        match (self.status, command, by) {
            (PendingPayment, Command::Pay { amount }, By::Payment) => order.pay(*amount, now),
            (PendingPayment, Command::DeclinePayment { payment }, By::Payment) => order.decline(*payment),
            (PendingPayment, Command::Expire, By::System) => order.to(Status::Expired, Fact::Expired),
            (PendingPayment | Scheduled | Placed, Command::Cancel { reason }, By::Customer(_)) => {
                order.cancel(Fault::Customer, reason, None)
            }
            (Scheduled, Command::Release, By::System) => order.release(now),
            (Scheduled, Command::Reject { reason: reason @ RejectReason::SlotClosed, .. }, By::System) => {
                order.reject(*reason, &[])
            }
            (Placed, Command::Accept { preparation_mins }, By::Owner(_) | By::System) => {
                order.accept(*preparation_mins, now)
            }
            (Placed, Command::Reject { reason, sold_out }, By::Owner(_) | By::System) => {
                order.reject(*reason, sold_out)
            }
            (Accepted, Command::StartPreparing, By::Owner(_)) => order.to(Status::Preparing, Fact::Preparing),
            (Accepted | Preparing, Command::MarkReady, By::Owner(_)) => order.to(Status::Ready, Fact::Ready),
            (Accepted | Preparing | Ready, Command::AssignCourier { courier }, By::System) => {
                order.assign(*courier)
            }
            (Accepted | Preparing | Ready, Command::Cancel { reason }, By::Owner(_)) => {
                order.cancel(Fault::Restaurant, reason, None)
            }
            (Accepted | Preparing | Ready, Command::Cancel { reason }, By::Admin(operator)) => {
                order.cancel(Fault::Platform, reason, Some(operator))
            }
            (Accepted | Preparing | Ready, Command::End { fault, reason }, By::Admin(operator)) => {
                order.cancel(*fault, reason, Some(operator))
            }
            (PickedUp, Command::End { fault, reason }, By::Admin(operator)) => {
                let reason = read_text(reason, "/reason")?;
                order.fail(*fault, reason, None, Some(operator))
            }
            (
                Status::Cancelled | Status::DeliveryFailed,
                Command::End { fault, reason },
                By::Admin(operator),
            ) if order.ended_so(*fault, reason, operator) => Ok((order, Vec::new())),
            (
                Placed | Accepted | Preparing | Ready,
                Command::CancelLines { id, parts, sold_out },
                By::Owner(_) | By::Admin(_),
            ) => {
                let operator = if let By::Admin(operator) = by { Some(operator) } else { None };
                order.cancel_lines(*id, parts, *sold_out, operator, now)
            }
            (Accepted | Preparing | Ready, Command::RequestCancel { reason }, By::Customer(_)) => {
                order.request_cancel(reason, now)
            }
            (Accepted | Preparing | Ready, Command::DecideCancel { approve }, By::Owner(_)) => {
                order.decide_cancel(*approve)
            }
            (Accepted | Preparing | Ready, Command::LapseCancelRequest, By::System) => {
                order.decide_cancel(false)
            }
            (Preparing | Ready, Command::PickUp, By::Courier(courier)) => order.pick_up(courier, now),
            (Ready, Command::Complete { code }, By::Owner(_)) => order.hand_over(code.as_deref(), now),
            (PickedUp, Command::Deliver, By::Courier(courier)) => order.deliver(courier, now),
            (PickedUp, Command::TryContact { attempt, way, wait }, By::Courier(_)) => {
                order.try_contact(Attempt { id: *attempt, way: *way, at: now }, *wait)
            }
            (PickedUp, Command::AnswerContact { text, wait }, By::Customer(_)) => {
                order.answer_contact(text, *wait, now)
            }
            (PickedUp, Command::FailDelivery { reason }, By::Courier(_)) => order.fail_delivery(*reason, now),
            (Delivered, Command::Complete { .. }, By::Customer(_) | By::System) => {
                order.to(Status::Completed, Fact::Completed)
            }
            _ => Err(OrderRefusal::Transition { status: self.status, command: command.name() }),
        }
    }

    /// Checks that the order belongs to the caller. For another customer or restaurant the
    /// refusal is "not found", so that the existence of the order is not revealed.
    fn check_is_theirs(&self, by: By) -> Result<(), OrderRefusal> {
        match by {
            By::Customer(customer) if customer != self.customer => Err(OrderRefusal::NotYours),
            By::Owner(restaurant) if restaurant != self.restaurant => Err(OrderRefusal::NotYours),
            By::Courier(courier) if self.courier != Some(courier) => Err(OrderRefusal::NotItsCourier),
            _ => Ok(()),
        }
    }

    fn pay(self, amount: Won, now: Timestamp) -> Decision {
        if amount != self.payable {
            return Err(OrderRefusal::AmountDiffers { payable: self.payable });
        }
        self.paid(now)
    }

    fn paid(self, now: Timestamp) -> Decision {
        match self.slot {
            Some(slot) => {
                let release_at = slot - Duration::minutes(i64::from(self.lead_mins));
                self.to(Status::Scheduled, Fact::Scheduled { slot, release_at })
            }
            None => self.release(now),
        }
    }

    fn release(mut self, now: Timestamp) -> Decision {
        self.placed_at = Some(now);
        self.to(Status::Placed, Fact::Placed)
    }

    /// Idempotent: the same declined payment again makes no event.
    fn decline(mut self, payment: PaymentId) -> Decision {
        if self.declined == Some(payment) {
            return Ok((self, Vec::new()));
        }
        self.declined = Some(payment);
        self.to(Status::PendingPayment, Fact::PaymentDeclined)
    }

    fn reject(self, reason: RejectReason, sold_out: &[MenuId]) -> Decision {
        if sold_out.len() > SOLD_OUT_MAX {
            return Err(OrderRefusal::TooManySoldOut);
        }
        let ordered = |id: &MenuId| self.lines.iter().any(|line| line.menu_id == *id);
        let at: Vec<usize> = (0..).zip(sold_out).filter(|(_, id)| !ordered(id)).map(|(at, _)| at).collect();
        if !at.is_empty() {
            return Err(OrderRefusal::NotInOrder { at });
        }
        let fact = Fact::Rejected { reason, sold_out: sold_out.to_vec() };
        let ending = Ending {
            fault: Fault::Restaurant,
            reason: reject_words(reason).to_owned(),
            code: None,
            reached: Some(self.progress()),
            operator: None,
        };
        self.end(Status::Rejected, ending, |_| fact)
    }

    fn accept(mut self, preparation_mins: u32, now: Timestamp) -> Decision {
        if !PREPARATION_MINS.contains(&preparation_mins) {
            return Err(OrderRefusal::PreparationOutOfRange);
        }
        let ready_by = now + Duration::minutes(i64::from(preparation_mins));
        self.ready_by = Some(ready_by);
        self.to(Status::Accepted, Fact::Accepted { ready_by })
    }

    /// Idempotent: the same courier again makes no event.
    fn assign(mut self, courier: Option<CourierId>) -> Decision {
        if self.courier == courier {
            return Ok((self, Vec::new()));
        }
        self.courier = courier;
        let status = self.status;
        match courier {
            Some(courier) => self.to(status, Fact::CourierAssigned { courier }),
            None => self.to(status, Fact::CourierUnassigned),
        }
    }

    fn pick_up(mut self, courier: CourierId, now: Timestamp) -> Decision {
        self.check_courier(courier)?;
        if let Fulfilment::Pickup { .. } = self.fulfilment {
            return Err(OrderRefusal::Transition { status: self.status, command: "pick_up" });
        }
        self.picked_up_at = Some(now);
        self.cancel_request = None;
        self.to(Status::PickedUp, Fact::PickedUp)
    }

    fn hand_over(mut self, code: Option<&str>, now: Timestamp) -> Decision {
        match &self.fulfilment {
            Fulfilment::Pickup { code: expected } if code == Some(expected.as_str()) => {
                self.delivered_at = Some(now);
                self.cancel_request = None;
                self.to(Status::Completed, Fact::Completed)
            }
            Fulfilment::Pickup { .. } => Err(OrderRefusal::WrongCode),
            Fulfilment::Delivery { .. } => {
                Err(OrderRefusal::Transition { status: self.status, command: "complete" })
            }
        }
    }

    fn deliver(mut self, courier: CourierId, now: Timestamp) -> Decision {
        self.check_courier(courier)?;
        self.delivered_at = Some(now);
        self.to(Status::Delivered, Fact::Delivered)
    }

    /// Idempotent: the same attempt again makes no event.
    fn try_contact(mut self, attempt: Attempt, wait: Duration) -> Decision {
        let Attempt { way, at, .. } = attempt;
        let mut contact = self.contact.take().unwrap_or_else(|| Contact {
            ends_at: at + wait,
            attempts: Vec::new(),
            answers: Vec::new(),
        });
        let is_known = contact.attempts.iter().any(|known| known.id == attempt.id);
        if !is_known && contact.attempts.len() >= CONTACTS_MAX {
            return Err(OrderRefusal::TooManyContacts);
        }
        let ends_at = contact.ends_at;
        if !is_known {
            contact.attempts.push(attempt);
        }
        self.contact = Some(contact);
        if is_known {
            Ok((self, Vec::new()))
        } else {
            self.to(Status::PickedUp, Fact::ContactTried { way, ends_at })
        }
    }

    /// Idempotent: the same text as the last answer makes no event.
    fn answer_contact(mut self, text: &str, wait: Duration, now: Timestamp) -> Decision {
        let text = read_text(text, "/text")?;
        let contact = self.contact.as_mut().ok_or(OrderRefusal::NoContact)?;
        if contact.answers.last().is_some_and(|last| last.text == text) {
            return Ok((self, Vec::new()));
        }
        if contact.answers.len() >= CONTACTS_MAX {
            return Err(OrderRefusal::TooManyContacts);
        }
        if contact.answers.is_empty() {
            contact.ends_at = contact.ends_at.max(now + wait);
        }
        contact.answers.push(Answer { text: text.clone(), at: now });
        let ends_at = contact.ends_at;
        self.to(Status::PickedUp, Fact::ContactAnswered { text, ends_at })
    }

    /// A failure at the customer's cost needs an attempt to contact them; "unreachable" also
    /// needs the timer to have run out.
    fn fail_delivery(self, reason: FailReason, now: Timestamp) -> Decision {
        if reason.fault() == Fault::Customer {
            let contact = self.contact.as_ref().ok_or(OrderRefusal::NoContact)?;
            if reason == FailReason::CustomerUnreachable {
                contact.check_unreachable(now)?;
            }
        }
        self.fail(reason.fault(), reason.words().to_owned(), Some(reason), None)
    }

    fn fail(
        self,
        fault: Fault,
        reason: String,
        code: Option<FailReason>,
        operator: Option<UserId>,
    ) -> Decision {
        let ending = Ending { fault, reason: reason.clone(), code, reached: Some(self.progress()), operator };
        self.end(Status::DeliveryFailed, ending, |refund| Fact::DeliveryFailed {
            fault,
            reason,
            code,
            refund,
        })
    }

    fn cancel(self, fault: Fault, reason: &str, operator: Option<UserId>) -> Decision {
        let reason = read_text(reason, "/reason")?;
        let reached = Some(self.progress());
        let ending = Ending { fault, reason: reason.clone(), code: None, reached, operator };
        self.end(Status::Cancelled, ending, |refund| Fact::Cancelled { fault, reason, refund })
    }

    /// Whether this operator ended it with this fault and reason.
    fn ended_so(&self, fault: Fault, reason: &str, operator: UserId) -> bool {
        self.ending.as_ref().is_some_and(|ending| {
            ending.operator == Some(operator)
                && ending.fault == fault
                && read_text(reason, "/reason").is_ok_and(|reason| reason == ending.reason)
        })
    }

    fn request_cancel(mut self, reason: &str, now: Timestamp) -> Decision {
        let reason = read_text(reason, "/reason")?;
        if self.cancel_request.is_some() {
            return Err(OrderRefusal::CancelRequestOpen);
        }
        self.cancel_request = Some(CancelRequest { reason: reason.clone(), at: now });
        let status = self.status;
        self.to(status, Fact::CancelRequested { reason })
    }

    fn decide_cancel(mut self, approve: bool) -> Decision {
        let request = self.cancel_request.take().ok_or(OrderRefusal::NoCancelRequest)?;
        if approve {
            return self.cancel(Fault::Customer, &request.reason, None);
        }
        let status = self.status;
        self.to(status, Fact::CancelRefused)
    }

    fn check_courier(&self, courier: CourierId) -> Result<(), OrderRefusal> {
        if self.courier == Some(courier) { Ok(()) } else { Err(OrderRefusal::NotItsCourier) }
    }

    /// Ends the order; `fact` receives what goes back.
    fn end(mut self, status: Status, ending: Ending, fact: impl FnOnce(Won) -> Fact) -> Decision {
        self.cancel_request = None;
        self.ending = Some(ending);
        let back = self.back().unwrap_or_default();
        self.to(status, fact(back.total()))
    }

    /// Makes one transition with one event, and increments the version.
    pub(super) fn to(mut self, status: Status, fact: Fact) -> Decision {
        self.status = status;
        self.version += 1;
        let event = OrderEvent { order: self.id, status, fact };
        Ok((self, vec![event]))
    }
}

/// Normalises a note to the restaurant for storage: one line, NFC and trimmed; may be empty.
pub fn read_note(text: &str) -> Result<String, OrderRefusal> {
    read_text(text, "/note")
}

/// A note to the courier as it is kept: like [`read_note`].
pub fn read_courier_note(text: &str) -> Result<String, OrderRefusal> {
    read_text(text, "/courier_note")
}

fn read_text(text: &str, pointer: &'static str) -> Result<String, OrderRefusal> {
    match TextRule::line(TEXT_CHARS).read(text) {
        Ok(text) => Ok(text.into_string()),
        Err(TextFlaw::Blank) => Ok(String::new()),
        Err(flaw) => Err(OrderRefusal::TextRefused { pointer, flaw }),
    }
}

/// The reason that [`reject_words`] wrote; `Other` for a text that it never wrote.
pub(super) fn reject_reason(words: &str) -> RejectReason {
    let known = RejectReason::ALL.into_iter().find(|reason| reject_words(*reason) == words);
    known.unwrap_or(RejectReason::Other)
}

fn reject_words(reason: RejectReason) -> &'static str {
    match reason {
        RejectReason::SoldOut => "sold out",
        RejectReason::TooBusy => "too busy",
        RejectReason::Closing => "closing",
        RejectReason::Unreachable => "the address can't be reached",
        RejectReason::NoAnswer => "nobody answered in time",
        RejectReason::SlotClosed => "closed at the time of the slot",
        RejectReason::Other => "other",
    }
}
