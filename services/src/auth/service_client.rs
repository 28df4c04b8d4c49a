//! Programs that call us in their own name: they get an access token for a secret of their own
//! (client credentials, RFC 6749, 4.4). Its `sub` and `sid` are the client's id, so that a client
//! is revoked as a session is ended.

use std::net::IpAddr;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::auth::{AuditKind, refusal, scope_claim};
use domain::{Failure, Principal, Refused, Role, ServiceClientId, SessionId, TextRule, UserId};
use store::auth::{Audit, ServiceClient};

use super::session::{hash_of, revoke};
use super::token::Bearer;
use crate::App;

/// The longest name of a client, in characters.
const MAX_NAME: usize = 60;

/// A program's token.
#[derive(Clone)]
pub struct ServiceGrant {
    /// Authorises requests.
    pub access_token: String,
    /// Its lifetime, in seconds.
    pub expires_in_secs: i64,
    /// Its scopes, separated by spaces.
    pub scope: String,
}

/// A new client, with the secret that is shown once.
pub struct NewService {
    /// Its `client_id`.
    pub id: ServiceClientId,
    /// Its `client_secret`.
    pub secret: String,
}

/// Adds a client of this name.
pub async fn add_service(app: &App, name: &str) -> Result<NewService, Failure> {
    let name =
        TextRule::line(MAX_NAME).read(name).map_err(|flaw| Refused::invalid(vec![flaw.at("/name")]))?;
    let (id, now) = (ServiceClientId(app.ids.uuid()), app.now());
    let secret = BASE64_URL_SAFE_NO_PAD.encode(app.ids.random());
    let client = ServiceClient { id, name: name.into_string(), secret_hash: hash_of(secret.as_bytes()) };
    let mut tx = app.store.begin().await?;
    if !store::auth::add_service_client(&mut tx, &client, now).await? {
        return Err(refusal::service_name_taken().into());
    }
    let line = Audit {
        session: Some(SessionId(id.0)),
        reason: Some(&client.name),
        ..Audit::of(AuditKind::ServiceAdded)
    };
    store::auth::audit(&mut tx, &line, now).await?;
    tx.commit().await?;
    Ok(NewService { id, secret })
}

/// Revokes the client of this name: its tokens are refused by every process within two seconds.
pub async fn revoke_service(app: &App, name: &str) -> Result<(), Failure> {
    let now = app.now();
    let mut tx = app.store.begin().await?;
    let id = store::auth::revoke_service_client(&mut tx, name, now).await?;
    let session = SessionId(id.ok_or_else(|| Failure::not_found("service"))?.0);
    let line = Audit { session: Some(session), reason: Some(name), ..Audit::of(AuditKind::ServiceRevoked) };
    store::auth::audit(&mut tx, &line, now).await?;
    tx.commit().await?;
    revoke(app, session, now);
    Ok(())
}

/// Issues a token to the client of this id and secret. It has all scopes of a service, or those
/// of them that are asked for.
pub async fn issue_to_service(
    app: &App,
    client_id: &str,
    secret: &str,
    scope: Option<&str>,
    from: IpAddr,
) -> Result<ServiceGrant, Failure> {
    let now = app.now();
    let client = match client_id.parse() {
        Ok(id) => store::auth::service_client(&app.store, id).await?,
        Err(_) => None,
    };
    // Hashed in any case: whether the id is known does not show in the time.
    let presented = hash_of(secret.as_bytes());
    let client = client.filter(|client| presented == client.secret_hash);
    let client = client.ok_or_else(refusal::client_wrong)?;
    let whole = scope_claim(&[Role::Service]);
    let all_known =
        scope.is_none_or(|asked| asked.split(' ').all(|one| whole.split(' ').any(|own| own == one)));
    if !all_known {
        return Err(refusal::scope_unknown().into());
    }
    let principal =
        Principal { user: UserId(client.id.0), session: SessionId(client.id.0), roles: vec![Role::Service] };
    let mut tx = app.store.begin().await?;
    let line = Audit {
        session: Some(principal.session),
        from: Some(from),
        reason: Some(&client.name),
        ..Audit::of(AuditKind::ServiceTokenIssued)
    };
    store::auth::audit(&mut tx, &line, now).await?;
    tx.commit().await?;
    Ok(ServiceGrant {
        access_token: super::issue(app, &app.identity.keys.now(), &principal, &Bearer::Service, now)?,
        expires_in_secs: app.identity.tokens.life().num_seconds(),
        scope: whole,
    })
}
