//! How signing in, and staying signed in, says no.

crate::refusals! {
    pub credentials_wrong() => Unauthenticated "auth.credentials_wrong":
        "이메일 또는 비밀번호가 올바르지 않아요.", "E-mail or password is wrong.";
    pub(super) locked(retry_after_secs) => Limited "auth.locked":
        "비밀번호를 여러 번 잘못 입력했어요. 잠시 후 다시 시도해 주세요.",
        "Too many wrong passwords. Please try again later.";
    pub(super) account_locked(retry_after_secs) => Limited "auth.account_locked":
        "이 계정의 비밀번호가 여러 번 잘못 입력됐어요. 전에 로그인했던 기기를 쓰거나 나중에 다시 시도해 주세요.",
        "Too many wrong passwords for this account. Use a device that was signed in before, or try again later.";
    pub(super) too_many_at_once() => Limited "auth.too_many_at_once":
        "같은 계정으로 동시에 로그인하고 있어요. 잠시 후 다시 시도해 주세요.",
        "This account is signing in elsewhere. Please try again in a moment.";
    pub token_not_good() => Unauthenticated "auth.token_not_good": "다시 로그인해 주세요.", "Please sign in again.";
    pub token_expired() => Unauthenticated "auth.token_expired":
        "로그인 시간이 지났어요. 다시 로그인해 주세요.", "Your session ran out. Please sign in again.";
    pub session_ended() => Unauthenticated "auth.session_ended":
        "로그아웃된 기기예요. 다시 로그인해 주세요.", "This device was signed out. Please sign in again.";
    pub(super) refresh_token_not_good() => Unauthenticated "auth.refresh_token_not_good":
        "로그인이 만료됐어요. 다시 로그인해 주세요.", "Your session ran out. Please sign in again.";
    pub(super) refresh_token_reused() => Unauthenticated "auth.refresh_token_reused":
        "보안을 위해 로그아웃됐어요. 다시 로그인해 주세요.", "You were signed out for safety. Please sign in again.";
}
