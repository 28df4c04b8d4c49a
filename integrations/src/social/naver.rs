//! Naver (developers.naver.com/docs/login): OAuth 2.0 without an ID token that all apps get. Who
//! somebody is stands in their profile, read with the access token that came over TLS from Naver
//! itself. Its e-mail address is one that the person typed: nobody vouches for it.

use async_trait::async_trait;
use domain::auth::social::{Person, ProviderEvent};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde::Deserialize;
use services::auth::social::{Authorize, Provider, ProviderError, Returned, Vouched};

use super::oauth::{Endpoints, OurClient};
use super::settings::ProviderSettings;
use crate::party::{Body, Call, Party, secret_header};
use crate::{Limits, OpenError};

const NAME: &str = "naver";

/// See the module.
pub(super) struct Naver {
    endpoints: Endpoints,
    api: Party,
    issuer: String,
    client_id: String,
    client_secret: String,
}

#[derive(Deserialize)]
struct ProfileAnswer {
    resultcode: String,
    response: Profile,
}

#[derive(Deserialize)]
struct Profile {
    id: String,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Renewed {
    access_token: String,
}

impl Naver {
    pub(super) fn open(settings: &ProviderSettings, limits: Limits) -> Result<Self, OpenError> {
        let issuer = settings.issuer.clone();
        let token_url = format!("{issuer}/token");
        let token = Party::open(NAME, &token_url, HeaderMap::new(), limits)?;
        Ok(Self {
            endpoints: Endpoints::new(NAME, &format!("{issuer}/authorize"), token, &token_url)?,
            api: Party::open(NAME, &settings.api_url, HeaderMap::new(), limits)?,
            client_id: settings.client_id.clone(),
            client_secret: settings.client_secret.clone(),
            issuer,
        })
    }

    async fn profile(&self, access: &str) -> Result<Profile, ProviderError> {
        let bearer =
            secret_header(NAME, format!("Bearer {access}")).map_err(|_| ProviderError::NotConfirmed)?;
        let call = Call {
            name: "profile",
            method: Method::GET,
            path: &["v1", "nid", "me"],
            headers: HeaderMap::from_iter([(AUTHORIZATION, bearer)]),
            body: Body::None,
            is_repeatable: true,
        };
        let answer = self.api.call(&call).await.map_err(|_| ProviderError::Unavailable)?;
        let said = serde_json::from_slice::<ProfileAnswer>(&answer.body).ok();
        let said = said.filter(|said| answer.status.is_success() && said.resultcode == "00");
        said.map(|said| said.response).ok_or(ProviderError::NotConfirmed)
    }
}

#[async_trait]
impl Provider for Naver {
    async fn authorize_url(&self, asked: &Authorize<'_>) -> Result<String, ProviderError> {
        self.endpoints.authorize_url(&self.client_id, asked, &[], &[])
    }

    async fn redeem(&self, returned: &Returned<'_>) -> Result<Vouched, ProviderError> {
        if returned.issuer.is_some_and(|issuer| issuer != self.issuer) {
            return Err(ProviderError::NotConfirmed);
        }
        let client = OurClient { id: &self.client_id, secret: &self.client_secret };
        let tokens = self.endpoints.exchange(client, returned, &[("state", returned.state)]).await?;
        let profile = self.profile(tokens.access()).await?;
        let person = Person::new((self.issuer.clone(), profile.id), None, profile.name.as_deref());
        Ok(Vouched {
            person: person.ok_or(ProviderError::NotConfirmed)?,
            token: tokens.refresh().map(str::to_owned),
        })
    }

    /// An access token ends the link, so the refresh token is exchanged for one first.
    async fn forget(&self, _: &str, token: Option<&str>) -> Result<(), ProviderError> {
        let Some(refresh) = token else { return Ok(()) };
        let client = [("client_id", &*self.client_id), ("client_secret", &*self.client_secret)];
        let [id, secret] = client;
        let renew = [("grant_type", "refresh_token"), id, secret, ("refresh_token", refresh)];
        let answer = self.endpoints.post("renew", &renew).await.map_err(|_| ProviderError::Unavailable)?;
        // A refresh token that is not taken belongs to a link that has ended.
        let Ok(renewed) = serde_json::from_slice::<Renewed>(&answer.body) else { return Ok(()) };
        let delete = [("grant_type", "delete"), id, secret, ("access_token", &*renewed.access_token)];
        let answer = self.endpoints.post("delete", &delete).await.map_err(|_| ProviderError::Unavailable)?;
        if answer.status.is_success() { Ok(()) } else { Err(ProviderError::NotConfirmed) }
    }

    async fn read_event(&self, _: &str) -> Result<ProviderEvent, ProviderError> {
        Err(ProviderError::NotConfirmed)
    }

    fn read_unlink(&self, _: &str, _: &str) -> Result<ProviderEvent, ProviderError> {
        Err(ProviderError::NotConfirmed)
    }
}
