//! Toss Payments' core API (docs.tosspayments.com/reference): billing keys, charges by them,
//! look-ups by order id, cancellations.
//!
//! Its `orderId` is the id of our payment: each payment attempt is a separate order there.
//! Every call that moves money has an `Idempotency-Key`, so it may be repeated.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::payment::{GatewayAnswer, Label, MethodKind};
use domain::{Failure, PaymentId, RefundId, UserId, Won};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use services::payment::{Cancelled, Charge, Confirmation, Gateway, Issued, Window};
use sha2::{Digest as _, Sha256};

use crate::party::{Answer, Body, Call, Party, Silence, secret_header};
use crate::{Limits, OpenError};

const NAME: &str = "toss";
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const TEST_CODE: HeaderName = HeaderName::from_static("tosspayments-test-code");

/// How the keys of test accounts begin.
const TEST_KEY: &str = "test_";

/// The text on the customer's bank statement.
const ORDER_NAME: &str = "배달 주문";

/// Address and account of Toss Payments.
#[derive(Clone)]
pub struct Settings {
    /// The base URL of the API.
    pub url: String,
    /// The secret key of our account.
    pub secret_key: String,
    /// The key of our account that pages know.
    pub client_key: String,
    /// Where browsers find the script that opens the payment window.
    pub script_url: String,
    /// The error with which each call that changes something is answered, to see what comes of it
    /// (docs.tosspayments.com/reference/using-api/authorization). Only with keys of a test account.
    pub test_code: Option<String>,
}

impl Default for Settings {
    /// The sandbox on this machine.
    fn default() -> Self {
        Self {
            url: "http://127.0.0.1:9120/toss".to_owned(),
            secret_key: "test_sk_sandbox".to_owned(),
            client_key: "test_ck_sandbox".to_owned(),
            script_url: "http://127.0.0.1:9120/toss/v2/standard".to_owned(),
            test_code: None,
        }
    }
}

/// The payment gateway.
pub(crate) struct Toss {
    party: Party,
    window: Window,
    test_code: Option<HeaderValue>,
}

/// The fields of a payment that are used.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PaymentObject {
    payment_key: String,
    status: String,
    total_amount: i64,
    failure: Option<Fault>,
    card: Option<IgnoredAny>,
    easy_pay: Option<IgnoredAny>,
    transfer: Option<IgnoredAny>,
}

/// The fields of a billing key's object that are used. How the number is told depends on the method.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BillingObject {
    billing_key: String,
    card: Option<CardObject>,
    easy_pay: Option<EasyPayObject>,
    transfer: Option<TransferObject>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CardObject {
    issuer_code: String,
    number: String,
}

#[derive(Deserialize)]
struct EasyPayObject {
    provider: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TransferObject {
    bank_code: String,
    bank_account_number: String,
}

impl PaymentObject {
    /// How it was paid. Easy pay that charges a card tells both.
    fn kind(&self) -> Option<MethodKind> {
        let kinds = [
            (&self.easy_pay, MethodKind::EasyPay),
            (&self.transfer, MethodKind::Bank),
            (&self.card, MethodKind::Card),
        ];
        kinds.into_iter().find_map(|(told, kind)| told.is_some().then_some(kind))
    }
}

impl BillingObject {
    fn label(&self) -> Option<Label> {
        if let Some(service) = &self.easy_pay {
            return Some(Label::new(MethodKind::EasyPay, &service.provider, ""));
        }
        if let Some(account) = &self.transfer {
            return Some(Label::new(MethodKind::Bank, &account.bank_code, &account.bank_account_number));
        }
        let card = self.card.as_ref()?;
        Some(Label::new(MethodKind::Card, &card.issuer_code, &card.number))
    }
}

/// The error of a call.
#[derive(Deserialize)]
struct Fault {
    code: String,
    message: String,
}

impl Toss {
    pub(crate) fn open(settings: &Settings, limits: Limits) -> Result<Self, OpenError> {
        let credentials = STANDARD.encode(format!("{}:", settings.secret_key));
        let authorization = secret_header(NAME, format!("Basic {credentials}"))?;
        let headers = HeaderMap::from_iter([(AUTHORIZATION, authorization)]);
        let window = Window {
            provider: NAME,
            script_url: settings.script_url.clone(),
            client_key: settings.client_key.clone(),
        };
        let test_code = settings.test_code.as_deref().map(|code| test_code(code, &settings.secret_key));
        let party = Party::open(NAME, &settings.url, headers, limits)?;
        Ok(Self { party, window, test_code: test_code.transpose()? })
    }

    async fn read(&self, order: PaymentId) -> Result<Answer, Silence> {
        let order = order.to_string();
        let path = ["v1", "payments", "orders", &order];
        let (method, headers) = (Method::GET, HeaderMap::new());
        let body = Body::None;
        self.party
            .call(&Call { name: "lookup", method, path: &path, headers, body, is_repeatable: true })
            .await
    }

    async fn post(
        &self,
        name: &'static str,
        path: &[&str],
        key: String,
        body: Value,
    ) -> Result<Answer, Silence> {
        let key = HeaderValue::try_from(key).ok().map(|key| (IDEMPOTENCY_KEY, key));
        let test_code = self.test_code.clone().map(|code| (TEST_CODE, code));
        let headers = HeaderMap::from_iter(key.into_iter().chain(test_code));
        let (method, body) = (Method::POST, Body::Json(body));
        self.party.call(&Call { name, method, path, headers, body, is_repeatable: true }).await
    }
}

#[async_trait]
impl Gateway for Toss {
    async fn charge(&self, charge: &Charge<'_>) -> Result<GatewayAnswer, Failure> {
        // Not a billing key, and as a path segment it would change the path.
        if matches!(charge.billing_key, "." | "..") {
            return Ok(GatewayAnswer::Declined { reason: "no such billing key".to_owned() });
        }
        let body = json!({
            "amount": charge.amount.0,
            "customerKey": charge.customer,
            "orderId": charge.key,
            "orderName": ORDER_NAME,
        });
        let path = ["v1", "billing", charge.billing_key];
        match self.post("charge", &path, charge.key.to_string(), body).await {
            Ok(answer) => Ok(meaning(&answer)),
            // A charge that was never sent takes no money; the customer may try again.
            Err(Silence::Unsent) => {
                Ok(GatewayAnswer::Declined { reason: "the payment gateway cannot be reached".to_owned() })
            }
            Err(Silence::Unheard) => Err(silent(Silence::Unheard)),
        }
    }

    async fn confirm(&self, confirmation: &Confirmation<'_>) -> Result<GatewayAnswer, Failure> {
        let Confirmation { gateway_key, key, amount } = *confirmation;
        let body = json!({ "paymentKey": gateway_key, "orderId": key, "amount": amount.0 });
        match self.post("confirm", &["v1", "payments", "confirm"], key.to_string(), body).await {
            Ok(answer) => Ok(meaning(&answer)),
            Err(Silence::Unsent) => {
                Ok(GatewayAnswer::Declined { reason: "the payment gateway cannot be reached".to_owned() })
            }
            Err(Silence::Unheard) => Err(silent(Silence::Unheard)),
        }
    }

    async fn lookup(&self, key: PaymentId) -> Result<GatewayAnswer, Failure> {
        Ok(meaning(&self.read(key).await.map_err(silent)?))
    }

    fn window(&self) -> Window {
        self.window.clone()
    }

    async fn issue(&self, auth_key: &str, customer: UserId) -> Result<Issued, Failure> {
        let path = ["v1", "billing", "authorizations", "issue"];
        let body = json!({ "authKey": auth_key, "customerKey": customer });
        // The same each time, also if the gateway did not know that it is.
        let key = hex::encode(Sha256::digest(auth_key));
        let answer = self.post("issue", &path, key, body).await.map_err(silent)?;
        if !answer.status.is_success() {
            return not_issued(&answer);
        }
        let billing = serde_json::from_slice::<BillingObject>(&answer.body).ok();
        let label = billing.as_ref().and_then(BillingObject::label);
        let (billing, label) = billing.zip(label).ok_or_else(|| {
            tracing::error!(party = NAME, "a billing key that cannot be read");
            Failure::fault("the payment gateway did not give a billing key")
        })?;
        Ok(Issued::Done { billing_key: billing.billing_key, label })
    }

    async fn revoke(&self, billing_key: &str) -> Result<(), Failure> {
        let path = ["v1", "billing", billing_key];
        let (method, headers, body) = (Method::DELETE, HeaderMap::new(), Body::None);
        let call = Call { name: "revoke", method, path: &path, headers, body, is_repeatable: true };
        let answer = self.party.call(&call).await.map_err(silent)?;
        if answer.status.is_success() || answer.status == StatusCode::NOT_FOUND {
            return Ok(());
        }
        tracing::error!(party = NAME, status = %answer.status, "a billing key was not revoked");
        Err(Failure::fault("the payment gateway did not forget a billing key"))
    }

    async fn cancel(&self, key: PaymentId, refund: RefundId, amount: Won) -> Result<Cancelled, Failure> {
        let found = self.read(key).await.map_err(silent)?;
        let Ok(payment) = serde_json::from_slice::<PaymentObject>(&found.body) else {
            return refused(&found);
        };
        let path = ["v1", "payments", &payment.payment_key, "cancel"];
        let body = json!({ "cancelReason": "order ended", "cancelAmount": amount.0 });
        let answer = self.post("cancel", &path, refund.to_string(), body).await.map_err(silent)?;
        if answer.status.is_success() { Ok(Cancelled::Done) } else { refused(&answer) }
    }
}

fn test_code(code: &str, secret_key: &str) -> Result<HeaderValue, OpenError> {
    let wrong = |cause: &str| OpenError { party: NAME, cause: cause.to_owned() };
    if !secret_key.starts_with(TEST_KEY) {
        return Err(wrong("a test code is for test keys only"));
    }
    HeaderValue::try_from(code).map_err(|_| wrong("the test code is no header's value"))
}

fn silent(_: Silence) -> Failure {
    Failure::fault("the payment gateway does not answer")
}

/// Interprets an answer about a payment. Anything uncertain is `Unknown`.
fn meaning(answer: &Answer) -> GatewayAnswer {
    if !answer.status.is_success() {
        return match serde_json::from_slice::<Fault>(&answer.body) {
            Ok(fault) if fault.code == "NOT_FOUND_PAYMENT" => GatewayAnswer::NotFound,
            Ok(fault) if DECLINES.contains(&fault.code.as_str()) => {
                GatewayAnswer::Declined { reason: fault.message }
            }
            Ok(fault) => {
                tracing::error!(party = NAME, code = fault.code, "a code that decides nothing");
                GatewayAnswer::Unknown
            }
            Err(_) => GatewayAnswer::Unknown,
        };
    }
    let Ok(payment) = serde_json::from_slice::<PaymentObject>(&answer.body) else {
        tracing::error!(party = NAME, "an answer that cannot be read");
        return GatewayAnswer::Unknown;
    };
    match payment.status.as_str() {
        "DONE" | "PARTIAL_CANCELED" | "CANCELED" => {
            GatewayAnswer::Approved { amount: Won(payment.total_amount), kind: payment.kind() }
        }
        "ABORTED" | "EXPIRED" => {
            let reason = payment.failure.map_or(payment.status, |fault| fault.message);
            GatewayAnswer::Declined { reason }
        }
        _ => GatewayAnswer::Unknown,
    }
}

/// Answers of 4xx say that there is no such agreement; all others say nothing.
fn not_issued(answer: &Answer) -> Result<Issued, Failure> {
    let fault = serde_json::from_slice::<Fault>(&answer.body).ok();
    let code = fault.map(|fault| fault.code).unwrap_or_default();
    tracing::warn!(party = NAME, code, status = %answer.status, "no billing key");
    if matches!(answer.status, StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND) {
        return Ok(Issued::Refused);
    }
    Err(Failure::fault("the payment gateway did not give a billing key"))
}

fn refused(answer: &Answer) -> Result<Cancelled, Failure> {
    let fault = serde_json::from_slice::<Fault>(&answer.body).ok();
    let code = fault.map(|fault| fault.code).unwrap_or_default();
    if REFUSALS.contains(&code.as_str()) {
        return Ok(Cancelled::Refused);
    }
    tracing::error!(party = NAME, code, status = %answer.status, "a cancellation was not done");
    Err(Failure::fault("the payment gateway did not take a cancellation"))
}

/// Codes which mean that this charge was not made, and will not be
/// (docs.tosspayments.com/reference/error-codes, confirmations and automatic payments).
const DECLINES: [&str; 23] = [
    "BELOW_MINIMUM_AMOUNT",
    "EXCEED_MAX_AMOUNT",
    "EXCEED_MAX_AUTH_COUNT",
    "EXCEED_MAX_DAILY_PAYMENT_COUNT",
    "EXCEED_MAX_MONTHLY_PAYMENT_AMOUNT",
    "EXCEED_MAX_ONE_DAY_AMOUNT",
    "EXCEED_MAX_PAYMENT_AMOUNT",
    "INVALID_BILL_KEY_REQUEST",
    "INVALID_CARD_EXPIRATION",
    "INVALID_CARD_INSTALLMENT_PLAN",
    "INVALID_CARD_LOST_OR_STOLEN",
    "INVALID_CARD_NUMBER",
    "INVALID_PASSWORD",
    "INVALID_REJECT_CARD",
    "INVALID_STOPPED_CARD",
    "NOT_ALLOWED_POINT_USE",
    // What was agreed to in the window is too old.
    "NOT_FOUND_PAYMENT_SESSION",
    "NOT_MATCHES_CUSTOMER_KEY",
    "NOT_SUPPORTED_CARD_TYPE",
    "NOT_SUPPORTED_INSTALLMENT_PLAN_CARD_OR_MERCHANT",
    "REJECT_ACCOUNT_PAYMENT",
    "REJECT_CARD_COMPANY",
    "REJECT_CARD_PAYMENT",
];

/// Codes which mean that this refund is impossible (the same page, cancellations).
const REFUSALS: [&str; 8] = [
    "ALREADY_CANCELED_PAYMENT",
    "EXCEED_CANCEL_AMOUNT_DISCOUNT_AMOUNT",
    "EXCEED_MAX_REFUND_DUE",
    "NOT_ALLOWED_PARTIAL_REFUND",
    "NOT_CANCELABLE_AMOUNT",
    "NOT_CANCELABLE_PAYMENT",
    "NOT_CANCELABLE_PAYMENT_FOR_DORMANT_USER",
    "NOT_FOUND_PAYMENT",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn means(status: u16, body: &Value) -> GatewayAnswer {
        let status = StatusCode::from_u16(status).unwrap();
        meaning(&Answer { status, body: serde_json::to_vec(body).unwrap() })
    }

    fn fault(code: &str) -> Value {
        json!({ "code": code, "message": "no" })
    }

    fn payment(status: &str) -> Value {
        json!({ "paymentKey": "k", "status": status, "totalAmount": 100, "failure": null, "card": {} })
    }

    #[test]
    fn only_what_is_certain_is_taken_for_an_outcome() {
        let declined = |reason: &str| GatewayAnswer::Declined { reason: reason.to_owned() };
        for status in ["DONE", "PARTIAL_CANCELED", "CANCELED"] {
            let kind = Some(MethodKind::Card);
            assert_eq!(means(200, &payment(status)), GatewayAnswer::Approved { amount: Won(100), kind });
        }
        for status in ["ABORTED", "EXPIRED"] {
            assert_eq!(means(200, &payment(status)), declined(status));
        }
        for status in ["READY", "IN_PROGRESS", "WAITING_FOR_DEPOSIT", "SOMETHING_NEW"] {
            assert_eq!(means(200, &payment(status)), GatewayAnswer::Unknown, "{status}");
        }
        for code in DECLINES {
            assert_eq!(means(403, &fault(code)), declined("no"), "{code}");
        }
        assert_eq!(means(404, &fault("NOT_FOUND_PAYMENT")), GatewayAnswer::NotFound);
        for unknown in [
            fault("IDEMPOTENT_REQUEST_PROCESSING"),
            fault("UNAUTHORIZED_KEY"),
            fault(""),
            json!([]),
            json!("no"),
        ] {
            assert_eq!(means(400, &unknown), GatewayAnswer::Unknown, "{unknown}");
        }
        assert_eq!(means(200, &json!({ "status": "DONE" })), GatewayAnswer::Unknown);
    }

    #[test]
    fn how_something_was_paid_is_told_by_what_the_gateway_says_of_it() {
        let kind = |means: Value| {
            let mut told = json!({ "paymentKey": "k", "status": "DONE", "totalAmount": 100 });
            told.as_object_mut().unwrap().extend(means.as_object().unwrap().clone());
            serde_json::from_value::<PaymentObject>(told).unwrap().kind()
        };
        assert_eq!(kind(json!({ "card": { "number": "1" }, "easyPay": null })), Some(MethodKind::Card));
        let of_card = json!({ "card": { "number": "1" }, "easyPay": { "provider": "토스페이" } });
        assert_eq!(kind(of_card), Some(MethodKind::EasyPay));
        assert_eq!(kind(json!({ "transfer": { "bankCode": "88" } })), Some(MethodKind::Bank));
        assert_eq!(kind(json!({ "mobilePhone": {} })), None);
    }

    #[test]
    fn a_refusal_is_final_and_anything_else_is_tried_again() {
        let said = |code: &str| {
            refused(&Answer { status: StatusCode::FORBIDDEN, body: fault(code).to_string().into_bytes() })
        };
        assert!(REFUSALS.iter().all(|code| said(code).is_ok_and(|said| said == Cancelled::Refused)));
        assert!(said("PROVIDER_ERROR").is_err());
    }
}
