//! The port to companies that vouch for people.

use async_trait::async_trait;
use domain::auth::social::{Person, ProviderEvent, ProviderName, is_registered, refusal};
use domain::{Failure, Refused};

/// A company that vouches for people, by OAuth 2.0's code with PKCE.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Where the browser begins.
    async fn authorize_url(&self, asked: &Authorize<'_>) -> Result<String, ProviderError>;

    /// Exchanges what the browser brought back for a person. A code can be exchanged once.
    async fn redeem(&self, returned: &Returned<'_>) -> Result<Vouched, ProviderError>;

    /// Ends our link to the person there. One that has ended already is no error.
    async fn forget(&self, subject: &str, token: Option<&str>) -> Result<(), ProviderError>;

    /// Reads a security event token that somebody sent us.
    async fn read_event(&self, token: &str) -> Result<ProviderEvent, ProviderError>;

    /// Reads the call by which the company says that somebody unlinked us, if it makes such calls:
    /// who, if `key` is the one that we have agreed on.
    fn read_unlink(&self, key: &str, subject: &str) -> Result<ProviderEvent, ProviderError>;
}

/// A request for a browser's way to the provider.
#[derive(Clone, Copy)]
pub struct Authorize<'a> {
    /// Where the provider sends the browser back to.
    pub redirect_uri: &'a str,
    /// Comes back with the browser.
    pub state: &'a str,
    /// Comes back in the ID token.
    pub nonce: &'a str,
    /// The secret of PKCE; the browser carries its hash.
    pub verifier: &'a str,
    /// Whether the person has to sign in there anew, as far as the provider can be asked for it.
    pub is_fresh: bool,
}

/// What a browser brought back. Never log it.
#[derive(Clone, Copy)]
pub struct Returned<'a> {
    /// The code.
    pub code: &'a str,
    /// The state, which some providers want to see again.
    pub state: &'a str,
    /// The provider that sent it, if it says so (RFC 9207).
    pub issuer: Option<&'a str>,
    /// Where it came back to.
    pub redirect_uri: &'a str,
    /// What the ID token must have.
    pub nonce: &'a str,
    /// The secret of PKCE.
    pub verifier: &'a str,
}

/// A person whom a provider vouches for.
pub struct Vouched {
    /// Who it is.
    pub person: Person,
    /// The token with which our link to them can be ended, if it takes one. Never log it.
    pub token: Option<String>,
}

/// A provider did not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// It does not serve; a later attempt may succeed.
    #[error("the provider does not serve")]
    Unavailable,
    /// It refuses, or what came is no proof.
    #[error("the provider does not confirm it")]
    NotConfirmed,
}

impl From<ProviderError> for Failure {
    fn from(error: ProviderError) -> Self {
        match error {
            ProviderError::Unavailable => {
                Refused::unavailable(30).because("The provider does not answer right now.").into()
            }
            ProviderError::NotConfirmed => refusal::social_not_confirmed().into(),
        }
    }
}

/// One that is configured.
pub struct Configured {
    /// What people call it, for those that the pages have no words for.
    pub label: Option<String>,
    /// The addresses that it may send a browser back to; the first one is the default.
    pub redirect_uris: Vec<String>,
    /// How it names itself in what it signs: a part of each identity.
    pub issuer: String,
    /// How it is asked.
    pub provider: Box<dyn Provider>,
}

impl Configured {
    /// The address to come back to: the one that is asked for, if it is registered.
    pub(super) fn redirect_uri(&self, asked: Option<&str>) -> Result<String, Refused> {
        match asked {
            None => self.redirect_uris.first().cloned().ok_or_else(refusal::redirect_not_registered),
            Some(asked) if is_registered(asked, &self.redirect_uris) => Ok(asked.to_owned()),
            Some(_) => Err(refusal::redirect_not_registered()),
        }
    }
}

/// All that are configured, in the order in which people are offered them.
#[derive(Default)]
pub struct Providers(Vec<(ProviderName, Configured)>);

impl Providers {
    /// Those of this list.
    pub fn new(all: impl IntoIterator<Item = (ProviderName, Configured)>) -> Self {
        Self(all.into_iter().collect())
    }

    /// The one with this name. Other names do not exist.
    pub(super) fn get(&self, name: &str) -> Result<(&ProviderName, &Configured), Failure> {
        let found = self.iter().find(|(known, _)| known.as_str() == name);
        found.ok_or_else(|| Failure::not_found("provider"))
    }

    /// The one that names itself so.
    pub(super) fn of_issuer(&self, issuer: &str) -> Option<(&ProviderName, &Configured)> {
        self.iter().find(|(_, configured)| configured.issuer == issuer)
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&ProviderName, &Configured)> {
        self.0.iter().map(|(name, configured)| (name, configured))
    }
}
