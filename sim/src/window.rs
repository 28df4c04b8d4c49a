//! The payment window of the sandbox, as a person uses it: without a browser.

use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::redirect::Policy;
use uuid::Uuid;

use crate::api::{ApiError, Asked};

/// Where the window leads back to. Nobody goes there.
const BACK: &str = "http://shop.invalid/back";

/// Agrees to a test card being saved, in the window that the script at `script_url` opens. Returns the key
/// that the page is given.
pub async fn agree(script_url: &str, customer_key: Uuid, card: &str) -> Asked<String> {
    let customer_key = customer_key.to_string();
    through(script_url, "billing", &[("customerKey", &customer_key), ("number", card)], "authKey").await
}

/// Pays by a test card in that window. Returns the key by which it can be confirmed.
pub async fn pay(script_url: &str, request: Uuid, amount: i64, card: &str) -> Asked<String> {
    let (request, amount) = (request.to_string(), amount.to_string());
    let asked = [("orderId", request.as_str()), ("amount", &amount), ("number", card)];
    through(script_url, "payment", &asked, "paymentKey").await
}

/// Agrees in a window that is asked this. Returns what it adds by the name `key` to where it leads back.
async fn through(script_url: &str, window: &str, asked: &[(&str, &str)], key: &str) -> Asked<String> {
    let not_a_url = |_| ApiError::NotAUrl(script_url.to_owned());
    let address = Url::parse(script_url).and_then(|script| script.join(&format!("../window/{window}")));
    let address = address.map_err(not_a_url)?;
    let form = [("successUrl", BACK), ("failUrl", BACK), ("answer", "agree")];
    let form = Url::parse_with_params(BACK, form.iter().chain(asked)).map_err(not_a_url)?;
    let http = reqwest::Client::builder().tls_certs_only([]).redirect(Policy::none()).build()?;
    let answer = http
        .post(address)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form.query().unwrap_or_default().to_owned())
        .send()
        .await?;
    let back = answer.headers().get(LOCATION).and_then(|back| Url::parse(back.to_str().ok()?).ok());
    let given = back.and_then(|back| Some(back.query_pairs().find(|(name, _)| name == key)?.1.into_owned()));
    given.ok_or_else(|| ApiError::Unexpected {
        request: format!("POST window/{window}"),
        status: answer.status(),
        why: "the window gave no key".to_owned(),
    })
}
