//! The texts of codes and notices. A mail has both languages, as an account names none; a text
//! message has at most 90 bytes, because a longer one costs three times as much.

use domain::Failure;
use domain::auth::{Notice, Purpose};
use domain::text::{Text, TextRule};
use store::auth::{FoundCode, PendingNotice};

use crate::senders::{Mail, Sms};

/// The longest text, in characters.
const MAX: usize = 1_000;

/// The text message of a code.
pub(super) fn code_by_sms(found: &FoundCode) -> Result<Sms, Failure> {
    let text = format!("[배달] 인증번호 {}\n다른 사람에게 알려 주지 마세요.", found.live.code.digits());
    Ok(Sms { key: found.id, to: found.target.parse().map_err(Failure::fault)?, text: written(&text)? })
}

/// The mail of a code.
pub(super) fn code_by_mail(found: &FoundCode) -> Result<Mail, Failure> {
    let (what, english) = match found.purpose {
        Purpose::PasswordReset => ("비밀번호를 새로 정하는", "to choose a new password"),
        Purpose::EmailChange => ("새 이메일 주소를 확인하는", "to confirm your new e-mail address"),
        Purpose::EmailVerification | Purpose::PhoneVerification => {
            ("이메일 주소를 확인하는", "to confirm your e-mail address")
        }
    };
    let digits = found.live.code.digits();
    let body = format!(
        "{what} 인증번호예요.\n\n{digits}\n\n10분 안에 입력해 주세요. 저희는 인증번호를 묻지 않으니 아무에게도 알려 주지 마세요. \
         요청하지 않았다면 이 메일을 무시해 주세요.\n\n\
         Your code {english}: {digits}\nIt is good for 10 minutes. We never ask you for it: tell it to nobody. \
         If you did not ask for it, ignore this mail."
    );
    let subject = written("[배달] 인증번호 · Your code")?;
    let to = found.target.parse().map_err(Failure::fault)?;
    Ok(Mail { key: found.id, to, subject, body: written(&body)? })
}

/// The mail of a notice.
pub(super) fn notice(notice: &PendingNotice) -> Result<Mail, Failure> {
    let (korean, english) = match notice.notice {
        Notice::PasswordChanged => (
            "비밀번호가 바뀌었어요. 직접 바꾸지 않았다면 지금 비밀번호를 새로 정하고 고객센터에 알려 주세요.",
            "Your password was changed. If it was not you, choose a new one now, and tell our support.",
        ),
        Notice::EmailChangeAsked => (
            "이메일 주소를 바꾸겠다는 요청이 있었어요. 직접 요청하지 않았다면 지금 비밀번호를 바꿔 주세요.",
            "Somebody who is signed in to your account asked to change its e-mail address. If it was not you, \
             change your password now.",
        ),
        Notice::EmailChanged => (
            "계정의 이메일 주소가 바뀌었어요. 이 주소로는 더 이상 로그인할 수 없어요. 직접 바꾸지 않았다면 고객센터에 알려 주세요.",
            "The e-mail address of your account was changed, and this one no longer signs in. If it was not you, \
             tell our support.",
        ),
        Notice::PhoneLost => (
            "다른 계정에서 회원님의 휴대전화 번호를 인증했어요. 지금도 쓰는 번호라면 다시 인증해 주세요.",
            "Another account has proven your telephone number. If it is still yours, please verify it again.",
        ),
        Notice::EmailWanted => (
            "다른 계정에서 이 이메일 주소를 쓰려고 했어요. 이 주소로 가입된 계정이 이미 있어요. 비밀번호를 잊었다면 새로 정할 수 있어요.",
            "Somebody tried to use this e-mail address for another account. It already has one. If you forgot its \
             password, you can choose a new one.",
        ),
    };
    let (subject, body) =
        (written("[배달] 계정 안내 · About your account")?, format!("{korean}\n\n{english}"));
    Ok(Mail { key: notice.id, to: notice.email.clone(), subject, body: written(&body)? })
}

fn written(text: &str) -> Result<Text, Failure> {
    TextRule::lines(MAX).read(text).map_err(Failure::fault)
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;
    use domain::auth::{Code, LiveCode};
    use domain::short_code::Tries;
    use uuid::Uuid;

    use super::*;

    fn found(purpose: Purpose, target: &str) -> FoundCode {
        let live = LiveCode { code: Code::read("314159"), wrong: Tries(0), expires_at: Timestamp::default() };
        FoundCode { id: Uuid::nil(), live, user: None, target: target.to_owned(), purpose }
    }

    #[test]
    fn a_text_message_is_a_short_one() {
        let sms = code_by_sms(&found(Purpose::PhoneVerification, "+821012345678")).unwrap();
        let bytes: usize = sms.text.as_str().chars().map(|it| if it.is_ascii() { 1 } else { 2 }).sum();
        assert!(bytes <= 90, "{bytes}");
        assert!(sms.text.as_str().contains("314159"));
    }

    #[test]
    fn a_mail_has_the_code_in_its_text_and_not_in_its_subject() {
        for purpose in [Purpose::EmailVerification, Purpose::PasswordReset, Purpose::EmailChange] {
            let mail = code_by_mail(&found(purpose, "minji@example.com")).unwrap();
            assert!(mail.body.as_str().contains("\n314159\n") && !mail.subject.as_str().contains("314159"));
        }
    }
}
