//! An application: to open a shop, or to change what the law wants known of its seller.
//!
//! ```text
//!      ┌─ submit ─┐
//!      ▼          │
//! submitted ──────┴─ ask back ─▶ asked_back ─ submit ─▶ submitted
//!   │  │  └─ approve ─▶ approved      │  │
//!   │  └──── refuse ──▶ refused ◀─────┘  │
//!   └─────── withdraw ─▶ withdrawn ◀─────┘
//! ```

use serde::{Deserialize, Serialize};

use super::{Category, NAME_MAX, Seller, SettlementAccount};
use crate::auth::Phone;
use crate::{
    ApplicationId, Fault, LatLon, Reason, Refusal, Refused, RestaurantId, TextRule, Timestamp, UserId, fault,
};

/// How many applications of one person may be open at once.
pub const OPEN_MAX: usize = 10;

/// What is reviewed before customers see it: who sells, what, and where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Registration {
    /// The name of the shop, 1 to [`NAME_MAX`] characters.
    pub name: String,
    /// The kind of food it serves.
    pub category: Category,
    /// The telephone number for customers.
    pub phone: String,
    /// Who sells.
    pub seller: Seller,
    /// Where couriers pick up.
    pub position: LatLon,
    /// Its district.
    pub gu: String,
    /// Its neighbourhood.
    pub dong: String,
}

impl Registration {
    /// Checks it with the account, reports every invalid field, and normalises the texts.
    pub fn checked(mut self, account: &mut SettlementAccount) -> Result<Self, Refused> {
        let mut faults = Vec::new();
        match TextRule::line(NAME_MAX).read(&self.name) {
            Ok(read) => self.name = read.into_string(),
            Err(flaw) => faults.push(flaw.at("/name")),
        }
        if self.phone.parse::<Phone>().is_err() {
            faults.push(Fault::new("/phone", fault::NOT_A_PHONE, "A telephone number in Korea."));
        }
        self.seller.check(&mut faults);
        account.check(&mut faults);
        if faults.is_empty() { Ok(self) } else { Err(Refused::invalid(faults)) }
    }
}

/// Where an application stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationStatus {
    /// An admin is to decide.
    Submitted,
    /// The applicant is to answer a question.
    AskedBack,
    /// It took effect.
    Approved,
    /// It was turned down.
    Refused,
    /// The applicant took it back.
    Withdrawn,
}

impl ApplicationStatus {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Submitted, Self::AskedBack, Self::Approved, Self::Refused, Self::Withdrawn];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::AskedBack => "asked_back",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Whether it is not decided yet.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Submitted | Self::AskedBack)
    }
}

impl std::str::FromStr for ApplicationStatus {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|status| status.as_str() == name).ok_or(())
    }
}

/// An application.
#[derive(Clone, Debug, PartialEq)]
pub struct Application {
    /// Its id.
    pub id: ApplicationId,
    /// Rises with each change; 0 until it is stored.
    pub version: u64,
    /// Who applies.
    pub applicant: UserId,
    /// The shop that it opens or changes.
    pub restaurant: RestaurantId,
    /// What is to be.
    pub registration: Registration,
    /// Where the seller is to be paid to; none after the applicant left.
    pub account: Option<SettlementAccount>,
    /// Where it stands.
    pub status: ApplicationStatus,
    /// What the admin said at last: a question, or why it was refused.
    pub reason: Option<String>,
    /// When it was submitted, again if it was.
    pub submitted_at: Timestamp,
    /// The admin who decided at last.
    pub decided_by: Option<UserId>,
    /// When.
    pub decided_at: Option<Timestamp>,
}

/// What is done with an application.
#[derive(Clone, Debug, PartialEq)]
pub enum ApplicationCommand {
    /// The applicant submits it again, after a question or to correct it.
    Submit(Box<Registration>, SettlementAccount),
    /// The applicant takes it back.
    Withdraw,
    /// An admin asks the applicant something.
    AskBack(UserId, Reason),
    /// An admin approves it.
    Approve(UserId),
    /// An admin turns it down.
    Refuse(UserId, Reason),
}

/// Why nothing is done with an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplicationRefusal {
    /// It was decided or taken back already.
    NotOpen(ApplicationStatus),
    /// The applicant has not answered yet.
    AnswerAwaited,
    /// The person has as many open ones as may be.
    TooMany,
    /// There is an open application for the shop.
    OpenAlready,
    /// Another owner's shop has the business number.
    BusinessNumberTaken,
    /// An admin does not decide what they applied for themselves.
    OwnApplication,
    /// The shop has another owner than who applied.
    OtherOwner,
}

impl Refusal for ApplicationRefusal {
    fn refused(&self) -> Refused {
        match self {
            Self::NotOpen(status) => application_not_open(status.as_str()),
            Self::AnswerAwaited => application_answer_awaited(),
            Self::TooMany => too_many_applications(OPEN_MAX),
            Self::OpenAlready => application_open_already(),
            Self::BusinessNumberTaken => business_number_taken(),
            Self::OwnApplication => own_application(),
            Self::OtherOwner => other_owner(),
        }
    }
}

crate::refusals! {
    application_not_open(status) => Conflict "restaurant.application_not_open":
        "이미 처리된 신청이에요.", "This application was dealt with already.";
    application_answer_awaited() => Conflict "restaurant.application_answer_awaited":
        "신청한 분의 답을 기다리고 있어요.", "The applicant has not answered yet.";
    too_many_applications(max) => Rule "restaurant.too_many_applications":
        "처리 중인 신청은 {max}건까지 가능해요.", "At most {max} applications may be open at once.";
    application_open_already() => Conflict "restaurant.application_open_already":
        "이 가게에는 처리 중인 신청이 있어요.", "There is an open application for this shop.";
    business_number_taken() => Conflict "restaurant.business_number_taken":
        "다른 사장님이 이미 쓰고 있는 사업자등록번호예요.", "Another owner's shop has this business number.";
    other_owner() => Conflict "restaurant.other_owner":
        "그사이 가게의 사장님이 바뀌었어요.", "The shop has another owner by now.";
    own_application() => Rule "restaurant.own_application":
        "내가 낸 신청은 다른 관리자가 처리해야 해요.", "Somebody else has to decide your own application.";
}

impl Application {
    /// The application after the command.
    pub fn apply(mut self, command: ApplicationCommand, now: Timestamp) -> Result<Self, ApplicationRefusal> {
        if !self.status.is_open() {
            return Err(ApplicationRefusal::NotOpen(self.status));
        }
        match command {
            ApplicationCommand::Submit(registration, account) => {
                (self.registration, self.account) = (*registration, Some(account));
                (self.status, self.submitted_at) = (ApplicationStatus::Submitted, now);
            }
            ApplicationCommand::Withdraw => self.status = ApplicationStatus::Withdrawn,
            ApplicationCommand::AskBack(by, question) => {
                self.decide(ApplicationStatus::AskedBack, by, Some(question), now)?;
            }
            ApplicationCommand::Approve(by) => self.decide(ApplicationStatus::Approved, by, None, now)?,
            ApplicationCommand::Refuse(by, why) => {
                self.decide(ApplicationStatus::Refused, by, Some(why), now)?;
            }
        }
        Ok(self)
    }

    fn decide(
        &mut self,
        status: ApplicationStatus,
        by: UserId,
        reason: Option<Reason>,
        now: Timestamp,
    ) -> Result<(), ApplicationRefusal> {
        if by == self.applicant {
            return Err(ApplicationRefusal::OwnApplication);
        }
        if self.status == ApplicationStatus::AskedBack && status != ApplicationStatus::Refused {
            return Err(ApplicationRefusal::AnswerAwaited);
        }
        (self.status, self.decided_by, self.decided_at) = (status, Some(by), Some(now));
        self.reason = reason.map(|reason| reason.as_str().to_owned());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::super::seller::tests::{account, seller};
    use super::*;

    fn registration() -> Registration {
        Registration {
            name: "역삼 할머니 치킨".into(),
            category: Category::Chicken,
            phone: "02-555-0100".into(),
            seller: seller(),
            position: LatLon::new(37.5006, 127.0364).unwrap(),
            gu: "강남구".into(),
            dong: "역삼동".into(),
        }
    }

    fn applicant() -> UserId {
        Uuid::from_u128(2).into()
    }

    fn admin() -> UserId {
        Uuid::from_u128(3).into()
    }

    fn now() -> Timestamp {
        "2026-11-20T03:00:00Z".parse().unwrap()
    }

    fn submitted() -> Application {
        Application {
            id: Uuid::from_u128(1).into(),
            version: 1,
            applicant: applicant(),
            restaurant: Uuid::from_u128(4).into(),
            registration: registration(),
            account: Some(account()),
            status: ApplicationStatus::Submitted,
            reason: None,
            submitted_at: now(),
            decided_by: None,
            decided_at: None,
        }
    }

    fn why() -> Reason {
        Reason::read("영업신고증이 흐려요").unwrap()
    }

    #[test]
    fn a_question_is_answered_before_it_is_approved() {
        let asked = submitted().apply(ApplicationCommand::AskBack(admin(), why()), now()).unwrap();
        assert_eq!(
            (asked.status, asked.reason.as_deref()),
            (ApplicationStatus::AskedBack, Some("영업신고증이 흐려요"))
        );
        let approve = ApplicationCommand::Approve(admin());
        assert_eq!(asked.clone().apply(approve.clone(), now()), Err(ApplicationRefusal::AnswerAwaited));
        let again = ApplicationCommand::Submit(Box::new(registration()), account());
        let approved = asked.apply(again, now()).unwrap().apply(approve, now()).unwrap();
        assert_eq!((approved.status, approved.decided_by), (ApplicationStatus::Approved, Some(admin())));
    }

    #[test]
    fn nobody_decides_what_they_applied_for() {
        let own = submitted().apply(ApplicationCommand::Approve(applicant()), now());
        assert_eq!(own, Err(ApplicationRefusal::OwnApplication));
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let mut account = account();
        assert!(registration().checked(&mut account).is_ok());
        let mut wrong = registration();
        (wrong.name, wrong.phone, wrong.seller.address) = (" ".into(), "119".into(), "\u{200b}".into());
        account.number = "1".into();
        let refused = wrong.checked(&mut account).unwrap_err();
        let pointers: Vec<_> = refused.faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/name", "/phone", "/seller/address", "/account/number"]);
    }

    proptest! {
        /// The reference is the table of the module's drawing.
        #[test]
        fn an_application_moves_as_drawn(commands in proptest::collection::vec(0..5usize, 0..8)) {
            let mut application = submitted();
            for command in commands {
                let before = application.status.as_str();
                let (name, given) = match command {
                    0 => ("submit", ApplicationCommand::Submit(Box::new(registration()), account())),
                    1 => ("withdraw", ApplicationCommand::Withdraw),
                    2 => ("ask_back", ApplicationCommand::AskBack(admin(), why())),
                    3 => ("approve", ApplicationCommand::Approve(admin())),
                    _ => ("refuse", ApplicationCommand::Refuse(admin(), why())),
                };
                let expected = match (before, name) {
                    ("submitted" | "asked_back", "submit") => Some("submitted"),
                    ("submitted" | "asked_back", "withdraw") => Some("withdrawn"),
                    ("submitted", "ask_back") => Some("asked_back"),
                    ("submitted", "approve") => Some("approved"),
                    ("submitted" | "asked_back", "refuse") => Some("refused"),
                    _ => None,
                };
                let after = application.clone().apply(given, now());
                prop_assert_eq!(after.as_ref().ok().map(|after| after.status.as_str()), expected);
                application = after.unwrap_or(application);
            }
        }
    }
}
