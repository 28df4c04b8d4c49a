//! Errors of single fields of a request.

use crate::Words;

/// An invalid field, identified by its JSON pointer (`/lines/0/quantity`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// A JSON pointer into the request.
    pub pointer: String,
    /// The code, with its words for people.
    pub words: &'static Words,
    /// The rule that it breaks, in English, for developers of clients.
    pub detail: String,
}

impl Fault {
    /// `detail` states in English which rule the field at `pointer` breaks.
    pub fn new(pointer: impl Into<String>, words: &'static Words, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), words, detail: detail.into() }
    }

    /// The stable code (`out_of_range`).
    pub fn code(&self) -> &'static str {
        self.words.code
    }
}

crate::words! {
    pub REQUIRED = "required": "꼭 입력해 주세요.", "This is needed.";
    pub MISSING = "missing": "꼭 입력해 주세요.", "This is needed.";
    pub BLANK = "blank": "꼭 입력해 주세요.", "This is needed.";
    pub UNKNOWN_FIELD = "unknown_field": "알 수 없는 항목이에요.", "There is no such field.";
    pub UNKNOWN_VALUE = "unknown_value": "고를 수 없는 값이에요.", "This is not one of the choices.";
    pub DUPLICATE = "duplicate": "같은 항목이 두 번 있어요.", "The same field is there twice.";
    pub WRONG_TYPE = "wrong_type": "형식이 맞지 않아요.", "This is of the wrong kind.";
    pub WRONG_LENGTH = "wrong_length": "개수가 맞지 않아요.", "There are too many or too few.";
    pub TOO_SHORT = "too_short": "너무 짧아요.", "Too short.";
    pub TOO_LONG = "too_long": "너무 길어요.", "Too long.";
    pub TOO_COMMON = "too_common":
        "너무 흔한 비밀번호예요. 다른 것으로 정해 주세요.", "Too common a password. Please choose another one.";
    pub BREACHED = "breached":
        "다른 곳에서 유출된 비밀번호예요. 다른 것으로 정해 주세요.",
        "This password was stolen from another site. Please choose another one.";
    pub HOLDS_EMAIL = "holds_email": "비밀번호에 이메일이 들어 있어요.", "The password holds the e-mail address.";
    pub CONTROL_CHARACTER = "control_character":
        "쓸 수 없는 글자가 있어요.", "It holds characters that cannot be used.";
    pub FORBIDDEN_CHARACTER = "forbidden_character":
        "보이지 않는 글자가 있어요. 지우고 다시 적어 주세요.", "It holds characters that cannot be seen. Please remove them.";
    pub NOT_AN_EMAIL = "not_an_email": "이메일 주소가 아니에요.", "This is no e-mail address.";
    pub NOT_A_PHONE = "not_a_phone":
        "휴대전화 번호가 아니에요. 예: 010-1234-5678", "This is no mobile number, as 010-1234-5678.";
    pub NOT_A_BUSINESS_NUMBER = "not_a_business_number":
        "사업자등록번호를 다시 확인해 주세요.", "This is no business registration number.";
    pub NOT_A_COUPON_CODE = "not_a_coupon_code":
        "쿠폰 코드는 글자와 숫자 4~20자예요.", "A coupon code has 4 to 20 letters or digits.";
    pub OUT_OF_RANGE = "out_of_range": "가능한 범위를 벗어났어요.", "Out of range.";
    pub EXPIRED = "expired": "기한이 지났어요.", "It has expired.";
    pub CLOSED = "closed": "지금은 영업 시간이 아니에요.", "The restaurant is closed now.";
    pub NOT_IN_ORDER = "not_in_order": "주문에 없는 메뉴예요.", "The order has no such dish.";
    pub NOT_DELIVERABLE = "not_deliverable": "이 주소로는 배달하지 않아요.", "It does not deliver to this address.";
    pub NO_PICKUP = "no_pickup": "이 가게는 포장 주문을 받지 않아요.", "Orders cannot be collected here.";
    pub SLOT_FULL = "slot_full":
        "그 시간은 예약이 다 찼어요. 다른 시간을 골라 주세요.", "It takes no more orders for that time. Please choose another one.";
    pub SLOT_OUT_OF_RANGE = "slot_out_of_range":
        "이 시간에는 받을 수 없어요. 다른 시간을 골라 주세요.", "It cannot be had at that time. Please choose another one.";
    pub BELOW_MINIMUM = "below_minimum": "최소주문금액이 모자라요.", "The minimum order amount is not reached.";
    pub TOO_MUCH_ALCOHOL = "too_much_alcohol":
        "주류는 음식보다 적은 금액만 함께 주문할 수 있어요.", "Alcohol can be ordered with food only, and for less than it.";
    pub FEWER_POINTS = "fewer_points":
        "포인트를 그만큼 쓸 수 없어요.", "So many points cannot be used.";
    pub COUPON_INAPPLICABLE = "coupon_inapplicable":
        "이 쿠폰은 지금 쓸 수 없어요.", "This coupon cannot be used now.";
    pub SOLD_OUT = "sold_out": "품절됐어요.", "Sold out.";
    pub ONLY_LEFT = "only_left": "남은 수량이 얼마 없어요.", "Only a few are left.";
    pub DEFAULT_COSTS = "default_costs":
        "돈이 드는 옵션은 미리 선택해 둘 수 없어요.", "An option that costs something cannot be chosen beforehand.";
    pub GONE = "gone": "더 이상 판매하지 않아요.", "No longer on the menu.";
    pub OPTIONS_CHANGED = "options_changed":
        "옵션이 바뀌었어요. 다시 골라 주세요.", "Its options have changed; please choose again.";
    pub PRICE_CHANGED = "price_changed": "가격이 바뀌었어요.", "The price has changed.";
    pub CONSENT_NEEDED = "consent_needed": "가입하려면 동의가 필요해요.", "This consent is needed to join.";
    pub DOCUMENT_OUTDATED = "document_outdated":
        "내용이 바뀌었어요. 다시 읽고 골라 주세요.", "This has changed. Please read it again and choose.";
    pub ADVERTISING_NEEDED = "advertising_needed":
        "광고성 정보 수신에 먼저 동의해 주세요.", "Please consent to advertising first.";
    pub CRITICAL = "critical": "끌 수 없는 알림이에요.", "This cannot be muted.";
    pub NOT_A_ZIP = "not_a_zip": "우편번호는 숫자 5자리예요.", "A zip code has five digits.";
    pub UNKNOWN_ADDRESS = "unknown_address":
        "찾을 수 없는 주소예요. 다시 확인해 주세요.", "This address cannot be found. Please check it.";
    pub INVALID = "invalid": "올바르지 않아요.", "This is not right.";
}
