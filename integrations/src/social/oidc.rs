//! Any provider that speaks OpenID Connect with discovery; the habits of Kakao, Google and Apple
//! are said where they matter.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;
use domain::auth::social::{EventKind, Expected, IdClaims, LEEWAY, Person, ProviderEvent, check_claims};
use domain::{Clock, Timestamp};
use reqwest::header::{AUTHORIZATION, HeaderMap};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use services::auth::social::{Authorize, Provider, ProviderError, Returned, Vouched};
use tokio::sync::Mutex;

use super::apple::SecretSigner;
use super::keys::Keys;
use super::oauth::{Endpoints, OurClient, form, post_form};
use super::settings::{Company, ProviderSettings};
use crate::party::{Body, Call, Party, secret_header};
use crate::{Limits, OpenError};

/// How long a provider's document is believed.
const DISCOVERED_FOR: TimeDelta = TimeDelta::hours(24);

/// The oldest event that is read: providers repeat for days what we did not take.
const EVENT_AGE_MAX: TimeDelta = TimeDelta::days(7);

/// See the module.
pub(super) struct Oidc {
    name: &'static str,
    settings: ProviderSettings,
    limits: Limits,
    clock: Arc<dyn Clock>,
    discovery: Party,
    api: Option<Party>,
    signer: Option<SecretSigner>,
    discovered: Mutex<Option<Arc<Discovered>>>,
}

/// The endpoints of a provider, from its document.
struct Discovered {
    endpoints: Endpoints,
    keys: Keys,
    userinfo: Option<Party>,
    revocation: Option<Party>,
    names_itself: bool,
    until: Timestamp,
}

/// The document (OpenID Connect Discovery 1.0, 3), as far as it is used.
#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    revocation_endpoint: Option<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// What an ID token says. Kakao calls a name `nickname`.
#[derive(Clone, Deserialize)]
struct RawClaims {
    iss: String,
    sub: String,
    aud: OneOrMany,
    azp: Option<String>,
    nonce: Option<String>,
    iat: i64,
    exp: i64,
    email: Option<String>,
    email_verified: Option<Flag>,
    name: Option<String>,
    nickname: Option<String>,
}

/// What `userinfo` says.
#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    email: Option<String>,
    email_verified: Option<Flag>,
    name: Option<String>,
    nickname: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<OneOrMany> for Vec<String> {
    fn from(value: OneOrMany) -> Self {
        match value {
            OneOrMany::One(one) => vec![one],
            OneOrMany::Many(many) => many,
        }
    }
}

/// A flag; Apple writes it as a text.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Flag {
    Flag(bool),
    Text(String),
}

impl Flag {
    fn is_set(&self) -> bool {
        match self {
            Self::Flag(flag) => *flag,
            Self::Text(text) => text == "true",
        }
    }
}

/// A security event token (RFC 8417). Apple puts its one event into a text.
#[derive(Clone, Deserialize)]
struct EventClaims {
    iss: String,
    aud: OneOrMany,
    iat: i64,
    jti: String,
    sub: Option<String>,
    events: Value,
}

impl Oidc {
    pub(super) fn open(
        settings: &ProviderSettings,
        limits: Limits,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let name = match settings.company {
            Company::Kakao => "kakao",
            Company::Google => "google",
            Company::Apple => "apple",
            Company::Naver | Company::Openid => "openid",
        };
        let api = (settings.company == Company::Kakao).then(|| {
            let key = settings.admin_key.as_deref().unwrap_or_default();
            let key = secret_header(name, format!("KakaoAK {key}"))?;
            Party::open(name, &settings.api_url, HeaderMap::from_iter([(AUTHORIZATION, key)]), limits)
        });
        let signer = (settings.company == Company::Apple).then(|| SecretSigner::open(settings));
        Ok(Self {
            name,
            discovery: Party::open(name, &settings.issuer, HeaderMap::new(), limits)?,
            api: api.transpose()?,
            signer: signer.transpose()?,
            settings: settings.clone(),
            limits,
            clock,
            discovered: Mutex::default(),
        })
    }

    fn secret(&self) -> Result<String, ProviderError> {
        match &self.signer {
            Some(signer) => signer.secret(self.clock.now()),
            None => Ok(self.settings.client_secret.clone()),
        }
    }

    /// The provider's endpoints. Concurrent callers wait for one reading; an old document is better
    /// than none.
    async fn discovered(&self) -> Result<Arc<Discovered>, ProviderError> {
        let mut kept = self.discovered.lock().await;
        let now = self.clock.now();
        if let Some(known) = kept.as_ref().filter(|known| now < known.until) {
            return Ok(Arc::clone(known));
        }
        match self.discover(now).await {
            Ok(fresh) => Ok(Arc::clone(kept.insert(Arc::new(fresh)))),
            Err(error) => kept.as_ref().map(Arc::clone).ok_or(error),
        }
    }

    async fn discover(&self, now: Timestamp) -> Result<Discovered, ProviderError> {
        let call = Call {
            name: "discovery",
            method: Method::GET,
            path: &[".well-known", "openid-configuration"],
            headers: HeaderMap::new(),
            body: Body::None,
            is_repeatable: true,
        };
        let answer = self.discovery.call(&call).await.map_err(|_| ProviderError::Unavailable)?;
        let wrong = |what: &str| {
            tracing::error!(party = self.name, what, "a provider's document cannot be used");
            ProviderError::Unavailable
        };
        let document: Document =
            serde_json::from_slice(&answer.body).map_err(|_| wrong("it cannot be read"))?;
        if document.issuer != self.settings.issuer {
            return Err(wrong("it is of another issuer"));
        }
        // What is secret goes over TLS, unless the provider itself is without.
        let is_safe = |url: &str| url.starts_with("https://") || self.settings.issuer.starts_with("http://");
        let party = |url: &str| {
            if !is_safe(url) {
                return Err(wrong("an endpoint is without TLS"));
            }
            Party::open(self.name, url, HeaderMap::new(), self.limits)
                .map_err(|_| wrong("an endpoint is no address"))
        };
        let token = party(&document.token_endpoint)?;
        let endpoints =
            Endpoints::new(self.name, &document.authorization_endpoint, token, &document.token_endpoint)
                .map_err(|_| wrong("an endpoint is no address"))?;
        Ok(Discovered {
            endpoints,
            keys: Keys::new(party(&document.jwks_uri)?),
            userinfo: document.userinfo_endpoint.as_deref().map(party).transpose()?,
            revocation: document.revocation_endpoint.as_deref().map(party).transpose()?,
            names_itself: document.authorization_response_iss_parameter_supported,
            until: now + DISCOVERED_FOR,
        })
    }

    /// What the provider says of the person beside the ID token, which must be about the same one.
    async fn userinfo(&self, party: &Party, access: &str, subject: &str) -> Result<UserInfo, ProviderError> {
        let bearer = secret_header(self.name, format!("Bearer {access}"));
        let call = Call {
            name: "userinfo",
            method: Method::GET,
            path: &[],
            headers: HeaderMap::from_iter([(
                AUTHORIZATION,
                bearer.map_err(|_| ProviderError::NotConfirmed)?,
            )]),
            body: Body::None,
            is_repeatable: true,
        };
        let answer = party.call(&call).await.map_err(|_| ProviderError::Unavailable)?;
        let said = serde_json::from_slice::<UserInfo>(&answer.body).ok();
        said.filter(|said| answer.status.is_success() && said.sub == subject)
            .ok_or(ProviderError::NotConfirmed)
    }

    fn not_confirmed(&self, why: &dyn std::fmt::Display) -> ProviderError {
        tracing::warn!(party = self.name, %why, "a provider's word is not believed");
        ProviderError::NotConfirmed
    }

    async fn unlink_at_kakao(&self, api: &Party, subject: &str) -> Result<(), ProviderError> {
        let call = Call {
            name: "unlink",
            method: Method::POST,
            path: &["v1", "user", "unlink"],
            headers: HeaderMap::new(),
            body: Body::Form(form(&[("target_id_type", "user_id"), ("target_id", subject)])),
            is_repeatable: true,
        };
        let answer = api.call(&call).await.map_err(|_| ProviderError::Unavailable)?;
        // -101: they have unlinked us themselves.
        let code = serde_json::from_slice::<Value>(&answer.body).ok().and_then(|said| said["code"].as_i64());
        if answer.status.is_success() || code == Some(-101) {
            Ok(())
        } else {
            Err(ProviderError::NotConfirmed)
        }
    }
}

#[async_trait]
impl Provider for Oidc {
    async fn authorize_url(&self, asked: &Authorize<'_>) -> Result<String, ProviderError> {
        let mut extra = vec![("nonce", asked.nonce)];
        let scopes: &[&str] = match self.settings.company {
            Company::Kakao => &["openid", "account_email", "profile_nickname"],
            Company::Apple => &["openid", "email", "name"],
            _ => &["openid", "email", "profile"],
        };
        match self.settings.company {
            // Apple posts whatever has scopes.
            Company::Apple => extra.push(("response_mode", "form_post")),
            // For the token that ends the link.
            Company::Google => extra.push(("access_type", "offline")),
            _ => {}
        }
        // Google and Apple take no such wish.
        if asked.is_fresh && matches!(self.settings.company, Company::Kakao | Company::Openid) {
            extra.push(("prompt", "login"));
        }
        let discovered = self.discovered().await?;
        discovered.endpoints.authorize_url(&self.settings.client_id, asked, scopes, &extra)
    }

    async fn redeem(&self, returned: &Returned<'_>) -> Result<Vouched, ProviderError> {
        let discovered = self.discovered().await?;
        // RFC 9207: a code of another provider must not reach this one.
        let named = match returned.issuer {
            Some(issuer) => issuer == self.settings.issuer,
            None => !discovered.names_itself,
        };
        if !named {
            return Err(self.not_confirmed(&"the answer names another issuer"));
        }
        let secret = self.secret()?;
        let client = OurClient { id: &self.settings.client_id, secret: &secret };
        let tokens = discovered.endpoints.exchange(client, returned, &[]).await?;
        let id_token = tokens.id_token.as_ref().ok_or_else(|| self.not_confirmed(&"there is no ID token"))?;
        let now = self.clock.now();
        let signed = discovered.keys.verified::<RawClaims>(&id_token.0, now).await;
        let claims = signed.map_err(|error| match error {
            ProviderError::NotConfirmed => self.not_confirmed(&"no key of the provider signed the ID token"),
            ProviderError::Unavailable => error,
        })?;
        let RawClaims { iss, sub, aud, azp, nonce, iat, exp, email, email_verified, name, nickname } =
            claims.claims;
        let checked = IdClaims {
            issuer: iss,
            audience: aud.into(),
            authorized_party: azp,
            nonce,
            issued_at: iat,
            expires_at: exp,
        };
        let expected = Expected {
            issuer: &self.settings.issuer,
            client: &self.settings.client_id,
            nonce: returned.nonce,
        };
        check_claims(&checked, &expected, now).map_err(|flaw| self.not_confirmed(&flaw))?;
        let mut email = email.zip(email_verified).map(|(email, flag)| (email, flag.is_set()));
        let mut name = name.or(nickname);
        if let Some(userinfo) = discovered.userinfo.as_ref().filter(|_| email.is_none()) {
            let said = self.userinfo(userinfo, tokens.access(), &sub).await?;
            email = said.email.zip(said.email_verified).map(|(email, flag)| (email, flag.is_set()));
            name = name.or(said.name).or(said.nickname);
        }
        let email = email.as_ref().map(|(email, is_verified)| (email.as_str(), *is_verified));
        let person = Person::new((checked.issuer, sub), email, name.as_deref());
        let person = person.ok_or_else(|| self.not_confirmed(&"the subject is none"))?;
        Ok(Vouched { person, token: tokens.refresh().map(str::to_owned) })
    }

    async fn forget(&self, subject: &str, token: Option<&str>) -> Result<(), ProviderError> {
        if let Some(api) = self.api.as_ref().filter(|_| self.settings.admin_key.is_some()) {
            return self.unlink_at_kakao(api, subject).await;
        }
        let discovered = self.discovered().await?;
        let Some((party, token)) = discovered.revocation.as_ref().zip(token) else { return Ok(()) };
        let secret = self.secret()?;
        let fields = [
            ("token", token),
            ("token_type_hint", "refresh_token"),
            ("client_id", &self.settings.client_id),
            ("client_secret", &secret),
        ];
        let answer = post_form(party, "revoke", &fields).await.map_err(|_| ProviderError::Unavailable)?;
        // 400: the token has ended already, which RFC 7009 calls no error and Google does.
        if answer.status.is_success() || answer.status == StatusCode::BAD_REQUEST {
            Ok(())
        } else {
            Err(ProviderError::NotConfirmed)
        }
    }

    async fn read_event(&self, token: &str) -> Result<ProviderEvent, ProviderError> {
        let discovered = self.discovered().await?;
        let now = self.clock.now();
        let signed = discovered.keys.verified::<EventClaims>(token, now).await?;
        let is_of_apple = self.settings.company == Company::Apple;
        let typed = signed.typ.as_deref().is_some_and(|typ| typ.eq_ignore_ascii_case("secevent+jwt"));
        let EventClaims { iss, aud, iat, jti, sub, events } = signed.claims;
        let audience: Vec<String> = aud.into();
        let at = Timestamp::from_timestamp(iat, 0).ok_or(ProviderError::NotConfirmed)?;
        let is_ours = iss == self.settings.issuer && audience.contains(&self.settings.client_id);
        if !(typed || is_of_apple) || !is_ours || at > now + LEEWAY || at < now - EVENT_AGE_MAX {
            return Err(self.not_confirmed(&"the event is not for us, or of another time"));
        }
        let (kind, subject) = if is_of_apple { of_apple(&events) } else { of_uris(&events, sub, &iss) }
            .ok_or_else(|| self.not_confirmed(&"the event cannot be read"))?;
        if jti.is_empty() || jti.len() > 255 {
            return Err(self.not_confirmed(&"the event has no id"));
        }
        Ok(ProviderEvent { issuer: iss, id: jti, subject, kind })
    }

    fn read_unlink(&self, key: &str, subject: &str) -> Result<ProviderEvent, ProviderError> {
        let admin_key = self.settings.admin_key.as_deref().ok_or(ProviderError::NotConfirmed)?;
        if key.strip_prefix("KakaoAK ").is_none_or(|key| !is_same(key.as_bytes(), admin_key.as_bytes())) {
            return Err(self.not_confirmed(&"the admin key of a call is another"));
        }
        let issuer = self.settings.issuer.clone();
        // The call has no id of its own, and unlinking twice is unlinking once.
        let id = format!("unlink:{subject}:{}", self.clock.now().timestamp_micros());
        Ok(ProviderEvent { issuer, id, subject: subject.to_owned(), kind: EventKind::Unlinked })
    }
}

/// Compares in a time that does not depend on where the two differ.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

/// Apple's event: a JSON object in a text.
fn of_apple(events: &Value) -> Option<(EventKind, String)> {
    let event: Value = serde_json::from_str(events.as_str()?).ok()?;
    Some((EventKind::of(event["type"].as_str()?), event["sub"].as_str()?.to_owned()))
}

/// Events by URI, all of one subject of this issuer; the strongest counts.
fn of_uris(events: &Value, sub: Option<String>, issuer: &str) -> Option<(EventKind, String)> {
    let events = events.as_object().filter(|events| !events.is_empty())?;
    let mut subject = sub;
    let mut kind = EventKind::Other;
    for (name, about) in events {
        let named = &about["subject"];
        if named["iss"].as_str().is_some_and(|named| named != issuer) {
            return None;
        }
        let here = named["sub"].as_str().map(str::to_owned);
        if subject.is_some() && here.is_some() && subject != here {
            return None;
        }
        subject = subject.or(here);
        kind = match (kind, EventKind::of(name)) {
            (EventKind::Unlinked, _) | (_, EventKind::Unlinked) => EventKind::Unlinked,
            (EventKind::SessionsEnd, _) | (_, EventKind::SessionsEnd) => EventKind::SessionsEnd,
            _ => EventKind::Other,
        };
    }
    // A test of the stream (`verification`) has no subject.
    Some((kind, subject.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const US: &str = "https://a.example";
    const REVOKED: &str = "https://schemas.openid.net/secevent/risc/event-type/sessions-revoked";
    const PURGED: &str = "https://schemas.openid.net/secevent/risc/event-type/account-purged";

    #[test]
    fn an_event_names_its_person_in_one_of_three_places_and_always_the_same_one() {
        let about = |subject: &str| json!({ "subject": { "iss": US, "sub": subject } });
        let read = |events: Value, sub: Option<&str>| of_uris(&events, sub.map(str::to_owned), US);
        let ended = Some((EventKind::SessionsEnd, "1".to_owned()));
        assert_eq!(read(json!({ REVOKED: about("1") }), None), ended);
        assert_eq!(read(json!({ REVOKED: {} }), Some("1")), ended);
        let both = read(json!({ REVOKED: about("1"), PURGED: about("1") }), Some("1"));
        assert_eq!(both, Some((EventKind::Unlinked, "1".to_owned())), "the strongest counts");
        for (events, sub) in [
            (json!({ REVOKED: about("2") }), Some("1")),
            (json!({ REVOKED: about("1"), PURGED: about("2") }), None),
            (json!({ REVOKED: { "subject": { "iss": "https://b.example", "sub": "1" } } }), None),
            (json!({}), Some("1")),
            (json!([REVOKED]), Some("1")),
            (json!("x"), Some("1")),
        ] {
            assert_eq!(read(events.clone(), sub), None, "{events}");
        }
    }

    #[test]
    fn apples_event_is_an_object_in_a_text() {
        let text = json!({ "type": "account-delete", "sub": "001" }).to_string();
        assert_eq!(of_apple(&json!(text)), Some((EventKind::Unlinked, "001".to_owned())));
        for wrong in [json!({ "type": "account-delete", "sub": "001" }), json!("{}"), json!(1), json!("[")] {
            assert_eq!(of_apple(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn keys_are_compared_whole() {
        assert!(is_same(b"key", b"key"));
        for other in [&b""[..], b"ke", b"kez", b"keyy"] {
            assert!(!is_same(b"key", other));
        }
    }
}
