//! Consents of the law: documents in versions, and the ledger of what a person agreed to and
//! refused.
//!
//! - Terms, privacy and location are needed to have an account. A needed consent is given at
//!   sign-up and ends with the account.
//! - The others are optional and never a condition for anything (개인정보 보호법 제16조 제3항,
//!   제22조 제5항). Advertising at night needs the consent to advertising, and ends with it.
//! - Whoever consented to advertising is told so every two years (정보통신망법 제50조 제8항). Without
//!   an answer the consent stays.
//!
//! The ledger is append-only: what holds is the newest entry of a purpose.
//!
//! - this file: the purposes, the answers and the ledger;
//! - `document`: the documents and their versions;
//! - `notice`: what people are told of their consents.

mod document;
mod notice;

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

pub use document::{DOCUMENTS, Document, document, documents};
pub use notice::{Notice, NoticeKind, last_told, mail};

use crate::{Fault, Refusal, Refused, Timestamp, fault};

/// How long after a consent to advertising, or after the last confirmation, a person is told that
/// they have consented: two years.
pub const CONFIRM_AFTER: TimeDelta = TimeDelta::days(730);

/// What a consent is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The terms of use.
    Terms,
    /// Collection and use of personal data.
    Privacy,
    /// Location-based services.
    Location,
    /// Advertising.
    Advertising,
    /// Advertising between 21:00 and 08:00.
    NightAdvertising,
    /// Provision of personal data to third parties.
    ThirdParty,
}

impl Purpose {
    /// All, in the order in which people are asked.
    pub const ALL: [Self; 6] = [
        Self::Terms,
        Self::Privacy,
        Self::Location,
        Self::Advertising,
        Self::NightAdvertising,
        Self::ThirdParty,
    ];

    /// Its name, as in the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Terms => "terms",
            Self::Privacy => "privacy",
            Self::Location => "location",
            Self::Advertising => "advertising",
            Self::NightAdvertising => "night_advertising",
            Self::ThirdParty => "third_party",
        }
    }

    /// The purpose with that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == name)
    }

    /// Whether an account needs it.
    pub fn is_required(self) -> bool {
        matches!(self, Self::Terms | Self::Privacy | Self::Location)
    }

    /// Whether it allows advertising, so that its result is told and it is confirmed every two years.
    pub fn is_advertising(self) -> bool {
        matches!(self, Self::Advertising | Self::NightAdvertising)
    }
}

/// Where a consent was given or refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentChannel {
    /// At sign-up.
    SignUp,
    /// On the page of consents.
    Account,
}

impl ConsentChannel {
    /// Its name, as in the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignUp => "sign_up",
            Self::Account => "account",
        }
    }

    /// The channel with that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::SignUp, Self::Account].into_iter().find(|channel| channel.as_str() == name)
    }
}

/// An entry of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consent {
    /// What for.
    pub purpose: Purpose,
    /// The version of the document that the person had before them.
    pub version: u32,
    /// Whether they agreed; if not, they refused.
    pub agreed: bool,
    /// Where.
    pub channel: ConsentChannel,
    /// When.
    pub at: Timestamp,
}

/// The answers of somebody who signs up: the version of each document that they agree to. What
/// has none is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers(pub BTreeMap<Purpose, u32>);

impl Answers {
    /// Agrees to what an account needs, and to nothing else: for people whom the program itself
    /// makes.
    pub fn required(now: Timestamp) -> Self {
        let needed = Purpose::ALL.into_iter().filter(|purpose| purpose.is_required());
        Self(needed.map(|purpose| (purpose, document(purpose, now).version)).collect())
    }

    /// The first entries of their ledger, one for each purpose.
    ///
    /// # Errors
    /// A consent that an account needs is missing, one is to another version than the one that
    /// holds, or advertising at night is agreed to without advertising.
    pub fn entries(&self, now: Timestamp) -> Result<Vec<Consent>, Vec<Fault>> {
        let mut faults = Vec::new();
        let entries = documents(now).map(|document| {
            let purpose = document.purpose;
            let pointer = format!("/consents/{}", purpose.as_str());
            let agreed = self.0.get(&purpose);
            match agreed {
                Some(version) if *version != document.version => {
                    let detail = format!("the version that holds is {}", document.version);
                    faults.push(Fault::new(pointer, fault::DOCUMENT_OUTDATED, detail));
                }
                None if purpose.is_required() => {
                    faults.push(Fault::new(pointer, fault::CONSENT_NEEDED, "an account needs this consent"));
                }
                Some(_) if purpose == Purpose::NightAdvertising && !self.has(Purpose::Advertising) => {
                    let detail = "advertising at night needs the consent to advertising";
                    faults.push(Fault::new(pointer, fault::ADVERTISING_NEEDED, detail));
                }
                _ => {}
            }
            let channel = ConsentChannel::SignUp;
            Consent { purpose, version: document.version, agreed: agreed.is_some(), channel, at: now }
        });
        if faults.is_empty() { Ok(entries.to_vec()) } else { Err(faults) }
    }

    fn has(&self, purpose: Purpose) -> bool {
        self.0.contains_key(&purpose)
    }
}

/// Why a change of a consent is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentRefusal {
    /// The account needs it: it ends by a withdrawal of the account.
    Needed,
    /// Another version of the document holds by now.
    Outdated,
    /// Advertising at night needs the consent to advertising.
    NeedsAdvertising,
}

impl Refusal for ConsentRefusal {
    fn refused(&self) -> Refused {
        match self {
            Self::Needed => consent_needed(),
            Self::Outdated => document_outdated(),
            Self::NeedsAdvertising => needs_advertising(),
        }
    }
}

crate::refusals! {
    consent_needed() => Rule "consent.needed":
        "이 동의 없이는 계정을 쓸 수 없어요. 철회하려면 회원 탈퇴를 해 주세요.",
        "An account needs this consent. To withdraw it, withdraw from the service.";
    document_outdated() => Conflict "consent.document_outdated":
        "내용이 바뀌었어요. 다시 읽고 골라 주세요.", "The document has changed. Please read it again and choose.";
    needs_advertising() => Rule "consent.needs_advertising":
        "먼저 광고성 정보 수신에 동의해 주세요.", "Please consent to advertising first.";
}

/// All entries of one person, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger(Vec<Consent>);

impl Ledger {
    /// The ledger of stored entries, which must be ordered oldest first.
    pub fn of(entries: Vec<Consent>) -> Self {
        Self(entries)
    }

    /// All entries, oldest first.
    pub fn entries(&self) -> &[Consent] {
        &self.0
    }

    /// What holds for a purpose; `None` if the person was never asked.
    pub fn newest(&self, purpose: Purpose) -> Option<&Consent> {
        self.0.iter().rev().find(|entry| entry.purpose == purpose)
    }

    /// Whether the person consents to this now.
    pub fn allows(&self, purpose: Purpose) -> bool {
        self.newest(purpose).is_some_and(|entry| entry.agreed)
    }

    /// The entries that the person's answer adds; none if it changes nothing.
    ///
    /// # Errors
    /// See [`ConsentRefusal`].
    pub fn answer(
        &self,
        purpose: Purpose,
        agreed: bool,
        version: u32,
        now: Timestamp,
    ) -> Result<Vec<Consent>, ConsentRefusal> {
        if version != document(purpose, now).version {
            return Err(ConsentRefusal::Outdated);
        }
        if purpose.is_required() && !agreed {
            return Err(ConsentRefusal::Needed);
        }
        if agreed && purpose == Purpose::NightAdvertising && !self.allows(Purpose::Advertising) {
            return Err(ConsentRefusal::NeedsAdvertising);
        }
        let entry = |purpose, version| Consent {
            purpose,
            version,
            agreed,
            channel: ConsentChannel::Account,
            at: now,
        };
        let mut added = Vec::new();
        if self.newest(purpose).is_none_or(|newest| (newest.agreed, newest.version) != (agreed, version)) {
            added.push(entry(purpose, version));
        }
        let night = Purpose::NightAdvertising;
        if purpose == Purpose::Advertising && !agreed && self.allows(night) {
            added.push(entry(night, document(night, now).version));
        }
        Ok(added)
    }

    /// The ledger with these entries added.
    #[must_use]
    pub fn with(&self, added: &[Consent]) -> Self {
        Self([&self.0, added].concat())
    }

    /// What holds of advertising, and was answered after `since`.
    pub fn advertising(&self, since: Option<Timestamp>) -> Vec<Consent> {
        let asked = Purpose::ALL.into_iter().filter(|purpose| purpose.is_advertising());
        asked.filter_map(|purpose| self.newest(purpose)).filter(|it| Some(it.at) > since).copied().collect()
    }

    /// When the person is told next that they have consented to advertising: two years after the
    /// oldest consent to it that holds, or after `confirmed_at`, when they were told last. `None`
    /// if they have not consented.
    pub fn confirm_at(&self, confirmed_at: Option<Timestamp>) -> Option<Timestamp> {
        let held = self.advertising(None).into_iter().filter(|entry| entry.agreed);
        let oldest = held.map(|entry| confirmed_at.map_or(entry.at, |told| told.max(entry.at))).min()?;
        Some(oldest + CONFIRM_AFTER)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(day: i64) -> Timestamp {
        "2026-11-26T03:00:00Z".parse::<Timestamp>().unwrap() + TimeDelta::days(day)
    }

    fn all() -> Answers {
        Answers(Purpose::ALL.into_iter().map(|purpose| (purpose, 1)).collect())
    }

    #[test]
    fn an_account_needs_three_consents_and_no_other() {
        let now = day(0);
        for purpose in Purpose::ALL {
            let mut answers = all();
            answers.0.remove(&purpose);
            let entries = answers.entries(now);
            let fault = entries.as_ref().err().map(|faults| (faults[0].pointer.clone(), faults[0].code()));
            let pointer = format!("/consents/{}", purpose.as_str());
            match purpose {
                Purpose::Terms | Purpose::Privacy | Purpose::Location => {
                    assert_eq!(fault, Some((pointer, "consent_needed")));
                }
                Purpose::Advertising => {
                    let night = "/consents/night_advertising".to_owned();
                    assert_eq!(fault, Some((night, "advertising_needed")));
                }
                Purpose::NightAdvertising | Purpose::ThirdParty => {
                    let refused: Vec<_> =
                        entries.unwrap().into_iter().filter(|entry| !entry.agreed).collect();
                    assert_eq!(refused.iter().map(|entry| entry.purpose).collect::<Vec<_>>(), [purpose]);
                }
            }
        }
        let mut outdated = all();
        outdated.0.insert(Purpose::Terms, 0);
        assert_eq!(outdated.entries(now).unwrap_err()[0].code(), "document_outdated");
        assert_eq!(Answers::required(now).entries(now).unwrap().len(), 6);
    }

    #[test]
    fn what_an_account_needs_cannot_be_refused_and_what_is_outdated_not_be_answered() {
        let ledger = Ledger::of(all().entries(day(0)).unwrap());
        for purpose in Purpose::ALL {
            let refused = ledger.answer(purpose, false, 1, day(1)).err();
            assert_eq!(refused, purpose.is_required().then_some(ConsentRefusal::Needed));
            assert_eq!(ledger.answer(purpose, true, 2, day(1)), Err(ConsentRefusal::Outdated));
            assert_eq!(ledger.answer(purpose, true, 1, day(1)), Ok(vec![]), "nothing changes");
        }
    }

    #[test]
    fn a_confirmation_is_due_two_years_after_the_oldest_consent_that_holds() {
        let mut answers = Answers::required(day(0));
        assert_eq!(Ledger::of(answers.entries(day(0)).unwrap()).confirm_at(None), None);
        answers.0.insert(Purpose::Advertising, 1);
        let mut entries = answers.entries(day(0)).unwrap();
        let ledger = Ledger::of(entries.clone());
        assert_eq!(ledger.confirm_at(None), Some(day(730)));
        assert_eq!(ledger.confirm_at(Some(day(730))), Some(day(1460)), "no answer keeps the state");
        entries.extend(ledger.answer(Purpose::NightAdvertising, true, 1, day(100)).unwrap());
        let ledger = Ledger::of(entries.clone());
        assert_eq!(ledger.confirm_at(None), Some(day(730)), "one for both");
        entries.extend(ledger.answer(Purpose::Advertising, false, 1, day(200)).unwrap());
        assert_eq!(Ledger::of(entries).confirm_at(None), None, "both ended");
    }

    /// The reference: what holds, without the ledger.
    #[derive(Default)]
    struct Model(BTreeMap<Purpose, bool>);

    impl Model {
        fn answer(&mut self, purpose: Purpose, agreed: bool) -> bool {
            let (day, night) = (Purpose::Advertising, Purpose::NightAdvertising);
            let needs_day = purpose == night && agreed && self.0.get(&day) != Some(&true);
            if needs_day || (purpose.is_required() && !agreed) {
                return false;
            }
            self.0.insert(purpose, agreed);
            if purpose == day && !agreed && self.0.get(&night) == Some(&true) {
                self.0.insert(night, false);
            }
            true
        }
    }

    proptest! {
        #[test]
        fn the_ledger_says_what_the_answers_say_and_never_allows_the_night_without_the_day(
            answers in prop::collection::vec((0_usize..6, any::<bool>()), 0..40),
        ) {
            let (mut ledger, mut model) = (Ledger::default(), Model::default());
            for (at, (purpose, agreed)) in (0..).zip(answers) {
                let purpose = Purpose::ALL[purpose];
                let added = ledger.answer(purpose, agreed, 1, day(at));
                prop_assert_eq!(added.is_ok(), model.answer(purpose, agreed));
                let before = ledger.entries().len();
                ledger = ledger.with(&added.unwrap_or_default());
                prop_assert!(ledger.entries().len() <= before + 2);
                for purpose in Purpose::ALL {
                    let newest = ledger.newest(purpose).map(|entry| entry.agreed);
                    prop_assert_eq!(newest, model.0.get(&purpose).copied());
                }
                prop_assert!(!ledger.allows(Purpose::NightAdvertising) || ledger.allows(Purpose::Advertising));
            }
        }
    }
}
