//! Saved means of payment: a card, an easy-pay service or a bank account.
//!
//! The customer agrees in the gateway's own window; what we keep is a billing key, by which the gateway
//! knows it, and a masked number, by which the customer does. A number in full is never seen here.
//!
//! ```text
//! registration begun ─▶ agreed in the window ─▶ method ─▶ deleted ─▶ revoked at the gateway
//! ```

use chrono::Duration;

use crate::{MethodId, Refusal, Refused, RegistrationId, Timestamp, UserId};

/// The most methods of one customer.
pub const METHODS_MAX: usize = 10;

/// How long a customer may take to agree in the window.
pub const REGISTRATION_LIFE: Duration = Duration::minutes(30);

/// The most digits of a number that are shown: the first eight and the last four (PCI DSS 4.0.1,
/// requirement 3.4.1).
const DIGITS_SHOWN: (usize, usize) = (8, 4);

/// The longest name of an issuer and the longest masked number, in characters.
const TEXT_CHARS: usize = 40;

/// How a method pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MethodKind {
    /// A card.
    Card,
    /// An easy-pay service (간편결제).
    EasyPay,
    /// A bank account (계좌이체).
    Bank,
}

impl MethodKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Card, Self::EasyPay, Self::Bank];

    /// The name in the store and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::EasyPay => "easy_pay",
            Self::Bank => "bank",
        }
    }

    /// The kind with that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// How a method is shown to its customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// How it pays.
    pub kind: MethodKind,
    /// The code of the card's issuer or of the bank as the gateway has it, or the name of the service.
    pub issuer: String,
    /// The masked number; empty for a service.
    pub number: String,
}

impl Label {
    /// A label whose number shows no more digits than may be shown, whatever the gateway said.
    pub fn new(kind: MethodKind, issuer: &str, number: &str) -> Self {
        let short = |text: &str| text.chars().take(TEXT_CHARS).collect::<String>();
        Self { kind, issuer: short(issuer.trim()), number: masked(&short(number.trim())) }
    }
}

/// The number with its middle digits replaced by `*`.
fn masked(number: &str) -> String {
    let (first, last) = DIGITS_SHOWN;
    let digits = number.chars().filter(char::is_ascii_digit).count();
    // Of a short number a half stays hidden.
    let (first, last) = if digits > first + last { (first, last) } else { (digits / 4, digits / 4) };
    let is_masked = number.contains('*');
    let mut seen = 0;
    let hide = |digit: char| {
        if !digit.is_ascii_digit() {
            return digit;
        }
        seen += 1;
        if seen <= first || seen > digits - last { digit } else { '*' }
    };
    if is_masked && digits <= DIGITS_SHOWN.0 + DIGITS_SHOWN.1 {
        return number.to_owned();
    }
    number.chars().map(hide).collect()
}

/// A saved means of payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method {
    /// Its id.
    pub id: MethodId,
    /// Whose it is.
    pub customer: UserId,
    /// How it is shown.
    pub label: Label,
    /// Whether it is chosen beforehand; one of a customer's methods is.
    pub is_default: bool,
    /// When it was saved.
    pub created_at: Timestamp,
}

/// A customer's way through the gateway's window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Its id.
    pub id: RegistrationId,
    /// Whose it is.
    pub customer: UserId,
    /// When it was begun.
    pub created_at: Timestamp,
    /// The method that came of it.
    pub method: Option<MethodId>,
}

impl Registration {
    /// When it is too late to agree.
    pub fn expires_at(&self) -> Timestamp {
        self.created_at + REGISTRATION_LIFE
    }

    /// Refuses what was begun too long ago.
    pub fn check_alive(&self, now: Timestamp) -> Result<(), MethodRefusal> {
        if now < self.expires_at() { Ok(()) } else { Err(MethodRefusal::RegistrationExpired) }
    }
}

/// Why a method is not saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MethodRefusal {
    /// The customer has as many as there may be.
    TooMany,
    /// It was begun too long ago.
    RegistrationExpired,
    /// The gateway knows of no agreement.
    NotAgreed,
}

impl Refusal for MethodRefusal {
    fn refused(&self) -> Refused {
        match self {
            Self::TooMany => too_many_methods(METHODS_MAX),
            Self::RegistrationExpired => registration_expired(),
            Self::NotAgreed => method_not_agreed(),
        }
    }
}

crate::refusals! {
    too_many_methods(max) => Rule "payment.too_many_methods":
        "결제수단은 {max}개까지 등록할 수 있어요.", "At most {max} ways to pay can be saved.";
    registration_expired() => Rule "payment.registration_expired":
        "등록 시간이 지났어요. 다시 시작해 주세요.", "That took too long. Please begin again.";
    method_not_agreed() => Rule "payment.method_not_agreed":
        "결제사가 등록을 확인하지 못했어요. 다시 시작해 주세요.", "The payment company knows of no agreement. Please begin again.";
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn digits(text: &str) -> usize {
        text.chars().filter(char::is_ascii_digit).count()
    }

    #[test]
    fn a_number_that_is_masked_stays_and_any_other_is_masked() {
        let shown = |number: &str| Label::new(MethodKind::Card, "41", number).number;
        assert_eq!(shown("43301234****123*"), "43301234****123*");
        assert_eq!(shown("4330123412341234"), "43301234****1234");
        assert_eq!(shown("4330-1234-1234-1234"), "4330-1234-****-1234");
        assert_eq!(shown("100200300400"), "100******400");
        assert_eq!(shown("12"), "**");
        assert_eq!(shown(""), "");
    }

    #[test]
    fn a_registration_lives_for_half_an_hour() {
        let begun = Registration {
            id: RegistrationId(uuid::Uuid::nil()),
            customer: UserId(uuid::Uuid::nil()),
            created_at: Timestamp::UNIX_EPOCH,
            method: None,
        };
        let after = |time| begun.check_alive(begun.created_at + time);
        assert_eq!(after(Duration::minutes(30) - Duration::nanoseconds(1)), Ok(()));
        assert_eq!(after(Duration::minutes(30)), Err(MethodRefusal::RegistrationExpired));
    }

    proptest! {
        #[test]
        fn no_label_shows_more_digits_than_may_be_shown(number in "[0-9* -]{0,60}") {
            let label = Label::new(MethodKind::Bank, "88", &number);
            prop_assert!(digits(&label.number) <= DIGITS_SHOWN.0 + DIGITS_SHOWN.1);
            prop_assert!(label.number.contains('*') || digits(&number) == 0, "{}", label.number);
        }
    }
}
