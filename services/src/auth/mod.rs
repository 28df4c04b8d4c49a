//! Sign-in, refresh and sign-out, and the verification of access tokens.
//!
//! - this file: the parts, accounts, and the verification of a request;
//! - `account`: how accounts of others are changed and seen, and the audit log;
//! - `sign_in`: signing in with a password;
//! - `social`: signing in by another company's word;
//! - `session`: how sessions begin, go on and end;
//! - `service_client`: tokens of programs in their own name;
//! - `token`: access tokens;
//! - `refresh_token`: the form of refresh tokens;
//! - `key`: the keys that sign both;
//! - `seen`: which access tokens have been seen in use;
//! - `breached`: lists of stolen passwords;
//! - `codes`: codes that prove an address, and what they allow;
//! - `new_password`: what a new password must be;
//! - `password`: password hashing;
//! - `revocation`: which sessions were ended;
//! - `settings`: the settings.

mod account;
pub mod breached;
mod codes;
mod key;
mod new_password;
mod password;
mod refresh_token;
mod revocation;
mod seen;
mod service_client;
mod session;
mod settings;
mod sign_in;
pub mod social;
mod token;

use std::net::IpAddr;
use std::sync::Arc;

use domain::auth::{AccountStatus, AuditKind, Email, Identity, Method, Phone, Recognition, somebody_is_left};
use domain::personal_data::{ATTEMPTS, CODES, CONNECTION, RIGHTS};
use domain::{Failure, IdentityId, Ids, Principal, Role, SessionId, Timestamp, UserId};
use store::auth::Audit;
use store::{StoreError, Tx};

use crate::module::{Module, Parts};
use crate::{App, StartError, start_error};
use key::{KeyRing, Ring};
use password::Hasher;
use revocation::Revoked;
use seen::Seen;
use token::{Bearer, Checked, TokenRefusal, Tokens};

pub use account::{AccountView, MaskedIdentity, grant_role};
pub(crate) use account::{
    Order, account_with, audit_lines, change, email_in, emails, end_session_of, seen_account, seen_accounts,
    sessions_of,
};
pub use codes::{
    CodeSent, ResetPassword, change_email, confirm_email, confirm_email_change, forgot_password,
    reset_password, verify_email, verify_phone,
};
pub(crate) use codes::{prove_phone, remind, unprove_other_phone};
pub(crate) use new_password::check as check_new_password;
pub use service_client::{NewService, ServiceGrant, add_service, issue_to_service, revoke_service};
pub use session::{
    Grant, announce_ended, begin_session, end_all_sessions, end_other_sessions, end_session, end_sessions,
    refresh, require_fresh_proof, sessions, sign_out, sign_out_with,
};
pub use settings::{HashCost, Settings};
pub(crate) use sign_in::device_name;
pub use sign_in::{SignIn, change_password, re_authenticate, sign_in};
pub(crate) use store::auth::Closed;
pub use store::auth::{AuditFilter, AuditLine, SeenAccount, Session};

/// What this noun holds in memory: keys, the password hasher and revoked sessions.
pub struct AuthParts {
    pub(crate) keys: KeyRing,
    pub(crate) tokens: Tokens,
    seen: Seen,
    pub(crate) hasher: Hasher,
    pub(crate) revoked: Arc<Revoked>,
    pub(crate) unkept: social::Unkept,
}

impl AuthParts {
    /// Loads the keys, creates the first ones if there are none, and subscribes to
    /// notices of revoked sessions.
    pub(crate) async fn open(parts: &Parts<'_>, ids: &dyn Ids) -> Result<Self, StartError> {
        let Parts { store, clock, settings, .. } = *parts;
        let settings = &settings.auth;
        let keys = KeyRing::open(store, ids, settings, clock.now()).await.map_err(start_error)?;
        let revoked = Arc::new(Revoked::new(Arc::clone(clock)));
        store.fabric().listen(Arc::clone(&revoked) as _);
        Ok(Self {
            keys,
            tokens: Tokens::new(settings),
            seen: Seen::default(),
            hasher: Hasher::new(&settings.hash, ids).map_err(|error| start_error(error.to_string()))?,
            revoked,
            unkept: social::Unkept::default(),
        })
    }
}

/// The workers that follow revoked sessions and keys, note which tokens were seen, and keep what
/// providers told while the database was away.
pub(crate) fn module() -> Module {
    Module::default()
        .worker("sessions", revocation::follow)
        .worker("keys", key::follow)
        .worker("seen_tokens", seen::follow)
        .worker("provider events", social::keep_unkept)
}

/// Drops sessions, sign-in attempts and codes that are out of retention, and empties lines of the
/// audit log of what is.
pub(crate) async fn tidy(app: &App) -> Result<(), Failure> {
    let now = app.now();
    store::auth::drop_old_codes(&app.store, CODES.kept_since(now)).await?;
    store::auth::empty_audit(&app.store, CONNECTION.kept_since(now), RIGHTS.kept_since(now)).await?;
    Ok(store::auth::drop_old(&app.store, now, ATTEMPTS.kept_since(now)).await?)
}

/// What an account is opened with.
pub(crate) struct NewAccount<'a> {
    /// Its user.
    pub(crate) user: UserId,
    /// Their roles.
    pub(crate) roles: &'a [Role],
    /// What they are recognised by, and when they proved it, if they did.
    pub(crate) by: Recognition,
    pub(crate) verified_at: Option<Timestamp>,
    /// The hash of their password, if they have one.
    pub(crate) password_hash: Option<&'a str>,
}

/// Opens an account and records the sign-up in the audit log. `None` if another account is
/// recognised by the same.
pub(crate) async fn open_account(
    app: &App,
    tx: &mut Tx,
    new: NewAccount<'_>,
    now: Timestamp,
) -> Result<Option<IdentityId>, StoreError> {
    let NewAccount { user, roles, by, verified_at, password_hash } = new;
    store::auth::open_account(tx, user, roles, now).await?;
    let identity = Identity { id: IdentityId(app.ids.uuid()), user, by, verified_at };
    if !store::auth::add_identity(tx, &identity, now).await? {
        return Ok(None);
    }
    if let Some(hash) = password_hash {
        store::auth::set_password(tx, app.ids.uuid(), user, hash, now).await?;
    }
    let line = Audit { user: Some(user), ..Audit::of(AuditKind::SignedUp) };
    store::auth::audit(tx, &line, now).await?;
    Ok(Some(identity.id))
}

/// Closes the account of somebody who leaves, and ends its sessions. [`announce_ended`] has to follow
/// the commit. `None`: it is closed. The last admin stays.
pub(crate) async fn close_account(
    app: &App,
    tx: &mut Tx,
    user: UserId,
    from: IpAddr,
) -> Result<Option<(Closed, Vec<SessionId>)>, Failure> {
    let admins = store::auth::lock_admins(tx).await?;
    let account = store::auth::lock_account(tx, user).await?;
    if account.is_none_or(|account| account.status == AccountStatus::Withdrawn) {
        return Ok(None);
    }
    somebody_is_left(user, &admins)?;
    let now = app.now();
    let ended = end_sessions(app, tx, user, None).await?;
    social::forget_at_providers(app, tx, user).await?;
    let closed = store::auth::close_account(tx, user, now).await?;
    let line = Audit { user: Some(user), from: Some(from), ..Audit::of(AuditKind::Withdrew) };
    store::auth::audit(tx, &line, now).await?;
    Ok(Some((closed, ended)))
}

/// A valid access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Its user, session and roles.
    pub principal: Principal,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// Verifies an access token. Cheap: it makes no database query, unless the token names a key that
/// this process does not know.
pub async fn verify(app: &App, token: &str, now: Timestamp) -> Result<Verified, Failure> {
    let parts = &app.identity;
    let verified = match parts.tokens.remembered(token, now) {
        Some(remembered) => remembered?,
        None => verify_first(app, token, now).await?,
    };
    if parts.revoked.holds(verified.principal.session) {
        return Err(TokenRefusal::SessionEnded.into());
    }
    Ok(verified)
}

/// Verifies an access token that this process has not seen, or has forgotten.
async fn verify_first(app: &App, token: &str, now: Timestamp) -> Result<Verified, Failure> {
    let AuthParts { tokens, keys, seen, .. } = &app.identity;
    let ring = keys.now();
    let checked = match tokens.check(&ring, token, now) {
        Err(TokenRefusal::UnknownKey) => {
            let ring = keys.look(app, &ring).await?;
            tokens.check(&ring, token, now)
        }
        checked => checked,
    };
    let Checked { verified, generation } = checked?;
    tokens.remember(token, &verified);
    if let Some(generation) = generation {
        seen.note(verified.principal.session, generation, now);
    }
    Ok(verified)
}

fn issue(
    app: &App,
    ring: &Ring,
    who: &Principal,
    bearer: &Bearer,
    now: Timestamp,
) -> Result<String, Failure> {
    let signer = ring.signer(now).ok_or_else(|| Failure::fault("there is no signing key"))?;
    app.identity.tokens.issue(signer, who, bearer, app.ids.uuid(), now).map_err(Failure::fault)
}

/// Issues an access token without a sign-in: for load tests only, never for a route.
pub(crate) fn hand_out(app: &App, who: &Principal) -> Result<String, Failure> {
    let now = app.now();
    let bearer = Bearer::Session { generation: 0, method: Method::Password, proven_at: now };
    issue(app, &app.identity.keys.now(), who, &bearer, now)
}

/// Hashes a password once, on the calling thread: for load tests only.
pub(crate) fn hash_once(app: &App) -> Result<(), Failure> {
    app.identity.hasher.hash_here("한강에서치킨을먹자", app.ids.random()).map(drop)
}

/// The public keys, as a JWK set.
pub fn public_keys(app: &App) -> Result<serde_json::Value, Failure> {
    serde_json::to_value(app.identity.keys.now().public()).map_err(Failure::fault)
}

/// How the person of an account is reached and what they may be.
pub(crate) struct Contact {
    /// Their e-mail address, if there is one, and whether it is proven.
    pub(crate) email: Option<Email>,
    pub(crate) email_verified: bool,
    /// The telephone number that they proved.
    pub(crate) verified_phone: Option<Phone>,
    /// Their roles.
    pub(crate) roles: Vec<Role>,
}

/// How a user is reached and what they may be.
pub(crate) async fn contact(app: &App, user: UserId) -> Result<Contact, Failure> {
    let account = store::auth::account_of(&app.store, user).await?;
    let account = account.ok_or_else(|| Failure::not_found("account"))?;
    let mut contact =
        Contact { email: None, email_verified: false, verified_phone: None, roles: account.roles };
    for identity in store::auth::identities(&app.store, user).await? {
        match identity.by {
            Recognition::Email(email) => {
                contact.email = Some(email);
                contact.email_verified = identity.verified_at.is_some();
            }
            Recognition::Phone(phone) => contact.verified_phone = Some(phone),
            Recognition::OpenId { .. } => {}
        }
    }
    Ok(contact)
}
