//! Signing in with a password, proving once more who one is, and changing the password.

use std::net::IpAddr;

use domain::auth::{
    AccountStatus, AuditKind, Email, Method, Notice, Proof, Recognition, Source, TurnedAway, refusal,
};
use domain::{Failure, Kind, Principal, Refused, TextFlaw, TextRule, UserId, fault};
use store::Tx;
use store::auth::Audit;
use tracing::Instrument as _;

use super::codes::notify;
use super::new_password;
use super::password::Verdict;
use super::refresh_token::RefreshToken;
use super::session::{Grant, announce_ended, begin_session, line, read_refresh_token};
use super::token::TokenRefusal;
use crate::App;

/// The longest name of a device, in characters.
const MAX_DEVICE: usize = 100;

/// A sign-in request.
#[derive(Clone)]
pub struct SignIn {
    /// Their e-mail address, as they typed it.
    pub email: String,
    /// Their password.
    pub password: String,
    /// The name of the device.
    pub device: Option<String>,
    /// A refresh token that this device had for the account, if any. It proves that the device
    /// is known, so that the limits for unknown devices do not apply.
    pub refresh_token: Option<String>,
    /// The address that the request comes from.
    pub from: IpAddr,
}

/// Begins a session. Runs in a task of its own, so that it completes even if the client
/// disconnects: an attempt that is never settled would block others.
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
        let outcome = enter(&app, &email, source, &asked).await;
        settle(&app, &email, source, outcome).await
    };
    tokio::spawn(work.in_current_span()).await.map_err(Failure::fault)?
}

/// The device's name as it is stored; none if it is blank.
pub(crate) fn device_name(name: &str) -> Result<Option<String>, Refused> {
    match TextRule::line(MAX_DEVICE).read(name) {
        Ok(name) => Ok(Some(name.into_string())),
        Err(TextFlaw::Blank) => Ok(None),
        Err(flaw) => Err(Refused::invalid(vec![flaw.at("/device")])),
    }
}

/// What the attempt is counted against: the device if it proves to be known, else its network.
async fn source_of(app: &App, email: &Email, asked: &SignIn) -> Result<Source, Failure> {
    let network = Source::Network(asked.from.into());
    let Some(token) = &asked.refresh_token else { return Ok(network) };
    let session = match read_refresh_token(app, token).await {
        Ok(RefreshToken { session, .. }) => session,
        Err(Failure::Refused(_)) => return Ok(network),
        Err(failure) => return Err(failure),
    };
    let is_known = store::auth::is_session_of(&app.store, email, session).await?;
    Ok(if is_known { Source::Device(session) } else { network })
}

/// Verifies the password and begins the session.
async fn enter(app: &App, email: &Email, source: Source, asked: &SignIn) -> Result<Grant, Failure> {
    let (mut tx, proven) = prove(app, email, source, &asked.password, asked.from).await?;
    let grant = begin_session(app, &mut tx, &proven.proof, asked.device.as_deref(), asked.from).await?;
    tx.commit().await?;
    // From here on the session exists and the attempt is settled: nothing may fail any more.
    if let Some(old) = proven.outdated_hash
        && let Err(error) = rehash(app, proven.proof.user, &old, &asked.password).await
    {
        tracing::warn!(%error, "a password could not be hashed anew; the next sign-in tries again");
    }
    Ok(grant)
}

/// A person who knew the password.
struct Proven {
    proof: Proof,
    /// The hash of the password, if it has to be replaced.
    outdated_hash: Option<String>,
}

/// Verifies the password of an attempt under way. A wrong one is counted; the right one is
/// settled in the transaction that is returned, for the caller to commit with what it allows.
async fn prove(
    app: &App,
    email: &Email,
    source: Source,
    password: &str,
    from: IpAddr,
) -> Result<(Tx, Proven), Failure> {
    let rules = &app.settings.auth.lockout;
    let found = store::auth::recognise(&app.store, &Recognition::Email(email.clone())).await?;
    let stored = found.as_ref().and_then(|found| found.password_hash.as_deref());
    let verdict = app.identity.hasher.verify(password, stored).await?;
    let now = app.now();
    let mut tx = app.store.begin().await?;
    let held = store::auth::lock_attempts(&mut tx, email, source).await?.as_of(now);
    let (account, identity, hash) = match found {
        Some(found) if verdict != Verdict::Wrong => (found.account, found.identity, found.password_hash),
        found => {
            store::auth::keep_attempts(&mut tx, email, source, &held.wrong(rules, now)).await?;
            let user = found.map(|found| found.account.user);
            let line = Audit { user, from: Some(from), ..Audit::of(AuditKind::SignInFailed) };
            store::auth::audit(&mut tx, &line, now).await?;
            tx.commit().await?;
            return Err(refusal::credentials_wrong().into());
        }
    };
    store::auth::keep_attempts(&mut tx, email, source, &held.right(rules, now)).await?;
    // Locked, so that a change of the password or a ban comes before or after, not in between.
    let account = store::auth::lock_account(&mut tx, account.user).await?;
    let still = match (&account, &hash) {
        (Some(account), Some(hash)) => store::auth::is_password(&mut tx, account.user, hash).await?,
        _ => false,
    };
    let account = account.filter(|account| still && account.status != AccountStatus::Withdrawn);
    let account = account.ok_or_else(refusal::credentials_wrong)?;
    if account.status == AccountStatus::Banned {
        return Err(refusal::account_banned().into());
    }
    let proof = Proof { user: account.user, identity, method: Method::Password, at: now };
    let outdated_hash = hash.filter(|_| verdict == Verdict::RightButOutdated);
    Ok((tx, Proven { proof, outdated_hash }))
}

/// Proves once more, by the password, who the person of a session is. What needs a fresh proof
/// is allowed for the next five minutes. Wrong passwords count as at a sign-in.
pub async fn re_authenticate(
    app: &App,
    who: &Principal,
    password: &str,
    from: IpAddr,
) -> Result<(), Failure> {
    let email = store::auth::email_of(&app.store, who.user).await?;
    let email = email.ok_or_else(refusal::credentials_wrong)?;
    let (work_app, who, password) = (App::clone(app), who.clone(), password.to_owned());
    let source = Source::Device(who.session);
    let of = email.clone();
    attempt(app, email, source, from, async move {
        let (mut tx, proven) = prove(&work_app, &of, source, &password, from).await?;
        store::auth::prove_again(&mut tx, who.session, &proven.proof).await?;
        store::auth::audit(&mut tx, &line(AuditKind::ProvedAgain, &who, from), proven.proof.at).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Changes the password of whoever knows it, and ends their other sessions. Wrong passwords count
/// as at a sign-in.
pub async fn change_password(
    app: &App,
    who: &Principal,
    current: &str,
    new: &str,
    from: IpAddr,
) -> Result<(), Failure> {
    let email = store::auth::email_of(&app.store, who.user).await?;
    let email = email.ok_or_else(refusal::credentials_wrong)?;
    new_password::check(app, new, &email, "/new_password").await?;
    let (work_app, who) = (App::clone(app), who.clone());
    let (current, new) = (current.to_owned(), new.to_owned());
    let source = Source::Device(who.session);
    let of = email.clone();
    let ended = attempt(app, email, source, from, async move {
        let app = &work_app;
        // Hashed first, so that the account is not locked while that takes its time.
        let hash = app.identity.hasher.hash(&new, app.ids.random()).await?;
        let (mut tx, proven) = prove(app, &of, source, &current, from).await?;
        let at = proven.proof.at;
        store::auth::set_password(&mut tx, app.ids.uuid(), who.user, &hash, at).await?;
        let ended = store::auth::end_other_sessions(&mut tx, who.user, who.session, at).await?;
        let ended = ended.ok_or(TokenRefusal::SessionEnded)?;
        store::auth::audit(&mut tx, &line(AuditKind::PasswordChanged, &who, from), at).await?;
        notify(app, &mut tx, who.user, Notice::PasswordChanged, &of).await?;
        tx.commit().await?;
        Ok(ended)
    });
    announce_ended(app, &ended.await?);
    Ok(())
}

/// Does `work`, which verifies a password, as an attempt on the account with this address. In a
/// task of its own, so that it completes even if the client disconnects.
async fn attempt<T: Send + 'static>(
    app: &App,
    email: Email,
    source: Source,
    from: IpAddr,
    work: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<T, Failure> {
    let app = App::clone(app);
    let work = async move {
        begin_attempt(&app, &email, source, from).await?;
        let outcome = work.await;
        settle(&app, &email, source, outcome).await
    };
    tokio::spawn(work.in_current_span()).await.map_err(Failure::fault)?
}

/// Replaces the hash of a password by one with today's cost.
async fn rehash(app: &App, user: UserId, old: &str, password: &str) -> Result<(), Failure> {
    let fresh = app.identity.hasher.hash(password, app.ids.random()).await?;
    Ok(store::auth::rehash(&app.store, user, old, &fresh).await?)
}

/// Records that an attempt is under way, in a transaction of its own. This bounds the
/// passwords that are checked concurrently to the number of forgiven failures.
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
                // Saved as adjusted by `as_of`, so that the wait ends at the announced time even
                // if the clock was set back.
                store::auth::keep_attempts(&mut tx, email, source, &held).await?;
                let line = Audit { from: Some(from), ..Audit::of(AuditKind::SignInLocked) };
                store::auth::audit(&mut tx, &line, now).await?;
                tx.commit().await?;
            }
            let refused = Refused::from(turned_away);
            metrics::counter!("limited_total", "rule" => refused.code).increment(1);
            Err(refused.into())
        }
    }
}

/// Withdraws the attempt unless its outcome was counted.
async fn settle<T>(
    app: &App,
    email: &Email,
    source: Source,
    outcome: Result<T, Failure>,
) -> Result<T, Failure> {
    match &outcome {
        Ok(_) => {}
        Err(Failure::Refused(refused)) if refused.kind == Kind::Unauthenticated => {}
        Err(_) => give_up(app, email, source).await?,
    }
    outcome
}

/// Withdraws an attempt whose password was not checked.
async fn give_up(app: &App, email: &Email, source: Source) -> Result<(), Failure> {
    let now = app.now();
    let mut tx = app.store.begin().await?;
    let held = store::auth::lock_attempts(&mut tx, email, source).await?.as_of(now);
    let given_up = held.given_up(&app.settings.auth.lockout, now);
    store::auth::keep_attempts(&mut tx, email, source, &given_up).await?;
    Ok(tx.commit().await?)
}
