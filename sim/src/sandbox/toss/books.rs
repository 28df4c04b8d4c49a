//! What the sandbox has written down: agreements, billing keys, charges and cancellations.

use std::collections::HashMap;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::cards::{Behaviour, Kind, TestCard};
use crate::sandbox::book::Book;

/// After this time a look-up gives the result of a charge whose response was lost.
const SETTLES_AFTER: TimeDelta = TimeDelta::seconds(2);

/// The delay of a charge that arrives late: longer than Baedal waits before its first look-up.
const ARRIVES_AFTER: TimeDelta = TimeDelta::seconds(8);

/// How long a billing key may be fetched, or a payment confirmed, after the customer has agreed.
const AUTHORIZED_FOR: TimeDelta = TimeDelta::minutes(10);

pub(super) struct Books {
    book: Book,
    pub(super) charges: HashMap<String, Charge>,
    /// What was agreed to in the window and is not confirmed, by the order.
    agreed: HashMap<String, Agreed>,
    /// By the key that the window gave.
    authorized: HashMap<String, Authorization>,
    /// By the billing key.
    pub(super) billings: HashMap<String, Billing>,
}

/// What a customer has agreed to in the window.
#[derive(Clone)]
pub(super) struct Authorization {
    pub(super) customer: String,
    pub(super) number: String,
    pub(super) at: DateTime<Utc>,
}

/// What a customer has agreed to pay in the window.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Agreed {
    pub(super) order: String,
    pub(super) order_name: String,
    pub(super) amount: i64,
    pub(super) number: String,
    pub(super) at: DateTime<Utc>,
}

/// A card that may be charged without its holder.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Billing {
    pub(super) key: String,
    /// What it was fetched by.
    pub(super) auth_key: String,
    pub(super) customer: String,
    pub(super) number: String,
    pub(super) at: DateTime<Utc>,
}

/// A record in the file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Entry {
    Agreed(Agreed),
    Authorized { auth_key: String, customer: String, number: String, at: DateTime<Utc> },
    Issued(Billing),
    Revoked { key: String },
    Charged(Charge),
    Cancelled { order: String, cancel: Cancel },
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Charge {
    pub(super) order: String,
    pub(super) order_name: String,
    /// The idempotency key of the request that made it.
    pub(super) key: String,
    /// Of the card or account; older records do not know it.
    #[serde(default)]
    pub(super) number: String,
    pub(super) amount: i64,
    pub(super) declined: bool,
    /// Whether the response is never sent.
    pub(super) unheard: bool,
    pub(super) requested_at: DateTime<Utc>,
    /// Look-ups do not find the charge before this time.
    pub(super) arrives_at: DateTime<Utc>,
    /// Look-ups report the charge as in progress before this time.
    pub(super) settles_at: DateTime<Utc>,
    #[serde(default)]
    pub(super) cancels: Vec<Cancel>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Cancel {
    pub(super) key: String,
    pub(super) amount: i64,
    pub(super) reason: String,
    pub(super) at: DateTime<Utc>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChargeRequest {
    pub(super) amount: i64,
    pub(super) customer_key: String,
    pub(super) order_id: String,
    pub(super) order_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConfirmRequest {
    pub(super) payment_key: String,
    pub(super) order_id: String,
    pub(super) amount: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IssueRequest {
    pub(super) auth_key: String,
    pub(super) customer_key: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CancelRequest {
    pub(super) cancel_reason: String,
    /// The whole balance if none is given.
    pub(super) cancel_amount: Option<i64>,
}

/// Status, code and message of a refusal.
pub(super) type Refusal = (u16, &'static str, &'static str);

pub(super) const REJECTED: Refusal =
    (403, "REJECT_CARD_PAYMENT", "한도초과 혹은 잔액부족으로 결제에 실패했습니다.");
pub(super) const UNKNOWN: Refusal = (404, "NOT_FOUND_PAYMENT", "존재하지 않는 결제 정보 입니다.");
pub(super) const NO_SESSION: Refusal =
    (404, "NOT_FOUND_PAYMENT_SESSION", "결제 시간이 만료되어 결제 진행 데이터가 존재하지 않습니다.");
pub(super) const OTHER_AMOUNT: Refusal = (400, "INVALID_REQUEST", "결제 금액이 요청과 다릅니다.");
pub(super) const DUPLICATED: Refusal =
    (400, "DUPLICATED_ORDER_ID", "이미 승인 및 취소가 진행된 중복된 주문번호 입니다.");
pub(super) const PROCESSED: Refusal = (400, "ALREADY_PROCESSED_PAYMENT", "이미 처리된 결제 입니다.");
pub(super) const TOO_MUCH: Refusal = (403, "NOT_CANCELABLE_AMOUNT", "취소 할 수 없는 금액 입니다.");
pub(super) const GONE: Refusal = (400, "ALREADY_CANCELED_PAYMENT", "이미 취소된 결제 입니다.");
pub(super) const NO_AUTHORIZATION: Refusal = (400, "INVALID_BILLING_AUTH", "유효하지 않은 빌링 인증입니다.");
pub(super) const NO_BILLING: Refusal = (404, "NOT_FOUND_BILLING", "존재하지 않는 빌링 정보 입니다.");
pub(super) const REVOKED: Refusal =
    (400, "INVALID_BILL_KEY_REQUEST", "빌링키 인증이 완료되지 않았거나 유효하지 않은 빌링 거래 건입니다.");
pub(super) const OTHERS_BILLING: Refusal =
    (403, "NOT_MATCHES_CUSTOMER_KEY", "빌링 인증 고객키와 결제 요청 고객키가 일치하지 않습니다.");
pub(super) const BROKEN: Refusal =
    (500, "FAILED_INTERNAL_SYSTEM_PROCESSING", "내부 시스템 처리 작업이 실패했습니다.");

impl Books {
    /// Reads what was written into a folder; without one it is kept in memory only.
    pub(super) fn open(folder: Option<&Path>) -> std::io::Result<Self> {
        let (book, entries) = Book::open(folder, "toss.jsonl")?;
        let (charges, agreed, authorized, billings) = Default::default();
        let mut books = Self { book, charges, agreed, authorized, billings };
        entries.into_iter().for_each(|entry| books.apply(entry));
        Ok(books)
    }

    pub(super) fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::Agreed(agreed) => {
                self.agreed.insert(agreed.order.clone(), agreed);
            }
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

    pub(super) fn record(&mut self, entry: Entry) -> Result<(), Refusal> {
        self.book.write(&entry).map_err(|_| BROKEN)?;
        self.apply(entry);
        Ok(())
    }

    /// The billing key for what the customer agreed to: the same one, if it was fetched before.
    pub(super) fn issue(&mut self, asked: &IssueRequest, now: DateTime<Utc>) -> Result<Billing, Refusal> {
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

    pub(super) fn revoke(&mut self, key: &str) -> Result<Billing, Refusal> {
        let billing = self.billings.get(key).cloned().ok_or(NO_BILLING)?;
        self.record(Entry::Revoked { key: key.to_owned() })?;
        Ok(billing)
    }

    /// The charge of this order; created if there is none.
    pub(super) fn charge(
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
        let (number, order, name) = (billing.number.clone(), asked.order_id, asked.order_name);
        self.take(&number, Taken { order, name, key: key.to_owned(), amount: asked.amount }, now)
    }

    /// The charge of what was agreed to in the window; made if there is none.
    pub(super) fn confirm(
        &mut self,
        key: &str,
        asked: &ConfirmRequest,
        now: DateTime<Utc>,
    ) -> Result<Charge, Refusal> {
        let order = super::of(&asked.payment_key);
        if order != asked.order_id {
            return Err(NO_SESSION);
        }
        if let Some(charge) = self.charges.get(order) {
            return if charge.key == key { Ok(charge.clone()) } else { Err(PROCESSED) };
        }
        let agreed = self.agreed.get(order).filter(|agreed| now - agreed.at < AUTHORIZED_FOR);
        let agreed = agreed.cloned().ok_or(NO_SESSION)?;
        if agreed.amount != asked.amount {
            return Err(OTHER_AMOUNT);
        }
        let Agreed { order, order_name: name, amount, number, .. } = agreed;
        self.take(&number, Taken { order, name, key: key.to_owned(), amount }, now)
    }

    /// Takes money by the card of this number, as that card does.
    fn take(&mut self, number: &str, taken: Taken, now: DateTime<Utc>) -> Result<Charge, Refusal> {
        let behaviour = TestCard::of(number).map_or(Behaviour::Declines, |card| card.behaviour);
        let arrives_at = if behaviour == Behaviour::ArrivesLate { now + ARRIVES_AFTER } else { now };
        let charge = Charge {
            order: taken.order,
            order_name: taken.name,
            key: taken.key,
            number: number.to_owned(),
            amount: taken.amount - i64::from(behaviour == Behaviour::TakesLess),
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

    pub(super) fn known(&self, order: &str, now: DateTime<Utc>) -> Result<&Charge, Refusal> {
        self.charges.get(order).filter(|charge| charge.arrives_at <= now).ok_or(UNKNOWN)
    }

    pub(super) fn cancel(
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

/// What is to be taken.
struct Taken {
    order: String,
    name: String,
    key: String,
    amount: i64,
}

impl Billing {
    /// The `Billing` object.
    pub(super) fn object(&self) -> Value {
        told_by(
            &self.number,
            json!({
                "mId": "baedal_sandbox", "customerKey": self.customer, "authenticatedAt": self.at, "billingKey": self.key,
            }),
        )
    }
}

/// The object with how it pays.
fn told_by(number: &str, mut object: Value) -> Value {
    let (kind, number, issuer) = match TestCard::of(number) {
        Some(card) => (card.kind, card.masked(), card.issuer),
        None => (Kind::Card, String::new(), ""),
    };
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

impl Charge {
    pub(super) fn balance(&self) -> i64 {
        self.amount - self.cancels.iter().map(|cancel| cancel.amount).sum::<i64>()
    }

    pub(super) fn status(&self, now: DateTime<Utc>) -> &'static str {
        match (self.settles_at <= now, self.declined, self.cancels.len(), self.balance()) {
            (false, ..) => "IN_PROGRESS",
            (_, true, ..) => "ABORTED",
            (_, _, 0, _) => "DONE",
            (_, _, _, 0) => "CANCELED",
            _ => "PARTIAL_CANCELED",
        }
    }

    /// The `Payment` object.
    pub(super) fn object(&self, now: DateTime<Utc>) -> Value {
        let cancels: Vec<Value> = self
            .cancels
            .iter()
            .map(|cancel| {
                json!({ "transactionKey": cancel.key, "cancelAmount": cancel.amount,
                        "cancelReason": cancel.reason, "canceledAt": cancel.at, "cancelStatus": "DONE" })
            })
            .collect();
        let failure = self.declined.then(|| json!({ "code": REJECTED.1, "message": REJECTED.2 }));
        told_by(
            &self.number,
            json!({
                "mId": "baedal_sandbox",
                "paymentKey": format!("pay_{}", self.order),
                "orderId": self.order,
                "orderName": self.order_name,
                "type": "BILLING",
                "currency": "KRW",
                "status": self.status(now),
                "requestedAt": self.requested_at,
                "approvedAt": (!self.declined).then_some(self.settles_at),
                "totalAmount": self.amount,
                "balanceAmount": self.balance(),
                "cancels": (!cancels.is_empty()).then_some(cancels),
                "failure": failure,
            }),
        )
    }
}
