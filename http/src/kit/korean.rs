//! What problems say to people who read Korean (`Accept-Language`).
//!
//! The codes and the log stay English; so does a detail that is not here, as it
//! names something that only its noun knows.

use std::cmp::Ordering::Equal;
use std::cmp::Reverse;

use axum::http::{HeaderMap, header};

use super::accept::weighted;

/// Whether the client would rather read Korean than English.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    let accepted = weighted(headers, header::ACCEPT_LANGUAGE);
    let of = |wanted: &str| {
        let named = accepted.iter().enumerate().filter(|(_, (tag, _))| tag.split('-').next() == Some(wanted));
        // The heaviest; between equals, whichever is named first.
        named
            .map(|(place, (_, weight))| (*weight, Reverse(place)))
            .max_by(|a, b| a.partial_cmp(b).unwrap_or(Equal))
    };
    of("ko").is_some_and(|ko| ko.0 > 0.0 && of("en").is_none_or(|en| ko > en))
}

/// The status in words.
pub(super) fn title(status: u16) -> &'static str {
    match status {
        400 => "잘못된 요청",
        401 => "로그인 필요",
        403 => "권한 없음",
        404 => "찾을 수 없음",
        405 => "허용되지 않는 메서드",
        406 => "제공할 수 없는 형식",
        408 => "요청 시간 초과",
        409 => "현재 상태에서 불가",
        412 => "그 사이 변경됨",
        413 => "너무 큰 요청",
        415 => "지원하지 않는 형식",
        422 => "올바르지 않은 입력",
        426 => "프로토콜 전환 필요",
        429 => "너무 잦은 요청",
        502 => "응답 유실",
        503 => "일시적으로 사용 불가",
        504 => "응답 시간 초과",
        _ => "오류",
    }
}

/// What went wrong, for the codes whose detail is always the same.
pub(super) fn detail(code: &str) -> Option<&'static str> {
    Some(match code {
        "internal" => "서버에 문제가 생겼습니다. 계속되면 요청 번호와 함께 고객센터에 알려 주세요.",
        "unavailable" => "지금은 처리할 수 없습니다. 잠시 후 다시 시도해 주세요.",
        "upstream_unavailable" => "지금은 처리할 수 없습니다. 잠시 후 다시 시도해 주세요.",
        "upstream_lost" => {
            "응답을 받지 못해 처리 여부를 알 수 없습니다. 결과를 확인한 뒤 다시 시도해 주세요."
        }
        "timeout" => "응답이 너무 오래 걸렸습니다. 다시 시도해 주세요.",
        "request_timeout" => "요청이 너무 늦게 도착했습니다. 다시 시도해 주세요.",
        "conflict" => "다른 변경이 먼저 처리되었습니다. 다시 확인해 주세요.",
        "stale" => "그 사이 내용이 바뀌었습니다. 다시 확인해 주세요.",
        "forbidden" => "이 작업을 할 권한이 없습니다.",
        "not_found" => "찾을 수 없습니다.",
        "path_not_found" => "이 주소에는 아무것도 없습니다.",
        "invalid" => "입력한 내용에 올바르지 않은 항목이 있습니다.",
        "body_too_large" => "요청 내용이 너무 큽니다.",
        "unauthenticated" => "먼저 로그인해 주세요.",
        "auth.token_not_good" => "로그인 정보가 올바르지 않습니다. 다시 로그인해 주세요.",
        "auth.token_expired" => "로그인 시간이 지났습니다.",
        "auth.session_ended" => "로그아웃된 기기입니다. 다시 로그인해 주세요.",
        "auth.credentials_wrong" => "이메일 또는 비밀번호가 올바르지 않습니다.",
        "auth.locked" => "비밀번호를 여러 번 잘못 입력했습니다. 잠시 후 다시 시도해 주세요.",
        "auth.account_locked" => {
            "이 계정의 비밀번호가 여러 번 잘못 입력되었습니다. 전에 로그인했던 기기를 쓰거나 나중에 다시 시도해 주세요."
        }
        "auth.too_many_at_once" => "같은 계정으로 동시에 로그인하고 있습니다. 잠시 후 다시 시도해 주세요.",
        "limited" => "요청이 너무 잦습니다. 잠시 후 다시 시도해 주세요.",
        "overloaded" => "요청이 몰리고 있습니다. 잠시 후 다시 시도해 주세요.",
        "query_not_utf8" => "주소의 검색 조건을 읽을 수 없습니다.",
        "auth.refresh_token_not_good" => "로그인이 만료되었습니다. 다시 로그인해 주세요.",
        "auth.refresh_token_reused" => "보안을 위해 로그아웃되었습니다. 다시 로그인해 주세요.",
        "user.email_taken" => "이미 가입된 이메일입니다. 로그인해 주세요.",
        "user.too_many_addresses" => "주소는 20개까지 저장할 수 있습니다. 하나를 삭제해 주세요.",
        "user.default_address_needed" => "기본 주소가 하나 필요합니다. 다른 주소를 기본으로 정해 주세요.",
        "idempotency.in_progress" => "같은 요청을 처리하고 있습니다.",
        "idempotency.key_reused" => "이 Idempotency-Key는 다른 요청에 사용되었습니다.",
        "cart.other_restaurant" => "장바구니에 다른 음식점의 메뉴가 있습니다. 비우고 담을까요?",
        "cart.empty" => "장바구니가 비어 있습니다.",
        "order.quote_expired" => "가격 확인 시간이 지났습니다. 가격을 다시 확인해 주세요.",
        "order.not_orderable" => "지금 상태로는 주문할 수 없습니다.",
        "order.preparation_out_of_range" => "조리 시간은 5분에서 90분까지입니다.",
        "order.cancel_request_open" => "이미 취소를 요청했습니다.",
        "order.no_cancel_request" => "취소 요청이 없습니다.",
        "order.not_its_courier" => "이 주문의 라이더가 아닙니다.",
        "offer.gone" => "다른 라이더에게 배정되었거나 취소된 배달입니다.",
        "offer.off_shift" => "근무를 시작한 뒤 수락할 수 있습니다.",
        "offer.at_capacity" => "진행 중인 배달을 먼저 마쳐 주세요.",
        "order.code_locked" => "번호를 여러 번 틀려 잠겼습니다. 고객센터에 문의해 주세요.",
        "offer.expired" => "배달 제안 시간이 지났습니다.",
        "support.closed" => "종료된 상담입니다. 새로 문의해 주세요.",
        "support.not_assigned" => "나에게 배정된 상담이 아닙니다.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn korean_is_given_to_whoever_prefers_it() {
        let wanted = |accepted: &'static str| {
            is_wanted(&HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, accepted.parse().unwrap())]))
        };
        for korean in ["ko", "ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", "en;q=0.5, ko", "ja, ko;q=0.5", "ko,en"] {
            assert!(wanted(korean), "{korean}");
        }
        for english in ["", "en", "en-US,en;q=0.9,ko;q=0.8", "en,ko", "ja", "*"] {
            assert!(!wanted(english), "{english}");
        }
    }
}
