//! Refusals of signing in by a provider, and of linking one.

crate::refusals! {
    pub social_attempt_not_good() => Unauthenticated "auth.social_attempt_not_good":
        "로그인 시간이 지났거나 다른 브라우저에서 시작했어요. 처음부터 다시 시도해 주세요.",
        "This sign-in took too long, or began in another browser. Please begin again.";
    pub social_not_confirmed() => Unauthenticated "auth.social_not_confirmed":
        "로그인을 확인하지 못했어요. 다시 시도해 주세요.", "The sign-in could not be confirmed. Please try again.";
    pub social_denied() => Unauthenticated "auth.social_denied":
        "로그인을 취소했어요.", "The sign-in was cancelled.";
    pub redirect_not_registered() => Rule "auth.redirect_not_registered":
        "등록되지 않은 주소예요.", "That address is not registered.";
    pub identity_link_needed() => Conflict "auth.identity_link_needed":
        "이 이메일로 가입한 계정이 있어요. 그 계정으로 로그인한 뒤 보안 설정에서 연결해 주세요.",
        "There is an account with this e-mail address. Sign in to it, then link this provider in the security settings.";
    pub identity_taken() => Conflict "auth.identity_taken":
        "이미 다른 계정에 연결되어 있어요.", "It is linked to another account already.";
    pub provider_linked() => Conflict "auth.provider_linked":
        "이 서비스의 다른 계정이 이미 연결되어 있어요. 먼저 연결을 끊어 주세요.",
        "Another account of this provider is linked. Unlink that one first.";
    pub last_way_in() => Conflict "auth.last_way_in":
        "남은 로그인 방법이 하나뿐이에요. 비밀번호를 만들거나 다른 서비스를 연결한 뒤 끊을 수 있어요.",
        "This is the only way left to sign in. Set a password or link another provider first.";
}
