//! The payment window of the sandbox, as a person uses it: without a browser.

use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::redirect::Policy;
use uuid::Uuid;

use crate::api::{ApiError, Asked};

/// Where the window leads back to. Nobody goes there.
const BACK: &str = "http://shop.invalid/back";

/// Agrees to a test card in the window that the script at `script_url` opens. Returns the key that the
/// page is given.
pub async fn agree(script_url: &str, customer_key: Uuid, card: &str) -> Asked<String> {
    let not_a_url = |_| ApiError::NotAUrl(script_url.to_owned());
    let window =
        Url::parse(script_url).and_then(|script| script.join("../window/billing")).map_err(not_a_url)?;
    let customer_key = customer_key.to_string();
    let form = [
        ("customerKey", customer_key.as_str()),
        ("successUrl", BACK),
        ("failUrl", BACK),
        ("number", card),
        ("answer", "agree"),
    ];
    let form = Url::parse_with_params(BACK, form).map_err(not_a_url)?;
    let http = reqwest::Client::builder().tls_certs_only([]).redirect(Policy::none()).build()?;
    let answer = http
        .post(window)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form.query().unwrap_or_default().to_owned())
        .send()
        .await?;
    let back = answer.headers().get(LOCATION).and_then(|back| Url::parse(back.to_str().ok()?).ok());
    let key =
        back.and_then(|back| Some(back.query_pairs().find(|(name, _)| name == "authKey")?.1.into_owned()));
    key.ok_or_else(|| ApiError::Unexpected {
        request: "POST window/billing".to_owned(),
        status: answer.status(),
        why: "the window gave no key".to_owned(),
    })
}
