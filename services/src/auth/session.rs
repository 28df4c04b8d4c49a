//! Sessions: how they begin, go on and end.

use std::net::IpAddr;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::auth::{
    AccountStatus, AuditKind, Method, Presented, Proof, RefreshRefusal, ReuseCause, refusal, require_fresh,
};
use domain::{Failure, IdentityId, Principal, SessionId, Timestamp, UserId};
use sha2::{Digest as _, Sha256};
use store::Tx;
use store::auth::{Audit, Session};
use store::fabric::Notice;

use super::refresh_token::{RefreshToken, Unverified};
use super::token::{Bearer, TokenRefusal};
use crate::App;

/// How often a refresh is decided anew because another one came first. Each time but the first
/// it is presented as a token before the newest, which needs no write.
const ROUNDS: usize = 4;

/// A session's tokens.
#[derive(Clone)]
pub struct Grant {
    /// Authorises requests.
    pub access_token: String,
    /// The lifetime of the access token, in seconds.
    pub expires_in_secs: i64,
    /// Exchanged for the next grant; usable once.
    pub refresh_token: String,
    /// The user, session and roles.
    pub principal: Principal,
}

/// Begins a session on the device of this name, as a proof allows. Every way of signing in ends
/// here. The caller commits; until then nobody has the tokens.
pub async fn begin_session(
    app: &App,
    tx: &mut Tx,
    proof: &Proof,
    device: Option<&str>,
    from: IpAddr,
) -> Result<Grant, Failure> {
    let now = app.now();
    // Locked, so that a ban or the end of all sessions comes before or after, not in between.
    let account = store::auth::lock_account(tx, proof.user).await?;
    let account = account.filter(|account| account.status != AccountStatus::Withdrawn);
    let account = account.ok_or_else(refusal::credentials_wrong)?;
    if account.status == AccountStatus::Banned {
        return Err(refusal::account_banned().into());
    }
    let principal =
        Principal { user: account.user, session: SessionId(app.ids.uuid()), roles: account.roles };
    let session = Session {
        id: principal.session,
        user: principal.user,
        device: device.unwrap_or("unnamed").to_owned(),
        address: from.to_string(),
        created_at: now,
        last_seen_at: now,
        expires_at: app.settings.auth.session_life.expires_at(proof.at, now),
    };
    store::auth::begin_session(tx, &session, proof).await?;
    let line = Audit {
        user: Some(principal.user),
        session: Some(session.id),
        from: Some(from),
        ..Audit::of(AuditKind::SignedIn)
    };
    store::auth::audit(tx, &line, now).await?;
    grant(app, principal, 0, proof.method, proof.at, now)
}

/// Refuses what cannot be taken back unless the person of the session proved lately who they are
/// (`auth.step_up_required`).
pub async fn require_fresh_proof(app: &App, who: &Principal) -> Result<(), Failure> {
    let proven_at = store::auth::proven_at(&app.store, who.session).await?;
    require_fresh(proven_at.ok_or(TokenRefusal::SessionEnded)?, app.now())
}

/// Goes on with a session: issues the tokens that follow the presented one. The rule is
/// [`Renewal::present`](domain::auth::Renewal::present).
pub async fn refresh(app: &App, token: &str, from: IpAddr) -> Result<Grant, Failure> {
    let RefreshToken { session, counter } = read_refresh_token(app, token).await?;
    for _ in 0..ROUNDS {
        let now = app.now();
        let found = store::auth::renewed_session(&app.store, session).await?;
        let found = found.filter(|found| found.account.status == AccountStatus::Open);
        let found = found.ok_or(RefreshRefusal::NotGood)?;
        let newest = match found.renewal.present(counter, now)? {
            Presented::GiveAgain => found.renewal.newest,
            Presented::Rotate => {
                let expires_at = app.settings.auth.session_life.expires_at(found.proven_at, now);
                let address = from.to_string();
                if !store::auth::rotate(&app.store, session, counter, &address, now, expires_at).await? {
                    continue;
                }
                counter + 1
            }
            Presented::End(cause) => {
                end_reused(app, found.account.user, session, cause, from).await?;
                return Err(RefreshRefusal::Reused(cause).into());
            }
        };
        let principal = Principal { user: found.account.user, session, roles: found.account.roles };
        return grant(app, principal, newest, found.method, found.proven_at, now);
    }
    Err(domain::refusal::conflict().into())
}

/// Ends a session whose refresh token may be stolen.
async fn end_reused(
    app: &App,
    user: UserId,
    session: SessionId,
    cause: ReuseCause,
    from: IpAddr,
) -> Result<(), Failure> {
    let line = Audit {
        user: Some(user),
        session: Some(session),
        from: Some(from),
        reason: Some(cause.as_str()),
        ..Audit::of(AuditKind::RefreshTokenReused)
    };
    end(app, app.store.begin().await?, user, &line).await.map(drop)
}

/// The session and the counter of a refresh token: of a signed one, or of one of before, which
/// the store knows by its hash.
pub(super) async fn read_refresh_token(app: &App, text: &str) -> Result<RefreshToken, Failure> {
    if let Some(token) = Unverified::read(text) {
        let mut ring = app.identity.keys.now();
        if ring.session_key_of(token.version()).is_none() {
            ring = app.identity.keys.look(app, &ring).await?;
        }
        let key = ring.session_key_of(token.version()).ok_or(RefreshRefusal::NotGood)?;
        return Ok(token.verify(&key.secret).ok_or(RefreshRefusal::NotGood)?);
    }
    let old: Option<[u8; 32]> =
        BASE64_URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    let hash = hash_of(&old.ok_or(RefreshRefusal::NotGood)?);
    let found = store::auth::old_refresh_token(&app.store, &hash).await?;
    let (session, counter) = found.ok_or(RefreshRefusal::NotGood)?;
    Ok(RefreshToken { session, counter })
}

/// The tokens of a session whose newest refresh token has this counter.
fn grant(
    app: &App,
    principal: Principal,
    counter: u32,
    method: Method,
    proven_at: Timestamp,
    now: Timestamp,
) -> Result<Grant, Failure> {
    let ring = app.identity.keys.now();
    let key = ring.session_key(now).ok_or_else(|| Failure::fault("there is no session key"))?;
    let refresh_token = RefreshToken { session: principal.session, counter }.sign(key.version, &key.secret);
    let bearer = Bearer::Session { generation: counter, method, proven_at };
    Ok(Grant {
        access_token: super::issue(app, &ring, &principal, &bearer, now)?,
        expires_in_secs: app.identity.tokens.life().num_seconds(),
        refresh_token,
        principal,
    })
}

/// A user's active sessions, newest first.
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
    // A session that has already ended is no error.
    end_one(app, who.user, who.session, AuditKind::SignedOut, from).await.map(drop)
}

/// Ends the session of a refresh token, whether the token is used or not.
pub async fn sign_out_with(app: &App, token: &str, from: IpAddr) -> Result<(), Failure> {
    let RefreshToken { session, .. } = read_refresh_token(app, token).await?;
    let user = store::auth::user_of(&app.store, session).await?.ok_or(RefreshRefusal::NotGood)?;
    end_one(app, user, session, AuditKind::SignedOut, from).await.map(drop)
}

/// Ends all of the user's sessions except the one that the request comes from.
pub async fn end_other_sessions(app: &App, who: &Principal, from: IpAddr) -> Result<(), Failure> {
    let now = app.now();
    let mut tx = app.store.begin().await?;
    let ended = store::auth::end_other_sessions(&mut tx, who.user, who.session, now).await?;
    let ended = ended.ok_or(TokenRefusal::SessionEnded)?;
    store::auth::audit(&mut tx, &line(AuditKind::OtherSessionsEnded, who, from), now).await?;
    tx.commit().await?;
    announce_ended(app, &ended);
    Ok(())
}

/// Ends all of the user's sessions, the one that the request comes from included.
pub async fn end_all_sessions(app: &App, who: &Principal, from: IpAddr) -> Result<(), Failure> {
    let mut tx = app.store.begin().await?;
    // Locked, so that no sign-in of before slips through.
    store::auth::lock_account(&mut tx, who.user).await?;
    let ended = end_sessions(app, &mut tx, who.user, None).await?;
    store::auth::audit(&mut tx, &line(AuditKind::AllSessionsEnded, who, from), app.now()).await?;
    tx.commit().await?;
    announce_ended(app, &ended);
    Ok(())
}

/// Ends one of the user's sessions.
pub async fn end_session(
    app: &App,
    who: &Principal,
    session: SessionId,
    from: IpAddr,
) -> Result<(), Failure> {
    let ended = end_one(app, who.user, session, AuditKind::SessionEnded, from).await?;
    if ended { Ok(()) } else { Err(Failure::not_found("session")) }
}

async fn end_one(
    app: &App,
    user: UserId,
    session: SessionId,
    kind: AuditKind,
    from: IpAddr,
) -> Result<bool, Failure> {
    let line = Audit { user: Some(user), session: Some(session), from: Some(from), ..Audit::of(kind) };
    end(app, app.store.begin().await?, user, &line).await
}

/// Ends the session of `line` in all processes; `false` if it had already ended.
async fn end(app: &App, mut tx: Tx, user: UserId, line: &Audit<'_>) -> Result<bool, Failure> {
    let now = app.now();
    let Some(session) = line.session else { return Ok(false) };
    let ended = store::auth::end_session(&mut tx, user, session, now).await?;
    if ended {
        store::auth::audit(&mut tx, line, now).await?;
    }
    tx.commit().await?;
    if ended {
        revoke(app, session, now);
    }
    Ok(ended)
}

/// Makes every process refuse an ended session.
pub(super) fn revoke(app: &App, session: SessionId, at: Timestamp) {
    app.identity.revoked.add(session, at);
    app.fabric().announce(Notice::SessionRevoked(session));
}

/// Ends the sessions of an account, or only those that began with one of its identities, in the
/// transaction of what is the reason for it. [`announce_ended`] has to follow the commit; if it
/// does not, the other processes see it within two seconds all the same.
pub async fn end_sessions(
    app: &App,
    tx: &mut Tx,
    user: UserId,
    identity: Option<IdentityId>,
) -> Result<Vec<SessionId>, Failure> {
    Ok(store::auth::end_sessions(tx, user, identity, app.now()).await?)
}

/// Makes every process refuse sessions whose end was committed.
pub fn announce_ended(app: &App, ended: &[SessionId]) {
    let now = app.now();
    ended.iter().for_each(|session| revoke(app, *session, now));
}

/// A line of what somebody did in their session.
pub(super) fn line(kind: AuditKind, who: &Principal, from: IpAddr) -> Audit<'static> {
    Audit { user: Some(who.user), session: Some(who.session), from: Some(from), ..Audit::of(kind) }
}

pub(super) fn hash_of(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}
