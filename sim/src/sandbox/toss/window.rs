//! The payment window, and the script that opens it: the part of `js.tosspayments.com/v2/standard`
//! that Baedal's pages use.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Form;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use reqwest::Url;
use serde::Deserialize;

use super::books::{Agreed, Entry, Refusal};
use super::cards::{CARDS, TestCard};
use super::{Toss, payment_key};
use crate::sandbox::pages::escaped;

/// Defines `TossPayments`. It goes to the window in the same tab.
const SCRIPT: &str = r"(() => {
  const base = new URL('..', document.currentScript.src)
  const open = (kind, clientKey, customerKey, asked) => {
    const to = new URL(`window/${kind}`, base)
    const flat = { clientKey, customerKey, ...asked, ...(asked.amount ? { amount: asked.amount.value } : {}) }
    for (const [name, value] of Object.entries(flat)) to.searchParams.set(name, String(value))
    location.assign(to)
  }
  window.TossPayments = (clientKey) => ({
    payment: ({ customerKey }) => ({
      requestBillingAuth: async (asked) => open('billing', clientKey, customerKey, asked),
      requestPayment: async (asked) => open('payment', clientKey, customerKey, asked),
    }),
  })
})()
";

/// The script.
pub(super) async fn script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT)
}

/// What a page asks of the window.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asked {
    customer_key: String,
    success_url: String,
    fail_url: String,
    #[serde(default)]
    order_id: String,
    #[serde(default)]
    order_name: String,
    #[serde(default)]
    amount: String,
}

/// The window in which a card is saved.
pub(super) async fn billing(Query(asked): Query<Asked>) -> Response {
    page(&asked)
}

/// The window in which an order is paid.
pub(super) async fn payment(Query(asked): Query<Asked>) -> Response {
    if asked.order_id.is_empty() || asked.amount.parse::<i64>().is_err() {
        return StatusCode::BAD_REQUEST.into_response();
    }
    page(&asked)
}

fn page(asked: &Asked) -> Response {
    let hidden = [
        ("customerKey", asked.customer_key.as_str()),
        ("successUrl", asked.success_url.as_str()),
        ("failUrl", asked.fail_url.as_str()),
        ("orderId", asked.order_id.as_str()),
        ("orderName", asked.order_name.as_str()),
        ("amount", asked.amount.as_str()),
    ];
    let hidden = hidden
        .map(|(name, value)| format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escaped(value)));
    let cards = CARDS.iter().enumerate().map(|(at, card)| {
        let checked = if at == 0 { " checked" } else { "" };
        format!(
            "<label><input type=\"radio\" name=\"number\" value=\"{}\"{checked}> {}</label>",
            card.number,
            escaped(&card.title())
        )
    });
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Payment window</title><style>body{{font:16px/1.5 system-ui;max-width:32rem;margin:2rem auto;padding:0 1rem}}\
         label{{display:block;padding:.5rem 0}}button{{font:inherit;padding:.6rem 1rem;margin:.5rem .5rem 0 0}}</style>\
         <h1>Payment window</h1><p>The sandbox takes no money, and no card is real.</p>\
         <form method=\"post\">{}{}<button name=\"answer\" value=\"agree\">Agree</button>\
         <button name=\"answer\" value=\"cancel\">Cancel</button></form></html>",
        hidden.concat(),
        cards.collect::<String>()
    );
    Html(page).into_response()
}

/// What is chosen in the window.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Chosen {
    #[serde(flatten)]
    asked: BTreeMap<String, String>,
    number: String,
    answer: String,
}

/// Leads back to the page, with what it can fetch the billing key by, or with the reason why not.
pub(super) async fn save(State(toss): State<Arc<Toss>>, Form(chosen): Form<Chosen>) -> Response {
    chosen.lead_back(|card, mut back| {
        let auth_key = format!("auth_{}", crate::system::fresh_id().simple());
        let (customer, number, at) = (chosen.of("customerKey"), card.number.to_owned(), (toss.now)());
        back.query_pairs_mut().append_pair("customerKey", &customer).append_pair("authKey", &auth_key);
        toss.with(|books| books.record(Entry::Authorized { auth_key, customer, number, at })).map(|()| back)
    })
}

/// Leads back to the page, with what the payment can be confirmed by, or with the reason why not.
pub(super) async fn pay(State(toss): State<Arc<Toss>>, Form(chosen): Form<Chosen>) -> Response {
    chosen.lead_back(|card, mut back| {
        let agreed = Agreed {
            order: chosen.of("orderId"),
            order_name: chosen.of("orderName"),
            amount: chosen.of("amount").parse().unwrap_or_default(),
            number: card.number.to_owned(),
            at: (toss.now)(),
        };
        back.query_pairs_mut()
            .append_pair("paymentType", "NORMAL")
            .append_pair("orderId", &agreed.order)
            .append_pair("paymentKey", &payment_key(&agreed.order))
            .append_pair("amount", &agreed.amount.to_string());
        toss.with(|books| books.record(Entry::Agreed(agreed))).map(|()| back)
    })
}

impl Chosen {
    fn of(&self, name: &str) -> String {
        self.asked.get(name).cloned().unwrap_or_default()
    }

    fn lead_back(&self, agree: impl FnOnce(&TestCard, Url) -> Result<Url, Refusal>) -> Response {
        let url = |name: &str| Url::parse(&self.of(name)).ok();
        let (Some(back), Some(mut failed)) = (url("successUrl"), url("failUrl")) else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        let Some(card) = TestCard::of(&self.number).filter(|_| self.answer == "agree") else {
            failed
                .query_pairs_mut()
                .append_pair("code", "PAY_PROCESS_CANCELED")
                .append_pair("message", "사용자에 의해 결제가 취소되었습니다.");
            return Redirect::to(failed.as_str()).into_response();
        };
        match agree(card, back) {
            Ok(back) => Redirect::to(back.as_str()).into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}
