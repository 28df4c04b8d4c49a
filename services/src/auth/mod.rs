//! Signing in, going on, and signing out; and who somebody is by their token.
//!
//! - this file: sign-in, refresh, sessions, and what is verified of a request;
//! - `token`: access tokens and the keys that sign them;
//! - `password`: how they are hashed;
//! - `revocation`: which sessions were ended;
//! - `settings`: the numbers.

mod password;
mod revocation;
mod settings;
mod token;

use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use domain::auth::{Email, Presented, RefreshRefusal, Source, TurnedAway, present, refusal};
use domain::{
    Failure, Ids, Kind, Principal, Refused, Role, SessionId, TextFlaw, TextRule, Timestamp, UserId, fault,
};
use sha2::{Digest as _, Sha256};
use store::auth::Audit;
use store::fabric::Notice;
use store::{StoreError, Tx};
use tracing::Instrument as _;

use crate::module::{Module, Parts, Stopping};
use crate::{App, StartError, start_error};
use password::{Hasher, Verdict};
use revocation::Revoked;
use token::{TokenRefusal, Tokens};

pub use settings::{HashCost, Settings};
pub(crate) use store::auth::Account;
pub use store::auth::Session;

/// What is kept of sessions and attempts that are over, for whoever looks back.
const KEPT: TimeDelta = TimeDelta::days(30);

/// The longest name of a device, in characters.
const MAX_DEVICE: usize = 100;

/// What this noun holds in memory: keys, the hasher, and ended sessions.
pub struct Identity {
    pub(crate) tokens: Tokens,
    pub(crate) hasher: Hasher,
    pub(crate) revoked: Arc<Revoked>,
}

impl Identity {
    /// Loads the signing keys, makes the first one if there is none, and begins
    /// to hear of ended sessions.
    pub(crate) async fn open(parts: &Parts<'_>, ids: &dyn Ids) -> Result<Self, StartError> {
        let Parts { store, clock, settings, .. } = *parts;
        let settings = &settings.auth;
        let keys =
            store::auth::signing_keys(store, &token::new_key(ids), clock.now()).await.map_err(start_error)?;
        let revoked = Arc::new(Revoked::new(Arc::clone(clock)));
        store.fabric().listen(Arc::clone(&revoked) as _);
        Ok(Self {
            tokens: Tokens::new(&keys, settings).map_err(start_error)?,
            hasher: Hasher::new(&settings.hash, ids).map_err(|error| start_error(error.to_string()))?,
            revoked,
        })
    }
}

/// The worker that follows ended sessions, and drops what is over.
pub(crate) fn module() -> Module {
    Module::default().worker("sessions", work)
}

async fn work(app: App, stopping: Stopping) -> Result<(), Failure> {
    tidy(&app).await?;
    revocation::follow(app, stopping).await
}

async fn tidy(app: &App) -> Result<(), Failure> {
    store::auth::drop_old(&app.store, app.now() - KEPT).await?;
    crate::idempotency::tidy(app).await
}

/// Opens an account, and notes that somebody signed up. False where the address is taken.
pub(crate) async fn open_account(
    tx: &mut Tx,
    email: &Email,
    account: &Account,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let is_new = store::auth::open_account(tx, email, account, now).await?;
    if is_new {
        let line = Audit { kind: "signed_up", user: Some(account.user), session: None, from: None };
        store::auth::audit(tx, &line, now).await?;
    }
    Ok(is_new)
}

/// A token that was found good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Whom it speaks for.
    pub principal: Principal,
    /// From when on it is worth nothing.
    pub expires_at: Timestamp,
}

/// Verifies an access token. Cheap: it never asks the database.
pub fn verify(app: &App, token: &str, now: Timestamp) -> Result<Verified, Refused> {
    let verified = app.identity.tokens.verify(token, now)?;
    if app.identity.revoked.holds(verified.principal.session) {
        return Err(TokenRefusal::SessionEnded.into());
    }
    Ok(verified)
}

/// An access token for somebody who did not sign in: for a load, never for a route.
pub(crate) fn hand_out(app: &App, who: &Principal) -> Result<String, Failure> {
    app.identity.tokens.issue(who, app.ids.uuid(), app.now()).map_err(Failure::fault)
}

/// The public keys, as a JWK set.
pub fn public_keys(app: &App) -> Result<serde_json::Value, Failure> {
    serde_json::to_value(app.identity.tokens.public_keys()).map_err(Failure::fault)
}

/// What somebody signs in with, and on what.
#[derive(Clone)]
pub struct SignIn {
    /// Their e-mail address, as they typed it.
    pub email: String,
    /// Their password.
    pub password: String,
    /// What the device calls itself.
    pub device: Option<String>,
    /// A refresh token that this device had for the account, if any: the proof that it is
    /// known, which keeps it out of what strangers are held to.
    pub refresh_token: Option<String>,
    /// Where the request comes from.
    pub from: IpAddr,
}

/// A session's tokens.
#[derive(Clone)]
pub struct Grant {
    /// For every request.
    pub access_token: String,
    /// Seconds that the access token is good.
    pub expires_in_secs: i64,
    /// For the next grant, once.
    pub refresh_token: String,
    /// Who, on which device, as what.
    pub principal: Principal,
}

/// Begins a session. Goes on to its end also if whoever asked has gone: an attempt
/// that is never settled would hold up others.
pub async fn sign_in(app: &App, asked: SignIn) -> Result<Grant, Failure> {
    let email: Email = asked
        .email
        .parse()
        .map_err(|_| Refused::field("/email", fault::NOT_AN_EMAIL, "This is not an e-mail address."))?;
    let device = asked.device.as_deref().map(device_name).transpose()?.flatten();
    let (app, asked) = (App::clone(app), SignIn { device, ..asked });
    let work = async move {
        let source = source_of(&app, &email, &asked).await?;
        begin_attempt(&app, &email, source, asked.from).await?;
        let outcome = look_at(&app, &email, source, &asked).await;
        match &outcome {
            Ok(_) => {}
            Err(Failure::Refused(refused)) if refused.kind == Kind::Unauthenticated => {}
            Err(_) => give_up(&app, &email, source).await?,
        }
        outcome
    };
    tokio::spawn(work.in_current_span()).await.map_err(Failure::fault)?
}

/// What a device calls itself, as it is kept; none if it says nothing.
fn device_name(name: &str) -> Result<Option<String>, Refused> {
    match TextRule::line(MAX_DEVICE).read(name) {
        Ok(name) => Ok(Some(name.into_string())),
        Err(TextFlaw::Blank) => Ok(None),
        Err(flaw) => Err(Refused::invalid(vec![flaw.at("/device")])),
    }
}

/// What the attempt counts for: the device, where that proves to be known, or its network.
async fn source_of(app: &App, email: &Email, asked: &SignIn) -> Result<Source, Failure> {
    let network = Source::Network(asked.from.into());
    let Some(Ok(token)) = asked.refresh_token.as_deref().map(bytes_of) else { return Ok(network) };
    let known = store::auth::known_device(&app.store, email, &hash_of(&token)).await?;
    Ok(known.map_or(network, Source::Device))
}

/// Looks at the password, and settles the attempt if that was right or wrong.
async fn look_at(app: &App, email: &Email, source: Source, asked: &SignIn) -> Result<Grant, Failure> {
    let rules = &app.settings.auth.lockout;
    let account = store::auth::account(&app.store, email).await?;
    let stored = account.as_ref().map(|account| account.password_hash.as_str());
    let verdict = app.identity.hasher.verify(&asked.password, stored).await?;
    let now = app.now();
    let mut tx = app.store.begin().await?;
    let held = store::auth::lock_attempts(&mut tx, email, source).await?.as_of(now);
    let Some(account) = account.as_ref().filter(|_| verdict != Verdict::Wrong) else {
        store::auth::keep_attempts(&mut tx, email, source, &held.wrong(rules, now)).await?;
        let user = account.map(|account| account.user);
        let line = Audit { kind: "sign_in_failed", user, session: None, from: Some(asked.from) };
        store::auth::audit(&mut tx, &line, now).await?;
        tx.commit().await?;
        return Err(refusal::credentials_wrong().into());
    };
    store::auth::keep_attempts(&mut tx, email, source, &held.right(rules, now)).await?;
    let principal =
        Principal { user: account.user, session: SessionId(app.ids.uuid()), roles: account.roles.clone() };
    let session = Session {
        id: principal.session,
        user: account.user,
        device: asked.device.clone().unwrap_or_else(|| "unnamed".to_owned()),
        address: asked.from.to_string(),
        created_at: now,
        last_seen_at: now,
        expires_at: now + app.settings.auth.session_life,
    };
    let secret = app.ids.random();
    store::auth::begin_session(&mut tx, &session, &hash_of(&secret)).await?;
    let line = Audit {
        kind: "signed_in",
        user: Some(account.user),
        session: Some(session.id),
        from: Some(asked.from),
    };
    store::auth::audit(&mut tx, &line, now).await?;
    tx.commit().await?;
    if verdict == Verdict::RightButOutdated {
        let fresh = app.identity.hasher.hash(&asked.password, app.ids.random()).await?;
        store::auth::rehash(&app.store, account.user, &account.password_hash, &fresh).await?;
    }
    grant(app, principal, BASE64_URL_SAFE_NO_PAD.encode(secret), now)
}

/// Notes that an attempt is under way, in a transaction of its own: of a hundred
/// at once, no more are looked at than would be forgiven.
async fn begin_attempt(app: &App, email: &Email, source: Source, from: IpAddr) -> Result<(), Failure> {
    let now = app.now();
    let mut tx = app.store.begin().await?;
    let held = store::auth::lock_attempts(&mut tx, email, source).await?.as_of(now);
    match held.begin(&app.settings.auth.lockout, now) {
        Ok(begun) => {
            store::auth::keep_attempts(&mut tx, email, source, &begun).await?;
            Ok(tx.commit().await?)
        }
        Err(turned_away) => {
            if !matches!(turned_away, TurnedAway::Busy(_)) {
                // As this clock sees it, so that the wait ends when it was said to.
                store::auth::keep_attempts(&mut tx, email, source, &held).await?;
                let line = Audit { kind: "sign_in_locked", user: None, session: None, from: Some(from) };
                store::auth::audit(&mut tx, &line, now).await?;
                tx.commit().await?;
            }
            let refused = Refused::from(turned_away);
            metrics::counter!("limited_total", "rule" => refused.code).increment(1);
            Err(refused.into())
        }
    }
}

/// An attempt that was not looked at after all.
async fn give_up(app: &App, email: &Email, source: Source) -> Result<(), Failure> {
    let now = app.now();
    let mut tx = app.store.begin().await?;
    let held = store::auth::lock_attempts(&mut tx, email, source).await?.as_of(now);
    let given_up = held.given_up(&app.settings.auth.lockout, now);
    store::auth::keep_attempts(&mut tx, email, source, &given_up).await?;
    Ok(tx.commit().await?)
}

/// Goes on with a session: the next tokens for a refresh token, which is used
/// up. A used one ends its session, unless its answer was lost just now.
pub async fn refresh(app: &App, token: &str, from: IpAddr) -> Result<Grant, Failure> {
    let bytes = bytes_of(token)?;
    let now = app.now();
    let mut tx = app.store.begin().await?;
    let found = store::auth::show_token(&mut tx, &hash_of(&bytes)).await?.ok_or(RefreshRefusal::NotGood)?;
    let next = app.identity.tokens.successor(&bytes).map_err(Failure::fault)?;
    match present(found.shown, now)? {
        Presented::GiveAgain => {}
        Presented::Rotate => {
            let next = BASE64_URL_SAFE_NO_PAD.decode(&next).map_err(Failure::fault)?;
            let (old, new) = (hash_of(&bytes), hash_of(&next));
            store::auth::rotate(&mut tx, found.session, found.shown.generation, &old, &new, now).await?;
            let expires_at = now + app.settings.auth.session_life;
            store::auth::touch(&mut tx, found.session, &from.to_string(), now, expires_at).await?;
        }
        Presented::End => {
            end(app, tx, found.user, found.session, "refresh_token_reused", Some(from)).await?;
            return Err(RefreshRefusal::Reused.into());
        }
    }
    tx.commit().await?;
    grant(app, Principal { user: found.user, session: found.session, roles: found.roles }, next, now)
}

fn bytes_of(token: &str) -> Result<[u8; 32], RefreshRefusal> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or(RefreshRefusal::NotGood)
}

fn grant(app: &App, principal: Principal, refresh_token: String, now: Timestamp) -> Result<Grant, Failure> {
    let tokens = &app.identity.tokens;
    Ok(Grant {
        access_token: tokens.issue(&principal, app.ids.uuid(), now).map_err(Failure::fault)?,
        expires_in_secs: tokens.life().num_seconds(),
        refresh_token,
        principal,
    })
}

/// A person's devices that are signed in, newest first.
pub async fn sessions(
    app: &App,
    who: &Principal,
    after: Option<SessionId>,
    limit: u32,
) -> Result<Vec<Session>, Failure> {
    Ok(store::auth::sessions(&app.store, who.user, after, limit, app.now()).await?)
}

/// Ends the session that the request comes from.
pub async fn sign_out(app: &App, who: &Principal, from: IpAddr) -> Result<(), Failure> {
    let tx = app.store.begin().await?;
    // Signing out twice is signed out.
    end(app, tx, who.user, who.session, "signed_out", Some(from)).await.map(drop)
}

/// Ends the session of a refresh token, used or not: whoever has one has signed in there.
pub async fn sign_out_with(app: &App, token: &str, from: IpAddr) -> Result<(), Failure> {
    let bytes = bytes_of(token)?;
    let mut tx = app.store.begin().await?;
    let found = store::auth::show_token(&mut tx, &hash_of(&bytes)).await?.ok_or(RefreshRefusal::NotGood)?;
    end(app, tx, found.user, found.session, "signed_out", Some(from)).await.map(drop)
}

/// Ends all of the person's sessions but the one that the request comes from.
pub async fn end_other_sessions(app: &App, who: &Principal, from: IpAddr) -> Result<(), Failure> {
    let now = app.now();
    let mut tx = app.store.begin().await?;
    let ended = store::auth::end_other_sessions(&mut tx, who.user, who.session, now).await?;
    let ended = ended.ok_or(TokenRefusal::SessionEnded)?;
    let line = Audit {
        kind: "other_sessions_ended",
        user: Some(who.user),
        session: Some(who.session),
        from: Some(from),
    };
    store::auth::audit(&mut tx, &line, now).await?;
    tx.commit().await?;
    for session in ended {
        revoke(app, session, now);
    }
    Ok(())
}

/// Ends one of the person's sessions.
pub async fn end_session(
    app: &App,
    who: &Principal,
    session: SessionId,
    from: IpAddr,
) -> Result<(), Failure> {
    let tx = app.store.begin().await?;
    let ended = end(app, tx, who.user, session, "session_ended", Some(from)).await?;
    if ended { Ok(()) } else { Err(Failure::not_found("session")) }
}

/// Ends a session everywhere; `false` if it was over already.
async fn end(
    app: &App,
    mut tx: Tx,
    user: UserId,
    session: SessionId,
    kind: &'static str,
    from: Option<IpAddr>,
) -> Result<bool, Failure> {
    let now = app.now();
    let ended = store::auth::end_session(&mut tx, user, session, now).await?;
    if ended {
        let line = Audit { kind, user: Some(user), session: Some(session), from };
        store::auth::audit(&mut tx, &line, now).await?;
    }
    tx.commit().await?;
    if ended {
        revoke(app, session, now);
    }
    Ok(ended)
}

/// Has every process refuse a session that was ended.
fn revoke(app: &App, session: SessionId, at: Timestamp) {
    app.identity.revoked.add(session, at);
    app.fabric().announce(Notice::SessionRevoked(session));
}

/// The e-mail address and roles that a person signs in with.
pub(crate) async fn login(app: &App, user: UserId) -> Result<(String, Vec<Role>), Failure> {
    store::auth::login(&app.store, user).await?.ok_or_else(|| Failure::not_found("account"))
}

fn hash_of(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}
