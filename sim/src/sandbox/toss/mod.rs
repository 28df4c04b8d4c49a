//! The part of Toss Payments that Baedal calls (docs.tosspayments.com/reference): billing keys, charges by
//! them, look-ups, cancellations; and the payment window.
//!
//! The card that was chosen in the window decides the result ([`cards`]); a `TossPayments-Test-Code` decides it
//! before anything else is looked at (`codes`).

mod books;
pub mod cards;
mod codes;
mod window;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path as Segment, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use serde_json::json;

use super::Now;
use books::{Books, CancelRequest, Charge, ChargeRequest, ConfirmRequest, IssueRequest, REJECTED, Refusal};

/// See the module.
pub struct Toss {
    now: Now,
    books: Mutex<Books>,
}

const INVALID: Refusal = (400, "INVALID_REQUEST", "잘못된 요청입니다.");
const STRANGER: Refusal = (401, "UNAUTHORIZED_KEY", "인증되지 않은 시크릿 키 혹은 클라이언트 키 입니다.");

impl Toss {
    pub(super) fn open(now: Now, folder: Option<&Path>) -> std::io::Result<Self> {
        Ok(Self { now, books: Mutex::new(Books::open(folder)?) })
    }

    /// The amount charged for this order minus refunds, in won; none without an approved charge.
    pub fn balance(&self, order: &str) -> Option<i64> {
        self.with(|books| books.charges.get(order).filter(|charge| !charge.declined).map(Charge::balance))
    }

    /// Refunds a part without Baedal's doing, as an operator at the gateway's own console does.
    pub fn cancel_elsewhere(&self, order: &str, amount: i64) -> bool {
        let cancel = CancelRequest { cancel_reason: "by hand".to_owned(), cancel_amount: Some(amount) };
        let now = (self.now)();
        self.with(|books| books.cancel(order, now.to_rfc3339(), &cancel, now)).is_ok()
    }

    /// How many cards may be charged for this customer.
    pub fn billings_of(&self, customer: &str) -> usize {
        self.with(|books| books.billings.values().filter(|billing| billing.customer == customer).count())
    }

    fn with<T>(&self, ask: impl FnOnce(&mut Books) -> T) -> T {
        ask(&mut self.books.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Toss Payments' API, and its window.
pub(super) fn routes(toss: Arc<Toss>) -> Router {
    let api = Router::new()
        .route("/v1/billing/authorizations/issue", post(issue))
        .route("/v1/billing/{billing_key}", post(charge).delete(revoke))
        .route("/v1/payments/confirm", post(confirm))
        .route("/v1/payments/orders/{order_id}", get(by_order))
        .route("/v1/payments/{payment_key}/cancel", post(cancel))
        .layer(from_fn(codes::answer))
        .layer(from_fn(known_caller));
    let pages = Router::new()
        .route("/v2/standard", get(window::script))
        .route("/window/billing", get(window::billing).post(window::save))
        .route("/window/payment", get(window::payment).post(window::pay));
    api.merge(pages).with_state(toss)
}

/// Requires a secret key. Any key is accepted.
async fn known_caller(request: Request, next: Next) -> Response {
    let said = request.headers().get(header::AUTHORIZATION).and_then(|said| said.to_str().ok());
    if said.is_some_and(|said| said.starts_with("Basic ")) { next.run(request).await } else { no(STRANGER) }
}

async fn issue(
    State(toss): State<Arc<Toss>>,
    body: Result<Json<IssueRequest>, axum::extract::rejection::JsonRejection>,
) -> Response {
    let Ok(Json(asked)) = body else { return no(INVALID) };
    let now = (toss.now)();
    match toss.with(|books| books.issue(&asked, now)) {
        Ok(billing) => Json(billing.object()).into_response(),
        Err(refusal) => no(refusal),
    }
}

async fn revoke(State(toss): State<Arc<Toss>>, Segment(key): Segment<String>) -> Response {
    match toss.with(|books| books.revoke(&key)) {
        Ok(billing) => {
            Json(json!({ "billingKey": billing.key, "customerKey": billing.customer })).into_response()
        }
        Err(refusal) => no(refusal),
    }
}

async fn charge(
    State(toss): State<Arc<Toss>>,
    Segment(token): Segment<String>,
    headers: HeaderMap,
    body: Result<Json<ChargeRequest>, axum::extract::rejection::JsonRejection>,
) -> Response {
    let Ok(Json(asked)) = body else { return no(INVALID) };
    if asked.amount <= 0 || !(6..=64).contains(&asked.order_id.len()) {
        return no(INVALID);
    }
    let now = (toss.now)();
    answered(toss.with(|books| books.charge(&token, &key(&headers), asked, now)), now).await
}

async fn confirm(
    State(toss): State<Arc<Toss>>,
    headers: HeaderMap,
    body: Result<Json<ConfirmRequest>, axum::extract::rejection::JsonRejection>,
) -> Response {
    let Ok(Json(asked)) = body else { return no(INVALID) };
    let now = (toss.now)();
    answered(toss.with(|books| books.confirm(&key(&headers), &asked, now)), now).await
}

/// The answer to a charge, if it is one that is given.
async fn answered(charge: Result<Charge, Refusal>, now: DateTime<Utc>) -> Response {
    match charge {
        Ok(charge) if charge.unheard => std::future::pending().await,
        Ok(charge) if charge.declined => no(REJECTED),
        other => said(other, now),
    }
}

async fn by_order(State(toss): State<Arc<Toss>>, Segment(order): Segment<String>) -> Response {
    let now = (toss.now)();
    said(toss.with(|books| books.known(&order, now).cloned()), now)
}

async fn cancel(
    State(toss): State<Arc<Toss>>,
    Segment(payment): Segment<String>,
    headers: HeaderMap,
    body: Result<Json<CancelRequest>, axum::extract::rejection::JsonRejection>,
) -> Response {
    let Ok(Json(asked)) = body else { return no(INVALID) };
    let now = (toss.now)();
    said(toss.with(|books| books.cancel(of(&payment), key(&headers), &asked, now)), now)
}

fn said(charge: Result<Charge, Refusal>, now: DateTime<Utc>) -> Response {
    match charge {
        Ok(charge) => Json(charge.object(now)).into_response(),
        Err(refusal) => no(refusal),
    }
}

fn no((status, code, message): Refusal) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, Json(json!({ "code": code, "message": message }))).into_response()
}

/// The payment key of an order.
fn payment_key(order: &str) -> String {
    format!("pay_{order}")
}

/// The order of a payment key.
fn of(payment: &str) -> &str {
    payment.strip_prefix("pay_").unwrap_or_default()
}

fn key(headers: &HeaderMap) -> String {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    key.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::SocketAddr;

    use serde_json::Value;

    use super::*;
    use crate::sandbox::Sandbox;

    async fn sandbox(folder: &Path) -> Sandbox {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Sandbox::start(any, Arc::new(crate::system::now), Some(folder)).await.unwrap()
    }

    async fn ask(request: reqwest::RequestBuilder) -> (u16, Value) {
        let answer = request.basic_auth("sk", Some("")).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Agrees in the window, and fetches the billing key.
    async fn saved(url: &str, number: &str, billing: &mut String) {
        let window = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let form = [
            ("customerKey", "customer"),
            ("successUrl", "http://shop.example/done?registration=1"),
            ("failUrl", "http://shop.example/failed"),
            ("number", number),
            ("answer", "agree"),
        ];
        let form = reqwest::Url::parse_with_params("http://form.example", form).unwrap();
        let back = window
            .post(format!("{url}/window/billing"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.query().unwrap().to_owned())
            .send()
            .await
            .unwrap();
        let back = back.headers()["location"].to_str().unwrap().to_owned();
        let (page, auth_key) = back.split_once("&authKey=").unwrap();
        assert_eq!(page, "http://shop.example/done?registration=1&customerKey=customer");
        let http = reqwest::Client::new();
        let issue = |auth_key: &str, customer: &str| {
            let body = json!({ "authKey": auth_key, "customerKey": customer });
            ask(http.post(format!("{url}/v1/billing/authorizations/issue")).json(&body))
        };
        assert_eq!(issue(auth_key, "another").await.1["code"], "NOT_MATCHES_CUSTOMER_KEY");
        assert_eq!(issue("auth_made_up", "customer").await.1["code"], "INVALID_BILLING_AUTH");
        let (_, object) = issue(auth_key, "customer").await;
        assert_eq!(object["card"]["number"], "94200001****000*");
        assert_eq!(issue(auth_key, "customer").await.1, object, "fetched again, it is the same");
        *billing = object["billingKey"].as_str().unwrap().to_owned();
    }

    #[tokio::test]
    async fn money_moves_once_under_its_key_and_is_remembered_over_a_restart() {
        let folder = std::env::temp_dir().join(format!("toss-{}", crate::system::fresh_id()));
        let http = reqwest::Client::new();
        let mut billing = String::new();
        let charge = |url: &str, billing: &str, key: &'static str| {
            let body = json!({ "amount": 100, "customerKey": "customer", "orderId": "order-1", "orderName": "dinner" });
            http.post(format!("{url}/v1/billing/{billing}")).header("idempotency-key", key).json(&body)
        };
        let cancel = |url: &str, key: &'static str, won: i64| {
            let body = json!({ "cancelReason": "late", "cancelAmount": won });
            http.post(format!("{url}/v1/payments/pay_order-1/cancel"))
                .header("idempotency-key", key)
                .json(&body)
        };
        let first = sandbox(&folder).await;
        let url = first.toss_url();
        let stranger = http.get(format!("{url}/v1/payments/orders/order-1")).send().await.unwrap();
        assert_eq!(stranger.status(), 401);
        saved(&url, cards::GOOD, &mut billing).await;
        let (status, payment) = ask(charge(&url, &billing, "a")).await;
        assert_eq!((status, &payment["status"]), (200, &json!("DONE")));
        assert_eq!(ask(charge(&url, &billing, "a")).await.1, payment, "the same key is the same charge");
        assert_eq!(ask(charge(&url, &billing, "b")).await.1["code"], "DUPLICATED_ORDER_ID");
        assert_eq!(ask(cancel(&url, "c", 60)).await.1["balanceAmount"], 40);
        assert_eq!(ask(cancel(&url, "c", 60)).await.1["balanceAmount"], 40, "and the same cancellation");
        drop(first);

        // As if killed while writing: no caller got a response for a partly written record.
        let mut book = std::fs::File::options().append(true).open(folder.join("toss.jsonl")).unwrap();
        book.write_all(b"{\"cancelled\":{\"ord").unwrap();
        let second = sandbox(&folder).await;
        let url = second.toss_url();
        assert_eq!(second.toss().balance("order-1"), Some(40));
        assert_eq!(ask(cancel(&url, "d", 41)).await.1["code"], "NOT_CANCELABLE_AMOUNT");
        assert_eq!(ask(cancel(&url, "d", 40)).await.1["status"], "CANCELED");
        drop(second);
        let third = sandbox(&folder).await;
        assert_eq!(ask(cancel(&third.toss_url(), "e", 1)).await.1["code"], "ALREADY_CANCELED_PAYMENT");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
