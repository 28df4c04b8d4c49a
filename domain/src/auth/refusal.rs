//! Refusals of signing in and of renewing a session.

crate::refusals! {
    pub credentials_wrong() => Unauthenticated "auth.credentials_wrong":
        "이메일 또는 비밀번호가 올바르지 않아요.", "E-mail or password is wrong.";
    pub account_banned() => Forbidden "auth.account_banned":
        "이용이 정지된 계정이에요. 고객센터에 문의해 주세요.",
        "This account is suspended. Please contact support.";
    pub(super) own_account() => Forbidden "auth.own_account":
        "자기 계정의 역할과 상태는 다른 관리자만 바꿀 수 있어요.",
        "Only another admin can change your roles and the state of your account.";
    pub(super) role_not_grantable(role) => Rule "auth.role_not_grantable":
        "이 역할은 여기에서 주거나 거둘 수 없어요.", "This role is not granted or revoked here.";
    pub(super) last_admin() => Rule "auth.last_admin":
        "마지막 관리자예요. 다른 관리자를 먼저 정해 주세요.",
        "This is the last admin. Make somebody else an admin first.";
    pub(super) step_up_required() => Forbidden "auth.step_up_required":
        "안전을 위해 본인 확인을 다시 해 주세요.", "Please prove once more that it is you.";
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
    pub(super) refresh_token_reused(reuse_cause) => Unauthenticated "auth.refresh_token_reused":
        "보안을 위해 로그아웃됐어요. 다시 로그인해 주세요.", "You were signed out for safety. Please sign in again.";
    pub client_wrong() => Unauthenticated "auth.client_wrong":
        "프로그램의 아이디나 비밀 값이 올바르지 않아요.", "The program's id or secret is wrong.";
    pub scope_unknown() => Invalid "auth.scope_unknown":
        "이 프로그램에는 없는 권한이에요.", "The program has no such scope.";
    pub grant_type_unknown() => Invalid "auth.grant_type_unknown":
        "지원하지 않는 방식의 토큰 요청이에요.", "Tokens are not given in this way.";
    pub token_request_invalid() => Invalid "auth.token_request_invalid":
        "토큰 요청의 형식이 올바르지 않아요.", "The request for a token is malformed.";
    pub service_name_taken() => Conflict "auth.service_name_taken":
        "같은 이름의 프로그램이 있어요.", "There is a program of this name.";
    pub(super) code_sent_lately(retry_after_secs) => Limited "auth.code_sent_lately":
        "방금 인증번호를 보냈어요. {retry_after_secs}초 뒤에 다시 요청해 주세요.",
        "A code was sent just now. Ask again in {retry_after_secs} seconds.";
    pub(super) too_many_codes(retry_after_secs) => Limited "auth.too_many_codes":
        "오늘은 인증번호를 더 보낼 수 없어요. 나중에 다시 시도해 주세요.",
        "No more codes can be sent today. Please try again later.";
    pub(super) code_wrong(tries_left) => Rule "auth.code_wrong":
        "인증번호가 달라요. {tries_left}번 더 입력할 수 있어요.", "The code is wrong. Tries left: {tries_left}.";
    pub(super) code_over() => Rule "auth.code_over":
        "쓸 수 없는 인증번호예요. 새로 요청해 주세요.", "This code is no longer good. Please ask for a new one.";
    pub already_verified() => Rule "auth.already_verified":
        "이미 인증된 주소예요.", "This address is verified already.";
}
