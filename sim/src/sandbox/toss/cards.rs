//! The test cards and accounts of the sandbox. What is chosen in the payment window decides what
//! becomes of each charge.

use serde::{Deserialize, Serialize};

/// What a charge does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    /// It is approved.
    Approves,
    /// It is approved, but the response is lost, and a look-up gives the result only after two
    /// seconds.
    LosesAnswer,
    /// It arrives after eight seconds and is approved then; its response is lost, too.
    ArrivesLate,
    /// It is approved for one won less than requested.
    TakesLess,
    /// It is declined.
    Declines,
}

/// How the customer pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// By card.
    Card,
    /// By an easy-pay service (간편결제).
    EasyPay,
    /// From a bank account (계좌이체).
    Transfer,
}

/// Something to pay with.
#[derive(Clone, Copy, Debug)]
pub struct TestCard {
    /// Its number, which no real card has.
    pub number: &'static str,
    /// How it pays.
    pub kind: Kind,
    /// The code of the card's issuer or of the bank, or the name of the easy-pay service.
    pub issuer: &'static str,
    /// What it does.
    pub behaviour: Behaviour,
}

const fn card(number: &'static str, behaviour: Behaviour) -> TestCard {
    TestCard { number, kind: Kind::Card, issuer: "41", behaviour }
}

/// A card that is approved.
pub const GOOD: &str = "9420000100000000";
/// A card that is approved, and whose answer is lost.
pub const TIMEOUT: &str = "9420000200000000";
/// A card whose charge arrives late.
pub const LATE: &str = "9420000300000000";
/// A card of which one won less is taken.
pub const SHORT: &str = "9420000400000000";
/// A card that is declined.
pub const DECLINED: &str = "9420000500000000";
/// An easy-pay service that approves.
pub const EASY_PAY: &str = "9990000600000000";
/// A bank account from which the money comes.
pub const ACCOUNT: &str = "100000070000";

/// All of them.
pub const CARDS: [TestCard; 7] = [
    card(GOOD, Behaviour::Approves),
    card(TIMEOUT, Behaviour::LosesAnswer),
    card(LATE, Behaviour::ArrivesLate),
    card(SHORT, Behaviour::TakesLess),
    card(DECLINED, Behaviour::Declines),
    TestCard {
        number: EASY_PAY, kind: Kind::EasyPay, issuer: "토스페이", behaviour: Behaviour::Approves
    },
    TestCard { number: ACCOUNT, kind: Kind::Transfer, issuer: "88", behaviour: Behaviour::Approves },
];

impl TestCard {
    /// The one with this number, however it is grouped.
    pub fn of(number: &str) -> Option<&'static Self> {
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        CARDS.iter().find(|card| card.number == digits)
    }

    /// Its number as Toss Payments tells it: the first eight and the last three digits but one.
    pub(super) fn masked(&self) -> String {
        let (head, tail) = self.number.split_at(self.number.len().min(8));
        let shown = tail.get(tail.len().saturating_sub(4)..tail.len().saturating_sub(1)).unwrap_or_default();
        format!("{head}{}{shown}*", "*".repeat(tail.len().saturating_sub(4)))
    }

    /// What it is called in the window.
    pub(super) fn title(&self) -> String {
        let what = match self.behaviour {
            Behaviour::Approves => "is approved",
            Behaviour::LosesAnswer => "is approved, and the answer is lost",
            Behaviour::ArrivesLate => "arrives late, and the answer is lost",
            Behaviour::TakesLess => "takes one won less",
            Behaviour::Declines => "is declined",
        };
        let kind = match self.kind {
            Kind::Card => "Card",
            Kind::EasyPay => "Easy pay",
            Kind::Transfer => "Bank account",
        };
        format!("{kind} {}: {what}", self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_is_told_in_full() {
        let masked: Vec<String> = CARDS.iter().map(TestCard::masked).collect();
        assert_eq!(masked[0], "94200001****000*");
        assert!(
            CARDS.iter().zip(&masked).all(|(card, masked)| masked.len() == card.number.len()),
            "{masked:?}"
        );
    }
}
