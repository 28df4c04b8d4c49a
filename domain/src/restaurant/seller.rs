//! Who sells: what the law wants known about the seller, and where their money goes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Fault, TextRule, fault};

/// The longest name of a business, in characters.
pub const BUSINESS_NAME_MAX: usize = 60;

/// The longest address, in characters.
pub const ADDRESS_MAX: usize = 200;

/// A business registration number (사업자등록번호) whose check digit is right.
///
/// The tenth digit makes the sum a multiple of ten: digits one to nine are weighted 1, 3, 7, 1, 3, 7,
/// 1, 3, 5, and the tens of the last product are added again (National Tax Service).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BusinessNumber(String);

/// The text is no business registration number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a business registration number")]
pub struct NotABusinessNumber;

impl BusinessNumber {
    /// Its ten digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BusinessNumber {
    type Err = NotABusinessNumber;

    /// Reads ten digits, with or without the usual hyphens (`124-81-00998`).
    fn from_str(text: &str) -> Result<Self, NotABusinessNumber> {
        const WEIGHTS: [u32; 9] = [1, 3, 7, 1, 3, 7, 1, 3, 5];
        let text: String = text.trim().chars().filter(|char| *char != '-').collect();
        let digits: Option<Vec<u32>> = text.chars().map(|char| char.to_digit(10)).collect();
        let digits = digits.filter(|digits| digits.len() == 10).ok_or(NotABusinessNumber)?;
        let weighted: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
        let sum = weighted + digits[8] * 5 / 10 + digits[9];
        if sum.is_multiple_of(10) && sum > 0 { Ok(Self(text)) } else { Err(NotABusinessNumber) }
    }
}

impl fmt::Display for BusinessNumber {
    /// As it is written: `124-81-00998`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", &self.0[..3], &self.0[3..5], &self.0[5..])
    }
}

/// The seller of a restaurant's food, as shown to customers (전자상거래법 제10조, 제13조).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seller {
    /// The name of the business (상호).
    pub business_name: String,
    /// Who represents it (대표자).
    pub representative: String,
    /// The business registration number.
    pub business_number: BusinessNumber,
    /// The number of the mail-order notification (통신판매업신고번호); none for who is exempt.
    pub mail_order_number: Option<String>,
    /// The address of the business, with its detail.
    pub address: String,
}

impl Seller {
    /// Normalises the texts, and adds what is wrong to `faults`.
    pub(super) fn check(&mut self, faults: &mut Vec<Fault>) {
        let mut line = |text: &mut String, max, pointer: &str| match TextRule::line(max).read(text) {
            Ok(read) => *text = read.into_string(),
            Err(flaw) => faults.push(flaw.at(format!("/seller/{pointer}"))),
        };
        line(&mut self.business_name, BUSINESS_NAME_MAX, "business_name");
        line(&mut self.representative, crate::user::MAX_NAME, "representative");
        line(&mut self.address, ADDRESS_MAX, "address");
        if let Some(number) = &mut self.mail_order_number {
            line(number, 40, "mail_order_number");
            let parts = number.trim_start_matches('제').trim_end_matches('호').split('-').count();
            if parts < 3 || !number.chars().any(|char| char.is_ascii_digit()) {
                let detail = "A mail-order number looks like 2026-서울강남-01234.";
                faults.push(Fault::new("/seller/mail_order_number", fault::INVALID, detail));
            }
        }
    }
}

/// Where a seller is paid to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlementAccount {
    /// The bank.
    pub bank: Bank,
    /// The account's number, digits alone.
    pub number: String,
    /// Whose it is.
    pub holder: String,
}

impl fmt::Debug for SettlementAccount {
    /// Neither the number nor the name reach a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SettlementAccount({}, ..)", self.bank.as_str())
    }
}

impl SettlementAccount {
    /// Normalises it, and adds what is wrong to `faults`.
    pub(super) fn check(&mut self, faults: &mut Vec<Fault>) {
        self.number.retain(|char| char != '-' && char != ' ');
        if !(8..=16).contains(&self.number.len()) || !self.number.bytes().all(|byte| byte.is_ascii_digit()) {
            let detail = "An account has 8 to 16 digits.";
            faults.push(Fault::new("/account/number", fault::INVALID, detail));
        }
        match TextRule::line(crate::user::MAX_NAME).read(&self.holder) {
            Ok(read) => self.holder = read.into_string(),
            Err(flaw) => faults.push(flaw.at("/account/holder")),
        }
    }

    /// The last four digits, which are shown instead of the number.
    pub fn last_digits(&self) -> &str {
        self.number.get(self.number.len().saturating_sub(4)..).unwrap_or_default()
    }
}

macro_rules! banks {
    ($($bank:ident = $code:literal $korean:literal,)*) => {
        /// A bank at which a settlement account can be, by the code of the Korea Financial
        /// Telecommunications and Clearings Institute (금융결제원).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Bank {
            $(#[doc = $korean] #[serde(rename = $code)] $bank,)*
        }

        impl Bank {
            /// All of them.
            pub const ALL: &[Bank] = &[$(Bank::$bank,)*];

            /// Its code, three digits.
            pub fn as_str(self) -> &'static str {
                match self { $(Bank::$bank => $code,)* }
            }

            /// Its name in Korean.
            pub fn korean(self) -> &'static str {
                match self { $(Bank::$bank => $korean,)* }
            }
        }
    };
}

banks! {
    Kdb = "002" "산업은행",
    Ibk = "003" "기업은행",
    Kookmin = "004" "국민은행",
    Suhyup = "007" "수협은행",
    Nonghyup = "011" "농협은행",
    Woori = "020" "우리은행",
    Sc = "023" "SC제일은행",
    Citi = "027" "한국씨티은행",
    Im = "031" "아이엠뱅크",
    Busan = "032" "부산은행",
    Gwangju = "034" "광주은행",
    Jeju = "035" "제주은행",
    Jeonbuk = "037" "전북은행",
    Kyongnam = "039" "경남은행",
    Kfcc = "045" "새마을금고",
    Shinhyup = "048" "신협",
    Post = "071" "우체국",
    Hana = "081" "하나은행",
    Shinhan = "088" "신한은행",
    KBank = "089" "케이뱅크",
    Kakao = "090" "카카오뱅크",
    Toss = "092" "토스뱅크",
}

impl FromStr for Bank {
    type Err = ();

    fn from_str(code: &str) -> Result<Self, ()> {
        Bank::ALL.iter().copied().find(|bank| bank.as_str() == code).ok_or(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn seller() -> Seller {
        Seller {
            business_name: "역삼식품".into(),
            representative: "사장님".into(),
            business_number: "124-81-00998".parse().unwrap(),
            mail_order_number: Some("2026-서울강남-01234".into()),
            address: "서울 강남구 테헤란로 123, 1층".into(),
        }
    }

    pub(crate) fn account() -> SettlementAccount {
        SettlementAccount {
            bank: Bank::Kookmin, number: "123456-01-234567".into(), holder: "사장님".into()
        }
    }

    #[test]
    fn a_business_number_is_ten_digits_with_the_right_last_one() {
        // Numbers that large companies print on their pages.
        for number in ["124-81-00998", "1208147521", "220-81-62517", " 120-88-00767 "] {
            assert!(number.parse::<BusinessNumber>().is_ok(), "{number}");
        }
        for number in
            ["124-81-00997", "124810099", "12481009980", "0000000000", "", "１２４8100998", "abc-81-00998"]
        {
            assert!(number.parse::<BusinessNumber>().is_err(), "{number}");
        }
        assert_eq!("1248100998".parse::<BusinessNumber>().unwrap().to_string(), "124-81-00998");
    }

    proptest! {
        /// Of ten numbers that differ in the last digit alone, one is right, and no other digit can be
        /// mistyped without being noticed.
        #[test]
        fn one_last_digit_is_right_and_a_wrong_digit_is_noticed(
            digits in proptest::collection::vec(0..10u32, 9), place in 0..9usize, other in 1..10u32,
        ) {
            prop_assume!(digits.iter().any(|digit| *digit > 0));
            let number = |digits: &[u32], last: u32| -> String {
                digits.iter().chain([&last]).map(u32::to_string).collect()
            };
            let right: Vec<u32> = (0..10)
                .filter(|last| number(&digits, *last).parse::<BusinessNumber>().is_ok()).collect();
            prop_assert_eq!(right.len(), 1);
            let mut mistyped = digits;
            mistyped[place] = (mistyped[place] + other) % 10;
            prop_assert!(number(&mistyped, right[0]).parse::<BusinessNumber>().is_err());
        }
    }

    #[test]
    fn what_customers_see_of_a_seller_is_checked() {
        let faults = |mut seller: Seller| {
            let mut faults = Vec::new();
            seller.check(&mut faults);
            faults.into_iter().map(|fault| fault.pointer).collect::<Vec<_>>()
        };
        assert!(faults(seller()).is_empty());
        assert!(faults(Seller { mail_order_number: None, ..seller() }).is_empty());
        let wrong = Seller {
            business_name: "\u{3164}".into(),
            representative: "a\nb".into(),
            mail_order_number: Some("1234".into()),
            address: " ".into(),
            ..seller()
        };
        let expected = [
            "/seller/business_name",
            "/seller/representative",
            "/seller/address",
            "/seller/mail_order_number",
        ];
        assert_eq!(faults(wrong), expected);
    }

    #[test]
    fn an_account_is_digits_of_a_known_bank_and_never_printed() {
        let mut faults = Vec::new();
        let mut good = account();
        good.check(&mut faults);
        assert_eq!((faults.len(), good.number.as_str(), good.last_digits()), (0, "12345601234567", "4567"));
        assert!(!format!("{good:?}").contains("4567"));
        let mut wrong = SettlementAccount { number: "12 34".into(), holder: "".into(), ..account() };
        wrong.check(&mut faults);
        assert_eq!(faults.len(), 2);
        assert_eq!("004".parse(), Ok(Bank::Kookmin));
        assert_eq!("4".parse::<Bank>(), Err(()));
    }
}
