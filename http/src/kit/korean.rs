//! Whether the client prefers Korean (`Accept-Language`), and the Korean titles of problems'
//! statuses. The Korean texts of codes are beside the codes.

use std::cmp::Ordering::Equal;
use std::cmp::Reverse;

use axum::http::{HeaderMap, header};

use super::accept::weighted;

/// Whether the client prefers Korean to English.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    let accepted = weighted(headers, header::ACCEPT_LANGUAGE);
    let of = |wanted: &str| {
        let named = accepted.iter().enumerate().filter(|(_, (tag, _))| tag.split('-').next() == Some(wanted));
        // The greatest weight; of equal ones, the first.
        named
            .map(|(place, (_, weight))| (*weight, Reverse(place)))
            .max_by(|a, b| a.partial_cmp(b).unwrap_or(Equal))
    };
    of("ko").is_some_and(|ko| ko.0 > 0.0 && of("en").is_none_or(|en| ko > en))
}

/// The Korean title of a status.
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
