//! The refusals of orders.

use super::Status;
use crate::short_code::CodeLocked;
use crate::{Fault, Refusal, Refused, TextFlaw, Timestamp, Won, fault};

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderRefusal {
    /// The state machine has no such transition.
    Transition {
        /// The order's state.
        status: Status,
        /// The refused command.
        command: &'static str,
    },
    /// The caller is not the order's customer or restaurant.
    NotYours,
    /// The caller belongs to the order but is not permitted to do this.
    NotForYou,
    /// The quote has expired.
    QuoteExpired,
    /// The quote has problems that prevent ordering.
    NotOrderable,
    /// The same cart was already ordered, with different [`Wishes`](super::Wishes).
    WishesDiffer,
    /// The request names another method or time than the quote.
    NotAsQuoted,
    /// The payment of an older order of the customer is in progress.
    PaymentOpen,
    /// It was not paid in time.
    PaymentOverdue,
    /// The slot has passed.
    SlotOver,
    /// The restaurant has closed or paused since the order was created.
    RestaurantClosed {
        /// When it opens, if known.
        next_open_at: Option<Timestamp>,
    },
    /// Some ordered dishes are no longer available.
    SoldOut {
        /// The lines, by their index in the order.
        lines: Vec<Fault>,
    },
    /// None of its dishes can be ordered again.
    NothingToReorder {
        /// The reasons, by the lines' indexes in the order.
        lines: Vec<Fault>,
    },
    /// Too many dishes are reported as sold out.
    TooManySoldOut,
    /// Some dishes reported as sold out are not part of the order.
    NotInOrder {
        /// Their indexes in the request's list.
        at: Vec<usize>,
    },
    /// The order has no such line, or not so many of it.
    NotSoMany {
        /// Its index in the request's list.
        at: usize,
    },
    /// A line is named twice.
    LineTwice {
        /// Its second index in the request's list.
        at: usize,
    },
    /// Nothing would be left of it: it is to be cancelled as a whole.
    NothingLeft,
    /// More would go back than is left of what was paid.
    MoreThanPaid {
        /// What is left.
        left: Won,
    },
    /// What would be left has too much alcohol for its food.
    TooMuchAlcohol {
        /// For how much food is missing.
        shortfall: Won,
    },
    /// Preparation takes 5 to 90 minutes.
    PreparationOutOfRange,
    /// The paid amount differs from the order's.
    AmountDiffers {
        /// The amount due.
        payable: Won,
    },
    /// The code does not match the customer's.
    WrongCode,
    /// There were too many attempts at the code.
    CodeLocked,
    /// The caller is not the assigned courier.
    NotItsCourier,
    /// The courier is not at the door.
    NotAtDoor,
    /// The courier has not tried to reach the customer.
    NoContact,
    /// Too few ways of contacting the customer were tried.
    ContactTooFew,
    /// The courier must still wait.
    ContactRunning {
        /// When the wait ends.
        until: Timestamp,
    },
    /// The limit of recorded attempts or answers is reached.
    TooManyContacts,
    /// A cancellation request is already open.
    CancelRequestOpen,
    /// There is no cancellation request to decide on.
    NoCancelRequest,
    /// Text that is too long, or that a ticket printer or a screen would not show
    /// unchanged.
    TextRefused {
        /// The field.
        pointer: &'static str,
        /// What is wrong with it.
        flaw: TextFlaw,
    },
}

impl Refusal for OrderRefusal {
    fn refused(&self) -> Refused {
        match self {
            Self::Transition { status, command } => transition_refused(status.as_str(), *command),
            Self::NotYours => Refused::not_found("order"),
            Self::NotForYou => Refused::forbidden(),
            Self::QuoteExpired => quote_expired(),
            Self::NotOrderable => not_orderable(),
            Self::WishesDiffer => wishes_differ(),
            Self::NotAsQuoted => {
                wishes_differ().because("The quote is for another way or time; ask for a new one.")
            }
            Self::PaymentOpen => payment_open(),
            Self::PaymentOverdue => payment_overdue(),
            Self::SlotOver => slot_over(),
            Self::RestaurantClosed { next_open_at } => {
                restaurant_closed().with_faults(next_open_at.map(opens_at).into_iter().collect())
            }
            Self::SoldOut { lines } => sold_out().with_faults(lines.clone()),
            Self::NothingToReorder { lines } => nothing_to_reorder().with_faults(lines.clone()),
            Self::TooManySoldOut => Refused::field("/sold_out_menu_ids", fault::OUT_OF_RANGE, "At most 50."),
            Self::NotInOrder { at } => Refused::invalid(at.iter().map(|at| not_in_order(*at)).collect()),
            Self::NotSoMany { at } => {
                let detail = "The order has not so many of it.";
                not_so_many().with_faults(vec![Fault::new(
                    format!("/lines/{at}"),
                    fault::NOT_IN_ORDER,
                    detail,
                )])
            }
            Self::LineTwice { at } => {
                Refused::field(format!("/lines/{at}"), fault::DUPLICATE, "The line is there already.")
            }
            Self::NothingLeft => nothing_left(),
            Self::MoreThanPaid { left } => more_than_paid(left.0),
            Self::TooMuchAlcohol { shortfall } => too_much_alcohol(shortfall.0),
            Self::PreparationOutOfRange => preparation_out_of_range(),
            Self::AmountDiffers { payable } => amount_differs(payable.0),
            Self::WrongCode => wrong_code(),
            Self::CodeLocked => code_locked(),
            Self::NotItsCourier => not_its_courier(),
            Self::NotAtDoor => not_at_door(),
            Self::NoContact => no_contact(),
            Self::ContactTooFew => contact_too_few(),
            Self::ContactRunning { until } => contact_running(until.to_rfc3339()),
            Self::TooManyContacts => too_many_contacts(),
            Self::CancelRequestOpen => cancel_request_open(),
            Self::NoCancelRequest => no_cancel_request(),
            Self::TextRefused { pointer, flaw } => {
                let refused = match flaw {
                    TextFlaw::TooLong { max } => text_too_long(*max),
                    _ => text_refused(),
                };
                refused.with_faults(vec![flaw.at(*pointer)])
            }
        }
    }
}

crate::refusals! {
    transition_refused(status, command) => Conflict "order.transition_refused":
        "주문 상태가 바뀌어서 지금은 할 수 없어요.", "The order has moved on; this cannot be done now.";
    quote_expired() => Rule "order.quote_expired":
        "금액 안내가 만료됐어요. 금액을 다시 확인해 주세요.", "The price has expired. Please check the price again.";
    not_orderable() => Rule "order.not_orderable":
        "지금은 이대로 주문할 수 없어요.", "It cannot be ordered like this now.";
    wishes_differ() => Conflict "order.wishes_differ":
        "같은 장바구니로 이미 다른 요청의 주문이 있어요. 그 주문을 확인하거나 취소해 주세요.",
        "This cart was ordered already, with other wishes. Look at that order, or cancel it.";
    payment_open() => Conflict "order.payment_open":
        "다른 주문의 결제가 진행 중이에요. 결과가 나올 때까지 잠시만 기다려 주세요.",
        "Another order is being paid. Please wait until that is known.";
    payment_overdue() => Conflict "order.payment_overdue":
        "결제 시간이 지났어요. 청구된 금액은 없어요.", "The time to pay has run out. Nothing was charged.";
    slot_over() => Conflict "order.slot_over":
        "예약한 시간을 더는 맞출 수 없어요. 청구된 금액은 없어요.",
        "The chosen time cannot be met any more. Nothing was charged.";
    restaurant_closed() => Conflict "order.restaurant_closed":
        "가게가 이 시간에는 주문을 받지 않아요. 청구된 금액은 없어요.",
        "The restaurant takes no orders at that time. Nothing was charged.";
    sold_out() => Conflict "order.sold_out":
        "주문한 메뉴 중 품절된 것이 있어요. 청구된 금액은 없어요.",
        "Something in this order is sold out. Nothing was charged.";
    nothing_to_reorder() => Conflict "order.nothing_to_reorder":
        "이 주문의 메뉴는 지금 주문할 수 없어요.", "Nothing of this order can be had now.";
    not_so_many() => Conflict "order.not_so_many":
        "주문에 그만큼 남아 있지 않아요.", "The order does not have so many of it any more.";
    nothing_left() => Rule "order.nothing_left":
        "남는 메뉴가 없어요. 주문 전체를 취소해 주세요.", "Nothing would be left. Please cancel the whole order.";
    more_than_paid(left_won) => Rule "order.more_than_paid":
        "{left_won}원까지 환불할 수 있어요.", "At most {left_won} won can go back.";
    too_much_alcohol(shortfall_won) => Rule "order.too_much_alcohol":
        "주류는 음식보다 적어야 해요. 주류도 함께 취소해 주세요.",
        "There would be more alcohol than food. Please cancel the alcohol as well.";
    preparation_out_of_range() => Invalid "order.preparation_out_of_range":
        "조리 시간은 5분에서 90분까지예요.", "Preparation takes 5 to 90 minutes.";
    amount_differs(payable_won) => Rule "order.amount_differs":
        "결제 금액이 주문과 달라요.", "The amount differs from the order’s.";
    wrong_code() => Rule "order.wrong_code": "번호가 맞지 않아요.", "The code is wrong.";
    code_locked() => Rule "order.code_locked":
        "번호를 여러 번 틀려 더는 쓸 수 없어요. 고객센터에 문의해 주세요.",
        "The code was wrong too often and no longer works. Please ask support.";
    not_its_courier() => Forbidden "order.not_its_courier":
        "이 주문의 라이더가 아니에요.", "You are not the courier of this order.";
    not_at_door() => Conflict "order.not_at_door":
        "전달지에 도착한 뒤에 할 수 있어요.", "Only at the door can this be done.";
    no_contact() => Conflict "order.no_contact":
        "먼저 문 앞에서 고객에게 연락해 주세요.", "The customer has to be contacted from the door first.";
    contact_too_few() => Conflict "order.contact_too_few":
        "두 가지 방법으로 연락해 주세요.", "Please try two ways to reach the customer.";
    contact_running(until) => Conflict "order.contact_running":
        "아직 고객을 기다리는 시간이에요.", "The customer still has time to come.";
    too_many_contacts() => Rule "order.too_many_contacts":
        "더는 기록할 수 없어요.", "No more of these can be recorded.";
    cancel_request_open() => Conflict "order.cancel_request_open":
        "이미 취소를 요청했어요.", "Cancellation was requested already.";
    no_cancel_request() => Rule "order.no_cancel_request":
        "취소 요청이 없어요.", "No cancellation was requested.";
    text_too_long(max) => Invalid "order.text_too_long": "글이 너무 길어요.", "The text is too long.";
    text_refused() => Invalid "order.text_refused":
        "보이지 않는 글자나 줄바꿈은 쓸 수 없어요. 지우고 다시 적어 주세요.",
        "Invisible characters and line breaks cannot be used here. Remove them and try again.";
}

fn opens_at(at: Timestamp) -> Fault {
    Fault::new("/slot", fault::CLOSED, format!("It opens at {}.", at.to_rfc3339()))
}

fn not_in_order(at: usize) -> Fault {
    Fault::new(format!("/sold_out_menu_ids/{at}"), fault::NOT_IN_ORDER, "The order has no such dish.")
}

impl From<CodeLocked> for OrderRefusal {
    fn from(_: CodeLocked) -> Self {
        OrderRefusal::CodeLocked
    }
}
