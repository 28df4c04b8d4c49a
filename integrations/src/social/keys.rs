//! The keys of a provider (RFC 7517), and what they have signed (RFC 7519).
//!
//! The token's header decides nothing: its algorithm must be the key's, its key is one that the
//! provider publishes, and whatever key it carries or points to (`jwk`, `jku`, `x5c`, `x5u`) is not
//! looked at. The keys are kept for a day. A key id that is not among them is looked for once, and
//! not again within half a minute: a stranger must not make us ask the provider for each token.

use std::collections::HashMap;

use chrono::TimeDelta;
use domain::Timestamp;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use services::auth::social::ProviderError;
use tokio::sync::Mutex;

use crate::party::{Body, Call, Party};

const KEPT: TimeDelta = TimeDelta::hours(24);
const ASKED_AGAIN_AFTER: TimeDelta = TimeDelta::seconds(30);

/// See the module.
pub(super) struct Keys {
    party: Party,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    by_id: HashMap<String, (Algorithm, DecodingKey)>,
    read_at: Option<Timestamp>,
    asked_at: Option<Timestamp>,
}

/// A key set, each key by itself: one that we cannot read is none of ours.
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

/// Something signed by a key of the provider, and the `typ` of its header.
pub(super) struct Signed<T> {
    pub(super) typ: Option<String>,
    pub(super) claims: T,
}

impl Keys {
    pub(super) fn new(party: Party) -> Self {
        Self { party, known: Mutex::default() }
    }

    /// The claims of a token that one of the keys signed.
    pub(super) async fn verified<T: DeserializeOwned + Clone>(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Signed<T>, ProviderError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| ProviderError::NotConfirmed)?;
        let kid = header.kid.filter(|_| header.crit.is_none()).ok_or(ProviderError::NotConfirmed)?;
        let (algorithm, key) = self.key(&kid, now).await?;
        if header.alg != algorithm {
            return Err(ProviderError::NotConfirmed);
        }
        let mut rules = Validation::new(algorithm);
        // The domain checks what the token says, by our own clock.
        rules.required_spec_claims.clear();
        rules.validate_exp = false;
        rules.validate_aud = false;
        let token =
            jsonwebtoken::decode::<T>(token, &key, &rules).map_err(|_| ProviderError::NotConfirmed)?;
        Ok(Signed { typ: token.header.typ, claims: token.claims })
    }

    /// The key with this id. Concurrent callers wait for one reading.
    async fn key(&self, kid: &str, now: Timestamp) -> Result<(Algorithm, DecodingKey), ProviderError> {
        let mut known = self.known.lock().await;
        let is_fresh = known.read_at.is_some_and(|at| now - at < KEPT);
        if let Some(found) = known.by_id.get(kid).filter(|_| is_fresh) {
            return Ok(found.clone());
        }
        let asked_lately = known.asked_at.is_some_and(|at| now - at < ASKED_AGAIN_AFTER && now >= at);
        if !asked_lately {
            known.asked_at = Some(now);
            known.by_id = self.read().await?;
            known.read_at = Some(now);
        } else if !is_fresh {
            return Err(ProviderError::Unavailable);
        }
        known.by_id.get(kid).cloned().ok_or(ProviderError::NotConfirmed)
    }

    async fn read(&self) -> Result<HashMap<String, (Algorithm, DecodingKey)>, ProviderError> {
        let call = Call {
            name: "keys",
            method: Method::GET,
            path: &[],
            headers: HeaderMap::new(),
            body: Body::None,
            is_repeatable: true,
        };
        let answer = self.party.call(&call).await.map_err(|_| ProviderError::Unavailable)?;
        let set: KeySet = serde_json::from_slice(&answer.body).map_err(|_| ProviderError::Unavailable)?;
        Ok(set.keys.into_iter().filter_map(key_of).collect())
    }
}

/// A key that signs tokens, with its id and its algorithm.
fn key_of(value: Value) -> Option<(String, (Algorithm, DecodingKey))> {
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    let signs = jwk.common.public_key_use.as_ref().is_none_or(|use_| *use_ == PublicKeyUse::Signature);
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Algorithm::ES256,
        AlgorithmParameters::OctetKeyPair(_) => Algorithm::EdDSA,
        _ => return None,
    };
    let said = jwk.common.key_algorithm.map(|said| said.to_string());
    if !signs || said.is_some_and(|said| said != format!("{algorithm:?}")) {
        return None;
    }
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    Some((jwk.common.key_id?, (algorithm, key)))
}
