//! `TossPayments-Test-Code`: a call with this header is answered with that error, whatever else it says
//! (docs.tosspayments.com/reference/using-api/authorization). Look-ups and cancellations of what is there
//! already are answered alike.

use axum::Json;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// The documented errors of charges by billing keys and of cancellations whose status is not 400
/// (docs.tosspayments.com/reference/error-codes).
const STATUSES: [(u16, &[&str]); 5] = [
    (401, &["UNAUTHORIZED_KEY"]),
    (
        403,
        &[
            "EXCEED_CANCEL_AMOUNT_DISCOUNT_AMOUNT",
            "EXCEED_MAX_AUTH_COUNT",
            "EXCEED_MAX_ONE_DAY_AMOUNT",
            "EXCEED_MAX_PAYMENT_AMOUNT",
            "FORBIDDEN_CONSECUTIVE_REQUEST",
            "FORBIDDEN_REQUEST",
            "INCORRECT_BASIC_AUTH_FORMAT",
            "INVALID_PASSWORD",
            "NOT_ALLOWED_PARTIAL_REFUND",
            "NOT_AVAILABLE_BANK",
            "NOT_CANCELABLE_AMOUNT",
            "NOT_CANCELABLE_PAYMENT",
            "NOT_CANCELABLE_PAYMENT_FOR_DORMANT_USER",
            "NOT_MATCHES_CUSTOMER_KEY",
            "REJECT_ACCOUNT_PAYMENT",
            "REJECT_CARD_COMPANY",
            "REJECT_CARD_PAYMENT",
        ],
    ),
    (404, &["NOT_FOUND", "NOT_FOUND_BILLING", "NOT_FOUND_PAYMENT", "NOT_FOUND_PAYMENT_SESSION"]),
    (409, &["IDEMPOTENT_REQUEST_PROCESSING"]),
    (
        500,
        &[
            "COMMON_ERROR",
            "FAILED_CARD_COMPANY_RESPONSE",
            "FAILED_DB_PROCESSING",
            "FAILED_INTERNAL_SYSTEM_PROCESSING",
            "FAILED_METHOD_HANDLING_CANCEL",
            "FAILED_PARTIAL_REFUND",
            "FAILED_REFUND_PROCESS",
            "UNKNOWN_PAYMENT_ERROR",
        ],
    ),
];

/// Answers with the error that the call asks for.
pub(super) async fn answer(request: Request, next: Next) -> Response {
    let asked = request.headers().get("tosspayments-test-code").and_then(|code| code.to_str().ok());
    let Some(code) = asked else { return next.run(request).await };
    let status = STATUSES.iter().find(|(_, codes)| codes.contains(&code)).map_or(400, |(status, _)| *status);
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    (status, Json(json!({ "code": code, "message": "테스트 코드로 만든 오류입니다." }))).into_response()
}
