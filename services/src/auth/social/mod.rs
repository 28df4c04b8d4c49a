//! Signing in by another company's word: Kakao, Naver, Google, Apple, or any OpenID provider.
//!
//! ```text
//! begin ─▶ the browser goes to the provider ─▶ complete ─▶ signed in | linked | proven anew
//!                                                   └────▶ sign up (user::social)
//! ```
//!
//! - this file: an attempt from its beginning to its end;
//! - `provider`: the port to the companies;
//! - `links`: the identities of an account, and their end here and there;
//! - `events`: what providers tell of their accounts.
//!
//! An attempt is bound to its browser by a secret that only the page holds. The nonce of the ID
//! token and the verifier of PKCE are derived from it, so that the table of attempts, which has
//! hashes alone, is of no use to whoever reads it.

mod events;
mod links;
mod provider;

use std::net::IpAddr;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::auth::social::{
    ATTEMPT_LIFE, Attempt, AttemptFlaw, Outcome, Person, ProviderName, Purpose, SocialReminder, decide,
    refusal,
};
use domain::auth::{AccountStatus, AuditKind, Identity, Method, Proof, Recognition};
use domain::{Failure, IdentityId, Principal, UserId};
use sha2::{Digest as _, Sha256};
use store::Tx;
use store::auth::social::KeptAttempt;
use store::auth::{Audit, Recognised};

use super::session::{Grant, announce_ended, begin_session, hash_of, line, require_fresh_proof};
use super::sign_in::device_name;
use crate::App;

pub(crate) use events::{Unkept, keep_unkept};
pub use events::{event, unlinked};
pub use links::{Link, forget_at_providers, links, unlink};
pub use provider::{Authorize, Configured, Provider, ProviderError, Providers, Returned, Vouched};

/// The longest code that a provider is believed to give, in bytes.
const CODE_MAX: usize = 4_096;

/// A provider, as the sign-in page offers it.
pub struct Offered {
    /// Its name in paths.
    pub name: ProviderName,
    /// What people call it, if the pages have no words for it.
    pub label: Option<String>,
}

/// The providers that are configured.
pub fn offered(app: &App) -> Vec<Offered> {
    let all = app.third_parties.providers.iter();
    all.map(|(name, one)| Offered { name: name.clone(), label: one.label.clone() }).collect()
}

/// What an attempt is for, as somebody asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// To sign in, or up.
    SignIn,
    /// To link the provider to one's account.
    Link,
    /// To prove once more who one is.
    Prove,
}

/// An attempt that begins.
pub struct Begun {
    /// Where the browser goes.
    pub authorize_url: String,
    /// What the page keeps until the browser is back.
    pub browser_secret: String,
}

/// Begins an attempt. To link a provider takes a fresh proof.
pub async fn begin(
    app: &App,
    provider: &str,
    wish: Wish,
    who: Option<&Principal>,
    redirect_uri: Option<&str>,
) -> Result<Begun, Failure> {
    let (name, configured) = app.third_parties.providers.get(provider)?;
    let redirect_uri = configured.redirect_uri(redirect_uri)?;
    let user = || who.map(|who| who.user).ok_or_else(domain::refusal::unauthenticated);
    let purpose = match wish {
        Wish::SignIn => Purpose::SignIn,
        Wish::Link => Purpose::Link(user()?),
        Wish::Prove => Purpose::Prove(user()?),
    };
    if let (Purpose::Link(_), Some(who)) = (purpose, who) {
        require_fresh_proof(app, who).await?;
    }
    let (state, secret) = (app.ids.random(), app.ids.random());
    let now = app.now();
    let attempt = Attempt {
        provider: name.clone(),
        browser_hash: hash_of(&secret),
        purpose,
        expires_at: now + ATTEMPT_LIFE,
        used_at: None,
    };
    let state_text = BASE64_URL_SAFE_NO_PAD.encode(state);
    let asked = Authorize {
        redirect_uri: &redirect_uri,
        state: &state_text,
        nonce: &derived("nonce", &secret),
        verifier: &derived("verifier", &secret),
        is_fresh: wish == Wish::Prove,
    };
    let authorize_url = configured.provider.authorize_url(&asked).await?;
    store::auth::social::begin_attempt(&app.store, &hash_of(&state), &attempt, &redirect_uri, now).await?;
    Ok(Begun { authorize_url, browser_secret: BASE64_URL_SAFE_NO_PAD.encode(secret) })
}

/// A value that only the holder of the browser's secret can know.
fn derived(what: &str, secret: &[u8; 32]) -> String {
    let digest = Sha256::new().chain_update(what).chain_update([0]).chain_update(secret).finalize();
    BASE64_URL_SAFE_NO_PAD.encode(digest)
}

/// The two secrets of an attempt, as a browser brings them.
#[derive(Clone)]
pub struct Secrets {
    /// What went to the provider and came back.
    pub state: String,
    /// What the page kept.
    pub browser: String,
}

impl Secrets {
    fn read(&self) -> Result<([u8; 32], [u8; 32]), AttemptFlaw> {
        let read = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok();
        read(&self.state).zip(read(&self.browser)).ok_or(AttemptFlaw::NotYours)
    }
}

/// What a browser brings back.
#[derive(Clone)]
pub struct Comeback {
    /// The attempt.
    pub secrets: Secrets,
    /// The provider's code; none if the person declined.
    pub code: Option<String>,
    /// The provider, if it named itself (RFC 9207).
    pub issuer: Option<String>,
    /// The name of the device.
    pub device: Option<String>,
    /// The address that the request comes from.
    pub from: IpAddr,
}

/// What came of an attempt.
pub enum Completed {
    /// A session began.
    SignedIn(Grant),
    /// They have no account yet; by the same secrets they may open one.
    SignUp(Person),
    /// The account has the provider's identity.
    Linked,
    /// The session is proven anew.
    Proven,
}

/// Finishes an attempt. It is taken once: brought again, it ends the session that came of it.
pub async fn complete(
    app: &App,
    provider: &str,
    who: Option<&Principal>,
    comeback: Comeback,
) -> Result<Completed, Failure> {
    let (name, configured) = app.third_parties.providers.get(provider)?;
    let device = comeback.device.as_deref().map(device_name).transpose()?.flatten();
    let (state, secret) = comeback.secrets.read()?;
    let kept = take(app, name, &hash_of(&state), &hash_of(&secret), who).await?;
    let code = comeback.code.as_deref().filter(|code| code.len() <= CODE_MAX);
    let returned = Returned {
        code: code.ok_or_else(refusal::social_denied)?,
        state: &comeback.secrets.state,
        issuer: comeback.issuer.as_deref(),
        redirect_uri: &kept.redirect_uri,
        nonce: &derived("nonce", &secret),
        verifier: &derived("verifier", &secret),
    };
    let vouched = configured.provider.redeem(&returned).await?;
    let browser = Browser { state_hash: hash_of(&state), device, from: comeback.from };
    finish(app, kept.attempt.purpose, who, vouched, &browser).await
}

/// Takes an attempt out of use, if this browser may finish it.
async fn take(
    app: &App,
    provider: &ProviderName,
    state_hash: &[u8; 32],
    browser_hash: &[u8; 32],
    who: Option<&Principal>,
) -> Result<KeptAttempt, Failure> {
    let now = app.now();
    let mut tx = app.store.begin().await?;
    let kept = store::auth::social::lock_attempt(&mut tx, state_hash).await?.ok_or(AttemptFlaw::NotYours)?;
    match kept.attempt.check(provider, browser_hash, who.map(|who| who.user), now) {
        Ok(()) => {
            store::auth::social::use_attempt(&mut tx, state_hash, now).await?;
            tx.commit().await?;
            Ok(kept)
        }
        Err(AttemptFlaw::Used) => {
            revoke(app, tx, &kept).await?;
            Err(AttemptFlaw::Used.into())
        }
        Err(flaw) => Err(flaw.into()),
    }
}

/// Ends the session that came of an attempt which is brought again.
async fn revoke(app: &App, mut tx: Tx, kept: &KeptAttempt) -> Result<(), Failure> {
    let Some((user, session)) = kept.session else { return Ok(()) };
    let now = app.now();
    if store::auth::end_session(&mut tx, user, session, now).await? {
        let line =
            Audit { user: Some(user), session: Some(session), ..Audit::of(AuditKind::SocialAttemptReused) };
        store::auth::audit(&mut tx, &line, now).await?;
        tx.commit().await?;
        announce_ended(app, &[session]);
    }
    Ok(())
}

/// The browser of an attempt.
struct Browser {
    state_hash: [u8; 32],
    device: Option<String>,
    from: IpAddr,
}

/// Signs the person in, links them, or offers them an account.
async fn finish(
    app: &App,
    purpose: Purpose,
    who: Option<&Principal>,
    vouched: Vouched,
    browser: &Browser,
) -> Result<Completed, Failure> {
    let Vouched { person, token } = vouched;
    let now = app.now();
    let found = store::auth::recognise(&app.store, &recognition(&person)).await?;
    let email_owner = match (&found, &person.email) {
        (None, Some(email)) => store::auth::recognise(&app.store, &Recognition::Email(email.clone())).await?,
        _ => None,
    };
    let mut tx = app.store.begin().await?;
    let owner = found.as_ref().map(|found| found.account.user);
    let has_provider = match purpose {
        Purpose::Link(user) => has_provider(&mut tx, user, &person.issuer).await?,
        Purpose::SignIn | Purpose::Prove(_) => false,
    };
    let email_owner = email_owner.map(|found| found.account.user);
    let outcome = decide(purpose, owner, email_owner, has_provider)?;
    match (outcome, found) {
        (Outcome::SignIn(_), Some(found)) => {
            let proof = proof(&found, now);
            let grant = begin_session(app, &mut tx, &proof, browser.device.as_deref(), browser.from).await?;
            store::auth::social::attempt_signed_in(&mut tx, &browser.state_hash, grant.principal.session)
                .await?;
            keep_token(&mut tx, found.identity, token.as_deref()).await?;
            tx.commit().await?;
            Ok(Completed::SignedIn(grant))
        }
        (Outcome::Proven(_), Some(found)) => {
            if let Some(who) = who {
                prove_again(app, &mut tx, who, &proof(&found, now), browser.from).await?;
            }
            tx.commit().await?;
            Ok(Completed::Proven)
        }
        (Outcome::Link(user), _) => {
            let identity = add(app, &mut tx, user, &person, browser.from).await?;
            keep_token(&mut tx, identity, token.as_deref()).await?;
            tx.commit().await?;
            Ok(Completed::Linked)
        }
        (Outcome::Linked, _) => Ok(Completed::Linked),
        (Outcome::SignUp | Outcome::SignIn(_) | Outcome::Proven(_), _) => {
            drop(tx);
            let expires_at = now + ATTEMPT_LIFE;
            let state = &browser.state_hash;
            store::auth::social::offer_sign_up(&app.store, state, &person, token.as_deref(), expires_at)
                .await?;
            Ok(Completed::SignUp(person))
        }
    }
}

fn recognition(person: &Person) -> Recognition {
    Recognition::OpenId { issuer: person.issuer.clone(), subject: person.subject.clone() }
}

fn proof(found: &Recognised, now: domain::Timestamp) -> Proof {
    Proof { user: found.account.user, identity: found.identity, method: Method::OpenId, at: now }
}

/// Whether an account has an identity of the provider. Locks the account, so that this stays so.
async fn has_provider(tx: &mut Tx, user: UserId, issuer: &str) -> Result<bool, Failure> {
    let account = store::auth::lock_account(tx, user).await?;
    if account.is_none_or(|account| account.status != AccountStatus::Open) {
        return Err(domain::refusal::unauthenticated().into());
    }
    let links = store::auth::social::links(tx, user).await?;
    Ok(links.iter().any(|link| link.issuer == issuer))
}

/// Adds the person's identity to an account.
async fn add(
    app: &App,
    tx: &mut Tx,
    user: UserId,
    person: &Person,
    from: IpAddr,
) -> Result<IdentityId, Failure> {
    let now = app.now();
    let id = IdentityId(app.ids.uuid());
    let identity = Identity { id, user, by: recognition(person), verified_at: Some(now) };
    if !store::auth::add_identity(tx, &identity, now).await? {
        return Err(refusal::identity_taken().into());
    }
    let line = Audit { user: Some(user), from: Some(from), ..Audit::of(AuditKind::IdentityLinked) };
    store::auth::audit(tx, &line, now).await?;
    Ok(id)
}

async fn prove_again(
    app: &App,
    tx: &mut Tx,
    who: &Principal,
    proof: &Proof,
    from: IpAddr,
) -> Result<(), Failure> {
    store::auth::prove_again(tx, who.session, proof).await?;
    Ok(store::auth::audit(tx, &line(AuditKind::ProvedAgain, who, from), app.now()).await?)
}

/// Keeps the token with which the link to a person is ended at their provider.
async fn keep_token(tx: &mut Tx, identity: IdentityId, token: Option<&str>) -> Result<(), Failure> {
    if let Some(token) = token {
        store::auth::social::keep_token(tx, identity, token).await?;
    }
    Ok(())
}

/// Somebody who came back without an account, and opens one.
pub(crate) struct Newcomer {
    /// Who the provider says they are.
    pub(crate) person: Person,
    state_hash: [u8; 32],
    token: Option<String>,
}

/// The newcomer of an attempt, locked until the transaction ends: they open one account.
pub(crate) async fn newcomer(app: &App, tx: &mut Tx, secrets: &Secrets) -> Result<Newcomer, Failure> {
    let (state, secret) = secrets.read()?;
    let state_hash = hash_of(&state);
    let kept = store::auth::social::lock_attempt(tx, &state_hash).await?.ok_or(AttemptFlaw::NotYours)?;
    let attempt = Attempt { used_at: None, ..kept.attempt };
    attempt.check(&attempt.provider.clone(), &hash_of(&secret), None, app.now())?;
    let person = kept.person.ok_or(AttemptFlaw::Used)?;
    Ok(Newcomer { person, state_hash, token: kept.token })
}

/// Begins the first session of a newcomer whose account was opened in the same transaction.
pub(crate) async fn welcome(
    app: &App,
    tx: &mut Tx,
    newcomer: &Newcomer,
    (user, identity): (UserId, IdentityId),
    device: Option<&str>,
    from: IpAddr,
) -> Result<Grant, Failure> {
    let now = app.now();
    if let Some(email) = newcomer.person.email.clone() {
        let id = IdentityId(app.ids.uuid());
        let identity = Identity { id, user, by: Recognition::Email(email), verified_at: Some(now) };
        if !store::auth::add_identity(tx, &identity, now).await? {
            return Err(refusal::identity_link_needed().into());
        }
    }
    let proof = Proof { user, identity, method: Method::OpenId, at: now };
    let grant = begin_session(app, tx, &proof, device, from).await?;
    store::auth::social::attempt_signed_in(tx, &newcomer.state_hash, grant.principal.session).await?;
    keep_token(tx, identity, newcomer.token.as_deref()).await?;
    Ok(grant)
}

/// Does what a reminder is for.
pub async fn remind(app: &App, reminder: SocialReminder) -> Result<(), Failure> {
    match reminder {
        SocialReminder::ProviderEvent { event } => events::handle(app, event).await,
        SocialReminder::ForgetDue { link } => links::end_at_provider(app, link).await,
    }
}
