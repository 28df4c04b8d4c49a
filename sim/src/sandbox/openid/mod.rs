//! Companies that vouch for people: Kakao, Naver, Google, Apple, and a plain OpenID provider. They
//! speak OAuth 2.0 with PKCE (RFC 6749, 7636), OpenID Connect with discovery, revocation (RFC 7009)
//! and security events (RFC 8417), each with the habits of the company whose name it has:
//!
//! - `kakao`: its ID tokens say nothing of whether an address is verified, `userinfo` does; it
//!   unlinks by admin key, and calls when somebody unlinks;
//! - `naver`: no ID token, a profile of its own, tokens deleted at the token endpoint;
//! - `google`: names itself in the answer (RFC 9207);
//! - `apple`: answers by a form that posts itself, its clients sign a JWT as their secret, and
//!   `email_verified` is a text;
//! - `openid`: signs with ES256.
//!
//! Who signs in is typed into the form of the authorization page. There one also chooses what the
//! provider does wrong ([`Mood`]).

mod authorize;
mod keys;
mod token;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;

use super::Now;
pub use authorize::Mood;
use keys::Keys;

/// The secret of every client but Apple's.
pub const CLIENT_SECRET: &str = "sandbox-secret";

/// The admin key of every client at Kakao.
pub const ADMIN_KEY: &str = "sandbox-admin-key";

/// The key with which clients of Apple sign their secret.
pub const APPLE_KEY: &str = include_str!("apple.p8");

/// The team and the id of that key.
pub const APPLE_TEAM: &str = "SANDBOXTEAM";
/// See [`APPLE_TEAM`].
pub const APPLE_KEY_ID: &str = "SANDBOXKEY";

/// The names of the companies, as in the paths.
pub const COMPANIES: [&str; 5] = ["kakao", "naver", "google", "apple", "openid"];

/// See the module.
pub struct OpenId {
    now: Now,
    base: String,
    records: Mutex<Records>,
}

/// What the companies remember.
#[derive(Default)]
struct Records {
    keys: Keys,
    key_reads: usize,
    codes: HashMap<String, Code>,
    grants: Vec<Grant>,
    forgotten: Vec<(String, String)>,
}

/// Somebody who signed in, as they typed it.
#[derive(Clone, Debug)]
struct Person {
    subject: String,
    email: String,
    name: String,
    mood: Mood,
}

/// A code that a browser carries to the client.
struct Code {
    company: String,
    client: String,
    redirect_uri: String,
    challenge: String,
    nonce: Option<String>,
    person: Person,
    is_used: bool,
}

/// The tokens that a code was exchanged for.
#[derive(Clone)]
struct Grant {
    company: String,
    code: String,
    access: String,
    refresh: String,
    person: Person,
}

impl OpenId {
    pub(super) fn new(now: Now, base: String) -> Self {
        Self { now, base, records: Mutex::default() }
    }

    /// The issuer of a company.
    pub fn issuer(&self, company: &str) -> String {
        format!("{}/{company}", self.base)
    }

    /// Signs with a new key from now on; the old one is published no longer.
    pub fn rotate_keys(&self) {
        self.records().keys.rotate();
    }

    /// How often the keys were read.
    pub fn key_reads(&self) -> usize {
        self.records().key_reads
    }

    /// The subjects whose link the client has ended at this company, in order.
    pub fn forgotten(&self, company: &str) -> Vec<String> {
        let records = self.records();
        let of_company = records.forgotten.iter().filter(|(each, _)| each == company);
        of_company.map(|(_, subject)| subject.clone()).collect()
    }

    /// A security event token for `client`.
    pub fn event(&self, company: &str, client: &str, id: &str, name: &str, subject: &str) -> String {
        let issuer = self.issuer(company);
        let about = json!({ "subject": { "subject_type": "iss-sub", "iss": issuer, "sub": subject } });
        let claims = json!({ "iss": issuer, "aud": client, "iat": (self.now)().timestamp(), "jti": id,
            "events": { name: about } });
        self.records().keys.sign(company, &claims, Some("secevent+jwt"))
    }

    /// The body of a notification of Apple's to `client`.
    pub fn notification(&self, client: &str, id: &str, kind: &str, subject: &str) -> Value {
        let at = (self.now)().timestamp();
        // Apple puts the event into the token as a text.
        let event = json!({ "type": kind, "sub": subject, "event_time": at * 1000 }).to_string();
        let claims =
            json!({ "iss": self.issuer("apple"), "aud": client, "iat": at, "jti": id, "events": event });
        json!({ "payload": self.records().keys.sign("apple", &claims, None) })
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is wrong, and what of it.
type Wrong = (StatusCode, &'static str);

/// A company by the name in the path.
fn known(company: &str) -> Result<(), Wrong> {
    if COMPANIES.contains(&company) { Ok(()) } else { Err((StatusCode::NOT_FOUND, "company")) }
}

pub(super) fn routes(provider: Arc<OpenId>) -> Router {
    Router::new()
        .route("/{company}/.well-known/openid-configuration", get(discovery))
        .route("/{company}/authorize", get(authorize::page).post(authorize::signed_in))
        .route("/{company}/token", post(token::exchange))
        .route("/{company}/userinfo", get(userinfo))
        .route("/{company}/jwks", get(jwks))
        .route("/{company}/revoke", post(token::revoke))
        .route("/naver/v1/nid/me", get(naver_profile))
        .route("/kakao/v1/user/unlink", post(kakao_unlink))
        .with_state(provider)
}

type Provider = State<Arc<OpenId>>;

async fn discovery(State(provider): Provider, Path(company): Path<String>) -> Result<Json<Value>, Wrong> {
    known(&company)?;
    let issuer = provider.issuer(&company);
    Ok(Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": (company != "apple").then(|| format!("{issuer}/userinfo")),
        "jwks_uri": format!("{issuer}/jwks"),
        "revocation_endpoint": format!("{issuer}/revoke"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [if company == "openid" { "ES256" } else { "RS256" }],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": authorize::names_itself(&company),
    })))
}

async fn jwks(State(provider): Provider, Path(company): Path<String>) -> Result<Json<Value>, Wrong> {
    known(&company)?;
    let mut records = provider.records();
    records.key_reads += 1;
    Ok(Json(records.keys.published(&company)))
}

/// The grant of the request's access token.
fn granted(provider: &OpenId, company: &str, headers: &HeaderMap) -> Result<Grant, Wrong> {
    let said = headers.get(header::AUTHORIZATION).and_then(|said| said.to_str().ok());
    let access = said.and_then(|said| said.strip_prefix("Bearer "));
    let records = provider.records();
    let grant = records.grants.iter().find(|it| it.company == company && Some(&*it.access) == access);
    grant.cloned().ok_or((StatusCode::UNAUTHORIZED, "token"))
}

async fn userinfo(
    State(provider): Provider,
    Path(company): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Wrong> {
    let Grant { person, .. } = granted(&provider, &company, &headers)?;
    let subject = if person.mood == Mood::OtherUserinfo { "somebody-else" } else { &person.subject };
    let mut said = json!({ "sub": subject, "name": person.name });
    if person.mood != Mood::NoEmail {
        said["email"] = json!(person.email);
        said["email_verified"] = json!(person.mood != Mood::UnverifiedEmail);
    }
    Ok(Json(said))
}

/// `GET /v1/nid/me` (developers.naver.com/docs/login/profile).
async fn naver_profile(State(provider): Provider, headers: HeaderMap) -> Result<Json<Value>, Wrong> {
    let Grant { person, .. } = granted(&provider, "naver", &headers)?;
    let said = json!({ "id": person.subject, "email": person.email, "name": person.name });
    Ok(Json(json!({ "resultcode": "00", "message": "success", "response": said })))
}

/// `POST /v1/user/unlink` with the admin key (developers.kakao.com/docs/latest/ko/kakaologin/rest-api).
async fn kakao_unlink(
    State(provider): Provider,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let said = headers.get(header::AUTHORIZATION).and_then(|said| said.to_str().ok());
    if said != Some(&*format!("KakaoAK {ADMIN_KEY}")) {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "msg": "wrong appKey", "code": -401 })))
            .into_response();
    }
    let Some(subject) = form.get("target_id").filter(|_| form.contains_key("target_id_type")) else {
        return (StatusCode::BAD_REQUEST, Json(json!({ "msg": "no target_id", "code": -2 }))).into_response();
    };
    provider.records().forget("kakao", subject);
    // Kakao's ids are numbers.
    Json(json!({ "id": subject.parse::<i64>().unwrap_or_default() })).into_response()
}

impl Records {
    /// Ends a person's grants at a company.
    fn forget(&mut self, company: &str, subject: &str) {
        self.grants.retain(|grant| grant.company != company || grant.person.subject != subject);
        self.forgotten.push((company.to_owned(), subject.to_owned()));
    }
}
