//! The part of Toss Payments that Baedal calls (docs.tosspayments.com/reference): billing keys, charges by
//! them, look-ups, cancellations; and the payment window.
//!
//! The card that was chosen in the window decides the result ([`cards`]).

pub mod cards;
mod window;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path as Segment, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Now;
use super::book::Book;
use cards::{Behaviour, Kind, TestCard};

/// After this time a look-up gives the result of a charge whose response was lost.
const SETTLES_AFTER: TimeDelta = TimeDelta::seconds(2);

/// The delay of a charge that arrives late: longer than Baedal waits before its first look-up.
const ARRIVES_AFTER: TimeDelta = TimeDelta::seconds(8);

/// How long a billing key may be fetched after the customer has agreed.
const AUTHORIZED_FOR: TimeDelta = TimeDelta::minutes(10);

/// See the module.
pub struct Toss {
    now: Now,
    books: Mutex<Books>,
}

struct Books {
    book: Book,
    charges: HashMap<String, Charge>,
    /// By the key that the window gave.
    authorized: HashMap<String, Authorization>,
    /// By the billing key.
    billings: HashMap<String, Billing>,
}

/// What a customer has agreed to in the window.
#[derive(Clone)]
struct Authorization {
    customer: String,
    number: String,
    at: DateTime<Utc>,
}

/// A card that may be charged without its holder.
#[derive(Clone, Serialize, Deserialize)]
struct Billing {
    key: String,
    /// What it was fetched by.
    auth_key: String,
    customer: String,
    number: String,
    at: DateTime<Utc>,
}

/// A record in the file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    Authorized { auth_key: String, customer: String, number: String, at: DateTime<Utc> },
    Issued(Billing),
    Revoked { key: String },
    Charged(Charge),
    Cancelled { order: String, cancel: Cancel },
}

#[derive(Clone, Serialize, Deserialize)]
struct Charge {
    order: String,
    order_name: String,
    /// The idempotency key of the request that made it.
    key: String,
    amount: i64,
    declined: bool,
    /// Whether the response is never sent.
    unheard: bool,
    requested_at: DateTime<Utc>,
    /// Look-ups do not find the charge before this time.
    arrives_at: DateTime<Utc>,
    /// Look-ups report the charge as in progress before this time.
    settles_at: DateTime<Utc>,
    #[serde(default)]
    cancels: Vec<Cancel>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Cancel {
    key: String,
    amount: i64,
    reason: String,
    at: DateTime<Utc>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChargeRequest {
    amount: i64,
    customer_key: String,
    order_id: String,
    order_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IssueRequest {
    auth_key: String,
    customer_key: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CancelRequest {
    cancel_reason: String,
    /// The whole balance if none is given.
    cancel_amount: Option<i64>,
}

/// Status, code and message of a refusal.
type Refusal = (u16, &'static str, &'static str);

const REJECTED: Refusal = (403, "REJECT_CARD_PAYMENT", "한도초과 혹은 잔액부족으로 결제에 실패했습니다.");
const UNKNOWN: Refusal = (404, "NOT_FOUND_PAYMENT", "존재하지 않는 결제 정보 입니다.");
const INVALID: Refusal = (400, "INVALID_REQUEST", "잘못된 요청입니다.");
const DUPLICATED: Refusal =
    (400, "DUPLICATED_ORDER_ID", "이미 승인 및 취소가 진행된 중복된 주문번호 입니다.");
const STRANGER: Refusal = (401, "UNAUTHORIZED_KEY", "인증되지 않은 시크릿 키 혹은 클라이언트 키 입니다.");
const TOO_MUCH: Refusal = (403, "NOT_CANCELABLE_AMOUNT", "취소 할 수 없는 금액 입니다.");
const GONE: Refusal = (400, "ALREADY_CANCELED_PAYMENT", "이미 취소된 결제 입니다.");
const NO_AUTHORIZATION: Refusal = (400, "INVALID_BILLING_AUTH", "유효하지 않은 빌링 인증입니다.");
const NO_BILLING: Refusal = (404, "NOT_FOUND_BILLING", "존재하지 않는 빌링 정보 입니다.");
const REVOKED: Refusal =
    (400, "INVALID_BILL_KEY_REQUEST", "빌링키 인증이 완료되지 않았거나 유효하지 않은 빌링 거래 건입니다.");
const OTHERS_BILLING: Refusal =
    (403, "NOT_MATCHES_CUSTOMER_KEY", "빌링 인증 고객키와 결제 요청 고객키가 일치하지 않습니다.");
const BROKEN: Refusal = (500, "FAILED_INTERNAL_SYSTEM_PROCESSING", "내부 시스템 처리 작업이 실패했습니다.");

impl Toss {
    pub(super) fn open(now: Now, folder: Option<&Path>) -> std::io::Result<Self> {
        let (book, entries) = Book::open(folder, "toss.jsonl")?;
        let (charges, authorized, billings) = (HashMap::new(), HashMap::new(), HashMap::new());
        let mut books = Books { book, charges, authorized, billings };
        entries.into_iter().for_each(|entry| books.apply(entry));
        Ok(Self { now, books: Mutex::new(books) })
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

impl Books {
    fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::Authorized { auth_key, customer, number, at } => {
                self.authorized.insert(auth_key, Authorization { customer, number, at });
            }
            Entry::Issued(billing) => {
                self.billings.insert(billing.key.clone(), billing);
            }
            Entry::Revoked { key } => {
                self.billings.remove(&key);
            }
            Entry::Charged(charge) => {
                self.charges.insert(charge.order.clone(), charge);
            }
            Entry::Cancelled { order, cancel } => {
                if let Some(charge) = self.charges.get_mut(&order) {
                    charge.cancels.push(cancel);
                }
            }
        }
    }

    fn record(&mut self, entry: Entry) -> Result<(), Refusal> {
        self.book.write(&entry).map_err(|_| BROKEN)?;
        self.apply(entry);
        Ok(())
    }

    /// The billing key for what the customer agreed to: the same one, if it was fetched before.
    fn issue(&mut self, asked: &IssueRequest, now: DateTime<Utc>) -> Result<Billing, Refusal> {
        if let Some(known) = self.billings.values().find(|billing| billing.auth_key == asked.auth_key) {
            return if known.customer == asked.customer_key {
                Ok(known.clone())
            } else {
                Err(OTHERS_BILLING)
            };
        }
        let agreed = self.authorized.get(&asked.auth_key).filter(|agreed| now - agreed.at < AUTHORIZED_FOR);
        let agreed = agreed.cloned().ok_or(NO_AUTHORIZATION)?;
        if agreed.customer != asked.customer_key {
            return Err(OTHERS_BILLING);
        }
        let billing = Billing {
            key: format!("bk_{}", crate::system::fresh_id().simple()),
            auth_key: asked.auth_key.clone(),
            customer: agreed.customer,
            number: agreed.number,
            at: now,
        };
        self.record(Entry::Issued(billing.clone()))?;
        Ok(billing)
    }

    fn revoke(&mut self, key: &str) -> Result<Billing, Refusal> {
        let billing = self.billings.get(key).cloned().ok_or(NO_BILLING)?;
        self.record(Entry::Revoked { key: key.to_owned() })?;
        Ok(billing)
    }

    /// The charge of this order; created if there is none.
    fn charge(
        &mut self,
        billing_key: &str,
        key: &str,
        asked: ChargeRequest,
        now: DateTime<Utc>,
    ) -> Result<Charge, Refusal> {
        if let Some(charge) = self.charges.get(&asked.order_id) {
            return if charge.key == key { Ok(charge.clone()) } else { Err(DUPLICATED) };
        }
        let billing = self.billings.get(billing_key).ok_or(REVOKED)?;
        if billing.customer != asked.customer_key {
            return Err(OTHERS_BILLING);
        }
        let behaviour = billing.card().map_or(Behaviour::Declines, |card| card.behaviour);
        let arrives_at = if behaviour == Behaviour::ArrivesLate { now + ARRIVES_AFTER } else { now };
        let charge = Charge {
            order: asked.order_id,
            order_name: asked.order_name,
            key: key.to_owned(),
            amount: asked.amount - i64::from(behaviour == Behaviour::TakesLess),
            declined: behaviour == Behaviour::Declines,
            unheard: matches!(behaviour, Behaviour::LosesAnswer | Behaviour::ArrivesLate),
            requested_at: now,
            arrives_at,
            settles_at: if behaviour == Behaviour::LosesAnswer { now + SETTLES_AFTER } else { arrives_at },
            cancels: Vec::new(),
        };
        self.record(Entry::Charged(charge.clone()))?;
        Ok(charge)
    }

    fn known(&self, order: &str, now: DateTime<Utc>) -> Result<&Charge, Refusal> {
        self.charges.get(order).filter(|charge| charge.arrives_at <= now).ok_or(UNKNOWN)
    }

    fn cancel(
        &mut self,
        order: &str,
        key: String,
        asked: &CancelRequest,
        now: DateTime<Utc>,
    ) -> Result<Charge, Refusal> {
        let charge = self.known(order, now)?;
        if charge.cancels.iter().any(|cancel| cancel.key == key) {
            return Ok(charge.clone());
        }
        let amount = asked.cancel_amount.unwrap_or(charge.balance());
        match charge.status(now) {
            "CANCELED" => return Err(GONE),
            "DONE" | "PARTIAL_CANCELED" if (1..=charge.balance()).contains(&amount) => {}
            "DONE" | "PARTIAL_CANCELED" => return Err(TOO_MUCH),
            _ => return Err(UNKNOWN),
        }
        let cancel = Cancel { key, amount, reason: asked.cancel_reason.clone(), at: now };
        self.record(Entry::Cancelled { order: order.to_owned(), cancel })?;
        self.known(order, now).cloned()
    }
}

impl Billing {
    fn card(&self) -> Option<&'static TestCard> {
        TestCard::of(&self.number)
    }

    /// The `Billing` object.
    fn object(&self) -> Value {
        let (kind, number, issuer) = match self.card() {
            Some(card) => (card.kind, card.masked(), card.issuer),
            None => (Kind::Card, String::new(), ""),
        };
        let mut object = json!({
            "mId": "baedal_sandbox", "customerKey": self.customer, "authenticatedAt": self.at, "billingKey": self.key,
        });
        match kind {
            Kind::Card => {
                object["method"] = json!("카드");
                object["card"] = json!({ "issuerCode": issuer, "acquirerCode": issuer, "number": number,
                                         "cardType": "신용", "ownerType": "개인" });
            }
            Kind::EasyPay => {
                object["method"] = json!("간편결제");
                object["easyPay"] = json!({ "provider": issuer });
            }
            Kind::Transfer => {
                object["method"] = json!("계좌이체");
                object["transfer"] = json!({ "bankCode": issuer, "bankAccountNumber": number });
            }
        }
        object
    }
}

impl Charge {
    fn balance(&self) -> i64 {
        self.amount - self.cancels.iter().map(|cancel| cancel.amount).sum::<i64>()
    }

    fn status(&self, now: DateTime<Utc>) -> &'static str {
        match (self.settles_at <= now, self.declined, self.cancels.len(), self.balance()) {
            (false, ..) => "IN_PROGRESS",
            (_, true, ..) => "ABORTED",
            (_, _, 0, _) => "DONE",
            (_, _, _, 0) => "CANCELED",
            _ => "PARTIAL_CANCELED",
        }
    }

    /// The `Payment` object.
    fn object(&self, now: DateTime<Utc>) -> Value {
        let cancels: Vec<Value> = self
            .cancels
            .iter()
            .map(|cancel| {
                json!({ "transactionKey": cancel.key, "cancelAmount": cancel.amount,
                        "cancelReason": cancel.reason, "canceledAt": cancel.at, "cancelStatus": "DONE" })
            })
            .collect();
        let failure = self.declined.then(|| json!({ "code": REJECTED.1, "message": REJECTED.2 }));
        json!({
            "mId": "baedal_sandbox",
            "paymentKey": format!("pay_{}", self.order),
            "orderId": self.order,
            "orderName": self.order_name,
            "type": "BILLING",
            "method": "카드",
            "currency": "KRW",
            "status": self.status(now),
            "requestedAt": self.requested_at,
            "approvedAt": (!self.declined).then_some(self.settles_at),
            "totalAmount": self.amount,
            "balanceAmount": self.balance(),
            "cancels": (!cancels.is_empty()).then_some(cancels),
            "failure": failure,
        })
    }
}

/// Toss Payments' API, and its window.
pub(super) fn routes(toss: Arc<Toss>) -> Router {
    let api = Router::new()
        .route("/v1/billing/authorizations/issue", post(issue))
        .route("/v1/billing/{billing_key}", post(charge).delete(revoke))
        .route("/v1/payments/orders/{order_id}", get(by_order))
        .route("/v1/payments/{payment_key}/cancel", post(cancel))
        .layer(from_fn(known_caller));
    let pages = Router::new()
        .route("/v2/standard", get(window::script))
        .route("/window/billing", get(window::billing).post(window::choose));
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
    match toss.with(|books| books.charge(&token, &key(&headers), asked, now)) {
        Ok(charge) if charge.unheard => std::future::pending().await,
        Ok(charge) if charge.declined => no(REJECTED),
        Ok(charge) => Json(charge.object(now)).into_response(),
        Err(refusal) => no(refusal),
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
