//! The keys of the companies, and what they sign.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::Mood;

/// Keys of the sandbox alone: they are good for nothing else.
const RSA: [&str; 2] = [include_str!("rsa_1.pem"), include_str!("rsa_2.pem")];
const EC: [&str; 2] = [include_str!("ec_1.pem"), include_str!("ec_2.pem")];

/// Which of them sign.
#[derive(Default)]
pub(super) struct Keys {
    turns: usize,
}

impl Keys {
    pub(super) fn rotate(&mut self) {
        self.turns += 1;
    }

    fn id(&self) -> String {
        format!("key-{}", self.turns)
    }

    /// The key set of a company.
    pub(super) fn published(&self, company: &str) -> Value {
        let Some((algorithm, key)) = signer(company, self.turns) else { return json!({ "keys": [] }) };
        let Ok(mut jwk) = Jwk::from_encoding_key(&key, algorithm) else { return json!({ "keys": [] }) };
        jwk.common.key_id = Some(self.id());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        jwk.common.key_algorithm =
            Some(if algorithm == Algorithm::RS256 { KeyAlgorithm::RS256 } else { KeyAlgorithm::ES256 });
        json!(JwkSet { keys: vec![jwk] })
    }

    /// A token with these claims, signed as it should be.
    pub(super) fn sign(&self, company: &str, claims: &Value, typ: Option<&str>) -> String {
        self.signed(company, claims, typ, Mood::Good)
    }

    /// A token with these claims, signed as the mood wants.
    pub(super) fn signed(&self, company: &str, claims: &Value, typ: Option<&str>, mood: Mood) -> String {
        let turn = if mood == Mood::SwappedKey { self.turns + 1 } else { self.turns };
        let Some((algorithm, key)) = signer(company, turn) else { return String::new() };
        let mut header = Header::new(algorithm);
        header.typ = Some(typ.unwrap_or("JWT").to_owned());
        header.kid = Some(if mood == Mood::UnknownKey { "key-of-nobody".to_owned() } else { self.id() });
        let encoded = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        match mood {
            Mood::NoneAlgorithm => {
                format!("{}.{}.", encoded(&json!({ "alg": "none", "typ": "JWT" })), encoded(claims))
            }
            // The published key, taken for a secret.
            Mood::PublicKeyAsSecret => {
                header.alg = Algorithm::HS256;
                let secret = self.published(company)["keys"][0].to_string();
                let key = EncodingKey::from_secret(secret.as_bytes());
                jsonwebtoken::encode(&header, claims, &key).unwrap_or_default()
            }
            Mood::NoSignature => {
                let token = jsonwebtoken::encode(&header, claims, &key).unwrap_or_default();
                token.rsplit_once('.').map(|(said, _)| format!("{said}.")).unwrap_or_default()
            }
            _ => jsonwebtoken::encode(&header, claims, &key).unwrap_or_default(),
        }
    }
}

fn signer(company: &str, turn: usize) -> Option<(Algorithm, EncodingKey)> {
    if company == "openid" {
        Some((Algorithm::ES256, EncodingKey::from_ec_pem(EC[turn % 2].as_bytes()).ok()?))
    } else {
        Some((Algorithm::RS256, EncodingKey::from_rsa_pem(RSA[turn % 2].as_bytes()).ok()?))
    }
}
