//! A plain client of the REST API for tests.

use std::net::IpAddr;

use domain::Role;
use reqwest::{Client, Method, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use server::Service;
use services::user::{NewUser, register_with_roles};

use crate::TestApp;

/// The password of everybody in tests.
pub const PASSWORD: &str = "한강에서치킨을먹자";

/// The consents that an account needs, in the versions that hold.
pub fn consents() -> Value {
    json!({ "terms": 1, "privacy": 1, "location": 1 })
}

/// A client of one port, with or without an access token.
#[derive(Clone, Debug)]
pub struct Rest {
    client: Client,
    base: String,
    token: Option<String>,
}

/// A response.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The JSON body; null if there is none.
    pub body: Value,
}

impl Answer {
    /// The body, if the status is `status`; fails the test otherwise.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self.body
    }

    /// Fails the test unless this is a whole problem document with this status and code.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status.as_u16(), self.body["type"].as_str()), (status, Some(code)), "{}", self.body);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.body["status"], status);
        assert_eq!(self.body["request_id"], self.headers["x-request-id"].to_str().unwrap_or_default());
        for member in ["title", "detail", "instance"] {
            assert!(self.body[member].is_string(), "{member}: {}", self.body);
        }
        self.body
    }
}

impl Rest {
    /// A server that is no test's own, asked by nobody: `http://host:port`.
    pub fn to(base: impl Into<String>) -> Self {
        Self { client: Client::new(), base: base.into(), token: None }
    }

    /// The same port, asked from another network address of this machine.
    pub fn from_address(&self, address: IpAddr) -> Self {
        let client = Client::builder().local_address(address).build().expect("a client");
        Self { client, ..self.clone() }
    }

    /// Another server, asked by the same person: `http://host:port`.
    pub fn at(&self, base: impl Into<String>) -> Self {
        Self { base: base.into(), ..self.clone() }
    }

    /// The same port, asked with this access token.
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    /// Begins a request that the other methods cannot express.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    /// POST of a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::POST, path).json(&body)).await
    }

    /// PUT of a JSON body.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::PUT, path).json(&body)).await
    }

    /// PATCH with a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::PATCH, path).json(&body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        answer(self.request(Method::DELETE, path)).await
    }

    /// What pays an order with a test card of the sandbox, which is saved first unless it is.
    pub async fn pays_with(&self, card: &str) -> Value {
        let saved = self.get("/v1/payment-methods").await.expect(200)["items"].clone();
        let is_it =
            |method: &&Value| method["number"].as_str().is_some_and(|number| number[..8] == card[..8]);
        let known = saved.as_array().and_then(|all| all.iter().find(is_it)).cloned();
        let method = match known {
            Some(method) => method,
            None => self.save_card(card).await,
        };
        json!({ "payment_method_id": method["id"] })
    }

    /// Saves a test card, as a person does.
    pub async fn save_card(&self, card: &str) -> Value {
        let begun = self.post("/v1/payment-methods/registrations", json!({})).await.expect(201);
        let text = |name: &str| begun[name].as_str().expect("a text").to_owned();
        let customer = text("customer_key").parse().expect("an id");
        let auth_key = sim::window::agree(&text("script_url"), customer, card).await.expect("a key");
        let path = format!("/v1/payment-methods/registrations/{}/completion", text("id"));
        self.post(&path, json!({ "auth_key": auth_key })).await.expect(200)
    }
}

/// Sends a request and reads all of its answer.
pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.bytes().await.expect("a whole answer");
    Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap_or_default() }
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Person {
    /// Their id.
    pub id: String,
    /// What they sign in with.
    pub email: String,
    /// Their newest access token.
    pub access_token: String,
    /// Their newest refresh token.
    pub refresh_token: String,
}

impl TestApp {
    /// A port, asked by nobody.
    pub fn rest(&self, service: Service) -> Rest {
        Rest::to(self.url(service))
    }

    /// A port, asked by `person`.
    pub fn rest_as(&self, service: Service, person: &Person) -> Rest {
        self.rest(service).with_token(&person.access_token)
    }

    /// Opens an account with these roles and signs in.
    pub async fn person(&self, name: &str, roles: &[Role]) -> Person {
        let new = NewUser {
            email: format!("{name}@example.com"),
            password: PASSWORD.to_owned(),
            name: name.to_owned(),
            phone: "010-1234-5678".to_owned(),
        };
        register_with_roles(self.app(), &new, roles).await.expect("an account");
        self.sign_in(&new.email).await
    }

    /// Begins another session of somebody.
    pub async fn sign_in(&self, email: &str) -> Person {
        let body = json!({ "email": email, "password": PASSWORD, "device": "a test's" });
        let tokens = self.rest(Service::Auth).post("/v1/auth/sign-in", body).await.expect(200);
        let text = |name: &str| tokens[name].as_str().expect("a text").to_owned();
        Person {
            id: text("user_id"),
            email: email.to_owned(),
            access_token: text("access_token"),
            refresh_token: text("refresh_token"),
        }
    }
}
