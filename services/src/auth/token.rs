//! Access tokens: JWT (RFC 9068), signed with ES256 unless configured otherwise, valid for ten
//! minutes by default.
//!
//! A token's header is compared, not interpreted: it is one of the few texts with which tokens of
//! our own keys begin, or the token is refused. So nothing in a header decides anything: no
//! algorithm, no embedded or linked key, no extension. Times are compared with our own clock.
//!
//! A token that was verified is remembered until it expires, by its SHA-256, so that its signature
//! is checked once in each process.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta};
use domain::auth::{Method, SigningAlg, refusal, scope_claim};
use domain::{Principal, Refusal, Refused, Role, SessionId, Timestamp, UserId};
use jsonwebtoken::crypto;
use jsonwebtoken::errors::Error;
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::key::{Ring, Signer};
use super::{Settings, Verified};

/// The media type of access tokens (RFC 9068, 2.1).
const TYPE: &str = "at+jwt";

/// How far another process's clock may be ahead of ours.
const SKEW: TimeDelta = TimeDelta::seconds(60);

/// The longest token that is looked at, in bytes. Ours have some 700.
const LONGEST: usize = 4_096;

/// How many verified tokens are remembered, each with about 200 bytes.
const REMEMBERED: usize = 100_000;

/// Our own apps, in `client_id`.
const OWN_APPS: &str = "baedal";

/// The authentication context of every way of signing in that there is: one factor.
const ONE_FACTOR: &str = "aal1";

/// The claims of a token.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    sid: SessionId,
    client_id: Option<String>,
    jti: uuid::Uuid,
    iat: i64,
    /// Ours have none; it is obeyed all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    exp: i64,
    roles: Vec<Role>,
    #[serde(default)]
    scope: String,
    /// The counter of the refresh token that came with it.
    #[serde(rename = "gen", default, skip_serializing_if = "Option::is_none")]
    generation: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acr: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    amr: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
}

/// Whom a token is for.
#[derive(Clone, Debug)]
pub(super) enum Bearer {
    /// A session, at this counter of its refresh tokens, and how and when its person proved who
    /// they are.
    Session { generation: u32, method: Method, proven_at: Timestamp },
    /// A program in its own name.
    Service,
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenRefusal {
    /// Malformed, not signed by us, or for another issuer or audience.
    NotGood,
    /// The same, so far: it looks like ours, and names a key that this process does not know.
    UnknownKey,
    /// It has expired.
    Expired,
    /// Its session was ended.
    SessionEnded,
}

impl Refusal for TokenRefusal {
    fn refused(&self) -> Refused {
        match self {
            Self::NotGood | Self::UnknownKey => refusal::token_not_good(),
            Self::Expired => refusal::token_expired(),
            Self::SessionEnded => refusal::session_ended(),
        }
    }
}

/// A token whose signature and claims were checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Checked {
    pub(super) verified: Verified,
    pub(super) generation: Option<u32>,
}

/// Issues and verifies access tokens.
pub(crate) struct Tokens {
    issuer: String,
    audience: String,
    life: TimeDelta,
    verified: Cache<[u8; 32], Verified>,
}

/// The header of the tokens of a key, in the one spelling that is taken.
pub(super) fn header(alg: SigningAlg, kid: &str) -> String {
    format!(r#"{{"typ":"{TYPE}","alg":"{}","kid":"{kid}"}}"#, alg.as_str())
}

/// Whether a header that no known key has could be that of a key of ours. Everything else is not
/// worth a look into the store.
fn may_be_ours(header: &str) -> bool {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Named {
        typ: String,
        alg: String,
        kid: uuid::Uuid,
    }
    let json = BASE64_URL_SAFE_NO_PAD.decode(header).unwrap_or_default();
    let Ok(Named { typ, alg, kid }) = serde_json::from_slice(&json) else { return false };
    let alg = alg.parse::<SigningAlg>();
    typ == TYPE && alg.is_ok_and(|alg| self::header(alg, &kid.to_string()).as_bytes() == json)
}

impl Tokens {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            issuer: settings.issuer.clone(),
            audience: settings.audience.clone(),
            life: settings.access_life,
            verified: Cache::new(REMEMBERED),
        }
    }

    /// Issues a token for `principal`, signed with this key.
    pub(super) fn issue(
        &self,
        signer: &Signer,
        principal: &Principal,
        bearer: &Bearer,
        jti: uuid::Uuid,
        now: Timestamp,
    ) -> Result<String, Error> {
        let mut claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: principal.user,
            sid: principal.session,
            client_id: Some(OWN_APPS.to_owned()),
            jti,
            iat: now.timestamp(),
            nbf: None,
            exp: (now + self.life).timestamp(),
            roles: principal.roles.clone(),
            scope: scope_claim(&principal.roles),
            generation: None,
            acr: None,
            amr: None,
            auth_time: None,
        };
        match bearer {
            Bearer::Session { generation, method, proven_at } => {
                claims.generation = Some(*generation);
                claims.acr = Some(ONE_FACTOR.to_owned());
                claims.amr = Some(vec![method.amr().to_owned()]);
                claims.auth_time = Some(proven_at.timestamp());
            }
            Bearer::Service => claims.client_id = Some(principal.user.to_string()),
        }
        let claims = BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims)?);
        let signed = format!("{}.{claims}", signer.header);
        let signature = crypto::sign(signed.as_bytes(), &signer.signing, signer.algorithm)?;
        Ok(format!("{signed}.{signature}"))
    }

    /// The lifetime of a token.
    pub(crate) fn life(&self) -> TimeDelta {
        self.life
    }

    /// A token that this process has verified before.
    pub(super) fn remembered(&self, token: &str, now: Timestamp) -> Option<Result<Verified, TokenRefusal>> {
        if token.len() > LONGEST {
            return Some(Err(TokenRefusal::NotGood));
        }
        let verified = self.verified.get(&digest(token))?;
        Some(if verified.expires_at <= now { Err(TokenRefusal::Expired) } else { Ok(verified) })
    }

    /// Remembers that the token was verified.
    pub(super) fn remember(&self, token: &str, verified: &Verified) {
        self.verified.insert(digest(token), verified.clone());
    }

    /// Has the signature of each token checked once more.
    pub(super) fn forget_verified(&self) {
        self.verified.clear();
    }

    /// Checks everything except whether the session was ended.
    pub(super) fn check(&self, ring: &Ring, token: &str, now: Timestamp) -> Result<Checked, TokenRefusal> {
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TokenRefusal::NotGood);
        };
        let Some(signer) = ring.signer_of(header) else {
            return Err(if may_be_ours(header) { TokenRefusal::UnknownKey } else { TokenRefusal::NotGood });
        };
        let signed = &token.as_bytes()[..header.len() + 1 + payload.len()];
        match crypto::verify(signature, signed, &signer.verifying, signer.algorithm) {
            Ok(true) => {}
            Ok(false) | Err(_) => return Err(TokenRefusal::NotGood),
        }
        let payload = BASE64_URL_SAFE_NO_PAD.decode(payload).map_err(|_| TokenRefusal::NotGood)?;
        let claims: Claims = serde_json::from_slice(&payload).map_err(|_| TokenRefusal::NotGood)?;
        self.read(claims, now)
    }

    fn read(&self, claims: Claims, now: Timestamp) -> Result<Checked, TokenRefusal> {
        if claims.iss != self.issuer || claims.aud != self.audience {
            return Err(TokenRefusal::NotGood);
        }
        let moment = |secs| DateTime::from_timestamp(secs, 0).ok_or(TokenRefusal::NotGood);
        let expires_at = moment(claims.exp)?;
        if expires_at <= now {
            return Err(TokenRefusal::Expired);
        }
        let begins_at = moment(claims.iat.max(claims.nbf.unwrap_or(claims.iat)))?;
        if begins_at > now + SKEW {
            return Err(TokenRefusal::NotGood);
        }
        let principal = Principal { user: claims.sub, session: claims.sid, roles: claims.roles };
        Ok(Checked { verified: Verified { principal, expires_at }, generation: claims.generation })
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}
