//! The keys of tokens in this process: which sign and which verify, and their rotation.
//!
//! All processes read the same rows, which say from when each key signs. A key is announced an
//! hour before, and every process looks each second, so that all know it in time and change over
//! together. One that could not look meanwhile signs with the key before, which verifies for as
//! long as its tokens live; and a token whose key it does not know makes it look at once.

use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use domain::auth::{KeySchedule, SigningAlg, signing};
use domain::{Failure, Ids, Timestamp};
use jsonwebtoken::jwk::{Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use store::Store;
use store::auth::{Keys, SessionKey, SigningKey};
use tokio::sync::Mutex;

use super::{Settings, token};
use crate::App;
use crate::module::Stopping;

/// Tokens of unknown keys make a process look no more often than this.
const LOOK_AT_MOST_EVERY: TimeDelta = TimeDelta::seconds(1);

/// How long keys are kept beyond the life of what they signed: another process's clock may be
/// behind, or it may learn late that the next key signs.
const LATE: TimeDelta = TimeDelta::minutes(1);

/// How often a key is drawn that may not be usable: a number is a P-256 key unless it is 0 or in
/// the 2⁻³² of numbers above the curve's order.
const DRAWS: usize = 4;

/// A key of access tokens, ready for use.
pub(super) struct Signer {
    pub(super) kid: String,
    pub(super) algorithm: Algorithm,
    /// The first part of each token that it signs.
    pub(super) header: String,
    pub(super) signing: EncodingKey,
    pub(super) verifying: DecodingKey,
}

/// The keys at some moment.
pub(super) struct Ring {
    signers: Vec<Signer>,
    signers_begin: Vec<Timestamp>,
    session_keys: Vec<SessionKey>,
    session_keys_begin: Vec<Timestamp>,
    public: JwkSet,
}

impl Ring {
    fn new(keys: Keys) -> Result<Self, jsonwebtoken::errors::Error> {
        let signers_begin = keys.signing.iter().map(|key| key.begins_at).collect();
        let session_keys_begin = keys.session.iter().map(|key| key.begins_at).collect();
        let mut public = Vec::new();
        let mut signers = Vec::new();
        for key in &keys.signing {
            let (signer, jwk) = Signer::new(key)?;
            signers.push(signer);
            public.push(jwk);
        }
        // The newest first: it is what most will look for.
        public.reverse();
        let public = JwkSet { keys: public };
        Ok(Self { signers, signers_begin, session_keys: keys.session, session_keys_begin, public })
    }

    /// The key that signs access tokens at `now`.
    pub(super) fn signer(&self, now: Timestamp) -> Option<&Signer> {
        self.signers.get(signing(&self.signers_begin, now))
    }

    /// The key whose tokens begin with this part.
    pub(super) fn signer_of(&self, header: &str) -> Option<&Signer> {
        self.signers.iter().find(|signer| signer.header == header)
    }

    /// The key that signs refresh tokens at `now`.
    pub(super) fn session_key(&self, now: Timestamp) -> Option<&SessionKey> {
        self.session_keys.get(signing(&self.session_keys_begin, now))
    }

    /// The session key of a version.
    pub(super) fn session_key_of(&self, version: u16) -> Option<&SessionKey> {
        self.session_keys.iter().find(|key| key.version == version)
    }

    /// The public keys (RFC 7517), those that do not sign yet included.
    pub(super) fn public(&self) -> &JwkSet {
        &self.public
    }

    fn holds(&self, kid: &str) -> bool {
        self.signers.iter().any(|signer| signer.kid == kid)
    }

    /// Whether these are the keys, nothing more and nothing less.
    fn is(&self, keys: &Keys) -> bool {
        self.signers.len() == keys.signing.len()
            && self.session_keys.len() == keys.session.len()
            && keys.signing.iter().zip(&self.signers).all(|(key, signer)| key.kid == signer.kid)
            && keys.session.iter().zip(&self.session_keys).all(|(key, known)| key.version == known.version)
    }
}

impl Signer {
    fn new(key: &SigningKey) -> Result<(Self, Jwk), jsonwebtoken::errors::Error> {
        let (algorithm, named) = match key.alg {
            SigningAlg::Es256 => (Algorithm::ES256, KeyAlgorithm::ES256),
            SigningAlg::EdDsa => (Algorithm::EdDSA, KeyAlgorithm::EdDSA),
        };
        let signing = encoding_key(key.alg, &key.private_key);
        let mut jwk = Jwk::from_encoding_key(&signing, algorithm)?;
        jwk.common.key_id = Some(key.kid.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        jwk.common.key_algorithm = Some(named);
        let signer = Self {
            kid: key.kid.clone(),
            algorithm,
            header: BASE64_URL_SAFE_NO_PAD.encode(token::header(key.alg, &key.kid)),
            signing,
            verifying: DecodingKey::from_jwk(&jwk)?,
        };
        Ok((signer, jwk))
    }
}

fn encoding_key(alg: SigningAlg, der: &[u8]) -> EncodingKey {
    match alg {
        SigningAlg::Es256 => EncodingKey::from_ec_der(der),
        SigningAlg::EdDsa => EncodingKey::from_ed_der(der),
    }
}

/// A new private key from secure random bytes, as PKCS #8.
fn draw(alg: SigningAlg, ids: &dyn Ids) -> Result<Vec<u8>, jsonwebtoken::errors::Error> {
    // RFC 8410: an Ed25519 key is this prefix, then its 32 bytes.
    const ED25519: &[u8] = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
    // RFC 5958 and RFC 5915: so is a P-256 key that leaves its public half to be computed.
    const P256: &[u8] =
        b"\x30\x41\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\
        \xce\x3d\x03\x01\x07\x04\x27\x30\x25\x02\x01\x01\x04\x20";
    let (prefix, algorithm) = match alg {
        SigningAlg::Es256 => (P256, Algorithm::ES256),
        SigningAlg::EdDsa => (ED25519, Algorithm::EdDSA),
    };
    let mut outcome = Err(jsonwebtoken::errors::ErrorKind::InvalidEcdsaKey.into());
    for _ in 0..DRAWS {
        let der = [prefix, &ids.random()].concat();
        outcome = Jwk::from_encoding_key(&encoding_key(alg, &der), algorithm).map(|_| der);
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

/// See the module.
pub(crate) struct KeyRing {
    ring: RwLock<Arc<Ring>>,
    /// When this process last looked because of a token; held while it looks.
    looked_at: Mutex<Option<Timestamp>>,
}

impl KeyRing {
    /// Reads the keys, and draws the first ones if there are none.
    pub(super) async fn open(
        store: &Store,
        ids: &dyn Ids,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let keys = rotate(store, ids, settings, now).await?;
        let ring = Ring::new(keys).map_err(Failure::fault)?;
        Ok(Self { ring: RwLock::new(Arc::new(ring)), looked_at: Mutex::default() })
    }

    /// The keys that are known now.
    pub(super) fn now(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes over `keys`; true if one of those before is gone.
    fn replace(&self, keys: Keys) -> Result<bool, Failure> {
        let known = self.now();
        if known.is(&keys) {
            return Ok(false);
        }
        let ring = Arc::new(Ring::new(keys).map_err(Failure::fault)?);
        let lost = known.signers.iter().any(|signer| !ring.holds(&signer.kid));
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
        Ok(lost)
    }

    /// Looks into the store because a token names a key that is not in `known`, unless somebody
    /// did so within the last second. Of many callers at once, one looks.
    pub(super) async fn look(&self, app: &App, known: &Arc<Ring>) -> Result<Arc<Ring>, Failure> {
        let mut looked_at = self.looked_at.lock().await;
        let latest = self.now();
        let now = app.now();
        let recent = looked_at.is_some_and(|at| (now - at).abs() < LOOK_AT_MOST_EVERY);
        if recent || !Arc::ptr_eq(&latest, known) {
            return Ok(latest);
        }
        *looked_at = Some(now);
        self.refresh(app).await?;
        Ok(self.now())
    }

    async fn refresh(&self, app: &App) -> Result<(), Failure> {
        let keys = rotate(&app.store, app.ids.as_ref(), &app.settings.auth, app.now()).await?;
        if self.replace(keys)? {
            // What a key that is gone signed is refused from here on.
            app.identity.tokens.forget_verified();
        }
        Ok(())
    }
}

/// What is to be done with the keys.
#[derive(Default)]
struct Due {
    signing_key_at: Option<Timestamp>,
    session_key_at: Option<Timestamp>,
    spent_kids: Vec<String>,
    spent_versions: Vec<u16>,
}

impl Due {
    fn of(keys: &Keys, settings: &Settings, now: Timestamp) -> Self {
        let signs = KeySchedule {
            signs: settings.signing_key_life,
            ahead: settings.key_ahead,
            verifies: settings.access_life + LATE,
        };
        let renews = KeySchedule {
            signs: settings.session_key_life,
            ahead: settings.key_ahead,
            verifies: settings.session_life.idle + LATE,
        };
        let begins: Vec<_> = keys.signing.iter().map(|key| key.begins_at).collect();
        let session_begins: Vec<_> = keys.session.iter().map(|key| key.begins_at).collect();
        let newest = keys.signing.last().map(|key| key.alg);
        let other_alg = newest.zip(settings.signing_alg).is_some_and(|(is, wanted)| is != wanted);
        let spent = |(index, _): &(usize, &SigningKey)| signs.is_spent(&begins, *index, now);
        let session_spent = |(index, _): &(usize, &SessionKey)| renews.is_spent(&session_begins, *index, now);
        Self {
            signing_key_at: signs.successor(&begins, other_alg, now),
            session_key_at: renews.successor(&session_begins, false, now),
            spent_kids: keys
                .signing
                .iter()
                .enumerate()
                .filter(spent)
                .map(|(_, key)| key.kid.clone())
                .collect(),
            spent_versions: keys
                .session
                .iter()
                .enumerate()
                .filter(session_spent)
                .map(|(_, key)| key.version)
                .collect(),
        }
    }

    fn is_nothing(&self) -> bool {
        self.signing_key_at.is_none()
            && self.session_key_at.is_none()
            && self.spent_kids.is_empty()
            && self.spent_versions.is_empty()
    }
}

/// Reads the keys; announces new ones and destroys spent ones where that is due. Of processes
/// that find so at once, one does it.
async fn rotate(store: &Store, ids: &dyn Ids, settings: &Settings, now: Timestamp) -> Result<Keys, Failure> {
    let keys = store::auth::keys(store).await?;
    if Due::of(&keys, settings, now).is_nothing() {
        return Ok(keys);
    }
    let mut tx = store.begin().await?;
    let keys = store::auth::lock_keys(&mut tx).await?;
    let due = Due::of(&keys, settings, now);
    if let Some(begins_at) = due.signing_key_at {
        let newest = keys.signing.last().map(|key| key.alg);
        let alg = settings.signing_alg.or(newest).unwrap_or(SigningAlg::Es256);
        let private_key = draw(alg, ids).map_err(Failure::fault)?;
        let key = SigningKey { kid: ids.uuid().to_string(), alg, private_key, begins_at };
        store::auth::add_signing_key(&mut tx, &key, now).await?;
        tracing::info!(kid = key.kid, alg = alg.as_str(), %begins_at, "a new key of access tokens is announced");
    }
    if let Some(begins_at) = due.session_key_at {
        let newest = keys.session.iter().map(|key| key.version).max().unwrap_or(0);
        let version = newest.checked_add(1).ok_or_else(|| Failure::fault("no session key is left"))?;
        let key = SessionKey { version, secret: ids.random().to_vec(), begins_at };
        store::auth::add_session_key(&mut tx, &key, now).await?;
        tracing::info!(version, %begins_at, "a new key of refresh tokens is announced");
    }
    store::auth::drop_keys(&mut tx, &due.spent_kids, &due.spent_versions).await?;
    let keys = store::auth::lock_keys(&mut tx).await?;
    tx.commit().await?;
    Ok(keys)
}

/// Looks at the keys time and again until `stopping`.
pub(crate) async fn follow(app: App, mut stopping: Stopping) -> Result<(), Failure> {
    loop {
        app.identity.keys.refresh(&app).await?;
        tokio::select! {
            () = tokio::time::sleep(app.settings.auth.key_poll) => {}
            () = &mut stopping => return Ok(()),
        }
    }
}
