//! The exchange of a code for tokens (RFC 6749, 4.1; RFC 7636), by the `oauth2` crate.

use std::fmt;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AccessToken, AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret,
    CsrfToken, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RefreshToken, RequestTokenError, Scope, StandardRevocableToken, TokenResponse, TokenUrl,
};
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde::{Deserialize, Serialize};
use services::auth::social::{Authorize, ProviderError, Returned};

use crate::OpenError;
use crate::party::{Answer, Body, Call, Party, Silence};

type OAuth = Client<
    BasicErrorResponse,
    Tokens,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// An answer of the token endpoint. How long its tokens last is not read: Naver writes a number
/// as a text, and each is used at once.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Tokens {
    access_token: AccessToken,
    #[serde(default = "bearer", skip)]
    token_type: BasicTokenType,
    refresh_token: Option<RefreshToken>,
    pub(super) id_token: Option<IdToken>,
}

/// An ID token. It prints nothing of itself.
#[derive(Serialize, Deserialize)]
pub(super) struct IdToken(pub(super) String);

impl fmt::Debug for IdToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdToken(..)")
    }
}

fn bearer() -> BasicTokenType {
    BasicTokenType::Bearer
}

impl TokenResponse for Tokens {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &BasicTokenType {
        &self.token_type
    }

    fn expires_in(&self) -> Option<std::time::Duration> {
        None
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
    }
}

impl Tokens {
    pub(super) fn access(&self) -> &str {
        self.access_token.secret()
    }

    pub(super) fn refresh(&self) -> Option<&str> {
        self.refresh_token.as_ref().map(|token| token.secret().as_str())
    }
}

/// The two endpoints of a provider that a code goes through.
pub(super) struct Endpoints {
    name: &'static str,
    authorize: AuthUrl,
    token_url: TokenUrl,
    token: Party,
}

/// Our client at the provider.
#[derive(Clone, Copy)]
pub(super) struct OurClient<'a> {
    pub(super) id: &'a str,
    pub(super) secret: &'a str,
}

impl Endpoints {
    pub(super) fn new(
        name: &'static str,
        authorize: &str,
        token: Party,
        token_url: &str,
    ) -> Result<Self, OpenError> {
        let wrong = |_| OpenError { party: name, cause: "an endpoint is no address".to_owned() };
        Ok(Self {
            name,
            authorize: AuthUrl::new(authorize.to_owned()).map_err(wrong)?,
            token_url: TokenUrl::new(token_url.to_owned()).map_err(wrong)?,
            token,
        })
    }

    fn client(&self, client: OurClient<'_>, redirect_uri: &str) -> Result<OAuth, ProviderError> {
        let redirect = RedirectUrl::new(redirect_uri.to_owned()).map_err(|_| ProviderError::NotConfirmed)?;
        Ok(Client::new(ClientId::new(client.id.to_owned()))
            .set_client_secret(ClientSecret::new(client.secret.to_owned()))
            .set_auth_type(AuthType::RequestBody)
            .set_auth_uri(self.authorize.clone())
            .set_token_uri(self.token_url.clone())
            .set_redirect_uri(redirect))
    }

    /// Where the browser begins.
    pub(super) fn authorize_url(
        &self,
        id: &str,
        asked: &Authorize<'_>,
        scopes: &[&str],
        extra: &[(&str, &str)],
    ) -> Result<String, ProviderError> {
        let client = self.client(OurClient { id, secret: "" }, asked.redirect_uri)?;
        let verifier = PkceCodeVerifier::new(asked.verifier.to_owned());
        let mut request = client
            .authorize_url(|| CsrfToken::new(asked.state.to_owned()))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_scopes(scopes.iter().map(|scope| Scope::new((*scope).to_owned())));
        for (name, value) in extra {
            request = request.add_extra_param(*name, *value);
        }
        Ok(request.url().0.into())
    }

    /// Exchanges the code. It is tried once: a code that may have been used is used.
    pub(super) async fn exchange(
        &self,
        client: OurClient<'_>,
        returned: &Returned<'_>,
        extra: &[(&str, &str)],
    ) -> Result<Tokens, ProviderError> {
        let client = self.client(client, returned.redirect_uri)?;
        let mut request = client
            .exchange_code(AuthorizationCode::new(returned.code.to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(returned.verifier.to_owned()));
        for (name, value) in extra {
            request = request.add_extra_param(*name, *value);
        }
        let answer = request.request_async(self).await;
        answer.map_err(|error| match error {
            // Its words are the provider's, and may quote the code: only the kind of error is logged.
            RequestTokenError::ServerResponse(said) => {
                tracing::warn!(party = self.name, error = said.error().as_ref(), "a provider takes no code");
                ProviderError::NotConfirmed
            }
            RequestTokenError::Request(Unanswered) => ProviderError::Unavailable,
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
                tracing::warn!(party = self.name, "an answer of a token endpoint that cannot be read");
                ProviderError::NotConfirmed
            }
        })
    }

    /// Posts a form to the token endpoint.
    pub(super) async fn post(&self, name: &'static str, fields: &[(&str, &str)]) -> Result<Answer, Silence> {
        post_form(&self.token, name, fields).await
    }
}

impl<'c> AsyncHttpClient<'c> for Endpoints {
    type Error = Unanswered;
    type Future = BoxFuture<'c, Result<HttpResponse, Unanswered>>;

    fn call(&'c self, asked: HttpRequest) -> Self::Future {
        let send = async move {
            let call = Call {
                name: "token",
                method: Method::POST,
                path: &[],
                headers: HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]),
                body: Body::Form(String::from_utf8(asked.into_body()).map_err(|_| Unanswered)?),
                is_repeatable: false,
            };
            let answer = self.token.call(&call).await.map_err(|_| Unanswered)?;
            let mut response = HttpResponse::new(answer.body);
            *response.status_mut() = answer.status;
            Ok(response)
        };
        send.boxed()
    }
}

/// The provider gave no answer.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("no answer")]
pub(super) struct Unanswered;

/// Posts a form, which may be repeated.
pub(super) async fn post_form(
    party: &Party,
    name: &'static str,
    fields: &[(&str, &str)],
) -> Result<Answer, Silence> {
    let body = Body::Form(form(fields));
    let headers = HeaderMap::new();
    party.call(&Call { name, method: Method::POST, path: &[], headers, body, is_repeatable: true }).await
}

/// Fields as a form is encoded.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    // The encoder belongs to addresses; this one is never used otherwise.
    let url = Url::parse_with_params("form:/", fields);
    url.ok().and_then(|url| url.query().map(str::to_owned)).unwrap_or_default()
}
