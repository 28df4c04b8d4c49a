//! What the audit log of accounts tells: each kind of line, with its words.

use std::str::FromStr;

/// Defines [`AuditKind`], so that each name in the store is written once, together with its
/// words: `Kind = "name": "Korean", "English";`.
macro_rules! audit_kinds {
    ($($kind:ident = $name:literal: $ko:literal, $en:literal;)+) => {
        /// What happened to an account.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum AuditKind {
            $(#[doc = concat!("`", $name, "`: ", $en)] $kind,)+
        }

        impl AuditKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// The words of each kind.
            pub(crate) const WORDS: &[crate::Words] = &[$(
                crate::Words { code: $name, params: &[], ko: $ko, en: $en },
            )+];

            /// The name in the store and on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $name,)+ }
            }
        }
    };
}

audit_kinds! {
    SignedUp = "signed_up": "가입했어요.", "Signed up.";
    SignedIn = "signed_in": "로그인했어요.", "Signed in.";
    SignInFailed = "sign_in_failed": "틀린 비밀번호로 로그인하려 했어요.", "Tried to sign in with a wrong password.";
    SignInLocked = "sign_in_locked": "틀린 비밀번호가 많아 로그인이 거절됐어요.", "Was turned away after too many wrong passwords.";
    ProvedAgain = "proved_again": "비밀번호로 본인임을 다시 확인했어요.", "Proved again by the password who they are.";
    SignedOut = "signed_out": "로그아웃했어요.", "Signed out.";
    SessionEnded = "session_ended": "다른 기기를 로그아웃시켰어요.", "Signed out another device.";
    OtherSessionsEnded = "other_sessions_ended": "다른 기기를 모두 로그아웃시켰어요.", "Signed out all other devices.";
    AllSessionsEnded = "all_sessions_ended": "모든 기기를 로그아웃시켰어요.", "Signed out all devices.";
    ServiceAdded = "service_added": "프로그램을 등록했어요.", "Added a program.";
    ServiceRevoked = "service_revoked": "프로그램의 등록을 취소했어요.", "Revoked a program.";
    ServiceTokenIssued = "service_token_issued": "프로그램에 토큰을 줬어요.", "Gave a program a token.";
    RoleGranted = "role_granted": "역할을 받았어요.", "Was given a role.";
    RoleRevoked = "role_revoked": "역할을 잃었어요.", "Lost a role.";
    Banned = "banned": "이용이 정지됐어요.", "Was suspended.";
    BanLifted = "ban_lifted": "이용 정지가 풀렸어요.", "Is no longer suspended.";
    Unlocked = "unlocked": "틀린 비밀번호로 인한 로그인 제한이 풀렸어요.", "No longer has to wait after wrong passwords.";
    RefreshTokenReused = "refresh_token_reused":
        "이미 쓴 토큰이 다시 와서 로그아웃시켰어요.", "Was signed out, because a used token came again.";
    SocialAttemptReused = "social_attempt_reused":
        "이미 쓴 간편 로그인이 다시 와서 로그아웃시켰어요.", "Was signed out, because a used social sign-in came again.";
    IdentityLinked = "identity_linked": "간편 로그인을 연결했어요.", "Linked a provider.";
    IdentityUnlinked = "identity_unlinked": "간편 로그인 연결을 끊었어요.", "Unlinked a provider.";
    IdentityUnlinkedByProvider = "identity_unlinked_by_provider":
        "간편 로그인 회사에서 연결이 끊겼어요.", "Was unlinked at the provider.";
    SessionsEndedByProvider = "sessions_ended_by_provider":
        "간편 로그인 회사의 알림으로 로그아웃시켰어요.", "Was signed out at the provider's word.";
    CodeWrong = "code_wrong": "틀린 인증번호를 입력했어요.", "Entered a wrong code.";
    PasswordReset = "password_reset": "인증번호로 비밀번호를 새로 정했어요.", "Set a new password by a code.";
    PasswordChanged = "password_changed": "비밀번호를 바꿨어요.", "Changed the password.";
    EmailVerified = "email_verified": "이메일을 인증했어요.", "Verified the e-mail address.";
    EmailChangeAsked = "email_change_asked": "이메일을 바꾸려 했어요.", "Asked for another e-mail address.";
    EmailChanged = "email_changed": "이메일을 바꿨어요.", "Changed the e-mail address.";
    PhoneVerified = "phone_verified": "휴대전화 번호를 인증했어요.", "Verified the telephone number.";
    PhoneLost = "phone_lost": "다른 계정이 휴대전화 번호를 인증했어요.", "Another account verified the telephone number.";
    Withdrew = "withdrew": "탈퇴했어요.", "Left the service.";
}

impl FromStr for AuditKind {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_read_as_it_is_written() {
        for kind in AuditKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
        assert_eq!("signed".parse::<AuditKind>(), Err(()));
    }
}
