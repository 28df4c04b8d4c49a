//! The token endpoint: a code becomes tokens, once; and the end of tokens.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Form, Json};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{APPLE_KEY_ID, APPLE_TEAM, CLIENT_SECRET, Code, Grant, Mood, OpenId, Records, known};

const APPLE_PUBLIC: &str = include_str!("apple_public.pem");

/// How long ID tokens and access tokens are good.
const LIFE_SECS: i64 = 3_600;

/// The longest life of a secret that an Apple client signs: six months.
const SECRET_LIFE_SECS: i64 = 15_777_000;

type Fields = HashMap<String, String>;

/// An error of the token endpoint (RFC 6749, 5.2).
type Refusal = &'static str;

pub(super) async fn exchange(
    State(provider): State<Arc<OpenId>>,
    Path(company): Path<String>,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Response {
    if let Err(wrong) = known(&company) {
        return wrong.into_response();
    }
    let answer = provider.client(&company, &headers, &form).and_then(|client| {
        let mut records = provider.records();
        match field(&form, "grant_type") {
            "authorization_code" => provider.redeem(&mut records, &company, &client, &form),
            "refresh_token" => records.renew(&company, &form),
            "delete" if company == "naver" => records.delete(&form),
            _ => Err("unsupported_grant_type"),
        }
    });
    match answer {
        Ok((Mood::Slow, _)) => std::future::pending().await,
        Ok((Mood::Broken, _)) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Ok((Mood::Garbage, _)) => "<html>".into_response(),
        Ok((_, tokens)) => Json(tokens).into_response(),
        // Naver says so with 200.
        Err(refusal) if company == "naver" => Json(json!({ "error": refusal })).into_response(),
        Err(refusal) => (StatusCode::BAD_REQUEST, Json(json!({ "error": refusal }))).into_response(),
    }
}

/// Token revocation (RFC 7009): an unknown token is no error.
pub(super) async fn revoke(
    State(provider): State<Arc<OpenId>>,
    Path(company): Path<String>,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Response {
    if provider.client(&company, &headers, &form).is_err() {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": "invalid_client" }))).into_response();
    }
    let token = field(&form, "token");
    let mut records = provider.records();
    let grant =
        records.grants.iter().find(|it| it.company == company && (it.refresh == token || it.access == token));
    if let Some(subject) = grant.map(|grant| grant.person.subject.clone()) {
        records.forget(&company, &subject);
    }
    StatusCode::OK.into_response()
}

fn field<'a>(form: &'a Fields, name: &str) -> &'a str {
    form.get(name).map(String::as_str).unwrap_or_default()
}

impl OpenId {
    /// The client of the request, by its secret in the header or in the form.
    fn client(&self, company: &str, headers: &HeaderMap, form: &Fields) -> Result<String, Refusal> {
        let basic = headers.get(header::AUTHORIZATION).and_then(|said| {
            let said = BASE64_STANDARD.decode(said.to_str().ok()?.strip_prefix("Basic ")?).ok()?;
            let said = String::from_utf8(said).ok()?;
            said.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned()))
        });
        let typed = || (field(form, "client_id").to_owned(), field(form, "client_secret").to_owned());
        let (client, secret) = basic.unwrap_or_else(typed);
        let good =
            if company == "apple" { self.signed_secret(&client, &secret) } else { secret == CLIENT_SECRET };
        if good && !client.is_empty() { Ok(client) } else { Err("invalid_client") }
    }

    /// Whether an Apple client's secret is signed by its key (developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret).
    fn signed_secret(&self, client: &str, secret: &str) -> bool {
        #[derive(Deserialize)]
        struct Claims {
            iat: i64,
            exp: i64,
        }
        let mut rules = Validation::new(Algorithm::ES256);
        rules.set_audience(&[self.issuer("apple")]);
        rules.set_issuer(&[APPLE_TEAM]);
        rules.sub = Some(client.to_owned());
        rules.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        // Checked below by the sandbox's clock, which a test may move.
        rules.validate_exp = false;
        let kid = jsonwebtoken::decode_header(secret).ok().and_then(|header| header.kid);
        let key = DecodingKey::from_ec_pem(APPLE_PUBLIC.as_bytes());
        let claims = key.and_then(|key| jsonwebtoken::decode::<Claims>(secret, &key, &rules));
        let now = (self.now)().timestamp();
        kid.as_deref() == Some(APPLE_KEY_ID)
            && claims.is_ok_and(|token| {
                let Claims { iat, exp } = token.claims;
                iat <= now + 60 && now < exp && exp - iat <= SECRET_LIFE_SECS
            })
    }

    fn redeem(
        &self,
        records: &mut Records,
        company: &str,
        client: &str,
        form: &Fields,
    ) -> Result<(Mood, Value), Refusal> {
        let code = field(form, "code");
        let kept =
            records.codes.get_mut(code).filter(|kept| kept.company == company && kept.client == client);
        let kept = kept.ok_or("invalid_grant")?;
        if std::mem::replace(&mut kept.is_used, true) {
            // RFC 6749, 4.1.2: whatever the first use gave is taken back.
            records.grants.retain(|grant| grant.code != code);
            return Err("invalid_grant");
        }
        let proven = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(field(form, "code_verifier")));
        if kept.challenge != proven || kept.redirect_uri != field(form, "redirect_uri") {
            return Err("invalid_grant");
        }
        let fresh = |kind: &str| format!("{kind}-{}", crate::system::fresh_id().simple());
        let person = kept.person.clone();
        let grant = Grant {
            company: company.to_owned(),
            code: code.to_owned(),
            access: fresh("access"),
            refresh: fresh("refresh"),
            person,
        };
        let claims = self.claims(company, kept);
        let mood = grant.person.mood;
        let mut tokens = json!({ "access_token": grant.access, "refresh_token": grant.refresh,
            "token_type": "bearer", "expires_in": LIFE_SECS });
        if company == "naver" {
            // A text, as Naver writes it.
            tokens["expires_in"] = json!(LIFE_SECS.to_string());
        } else if mood != Mood::NoIdToken {
            tokens["id_token"] = json!(records.keys.signed(company, &claims, None, mood));
        }
        records.grants.push(grant);
        Ok((mood, tokens))
    }

    /// What an ID token says of the person, with what the mood makes wrong.
    fn claims(&self, company: &str, kept: &Code) -> Value {
        let now = (self.now)().timestamp();
        let person = &kept.person;
        let mut claims = json!({
            "iss": self.issuer(company), "aud": kept.client, "sub": person.subject, "iat": now,
            "exp": now + LIFE_SECS, "nonce": kept.nonce,
        });
        if person.mood != Mood::NoEmail && company != "openid" {
            claims["email"] = json!(person.email);
            let verified = person.mood != Mood::UnverifiedEmail;
            match company {
                "kakao" => {}
                "apple" => claims["email_verified"] = json!(verified.to_string()),
                _ => claims["email_verified"] = json!(verified),
            }
        }
        match company {
            "kakao" => claims["nickname"] = json!(person.name),
            "google" => claims["name"] = json!(person.name),
            _ => {}
        }
        match person.mood {
            Mood::WrongNonce => claims["nonce"] = json!("another"),
            Mood::NoNonce => claims["nonce"] = Value::Null,
            Mood::WrongAudience => claims["aud"] = json!("another"),
            Mood::WrongParty => {
                claims["aud"] = json!([kept.client, "another"]);
                claims["azp"] = json!("another");
            }
            Mood::WrongIssuer => claims["iss"] = json!("https://another.example"),
            Mood::Expired => claims["exp"] = json!(now - 61),
            Mood::Early => claims["iat"] = json!(now + 86_400),
            Mood::NoSubject => claims["sub"] = json!(""),
            Mood::HugeName => claims["name"] = json!("가".repeat(300_000)),
            _ => {}
        }
        claims
    }
}

impl Records {
    fn renew(&mut self, company: &str, form: &Fields) -> Result<(Mood, Value), Refusal> {
        let refresh = field(form, "refresh_token");
        let grant = self.grants.iter_mut().find(|it| it.company == company && it.refresh == refresh);
        let grant = grant.ok_or("invalid_grant")?;
        grant.access = format!("access-{}", crate::system::fresh_id().simple());
        Ok((
            Mood::Good,
            json!({ "access_token": grant.access, "token_type": "bearer", "expires_in": "3600" }),
        ))
    }

    /// `grant_type=delete` (developers.naver.com/docs/login/devguide).
    fn delete(&mut self, form: &Fields) -> Result<(Mood, Value), Refusal> {
        let access = field(form, "access_token");
        let grant = self.grants.iter().find(|it| it.company == "naver" && it.access == access);
        let subject = grant.map(|grant| grant.person.subject.clone()).ok_or("invalid_request")?;
        self.forget("naver", &subject);
        Ok((Mood::Good, json!({ "access_token": access, "result": "success" })))
    }
}
