//! A browser that signs in by a company of the sandbox.

use reqwest::header::LOCATION;
use reqwest::{Client, Url, redirect};
use serde_json::{Value, json};
use server::Service;

use crate::TestApp;
use crate::rest::{Answer, Rest, consents};

/// What somebody types at the company.
#[derive(Clone, Copy, Debug)]
pub struct Typed<'a> {
    /// Their id there.
    pub subject: &'a str,
    /// Their e-mail address there.
    pub email: &'a str,
    /// What the company does wrong (`sim::sandbox::openid::Mood`).
    pub mood: &'a str,
}

impl<'a> Typed<'a> {
    /// Somebody with this id and address, at a company that does nothing wrong.
    pub fn new(subject: &'a str, email: &'a str) -> Self {
        Self { subject, email, mood: "good" }
    }
}

/// A browser with an attempt under way.
#[derive(Clone, Debug)]
pub struct Browser {
    /// Our port, asked by the browser.
    pub rest: Rest,
    /// The company.
    pub company: String,
    /// The company's page.
    pub authorize_url: Url,
    /// What the page keeps.
    pub secret: String,
}

impl Browser {
    /// Begins an attempt.
    pub async fn begin(rest: &Rest, company: &str, wish: &str) -> Self {
        let begun = rest.post(&format!("/v1/auth/social/{company}/begin"), json!({ "wish": wish })).await;
        let begun = begun.expect(200);
        let text = |name: &str| begun[name].as_str().expect("a text").to_owned();
        let authorize_url = text("authorize_url").parse().expect("an address");
        Self {
            rest: rest.clone(),
            company: company.to_owned(),
            authorize_url,
            secret: text("browser_secret"),
        }
    }

    /// Signs in at the company, and brings back what it sent: what the page posts then.
    pub async fn sign_in(&self, typed: Typed<'_>) -> Value {
        let client = Client::builder().redirect(redirect::Policy::none()).build().expect("a client");
        let form =
            [("subject", typed.subject), ("email", typed.email), ("name", "김민지"), ("mood", typed.mood)];
        let form = Url::parse_with_params("form:/", form).expect("a form");
        let asked = client
            .post(self.authorize_url.clone())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.query().unwrap_or_default().to_owned());
        let answer = asked.send().await.expect("an answer");
        let sent = match answer.headers().get(LOCATION) {
            Some(to) => Url::parse(to.to_str().expect("an address")).expect("an address"),
            // Apple's page posts a form.
            None => Url::parse_with_params("form:/", fields(&answer.text().await.expect("a page")))
                .expect("a form"),
        };
        let mut body = json!({ "browser_secret": self.secret, "device": "Galaxy S25" });
        for (name, value) in sent.query_pairs().filter(|(name, _)| name != "error") {
            body[&*name] = json!(value);
        }
        body
    }

    /// Finishes the attempt with what was brought back.
    pub async fn complete(&self, body: Value) -> Answer {
        self.rest.post(&format!("/v1/auth/social/{}/complete", self.company), body).await
    }
}

/// The hidden fields of a page.
fn fields(page: &str) -> Vec<(String, String)> {
    let value = |text: &str, name: &str| {
        let (_, rest) = text.split_once(&format!("{name}=\""))?;
        Some(rest.split_once('"')?.0.replace("&amp;", "&"))
    };
    page.split("<input")
        .skip(1)
        .filter_map(|field| Some((value(field, "name")?, value(field, "value")?)))
        .collect()
}

impl TestApp {
    /// A browser that begins to sign in by a company.
    pub async fn browser(&self, company: &str) -> Browser {
        Browser::begin(&self.rest(Service::Gateway), company, "sign_in").await
    }

    /// Signs in, or up, by a company: the tokens.
    pub async fn social(&self, company: &str, typed: Typed<'_>) -> Value {
        let browser = self.browser(company).await;
        let brought = browser.sign_in(typed).await;
        let completed = browser.complete(brought.clone()).await.expect(200);
        if completed["outcome"] == "signed_in" {
            return completed["tokens"].clone();
        }
        assert_eq!(completed["outcome"], "sign_up", "{completed}");
        let body = json!({ "state": brought["state"], "browser_secret": browser.secret, "name": "김민지",
            "phone": "010-1234-5678", "consents": consents() });
        browser.rest.post("/v1/users/social", body).await.expect(201)
    }
}
