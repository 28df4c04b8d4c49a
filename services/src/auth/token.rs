//! Access tokens: JWT (RFC 9068), signed with Ed25519, good for ten minutes.
//!
//! Verification trusts nothing that the token says of itself: the algorithm is
//! ours, the key is one of ours by its `kid`, and headers that point elsewhere
//! (`jku`, `x5u`, `jwk`) are not looked at. Times are compared with our own
//! clock, not with the library's.

use chrono::{DateTime, TimeDelta};
use domain::auth::refusal;
use domain::{Ids, Principal, Refusal, Refused, Role, SessionId, Timestamp, UserId};
use jsonwebtoken::jwk::{Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use store::auth::SigningKey;

use super::{Settings, Verified};

/// The media type of access tokens (RFC 9068, 2.1).
const TYPE: &str = "at+jwt";

/// How far another process's clock may be ahead of ours.
const SKEW: TimeDelta = TimeDelta::seconds(60);

/// What a token says.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    sid: SessionId,
    jti: uuid::Uuid,
    iat: i64,
    exp: i64,
    roles: Vec<Role>,
}

/// Why a token is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenRefusal {
    /// Not ours, not whole, or not for this.
    NotGood,
    /// Its time is over.
    Expired,
    /// Its session was ended.
    SessionEnded,
}

impl Refusal for TokenRefusal {
    fn refused(&self) -> Refused {
        match self {
            Self::NotGood => refusal::token_not_good(),
            Self::Expired => refusal::token_expired(),
            Self::SessionEnded => refusal::session_ended(),
        }
    }
}

/// Signs and verifies.
pub(crate) struct Tokens {
    kid: String,
    signing: EncodingKey,
    verifying: Vec<(String, DecodingKey)>,
    public: JwkSet,
    pepper: EncodingKey,
    validation: Validation,
    issuer: String,
    audience: String,
    life: TimeDelta,
}

/// A new key, from bytes that nobody can guess.
pub(crate) fn new_key(ids: &dyn Ids) -> SigningKey {
    // RFC 8410: an Ed25519 private key in PKCS #8 is this, then its 32 bytes.
    const HEAD: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    SigningKey {
        kid: ids.uuid().to_string(),
        private_key: [&HEAD[..], &ids.random()[..]].concat(),
        pepper: ids.random().to_vec(),
    }
}

impl Tokens {
    /// The first of `keys` signs, all of them verify.
    pub(crate) fn new(keys: &[SigningKey], settings: &Settings) -> Result<Self, jsonwebtoken::errors::Error> {
        let first = keys.first().ok_or(jsonwebtoken::errors::ErrorKind::InvalidEddsaKey)?;
        let mut public = Vec::new();
        for key in keys {
            let mut jwk =
                Jwk::from_encoding_key(&EncodingKey::from_ed_der(&key.private_key), Algorithm::EdDSA)?;
            jwk.common.key_id = Some(key.kid.clone());
            jwk.common.public_key_use = Some(PublicKeyUse::Signature);
            jwk.common.key_algorithm = Some(KeyAlgorithm::EdDSA);
            public.push(jwk);
        }
        let verifying =
            keys.iter().zip(&public).map(|(key, jwk)| Ok((key.kid.clone(), DecodingKey::from_jwk(jwk)?)));
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&settings.issuer]);
        validation.set_audience(&[&settings.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Ours is the clock that counts; see `verify`.
        validation.validate_exp = false;
        Ok(Self {
            kid: first.kid.clone(),
            signing: EncodingKey::from_ed_der(&first.private_key),
            verifying: verifying.collect::<Result<_, jsonwebtoken::errors::Error>>()?,
            public: JwkSet { keys: public },
            pepper: EncodingKey::from_secret(&first.pepper),
            validation,
            issuer: settings.issuer.clone(),
            audience: settings.audience.clone(),
            life: settings.access_life,
        })
    }

    /// Makes a token for `principal`.
    pub(crate) fn issue(
        &self,
        principal: &Principal,
        jti: uuid::Uuid,
        now: Timestamp,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.kid.clone());
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: principal.user,
            sid: principal.session,
            jti,
            iat: now.timestamp(),
            exp: (now + self.life).timestamp(),
            roles: principal.roles.clone(),
        };
        jsonwebtoken::encode(&header, &claims, &self.signing)
    }

    /// How long a token is good.
    pub(crate) fn life(&self) -> TimeDelta {
        self.life
    }

    /// The keys that anybody may verify with (RFC 7517).
    pub(crate) fn public_keys(&self) -> &JwkSet {
        &self.public
    }

    /// The only refresh token that can follow `token`; the same whenever asked.
    pub(crate) fn successor(&self, token: &[u8; 32]) -> Result<String, jsonwebtoken::errors::Error> {
        jsonwebtoken::crypto::sign(token, &self.pepper, Algorithm::HS256)
    }

    /// Checks everything but whether the session goes on.
    pub(crate) fn verify(&self, token: &str, now: Timestamp) -> Result<Verified, TokenRefusal> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenRefusal::NotGood)?;
        let typed = header.typ.as_deref().is_some_and(|typ| {
            typ.eq_ignore_ascii_case(TYPE) || typ.eq_ignore_ascii_case("application/at+jwt")
        });
        // `crit` names extensions that must be understood; we know none.
        if !typed || header.crit.is_some() {
            return Err(TokenRefusal::NotGood);
        }
        let key = self.verifying.iter().find(|(kid, _)| header.kid.as_ref() == Some(kid));
        let (_, key) = key.ok_or(TokenRefusal::NotGood)?;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &self.validation)
            .map_err(|_| TokenRefusal::NotGood)?
            .claims;
        let expires_at = DateTime::from_timestamp(claims.exp, 0).ok_or(TokenRefusal::NotGood)?;
        let issued_at = DateTime::from_timestamp(claims.iat, 0).ok_or(TokenRefusal::NotGood)?;
        if expires_at <= now {
            return Err(TokenRefusal::Expired);
        }
        if issued_at > now + SKEW {
            return Err(TokenRefusal::NotGood);
        }
        let principal = Principal { user: claims.sub, session: claims.sid, roles: claims.roles };
        Ok(Verified { principal, expires_at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use serde_json::{Value, json};
    use std::sync::atomic::{AtomicU8, Ordering};
    use uuid::Uuid;

    /// Ids in a row.
    #[derive(Default)]
    struct InARow(AtomicU8);

    impl Ids for InARow {
        fn uuid(&self) -> Uuid {
            Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::Relaxed)))
        }

        fn random(&self) -> [u8; 32] {
            [self.0.fetch_add(1, Ordering::Relaxed); 32]
        }
    }

    fn now() -> Timestamp {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn principal() -> Principal {
        Principal {
            user: UserId(Uuid::from_u128(7)),
            session: SessionId(Uuid::from_u128(8)),
            roles: vec![Role::Customer],
        }
    }

    fn tokens() -> (SigningKey, Tokens) {
        let key = new_key(&InARow::default());
        let tokens = Tokens::new(std::slice::from_ref(&key), &Settings::default()).unwrap();
        (key, tokens)
    }

    fn claims(changes: &Value) -> Value {
        let settings = Settings::default();
        let mut claims = json!({
            "iss": settings.issuer, "aud": settings.audience, "sub": Uuid::from_u128(7), "sid": Uuid::from_u128(8),
            "jti": Uuid::nil(), "iat": now().timestamp(), "exp": now().timestamp() + 600, "roles": ["customer"],
        });
        claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        claims
    }

    fn sign(key: &SigningKey, change: impl FnOnce(&mut Header), changes: &Value) -> String {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(key.kid.clone());
        change(&mut header);
        jsonwebtoken::encode(&header, &claims(changes), &EncodingKey::from_ed_der(&key.private_key)).unwrap()
    }

    #[test]
    fn a_token_of_ours_says_who_somebody_is() {
        let (_, tokens) = tokens();
        let token = tokens.issue(&principal(), Uuid::nil(), now()).unwrap();
        let verified = tokens.verify(&token, now()).unwrap();
        assert_eq!(verified.principal, principal());
        assert_eq!(verified.expires_at, now() + TimeDelta::minutes(10));
        assert_eq!(tokens.verify(&token, verified.expires_at), Err(TokenRefusal::Expired));
    }

    #[test]
    fn a_token_that_says_anything_wrong_is_refused() {
        let (key, tokens) = tokens();
        assert!(tokens.verify(&sign(&key, |_| {}, &json!({})), now()).is_ok());
        for wrong in [
            json!({"iss": "somebody"}),
            json!({"aud": "something"}),
            json!({"aud": ["something"]}),
            json!({"iss": null}),
            json!({"aud": null}),
            json!({"sub": null}),
            json!({"sid": null}),
            json!({"exp": null}),
            json!({"exp": "never"}),
            json!({"exp": -1}),
            json!({"iat": now().timestamp() + 3600}),
            json!({"sub": "me"}),
            json!({"roles": ["emperor"]}),
            json!({"exp": now().timestamp()}),
        ] {
            assert!(tokens.verify(&sign(&key, |_| {}, &wrong), now()).is_err(), "{wrong}");
        }
        type Change = fn(&mut Header);
        let headers: [Change; 4] = [
            |header| header.typ = Some("JWT".into()),
            |header| header.typ = None,
            |header| header.kid = None,
            |header| header.crit = Some(vec!["exp".into()]),
        ];
        for (index, change) in headers.into_iter().enumerate() {
            assert_eq!(
                tokens.verify(&sign(&key, change, &json!({})), now()),
                Err(TokenRefusal::NotGood),
                "{index}"
            );
        }
    }

    #[test]
    fn a_token_that_was_not_signed_by_us_is_refused() {
        let (key, tokens) = tokens();
        let whole = sign(&key, |_| {}, &json!({}));
        let [head, body, signature]: [&str; 3] = whole.split('.').collect::<Vec<_>>().try_into().unwrap();
        let encode = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        // No signature, in every spelling of no.
        for alg in ["none", "None", "NONE", "nOnE"] {
            let head = encode(json!({"alg": alg, "typ": TYPE, "kid": key.kid}));
            for token in
                [format!("{head}.{body}."), format!("{head}.{body}"), format!("{head}.{body}.{signature}")]
            {
                assert_eq!(tokens.verify(&token, now()), Err(TokenRefusal::NotGood), "{alg}");
            }
        }
        // Our public key as an HMAC secret: the classic confusion.
        let public = &tokens.public_keys().keys[0];
        let spelled = serde_json::to_value(public).unwrap()["x"].as_str().unwrap().to_owned();
        for secret in [spelled.clone().into_bytes(), BASE64_URL_SAFE_NO_PAD.decode(&spelled).unwrap()] {
            let mut header = Header::new(Algorithm::HS256);
            header.typ = Some(TYPE.to_owned());
            header.kid = Some(key.kid.clone());
            let token =
                jsonwebtoken::encode(&header, &claims(&json!({})), &EncodingKey::from_secret(&secret))
                    .unwrap();
            assert_eq!(tokens.verify(&token, now()), Err(TokenRefusal::NotGood));
        }
        // Somebody else's key under our name, and carried along in the token.
        let other = SigningKey { kid: key.kid, ..new_key(&InARow(AtomicU8::new(99))) };
        let theirs = Tokens::new(std::slice::from_ref(&other), &Settings::default()).unwrap();
        let their_key = theirs.public_keys().keys[0].clone();
        let token = sign(&other, |header| header.jwk = Some(their_key), &json!({}));
        assert_eq!(tokens.verify(&token, now()), Err(TokenRefusal::NotGood));
        // Another body under the signature, and things that are no tokens.
        let swapped = encode(claims(&json!({"roles": ["admin"]})));
        for token in [
            format!("{head}.{swapped}.{signature}"),
            format!("{head}.{body}."),
            String::new(),
            "..".into(),
            "a.b.c".into(),
        ] {
            assert_eq!(tokens.verify(&token, now()), Err(TokenRefusal::NotGood), "{token}");
        }
    }

    #[test]
    fn where_a_token_points_to_is_not_looked_at() {
        let (key, tokens) = tokens();
        let token = sign(
            &key,
            |header| {
                header.jku = Some("https://evil.example/keys".into());
                header.x5u = Some("https://evil.example/cert".into());
            },
            &json!({}),
        );
        assert!(tokens.verify(&token, now()).is_ok(), "it is ours all the same");
    }

    #[test]
    fn a_refresh_token_has_one_successor() {
        let (_, tokens) = tokens();
        let next = tokens.successor(&[1; 32]).unwrap();
        assert_eq!(tokens.successor(&[1; 32]).unwrap(), next);
        assert_ne!(tokens.successor(&[2; 32]).unwrap(), next);
        assert_eq!(BASE64_URL_SAFE_NO_PAD.decode(next).unwrap().len(), 32);
    }
}
