//! What people are told of their consents to advertising.

use super::document::newest;
use super::{Consent, DOCUMENTS};
use crate::Timestamp;
use crate::clock::seoul;

/// What a person was told of their consents to advertising.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What was told.
    pub kind: NoticeKind,
    /// The time of the newest entry that it tells.
    pub covers: Timestamp,
    /// Whether by mail; in the app in any case.
    pub by_mail: bool,
    /// When.
    pub at: Timestamp,
}

/// What a [`Notice`] tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// That an answer was taken (정보통신망법 제50조 제7항).
    Result,
    /// That a consent holds, every two years (제8항).
    Confirmation,
}

impl NoticeKind {
    /// Its name, as in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Result => "result",
            Self::Confirmation => "confirmation",
        }
    }

    /// The kind with that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Result, Self::Confirmation].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// When a person was last told this; `None` if never.
pub fn last_told(notices: &[Notice], kind: NoticeKind) -> Option<Notice> {
    notices.iter().rev().find(|notice| notice.kind == kind).copied()
}

/// Subject and text of the mail that tells these entries: in Korean, then in English.
pub fn mail(kind: NoticeKind, entries: &[Consent]) -> (String, String) {
    let (subject, lead_ko, lead_en) = match kind {
        NoticeKind::Result => (
            "[배달] 광고성 정보 수신 동의 처리 결과",
            "배달에서 아래와 같이 처리했어요.",
            "This is what we have recorded for you at Baedal.",
        ),
        NoticeKind::Confirmation => (
            "[배달] 광고성 정보 수신 동의 확인",
            "배달에서 보내는 광고성 정보의 수신에 동의하고 계세요. 그대로 두시면 동의가 유지돼요.",
            "You have consented to advertising from Baedal. If you do nothing, your consent stays.",
        ),
    };
    let lines = |in_korean: bool| -> String {
        let line = |entry: &Consent| {
            let (title, _) = newest(DOCUMENTS, entry.purpose, entry.at).words(in_korean);
            let day = entry.at.with_timezone(&seoul()).format("%Y-%m-%d");
            let answer = match (in_korean, entry.agreed) {
                (true, true) => "동의",
                (true, false) => "거부",
                (false, true) => "agreed",
                (false, false) => "refused",
            };
            format!("- {title}: {answer} ({day})\n")
        };
        entries.iter().map(line).collect()
    };
    let (korean, english) = (lines(true), lines(false));
    let text = format!(
        "{lead_ko}\n\n{korean}\n언제든 앱의 계정 > 동의 관리에서 무료로 바꿀 수 있어요.\n\n\
         {lead_en}\n\n{english}\nYou can change this at any time, free of charge, in the app under Account > Consents.\n"
    );
    (subject.to_owned(), text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user::consent::{Answers, Ledger, Purpose};
    use chrono::TimeDelta;

    fn day(day: i64) -> Timestamp {
        "2026-11-26T03:00:00Z".parse::<Timestamp>().unwrap() + TimeDelta::days(day)
    }

    #[test]
    fn a_mail_says_what_was_answered_when_and_how_to_change_it() {
        let mut answers = Answers::required(day(0));
        answers.0.insert(Purpose::Advertising, 1);
        let ledger = Ledger::of(answers.entries(day(0)).unwrap());
        let (subject, text) = mail(NoticeKind::Result, &ledger.advertising(None));
        assert!(subject.contains("처리 결과"));
        for words in [
            "광고성 정보 수신 동의 (선택): 동의 (2026-11-26)",
            "야간 광고성 정보 수신 동의 (선택): 거부 (2026-11-26)",
            "Advertising (optional): agreed (2026-11-26)",
            "동의 관리",
        ] {
            assert!(text.contains(words), "{words} in {text}");
        }
        assert_eq!(ledger.advertising(Some(day(0))), [], "told already");
    }
}
